//! The protocol `graphql-transport-ws`, and what a socket is refused.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{door::at_the_door, wire::Server, *};

const POSTS: &str = "subscription { postPublished { id } }";

fn init() -> Value {
    json!({ "type": "connection_init" })
}

async fn closes(listening: &Server, messages: impl IntoIterator<Item = Value>) -> (u16, String) {
    let mut socket = listening.handshake(&[]).await.ok().unwrap();
    for message in messages {
        socket.say(message).await;
    }
    socket.closed().await
}

/// Queries and mutations run over a socket too: one result and the end, each under its id.
#[tokio::test]
async fn a_socket_answers_queries_and_mutations() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let listening = lyceum.listening().await;
        let mut socket = listening.socket_of(&ada.token).await;
        socket.subscribe("q", ME, json!({})).await;
        assert_eq!(socket.next("q").await["data"]["me"]["username"], "ada");
        assert_eq!(socket.hear().await, json!({ "type": "complete", "id": "q" }));
        let write =
            "mutation { createPost(input: {title: \"T\", body: \"B\"}) { post { title } userErrors { code } } }";
        // An id may be used again once its operation is over.
        socket.subscribe("q", write, json!({})).await;
        assert_eq!(socket.next("q").await["data"]["createPost"]["post"]["title"], "T");
        assert_eq!(socket.hear().await["type"], "complete");
        socket.say(json!({ "type": "ping", "payload": { "a": 1 } })).await;
        assert_eq!(socket.hear().await, json!({ "type": "pong", "payload": { "a": 1 } }));
        socket.say(json!({ "type": "pong" })).await;
        socket.say(json!({ "type": "complete", "id": "unknown" })).await;
        socket.subscribe("2", "{ me { username id firstName } }", json!({})).await;
        let me = format!(r#"{{"username":"ada","id":"{}","firstName":"Ada"}}"#, ada.id);
        let told = socket.text().await;
        assert!(told.contains(&me), "in the order in which it was asked for: {told}");
        listening.stop().await;
    })
    .await;
}

/// Bar 79: who breaks the protocol is closed with its code.
#[tokio::test]
async fn each_breach_has_its_close_code() {
    at_the_door(&[("SOCKET_INIT_TIMEOUT", "300ms")], async |lyceum| {
        let listening = lyceum.listening().await;
        let subscribe = json!({ "type": "subscribe", "id": "1", "payload": { "query": POSTS } });
        assert_eq!(closes(&listening, []).await.0, 4408);
        assert_eq!(closes(&listening, [json!({ "type": "ping" })]).await.0, 4408);
        assert_eq!(closes(&listening, [subscribe.clone()]).await, (4401, "Unauthorized".to_owned()));
        assert_eq!(closes(&listening, [init(), init()]).await.0, 4429);
        let (code, reason) = closes(&listening, [init(), subscribe.clone(), subscribe]).await;
        assert_eq!((code, &*reason), (4409, "Subscriber already exists"));
        for malformed in [
            json!("x"),
            json!([]),
            json!({}),
            json!({ "type": "hello" }),
            json!({ "type": "connection_init", "payload": 1 }),
            json!({ "type": "subscribe", "payload": { "query": POSTS } }),
            json!({ "type": "subscribe", "id": "", "payload": { "query": POSTS } }),
            json!({ "type": "subscribe", "id": 1, "payload": { "query": POSTS } }),
            json!({ "type": "subscribe", "id": "1" }),
            json!({ "type": "subscribe", "id": "1", "payload": [] }),
            json!({ "type": "complete" }),
        ] {
            assert_eq!(closes(&listening, [malformed.clone()]).await.0, 4400, "{malformed}");
        }
        for odd in [Message::text("{"), Message::binary(vec![1, 2, 3])] {
            let mut socket = listening.socket(Value::Null).await;
            socket.send(odd).await;
            assert_eq!(socket.closed().await.0, 4400);
        }
        listening.stop().await;
    })
    .await;
}

/// Bar 79: bad credentials close the socket with 4403 and the reason; none are nobody's.
#[tokio::test]
async fn bad_credentials_are_forbidden() {
    at_the_door(&[], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let listening = lyceum.listening().await;
        let with =
            |authorization: Value| json!({ "type": "connection_init", "payload": { "authorization": authorization } });
        for bad in [json!("Bearer x"), json!(""), json!(1), json!(ada.token), json!({})] {
            assert_eq!(closes(&listening, [with(bad)]).await, (4403, "INVALID".to_owned()));
        }
        lyceum.run_as(&ada.token, LOGOUT, json!({ "scope": "CURRENT" })).await.ok();
        let ended = with(json!(format!("Bearer {}", ada.token)));
        assert_eq!(closes(&listening, [ended]).await, (4403, "REVOKED".to_owned()));
        let mut nobody = listening.socket(json!({ "authorization": null })).await;
        nobody.subscribe("1", ME, json!({})).await;
        assert_eq!(nobody.next("1").await, json!({ "data": { "me": null } }));
        listening.stop().await;
    })
    .await;
}

