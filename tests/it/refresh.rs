//! Refresh tokens: each is good once, a lost answer is forgiven for ten seconds, and a stolen one ends the session.

use std::time::Duration;

use futures_util::future::join_all;
use lyceum::app::App;
use serde_json::json;

use crate::harness::*;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);
const DAY_LESS_A_SECOND: Duration = Duration::from_secs(24 * 60 * 60 - 1);
/// The tokens with which a session could go on.
const LIVE: &str = "SELECT COUNT(*) FROM refresh_tokens JOIN sessions ON sessions.id = refresh_tokens.session_id \
                    WHERE used_at IS NULL AND superseded_at IS NULL AND ended_at IS NULL";
const ENDED: &str = "SELECT COUNT(*) FROM sessions WHERE ended_at IS NOT NULL";

async fn refresh(lyceum: &Lyceum, token: &str) -> Answer {
    refresh_at(&lyceum.app, token).await
}

async fn refresh_at(app: &App, token: &str) -> Answer {
    send(app, Call::new(REFRESH, json!({ "token": token })).into_request()).await
}

fn successor(answer: &Answer) -> String {
    answer.str_at("refreshSession.refreshToken").to_owned()
}

#[track_caller]
fn assert_refused(answer: &Answer, reason: &str) {
    assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", reason), "{}", answer.body);
    assert_eq!(answer.at("refreshSession"), &json!(null));
}

/// Asserts that the session is over for everybody who holds anything of it.
async fn assert_session_over(lyceum: &Lyceum, access: &[&str], refresh_tokens: &[&str]) {
    for token in access {
        assert_eq!(lyceum.run_as(token, ME, json!({})).await.reason(), "REVOKED");
    }
    for token in refresh_tokens {
        assert_refused(&refresh(lyceum, token).await, "REVOKED");
    }
    assert_eq!(lyceum.database.number(LIVE).await, 0);
}

/// Bar 28: a refresh token is good once; its successor goes on with the same session.
#[tokio::test]
async fn each_refresh_gives_a_new_pair_for_the_same_session() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let login = lyceum.log_in("ada", PASSWORD).await.ok();
        let (mut token, session) = (login.str_at("login.refreshToken").to_owned(), login.str_at("login.session.id"));
        let mut seen = vec![token.clone(), login.str_at("login.accessToken").to_owned()];
        for _ in 0..5 {
            lyceum.advance(Duration::from_mins(9));
            let answer = refresh(lyceum, &token).await.ok();
            token = successor(&answer);
            let access = answer.str_at("refreshSession.accessToken").to_owned();
            assert_eq!(answer.str_at("refreshSession.session.id"), session);
            assert_eq!(answer.at("refreshSession.session.current"), &json!(true));
            assert_eq!(lyceum.run_as(&access, ME, json!({})).await.ok().str_at("me.username"), "ada");
            assert!(!seen.contains(&token) && !seen.contains(&access), "both are new");
            seen.extend([token.clone(), access]);
        }
        assert_eq!(lyceum.database.number("SELECT COUNT(*) FROM sessions").await, 1);
        assert_eq!(lyceum.database.number(LIVE).await, 1);
    })
    .await;
}

/// Bar 28: a used token that comes back after the ten seconds ends its session; the user's others live.
#[tokio::test]
async fn a_token_that_comes_back_ends_its_session() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let other = lyceum.log_in("ada", PASSWORD).await.ok();
        let next = refresh(lyceum, &ada.refresh_token).await.ok();
        lyceum.advance(SECOND * 10 + Duration::from_micros(1));
        assert_refused(&refresh(lyceum, &ada.refresh_token).await, "REVOKED");
        let access = [&*ada.token, next.str_at("refreshSession.accessToken")];
        assert_eq!(lyceum.run_as(access[1], ME, json!({})).await.reason(), "REVOKED");
        assert_refused(&refresh(lyceum, &successor(&next)).await, "REVOKED");
        assert_eq!(lyceum.run_as(access[0], ME, json!({})).await.reason(), "REVOKED");
        lyceum.run_as(other.str_at("login.accessToken"), ME, json!({})).await.ok();
        refresh(lyceum, other.str_at("login.refreshToken")).await.ok();
        assert_eq!(lyceum.database.number(ENDED).await, 1);
    })
    .await;
}

