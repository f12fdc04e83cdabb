//! The end of an account by an administrator: with its content or without, and nothing left over.

use serde_json::{Value, json};

use crate::harness::*;

struct World {
    rose: Person,
    ada: Person,
    /// Ada's post, under which everybody commented, and rose's, under which ada did.
    posts: [String; 2],
    /// Ada's and rose's under ada's post, ada's under rose's.
    comments: [String; 3],
}

async fn world(lyceum: &Lyceum) -> World {
    let rose = lyceum.person_with_role("rose", "ADMIN").await;
    let ada = lyceum.person_with_role("ada", "USER").await;
    let posts =
        [lyceum.write_post(&ada, "Hers", "PUBLISHED").await, lyceum.write_post(&rose, "Other", "PUBLISHED").await];
    let comments = [
        lyceum.write_comment(&ada, &posts[0], "ada on ada").await,
        lyceum.write_comment(&rose, &posts[0], "rose on ada").await,
        lyceum.write_comment(&ada, &posts[1], "ada on rose").await,
    ];
    // Something for the account in every table that knows of it.
    lyceum.run(FORGOT, json!({ "email": ada.email })).await.ok();
    lyceum.write_post(&ada, "A draft", "DRAFT").await;
    World { rose, ada, posts, comments }
}

async fn no_orphans(lyceum: &Lyceum) {
    for (table, column, parent) in [
        ("sessions", "user_id", "users"),
        ("refresh_tokens", "session_id", "sessions"),
        ("comments", "post_id", "posts"),
        ("comments", "author_id", "users"),
        ("posts", "author_id", "users"),
    ] {
        let orphans = format!(
            "SELECT count(*) FROM {table} WHERE {column} IS NOT NULL AND {column} NOT IN (SELECT id FROM {parent})"
        );
        assert_eq!(lyceum.database.number(&orphans).await, 0, "{table}.{column}");
    }
    // A proof that was used up named a sign-up that is a user since.
    let orphans = "SELECT count(*) FROM one_time_tokens WHERE subject IS NOT NULL
        AND (used_at IS NULL OR purpose <> 'verify-email')
        AND subject NOT IN (SELECT id FROM users) AND subject NOT IN (SELECT id FROM signups)";
    assert_eq!(lyceum.database.number(orphans).await, 0, "one_time_tokens.subject");
}

/// What ada had opens nothing, and what was hers can be had by anybody.
async fn gone_and_free(lyceum: &Lyceum, world: &World, reset: &str) {
    let ada = &world.ada;
    for (query, token) in [(ME, &ada.token), ("{ posts { totalCount } }", &ada.token)] {
        let answer = lyceum.ask(token, query, json!({})).await;
        assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", "REVOKED"));
    }
    let answer = lyceum.run(REFRESH, json!({ "token": ada.refresh_token })).await;
    assert_eq!(answer.code(), "UNAUTHENTICATED");
    assert_eq!(lyceum.log_in("ada", PASSWORD).await.user_errors("login"), ["INVALID_CREDENTIALS"]);
    let answer = lyceum.run(RESET, json!({ "token": reset, "password": "copper lantern drifts north" })).await;
    assert_eq!(answer.user_errors("resetPassword"), ["TOKEN_INVALID"]);
    let query = "query ($id: ID!) { user(id: $id) { id } userByUsername(username: \"ada\") { id } }";
    let answer = lyceum.ask(&world.rose.token, query, json!({ "id": ada.id })).await.ok();
    assert_eq!(answer.body["data"], json!({ "user": null, "userByUsername": null }));
    no_orphans(lyceum).await;

    lyceum.advance(std::time::Duration::from_mins(2));
    let again = lyceum.person("ada").await;
    assert_ne!(again.id, ada.id);
    let mine = "{ me { email posts { totalCount } comments { totalCount } } }";
    let expected = json!({ "email": "ada@example.com", "posts": { "totalCount": 0 }, "comments": { "totalCount": 0 } });
    assert_eq!(lyceum.ask(&again.token, mine, json!({})).await.ok().at("me"), &expected);
}

