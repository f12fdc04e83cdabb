//! Cursors that are not this list's: altered, cut, made up, another list's, another person's. They are refused; and
//! none of them leads to a row that its bearer may not see.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::*;

const SETTINGS: &[(&str, &str)] = &[("RATE_LIMITS", "off")];
const PAGE: &str = "{ nodes { id } pageInfo { endCursor } }";
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A list as a query of `$at`, with what leads to it.
struct List {
    path: &'static str,
    query: String,
}

struct Site {
    ada: Person,
    bob: Person,
    posts: [Uuid; 2],
    people: [Uuid; 2],
}

async fn site(lyceum: &Lyceum) -> Site {
    let (ada, bob) = (lyceum.person("ada").await, lyceum.person("bob").await);
    lyceum.set_role("ada", "ADMIN").await;
    let mut ids = Ids::new(1);
    let people = [local_id(&ada.id), local_id(&bob.id)];
    let posts: Vec<PostRow> = (0..12)
        .map(|number| {
            let published = (number % 3 != 2).then_some(START);
            PostRow {
                id: ids.next(),
                author: Some(people[number % 2]),
                title: format!("Post {}", number / 4),
                published,
            }
        })
        .collect();
    let posts_with_comments = [posts[0].id, posts[1].id];
    let comments: Vec<CommentRow> = (0..12)
        .map(|number| CommentRow {
            id: ids.next(),
            post: posts_with_comments[number % 2],
            author: Some(people[number / 2 % 2]),
        })
        .collect();
    lyceum.insert_posts(&posts).await;
    lyceum.insert_comments(&comments).await;
    Site { ada, bob, posts: posts_with_comments, people }
}

/// Lists that differ in their kind, order, filter or parent.
fn lists(site: &Site) -> Vec<List> {
    let (users, posts) = (site.people.map(|id| global_id("User", id)), site.posts.map(|id| global_id("Post", id)));
    let list = |path, text: String| List { path, query: format!("query ($at: String) {{ {text} }}") };
    let mut lists = Vec::new();
    for arguments in [
        String::new(),
        "orderBy: {field: CREATED_AT, direction: ASC}".to_owned(),
        "orderBy: {field: TITLE, direction: ASC}".to_owned(),
        "orderBy: {field: TITLE, direction: DESC}".to_owned(),
        "orderBy: {field: PUBLISHED_AT, direction: DESC}".to_owned(),
        "filter: {status: PUBLISHED}".to_owned(),
        "filter: {status: DRAFT}".to_owned(),
        "filter: {search: \"post\"}".to_owned(),
        "filter: {search: \"p\"}".to_owned(),
        format!("filter: {{authorId: \"{}\"}}", users[0]),
        format!("filter: {{authorId: \"{}\"}}", users[1]),
        format!("filter: {{authorId: \"{}\", status: PUBLISHED}}", users[0]),
    ] {
        lists.push(list("posts", format!("posts(first: 1, after: $at, {arguments}) {PAGE}")));
    }
    for arguments in [
        String::new(),
        "orderBy: {direction: ASC}".to_owned(),
        format!("filter: {{postId: \"{}\"}}", posts[0]),
        format!("filter: {{postId: \"{}\"}}", posts[1]),
        format!("filter: {{authorId: \"{}\"}}", users[0]),
    ] {
        lists.push(list("comments", format!("comments(first: 1, after: $at, {arguments}) {PAGE}")));
    }
    for arguments in ["", "orderBy: {field: USERNAME, direction: ASC}", "filter: {emailVerified: true}"] {
        lists.push(list("users", format!("users(first: 1, after: $at, {arguments}) {PAGE}")));
    }
    for user in &users {
        lists.push(list("user.posts", format!("user(id: \"{user}\") {{ posts(first: 1, after: $at) {PAGE} }}")));
        lists.push(list("user.comments", format!("user(id: \"{user}\") {{ comments(first: 1, after: $at) {PAGE} }}")));
    }
    for post in &posts {
        lists.push(list("post.comments", format!("post(id: \"{post}\") {{ comments(first: 1, after: $at) {PAGE} }}")));
    }
    lists
}

