//! What is not there for everybody: drafts, the comments under them, and sessions. Whoever may not see one is answered
//! as if it did not exist, by whichever way.

use serde_json::{Value, json};

use super::{
    cast::{Cast, SECRET},
    errors,
    table::{DRAFT, Relation, Viewer, Who},
};
use crate::harness::*;

/// Ways to the owner's draft; `@` is what is asked of it.
const TO_THE_DRAFT: [&str; 18] = [
    "post(id: $draft) @",
    "node(id: $draft) { ... on Post @ }",
    "nodes(ids: [$draft, $post]) { ... on Post @ }",
    "posts { nodes @ }",
    "posts { edges { node @ } }",
    "posts(filter: {authorId: $owner, status: DRAFT}) { nodes @ }",
    "posts(filter: {search: \"submarine\"}) { nodes @ }",
    "posts(last: 20, orderBy: {field: TITLE}) { nodes @ }",
    "posts(first: 20, orderBy: {field: PUBLISHED_AT, direction: ASC}) { edges { node @ } }",
    "user(id: $owner) { posts { nodes @ } }",
    "userByUsername(username: \"olive\") { posts { edges { node @ } } }",
    "node(id: $owner) { ... on User { posts(last: 5, orderBy: {field: TITLE}) { nodes @ } } }",
    "post(id: $post) { author { posts { nodes @ } } }",
    "comment(id: $comment) { author { posts { nodes @ } } }",
    "comment(id: $comment) { post { author { posts { nodes @ } } } }",
    "comment(id: $hidden) { post @ }",
    "comments { nodes { post @ } }",
    "user(id: $owner) { comments { nodes { post @ } } }",
];

/// Ways to the owner's comment under that draft.
const TO_THE_COMMENT: [&str; 14] = [
    "comment(id: $hidden) @",
    "node(id: $hidden) { ... on Comment @ }",
    "nodes(ids: [$comment, $hidden]) { ... on Comment @ }",
    "comments { nodes @ }",
    "comments { edges { node @ } }",
    "comments(filter: {postId: $draft}) { nodes @ }",
    "comments(last: 20, filter: {authorId: $owner}) { edges { node @ } }",
    "post(id: $draft) { comments { nodes @ } }",
    "user(id: $owner) { comments { nodes @ } }",
    "userByUsername(username: \"olive\") { comments(last: 20) { edges { node @ } } }",
    "post(id: $post) { author { comments { nodes @ } } }",
    "post(id: $post) { comments { nodes { author { comments { nodes @ } } } } }",
    "comment(id: $comment) { author { comments(orderBy: {direction: ASC}) { nodes @ } } }",
    "user(id: $owner) { posts { nodes { comments { nodes @ } } } }",
];

/// Lists, and how long each is with and without the draft and the comment under it. The owner has two posts, and a
/// comment under each post of a viewer's, the draft included.
const COUNTS: [(&str, u64, u64); 7] = [
    ("posts(filter: {authorId: $owner})", 2, 1),
    ("posts(filter: {status: DRAFT})", 1, 0),
    ("posts(filter: {search: \"submarine\"})", 1, 0),
    ("comments(filter: {postId: $draft})", 1, 0),
    ("comments(filter: {authorId: $owner})", 5, 4),
    ("user(id: $owner) { posts", 2, 1),
    ("user(id: $owner) { comments", 5, 4),
];

/// What is done to the draft and to the comment under it, each time to a new one.
const MUTATIONS: [&str; 6] = [
    "updatePost(input: {id: $spare_draft, title: \"Mine\"})",
    "updatePost(input: {id: $spare_draft, status: PUBLISHED})",
    "deletePost(input: {id: $spare_draft})",
    "createComment(input: {postId: $spare_draft, body: \"Hello\"})",
    "updateComment(input: {id: $spare_hidden, body: \"Mine\"})",
    "deleteComment(input: {id: $spare_hidden})",
];

fn relation(viewer: Viewer) -> Relation {
    if viewer == Viewer::Owner { Relation::Own } else { Relation::Foreign }
}

