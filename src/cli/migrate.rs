//! `lyceum migrate`: brings the database up to this version and ends.

use super::Failure;
use crate::{app, config::Config};

pub(super) async fn run(config: &Config) -> Result<(), Failure> {
    let db = app::connect(config).await?;
    db.migrate().await?;
    println!("{}: the database is up to date", db.engine());
    Ok(db.close().await?)
}