impl List {
    async fn at(&self, lyceum: &Lyceum, token: Option<&str>, cursor: &str) -> Answer {
        let call = Call::new(&self.query, json!({ "at": cursor }));
        lyceum.send(if let Some(token) = token { call.bearer(token) } else { call }).await
    }

    /// The cursor after the first row.
    async fn cursor(&self, lyceum: &Lyceum, token: Option<&str>) -> String {
        let call = Call::new(&self.query, json!({}));
        let answer = lyceum.send(if let Some(token) = token { call.bearer(token) } else { call }).await.ok();
        answer.str_at(&format!("{}.pageInfo.endCursor", self.path)).to_owned()
    }

    async fn refuses(&self, lyceum: &Lyceum, token: Option<&str>, cursor: &str) {
        let answer = self.at(lyceum, token, cursor).await;
        let what = || format!("{} with {cursor:.60}: {}", self.query, answer.body);
        assert_eq!((answer.code(), answer.at(self.path)), ("BAD_USER_INPUT", &Value::Null), "{}", what());
        assert_eq!(answer.status.as_u16(), 200, "{}", what());
        let message = answer.body["errors"][0]["message"].as_str();
        assert_eq!(message, Some("The cursor does not belong to this list."), "{}", what());
    }
}

/// Bar 62: whatever is changed in a cursor, it is refused, and so is what never was one.
#[tokio::test]
async fn a_cursor_that_was_altered_or_made_up_is_refused() {
    with_settings(SETTINGS, async |lyceum| {
        let site = site(lyceum).await;
        let made_up =
            ["", " ", "0", "20", "null", "AAAA", "====", "%", "\u{0}", "😀", "' OR 1=1 --", "1; DROP TABLE posts"];
        let mut made_up: Vec<String> = made_up.into_iter().map(str::to_owned).collect();
        for text in
            ["' OR '1'='1", "20", "arrayconnection:20", "{\"id\":1}", "x) UNION SELECT password_hash FROM users --"]
        {
            made_up.push(URL_SAFE_NO_PAD.encode(text));
        }
        made_up.extend([
            "A".repeat(10 * 1024),
            URL_SAFE_NO_PAD.encode([0_u8; 24]),
            URL_SAFE_NO_PAD.encode([255_u8; 32]),
        ]);
        for list in lists(&site) {
            for cursor in &made_up {
                list.refuses(lyceum, Some(&site.ada.token), cursor).await;
            }
        }
        // One list for each kind of sort value: the id alone, a number, a text.
        for order in ["CREATED_AT", "PUBLISHED_AT", "TITLE"] {
            let text = format!("posts(first: 1, after: $at, orderBy: {{field: {order}, direction: DESC}}) {PAGE}");
            let list = List { path: "posts", query: format!("query ($at: String) {{ {text} }}") };
            let cursor = list.cursor(lyceum, Some(&site.ada.token)).await;
            list.at(lyceum, Some(&site.ada.token), &cursor).await.ok();
            for place in 0..cursor.len() {
                let letter = ALPHABET.iter().position(|letter| *letter == cursor.as_bytes()[place]).unwrap();
                for step in [1, 31] {
                    let mut altered = cursor.clone().into_bytes();
                    altered[place] = ALPHABET[(letter + step) % 64];
                    list.refuses(lyceum, Some(&site.ada.token), std::str::from_utf8(&altered).unwrap()).await;
                }
                list.refuses(lyceum, Some(&site.ada.token), &cursor[..place]).await;
                list.refuses(lyceum, Some(&site.ada.token), &cursor[place + 1..]).await;
            }
            for spelled in
                [format!("{cursor}="), format!(" {cursor}"), format!("{cursor}A"), format!("{cursor}{cursor}")]
            {
                list.refuses(lyceum, Some(&site.ada.token), &spelled).await;
            }
        }
    })
    .await;
}

