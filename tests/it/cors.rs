//! Which pages of other origins may read answers: those that are listed, compared whole, and none by default.

use axum::{body::Body, http::Method};

use crate::harness::{door::*, *};

const ORIGIN: &str = "https://example.com";
const LISTED: &[(&str, &str)] = &[("ALLOWED_ORIGINS", "https://example.com, http://localhost:3000")];
const TYPE: (&str, &str) = ("content-type", "application/json");
const ASK: &str = r#"{"query":"{ me { id } }"}"#;
const FOREIGN: [&str; 16] = [
    "https://evil-example.com",
    "https://example.com.evil",
    "https://example.com.evil.test",
    "https://sub.example.com",
    "http://example.com",
    "https://example.com:8443",
    "https://example.com/",
    "https://EXAMPLE.com",
    "https://example.com ,https://evil.test",
    "https://example.co",
    "http://localhost:30001",
    "http://localhost",
    "null",
    "*",
    "",
    "https://evil.test",
];

async fn preflight(lyceum: &Lyceum, origin: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    lyceum.request(request(&Method::OPTIONS, "/graphql", &headers, Body::empty())).await
}

/// Bar 78: a listed origin may read answers with credentials, by its own name; whatever else the request is, every
/// answer tells caches that it depends on the origin.
#[tokio::test]
async fn a_listed_origin_may_read_answers() {
    at_the_door(LISTED, async |lyceum| {
        for origin in [ORIGIN, "http://localhost:3000"] {
            let answers = [
                lyceum.post(ASK, &[TYPE, ("origin", origin)]).await.ok(),
                lyceum.post("{", &[TYPE, ("origin", origin)]).await,
                lyceum.post(ASK, &[("origin", origin)]).await,
                lyceum.get("/nothing", &[("origin", origin)]).await,
            ];
            for answer in answers {
                assert_eq!(answer.header("access-control-allow-origin"), origin, "{}", answer.status);
                assert_eq!(answer.header("access-control-allow-credentials"), "true");
                assert_eq!(answer.header("access-control-expose-headers"), "retry-after,x-request-id");
                let vary: Vec<_> = answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
                assert!(vary.join(",").contains("origin"), "{vary:?}");
            }
        }
    })
    .await;
}

/// Bar 78: the preflight of a listed origin is answered with methods, headers and how long that is good for; it
/// runs nothing and has the headers that every answer has.
#[tokio::test]
async fn a_preflight_is_answered_and_may_be_kept() {
    at_the_door(LISTED, async |lyceum| {
        let answer = preflight(lyceum, ORIGIN).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, ""));
        assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
        assert_eq!(answer.header("access-control-allow-methods"), "GET,POST");
        let allowed = "authorization,content-type,x-graphql-cost,x-requested-with,apollo-require-preflight,graphql-require-preflight";
        assert_eq!(answer.header("access-control-allow-headers"), allowed);
        assert_eq!(answer.header("access-control-max-age"), "600");
        for name in ["x-request-id", "x-content-type-options", "content-security-policy", "referrer-policy"] {
            assert_ne!(answer.header(name), "", "{name}");
        }
    })
    .await;
}

/// Bar 78: origins that only look like a listed one, `null` and `*` are not allowed, neither asking nor asking before.
#[tokio::test]
async fn origins_that_look_like_a_listed_one_are_refused() {
    at_the_door(LISTED, async |lyceum| {
        for origin in FOREIGN {
            for answer in [lyceum.post(ASK, &[TYPE, ("origin", origin)]).await, preflight(lyceum, origin).await] {
                assert_eq!(answer.headers.get("access-control-allow-origin"), None, "{origin}");
            }
        }
        let answer = lyceum.post(ASK, &[TYPE]).await.ok();
        assert_eq!(answer.headers.get("access-control-allow-origin"), None);
    })
    .await;
}

/// Bar 78: without the setting no origin may read anything, and a preflight is an ordinary 405.
#[tokio::test]
async fn no_origin_is_allowed_by_default() {
    at_the_door(&[], async |lyceum| {
        for origin in [ORIGIN, "http://lyceum.test", "null"] {
            let before = preflight(lyceum, origin).await;
            assert_eq!(before.status.as_u16(), 405);
            for answer in [before, lyceum.post(ASK, &[TYPE, ("origin", origin)]).await] {
                let about = answer.headers.keys().filter(|name| name.as_str().starts_with("access-control-"));
                assert_eq!(about.count(), 0, "{:?}", answer.headers);
            }
        }
    })
    .await;
}