/// Bars 54 and 56: a draft and what stands under it are there for the same viewers by every way; for all others they
/// look like what does not exist, and nothing of them is in the answer.
#[tokio::test]
async fn a_draft_is_there_for_the_same_viewers_by_every_way() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let cast = Cast::gather(lyceum).await;
        for viewer in Viewer::ALL {
            for way in TO_THE_DRAFT.iter().chain(&TO_THE_COMMENT) {
                let document = format!("{{ {} }}", way.replace('@', "{ id body }"));
                let answer = cast.ask(lyceum, viewer, &document).await.ok();
                let seen = answer.text().contains(SECRET);
                assert_eq!(seen, DRAFT.lets_in(viewer, relation(viewer)), "{way} as {viewer:?}: {}", answer.text());
                if !seen && (way.contains("$draft") || way.contains("$hidden")) {
                    let missing = as_missing(lyceum, &cast, viewer, &document).await;
                    assert_eq!(answer.seen(), missing.seen(), "{way} as {viewer:?}");
                }
            }
        }
    })
    .await;
}

/// What the same document answers about a post and a comment that were deleted.
async fn as_missing(lyceum: &Lyceum, cast: &Cast, viewer: Viewer, document: &str) -> Answer {
    let [draft, hidden] = gone(lyceum, cast).await;
    let document = document.replace("$draft", &Value::from(draft).to_string());
    cast.ask(lyceum, viewer, &document.replace("$hidden", &Value::from(hidden).to_string())).await
}

/// The ids of a post and of a comment that are no longer there.
async fn gone(lyceum: &Lyceum, cast: &Cast) -> [String; 2] {
    let post = cast.post(lyceum, Viewer::Owner, "Gone.", "PUBLISHED").await;
    let comment = cast.comment(lyceum, Viewer::Owner, &post, "Gone.").await;
    let delete =
        format!("mutation {{ deletePost(input: {{id: \"{post}\"}}) {{ deletedPostId userErrors {{ code }} }} }}");
    cast.ask(lyceum, Viewer::Owner, &delete).await.ok();
    [post, comment]
}

/// Bars 54 and 56: a list counts what is there for the viewer, and no more.
#[tokio::test]
async fn counts_leave_out_what_is_hidden() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let cast = Cast::gather(lyceum).await;
        for viewer in Viewer::ALL {
            for (list, all, others) in COUNTS {
                let close = if list.contains('{') && list.ends_with('s') { "}" } else { "" };
                let document = format!("{{ {list} {{ totalCount nodes {{ id }} }} {close} }}");
                let answer = cast.ask(lyceum, viewer, &document).await.ok();
                let expected = if DRAFT.lets_in(viewer, relation(viewer)) { all } else { others };
                let page = deepest(&answer.body["data"]);
                assert_eq!(page["totalCount"], json!(expected), "{list} as {viewer:?}");
                assert_eq!(page["nodes"].as_array().map(Vec::len), usize::try_from(expected).ok(), "{list}");
            }
        }
    })
    .await;
}

/// The connection in an answer that has nothing else.
fn deepest(value: &Value) -> &Value {
    match value
        .as_object()
        .filter(|object| !object.contains_key("totalCount"))
        .and_then(|object| object.values().next())
    {
        Some(inside) => deepest(inside),
        None => value,
    }
}

/// Bars 55, 56 and 60: who cannot see a draft can do nothing to it or under it, is told what a missing thing is told,
/// and writes nothing.
#[tokio::test]
async fn what_is_hidden_cannot_be_changed() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let cast = Cast::gather(lyceum).await;
        let [post, comment] = gone(lyceum, &cast).await;
        for mutation in MUTATIONS {
            let name = mutation.split('(').next().unwrap_or_default();
            let document = format!("mutation {{ {mutation} {{ userErrors {{ code }} }} }}");
            for viewer in Viewer::ALL {
                let filled = cast.filled(lyceum, viewer, &document).await;
                let before = contents(lyceum).await;
                let answer = cast.ask(lyceum, viewer, &filled).await;
                let expected = match viewer {
                    Viewer::Anonymous => vec![format!("{name} UNAUTHENTICATED MISSING")],
                    _ if DRAFT.lets_in(viewer, relation(viewer)) => vec![],
                    _ => vec![format!("{name} NOT_FOUND")],
                };
                assert_eq!(errors(&answer), expected, "{mutation} as {viewer:?}");
                assert_eq!(contents(lyceum).await == before, !expected.is_empty(), "{mutation} as {viewer:?}");
                if expected.is_empty() {
                    answer.ok();
                } else {
                    let (post, comment) = (Value::from(&*post).to_string(), Value::from(&*comment).to_string());
                    let missing = document.replace("$spare_draft", &post).replace("$spare_hidden", &comment);
                    assert_eq!(answer.seen(), cast.ask(lyceum, viewer, &missing).await.seen(), "{mutation}");
                }
            }
        }
    })
    .await;
}

