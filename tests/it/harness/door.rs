//! Requests to the door as they come in, for stories that never reach the database and so need one engine only.

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, request::Builder},
};
use serde_json::Value;

use super::{Answer, Call, Engine, Lyceum};

/// Runs a story of the door alone: which database is behind it makes no difference to it.
pub(crate) async fn at_the_door(settings: &[(&str, &str)], story: impl AsyncFn(&Lyceum)) {
    let all: Vec<(&str, &str)> = [("RATE_LIMITS", "off")].iter().chain(settings).copied().collect();
    let lyceum = Lyceum::start(Engine::Sqlite, &all).await;
    story(&lyceum).await;
    lyceum.stop().await;
}

/// A request from 192.0.2.1 with these headers.
pub(crate) fn request(method: &Method, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let from = Call::new("", Value::Null).peer;
    let with = |request: Builder, (name, value): &(&str, &str)| request.header(*name, *value);
    let request = headers.iter().fold(Request::builder().method(method).uri(path), with);
    request.extension(ConnectInfo(from)).body(body.into()).unwrap()
}

impl Lyceum {
    /// A POST of this body with these headers to `/graphql`.
    pub(crate) async fn post(&self, body: impl Into<Body>, headers: &[(&str, &str)]) -> Answer {
        self.request(request(&Method::POST, "/graphql", headers, body)).await
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.request(request(&Method::GET, path, headers, Body::empty())).await
    }
}

impl Answer {
    /// A header as text; empty when it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Asserts the form of a refused request: one error in one line with this code, and no `data`.
    pub(crate) fn refused(&self, status: u16, code: &str) -> String {
        assert_eq!((self.status.as_u16(), self.code()), (status, code), "{}", self.text());
        assert_eq!(self.body.get("data"), None, "{}", self.text());
        assert_eq!(self.body["errors"].as_array().map(Vec::len), Some(1), "{}", self.text());
        let message = self.body["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(!message.is_empty() && !message.contains(['\n', '\r']), "{message:?}");
        message.to_owned()
    }
}

/// A name that goes into a query string.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02X}"))
}
