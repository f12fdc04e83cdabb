//! `lyceum doctor`: what works and what does not, a line each, and two figures: the time to the first answer and
//! the memory that it took.

use std::time::Instant;

use axum::{body::Body, http::Request};
use tower::ServiceExt as _;

use super::Failure;
use crate::{
    app::{self, App, World},
    config::{AppEnv, Config},
};

pub(super) async fn run(config: &Config) -> Result<(), Failure> {
    let mut faults = 0;
    let mut tell = |name: &str, state: Result<String, String>| match state {
        Ok(text) => println!("ok    {name:<10} {text}"),
        Err(text) => {
            faults += 1;
            println!("FAULT {name:<10} {text}");
        }
    };
    tell("settings", Ok(format!("{:?}", config.env).to_lowercase()));
    let base = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
    tell("address", public_address(config, &base));
    let world = World::real(config)?;
    let mail = match &world.mail {
        Some(transport) => transport.check().await,
        None => Err("SMTP_URL is not set, so mails wait in the outbox; for example \
                     SMTP_URL=smtp://user:password@in-v3.mailjet.com:587"
            .to_owned()),
    };
    tell("mail", mail);
    match database(config).await {
        Ok((text, pending)) => {
            tell("database", Ok(text));
            let waits = || Ok("not measured before the migrations have run".to_owned());
            tell("answer", if pending == 0 { first_answer(config, &base, world).await } else { waits() });
        }
        Err(text) => tell("database", Err(text)),
    }
    tell("memory", Ok(memory().unwrap_or_else(|| "not known on this system".to_owned())));
    if faults == 0 { Ok(()) } else { Err(Failure::Other(format!("{faults} to mend"))) }
}

fn public_address(config: &Config, base: &str) -> Result<String, String> {
    if config.env == AppEnv::Production && config.public_url.is_none() {
        return Err("PUBLIC_URL is not set; links in mails would start with the listening address".to_owned());
    }
    Ok(base.to_owned())
}

/// Looks, and changes nothing.
async fn database(config: &Config) -> Result<(String, usize), String> {
    let db = app::connect(config).await.map_err(|error| format!("{error}; check DATABASE_URL"))?;
    match db.pending_migrations().await {
        Ok(0) => Ok((format!("{}, up to date", db.engine()), 0)),
        Ok(pending) => Ok((format!("{}, {pending} migrations to run, which serve does", db.engine()), pending)),
        Err(error) => Err(error.to_string()),
    }
}

async fn first_answer(config: &Config, base: &str, world: World) -> Result<String, String> {
    let started = Instant::now();
    let app = App::build(config, base, world).await.map_err(|error| error.to_string())?;
    let request = Request::post("/graphql")
        .header("content-type", "application/json")
        .body(Body::from(r#"{"query":"{ __typename }"}"#))
        .map_err(|error| error.to_string())?;
    let response = app.router.oneshot(request).await.map_err(|error| error.to_string())?;
    let text = format!("the first answer came {} ms after the start", started.elapsed().as_millis());
    if response.status().is_success() { Ok(text) } else { Err(format!("answered {}", response.status())) }
}

/// The resident memory of this process, where the system tells.
fn memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(format!("{} MiB resident", kib / 1024))
}
