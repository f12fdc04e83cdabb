//! What holds for every answer of the door: its headers, its size on the wire, and that faults and long operations
//! have an answer too.

use std::{sync::Arc, time::Duration};

use async_graphql::{
    ServerResult, Value as GraphqlValue,
    async_trait::async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo},
};
use axum::{body::Body, http::Method};
use lyceum::{
    app::App,
    graphql::{Mutation, Query, Schema, Subscription},
    http::{Settings, router, serve::Closing},
};
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use serde_json::json;

use crate::harness::{door::*, *};

const TYPE: (&str, &str) = ("content-type", "application/json");
const ASK: &str = r#"{"query":"{ me { id } }"}"#;
const ROUTES: [&str; 11] = [
    "/",
    "/graphql",
    "/graphql?query=%7B__typename%7D",
    "/schema.graphql",
    "/health/live",
    "/health/ready",
    "/verify-email",
    "/reset-password",
    "/dev/mail",
    "/dev/mail/nothing.eml",
    "/nothing/here",
];

/// The headers of bar 82, except for what caches may do.
fn has_security_headers(answer: &Answer, what: &str) {
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer", "{what}");
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{what}: {policy}");
    let id = answer.header("x-request-id");
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{what}: {id}");
    for name in ["server", "x-powered-by", "strict-transport-security", "set-cookie"] {
        assert_eq!(answer.headers.get(name), None, "{what}");
    }
}

/// Bar 82: every route and every status has the security headers and an id of its own, names no version, and may not be
/// cached, but for the answer of a public query.
#[tokio::test]
async fn every_answer_has_the_security_headers_and_an_id() {
    at_the_door(&[], async |lyceum| {
        let mut ids = Vec::new();
        for method in [Method::GET, Method::POST, Method::HEAD, Method::OPTIONS, Method::TRACE, Method::DELETE] {
            for path in ROUTES {
                let answer = lyceum.request(request(&method, path, &[], Body::empty())).await;
                let what = format!("{method} {path} {}", answer.status);
                has_security_headers(&answer, &what);
                let is_public = answer.status == 200 && path.contains("query=");
                let kept = if is_public { "public, max-age=0, must-revalidate" } else { "no-store" };
                assert_eq!(answer.header("cache-control"), kept, "{what}");
                ids.push(answer.header("x-request-id").to_owned());
            }
        }
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "each request has an id of its own");
    })
    .await;
}

/// Bar 82: the statuses of `/graphql` have them as well, from 200 to 415; a policy of its own has only what a page
/// needs.
#[tokio::test]
async fn every_status_of_the_api_has_the_security_headers() {
    at_the_door(&[], async |lyceum| {
        let new = ("accept", "application/graphql-response+json");
        let bad_token = ("authorization", "Bearer nonsense");
        let large = "x".repeat(128 * 1024 + 1);
        let cases = [
            (200, ASK, vec![TYPE]),
            (400, "{", vec![TYPE]),
            (400, r#"{"query":"{ nothing }"}"#, vec![TYPE, new]),
            (401, ASK, vec![TYPE, bad_token]),
            (406, ASK, vec![TYPE, ("accept", "text/html")]),
            (413, large.as_str(), vec![TYPE]),
            (415, ASK, vec![]),
        ];
        for (status, body, headers) in cases {
            let answer = lyceum.post(body.to_owned(), &headers).await;
            assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
            has_security_headers(&answer, &status.to_string());
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
        }
    })
    .await;
}

/// Bar 82: 429 has them, and what is public and has a version may be kept by caches, which ask each time.
#[tokio::test]
async fn a_refusal_for_haste_and_the_assets_have_the_security_headers() {
    at_the_door(&[("RATE_LIMITS", "on")], async |lyceum| {
        let mut last = lyceum.post(ASK, &[TYPE]).await.ok();
        for _ in 0..300 {
            last = lyceum.post(ASK, &[TYPE]).await;
        }
        last.refused(429, "RATE_LIMITED");
        has_security_headers(&last, "429");
        let playground = ["/playground", "/playground/THIRD-PARTY.txt"];
        for path in ["/assets/app.css", "/assets/account.js", "/favicon.ico"].into_iter().chain(playground) {
            let answer = lyceum.get(path, &[]).await;
            assert_eq!(answer.status.as_u16(), 200, "{path}");
            has_security_headers(&answer, path);
            assert!(answer.header("cache-control").starts_with("public"), "{path}");
            let again = lyceum.get(path, &[("if-none-match", answer.header("etag"))]).await;
            assert_eq!(again.status.as_u16(), 304, "{path}");
            has_security_headers(&again, path);
        }
    })
    .await;
}

/// Large answers are compressed for clients that ask for it, and only then; small ones never are.
#[tokio::test]
async fn large_answers_are_compressed_for_who_asks() {
    at_the_door(&[], async |lyceum| {
        let introspection =
            json!({ "query": "{ __schema { types { name description fields { name description } } } }" });
        let body = introspection.to_string();
        let plain = lyceum.post(body.clone(), &[TYPE]).await.ok();
        assert_eq!(plain.headers.get("content-encoding"), None);
        let gzip = lyceum.post(body.clone(), &[TYPE, ("accept-encoding", "gzip")]).await;
        assert_eq!((gzip.status.as_u16(), gzip.header("content-encoding")), (200, "gzip"));
        assert_eq!(gzip.header("vary").to_lowercase(), "accept-encoding");
        assert!(gzip.bytes.starts_with(&[0x1f, 0x8b]) && gzip.bytes.len() * 2 < plain.bytes.len());
        // The last four bytes of a gzip member are the length of what is in it (RFC 1952, 2.3.1).
        let length = gzip.bytes.last_chunk().map(|bytes| u32::from_le_bytes(*bytes)).unwrap();
        assert_eq!(usize::try_from(length).unwrap(), plain.bytes.len());
        let small = lyceum.post(ASK, &[TYPE, ("accept-encoding", "gzip")]).await.ok();
        assert_eq!(small.headers.get("content-encoding"), None);
        let other = lyceum.post(body, &[TYPE, ("accept-encoding", "br, gzip;q=0")]).await.ok();
        assert_eq!(other.headers.get("content-encoding"), None);
    })
    .await;
}

/// Panics in the field of this name, as a resolver with a fault does.
struct PanicsIn(&'static str);

impl ExtensionFactory for PanicsIn {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self(self.0))
    }
}

