//! Traces: what a request is told to have done, to a collector that takes it, that is away, or that does not answer.

mod away;
mod collector;
mod secrets;

use axum::http::{Method, StatusCode};
use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1::span::SpanKind};
use prost::Message as _;
use serde_json::{Value, json};

use self::collector::{Collector, Span, attributes};
use crate::harness::{
    door::{at_the_door, request},
    *,
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
const FRONT: &str = "query Front($first: Int!) {
    posts(first: $first) { nodes { title author { username } comments { nodes { body author { username } } } } } }";

/// Runs a story on every engine, before a collector, with settings of traces.
async fn traced(settings: &[(&str, &str)], story: impl AsyncFn(&Lyceum, &Collector)) {
    let collector = Collector::start().await;
    let url = collector.url();
    let all: Vec<_> = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*url)].iter().chain(settings).copied().collect();
    with_settings(&all, async |lyceum| {
        story(lyceum, &collector).await;
        collector.spans(lyceum).await;
    })
    .await;
}

fn from_elsewhere(call: Call, flags: &str) -> Call {
    call.header("traceparent", &format!("00-{TRACE}-{PARENT}-{flags}"))
}

/// The one span of this name.
fn the<'s>(spans: &'s [Span], name: &str) -> &'s Span {
    let found: Vec<_> = spans.iter().filter(|span| span.name == name).collect();
    assert_eq!(found.len(), 1, "{name} in {spans:#?}");
    found[0]
}

fn pairs(span: &Span) -> Vec<(&str, &str)> {
    span.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn system(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgresql",
        Engine::Mysql => "mysql",
    }
}

/// A query: the request under the trace that its client began, the operation under the request, each statement under
/// what asked for it.
#[tokio::test]
async fn a_query_is_a_tree_under_the_trace_of_its_client() {
    traced(&[], async |lyceum, collector| {
        let ada = lyceum.person("ada").await;
        let post = lyceum.write_post(&ada, "T", "PUBLISHED").await;
        lyceum.write_comment(&ada, &post, "One").await;
        collector.spans(lyceum).await;
        let call = Call::new(FRONT, json!({ "first": 3 })).bearer(&ada.token);
        lyceum.send(from_elsewhere(call, "01")).await.ok();
        let spans = collector.spans(lyceum).await;
        let (request, operation) = (the(&spans, "POST /graphql"), the(&spans, "query"));
        assert_eq!((request.parent.as_str(), request.kind), (PARENT, SpanKind::Server));
        let expected = [
            ("http.request.method", "POST"),
            ("http.response.status_code", "200"),
            ("http.route", "/graphql"),
            ("server.address", "lyceum.test"),
            ("url.path", "/graphql"),
            ("url.scheme", "http"),
        ];
        assert_eq!(pairs(request), expected);
        assert_eq!((&operation.parent, operation.kind), (&request.id, SpanKind::Server));
        assert_eq!(pairs(operation), [("graphql.operation.name", "Front"), ("graphql.operation.type", "query")]);
        let statements: Vec<_> = spans.iter().filter(|span| span.is_statement()).collect();
        assert_eq!(spans.len(), 2 + statements.len(), "{spans:#?}");
        assert!(spans.iter().all(|span| span.trace == TRACE && !span.failed), "{spans:#?}");
        // Whose request it is, asks the request; the rest is the operation's.
        let of_request: Vec<_> = statements.iter().filter(|span| span.parent == request.id).collect();
        assert!(!of_request.is_empty() && of_request.iter().all(|span| span.name.contains("sessions")), "{spans:#?}");
        let of_operation = statements.iter().filter(|span| span.parent == operation.id).count();
        assert!(of_operation >= 2 && of_operation + of_request.len() == statements.len(), "{spans:#?}");
        for span in statements {
            assert_eq!(span.get("db.system.name"), system(lyceum.engine));
            assert_eq!(span.get("db.operation.name"), "SELECT");
            assert_eq!(span.get("db.query.summary"), span.name);
            assert!(span.get("db.query.text").contains("FROM"), "{span:?}");
            assert_eq!(span.attributes.contains_key("server.address"), lyceum.engine != Engine::Sqlite);
        }
        let at = u64::try_from(lyceum.app.core.clock.now().0).unwrap() * 1000;
        assert_eq!((request.start, request.end), (at, at));
    })
    .await;
}

/// A mutation runs in a task of its own, and is a part of its request all the same. Without a client's trace it begins
/// one; what the server does by itself begins none.
#[tokio::test]
async fn a_mutation_is_a_tree_of_its_own() {
    traced(&[], async |lyceum, collector| {
        let ada = lyceum.person("ada").await;
        collector.spans(lyceum).await;
        lyceum.write_post(&ada, "T", "PUBLISHED").await;
        let spans = collector.spans(lyceum).await;
        let (request, operation) = (the(&spans, "POST /graphql"), the(&spans, "mutation"));
        assert_eq!((request.parent.as_str(), &operation.parent), ("", &request.id));
        assert!(request.trace.len() == 32 && spans.iter().all(|span| span.trace == request.trace), "{spans:#?}");
        let insert = the(&spans, "INSERT posts");
        assert_eq!((&insert.parent, insert.get("db.collection.name")), (&operation.id, "posts"));
        assert_eq!(insert.get("db.operation.name"), "INSERT");
        lyceum.mails().await;
        assert_eq!(collector.spans(lyceum).await, []);
    })
    .await;
}

