//! How many statements a query takes: so many for each level of it, however many rows a level has. And what a loader
//! brought stays in the request that asked for it.

use serde_json::{Value, json};

use crate::harness::*;

/// Costs are limited elsewhere; here the lists are long.
const SETTINGS: &[(&str, &str)] = &[("LIMIT_COST", "1000000"), ("RATE_LIMITS", "off")];
const PEOPLE: usize = 120;

struct Query {
    name: &'static str,
    signed_in: bool,
    /// Statements at most, the one for the session among them.
    most: u64,
    text: &'static str,
}

const QUERIES: [Query; 13] = [
    Query {
        name: "posts, authors, comments, authors",
        signed_in: false,
        most: 3,
        text: "query ($n: Int) { posts(first: $n) { nodes { title body author { username }
            comments(first: 3) { nodes { body author { username } } } } } }",
    },
    Query {
        name: "users, posts, comments, authors",
        signed_in: true,
        most: 4,
        text: "query ($n: Int) { users(first: $n) { nodes { username posts(first: 2) { nodes { title
            comments(first: 2) { nodes { author { username } } } } } } } }",
    },
    Query {
        name: "comments, posts, authors",
        signed_in: false,
        most: 2,
        text: "query ($n: Int) { comments(first: $n) { nodes { body post { title body author { username } } } } }",
    },
    Query {
        name: "nodes of three kinds",
        signed_in: false,
        most: 3,
        text: "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on User { username }
            ... on Post { title body author { username } } ... on Comment { body author { username } } } }",
    },
    Query {
        name: "me, posts, comments",
        signed_in: true,
        most: 3,
        text: "query ($n: Int) { me { username posts(first: $n) { nodes { title body author { username }
            comments(first: 1) { nodes { body } } } } } }",
    },
    Query {
        name: "post, comments, authors, posts",
        signed_in: false,
        most: 3,
        text: "query ($n: Int, $post: ID!) { post(id: $post) { title comments(first: $n) { nodes { body
            author { username posts(first: 2) { nodes { title } } } } } } }",
    },
    Query {
        name: "dashboard",
        signed_in: true,
        most: 8,
        text: "{ dashboard { posts { draft published } commentsWritten commentsReceived activeSessions
            latestComments { body author { username } post { title author { username } } } } }",
    },
    Query {
        name: "nested totalCount",
        signed_in: false,
        most: 8,
        text: "query ($n: Int) { posts(first: $n) { totalCount nodes { title comments(first: 1) { totalCount }
            author { posts(first: 1) { totalCount } comments(first: 1) { totalCount } } } } }",
    },
    Query {
        name: "users, sessions",
        signed_in: true,
        most: 4,
        text: "query ($n: Int) { users(first: $n) { nodes { username sessions(first: 2) { totalCount
            nodes { deviceName current } } } } }",
    },
    Query {
        name: "posts without their texts",
        signed_in: false,
        most: 1,
        text: "query ($n: Int) { posts(first: $n) { edges { cursor node { title author { username } } } } }",
    },
    Query {
        name: "fragments and aliases with different arguments",
        signed_in: false,
        most: 4,
        text: "query ($n: Int) { posts(first: $n) { nodes { ...Card } } }
            fragment Card on Post { title oldest: comments(first: 1) { nodes { ...Said } }
                newest: comments(last: 2) { edges { node { ...Said } } }
                turned: comments(first: 2, orderBy: { direction: DESC }) { nodes { body } } }
            fragment Said on Comment { body author { username } }",
    },
    Query {
        name: "private fields of many, for an administrator",
        signed_in: true,
        most: 4,
        text: "query ($n: Int) { posts(first: $n) { nodes { title comments(first: 3) { nodes {
            author { email emailVerified lastLoginAt } } } } } }",
    },
    Query {
        name: "users, profiles",
        signed_in: true,
        most: 3,
        text: "query ($n: Int) { users(first: $n) { nodes { username
            profile { occupation bio homeAddress socialLinks { github description } } } } }",
    },
];

/// A site where Ada, an administrator, has 120 posts, the oldest with a comment by each of 120 people; Bob, another
/// one, has five; and each of the people has two, with three comments each by three others.
struct Site {
    ada: Person,
    bob: Person,
    busy: String,
    nodes: Vec<String>,
}

