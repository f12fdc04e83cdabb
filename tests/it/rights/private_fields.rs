//! The private half of users: for oneself and for administrators, whichever way leads to the user.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::harness::*;

const PRIVATE: [&str; 5] = ["email", "emailVerified", "lastLoginAt", "suspendedUntil", "updatedAt"];

/// Every way to ada, with the path of hers in the answer.
const WAYS: [(&str, &str); 13] = [
    ("user(id: $ada) { ...F }", "user"),
    ("userByUsername(username: \"ADA\") { ...F }", "userByUsername"),
    ("node(id: $ada) { ...F }", "node"),
    ("nodes(ids: [$bob, $ada]) { id ...F }", "nodes.1"),
    ("post(id: $post) { title author { ...F } }", "post.author"),
    ("posts { totalCount nodes { title author { ...F } } }", "posts.nodes.0.author"),
    ("posts { edges { cursor node { id author { ...F } } } }", "posts.edges.0.node.author"),
    ("comment(id: $comment) { body author { ...F } }", "comment.author"),
    ("comment(id: $comment) { post { author { ...F } } }", "comment.post.author"),
    ("comments { nodes { body author { ...F } } }", "comments.nodes.0.author"),
    ("post(id: $post) { comments { nodes { id author { ...F } } } }", "post.comments.nodes.0.author"),
    ("post(id: $post) { author { posts { nodes { author { ...F } } } } }", "post.author.posts.nodes.0.author"),
    ("first: user(id: $ada) { a: comments { b: nodes { c: author { ...F } } } }", "first.a.b.0.c"),
];

struct World {
    ids: Value,
    ada: Person,
    bob: Person,
    moderator: Person,
    admin: Person,
}

async fn world(lyceum: &Lyceum) -> World {
    let (ada, bob) = (lyceum.person("ada").await, lyceum.person_with_role("bob", "USER").await);
    let moderator = lyceum.person_with_role("mona", "MODERATOR").await;
    let admin = lyceum.person_with_role("rose", "ADMIN").await;
    let post = lyceum.write_post(&ada, "One", "PUBLISHED").await;
    let comment = lyceum.write_comment(&ada, &post, "Mine.").await;
    let ids = json!({ "ada": ada.id, "bob": bob.id, "post": post, "comment": comment });
    World { ids, ada, bob, moderator, admin }
}

fn document(way: &str) -> String {
    let used = ["ada", "bob", "post", "comment"].into_iter().filter(|name| way.contains(&format!("${name}")));
    let used = used.map(|name| format!("${name}: ID!")).collect::<Vec<_>>().join(", ");
    let variables = if used.is_empty() { String::new() } else { format!("query ({used}) ") };
    let fragment = "username role email emailVerified lastLoginAt suspendedUntil updatedAt";
    format!("{variables}{{ {way} usernameAvailable(username: \"nobody_yet\") }} fragment F on User {{ {fragment} }}")
}

/// Bars 54, 56 and 60: the private fields are null for others, each with an error at its own path, and everything
/// beside them stands.
#[tokio::test]
async fn private_fields_are_refused_one_by_one_at_their_paths() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let world = world(lyceum).await;
        let strangers =
            [(NOBODY, "UNAUTHENTICATED"), (&world.bob.token, "FORBIDDEN"), (&world.moderator.token, "FORBIDDEN")];
        for (way, path) in WAYS {
            for (token, code) in strangers {
                let answer = lyceum.ask(token, &document(way), world.ids.clone()).await;
                assert_eq!(answer.status, 200, "{way}: {}", answer.body);
                let user = answer.at(path);
                let public = json!({ "username": "ada", "role": "USER", "email": null, "emailVerified": null,
                    "lastLoginAt": null, "suspendedUntil": null, "updatedAt": null });
                assert_eq!(without_id(user), public, "{way}: {}", answer.body);
                let of_ada = answer.errors().into_iter().filter(|error| error.contains(&format!(" {path}.")));
                let expected = PRIVATE.map(|field| format!("{code} {path}.{field}"));
                assert_eq!(of_ada.collect::<Vec<_>>(), expected, "{way}");
                assert_eq!(answer.at("usernameAvailable"), true, "{way}");
                assert!(!answer.text().contains("ada@"), "{way}: {}", answer.body);
            }
        }
    })
    .await;
}

fn without_id(user: &Value) -> Value {
    let mut user = user.clone();
    if let Some(entries) = user.as_object_mut() {
        entries.remove("id");
    }
    user
}

