//! What can go wrong, in the words of the domain, and the only place where a database error gets a meaning.
//!
//! There are two kinds. A [`Fault`] is something that the person at the keyboard can mend; every other
//! [`Error`] is the client program's, its rights', or ours. Clients never see a cause: it goes to the log.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    DbErr, RuntimeErr, SqlErr,
    sqlx::{error::DatabaseError, mysql::MySqlDatabaseError},
};

/// When it is worth another try while somebody else has the database.
const LOCKED_FOR: Duration = Duration::from_secs(1);

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    #[error("the input has faults: {0:?}")]
    Faults(Vec<Fault>),
    #[error("not signed in: {0:?}")]
    Unauthenticated(AuthFailure),
    #[error("not allowed")]
    Forbidden,
    #[error("not found")]
    NotFound,
    /// The request breaks a rule of the API that a person at a form cannot mend.
    #[error("{0}")]
    BadInput(String),
    #[error("too many requests, free again in {0:?}")]
    RateLimited(Duration),
    #[error("too busy, worth another try in {0:?}")]
    TooBusy(Duration),
    /// A deadlock or a failed serialization: the same transaction may work at the next try (`Db::retry`).
    #[error("the database asks for another try: {0}")]
    Conflict(Arc<str>),
    #[error("it took too long")]
    Timeout,
    #[error("a service is away: {0}")]
    Unavailable(Arc<str>),
    #[error("internal: {0}")]
    Internal(Arc<str>),
}

/// Why a request that showed credentials, or needed some, is not signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthFailure {
    Missing,
    Invalid,
    Expired,
    Revoked,
}

/// One thing to mend, at one field of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub code: FaultCode,
    /// The path in the input; empty when no single field is at fault.
    pub field: Vec<&'static str>,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultCode {
    Required,
    TooShort,
    TooLong,
    Invalid,
    Reserved,
    Taken,
    PasswordTooWeak,
    InvalidCredentials,
    EmailNotVerified,
    AccountSuspended,
    TokenInvalid,
    LastAdmin,
}

impl Fault {
    pub fn new(code: FaultCode, message: impl Into<String>) -> Self {
        Self { code, field: Vec::new(), message: message.into() }
    }

    pub fn at(mut self, field: &'static str) -> Self {
        self.field.insert(0, field);
        self
    }
}

/// Collects the faults of one input, so that all are told at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// The parsed value, or `None` with its fault noted at `field`.
    pub fn check<T>(&mut self, field: &'static str, parsed: Result<T, Fault>) -> Option<T> {
        parsed.map_err(|fault| self.0.push(fault.at(field))).ok()
    }

    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Takes over the faults of what stands inside `field`.
    pub fn within(&mut self, field: &'static str, inside: Self) {
        self.0.extend(inside.0.into_iter().map(|fault| fault.at(field)));
    }

    /// An error when there is any.
    pub fn none(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(self.into()) }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Faults> for Error {
    fn from(faults: Faults) -> Self {
        Self::Faults(faults.0)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Faults(vec![fault])
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        let away = matches!(error, DbErr::Conn(_) | DbErr::ConnectionAcquire(_)) || is_connection_error(&error);
        let cause: Arc<str> = error.to_string().into();
        match () {
            () if is_retryable(&error) => Self::Conflict(cause),
            () if is_over_time(&error) => Self::Timeout,
            () if is_locked(&error) => Self::TooBusy(LOCKED_FOR),
            () if away || is_full(&error) => Self::Unavailable(cause),
            () => Self::Internal(cause),
        }
    }
}

/// Read in place it failed; what that means to a client the pool's own error tells.
impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(error)
    }
}

impl Error {
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::Internal(cause.to_string().into())
    }
}

/// What a unique index that refused the row says; its name is in it on every engine.
pub fn duplicate_key(error: &DbErr) -> Option<String> {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(message)) => Some(message),
        _ => None,
    }
}

/// Whether a row that this one belongs to is not there, or not any more.
pub fn is_missing_reference(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_)))
}

/// Whether the database asks for the same transaction again: a deadlock, or a failed serialization.
fn is_retryable(error: &DbErr) -> bool {
    // PostgreSQL: 40001 serialization_failure, 40P01 deadlock_detected.
    // MySQL: 40001 for both, 1205 lock wait timeout as HY000.
    database_code(error).is_some_and(|code| matches!(code.as_str(), "40001" | "40P01"))
}

/// Whether the engine ended the statement because it took longer than it may.
fn is_over_time(error: &DbErr) -> bool {
    // PostgreSQL: 57014 query_canceled. SQLite: 9 SQLITE_INTERRUPT. MariaDB: 70100 query_interrupted.
    if database_code(error).is_some_and(|code| matches!(code.as_str(), "57014" | "9" | "70100")) {
        return true;
    }
    // MySQL has numbers for it: reading took too long, waiting for a lock did.
    mysql_number(error).is_some_and(|number| matches!(number, 3024 | 1205))
}

/// Whether another process (a command, a tool) holds SQLite's file for longer than we wait. In this one nobody does.
fn is_locked(error: &DbErr) -> bool {
    // SQLITE_BUSY, and the same while a log is recovered, and for a reader that would become a writer.
    database_code(error).is_some_and(|code| matches!(code.as_str(), "5" | "261" | "517"))
}

/// Whether the engine has no room left, on its disk or for one more connection: somebody has to make some.
fn is_full(error: &DbErr) -> bool {
    // SQLite: 13 SQLITE_FULL. PostgreSQL: class 53, insufficient resources. MySQL: ER_DISK_FULL, ER_RECORD_FILE_FULL.
    database_code(error).is_some_and(|code| code == "13" || (code.len() == 5 && code.starts_with("53")))
        || mysql_number(error).is_some_and(|number| matches!(number, 1021 | 1114))
}

fn mysql_number(error: &DbErr) -> Option<u16> {
    database_error(error)?.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
}

fn database_code(error: &DbErr) -> Option<String> {
    database_error(error)?.code().map(std::borrow::Cow::into_owned)
}

fn database_error(error: &DbErr) -> Option<&dyn DatabaseError> {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = error else {
        return None;
    };
    cause.as_database_error()
}

fn is_connection_error(error: &DbErr) -> bool {
    use sea_orm::sqlx::Error as Sqlx;
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = error else {
        return false;
    };
    matches!(**cause, Sqlx::Io(_) | Sqlx::PoolTimedOut | Sqlx::PoolClosed | Sqlx::WorkerCrashed)
        || database_code(error).is_some_and(|code| code.starts_with("57P") || code.starts_with("08"))
}
