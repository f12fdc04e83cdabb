//! Many who write and read at the same moment.

use serde_json::json;

use crate::harness::*;

/// So many write, and as many read; more with `WRITERS=200`. For a minute of it there is `tests/faults/sqlite-crowd.mjs`.
const WRITERS: usize = 40;
const ROUNDS: usize = 5;

const READ: &str = "{ posts(first: 5) { totalCount nodes { title author { username }
    comments(first: 2) { totalCount nodes { body } } } } me { username } }";

#[expect(clippy::disallowed_methods, reason = "who runs the tests says how many, not the server")]
fn writers() -> usize {
    std::env::var("WRITERS").ok().and_then(|writers| writers.parse().ok()).unwrap_or(WRITERS)
}

/// Bar 91: of many who write and read together nobody hears of a lock. Each gets an answer, and what was acknowledged
/// is there.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_in_a_crowd_is_told_of_a_lock() {
    let lyceum = Lyceum::start(Engine::Sqlite, &[("RATE_LIMITS", "off")]).await;
    let people = [lyceum.person("ada").await, lyceum.person("bob").await, lyceum.person("eve").await];
    let (writers, mut acknowledged) = (writers(), 0);
    for round in 0..ROUNDS {
        let both = |number: usize| {
            let token = &people[number % people.len()].token;
            let post = json!({ "title": format!("{round} {number}"), "body": "B", "status": "PUBLISHED" });
            [mutation(token, "createPost", &post), Call::new(READ, json!({})).bearer(token)]
        };
        for answer in lyceum.together((0..writers).flat_map(both).collect()).await {
            acknowledged += i64::from(answer.ok().body["data"]["createPost"]["post"]["id"].is_string());
        }
    }
    assert_eq!(acknowledged, i64::try_from(writers * ROUNDS).unwrap());
    assert_eq!(lyceum.database.count("posts").await, acknowledged);
    assert_eq!(lyceum.database.text("PRAGMA integrity_check").await, "ok");
    lyceum.stop().await;
}

/// Bar 91: while another process holds the file, readers go on, and who writes is told to come back, in those words.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_of_another_process_is_told_as_too_busy() {
    let lyceum = Lyceum::start(Engine::Sqlite, &[]).await;
    let ada = lyceum.person("ada").await;
    let other = sea_orm::sqlx::SqlitePool::connect(&lyceum.database.url).await.unwrap();
    let mut holding = other.acquire().await.unwrap();
    sea_orm::sqlx::query("BEGIN IMMEDIATE").execute(&mut *holding).await.unwrap();
    let post = json!({ "title": "T", "body": "B", "status": "PUBLISHED" });
    let waiting = lyceum.mutate(&ada.token, "createPost", post.clone());
    let (refused, read) = tokio::join!(waiting, lyceum.run_as(&ada.token, READ, json!({})));
    assert_eq!(read.ok().at("posts.totalCount"), 0);
    assert_eq!((refused.code(), refused.retry_after()), ("TOO_BUSY", Some(1)), "{}", refused.body);
    sea_orm::sqlx::query("ROLLBACK").execute(&mut *holding).await.unwrap();
    drop(holding);
    other.close().await;
    lyceum.mutate(&ada.token, "createPost", post).await.ok();
    lyceum.stop().await;
}
