//! Requests that are meant to hurt, sent to the binary itself: they are refused, the process lives, its memory
//! stays, and no answer hands the input back.

use std::{fmt::Write as _, time::Instant};

use serde_json::{Value, json};

use crate::harness::wire::*;

/// An anonymous operation, whole from request to answer.
async fn run(process: &Process, query: &str, variables: Value) -> Reply {
    send(process, json!({ "query": query, "variables": variables }).to_string().as_bytes()).await
}

async fn send(process: &Process, body: &[u8]) -> Reply {
    exchange(process.address, &post(body, "")).await.expect("an answer")
}

/// `levels` fragments, each spreading the next `width` times, the last with `core` inside.
fn bomb(levels: usize, width: usize, core: &str) -> String {
    let mut text = String::from("{ ...f0 }");
    for level in 0..levels {
        let inside = if level + 1 < levels { format!("...f{} ", level + 1).repeat(width) } else { core.to_owned() };
        write!(text, " fragment f{level} on Query {{ {inside}}}").unwrap();
    }
    text
}

fn bombs() -> Vec<(&'static str, String)> {
    let many: String = (0..80).fold(bomb(12, 2, "__typename").replacen("{ ...f0 }", "", 1), |text, number| {
        text + &format!(" query q{number} {{ ...f0 }}")
    });
    vec![
        ("20 levels of 2", bomb(20, 2, "__typename")),
        ("7 levels of 10", bomb(7, 10, "__typename")),
        ("31 levels of 2", bomb(31, 2, "__typename")),
        ("20 levels of 2 without a field", bomb(20, 2, "...nothing")),
        ("7 levels of 10 without a field", bomb(7, 10, "...nothing")),
        ("31 levels of 2 without a field", bomb(31, 2, "...nothing")),
        ("19 levels of 2 that nobody spreads", bomb(19, 2, "__typename").replacen("...f0", "__typename", 1)),
        ("80 operations of 4,095 each", many),
    ]
}

/// Bar 70: fragment bombs of 20 levels × 2, 7 × 10 and 31 × 2, with a field at the end or without any, are refused
/// before anything walks them, and reads beside them are answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fragment_bombs_are_refused_while_reads_go_on() {
    let process = Process::start(&[("RATE_LIMITS", "off")]);
    let address = process.address;
    let reading = tokio::spawn(async move {
        let mut took = Vec::new();
        for _ in 0..100 {
            let start = Instant::now();
            let reply =
                exchange(address, &post(br#"{"query":"{ me { id } }"}"#, "")).await.expect("a read is answered");
            assert_eq!((reply.status, reply.json()), (200, json!({ "data": { "me": null } })));
            took.push(start.elapsed());
        }
        took
    });
    for (name, text) in bombs() {
        let start = Instant::now();
        let reply = run(&process, &text, json!({})).await;
        println!("{name}: {} bytes refused in {:?}", text.len(), start.elapsed());
        assert_eq!((reply.status, reply.code().as_str()), (400, "QUERY_TOO_COMPLEX"), "{name}");
        assert_eq!(reply.json().get("data"), None, "{name}");
    }
    let mut took = reading.await.unwrap();
    took.sort_unstable();
    println!("reads beside them: median {:?}, slowest {:?}", took[took.len() / 2], took[took.len() - 1]);
}

/// Bar 70: a circle of fragments is refused as one.
#[tokio::test]
async fn fragments_that_spread_each_other_are_refused() {
    let process = Process::start(&[]);
    let circles =
        ["{ ...f } fragment f on Query { ...f }", "{ ...f } fragment f on Query { ...g } fragment g on Query { ...f }"];
    for circle in circles {
        let reply = run(&process, circle, json!({})).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "GRAPHQL_VALIDATION_FAILED"), "{circle}");
    }
}

const ASK: &str = "query ($u: String!) { usernameAvailable(username: $u) }";