/// Bar 79: a page of another origin opens no socket, with the cookie and without; with the cookie an origin has to be
/// named. A secret in the address is none.
#[tokio::test]
async fn a_foreign_page_opens_no_socket() {
    at_the_door(&[("ALLOWED_ORIGINS", "https://www.example.com")], async |lyceum| {
        let cookie = cookie_of(&lyceum.signed_in_by_cookie("ada").await);
        let listening = lyceum.listening().await;
        let own = format!("http://{}", listening.address);
        for origin in ["https://evil.test", "null", "https://www.example.com.evil.test", "http://127.0.0.1"] {
            assert_eq!(listening.handshake(&[("origin", origin)]).await.err(), Some(403), "{origin}");
            let with_cookie = [("origin", origin), ("cookie", &*cookie)];
            assert_eq!(listening.handshake(&with_cookie).await.err(), Some(403), "{origin}");
        }
        assert_eq!(listening.handshake(&[("cookie", &cookie)]).await.err(), Some(403));
        let cross_site = [("cookie", &*cookie), ("origin", &*own), ("sec-fetch-site", "cross-site")];
        assert_eq!(listening.handshake(&cross_site).await.err(), Some(403));
        for origin in [&*own, "https://www.example.com"] {
            let mut socket = listening.handshake(&[("cookie", &cookie), ("origin", origin)]).await.ok().unwrap();
            socket.say(init()).await;
            socket.hear().await;
            socket.subscribe("1", ME, json!({})).await;
            assert_eq!(socket.next("1").await["data"]["me"]["username"], "ada");
        }
        let mut dead = listening.handshake(&[("cookie", "lyceum=x"), ("origin", &own)]).await.ok().unwrap();
        dead.say(init()).await;
        assert_eq!(dead.closed().await, (4403, "INVALID".to_owned()));
        listening.stop().await;
    })
    .await;
}

/// Only `graphql-transport-ws` is spoken.
#[tokio::test]
async fn another_subprotocol_is_refused() {
    at_the_door(&[], async |lyceum| {
        let listening = lyceum.listening().await;
        for protocol in ["graphql-ws", "chat", ""] {
            let refused = listening.handshake(&[("sec-websocket-protocol", protocol)]).await.err();
            assert_eq!(refused, Some(400), "{protocol}");
        }
        listening.stop().await;
    })
    .await;
}

/// Bar 79: a message of more than 64 KiB closes the socket; so does silence, for which a ping is answered by every
/// client that lives.
#[tokio::test]
async fn what_is_too_big_or_too_silent_is_closed() {
    at_the_door(&[("SOCKET_PING", "200ms")], async |lyceum| {
        let listening = lyceum.listening().await;
        let mut socket = listening.socket(Value::Null).await;
        socket.subscribe("1", &format!("{{ me {{ id }} }} # {}", "x".repeat(65 * 1024)), json!({})).await;
        assert_eq!(socket.closed().await.0, 1009);

        // This client answers pings only while it reads.
        let mut silent = listening.socket(Value::Null).await;
        let mut alive = listening.socket(Value::Null).await;
        assert!(alive.is_quiet().await && alive.is_quiet().await && alive.is_quiet().await);
        silent.gone().await;
        alive.subscribe("1", "{ __typename }", json!({})).await;
        assert_eq!(alive.next("1").await, json!({ "data": { "__typename": "Query" } }));
        listening.stop().await;
    })
    .await;
}

