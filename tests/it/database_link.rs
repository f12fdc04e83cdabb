//! The way to a database server: encrypted as the URL demands, or refused in clear words; and connections that the server
//! closed while nobody used them.

use std::{path::Path, time::Duration};

use lyceum::core::{
    Error,
    db::{Db, Options},
};
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::json;

use crate::harness::*;

/// A connection that was idle for longer than this is asked whether it lives before somebody gets it.
const HOT: Duration = Duration::from_secs(1);

/// What is behind the URL with these options: a database that answers, or why not.
async fn linked(url: &str, options: &str) -> Result<Db, String> {
    let url = format!("{url}?{options}");
    let db = Db::connect(Options { url, pool: 1, durable: false, statement: Duration::from_secs(5) }).await;
    db.map_err(|error| match error {
        Error::Unavailable(why) => why.to_string(),
        other => panic!("{options}: {other:?}"),
    })
}

async fn refused(url: &str, options: &str, why: &str) {
    let error = linked(url, options).await.expect_err(options);
    assert!(error.contains(why), "{options}: {error}");
}

async fn is_encrypted(url: &str, options: &str) -> bool {
    let db = linked(url, options).await.unwrap_or_else(|why| panic!("{options}: {why}"));
    let backend = db.read().get_database_backend();
    let of_this = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let row = db.read().query_one_raw(Statement::from_string(backend, of_this)).await.unwrap().unwrap();
    let encrypted = row.try_get_by_index(0).unwrap();
    db.close().await.unwrap();
    encrypted
}

/// `sslmode` is kept to: what it demands holds for each connection, or there is none, and the reason is told.
#[tokio::test]
async fn postgres_is_spoken_to_as_the_url_demands() {
    if Engine::Postgres.server().is_none() {
        return;
    }
    let lyceum = Lyceum::start(Engine::Postgres, &[]).await;
    let url = lyceum.database.url.clone();
    assert!(!is_encrypted(&url, "sslmode=disable").await);
    refused(&url, "sslmode=sometimes", "unknown value \"sometimes\"").await;
    if lyceum.database.text("SHOW ssl").await == "on" {
        assert!(is_encrypted(&url, "sslmode=require").await);
        refused(&url, "sslmode=verify-full", "invalid peer certificate: UnknownIssuer").await;
        refused(&url, "sslmode=verify-full&sslrootcert=/nowhere.pem", "No such file").await;
        let certificate = lyceum.database.text("SHOW ssl_cert_file").await;
        // That of Debian, which stands for itself, and for a name.
        if certificate.ends_with("snakeoil.pem") && Path::new(&certificate).exists() {
            let known = format!("sslrootcert={certificate}");
            assert!(is_encrypted(&url, &format!("sslmode=verify-ca&{known}")).await);
            refused(&url, &format!("sslmode=verify-full&{known}"), "certificate not valid for name").await;
        }
    } else {
        refused(&url, "sslmode=require", "server does not support TLS").await;
    }
    lyceum.stop().await;
}

/// The same of `ssl-mode`.
#[tokio::test]
async fn mysql_is_spoken_to_as_the_url_demands() {
    if Engine::Mysql.server().is_none() {
        return;
    }
    let lyceum = Lyceum::start(Engine::Mysql, &[]).await;
    let url = lyceum.database.url.clone();
    linked(&url, "ssl-mode=DISABLED").await.unwrap().close().await.unwrap();
    refused(&url, "ssl-mode=SOMETIMES", "unknown value \"SOMETIMES\"").await;
    if lyceum.database.text("SELECT @@have_ssl").await == "YES" {
        let db = linked(&url, "ssl-mode=REQUIRED").await.unwrap();
        db.ping().await.unwrap();
        db.close().await.unwrap();
        refused(&url, "ssl-mode=VERIFY_IDENTITY", "certificate").await;
    } else {
        refused(&url, "ssl-mode=REQUIRED", "server does not support TLS").await;
        refused(&url, "ssl-mode=VERIFY_IDENTITY", "server does not support TLS").await;
    }
    lyceum.stop().await;
}

/// A server, or a proxy before it, closes what is idle; nobody who comes after that hears of it.
#[tokio::test]
async fn a_connection_that_died_idle_hurts_nobody() {
    for engine in Engine::all().into_iter().filter(|engine| *engine != Engine::Sqlite) {
        let lyceum = Lyceum::start(engine, &[("RATE_LIMITS", "off")]).await;
        let ada = lyceum.person("ada").await;
        let read = || Call::new("{ posts { totalCount } me { username } }", json!({})).bearer(&ada.token);
        // Several connections, so that each of several requests would get a dead one.
        for answer in lyceum.send_all((0..6).map(|_| read())).await {
            answer.ok();
        }
        // The pool goes by the system's clock.
        tokio::time::sleep(HOT + Duration::from_millis(100)).await;
        let killed = kill_others(&lyceum).await;
        assert!(killed >= 2, "{engine:?}: {killed} connections");
        for answer in lyceum.send_all((0..6).map(|_| read())).await {
            answer.ok();
        }
        lyceum.write_post(&ada, "T", "PUBLISHED").await;
        lyceum.stop().await;
    }
}

/// Ends every connection to this database but the one that does it, and says how many they were.
async fn kill_others(lyceum: &Lyceum) -> usize {
    let connection = lyceum.database.connect().await;
    let backend = connection.get_database_backend();
    let all = async |sql: &str| connection.query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
    if lyceum.engine == Engine::Postgres {
        let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        return all(others).await.len();
    }
    let others = "SELECT CAST(id AS SIGNED) AS id FROM information_schema.processlist
        WHERE db = DATABASE() AND id <> CONNECTION_ID()";
    let others = all(others).await;
    for other in &others {
        let id: i64 = other.try_get("", "id").unwrap();
        connection.execute_unprepared(&format!("KILL {id}")).await.unwrap();
    }
    others.len()
}