/// Bar 63: with `KEEP_ANONYMISED`, which no word means too, posts and comments stay, with nobody as their author.
#[tokio::test]
async fn kept_content_is_nobodys() {
    on_each_engine(async |lyceum| {
        let world = world(lyceum).await;
        let reset = lyceum.token_for(&world.ada.email).await;
        let answer = lyceum.mutate(&world.rose.token, "deleteUser", json!({ "id": world.ada.id })).await.ok();
        assert_eq!(answer.at("deleteUser.deletedUserId"), &json!(world.ada.id));
        let query = "query ($post: ID!, $ids: [ID!]!) {
            post(id: $post) { title author { username } comments { nodes { body author { username } } } }
            nodes(ids: $ids) { ... on Comment { author { username } post { author { username } } } }
            posts { nodes { title author { username } } } comments { totalCount nodes { author { username } } } }";
        let variables = json!({ "post": world.posts[0], "ids": [world.comments[2]] });
        let answer = lyceum.run(query, variables).await.ok();
        let rose = json!({ "username": "rose" });
        let comments = json!([{ "body": "ada on ada", "author": null }, { "body": "rose on ada", "author": rose }]);
        let post = json!({ "title": "Hers", "author": null, "comments": { "nodes": comments } });
        assert_eq!(answer.at("post"), &post);
        assert_eq!(answer.at("nodes.0"), &json!({ "author": null, "post": { "author": rose } }));
        let listed = json!([{ "title": "Other", "author": rose }, { "title": "Hers", "author": null }]);
        assert_eq!(answer.at("posts.nodes"), &listed);
        let authors = json!({ "totalCount": 3, "nodes": [{ "author": null }, { "author": rose }, { "author": null }] });
        assert_eq!(answer.at("comments"), &authors);
        let bob = lyceum.person_with_role("bob", "USER").await;
        let change = json!({ "id": world.posts[0], "title": "Mine now" });
        assert_eq!(lyceum.mutate(&bob.token, "updatePost", change.clone()).await.code(), "FORBIDDEN");
        lyceum.mutate(&world.rose.token, "updatePost", change).await.ok();
        gone_and_free(lyceum, &world, &reset).await;
    })
    .await;
}

/// Bar 63: with `DELETE` go the posts, the comments under them, and the comments elsewhere; others' stay.
#[tokio::test]
async fn deleted_content_is_gone_with_all_that_hung_from_it() {
    on_each_engine(async |lyceum| {
        let world = world(lyceum).await;
        let reset = lyceum.token_for(&world.ada.email).await;
        let input = json!({ "id": world.ada.id, "content": "DELETE" });
        lyceum.mutate(&world.rose.token, "deleteUser", input).await.ok();
        let farewell = lyceum.mail_to(&world.ada.email).await.content;
        assert_eq!(farewell.subject, "Your account at Lyceum was deleted");
        assert!(farewell.text.contains("What you wrote is gone with it."), "{}", farewell.text);
        let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } posts { totalCount nodes { id } } comments { totalCount } }";
        let ids = json!({ "ids": [world.posts[0], world.comments[0], world.comments[1], world.comments[2]] });
        let answer = lyceum.ask(&world.rose.token, query, ids).await.ok();
        assert_eq!(answer.at("nodes"), &json!([null, null, null, null]));
        assert_eq!(answer.at("posts"), &json!({ "totalCount": 1, "nodes": [{ "id": world.posts[1] }] }));
        assert_eq!(answer.at("comments.totalCount"), 0);
        assert_eq!((lyceum.database.count("posts").await, lyceum.database.count("comments").await), (1, 0));
        gone_and_free(lyceum, &world, &reset).await;
    })
    .await;
}

/// Deleting twice finds nothing the second time, and so does every other change.
#[tokio::test]
async fn who_is_gone_is_not_found() {
    on_each_engine(async |lyceum| {
        let world = world(lyceum).await;
        lyceum.mutate(&world.rose.token, "deleteUser", json!({ "id": world.ada.id })).await.ok();
        for (name, mut input) in [
            ("deleteUser", json!({})),
            ("updateUser", json!({ "lastName": "Gone" })),
            ("setUserRole", json!({ "role": "ADMIN" })),
            ("suspendUser", json!({})),
            ("reinstateUser", json!({})),
        ] {
            input["id"] = json!(world.ada.id);
            let answer = lyceum.mutate(&world.rose.token, name, input).await;
            assert_eq!(answer.errors(), [format!("NOT_FOUND {name}")]);
            assert_eq!(answer.at(name), &Value::Null);
        }
    })
    .await;
}

/// An account that is deleted while it writes, and while others change it, ends in `NOT_FOUND` or `UNAUTHENTICATED`,
/// never in a fault of the server.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_that_meet_a_deletion_find_nobody() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        let post = lyceum.write_post(&rose, "One", "PUBLISHED").await;
        for round in 0..15 {
            let ada = lyceum.person(&format!("ada_{round}")).await;
            let id = &ada.id;
            let calls = [
                (&rose, "deleteUser", json!({ "id": id, "content": "DELETE" })),
                (&rose, "suspendUser", json!({ "id": id })),
                (&rose, "updateUser", json!({ "id": id, "lastName": "Other" })),
                (&rose, "setUserRole", json!({ "id": id, "role": "MODERATOR" })),
                (&ada, "createPost", json!({ "title": "T", "body": "B" })),
                (&ada, "createComment", json!({ "postId": post, "body": "B" })),
                (&rose, "deleteUser", json!({ "id": id })),
            ];
            let names = calls.each_ref().map(|(_, name, _)| *name);
            let calls = calls.map(|(who, name, input)| mutation(&who.token, name, &input));
            for (name, answer) in names.iter().zip(lyceum.together(calls.into()).await) {
                let outcome = answer.outcome(name);
                assert!(["ok", "NOT_FOUND", "UNAUTHENTICATED"].contains(&&*outcome), "{name}: {}", answer.body);
            }
        }
        assert_eq!(lyceum.database.count("users").await, 1);
        no_orphans(lyceum).await;
    })
    .await;
}
