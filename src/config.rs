//! The only reader of the environment and of `.env`. Every setting, its default and its example stand here.
//!
//! A bad value is refused at start with the setting's name, what is wrong with it and an example; all of them
//! at once. Secrets have no `Debug` that shows them, and their values never appear in a message.

mod parse;
mod reader;
mod secrets;
mod traces;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

pub use parse::duration;
pub use reader::{Source, Wrong};
pub use secrets::Secret;
pub use traces::Traces;

use crate::core::settings::{Disclosure, Lifetimes, Verification};
use reader::Reader;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppEnv {
    Development,
    Production,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Debug)]
pub struct Config {
    pub env: AppEnv,
    pub listen: SocketAddr,
    /// Where `/metrics` is; nowhere without one.
    pub metrics_listen: Option<SocketAddr>,
    pub data_dir: PathBuf,
    /// Where this server is reached; `None` means `http://` and the address it listens on.
    pub public_url: Option<String>,
    pub frontend_url: Option<String>,
    pub database: Database,
    pub redis: Redis,
    pub secrets: Secrets,
    pub mail: Mail,
    pub accounts: Accounts,
    pub http: Http,
    pub documents: Documents,
    pub log: Log,
    /// Where traces go; nowhere without one.
    pub traces: Option<Traces>,
    /// The files that secrets came from.
    pub secret_files: Vec<PathBuf>,
}

#[derive(Clone, Debug)]
pub struct Database {
    pub url: Secret,
    pub pool: u32,
    pub sqlite_durability: SqliteDurability,
}

/// What SQLite promises when a commit returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqliteDurability {
    /// It survives a loss of power.
    Full,
    /// It survives the end of the process; the last commits may be lost with the power.
    Normal,
}

/// What several servers share beside the database.
#[derive(Clone, Debug)]
pub struct Redis {
    pub url: Option<Secret>,
    pub prefix: String,
}

#[derive(Clone, Debug)]
pub struct Secrets {
    pub jwt: Secret,
    /// Still accepted, never used to sign: the way to change `JWT_SECRET` without signing everybody out.
    pub jwt_previous: Option<Secret>,
    pub pepper: Secret,
    /// Whether this server made them itself, as it does in development.
    pub generated: bool,
}

#[derive(Clone, Debug)]
pub struct Mail {
    pub smtp_url: Option<Secret>,
    pub from: String,
}

#[derive(Clone, Debug)]
pub struct Accounts {
    pub disclosure: Disclosure,
    pub verification: Verification,
    pub bcrypt_cost: u32,
    pub password_min_length: usize,
    pub sessions_per_user: u64,
    pub ttl: Lifetimes,
}

#[derive(Clone, Debug)]
pub struct Http {
    pub allowed_origins: Vec<String>,
    pub trusted_proxies: Vec<std::net::IpAddr>,
    pub rate_limits: bool,
    pub introspection: bool,
    pub playground: bool,
    pub body_bytes: usize,
    pub upload_bytes: usize,
    pub header_timeout: Duration,
    pub keep_alive: Duration,
    pub body_timeout: Duration,
    pub operation_timeout: Duration,
    pub connections: usize,
    pub connections_per_ip: usize,
    pub socket_init_timeout: Duration,
    pub socket_ping: Duration,
    pub trusted_documents: TrustedDocuments,
    pub public_max_age: Duration,
}

/// Documents that may be named in place of being sent.
#[derive(Clone, Debug)]
pub struct TrustedDocuments {
    pub manifest: Option<PathBuf>,
    /// Whether no other document is taken.
    pub only: bool,
}

/// The limits of one GraphQL document.
#[derive(Clone, Copy, Debug)]
pub struct Documents {
    pub bytes: usize,
    pub tokens: usize,
    pub depth: usize,
    pub cost: u64,
    pub aliases: usize,
    pub root_fields: usize,
    pub directives: usize,
    pub fragments: usize,
    pub selections: usize,
}

#[derive(Clone, Debug)]
pub struct Log {
    pub filter: String,
    pub format: LogFormat,
}

impl Config {
    /// Reads the environment and `.env`, and makes the development secrets when they are needed.
    pub fn load() -> Result<Self, Wrong> {
        Self::from_source(&Source::environment())
    }

