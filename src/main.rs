//! Reads the command line and runs it.

use std::process::ExitCode;

use clap::Parser as _;
use lyceum::cli::{self, Cli};

/// `SQLite`'s C allocations too, through `override`: a quarter of a nested query was `malloc`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lyceum: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
