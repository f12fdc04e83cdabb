//! `lyceum admin …`: what who runs the server does with accounts, the first administrator among it. There is no default
//! one. Nothing here needs an administrator's password, and nothing tells or sets anybody else's.

mod list;

use std::{
    io::{BufRead as _, IsTerminal as _, Write as _},
    sync::Arc,
    time::Duration,
};

use clap::{Args, Subcommand, ValueEnum};

use super::Failure;
use crate::{
    config::{self, Config},
    core::{
        Core, Origin,
        accounts::{
            User, directory,
            management::{self, Suspension},
            recovery,
            signup::NewAccount,
        },
        clock::Time,
        viewer::{Role, Viewer},
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an administrator; the password is read from standard input, or asked for
    Create(Create),
    /// List administrators and moderators
    List(list::Asked),
    /// Set what an account may do
    Role {
        /// The username or the e-mail address
        account: String,
        role: RoleName,
    },
    /// Lock an account out and end its sessions
    Suspend(Suspend),
    /// Let a suspended account in again
    Reinstate {
        /// The username or the e-mail address
        account: String,
    },
    /// Print a link that sets a new password, good once; nothing is mailed
    ResetPassword {
        /// The username or the e-mail address
        account: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// 3 to 32 letters, digits and underscores
    #[arg(long)]
    username: String,
    /// The e-mail address; it counts as verified
    #[arg(long)]
    email: String,
    #[arg(long, default_value = "Site")]
    first_name: String,
    #[arg(long, default_value = "Administrator")]
    last_name: String,
}

#[derive(Debug, Args)]
pub(super) struct Suspend {
    /// The username or the e-mail address
    account: String,
    /// The end, such as 2026-12-31T12:00:00Z; without one it lasts until somebody ends it
    #[arg(long, value_parser = moment, conflicts_with = "lasting")]
    until: Option<Time>,
    /// How long: 12h, 30d
    #[arg(long = "for", id = "lasting", value_name = "DURATION", value_parser = config::duration)]
    lasting: Option<Duration>,
    /// What its owner is told at the login
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum RoleName {
    User,
    Moderator,
    Admin,
}

pub(super) async fn run(config: &Config, command: Command) -> Result<(), Failure> {
    if let Command::Create(wanted) = command {
        return create(config, wanted).await;
    }
    let (core, origin) = (super::open(config).await?, Origin::command_line());
    match command {
        Command::Create(_) => {}
        Command::List(asked) => list::run(&core, &asked).await?,
        Command::Role { account, role } => {
            let user =
                management::set_role(&core, &Viewer::Operator, &origin, find(&core, &account).await?.id, role.into())
                    .await?;
            println!("{} {}", user.username, is_a(user.role));
        }
        Command::Suspend(wanted) => suspend(&core, wanted).await?,
        Command::Reinstate { account } => {
            let user =
                management::reinstate(&core, &Viewer::Operator, &origin, find(&core, &account).await?.id).await?;
            println!("{} is not suspended", user.username);
        }
        Command::ResetPassword { account } => reset_password(&core, &account).await?,
    }
    Ok(core.db.close().await?)
}

async fn create(config: &Config, wanted: Create) -> Result<(), Failure> {
    let password = password().map_err(|error| Failure::Other(format!("cannot read the password: {error}")))?;
    let core = super::open(config).await?;
    let Create { username, email, first_name, last_name } = wanted;
    let new = NewAccount { username, email, password, first_name, last_name };
    let user = management::create(&core, &Viewer::Operator, &Origin::command_line(), new, Role::Admin).await?;
    println!("{} {}", user.username, is_a(user.role));
    Ok(core.db.close().await?)
}

async fn suspend(core: &Core, wanted: Suspend) -> Result<(), Failure> {
    let id = find(core, &wanted.account).await?.id;
    let until = wanted.until.or_else(|| wanted.lasting.map(|lasting| core.clock.now().plus(lasting)));
    let suspension = Suspension { until, reason: wanted.reason };
    let user = management::suspend(core, &Viewer::Operator, &Origin::command_line(), id, suspension).await?;
    let end = until.map(|until| format!(" until {}", minute(until))).unwrap_or_default();
    println!("{} is suspended{end}, and every session has ended", user.username);
    Ok(())
}

/// The link alone on standard output, so that it can be piped to where it is wanted.
async fn reset_password(core: &Core, account: &str) -> Result<(), Failure> {
    let user = find(core, account).await?;
    let made = recovery::reset_link(core, &Viewer::Operator, user.id).await?;
    println!("{}", made.link);
    eprintln!("Good once, until {}; links from before are dead. Nothing was mailed.", minute(made.expires_at));
    eprintln!("The sessions of {} go on until it is used, which ends them all.", user.username);
    Ok(())
}

async fn find(core: &Core, account: &str) -> Result<Arc<User>, Failure> {
    let found = if account.contains('@') {
        directory::find_by_email(core, &Viewer::Operator, account).await?
    } else {
        directory::find_by_username(core, account).await?
    };
    found.ok_or_else(|| Failure::Other(format!("there is no account {account:?}")))
}

/// One line: typed without showing it, or whatever standard input holds.
fn password() -> std::io::Result<String> {
    if std::io::stdin().is_terminal() {
        return rpassword::prompt_password("Password: ");
    }
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn moment(text: &str) -> Result<Time, String> {
    Time::parse(text).ok_or_else(|| "is not a moment such as 2026-12-31T12:00:00Z".to_owned())
}

fn minute(at: Time) -> String {
    at.to_utc().format("%Y-%m-%d %H:%M UTC").to_string()
}

fn is_a(role: Role) -> &'static str {
    match role {
        Role::User => "is a user",
        Role::Moderator => "is a moderator",
        Role::Admin => "is an administrator",
    }
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::User => Self::User,
            RoleName::Moderator => Self::Moderator,
            RoleName::Admin => Self::Admin,
        }
    }
}