#[async_trait]
impl Extension for PanicsIn {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<GraphqlValue>> {
        assert!(info.name != self.0, "the secret of the house");
        next.run(ctx, info).await
    }
}

fn app_that_panics_in(lyceum: &Lyceum, field: &'static str) -> App {
    let schema: Schema =
        Schema::build(Query::default(), Mutation::default(), Subscription).extension(PanicsIn(field)).finish();
    let router =
        router(lyceum.app.core.clone(), [schema.clone(), schema], Settings::default(), Closing::default()).unwrap();
    App { router, ..lyceum.app.clone() }
}

/// Bar 98: a panic in a resolver, of a query or of a mutation, is a 500 in JSON with the request's id and without
/// its cause; requests beside it and after it are answered, and no lock stays poisoned.
#[tokio::test]
async fn a_panic_in_a_resolver_is_a_500_and_others_go_on() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let query = Call::new("{ usernameAvailable(username: \"bert\") }", json!({}));
        let login = login("ada", PASSWORD);
        for (app, call) in
            [(app_that_panics_in(lyceum, "usernameAvailable"), query), (app_that_panics_in(lyceum, "login"), login)]
        {
            for headers in [vec![], vec![("accept", "application/json".to_owned())]] {
                let (query, variables) = (call.query.clone(), call.variables.clone());
                let call = Call { headers, query, variables, file: None, ..call };
                let me = Call::new(ME, json!({})).bearer(&ada.token);
                let (answer, beside) = tokio::join!(send(&app, call.into_request()), send(&app, me.into_request()));
                assert_eq!(answer.refused(500, "INTERNAL_SERVER_ERROR"), "Something went wrong on our side.");
                let id = &answer.body["errors"][0]["extensions"]["requestId"];
                assert_eq!(id.as_str(), Some(answer.header("x-request-id")));
                has_security_headers(&answer, "after a panic");
                assert_eq!(beside.ok().str_at("me.username"), "ada");
            }
        }
        lyceum.log_in("ada", PASSWORD).await.ok();
    })
    .await;
}

/// Bar 74: an operation that takes too long is `TIMEOUT` and no more than that; hashing goes on beside the server,
/// which answers, and the same login works once it is given the time.
#[tokio::test]
async fn an_operation_that_hashes_too_long_times_out() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        lyceum.verified("ada").await;
        let hasty = lyceum.restarted(&[("OPERATION_TIMEOUT", "50ms"), ("BCRYPT_COST", "13")]).await;
        for identifier in ["ada", "nobody"] {
            let answer = send(&hasty, login(identifier, PASSWORD).into_request()).await;
            assert_eq!(answer.refused(504, "TIMEOUT"), "The operation took too long and was stopped.");
        }
        let live = send(&hasty, request(&Method::GET, "/health/live", &[], Body::empty())).await;
        assert_eq!(live.status.as_u16(), 200);
        let ready = send(&hasty, request(&Method::GET, "/health/ready", &[], Body::empty())).await;
        assert_eq!(ready.status.as_u16(), 200);
        hasty.core.db.clone().close().await.unwrap();
        lyceum.log_in("ada", PASSWORD).await.ok();
    })
    .await;
}

/// Bar 74: operations that wait for a lock in the database time out one after the other, more of them than there
/// are connections; when the lock is gone the pool is whole again.
#[tokio::test]
async fn operations_that_wait_for_the_database_time_out_and_give_it_back() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        lyceum.verified("ada").await;
        let hasty = lyceum.restarted(&[("OPERATION_TIMEOUT", "300ms"), ("DATABASE_POOL", "2")]).await;
        let log_in = async || send(&hasty, login("ada", PASSWORD).into_request()).await;
        let locking = lyceum.database.connect().await;
        let lock = locking.begin().await.unwrap();
        lock.execute_unprepared("UPDATE users SET first_name = 'Augusta'").await.unwrap();
        for _ in 0..4 {
            log_in().await.refused(504, "TIMEOUT");
        }
        lock.rollback().await.unwrap();
        let mut answer = log_in().await;
        // Those that nobody waits for any more may still be on their way out.
        for _ in 0..40 {
            if answer.status.as_u16() == 200 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
            answer = log_in().await;
        }
        answer.ok();
        hasty.core.db.clone().close().await.unwrap();
    })
    .await;
}
