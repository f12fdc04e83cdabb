//! Claims about what holds for every answer, with routes that panic as no route of the house does.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking, and these routes must")]

use axum::{body::Body, http::HeaderMap, routing::get};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;
use crate::core::clock::Time;

const ORIGIN: &str = "https://www.example.com";

fn routes() -> Router {
    let settings = Settings { allowed_origins: vec![ORIGIN.to_owned()], tls: true, ..Settings::default() };
    let routes = Router::new()
        .route("/calm", get(async || "calm"))
        .route("/words", get(async || -> &'static str { panic!("the secret of {}", "the house") }))
        .route("/late", get(late));
    let outside = Outside {
        clock: Clock::fixed(Time(0)),
        random: Random::seeded(1),
        traces: Traces::default(),
        here: spans::Here::of(&settings.origin),
        tls: settings.tls,
    };
    around(routes, outside, &settings)
}

async fn late() -> &'static str {
    tokio::task::yield_now().await;
    std::panic::panic_any(7_u8)
}

async fn ask(routes: &Router, path: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
    let request = Request::get(path).header("origin", ORIGIN).body(Body::empty()).unwrap();
    let (parts, body) = routes.clone().oneshot(request).await.unwrap().into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes().to_vec())
}

/// Bar 98: a panic is a 500 in JSON with the request's id and without its cause; the routes beside it go on.
#[tokio::test]
async fn a_panic_is_a_500_with_the_id_of_the_request() {
    let routes = routes();
    for path in ["/words", "/late", "/words"] {
        let (status, headers, body) = ask(&routes, path).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        let id = headers["x-request-id"].to_str().unwrap();
        let extensions = json!({ "code": "INTERNAL_SERVER_ERROR", "requestId": id });
        let error = json!({ "message": "Something went wrong on our side.", "extensions": extensions });
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), json!({ "errors": [error] }));
        let (status, _, body) = ask(&routes, "/calm").await;
        assert_eq!((status, body.as_slice()), (StatusCode::OK, b"calm".as_slice()));
    }
}

/// Bars 82 and 98: after a panic the answer has every security header, and a page of a listed origin may read it.
#[tokio::test]
async fn a_panic_does_not_cost_the_headers() {
    let (_, headers, _) = ask(&routes(), "/words").await;
    for (name, value) in [
        ("content-type", "application/json; charset=utf-8"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("cache-control", "no-store"),
        ("strict-transport-security", "max-age=63072000; includeSubDomains"),
        ("access-control-allow-origin", ORIGIN),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
}
