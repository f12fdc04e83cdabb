//! `/graphql`, by the GraphQL-over-HTTP specification. A request passes through in this order: media type, body,
//! document and its limits, credentials, execution, answer. Nothing runs before all of the limits have been met.

use std::sync::Arc;

use async_graphql::{Name, Value, parser::types::OperationType};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};

use super::{
    Door,
    answer::{self, Refused},
    body::{self, Incoming, Params},
    events,
    layers::RequestId,
    multipart,
    negotiation::MediaType,
    operation::Operation,
    origin, sockets,
    viewer::Shown,
};
use crate::{
    core::limits::Quota,
    graphql::{Asked, Code, CookieChange},
};

/// Asks for the cost of the operation, where introspection is on.
pub(super) const COST: HeaderName = HeaderName::from_static("x-graphql-cost");

pub(super) async fn handle(State(door): State<Door>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let id = parts.extensions.get::<RequestId>().map(|RequestId(id)| id.clone()).unwrap_or_default();
    if sockets::is_handshake(&parts) {
        return sockets::open(door, parts).await.unwrap_or_else(|refused| refused.respond(&id));
    }
    let Some(form) = Form::accepted(&parts.headers) else {
        let message = "Accept `application/graphql-response+json`, `application/json` or `text/event-stream`.";
        return Refused::new(StatusCode::NOT_ACCEPTABLE, MediaType::Json, Code::BadUserInput, message).respond(&id);
    };
    let mut cookie = None;
    let mut body = Incoming::new(body, door.settings.body_timeout);
    let mut response = match answer(&door, &parts, &mut body, form, &id, &mut cookie).await {
        Ok(response) => response,
        Err(refused) => {
            door.core.metrics.told(refused.error.code.as_str());
            body.discard(&parts.headers).await;
            allow_post(refused.respond(&id))
        }
    };
    if let Some(line) = cookie.and_then(|change| door.cookies.header(&change)) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
    response
}

/// What an answer looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    One(MediaType),
    Events,
}

impl Form {
    fn accepted(headers: &HeaderMap) -> Option<Self> {
        if events::wanted(headers) { Some(Self::Events) } else { MediaType::accepted(headers).map(Self::One) }
    }

    /// Of a refusal before anything could stream.
    fn media(self) -> MediaType {
        match self {
            Self::One(media) => media,
            Self::Events => MediaType::Json,
        }
    }
}

/// The answer, or why there is none; `change` is what becomes of the session cookie either way.
async fn answer(
    door: &Door,
    parts: &Parts,
    body: &mut Incoming,
    form: Form,
    id: &Arc<str>,
    change: &mut Option<CookieChange>,
) -> Result<Response, Refused> {
    let media = form.media();
    let origin = origin::of(&parts.extensions, &parts.headers, &door.settings.trusted_proxies);
    let of_domain = |error| Refused::of_domain(media, error);
    door.core.limits.attempt(Quota::Operation, &origin).await.map_err(of_domain)?;
    let shown = Shown::of(door, parts);
    if shown.is_forged(parts) {
        return Err(forged(media));
    }
    let params = params(door, parts, body, media).await?;
    let operation = match Operation::prepare(door, params) {
        Ok(operation) => operation,
        Err(refusal) if form == Form::Events => {
            door.core.metrics.told(refusal.code.as_str());
            return Ok(events::of_refusal(refusal, id));
        }
        Err(refusal) => return Err(Refused::of_document(media, refusal)),
    };
    fits(operation.kind, form, &parts.method)?;
    let viewer = shown.viewer(&door.core, &origin, &parts.headers, operation.is_open()).await;
    let (viewer, extended) = viewer.map_err(|(error, cleared)| {
        *change = cleared;
        of_domain(error)
    })?;
    // Without credentials it is the same answer for everybody.
    let is_public = parts.method == Method::GET && shown.is_nobody(&parts.headers);
    let cookie = Arc::new(shown.cookie(extended));
    let asked = Asked { core: door.core.clone(), viewer, origin, cookie: cookie.clone() };
    if operation.kind == OperationType::Subscription {
        *change = cookie.change();
        return Ok(events::of(door, operation, asked, id.clone()));
    }
    let cost = operation.cost;
    let executed = operation.execute(door, asked, form != Form::Events).await;
    *change = cookie.change();
    if cookie.refused() {
        return Err(forged(media));
    }
    let mut executed = executed.map_err(of_domain)?;
    if door.settings.documents.introspection && parts.headers.contains_key(COST) {
        tell_cost(&mut executed, cost, door.settings.documents.cost);
    }
    let is_public = is_public && executed.errors.is_empty();
    Ok(match form {
        Form::One(media) if is_public => {
            answer::public(answer::executed(media, executed, id), &parts.headers, door.settings.public_max_age).await
        }
        Form::One(media) => answer::executed(media, executed, id),
        Form::Events => events::of_result(executed, id),
    })
}

/// Whether an operation of this kind may come this way.
fn fits(kind: OperationType, form: Form, method: &Method) -> Result<(), Refused> {
    match kind {
        OperationType::Subscription if form != Form::Events => Err(needs_a_stream(form.media())),
        OperationType::Mutation if method == Method::GET => Err(needs_post(form.media())),
        OperationType::Query | OperationType::Mutation | OperationType::Subscription => Ok(()),
    }
}

/// For whoever tunes a query: what it was taken for, and what it may be.
fn tell_cost(executed: &mut async_graphql::Response, cost: u64, limit: u64) {
    let told = [("requested", cost), ("limit", limit)].map(|(name, value)| (Name::new(name), Value::from(value)));
    executed.extensions.insert("cost".to_owned(), Value::Object(told.into_iter().collect()));
}

/// Another site may have made the browser send this.
fn forged(media: MediaType) -> Refused {
    let message = "With the session cookie, send `X-Requested-With` from a page of this server or of ALLOWED_ORIGINS.";
    Refused::new(StatusCode::FORBIDDEN, media, Code::Forbidden, message)
}

/// The request's entries, from a POST's body or a GET's query string.
async fn params(door: &Door, parts: &Parts, body: &mut Incoming, media: MediaType) -> Result<Params, Refused> {
    match parts.method {
        Method::POST if multipart::is_multipart(&parts.headers) => {
            let limits = multipart::Limits { operations: door.settings.body_bytes, file: door.settings.upload_bytes };
            multipart::read(&parts.headers, body, &limits, media).await
        }
        Method::POST => {
            body::require_json(&parts.headers, media)?;
            let body = body::read(body, door.settings.body_bytes, media).await?;
            body::parse_json(&body, media)
        }
        Method::GET => body::parse_query(&parts.uri, media),
        _ => Err(Refused::new(
            StatusCode::METHOD_NOT_ALLOWED,
            media,
            Code::BadUserInput,
            "Use POST, or GET for queries.",
        )),
    }
}

fn needs_post(media: MediaType) -> Refused {
    Refused::new(StatusCode::METHOD_NOT_ALLOWED, media, Code::BadUserInput, "GET is for queries; use POST.")
}

fn needs_a_stream(media: MediaType) -> Refused {
    let message = "A subscription needs a socket (graphql-transport-ws), or `Accept: text/event-stream`.";
    Refused::new(StatusCode::NOT_ACCEPTABLE, media, Code::BadUserInput, message)
}

fn allow_post(mut response: Response) -> Response {
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
    }
    response
}
