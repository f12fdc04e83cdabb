//! The command line: one file for each command. What a command prints is for people.

mod admin;
mod backup;
mod doctor;
mod health;
mod import;
mod logging;
mod migrate;
mod schema;
mod seed;
mod serve;
mod sweep;

use std::fmt;

use clap::{Parser, Subcommand};

use crate::{
    app::{self, World},
    config::{Config, Wrong},
    core::{
        Core,
        error::{Error, Fault},
    },
};

/// A GraphQL server for accounts, sessions, roles, posts and comments.
#[derive(Debug, Parser)]
#[command(name = "lyceum", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API (what no command means)
    Serve,
    /// Bring the database up to this version and exit
    Migrate,
    /// Print the GraphQL schema (SDL)
    Schema,
    /// Fill an empty database with an example site
    Seed(seed::Asked),
    /// Bring accounts of another system in, with their password hashes
    Import(import::Asked),
    /// Manage administrators and accounts
    #[command(subcommand)]
    Admin(admin::Command),
    /// Copy the SQLite database to a new file while the server goes on
    Backup(backup::Asked),
    /// Take what is over: ended sessions, spent tokens, old mails (serve does it daily)
    Sweep,
    /// Check settings, machine, mail, database and speed
    Doctor,
    /// Ask the running server whether it is ready
    Health,
}

/// The domain on a database that is up to date, for commands that work without a door.
async fn open(config: &Config) -> Result<Core, Failure> {
    let core = connect(config).await?;
    core.db.migrate().await?;
    Ok(core)
}

/// The same on a database as it is.
async fn connect(config: &Config) -> Result<Core, Failure> {
    let db = app::connect(config).await?;
    let base = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
    Ok(app::core(config, &base, db, World::real(config)?, None)?)
}

/// Why a command failed, in words for the terminal.
#[derive(Debug)]
pub enum Failure {
    Settings(Wrong),
    Domain(Error),
    /// A file that was named, and why it cannot be read.
    Unreadable(String),
    Other(String),
}

impl Failure {
    /// 2 for what is wrong with the command itself, as the parser of the command line has it too.
    pub fn exit_code(&self) -> u8 {
        if matches!(self, Self::Unreadable(_)) { 2 } else { 1 }
    }
}

pub fn run(cli: Cli) -> Result<(), Failure> {
    let command = cli.command.unwrap_or(Command::Serve);
    if matches!(command, Command::Schema) {
        schema::run();
        return Ok(());
    }
    let config = Config::load().map_err(Failure::Settings)?;
    logging::start(&config.log);
    // Two crates speak TLS; both are to use this provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::Other(error.to_string()))?;
    runtime.block_on(async {
        match command {
            Command::Serve => serve::run(config).await,
            Command::Migrate => migrate::run(&config).await,
            Command::Schema => Ok(()),
            Command::Seed(asked) => seed::run(&config, asked).await,
            Command::Import(asked) => import::run(&config, asked).await,
            Command::Admin(command) => admin::run(&config, command).await,
            Command::Backup(asked) => backup::run(&config, &asked).await,
            Command::Sweep => sweep::run(&config).await,
            Command::Doctor => doctor::run(&config).await,
            Command::Health => health::run(&config),
        }
    })
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(wrong) => write!(f, "these settings are wrong:\n{wrong}"),
            Self::Domain(Error::Faults(faults)) => {
                let lines: Vec<String> = faults.iter().map(line).collect();
                write!(f, "{}", lines.join("\n"))
            }
            Self::Domain(Error::Unavailable(cause)) => write!(f, "DATABASE_URL: the database does not answer: {cause}"),
            Self::Domain(error) => write!(f, "{error}"),
            Self::Unreadable(text) | Self::Other(text) => write!(f, "{text}"),
        }
    }
}

fn line(fault: &Fault) -> String {
    if fault.field.is_empty() {
        return fault.message.clone();
    }
    format!("{}: {}", fault.field.join("."), fault.message)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Domain(error)
    }
}