/// Bars 55 and 56: what somebody says under a post is there for whoever sees the post. When the post goes back to
/// being a draft, its author still sees the comment, and whoever wrote it no longer does.
#[tokio::test]
async fn a_comment_goes_out_of_sight_with_its_post() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let cast = Cast::gather(lyceum).await;
        let post = cast.post(lyceum, Viewer::Other, "A post of mine.", "PUBLISHED").await;
        let comment = cast.comment(lyceum, Viewer::Owner, &post, "A kingfisher!").await;
        let draft =
            format!("mutation {{ updatePost(input: {{id: \"{post}\", status: DRAFT}}) {{ userErrors {{ code }} }} }}");
        cast.ask(lyceum, Viewer::Other, &draft).await.ok();
        let by_id = |field: &str, rest: &str| format!("{field}(id: \"{comment}\") {rest}");
        let ways = [
            by_id("comment", "{ body }"),
            by_id("node", "{ ... on Comment { body } }"),
            "comments { nodes { body } }".to_owned(),
            "user(id: $owner) { comments { nodes { body } } }".to_owned(),
        ];
        for viewer in Viewer::ALL {
            let relation = if viewer == Viewer::Other { Relation::Own } else { Relation::Foreign };
            for way in &ways {
                let answer = cast.ask(lyceum, viewer, &format!("{{ {way} }}")).await.ok();
                let expected = DRAFT.lets_in(viewer, relation);
                assert_eq!(answer.text().contains("kingfisher"), expected, "{way} as {viewer:?}");
            }
        }
        let own = "{ me { comments { nodes { body } } } }";
        assert!(!cast.ask(lyceum, Viewer::Owner, own).await.ok().text().contains("kingfisher"));
        let update = format!(
            "mutation {{ updateComment(input: {{id: \"{comment}\", body: \"B\"}}) {{ userErrors {{ code }} }} }}"
        );
        assert_eq!(cast.ask(lyceum, Viewer::Owner, &update).await.code(), "NOT_FOUND");
        assert_eq!(cast.ask(lyceum, Viewer::Other, &update).await.code(), "FORBIDDEN");
        let received = cast.ask(lyceum, Viewer::Other, "{ dashboard { latestComments { body } } }").await.ok();
        assert!(received.text().contains("kingfisher"));
    })
    .await;
}

/// Bar 55: under a post, its author may delete what others wrote, and may not change it; a third person neither.
#[tokio::test]
async fn the_author_of_a_post_may_delete_comments_but_not_change_them() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let cast = Cast::gather(lyceum).await;
        let writer = lyceum.person("walt").await;
        let post = cast.filled(lyceum, Viewer::Owner, "$post").await;
        let create = format!(
            "mutation {{ createComment(input: {{postId: {post}, body: \"B\"}}) {{ comment {{ id }} userErrors {{ code }} }} }}"
        );
        let rows = [("updateComment", ", body: \"C\"", Who::AuthorOrModerator), ("deleteComment", "", Who::AuthorsOrModerator)];
        for (name, rest, who) in rows {
            assert_eq!(super::table::row(&format!("Mutation.{name}")), who);
            for viewer in Viewer::ALL {
                let comment = lyceum.run_as(&writer.token, &create, json!({})).await.ok();
                let id = comment.str_at("createComment.comment.id");
                let document = format!("mutation {{ {name}(input: {{id: \"{id}\"{rest}}}) {{ userErrors {{ code }} }} }}");
                let relation = if viewer == Viewer::Owner { Relation::Under } else { Relation::Foreign };
                let expected = match viewer {
                    _ if who.lets_in(viewer, relation) => vec![],
                    Viewer::Anonymous => vec![format!("{name} UNAUTHENTICATED MISSING")],
                    _ => vec![format!("{name} FORBIDDEN")],
                };
                let before = contents(lyceum).await;
                assert_eq!(errors(&cast.ask(lyceum, viewer, &document).await), expected, "{name} as {viewer:?}");
                if !expected.is_empty() {
                    assert_eq!(contents(lyceum).await, before, "{name} as {viewer:?}");
                }
            }
        }
    })
    .await;
}

