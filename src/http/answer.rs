//! Answers: how a result or a refusal becomes a status code and bytes.

use std::time::Duration;

use async_graphql::{Pos, ServerError, Value};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::to_value;

use super::{document::Refusal, freshness, negotiation::MediaType};
use crate::{
    core::{Error, crypto::digest_of},
    graphql::{Code, ErrorExtensions, room_for, write_json},
};

/// Longer messages, in bytes, would hand clients their own input back.
const LONGEST_MESSAGE: usize = 200;
/// The library quotes what it was sent; more of that than this, in bytes and over all errors, does not go back.
const MOST_QUOTED: usize = 200;

/// What an answer takes beside its data, in bytes, without errors.
const ROOM: usize = 64;

/// A request that was not executed.
pub(super) struct Refused {
    pub status: StatusCode,
    pub media: MediaType,
    pub error: ErrorExtensions,
    pub locations: Vec<Pos>,
}

#[derive(Serialize)]
pub(super) struct Errors {
    errors: [RequestError; 1],
}

#[derive(Serialize)]
struct RequestError {
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Pos>,
    extensions: Extensions,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extensions {
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl Refused {
    pub(super) fn new(status: StatusCode, media: MediaType, code: Code, message: impl Into<String>) -> Self {
        let error = ErrorExtensions { code, message: message.into(), reason: None, retry_after: None };
        Self { status, media, error, locations: Vec::new() }
    }

    /// The domain's refusal of a whole request: bad credentials, too many requests, no database.
    pub(super) fn of_domain(media: MediaType, error: Error) -> Self {
        let error = ErrorExtensions::from(error);
        let status = match error.code {
            Code::Unauthenticated => StatusCode::UNAUTHORIZED,
            Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Code::ServiceUnavailable | Code::TooBusy => StatusCode::SERVICE_UNAVAILABLE,
            Code::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Code::Forbidden => StatusCode::FORBIDDEN,
            Code::InternalServerError => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { status, media, error, locations: Vec::new() }
    }

    /// A document that is not executed. `application/json` has no other status for it than 200.
    pub(super) fn of_document(media: MediaType, refusal: Refusal) -> Self {
        let status = match media {
            MediaType::GraphqlResponse => StatusCode::BAD_REQUEST,
            MediaType::Json => StatusCode::OK,
        };
        let (error, locations) = of_refusal(refusal);
        Self { status, media, error, locations }
    }
}

/// What the limits of documents refuse, as any other error.
pub(super) fn of_refusal(refusal: Refusal) -> (ErrorExtensions, Vec<Pos>) {
    let Refusal { code, message, locations } = refusal;
    (ErrorExtensions { code, message, reason: None, retry_after: None }, locations)
}

/// A result as a stream tells it, its fields in the order in which they were asked for.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Told {
    Executed(Box<async_graphql::Response>),
    /// Nothing of the operation has run: there is no `data` entry (GraphQL specification, 7.1).
    NeverRan {
        errors: Vec<ServerError>,
    },
    Refused(Errors),
}

impl Told {
    /// Whether the stream of a subscription could not begin, or nothing has run at all.
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            Self::Executed(response) => response.data == Value::Null && !response.errors.is_empty(),
            Self::NeverRan { .. } | Self::Refused(_) => true,
        }
    }

    /// The list of errors in it.
    pub(super) fn errors(&self) -> serde_json::Value {
        let errors = match self {
            Self::Executed(response) => to_value(&response.errors),
            Self::NeverRan { errors } => to_value(errors),
            Self::Refused(Errors { errors }) => to_value(errors),
        };
        errors.unwrap_or_default()
    }
}

/// A refusal in the form of a result.
pub(super) fn refusal(error: &ErrorExtensions, locations: Vec<Pos>, request_id: &str) -> Told {
    Told::Refused(errors(error, locations, request_id))
}

fn errors(error: &ErrorExtensions, locations: Vec<Pos>, request_id: &str) -> Errors {
    let extensions = Extensions {
        code: error.code.as_str(),
        reason: error.reason,
        retry_after: error.retry_after,
        request_id: (error.code == Code::InternalServerError).then(|| request_id.to_owned()),
    };
    Errors { errors: [RequestError { message: one_line(&error.message), locations, extensions }] }
}

