//! Another e-mail address: the old one stays until the new one confirms, and may say no for a week. `links.rs` tells what
//! the links are good for, `undo.rs` what the old address can do, `taken.rs` what happens when somebody has the address.

mod links;
mod taken;
mod undo;

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::*;

const ADA: &str = "ada@example.com";
const NEW: &str = "countess@example.org";
const WAITING: &str = "{ me { email emailVerified pendingEmail } }";

fn change(token: &str, new_email: &str) -> Call {
    mutation(token, "changeEmail", &json!({ "newEmail": new_email, "currentPassword": PASSWORD }))
}

fn confirm(token: &str) -> Call {
    mutation(NOBODY, "confirmEmailChange", &json!({ "token": token }))
}

fn cancel(token: &str) -> Call {
    mutation(NOBODY, "cancelEmailChange", &json!({ "token": token }))
}

/// The tokens in the two mails of a change.
struct Tokens {
    confirm: String,
    cancel: String,
}

/// Asks for the address, and reads both mails.
async fn ask(lyceum: &Lyceum, token: &str, old: &str, new: &str) -> Tokens {
    // What was written at the same moment is sent first: mails of one moment have no order.
    lyceum.mails().await;
    lyceum.send(change(token, new)).await.ok();
    Tokens { confirm: lyceum.token_for(new).await, cancel: lyceum.token_for(old).await }
}

/// The address of the account, whether it is verified, and the one that waits.
async fn state(lyceum: &Lyceum, person: &Person) -> Value {
    let answer = lyceum.run_as(&person.token, WAITING, json!({})).await.ok();
    json!([answer.at("me.email"), answer.at("me.emailVerified"), answer.at("me.pendingEmail")])
}

/// Bar 44: until the new address confirms, the account has the old one, for logins and for mails; from then on the new
/// one, verified. Nobody is signed in or out by it.
#[tokio::test]
async fn the_old_address_stays_until_the_new_one_confirms() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let mails = lyceum.mails().await.len();
        let answer = lyceum.send(change(&ada.token, "Countess@EXAMPLE.org")).await.ok();
        let expected = json!({
            "user": { "pendingEmail": "Countess@example.org" },
            "newEmail": "Countess@example.org",
            "expiresAt": "2026-01-01T01:00:00.000000Z",
            "userErrors": [],
        });
        assert_eq!(answer.at("changeEmail"), &expected);
        let sent = lyceum.mails().await.split_off(mails);
        let mut told: Vec<(&str, &str)> = sent.iter().map(|mail| (&*mail.to, mail.content.subject.as_str())).collect();
        told.sort_unstable();
        let to_new = ("Countess@example.org", "Confirm your new e-mail address for Lyceum");
        assert_eq!(told, [to_new, (ADA, "Your e-mail address at Lyceum is to be changed")]);

        assert_eq!(state(lyceum, &ada).await, json!([ADA, true, "Countess@example.org"]));
        assert_eq!(lyceum.log_in(NEW, PASSWORD).await.user_errors("login"), ["INVALID_CREDENTIALS"]);
        lyceum.log_in(ADA, PASSWORD).await.ok();

        let token = lyceum.token_for("Countess@example.org").await;
        let answer = lyceum.send(confirm(&token)).await.ok();
        let user =
            json!({ "id": ada.id, "email": "Countess@example.org", "emailVerified": true, "pendingEmail": null });
        assert_eq!(answer.at("confirmEmailChange"), &json!({ "user": user, "userErrors": [] }));
        assert!(answer.headers.get("set-cookie").is_none());
        assert_eq!(state(lyceum, &ada).await, json!(["Countess@example.org", true, null]));
        assert_eq!(lyceum.log_in(ADA, PASSWORD).await.user_errors("login"), ["INVALID_CREDENTIALS"]);
        lyceum.log_in(NEW, PASSWORD).await.ok();
        lyceum.run(FORGOT, json!({ "email": NEW })).await.ok();
        lyceum.run(FORGOT, json!({ "email": ADA })).await.ok();
        let sent = lyceum.mails().await.split_off(mails + 2);
        assert_eq!(sent.iter().map(|mail| &*mail.to).collect::<Vec<_>>(), ["Countess@example.org"]);
    })
    .await;
}

