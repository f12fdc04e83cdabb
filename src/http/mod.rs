//! The door: HTTP by axum. It knows the schema, the viewer and where a request comes from; no business word.

mod answer;
mod avatars;
mod body;
pub mod collector;
mod cookies;
mod csrf;
mod document;
mod events;
mod freshness;
mod graphql;
mod health;
mod idle;
mod layers;
pub mod metrics;
mod multipart;
mod negotiation;
mod operation;
mod origin;
mod pages;
mod persisted;
mod playground;
mod seats;
pub mod serve;
mod sockets;
mod spans;
mod viewer;
mod watch;

use std::{path::PathBuf, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::FromRef,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::{any, get},
};

pub use document::{Gate as DocumentGate, Limits as DocumentLimits};
pub use persisted::Trusted;
pub use sockets::Patience;

use self::{cookies::SessionCookies, document::Documents, persisted::Persisted, seats::Seats, serve::Closing};
use crate::{
    core::{Core, Error, Result},
    graphql::{self as api, Schema},
};

/// What an operator decides about the door.
#[derive(Clone, Debug)]
pub struct Settings {
    pub documents: DocumentLimits,
    pub body_bytes: usize,
    pub upload_bytes: usize,
    pub body_timeout: Duration,
    pub operation_timeout: Duration,
    pub allowed_origins: Vec<String>,
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// Whether browsers reach this server over TLS, so that they may be told to stay there.
    pub tls: bool,
    /// Where this server is reached: `https://api.example.com`.
    pub origin: String,
    /// Whether the session cookie is for TLS alone; without it only in development over plain http.
    pub secure_cookie: bool,
    /// Whether `/playground` is served.
    pub playground: bool,
    pub trusted: Trusted,
    /// How long a cache may show the answer of a public query by GET.
    pub public_max_age: Duration,
    pub patience: Patience,
    /// The folder of development mails; none in production.
    pub mailbox: Option<PathBuf>,
}

impl Default for Settings {
    /// The documented limits, for a development server without pages of mails.
    fn default() -> Self {
        Self {
            documents: DocumentLimits::default(),
            body_bytes: 128 * 1024,
            upload_bytes: 2 * 1024 * 1024,
            body_timeout: Duration::from_secs(30),
            operation_timeout: Duration::from_secs(10),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            tls: false,
            origin: "http://127.0.0.1:4000".to_owned(),
            secure_cookie: false,
            playground: false,
            trusted: Trusted::default(),
            public_max_age: Duration::ZERO,
            patience: Patience::default(),
            mailbox: None,
        }
    }
}

#[derive(Clone)]
pub(crate) struct Door {
    core: Arc<Core>,
    schema: Schema,
    /// For documents that are known to be valid.
    trusting: Schema,
    documents: Arc<Documents>,
    persisted: Arc<Persisted>,
    cookies: SessionCookies,
    seats: Seats,
    closing: Closing,
    settings: Arc<Settings>,
}

impl FromRef<Door> for Arc<Core> {
    fn from_ref(door: &Door) -> Self {
        door.core.clone()
    }
}

/// Every route, with what holds for all of them around it.
pub fn router(
    core: Arc<Core>,
    [schema, trusting]: [Schema; 2],
    mut settings: Settings,
    closing: Closing,
) -> Result<Router> {
    let documents = Documents::new(settings.documents.clone(), api::CREDENTIAL_MUTATIONS, core.metrics.clone());
    let persisted = Persisted::new(std::mem::take(&mut settings.trusted));
    if let Some(fault) = persisted.fault(&documents) {
        return Err(Error::internal(format!("PERSISTED_DOCUMENTS: {fault}")));
    }
    let pages = pages::routes(pages::Info { playground: settings.playground, mailbox: settings.mailbox.clone() });
    let playground = if settings.playground { playground::routes() } else { Router::new() };
    let cookies = SessionCookies::new(settings.secure_cookie);
    let door = Door {
        core,
        schema,
        trusting,
        documents: Arc::new(documents),
        persisted: Arc::new(persisted),
        cookies,
        seats: Seats::default(),
        closing,
        settings: Arc::new(settings),
    };
    let routes = Router::new()
        .route("/graphql", any(graphql::handle))
        .route("/schema.graphql", get(sdl))
        .route("/avatars/{*address}", get(avatars::show))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .with_state(door.clone())
        .merge(pages)
        .merge(playground)
        .fallback(nothing_here);
    let outside = layers::Outside::of(&door.core, &door.settings);
    Ok(layers::around(routes, outside, &door.settings))
}

async fn sdl() -> impl IntoResponse {
    static SDL: std::sync::LazyLock<String> = std::sync::LazyLock::new(api::sdl);
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], SDL.as_str())
}

async fn nothing_here() -> impl IntoResponse {
    (StatusCode::NOT_FOUND, "There is nothing here. The API is at /graphql.\n")
}
