//! Pages: their sizes, both ends, both ways, in lists and in lists within lists.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::*;

const SETTINGS: &[(&str, &str)] = &[("RATE_LIMITS", "off")];
const POSTS: &str = "query ($first: Int, $after: String, $last: Int, $before: String) {
    posts(first: $first, after: $after, last: $last, before: $before) {
        nodes { title } edges { cursor node { title } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

const PAGE: &str = "fragment Page on PostConnection { totalCount nodes { title } edges { cursor node { title } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }";

/// Ada, and posts of hers from `Post 1`, the newest, to the oldest.
async fn posts(lyceum: &Lyceum, count: usize) -> (Person, Vec<Uuid>) {
    let ada = lyceum.person("ada").await;
    let (mut ids, author) = (Ids::new(1), local_id(&ada.id));
    let row = |number| {
        let id = ids.next();
        PostRow { id, author: Some(author), title: format!("Post {number}"), published: Some(made_at(id)) }
    };
    let rows: Vec<PostRow> = (1..=count).rev().map(row).collect();
    lyceum.insert_posts(&rows).await;
    (ada, rows.iter().rev().map(|row| row.id).collect())
}

/// The numbers of the posts on a page, asserting that the edges say the same as the nodes and the page's cursors the
/// same as the edges'.
fn numbers(page: &Value) -> Vec<usize> {
    let titles = |nodes: Vec<&Value>| -> Vec<usize> {
        let number = |node: &Value| node["title"].as_str().unwrap().strip_prefix("Post ").unwrap().parse().unwrap();
        nodes.into_iter().map(number).collect()
    };
    let edges = page["edges"].as_array().unwrap();
    let numbers = titles(page["nodes"].as_array().unwrap().iter().collect());
    assert_eq!(numbers, titles(edges.iter().map(|edge| &edge["node"]).collect()));
    let cursor = |edge: Option<&Value>| edge.map_or(Value::Null, |edge| edge["cursor"].clone());
    assert_eq!(page["pageInfo"]["startCursor"], cursor(edges.first()));
    assert_eq!(page["pageInfo"]["endCursor"], cursor(edges.last()));
    numbers
}

/// The numbers, and whether there is more before and after them.
fn page(answer: &Answer, path: &str) -> (Vec<usize>, bool, bool) {
    let page = answer.at(path);
    let more = |name: &str| page["pageInfo"][name].as_bool().unwrap();
    (numbers(page), more("hasPreviousPage"), more("hasNextPage"))
}

async fn ask(lyceum: &Lyceum, variables: Value) -> (Vec<usize>, bool, bool) {
    page(&lyceum.run(POSTS, variables).await.ok(), "posts")
}

fn range(from: usize, to: usize) -> Vec<usize> {
    (from..=to).collect()
}

/// Bar 62: what a page size may be, and what an answer says when it is not.
#[tokio::test]
async fn a_page_has_as_many_rows_as_asked_for_and_twenty_without_a_word() {
    with_settings(SETTINGS, async |lyceum| {
        posts(lyceum, 25).await;
        assert_eq!(ask(lyceum, json!({})).await, (range(1, 20), false, true));
        assert_eq!(ask(lyceum, json!({ "first": 0 })).await, (vec![], false, true));
        assert_eq!(ask(lyceum, json!({ "last": 0 })).await, (vec![], true, false));
        assert_eq!(ask(lyceum, json!({ "first": 24 })).await, (range(1, 24), false, true));
        assert_eq!(ask(lyceum, json!({ "last": 24 })).await, (range(2, 25), true, false));
        for all in [25, 26, 100] {
            assert_eq!(ask(lyceum, json!({ "first": all })).await, (range(1, 25), false, false));
            assert_eq!(ask(lyceum, json!({ "last": all })).await, (range(1, 25), false, false));
        }
        let (size, both) = ("must be from 0 to 100", "not both");
        for (variables, message) in [
            (json!({ "first": -1 }), size),
            (json!({ "first": 101 }), size),
            (json!({ "first": i32::MIN }), size),
            (json!({ "last": -1 }), size),
            (json!({ "last": 101 }), size),
            (json!({ "last": i32::MAX }), size),
            (json!({ "first": 1, "last": 1 }), both),
            (json!({ "first": 0, "last": 0 }), both),
        ] {
            let answer = lyceum.run(POSTS, variables.clone()).await;
            assert_eq!((answer.code(), answer.at("posts")), ("BAD_USER_INPUT", &Value::Null), "{variables}");
            let said = answer.body["errors"][0]["message"].as_str().unwrap();
            assert!(said.contains(message), "{variables}: {said}");
        }
    })
    .await;
}

/// Each page says whether there is more, on the way there and on the way back, and gives its rows in the list's order.
#[tokio::test]
async fn a_page_knows_what_lies_before_and_after_it() {
    with_settings(SETTINGS, async |lyceum| {
        let (_, ids) = posts(lyceum, 25).await;
        let answer = lyceum.run(POSTS, json!({ "first": 100 })).await.ok();
        let cursor = |number: usize| answer.at("posts.edges")[number - 1]["cursor"].clone();

        for (variables, page) in [
            (json!({ "first": 10, "after": cursor(10) }), (range(11, 20), true, true)),
            (json!({ "first": 5, "after": cursor(20) }), (range(21, 25), true, false)),
            (json!({ "after": cursor(3) }), (range(4, 23), true, true)),
            (json!({ "first": 5, "after": cursor(25) }), (vec![], true, false)),
            (json!({ "last": 10, "before": cursor(16) }), (range(6, 15), true, true)),
            (json!({ "last": 5, "before": cursor(6) }), (range(1, 5), false, true)),
            (json!({ "before": cursor(24) }), (range(4, 23), true, true)),
            (json!({ "last": 5, "before": cursor(1) }), (vec![], false, true)),
            // Between two rows.
            (json!({ "first": 100, "after": cursor(5), "before": cursor(9) }), (range(6, 8), true, true)),
            (json!({ "last": 100, "after": cursor(5), "before": cursor(9) }), (range(6, 8), true, true)),
            (json!({ "first": 2, "after": cursor(5), "before": cursor(9) }), (range(6, 7), true, true)),
            (json!({ "last": 2, "after": cursor(5), "before": cursor(9) }), (range(7, 8), true, true)),
            (json!({ "first": 5, "before": cursor(4) }), (range(1, 3), false, true)),
            (json!({ "last": 5, "after": cursor(22) }), (range(23, 25), true, false)),
            (json!({ "first": 5, "after": cursor(9), "before": cursor(5) }), (vec![], true, true)),
        ] {
            assert_eq!(ask(lyceum, variables.clone()).await, page, "{variables}");
        }

        // A cursor is a place: it stays when its row goes.
        lyceum.delete_posts(&[ids[9], ids[10]]).await;
        assert_eq!(ask(lyceum, json!({ "first": 2, "after": cursor(10) })).await, (vec![12, 13], true, true));
        assert_eq!(ask(lyceum, json!({ "last": 2, "before": cursor(11) })).await, (vec![8, 9], true, true));
    })
    .await;
}

/// Lists within lists page like any other, each by its own arguments, several of them in one request.
#[tokio::test]
async fn lists_within_lists_page_the_same_way() {
    with_settings(&[("RATE_LIMITS", "off"), ("LIMIT_COST", "100000")], async |lyceum| {
        let (ada, ids) = posts(lyceum, 25).await;
        let query = format!(
            "query ($ada: ID!, $at: String, $by: PostOrder) {{ user(id: $ada) {{ posts {{ ...Page }}
                next: posts(first: 5, after: $at) {{ ...Page }} before: posts(last: 5, before: $at) {{ ...Page }}
                none: posts(first: 0) {{ ...Page }} oldest: posts(last: 2) {{ ...Page }}
                turned: posts(first: 3, orderBy: $by) {{ ...Page }}
                wrong: posts(first: 101) {{ ...Page }} }} }} {PAGE}"
        );
        let by = json!({ "field": "PUBLISHED_AT", "direction": "ASC" });
        let answer = lyceum.run(&query, json!({ "ada": ada.id, "by": by })).await;
        assert_eq!(page(&answer, "user.posts"), (range(1, 20), false, true));
        let at = answer.at("user.posts.edges.9.cursor");
        let answer = lyceum.run(&query, json!({ "ada": ada.id, "by": by, "at": at })).await;
        assert_eq!(answer.body["errors"].as_array().map(Vec::len), Some(1), "{}", answer.body);
        assert_eq!((answer.code(), answer.at("user.wrong")), ("BAD_USER_INPUT", &Value::Null));
        assert_eq!(answer.body["errors"][0]["path"], json!(["user", "wrong"]));
        for (name, expected) in [
            ("next", (range(11, 15), true, true)),
            ("before", (range(5, 9), true, true)),
            ("none", (vec![], false, true)),
            ("oldest", (vec![24, 25], true, false)),
            ("turned", (vec![25, 24, 23], false, true)),
        ] {
            assert_eq!(page(&answer, &format!("user.{name}")), expected, "{name}");
            assert_eq!(answer.at(&format!("user.{name}.totalCount")), &json!(25), "{name}");
        }

        comments_of_a_post(lyceum, ids[0]).await;
    })
    .await;
}

