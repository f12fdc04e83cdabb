//! What happens at the same moment: changes that do not touch each other both survive, and what one deletes another
//! finds gone, never broken.

use std::collections::BTreeSet;

use serde_json::json;

use crate::harness::*;

/// Two changes of different fields at the same moment are both there afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_changes_of_different_fields_both_survive() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let admin = lyceum.person_with_role("rose", "ADMIN").await;
        let post = lyceum.write_post(&ada, "One", "PUBLISHED").await;
        for round in 0..20 {
            let (title, body, last) = (format!("Title {round}"), format!("Text {round}"), format!("Name {round}"));
            let calls = [
                ("updatePost", json!({ "id": post, "title": title })),
                ("updatePost", json!({ "id": post, "body": body })),
                ("updateUser", json!({ "id": ada.id, "lastName": last })),
                ("updateUser", json!({ "id": ada.id, "firstName": title })),
            ];
            let calls = calls.map(|(name, input)| mutation(&admin.token, name, &input));
            for answer in lyceum.together(calls.into()).await {
                answer.ok();
            }
            let query = "query ($post: ID!, $ada: ID!) { post(id: $post) { title body } user(id: $ada) { displayName } }";
            let answer = lyceum.run(query, json!({ "post": post, "ada": ada.id })).await.ok();
            let both = json!({ "post": { "title": title, "body": body }, "user": { "displayName": format!("{title} {last}") } });
            assert_eq!(answer.body["data"], both);
        }
    })
    .await;
}

/// Two who publish at the same moment agree on when that was.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_post_is_published_once() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        for _ in 0..20 {
            let post = lyceum.write_post(&ada, "One", "DRAFT").await;
            let publish = mutation(&ada.token, "updatePost", &json!({ "id": post, "status": "PUBLISHED" }));
            let calls = (0..4).map(|_| Call {
                headers: publish.headers.clone(),
                ..Call::new(&publish.query, publish.variables.clone())
            });
            // The clock goes on while they run.
            let moving = async {
                for _ in 0..50 {
                    lyceum.advance(std::time::Duration::from_micros(1));
                    tokio::task::yield_now().await;
                }
            };
            let (answers, ()) = tokio::join!(lyceum.together(calls.collect()), moving);
            let moments: BTreeSet<String> = answers
                .into_iter()
                .map(|answer| answer.ok().str_at("updatePost.post.publishedAt").to_owned())
                .collect();
            assert_eq!(moments.len(), 1, "{moments:?}");
        }
    })
    .await;
}

/// What is changed, commented on and deleted at the same moment is changed or not there: never a fault of the server.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_that_meet_a_deletion_find_nothing() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let (ada, bob) = (lyceum.person("ada").await, lyceum.person("bob").await);
        let other = lyceum.write_post(&ada, "Other", "PUBLISHED").await;
        for _ in 0..20 {
            let post = lyceum.write_post(&ada, "One", "PUBLISHED").await;
            let comment = lyceum.write_comment(&bob, &other, "Soon gone.").await;
            let calls = [
                (&ada, "updatePost", json!({ "id": post, "title": "Two" })),
                (&ada, "deletePost", json!({ "id": post })),
                (&ada, "deletePost", json!({ "id": post })),
                (&bob, "createComment", json!({ "postId": post, "body": "In time?" })),
                (&bob, "createComment", json!({ "postId": post, "body": "In time?" })),
                (&bob, "updateComment", json!({ "id": comment, "body": "In time?" })),
                (&ada, "deleteComment", json!({ "id": comment })),
                (&bob, "deleteComment", json!({ "id": comment })),
            ];
            let names = calls.each_ref().map(|(_, name, _)| *name);
            let calls = calls.map(|(who, name, input)| mutation(&who.token, name, &input));
            let answers = lyceum.together(calls.into()).await;
            let outcomes: Vec<String> = names.iter().zip(&answers).map(|(name, answer)| answer.outcome(name)).collect();
            for (name, outcome) in names.iter().zip(&outcomes) {
                assert!(outcome == "ok" || outcome == "NOT_FOUND", "{name}: {outcome}");
            }
            let deleted = |of: &str| {
                names.iter().zip(&outcomes).filter(|(name, _)| **name == of).filter(|(_, o)| *o == "ok").count()
            };
            assert_eq!((deleted("deletePost"), deleted("deleteComment")), (1, 1), "one of two deletes: {outcomes:?}");
        }
        assert_eq!((lyceum.database.count("posts").await, lyceum.database.count("comments").await), (1, 0));
    })
    .await;
}
