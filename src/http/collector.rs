//! Sends traces to a collector: OTLP over HTTP, in protobuf. The door's only way out, and nobody waits for it: a collector
//! that is away costs the spans of that time, and one line of the log.

mod connection;

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use opentelemetry_proto::{
    tonic::collector::trace::v1::ExportTraceServiceRequest,
    transform::{common::tonic::ResourceAttributesWithSchema, trace::tonic::group_spans_by_resource_and_scope},
};
use prost::Message as _;

use self::connection::Peer;
use crate::core::{
    Error, Result,
    traces::{Batch, Outgoing},
};

/// For one try, from the connection to the answer; what users of other clients know as the default, too.
const PATIENCE: Duration = Duration::from_secs(10);
/// Before the second try and the third: as long as a restart may take.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

pub struct Collector {
    peer: Peer,
    target: Uri,
    headers: HeaderMap,
    /// Whether it took what was sent last.
    answers: bool,
    lost: u64,
}

/// Why something was not taken.
struct Refusal {
    why: String,
    /// Whether it may be taken a moment later.
    passing: bool,
}

impl Collector {
    /// `endpoint` is where traces are taken, as an `http` or `https` URL; `headers` go with each request.
    pub fn new<'h>(endpoint: &str, headers: impl Iterator<Item = (&'h str, &'h str)>) -> Result<Self> {
        let uri: Uri = endpoint.parse().map_err(Error::internal)?;
        let peer = Peer::of(&uri).ok_or_else(|| Error::internal("the endpoint of traces has no host"))?;
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().map_err(Error::internal)?;
            let mut value: HeaderValue = value.parse().map_err(Error::internal)?;
            value.set_sensitive(true);
            all.insert(name, value);
        }
        all.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        all.insert(header::USER_AGENT, HeaderValue::from_static(concat!("lyceum/", env!("CARGO_PKG_VERSION"))));
        let target = uri.path_and_query().map_or_else(|| Uri::from_static("/"), |target| target.clone().into());
        Ok(Self { peer, target, headers: all, answers: true, lost: 0 })
    }

    /// Whether it takes traces: it is sent none.
    pub async fn check(&self) -> Result<(), String> {
        self.send(Vec::new()).await.map_err(|refusal| refusal.why)
    }

    /// Sends what comes, for as long as something can come.
    pub async fn run(mut self, mut outgoing: Outgoing) {
        let resource = ResourceAttributesWithSchema::from(&outgoing.resource);
        while let Some(mut batch) = outgoing.next().await {
            self.lost += outgoing.lost();
            let spans = std::mem::take(&mut batch.spans);
            if spans.is_empty() {
                continue;
            }
            let count = spans.len() as u64;
            let request =
                ExportTraceServiceRequest { resource_spans: group_spans_by_resource_and_scope(spans, &resource) };
            let sent = self.deliver(request.encode_to_vec(), &batch).await;
            self.note(sent, count);
        }
    }

    /// Tries again when that may help, nobody waits, and it is not known to be away.
    async fn deliver(&self, body: Vec<u8>, batch: &Batch) -> Result<(), Refusal> {
        let pauses: &[Duration] = if self.answers && !batch.is_awaited() { &PAUSES } else { &[] };
        for pause in pauses {
            match self.send(body.clone()).await {
                Err(refusal) if refusal.passing => tokio::time::sleep(*pause).await,
                done => return done,
            }
        }
        self.send(body).await
    }

    async fn send(&self, body: Vec<u8>) -> Result<(), Refusal> {
        let asked = self.peer.post(self.target.clone(), self.headers.clone(), body);
        let away = |why: String| Refusal { why, passing: true };
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(status)) if status.is_success() => Ok(()),
            Ok(Ok(status)) => Err(Refusal { why: format!("it answers {status}"), passing: is_passing(status) }),
            Ok(Err(why)) => Err(away(why)),
            Err(_) => Err(away(format!("no answer in {} s", PATIENCE.as_secs()))),
        }
    }

    /// Says once that traces are not taken, and once that they are again.
    fn note(&mut self, sent: Result<(), Refusal>, count: u64) {
        let before = std::mem::replace(&mut self.answers, sent.is_ok());
        match sent {
            Ok(()) if !before => {
                let lost = std::mem::take(&mut self.lost);
                tracing::info!(lost, "the collector takes traces again");
            }
            Ok(()) => {
                let lost = std::mem::take(&mut self.lost);
                if lost > 0 {
                    tracing::debug!(lost, "there were more spans than could be sent");
                }
            }
            Err(Refusal { why, .. }) => {
                self.lost += count;
                if before {
                    let collector = self.peer.name();
                    tracing::warn!(why, collector, "the collector does not take traces; they are lost until it does");
                }
            }
        }
    }
}

/// What the specification of OTLP says may be tried again.
fn is_passing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}
