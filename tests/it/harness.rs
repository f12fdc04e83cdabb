//! What every test stands on: an app of its own with a database of its own, a clock that stands still, seeded
//! chance and a memory for mail.

mod answer;
mod content;
mod database;
pub(crate) mod door;
pub(crate) mod multipart;
mod people;
mod process;
mod rows;
mod sabotage;
mod socket;
mod statements;
pub(crate) mod wire;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{HeaderValue, Request},
};
use futures_util::future::join_all;
use http_body_util::BodyExt as _;
use lyceum::{
    app::{App, World},
    config::{Config, Source},
    core::{
        clock::{Clock, Time},
        mail::{
            self,
            transport::{Mail, Transport},
        },
        random::Random,
    },
};
use migration::{Migrator, MigratorTrait as _};
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub(crate) use answer::Answer;
pub(crate) use content::*;
pub(crate) use database::{Database, Engine};
pub(crate) use people::*;
pub(crate) use process::*;
pub(crate) use rows::*;
pub(crate) use sabotage::{Sabotage, contents, contents_beside_notes};
pub(crate) use socket::Socket;
pub(crate) use statements::Statements;

/// 2026-01-01T00:00:00Z.
pub(crate) const START: Time = Time(1_767_225_600_000_000);
pub(crate) const BASE: &str = "http://lyceum.test";
pub(crate) const PASSWORD: &str = "violet harbor kettle moon";
pub(crate) const JWT_SECRET: &str = "Qm9zcG9ydXMtdHdlbHZlLWdyZWVuLXRyYWlucw";
pub(crate) const PEPPER: &str = "d2Fsbm91dC1zZXZlbi1xdWlldC1oYXJib3Vycw";

static NEXT: AtomicU64 = AtomicU64::new(1);

/// The app under test.
pub(crate) struct Lyceum {
    pub app: App,
    pub database: Database,
    pub engine: Engine,
    clock: Clock,
    transport: Transport,
    folder: PathBuf,
    settings: Vec<(String, String)>,
}

/// Runs a story on every engine that is there, each time in an app of its own.
pub(crate) async fn on_each_engine(story: impl AsyncFn(&Lyceum)) {
    with_settings(&[], story).await;
}

/// The same, with settings that differ from the tests' own.
pub(crate) async fn with_settings(settings: &[(&str, &str)], story: impl AsyncFn(&Lyceum)) {
    for engine in Engine::all() {
        let lyceum = Lyceum::start(engine, settings).await;
        eprintln!("on {engine:?}");
        story(&lyceum).await;
        lyceum.stop().await;
    }
}