/// Bar 54: what only oneself and administrators see of a user cannot be asked for by search either.
#[tokio::test]
async fn only_administrators_find_users_by_address() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let cast = Cast::gather(lyceum).await;
        for (viewer, expected) in [(Viewer::Admin, 1), (Viewer::Moderator, 0)] {
            for search in ["olive@example.com", "olive@", "olive example"] {
                let document = format!("{{ users(filter: {{search: \"{search}\"}}) {{ totalCount nodes {{ id }} }} }}");
                let answer = cast.ask(lyceum, viewer, &document).await.ok();
                assert_eq!(answer.at("users.totalCount"), &json!(expected), "{search} as {viewer:?}");
                assert_eq!(answer.at("users.nodes").as_array().map(Vec::len), Some(expected), "{search} as {viewer:?}");
            }
        }
    })
    .await;
}

/// Bar 56: a session is a node for whoever sees it in the list of sessions, and not there for anybody else. One that
/// has ended is there for nobody.
#[tokio::test]
async fn a_session_is_a_node_for_its_owner_and_for_administrators() {
    on_each_engine(async |lyceum| {
        let cast = Cast::gather(lyceum).await;
        let login = lyceum.log_in("olive", PASSWORD).await.ok();
        let session = login.str_at("login.session.id");
        let document = format!(
            "{{ node(id: \"{session}\") {{ ... on Session {{ id current }} }} nodes(ids: [\"{session}\"]) {{ id }} }}"
        );
        for viewer in Viewer::ALL {
            let node = json!({ "id": session, "current": false });
            let expected = match viewer {
                Viewer::Owner | Viewer::Admin => json!({ "node": node, "nodes": [{ "id": session }] }),
                _ => json!({ "node": null, "nodes": [null] }),
            };
            let answer = cast.ask(lyceum, viewer, &document).await.ok();
            assert_eq!(answer.body["data"], expected, "{viewer:?}");
        }
        let token = login.str_at("login.accessToken");
        assert_eq!(lyceum.run_as(token, &document, json!({})).await.ok().at("node.current"), &json!(true));
        lyceum.run_as(token, LOGOUT, json!({ "scope": "CURRENT" })).await.ok();
        for viewer in [Viewer::Owner, Viewer::Admin] {
            let answer = cast.ask(lyceum, viewer, &document).await.ok();
            assert_eq!(answer.body["data"], json!({ "node": null, "nodes": [null] }), "{viewer:?}");
        }
    })
    .await;
}

/// Bar 56: an event of the audit log is a node for whom it concerns and for administrators, and not there for anybody
/// else.
#[tokio::test]
async fn an_event_is_a_node_for_whom_it_concerns_and_for_administrators() {
    on_each_engine(async |lyceum| {
        let cast = Cast::gather(lyceum).await;
        let activity = "{ me { activity(first: 1) { nodes { id } } } }";
        let newest = cast.ask(lyceum, Viewer::Owner, activity).await.ok();
        let event = newest.str_at("me.activity.nodes.0.id");
        let document =
            format!("{{ node(id: \"{event}\") {{ ... on AuditEvent {{ id }} }} nodes(ids: [\"{event}\"]) {{ id }} }}");
        for viewer in Viewer::ALL {
            let expected = match viewer {
                Viewer::Owner | Viewer::Admin => json!({ "node": { "id": event }, "nodes": [{ "id": event }] }),
                _ => json!({ "node": null, "nodes": [null] }),
            };
            let answer = cast.ask(lyceum, viewer, &document).await.ok();
            assert_eq!(answer.body["data"], expected, "{viewer:?}");
        }
    })
    .await;
}
