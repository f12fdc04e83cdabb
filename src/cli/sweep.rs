//! `lyceum sweep`: takes what is over, once, and says what went. `serve` does the same daily.

use super::Failure;
use crate::{config::Config, core::retention};

pub(super) async fn run(config: &Config) -> Result<(), Failure> {
    let core = super::open(config).await?;
    let swept = retention::sweep(&core).await?;
    println!("{}: {swept}", core.db.engine());
    Ok(core.db.close().await?)
}
