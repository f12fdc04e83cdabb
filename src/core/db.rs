//! Connections. SQLite has a pool of readers and one writer whose transactions begin `IMMEDIATE`, so that no
//! reader waits for a writer and no writer meets another. PostgreSQL and MySQL have one pool for both. Searches, which
//! may read every row there is, wait for each other in a small pool of their own, and nobody else waits for them.
//!
//! A statement that takes longer than an operation may is ended by the engine, so that what nobody waits for any more
//! does not keep a connection; migrations alone may take as long as they need.
//!
//! A transaction never waits for anything but the database: no mail, no hash inside one.

mod backup;
mod branches;
mod fixed;
mod ran;
mod read;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use migration::{Migrator, MigratorTrait as _, SchemaManager};
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait as _,
    sqlx::{
        self, AssertSqlSafe, Executor as _,
        sqlite::{SqliteConnection, SqliteJournalMode, SqliteSynchronous},
    },
};

pub use self::{branches::Branches, fixed::Fixed, read::Row};
use self::{ran::Ran, read::InPlace};
use super::{
    clock::Time,
    error::{Error, Result},
    folders,
    traces::Traces,
};

const ACQUIRE: Duration = Duration::from_secs(3);
const BUSY: Duration = Duration::from_secs(5);
/// A connection to a server that was in use so shortly ago is not asked whether it lives.
const HOT: Duration = Duration::from_secs(1);
const TRIES: u32 = 4;
const SQLITE_SEARCHERS: u32 = 2;
/// SQLite asks whether to go on after so many steps: thousands of times a second.
const SQLITE_STEPS: i32 = 10_000;

#[derive(Clone, Debug)]
pub struct Options {
    pub url: String,
    pub pool: u32,
    /// Whether a SQLite commit waits until it is on the disk.
    pub durable: bool,
    /// How long a statement may take; on SQLite, one that searches.
    pub statement: Duration,
}

/// The connections of one pool that are open.
#[derive(Clone, Copy, Debug)]
pub struct PoolState {
    pub all: usize,
    pub idle: usize,
}

#[derive(Clone, Debug)]
pub struct Db {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    searcher: DatabaseConnection,
    in_place: Option<InPlace>,
    options: Options,
    ran: Ran,
}

impl Db {
    pub async fn connect(options: Options) -> Result<Self> {
        Self::traced(options, &Traces::default()).await
    }

    pub async fn traced(options: Options, traces: &Traces) -> Result<Self> {
        let (reader, writer, searcher) =
            if options.url.starts_with("sqlite:") { sqlite(&options).await? } else { pools(&options).await? };
        let ran = Ran::new(traces.statements(&options.url));
        let counted = |mut connection: DatabaseConnection| {
            let ran = ran.clone();
            connection.set_metric_callback(move |info| ran.note(&info.statement.sql, info.elapsed, info.failed));
            connection
        };
        let (reader, writer, searcher) = (counted(reader), counted(writer), counted(searcher));
        let in_place = sqlite_file(&options.url).map(InPlace::new);
        Ok(Self { reader, writer, searcher, in_place, options, ran })
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
        self.ran.count()
    }

    /// The connections that are open now, by what they are for.
    pub fn connections(&self) -> Vec<(&'static str, PoolState)> {
        let mut pools = vec![("read", &self.reader), ("search", &self.searcher)];
        if self.writer.get_database_backend() == DbBackend::Sqlite {
            pools.push(("write", &self.writer));
        }
        let counted = |pool: &DatabaseConnection| match pool.get_database_backend() {
            DbBackend::Sqlite => {
                let pool = pool.get_sqlite_connection_pool();
                PoolState { all: pool.size() as usize, idle: pool.num_idle() }
            }
            DbBackend::MySql => {
                let pool = pool.get_mysql_connection_pool();
                PoolState { all: pool.size() as usize, idle: pool.num_idle() }
            }
            _ => {
                let pool = pool.get_postgres_connection_pool();
                PoolState { all: pool.size() as usize, idle: pool.num_idle() }
            }
        };
        pools.into_iter().map(|(name, pool)| (name, counted(pool))).collect()
    }

    pub async fn ping(&self) -> Result<()> {
        Ok(self.reader.ping().await?)
    }

    pub async fn close(self) -> Result<()> {
        self.in_place.iter().for_each(InPlace::close);
        self.reader.close_by_ref().await?;
        self.searcher.close_by_ref().await?;
        Ok(self.writer.close_by_ref().await?)
    }

    /// What the server's own clock says; SQLite has none.
    pub async fn now(&self) -> Result<Option<Time>> {
        let backend = self.reader.get_database_backend();
        let sql = match backend {
            DbBackend::Postgres => "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)",
            DbBackend::MySql => "SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)",
            _ => return Ok(None),
        };
        let row = self.reader.query_one_raw(Statement::from_string(backend, sql)).await?;
        Ok(row.map(|row| row.try_get_by_index(0).map(Time)).transpose()?)
    }

    /// How many migrations this binary has that the database has not.
    pub async fn pending_migrations(&self) -> Result<usize> {
        refuse_newer(&self.writer).await?;
        Ok(Migrator::get_pending_migrations_read_only(&self.writer).await?.len())
    }

    /// Brings the tables up to this binary's version, one instance at a time.
    pub async fn migrate(&self) -> Result<()> {
        let _lock = MigrationLock::take(&self.options.url).await?;
        if self.writer.get_database_backend() == DbBackend::Sqlite {
            return upgrade(&self.writer).await;
        }
        // Not over the pool: making an index over many rows takes longer than any other statement may.
        let mut connect = common(&self.options.url);
        connect.max_connections(1);
        let unhurried = Database::connect(connect).await?;
        let upgraded = upgrade(&unhurried).await;
        unhurried.close_by_ref().await?;
        upgraded
    }
}

