//! GraphQL over HTTP: which media type is answered, which status each kind of error has by it, and the forms that
//! a request may come in.

use axum::http::Method;
use serde_json::{Value, json};

use crate::harness::{door::*, *};

const TYPE: (&str, &str) = ("content-type", "application/json");
const NEW: (&str, &str) = ("accept", "application/graphql-response+json");
const OLD: (&str, &str) = ("accept", "application/json");
const NEW_TYPE: &str = "application/graphql-response+json; charset=utf-8";
const OLD_TYPE: &str = "application/json; charset=utf-8";
const ASK: &str = r#"{"query":"{ me { id } }"}"#;

async fn post(lyceum: &Lyceum, body: &Value, headers: &[(&str, &str)]) -> Answer {
    let all: Vec<(&str, &str)> = [TYPE].iter().chain(headers).copied().collect();
    lyceum.post(body.to_string(), &all).await
}

/// Bar 76: what `Accept` prefers is answered, by its q values; whoever says nothing gets `application/json`.
#[tokio::test]
async fn the_media_type_is_the_one_that_accept_prefers() {
    at_the_door(&[], async |lyceum| {
        assert_eq!(lyceum.post(ASK, &[TYPE]).await.ok().header("content-type"), OLD_TYPE);
        let cases = [
            ("application/graphql-response+json", NEW_TYPE),
            ("application/json", OLD_TYPE),
            ("*/*", OLD_TYPE),
            ("application/*", OLD_TYPE),
            ("text/html, */*;q=0.1", OLD_TYPE),
            ("APPLICATION/GraphQL-Response+JSON", NEW_TYPE),
            ("application/graphql-response+json; charset=utf-8", NEW_TYPE),
            ("application/graphql-response+json, application/json", NEW_TYPE),
            ("application/json, application/graphql-response+json", OLD_TYPE),
            ("application/json;q=0.9, application/graphql-response+json", NEW_TYPE),
            ("application/json, application/graphql-response+json;q=0.9", OLD_TYPE),
            ("application/json ; q=0.2 , application/graphql-response+json ; q=0.3", NEW_TYPE),
            ("application/graphql-response+json;q=0, application/json", OLD_TYPE),
            ("application/graphql-response+json, */*", NEW_TYPE),
            ("*/*, application/graphql-response+json;q=0.5", OLD_TYPE),
            // The range that names a type speaks for it, whatever a wider one says (RFC 9110, 12.5.1).
            ("application/json;q=0, */*", NEW_TYPE),
            ("application/json;q=0.3, */*;q=0.8", NEW_TYPE),
            ("text/html, application/json;q=nonsense, application/graphql-response+json;q=0.1", NEW_TYPE),
        ];
        for (accept, expected) in cases {
            let answer = lyceum.post(ASK, &[TYPE, ("accept", accept)]).await;
            assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, expected), "{accept}");
            assert_eq!(answer.body, json!({ "data": { "me": null } }), "{accept}");
        }
        let two = lyceum.post(ASK, &[TYPE, ("accept", "text/html"), NEW]).await;
        assert_eq!(two.header("content-type"), NEW_TYPE, "of two header lines both count");
    })
    .await;
}

/// Bar 76: who takes neither media type is told so, by POST and by GET, before anything runs.
#[tokio::test]
async fn a_client_that_takes_neither_type_is_told_406() {
    at_the_door(&[], async |lyceum| {
        let wishes = [
            "text/html",
            "application/xml, text/*",
            "application/json;q=0",
            "*/*;q=0",
            "application/graphql-response+json;q=0, application/json;q=0",
            "application/json;q=0, application/graphql-response+json;q=0, */*",
            "application/json; charset=utf-16",
            "nonsense",
        ];
        for accept in wishes {
            let answer = lyceum.post(ASK, &[TYPE, ("accept", accept)]).await;
            let told = answer.refused(406, "BAD_USER_INPUT");
            let all = "Accept `application/graphql-response+json`, `application/json` or `text/event-stream`.";
            assert_eq!(told, all, "{accept}");
            lyceum.get("/graphql?query=%7B__typename%7D", &[("accept", accept)]).await.refused(406, "BAD_USER_INPUT");
        }
    })
    .await;
}

