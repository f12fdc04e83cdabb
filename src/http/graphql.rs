//! `/graphql`, by the GraphQL-over-HTTP specification. A request passes through in this order: media type, body,
//! document and its limits, credentials, execution, answer. Nothing runs before all of the limits have been met.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{Request, parser::types::OperationType};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};
use futures_util::FutureExt as _;
use tracing::Instrument as _;

use super::{
    Door,
    answer::{self, Refused},
    body::{self, Params},
    document::Document,
    layers::RequestId,
    negotiation::MediaType,
    origin,
    viewer::Shown,
};
use crate::{
    core::{Error, limits::Quota},
    graphql::{self, Asked, Code, CookieChange},
};

pub(super) async fn handle(State(door): State<Door>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let id = parts.extensions.get::<RequestId>().map(|RequestId(id)| id.clone()).unwrap_or_default();
    let Some(media) = MediaType::accepted(&parts.headers) else {
        let message = "Accept `application/graphql-response+json` or `application/json`.";
        return Refused::new(StatusCode::NOT_ACCEPTABLE, MediaType::Json, Code::BadUserInput, message).respond(&id);
    };
    let mut cookie = None;
    let mut response = match answer(&door, &parts, body, media, &mut cookie).await {
        Ok(executed) => answer::executed(media, executed, &id),
        Err(refused) => allow_post(refused.respond(&id)),
    };
    if let Some(line) = cookie.and_then(|change| door.cookies.header(&change)) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
    response
}

/// The result of the execution, or why there is none; `change` is what becomes of the session cookie either way.
async fn answer(
    door: &Door,
    parts: &Parts,
    body: Body,
    media: MediaType,
    change: &mut Option<CookieChange>,
) -> Result<async_graphql::Response, Refused> {
    let origin = origin::of(&parts.extensions, &parts.headers, &door.settings.trusted_proxies);
    let of_domain = |error| Refused::of_domain(media, error);
    door.core.limits.attempt(Quota::Operation, &origin).map_err(of_domain)?;
    let shown = Shown::of(door, parts);
    if shown.is_forged(parts) {
        return Err(forged(media));
    }
    let params = params(door, parts, body, media).await?;
    let document = document(door, parts, &params, media)?;
    let name = params.operation_name.as_deref();
    let open = document.holds_only(name, graphql::OPEN_MUTATIONS);
    let viewer = shown.viewer(&door.core, &parts.headers, open).await;
    let (viewer, extended) = viewer.map_err(|(error, cleared)| {
        *change = cleared;
        of_domain(error)
    })?;

    let is_mutation = document.operation(name).is_ok_and(|operation| operation == OperationType::Mutation);
    let mut request = Request::new(String::new()).variables(params.variables);
    request.operation_name = params.operation_name;
    request.set_parsed_query(document.parsed().clone());
    if !door.settings.documents.introspection {
        request = request.disable_introspection();
    }
    let cookie = Arc::new(shown.cookie(extended));
    let asked = Asked { core: door.core.clone(), viewer, origin, cookie: cookie.clone() };
    let executed = execute(door, graphql::with_context(request, asked), is_mutation).await;
    *change = cookie.change();
    if cookie.refused() { Err(forged(media)) } else { executed.map_err(of_domain) }
}

/// Another site may have made the browser send this.
fn forged(media: MediaType) -> Refused {
    let message = "With the session cookie, send `X-Requested-With` from a page of this server or of ALLOWED_ORIGINS.";
    Refused::new(StatusCode::FORBIDDEN, media, Code::Forbidden, message)
}

/// The request's entries, from a POST's body or a GET's query string.
async fn params(door: &Door, parts: &Parts, body: Body, media: MediaType) -> Result<Params, Refused> {
    match parts.method {
        Method::POST => {
            body::require_json(&parts.headers, media)?;
            let body = body::read(body, door.settings.body_bytes, door.settings.body_timeout, media).await?;
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

/// The document, parsed once and within every limit.
fn document(door: &Door, parts: &Parts, params: &Params, media: MediaType) -> Result<Arc<Document>, Refused> {
    let of_document = |refusal| Refused::of_document(media, refusal);
    let document = door.documents.prepare(&params.query).map_err(of_document)?;
    let name = params.operation_name.as_deref();
    let operation = document.operation(name).map_err(of_document)?;
    if parts.method == Method::GET && operation != OperationType::Query {
        let message = "GET is for queries; use POST.";
        return Err(Refused::new(StatusCode::METHOD_NOT_ALLOWED, media, Code::BadUserInput, message));
    }
    document.check_variables(name, &params.variables).map_err(of_document)?;
    document.check_cost(name, &params.variables, &door.settings.documents).map_err(of_document)?;
    Ok(document)
}

/// Runs it, for as long as an operation may take. A mutation runs in a task of its own, which outlives a client
/// that goes away: half a transaction is nobody's wish.
async fn execute(door: &Door, request: Request, is_mutation: bool) -> Result<async_graphql::Response, Error> {
    let schema = door.schema.clone();
    let run = async move { schema.execute(request).await };
    let timeout = door.settings.operation_timeout;
    let done = if is_mutation {
        tokio::time::timeout(timeout, tokio::spawn(run.in_current_span())).await.map(|joined| joined.map_err(|_| ()))
    } else {
        tokio::time::timeout(timeout, AssertUnwindSafe(run).catch_unwind()).await.map(|ran| ran.map_err(|_| ()))
    };
    match done {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(())) => Err(Error::internal("a resolver panicked")),
        Err(_) => Err(Error::Timeout),
    }
}

fn allow_post(mut response: Response) -> Response {
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
    }
    response
}
