//! Sessions in a cookie: what the browser is given, how long it is good, and what ends it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::*;

const PRODUCTION: &[(&str, &str)] =
    &[("APP_ENV", "production"), ("BCRYPT_COST", "10"), ("PUBLIC_URL", "https://api.lyceum.test")];

/// What stands after the name and the value.
fn attributes(line: &str) -> Vec<&str> {
    line.split("; ").skip(1).collect()
}

async fn me(lyceum: &Lyceum, cookie: &str) -> Answer {
    lyceum.send(Call::new(ME, json!({})).cookie(cookie)).await
}

#[track_caller]
fn assert_cleared(answer: &Answer, reason: &str) {
    assert_eq!((answer.status.as_u16(), answer.code(), answer.reason()), (401, "UNAUTHENTICATED", reason));
    assert!(answer.header("set-cookie").starts_with("lyceum=; Max-Age=0; "), "{}", answer.header("set-cookie"));
}

/// Bar 25: the cookie is for this host, over TLS, for all paths, hidden from scripts, and lives as long as the session
/// may idle. There is no token in the answer.
#[tokio::test]
async fn the_cookie_has_its_attributes() {
    with_settings(PRODUCTION, async |lyceum| {
        lyceum.verified("ada").await;
        let answer = lyceum.send(cookie_login("ada", PASSWORD)).await.ok();
        let line = answer.header("set-cookie");
        assert!(line.starts_with("__Host-lyceum="), "{line}");
        assert_eq!(attributes(line), ["Max-Age=600", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"]);
        for token in ["accessToken", "accessTokenExpiresAt", "refreshToken"] {
            assert_eq!(answer.at(&format!("login.{token}")), &Value::Null);
        }
        assert_eq!(answer.at("login.session.current"), &json!(true));
        assert_eq!(answer.str_at("login.user.email"), "ada@example.com");
        let cookie = cookie_of(&answer);
        assert_eq!(me(lyceum, &cookie).await.ok().str_at("me.username"), "ada");
        // The name of development means nothing here.
        let other = cookie.replace("__Host-lyceum", "lyceum");
        assert_eq!(me(lyceum, &other).await.ok().at("me"), &Value::Null);
    })
    .await;
}

/// Bar 25: development over plain http goes without what a browser would not keep there, and without nothing else.
#[tokio::test]
async fn plain_http_has_a_cookie_that_browsers_keep() {
    on_each_engine(async |lyceum| {
        let answer = lyceum.signed_in_by_cookie("ada").await;
        let line = answer.header("set-cookie");
        assert!(line.starts_with("lyceum="), "{line}");
        assert_eq!(attributes(line), ["Max-Age=600", "Path=/", "HttpOnly", "SameSite=Lax"]);
    })
    .await;
}

/// Bar 22: a handle is 256 bits of chance in 43 characters, no two of 10,000 are alike or begin alike, and the
/// database holds a digest.
#[tokio::test]
async fn a_handle_is_chance_and_only_its_digest_is_kept() {
    on_each_engine(async |lyceum| {
        let cookie = cookie_of(&lyceum.signed_in_by_cookie("ada").await);
        let handle = cookie.split_once('=').unwrap().1;
        assert!(handle.len() == 43 && handle.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        for (_, rows) in contents(lyceum).await {
            assert!(!rows.contains(handle));
        }
        let digest = lyceum::core::crypto::digest_of(handle);
        let stored = format!("SELECT COUNT(*) FROM sessions WHERE handle_digest = '{digest}'");
        assert_eq!(lyceum.database.number(&stored).await, 1);
    })
    .await;
    let random = lyceum::core::random::Random::System;
    let handles: std::collections::HashSet<String> = (0..10_000).map(|_| random.token()).collect();
    let heads: std::collections::HashSet<&str> = handles.iter().map(|handle| &handle[..16]).collect();
    assert_eq!((handles.len(), heads.len()), (10_000, 10_000));
}

/// Bar 24: use extends the session by ten minutes; ten and a half without any end it, and the cookie is cleared.
#[tokio::test]
async fn a_session_ends_when_it_idles() {
    on_each_engine(async |lyceum| {
        let cookie = cookie_of(&lyceum.signed_in_by_cookie("ada").await);
        for _ in 0..3 {
            lyceum.advance(Duration::from_secs(9 * 60 + 30));
            let answer = me(lyceum, &cookie).await.ok();
            assert!(answer.header("set-cookie").starts_with(&format!("{cookie}; Max-Age=600; ")));
        }
        lyceum.advance(Duration::from_secs(10 * 60 + 30));
        assert_cleared(&me(lyceum, &cookie).await, "EXPIRED");
    })
    .await;
}

/// Bar 24: whoever is active every five minutes gets to the absolute end, and not a second beyond; the cookie never
/// promises more than is left.
#[tokio::test]
async fn a_busy_session_ends_at_its_absolute_end() {
    with_settings(&[("SESSION_ABSOLUTE", "1h")], async |lyceum| {
        let cookie = cookie_of(&lyceum.signed_in_by_cookie("ada").await);
        for minute in (5..60).step_by(5) {
            lyceum.advance(Duration::from_mins(5));
            let answer = me(lyceum, &cookie).await.ok();
            let age = format!("; Max-Age={}; ", (60 - minute).min(10) * 60);
            assert!(answer.header("set-cookie").contains(&age), "{minute}: {}", answer.header("set-cookie"));
        }
        lyceum.advance(Duration::from_secs(299));
        me(lyceum, &cookie).await.ok();
        lyceum.advance(Duration::from_secs(1));
        assert_cleared(&me(lyceum, &cookie).await, "EXPIRED");
    })
    .await;
}

/// Bar 25: use is written down, and the cookie sent anew, once in a minute at most; of many requests at that moment
/// one does it.
#[tokio::test]
async fn the_cookie_is_renewed_once_a_minute() {
    on_each_engine(async |lyceum| {
        let cookie = cookie_of(&lyceum.signed_in_by_cookie("ada").await);
        lyceum.advance(Duration::from_secs(59));
        assert_eq!(me(lyceum, &cookie).await.ok().header("set-cookie"), "");
        lyceum.advance(Duration::from_secs(1));
        let answers = lyceum.send_all((0..20).map(|_| Call::new(ME, json!({})).cookie(&cookie))).await;
        let renewed = answers.into_iter().map(Answer::ok).filter(|answer| !answer.header("set-cookie").is_empty());
        assert_eq!(renewed.count(), 1);
        let noted = "SELECT MAX(last_used_at) FROM sessions";
        assert_eq!(lyceum.database.number(noted).await, START.plus(Duration::from_mins(1)).0);
    })
    .await;
}

/// Bar 24: a session of one minute lives on while it is used, though use is usually noted once a minute.
#[tokio::test]
async fn a_short_session_lives_while_it_is_used() {
    with_settings(&[("SESSION_IDLE", "1m")], async |lyceum| {
        let cookie = cookie_of(&lyceum.signed_in_by_cookie("ada").await);
        for _ in 0..10 {
            lyceum.advance(Duration::from_secs(50));
            me(lyceum, &cookie).await.ok();
        }
    })
    .await;
}

/// Bar 23: a login takes no handle from outside: one that somebody chose opens nothing, before and after, and an old
/// one is dead once its browser logs in again, whoever it belonged to.
#[tokio::test]
async fn a_login_replaces_the_handle_that_came_with_it() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let chosen = format!("lyceum={}", "A".repeat(43));
        let first = lyceum.send(cookie_login("ada", PASSWORD).header("cookie", &chosen)).await.ok();
        let first = cookie_of(&first);
        assert_ne!(first, chosen);
        assert_cleared(&me(lyceum, &chosen).await, "INVALID");

        let second = cookie_of(&lyceum.send(cookie_login("ada", PASSWORD).header("cookie", &first)).await.ok());
        assert_cleared(&me(lyceum, &first).await, "REVOKED");
        lyceum.verified("bob").await;
        let bobs = cookie_of(&lyceum.send(cookie_login("bob", PASSWORD).header("cookie", &second)).await.ok());
        assert_cleared(&me(lyceum, &second).await, "REVOKED");
        assert_eq!(me(lyceum, &bobs).await.ok().str_at("me.username"), "bob");
        // A login that fails, or asks for tokens, leaves the session as it is.
        let wrong = lyceum.send(cookie_login("bob", "not this one").header("cookie", &bobs)).await;
        assert_eq!(wrong.user_errors("login"), ["INVALID_CREDENTIALS"]);
        lyceum.send(login("bob", PASSWORD).cookie(&bobs)).await.ok();
        me(lyceum, &bobs).await.ok();
    })
    .await;
}

