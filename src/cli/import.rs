//! `lyceum import`: brings the accounts of another system in from a file, and tells of each row what became of it. Rows
//! come and go in batches, so a file may be larger than the memory.

mod rows;

use std::{
    cell::Cell,
    fs::File,
    io::{self, Write as _},
    path::PathBuf,
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use self::rows::{Format, Rows};
use super::Failure;
use crate::{
    config::Config,
    core::{
        Core,
        accounts::import::{BATCH, Import, Outcome, Row, Terms, Told},
        viewer::Viewer,
    },
};

#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
pub(super) struct Asked {
    /// JSON lines (.jsonl) or CSV with a header (.csv). Fields, like this or with underscores: username, email,
    /// firstName, lastName, passwordHash, and where you have them role, emailVerified, createdAt
    file: PathBuf,
    /// Check every row against the rules and the database, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Take usernames that nobody could sign up with, such as `support`, or one like a moderator's
    #[arg(long)]
    allow_reserved: bool,
    /// Take rows whose role is ADMIN
    #[arg(long)]
    allow_admins: bool,
    /// Take rows without a passwordHash; who they belong to has to reset the password
    #[arg(long)]
    without_passwords: bool,
}

#[derive(Default)]
struct Count {
    created: u64,
    exist: u64,
    refused: u64,
}

pub(super) async fn run(config: &Config, asked: Asked) -> Result<(), Failure> {
    let (bar, rows) = read(&asked.file).map_err(|why| unreadable(&asked, &why))?;
    let core = if asked.dry_run { untouched(config).await? } else { super::open(config).await? };
    let terms = Terms {
        allow_reserved: asked.allow_reserved,
        allow_admins: asked.allow_admins,
        without_passwords: asked.without_passwords,
        dry_run: asked.dry_run,
    };
    let mut count = Count::default();
    let imported = import(&core, terms, rows, &bar, &mut count).await;
    bar.finish_and_clear();
    // Said of what was done before it broke off, too.
    println!("{}", count.told(asked.dry_run));
    imported?.map_err(|why| unreadable(&asked, &why))?;
    core.db.close().await?;
    match count.refused {
        0 => Ok(()),
        1 => Err(Failure::Other("1 row was refused".to_owned())),
        refused => Err(Failure::Other(format!("{refused} rows were refused"))),
    }
}

/// The rows of a file, and the bar that moves as they are read: on standard error, where that is a terminal.
fn read(path: &std::path::Path) -> Result<(ProgressBar, Rows), String> {
    let format = Format::of(path)?;
    let file = File::open(path).map_err(|error| error.to_string())?;
    let bar = ProgressBar::new(file.metadata().map_err(|error| error.to_string())?.len());
    let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {elapsed}");
    let bar = if let Ok(style) = style { bar.with_style(style) } else { bar };
    Ok((bar.clone(), rows::read(bar.wrap_read(file), format)?))
}

fn unreadable(asked: &Asked, why: &str) -> Failure {
    Failure::Unreadable(format!("{}: {why}", asked.file.display()))
}

/// A database that is looked at and left as it is.
async fn untouched(config: &Config) -> Result<Core, Failure> {
    let core = super::connect(config).await?;
    match core.db.pending_migrations().await? {
        0 => Ok(core),
        _ => Err(Failure::Other("the database is not up to date: `lyceum migrate` comes first".to_owned())),
    }
}

/// All of the file, or up to where it cannot be read any more.
async fn import(
    core: &Core,
    terms: Terms,
    mut rows: Rows,
    bar: &ProgressBar,
    count: &mut Count,
) -> Result<Result<(), String>, Failure> {
    let done = Cell::new(0);
    let progress = |more: usize| {
        done.set(done.get() + more);
        bar.set_message(format!("{} rows", done.get()));
    };
    let mut import = Import::begin(core, &Viewer::Operator, terms, &progress).await?;
    loop {
        let mut broken = Ok(());
        let whole = |row: Result<Row, String>| row.map_err(|why| broken = Err(why)).ok();
        let batch: Vec<Row> = rows.by_ref().take(BATCH).map_while(whole).collect();
        if batch.is_empty() {
            return Ok(broken);
        }
        let told = import.rows(batch).await?;
        let lines: String = told.iter().map(line).collect();
        for told in &told {
            count.add(&told.outcome);
        }
        // A reader that closes the pipe early has read what it wanted; the import goes on.
        bar.suspend(|| io::stdout().lock().write_all(lines.as_bytes())).ok();
        if broken.is_err() {
            return Ok(broken);
        }
    }
}

fn line(told: &Told) -> String {
    let (word, why) = match &told.outcome {
        Outcome::Created => ("created", String::new()),
        Outcome::Exists => ("exists", String::new()),
        Outcome::Refused(faults) => ("refused", faults.iter().map(super::line).collect::<Vec<_>>().join(" ")),
    };
    let email = told.email.as_ref().map_or("", |email| email.as_str());
    let gap = if email.is_empty() || why.is_empty() { "" } else { "  " };
    format!("{:>7}  {word:<7}  {email}{gap}{why}\n", told.number)
}

impl Count {
    fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Created => self.created += 1,
            Outcome::Exists => self.exist += 1,
            Outcome::Refused(_) => self.refused += 1,
        }
    }

    fn told(&self, dry_run: bool) -> String {
        let Self { created, exist, refused } = self;
        if dry_run {
            return format!(
                "dry run, nothing was written: {created} would be created, {exist} exist already, {refused} refused"
            );
        }
        format!("{created} created, {exist} existed already, {refused} refused")
    }
}
