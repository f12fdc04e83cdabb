//! What production mode switches off, asked of the binary itself: introspection, suggestions, the playground, the
//! mailbox, and everything that would help an attacker more than a user.

use serde_json::{Value, json};

use crate::harness::{
    JWT_SECRET, PEPPER,
    wire::{Process, Reply, exchange, get, post},
};

const PRODUCTION: &[(&str, &str)] = &[
    ("APP_ENV", "production"),
    ("JWT_SECRET", JWT_SECRET),
    ("PASSWORD_PEPPER", PEPPER),
    ("PUBLIC_URL", "https://api.lyceum.test"),
];

async fn run(process: &Process, query: &str) -> Reply {
    let body = json!({ "query": query }).to_string();
    exchange(process.address, &post(body.as_bytes(), "")).await.expect("an answer")
}

async fn fetch(process: &Process, path: &str) -> Reply {
    exchange(process.address, &get(path)).await.expect("an answer")
}

/// Bar 73: in production `__schema` and `__type` are refused wherever they stand, and `__typename` is not.
#[tokio::test]
async fn production_refuses_introspection_and_answers_typename() {
    let process = Process::start(PRODUCTION);
    let documents = [
        "{ __schema { queryType { name } } }",
        "{ __type(name: \"User\") { fields { name } } }",
        "{ me { id } s: __schema { types { name } } }",
        "{ ...f } fragment f on Query { ... { __schema { types { name } } } }",
        "query Q { __typename } query R { __schema { types { name } } }",
        "{ __schema @skip(if: true) { types { name } } me { id } }",
    ];
    for document in documents {
        let body = json!({ "query": document, "operationName": document.contains("query R").then_some("R") });
        let reply = exchange(process.address, &post(body.to_string().as_bytes(), "")).await.expect("an answer");
        assert_eq!((reply.status, reply.code().as_str()), (400, "GRAPHQL_VALIDATION_FAILED"), "{document}");
        assert_eq!(reply.json().get("data"), None, "{document}");
    }
    let reply = run(&process, "{ __typename me { __typename } }").await;
    assert_eq!((reply.status, reply.json()), (200, json!({ "data": { "__typename": "Query", "me": null } })));
}

/// Documents with a name that is nearly right, each at another place.
const NEARLY: [&str; 8] = [
    "{ mee { id } }",
    "{ me { emai } }",
    "{ usernameAvailable(usernam: \"a\") }",
    "mutation { logot { userErrors { code } } }",
    "mutation { logout(scope: CURENT) { userErrors { code } } }",
    "mutation { login(input: {identifer: \"a\", password: \"b\"}) { accessToken } }",
    "query ($a: Strin!) { usernameAvailable(username: $a) }",
    "{ me { ... on Usr { id } } }",
];

/// Bar 73: in production no error says what name was probably meant; in development a wrong field's does, so that
/// this claim can fail.
#[tokio::test]
async fn production_suggests_no_names() {
    let process = Process::start(PRODUCTION);
    for document in NEARLY {
        let reply = run(&process, document).await;
        assert_eq!(reply.status, 400, "{document}");
        let text = String::from_utf8_lossy(&reply.body).to_lowercase();
        assert!(!text.contains("did you mean"), "{document}: {text}");
        for name in ["\"me\"", "\"email\"", "\"username\"", "\"logout\"", "\"current\"", "\"identifier\""] {
            assert!(!text.contains(name), "{document}: {text}");
        }
    }
    let development = Process::start(&[]);
    let reply = run(&development, NEARLY[1]).await;
    assert!(String::from_utf8_lossy(&reply.body).contains("Did you mean"));
}

