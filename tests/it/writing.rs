//! Posts and comments as their authors write, change and delete them.

mod races;
mod texts;

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::*;

const MINUTE: Duration = Duration::from_mins(1);
const POST: &str = "query ($id: ID!) { post(id: $id) { title body status createdAt updatedAt publishedAt } }";

async fn post(lyceum: &Lyceum, token: &str, id: &str) -> Value {
    lyceum.ask(token, POST, json!({ "id": id })).await.ok().at("post").clone()
}

/// What is absent stays, every change moves `updatedAt`, and the moment of the first publication is kept for good.
#[tokio::test]
async fn a_post_goes_through_its_life() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let input = json!({ "title": " One ", "body": "A text.\n" });
        let answer = lyceum.mutate(&ada.token, "createPost", input).await.ok();
        let id = answer.str_at("createPost.post.id").to_owned();
        let start = "2026-01-01T00:00:00.000000Z";
        let draft = json!({ "id": id, "title": "One", "body": "A text.", "status": "DRAFT", "createdAt": start,
            "updatedAt": start, "publishedAt": null, "author": { "username": "ada" } });
        assert_eq!(answer.at("createPost.post"), &draft);

        let steps = [
            (json!({ "status": "PUBLISHED" }), "One", "A text.", "PUBLISHED", "2026-01-01T00:01:00.000000Z"),
            (json!({ "title": "Two" }), "Two", "A text.", "PUBLISHED", "2026-01-01T00:01:00.000000Z"),
            (json!({ "status": "DRAFT" }), "Two", "A text.", "DRAFT", "2026-01-01T00:01:00.000000Z"),
            (json!({ "body": "Better." }), "Two", "Better.", "DRAFT", "2026-01-01T00:01:00.000000Z"),
            (json!({ "status": "PUBLISHED" }), "Two", "Better.", "PUBLISHED", "2026-01-01T00:01:00.000000Z"),
            (json!({}), "Two", "Better.", "PUBLISHED", "2026-01-01T00:01:00.000000Z"),
        ];
        for (number, (mut change, title, body, status, published)) in (1..).zip(steps) {
            lyceum.advance(MINUTE);
            change["id"] = json!(id);
            let updated = format!("2026-01-01T00:0{number}:00.000000Z");
            let answer = lyceum.mutate(&ada.token, "updatePost", change).await.ok();
            let mut expected = json!({ "title": title, "body": body, "status": status, "createdAt": start,
                "updatedAt": updated, "publishedAt": published });
            assert_eq!(post(lyceum, &ada.token, &id).await, expected);
            expected["id"] = json!(id);
            expected["author"] = json!({ "username": "ada" });
            assert_eq!(answer.at("updatePost.post"), &expected);
        }
    })
    .await;
}

/// A post that is out from the start was published at that moment.
#[tokio::test]
async fn a_post_can_be_published_at_once() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let id = lyceum.write_post(&ada, "One", "PUBLISHED").await;
        let shown = post(lyceum, NOBODY, &id).await;
        assert_eq!(shown["publishedAt"], shown["createdAt"]);
        lyceum.advance(MINUTE);
        lyceum.mutate(&ada.token, "updatePost", json!({ "id": id, "status": "DRAFT" })).await.ok();
        assert_eq!(post(lyceum, NOBODY, &id).await, Value::Null);
    })
    .await;
}

/// An explicit null is not the same as nothing: what cannot be empty is told at its field, with every other fault.
#[tokio::test]
async fn all_faults_of_a_post_are_told_at_once() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let id = lyceum.write_post(&ada, "One", "PUBLISHED").await;
        let before = contents(lyceum).await;
        let long = "x".repeat(201);
        let cases = [
            (json!({ "title": null }), vec!["REQUIRED title"]),
            (
                json!({ "title": null, "body": null, "status": null }),
                vec!["REQUIRED title", "REQUIRED body", "REQUIRED status"],
            ),
            (json!({ "title": "", "body": " \n\t" }), vec!["REQUIRED title", "REQUIRED body"]),
            (json!({ "title": long, "body": null, "status": "DRAFT" }), vec!["REQUIRED body", "TOO_LONG title"]),
            (
                json!({ "title": "two\nlines", "body": "nul\u{0}", "status": null }),
                vec!["REQUIRED status", "INVALID title", "INVALID body"],
            ),
        ];
        for (mut change, faults) in cases {
            change["id"] = json!(id);
            let answer = lyceum.mutate(&ada.token, "updatePost", change.clone()).await;
            let mut told = answer.user_errors("updatePost");
            let mut faults = faults;
            told.sort();
            faults.sort_unstable();
            assert_eq!(told, faults, "{change}");
            assert_eq!(answer.at("updatePost.post"), &Value::Null);
        }
        let answer = lyceum.mutate(&ada.token, "createPost", json!({ "title": "", "body": "\u{7}" })).await;
        assert_eq!(answer.user_errors("createPost"), ["REQUIRED title", "INVALID body"]);
        assert_eq!(answer.at("createPost.post"), &Value::Null);
        assert_eq!(contents(lyceum).await, before, "nothing was written");
    })
    .await;
}

