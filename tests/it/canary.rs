//! Canaries: values that stand nowhere else, sent through every flow of the real binary with its log at `trace`.
//! Afterwards none of them may be found in what the process wrote, in what it answered to a failure, or in what
//! it stored, except in the form of a digest, a hash or a sealed text.

mod flow;
mod search;

use std::time::{Duration, Instant};

use serde_json::json;

use self::search::Canaries;
use crate::{
    harness::*,
    smtp_sink::{Mode, Sink},
};

const SMTP_PASSWORD: &str = "CanarySmtp7Hq2Wz";
const DATABASE_PASSWORD: &str = "CanaryDatabase4Tk9";
const JWT: &str = "Q2FuYXJ5Snd0LXNpeC1zbG93LXN3YW5zLWxhbmRlZA";
const PASSWORD_PEPPER: &str = "Q2FuYXJ5UGVwcGVyLW5pbmUtcmVkLWtpdGVzLWZsZXc";

/// Bars 12 and 102: nothing leaks on SQLite, with the log as text.
#[tokio::test(flavor = "multi_thread")]
async fn no_canary_is_found_with_a_text_log() {
    on_sqlite("text").await;
}

/// Bars 12 and 102: nothing leaks on SQLite, with the log as JSON.
#[tokio::test(flavor = "multi_thread")]
async fn no_canary_is_found_with_a_json_log() {
    on_sqlite("json").await;
}

/// Bar 102: nothing leaks on PostgreSQL, whose URL has a password in it.
#[tokio::test(flavor = "multi_thread")]
async fn no_canary_is_found_beside_postgresql() {
    if Engine::Postgres.server().is_none() {
        return;
    }
    let home = Home::new();
    let database = home.database(Engine::Postgres).await;
    let url = with_password(&database.url);
    let (canaries, server) = story(&home, &database, &[("LOG_FORMAT", "json"), ("DATABASE_URL", &url)]).await;
    let rows = search::every_row(&database).await;
    assert!(rows.contains("ada@example.com"));
    assert_eq!(canaries.found_in(&rows), Vec::<String>::new());
    assert_eq!(canaries.found_in_files(&home.path("")), Vec::<String>::new());
    assert_eq!(server.stop().code, Some(0));
    database.drop().await;
}

/// Bar 102: an answer says which type was expected, and does not repeat what came in its place.
#[tokio::test]
async fn a_value_that_does_not_fit_is_not_repeated() {
    on_each_engine(async |lyceum| {
        let scope = |value: serde_json::Value| lyceum.run(LOGOUT, json!({ "scope": value }));
        let told = [
            lyceum.run("mutation { login(input: \"CanaryLiteral\") { accessToken } }", json!({})).await,
            lyceum.run("mutation { logout(scope: CanaryLiteral) { endedSessionIds } }", json!({})).await,
            scope(json!("CanaryLiteral")).await,
            scope(json!(["CanaryLiteral"])).await,
            lyceum.run(LOGIN, json!({ "identifier": "ada", "password": ["CanaryLiteral"] })).await,
        ];
        for answer in told {
            let message = answer.body["errors"][0]["message"].as_str().unwrap_or_default();
            assert!(message.contains('"') && message.len() > 20, "{message}");
            assert!(!answer.text().contains("Canary"), "{}", answer.text());
            assert!(["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&answer.code()));
        }
    })
    .await;
}

/// The URL with a password for its user; under trust nobody asks for it, and it is carried along all the same.
fn with_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (user, host) = rest.split_once('@').unwrap_or(("postgres", rest));
    if user.contains(':') {
        return url.to_owned();
    }
    format!("{scheme}://{user}:{DATABASE_PASSWORD}@{host}")
}

async fn on_sqlite(format: &str) {
    let home = Home::new();
    let database = home.database(Engine::Sqlite).await;
    let (canaries, server) = story(&home, &database, &[("LOG_FORMAT", format), ("DATABASE_URL", &database.url)]).await;
    // Once while the write-ahead log is full, and once when it has been written back.
    assert!(std::fs::metadata(home.path("lyceum.db-wal")).unwrap().len() > 0);
    assert_eq!(canaries.found_in_files(&home.path("")), Vec::<String>::new());
    assert_eq!(server.stop().code, Some(0));
    let stored = std::fs::read(home.path("lyceum.db")).unwrap();
    assert!(String::from_utf8_lossy(&stored).contains("ada@example.com"), "this is where things are stored");
    assert_eq!(canaries.found_in_files(&home.path("")), Vec::<String>::new());
    database.drop().await;
}

/// Runs every flow against a server, and asserts that neither its log nor a failing answer has a canary in it.
async fn story(home: &Home, database: &Database, more: &[(&str, &str)]) -> (Canaries, Server) {
    // A new connection for each mail, so that each signs in.
    let sink = Sink::start(Mode::CloseAfterMail).await.unwrap();
    let smtp = sink.url.replace("smtp://", &format!("smtp://CanaryUser:{SMTP_PASSWORD}@"));
    let own = [
        ("RUST_LOG", "trace"),
        ("RATE_LIMITS", "off"),
        ("SMTP_URL", &*smtp),
        ("JWT_SECRET", JWT),
        ("PASSWORD_PEPPER", PASSWORD_PEPPER),
    ];
    let settings: Vec<_> = own.into_iter().chain(more.iter().copied()).collect();
    let mut canaries = Canaries::default();
    canaries.add("the SMTP password", SMTP_PASSWORD);
    canaries.add("the database password", DATABASE_PASSWORD);
    canaries.add("JWT_SECRET", JWT);
    canaries.add("PASSWORD_PEPPER", PASSWORD_PEPPER);
    let (server, failures) = tokio::task::block_in_place(|| {
        let server = home.serve(&settings);
        let failures = flow::run(&server, &sink, database, &mut canaries);
        (server, failures)
    });
    for failure in &failures {
        assert_eq!(canaries.found_in(failure), Vec::<String>::new(), "{failure}");
    }
    assert!(sink.heard().contains("AUTH"), "the SMTP password was used");
    let log = server.log();
    for expected in
        ["FAILURE", "CHANGE_PASSWORD", "RESET_PASSWORD", "REFRESH_TOKEN_REUSE", "a mail was not sent", "internal error"]
    {
        assert!(log.contains(expected), "the log has heard of it all: {expected}\n{log}");
    }
    assert_eq!(canaries.found_in(&log), Vec::<String>::new(), "{log}");
    assert_eq!(canaries.found_in(&server.output()), Vec::<String>::new());
    (canaries, server)
}

/// Tries until it is there; deliveries take their time.
fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
