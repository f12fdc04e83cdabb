//! What holds for every answer: a request id, security headers, compression, cross-origin rules, and no panic
//! that closes a connection without a word.

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use futures_util::FutureExt as _;
use tower_http::{
    compression::{CompressionLayer, predicate::SizeAbove},
    cors::{AllowOrigin, CorsLayer},
};
use tracing::Instrument as _;

use super::{Settings, answer::Refused, negotiation::MediaType};
use crate::core::{Core, Error};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Smaller answers fit into one packet anyway.
const WORTH_COMPRESSING: u16 = 1400;
const PREFLIGHT_KEPT: Duration = Duration::from_mins(10);

/// Names a request in the log and in what a client is told of a fault.
#[derive(Clone)]
pub(super) struct RequestId(pub Arc<str>);

pub(super) fn around(routes: Router, core: Arc<Core>, settings: &Settings) -> Router {
    let tls = settings.tls;
    let routes = routes
        .layer(CompressionLayer::new().gzip(true).compress_when(SizeAbove::new(WORTH_COMPRESSING)))
        .layer(middleware::from_fn(move |request, next| guarded(core.clone(), request, next, tls)));
    match cross_origin(&settings.allowed_origins) {
        Some(rules) => routes.layer(rules),
        None => routes,
    }
}

async fn guarded(core: Arc<Core>, mut request: Request, next: Next, tls: bool) -> Response {
    let id: Arc<str> = core.random.uuid(core.clock.now()).simple().to_string().into();
    request.extensions_mut().insert(RequestId(id.clone()));
    let path = shown(request.uri().path());
    let span = tracing::info_span!("request", %id, method = %request.method(), path);
    let mut response = if request.method() == Method::TRACE {
        (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, POST")]).into_response()
    } else {
        let work = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone()).await;
        work.unwrap_or_else(|panic| span.in_scope(|| after_panic(&*panic, &id)))
    };
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), "answered"));
    complete(&mut response, &id, tls);
    response
}

fn after_panic(panic: &(dyn Any + Send), id: &str) -> Response {
    let cause = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let error = Error::internal(cause.unwrap_or("a panic without words"));
    Refused::of_domain(MediaType::Json, error).respond(id)
}

/// Headers that an answer did not set for itself (OWASP ASVS 3.4).
fn complete(response: &mut Response, id: &str, tls: bool) {
    let headers = response.headers_mut();
    let policy = "default-src 'none'; frame-ancestors 'none'";
    let mut defaults = vec![
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-store"),
    ];
    if tls {
        defaults.push((header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"));
    }
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

/// Only listed origins, compared whole; none listed means that browsers get no leave at all.
fn cross_origin(origins: &[String]) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect();
    let requested = HeaderName::from_static("x-requested-with");
    (!origins.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins))
            .allow_credentials(true)
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, requested])
            .expose_headers([header::RETRY_AFTER, REQUEST_ID])
            .max_age(PREFLIGHT_KEPT)
    })
}

/// A path as the log may have it: short, and without control characters.
fn shown(path: &str) -> String {
    path.chars().filter(|c| !c.is_control()).take(100).collect()
}