/// Bar 79: a person has ten sockets and twenty subscriptions, over all sockets and event streams; what is closed makes
/// room. Others have their own.
#[tokio::test]
async fn a_person_has_so_many_sockets_and_subscriptions() {
    at_the_door(&[], async |lyceum| {
        let (ada, bob) = (lyceum.person("ada").await, lyceum.person("bob").await);
        let listening = lyceum.listening().await;
        let mut sockets = Vec::new();
        for _ in 0..10 {
            sockets.push(listening.socket_of(&ada.token).await);
        }
        let payload = json!({ "authorization": format!("Bearer {}", ada.token) });
        let eleventh = json!({ "type": "connection_init", "payload": payload });
        assert_eq!(closes(&listening, [eleventh]).await.0, 1013);
        listening.socket_of(&bob.token).await;
        drop(sockets.pop());
        tokio::time::sleep(Duration::from_millis(200)).await;
        sockets.push(listening.socket_of(&ada.token).await);

        for n in 0..20 {
            sockets[n % 3].subscribe(&format!("{n}"), POSTS, json!({})).await;
        }
        assert!(sockets[0].is_quiet().await && sockets[1].is_quiet().await && sockets[2].is_quiet().await);
        sockets[5].subscribe("20", POSTS, json!({})).await;
        let refused = sockets[5].hear().await;
        assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED", "{refused}");
        let mut events = lyceum.events(Call::new(POSTS, json!({})).bearer(&ada.token)).await;
        assert_eq!(events.result().await["errors"][0]["extensions"]["code"], "RATE_LIMITED");
        events.complete().await;
        sockets[0].say(json!({ "type": "complete", "id": "0" })).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        sockets[5].subscribe("20", POSTS, json!({})).await;
        assert!(sockets[5].is_quiet().await);
        listening.stop().await;
    })
    .await;
}

/// Bars 65, 66, 67, 68, 69, 70 and 80: the gate of documents is the same on a socket: refused with its code before
/// anything runs, and the socket stays open.
#[tokio::test]
async fn the_limits_of_documents_hold_on_sockets() {
    at_the_door(&[], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let listening = lyceum.listening().await;
        let mut socket = listening.socket_of(&ada.token).await;
        let deep = format!("{{ me {{ {}id{} }} }}", "posts { nodes { author { ".repeat(5), " } } }".repeat(5));
        let aliases: Vec<String> = (0..31).map(|n| format!("a{n}: __typename")).collect();
        let bomb = (0..20).map(|n| format!("fragment f{n} on Query {{ ...f{m} ...f{m} }}", m = n + 1));
        let bomb: Vec<String> = bomb.collect();
        let bomb = format!("{{ ...f0 }} {} fragment f20 on Query {{ __typename }}", bomb.join(" "));
        let logins = "login(input: {identifier: \"ada\", password: \"x\"}) { userErrors { code } }";
        for (code, document) in [
            ("GRAPHQL_PARSE_FAILED", "{".to_owned()),
            ("GRAPHQL_VALIDATION_FAILED", "{ nothing }".to_owned()),
            ("QUERY_TOO_DEEP", deep),
            (
                "QUERY_TOO_COMPLEX",
                "{ posts(first: 100) { nodes { comments(first: 100) { nodes { id } } } } }".to_owned(),
            ),
            ("QUERY_TOO_COMPLEX", format!("{{ {} }}", aliases.join(" "))),
            ("QUERY_TOO_COMPLEX", format!("mutation {{ a: {logins} b: {logins} }}")),
            ("QUERY_TOO_COMPLEX", format!("{{ __typename {} }}", "@skip(if: false) ".repeat(11))),
            ("QUERY_TOO_COMPLEX", bomb),
            ("QUERY_TOO_LARGE", format!("{{ me {{ id }} }} # {}", "x".repeat(17 * 1024))),
        ] {
            socket.subscribe("1", &document, json!({})).await;
            let refused = socket.hear().await;
            let told = &refused["payload"][0]["extensions"]["code"];
            assert_eq!((&refused["type"], told), (&json!("error"), &json!(code)), "{refused}");
        }
        for payload in [json!({}), json!({ "query": 1 }), json!({ "query": "{ me { id } }", "variables": [] })] {
            socket.say(json!({ "type": "subscribe", "id": "1", "payload": payload })).await;
            assert_eq!(socket.hear().await["payload"][0]["extensions"]["code"], "BAD_USER_INPUT");
        }
        socket.subscribe("1", ME, json!({})).await;
        assert_eq!(socket.next("1").await["data"]["me"]["username"], "ada");
        listening.stop().await;
    })
    .await;
}

