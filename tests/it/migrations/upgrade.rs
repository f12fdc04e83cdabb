//! Upgrades with rows in the tables: from each version before, everything that stood there still does.

use std::collections::BTreeMap;

use migration::{Migrator, MigratorTrait as _};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement};
use serde_json::json;

use crate::harness::*;

/// The columns of each table.
type Tables = BTreeMap<String, Vec<String>>;

/// The rows of each table, in an order of their own.
type Rows = BTreeMap<String, Vec<String>>;

async fn texts(connection: &DatabaseConnection, sql: &str) -> Vec<String> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// What there is besides the indexes for the search, which are made of the rows, and the list of migrations.
async fn tables(engine: Engine, connection: &DatabaseConnection) -> Tables {
    let names = match engine {
        Engine::Sqlite => {
            "SELECT m.name || ' ' || c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
        }
        Engine::Postgres => {
            "SELECT table_name || ' ' || column_name FROM information_schema.columns WHERE table_schema = 'public'"
        }
        Engine::Mysql => {
            "SELECT CAST(CONCAT(table_name, ' ', column_name) AS CHAR) FROM information_schema.columns
                WHERE table_schema = DATABASE()"
        }
    };
    let mut tables = Tables::new();
    for name in texts(connection, names).await {
        let (table, column) = name.split_once(' ').unwrap();
        if !table.contains("_trigrams") && table != "seaql_migrations" && !table.starts_with("sqlite_") {
            tables.entry(table.to_owned()).or_default().push(column.to_owned());
        }
    }
    tables
}

async fn rows(engine: Engine, connection: &DatabaseConnection, tables: &Tables) -> Rows {
    let mut rows = Rows::new();
    for (table, columns) in tables {
        let cells = columns.iter().map(|column| match engine {
            Engine::Sqlite => format!("quote({column})"),
            Engine::Postgres => format!("coalesce({column}::text, 'null')"),
            Engine::Mysql => format!("coalesce(HEX({column}), 'null')"),
        });
        let cells: Vec<String> = cells.collect();
        let row = match engine {
            Engine::Mysql => format!("CONCAT_WS(' ', {})", cells.join(", ")),
            _ => cells.join(" || ' ' || "),
        };
        rows.insert(table.clone(), texts(connection, &format!("SELECT {row} FROM {table} ORDER BY 1")).await);
    }
    rows
}

/// Somebody with a post, a comment, a session of each kind, a profile and a new address; and a sign-up that waits.
async fn fill(lyceum: &Lyceum) {
    let ada = lyceum.person("ada").await;
    let post = lyceum.write_post(&ada, "Note G 🦉", "PUBLISHED").await;
    lyceum.write_comment(&ada, &post, "Größer, kleiner, <b>gleich</b>.").await;
    lyceum.signed_in_by_cookie("bob").await;
    lyceum.mutate(&ada.token, "updateProfile", json!({ "bio": "Weaves numbers." })).await.ok();
    lyceum.moved(&ada).await;
    lyceum.sign_up("cleo").await.ok();
}

/// Bar 105: from every version before this one, an upgrade keeps each table with its rows, and goes all the way.
#[tokio::test]
async fn an_upgrade_keeps_what_was_there() {
    on_each_engine(async |lyceum| {
        let versions = u32::try_from(Migrator::migrations().len()).unwrap();
        fill(lyceum).await;
        let connection = lyceum.database.connect().await;
        let mut filled = 0;
        for back in 1..versions {
            Migrator::down(&connection, Some(back)).await.unwrap();
            let old = tables(lyceum.engine, &connection).await;
            let before = rows(lyceum.engine, &connection, &old).await;
            filled = before.values().filter(|rows| !rows.is_empty()).count().max(filled);
            assert!(!before["users"].is_empty(), "{back} versions back: {before:?}");
            lyceum.app.core.db.migrate().await.unwrap();
            assert_eq!(lyceum.app.core.db.pending_migrations().await.unwrap(), 0);
            assert_eq!(rows(lyceum.engine, &connection, &old).await, before, "{back} versions back");
        }
        assert!(filled >= 7, "{filled} tables with rows were kept");
        lyceum.log_in("ada", PASSWORD).await.ok();
        connection.close().await.unwrap();
    })
    .await;
}
