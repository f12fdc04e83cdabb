//! Who sees what and who may do what, asked of the served schema: drafts of others, the private half of users, and
//! the table of roles and mutations.

mod matrix;
mod private_fields;

use serde_json::{Value, json};

use crate::harness::*;

/// What nobody may read who may not see the draft.
const MARKS: [&str; 4] = ["Secret plan", "Hidden words", "first whisper", "second whisper"];

/// Every way to one thing. Who may not see it gets to the letter what is answered for ids that nobody has.
const BY_ID: [(&str, &str); 9] = [
    ("post", "{ post(id: $post) { title body author { username } comments { totalCount nodes { body } } } }"),
    ("node of a post", "{ node(id: $post) { __typename id ... on Post { title body comments { nodes { body } } } } }"),
    ("comment", "{ comment(id: $comment) { body author { username } post { title } } }"),
    ("node of a comment", "{ node(id: $comment) { __typename id ... on Comment { body post { title } } } }"),
    ("comment of one's own", "{ comment(id: $own) { body post { title } } }"),
    (
        "nodes",
        "{ nodes(ids: [$post, $comment, $own]) { id ... on Post { title } ... on Comment { body post { body } } } }",
    ),
    (
        "comments of the post",
        "{ comments(filter: {postId: $post}) { totalCount nodes { body post { title } } edges { cursor node { body } }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
    ),
    (
        "aliases",
        "{ a: post(id: $post) { title } b: post(id: $post) { body } c: comment(id: $comment) { post { title } }
            d: comment(id: $own) { p: post { title } q: post { body } } e: node(id: $post) { id } }",
    ),
    (
        "fragments",
        "{ ...Both } fragment Both on Query { post(id: $post) { ...Shown } comment(id: $comment) { post { ...Shown } } }
            fragment Shown on Post { title body comments { nodes { post { title } } } }",
    ),
];

/// Every list that the draft or its comments could stand in.
const LISTS: [(&str, &str); 15] = [
    ("posts", "{ posts(first: 100) { totalCount nodes { title body } edges { node { title } } } }"),
    ("drafts", "{ posts(filter: {status: DRAFT}) { totalCount nodes { title } } }"),
    ("posts by author", "{ posts(filter: {authorId: $author}) { totalCount nodes { title body } } }"),
    ("drafts by author", "{ posts(filter: {authorId: $author, status: DRAFT}) { totalCount nodes { title } } }"),
    ("search in titles", "{ posts(filter: {search: \"secret plan\"}) { totalCount nodes { title } } }"),
    ("search in texts", "{ posts(filter: {search: \"hidden words\"}) { totalCount nodes { title } } }"),
    ("posts by title", "{ posts(orderBy: {field: TITLE}) { totalCount nodes { title } } }"),
    (
        "posts by publication",
        "{ posts(orderBy: {field: PUBLISHED_AT, direction: ASC}) { totalCount nodes { title } } }",
    ),
    ("comments", "{ comments(first: 100) { totalCount nodes { body post { title } } edges { node { body } } } }"),
    ("comments by author", "{ comments(filter: {authorId: $author}) { totalCount nodes { body post { title } } } }"),
    (
        "user",
        "{ user(id: $author) { posts { totalCount nodes { title body } }
            comments { totalCount nodes { body post { title } } } } }",
    ),
    (
        "user by name",
        "{ userByUsername(username: \"ada\") { a: posts { totalCount nodes { title } }
            b: posts(orderBy: {field: TITLE}) { totalCount edges { node { body } } } comments { nodes { body } } } }",
    ),
    (
        "authors of what is public",
        "{ post(id: $public) { author { posts { totalCount nodes { title } } comments { totalCount nodes { body } } }
            comments { totalCount nodes { author { comments { totalCount nodes { body post { title } } } } } } } }",
    ),
    (
        "authors in a list",
        "{ posts(first: 5) { nodes { author { posts(first: 5) { totalCount nodes {
            title comments(first: 5) { totalCount nodes { body } } } } } } }
            comments(first: 5) { nodes { post { comments(first: 5) { nodes { body } }
            author { posts(first: 5) { nodes { title } } } } } } }",
    ),
    (
        "one's own page",
        "{ me { posts { totalCount nodes { title } } comments { totalCount nodes { body post { title } } } } }",
    ),
];

/// A draft with two comments, one of them by somebody who could see the post while it was out.
struct Draft {
    ids: Value,
    nothing: Value,
    author: Person,
    commenter: Person,
}