/// Bar 73: in production there is neither playground nor mailbox; the mailbox is there in development.
#[tokio::test]
async fn production_has_no_playground_and_no_mailbox() {
    let process = Process::start(PRODUCTION);
    for path in ["/playground", "/graphiql", "/dev/mail", "/dev/mail/", "/dev/mail/a.eml", "/dev/mail/a.eml/raw"] {
        let reply = fetch(&process, path).await;
        assert_eq!(reply.status, 404, "{path}");
        assert_eq!(reply.body, b"There is nothing here. The API is at /graphql.\n", "{path}");
    }
    let welcome = fetch(&process, "/").await;
    let text = String::from_utf8_lossy(&welcome.body).to_lowercase();
    assert_eq!(welcome.status, 200);
    assert!(!text.contains("/dev/mail") && !text.contains("/playground"), "{text}");
    let browser = b"GET /graphql HTTP/1.1\r\nhost: a\r\naccept: text/html\r\nconnection: close\r\n\r\n";
    assert_eq!(exchange(process.address, browser).await.expect("an answer").status, 406, "no playground there either");
    assert_eq!(fetch(&Process::start(&[]), "/dev/mail").await.status, 200);
}

/// Bar 73: an answer has no entry but `data` and `errors`, and an error none but the four of the specification; its
/// extensions hold a code and what goes with it, no trace and no cause, whatever a client asks for.
#[tokio::test]
async fn production_adds_no_debug_extensions() {
    let process = Process::start(PRODUCTION);
    let curious = "apollo-tracing: 1\r\nx-debug: 1\r\napollo-federation-include-trace: ftv1\r\n";
    let documents = ["{ me { id } }", "{ nothing }", "{ me {", "mutation { logout { userErrors { code } } }"];
    for document in documents {
        let body = json!({ "query": document, "extensions": { "debug": true, "tracing": true } }).to_string();
        let reply = exchange(process.address, &post(body.as_bytes(), curious)).await.expect("an answer");
        let answer = reply.json();
        let entries: Vec<&String> = answer.as_object().unwrap().keys().collect();
        assert!(entries.iter().all(|entry| ["data", "errors"].contains(&entry.as_str())), "{answer}");
        for error in answer["errors"].as_array().into_iter().flatten() {
            let known = ["message", "locations", "path", "extensions"];
            assert!(error.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{error}");
            let known = ["code", "reason", "retryAfter", "requestId"];
            assert!(
                error["extensions"].as_object().unwrap().keys().all(|key| known.contains(&key.as_str())),
                "{error}"
            );
        }
    }
}

/// Bar 82: behind TLS every answer tells browsers to stay there, whatever its status; without TLS none does.
#[tokio::test]
async fn hsts_is_told_behind_tls_only() {
    let secure = Process::start(PRODUCTION);
    for path in ["/", "/graphql", "/graphql?query=%7B__typename%7D", "/health/live", "/nothing", "/assets/app.css"] {
        let reply = fetch(&secure, path).await;
        assert!(
            reply.head.contains("strict-transport-security: max-age=63072000; includesubdomains"),
            "{}",
            reply.head
        );
    }
    for url in [None, Some("http://lyceum.test")] {
        let settings: Vec<(&str, &str)> = url.map(|url| ("PUBLIC_URL", url)).into_iter().collect();
        let plain = Process::start(&settings);
        for path in ["/", "/graphql", "/nothing"] {
            assert!(!fetch(&plain, path).await.head.contains("strict-transport-security"), "{path}");
        }
    }
}

/// Bar 73: each switch of production can be told apart from the mode: introspection may be off in development.
#[tokio::test]
async fn introspection_has_a_switch_of_its_own() {
    let closed = Process::start(&[("INTROSPECTION", "off")]);
    assert_eq!(run(&closed, "{ __schema { queryType { name } } }").await.status, 400);
    let text = run(&closed, NEARLY[1]).await.body;
    assert!(!String::from_utf8_lossy(&text).contains("Did you mean"));
    let open = Process::start(&[]);
    let answer = run(&open, "{ __schema { queryType { name } } }").await.json();
    assert_eq!(answer.pointer("/data/__schema/queryType/name"), Some(&Value::from("Query")));
}