    pub fn from_source(source: &Source) -> Result<Self, Wrong> {
        let mut read = Reader::new(source);
        let env = read.or("APP_ENV", AppEnv::Development, parse::app_env, "production");
        let development = env == AppEnv::Development;
        let data_dir = read.or("DATA_DIR", PathBuf::from("data"), parse::path, "/var/lib/lyceum");
        let listen = read.or("LISTEN", SocketAddr::from(([127, 0, 0, 1], 4000)), parse::address, "127.0.0.1:4000");
        let config = Self {
            env,
            listen,
            metrics_listen: read.optional("METRICS_LISTEN", parse::address, "127.0.0.1:9464"),
            public_url: read.optional("PUBLIC_URL", parse::base_url, "https://api.example.com"),
            frontend_url: read.optional("FRONTEND_URL", parse::base_url, "https://www.example.com"),
            database: database(&mut read, &data_dir),
            redis: redis(&mut read),
            secrets: secrets::read(&mut read, env, listen, &data_dir),
            mail: mail(&mut read),
            accounts: accounts(&mut read, development),
            http: http(&mut read, development),
            documents: documents(&mut read),
            log: Log {
                filter: read.or(
                    "RUST_LOG",
                    "info,sqlx=warn,sea_orm_migration=warn".to_owned(),
                    parse::text,
                    "info,lyceum=debug",
                ),
                format: read.or("LOG_FORMAT", LogFormat::Text, parse::log_format, "json"),
            },
            traces: traces::read(&mut read),
            data_dir,
            secret_files: read.secret_files(),
        };
        if config.redis.url.is_some() && config.database.url.expose().starts_with("sqlite:") {
            read.refuse(
                "REDIS_URL: servers that share a Redis share a database, which SQLite is not for; set DATABASE_URL"
                    .to_owned(),
            );
        }
        read.finish(config)
    }
}

fn database(read: &mut Reader<'_>, data_dir: &std::path::Path) -> Database {
    let file = format!("sqlite://{}/lyceum.db?mode=rwc", data_dir.display());
    Database {
        url: read.secret_or("DATABASE_URL", Secret::new(file), parse::database_url, "postgres://user@host/lyceum"),
        pool: read.or("DATABASE_POOL", 10, parse::within(1, 200), "10"),
        sqlite_durability: read.or("SQLITE_SYNCHRONOUS", SqliteDurability::Full, parse::durability, "full"),
    }
}

fn redis(read: &mut Reader<'_>) -> Redis {
    Redis {
        url: read.optional_secret("REDIS_URL", parse::redis_url, "redis://10.0.0.4:6379"),
        prefix: read.or("REDIS_PREFIX", "lyceum:".to_owned(), parse::text, "lyceum:"),
    }
}

fn mail(read: &mut Reader<'_>) -> Mail {
    Mail {
        smtp_url: read.optional_secret("SMTP_URL", parse::smtp_url, "smtp://user:password@in-v3.mailjet.com:587"),
        from: read.or("MAIL_FROM", "Lyceum <lyceum@localhost>".to_owned(), parse::mailbox, "Team <team@example.com>"),
    }
}

fn accounts(read: &mut Reader<'_>, development: bool) -> Accounts {
    // Four is bcrypt's own floor and good for tests; a server that holds real passwords starts at ten.
    let least_cost = if development { 4 } else { 10 };
    Accounts {
        disclosure: read.or("ACCOUNT_DISCLOSURE", Disclosure::Strict, parse::disclosure, "strict"),
        verification: read.or("EMAIL_VERIFICATION", Verification::Required, parse::verification, "required"),
        bcrypt_cost: read.or("BCRYPT_COST", 12, parse::within(least_cost, 15), "12"),
        password_min_length: read.or("PASSWORD_MIN_LENGTH", 8, parse::within(8, 64), "15"),
        sessions_per_user: read.or("SESSIONS_PER_USER", 20, parse::within(1, 1000), "20"),
        ttl: Lifetimes {
            access_token: read.duration("ACCESS_TOKEN_TTL", "10m", "1m", "24h"),
            session_idle: read.duration("SESSION_IDLE", "10m", "1m", "30d"),
            session_absolute: read.duration("SESSION_ABSOLUTE", "12h", "1m", "365d"),
            refresh_idle: read.duration("REFRESH_IDLE", "14d", "1m", "365d"),
            refresh_absolute: read.duration("REFRESH_ABSOLUTE", "90d", "1m", "730d"),
            reset_token: read.duration("RESET_TOKEN_TTL", "30m", "1m", "24h"),
            verify_token: read.duration("VERIFY_TOKEN_TTL", "24h", "1m", "30d"),
            short_code: read.duration("SHORT_CODE_TTL", "10m", "1m", "1h"),
            email_change: read.duration("EMAIL_CHANGE_TTL", "1h", "1m", "7d"),
            email_cancel: read.duration("EMAIL_CANCEL_TTL", "7d", "1d", "90d"),
            retention: read.duration("RETENTION", "30d", "1d", "3650d"),
            audit: read.duration("AUDIT_RETENTION", "365d", "1d", "3650d"),
        },
    }
}