/// Bar 26: a logout ends the handle on the next request and clears the cookie by the attributes it came with; a second
/// one does no harm, and a dead cookie does not stand in the way of a login.
#[tokio::test]
async fn a_logout_clears_the_cookie() {
    on_each_engine(async |lyceum| {
        let opened = lyceum.signed_in_by_cookie("ada").await;
        let cookie = cookie_of(&opened);
        let logout = || Call::new(LOGOUT, json!({ "scope": "CURRENT" })).cookie(&cookie);
        let answer = lyceum.send(logout()).await.ok();
        assert!(answer.header("set-cookie").starts_with("lyceum=; Max-Age=0; "));
        assert_eq!(attributes(answer.header("set-cookie"))[1..], attributes(opened.header("set-cookie"))[1..]);
        assert_cleared(&me(lyceum, &cookie).await, "REVOKED");
        assert_cleared(&lyceum.send(logout()).await, "REVOKED");

        let again = lyceum.send(cookie_login("ada", PASSWORD).header("cookie", &cookie)).await.ok();
        me(lyceum, &cookie_of(&again)).await.ok();
        let forgot = lyceum.send(Call::new(FORGOT, json!({ "email": "ada@example.com" })).cookie(&cookie)).await.ok();
        assert!(forgot.header("set-cookie").starts_with("lyceum=; Max-Age=0; "));
        // What is for people who are signed in does not run for nobody.
        let mixed = "mutation { login(input: {identifier: \"ada\", password: \"x\"}) { userErrors { code } }
            logout { userErrors { code } } }";
        assert_cleared(&lyceum.send(Call::new(mixed, json!({})).cookie(&cookie)).await, "REVOKED");
    })
    .await;
}