/// Bars 54 and 60: to oneself and to administrators the same fields are answered.
#[tokio::test]
async fn private_fields_are_for_oneself_and_for_administrators() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let world = world(lyceum).await;
        for (way, path) in WAYS {
            for token in [&world.ada.token, &world.admin.token] {
                let answer = lyceum.ask(token, &document(way), world.ids.clone()).await;
                let user = answer.at(path);
                assert_eq!(
                    (&user["email"], &user["emailVerified"]),
                    (&json!("ada@example.com"), &json!(true)),
                    "{way}"
                );
                assert!(user["lastLoginAt"].is_string() && user["updatedAt"].is_string(), "{way}: {user}");
                assert!(!answer.errors().iter().any(|error| error.contains(&format!(" {path}."))), "{way}");
            }
        }
        let me =
            lyceum.ask(&world.bob.token, "{ me { ...F } } fragment F on User { email updatedAt }", json!({})).await;
        assert_eq!(me.ok().at("me.email"), "bob@example.com");
        assert_eq!(lyceum.ask(NOBODY, ME, json!({})).await.ok().at("me"), &Value::Null);
    })
    .await;
}

/// Bars 54 and 60: the list of users is for moderators and administrators; others get null and what they asked for
/// beside it.
#[tokio::test]
async fn the_list_of_users_is_for_who_looks_after_the_site() {
    on_each_engine(async |lyceum| {
        let world = world(lyceum).await;
        let query = "{ users { totalCount nodes { username email } } usernameAvailable(username: \"nobody_yet\") }";
        for (token, code) in [(NOBODY, "UNAUTHENTICATED"), (&world.ada.token, "FORBIDDEN")] {
            let answer = lyceum.ask(token, query, json!({})).await;
            assert_eq!(answer.body["data"], json!({ "users": null, "usernameAvailable": true }));
            assert_eq!(answer.errors(), [format!("{code} users")]);
        }
        let answer = lyceum.ask(&world.admin.token, query, json!({})).await.ok();
        assert_eq!(answer.at("users.totalCount"), 4);
        assert_eq!(answer.at("users.nodes.3"), &json!({ "username": "ada", "email": "ada@example.com" }));
        // The newest first: a moderator's own address is her own matter.
        let answer = lyceum.ask(&world.moderator.token, query, json!({})).await;
        assert_eq!(answer.at("users.totalCount"), 4);
        let shown = ["rose", "mona", "bob", "ada"].map(|name| {
            let email = if name == "mona" { json!("mona@example.com") } else { Value::Null };
            json!({ "username": name, "email": email })
        });
        assert_eq!(answer.at("users.nodes"), &json!(shown));
        assert_eq!(answer.errors(), [0, 2, 3].map(|row| format!("FORBIDDEN users.nodes.{row}.email")));
    })
    .await;
}

/// Bar 54: neither a search, a count nor a cursor tells a moderator an address.
#[tokio::test]
async fn searching_users_tells_a_moderator_no_address() {
    on_each_engine(async |lyceum| {
        let world = world(lyceum).await;
        let query = "query ($search: String!) { users(filter: {search: $search}, orderBy: {field: USERNAME}) {
            totalCount nodes { username } edges { cursor } pageInfo { endCursor } } }";
        for search in ["example", "ada@", "@", "ada@example.com", "bob@example"] {
            let found = lyceum.ask(&world.moderator.token, query, json!({ "search": search })).await.ok();
            assert_eq!(found.at("users.totalCount"), 0, "{search}: {}", found.body);
            assert_eq!(found.at("users.nodes"), &json!([]), "{search}");
            let found = lyceum.ask(&world.admin.token, query, json!({ "search": search })).await.ok();
            assert!(found.at("users.totalCount").as_u64() > Some(0), "{search}: {}", found.body);
        }
        let found = lyceum.ask(&world.moderator.token, query, json!({ "search": "BO" })).await.ok();
        assert_eq!(found.at("users.nodes"), &json!([{ "username": "bob" }]));
        let cursor = URL_SAFE_NO_PAD.decode(found.str_at("users.edges.0.cursor")).unwrap();
        assert!(!String::from_utf8_lossy(&cursor).contains("@example"));
    })
    .await;
}

/// Bars 54 and 61: a user who is not there, an id of another kind and junk are all null, to everybody.
#[tokio::test]
async fn a_user_who_is_not_there_is_null() {
    on_each_engine(async |lyceum| {
        let world = world(lyceum).await;
        let gone = lyceum.person("eve").await;
        lyceum.mutate(&world.admin.token, "deleteUser", json!({ "id": gone.id })).await.ok();
        let post = world.ids["post"].as_str().unwrap();
        let query = "query ($id: ID!) { user(id: $id) { username email } }";
        for token in [NOBODY, &world.bob.token, &world.moderator.token, &world.admin.token] {
            for id in [&*gone.id, post, "", "1", "-1", "User:1 OR 1=1", "VXNlcjox", "18446744073709551616", "ü'\"\\"] {
                let answer = lyceum.ask(token, query, json!({ "id": id })).await.ok();
                assert_eq!(answer.body, json!({ "data": { "user": null } }), "{id}");
            }
        }
    })
    .await;
}
