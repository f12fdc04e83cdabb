//! A database for one test on whichever engine is under test, made and dropped again.

use std::path::Path;

use sea_orm::{ConnectionTrait as _, DatabaseConnection};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
    Mysql,
}

pub(crate) struct Database {
    pub url: String,
    name: String,
    server: Option<String>,
}

impl Engine {
    /// SQLite, and the engines whose URLs the environment has.
    pub(crate) fn all() -> Vec<Self> {
        let engines = [Self::Sqlite, Self::Postgres, Self::Mysql];
        engines.into_iter().filter(|engine| *engine == Self::Sqlite || engine.server().is_some()).collect()
    }

    /// The URL of a server where databases may be made.
    #[expect(clippy::disallowed_methods, reason = "the two settings of the tests themselves")]
    pub(crate) fn server(self) -> Option<String> {
        let name = match self {
            Self::Sqlite => return None,
            Self::Postgres => "TEST_POSTGRES_URL",
            Self::Mysql => "TEST_MYSQL_URL",
        };
        std::env::var(name).ok().filter(|url| !url.is_empty())
    }
}

impl Database {
    pub(super) async fn create(engine: Engine, name: &str, folder: &Path) -> Self {
        let Some(server) = engine.server() else {
            let url = format!("sqlite://{}/lyceum.db?mode=rwc", folder.display());
            return Self { url, name: name.to_owned(), server: None };
        };
        let database = Self { url: in_database(&server, name), name: name.to_owned(), server: Some(server) };
        database.execute_on_server(&format!("CREATE DATABASE {name}")).await;
        database
    }

    pub(crate) async fn drop(self) {
        if self.server.is_some() {
            self.execute_on_server(&format!("DROP DATABASE {}", self.name)).await;
        }
    }

    /// A connection beside the app's own, to look at rows or to spoil them.
    pub(crate) async fn connect(&self) -> DatabaseConnection {
        sea_orm::Database::connect(&self.url).await.unwrap()
    }

    /// Runs statements as they are.
    pub(crate) async fn execute(&self, sql: &str) -> u64 {
        self.connect().await.execute_unprepared(sql).await.unwrap().rows_affected()
    }

    pub(crate) async fn try_execute(&self, sql: &str) -> Result<u64, sea_orm::DbErr> {
        Ok(self.connect().await.execute_unprepared(sql).await?.rows_affected())
    }

    /// The first column of the first row, as a number.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let row = self.first(sql).await;
        row.try_get_by_index::<i64>(0).or_else(|_| row.try_get_by_index::<i32>(0).map(i64::from)).unwrap()
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        self.number(&format!("SELECT count(*) FROM {table}")).await
    }

    /// The first column of the first row, as text.
    pub(crate) async fn text(&self, sql: &str) -> String {
        self.first(sql).await.try_get_by_index(0).unwrap()
    }

    async fn first(&self, sql: &str) -> sea_orm::QueryResult {
        first(&self.connect().await, sql).await
    }

    async fn execute_on_server(&self, sql: &str) {
        let server = self.server.as_deref().unwrap_or_default();
        let connection = sea_orm::Database::connect(server).await.unwrap();
        connection.execute_unprepared(sql).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// The first row, over a connection that several questions share.
pub(super) async fn first(connection: &DatabaseConnection, sql: &str) -> sea_orm::QueryResult {
    let statement = sea_orm::Statement::from_string(connection.get_database_backend(), sql);
    connection.query_one_raw(statement).await.unwrap().expect("a row")
}

/// The server's URL with another database.
fn in_database(server: &str, name: &str) -> String {
    let (address, options) =
        server.split_once('?').map_or((server, None), |(address, options)| (address, Some(options)));
    let host_end = address.find("://").map_or(0, |at| at + 3);
    let base = address[host_end..].find('/').map_or(address, |slash| &address[..host_end + slash]);
    options.map_or_else(|| format!("{base}/{name}"), |options| format!("{base}/{name}?{options}"))
}