impl Refused {
    pub(super) fn respond(self, request_id: &str) -> Response {
        let Self { status, media, error, locations } = self;
        let mut response = json(status, media, &errors(&error, locations, request_id));
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"lyceum\", error=\"invalid_token\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = error.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The answer of a public query by GET: caches may keep it, and a client that has it already is told so.
pub(super) async fn public(response: Response, request: &HeaderMap, max_age: Duration) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let digest = digest_of(&String::from_utf8_lossy(&body));
    // Weak, since an outer layer may compress the body.
    let tag = format!("W/\"{}\"", digest.get(..32).unwrap_or_default());
    let age = format!("public, max-age={}, must-revalidate", max_age.as_secs());
    for (name, value) in [(header::ETAG, tag.as_str()), (header::CACHE_CONTROL, age.as_str())] {
        if let Ok(value) = HeaderValue::from_str(value) {
            parts.headers.insert(name, value);
        }
    }
    parts.headers.insert(header::VARY, HeaderValue::from_static("accept, authorization, cookie"));
    if freshness::knows(request, &tag) {
        parts.status = StatusCode::NOT_MODIFIED;
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(body))
}

/// The answer of an execution: its errors get their codes, and a request that never ran gets its status.
pub(super) fn executed(media: MediaType, mut response: async_graphql::Response, request_id: &str) -> Response {
    let never_ran = finish(&mut response, request_id);
    if never_ran {
        let status = match media {
            MediaType::GraphqlResponse => StatusCode::BAD_REQUEST,
            MediaType::Json => StatusCode::OK,
        };
        // An error before execution has no `data` entry (GraphQL specification, 7.1).
        return json(status, media, &serde_json::json!({ "errors": response.errors }));
    }
    let Ok(body) = body_of(&response) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    whole(StatusCode::OK, media, body)
}

/// The entries of a result in the library's order, with what its data holds as JSON already.
fn body_of(response: &async_graphql::Response) -> serde_json::Result<Vec<u8>> {
    let mut body = Vec::with_capacity(room_for(&response.data) + ROOM);
    body.push(b'{');
    if !response.errors.is_empty() {
        body.extend_from_slice(b"\"errors\":");
        serde_json::to_writer(&mut body, &response.errors)?;
        body.push(b',');
    }
    body.extend_from_slice(b"\"data\":");
    write_json(&response.data, &mut body);
    if !response.extensions.is_empty() {
        body.extend_from_slice(b",\"extensions\":");
        serde_json::to_writer(&mut body, &response.extensions)?;
    }
    body.push(b'}');
    Ok(body)
}

/// The result of an operation in a stream.
pub(super) fn told(mut response: async_graphql::Response, request_id: &str) -> Told {
    if finish(&mut response, request_id) {
        Told::NeverRan { errors: response.errors }
    } else {
        Told::Executed(Box::new(response))
    }
}

/// Gives errors their codes; true when nothing of the operation has run.
fn finish(response: &mut async_graphql::Response, request_id: &str) -> bool {
    for error in &mut response.errors {
        complete(error, request_id);
    }
    let never_ran = !response.errors.is_empty()
        && response.data == Value::Null
        && response.errors.iter().all(|error| error.path.is_empty());
    if never_ran {
        shorten(&mut response.errors);
    }
    never_ran
}

/// Errors without a code are the library's: of validation, or of a value that a resolver's input refused.
fn complete(error: &mut ServerError, request_id: &str) {
    error.message = one_line(&error.message);
    error.source = None;
    let library_code = library_code(error);
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        error.message = without_value(&error.message);
        extensions.set("code", library_code.as_str());
    }
    if extensions.get("code") == Some(&Value::from(Code::InternalServerError.as_str())) {
        extensions.set("requestId", request_id);
    }
}

/// The code of an error, for whoever counts them.
pub(super) fn code(error: &ServerError) -> String {
    match error.extensions.as_ref().and_then(|extensions| extensions.get("code")) {
        Some(Value::String(code)) => code.clone(),
        _ => library_code(error).as_str().to_owned(),
    }
}

fn library_code(error: &ServerError) -> Code {
    if error.path.is_empty() { Code::GraphqlValidationFailed } else { Code::BadUserInput }
}

/// The library repeats the value that does not fit. That may be a password in the wrong place, and answers are
/// logged by many clients.
fn without_value(message: &str) -> String {
    let of_enum = || message.find("the value \"").map(|at| at + "the value".len());
    match message.find(", found ").or_else(of_enum).and_then(|end| message.get(..end)) {
        Some(beginning) => format!("{beginning}."),
        None => message.to_owned(),
    }
}

fn json(status: StatusCode, media: MediaType, body: &impl Serialize) -> Response {
    let Ok(body) = serde_json::to_vec(body) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    whole(status, media, body)
}

fn whole(status: StatusCode, media: MediaType, body: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, media.header())], Body::from(body)).into_response()
}

/// As many errors of validation as may be told; the first one always is. The library tells some of them twice.
fn shorten(errors: &mut Vec<ServerError>) {
    errors.dedup_by(|one, other| one.message == other.message && one.locations == other.locations);
    let mut quoted = 0;
    let told = errors.iter().take_while(|error| {
        quoted += error.message.split('"').skip(1).step_by(2).map(str::len).sum::<usize>();
        quoted <= MOST_QUOTED
    });
    let told = told.count().max(1);
    errors.truncate(told);
}

fn one_line(message: &str) -> String {
    let line: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.len() <= LONGEST_MESSAGE {
        return line;
    }
    let end = line.floor_char_boundary(LONGEST_MESSAGE - "…".len());
    format!("{}…", line.get(..end).unwrap_or_default())
}
