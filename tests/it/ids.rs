//! Ids that are none: of another type, of another spelling, junk. They look like what is not there.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::*;

const SETTINGS: &[(&str, &str)] = &[("RATE_LIMITS", "off")];

fn encoded(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// Whatever the kind, no id: junk, and every spelling of a good id but our own.
fn junk(kind: &str, good: Uuid) -> Vec<String> {
    let global = global_id(kind, good);
    let (simple, upper) = (good.simple(), good.to_string().to_uppercase());
    let mut junk: Vec<String> =
        ["", " ", "0", "-1", "null", "1 OR 1=1", "18446744073709551616", "'; DROP TABLE users; --"]
            .into_iter()
            .chain(["User:1 OR 1=1", "Post:1", "====", "AAAA", "%00", "\u{0}", "😀", "../../etc/passwd", "__proto__"])
            .map(str::to_owned)
            .collect();
    for text in ["1 OR 1=1", "1", "-1", "18446744073709551616", "", "null", "' OR ''='", "\u{0}"] {
        junk.push(encoded(&format!("{kind}:{text}")));
    }
    junk.extend([good.to_string(), format!("{kind}:{good}"), format!("{global}="), format!("{global}==")]);
    junk.extend([format!(" {global}"), format!("{global}\n"), format!("{global}{global}"), global[1..].to_owned()]);
    junk.extend([global.to_lowercase(), global.to_uppercase(), global[..global.len() - 1].to_owned()]);
    for text in [
        format!("{kind}:{upper}"),
        format!("{kind}:{simple}"),
        format!("{kind}:{{{good}}}"),
        format!("{kind}:urn:uuid:{good}"),
        format!("{}:{good}", kind.to_lowercase()),
        format!("{kind}: {good}"),
        format!("{kind}:{good} OR 1=1"),
        format!("{kind}:{good}\u{0}"),
        format!("Session:{good}"),
        format!("Nobody:{good}"),
        format!("{kind}{good}"),
        good.to_string(),
    ] {
        junk.push(encoded(&text));
    }
    junk.push("A".repeat(10 * 1024));
    junk.push(encoded(&format!("{kind}:{}", "1".repeat(10 * 1024))));
    junk.retain(|id| *id != global);
    junk
}

/// Somebody who may do everything, and one thing of each kind.
async fn things(lyceum: &Lyceum) -> (Person, [(&'static str, Uuid); 3]) {
    let ada = lyceum.person("ada").await;
    lyceum.set_role("ada", "ADMIN").await;
    let mut ids = Ids::new(1);
    let (user, post, comment) = (ids.next(), ids.next(), ids.next());
    lyceum.insert_users(&[UserRow { id: user, username: "bob".to_owned() }]).await;
    let title = "A post".to_owned();
    lyceum.insert_posts(&[PostRow { id: post, author: Some(user), title, published: Some(START) }]).await;
    lyceum.insert_comments(&[CommentRow { id: comment, post, author: Some(user) }]).await;
    (ada, [("User", user), ("Post", post), ("Comment", comment)])
}

fn is_clean(answer: &Answer, what: &str) {
    assert!(answer.status.as_u16() < 500, "{what}: {}", answer.body);
    let text = answer.text().to_lowercase();
    for word in ["select ", "sqlite", "postgres", "mysql", "sql syntax", "internal_server_error", "panic"] {
        assert!(!text.contains(word), "{what}: {}", answer.body);
    }
}

fn short(id: &str) -> String {
    id.chars().take(80).collect()
}

/// Bar 61: a query gives null for an id that is none, without an error.
#[tokio::test]
async fn a_query_gives_null_for_an_id_that_is_none() {
    with_settings(SETTINGS, async |lyceum| {
        let (ada, things) = things(lyceum).await;
        let query = |field: &str| format!("query ($id: ID!) {{ found: {field}(id: $id) {{ id }} node(id: $id) {{ id }} nodes(ids: [$id, $id]) {{ id }} }}");
        for (kind, good) in things {
            let query = query(&kind.to_lowercase());
            let id = global_id(kind, good);
            let answer = lyceum.run_as(&ada.token, &query, json!({ "id": id })).await.ok();
            let same = json!({ "id": id });
            assert_eq!(answer.body["data"], json!({ "found": same, "node": same, "nodes": [same, same] }));
            let gone = global_id(kind, Uuid::from_u128(7));
            for id in junk(kind, good).into_iter().chain([gone, global_id(kind, Uuid::nil()), global_id(kind, Uuid::max())]) {
                let answer = lyceum.run_as(&ada.token, &query, json!({ "id": id })).await;
                is_clean(&answer, &short(&id));
                let nothing = json!({ "found": null, "node": null, "nodes": [null, null] });
                assert_eq!(answer.ok().body["data"], nothing, "{kind} {}", short(&id));
            }
            for (other, id) in things.into_iter().filter(|(other, _)| *other != kind) {
                let answer = lyceum.run_as(&ada.token, &query, json!({ "id": global_id(other, id) })).await.ok();
                assert_eq!(answer.at("found"), &Value::Null, "a {other} is no {kind}");
            }
        }
    })
    .await;
}

/// Bar 61: a mutation says `NOT_FOUND`, and changes nothing.
#[tokio::test]
async fn a_mutation_does_not_find_an_id_that_is_none() {
    with_settings(SETTINGS, async |lyceum| {
        let (ada, things) = things(lyceum).await;
        let [(_, user), (_, post), (_, comment)] = things;
        let mutations = [
            ("Post", post, "updatePost(input: {id: $id, title: \"Spoiled\"}) { userErrors { code } }"),
            ("Post", post, "deletePost(input: {id: $id}) { userErrors { code } }"),
            ("Post", post, "createComment(input: {postId: $id, body: \"Spoiled\"}) { userErrors { code } }"),
            ("Comment", comment, "updateComment(input: {id: $id, body: \"Spoiled\"}) { userErrors { code } }"),
            ("Comment", comment, "deleteComment(input: {id: $id}) { userErrors { code } }"),
            ("User", user, "updateUser(input: {id: $id, firstName: \"Spoiled\"}) { userErrors { code } }"),
            ("User", user, "setUserRole(input: {id: $id, role: ADMIN}) { userErrors { code } }"),
            ("User", user, "suspendUser(input: {id: $id, reason: \"Spoiled\"}) { userErrors { code } }"),
            ("User", user, "reinstateUser(input: {id: $id}) { userErrors { code } }"),
            ("User", user, "deleteUser(input: {id: $id, content: DELETE}) { userErrors { code } }"),
        ];
        for (kind, good, mutation) in mutations {
            let document = format!("mutation ($id: ID!) {{ done: {mutation} }}");
            let others = things.into_iter().filter(|(other, _)| *other != kind).map(|(other, id)| global_id(other, id));
            for id in junk(kind, good).into_iter().chain(others).chain([global_id(kind, Uuid::from_u128(7))]) {
                let answer = lyceum.run_as(&ada.token, &document, json!({ "id": id })).await;
                is_clean(&answer, &short(&id));
                let told = (answer.code(), answer.at("done"));
                assert_eq!(told, ("NOT_FOUND", &Value::Null), "{mutation} {}: {}", short(&id), answer.body);
            }
        }
        for (table, spoiled) in
            [("posts", "title = 'Spoiled'"), ("comments", "body = 'Spoiled'"), ("users", "first_name = 'Spoiled'")]
        {
            assert_eq!(lyceum.database.number(&format!("SELECT COUNT(*) FROM {table} WHERE {spoiled}")).await, 0);
            let there = lyceum.database.number(&format!("SELECT COUNT(*) FROM {table}")).await;
            assert_eq!(there, if table == "users" { 2 } else { 1 });
        }
        assert_eq!(lyceum.database.number("SELECT COUNT(*) FROM users WHERE role = 'ADMIN'").await, 1);
        assert_eq!(lyceum.database.number("SELECT COUNT(*) FROM users WHERE suspended_until IS NOT NULL").await, 0);
    })
    .await;
}

/// Bar 61: a filter refuses an id that is none; one of nothing finds nothing.
#[tokio::test]
async fn a_filter_refuses_an_id_that_is_none() {
    with_settings(SETTINGS, async |lyceum| {
        let (ada, things) = things(lyceum).await;
        let [(_, user), (_, post), _] = things;
        for (kind, good, list, filter) in [
            ("User", user, "posts", "authorId"),
            ("User", user, "comments", "authorId"),
            ("Post", post, "comments", "postId"),
        ] {
            let query =
                format!("query ($id: ID!) {{ {list}(filter: {{ {filter}: $id }}) {{ totalCount nodes {{ id }} }} }}");
            let answer = lyceum.run_as(&ada.token, &query, json!({ "id": global_id(kind, good) })).await.ok();
            assert_eq!(answer.at(list)["totalCount"], json!(1));
            let answer = lyceum.run(&query, json!({ "id": global_id(kind, Uuid::from_u128(7)) })).await.ok();
            assert_eq!(answer.at(list), &json!({ "totalCount": 0, "nodes": [] }));
            let others = things.into_iter().filter(|(other, _)| *other != kind).map(|(other, id)| global_id(other, id));
            for id in junk(kind, good).into_iter().chain(others) {
                let answer = lyceum.run_as(&ada.token, &query, json!({ "id": id })).await;
                is_clean(&answer, &short(&id));
                assert_eq!((answer.code(), answer.at(list)), ("BAD_USER_INPUT", &Value::Null), "{list} {}", short(&id));
            }
        }
    })
    .await;
}

/// Bar 61: an id may come as a number too; it is none of ours, however large.
#[tokio::test]
async fn a_number_is_no_id() {
    with_settings(SETTINGS, async |lyceum| {
        for number in
            ["0", "1", "-1", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e400", "1.5"]
        {
            let document = format!("{{ node(id: {number}) {{ id }} post(id: {number}) {{ id }} }}");
            let literal = lyceum.run(&document, json!({})).await;
            let body = format!(
                "{{\"query\": \"query ($id: ID!) {{ node(id: $id) {{ id }} }}\", \"variables\": {{\"id\": {number}}}}}"
            );
            let mut request = Call::new("", json!({})).into_request();
            *request.body_mut() = axum::body::Body::from(body);
            for answer in [literal, lyceum.request(request).await] {
                is_clean(&answer, number);
                let refused =
                    ["GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "BAD_USER_INPUT"].contains(&answer.code());
                assert!(
                    refused
                        || answer.body == json!({ "data": { "node": null, "post": null } })
                        || answer.body == json!({ "data": { "node": null } }),
                    "{number}: {}",
                    answer.body
                );
            }
        }
    })
    .await;
}