/// An operation on a socket is a trace of its own: the request that opened the socket is over.
#[tokio::test]
async fn an_operation_on_a_socket_is_a_trace() {
    traced(&[], async |lyceum, collector| {
        let ada = lyceum.person("ada").await;
        let listening = lyceum.listening().await;
        let mut socket = listening.socket_of(&ada.token).await;
        collector.spans(lyceum).await;
        socket.subscribe("1", "{ me { posts { totalCount } } }", json!({})).await;
        socket.next("1").await;
        drop(socket);
        listening.stop().await;
        let spans = collector.spans(lyceum).await;
        let operation = the(&spans, "query");
        assert_eq!(pairs(operation), [("graphql.operation.type", "query")]);
        let inside = spans.iter().filter(|span| span.trace == operation.trace && span.parent == operation.id).count();
        assert!(operation.parent.is_empty() && inside > 0, "{spans:#?}");
    })
    .await;
}

/// What went wrong: a client's fault is told and is none of the server's; a fault of the server's is one at each span
/// that it went through.
#[tokio::test]
async fn a_fault_is_told_where_it_was() {
    traced(&[], async |lyceum, collector| {
        let ada = lyceum.person("ada").await;
        collector.spans(lyceum).await;
        lyceum.run_as(&ada.token, "{ users { totalCount } }", json!({})).await;
        let spans = collector.spans(lyceum).await;
        assert_eq!(the(&spans, "query").get("error.type"), "FORBIDDEN");
        assert!(spans.iter().all(|span| !span.failed), "{spans:#?}");
        lyceum.empty_database().await;
        lyceum.run("{ posts { nodes { id } } }", json!({})).await;
        let spans = collector.spans(lyceum).await;
        let (operation, statement) = (the(&spans, "query"), the(&spans, "SELECT posts"));
        assert_eq!((operation.failed, operation.get("error.type")), (true, "INTERNAL_SERVER_ERROR"));
        assert_eq!((statement.failed, statement.get("error.type")), (true, "_OTHER"));
        assert!(!the(&spans, "POST /graphql").failed, "it has an answer");
        lyceum.run_as(&ada.token, "{ me { id } }", json!({})).await;
        let spans = collector.spans(lyceum).await;
        let request = the(&spans, "POST /graphql");
        assert_eq!((request.failed, request.get("error.type")), (true, "500"));
    })
    .await;
}

/// The names of spans are few, whatever strangers send.
#[tokio::test]
async fn strangers_do_not_choose_the_names_of_spans() {
    traced(&[], async |lyceum, collector| {
        let long = "N".repeat(300);
        lyceum.run(&format!("query {long} {{ __typename }}"), json!({})).await.ok();
        for (method, path) in [("GET", "/nothing/here"), ("BREW", "/graphql"), ("GET", "/health/live?token=canary")] {
            let request = axum::http::Request::builder().method(method).uri(path);
            lyceum.request(request.body(axum::body::Body::empty()).unwrap()).await;
        }
        let spans = collector.spans(lyceum).await;
        let names: Vec<_> =
            spans.iter().map(|span| span.name.as_str()).filter(|name| !name.contains("SELECT")).collect();
        assert_eq!(names, ["query", "POST /graphql", "GET", "HTTP /graphql", "GET /health/live"]);
        assert_eq!(the(&spans, "query").get("graphql.operation.name"), "N".repeat(64));
        assert_eq!(the(&spans, "HTTP /graphql").get("http.request.method"), "_OTHER");
        let missing = the(&spans, "GET");
        assert_eq!((missing.get("url.path"), missing.get("http.route")), ("/nothing/here", ""));
        assert_eq!((missing.get("http.response.status_code"), missing.failed), ("404", false));
        assert!(!format!("{spans:?}").contains("canary"));
    })
    .await;
}

/// Which traces are kept is a setting, and the client's decision where that is asked for.
#[tokio::test]
async fn a_sampler_decides_which_traces_are_kept() {
    let call = || Call::new("{ __typename }", json!({}));
    let none = [("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0")];
    traced(&none, async |lyceum, collector| {
        lyceum.send(call()).await.ok();
        lyceum.send(from_elsewhere(call(), "00")).await.ok();
        assert_eq!(collector.spans(lyceum).await, []);
        lyceum.send(from_elsewhere(call(), "01")).await.ok();
        assert!(collector.spans(lyceum).await.len() >= 2);
    })
    .await;
    traced(&[("OTEL_TRACES_SAMPLER", "always_off")], async |lyceum, collector| {
        lyceum.send(from_elsewhere(call(), "01")).await.ok();
        assert_eq!(collector.spans(lyceum).await, []);
    })
    .await;
}

