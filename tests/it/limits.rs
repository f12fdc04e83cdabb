//! The limits of a document and of a body, over HTTP: each is reached and passed, and what is refused has not run.
//!
//! Fields that the schema does not have serve to reach a limit: they are told only by validation, which comes
//! after every limit, so that a document within the limits is refused for its fields and for nothing else.

use axum::body::Body;
use serde_json::json;

use crate::harness::{door::*, wire, *};

const TYPE: (&str, &str) = ("content-type", "application/json");
const NEW: (&str, &str) = ("accept", "application/graphql-response+json");

/// The code of the only error: 400 by the new media type, 200 by the old one, and never any data.
async fn verdict(lyceum: &Lyceum, query: &str) -> String {
    let body = json!({ "query": query }).to_string();
    let answer = lyceum.post(body.clone(), &[TYPE, NEW]).await;
    let code = answer.code().to_owned();
    let unknown = answer.body["errors"].as_array().map_or(0, Vec::len) > 1;
    if code != "GRAPHQL_VALIDATION_FAILED" || !unknown {
        answer.refused(400, &code);
    }
    let old = lyceum.post(body, &[TYPE, ("accept", "application/json")]).await;
    assert_eq!((old.status.as_u16(), &old.body), (200, &answer.body), "the old media type says the same");
    code
}

/// Within every limit: what is wrong with it, if anything, is its fields.
async fn passes(lyceum: &Lyceum, query: &str) {
    let answer = lyceum.run(query, json!({})).await;
    assert!(["", "GRAPHQL_VALIDATION_FAILED"].contains(&answer.code()), "{query:.80}: {}", answer.text());
}

async fn refused(lyceum: &Lyceum, query: &str, code: &str) {
    assert_eq!(verdict(lyceum, query).await, code, "{query:.120}");
}

/// Bar 65: fields nest twelve levels deep, a thirteenth is `QUERY_TOO_DEEP`, through fragments as well.
#[tokio::test]
async fn thirteen_levels_of_fields_are_too_deep() {
    at_the_door(&[], async |lyceum| {
        let nested = |depth: usize| format!("{}a{}", "{ a ".repeat(depth - 1) + "{ ", "}".repeat(depth));
        passes(lyceum, &nested(12)).await;
        refused(lyceum, &nested(13), "QUERY_TOO_DEEP").await;
        let spread = |depth: usize| format!("{{ me {{ ...f }} }} fragment f on User {{ ... {} }}", nested(depth - 1));
        passes(lyceum, &spread(12)).await;
        refused(lyceum, &spread(13), "QUERY_TOO_DEEP").await;
        let answer = lyceum.run(&nested(13), json!({})).await;
        assert_eq!(answer.refused(400, "QUERY_TOO_DEEP"), "Fields nest more than 12 levels deep.");
        assert_eq!(answer.body["errors"][0]["locations"], json!([{ "line": 1, "column": 51 }]));
    })
    .await;
}

/// Bar 65: introspection has an allowance of its own: the standard query's depth passes, circles do not.
#[tokio::test]
async fn introspection_is_as_deep_as_the_standard_query_and_has_no_circles() {
    at_the_door(&[], async |lyceum| {
        let of_type = |depth: usize| format!("{}name{}", "ofType { ".repeat(depth), " }".repeat(depth));
        let standard = |depth: usize| {
            format!("{{ __schema {{ types {{ fields {{ args {{ type {{ {} }} }} }} }} }} }}", of_type(depth))
        };
        lyceum.run(&standard(9), json!({})).await.ok();
        refused(lyceum, &standard(10), "QUERY_TOO_DEEP").await;
        let circle = "{ __schema { types { fields { type { fields { type { name } } } } } } }";
        refused(lyceum, circle, "QUERY_TOO_DEEP").await;
    })
    .await;
}

