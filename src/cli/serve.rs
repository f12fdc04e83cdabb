//! `lyceum serve`: builds the app, tells where everything is, and serves until it is asked to stop.

use std::{future, io, net::SocketAddr, time::Duration};

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::{net::TcpListener, task::JoinHandle};

use super::Failure;
use crate::{
    app::{self, App, World},
    config::{AppEnv, Config},
    core::{mail, retention},
    http::serve::{self, Closing, Limits},
};

/// How long requests in flight may go on after the signal to stop.
const GRACE: Duration = Duration::from_secs(30);
/// How long the last traces may take to leave, after that.
const LAST_TRACES: Duration = Duration::from_secs(5);
/// Connections to `/metrics`.
const SCRAPERS: usize = 16;

pub(super) async fn run(config: Config) -> Result<(), Failure> {
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| Failure::Other(format!("LISTEN: cannot listen on {}: {error}", config.listen)))?;
    let address = listener.local_addr().map_err(|error| Failure::Other(error.to_string()))?;
    let base = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let app = App::build(&config, &base, World::real(&config)?).await?;
    // Heard from before anybody can know that it runs: a signal that is not heard ends a process at once.
    let signals = Signals::listen().map_err(|error| Failure::Other(error.to_string()))?;
    announce(&config, address, &base, &app);
    let figures = figures(&config, &app).await?;
    let mailer = tokio::spawn(mail::run((*app.core).clone()));
    let sweeper = tokio::spawn(retention::run((*app.core).clone()));
    let limits = Limits {
        header_timeout: config.http.header_timeout,
        keep_alive: config.http.keep_alive,
        connections: config.http.connections,
        connections_per_ip: config.http.connections_per_ip,
        grace: GRACE,
    };
    serve::serve(listener, app.router, limits, &app.closing, stop(signals)).await;
    mailer.abort();
    sweeper.abort();
    if let Some(figures) = figures {
        figures.abort();
    }
    app.core.traces.flush(LAST_TRACES).await;
    app.core.db.clone().close().await?;
    tracing::info!("stopped");
    Ok(())
}

/// `/metrics`, for as long as its task runs; it goes with the server, whoever still reads it.
async fn figures(config: &Config, app: &App) -> Result<Option<JoinHandle<()>>, Failure> {
    let Some(address) = config.metrics_listen else { return Ok(None) };
    let listener = TcpListener::bind(address).await;
    let listener =
        listener.map_err(|error| Failure::Other(format!("METRICS_LISTEN: cannot listen on {address}: {error}")))?;
    let address = listener.local_addr().map_err(|error| Failure::Other(error.to_string()))?;
    println!("  metrics    http://{address}/metrics");
    let limits = Limits {
        header_timeout: config.http.header_timeout,
        keep_alive: config.http.keep_alive,
        connections: SCRAPERS,
        connections_per_ip: SCRAPERS,
        grace: Duration::ZERO,
    };
    let routes = app.metrics.clone();
    let serving = async move { serve::serve(listener, routes, limits, &Closing::default(), future::pending()).await };
    Ok(Some(tokio::spawn(serving)))
}

/// Where everything is, on standard output: the first thing that a newcomer reads.
fn announce(config: &Config, address: SocketAddr, base: &str, app: &App) {
    println!("Lyceum is listening on http://{address}");
    println!("  GraphQL    {base}/graphql");
    if config.http.playground {
        println!("  playground {base}/playground");
    }
    println!("  schema     {base}/schema.graphql");
    println!("  database   {}", app.core.db.engine());
    if let Some(traces) = &config.traces {
        println!("  traces     to {}", traces.endpoint);
    }
    match (&config.mail.smtp_url, config.env) {
        (Some(_), _) => println!("  mail       by SMTP"),
        (None, AppEnv::Development) => println!("  mailbox    {base}/dev/mail"),
        (None, AppEnv::Production) => {
            println!("  mail       waits in the outbox: set SMTP_URL");
            tracing::warn!("SMTP_URL is not set; mails wait in the outbox");
        }
    }
    if !app::secure_cookie(config, base) {
        println!("  cookie     without Secure and the prefix __Host-, since this is plain http");
    } else if !base.starts_with("https://") {
        tracing::warn!("PUBLIC_URL is not https, so browsers will not keep the session cookie");
    }
    if config.env == AppEnv::Development {
        println!("  mode       development; set APP_ENV=production for a server that others reach");
        if config.secrets.generated {
            let folder = config.data_dir.join("secrets");
            tracing::warn!(folder = %folder.display(), "development secrets are in use");
        }
    } else if config.public_url.is_none() {
        tracing::warn!("PUBLIC_URL is not set; links in mails start with {base}");
    }
}

/// The first signal asks for an end, the second one takes it.
async fn stop(mut signals: Signals) {
    signals.next().await;
    tracing::info!("stopping: no new connections, requests in flight go on");
    tokio::spawn(async move {
        signals.next().await;
        std::process::exit(130);
    });
}

/// `SIGTERM` and `SIGINT`.
#[cfg(unix)]
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