/// A trace that makes no sense is none, and the request goes on.
#[tokio::test]
async fn a_malformed_trace_is_not_continued() {
    traced(&[], async |lyceum, collector| {
        for parent in ["", "00", "zz", "00-00000000000000000000000000000000-b7ad6b7169203331-01", &"f".repeat(5000)] {
            let call = Call::new("{ __typename }", json!({})).header("traceparent", parent);
            lyceum.send(call.header("tracestate", &"a=b,".repeat(1000))).await.ok();
            let spans = collector.spans(lyceum).await;
            let request = the(&spans, "POST /graphql");
            assert!(request.parent.is_empty() && request.trace != TRACE, "{request:?}");
        }
    })
    .await;
}

/// Who tells is told, and what the collector wants to know comes with each request.
#[tokio::test]
async fn the_collector_knows_who_tells() {
    let settings = [
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=of%20ours"),
        ("OTEL_SERVICE_NAME", "forum"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,deployment.environment.name=staging"),
    ];
    traced(&settings, async |lyceum, collector| {
        lyceum.run("{ __typename }", json!({})).await.ok();
        lyceum.app.core.traces.flush(std::time::Duration::from_secs(30)).await;
        let (uri, headers, body) = collector.requests().remove(0);
        assert_eq!(uri.path(), "/v1/traces");
        assert_eq!(
            (&headers["api-key"], &headers["content-type"]),
            (&"of ours".parse().unwrap(), &TYPE.parse().unwrap())
        );
        let sent = ExportTraceServiceRequest::decode(body).unwrap();
        let told = attributes(sent.resource_spans[0].resource.clone().unwrap().attributes);
        assert_eq!((told["service.name"].as_str(), told["deployment.environment.name"].as_str()), ("forum", "staging"));
        assert_eq!((told["service.version"].as_str(), told["telemetry.sdk.name"].as_str()), (VERSION, "opentelemetry"));
        assert_eq!(told["service.instance.id"].len(), 36);
    })
    .await;
}

/// A page of another origin may name the trace that it began.
#[tokio::test]
async fn a_page_may_name_its_trace() {
    for (endpoint, expected) in [("http://127.0.0.1:1", true), ("", false)] {
        let settings = [("ALLOWED_ORIGINS", "https://example.com"), ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)];
        at_the_door(&settings, async |lyceum| {
            let headers = [("origin", "https://example.com"), ("access-control-request-method", "POST")];
            let answer = lyceum.request(request(&Method::OPTIONS, "/graphql", &headers, "")).await;
            assert_eq!(answer.header("access-control-allow-headers").contains("traceparent,tracestate"), expected);
        })
        .await;
    }
}

const TYPE: &str = "application/x-protobuf";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The real process: its log has the trace beside the request, the last spans leave before it ends, and the doctor asks
/// the collector. Without the setting there is no trace of traces.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_tells_its_traces_to_the_end() {
    let collector = Collector::start().await;
    let url = collector.url();
    let home = Home::new();
    let log = [("LOG_FORMAT", "json"), ("RUST_LOG", "info,lyceum=debug")];
    let settings: Vec<_> = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*url)].into_iter().chain(log).collect();
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let run = |settings: &[(&str, &str)]| {
        tokio::task::block_in_place(|| {
            let server = home.serve(settings);
            assert_eq!(server.graphql("{ __typename }", &json!({}), &[("traceparent", &parent)]).status, 200);
            let finished = server.stop();
            let line = finished.stderr.lines().find(|line| line.contains("answered")).unwrap().to_owned();
            (finished, serde_json::from_str::<Value>(&line).unwrap())
        })
    };
    let (finished, line) = run(&settings);
    assert_eq!(line["span"]["trace_id"], TRACE, "{line}");
    assert_eq!(line["span"]["id"].as_str().map(str::len), Some(32), "{line}");
    assert!(finished.stdout.contains(&format!("traces     to {url}/v1/traces\n")), "{finished:?}");
    assert!(collector.sent().iter().any(|span| span.name == "query" && span.trace == TRACE));
    let (finished, line) = run(&log);
    assert_eq!(line["span"].get("trace_id"), None, "{line}");
    assert!(!finished.stdout.contains("traces"), "{finished:?}");
    assert_eq!(collector.sent(), []);
    let doctor = || tokio::task::block_in_place(|| home.run(&["doctor"], &settings, ""));
    let finished = doctor();
    assert!(finished.stdout.contains("ok    traces "), "{finished:?}");
    let (_, headers, body) = collector.requests().remove(0);
    assert_eq!((headers["content-length"].to_str().ok(), body.len()), (Some("0"), 0));
    collector.answers(StatusCode::UNAUTHORIZED);
    let told = doctor();
    let line = told.stdout.lines().find(|line| line.starts_with("FAULT traces")).unwrap();
    assert!(line.contains("401") && line.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{line}");
}