/// Bar 62: a cursor belongs to one list: its kind, its order, its filter, its parent.
#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    with_settings(SETTINGS, async |lyceum| {
        let site = site(lyceum).await;
        let lists = lists(&site);
        for (number, from) in lists.iter().enumerate() {
            let cursor = from.cursor(lyceum, Some(&site.ada.token)).await;
            for (other, list) in lists.iter().enumerate() {
                if other == number {
                    let answer = list.at(lyceum, Some(&site.ada.token), &cursor).await.ok();
                    assert_eq!(answer.at(list.path)["nodes"].as_array().map(Vec::len), Some(1), "{}", list.query);
                } else {
                    list.refuses(lyceum, Some(&site.ada.token), &cursor).await;
                }
            }
        }
    })
    .await;
}

/// Bar 62: a cursor belongs to who got it, or to anybody when nobody was signed in; it opens nothing.
#[tokio::test]
async fn a_cursor_of_another_person_is_refused() {
    with_settings(SETTINGS, async |lyceum| {
        let site = site(lyceum).await;
        let (ada, bob) = (Some(&*site.ada.token), Some(&*site.bob.token));
        let public = |list: &List| list.path != "users" && !list.query.contains("DRAFT");
        for list in lists(&site).iter().filter(|list| public(list)) {
            for (owner, others) in [(ada, [bob, None]), (bob, [ada, None])] {
                let cursor = list.cursor(lyceum, owner).await;
                for other in others {
                    list.refuses(lyceum, other, &cursor).await;
                }
            }
            // A page that was rendered before the login goes on after it, with what its reader may see.
            let cursor = list.cursor(lyceum, None).await;
            for reader in [None, ada, bob] {
                let answer = list.at(lyceum, reader, &cursor).await.ok();
                assert!(answer.at(list.path)["nodes"].is_array(), "{}", answer.body);
            }
        }
        let list = lists(&site).into_iter().find(|list| list.path == "users").unwrap();
        let cursor = list.cursor(lyceum, ada).await;
        assert_eq!(list.at(lyceum, bob, &cursor).await.code(), "FORBIDDEN");
        assert_eq!(list.at(lyceum, None, &cursor).await.code(), "UNAUTHENTICATED");
    })
    .await;
}

/// Bar 62: no cursor leads out of the filter, nor to another's draft.
#[tokio::test]
async fn a_cursor_leads_to_no_row_outside_the_filter() {
    with_settings(SETTINGS, async |lyceum| {
        let site = site(lyceum).await;
        let query = "query ($at: String, $filter: PostFilter) { posts(first: 1, after: $at, filter: $filter) {
            totalCount nodes { status author { username } } pageInfo { endCursor } } }";
        let authors = json!({ "authorId": site.bob.id });
        for (token, filter, drafts, count) in [
            (None, json!({}), vec![], 8),
            (None, authors.clone(), vec![], 4),
            (Some(&site.bob.token), json!({}), vec!["bob"], 10),
            (Some(&site.bob.token), json!({ "status": "DRAFT" }), vec!["bob"], 2),
            (Some(&site.ada.token), authors, vec!["bob"], 6),
            (Some(&site.ada.token), json!({ "status": "DRAFT" }), vec!["ada", "bob"], 4),
        ] {
            let (mut cursor, mut rows) = (Value::Null, 0);
            loop {
                let call = Call::new(query, json!({ "at": cursor, "filter": filter }));
                let call = if let Some(token) = token { call.bearer(token) } else { call };
                let answer = lyceum.send(call).await.ok();
                assert_eq!(answer.at("posts.totalCount"), &json!(count), "{filter}");
                let Some(node) = answer.at("posts.nodes").get(0) else { break };
                let (author, status) = (node["author"]["username"].as_str().unwrap(), node["status"].as_str().unwrap());
                assert!(status == "PUBLISHED" || drafts.contains(&author), "{filter}: {node}");
                assert!(filter.get("authorId").is_none() || author == "bob", "{filter}: {node}");
                assert!(filter.get("status").is_none() || status == "DRAFT", "{filter}: {node}");
                rows += 1;
                cursor = answer.at("posts.pageInfo.endCursor").clone();
            }
            assert_eq!(rows, count, "{filter}");
        }
    })
    .await;
}