/// Bar 28: once the successor was used, its predecessor is proof of a theft also within the ten seconds.
#[tokio::test]
async fn a_token_whose_successor_was_used_ends_the_session_at_once() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let first = refresh(lyceum, &ada.refresh_token).await.ok();
        let second = refresh(lyceum, &successor(&first)).await.ok();
        assert_refused(&refresh(lyceum, &ada.refresh_token).await, "REVOKED");
        let access = [&*ada.token, second.str_at("refreshSession.accessToken")];
        assert_session_over(lyceum, &access, &[&successor(&first), &successor(&second)]).await;
    })
    .await;
}

/// Bar 29: of fifty refreshes of one token at the same moment one live chain is left, and it goes on.
#[tokio::test]
async fn fifty_refreshes_at_once_leave_one_chain() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        for round in 0..3 {
            let ada = lyceum.person(&format!("ada{round}")).await;
            let before = lyceum.database.number(LIVE).await;
            let answers = join_all((0..50).map(|_| refresh(lyceum, &ada.refresh_token))).await;
            let given: Vec<String> = answers.into_iter().map(|answer| successor(&answer.ok())).collect();
            assert_eq!(lyceum.database.number(LIVE).await, before, "one live token of this session");
            assert_eq!(lyceum.database.number(ENDED).await, 0, "nobody is logged out");
            // Whoever holds a token that another took the place of is refused, and does no harm by asking.
            let mut going_on = 0;
            for token in &given {
                let answer = refresh(lyceum, token).await;
                if answer.body.get("errors").is_none() {
                    going_on += 1;
                } else {
                    assert_refused(&answer, "INVALID");
                }
            }
            assert_eq!(going_on, 1, "the right successor goes on");
            assert_eq!(lyceum.database.number(LIVE).await, before);
            lyceum.run_as(&ada.token, ME, json!({})).await.ok();
        }
    })
    .await;
}

/// Bar 29: a replay races with the use of the successor. Either it comes first and takes its place, or it is a
/// theft; never do both go on.
#[tokio::test]
async fn a_replay_and_its_successor_never_both_go_on() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        for round in 0..10 {
            let person = lyceum.person(&format!("ada{round}")).await;
            let first = successor(&refresh(lyceum, &person.refresh_token).await.ok());
            let before = lyceum.database.number(LIVE).await;
            let tokens = [&person.refresh_token, &first].repeat(4);
            let answers = join_all(tokens.into_iter().map(|token| refresh(lyceum, token))).await;
            for answer in answers {
                let reason = answer.reason().to_owned();
                assert!(answer.code().is_empty() || ["INVALID", "REVOKED"].contains(&&*reason), "{}", answer.body);
            }
            let alive = lyceum.run_as(&person.token, ME, json!({})).await.body.get("errors").is_none();
            let live = lyceum.database.number(LIVE).await - (before - 1);
            assert_eq!(live, i64::from(alive), "a living session has one token, a dead one none");
        }
    })
    .await;
}

/// Bar 30: who never saw the answer shows the token again within ten seconds; the first successor is dead then.
#[tokio::test]
async fn a_lost_answer_is_forgiven_for_ten_seconds() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let lost = refresh(lyceum, &ada.refresh_token).await.ok();
        lyceum.advance(SECOND * 5);
        let lost_too = refresh(lyceum, &ada.refresh_token).await.ok();
        lyceum.advance(SECOND * 5);
        let received = refresh(lyceum, &ada.refresh_token).await.ok();
        for answer in [&lost, &lost_too] {
            assert_refused(&refresh(lyceum, &successor(answer)).await, "INVALID");
        }
        assert_eq!(lyceum.database.number(LIVE).await, 1);
        let access = received.str_at("refreshSession.accessToken");
        assert_eq!(lyceum.run_as(access, ME, json!({})).await.ok().str_at("me.username"), "ada");
        refresh(lyceum, &successor(&received)).await.ok();
        assert_eq!(lyceum.database.number(ENDED).await, 0);
    })
    .await;
}

