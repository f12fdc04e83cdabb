//! What the spans of requests and operations say, by OpenTelemetry's conventions for HTTP and for GraphQL.
//!
//! Left out on purpose: the query string and the text of a document, which may hold secrets, and who asked.

use async_graphql::Response;
use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderMap, HeaderName, Method, StatusCode, Uri},
};
use opentelemetry::KeyValue;

use super::answer;
use crate::{
    core::{
        Error,
        traces::{Remote, Span, Traces},
    },
    graphql::Code,
};

const PARENT: HeaderName = HeaderName::from_static("traceparent");
const STATE: HeaderName = HeaderName::from_static("tracestate");
/// The headers that name a trace.
pub(super) const OF_TRACES: [HeaderName; 2] = [PARENT, STATE];

/// The client chooses the name of an operation.
const LONGEST_NAME: usize = 64;

/// This server, as who runs it calls it: what a request says about that is the client's.
pub(super) struct Here(Vec<KeyValue>);

impl Here {
    pub(super) fn of(origin: &str) -> Self {
        let Ok(uri) = origin.parse::<Uri>() else { return Self(Vec::new()) };
        let scheme = uri.scheme_str().map(|scheme| KeyValue::new("url.scheme", scheme.to_owned()));
        let address = uri.host().map(|host| KeyValue::new("server.address", host.trim_matches(['[', ']']).to_owned()));
        let port = uri.port_u16().map(|port| KeyValue::new("server.port", i64::from(port)));
        Self(scheme.into_iter().chain(address).chain(port).collect())
    }
}

pub(super) fn of_request(traces: &Traces, here: &Here, request: &Request, path: &str) -> Option<Span> {
    if !traces.is_on() {
        return None;
    }
    let (method, route) =
        (method(request.method()), request.extensions().get::<MatchedPath>().map(MatchedPath::as_str));
    let name = || {
        let method = if method == "_OTHER" { "HTTP" } else { method };
        route.map_or_else(|| method.into(), |route| format!("{method} {route}").into())
    };
    let attributes = || {
        let own = [KeyValue::new("http.request.method", method), KeyValue::new("url.path", path.to_owned())];
        let route = route.map(|route| KeyValue::new("http.route", route.to_owned()));
        own.into_iter().chain(route).chain(here.0.iter().cloned()).collect()
    };
    traces.server(name, remote(request.headers()), attributes)
}

/// What is not standard is the client's choice, and there is no end of it.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::OPTIONS => "OPTIONS",
        Method::HEAD => "HEAD",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => "_OTHER",
    }
}

fn remote(headers: &HeaderMap) -> Option<Remote<'_>> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    text(PARENT).map(|parent| Remote { parent, state: text(STATE) })
}

pub(super) fn answered(span: Option<Span>, status: StatusCode) {
    let Some(span) = span else { return };
    span.set(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
    if status.is_server_error() {
        span.set(KeyValue::new("error.type", status.as_str().to_owned()));
        span.fail();
    }
}

/// An operation that passed every limit: `name` is what its document calls it.
pub(super) fn of_operation<'n>(
    traces: &Traces,
    kind: &'static str,
    name: impl FnOnce() -> Option<&'n str>,
) -> Option<Span> {
    traces.server(
        || kind.into(),
        None,
        || {
            let name = name().map(|name| name.chars().take(LONGEST_NAME).collect::<String>());
            let name = name.map(|name| KeyValue::new("graphql.operation.name", name));
            [KeyValue::new("graphql.operation.type", kind)].into_iter().chain(name).collect()
        },
    )
}

/// The first error says of which type it was; what is a client's fault is none of this server.
pub(super) fn executed(span: Option<Span>, done: &Result<Response, Error>) {
    let Some(span) = span else { return };
    let codes: Vec<String> = match done {
        Ok(response) => response.errors.iter().map(answer::code).collect(),
        Err(Error::Timeout) => vec![Code::Timeout.as_str().to_owned()],
        Err(_) => vec![Code::InternalServerError.as_str().to_owned()],
    };
    let ours = [Code::InternalServerError, Code::ServiceUnavailable, Code::Timeout, Code::TooBusy].map(Code::as_str);
    let fault = codes.iter().find(|code| ours.contains(&code.as_str()));
    if fault.is_some() {
        span.fail();
    }
    if let Some(code) = fault.or(codes.first()) {
        span.set(KeyValue::new("error.type", code.clone()));
    }
}
