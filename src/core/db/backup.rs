//! A copy of a SQLite database as it is at one moment, made and looked through while others write. Nobody waits for it: it
//! is one long read.
//!
//! Half a copy never has the name that was asked for. It is written beside it under another one and renamed once it
//! is whole, checked and on the disk; and a copy that exists is never written over.

use std::{io, path::Path};

use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement};
use tokio::fs;

use super::{Db, common};
use crate::core::error::{Error, Fault, FaultCode, Result};

impl Db {
    /// Copies the database to a file that is not there yet; gives the bytes of the copy.
    pub async fn backup(&self, file: &Path) -> Result<u64> {
        let file = std::path::absolute(file).map_err(|error| unwritable(file, &error))?;
        let mut name = file.clone().into_os_string();
        name.push(format!(".{}.part", std::process::id()));
        let unfinished = Path::new(&name);
        refuse_existing(&file).await?;
        make_private(unfinished).await.map_err(|error| unwritable(&file, &error))?;
        let made = async {
            self.copy_to(unfinished).await?;
            check(unfinished).await?;
            refuse_existing(&file).await?;
            settle(unfinished, &file).await.map_err(|error| unwritable(&file, &error))
        };
        let made = made.await;
        if made.is_err() {
            let _ = fs::remove_file(unfinished).await;
        }
        made
    }

    /// `VACUUM INTO` reads as one transaction, and leaves out what was deleted.
    async fn copy_to(&self, file: &Path) -> Result<()> {
        let text = file.to_str().ok_or_else(|| Fault::new(FaultCode::Invalid, "the name of the file is not UTF-8"))?;
        let copy = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [text.into()]);
        self.reader.execute_raw(copy).await?;
        Ok(())
    }
}

async fn check(copy: &Path) -> Result<()> {
    let mut connect = common("sqlite:copy");
    let path = copy.to_owned();
    connect.max_connections(1).map_sqlx_sqlite_opts(move |sqlite| sqlite.filename(&path).read_only(true));
    let connection = Database::connect(connect).await?;
    let whole = is_whole(&connection).await;
    connection.close_by_ref().await?;
    if whole? { Ok(()) } else { Err(Error::internal("the copy is damaged, and so is the database, most probably")) }
}

async fn is_whole(copy: &DatabaseConnection) -> Result<bool, DbErr> {
    let rows = async |sql: &str| copy.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await;
    let told: Result<Vec<String>, DbErr> = rows("PRAGMA integrity_check").await?.iter().map(first).collect();
    Ok(told? == ["ok"] && rows("PRAGMA foreign_key_check").await?.is_empty())
}

fn first(row: &QueryResult) -> Result<String, DbErr> {
    row.try_get_by_index(0)
}

/// An empty file for its owner alone, which SQLite takes as it is.
async fn make_private(file: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(file).await.map(drop)
}

/// On the disk first, under its name then; and the name has to be on the disk too.
async fn settle(unfinished: &Path, file: &Path) -> io::Result<u64> {
    let copy = fs::File::open(unfinished).await?;
    copy.sync_all().await?;
    fs::rename(unfinished, file).await?;
    #[cfg(unix)]
    if let Some(folder) = file.parent() {
        fs::File::open(folder).await?.sync_all().await?;
    }
    Ok(copy.metadata().await?.len())
}

async fn refuse_existing(file: &Path) -> Result<()> {
    if fs::try_exists(file).await.map_err(|error| unwritable(file, &error))? {
        let text = format!("{} exists already; a backup is a new file", file.display());
        return Err(Fault::new(FaultCode::Taken, text).into());
    }
    Ok(())
}

fn unwritable(file: &Path, error: &io::Error) -> Error {
    Fault::new(FaultCode::Invalid, format!("cannot write {}: {error}", file.display())).into()
}