/// Bar 66: a cost of 5,000 passes and 5,001 is `QUERY_TOO_COMPLEX`; lists multiply by `first`, by literal and by
/// variable, and a nested 100×100×100 is refused.
#[tokio::test]
async fn a_cost_of_5001_is_too_complex() {
    at_the_door(&[], async |lyceum| {
        // posts, nodes, 100 × 49, and the rest beside them.
        let list = |size: &str, beside: usize| {
            format!("{{ posts(first: {size}) {{ nodes {{ {} }} {} }} }}", "a ".repeat(49), "b ".repeat(beside))
        };
        passes(lyceum, &list("100", 98)).await;
        refused(lyceum, &list("100", 99), "QUERY_TOO_COMPLEX").await;
        let answer = lyceum.run(&list("100", 99), json!({})).await;
        let told = "The operation costs 5001, and the limit is 5000: ask for smaller pages or fewer fields.";
        assert_eq!(answer.refused(400, "QUERY_TOO_COMPLEX"), told);
        // More than a page may hold is priced as the largest page.
        passes(lyceum, &list("101", 98)).await;
        refused(lyceum, &list("101", 99), "QUERY_TOO_COMPLEX").await;
        let by_variable = list("$n", 99).replacen('{', "query ($n: Int) {", 1);
        let answer = lyceum.run(&by_variable, json!({ "n": 100 })).await;
        answer.refused(400, "QUERY_TOO_COMPLEX");
        let answer = lyceum.run(&by_variable, json!({ "n": 10 })).await;
        assert_eq!(answer.code(), "GRAPHQL_VALIDATION_FAILED");
        let cube = "{ a(first: 100) { edges { node { b(first: 100) { edges { node { c(last: 100) { nodes { id } } } } } } } } }";
        refused(lyceum, cube, "QUERY_TOO_COMPLEX").await;
        let defaults = "{ a { nodes { b { nodes { c { nodes { id } } } } } } }";
        refused(lyceum, defaults, "QUERY_TOO_COMPLEX").await;
    })
    .await;
}

/// Bar 66: the setting counts for fields that the schema has, twice the same one counted twice.
#[tokio::test]
async fn the_cost_of_real_fields_meets_its_setting() {
    at_the_door(&[("LIMIT_COST", "10")], async |lyceum| {
        lyceum.run(&format!("{{ me {{ {} }} }}", "id ".repeat(9)), json!({})).await.ok();
        refused(lyceum, &format!("{{ me {{ {} }} }}", "id ".repeat(10)), "QUERY_TOO_COMPLEX").await;
        let by_fragment = "{ me { ...f ...f ...f ...f ...f } } fragment f on User { id username }";
        refused(lyceum, by_fragment, "QUERY_TOO_COMPLEX").await;
    })
    .await;
}

/// Bar 67: thirty aliases and twenty root fields pass, one more of either is refused.
#[tokio::test]
async fn thirty_one_aliases_and_twenty_one_root_fields_are_refused() {
    at_the_door(&[], async |lyceum| {
        let aliases = |count: usize| {
            let fields: Vec<String> = (0..count).map(|number| format!("a{number}: id")).collect();
            format!("{{ me {{ {} }} }}", fields.join(" "))
        };
        lyceum.run(&aliases(30), json!({})).await.ok();
        refused(lyceum, &aliases(31), "QUERY_TOO_COMPLEX").await;
        lyceum.run(&format!("{{ {} }}", "me { id } ".repeat(20)), json!({})).await.ok();
        refused(lyceum, &format!("{{ {} }}", "me { id } ".repeat(21)), "QUERY_TOO_COMPLEX").await;
        let hidden =
            "{ ...f ... { ...f } } fragment f on Query { a: me { id } b: me { id } ...g } fragment g on Query {";
        let hidden = format!("{hidden} {} }}", "__typename ".repeat(9));
        refused(lyceum, &hidden, "QUERY_TOO_COMPLEX").await;
    })
    .await;
}

/// Bar 67: 1,000 times `__typename` is refused, at the root by its fields and anywhere by tokens.
#[tokio::test]
async fn a_thousand_typenames_are_refused() {
    at_the_door(&[], async |lyceum| {
        refused(lyceum, &format!("{{ {} }}", "__typename ".repeat(1_000)), "QUERY_TOO_COMPLEX").await;
        refused(lyceum, &format!("{{ {} }}", "__typename ".repeat(1_399)), "QUERY_TOO_COMPLEX").await;
        refused(lyceum, &format!("{{ {} }}", "a:b ".repeat(1_000)), "QUERY_TOO_LARGE").await;
    })
    .await;
}