/// Bodies that are no sound request, and the code of each refusal.
fn unsound() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let with = |variables: &str| format!("{{\"query\":\"{ASK}\",\"variables\":{variables}}}").into_bytes();
    let of_query = |query: &str| json!({ "query": query }).to_string().into_bytes();
    let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    let list = |levels: usize| format!("{{ usernameAvailable(username: {}) }}", nested(levels));
    let objects = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    let long = "a".repeat(1 << 20);
    vec![
        ("variables 200 lists deep", with(&format!("{{\"u\":{}}}", nested(200))), "BAD_USER_INPUT"),
        ("variables 200 objects deep", with(&objects(200)), "BAD_USER_INPUT"),
        ("variables 60,000 lists deep", with(&format!("{{\"u\":{}", "[".repeat(60_000))), "BAD_USER_INPUT"),
        ("variables 100 lists deep", with(&format!("{{\"u\":{}}}", nested(100))), "GRAPHQL_VALIDATION_FAILED"),
        ("a literal 20,000 lists deep", of_query(&list(20_000)), "QUERY_TOO_LARGE"),
        ("a literal 8,000 lists deep", of_query(&list(8_000)), "QUERY_TOO_DEEP"),
        ("a literal 60 lists deep", of_query(&list(60)), "GRAPHQL_VALIDATION_FAILED"),
        ("selections 5,000 deep", of_query(&"{a".repeat(5_000)), "QUERY_TOO_DEEP"),
        ("a variable of 1 MB", with(&format!("{{\"u\":\"{long}\"}}")), "QUERY_TOO_LARGE"),
        ("a literal of 1 MB", of_query(&format!("{{ usernameAvailable(username: \"{long}\") }}")), "QUERY_TOO_LARGE"),
        ("a variable of 1e308", with("{\"u\":1e308}"), "GRAPHQL_VALIDATION_FAILED"),
        ("a variable of 1e309", with("{\"u\":1e309}"), "BAD_USER_INPUT"),
        ("a variable of 400 digits", with(&format!("{{\"u\":{}}}", "9".repeat(400))), "BAD_USER_INPUT"),
        ("a literal of 1e308", of_query("{ usernameAvailable(username: 1e308) }"), "GRAPHQL_VALIDATION_FAILED"),
        ("a literal of 1e309", of_query("{ usernameAvailable(username: 1e309) }"), "GRAPHQL_PARSE_FAILED"),
        ("a leading surrogate alone in JSON", with(r#"{"u":"\ud800"}"#), "BAD_USER_INPUT"),
        ("a trailing surrogate alone in JSON", with(r#"{"u":"\udc00"}"#), "BAD_USER_INPUT"),
        ("a surrogate alone in the query", br#"{"query":"{ me { id } } # \ud800"}"#.to_vec(), "BAD_USER_INPUT"),
        (
            "a surrogate alone in a literal",
            of_query(r#"{ usernameAvailable(username: "\uD800") }"#),
            "GRAPHQL_PARSE_FAILED",
        ),
        ("bytes that are not UTF-8", b"{\"query\":\"{ me \xff { id } }\"}".to_vec(), "BAD_USER_INPUT"),
        ("nothing", Vec::new(), "BAD_USER_INPUT"),
        ("half an object", b"{\"query\":".to_vec(), "BAD_USER_INPUT"),
    ]
}

/// Bar 72: deep variables and literals, megabytes of string, numbers beyond all bounds and lone surrogates are 4xx;
/// the process lives and its memory grows by less than 50 MiB.
#[tokio::test]
async fn unsound_bodies_are_4xx_and_the_process_lives_in_its_memory() {
    let mut process = Process::start(&[("RATE_LIMITS", "off")]);
    assert_eq!(
        run(&process, ASK, json!({ "u": "ada" })).await.json(),
        json!({ "data": { "usernameAvailable": true } })
    );
    let before = process.resident();
    for round in 0..3 {
        for (name, body, code) in unsound() {
            let reply = send(&process, &body).await;
            let status = if reply.code() == "QUERY_TOO_LARGE" && body.len() > 128 * 1024 { 413 } else { 400 };
            assert_eq!((reply.status, reply.code().as_str()), (status, code), "{name} in round {round}");
            assert_eq!(reply.json().get("data"), None, "{name}");
            assert!(reply.body.len() < 600, "{name}: {} bytes of answer", reply.body.len());
        }
    }
    assert!(process.is_alive());
    assert_eq!(
        run(&process, ASK, json!({ "u": "ada" })).await.json(),
        json!({ "data": { "usernameAvailable": true } })
    );
    if let (Some(before), Some(after)) = (before, process.resident()) {
        println!("resident: {before} KiB before, {after} KiB after");
        assert!(after.saturating_sub(before) < 50 * 1024, "{before} KiB became {after} KiB");
    }
}

/// How many bytes of the filling stand in the answer.
fn echoed(reply: &Reply, filling: &str) -> usize {
    String::from_utf8_lossy(&reply.body).matches(filling).count() * filling.len()
}

/// Bar 72: no refusal hands back more than 200 bytes of what it was sent, wherever in the request that stood and
/// however many bytes its letters have.
#[tokio::test]
async fn no_refusal_repeats_more_than_200_bytes() {
    let process = Process::start(&[("RATE_LIMITS", "off")]);
    let name = "q".repeat(5_000);
    let queries = [
        format!("{{ {name} }}"),
        format!("{{ me {{ {name} }} }}"),
        format!("{{ usernameAvailable({name}: 1, username: \"a\") }}"),
        format!("{{ usernameAvailable(username: {name}) }}"),
        format!("{{ ...{name} }}"),
        format!("{{ ... on {name} {{ id }} }}"),
        format!("{{ me {{ id @{name} }} }}"),
        format!("query (${name}: String!) {{ me {{ id }} }}"),
        format!("query ($a: {name}!) {{ usernameAvailable(username: $a) }}"),
        format!("{{ usernameAvailable(username: ${name}) }}"),
        format!("mutation {{ logout(scope: {name}) {{ userErrors {{ code }} }} }}"),
        format!("mutation {{ login(input: {{ {name}: 1 }}) {{ accessToken }} }}"),
        format!("{{ {name}( }}"),
        format!("{{ me {{ {} }} }}", "q ".repeat(1_900)),
        format!("{{ me {{ {} }} }}", format!("{} ", "q".repeat(59)).repeat(250)),
    ];
    for query in queries {
        let reply = run(&process, &query, json!({})).await;
        assert_eq!(reply.status, 400, "{query:.60}");
        assert!(echoed(&reply, "q") <= 200, "{query:.60}: {} bytes", echoed(&reply, "q"));
    }
    let logout = "mutation ($s: LogoutScope!) { logout(scope: $s) { userErrors { code } } }";
    for filling in ["q", "é", "😀", "\u{0}"] {
        let reply = run(&process, logout, json!({ "s": filling.repeat(2_000) })).await;
        assert_eq!(reply.status, 400);
        assert!(echoed(&reply, filling) <= 200, "{filling}: {} bytes", echoed(&reply, filling));
        let named = json!({ "query": "{ me { id } }", "operationName": filling.repeat(2_000) }).to_string();
        let reply = send(&process, named.as_bytes()).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "GRAPHQL_VALIDATION_FAILED"));
        assert!(echoed(&reply, filling) <= 200, "{filling}: {} bytes", echoed(&reply, filling));
    }
}