fn http(read: &mut Reader<'_>, development: bool) -> Http {
    let trusted_documents = TrustedDocuments {
        manifest: read.optional("PERSISTED_DOCUMENTS", parse::path, "persisted-documents.json"),
        only: read.or("TRUSTED_DOCUMENTS_ONLY", false, parse::switch, "off"),
    };
    if trusted_documents.only && trusted_documents.manifest.is_none() {
        read.refuse(
            "TRUSTED_DOCUMENTS_ONLY: it is on without PERSISTED_DOCUMENTS, so nothing could be asked".to_owned(),
        );
    }
    let on_or_off = if development { parse::switch } else { parse::only_on };
    Http {
        allowed_origins: read.or("ALLOWED_ORIGINS", Vec::new(), parse::origins, "https://www.example.com"),
        trusted_proxies: read.or("TRUSTED_PROXIES", Vec::new(), parse::addresses, "10.0.0.2,10.0.0.3"),
        rate_limits: read.or("RATE_LIMITS", true, on_or_off, "on"),
        introspection: read.or("INTROSPECTION", development, parse::switch, "off"),
        playground: read.or("PLAYGROUND", development, parse::switch, "off"),
        body_bytes: read.or("BODY_LIMIT", 128 * 1024, parse::within(1024, 16 << 20), "131072"),
        upload_bytes: read.or("UPLOAD_LIMIT", 2 << 20, parse::within(1024, 32 << 20), "2097152"),
        header_timeout: read.duration("HEADER_TIMEOUT", "15s", "1s", "5m"),
        keep_alive: read.duration("KEEP_ALIVE", "75s", "1s", "1h"),
        body_timeout: read.duration("BODY_TIMEOUT", "30s", "1s", "10m"),
        operation_timeout: read.duration("OPERATION_TIMEOUT", "10s", "1ms", "5m"),
        connections: read.or("CONNECTIONS", 1024, parse::within(1, 65_536), "1024"),
        connections_per_ip: read.or("CONNECTIONS_PER_IP", 100, parse::within(1, 65_536), "100"),
        socket_init_timeout: read.duration("SOCKET_INIT_TIMEOUT", "10s", "1ms", "5m"),
        socket_ping: read.duration("SOCKET_PING", "15s", "1ms", "5m"),
        trusted_documents,
        public_max_age: read.duration("PUBLIC_MAX_AGE", "0s", "0s", "365d"),
    }
}

fn documents(read: &mut Reader<'_>) -> Documents {
    Documents {
        bytes: read.or("LIMIT_DOCUMENT_BYTES", 16 * 1024, parse::within(256, 1 << 20), "16384"),
        tokens: read.or("LIMIT_TOKENS", 2000, parse::within(10, 100_000), "2000"),
        depth: read.or("LIMIT_DEPTH", 12, parse::within(1, 50), "12"),
        cost: read.or("LIMIT_COST", 5000, parse::within(10, 1_000_000), "5000"),
        aliases: read.or("LIMIT_ALIASES", 30, parse::within(0, 1000), "30"),
        root_fields: read.or("LIMIT_ROOT_FIELDS", 20, parse::within(1, 1000), "20"),
        directives: read.or("LIMIT_DIRECTIVES", 10, parse::within(0, 1000), "10"),
        fragments: read.or("LIMIT_FRAGMENTS", 20, parse::within(0, 1000), "20"),
        selections: read.or("LIMIT_SELECTIONS", 5000, parse::within(10, 100_000), "5000"),
    }
}

#[cfg(test)]
mod tests;