/// Bar 67: one operation tries one credential; two are refused by whatever way they got in, and neither has run.
#[tokio::test]
async fn two_credential_mutations_are_refused_and_neither_runs() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let login = format!("login(input: {{identifier: \"ada\", password: \"{PASSWORD}\"}}) {{ accessToken }}");
        let reset = "forgotPassword(input: {email: \"ada@example.com\"}) { userErrors { code } }";
        let mails = lyceum.mails().await.len();
        let documents = [
            format!("mutation {{ {login} {login} }}"),
            format!("mutation {{ a: {login} b: {login} }}"),
            format!("mutation {{ {reset} {login} }}"),
            format!("mutation {{ {login} ...f }} fragment f on Mutation {{ ... on Mutation {{ {reset} }} }}"),
            format!("mutation {{ ...f ... {{ b: {login} }} }} fragment f on Mutation {{ a: {login} }}"),
            format!("mutation {{ ...f @skip(if: true) {login} }} fragment f on Mutation {{ a: {login} }}"),
        ];
        for document in &documents {
            refused(lyceum, document, "QUERY_TOO_COMPLEX").await;
        }
        assert_eq!(lyceum.database.number("SELECT count(*) FROM sessions").await, 0);
        assert_eq!(lyceum.mails().await.len(), mails);
        lyceum.run(&format!("mutation {{ {login} }}"), json!({})).await.ok();
        assert_eq!(lyceum.database.number("SELECT count(*) FROM sessions").await, 1);
    })
    .await;
}

/// Bar 67: each mutation that tries a secret counts, any two of them together.
#[tokio::test]
async fn every_mutation_that_tries_a_secret_counts_as_one() {
    at_the_door(&[], async |lyceum| {
        let names = ["signup", "verifyEmail", "resendVerificationEmail", "login", "refreshSession", "forgotPassword"];
        for name in names.into_iter().chain([
            "resetPassword",
            "changePassword",
            "changeEmail",
            "confirmEmailChange",
            "cancelEmailChange",
            "deleteAccount",
        ]) {
            passes(lyceum, &format!("mutation {{ {name} logout {{ userErrors {{ code }} }} }}")).await;
            refused(lyceum, &format!("mutation {{ login {name} }}"), "QUERY_TOO_COMPLEX").await;
        }
    })
    .await;
}

/// Bar 68: 2,000 tokens and 16 KiB of document pass, a token or a byte more is `QUERY_TOO_LARGE`.
#[tokio::test]
async fn a_document_of_2001_tokens_or_of_more_than_16_kib_is_too_large() {
    at_the_door(&[], async |lyceum| {
        let tokens = |count: usize| format!("{{ me {{ {} }} }}", "id ".repeat(count - 5));
        lyceum.run(&tokens(2_000), json!({})).await.ok();
        refused(lyceum, &tokens(2_001), "QUERY_TOO_LARGE").await;
        let padded = |bytes: usize| format!("{{ me {{ id }} }}{}", " ".repeat(bytes - 13));
        lyceum.run(&padded(16 * 1024), json!({})).await.ok();
        refused(lyceum, &padded(16 * 1024 + 1), "QUERY_TOO_LARGE").await;
        let path = format!("/graphql?query={}", encoded(&padded(16 * 1024 + 1)));
        lyceum.get(&path, &[NEW]).await.refused(400, "QUERY_TOO_LARGE");
    })
    .await;
}

/// Bar 68: a body of 128 KiB is read and one byte more is 413, with a `Content-Length` that says so, without one,
/// and whichever media type the client wants.
#[tokio::test]
async fn a_body_of_more_than_128_kib_is_413() {
    at_the_door(&[], async |lyceum| {
        let body = |bytes: usize| {
            let body = json!({ "query": "{ me { id } }", "variables": {}, "extensions": { "a": "" } }).to_string();
            let room = "x".repeat(bytes - body.len());
            body.replace("\"a\":\"\"", &format!("\"a\":\"{room}\""))
        };
        let most = 128 * 1024;
        lyceum.post(body(most), &[TYPE]).await.ok();
        let length = (most + 1).to_string();
        for accept in [NEW, ("accept", "application/json"), ("accept", "*/*")] {
            let headers = [TYPE, accept, ("content-length", length.as_str())];
            lyceum.post(body(most + 1), &headers).await.refused(413, "QUERY_TOO_LARGE");
            let pieces = body(most + 1).into_bytes();
            let pieces: Vec<_> = pieces.chunks(1_000).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
            let chunked = Body::from_stream(futures_util::stream::iter(pieces));
            lyceum.post(chunked, &[TYPE, accept]).await.refused(413, "QUERY_TOO_LARGE");
        }
    })
    .await;
}