async fn draft(lyceum: &Lyceum) -> Draft {
    let (author, commenter) = (lyceum.person("ada").await, lyceum.person_with_role("bob", "USER").await);
    let public = lyceum.write_post(&author, "Open letter", "PUBLISHED").await;
    lyceum.write_comment(&commenter, &public, "a word aloud").await;
    let input = json!({ "title": "Secret plan", "body": "Hidden words.", "status": "PUBLISHED" });
    let answer = lyceum.mutate(&author.token, "createPost", input).await.ok();
    let post = answer.str_at("createPost.post.id").to_owned();
    let comment = lyceum.write_comment(&author, &post, "first whisper").await;
    let own = lyceum.write_comment(&commenter, &post, "second whisper").await;
    lyceum.mutate(&author.token, "updatePost", json!({ "id": post, "status": "DRAFT" })).await.ok();

    let gone = lyceum.write_post(&author, "Gone", "PUBLISHED").await;
    let gone_comment = lyceum.write_comment(&author, &gone, "gone").await;
    lyceum.mutate(&author.token, "deletePost", json!({ "id": gone })).await.ok();
    let ids = json!({ "post": post, "comment": comment, "own": own, "author": author.id, "public": public });
    let nothing = json!({ "post": gone, "comment": gone_comment, "own": gone_comment });
    Draft { ids, nothing, author, commenter }
}

/// The query with the variables that it uses.
fn with_variables(query: &str) -> String {
    let used = ["post", "comment", "own", "author", "public"].into_iter();
    let used = used.filter(|name| query.contains(&format!("${name}"))).map(|name| format!("${name}: ID!"));
    let used = used.collect::<Vec<_>>().join(", ");
    if used.is_empty() { query.to_owned() } else { format!("query ({used}) {query}") }
}

fn has_a_mark(answer: &Answer) -> bool {
    MARKS.iter().any(|mark| answer.text().contains(mark))
}

/// Bars 56 and 57: a draft of somebody else is not there, and neither are the comments under it, whichever way leads
/// to them. Those who may see it asked just before, in the same process.
#[tokio::test]
async fn a_foreign_draft_is_not_there_by_any_id() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let draft = draft(lyceum).await;
        let moderator = lyceum.person_with_role("mona", "MODERATOR").await;
        let admin = lyceum.person_with_role("rose", "ADMIN").await;
        for (name, query) in BY_ID {
            let query = with_variables(query);
            for seer in [&draft.author, &moderator, &admin] {
                let answer = lyceum.ask(&seer.token, &query, draft.ids.clone()).await.ok();
                assert!(has_a_mark(&answer), "{name} as {}: {}", seer.username, answer.body);
            }
            for token in [&draft.commenter.token, NOBODY] {
                let answer = lyceum.ask(token, &query, draft.ids.clone()).await.ok();
                let nothing = lyceum.ask(token, &query, draft.nothing.clone()).await.ok();
                assert_eq!(answer.text(), nothing.text(), "{name}");
                assert!(!has_a_mark(&answer), "{name}: {}", answer.body);
            }
        }
    })
    .await;
}

/// Bar 56: no list, no count, no search and no loader knows of a foreign draft or of the comments under it.
#[tokio::test]
async fn a_foreign_draft_is_in_no_list_and_in_no_count() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let draft = draft(lyceum).await;
        let moderator = lyceum.person_with_role("mona", "MODERATOR").await;
        for (name, query) in LISTS {
            let query = with_variables(query);
            for seer in [&draft.author, &moderator] {
                let answer = lyceum.ask(&seer.token, &query, draft.ids.clone()).await.ok();
                let shows = name != "one's own page" || seer.username == "ada";
                assert_eq!(has_a_mark(&answer), shows, "{name} as {}: {}", seer.username, answer.body);
                counts_are_of_what_is_shown(&answer.body);
            }
            for token in [&draft.commenter.token, NOBODY] {
                let answer = lyceum.ask(token, &query, draft.ids.clone()).await.ok();
                assert!(!has_a_mark(&answer), "{name}: {}", answer.body);
                counts_are_of_what_is_shown(&answer.body);
            }
        }
    })
    .await;
}

/// Bar 56: the dashboard shows comments on one's own posts only, and what somebody wrote under a post that is a
/// draft now is shown to that post's author alone.
#[tokio::test]
async fn the_dashboard_shows_nothing_of_a_foreign_draft() {
    on_each_engine(async |lyceum| {
        let draft = draft(lyceum).await;
        let query =
            "{ dashboard { commentsReceived latestComments { body post { title body } author { username } } } }";
        let own = lyceum.ask(&draft.author.token, query, json!({})).await.ok();
        let bodies = own.at("dashboard.latestComments").as_array().unwrap().iter().map(|comment| &comment["body"]);
        assert_eq!(bodies.collect::<Vec<_>>(), ["second whisper", "first whisper", "a word aloud"]);
        let other = lyceum.ask(&draft.commenter.token, query, json!({})).await.ok();
        assert_eq!(other.at("dashboard"), &json!({ "commentsReceived": 0, "latestComments": [] }));
    })
    .await;
}

/// Every count is the number of rows beside it: all pages here are large enough for all rows.
fn counts_are_of_what_is_shown(value: &Value) {
    if let (Some(count), Some(rows)) = (value["totalCount"].as_u64(), value["nodes"].as_array()) {
        assert_eq!(usize::try_from(count).unwrap(), rows.len(), "{value}");
    }
    match value {
        Value::Object(entries) => entries.values().for_each(counts_are_of_what_is_shown),
        Value::Array(values) => values.iter().for_each(counts_are_of_what_is_shown),
        _ => {}
    }
}
