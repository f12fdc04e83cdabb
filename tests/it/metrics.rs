//! Stories of the figures that an operator watches: what they count, and where they can be read.

use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
    net::TcpStream,
};

use axum::body::Body;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::harness::{Call, Home, Lyceum, PASSWORD, VERIFY, on_each_engine};

async fn figures(lyceum: &Lyceum) -> String {
    let request = axum::http::Request::get("/metrics").body(Body::empty()).unwrap();
    let response = lyceum.app.metrics.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// The value of one line, by its name and labels.
fn value(figures: &str, name: &str) -> f64 {
    let line = figures.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in\n{figures}")).parse().unwrap()
}

#[track_caller]
fn is(figures: &str, name: &str, expected: f64) {
    let found = value(figures, name);
    assert!((found - expected).abs() < f64::EPSILON, "{name} is {found}, not {expected}");
}

/// What happens is counted under what it was: type and outcome, codes, documents, batches, mails.
#[tokio::test]
async fn figures_count_what_happens() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let post = lyceum.write_post(&ada, "T", "PUBLISHED").await;
        lyceum.write_comment(&ada, &post, "One").await;
        let before = figures(lyceum).await;
        let query = "{ posts { nodes { title comments { nodes { body } } } } }";
        for _ in 0..3 {
            lyceum.run(query, json!({})).await;
        }
        lyceum.run("{ users { totalCount } }", json!({})).await;
        lyceum.run("{", json!({})).await;
        lyceum.send(Call::new("{ me { id } }", json!({})).bearer("x")).await;
        lyceum.run(LOGIN, json!({ "identifier": "ada", "password": "wrong" })).await;
        lyceum.run(LOGIN, json!({ "identifier": "ada", "password": PASSWORD })).await;
        too_often(lyceum).await;
        let after = figures(lyceum).await;
        let grown = |name: &str| {
            let line = |figures: &str| if figures.contains(&format!("{name} ")) { value(figures, name) } else { 0.0 };
            line(&after) - line(&before)
        };
        for (name, expected) in [
            (r#"lyceum_operations_total{type="query",outcome="ok"}"#, 3.0),
            (r#"lyceum_operations_total{type="query",outcome="errors"}"#, 1.0),
            (r#"lyceum_operations_total{type="mutation",outcome="ok"}"#, 12.0),
            (r#"lyceum_operations_total{type="mutation",outcome="errors"}"#, 2.0),
            (r#"lyceum_operation_duration_seconds_count{type="query"}"#, 4.0),
            (r#"lyceum_errors_total{code="UNAUTHENTICATED"}"#, 2.0),
            (r#"lyceum_errors_total{code="GRAPHQL_PARSE_FAILED"}"#, 1.0),
            (r#"lyceum_documents_total{cache="hit"}"#, 15.0),
            ("lyceum_loader_batch_keys_count", 3.0),
            (r#"lyceum_refusals_total{quota="code"}"#, 2.0),
            (r#"lyceum_audit_events_total{kind="LOGIN",outcome="SUCCESS"}"#, 1.0),
            (r#"lyceum_audit_events_total{kind="LOGIN",outcome="FAILURE"}"#, 1.0),
            (r#"lyceum_audit_events_total{kind="VERIFY_EMAIL",outcome="THROTTLED"}"#, 1.0),
            ("lyceum_audit_omitted_total", 1.0),
        ] {
            assert!((grown(name) - expected).abs() < f64::EPSILON, "{name} has grown by {}", grown(name));
        }
        assert!(grown("lyceum_database_statements_total") > 3.0);
        is(&after, "lyceum_database_up", 1.0);
        is(&after, r#"lyceum_redis{state="unused"}"#, 1.0);
        is(&after, r#"lyceum_redis{state="up"}"#, 0.0);
        is(&after, r#"lyceum_workshop_jobs{workshop="passwords",state="waiting"}"#, 0.0);
        assert!(value(&after, "lyceum_memory_resident_bytes") > 1e6);
        // Names of people are no labels, whatever they ask for.
        assert!(!after.contains("ada"), "{after}");
    })
    .await;
}

/// Two attempts more than an address has.
async fn too_often(lyceum: &Lyceum) {
    for _ in 0..12 {
        lyceum.send(Call::new(VERIFY, json!({ "token": "x" })).from(7)).await;
    }
}

const LOGIN: &str = "mutation ($identifier: String!, $password: String!) {
    login(input: {identifier: $identifier, password: $password}) { user { id } userErrors { code } }
}";

/// What waits can be seen: mails in the outbox and their age, streams.
#[tokio::test]
async fn figures_show_what_waits() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        lyceum.mails().await;
        is(&figures(lyceum).await, "lyceum_outbox_mails", 0.0);
        let forgot = "mutation { forgotPassword(input: {email: \"ada@example.com\"}) { userErrors { code } } }";
        lyceum.run(forgot, json!({})).await;
        lyceum.advance(std::time::Duration::from_secs(90));
        let waiting = figures(lyceum).await;
        is(&waiting, "lyceum_outbox_mails", 1.0);
        is(&waiting, "lyceum_outbox_oldest_age_seconds", 90.0);
        let listening = lyceum.listening().await;
        let mut socket = listening.socket_of(&ada.token).await;
        socket.subscribe("1", "{", json!({})).await;
        socket.hear().await;
        is(&figures(lyceum).await, r#"lyceum_errors_total{code="GRAPHQL_PARSE_FAILED"}"#, 1.0);
        is(&figures(lyceum).await, r#"lyceum_streams{kind="socket"}"#, 1.0);
        drop(socket);
        listening.stop().await;
        is(&figures(lyceum).await, r#"lyceum_streams{kind="socket"}"#, 0.0);
    })
    .await;
}

/// The figures are on a listener of their own, which there is when it is asked for; the public one has none.
#[test]
fn figures_have_a_listener_of_their_own() {
    let home = Home::new();
    let server = home.serve(&[("METRICS_LISTEN", "127.0.0.1:0")]);
    let request = "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert_eq!(server.raw(request).status, 404);
    let output = server.output();
    let (_, own) = output.split_once("metrics    http://").unwrap();
    let (address, _) = own.split_once("/metrics").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("lyceum_database_up 1\n"), "{answer}");
    assert!(answer.ends_with("# EOF\n"));
    server.stop();
}

/// The dashboard asks for nothing that is not there.
#[tokio::test]
async fn the_dashboard_asks_for_figures_that_there_are() {
    on_each_engine(async |lyceum| {
        // Something of everything: what has never happened has no line yet.
        let ada = lyceum.person("ada").await;
        let post = lyceum.write_post(&ada, "T", "PUBLISHED").await;
        lyceum.write_comment(&ada, &post, "One").await;
        lyceum.run("{ posts { nodes { comments { nodes { body } } } } }", json!({})).await;
        lyceum.run("{", json!({})).await;
        too_often(lyceum).await;
        lyceum.mails().await;
        let _events = lyceum.events(Call::new("subscription { postPublished { id } }", json!({}))).await;
        let told = figures(lyceum).await;
        let told: BTreeSet<&str> =
            told.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
        let dashboard = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/grafana.json"));
        let dashboard: Value = serde_json::from_str(&dashboard.unwrap()).unwrap();
        let targets =
            dashboard["panels"].as_array().unwrap().iter().flat_map(|panel| panel["targets"].as_array().unwrap());
        let mut asked = BTreeSet::new();
        for expression in targets.map(|target| target["expr"].as_str().unwrap()) {
            let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            for name in words.filter(|word| word.starts_with("lyceum_")) {
                let name = name.trim_end_matches("_total").trim_end_matches("_bucket");
                assert!(told.contains(name), "{name} of {expression}");
                asked.insert(name);
            }
        }
        let unasked: Vec<_> = told.iter().filter(|name| !asked.contains(**name)).collect();
        assert!(unasked.is_empty(), "{unasked:?} are nowhere on the dashboard");
    })
    .await;
}