/// Bar 68: the same over a socket: a megabyte with its length, and one in chunks that never tell it.
#[tokio::test]
async fn a_megabyte_over_a_socket_is_413_also_in_chunks() {
    at_the_door(&[], async |lyceum| {
        let server = wire::Server::start(&lyceum.app, wire::serve_limits()).await;
        let megabyte = vec![b' '; 1 << 20];
        let reply = wire::exchange(server.address, &wire::post(&megabyte, "")).await.expect("an answer");
        assert_eq!((reply.status, reply.code().as_str()), (413, "QUERY_TOO_LARGE"));
        let mut chunked = b"POST /graphql HTTP/1.1\r\nhost: lyceum.test\r\ncontent-type: application/json\r\n\
            connection: close\r\ntransfer-encoding: chunked\r\n\r\n"
            .to_vec();
        for piece in megabyte.chunks(10_000) {
            chunked.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            chunked.extend_from_slice(piece);
            chunked.extend_from_slice(b"\r\n");
        }
        let reply = wire::exchange(server.address, &chunked).await.expect("an answer");
        assert_eq!((reply.status, reply.code().as_str()), (413, "QUERY_TOO_LARGE"));
        let reply = wire::exchange(server.address, &wire::get("/health/live")).await.expect("an answer");
        assert_eq!(reply.status, 200);
        server.stop().await;
    })
    .await;
}

/// Bar 69: ten directives pass and eleven are refused, wherever in the document they stand.
#[tokio::test]
async fn eleven_directives_anywhere_are_refused() {
    at_the_door(&[], async |lyceum| {
        let places = [
            "query @@ { me { id } }",
            "query ($a: Boolean @@ = true) { me @include(if: $a) { id } }",
            "{ me @@ { id } }",
            "{ me { id @@ } }",
            "{ __typename @@ }",
            "{ ...f @@ } fragment f on Query { me { id } }",
            "{ ... @@ { me { id } } }",
            "{ ... on Query @@ { me { id } } }",
            "{ ...f } fragment f on Query @@ { me { id } }",
            "{ me { id } } fragment unused on Query { me { id @@ } }",
            "mutation { __typename @@ }",
        ];
        for place in places {
            let room = 10 - place.matches("@include").count();
            passes(lyceum, &place.replace("@@", &"@skip(if: false) ".repeat(room))).await;
            let more = place.replace("@@", &"@skip(if: false) ".repeat(room + 1));
            refused(lyceum, &more, "QUERY_TOO_COMPLEX").await;
        }
        let scattered = "query one @a { ...f @b ... @c { me @d { id @e @f } } } fragment f on Query @g { me @h { id @i @j } } \
            query other @z { me { id } }";
        passes(lyceum, scattered).await;
        refused(lyceum, &scattered.replace("id @i @j", "id @i @j @k"), "QUERY_TOO_COMPLEX").await;
    })
    .await;
}

/// Bar 71: an array of operations is 400, of whatever length, by either media type.
#[tokio::test]
async fn a_batch_is_400() {
    at_the_door(&[], async |lyceum| {
        let one = json!({ "query": "{ me { id } }" });
        for batch in [json!([]), json!([one]), json!([one, one]), json!(vec![one.clone(); 1_000])] {
            for accept in [NEW, ("accept", "application/json")] {
                let answer = lyceum.post(batch.to_string(), &[TYPE, accept]).await;
                let told = "Batches are not accepted: send one operation in a request.";
                assert_eq!(answer.refused(400, "BAD_USER_INPUT"), told);
            }
        }
    })
    .await;
}
