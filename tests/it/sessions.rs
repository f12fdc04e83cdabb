//! Sessions as their owners see them: how many there are, and how they end.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::*;

/// The session of a login, with what opens it.
struct Device {
    session: String,
    access: String,
    refresh: String,
}

async fn device(lyceum: &Lyceum, username: &str) -> Device {
    let answer = lyceum.log_in(username, PASSWORD).await.ok();
    Device {
        session: answer.str_at("login.session.id").to_owned(),
        access: answer.str_at("login.accessToken").to_owned(),
        refresh: answer.str_at("login.refreshToken").to_owned(),
    }
}

async fn refresh(lyceum: &Lyceum, token: &str) -> Answer {
    lyceum.run(REFRESH, json!({ "token": token })).await
}

#[track_caller]
fn assert_revoked(answer: &Answer) {
    assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", "REVOKED"), "{}", answer.body);
}

/// Asserts that neither token of this session opens anything.
async fn assert_dead(lyceum: &Lyceum, device: &Device) {
    assert_revoked(&lyceum.run_as(&device.access, ME, json!({})).await);
    assert_revoked(&refresh(lyceum, &device.refresh).await);
}

async fn assert_alive(lyceum: &Lyceum, device: &Device) {
    lyceum.run_as(&device.access, ME, json!({})).await.ok();
}

async fn log_out(lyceum: &Lyceum, device: &Device, scope: &str) -> Answer {
    lyceum.run_as(&device.access, LOGOUT, json!({ "scope": scope })).await
}

fn ended(answer: &Answer) -> Vec<&str> {
    let ids = answer.at("logout.endedSessionIds").as_array().expect("a list of ids");
    let mut ids: Vec<&str> = ids.iter().filter_map(Value::as_str).collect();
    ids.sort_unstable();
    ids
}

/// Bar 26: after a logout the access token and the refresh token fail on the very next request, and nobody
/// else's do.
#[tokio::test]
async fn a_logout_ends_both_tokens_at_once() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let (here, there, bob) = {
            let (here, there) = (device(lyceum, "ada").await, device(lyceum, "ada").await);
            lyceum.verified("bob").await;
            (here, there, device(lyceum, "bob").await)
        };
        let answer = log_out(lyceum, &here, "CURRENT").await.ok();
        assert_eq!(ended(&answer), [&*here.session]);
        assert_dead(lyceum, &here).await;
        for other in [&there, &bob] {
            assert_alive(lyceum, other).await;
            refresh(lyceum, &other.refresh).await.ok();
        }
    })
    .await;
}

/// Bar 26: a second logout with the same token is refused as any dead token is, and changes nothing.
#[tokio::test]
async fn a_second_logout_is_harmless() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let (here, there) = (device(lyceum, "ada").await, device(lyceum, "ada").await);
        log_out(lyceum, &here, "CURRENT").await.ok();
        let first = lyceum.database.number(LAST_END).await;
        lyceum.advance(Duration::from_secs(1));
        for scope in ["CURRENT", "OTHERS", "ALL"] {
            assert_revoked(&log_out(lyceum, &here, scope).await);
        }
        assert_eq!(lyceum.database.number(LAST_END).await, first, "the end that was noted stays");
        assert_alive(lyceum, &there).await;
        let anonymous = lyceum.run(LOGOUT, json!({ "scope": "ALL" })).await;
        assert_eq!((anonymous.code(), anonymous.reason()), ("UNAUTHENTICATED", "MISSING"));
        assert_alive(lyceum, &there).await;
    })
    .await;
}

const LAST_END: &str = "SELECT MAX(ended_at) FROM sessions";

/// Bar 26: two logouts at the same moment both answer, and the session is over.
#[tokio::test]
async fn logouts_at_the_same_moment_do_not_harm_each_other() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let here = device(lyceum, "ada").await;
        let logouts = (0..10).map(|_| log_out(lyceum, &here, "ALL"));
        for answer in futures_util::future::join_all(logouts).await {
            let done = answer.body.get("errors").is_none() || answer.reason() == "REVOKED";
            assert!(done, "{}", answer.body);
        }
        assert_dead(lyceum, &here).await;
    })
    .await;
}

/// Bars 26 and 27: `OTHERS` leaves the session of the request, `ALL` leaves none; other users keep theirs.
#[tokio::test]
async fn a_logout_ends_the_sessions_in_its_scope() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        lyceum.verified("bob").await;
        let bob = device(lyceum, "bob").await;
        let (here, one, two) = (device(lyceum, "ada").await, device(lyceum, "ada").await, device(lyceum, "ada").await);
        let answer = log_out(lyceum, &here, "OTHERS").await.ok();
        let mut others = [&*one.session, &*two.session];
        others.sort_unstable();
        assert_eq!(ended(&answer), others);
        assert_dead(lyceum, &one).await;
        assert_dead(lyceum, &two).await;
        assert_alive(lyceum, &here).await;

        let three = device(lyceum, "ada").await;
        let answer = log_out(lyceum, &three, "ALL").await.ok();
        let mut all = [&*here.session, &*three.session];
        all.sort_unstable();
        assert_eq!(ended(&answer), all);
        assert_dead(lyceum, &here).await;
        assert_dead(lyceum, &three).await;
        assert_alive(lyceum, &bob).await;
    })
    .await;
}

