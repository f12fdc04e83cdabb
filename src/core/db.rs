//! Connections. SQLite has a pool of readers and one writer whose transactions begin `IMMEDIATE`, so that no
//! reader waits for a writer and no writer meets another. PostgreSQL and MySQL have one pool for both. Searches, which
//! may read every row there is, wait for each other in a small pool of their own, and nobody else waits for them.
//!
//! A transaction never waits for anything but the database: no mail, no hash inside one.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use migration::{Migrator, MigratorTrait as _};
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
    sqlx::{
        Executor as _,
        sqlite::{SqliteJournalMode, SqliteSynchronous},
    },
};

use super::error::{Error, Result};

const ACQUIRE: Duration = Duration::from_secs(3);
const BUSY: Duration = Duration::from_secs(5);
const STATEMENT: Duration = Duration::from_secs(10);
const TRIES: u32 = 4;
const SQLITE_SEARCHERS: u32 = 2;

#[derive(Clone, Debug)]
pub struct Options {
    pub url: String,
    pub pool: u32,
    /// Whether a SQLite commit waits until it is on the disk.
    pub durable: bool,
}

#[derive(Clone, Debug)]
pub struct Db {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    searcher: DatabaseConnection,
    options: Options,
    statements: Arc<AtomicU64>,
}

impl Db {
    pub async fn connect(options: Options) -> Result<Self> {
        let (reader, writer, searcher) =
            if options.url.starts_with("sqlite:") { sqlite(&options).await? } else { pools(&options).await? };
        let statements = Arc::new(AtomicU64::new(0));
        let counted = |mut connection: DatabaseConnection| {
            let statements = statements.clone();
            connection.set_metric_callback(move |info| {
                statements.fetch_add(1, Ordering::Relaxed);
                // The text alone: the values are what people write.
                tracing::trace!(sql = info.statement.sql, "statement");
            });
            connection
        };
        let (reader, writer, searcher) = (counted(reader), counted(writer), counted(searcher));
        Ok(Self { reader, writer, searcher, options, statements })
    }

    /// For statements that change nothing.
    pub fn read(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For statements that search texts.
    pub fn search(&self) -> &DatabaseConnection {
        &self.searcher
    }

    /// For one statement that is whole by itself.
    pub fn write(&self) -> &DatabaseConnection {
        &self.writer
    }

    pub async fn begin(&self) -> Result<DatabaseTransaction> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(self.writer.begin_with_options(options).await?)
    }

    /// Does a transaction again while the database asks for that: a deadlock, a failed serialization.
    pub async fn retry<T, W, F>(&self, work: W) -> Result<T>
    where
        W: Fn() -> F,
        F: Future<Output = Result<T>>,
    {
        let mut tries = 1;
        loop {
            match work().await {
                Err(Error::Conflict(_)) if tries < TRIES => {
                    tokio::time::sleep(Duration::from_millis(5 << tries)).await;
                    tries += 1;
                }
                done => return done,
            }
        }
    }

    pub fn engine(&self) -> &'static str {
        match self.writer.get_database_backend() {
            DbBackend::Sqlite => "SQLite",
            DbBackend::Postgres => "PostgreSQL",
            DbBackend::MySql => "MySQL",
            _ => "unknown",
        }
    }

    /// How many statements there have been since the start.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    pub async fn ping(&self) -> Result<()> {
        Ok(self.reader.ping().await?)
    }

    pub async fn close(self) -> Result<()> {
        self.reader.close_by_ref().await?;
        self.searcher.close_by_ref().await?;
        Ok(self.writer.close_by_ref().await?)
    }

    /// How many migrations this binary has that the database has not.
    pub async fn pending_migrations(&self) -> Result<usize> {
        Ok(Migrator::get_pending_migrations_read_only(&self.writer).await?.len())
    }

    /// Brings the tables up to this binary's version, one instance at a time.
    pub async fn migrate(&self) -> Result<()> {
        let _lock = MigrationLock::take(&self.options.url).await?;
        let known: Vec<String> = Migrator::migrations().iter().map(|known| known.name().to_owned()).collect();
        Migrator::install(&self.writer).await?;
        for applied in Migrator::get_migration_models(&self.writer).await? {
            if !known.contains(&applied.version) {
                return Err(Error::internal(format!(
                    "the database was changed by a newer version of Lyceum (migration {}); start that version",
                    applied.version
                )));
            }
        }
        Ok(Migrator::up(&self.writer, None).await?)
    }
}

