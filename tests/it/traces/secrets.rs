//! What people write and what they prove themselves by is in no span.

use axum::http::Method;
use serde_json::json;

use super::traced;
use crate::harness::{
    door::{encoded, request},
    *,
};

const CANARY: &str = "Canary";
const WORDS: &str = "CanaryPassword violet harbor kettle moon";

/// Bar 102: of passwords, tokens, cookies, texts and addresses, as variables, as words of a document, in a query string or
/// in a header, nothing is sent to a collector, and neither is the text of a document.
#[tokio::test]
async fn no_span_tells_what_people_write() {
    traced(&[], async |lyceum, collector| {
        let email = "canary.of.ada@example.com";
        lyceum.sign_up_as("ada_canary", email, WORDS).await.ok();
        let token = lyceum.token_for(email).await;
        lyceum.run(VERIFY, json!({ "token": token })).await.ok();
        let signed_in = lyceum.log_in("ada_canary", WORDS).await.ok();
        let field = |name: &str| signed_in.body["data"]["login"][name].as_str().unwrap().to_owned();
        let (access, refresh) = (field("accessToken"), field("refreshToken"));
        let cookie = lyceum.send(cookie_login("ada_canary", WORDS)).await.ok().header("set-cookie").to_owned();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        lyceum.send(Call::new(ME, json!({})).cookie(&cookie)).await.ok();
        lyceum.log_in("ada_canary", "CanaryWrong").await;
        let literal = "mutation CanaryFree { login(input: {identifier: \"CanaryName\", password: \"CanaryLiteral\"}) {
            accessToken } }";
        lyceum.run(&literal.replace("CanaryFree", "Plain"), json!({})).await;
        let post = json!({ "title": "CanaryTitle", "body": "CanaryBody", "status": "PUBLISHED" });
        lyceum.mutate(&access, "createPost", post).await;
        let search = "query ($search: String) { posts(filter: {search: $search}) { totalCount nodes { title } } }";
        lyceum.run_as(&access, search, json!({ "search": "CanarySearch" })).await.ok();
        let query = encoded("{ posts(filter: {search: \"CanaryQuery\"}) { totalCount } }");
        let path = format!("/graphql?query={query}&token=CanaryToken");
        let headers =
            [("user-agent", "CanaryAgent"), ("baggage", "user=CanaryBaggage"), ("x-forwarded-for", "192.0.2.77")];
        lyceum.request(request(&Method::GET, &path, &headers, "")).await.ok();
        lyceum.run(REFRESH, json!({ "token": refresh })).await.ok();
        lyceum.run("{ posts(first: \"CanaryMistake\") { totalCount } }", json!({})).await;
        lyceum.app.core.traces.flush(std::time::Duration::from_secs(30)).await;
        let sent = collector.text();
        for told in ["POST /graphql", "mutation", "INSERT", "graphql.operation.name", "Plain", "db.query.text"] {
            assert!(sent.contains(told), "{told}: there is something to look through");
        }
        let secrets =
            [CANARY, "canary", &token, &access, &refresh, &cookie[cookie.len() - 20..], "192.0.2.", "totalCount"];
        for secret in secrets {
            assert!(!sent.contains(secret), "{secret}");
        }
        collector.sent();
    })
    .await;
}
