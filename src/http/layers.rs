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
    compression::{
        CompressionLayer, Predicate as _,
        predicate::{NotForContentType, SizeAbove},
    },
    cors::{AllowOrigin, CorsLayer},
};
use tracing::{Instrument as _, field};

use super::{Settings, answer::Refused, graphql::COST, multipart, negotiation::MediaType, spans};
use crate::core::{
    Core, Error,
    clock::Clock,
    random::Random,
    traces::{self, Traces},
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Smaller answers fit into one packet anyway.
const WORTH_COMPRESSING: u16 = 1400;
const PREFLIGHT_KEPT: Duration = Duration::from_mins(10);

/// Names a request in the log and in what a client is told of a fault.
#[derive(Clone)]
pub(super) struct RequestId(pub Arc<str>);

/// What every request needs: what its id is made of, and what its span says of this server.
pub(super) struct Outside {
    clock: Clock,
    random: Random,
    traces: Traces,
    here: spans::Here,
    tls: bool,
}

impl Outside {
    pub(super) fn of(core: &Core, settings: &Settings) -> Self {
        Self {
            clock: core.clock.clone(),
            random: core.random.clone(),
            traces: core.traces.clone(),
            here: spans::Here::of(&settings.origin),
            tls: settings.tls,
        }
    }

    fn next_id(&self) -> Arc<str> {
        self.random.uuid(self.clock.now()).simple().to_string().into()
    }
}

pub(super) fn around(routes: Router, outside: Outside, settings: &Settings) -> Router {
    let outside = Arc::new(outside);
    // Events have to leave one by one, and a compressor would wait for more of them; pictures are as small as they get.
    let plain = NotForContentType::SSE.and(NotForContentType::IMAGES);
    let worth_it = SizeAbove::new(WORTH_COMPRESSING).and(plain);
    let routes =
        routes.layer(CompressionLayer::new().gzip(true).compress_when(worth_it)).layer(middleware::from_fn(guarded));
    let routes = match cross_origin(&settings.allowed_origins, outside.traces.is_on()) {
        Some(rules) => routes.layer(rules),
        None => routes,
    };
    // Outside the cross-origin rules, which answer a preflight by themselves.
    routes.layer(middleware::from_fn(move |request, next| named(outside.clone(), request, next)))
}

/// Gives a request its id, and every answer that id and the headers that it did not set for itself.
async fn named(outside: Arc<Outside>, mut request: Request, next: Next) -> Response {
    let id = outside.next_id();
    request.extensions_mut().insert(RequestId(id.clone()));
    let path = shown(request.uri().path());
    let traced = spans::of_request(&outside.traces, &outside.here, &request, &path);
    let trace_id = traced.as_ref().map(|traced| field::display(traced.trace_id()));
    let span = tracing::info_span!("request", %id, method = %request.method(), path, trace_id);
    let mut response = if request.method() == Method::TRACE {
        (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, POST")]).into_response()
    } else {
        traces::within(traced.as_ref(), next.run(request).instrument(span.clone())).await
    };
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), "answered"));
    spans::answered(traced, response.status());
    complete(&mut response, &id, outside.tls);
    response
}

/// Answers for a handler that panicked. Inside the cross-origin rules, so that a script may read it.
async fn guarded(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().map(|RequestId(id)| id.clone()).unwrap_or_default();
    let work = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    work.unwrap_or_else(|panic| after_panic(&*panic, &id))
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
fn cross_origin(origins: &[String], traced: bool) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect();
    let headers = [header::AUTHORIZATION, header::CONTENT_TYPE, COST].into_iter().chain(multipart::ASKED_ABOUT);
    // A page that begins a trace itself names it.
    let headers = headers.chain(spans::OF_TRACES.into_iter().filter(|_| traced));
    (!origins.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins))
            .allow_credentials(true)
            .allow_methods([Method::GET, Method::POST])
            .allow_headers(headers.collect::<Vec<_>>())
            .expose_headers([header::RETRY_AFTER, REQUEST_ID])
            .max_age(PREFLIGHT_KEPT)
    })
}

/// A path as the log may have it: short, and without control characters.
fn shown(path: &str) -> String {
    path.chars().filter(|c| !c.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests;
