//! `lyceum admin create`: the first administrator is made here, by who runs the server. There is no default one.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use clap::{Args, Subcommand};

use super::Failure;
use crate::{
    app::{self, World},
    config::Config,
    core::{
        accounts::{management, signup::NewAccount},
        viewer::{Role, Viewer},
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an administrator; the password is read from standard input, or asked for
    Create(Create),
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

pub(super) async fn run(config: &Config, command: Command) -> Result<(), Failure> {
    let Command::Create(Create { username, email, first_name, last_name }) = command;
    let password = password().map_err(|error| Failure::Other(format!("cannot read the password: {error}")))?;
    let db = app::connect(config).await?;
    db.migrate().await?;
    let base = config.public_url.clone().unwrap_or_default();
    let core = app::core(config, &base, db, World::real(config)?)?;
    let new = NewAccount { username, email, password, first_name, last_name };
    let user = management::create(&core, &Viewer::Operator, new, Role::Admin).await?;
    println!("{} is an administrator", user.username);
    Ok(core.db.close().await?)
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
