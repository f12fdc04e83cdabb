//! From bytes to a GraphQL request: size, content type, JSON, and the types of its four entries.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use async_graphql::Variables;
use axum::{
    body::{Body, BodyDataStream, Bytes, HttpBody},
    extract::Query,
    http::{HeaderMap, StatusCode, Uri, header},
};
use futures_util::{Stream, StreamExt as _, stream::Fuse};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{answer::Refused, negotiation::MediaType};
use crate::graphql::Code;

/// How much of a refused body is still taken, so that the answer is heard.
const DISCARDED: usize = 16 << 20;
/// Who sends nothing for so long is done, or gone.
const STILL: Duration = Duration::from_secs(2);

/// The entries of a request (GraphQL over HTTP, 5.1).
#[derive(Debug)]
pub(super) struct Params {
    /// None when the document is only named.
    pub query: Option<String>,
    /// `documentId`, or the digest of an automatic persisted query.
    pub document_id: Option<String>,
    pub operation_name: Option<String>,
    pub variables: Variables,
    /// What a variable waits for, in a request of several parts.
    pub file: Option<Arc<[u8]>>,
}

/// A body on its way in, and until when it may come.
pub(super) struct Incoming {
    pieces: Fuse<BodyDataStream>,
    deadline: Instant,
    begun: bool,
}

impl Incoming {
    pub(super) fn new(body: Body, timeout: Duration) -> Self {
        let deadline = tokio::time::sleep(timeout).deadline();
        Self { pieces: body.into_data_stream().fuse(), deadline, begun: false }
    }

    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// How long it is at least, where `Content-Length` tells.
    pub(super) fn least(&self) -> u64 {
        HttpBody::size_hint(self.pieces.get_ref()).lower()
    }

    /// Takes what is left and keeps nothing of it. Many clients look for the answer when they have sent everything, and
    /// a connection that is closed before that is to them a network that failed.
    pub(super) async fn discard(mut self, headers: &HeaderMap) {
        // Who asked before sending hears the answer, and sends nothing.
        if !self.begun && headers.contains_key(header::EXPECT) {
            return;
        }
        let rest = async {
            let mut left = DISCARDED;
            while let Ok(Some(Ok(piece))) = tokio::time::timeout(STILL, self.pieces.next()).await {
                let Some(less) = left.checked_sub(piece.len()) else { break };
                left = less;
            }
        };
        let _ = tokio::time::timeout_at(self.deadline, rest).await;
    }
}

impl Stream for Incoming {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.begun = true;
        self.pieces.poll_next_unpin(context)
    }
}

/// Reads at most `limit` bytes, whatever `Content-Length` says.
pub(super) async fn read(body: &mut Incoming, limit: usize, media: MediaType) -> Result<Vec<u8>, Refused> {
    let deadline = body.deadline;
    let read = async {
        let mut bytes = Vec::new();
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|_| cut_short(media))?;
            if bytes.len() + piece.len() > limit {
                return Err(too_large(limit, media));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    };
    tokio::time::timeout_at(deadline, read).await.unwrap_or_else(|_| Err(too_slow(media)))
}

fn cut_short(media: MediaType) -> Refused {
    Refused::new(StatusCode::BAD_REQUEST, media, Code::BadUserInput, "The body ended before it was whole.")
}

fn too_large(limit: usize, media: MediaType) -> Refused {
    let message = format!("The body is larger than {limit} bytes.");
    Refused::new(StatusCode::PAYLOAD_TOO_LARGE, media, Code::QueryTooLarge, message)
}

pub(super) fn too_slow(media: MediaType) -> Refused {
    Refused::new(StatusCode::REQUEST_TIMEOUT, media, Code::Timeout, "The body did not arrive in time.")
}