impl Lyceum {
    pub(crate) async fn start(engine: Engine, settings: &[(&str, &str)]) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("lyceum_test_{}_{number}", std::process::id());
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(&name);
        std::fs::create_dir_all(&folder).unwrap();
        let database = Database::create(engine, &name, &folder).await;
        let own = [
            ("DATA_DIR", folder.to_str().unwrap()),
            ("DATABASE_URL", &database.url),
            ("SQLITE_SYNCHRONOUS", "normal"),
            ("JWT_SECRET", JWT_SECRET),
            ("PASSWORD_PEPPER", PEPPER),
            ("BCRYPT_COST", "4"),
            ("MAIL_FROM", "Lyceum <post@lyceum.test>"),
        ];
        let settings: Vec<(String, String)> =
            own.iter().chain(settings).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (clock, transport) = (Clock::fixed(START), Transport::memory());
        let app = build(&settings, &clock, &transport, number).await;
        Self { app, database, engine, clock, transport, folder, settings }
    }

    /// The same database, files and mails under a new process, as it were; `settings` replace those of the start.
    pub(crate) async fn restarted(&self, settings: &[(&str, &str)]) -> App {
        let mut all = self.settings.clone();
        all.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        build(&all, &self.clock, &self.transport, NEXT.fetch_add(1, Ordering::Relaxed)).await
    }

    /// The same database under a server that mails through this transport; to be closed with [`close`].
    pub(crate) async fn mailing_by(&self, transport: &Transport) -> App {
        build(&self.settings, &self.clock, transport, NEXT.fetch_add(1, Ordering::Relaxed)).await
    }

    pub(crate) async fn stop(self) {
        self.app.core.db.clone().close().await.unwrap();
        self.database.drop().await;
        let _ = std::fs::remove_dir_all(&self.folder);
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Somebody sets the clock, while no time passes.
    pub(crate) fn set_clock(&self, to: Time) {
        self.clock.set(to);
    }

    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// Takes every table away, as if the database had just been made.
    pub(crate) async fn empty_database(&self) {
        let connection = self.database.connect().await;
        Migrator::down(&connection, None).await.unwrap();
        connection.execute_unprepared("DROP TABLE seaql_migrations").await.unwrap();
    }

    /// Runs a command of the real binary on the same database, with the same secrets, but on the system's clock.
    pub(crate) async fn command(&self, arguments: &[&str]) -> Finished {
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let settings = self.settings.clone();
        // The app under test has to go on meanwhile: what it lets go of is let go of by its own run time.
        let run = move || {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            Home::new().run(&arguments, &for_commands(&settings), "")
        };
        tokio::task::spawn_blocking(run).await.unwrap()
    }

    /// The same, to be watched while it runs.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> std::process::Child {
        Home::new().command(arguments, &for_commands(&self.settings)).spawn().unwrap()
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// Sends what is due, and gives every mail that was ever sent.
    pub(crate) async fn mails(&self) -> Vec<Mail> {
        while mail::deliver_due(&self.app.core).await.unwrap().sent > 0 {}
        let Transport::Memory(mails) = &self.transport else { unreachable!("tests keep mails in memory") };
        mails.lock().unwrap().clone()
    }

    /// How many mails were sent so far; what is due stays in the outbox.
    pub(crate) fn mails_sent(&self) -> usize {
        let Transport::Memory(mails) = &self.transport else { unreachable!("tests keep mails in memory") };
        mails.lock().unwrap().len()
    }

    /// The newest mail to this address.
    pub(crate) async fn mail_to(&self, address: &str) -> Mail {
        self.mails().await.into_iter().rfind(|mail| mail.to == address).expect("a mail to that address")
    }

    /// An anonymous operation from 192.0.2.1.
    pub(crate) async fn run(&self, query: &str, variables: Value) -> Answer {
        self.send(Call::new(query, variables)).await
    }

    /// An operation with an access token.
    pub(crate) async fn run_as(&self, token: &str, query: &str, variables: Value) -> Answer {
        self.send(Call::new(query, variables).bearer(token)).await
    }

    pub(crate) async fn send(&self, call: Call) -> Answer {
        send(&self.app, call.into_request()).await
    }

    /// All of them at the same moment; the answers come in the order of the calls.
    pub(crate) async fn send_all(&self, calls: impl IntoIterator<Item = Call>) -> Vec<Answer> {
        join_all(calls.into_iter().map(|call| self.send(call))).await
    }

    /// Any request at all.
    pub(crate) async fn request(&self, request: Request<Body>) -> Answer {
        send(&self.app, request).await
    }
}

fn for_commands(settings: &[(String, String)]) -> Vec<(&str, &str)> {
    let own = settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    own.chain([("PUBLIC_URL", BASE)]).collect()
}

async fn build(settings: &[(String, String)], clock: &Clock, transport: &Transport, seed: u64) -> App {
    let config = Config::from_source(&Source::of(settings.to_vec())).expect("the tests' settings are right");
    let world = World { clock: clock.clone(), random: Random::seeded(seed), mail: Some(transport.clone()) };
    App::build(&config, BASE, world).await.expect("the app starts")
}

/// Lets go of the database, so that it can be dropped.
pub(crate) async fn close(app: App) {
    app.core.db.clone().close().await.unwrap();
}

pub(crate) async fn send(app: &App, request: Request<Body>) -> Answer {
    let response = app.router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes().to_vec();
    Answer::new(parts, bytes)
}

/// One GraphQL request by POST.
pub(crate) struct Call {
    pub query: String,
    pub variables: Value,
    pub headers: Vec<(&'static str, String)>,
    pub peer: SocketAddr,
    /// What the variable `file` waits for.
    pub file: Option<Vec<u8>>,
}

impl Call {
    pub(crate) fn new(query: &str, variables: Value) -> Self {
        let peer = SocketAddr::from(([192, 0, 2, 1], 50_000));
        Self { query: query.to_owned(), variables, headers: Vec::new(), peer, file: None }
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With this cookie, from a page of this server.
    pub(crate) fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie).header("sec-fetch-site", "same-origin")
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// From another address: limits count by it.
    pub(crate) fn from(mut self, last: u8) -> Self {
        self.peer = SocketAddr::from(([198, 51, 100, last], 50_000));
        self
    }

    /// With this file for the variable `file`, which is the only one then.
    pub(crate) fn with_file(mut self, file: &[u8]) -> Self {
        self.file = Some(file.to_vec());
        self
    }

    pub(crate) fn into_request(self) -> Request<Body> {
        let body = json!({ "query": self.query, "variables": self.variables }).to_string();
        let json = || {
            Request::post("/graphql")
                .header("content-type", "application/json")
                .header("accept", "application/graphql-response+json")
                .body(Body::from(body))
                .unwrap()
        };
        let mut request = self.file.map_or_else(json, |file| multipart::of_call(&self.query, &file));
        for (name, value) in self.headers {
            request.headers_mut().insert(name, HeaderValue::from_str(&value).unwrap());
        }
        request.extensions_mut().insert(ConnectInfo(self.peer));
        request
    }
}