/// The comments of a post, the oldest first, and the same list at the root, the newest first.
async fn comments_of_a_post(lyceum: &Lyceum, post: Uuid) {
    let mut ids = Ids::new(2);
    let comments: Vec<CommentRow> = (0..25).map(|_| CommentRow { id: ids.next(), post, author: None }).collect();
    lyceum.insert_comments(&comments).await;
    let query = "query ($post: ID!, $first: Int, $after: String, $last: Int, $before: String, $order: CommentOrder) {
        post(id: $post) { comments(first: $first, after: $after, last: $last, before: $before, orderBy: $order) {
            ...Page } }
        comments(first: $first, after: $after, last: $last, before: $before, orderBy: $order, filter: {postId: $post}) {
            ...Page } }
        fragment Page on CommentConnection { totalCount nodes { id }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }";
    let post = global_id("Post", post);
    let asc: Vec<String> = comments.iter().map(|comment| global_id("Comment", comment.id)).collect();
    let desc: Vec<String> = asc.iter().rev().cloned().collect();
    for (path, other, default) in [("post.comments", "comments", &asc), ("comments", "post.comments", &desc)] {
        for (order, all) in
            [(Value::Null, default), (json!({"direction": "ASC"}), &asc), (json!({"direction": "DESC"}), &desc)]
        {
            for forwards in [true, false] {
                let (mut cursor, mut seen) = (Value::Null, Vec::new());
                loop {
                    let mut variables = json!({ "post": post, "order": order });
                    let (size, at) = if forwards { ("first", "after") } else { ("last", "before") };
                    (variables[size], variables[at]) = (json!(7), cursor.clone());
                    let answer = lyceum.run(query, variables).await;
                    assert!(cursor.is_null() || answer.at(other).is_null(), "a cursor of one list is none of another");
                    let nodes = answer.at(&format!("{path}.nodes")).as_array().unwrap();
                    let rows: Vec<String> = nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect();
                    seen = if forwards { [seen, rows].concat() } else { [rows, seen].concat() };
                    let info = answer.at(&format!("{path}.pageInfo"));
                    assert_eq!(
                        info["hasPreviousPage"],
                        json!(if forwards { !cursor.is_null() } else { seen.len() < 25 })
                    );
                    assert_eq!(info["hasNextPage"], json!(if forwards { seen.len() < 25 } else { !cursor.is_null() }));
                    assert_eq!(answer.at(&format!("{path}.totalCount")), &json!(25));
                    if seen.len() >= 25 {
                        break;
                    }
                    cursor = info[if forwards { "endCursor" } else { "startCursor" }].clone();
                }
                assert_eq!(&seen, all, "{path} {order} {forwards}");
            }
        }
    }
}