/// Only JSON: a browser sends the other types across sites without asking first.
pub(super) fn require_json(headers: &HeaderMap, media: MediaType) -> Result<(), Refused> {
    let refused =
        |message: &str| Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, media, Code::BadUserInput, message));
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = content_type.split(';').map(str::trim);
    if !parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json")) {
        return refused("Send `Content-Type: application/json`, or `multipart/form-data` with a file.");
    }
    let charset = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("charset"));
    match charset {
        Some((_, value)) if !value.trim_matches('"').eq_ignore_ascii_case("utf-8") => refused("Send UTF-8."),
        _ => Ok(()),
    }
}

pub(super) fn parse_json(body: &[u8], media: MediaType) -> Result<Params, Refused> {
    let bad = |message: &str| Refused::new(StatusCode::BAD_REQUEST, media, Code::BadUserInput, message);
    let body: Value = serde_json::from_slice(body).map_err(|error| {
        // The parser's own message may quote the input; where it stopped is enough.
        bad(&format!("The body is not valid JSON (line {}, column {}).", error.line(), error.column()))
    })?;
    match body {
        Value::Object(entries) => Params::from_entries(entries).map_err(bad),
        Value::Array(_) => Err(bad("Batches are not accepted: send one operation in a request.")),
        _ => Err(bad("The body must be a JSON object with `query`.")),
    }
}

/// The same entries as query parameters; `variables` and `extensions` are JSON in text.
pub(super) fn parse_query(uri: &Uri, media: MediaType) -> Result<Params, Refused> {
    let bad = |message: &str| Refused::new(StatusCode::BAD_REQUEST, media, Code::BadUserInput, message);
    let Query(pairs) =
        Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| bad("The query string cannot be read."))?;
    let mut entries = Map::new();
    for (name, value) in pairs {
        let value = match name.as_str() {
            "variables" | "extensions" | "operationName" if value.is_empty() => Value::Null,
            "variables" | "extensions" => {
                serde_json::from_str(&value).map_err(|_| bad(&format!("`{name}` is not valid JSON.")))?
            }
            "query" | "operationName" | "documentId" => Value::String(value),
            _ => continue,
        };
        entries.insert(name, value);
    }
    Params::from_entries(entries).map_err(bad)
}

impl Params {
    pub(super) fn from_entries(mut entries: Map<String, Value>) -> Result<Self, &'static str> {
        let query = match entries.remove("query") {
            Some(Value::String(query)) if !query.trim().is_empty() => Some(query),
            Some(Value::String(_) | Value::Null) | None => None,
            Some(_) => return Err("`query` must be a string."),
        };
        let operation_name = match entries.remove("operationName") {
            Some(Value::String(name)) => Some(name),
            Some(Value::Null) | None => None,
            Some(_) => return Err("`operationName` must be a string."),
        };
        let variables = match entries.remove("variables") {
            Some(variables @ Value::Object(_)) => Variables::from_json(variables),
            Some(Value::Null) | None => Variables::default(),
            Some(_) => return Err("`variables` must be an object."),
        };
        let of_extensions = match entries.remove("extensions") {
            Some(Value::Object(mut extensions)) => persisted(extensions.remove("persistedQuery"))?,
            Some(Value::Null) | None => None,
            Some(_) => return Err("`extensions` must be an object."),
        };
        let document_id = match entries.remove("documentId") {
            Some(Value::String(id)) => Some(id),
            Some(Value::Null) | None => of_extensions,
            Some(_) => return Err("`documentId` must be a string."),
        };
        if query.is_none() && document_id.is_none() {
            return Err("`query` is missing.");
        }
        Ok(Self { query, document_id, operation_name, variables, file: None })
    }
}

/// The digest of an automatic persisted query, in the one version that there is.
fn persisted(extension: Option<Value>) -> Result<Option<String>, &'static str> {
    let Some(mut extension) = extension.filter(|extension| !extension.is_null()) else { return Ok(None) };
    match (extension.get("version").and_then(Value::as_u64), extension.get_mut("sha256Hash").map(Value::take)) {
        (Some(1), Some(Value::String(digest))) => Ok(Some(digest)),
        _ => Err("`extensions.persistedQuery` must have `version` 1 and `sha256Hash`."),
    }
}