/// Bar 76: only JSON is read; every other content type is 415, those above all that a browser sends across sites
/// without asking.
#[tokio::test]
async fn other_content_types_are_415() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let query =
            format!("mutation {{ login(input: {{identifier: \"ada\", password: \"{PASSWORD}\"}}) {{ accessToken }} }}");
        let body = json!({ "query": query }).to_string();
        let types = [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/mixed; boundary=x",
            "application/graphql",
            "application/graphql-response+json",
            "application/jsonp",
            "text/json",
            "application/json, text/plain",
            "text/plain; application/json",
            "application/json; charset=utf-16",
            "application/json; charset=iso-8859-1",
            "",
        ];
        for content_type in types {
            lyceum.post(body.clone(), &[("content-type", content_type)]).await.refused(415, "BAD_USER_INPUT");
        }
        lyceum.post(body.clone(), &[]).await.refused(415, "BAD_USER_INPUT");
        assert_eq!(lyceum.database.number("SELECT count(*) FROM sessions").await, 0);
        let right = [
            "application/json",
            "Application/JSON",
            "application/json;charset=utf-8",
            "application/json ; charset=\"UTF-8\"",
        ];
        for content_type in right {
            lyceum.post(ASK, &[("content-type", content_type)]).await.ok();
        }
    })
    .await;
}

/// Requests that were never executed, with their codes.
fn never_run() -> Vec<(&'static str, Value, &'static str)> {
    let need = "mutation ($p: String!) { login(input: {identifier: \"a\", password: $p}) { accessToken } }";
    vec![
        ("syntax", json!({ "query": "{ me { id }" }), "GRAPHQL_PARSE_FAILED"),
        ("an empty selection", json!({ "query": "{ }" }), "GRAPHQL_PARSE_FAILED"),
        ("an unknown field", json!({ "query": "{ nothing }" }), "GRAPHQL_VALIDATION_FAILED"),
        ("a leaf with fields", json!({ "query": "{ me { id { a } } }" }), "GRAPHQL_VALIDATION_FAILED"),
        ("an object without fields", json!({ "query": "{ me }" }), "GRAPHQL_VALIDATION_FAILED"),
        ("an unknown argument", json!({ "query": "{ me(a: 1) { id } }" }), "GRAPHQL_VALIDATION_FAILED"),
        ("a missing argument", json!({ "query": "{ usernameAvailable }" }), "GRAPHQL_VALIDATION_FAILED"),
        ("a wrong literal", json!({ "query": "{ usernameAvailable(username: 5) }" }), "GRAPHQL_VALIDATION_FAILED"),
        ("an unknown fragment", json!({ "query": "{ ...f }" }), "GRAPHQL_VALIDATION_FAILED"),
        ("a missing variable", json!({ "query": need }), "GRAPHQL_VALIDATION_FAILED"),
        ("a variable that is null", json!({ "query": need, "variables": { "p": null } }), "GRAPHQL_VALIDATION_FAILED"),
        ("a variable of another type", json!({ "query": need, "variables": { "p": 5 } }), "GRAPHQL_VALIDATION_FAILED"),
        (
            "a variable that is a list",
            json!({ "query": need, "variables": { "p": ["a"] } }),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "an unknown operation",
            json!({ "query": "{ me { id } }", "operationName": "X" }),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "no choice of two",
            json!({ "query": "query A { me { id } } query B { me { id } }" }),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "a null choice of two",
            json!({ "query": "query A { me { id } } query B { me { id } }", "operationName": null }),
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ]
}

/// Bar 76: a document that is not executed is 400 by the new media type and 200 by `application/json`; its errors
/// are one line each with a code and a place, and there is no `data`.
#[tokio::test]
async fn what_is_not_executed_is_400_by_the_new_type_and_200_by_the_old() {
    at_the_door(&[], async |lyceum| {
        for (name, body, code) in never_run() {
            let new = post(lyceum, &body, &[NEW]).await;
            assert_eq!((new.status.as_u16(), new.code()), (400, code), "{name}: {}", new.text());
            let old = post(lyceum, &body, &[OLD]).await;
            assert_eq!((old.status.as_u16(), &old.body), (200, &new.body), "{name}");
            assert_eq!(new.body.as_object().unwrap().keys().collect::<Vec<_>>(), ["errors"], "{name}");
            for error in new.body["errors"].as_array().unwrap() {
                assert!(!error["message"].as_str().unwrap().contains('\n'), "{name}: {error}");
                assert_eq!(error["extensions"]["code"], code, "{name}: {error}");
                assert_eq!(error.get("path"), None, "{name}: {error}");
                let about_the_text = !name.contains("choice") && name != "an unknown operation";
                assert_eq!(error["locations"][0]["line"].as_u64(), about_the_text.then_some(1), "{name}: {error}");
            }
        }
    })
    .await;
}

/// Bar 76: an execution with errors is 200 by both media types, with `data`, and with path, place and code.
#[tokio::test]
async fn an_execution_with_errors_is_200() {
    at_the_door(&[], async |lyceum| {
        for accept in [NEW, OLD] {
            let body = json!({ "query": "mutation { out: logout { userErrors { code } } }" });
            let answer = post(lyceum, &body, &[accept]).await;
            assert_eq!(answer.status.as_u16(), 200);
            let error = json!({ "message": "Sign in first.", "locations": [{ "line": 1, "column": 12 }], "path": ["out"],
                "extensions": { "code": "UNAUTHENTICATED", "reason": "MISSING" } });
            assert_eq!(answer.body, json!({ "data": { "out": null }, "errors": [error] }));
            let body = json!({ "query": "{ emailAvailable(email: \"a@example.com\") }" });
            let answer = post(lyceum, &body, &[accept]).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (200, "FORBIDDEN"), "{}", answer.text());
            assert_eq!(answer.body.get("data"), Some(&Value::Null), "a null that bubbled up is data");
        }
    })
    .await;
}

