//! The seam through which the rows of a page come, by position, whichever engine has them.
//!
//! On SQLite a page is less work than the way to a connection's thread and back, so it is read in place, on the worker
//! that asks, for so many steps of SQLite's machine. What needs more, or fails, is read over the pool, where nobody waits
//! for it who did not ask.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use rusqlite::{
    CachedStatement, Connection, OpenFlags,
    config::DbConfig,
    types::{FromSql, ToSqlOutput, Value as Owned, ValueRef},
};
use sea_orm::{
    ConnectionTrait as _, QueryResult, Statement, StatementBuilder, TryGetable, Value, sea_query::SelectStatement,
};

use super::{Branches, Db};
use crate::core::error::Result;

/// What a statement may take in place: a few milliseconds. A page of 20 posts with ten comments each takes 15,000.
const STEPS: u32 = 200_000;
/// How often a statement is asked how far it is.
const STRIDE: u32 = 1_000;
/// Statements that a connection keeps compiled.
const PREPARED: usize = 64;
/// Pages that a connection keeps, in KiB. A page of posts and comments with their authors is spread over 3 MiB of a large
/// file, and SQLite's own 2 would be read anew each time.
const PAGES: i64 = 8 * 1024;

/// A row of a page.
pub enum Row<'r> {
    Pooled(&'r QueryResult),
    InPlace(&'r rusqlite::Row<'r>),
}

impl Row<'_> {
    pub fn get<T: TryGetable + FromSql>(&self, at: usize) -> Result<T> {
        match self {
            Self::Pooled(row) => Ok(row.try_get_by_index(at)?),
            Self::InPlace(row) => Ok(row.get(at)?),
        }
    }

    /// A text that becomes something else.
    pub fn text<T>(&self, at: usize, read: impl FnOnce(&str) -> T) -> Result<T> {
        match self {
            Self::Pooled(row) => Ok(read(&row.try_get_by_index::<String>(at)?)),
            Self::InPlace(row) => Ok(read(row.get_ref(at)?.as_str().map_err(rusqlite::Error::from)?)),
        }
    }
}

impl Db {
    /// The rows of a short statement.
    pub async fn rows<T>(&self, select: &SelectStatement, map: impl Fn(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        self.rows_of(self.build(select), map).await
    }

    pub async fn rows_of<T>(&self, statement: Statement, map: impl Fn(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        match self.in_place(&statement, |reader| reader.rows(&statement, &map)) {
            Some(rows) => Ok(rows),
            None => self.pooled(statement, &map).await,
        }
    }

    /// The rows of a short statement for each of many parents, as of one moment.
    pub(super) fn in_place_for_each<T>(
        &self,
        branches: &Branches<'_>,
        map: &impl Fn(&Row<'_>) -> Result<T>,
    ) -> Option<Vec<T>> {
        self.in_place(branches.branch(), |reader| reader.rows_for_each(branches, map))
    }

    /// None when it is for the pool to read them, or to tell why not.
    fn in_place<T>(&self, statement: &Statement, read: impl Fn(&Reader) -> Result<T>) -> Option<T> {
        let begun = Instant::now();
        let done = self.in_place.as_ref()?.with(read)?;
        self.ran.note(&statement.sql, begun.elapsed(), false);
        Some(done)
    }

    pub(super) async fn pooled<T>(&self, statement: Statement, map: &impl Fn(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        self.reader.query_all_raw(statement).await?.iter().map(|row| map(&Row::Pooled(row))).collect()
    }

    /// The rows of a statement that searches texts.
    pub async fn found<T>(&self, select: &SelectStatement, map: impl Fn(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        self.searcher.query_all(select).await?.iter().map(|row| map(&Row::Pooled(row))).collect()
    }

    /// The text of a statement for this engine, and its values.
    pub fn build(&self, select: &impl StatementBuilder) -> Statement {
        self.reader.get_database_backend().build(select)
    }
}

/// Connections for reading a SQLite file in place. There are never more than there are workers.
#[derive(Clone, Debug)]
pub(super) struct InPlace {
    file: PathBuf,
    idle: Arc<Mutex<Vec<Reader>>>,
}

#[derive(Debug)]
struct Reader {
    connection: Connection,
    /// The strides of the statement that runs.
    strides: Arc<AtomicU32>,
}

impl InPlace {
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file, idle: Arc::default() }
    }

    pub(super) fn close(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn with<T>(&self, read: impl Fn(&Reader) -> Result<T>) -> Option<T> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = idle.or_else(|| Reader::open(&self.file).ok())?;
        reader.strides.store(0, Ordering::Relaxed);
        let done = read(&reader).ok();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
        done
    }
}

impl Reader {
    fn open(file: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags)?;
        connection.busy_timeout(Duration::ZERO)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        connection.pragma_update(None, "cache_size", -PAGES)?;
        // Otherwise a statement is compiled anew for every value of its `LIMIT`.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let strides = Arc::new(AtomicU32::new(0));
        let taken = strides.clone();
        let is_enough = move || taken.fetch_add(1, Ordering::Relaxed) >= STEPS / STRIDE;
        connection.progress_handler(i32::try_from(STRIDE).unwrap_or(i32::MAX), Some(is_enough))?;
        Ok(Self { connection, strides })
    }

    fn rows<T>(&self, statement: &Statement, map: &impl Fn(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        read(&mut self.prepared(statement)?, map, &mut rows)?;
        Ok(rows)
    }

    fn rows_for_each<T>(&self, branches: &Branches<'_>, map: &impl Fn(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        let _moment = self.connection.unchecked_transaction()?;
        let mut branch = self.prepared(branches.branch())?;
        let places = branches.places();
        let mut rows = Vec::new();
        for parent in branches.parents() {
            for place in &places {
                branch.raw_bind_parameter(place + 1, parent.as_bytes())?;
            }
            read(&mut branch, map, &mut rows)?;
        }
        Ok(rows)
    }

    fn prepared(&self, statement: &Statement) -> Result<CachedStatement<'_>> {
        let mut prepared = self.connection.prepare_cached(&statement.sql)?;
        for (number, value) in statement.values.iter().flat_map(|values| &values.0).enumerate() {
            prepared.raw_bind_parameter(number + 1, bound(value)?)?;
        }
        Ok(prepared)
    }
}

fn read<T>(
    prepared: &mut CachedStatement<'_>,
    map: &impl Fn(&Row<'_>) -> Result<T>,
    mapped: &mut Vec<T>,
) -> Result<()> {
    let mut rows = prepared.raw_query();
    while let Some(row) = rows.next()? {
        mapped.push(map(&Row::InPlace(row))?);
    }
    Ok(())
}

/// As sqlx binds it.
fn bound(value: &Value) -> rusqlite::Result<ToSqlOutput<'_>> {
    let number = |number: i64| ToSqlOutput::Owned(Owned::Integer(number));
    Ok(match value {
        Value::Bool(Some(value)) => number((*value).into()),
        Value::Int(Some(value)) => number((*value).into()),
        Value::BigInt(Some(value)) => number(*value),
        Value::BigUnsigned(Some(value)) => number(i64::try_from(*value).map_err(|_| rusqlite::Error::InvalidQuery)?),
        Value::String(Some(value)) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
        Value::Uuid(Some(value)) => ToSqlOutput::Borrowed(ValueRef::Blob(value.as_bytes())),
        Value::Bytes(Some(value)) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
        _ => return Err(rusqlite::Error::InvalidQuery),
    })
}
