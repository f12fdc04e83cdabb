//! Bar 74: what takes too long in the database is ended there, and nothing of it goes on when nobody waits any more.

use std::time::{Duration, Instant};

use lyceum::core::{
    Error,
    db::{Db, Options},
};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement};

use crate::harness::*;

/// Hours of work.
fn endless(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000)
                SELECT count(*) FROM n"
        }
        Engine::Postgres => {
            "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b,
                generate_series(1, 100000) c"
        }
        Engine::Mysql => {
            "SELECT count(*) FROM information_schema.columns a, information_schema.columns b,
                information_schema.columns c, information_schema.columns d"
        }
    }
}

async fn connect(lyceum: &Lyceum, statement: Duration) -> Db {
    let url = lyceum.database.url.clone();
    Db::connect(Options { url, pool: 1, durable: false, statement }).await.unwrap()
}

async fn run(connection: &DatabaseConnection, sql: &str) -> Result<(), Error> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    Ok(connection.query_all_raw(statement).await.map(drop)?)
}

/// Bar 74: a search that would take hours ends at its time, again and again, and those between are not hurt by it.
#[tokio::test(flavor = "multi_thread")]
async fn a_statement_ends_at_its_time() {
    on_each_engine(async |lyceum| {
        let db = connect(lyceum, Duration::from_millis(500)).await;
        for _ in 0..2 {
            let start = Instant::now();
            let ended = run(db.search(), endless(lyceum.engine)).await;
            assert!(matches!(ended, Err(Error::Timeout)), "{ended:?}");
            let took = start.elapsed();
            assert!((Duration::from_millis(400)..Duration::from_secs(10)).contains(&took), "{took:?}");
            // The time is that of one statement: many short ones may take longer together.
            while start.elapsed() < took + Duration::from_secs(1) {
                run(db.search(), "SELECT count(*) FROM users").await.unwrap();
            }
        }
        db.close().await.unwrap();
    })
    .await;
}

/// Bar 74: a statement whose operation is over does not keep its connection: the next one has it soon.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_on_when_nobody_waits() {
    on_each_engine(async |lyceum| {
        let db = connect(lyceum, Duration::from_secs(1)).await;
        let all =
            (0..4).map(|_| tokio::time::timeout(Duration::from_millis(200), run(db.search(), endless(lyceum.engine))));
        for ended in futures_util::future::join_all(all).await {
            assert!(ended.is_err(), "{ended:?}");
        }
        let start = Instant::now();
        while let Err(error) = run(db.search(), "SELECT 1").await {
            assert!(start.elapsed() < Duration::from_secs(20), "the connection is free again: {error}");
        }
        println!("free again after {:?}", start.elapsed());
        db.close().await.unwrap();
    })
    .await;
}

/// Bar 74: a change that waits for somebody's lock ends too. SQLite has one writer, which waits for its turn.
#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_lock_ends_too() {
    for engine in Engine::all().into_iter().filter(|engine| *engine != Engine::Sqlite) {
        let lyceum = Lyceum::start(engine, &[]).await;
        lyceum.verified("ada").await;
        let locking = lyceum.database.connect().await;
        let lock = sea_orm::TransactionTrait::begin(&locking).await.unwrap();
        let change = "UPDATE users SET first_name = 'Augusta'";
        lock.execute_unprepared(change).await.unwrap();
        let db = connect(&lyceum, Duration::from_millis(500)).await;
        let ended = run(db.write(), change).await;
        assert!(matches!(ended, Err(Error::Timeout)), "{ended:?}");
        lock.rollback().await.unwrap();
        locking.close().await.unwrap();
        run(db.write(), change).await.unwrap();
        db.close().await.unwrap();
        lyceum.stop().await;
    }
}

/// A migration may take as long as it needs.
#[tokio::test(flavor = "multi_thread")]
async fn migrations_have_no_limit() {
    on_each_engine(async |lyceum| {
        lyceum.empty_database().await;
        let db = connect(lyceum, Duration::from_millis(2)).await;
        db.migrate().await.unwrap();
        db.close().await.unwrap();
    })
    .await;
}
