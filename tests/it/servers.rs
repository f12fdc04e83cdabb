//! Several servers on one database, with a Redis between them: what one counts and tells, the others know. Without
//! `TEST_REDIS_URL` and `TEST_POSTGRES_URL` these tests have nothing to run on, and say so.

mod outage;

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use lyceum::{app::App, core::mail, http::serve::Limits};
use serde_json::{Value, json};

use crate::harness::{
    wire::{Server as Listening, serve_limits},
    *,
};

static NEXT: AtomicU64 = AtomicU64::new(1);

/// The URL of a Redis, or of one that stands for it.
#[expect(clippy::disallowed_methods, reason = "a setting of the tests themselves")]
fn redis() -> Option<String> {
    let url = std::env::var("TEST_REDIS_URL").ok().filter(|url| !url.is_empty());
    if url.is_none() || Engine::Postgres.server().is_none() {
        eprintln!("not run: TEST_REDIS_URL and TEST_POSTGRES_URL are not both set");
        return None;
    }
    url
}

/// Keys of this test alone.
fn prefix() -> String {
    format!("lyceum-test:{}:{}:", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Two servers on each engine that servers can share, with a Redis between them.
async fn two_servers(story: impl AsyncFn(&Lyceum, &App)) {
    let Some(url) = redis() else { return };
    for engine in Engine::all().into_iter().filter(|engine| *engine != Engine::Sqlite) {
        eprintln!("on {engine:?}");
        let prefix = prefix();
        let first = Lyceum::start(engine, &[("REDIS_URL", &url), ("REDIS_PREFIX", &prefix)]).await;
        let second = first.restarted(&[]).await;
        story(&first, &second).await;
        close(second).await;
        first.stop().await;
    }
}

fn guess() -> Call {
    mutation(NOBODY, "verifyEmail", &json!({ "token": "x" }))
}

async fn listen(app: &App) -> Listening {
    Listening::start(app, Limits { connections: 100, connections_per_ip: 100, ..serve_limits() }).await
}

/// What an address may try, it may try at all servers together.
#[tokio::test]
async fn attempts_at_two_servers_count_together() {
    two_servers(async |first, second| {
        for number in 0..10 {
            let answer =
                if number % 2 == 0 { first.send(guess()).await } else { send(second, guess().into_request()).await };
            assert_eq!(answer.user_errors("verifyEmail"), ["TOKEN_INVALID"], "{number}");
        }
        for answer in [first.send(guess()).await, send(second, guess().into_request()).await] {
            assert_eq!((answer.code(), answer.retry_after()), ("RATE_LIMITED", Some(6)));
        }
        let other = send(second, guess().from(9).into_request()).await;
        assert_eq!(other.user_errors("verifyEmail"), ["TOKEN_INVALID"], "each address for itself");
    })
    .await;
}

/// Failed logins pause an account wherever they failed, and a login anywhere ends that.
#[tokio::test]
async fn failed_logins_at_two_servers_pause_together() {
    two_servers(async |first, second| {
        first.verified("ada").await;
        let fail = async |at: &App| send(at, login("ada", "not this one").into_request()).await;
        for number in 0..5 {
            let answer = fail(if number % 2 == 0 { &first.app } else { second }).await;
            assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"], "{number}");
        }
        for app in [&first.app, second] {
            assert_eq!(fail(app).await.code(), "RATE_LIMITED");
        }
        let elsewhere = send(second, login("ada", "not this one").from(9).into_request()).await;
        assert_eq!(elsewhere.user_errors("login"), ["INVALID_CREDENTIALS"], "another address has its own pauses");
        tokio::time::sleep(Duration::from_millis(1100)).await;
        send(second, login("ada", PASSWORD).into_request()).await.ok();
        for number in 0..5 {
            let answer = fail(&first.app).await;
            assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"], "forgotten: {number}");
        }
    })
    .await;
}

/// A logout at one server closes the sockets at the other, and a comment written here is heard there, at once.
#[tokio::test]
async fn events_of_one_server_are_heard_at_the_other() {
    two_servers(async |first, second| {
        let ada = first.person("ada").await;
        let post = first.write_post(&ada, "Rivers", "PUBLISHED").await;
        let there = listen(second).await;
        let mut socket = there.socket_of(&ada.token).await;
        let query = "subscription ($post: ID!) { commentAdded(postId: $post) { body author { username } } }";
        socket.subscribe("1", query, json!({ "post": post })).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let input = json!({ "postId": post, "body": "From the other side." });
        first.mutate(&ada.token, "createComment", input).await.ok();
        let told = json!({ "body": "From the other side.", "author": { "username": "ada" } });
        assert_eq!(socket.next("1").await, json!({ "data": { "commentAdded": told } }));
        assert!(socket.is_quiet().await, "it is told once");

        let started = Instant::now();
        first.run_as(&ada.token, LOGOUT, json!({})).await.ok();
        let answer = send(second, Call::new(ME, json!({})).bearer(&ada.token).into_request()).await;
        assert_eq!(answer.reason(), "REVOKED", "on the next request");
        assert_eq!(socket.closed().await.0, 4403);
        assert!(started.elapsed() < Duration::from_secs(2), "without waiting for the next look");
        there.stop().await;
    })
    .await;
}

/// Each mail leaves once, though both servers look for what is due at the same moment.
#[tokio::test]
async fn of_two_servers_one_sends_each_mail() {
    two_servers(async |first, second| {
        for number in 0..10 {
            first.send(signup(number)).await.ok();
        }
        let (here, there) = tokio::join!(mail::deliver_due(&first.app.core), mail::deliver_due(&second.core));
        assert_eq!(here.unwrap().sent + there.unwrap().sent, 10);
        let sent = first.mails().await;
        let recipients: BTreeSet<&str> = sent.iter().map(|mail| &*mail.to).collect();
        assert_eq!((sent.len(), recipients.len()), (10, 10));
    })
    .await;
}

fn signup(number: u8) -> Call {
    let name = format!("person_{number}");
    let form = json!({ "username": name, "email": email_of(&name), "password": PASSWORD });
    Call::new(SIGNUP, form).from(number)
}

/// An account remembers the failures of 32 addresses: one more takes the place of the one that was seen least lately.
#[tokio::test]
async fn an_account_remembers_so_many_addresses() {
    let Some(url) = redis() else { return };
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let script = redis::Script::new(include_str!("../../src/core/limits/failures.lua"));
    let key = prefix();
    let hour = 3_600_000_000_u64;
    for number in 0..40 {
        let mut failed = script.key(&key);
        failed.arg(format!("192.0.2.{number}")).arg(1).arg(hour).arg(32).arg(100).arg(hour).arg(100).arg(hour);
        assert_eq!(failed.invoke_async::<i64>(&mut connection).await.unwrap(), -1);
    }
    let fields: Vec<String> = redis::cmd("HKEYS").arg(&key).query_async(&mut connection).await.unwrap();
    let remembers = |address: &str| fields.contains(&format!("count {address}"));
    assert_eq!(fields.len(), 2 * 32 + 2);
    assert!(!remembers("192.0.2.7") && remembers("192.0.2.8") && remembers("192.0.2.39"), "{fields:?}");
    let _: () = redis::cmd("DEL").arg(&key).query_async(&mut connection).await.unwrap();
}

/// One Redis serves several sites: their prefixes keep them apart.
#[tokio::test]
async fn another_prefix_is_another_site() {
    let Some(url) = redis() else { return };
    let (one, other) = (prefix(), prefix());
    let first = Lyceum::start(Engine::Postgres, &[("REDIS_URL", &url), ("REDIS_PREFIX", &one)]).await;
    let second = first.restarted(&[("REDIS_PREFIX", &other)]).await;
    for _ in 0..10 {
        first.send(guess()).await;
    }
    assert_eq!(first.send(guess()).await.code(), "RATE_LIMITED");
    let answer = send(&second, guess().into_request()).await;
    assert_eq!(answer.user_errors("verifyEmail"), ["TOKEN_INVALID"]);
    close(second).await;
    first.stop().await;
}
