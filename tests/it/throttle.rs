//! How often things may be tried: pauses after failed logins, attempts from one address, and what an address is.

use std::{net::SocketAddr, time::Duration};

use axum::http::StatusCode;
use serde_json::json;

use crate::harness::*;

const NEW: &str = "copper lantern drifts north";
const ADA: &str = "ada@example.com";
const RESEND: &str = "mutation ($email: String!) {
    resendVerificationEmail(input: {email: $email}) { userErrors { code } } }";

fn wrong(identifier: &str) -> Call {
    login(identifier, "wrong")
}

async fn fail(lyceum: &Lyceum, times: u8) {
    for _ in 0..times {
        assert_eq!(lyceum.send(wrong("ada")).await.user_errors("login"), ["INVALID_CREDENTIALS"]);
    }
}

fn assert_limited(answer: &Answer, seconds: u64) {
    assert_eq!(answer.code(), "RATE_LIMITED", "{}", answer.body);
    assert_eq!(answer.retry_after(), Some(seconds), "{}", answer.body);
}

/// The throttle: from the fifth failure on a pause of one second, which doubles with
/// each further one up to 15 minutes; it holds for the right password too, and ends to the second.
#[tokio::test]
async fn after_the_fifth_failure_pauses_double_up_to_a_quarter_of_an_hour() {
    let lyceum = Lyceum::start(Engine::Sqlite, &[]).await;
    lyceum.verified("ada").await;
    fail(&lyceum, 5).await;
    for pause in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900] {
        assert_limited(&lyceum.send(wrong("ada")).await, pause);
        lyceum.advance(Duration::from_millis(pause * 1000 - 1));
        assert_limited(&lyceum.log_in("ada", PASSWORD).await, 1);
        lyceum.advance(Duration::from_millis(1));
        fail(&lyceum, 1).await;
        if pause == 512 {
            assert_limited(&lyceum.log_in("ADA@example.com", PASSWORD).await, 900);
        }
    }
    // The quarter of an hour has also let the failures be forgotten.
    fail(&lyceum, 3).await;
    lyceum.log_in("ada", PASSWORD).await.ok();
    lyceum.stop().await;
}

/// The throttle: it is one account's, under whichever of its names; others at the same address are not held up,
/// and a login clears it.
#[tokio::test]
async fn the_pause_is_one_accounts() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        lyceum.verified("bob").await;
        fail(lyceum, 4).await;
        lyceum.log_in("ada", PASSWORD).await.ok();
        fail(lyceum, 4).await;
        assert_eq!(lyceum.send(wrong(ADA)).await.user_errors("login"), ["INVALID_CREDENTIALS"]);
        assert_limited(&lyceum.log_in("ada", PASSWORD).await, 1);
        lyceum.log_in("bob", PASSWORD).await.ok();
        lyceum.advance(Duration::from_secs(1));
        lyceum.log_in("ada", PASSWORD).await.ok();
    })
    .await;
}

/// The throttle: somebody else's failures elsewhere do not keep the owner out, up to ten of the account in all.
#[tokio::test]
async fn another_address_may_still_log_in() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        fail(lyceum, 5).await;
        assert_limited(&lyceum.log_in("ada", PASSWORD).await, 1);
        lyceum.send(login("ada", PASSWORD).from(7)).await.ok();

        for n in 0..10 {
            let answer = lyceum.send(wrong("ada").from(10 + n)).await;
            assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"], "{n}");
        }
        assert_limited(&lyceum.send(login("ada", PASSWORD).from(7)).await, 1);
        lyceum.advance(Duration::from_mins(15));
        lyceum.send(login("ada", PASSWORD).from(7)).await.ok();
    })
    .await;
}

/// The throttle: tries at the same moment are counted one by one: of fifty from fifty addresses ten are answered,
/// and nobody learns in the crowd that a password was right.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_tries_does_not_slip_past_the_throttle() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let answers = lyceum.send_all((0..50).map(|n| wrong("ada").from(n))).await;
        let (refused, answered): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.code() == "RATE_LIMITED");
        assert!(answered.iter().all(|answer| answer.user_errors("login") == ["INVALID_CREDENTIALS"]));
        assert_eq!((answered.len(), refused.len()), (10, 40));

        lyceum.advance(Duration::from_mins(15));
        let one_address = lyceum.send_all((0..20).map(|_| wrong("ada").from(60))).await;
        let answered = one_address.iter().filter(|answer| answer.code().is_empty()).count();
        assert_eq!(answered, 5);
    })
    .await;
}