/// Bar 44: it takes the password; a wrong one is counted like a failed login, and writes nothing.
#[tokio::test]
async fn a_change_needs_the_password() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let (before, mails) = (contents_beside_notes(lyceum).await, lyceum.mails().await.len());
        let answer = lyceum.send(change(NOBODY, NEW)).await;
        assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", "MISSING"));
        let answer = lyceum.mutate(&ada.token, "changeEmail", json!({ "newEmail": NEW })).await;
        assert_eq!((answer.status.as_u16(), &answer.body["data"]), (400, &Value::Null));
        let guess = |password: &str, email: &str| json!({ "newEmail": email, "currentPassword": password });
        for wrong in ["", "not this one", "VIOLET HARBOR KETTLE MOON", NEW] {
            let answer = lyceum.mutate(&ada.token, "changeEmail", guess(wrong, NEW)).await;
            assert_eq!(answer.user_errors("changeEmail"), ["INVALID_CREDENTIALS currentPassword"]);
        }
        let answer = lyceum.mutate(&ada.token, "changeEmail", guess("nor this", "no address")).await;
        let both = ["INVALID newEmail", "INVALID_CREDENTIALS currentPassword"];
        assert_eq!(answer.user_errors("changeEmail"), both);
        for call in [change(&ada.token, NEW), login("ada", PASSWORD)] {
            assert_eq!(lyceum.send(call).await.code(), "RATE_LIMITED");
        }
        assert_eq!(contents_beside_notes(lyceum).await, before);
        assert_eq!(lyceum.mails().await.len(), mails);
        lyceum.advance(Duration::from_secs(1));
        lyceum.send(change(&ada.token, NEW)).await.ok();
    })
    .await;
}

/// The address that the account has, however it is spelt, and what is no address are refused at their field.
#[tokio::test]
async fn the_same_address_is_no_change() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let before = contents_beside_notes(lyceum).await;
        for (same, fault) in [
            (ADA, "INVALID newEmail"),
            ("ADA@Example.COM", "INVALID newEmail"),
            ("", "REQUIRED newEmail"),
            ("a@b.example\r\nBcc: x@y.example", "INVALID newEmail"),
            (&format!("{}@example.com", "a".repeat(65)), "TOO_LONG newEmail"),
        ] {
            let answer = lyceum.send(change(&ada.token, same)).await;
            assert_eq!(answer.user_errors("changeEmail"), [fault], "{same}");
        }
        assert_eq!(contents_beside_notes(lyceum).await, before);
    })
    .await;
}

/// Bar 48: an account asks for three changes in an hour, and a new address hears of three; then the answer says when
/// there may be another one, and the change that waits goes on waiting.
#[tokio::test]
async fn no_address_hears_of_more_than_three_changes_in_an_hour() {
    on_each_engine(async |lyceum| {
        let (ada, bob) = (lyceum.person("ada").await, lyceum.person("bob").await);
        for n in 1..=3 {
            lyceum.send(change(&ada.token, &format!("ada{n}@example.org"))).await.ok();
            lyceum.send(change(&bob.token, NEW)).await.ok();
            lyceum.mails().await;
        }
        let mails = lyceum.mails().await.len();
        lyceum.advance(Duration::from_mins(5));
        for (token, email) in [(&ada.token, NEW), (&ada.token, "ada4@example.org"), (&bob.token, NEW)] {
            let answer = lyceum.send(change(token, email)).await;
            assert_eq!((answer.code(), answer.retry_after()), ("RATE_LIMITED", Some(55 * 60)), "{}", answer.body);
        }
        let cleo = lyceum.person("cleo").await;
        let answer = lyceum.send(change(&cleo.token, NEW)).await;
        assert_eq!((answer.code(), answer.retry_after()), ("RATE_LIMITED", Some(55 * 60)), "{}", answer.body);
        assert_eq!(state(lyceum, &cleo).await, json!(["cleo@example.com", true, null]));
        assert_eq!(lyceum.mails().await.len(), mails + 1, "the one of cleo's sign-up");
        assert_eq!(state(lyceum, &ada).await, json!([ADA, true, "ada3@example.org"]));

        lyceum.send(confirm(&lyceum.token_for(NEW).await)).await.ok();
        lyceum.advance(Duration::from_mins(55));
        let ada = lyceum.log_in("ada", PASSWORD).await.ok();
        lyceum.send(change(ada.str_at("login.accessToken"), "ada4@example.org").from(9)).await.ok();
    })
    .await;
}