/// A comment is written, changed and deleted; each payload carries what changed, whole.
#[tokio::test]
async fn a_comment_goes_through_its_life() {
    on_each_engine(async |lyceum| {
        let (ada, bob) = (lyceum.person("ada").await, lyceum.person("bob").await);
        let post = lyceum.write_post(&ada, "One", "PUBLISHED").await;
        let input = json!({ "postId": post, "body": " Well said.\r\n" });
        let answer = lyceum.mutate(&bob.token, "createComment", input).await.ok();
        let mut comment = answer.at("createComment.comment").clone();
        let id = comment["id"].clone();
        assert_eq!(comment["createdAt"], comment["updatedAt"]);
        let (body, author) = (&comment["body"], &comment["author"]);
        assert_eq!((body, author), (&json!("Well said."), &json!({ "username": "bob" })));
        assert_eq!(comment["post"], json!({ "id": post, "title": "One" }));

        lyceum.advance(MINUTE);
        let answer = lyceum.mutate(&bob.token, "updateComment", json!({ "id": id, "body": "Very well." })).await.ok();
        comment["body"] = json!("Very well.");
        comment["updatedAt"] = json!("2026-01-01T00:01:00.001000Z");
        assert_eq!(answer.at("updateComment.comment"), &comment);

        for (body, fault) in [("", "REQUIRED body"), (" \t\n", "REQUIRED body"), ("\u{0}", "INVALID body")] {
            let answer = lyceum.mutate(&bob.token, "updateComment", json!({ "id": id, "body": body })).await;
            assert_eq!(answer.user_errors("updateComment"), [fault]);
            let answer = lyceum.mutate(&bob.token, "createComment", json!({ "postId": post, "body": body })).await;
            assert_eq!(answer.user_errors("createComment"), [fault]);
        }
        let answer = lyceum.mutate(&bob.token, "deleteComment", json!({ "id": id })).await.ok();
        let gone = json!({ "deletedCommentId": id, "postId": post, "userErrors": [] });
        assert_eq!(answer.at("deleteComment"), &gone);
        assert_eq!(lyceum.mutate(&bob.token, "deleteComment", json!({ "id": id })).await.code(), "NOT_FOUND");
        assert_eq!(lyceum.database.count("comments").await, 0);
    })
    .await;
}

/// A new row's edge is the one that its list has, so that a client can put it there without asking again.
#[tokio::test]
async fn what_was_written_comes_with_its_place_in_the_list() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        lyceum.write_post(&ada, "One", "PUBLISHED").await;
        lyceum.advance(MINUTE);
        let written = "mutation { createPost(input: {title: \"Two\", body: \"B\"}) {
            postEdge { cursor node { id title } } userErrors { code } } }";
        let written = lyceum.ask(&ada.token, written, json!({})).await.ok();
        let listed = lyceum.ask(&ada.token, "{ posts { edges { cursor node { id title } } } }", json!({})).await.ok();
        assert_eq!(written.at("createPost.postEdge"), &listed.at("posts.edges")[0]);

        let post = json!({ "post": written.str_at("createPost.postEdge.node.id") });
        let written = "mutation ($post: ID!) { createComment(input: {postId: $post, body: \"B\"}) {
            commentEdge { cursor node { id body } } userErrors { code } } }";
        lyceum.ask(&ada.token, written, post.clone()).await.ok();
        lyceum.advance(MINUTE);
        let written = lyceum.ask(&ada.token, written, post.clone()).await.ok();
        let listed = "query ($post: ID!) { post(id: $post) { comments { edges { cursor node { id body } } } } }";
        let listed = lyceum.ask(&ada.token, listed, post).await.ok();
        assert_eq!(written.at("createComment.commentEdge"), &listed.at("post.comments.edges")[1]);
    })
    .await;
}

