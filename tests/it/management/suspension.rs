//! Suspensions: felt at once, told with their reason to who knows the password, and over when they are over.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::*;

const UNTIL: &str = "2026-01-01T02:00:00Z";

async fn message_at_login(lyceum: &Lyceum, username: &str) -> String {
    let answer = lyceum.log_in(username, PASSWORD).await;
    assert_eq!(answer.user_errors("login"), ["ACCOUNT_SUSPENDED"]);
    assert_eq!(answer.at("login.accessToken"), &Value::Null);
    answer.str_at("login.userErrors.0.message").to_owned()
}

/// Bar 27: who is suspended is out on the very next request, with the access token and with the refresh token.
#[tokio::test]
async fn a_suspension_is_felt_on_the_next_request() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        let ada = lyceum.person_with_role("ada", "USER").await;
        lyceum.ask(&ada.token, ME, json!({})).await.ok();
        let input = json!({ "id": ada.id, "until": UNTIL, "reason": " Spam. " });
        let answer = lyceum.mutate(&rose.token, "suspendUser", input).await.ok();
        assert_eq!(answer.at("suspendUser.user.suspendedUntil"), "2026-01-01T02:00:00.000000Z");
        let answer = lyceum.ask(&ada.token, ME, json!({})).await;
        assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", "REVOKED"));
        let answer = lyceum.mutate(&ada.token, "createPost", json!({ "title": "T", "body": "B" })).await;
        assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", "REVOKED"));
        assert_eq!(lyceum.database.count("posts").await, 0);
        let answer = lyceum.run(REFRESH, json!({ "token": ada.refresh_token })).await;
        assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", "REVOKED"));
        // Others see the user as before.
        let seen = lyceum.run("{ userByUsername(username: \"ada\") { username } }", json!({})).await.ok();
        assert_eq!(seen.at("userByUsername.username"), "ada");
    })
    .await;
}

/// Bar 50: the reason is told to who knows the password; a wrong one gets the answer that everybody gets.
#[tokio::test]
async fn the_reason_is_told_at_login() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        let ada = lyceum.person_with_role("ada", "USER").await;
        let cases = [
            (json!({ "until": UNTIL, "reason": " Spam. " }), "until 2026-01-01 02:00 UTC. The reason: Spam."),
            (json!({ "until": UNTIL }), "until 2026-01-01 02:00 UTC."),
            (json!({ "reason": "  " }), "This account is suspended."),
            (json!({ "reason": "Spam." }), "This account is suspended. The reason: Spam."),
            (json!({ "until": null, "reason": null }), "This account is suspended."),
        ];
        for (mut input, end) in cases {
            input["id"] = json!(ada.id);
            lyceum.mutate(&rose.token, "suspendUser", input).await.ok();
            let message = message_at_login(lyceum, "ada").await;
            assert!(message.starts_with("This account is suspended") && message.ends_with(end), "{message}");
        }
        let wrong = lyceum.log_in("ada", "not the password").await;
        let unknown = lyceum.log_in("nobody_here", "not the password").await;
        assert_eq!(wrong.text(), unknown.text());
    })
    .await;
}

/// When the time is over, or an administrator ends it, the user can log in again. The sessions from before stay dead.
#[tokio::test]
async fn a_suspension_ends() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        let ada = lyceum.person_with_role("ada", "USER").await;
        let suspend = json!({ "id": ada.id, "until": "2026-01-01T00:05:00Z" });
        lyceum.mutate(&rose.token, "suspendUser", suspend).await.ok();
        message_at_login(lyceum, "ada").await;
        lyceum.advance(Duration::from_mins(5));
        let second = lyceum.log_in("ada", PASSWORD).await.ok().str_at("login.accessToken").to_owned();
        let answer = lyceum.run(REFRESH, json!({ "token": ada.refresh_token })).await;
        assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", "REVOKED"));
        assert_eq!(lyceum.ask(&ada.token, ME, json!({})).await.reason(), "REVOKED", "a session from before");
        let me = lyceum.ask(&second, "{ me { suspendedUntil } }", json!({})).await.ok();
        assert_eq!(me.at("me.suspendedUntil"), "2026-01-01T00:05:00.000000Z");

        lyceum.mutate(&rose.token, "suspendUser", json!({ "id": ada.id })).await.ok();
        message_at_login(lyceum, "ada").await;
        let answer = lyceum.mutate(&rose.token, "reinstateUser", json!({ "id": ada.id })).await.ok();
        assert_eq!(answer.at("reinstateUser.user.suspendedUntil"), &Value::Null);
        assert_eq!(lyceum.ask(&second, ME, json!({})).await.reason(), "REVOKED", "a session from before");
        lyceum.log_in("ada", PASSWORD).await.ok();
        // To reinstate who is not suspended is harmless.
        lyceum.mutate(&rose.token, "reinstateUser", json!({ "id": ada.id })).await.ok();
        lyceum.log_in("ada", PASSWORD).await.ok();
    })
    .await;
}

/// A moment that is over, and a reason that is too long or hides something, are told at once; nothing is written.
#[tokio::test]
async fn faults_of_a_suspension_are_told_at_once() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        let ada = lyceum.person_with_role("ada", "USER").await;
        lyceum.advance(Duration::from_mins(5));
        let before = contents(lyceum).await;
        let past = "2026-01-01T00:05:00Z";
        let cases = [
            (json!({ "until": past }), vec!["INVALID until"]),
            (json!({ "until": past, "reason": "x".repeat(501) }), vec!["INVALID until", "TOO_LONG reason"]),
            (json!({ "reason": "nul\u{0}" }), vec!["INVALID reason"]),
            (json!({ "reason": "two\nlines\u{1b}[2J" }), vec!["INVALID reason"]),
        ];
        for (mut input, faults) in cases {
            input["id"] = json!(ada.id);
            let answer = lyceum.mutate(&rose.token, "suspendUser", input.clone()).await;
            assert_eq!(answer.outcome("suspendUser"), faults.join(", "), "{input}: {}", answer.body);
        }
        assert_eq!(contents(lyceum).await, before);
        let widest = "\u{1F510}".repeat(500);
        lyceum.mutate(&rose.token, "suspendUser", json!({ "id": ada.id, "reason": widest })).await.ok();
        assert!(message_at_login(lyceum, "ada").await.ends_with(&widest));
    })
    .await;
}

/// The list of users knows who is suspended now.
#[tokio::test]
async fn the_list_of_users_filters_by_suspension() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        let ada = lyceum.person_with_role("ada", "USER").await;
        let suspend = json!({ "id": ada.id, "until": "2026-01-01T00:05:00Z" });
        lyceum.mutate(&rose.token, "suspendUser", suspend).await.ok();
        let query = "query ($now: Boolean!) { users(filter: {suspended: $now}) { totalCount nodes { username } } }";
        for (suspended, names) in [(true, json!([{ "username": "ada" }])), (false, json!([{ "username": "rose" }]))] {
            let answer = lyceum.ask(&rose.token, query, json!({ "now": suspended })).await.ok();
            assert_eq!((answer.at("users.totalCount"), answer.at("users.nodes")), (&json!(1), &names));
        }
        lyceum.advance(Duration::from_mins(5));
        let answer = lyceum.ask(&rose.token, query, json!({ "now": true })).await.ok();
        assert_eq!(answer.at("users.totalCount"), 0);
    })
    .await;
}