/// The address that waits is for its owner and for administrators, until its link expires; for many users it takes one
/// statement.
#[tokio::test]
async fn the_address_that_waits_is_private_and_comes_in_one_statement() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let edith = lyceum.person_with_role("edith", "ADMIN").await;
        let mona = lyceum.person_with_role("mona", "MODERATOR").await;
        let mut ids = Vec::new();
        for number in 0..12 {
            let person = lyceum.person_with_role(&format!("person_{number}"), "USER").await;
            lyceum.send(change(&person.token, &format!("new{number}@example.org"))).await.ok();
            ids.push(person.id);
        }
        let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on User { username pendingEmail } } }";
        let as_admin = |count: usize| Call::new(query, json!({ "ids": ids[..count] })).bearer(&edith.token);
        let (one, few) = lyceum.counted(as_admin(2)).await;
        let (all, many) = lyceum.counted(as_admin(12)).await;
        assert_eq!((few, many), (3, 3), "the session, the users, the addresses");
        assert_eq!(one.ok().str_at("nodes.1.pendingEmail"), "new1@example.org");
        assert_eq!(all.ok().str_at("nodes.11.pendingEmail"), "new11@example.org");
        for (token, code) in [(&*mona.token, "FORBIDDEN"), (NOBODY, "UNAUTHENTICATED")] {
            let answer = lyceum.ask(token, query, json!({ "ids": ids[..1] })).await;
            assert_eq!(answer.errors(), [format!("{code} nodes.0.pendingEmail")]);
            assert_eq!(answer.at("nodes.0"), &json!({ "username": "person_0", "pendingEmail": null }));
        }
        lyceum.advance(Duration::from_hours(1));
        let edith = lyceum.log_in("edith", PASSWORD).await.ok();
        let answer = lyceum.ask(edith.str_at("login.accessToken"), query, json!({ "ids": ids[..1] })).await.ok();
        assert_eq!(answer.at("nodes.0.pendingEmail"), &Value::Null);
    })
    .await;
}

/// Where the address need not be verified, the change proves the new one all the same.
#[tokio::test]
async fn an_address_that_was_never_verified_can_be_changed() {
    with_settings(&[("EMAIL_VERIFICATION", "optional")], async |lyceum| {
        lyceum.sign_up("ada").await.ok();
        let answer = lyceum.log_in("ada", PASSWORD).await.ok();
        let token = answer.str_at("login.accessToken").to_owned();
        let of_signup = lyceum.token_for(ADA).await;
        lyceum.send(change(&token, NEW)).await.ok();
        let answer = lyceum.send(confirm(&lyceum.token_for(NEW).await)).await.ok();
        assert_eq!(answer.at("confirmEmailChange.user.emailVerified"), &json!(true));
        // The link of the sign-up was for the address before.
        let answer = lyceum.run(VERIFY, json!({ "token": of_signup })).await;
        assert_eq!(answer.user_errors("verifyEmail"), ["TOKEN_INVALID"]);
    })
    .await;
}