type Connections = (DatabaseConnection, DatabaseConnection, DatabaseConnection);

/// One pool for reading and writing, one for searching.
async fn pools(options: &Options) -> Result<Connections> {
    let mut connect = common(&options.url);
    connect.max_connections(options.pool).statement_timeout(STATEMENT).map_sqlx_mysql_pool_opts(|pool| {
        // Without gap locks: unique indexes keep our rules, and fewer transactions meet in a deadlock.
        pool.after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await.map(drop)
            })
        })
    });
    let pool = Database::connect(connect).await?;
    let mut search = common(&options.url);
    search.max_connections(options.pool.div_ceil(4)).connect_lazy(true).statement_timeout(STATEMENT);
    // What is the quick way to a rare word takes for ever with a common one: PostgreSQL has to look at the word.
    search.map_sqlx_postgres_opts(|postgres| postgres.options([("plan_cache_mode", "force_custom_plan")]));
    Ok((pool.clone(), pool, Database::connect(search).await?))
}

/// Readers, the one writer, and the searchers.
async fn sqlite(options: &Options) -> Result<Connections> {
    if let Some(folder) = sqlite_file(&options.url).as_deref().and_then(Path::parent) {
        std::fs::create_dir_all(folder).map_err(Error::internal)?;
    }
    let durable = options.durable;
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let readers = u32::try_from(cores.clamp(2, 4)).unwrap_or(2);
    let connect = |connections: u32, read_only: bool, lazy: bool| {
        let mut connect = common(&options.url);
        let min = if lazy { 0 } else { connections };
        connect.max_connections(connections).min_connections(min).connect_lazy(lazy).map_sqlx_sqlite_opts(
            move |sqlite| {
                let synchronous = if durable { SqliteSynchronous::Full } else { SqliteSynchronous::Normal };
                sqlite
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(synchronous)
                    .foreign_keys(true)
                    .busy_timeout(BUSY)
                    .row_buffer_size(1000)
                    .read_only(read_only)
            },
        );
        Database::connect(connect)
    };
    // The writer first: it makes the file that the readers open.
    let writer = connect(1, false, false).await?;
    Ok((connect(readers, true, false).await?, writer, connect(SQLITE_SEARCHERS, true, true).await?))
}

fn common(url: &str) -> ConnectOptions {
    let mut connect = ConnectOptions::new(url);
    // Statement logs would carry what people write; what is slow is told by the tracing of the request.
    connect.sqlx_logging(false).acquire_timeout(ACQUIRE).connect_timeout(ACQUIRE);
    connect
}

/// The file of a SQLite URL; none for a database in memory.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = path.split('?').next().unwrap_or(path);
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}

/// Held while migrations run: a file's lock beside SQLite, an advisory lock on a connection of its own elsewhere.
enum MigrationLock {
    File { _file: std::fs::File },
    Session { _connection: DatabaseTransaction },
    Nothing,
}

impl MigrationLock {
    async fn take(url: &str) -> Result<Self> {
        if url.starts_with("sqlite:") {
            return Self::take_file(url).await;
        }
        let mut connect = common(url);
        connect.max_connections(1);
        let connection = Database::connect(connect).await?.begin().await?;
        let statement = match connection.get_database_backend() {
            DbBackend::Postgres => "SELECT pg_advisory_xact_lock(7103215)".to_owned(),
            _ => "SELECT GET_LOCK(CONCAT(DATABASE(), '.lyceum'), 120)".to_owned(),
        };
        connection.execute_unprepared(&statement).await?;
        Ok(Self::Session { _connection: connection })
    }

    async fn take_file(url: &str) -> Result<Self> {
        let Some(database) = sqlite_file(url) else { return Ok(Self::Nothing) };
        let path = PathBuf::from(format!("{}.lock", database.display()));
        let locked = tokio::task::spawn_blocking(move || {
            let file = std::fs::File::create(path)?;
            file.lock()?;
            Ok::<_, std::io::Error>(file)
        });
        let file = locked.await.map_err(Error::internal)?.map_err(Error::internal)?;
        Ok(Self::File { _file: file })
    }
}
