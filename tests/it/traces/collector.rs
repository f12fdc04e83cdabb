//! A collector of traces in this process: it keeps what it is sent, and reads it as one that is real would.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    routing::post,
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::span::SpanKind,
};
use prost::Message as _;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::harness::Lyceum;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Default)]
struct Kept {
    requests: Arc<Mutex<Vec<(Uri, HeaderMap, Bytes)>>>,
    status: Arc<Mutex<StatusCode>>,
}

pub(crate) struct Collector {
    pub address: SocketAddr,
    kept: Kept,
    task: JoinHandle<()>,
}

/// A span as tests look at it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    pub trace: String,
    pub id: String,
    pub parent: String,
    pub name: String,
    pub kind: SpanKind,
    pub start: u64,
    pub end: u64,
    pub failed: bool,
    pub attributes: BTreeMap<String, String>,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        Self::at(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(crate) fn at(listener: TcpListener) -> Self {
        let (address, kept) = (listener.local_addr().unwrap(), Kept::default());
        let routes = Router::new().route("/{*path}", post(keep)).with_state(kept.clone());
        let task = tokio::spawn(async move { axum_server(listener, routes).await });
        Self { address, kept, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How it answers from now on.
    pub(crate) fn answers(&self, status: StatusCode) {
        *self.kept.status.lock().unwrap() = status;
    }

    pub(crate) fn requests(&self) -> Vec<(Uri, HeaderMap, Bytes)> {
        self.kept.requests.lock().unwrap().clone()
    }

    /// Every span that was made since this was asked last.
    pub(crate) async fn spans(&self, lyceum: &Lyceum) -> Vec<Span> {
        lyceum.app.core.traces.flush(PATIENCE).await;
        self.sent()
    }

    /// Every span that has come since this was asked last.
    pub(crate) fn sent(&self) -> Vec<Span> {
        let requests = std::mem::take(&mut *self.kept.requests.lock().unwrap());
        requests.into_iter().flat_map(|(_, _, body)| read(body)).collect()
    }

    /// Everything that has come as text, in one piece.
    pub(crate) fn text(&self) -> String {
        let texts = self
            .requests()
            .into_iter()
            .map(|(uri, headers, body)| format!("{uri} {headers:?} {}", String::from_utf8_lossy(&body)));
        texts.collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn axum_server(listener: TcpListener, routes: Router) {
    lyceum::http::serve::serve(
        listener,
        routes,
        lyceum::http::serve::Limits {
            header_timeout: PATIENCE,
            keep_alive: PATIENCE,
            connections: 16,
            connections_per_ip: 16,
            grace: Duration::ZERO,
        },
        &lyceum::http::serve::Closing::default(),
        std::future::pending(),
    )
    .await;
}

async fn keep(State(kept): State<Kept>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    kept.requests.lock().unwrap().push((uri, headers, body));
    *kept.status.lock().unwrap()
}

fn read(body: Bytes) -> Vec<Span> {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    let spans = scopes.flat_map(|scope| scope.spans).map(|span| Span {
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        kind: span.kind(),
        failed: span.status.as_ref().is_some_and(|status| status.code == 2),
        name: span.name,
        start: span.start_time_unix_nano,
        end: span.end_time_unix_nano,
        attributes: attributes(span.attributes),
    });
    spans.collect()
}

pub(crate) fn attributes(pairs: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |value: Option<Value>| match value {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("{other:?}"),
    };
    pairs.into_iter().map(|pair| (pair.key, text(pair.value.and_then(|value| value.value)))).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

impl Span {
    /// An attribute; empty when there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.attributes.get(name).map(String::as_str).unwrap_or_default()
    }

    pub(crate) fn is_statement(&self) -> bool {
        self.kind == SpanKind::Client
    }
}
