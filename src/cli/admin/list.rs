//! `lyceum admin list`: a line for each account, aligned for people or as JSON for programs, page by page, so that a
//! million of them take no more memory than a hundred.

use std::io::{self, Write};

use chrono::SecondsFormat;
use clap::Args;
use serde::Serialize;

use crate::{
    cli::Failure,
    core::{
        Core, Result,
        accounts::{
            Private, User,
            directory::{self, Field, Filter, Order},
        },
        clock::Time,
        page::{Direction, Window},
        viewer::{Role, Viewer},
    },
    graphql,
};

#[derive(Debug, Args)]
pub(in crate::cli) struct Asked {
    /// Everybody, the oldest account first
    #[arg(long)]
    all: bool,
    /// A JSON object for each line
    #[arg(long)]
    json: bool,
}

/// What programs read.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'u> {
    id: String,
    username: &'u str,
    email: &'u str,
    first_name: &'u str,
    last_name: &'u str,
    role: &'static str,
    email_verified: bool,
    suspended_until: Option<String>,
    created_at: String,
    last_login_at: Option<String>,
}

pub(super) async fn run(core: &Core, asked: &Asked) -> Result<(), Failure> {
    let roles: &[Option<Role>] = if asked.all { &[None] } else { &[Some(Role::Admin), Some(Role::Moderator)] };
    if !asked.json && write_out(&heading()).is_err() {
        return Ok(());
    }
    for role in roles {
        // A reader that closes the pipe early has read what it wanted.
        if walk(core, *role, asked.json).await?.is_err() {
            break;
        }
    }
    Ok(())
}

async fn walk(core: &Core, role: Option<Role>, json: bool) -> Result<io::Result<()>> {
    let filter = Filter { role, ..Filter::default() };
    let order = Order { field: Field::CreatedAt, direction: Direction::Asc };
    let mut after = None;
    loop {
        let window = Window::longest_after(after);
        let page = directory::list(core, &Viewer::Operator, &window, order, &filter).await?;
        let now = core.clock.now();
        let lines = page.rows.iter().map(|(_, user)| if json { as_json(user) } else { as_text(user, now) });
        if let Err(closed) = write_out(&lines.collect::<String>()) {
            return Ok(Err(closed));
        }
        after = page.rows.into_iter().last().map(|(position, _)| position);
        if !page.has_next {
            return Ok(Ok(()));
        }
    }
}

fn write_out(text: &str) -> io::Result<()> {
    io::stdout().lock().write_all(text.as_bytes())
}

fn heading() -> String {
    aligned(["USERNAME", "ROLE", "STATE", "CREATED", "LAST LOGIN", "EMAIL"])
}

fn private(user: &User) -> Option<&Private> {
    user.private(Viewer::Operator.private_access(user.id).ok()?)
}

fn as_text(user: &User, now: Time) -> String {
    let private = private(user);
    let day = |at: Time| at.to_utc().format("%Y-%m-%d").to_string();
    let state = match private {
        Some(private) if private.is_suspended(now) => "suspended",
        Some(private) if private.email_verified_at.is_none() => "unverified",
        _ => "active",
    };
    aligned([
        &user.username,
        &user.role.as_str().to_lowercase(),
        state,
        &day(user.created_at),
        &private.and_then(|private| private.last_login_at).map_or_else(|| "never".to_owned(), day),
        private.map_or("", |private| &private.email),
    ])
}

/// The address comes last, since no other column may be so long. All of them are ASCII.
fn aligned([username, role, state, created, last_login, email]: [&str; 6]) -> String {
    format!("{username:<32}  {role:<9}  {state:<10}  {created:<10}  {last_login:<10}  {email}\n")
}

fn as_json(user: &User) -> String {
    let moment = |at: Time| at.to_utc().to_rfc3339_opts(SecondsFormat::Micros, true);
    let private = private(user);
    let line = Line {
        id: graphql::user_id(user.id),
        username: &user.username,
        email: private.map_or("", |private| &private.email),
        first_name: &user.first_name,
        last_name: &user.last_name,
        role: user.role.as_str(),
        email_verified: private.is_some_and(|private| private.email_verified_at.is_some()),
        suspended_until: private.and_then(|private| private.suspended_until).map(moment),
        created_at: moment(user.created_at),
        last_login_at: private.and_then(|private| private.last_login_at).map(moment),
    };
    serde_json::to_string(&line).map(|line| line + "\n").unwrap_or_default()
}