/// Bar 30: the ten seconds count from the first use. A repetition does not start them anew.
#[tokio::test]
async fn a_repetition_does_not_prolong_the_ten_seconds() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        refresh(lyceum, &ada.refresh_token).await.ok();
        lyceum.advance(SECOND * 9);
        let again = refresh(lyceum, &ada.refresh_token).await.ok();
        lyceum.advance(SECOND * 2);
        assert_refused(&refresh(lyceum, &ada.refresh_token).await, "REVOKED");
        let access = [&*ada.token, again.str_at("refreshSession.accessToken")];
        assert_session_over(lyceum, &access, &[&successor(&again)]).await;
    })
    .await;
}

/// Bar 31: what was used before a restart is known after it.
#[tokio::test]
async fn a_replay_after_a_restart_is_refused() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let next = refresh(lyceum, &ada.refresh_token).await.ok();
        let new = lyceum.restarted(&[]).await;
        // The lost answer is still forgiven, since nobody used the successor.
        let received = refresh_at(&new, &ada.refresh_token).await.ok();
        assert_refused(&refresh_at(&new, &successor(&next)).await, "INVALID");
        let last = refresh_at(&new, &successor(&received)).await.ok();
        assert_refused(&refresh_at(&new, &ada.refresh_token).await, "REVOKED");
        assert_refused(&refresh_at(&new, &successor(&last)).await, "REVOKED");
        new.core.db.clone().close().await.unwrap();

        // The server that ran all the time sees the same.
        assert_session_over(lyceum, &[&ada.token], &[&successor(&last)]).await;
    })
    .await;
}

/// Bar 32: at ninety days it is over, however often the session was used.
#[tokio::test]
async fn the_absolute_end_comes_whatever_was_done() {
    on_each_engine(async |lyceum| {
        let mut token = lyceum.person("ada").await.refresh_token;
        for _ in 0..8 {
            lyceum.advance(DAY * 11);
            token = successor(&refresh(lyceum, &token).await.ok());
        }
        lyceum.advance(DAY + DAY_LESS_A_SECOND);
        let last = refresh(lyceum, &token).await.ok();
        assert_eq!(last.str_at("refreshSession.session.expiresAt"), "2026-04-01T00:00:00.000000Z");
        let access = last.str_at("refreshSession.accessToken");
        lyceum.run_as(access, ME, json!({})).await.ok();
        lyceum.advance(SECOND);
        // The access token has ten minutes to live, and its session has not.
        assert_eq!(lyceum.run_as(access, ME, json!({})).await.reason(), "EXPIRED");
        assert_refused(&refresh(lyceum, &successor(&last)).await, "EXPIRED");
        lyceum.advance(SECOND);
        assert_refused(&refresh(lyceum, &successor(&last)).await, "EXPIRED");
    })
    .await;
}

/// Bar 32: fourteen days of silence end it too; each refresh begins them anew.
#[tokio::test]
async fn silence_ends_a_session() {
    on_each_engine(async |lyceum| {
        let token = lyceum.person("ada").await.refresh_token;
        lyceum.advance(DAY * 13 + DAY_LESS_A_SECOND);
        let answer = refresh(lyceum, &token).await.ok();
        assert_eq!(answer.str_at("refreshSession.session.expiresAt"), "2026-01-28T23:59:59.000000Z");
        lyceum.advance(DAY * 14);
        assert_refused(&refresh(lyceum, &successor(&answer)).await, "EXPIRED");
        lyceum.advance(DAY * 300);
        assert_refused(&refresh(lyceum, &successor(&answer)).await, "EXPIRED");
    })
    .await;
}

/// Bar 28: what was never given out is refused, and ends nobody's session.
#[tokio::test]
async fn a_token_that_was_never_given_out_is_refused() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let token = &ada.refresh_token;
        let guesses = ["", " ", "x", &token[..42], &token.to_uppercase(), &format!("{token} "), &"a".repeat(8193)];
        for guess in guesses {
            assert_refused(&refresh(lyceum, guess).await, "INVALID");
        }
        lyceum.run_as(&ada.token, ME, json!({})).await.ok();
        refresh(lyceum, token).await.ok();
    })
    .await;
}
