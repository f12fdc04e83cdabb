//! The parts of a request, each by itself: `cargo bench`. Whole servers, beside others, are measured by `bench/run`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot begin has to end")]

use std::{hint::black_box, net::SocketAddr, path::PathBuf, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
    http::Request,
};
use criterion::{Criterion, criterion_group, criterion_main};
use http_body_util::BodyExt as _;
use lyceum::{
    app::{App, World},
    config::{Config, Source},
    core::{
        accounts::UserId,
        clock::{Clock, Time},
        crypto::Keys,
        mail::transport::Transport,
        page::{Cursors, Position, Sort},
        random::Random,
        seed,
        sessions::SessionId,
        tokens::AccessTokens,
        viewer::Viewer,
    },
    http::{DocumentGate, DocumentLimits},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SECRET: &str = "Qm9zcG9ydXMtdHdlbHZlLWdyZWVuLXRyYWlucw";
const PEPPER: &str = "d2Fsbm91dC1zZXZlbi1xdWlldC1oYXJib3Vycw";
const NOW: Time = Time(1_767_225_600_000_000);
const W1: &str = include_str!("../bench/workloads/lyceum/W1.graphql");
const W2: &str = include_str!("../bench/workloads/lyceum/W2.graphql");
const W3: &str = include_str!("../bench/workloads/lyceum/W3.graphql");
const W5: &str = include_str!("../bench/workloads/lyceum/W5.graphql");

/// A document on its way to execution: checked, parsed and walked, or found in the cache.
fn documents(criterion: &mut Criterion) {
    let gate = DocumentGate::new(DocumentLimits::default());
    let mut number = 0_u64;
    criterion.bench_function("document: new", |bencher| {
        bencher.iter(|| {
            // The comment makes another document of it.
            number += 1;
            assert!(gate.lets_pass(&format!("{W3}# {number}")));
        });
    });
    criterion.bench_function("document: cached", |bencher| bencher.iter(|| assert!(gate.lets_pass(black_box(W3)))));
}

/// Whole requests, from the router to the bytes of the answer, on the pages of a small site.
fn requests(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let site = runtime.block_on(Site::open());
    let page = json!({ "first": 20 });
    for (name, document, variables) in [("W1", W1, json!({})), ("W2", W2, page.clone()), ("W3", W3, page)] {
        let body = Bytes::from(json!({ "query": document, "variables": variables }).to_string());
        criterion.bench_function(&format!("request: {name}"), |bencher| {
            bencher.iter(|| {
                let answer = runtime.block_on(site.send(body.clone()));
                assert!(answer.starts_with(b"{\"data\":{"), "{answer:?}");
            });
        });
    }
    runtime.block_on(site.close());
}

fn cursors(criterion: &mut Criterion) {
    let keys = Keys::derive(SECRET, Random::seeded(1)).unwrap();
    let cursors = Cursors::new(&keys, "posts".to_owned(), &Viewer::Anonymous);
    let position = Position { sort: Sort::Id, id: Random::seeded(2).uuid(NOW) };
    let cursor = cursors.encode(&position);
    criterion.bench_function("cursor: encode", |bencher| bencher.iter(|| cursors.encode(black_box(&position))));
    criterion.bench_function("cursor: decode", |bencher| {
        bencher.iter(|| cursors.decode(black_box(&cursor), &Sort::Id).unwrap());
    });
}

fn tokens(criterion: &mut Criterion) {
    let tokens = AccessTokens::new("http://lyceum.test", Duration::from_mins(10), SECRET, None);
    let random = Random::seeded(3);
    let issued = || {
        let id = random.uuid(NOW);
        tokens.issue(UserId(id), SessionId(id), id, NOW).unwrap().token
    };
    // Each comes again after so many others that it is not known any more.
    let many: Vec<String> = (0..20_000).map(|_| issued()).collect();
    let mut others = many.iter().cycle();
    criterion.bench_function("access token: judge", |bencher| {
        bencher.iter(|| tokens.verify(black_box(others.next().unwrap()), NOW).unwrap());
    });
    let known = issued();
    criterion.bench_function("access token: known", |bencher| {
        bencher.iter(|| tokens.verify(black_box(&known), NOW).unwrap());
    });
}

/// The app in this process, with a database of its own.
struct Site {
    app: App,
    token: String,
    folder: PathBuf,
}

impl Site {
    async fn open() -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("parts-{}", std::process::id()));
        let settings = [
            ("DATA_DIR", folder.to_str().unwrap()),
            ("JWT_SECRET", SECRET),
            ("PASSWORD_PEPPER", PEPPER),
            ("BCRYPT_COST", "4"),
            ("RATE_LIMITS", "off"),
            ("SQLITE_SYNCHRONOUS", "normal"),
        ];
        let source = Source::of(settings.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let config = Config::from_source(&source).expect("these settings are right");
        let world = World { clock: Clock::fixed(NOW), random: Random::seeded(4), mail: Some(Transport::memory()) };
        let app = App::build(&config, "http://lyceum.test", world).await.unwrap();
        let plan = seed::Plan { users: 100, posts: 1_000, comments: 5_000, seed: 1 };
        seed::seed(&app.core, plan, &|_, _| ()).await.unwrap();
        let variables = json!({ "username": seed::USER, "password": seed::PASSWORD });
        let body = json!({ "query": W5, "variables": variables }).to_string();
        let answer = send(&app.router, None, body.into()).await;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let token = answer["data"]["login"]["token"].as_str().unwrap().to_owned();
        Self { app, token, folder }
    }

    async fn send(&self, body: Bytes) -> Bytes {
        send(&self.app.router, Some(&self.token), body).await
    }

    async fn close(self) {
        self.app.core.db.clone().close().await.unwrap();
        drop(self.app);
        std::fs::remove_dir_all(self.folder).unwrap();
    }
}

async fn send(router: &Router, token: Option<&str>, body: Bytes) -> Bytes {
    let mut request = Request::post("/graphql").header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let mut request = request.body(Body::from(body)).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 40_000))));
    let response = router.clone().oneshot(request).await.unwrap();
    response.into_body().collect().await.unwrap().to_bytes()
}

criterion_group!(parts, documents, cursors, tokens, requests);
criterion_main!(parts);