/// Bar 76: `query`, `operationName`, `variables` and `extensions` have their types; anything else is 400 by either
/// media type, and nothing more of the body is told than where it broke.
#[tokio::test]
async fn entries_of_the_wrong_type_are_400() {
    at_the_door(&[], async |lyceum| {
        let query = "{ me { id } }";
        let cases = [
            (json!({}), "`query` is missing."),
            (json!({ "query": "" }), "`query` is missing."),
            (json!({ "query": " \n" }), "`query` is missing."),
            (json!({ "operationName": "A" }), "`query` is missing."),
            (json!({ "query": null }), "`query` is missing."),
            (json!({ "query": 5 }), "`query` must be a string."),
            (json!({ "query": ["{ me { id } }"] }), "`query` must be a string."),
            (json!({ "query": query, "operationName": 5 }), "`operationName` must be a string."),
            (json!({ "query": query, "operationName": {} }), "`operationName` must be a string."),
            (json!({ "query": query, "variables": [] }), "`variables` must be an object."),
            (json!({ "query": query, "variables": "{}" }), "`variables` must be an object."),
            (json!({ "query": query, "variables": 0 }), "`variables` must be an object."),
            (json!({ "query": query, "extensions": [] }), "`extensions` must be an object."),
            (json!({ "query": query, "extensions": "x" }), "`extensions` must be an object."),
            (json!("{ me { id } }"), "The body must be a JSON object with `query`."),
            (json!(null), "The body must be a JSON object with `query`."),
        ];
        for (body, told) in cases {
            for accept in [NEW, OLD] {
                assert_eq!(post(lyceum, &body, &[accept]).await.refused(400, "BAD_USER_INPUT"), told, "{body}");
            }
        }
        let broken = lyceum.post("{\"query\": secret}", &[TYPE]).await.refused(400, "BAD_USER_INPUT");
        assert_eq!(broken, "The body is not valid JSON (line 1, column 11).");
        let whole = json!({ "query": query, "operationName": null, "variables": null, "extensions": null, "more": 1 });
        post(lyceum, &whole, &[]).await.ok();
        post(lyceum, &json!({ "query": query, "variables": { "unused": 1 }, "extensions": {} }), &[]).await.ok();
    })
    .await;
}