/// With a post go the comments under it, whoever wrote them; others stay.
#[tokio::test]
async fn deleting_a_post_takes_its_comments() {
    on_each_engine(async |lyceum| {
        let (ada, bob) = (lyceum.person("ada").await, lyceum.person("bob").await);
        let post = lyceum.write_post(&ada, "One", "PUBLISHED").await;
        let other = lyceum.write_post(&bob, "Other", "PUBLISHED").await;
        let under = [lyceum.write_comment(&ada, &post, "a").await, lyceum.write_comment(&bob, &post, "b").await];
        lyceum.write_comment(&ada, &other, "stays").await;
        let answer = lyceum.mutate(&ada.token, "deletePost", json!({ "id": post })).await.ok();
        assert_eq!(answer.at("deletePost"), &json!({ "deletedPostId": post, "userErrors": [] }));
        assert_eq!((lyceum.database.count("posts").await, lyceum.database.count("comments").await), (1, 1));
        let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }";
        let answer = lyceum.ask(&ada.token, query, json!({ "ids": [post, under[0], under[1]] })).await.ok();
        assert_eq!(answer.at("nodes"), &json!([null, null, null]));
        let again = lyceum.mutate(&ada.token, "deletePost", json!({ "id": post })).await;
        assert_eq!(again.errors(), ["NOT_FOUND deletePost"]);
        let comment = json!({ "postId": post, "body": "Too late." });
        assert_eq!(lyceum.mutate(&bob.token, "createComment", comment).await.errors(), ["NOT_FOUND createComment"]);
    })
    .await;
}

/// Bar 58: what the server decides is no field of any input; the whole request is refused, and nothing changes.
#[tokio::test]
async fn what_the_server_decides_is_no_input() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let ada = lyceum.person_with_role("ada", "ADMIN").await;
        let post = lyceum.write_post(&ada, "One", "PUBLISHED").await;
        let comment = lyceum.write_comment(&ada, &post, "Mine.").await;
        let account = json!({ "username": "eve", "email": "eve@example.com", "password": PASSWORD,
            "firstName": "Eve", "lastName": "Adams" });
        let inputs = [
            ("createPost", json!({ "title": "T", "body": "B" }), vec!["id", "authorId", "author", "createdAt"]),
            ("createPost", json!({ "title": "T", "body": "B" }), vec!["publishedAt", "updatedAt", "role"]),
            ("updatePost", json!({ "id": post }), vec!["authorId", "createdAt", "updatedAt", "publishedAt", "role"]),
            ("deletePost", json!({ "id": post }), vec!["authorId", "force"]),
            ("createComment", json!({ "postId": post, "body": "B" }), vec!["id", "authorId", "createdAt"]),
            ("updateComment", json!({ "id": comment, "body": "B" }), vec!["postId", "authorId", "createdAt"]),
            ("deleteComment", json!({ "id": comment }), vec!["postId"]),
            ("createUser", account.clone(), vec!["id", "isVerified", "emailVerified", "passwordHash", "createdAt"]),
            ("updateUser", json!({ "id": ada.id }), vec!["role", "isVerified", "emailVerified", "passwordHash"]),
            ("updateUser", json!({ "id": ada.id }), vec!["password", "createdAt", "suspendedUntil"]),
            ("setUserRole", json!({ "id": ada.id, "role": "ADMIN" }), vec!["username", "until"]),
            ("suspendUser", json!({ "id": ada.id }), vec!["role", "suspendedUntil"]),
            ("signup", account, vec!["role", "id", "isVerified", "emailVerified", "passwordHash", "createdAt"]),
        ];
        let before = contents(lyceum).await;
        for (name, input, fields) in inputs {
            for field in fields {
                let mut input = input.clone();
                input[field] = json!("ADMIN");
                let answer = lyceum.mutate(&ada.token, name, input).await;
                assert!(answer.status.is_client_error(), "{name} {field}: {}", answer.text());
                assert!(answer.body.get("data").is_none(), "{name} {field}: {}", answer.text());
                assert_eq!(answer.code(), "GRAPHQL_VALIDATION_FAILED", "{name} {field}: {}", answer.text());
                assert!(answer.text().contains(&format!("unknown field \\\"{field}\\\"")), "{}", answer.text());
            }
        }
        assert_eq!(contents(lyceum).await, before);
    })
    .await;
}
