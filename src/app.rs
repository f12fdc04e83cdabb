//! The composition root: connects, migrates, and puts core, schema and router together. The only file that knows
//! every room.

use std::sync::Arc;

use axum::Router;

use crate::{
    config::{AppEnv, Config, Secret, SqliteDurability, TrustedDocuments},
    core::{
        Core, Result, audit,
        clock::Clock,
        crypto::Keys,
        db::{self, Db},
        error::Error,
        events::Events,
        hasher::Hasher,
        limits::Limits,
        mail::{Outbox, transport::Transport},
        metrics::Metrics,
        pictures,
        random::Random,
        redis::Redis,
        settings::{Links, Settings},
        tokens::AccessTokens,
        traces::Traces,
        workshop::Workshop,
    },
    graphql,
    http::{self, collector::Collector, serve::Closing},
};

/// The world outside: its time, its chance, its mail. Tests bring another one.
pub struct World {
    pub clock: Clock,
    pub random: Random,
    pub mail: Option<Transport>,
}

#[derive(Clone)]
pub struct App {
    pub core: Arc<Core>,
    pub router: Router,
    /// For a listener of its own.
    pub metrics: Router,
    /// Ends what outlives a request, when the server stops.
    pub closing: Closing,
}

impl World {
    /// The system's clock and chance, and the mail that the configuration asks for.
    pub fn real(config: &Config) -> Result<Self> {
        let mail = match (&config.mail.smtp_url, config.env) {
            (Some(url), _) => Some(Transport::smtp(url.expose()).map_err(Error::internal)?),
            (None, AppEnv::Development) => Some(Transport::files(config.data_dir.join("mail"))),
            (None, AppEnv::Production) => None,
        };
        Ok(Self { clock: Clock::System, random: Random::System, mail })
    }
}

impl App {
    /// `base` is where this server is reached.
    pub async fn build(config: &Config, base: &str, world: World) -> Result<Self> {
        let traces = traces(config, &world)?;
        let db = Db::traced(database(config), &traces).await?;
        db.migrate().await?;
        let core = core(config, base, db, world, redis(config).await?)?;
        let core = Arc::new(Core { traces, ..core });
        let schemas = [graphql::schema(config.http.introspection), graphql::trusting_schema()];
        let closing = Closing::default();
        let router = http::router(core.clone(), schemas, door(config, base)?, closing.clone())?;
        let metrics = http::metrics::routes(core.clone());
        Ok(Self { core, router, metrics, closing })
    }
}

pub async fn connect(config: &Config) -> Result<Db> {
    Db::connect(database(config)).await
}

fn database(config: &Config) -> db::Options {
    db::Options {
        url: config.database.url.expose().to_owned(),
        pool: config.database.pool,
        durable: config.database.sqlite_durability == SqliteDurability::Full,
        statement: config.http.operation_timeout,
    }
}

/// Where traces are sent, if they are.
pub fn collector(config: &Config) -> Result<Option<Collector>> {
    let Some(traces) = &config.traces else { return Ok(None) };
    let headers = traces.headers.iter().map(|(name, value)| (name.as_str(), value.expose()));
    Collector::new(&traces.endpoint, headers).map(Some)
}

/// What makes them; what sends them goes on beside the server, as long as there is one.
fn traces(config: &Config, world: &World) -> Result<Traces> {
    let (Some(collector), Some(settings)) = (collector(config)?, &config.traces) else { return Ok(Traces::default()) };
    let (traces, outgoing) = Traces::new(settings.options.clone(), world.clock.clone(), world.random.clone());
    tokio::spawn(collector.run(outgoing));
    Ok(traces)
}

/// The Redis that this server shares with others, if there is one.
pub async fn redis(config: &Config) -> Result<Option<Redis>> {
    let Some(url) = &config.redis.url else { return Ok(None) };
    Ok(Some(Redis::connect(url.expose(), &config.redis.prefix).await?))
}

/// The domain, without a door: what commands work with.
pub fn core(config: &Config, base: &str, db: Db, world: World, redis: Option<Redis>) -> Result<Core> {
    let World { clock, random, mail } = world;
    let (accounts, secrets) = (&config.accounts, &config.secrets);
    let metrics = Metrics::default();
    let previous = secrets.jwt_previous.as_ref().map(Secret::expose);
    Ok(Core {
        settings: Arc::new(Settings {
            disclosure: accounts.disclosure,
            verification: accounts.verification,
            links: Links::new(config.frontend_url.as_deref().unwrap_or(base)),
            public_url: base.to_owned(),
            mail_from: config.mail.from.clone(),
            password_min_length: accounts.password_min_length,
            sessions_per_user: accounts.sessions_per_user,
            ttl: accounts.ttl,
        }),
        db,
        keys: Keys::derive(secrets.pepper.expose(), random.clone())?,
        hasher: Hasher::new(secrets.pepper.expose(), accounts.bcrypt_cost, random.clone()),
        pictures: Workshop::of(pictures::AT_ONCE),
        tokens: Arc::new(AccessTokens::new(base, accounts.ttl.access_token, secrets.jwt.expose(), previous)),
        outbox: Outbox::new(mail),
        limits: Arc::new(Limits::new(config.http.rate_limits, clock.clone(), redis.clone(), metrics.clone())),
        events: redis.map_or_else(Events::new, |redis| Events::shared(redis, random.uuid(clock.now()))),
        metrics,
        traces: Traces::default(),
        audit: Arc::new(audit::Bound::new(clock.clone())),
        clock,
        random,
    })
}

/// Scheme and host of an address, without its path.
fn origin(base: &str) -> String {
    let host = base.find("://").map_or(0, |scheme| scheme + 3);
    let path = base.get(host..).and_then(|rest| rest.find('/')).map_or(base.len(), |path| host + path);
    base.get(..path).unwrap_or(base).to_ascii_lowercase()
}

/// Over plain http a browser does not keep a cookie that is for TLS, so development goes without.
pub fn secure_cookie(config: &Config, base: &str) -> bool {
    config.env == AppEnv::Production || base.starts_with("https://")
}

fn door(config: &Config, base: &str) -> Result<http::Settings> {
    let (http, limits) = (&config.http, &config.documents);
    let development = config.env == AppEnv::Development;
    let TrustedDocuments { manifest, only } = &http.trusted_documents;
    let trusted = manifest.as_deref().map(|path| http::Trusted::read(path, *only)).transpose();
    let trusted = trusted.map_err(|fault| Error::internal(format!("PERSISTED_DOCUMENTS: {fault}")))?;
    Ok(http::Settings {
        documents: http::DocumentLimits {
            bytes: limits.bytes,
            tokens: limits.tokens,
            fragments: limits.fragments,
            selections: limits.selections,
            aliases: limits.aliases,
            root_fields: limits.root_fields,
            directives: limits.directives,
            depth: limits.depth,
            cost: limits.cost,
            introspection: http.introspection,
            ..http::DocumentLimits::default()
        },
        body_bytes: http.body_bytes,
        upload_bytes: http.upload_bytes,
        body_timeout: http.body_timeout,
        operation_timeout: http.operation_timeout,
        allowed_origins: http.allowed_origins.clone(),
        trusted_proxies: http.trusted_proxies.clone(),
        tls: base.starts_with("https://"),
        origin: origin(base),
        secure_cookie: secure_cookie(config, base),
        playground: http.playground,
        trusted: trusted.unwrap_or_default(),
        public_max_age: http.public_max_age,
        patience: http::Patience { init: http.socket_init_timeout, ping: http.socket_ping },
        mailbox: (development && config.mail.smtp_url.is_none()).then(|| config.data_dir.join("mail")),
    })
}