/// Bar 26: other sessions of the person keep their cookies, and `OTHERS` keeps that of the request.
#[tokio::test]
async fn a_logout_of_the_others_keeps_the_cookie() {
    on_each_engine(async |lyceum| {
        let here = cookie_of(&lyceum.signed_in_by_cookie("ada").await);
        let there = cookie_of(&lyceum.send(cookie_login("ada", PASSWORD)).await.ok());
        let call = Call::new(LOGOUT, json!({ "scope": "OTHERS" })).cookie(&here);
        assert_eq!(lyceum.send(call).await.ok().header("set-cookie"), "");
        me(lyceum, &here).await.ok();
        assert_cleared(&me(lyceum, &there).await, "REVOKED");
    })
    .await;
}

/// Bar 27: a reset of the password and a suspension end cookies too.
#[tokio::test]
async fn a_reset_and_a_suspension_end_the_cookie() {
    on_each_engine(async |lyceum| {
        let cookie = cookie_of(&lyceum.signed_in_by_cookie("ada").await);
        lyceum.run(FORGOT, json!({ "email": "ada@example.com" })).await.ok();
        let token = lyceum.token_for("ada@example.com").await;
        lyceum.run(RESET, json!({ "token": token, "password": PASSWORD })).await.ok();
        assert_cleared(&me(lyceum, &cookie).await, "REVOKED");

        let cookie = cookie_of(&lyceum.send(cookie_login("ada", PASSWORD)).await.ok());
        let until = START.plus(Duration::from_hours(1)).0;
        lyceum.database.execute(&format!("UPDATE users SET suspended_until = {until}")).await;
        assert_cleared(&me(lyceum, &cookie).await, "REVOKED");
    })
    .await;
}