async fn site(lyceum: &Lyceum) -> Site {
    let (ada, bob) = (lyceum.person("ada").await, lyceum.person("bob").await);
    lyceum.set_role("ada", "ADMIN").await;
    lyceum.set_role("bob", "ADMIN").await;
    let mut ids = Ids::new(1);
    let people: Vec<UserRow> =
        (0..PEOPLE).map(|number| UserRow { id: ids.next(), username: format!("person_{number}") }).collect();
    let writers = [vec![local_id(&bob.id); 5], vec![local_id(&ada.id); PEOPLE]].concat();
    let writers = writers.into_iter().chain((0..2 * PEOPLE).map(|number| people[number % PEOPLE].id));
    let posts: Vec<PostRow> = writers
        .enumerate()
        .map(|(number, author)| {
            let id = ids.next();
            PostRow { id, author: Some(author), title: format!("Post {number}"), published: Some(made_at(id)) }
        })
        .collect();
    let busy = posts[5].id;
    let commented = posts.iter().flat_map(|post| [post.id; 3]).chain([busy; PEOPLE]);
    let comments: Vec<CommentRow> = commented
        .enumerate()
        .map(|(number, post)| CommentRow { id: ids.next(), post, author: Some(people[number % PEOPLE].id) })
        .collect();
    lyceum.insert_users(&people).await;
    lyceum.insert_posts(&posts).await;
    lyceum.insert_comments(&comments).await;
    let of_three_kinds = people.iter().zip(&posts).zip(&comments).take(34).flat_map(|((user, post), comment)| {
        [global_id("User", user.id), global_id("Post", post.id), global_id("Comment", comment.id)]
    });
    Site { ada, bob, busy: global_id("Post", busy), nodes: of_three_kinds.take(100).collect() }
}

impl Site {
    /// The query for a few rows or for many; who has few of them or many asks.
    fn call(&self, query: &Query, rows: usize) -> Call {
        let call = Call::new(query.text, json!({ "n": rows, "post": self.busy, "ids": self.nodes[..rows] }));
        let viewer = if query.name == "dashboard" && rows < 10 { &self.bob } else { &self.ada };
        if query.signed_in { call.bearer(&viewer.token) } else { call }
    }
}

/// Bar 100: a level of a query takes its statements once, whether it has 5 rows or 100.
#[tokio::test]
async fn a_query_takes_as_many_statements_for_a_hundred_rows_as_for_five() {
    with_settings(SETTINGS, async |lyceum| {
        let site = site(lyceum).await;
        for query in &QUERIES {
            let (few, statements_of_few) = lyceum.counted(site.call(query, 5)).await;
            let (many, statements) = lyceum.counted(site.call(query, 100)).await;
            println!("{:?}: {statements} statements, {} bytes: {}", lyceum.engine, many.bytes.len(), query.name);
            let (few, many) = (few.ok(), many.ok());
            let grown = query.name == "dashboard" || many.bytes.len() > 10 * few.bytes.len();
            assert!(grown, "{}: the answers are {} and {} bytes", query.name, few.bytes.len(), many.bytes.len());
            assert_eq!(statements, statements_of_few, "{}", query.name);
            assert!(statements <= query.most, "{}: {statements} statements", query.name);
        }
    })
    .await;
}

/// Bar 100: a hundred posts with authors and a page of comments with theirs take five statements at most.
#[tokio::test]
async fn a_hundred_posts_with_comments_and_authors_take_five_statements_at_most() {
    with_settings(SETTINGS, async |lyceum| {
        let site = site(lyceum).await;
        let query =
            "{ posts(first: 100) { nodes { author { username } comments { nodes { author { username } } } } } }";
        for call in [Call::new(query, json!({})), Call::new(query, json!({})).bearer(&site.ada.token)] {
            let (answer, statements) = lyceum.counted(call).await;
            let answer = answer.ok();
            let posts = answer.at("posts.nodes").as_array().unwrap();
            let whole = |post: &Value| {
                let comments = post["comments"]["nodes"].as_array().unwrap();
                post["author"]["username"].is_string()
                    && comments.len() == 3
                    && comments.iter().all(|comment| comment["author"]["username"].is_string())
            };
            assert!(posts.len() == 100 && posts.iter().all(whole), "{}", answer.body);
            assert!(statements <= 5, "{statements} statements");
        }
    })
    .await;
}

/// Bar 100: more parents at once than a statement has room for are still answered, each with its own rows.
#[tokio::test]
async fn more_parents_than_one_statement_takes_are_all_answered() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let mut ids = Ids::new(1);
        let people: Vec<UserRow> =
            (0..400).map(|number| UserRow { id: ids.next(), username: format!("person_{number}") }).collect();
        let post = |ids: &mut Ids, person: &UserRow| {
            let (id, title) = (ids.next(), format!("By {}", person.username));
            PostRow { id, author: Some(person.id), title, published: Some(START) }
        };
        let posts: Vec<PostRow> = people.iter().map(|person| post(&mut ids, person)).collect();
        let comment = |(number, person): (usize, &UserRow)| CommentRow {
            id: ids.next(),
            post: posts[396 + number / 100].id,
            author: Some(person.id),
        };
        let comments: Vec<CommentRow> = people.iter().enumerate().map(comment).collect();
        lyceum.insert_users(&people).await;
        lyceum.insert_posts(&posts).await;
        lyceum.insert_comments(&comments).await;

        // It costs less than what anybody may ask for.
        let query = "{ posts(first: 4) { nodes { comments(first: 100) { nodes { author { username
            posts(first: 1) { nodes { title } } } } } } } }";
        let (answer, statements) = lyceum.counted(Call::new(query, json!({}))).await;
        println!("{:?}: {statements} statements for 400 authors' posts", lyceum.engine);
        let answer = answer.ok();
        let posts = answer.at("posts.nodes").as_array().unwrap();
        let authors: Vec<&Value> = posts
            .iter()
            .flat_map(|post| post["comments"]["nodes"].as_array().unwrap())
            .map(|said| &said["author"])
            .collect();
        assert_eq!(authors.len(), 400);
        for author in authors {
            let title = author["posts"]["nodes"][0]["title"].as_str().unwrap();
            assert_eq!(title, format!("By {}", author["username"].as_str().unwrap()));
        }
        assert!(statements <= 5, "{statements} statements");
    })
    .await;
}

