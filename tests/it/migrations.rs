//! Migrations: once, one instance at a time, and never backwards into an older version.

mod upgrade;

use std::time::Duration;

use lyceum::core::{
    Error,
    db::{Db, Options},
};

use sea_orm::SqlErr;

use crate::harness::*;

async fn connect(lyceum: &Lyceum) -> Db {
    Db::connect(Options {
        url: lyceum.database.url.clone(),
        pool: 4,
        durable: false,
        statement: Duration::from_secs(10),
    })
    .await
    .unwrap()
}

/// Bar 105: a second run changes nothing.
#[tokio::test]
async fn migrating_twice_is_migrating_once() {
    on_each_engine(async |lyceum| {
        lyceum.person("ada").await;
        let db = connect(lyceum).await;
        assert_eq!(db.pending_migrations().await.unwrap(), 0);
        db.migrate().await.unwrap();
        assert_eq!(lyceum.database.number("SELECT COUNT(*) FROM users").await, 1);
        db.close().await.unwrap();
    })
    .await;
}

/// Bar 105: several instances that start together wait for each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_start_together_do_not_meet() {
    on_each_engine(async |lyceum| {
        lyceum.empty_database().await;
        let starts = (0..4).map(|_| {
            let options = Options {
                url: lyceum.database.url.clone(),
                pool: 3,
                durable: false,
                statement: Duration::from_secs(10),
            };
            tokio::spawn(async move {
                let db = Db::connect(options).await?;
                db.migrate().await?;
                db.close().await
            })
        });
        for start in starts.collect::<Vec<_>>() {
            start.await.unwrap().unwrap();
        }
        let applied = lyceum.database.number("SELECT COUNT(*) FROM seaql_migrations").await;
        let distinct = lyceum.database.number("SELECT COUNT(DISTINCT version) FROM seaql_migrations").await;
        assert!(applied > 0 && applied == distinct, "{applied} {distinct}");
    })
    .await;
}

/// Bar 105: a binary that does not know the newest migration leaves the database alone.
#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    on_each_engine(async |lyceum| {
        let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_from_the_future', 1)";
        lyceum.database.execute(newer).await;
        let db = connect(lyceum).await;
        let refused = db.migrate().await;
        let Err(Error::Internal(cause)) = refused else { panic!("{refused:?}") };
        assert!(cause.contains("m29990101_000001_from_the_future") && cause.contains("newer version"), "{cause}");
        db.close().await.unwrap();
    })
    .await;
}

/// Bar 89: what is unique without regard to case is so by an index, whoever writes.
#[tokio::test]
async fn names_are_unique_by_index() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        lyceum.verified("bob").await;
        for change in ["username_key = 'ada'", "email_key = 'ada@example.com'"] {
            let update = format!("UPDATE users SET {change} WHERE username_key = 'bob'");
            let refused = lyceum.database.try_execute(&update).await.unwrap_err();
            assert!(matches!(refused.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))), "{refused}");
        }
    })
    .await;
}