/// Bars 17 and 35: a handle is good in the cookie alone, and an access token in the header alone; neither in an
/// address.
#[tokio::test]
async fn a_secret_is_good_in_its_own_place_alone() {
    on_each_engine(async |lyceum| {
        let cookie = cookie_of(&lyceum.signed_in_by_cookie("ada").await);
        let handle = cookie.split_once('=').unwrap().1;
        let access = lyceum.log_in("ada", PASSWORD).await.ok().str_at("login.accessToken").to_owned();
        assert_eq!(lyceum.run_as(handle, ME, json!({})).await.reason(), "INVALID");
        assert_cleared(&me(lyceum, &format!("lyceum={access}")).await, "INVALID");
        for (name, secret) in [("lyceum", handle), ("access_token", &*access), ("authorization", &*access)] {
            let path = format!("/graphql?query=%7Bme%7Bid%7D%7D&{name}={secret}");
            assert_eq!(lyceum.get(&path, &[]).await.ok().at("me"), &Value::Null);
        }
        let refresh = lyceum.run(REFRESH, json!({ "token": handle })).await;
        assert_eq!(refresh.reason(), "INVALID", "a handle is no refresh token");
    })
    .await;
}

/// Bar 35: two cookies of the name are refused: one of them was planted.
#[tokio::test]
async fn a_second_cookie_of_the_name_is_refused() {
    on_each_engine(async |lyceum| {
        let cookie = cookie_of(&lyceum.signed_in_by_cookie("ada").await);
        let planted = format!("other=1; {cookie}; lyceum={}", "A".repeat(43));
        assert_cleared(&me(lyceum, &planted).await, "INVALID");
        me(lyceum, &format!("a=b; {cookie}; lyceum2=x; flag")).await.ok();
        for junk in ["lyceum=", "lyceum=\"\"", "lyceum=x", &format!("{cookie}A")] {
            assert_cleared(&me(lyceum, junk).await, "INVALID");
        }
    })
    .await;
}

/// A header speaks before a cookie: a good one is who asks, and a bad one is not mended by the cookie.
#[tokio::test]
async fn the_header_speaks_before_the_cookie() {
    on_each_engine(async |lyceum| {
        let cookie = cookie_of(&lyceum.signed_in_by_cookie("ada").await);
        let bob = lyceum.person("bob").await;
        let both = Call::new(ME, json!({})).cookie(&cookie).bearer(&bob.token);
        assert_eq!(lyceum.send(both).await.ok().str_at("me.username"), "bob");
        let both = Call::new(LOGOUT, json!({ "scope": "CURRENT" })).cookie(&cookie).bearer(&bob.token);
        assert_eq!(lyceum.send(both).await.ok().header("set-cookie"), "", "the cookie is another session's");
        let bad = lyceum.send(Call::new(ME, json!({})).cookie(&cookie).bearer("x")).await;
        assert_eq!((bad.reason(), bad.header("set-cookie")), ("INVALID", ""));
        me(lyceum, &cookie).await.ok();
    })
    .await;
}

/// Bar 34: sessions of both kinds count for the limit.
#[tokio::test]
async fn cookies_count_among_the_sessions() {
    with_settings(&[("SESSIONS_PER_USER", "2")], async |lyceum| {
        let oldest = cookie_of(&lyceum.signed_in_by_cookie("ada").await);
        for _ in 0..2 {
            lyceum.advance(Duration::from_secs(1));
            lyceum.log_in("ada", PASSWORD).await.ok();
        }
        assert_cleared(&me(lyceum, &oldest).await, "REVOKED");
    })
    .await;
}

/// A database that takes no writes does not sign people out.
#[tokio::test]
async fn reading_goes_on_when_use_cannot_be_noted() {
    on_each_engine(async |lyceum| {
        let cookie = cookie_of(&lyceum.signed_in_by_cookie("ada").await);
        let broken = Sabotage::of_rows(lyceum.engine, "UPDATE", "sessions", "1 = 1");
        broken.apply(&lyceum.database).await;
        lyceum.advance(Duration::from_mins(2));
        assert_eq!(me(lyceum, &cookie).await.ok().header("set-cookie"), "");
        broken.undo(&lyceum.database).await;
        assert!(me(lyceum, &cookie).await.ok().header("set-cookie").starts_with(&cookie));
    })
    .await;
}
