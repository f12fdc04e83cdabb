//! A new password by the old one: who may set it, what ends with the old one, and who hears of it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::*;

const NEW: &str = "copper lantern drifts north";
const OTHER: &str = "marble thicket under snow";
const MUTATION: &str = "changePassword";

fn change(token: &str, current: &str, new: &str) -> Call {
    mutation(token, MUTATION, &json!({ "currentPassword": current, "newPassword": new }))
}

async fn is_dead(lyceum: &Lyceum, token: &str) -> bool {
    let answer = lyceum.run_as(token, ME, json!({})).await;
    (answer.code(), answer.reason()) == ("UNAUTHENTICATED", "REVOKED")
}

/// Bars 11 and 27: every other session ends with its refresh token, on the next request; the session of the request goes
/// on; the owner is told by a mail that holds neither link nor password.
#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_tells_the_owner() {
    on_each_engine(async |lyceum| {
        let phone = lyceum.person("ada").await;
        let laptop = lyceum.log_in("ada", PASSWORD).await.ok();
        let bob = lyceum.person("bob").await;
        let mails = lyceum.mails().await.len();
        lyceum.advance(Duration::from_mins(5));

        let answer = lyceum.send(change(&phone.token, PASSWORD, NEW)).await.ok();
        assert_eq!(answer.at("changePassword.endedSessionIds"), &json!([laptop.at("login.session.id")]));
        assert_eq!(answer.at("changePassword.user.id"), &json!(phone.id));
        assert_eq!(answer.str_at("changePassword.user.updatedAt"), "2026-01-01T00:05:00.000000Z");

        assert!(is_dead(lyceum, laptop.str_at("login.accessToken")).await);
        let refresh = json!({ "token": laptop.str_at("login.refreshToken") });
        assert_eq!(lyceum.run(REFRESH, refresh).await.code(), "UNAUTHENTICATED");
        lyceum.run_as(&phone.token, ME, json!({})).await.ok();
        lyceum.run(REFRESH, json!({ "token": phone.refresh_token })).await.ok();
        lyceum.run_as(&bob.token, ME, json!({})).await.ok();

        assert_eq!(lyceum.log_in("ada", PASSWORD).await.user_errors("login"), ["INVALID_CREDENTIALS"]);
        lyceum.log_in("ada", NEW).await.ok();
        let sent = lyceum.mails().await.split_off(mails);
        assert_eq!(sent.len(), 1);
        let notice = (sent[0].to.as_str(), sent[0].content.subject.as_str());
        assert_eq!(notice, ("ada@example.com", "Your password at Lyceum was changed"));
        assert!(sent[0].content.text.contains("2026-01-01 00:05 UTC"), "{}", sent[0].content.text);
        assert!(!sent[0].content.text.contains("token=") && !sent[0].content.text.contains(NEW));
    })
    .await;
}

/// Bar 11: without the current password, or with a wrong one, nothing changes.
#[tokio::test]
async fn nothing_changes_without_the_current_password() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let laptop = lyceum.log_in("ada", PASSWORD).await.ok().str_at("login.accessToken").to_owned();
        let (before, mails) = (contents_beside_notes(lyceum).await, lyceum.mails().await.len());
        for input in [json!({ "newPassword": NEW }), json!({ "currentPassword": null, "newPassword": NEW })] {
            let answer = lyceum.mutate(&ada.token, MUTATION, input).await;
            assert_eq!((answer.status.as_u16(), &answer.body["data"]), (400, &Value::Null), "{}", answer.body);
        }
        for wrong in ["", NEW, "violet harbor kettle moon ", "VIOLET HARBOR KETTLE MOON", &"x".repeat(5000)] {
            lyceum.advance(Duration::from_secs(1));
            let answer = lyceum.send(change(&ada.token, wrong, NEW)).await;
            assert_eq!(answer.user_errors(MUTATION), ["INVALID_CREDENTIALS currentPassword"]);
            assert_eq!(answer.at("changePassword.user"), &Value::Null);
            assert_eq!(answer.at("changePassword.endedSessionIds"), &Value::Null);
        }
        let answer = lyceum.send(change(NOBODY, PASSWORD, NEW)).await;
        assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", "MISSING"));
        assert_eq!(contents_beside_notes(lyceum).await, before);
        assert_eq!(lyceum.mails().await.len(), mails);
        lyceum.advance(Duration::from_secs(1));
        lyceum.log_in("ada", PASSWORD).await.ok();
        assert!(!is_dead(lyceum, &laptop).await);
    })
    .await;
}

/// Bar 11: wrong passwords count together with failed logins, so that a stolen session is no way to guess; the right one
/// clears them.
#[tokio::test]
async fn wrong_passwords_count_like_failed_logins() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        for round in 0..2 {
            for _ in 0..3 {
                let answer = lyceum.send(change(&ada.token, "not this one", NEW)).await;
                assert_eq!(answer.user_errors(MUTATION), ["INVALID_CREDENTIALS currentPassword"]);
            }
            for _ in 0..2 {
                assert_eq!(lyceum.log_in("ada", "nor this").await.user_errors("login"), ["INVALID_CREDENTIALS"]);
            }
            let answer = lyceum.send(change(&ada.token, PASSWORD, NEW)).await;
            assert_eq!((answer.code(), answer.retry_after()), ("RATE_LIMITED", Some(1)), "{round}");
            assert_eq!(lyceum.log_in("ada", PASSWORD).await.code(), "RATE_LIMITED");
            lyceum.advance(Duration::from_secs(1));
            // A new one that is refused does not make the current one wrong.
            let answer = lyceum.send(change(&ada.token, PASSWORD, "short")).await;
            assert_eq!(answer.user_errors(MUTATION), ["TOO_SHORT newPassword"]);
        }
        lyceum.send(change(&ada.token, PASSWORD, NEW)).await.ok();
    })
    .await;
}