/// What nobody asked for is not counted; and a count is of what the viewer may see.
#[tokio::test]
async fn rows_are_counted_only_when_the_count_is_selected() {
    with_settings(SETTINGS, async |lyceum| {
        let (ada, ids) = posts(lyceum, 5).await;
        let draft = PostRow {
            id: Ids::new(3).next(),
            author: Some(local_id(&ada.id)),
            title: "A draft".to_owned(),
            published: None,
        };
        lyceum.insert_posts(std::slice::from_ref(&draft)).await;
        let mut made = Ids::new(2);
        let comments = [ids[0], ids[0], ids[1], draft.id].map(|post| CommentRow {
            id: made.next(),
            post,
            author: Some(local_id(&ada.id)),
        });
        lyceum.insert_comments(&comments).await;

        let variables = json!({ "ada": ada.id, "post": global_id("Post", ids[0]) });
        for (list, nested, public, own) in [
            ("posts", false, 5, 6),
            ("posts(first: 0, filter: {authorId: $ada})", false, 5, 6),
            ("posts(filter: {status: DRAFT})", false, 0, 1),
            ("posts(filter: {search: \"post 1\"})", false, 1, 1),
            ("comments", false, 3, 4),
            ("comments(filter: {postId: $post})", false, 2, 2),
            ("comments(last: 1, filter: {authorId: $ada})", false, 3, 4),
            ("user(id: $ada) { list: posts", true, 5, 6),
            ("user(id: $ada) { list: comments(first: 1)", true, 3, 4),
            ("post(id: $post) { list: comments(first: 1)", true, 2, 2),
        ] {
            let head = "query ($ada: ID!, $post: ID!) { a: user(id: $ada) { id } b: post(id: $post) { id }";
            let query = |selected: &str| {
                let (name, close) = if nested { ("parent: ", "}") } else { ("list: ", "") };
                format!("{head} {name}{list} {{ {selected} }} {close} }}")
            };
            let (_, without) = lyceum.counted(Call::new(&query("nodes { id }"), variables.clone())).await;
            let (answer, with) = lyceum.counted(Call::new(&query("nodes { id } totalCount"), variables.clone())).await;
            // SQLite is asked first which way to search.
            let probe = u64::from(lyceum.engine == Engine::Sqlite && list.contains("search"));
            assert_eq!(with, without + 1 + probe, "{list}");
            let path = if nested { "parent.list.totalCount" } else { "list.totalCount" };
            assert_eq!(answer.ok().at(path), &json!(public), "{list}");
            let answer = lyceum.run_as(&ada.token, &query("totalCount"), variables.clone()).await.ok();
            assert_eq!(answer.at(path), &json!(own), "{list}");
        }
    })
    .await;
}