/// The throttle: a reset by mail is never blocked, neither asking for it nor doing it, and it ends the pause.
#[tokio::test]
async fn a_reset_by_mail_is_never_blocked_by_failures() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        for n in 0..10 {
            lyceum.send(wrong("ada").from(n)).await;
        }
        assert_eq!(lyceum.log_in("ada", PASSWORD).await.code(), "RATE_LIMITED");
        lyceum.run(FORGOT, json!({ "email": ADA })).await.ok();
        let token = lyceum.token_for(ADA).await;
        lyceum.run(RESET, json!({ "token": token, "password": NEW })).await.ok();
        lyceum.log_in("ada", NEW).await.ok();
        lyceum.send(login("ada", NEW).from(3)).await.ok();
    })
    .await;
}

/// How many of these are let through before one is refused, and the seconds after which the next may come.
async fn burst(lyceum: &Lyceum, call: impl Fn(u32) -> Call) -> (u32, u64) {
    for number in 0..1000 {
        let answer = lyceum.send(call(number)).await;
        if answer.code() == "RATE_LIMITED" {
            let wait = answer.retry_after().expect("a wait");
            lyceum.advance(Duration::from_millis(wait * 1000 - 1));
            assert_eq!(lyceum.send(call(number)).await.code(), "RATE_LIMITED");
            lyceum.advance(Duration::from_millis(1));
            assert_ne!(lyceum.send(call(number)).await.code(), "RATE_LIMITED");
            return (number, wait);
        }
    }
    panic!("nothing is limited");
}

fn forgot(email: &str) -> Call {
    Call::new(FORGOT, json!({ "email": email }))
}

fn signup(number: u32) -> Call {
    let email = format!("user{number}@example.com");
    Call::new(SIGNUP, json!({ "username": format!("user{number}"), "email": email, "password": PASSWORD }))
}

/// The limits, for each address: 20 logins a minute, 10 sign-ups an hour, 10 forgotten
/// passwords or new verification mails an hour, 10 tries of a token or a code a minute.
#[tokio::test]
async fn an_address_has_a_quota_for_each_kind_of_attempt() {
    let lyceum = Lyceum::start(Engine::Sqlite, &[]).await;
    assert_eq!(burst(&lyceum, |n| wrong(&format!("user{n}"))).await, (20, 3));
    assert_eq!(burst(&lyceum, signup).await, (10, 360));
    assert_eq!(burst(&lyceum, |n| forgot(&format!("user{n}@example.com"))).await, (10, 360));
    let used_up = lyceum.run(RESEND, json!({ "email": ADA })).await;
    assert_eq!(used_up.code(), "RATE_LIMITED", "{}", used_up.body);
    let reset = |_| Call::new(RESET, json!({ "token": "t", "password": NEW }));
    assert_eq!(burst(&lyceum, reset).await, (10, 6));
    let verify = lyceum.run(VERIFY, json!({ "token": "t" })).await;
    assert_eq!(verify.code(), "RATE_LIMITED", "{}", verify.body);
    lyceum.send(forgot(ADA).from(9)).await.ok();
    lyceum.stop().await;
}

/// The limits: of all operations 300 in ten seconds; a request that is refused whole has status 429 and
/// `Retry-After`.
#[tokio::test]
async fn a_flood_of_operations_gets_429_with_retry_after() {
    let lyceum = Lyceum::start(Engine::Sqlite, &[]).await;
    for _ in 0..300 {
        lyceum.run("{ __typename }", json!({})).await.ok();
    }
    let answer = lyceum.run("{ __typename }", json!({})).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"));
    assert_eq!(answer.headers.get("retry-after").unwrap(), "1");
    assert_eq!(answer.retry_after(), Some(1));
    lyceum.send(Call::new("{ __typename }", json!({})).from(1)).await.ok();
    lyceum.stop().await;
}