/// Bar 11: of fifty guesses at the same moment, from everywhere, ten are answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_guesses_does_not_slip_past_the_throttle() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let answers = lyceum.send_all((0..50).map(|n| change(&ada.token, "not this one", NEW).from(n))).await;
        let answered = answers.iter().filter(|answer| answer.code().is_empty()).count();
        let refused = answers.iter().filter(|answer| answer.code() == "RATE_LIMITED").count();
        assert_eq!((answered, refused), (10, 40));
    })
    .await;
}

/// Faults of both are told at once, each at its field; the new one is judged by what the account gives away.
#[tokio::test]
async fn the_new_password_is_judged_by_the_policy() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        for (new, fault) in [
            ("short", "TOO_SHORT newPassword"),
            ("ada@example.com", "PASSWORD_TOO_WEAK newPassword"),
            ("adalovelace", "PASSWORD_TOO_WEAK newPassword"),
            ("P@ssw0rd123456!", "PASSWORD_TOO_WEAK newPassword"),
            (&"x".repeat(129), "TOO_LONG newPassword"),
        ] {
            let answer = lyceum.send(change(&ada.token, PASSWORD, new)).await;
            assert_eq!(answer.user_errors(MUTATION), [fault], "{new}");
        }
        let answer = lyceum.send(change(&ada.token, "not this one", "short")).await;
        assert_eq!(answer.user_errors(MUTATION), ["INVALID_CREDENTIALS currentPassword", "TOO_SHORT newPassword"]);
        lyceum.log_in("ada", PASSWORD).await.ok();
    })
    .await;
}

/// Bar 37: a link to reset the password is void once the password was changed without it.
#[tokio::test]
async fn a_new_password_voids_the_links_to_reset_the_old_one() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        lyceum.mails().await;
        lyceum.run(FORGOT, json!({ "email": ada.email })).await.ok();
        let (token, code) = (lyceum.token_for(&ada.email).await, lyceum.code_for(&ada.email).await);
        lyceum.send(change(&ada.token, PASSWORD, NEW)).await.ok();
        let answer = lyceum.run(RESET, json!({ "token": token, "password": OTHER })).await;
        assert_eq!(answer.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        let by_code = json!({ "email": ada.email, "code": code, "newPassword": OTHER });
        let query = "mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { userErrors { code } } }";
        let answer = lyceum.run(query, json!({ "input": by_code })).await;
        assert_eq!(answer.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        lyceum.log_in("ada", NEW).await.ok();
    })
    .await;
}

/// Bar 27: logins with the old password that meet the change are refused, or their sessions end with the others: none of
/// them outlives it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_login_with_the_old_password_outlives_the_change() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let mut passwords = [PASSWORD, NEW];
        let (mut before, mut after) = (0, 0);
        for _ in 0..10 {
            let [current, new] = passwords;
            let mut calls: Vec<Call> = (0..6).map(|_| login("ada", current)).collect();
            calls.insert(3, change(&ada.token, current, new));
            let mut answers = lyceum.together(calls).await;
            answers.remove(3).ok();
            for answer in answers {
                if answer.user_errors("login").is_empty() {
                    before += 1;
                    assert!(is_dead(lyceum, answer.str_at("login.accessToken")).await, "{}", answer.body);
                } else {
                    after += 1;
                    assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"]);
                }
            }
            let live = lyceum.database.number("SELECT count(*) FROM sessions WHERE ended_at IS NULL").await;
            assert_eq!(live, 1, "the one of the change");
            passwords.reverse();
        }
        println!("{before} logins came before the change, {after} after it");
    })
    .await;
}

/// Of ten changes with the same password at the same moment one is done; the others hear that it is the password no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_ten_changes_at_once_one_is_done() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let mails = lyceum.mails().await.len();
        let passwords: Vec<String> = (0..10).map(|number| format!("{NEW} {number} times")).collect();
        let calls = passwords.iter().map(|new| change(&ada.token, PASSWORD, new)).collect();
        let answers = lyceum.together(calls).await;
        let outcomes: Vec<String> = answers.iter().map(|answer| answer.outcome(MUTATION)).collect();
        let won: Vec<usize> = (0..10).filter(|number| outcomes[*number] == "ok").collect();
        assert_eq!(won.len(), 1, "{outcomes:?}");
        let lost = outcomes.iter().filter(|outcome| *outcome == "INVALID_CREDENTIALS currentPassword").count();
        assert_eq!(lost, 9, "{outcomes:?}");
        lyceum.log_in("ada", &passwords[won[0]]).await.ok();
        assert_eq!(lyceum.mails().await.len(), mails + 1);
    })
    .await;
}
