//! `lyceum doctor`: what works and what does not, a line each, and two figures: the time to the first answer and
//! the memory that it took.

mod machine;

use std::time::{Duration, Instant};

use axum::{body::Body, http::Request};
use tower::ServiceExt as _;

use super::Failure;
use crate::{
    app::{self, App, World},
    config::{AppEnv, Config},
    core::{Error, clock::Clock, db::Db},
};

/// As much as access tokens forgive.
const CLOCKS_APART: Duration = Duration::from_secs(5);

/// Either what is well, or what is wrong and how it is mended.
type Finding = Result<String, String>;

pub(super) async fn run(config: &Config) -> Result<(), Failure> {
    let mut faults = 0;
    let mut tell = |name: &str, finding: Finding| match finding {
        Ok(text) => println!("ok    {name:<10} {text}"),
        Err(text) => {
            faults += 1;
            println!("FAULT {name:<10} {text}");
        }
    };
    tell("settings", Ok(format!("{:?}", config.env).to_lowercase()));
    let base = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
    tell("address", public_address(config, &base));
    tell("secrets", machine::secrets(&config.secret_files));
    tell("data", machine::data(&config.data_dir));
    tell("disk", machine::disk(&config.data_dir));
    let world = World::real(config)?;
    tell("mail", mail(&world).await);
    match app::connect(config).await {
        Ok(db) => {
            let (state, ready) = database(&db).await;
            tell("database", state);
            tell("clock", clock(&db).await);
            db.close().await?;
            tell("answer", if ready { first_answer(config, &base, world).await } else { Ok(NOT_MEASURED.to_owned()) });
        }
        Err(error) => tell("database", Err(format!("{error}; check DATABASE_URL"))),
    }
    if let Some(redis) = app::redis(config).await? {
        let found = redis.ping().await.map(|()| "answers; limits and events are shared".to_owned());
        tell("redis", found.map_err(|error| format!("{error}; check REDIS_URL")));
    }
    if let Some(collector) = app::collector(config)? {
        let found = collector.check().await.map(|()| "the collector takes them".to_owned());
        tell("traces", found.map_err(|error| format!("{error}; check OTEL_EXPORTER_OTLP_ENDPOINT")));
    }
    tell("memory", Ok(machine::memory().unwrap_or_else(|| "not known on this system".to_owned())));
    if faults == 0 { Ok(()) } else { Err(Failure::Other(format!("{faults} to mend"))) }
}

const NOT_MEASURED: &str = "not measured on a database of another version";

fn public_address(config: &Config, base: &str) -> Finding {
    if config.env == AppEnv::Production && config.public_url.is_none() {
        return Err("PUBLIC_URL is not set; links in mails would start with the listening address".to_owned());
    }
    Ok(base.to_owned())
}

async fn mail(world: &World) -> Finding {
    match &world.mail {
        Some(transport) => transport.check().await,
        None => Err("SMTP_URL is not set, so mails wait in the outbox; for example \
                     SMTP_URL=smtp://user:password@in-v3.mailjet.com:587"
            .to_owned()),
    }
}

/// And whether it is one that this version works with as it is. Looks, and changes nothing.
async fn database(db: &Db) -> (Finding, bool) {
    match db.pending_migrations().await {
        Ok(0) => (Ok(format!("{}, up to date", db.engine())), true),
        Ok(pending) => (Ok(format!("{}, {pending} migrations to run, which serve does", db.engine())), false),
        Err(Error::Internal(cause)) => (Err(cause.to_string()), false),
        Err(error) => (Err(error.to_string()), false),
    }
}

/// Sessions and links end by this machine's clock; a database server's tells whether that one is right.
async fn clock(db: &Db) -> Finding {
    let theirs = db.now().await.map_err(|error| error.to_string())?;
    let Some(theirs) = theirs else { return Ok("this machine's alone".to_owned()) };
    let ours = Clock::System.now();
    let apart = if ours < theirs { ours.until(theirs) } else { theirs.until(ours) };
    if apart > CLOCKS_APART {
        let seconds = apart.as_secs();
        return Err(format!("{seconds} s apart from the database's; set both by NTP, for example with chrony"));
    }
    Ok(format!("{} ms apart from the database's", apart.as_millis()))
}

async fn first_answer(config: &Config, base: &str, world: World) -> Finding {
    let started = Instant::now();
    // What a stopwatch asks is nobody's request.
    let config = &Config { traces: None, ..config.clone() };
    let app = App::build(config, base, world).await.map_err(|error| error.to_string())?;
    let request = Request::post("/graphql")
        .header("content-type", "application/json")
        .body(Body::from(r#"{"query":"{ __typename }"}"#))
        .map_err(|error| error.to_string())?;
    let response = app.router.oneshot(request).await.map_err(|error| error.to_string())?;
    let text = format!("the first answer came {} ms after the start", started.elapsed().as_millis());
    if response.status().is_success() { Ok(text) } else { Err(format!("answered {}", response.status())) }
}