/// Bar 34: a user has twenty sessions at most; the twenty-first ends the oldest, and only that.
#[tokio::test]
async fn the_twenty_first_session_ends_the_oldest() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        lyceum.verified("bob").await;
        let bob = device(lyceum, "bob").await;
        lyceum.verified("ada").await;
        let mut devices = Vec::new();
        for _ in 0..20 {
            lyceum.advance(Duration::from_secs(1));
            devices.push(device(lyceum, "ada").await);
        }
        for device in &devices {
            assert_alive(lyceum, device).await;
        }
        // Age counts from the login: the oldest is the oldest also when it was used last.
        refresh(lyceum, &devices[1].refresh).await.ok();
        for oldest in 0..2 {
            lyceum.advance(Duration::from_secs(1));
            devices.push(device(lyceum, "ada").await);
            assert_revoked(&lyceum.run_as(&devices[oldest].access, ME, json!({})).await);
            assert_alive(lyceum, &devices[oldest + 1]).await;
            assert_alive(lyceum, devices.last().unwrap()).await;
        }
        assert_dead(lyceum, &devices[0]).await;
        assert_eq!(lyceum.database.number(LIVE).await, 21, "twenty of Ada, one of Bob");
        assert_alive(lyceum, &bob).await;
    })
    .await;
}

const LIVE: &str = "SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL";

/// Bar 34: sessions that were ended make room by themselves.
#[tokio::test]
async fn an_ended_session_takes_no_place() {
    with_settings(&[("SESSIONS_PER_USER", "2")], async |lyceum| {
        lyceum.verified("ada").await;
        let first = device(lyceum, "ada").await;
        lyceum.advance(Duration::from_secs(1));
        let second = device(lyceum, "ada").await;
        log_out(lyceum, &second, "CURRENT").await.ok();
        lyceum.advance(Duration::from_secs(1));
        let third = device(lyceum, "ada").await;
        assert_alive(lyceum, &first).await;
        assert_alive(lyceum, &third).await;
        lyceum.advance(Duration::from_secs(1));
        device(lyceum, "ada").await;
        assert_dead(lyceum, &first).await;
        assert_alive(lyceum, &third).await;
    })
    .await;
}

/// Bar 34: also of thirty logins at the same moment not more than twenty sessions are left.
#[tokio::test]
async fn logins_at_the_same_moment_keep_to_the_number() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        lyceum.verified("ada").await;
        let logins = (0..30).map(|_| lyceum.log_in("ada", PASSWORD));
        for answer in futures_util::future::join_all(logins).await {
            answer.ok();
        }
        assert_eq!(lyceum.database.number("SELECT COUNT(*) FROM sessions").await, 30);
        assert_eq!(lyceum.database.number(LIVE).await, 20);
    })
    .await;
}

/// Bar 22: a refresh token is 256 bits of chance, no two are alike, and the database holds a digest in its place.
#[tokio::test]
async fn the_database_holds_no_refresh_token() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        lyceum.verified("ada").await;
        let mut tokens = Vec::new();
        for _ in 0..20 {
            tokens.push(device(lyceum, "ada").await.refresh);
        }
        for token in &tokens {
            let url_safe = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
            assert!(token.len() >= 43 && url_safe, "{token}");
            let stored = format!("SELECT COUNT(*) FROM refresh_tokens WHERE digest = '{token}'");
            assert_eq!(lyceum.database.number(&stored).await, 0);
            let digest = ring::digest::digest(&ring::digest::SHA256, token.as_bytes());
            let digest = lyceum::core::crypto::hex(digest.as_ref());
            let stored = format!("SELECT COUNT(*) FROM refresh_tokens WHERE digest = '{digest}'");
            assert_eq!(lyceum.database.number(&stored).await, 1);
        }
        let heads: std::collections::HashSet<&str> = tokens.iter().map(|token| &token[..8]).collect();
        assert_eq!(heads.len(), tokens.len(), "no shared beginning");
    })
    .await;
}

/// Bars 27 and 41: a login whose password was looked at before a reset, and opens its session after it, opens none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_login_outlives_the_reset_that_overtakes_it() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        lyceum.verified("ada").await;
        for round in 0..10 {
            let (old, new) = (password(round), password(round + 1));
            if round == 0 {
                lyceum.run(FORGOT, json!({ "email": "ada@example.com" })).await.ok();
                let token = lyceum.token_for("ada@example.com").await;
                lyceum.run(RESET, json!({ "token": token, "password": old })).await.ok();
            }
            lyceum.advance(std::time::Duration::from_secs(61));
            lyceum.run(FORGOT, json!({ "email": "ada@example.com" })).await.ok();
            let token = lyceum.token_for("ada@example.com").await;
            let reset = lyceum.run(RESET, json!({ "token": token, "password": new }));
            let (login, reset) = tokio::join!(lyceum.log_in("ada", &old), reset);
            reset.ok();
            if let Some(token) = login.at("login.accessToken").as_str() {
                assert_eq!(lyceum.run_as(token, ME, json!({})).await.reason(), "REVOKED", "round {round}");
            }
        }
    })
    .await;
}

fn password(round: usize) -> String {
    format!("violet harbor kettle moon {round}")
}