/// A text that nobody asked for is not read; asked for in any way, it comes with the rows.
#[tokio::test]
async fn the_text_of_a_post_is_read_only_when_it_is_selected() {
    with_settings(SETTINGS, async |lyceum| {
        let site = site(lyceum).await;
        let without = "{ posts(first: 5) { nodes { title } } }";
        let (answer, statements) = lyceum.watched(Call::new(without, json!({}))).await;
        answer.ok();
        assert_eq!(statements.len(), 1, "{statements:?}");
        assert!(statements[0].contains("title") && !statements[0].contains("body"), "{statements:?}");
        assert!(!statements[0].contains("users"), "nobody asked for authors: {statements:?}");

        let with = [
            "{ posts(first: 5) { nodes { body } } }",
            "{ posts(first: 5) { edges { node { body } } } }",
            "{ posts(first: 5) { nodes { ...Text } } } fragment Text on Post { ... on Post { body } }",
            "{ other: posts(first: 5) { rows: nodes { text: body } nodes { title } } }",
            "{ posts(first: 5) { nodes { ... @include(if: true) { body } } } }",
        ];
        for query in with {
            let (answer, statements) = lyceum.watched(Call::new(query, json!({}))).await;
            answer.ok();
            assert_eq!(statements.len(), 1, "{query}: {statements:?}");
            assert!(statements[0].contains("body"), "{query}: {statements:?}");
        }

        // The table itself as the witness: a query without the text does not miss the column.
        lyceum.database.execute("ALTER TABLE posts RENAME COLUMN body TO gone").await;
        for query in [without, "{ me { posts { nodes { title } } } }"] {
            lyceum.run_as(&site.ada.token, query, json!({})).await.ok();
        }
        assert_eq!(lyceum.run(with[0], json!({})).await.code(), "INTERNAL_SERVER_ERROR");
    })
    .await;
}

/// Bar 57: what an administrator's request loaded is not in anybody's next request, nor in one beside it.
#[tokio::test]
async fn loaders_are_not_shared_between_requests() {
    with_settings(SETTINGS, async |lyceum| {
        let (ada, carol) = (lyceum.person("ada").await, lyceum.person("carol").await);
        lyceum.set_role("ada", "ADMIN").await;
        let mut ids = Ids::new(1);
        let (author, draft) = (UserRow { id: ids.next(), username: "dan".to_owned() }, ids.next());
        lyceum.insert_users(std::slice::from_ref(&author)).await;
        let title = "A draft".to_owned();
        lyceum.insert_posts(&[PostRow { id: draft, author: Some(author.id), title, published: None }]).await;
        let out = PostRow { id: ids.next(), author: Some(author.id), title: "Out".to_owned(), published: Some(START) };
        lyceum.insert_posts(std::slice::from_ref(&out)).await;

        let query = "query ($draft: ID!) { post(id: $draft) { title }
            posts { totalCount nodes { author { email posts { totalCount nodes { title } } } } } }";
        let variables = json!({ "draft": global_id("Post", draft) });
        let ask = async |person: &Person| lyceum.run_as(&person.token, query, variables.clone()).await;
        for _ in 0..10 {
            for (whole, public) in [(ask(&ada).await, ask(&carol).await), tokio::join!(ask(&ada), ask(&carol))] {
                let whole = whole.ok();
                assert_eq!(whole.at("post.title"), "A draft");
                assert_eq!(whole.at("posts.nodes.0.author.email"), "dan@example.com");
                assert_eq!(whole.at("posts.nodes.0.author.posts.totalCount"), &json!(2));
                assert_eq!(public.code(), "FORBIDDEN", "{}", public.body);
                assert_eq!(public.at("post"), &Value::Null);
                let author = json!({ "email": null, "posts": { "totalCount": 1, "nodes": [{ "title": "Out" }] } });
                assert_eq!(public.at("posts"), &json!({ "totalCount": 1, "nodes": [{ "author": author }] }));
            }
        }

        lyceum.database.execute("UPDATE users SET email = 'new@example.com' WHERE username_key = 'dan'").await;
        assert_eq!(ask(&ada).await.at("posts.nodes.0.author.email"), "new@example.com", "nothing was kept");
    })
    .await;
}
