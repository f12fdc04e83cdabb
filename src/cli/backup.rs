//! `lyceum backup`: a copy of the SQLite database, made while the server goes on. The other engines have tools of
//! their own for it, which are named.

use std::{path::PathBuf, time::Instant};

use clap::Args;

use super::Failure;
use crate::{app, config::Config, core::db};

#[derive(Debug, Args)]
pub(super) struct Asked {
    /// The file to make; one that exists is left alone
    file: PathBuf,
}

pub(super) async fn run(config: &Config, asked: &Asked) -> Result<(), Failure> {
    let url = config.database.url.expose();
    if let Some(tool) = tool(url) {
        return Err(Failure::Other(format!("only SQLite is backed up by this command; here it is done by {tool}")));
    }
    // Opening it would make it, and an empty backup is none.
    if let Some(file) = db::sqlite_file(url).filter(|file| !file.exists()) {
        return Err(Failure::Other(format!("there is no database at {}; check DATABASE_URL", file.display())));
    }
    let started = Instant::now();
    let db = app::connect(config).await?;
    let bytes = db.backup(&asked.file).await?;
    let seconds = started.elapsed().as_secs_f64();
    println!("{}: {bytes} bytes in {seconds:.1} s, whole and checked", asked.file.display());
    Ok(db.close().await?)
}

fn tool(url: &str) -> Option<&'static str> {
    match url.split(':').next() {
        Some("postgres" | "postgresql") => Some("pg_dump --format=custom --file=FILE DATABASE"),
        Some("mysql") => Some("mysqldump --single-transaction --hex-blob --result-file=FILE DATABASE"),
        _ => None,
    }
}
