//! `lyceum serve`: builds the app, tells where everything is, and serves until it is asked to stop.

use std::{net::SocketAddr, time::Duration};

use tokio::net::TcpListener;

use super::Failure;
use crate::{
    app::{self, App, World},
    config::{AppEnv, Config},
    core::{mail, retention},
    http::serve::{self, Limits},
};

/// How long requests in flight may go on after the signal to stop.
const GRACE: Duration = Duration::from_secs(30);

pub(super) async fn run(config: Config) -> Result<(), Failure> {
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| Failure::Other(format!("LISTEN: cannot listen on {}: {error}", config.listen)))?;
    let address = listener.local_addr().map_err(|error| Failure::Other(error.to_string()))?;
    let base = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let app = App::build(&config, &base, World::real(&config)?).await?;
    announce(&config, address, &base, &app);
    let mailer = tokio::spawn(mail::run((*app.core).clone()));
    let sweeper = tokio::spawn(retention::run((*app.core).clone()));
    let limits = Limits {
        header_timeout: config.http.header_timeout,
        connections: config.http.connections,
        connections_per_ip: config.http.connections_per_ip,
        grace: GRACE,
    };
    serve::serve(listener, app.router, limits, &app.closing, stop()).await;
    mailer.abort();
    sweeper.abort();
    app.core.db.clone().close().await?;
    tracing::info!("stopped");
    Ok(())
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
async fn stop() {
    signal().await;
    tracing::info!("stopping: no new connections, requests in flight go on");
    tokio::spawn(async {
        signal().await;
        std::process::exit(130);
    });
}

async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
