//! A Redis that is away, or hangs: requests go on with the limits of their own server, and nobody waits for it.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Open,
    /// Takes everything and gives nothing.
    Hung,
    Cut,
}

/// Stands before Redis, and can be in its way.
struct Proxy {
    address: SocketAddr,
    mode: Arc<watch::Sender<Mode>>,
}

impl Proxy {
    async fn before(redis: &str) -> Self {
        let upstream = redis.trim_start_matches("redis://").split('/').next().unwrap().to_owned();
        let upstream = if upstream.contains(':') { upstream } else { format!("{upstream}:6379") };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mode = Arc::new(watch::Sender::new(Mode::Open));
        let told = mode.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *told.borrow() == Mode::Cut {
                    continue;
                }
                let server = TcpStream::connect(&upstream).await.unwrap();
                let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
                tokio::spawn(pump(from_client, to_server, told.subscribe()));
                tokio::spawn(pump(from_server, to_client, told.subscribe()));
            }
        });
        Self { address, mode }
    }

    fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut mode: watch::Receiver<Mode>) {
    let mut cut = mode.clone();
    let carry = async {
        let mut bytes = [0; 4096];
        while let Ok(read @ 1..) = from.read(&mut bytes).await {
            mode.wait_for(|mode| *mode != Mode::Hung).await.unwrap();
            if to.write_all(&bytes[..read]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = carry => {}
        _ = cut.wait_for(|mode| *mode == Mode::Cut) => {}
    }
}

/// Until Redis is asked again, as the limits show: what was counted there before is known here again.
async fn until(what: &str, done: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !done().await {
        assert!(started.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What an operator sees of Redis: its state, and whether it ever failed to answer.
async fn figures(app: &App) -> (&'static str, bool) {
    let told = lyceum::core::metrics::exposition(&app.core).await.unwrap();
    let states = ["unused", "up", "away"].into_iter();
    let mut states = states.filter(|state| told.contains(&format!("lyceum_redis{{state=\"{state}\"}} 1\n")));
    (states.next().unwrap(), !told.contains("lyceum_redis_failures_total 0\n"))
}

/// Cut off and hanging alike: limits go on server by server, then together again; no request waits for long.
#[tokio::test(flavor = "multi_thread")]
async fn requests_go_on_without_redis_and_come_back_to_it() {
    let Some(url) = redis() else { return };
    let proxy = Proxy::before(&url).await;
    let prefix = prefix();
    let settings = [("REDIS_URL", &*proxy.url()), ("REDIS_PREFIX", &prefix)];
    let first = Lyceum::start(Engine::Postgres, &settings).await;
    let second = first.restarted(&[]).await;
    let limited =
        async |app: &App, address: u8| send(app, guess().from(address).into_request()).await.code() == "RATE_LIMITED";
    for (address, mode) in [(1, Mode::Cut), (2, Mode::Hung)] {
        for _ in 0..10 {
            assert!(!limited(&first.app, address).await, "{mode:?}");
        }
        assert!(limited(&first.app, address).await && limited(&second, address).await, "{mode:?}");
        proxy.set(mode);
        for app in [&first.app, &second] {
            let started = Instant::now();
            assert!(!limited(app, address).await, "{mode:?}");
            assert!(started.elapsed() < Duration::from_millis(400), "{mode:?}: {:?}", started.elapsed());
            // Nobody asks it any more.
            let started = Instant::now();
            for _ in 0..9 {
                assert!(!limited(app, address).await, "{mode:?}");
            }
            assert!(limited(app, address).await, "{mode:?}: its own limit");
            assert!(started.elapsed() < Duration::from_millis(600), "{mode:?}: {:?}", started.elapsed());
        }
        assert_eq!(figures(&first.app).await, ("away", true), "{mode:?}");
        proxy.set(Mode::Open);
        let fresh = address + 10;
        until("they count together again", async || {
            send(&second, guess().from(fresh).into_request()).await;
            limited(&first.app, fresh).await
        })
        .await;
        assert!(limited(&second, fresh).await, "{mode:?}");
        assert_eq!(figures(&first.app).await, ("up", true), "{mode:?}");
    }
    close(second).await;
    first.stop().await;
}

/// Events are shared again after a cut, and streams are told that some may be missing.
#[tokio::test(flavor = "multi_thread")]
async fn events_are_shared_again_after_a_cut() {
    let Some(url) = redis() else { return };
    let proxy = Proxy::before(&url).await;
    let settings = [("REDIS_URL", &*proxy.url()), ("REDIS_PREFIX", &*prefix())];
    let first = Lyceum::start(Engine::Postgres, &settings).await;
    let second = first.restarted(&[]).await;
    let ada = first.person("ada").await;
    let post = first.write_post(&ada, "Rivers", "PUBLISHED").await;
    let there = listen(&second).await;
    let query = "subscription ($post: ID!) { commentAdded(postId: $post) { body } }";
    let mut socket = there.socket(Value::Null).await;
    socket.subscribe("1", query, json!({ "post": post })).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    proxy.set(Mode::Cut);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let comment = async |body: &str| {
        first.mutate(&ada.token, "createComment", json!({ "postId": post, "body": body })).await.ok();
    };
    comment("Meanwhile").await;
    proxy.set(Mode::Open);
    let told = socket.hear().await;
    assert_eq!((&told["type"], &told["payload"][0]["extensions"]["code"]), (&json!("error"), &json!("TOO_BUSY")));
    socket.subscribe("2", query, json!({ "post": post })).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    comment("Heard").await;
    // What was told meanwhile may come late, or never.
    let mut body = socket.next("2").await["data"]["commentAdded"]["body"].take();
    if body == "Meanwhile" {
        body = socket.next("2").await["data"]["commentAdded"]["body"].take();
    }
    assert_eq!(body, "Heard");
    there.stop().await;
    close(second).await;
    first.stop().await;
}

/// A server starts without its Redis, says so once however much it is asked, and `doctor` says it too.
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_away_is_told_once() {
    if redis().is_none() {
        return;
    }
    let home = Home::new();
    let database = home.database(Engine::Postgres).await;
    let settings = [("DATABASE_URL", &*database.url), ("REDIS_URL", "redis://:canary-of-redis@127.0.0.1:1")];
    tokio::task::block_in_place(|| {
        let server = home.serve(&settings);
        for _ in 0..20 {
            assert_eq!(server.graphql("{ __typename }", &json!({}), &[]).status, 200);
        }
        std::thread::sleep(Duration::from_millis(2500));
        let log = server.log();
        assert_eq!(log.matches("Redis does not answer").count(), 1, "{log}");
        assert!(!log.contains("canary-of-redis"), "{log}");
        assert_eq!(server.stop().code, Some(0));
        let finished = home.run(&["doctor"], &settings, "");
        let line = finished.stdout.lines().find(|line| line.starts_with("FAULT redis "));
        assert!(line.is_some_and(|line| line.contains("REDIS_URL")), "{finished:?}");
        assert!(!format!("{finished:?}").contains("canary-of-redis"));
        let there = [("DATABASE_URL", &*database.url), ("REDIS_URL", &*redis().unwrap())];
        let finished = home.run(&["doctor"], &there, "");
        assert!(finished.stdout.lines().any(|line| line.starts_with("ok    redis ")), "{finished:?}");
    });
    database.drop().await;
}