/// Bar 76: `operationName` chooses the operation, by POST and by GET.
#[tokio::test]
async fn the_operation_is_chosen_by_its_name() {
    at_the_door(&[], async |lyceum| {
        let query = "query A { a: __typename } query B { b: __typename } mutation M { __typename }";
        for (name, key, value) in [("A", "a", "Query"), ("B", "b", "Query"), ("M", "__typename", "Mutation")] {
            let answer = post(lyceum, &json!({ "query": query, "operationName": name }), &[]).await.ok();
            assert_eq!(answer.body, json!({ "data": { key: value } }));
        }
        let path = |name: &str| format!("/graphql?query={}&operationName={name}", encoded(query));
        assert_eq!(lyceum.get(&path("B"), &[]).await.ok().body, json!({ "data": { "b": "Query" } }));
        lyceum.get(&path("M"), &[NEW]).await.refused(405, "BAD_USER_INPUT");
        lyceum.get(&path("C"), &[NEW]).await.refused(400, "GRAPHQL_VALIDATION_FAILED");
        lyceum.get(&path(""), &[NEW]).await.refused(400, "GRAPHQL_VALIDATION_FAILED");
    })
    .await;
}

/// Bar 76: a query may come by GET with its variables as JSON; a mutation by GET is 405 with `Allow`, and has no
/// effect whatever operation stands beside it.
#[tokio::test]
async fn queries_may_come_by_get_and_mutations_may_not() {
    on_each_engine(async |lyceum| {
        let query = encoded("query ($u: String!) { usernameAvailable(username: $u) }");
        let path = format!("/graphql?query={query}&variables={}&extensions=%7B%7D", encoded("{\"u\":\"ada\"}"));
        let answer = lyceum.get(&path, &[NEW]).await.ok();
        assert_eq!((answer.at("usernameAvailable"), answer.header("content-type")), (&json!(true), NEW_TYPE));
        for (rest, told) in [
            ("&variables=%7B", "`variables` is not valid JSON."),
            ("&variables=%5B%5D", "`variables` must be an object."),
            ("&variables=%7B%7D&extensions=1", "`extensions` must be an object."),
        ] {
            let answer = lyceum.get(&format!("/graphql?query={query}{rest}"), &[NEW]).await;
            assert_eq!(answer.refused(400, "BAD_USER_INPUT"), told);
        }
        lyceum.get("/graphql", &[NEW]).await.refused(400, "BAD_USER_INPUT");
        lyceum.get("/graphql?query=%FF", &[NEW]).await.refused(400, "GRAPHQL_PARSE_FAILED");

        lyceum.verified("ada").await;
        let login = format!(
            "mutation M {{ login(input: {{identifier: \"ada\", password: \"{PASSWORD}\"}}) {{ accessToken }} }}"
        );
        for (query, name) in
            [(login.clone(), ""), (login.clone(), "M"), (format!("query Q {{ me {{ id }} }} {login}"), "M")]
        {
            let path = format!("/graphql?query={}&operationName={name}", encoded(&query));
            for accept in [NEW, OLD] {
                let answer = lyceum.get(&path, &[accept]).await;
                answer.refused(405, "BAD_USER_INPUT");
                assert!(answer.header("allow").contains("POST"), "{:?}", answer.headers);
            }
        }
        assert_eq!(lyceum.database.number("SELECT count(*) FROM sessions").await, 0);
    })
    .await;
}

/// Bar 76: other methods are 405 with `Allow`.
#[tokio::test]
async fn other_methods_are_405_with_allow() {
    at_the_door(&[], async |lyceum| {
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::TRACE] {
            for headers in [&[TYPE, NEW][..], &[TYPE, OLD], &[]] {
                let answer = lyceum.request(request(&method, "/graphql", headers, ASK)).await;
                assert_eq!(answer.status.as_u16(), 405, "{method}");
                assert_eq!(answer.header("allow"), "GET, POST", "{method}");
                assert_eq!(answer.body.get("data"), None, "{method}");
            }
        }
        for path in ["/", "/schema.graphql", "/health/live", "/verify-email"] {
            let answer = lyceum.request(request(&Method::POST, path, &[TYPE], ASK)).await;
            assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET,HEAD"), "{path}");
            let answer = lyceum.request(request(&Method::TRACE, path, &[], ASK)).await;
            assert_eq!(answer.status.as_u16(), 405, "{path}");
        }
    })
    .await;
}
