//! The list of one's sessions: what it shows, to whom, and how one of them is ended.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::*;

const LIST: &str = "query ($first: Int, $after: String) { me { sessions(first: $first, after: $after) { totalCount
    nodes { id deviceName userAgent ipAddress createdAt lastUsedAt expiresAt current } pageInfo { endCursor hasNextPage }
    } } }";
const REVOKE: &str =
    "mutation ($id: ID!) { revokeSession(input: {id: $id}) { endedSessionId userErrors { code message field } } }";
const NAMED: &str = "mutation ($name: String!, $password: String!, $device: String) {
    login(input: {identifier: $name, password: $password, deviceName: $device}) {
        accessToken refreshToken session { id } userErrors { code field } } }";

async fn log_in_on(lyceum: &Lyceum, name: &str, device: &str) -> (String, String) {
    let variables = json!({ "name": name, "password": PASSWORD, "device": device });
    let call = Call::new(NAMED, variables).header("user-agent", &format!("{device}/1.0")).from(7);
    let answer = lyceum.send(call).await.ok();
    (answer.str_at("login.session.id").to_owned(), answer.str_at("login.accessToken").to_owned())
}

async fn revoke(lyceum: &Lyceum, token: &str, id: &str) -> Answer {
    lyceum.run_as(token, REVOKE, json!({ "id": id })).await
}

fn field<'a>(answer: &'a Answer, name: &str) -> Vec<&'a Value> {
    answer.at("me.sessions.nodes").as_array().unwrap().iter().map(|session| &session[name]).collect()
}

/// Bar 33: the list shows each live session, the newest first: the device, the agent, the address, the times, and which
/// one asks. It shows no token, and not those that have ended.
#[tokio::test]
async fn the_list_shows_the_sessions_that_live() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let (phone, phone_token) = log_in_on(lyceum, "ada", "Phone").await;
        lyceum.advance(Duration::from_secs(5));
        let (laptop, laptop_token) = log_in_on(lyceum, "ada", "Laptop").await;
        lyceum.advance(Duration::from_secs(5));
        let browser = lyceum.send(cookie_login("ada", PASSWORD)).await.ok();

        let answer = lyceum.run_as(&laptop_token, LIST, json!({})).await.ok();
        assert_eq!(field(&answer, "id"), [browser.at("login.session.id"), &json!(laptop), &json!(phone)]);
        assert_eq!(field(&answer, "deviceName"), [&Value::Null, &json!("Laptop"), &json!("Phone")]);
        assert_eq!(field(&answer, "userAgent")[1..], [&json!("Laptop/1.0"), &json!("Phone/1.0")]);
        assert_eq!(field(&answer, "ipAddress"), [&json!("192.0.2.1"), &json!("198.51.100.7"), &json!("198.51.100.7")]);
        assert_eq!(field(&answer, "current"), [&json!(false), &json!(true), &json!(false)]);
        assert_eq!(field(&answer, "createdAt")[2], &json!("2026-01-01T00:00:00.000000Z"));
        assert_eq!(field(&answer, "expiresAt")[0], &json!("2026-01-01T00:10:10.000000Z"));
        assert_eq!(answer.at("me.sessions.totalCount"), &json!(3));
        for secret in [&phone_token, &laptop_token, &cookie_of(&browser)] {
            assert!(!answer.text().contains(secret.split('=').next_back().unwrap()));
        }

        lyceum.run_as(&phone_token, LOGOUT, json!({ "scope": "CURRENT" })).await.ok();
        lyceum.advance(Duration::from_mins(11));
        lyceum.verified("bob").await;
        let answer = log_in_on(lyceum, "ada", "Tablet").await;
        let answer = lyceum.run_as(&answer.1, LIST, json!({})).await.ok();
        assert_eq!(field(&answer, "deviceName"), [&json!("Tablet"), &json!("Laptop")]);
        assert_eq!(answer.at("me.sessions.totalCount"), &json!(2));
    })
    .await;
}