async fn upgrade(connection: &DatabaseConnection) -> Result<()> {
    refuse_newer(connection).await?;
    Ok(Migrator::up(connection, None).await?)
}

/// What a newer version has changed, this one would misread.
async fn refuse_newer(connection: &DatabaseConnection) -> Result<()> {
    if !SchemaManager::new(connection).has_table("seaql_migrations").await? {
        return Ok(());
    }
    let known: Vec<String> = Migrator::migrations().iter().map(|known| known.name().to_owned()).collect();
    for applied in Migrator::get_migration_models(connection).await? {
        if !known.contains(&applied.version) {
            return Err(Error::internal(format!(
                "the database was changed by a newer version of Lyceum (migration {}); start that version",
                applied.version
            )));
        }
    }
    Ok(())
}

type Connections = (DatabaseConnection, DatabaseConnection, DatabaseConnection);

/// One pool for reading and writing, one for searching.
async fn pools(options: &Options) -> Result<Connections> {
    let limited = |connections: u32| {
        let mut connect = common(&options.url);
        let session = mysql_session(options.statement);
        let patience = options.statement + BUSY;
        connect
            .max_connections(connections)
            .statement_timeout(options.statement)
            .test_before_acquire_if_idle_for(HOT)
            .map_sqlx_postgres_pool_opts(move |pool| {
                pool.after_release(move |connection, _| Box::pin(settle(connection, patience)))
            })
            .map_sqlx_mysql_pool_opts(move |pool| {
                let session = session.clone();
                let pool = pool.after_release(move |connection, _| Box::pin(settle(connection, patience)));
                pool.after_connect(move |connection, _| {
                    let session = session.clone();
                    Box::pin(async move { connection.execute(AssertSqlSafe(session)).await.map(drop) })
                })
            });
        connect
    };
    let pool = Database::connect(limited(options.pool)).await?;
    let mut search = limited(options.pool.div_ceil(4));
    search.connect_lazy(true);
    // What is the quick way to a rare word takes for ever with a common one: PostgreSQL has to look at the word.
    search.map_sqlx_postgres_opts(|postgres| postgres.options([("plan_cache_mode", "force_custom_plan")]));
    Ok((pool.clone(), pool, Database::connect(search).await?))
}

/// Reads what is left of a statement that nobody waited for, before the pool does. An error there, because its time was
/// over, is no reason to part; the pool would, and sqlx 0.9.0 keeps the place for ever when that hangs, as it does over
/// TLS, or when the server has gone without a word (transact-rs/sqlx#4349).
async fn settle<C: sqlx::Connection>(connection: &mut C, patience: Duration) -> sqlx::Result<bool> {
    let pinged = async { connection.ping().await.is_ok() || connection.ping().await.is_ok() };
    Ok(tokio::time::timeout(patience, pinged).await.unwrap_or(false))
}

/// Without gap locks: unique indexes keep our rules, and fewer transactions meet in a deadlock. MariaDB has a limit for
/// every statement; MySQL has one for reading and one for waiting. What is meant for one is a comment to the other.
fn mysql_session(statement: Duration) -> String {
    let (seconds, millis) = (statement.as_secs_f64(), statement.as_millis());
    let wait = statement.as_secs().max(1);
    format!(
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
         SET SESSION /*M! max_statement_time={seconds:.3} */\
         /*!50708 max_execution_time={millis}, innodb_lock_wait_timeout={wait} */"
    )
}

/// Readers, the one writer, and the searchers.
async fn sqlite(options: &Options) -> Result<Connections> {
    if let Some(folder) = sqlite_file(&options.url).as_deref().and_then(Path::parent) {
        folders::make(folder).map_err(Error::internal)?;
    }
    let durable = options.durable;
    // Nobody but us is slow here, so in a crowd each waits for its turn as long as its operation may take.
    let patience = options.statement + BUSY;
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let readers = u32::try_from(cores.clamp(2, 4)).unwrap_or(2);
    let connect = |connections: u32, read_only: bool| {
        let mut connect = common(&options.url);
        connect
            .acquire_timeout(patience)
            .max_connections(connections)
            .min_connections(connections)
            .map_sqlx_sqlite_opts(move |sqlite| {
                let synchronous = if durable { SqliteSynchronous::Full } else { SqliteSynchronous::Normal };
                sqlite
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(synchronous)
                    .foreign_keys(true)
                    .busy_timeout(BUSY)
                    .row_buffer_size(1000)
                    .read_only(read_only)
            });
        connect
    };
    // The writer first: it makes the file that the readers open.
    let writer = Database::connect(connect(1, false)).await?;
    let reader = Database::connect(connect(readers, true)).await?;
    let mut search = connect(SQLITE_SEARCHERS, true);
    search.min_connections(0).connect_lazy(true);
    let time = options.statement;
    search.map_sqlx_sqlite_pool_opts(move |pool| {
        pool.after_connect(move |connection, _| Box::pin(end_after(connection, time))).before_acquire(
            move |connection, _| Box::pin(async move { end_after(connection, time).await.map(|()| true) }),
        )
    });
    Ok((reader, writer, Database::connect(search).await?))
}

/// SQLite ends no statement by itself, but asks whether to go on. The time runs from when the connection is taken: who
/// searches takes one for each statement.
async fn end_after(connection: &mut SqliteConnection, time: Duration) -> sqlx::Result<()> {
    let end = Instant::now() + time;
    connection.lock_handle().await?.set_progress_handler(SQLITE_STEPS, move || Instant::now() < end);
    Ok(())
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