fn at(call: Call, address: &str) -> Call {
    Call { peer: SocketAddr::new(address.parse().unwrap(), 50_000), ..call }
}

/// Bar 81: who has one IPv6 address has its whole /64, so they count together; the next /64 is somebody else, and
/// an IPv4 address in IPv6 clothes is itself.
#[tokio::test]
async fn ipv6_counts_by_the_64() {
    let lyceum = Lyceum::start(Engine::Sqlite, &[]).await;
    for n in 0..10 {
        lyceum.send(at(forgot(ADA), &format!("2001:db8:1:2::{n:x}:1"))).await.ok();
    }
    assert_eq!(lyceum.send(at(forgot(ADA), "2001:db8:1:2:ffff:ffff:ffff:ffff")).await.code(), "RATE_LIMITED");
    lyceum.send(at(forgot(ADA), "2001:db8:1:3::1")).await.ok();
    for _ in 0..10 {
        lyceum.send(at(forgot(ADA), "::ffff:203.0.113.5")).await.ok();
    }
    assert_eq!(lyceum.send(at(forgot(ADA), "203.0.113.5")).await.code(), "RATE_LIMITED");
    lyceum.send(at(forgot(ADA), "::ffff:203.0.113.6")).await.ok();
    lyceum.stop().await;
}

/// Bar 81: without a trusted proxy `X-Forwarded-For` and its relatives count for nothing, in limits and in what is
/// kept of a session.
#[tokio::test]
async fn a_spoofed_forwarded_address_is_ignored() {
    on_each_engine(async |lyceum| {
        let spoofed = |call: Call, n: u32| {
            let address = format!("203.0.113.{n}");
            call.header("x-forwarded-for", &address)
                .header("x-real-ip", &address)
                .header("forwarded", &format!("for={address}"))
        };
        assert_eq!(burst(lyceum, |n| spoofed(forgot(ADA), n)).await.0, 10);
        lyceum.verified("ada").await;
        let answer = lyceum.send(spoofed(login_with_address(), 77)).await.ok();
        assert_eq!(answer.str_at("login.session.ipAddress"), "192.0.2.1");
        for n in 0..4 {
            lyceum.send(spoofed(wrong("ada"), n)).await;
        }
        lyceum.send(spoofed(wrong("ada"), 5)).await;
        assert_limited(&lyceum.send(spoofed(wrong("ada"), 6)).await, 1);
    })
    .await;
}

fn login_with_address() -> Call {
    let query = "mutation ($identifier: String!, $password: String!) {
        login(input: {identifier: $identifier, password: $password}) { session { ipAddress } userErrors { code } } }";
    Call { query: query.to_owned(), ..login("ada", PASSWORD) }
}

/// Bar 81: behind a trusted proxy the address that it vouches for counts, and what stands left of it, which anybody
/// can write, does not; a stranger's header still counts for nothing.
#[tokio::test]
async fn a_trusted_proxy_is_believed_as_far_as_it_vouches() {
    with_settings(&[("TRUSTED_PROXIES", "192.0.2.1,192.0.2.9")], async |lyceum| {
        let behind =
            |n: u32, client: &str| forgot(ADA).header("x-forwarded-for", &format!("10.0.0.{n}, {client}, 192.0.2.9"));
        assert_eq!(burst(lyceum, |n| behind(n, "203.0.113.5")).await.0, 10);
        lyceum.send(behind(1, "203.0.113.6")).await.ok();
        let stranger = |n: u32| forgot(ADA).from(4).header("x-forwarded-for", &format!("203.0.113.{}", 100 + n));
        assert_eq!(burst(lyceum, stranger).await.0, 10);

        lyceum.advance(Duration::from_hours(1));
        lyceum.verified("ada").await;
        let call = login_with_address().header("x-forwarded-for", "198.18.0.1, 2001:db8::5");
        assert_eq!(lyceum.send(call).await.ok().str_at("login.session.ipAddress"), "2001:db8::5");
        let call = login_with_address().header("x-forwarded-for", "203.0.113.5, not an address");
        assert_eq!(lyceum.send(call).await.ok().str_at("login.session.ipAddress"), "192.0.2.1");
    })
    .await;
}