/// Bar 33: `lastUsedAt` follows a refresh, and the use of a cookie; so does from where and with what that was.
#[tokio::test]
async fn use_is_shown() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        lyceum.advance(Duration::from_mins(3));
        let cookie = cookie_of(&lyceum.send(cookie_login("ada", PASSWORD)).await.ok());
        let refresh = Call::new(REFRESH, json!({ "token": ada.refresh_token }));
        lyceum.send(refresh.from(9).header("user-agent", "Phone/2.0")).await.ok();
        lyceum.advance(Duration::from_mins(3));
        let list = |agent: &str, last| {
            lyceum.send(Call::new(LIST, json!({})).cookie(&cookie).from(last).header("user-agent", agent))
        };
        let answer = list("Browser/2.0", 8).await.ok();
        let used = [&json!("2026-01-01T00:06:00.000000Z"), &json!("2026-01-01T00:03:00.000000Z")];
        assert_eq!(field(&answer, "lastUsedAt"), used);
        assert_eq!(field(&answer, "ipAddress"), [&json!("198.51.100.8"), &json!("198.51.100.9")]);
        assert_eq!(field(&answer, "userAgent"), [&json!("Browser/2.0"), &json!("Phone/2.0")]);
        // Within the minute nothing is written, nor is this.
        let answer = list("Browser/3.0", 7).await.ok();
        assert_eq!(field(&answer, "userAgent"), [&json!("Browser/2.0"), &json!("Phone/2.0")]);
    })
    .await;
}

/// The list is a connection like any other.
#[tokio::test]
async fn the_list_is_read_in_pages() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let mut tokens = Vec::new();
        for device in ["One", "Two", "Three"] {
            lyceum.advance(Duration::from_secs(1));
            tokens.push(log_in_on(lyceum, "ada", device).await.1);
        }
        let first = lyceum.run_as(&tokens[0], LIST, json!({ "first": 2 })).await.ok();
        assert_eq!(field(&first, "deviceName"), [&json!("Three"), &json!("Two")]);
        let after = first.at("me.sessions.pageInfo.endCursor");
        let second = lyceum.run_as(&tokens[0], LIST, json!({ "first": 2, "after": after })).await.ok();
        assert_eq!(field(&second, "deviceName"), [&json!("One")]);
        assert_eq!(second.at("me.sessions.pageInfo.hasNextPage"), &json!(false));
        lyceum.verified("bob").await;
        let bob = log_in_on(lyceum, "bob", "Bob").await.1;
        let foreign = lyceum.run_as(&bob, LIST, json!({ "after": after })).await;
        assert_eq!(foreign.code(), "BAD_USER_INPUT", "a cursor of another person's list");
    })
    .await;
}

/// Bar 33: whoever revokes a session of one's own ends it on the next request, and no other.
#[tokio::test]
async fn a_session_is_revoked_by_its_id() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let (here, token) = log_in_on(lyceum, "ada", "Here").await;
        let (there, lost) = log_in_on(lyceum, "ada", "Lost").await;
        assert_eq!(revoke(lyceum, &token, &there).await.ok().str_at("revokeSession.endedSessionId"), there);
        assert_eq!(lyceum.run_as(&lost, ME, json!({})).await.reason(), "REVOKED");
        assert_eq!(revoke(lyceum, &token, &there).await.code(), "NOT_FOUND", "it has ended already");
        // One's own counts too, and takes the cookie with it.
        let browser = lyceum.send(cookie_login("ada", PASSWORD)).await.ok();
        let own = json!({ "id": browser.at("login.session.id") });
        let answer = lyceum.send(Call::new(REVOKE, own).cookie(&cookie_of(&browser))).await.ok();
        assert!(answer.header("set-cookie").starts_with("lyceum=; Max-Age=0; "));
        revoke(lyceum, &token, &here).await.ok();
        assert_eq!(lyceum.run_as(&token, ME, json!({})).await.reason(), "REVOKED");
    })
    .await;
}

/// Bar 33: somebody else's session is not there, and neither is junk; an administrator may end anybody's.
#[tokio::test]
async fn nobody_revokes_a_foreign_session() {
    on_each_engine(async |lyceum| {
        let (ada, bob) = (lyceum.person("ada").await, lyceum.person("bob").await);
        let (session, token) = log_in_on(lyceum, "ada", "Laptop").await;
        let before = contents(lyceum).await;
        let unknown = global_id("Session", local_id(&ada.id));
        for id in [&*session, &*unknown, &*ada.id, "junk", ""] {
            let answer = revoke(lyceum, &bob.token, id).await;
            assert_eq!((answer.code(), answer.at("revokeSession")), ("NOT_FOUND", &Value::Null), "{id}");
        }
        let anonymous = lyceum.run(REVOKE, json!({ "id": session })).await;
        assert_eq!((anonymous.code(), anonymous.reason()), ("UNAUTHENTICATED", "MISSING"));
        lyceum.set_role("bob", "MODERATOR").await;
        assert_eq!(revoke(lyceum, &bob.token, &session).await.code(), "NOT_FOUND");
        lyceum.set_role("bob", "USER").await;
        assert_eq!(contents(lyceum).await, before);
        lyceum.set_role("bob", "ADMIN").await;
        revoke(lyceum, &bob.token, &session).await.ok();
        assert_eq!(lyceum.run_as(&token, ME, json!({})).await.reason(), "REVOKED");
    })
    .await;
}
