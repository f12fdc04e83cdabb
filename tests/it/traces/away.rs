//! A collector that is away, or takes nothing, or never answers: requests do not notice, and the log says it once.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::http::StatusCode;
use serde_json::json;
use tokio::net::TcpListener;

use super::Collector;
use crate::harness::*;

const PATIENCE: Duration = Duration::from_secs(30);

/// What the log says in this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn count(&self, text: &str) -> usize {
        String::from_utf8_lossy(&self.0.lock().unwrap()).matches(text).count()
    }
}

async fn asked(lyceum: &Lyceum) {
    lyceum.run("{ posts { totalCount } }", json!({})).await.ok();
}

/// Away, back, refusing, back: each is said once, however many spans there are.
#[tokio::test]
async fn a_collector_that_is_away_is_told_once() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("http://{address}");
    let lyceum = Lyceum::start(Engine::Sqlite, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)]).await;
    let told = |away, back| {
        assert_eq!(log.count("does not take traces"), away);
        assert_eq!(log.count("takes traces again"), back);
    };
    told(0, 0);
    for _ in 0..4 {
        asked(&lyceum).await;
        lyceum.app.core.traces.flush(PATIENCE).await;
        told(1, 0);
    }
    let collector = Collector::at(TcpListener::bind(address).await.unwrap());
    for _ in 0..2 {
        asked(&lyceum).await;
        assert!(!collector.spans(&lyceum).await.is_empty());
        told(1, 1);
    }
    for status in [StatusCode::SERVICE_UNAVAILABLE, StatusCode::BAD_REQUEST] {
        collector.answers(status);
        asked(&lyceum).await;
        collector.spans(&lyceum).await;
        told(2, 1);
    }
    collector.answers(StatusCode::OK);
    asked(&lyceum).await;
    collector.spans(&lyceum).await;
    told(2, 2);
    lyceum.stop().await;
}

/// While a collector takes what it is sent and never answers, requests are answered, and who stops the server does not
/// wait for longer than it wants to.
#[tokio::test]
async fn a_collector_that_never_answers_holds_nobody_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let lyceum = Lyceum::start(Engine::Sqlite, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &url), ("RATE_LIMITS", "off")]).await;
    asked(&lyceum).await;
    let traces = lyceum.app.core.traces.clone();
    let flush = tokio::spawn(async move { traces.flush(PATIENCE).await });
    let (_connection, _) = silent.accept().await.unwrap();
    // More spans than there are places for them.
    for _ in 0..1000 {
        asked(&lyceum).await;
    }
    assert!(!flush.is_finished(), "it waits for an answer, and nobody else does");
    flush.abort();
    lyceum.app.core.traces.flush(Duration::from_millis(1)).await;
    lyceum.stop().await;
}