/// Bars 71 and 72: no batches, and what is no sound JSON closes its own socket and nothing else.
#[tokio::test]
async fn unsound_messages_close_their_own_socket() {
    at_the_door(&[], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let listening = lyceum.listening().await;
        let mut other = listening.socket_of(&ada.token).await;
        let subscribe = |payload: &str| {
            format!(r#"{{"type":"subscribe","id":"1","payload":{{"query":"{{ me {{ id }} }}",{payload}}}}}"#)
        };
        let one = json!({ "type": "subscribe", "id": "1", "payload": { "query": ME } });
        for unsound in [
            json!([one, one]).to_string(),
            json!({ "type": "subscribe", "id": "1", "payload": [{ "query": ME }, { "query": ME }] }).to_string(),
            subscribe(&format!(r#""variables":{{"a":{}1{}}}"#, "[".repeat(200), "]".repeat(200))),
            subscribe(r#""variables":{"a":1e400}"#),
            subscribe(r#""variables":{"a":"\ud800"}"#),
        ] {
            let mut socket = listening.socket_of(&ada.token).await;
            socket.send(Message::text(unsound.clone())).await;
            assert_eq!(socket.closed().await.0, 4400, "{unsound:.80}");
        }
        let literal = format!("{{ posts(first: {}1{}) {{ nodes {{ id }} }} }}", "[".repeat(5_000), "]".repeat(5_000));
        other.subscribe("1", &literal, json!({})).await;
        assert_eq!(other.hear().await["payload"][0]["extensions"]["code"], "QUERY_TOO_DEEP");
        other.subscribe("1", ME, json!({})).await;
        assert_eq!(other.next("1").await["data"]["me"]["username"], "ada");
        listening.stop().await;
    })
    .await;
}

/// Bar 73: attempts on a socket count like those by request.
#[tokio::test]
async fn attempts_on_a_socket_are_counted() {
    let lyceum = Lyceum::start(Engine::Sqlite, &[]).await;
    lyceum.verified("ada").await;
    let listening = lyceum.listening().await;
    let mut socket = listening.socket(Value::Null).await;
    let mut codes = Vec::new();
    for n in 0..21 {
        socket.subscribe(&n.to_string(), LOGIN, json!({ "identifier": format!("nobody{n}"), "password": "x" })).await;
        let answer = socket.hear().await;
        codes.push(answer["payload"]["errors"][0]["extensions"]["code"].clone());
        if answer["type"] == "next" {
            socket.hear().await;
        }
    }
    assert_eq!(codes.iter().filter(|code| **code == "RATE_LIMITED").count(), 1, "{codes:?}");
    listening.stop().await;
    lyceum.stop().await;
}

/// Bar 96: a server that stops says so to its sockets and streams, and does not wait for them.
#[tokio::test]
async fn sockets_are_closed_when_the_server_stops() {
    at_the_door(&[], async |lyceum| {
        let listening = lyceum.listening().await;
        let mut socket = listening.socket(Value::Null).await;
        socket.subscribe("1", POSTS, json!({})).await;
        let mut events = lyceum.events(Call::new(POSTS, json!({}))).await;
        let ((), closed, ()) = tokio::join!(listening.stop(), socket.closed(), events.complete());
        assert_eq!(closed.0, 1001);
    })
    .await;
}

/// Event streams: a query is one result, a refusal is a result too, and a subscription needs one of the two.
#[tokio::test]
async fn events_carry_any_operation() {
    at_the_door(&[], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let mut events = lyceum.events(Call::new(ME, json!({})).bearer(&ada.token)).await;
        assert_eq!(events.result().await["data"]["me"]["username"], "ada");
        events.complete().await;
        let names = Call::new("{ b: __typename a: __typename }", json!({})).header("accept", "text/event-stream");
        let told = lyceum.send(names).await.text();
        assert!(told.contains(r#"data: {"data":{"b":"Query","a":"Query"}}"#), "in the order of the question: {told}");
        for (document, code) in [("{", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED")] {
            let mut events = lyceum.events(Call::new(document, json!({}))).await;
            let refused = events.result().await;
            assert_eq!(refused["errors"][0]["extensions"]["code"], code);
            assert_eq!(refused.get("data"), None);
            events.complete().await;
        }
        let plain = lyceum.run(POSTS, json!({})).await;
        plain.refused(406, "BAD_USER_INPUT");
        let bad = Call::new(POSTS, json!({})).bearer("x").header("accept", "text/event-stream");
        assert_eq!(lyceum.send(bad).await.refused(401, "UNAUTHENTICATED"), "The token is not valid.");
        // A cookie arrives with the stream's headers, for what runs before they leave.
        let login = cookie_login("ada", PASSWORD).header("accept", "text/event-stream");
        assert!(lyceum.send(login).await.header("set-cookie").starts_with("lyceum="));
    })
    .await;
}

/// A thousand idle sockets: what each of them takes.
#[tokio::test]
async fn idle_sockets_are_cheap() {
    at_the_door(&[], async |lyceum| {
        let listening = lyceum.listening().await;
        let before = resident_kib();
        let mut sockets = Vec::new();
        for _ in 0..1000 {
            let mut socket = listening.socket(Value::Null).await;
            socket.subscribe("1", POSTS, json!({})).await;
            sockets.push(socket);
        }
        let after = resident_kib();
        println!("{} KiB for each of 1,000 sockets with a subscription, both ends together", (after - before) / 1000);
        sockets[999].subscribe("2", "{ __typename }", json!({})).await;
        assert_eq!(sockets[999].next("2").await["data"]["__typename"], "Query");
        listening.stop().await;
    })
    .await;
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(0)
}
