//! Documents that are named in place of being sent, what caches may keep of answers, and the cost of an operation.

use lyceum::{
    app::{App, World},
    config::{Config, Source},
    core::{clock::Clock, crypto::digest_of, random::Random},
};
use serde_json::{Value, json};

use crate::harness::{door::*, *};

const TYPE: (&str, &str) = ("content-type", "application/json");
const WHO: &str = "query Who { me { username } }";

fn digest(text: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": digest_of(text) } })
}

async fn ask(lyceum: &Lyceum, body: Value) -> Answer {
    lyceum.post(body.to_string(), &[TYPE, ("accept", "application/graphql-response+json")]).await
}

/// A digest that nobody has registered is told to be unknown, in the words that Apollo's and urql's clients look for;
/// once the text came with it, the digest is enough, by POST and by GET.
#[tokio::test]
async fn a_digest_is_enough_after_the_first_time() {
    at_the_door(&[], async |lyceum| {
        let unknown = ask(lyceum, json!({ "extensions": digest(WHO) })).await;
        assert_eq!(unknown.refused(400, "PERSISTED_QUERY_NOT_FOUND"), "PersistedQueryNotFound");
        let plain = lyceum.post(json!({ "extensions": digest(WHO) }).to_string(), &[TYPE]).await;
        assert_eq!(plain.status, 200, "application/json has no other status for it");
        ask(lyceum, json!({ "query": WHO, "extensions": digest(WHO) })).await.ok();
        ask(lyceum, json!({ "extensions": digest(WHO) })).await.ok();
        ask(lyceum, json!({ "documentId": format!("sha256:{}", digest_of(WHO)) })).await.ok();
        let path = format!("/graphql?extensions={}", encoded(&digest(WHO).to_string()));
        assert_eq!(lyceum.get(&path, &[]).await.ok().body, json!({ "data": { "me": null } }));
    })
    .await;
}

/// A digest stands for its own text alone, and only for one that was accepted.
#[tokio::test]
async fn nothing_else_is_registered() {
    at_the_door(&[], async |lyceum| {
        let other = "query Other { me { id } }";
        let wrong = ask(lyceum, json!({ "query": other, "extensions": digest(WHO) })).await;
        wrong.refused(400, "BAD_USER_INPUT");
        ask(lyceum, json!({ "extensions": digest(WHO) })).await.refused(400, "PERSISTED_QUERY_NOT_FOUND");
        let deep = format!("{{ {}id{} }}", "me { posts { nodes { author { ".repeat(4), " } } } }".repeat(4));
        ask(lyceum, json!({ "query": deep, "extensions": digest(&deep) })).await.refused(400, "QUERY_TOO_DEEP");
        ask(lyceum, json!({ "extensions": digest(&deep) })).await.refused(400, "PERSISTED_QUERY_NOT_FOUND");
        for malformed in [
            json!({ "persistedQuery": { "version": 2, "sha256Hash": digest_of(WHO) } }),
            json!({ "persistedQuery": { "version": 1 } }),
            json!({ "persistedQuery": "x" }),
        ] {
            ask(lyceum, json!({ "query": WHO, "extensions": malformed })).await.refused(400, "BAD_USER_INPUT");
        }
        ask(lyceum, json!({ "documentId": 1 })).await.refused(400, "BAD_USER_INPUT");
        ask(lyceum, json!({})).await.refused(400, "BAD_USER_INPUT");
    })
    .await;
}

/// A registered mutation is no way around the rules of GET.
#[tokio::test]
async fn a_registered_mutation_is_not_run_by_get() {
    at_the_door(&[], async |lyceum| {
        let logout = "mutation { logout { userErrors { code } } }";
        ask(lyceum, json!({ "query": logout, "extensions": digest(logout) })).await;
        let path = format!("/graphql?extensions={}", encoded(&digest(logout).to_string()));
        lyceum.get(&path, &[]).await.refused(405, "BAD_USER_INPUT");
    })
    .await;
}

fn write_manifest(folder: &std::path::Path, manifest: &Value) -> String {
    let path = folder.join("persisted-documents.json");
    std::fs::write(&path, manifest.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Where only the manifest is trusted, its documents run by their ids, and nothing else runs at all, over sockets neither.
#[tokio::test]
async fn only_trusted_documents_run_where_that_is_asked_for() {
    at_the_door(&[], async |lyceum| {
        let manifest = json!({ digest_of(WHO): WHO, "named": "query Named { __typename }" });
        let path = write_manifest(lyceum.folder(), &manifest);
        let app = lyceum.restarted(&[("PERSISTED_DOCUMENTS", &path), ("TRUSTED_DOCUMENTS_ONLY", "on")]).await;
        let ask = async |body: Value| {
            let headers = [TYPE, ("accept", "application/graphql-response+json")];
            send(&app, request(&axum::http::Method::POST, "/graphql", &headers, body.to_string())).await
        };
        ask(json!({ "documentId": digest_of(WHO) })).await.ok();
        ask(json!({ "extensions": digest(WHO) })).await.ok();
        // A client may send the text as well.
        ask(json!({ "query": WHO, "extensions": digest(WHO) })).await.ok();
        assert_eq!(ask(json!({ "documentId": "named" })).await.ok().body["data"]["__typename"], "Query");
        ask(json!({ "query": WHO })).await.refused(400, "BAD_USER_INPUT");
        let other = "{ me { id } }";
        ask(json!({ "query": other, "extensions": digest(other) })).await.refused(400, "BAD_USER_INPUT");
        ask(json!({ "documentId": "other" })).await.refused(400, "PERSISTED_QUERY_NOT_FOUND");

        let server = wire::Server::start(&app, wire::serve_limits()).await;
        let mut socket = server.socket(Value::Null).await;
        socket.subscribe("1", WHO, json!({})).await;
        assert_eq!(socket.hear().await["payload"][0]["extensions"]["code"], "BAD_USER_INPUT");
        socket.say(json!({ "type": "subscribe", "id": "2", "payload": { "documentId": "named" } })).await;
        assert_eq!(socket.next("2").await, json!({ "data": { "__typename": "Query" } }));
        server.stop().await;
        close(app).await;
    })
    .await;
}

/// A manifest that cannot work is refused at start, with the reason.
#[tokio::test]
async fn a_bad_manifest_is_refused_at_start() {
    let lyceum = Lyceum::start(Engine::Sqlite, &[]).await;
    let start = async |settings: &[(&str, &str)]| {
        let own = [
            ("DATABASE_URL", lyceum.database.url.as_str()),
            ("JWT_SECRET", JWT_SECRET),
            ("PASSWORD_PEPPER", PEPPER),
            ("BCRYPT_COST", "4"),
        ];
        let settings = own.iter().chain(settings).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let config =
            Config::from_source(&Source::of(settings.collect::<Vec<_>>())).map_err(|wrong| wrong.to_string())?;
        let world = World { clock: Clock::System, random: Random::seeded(1), mail: None };
        App::build(&config, BASE, world).await.map(|_| ()).map_err(|error| error.to_string())
    };
    assert!(start(&[("TRUSTED_DOCUMENTS_ONLY", "on")]).await.unwrap_err().contains("PERSISTED_DOCUMENTS"));
    assert!(start(&[("PERSISTED_DOCUMENTS", "/nowhere.json")]).await.unwrap_err().contains("PERSISTED_DOCUMENTS"));
    for manifest in [json!([]), json!({ "a": 1 }), json!({ "broken": "{" })] {
        let path = write_manifest(lyceum.folder(), &manifest);
        let fault = start(&[("PERSISTED_DOCUMENTS", &path)]).await.unwrap_err();
        assert!(fault.contains("PERSISTED_DOCUMENTS"), "{fault}");
        assert_eq!(fault.contains("\"broken\""), manifest.get("broken").is_some(), "{fault}");
    }
    lyceum.stop().await;
}

/// The answer of a query by GET without credentials is anybody's: caches may keep it, and it has a tag. With
/// credentials, with an error, or by POST nothing is kept.
#[tokio::test]
async fn public_answers_may_be_kept_and_private_ones_not() {
    at_the_door(&[("PUBLIC_MAX_AGE", "30s")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let cookie = cookie_of(&lyceum.send(cookie_login("ada", PASSWORD)).await.ok());
        let path = format!("/graphql?query={}", encoded("{ posts(first: 3) { nodes { title } } }"));
        let public = lyceum.get(&path, &[]).await.ok();
        assert_eq!(public.header("cache-control"), "public, max-age=30, must-revalidate");
        assert_eq!(public.header("vary"), "accept, authorization, cookie");
        let tag = public.header("etag").to_owned();
        let known = lyceum.get(&path, &[("if-none-match", &tag)]).await;
        assert_eq!((known.status.as_u16(), known.bytes.len(), known.header("etag")), (304, 0, &*tag));
        let write = "mutation { createPost(input: {title: \"T\", body: \"B\", status: PUBLISHED}) { post { id } } }";
        lyceum.run_as(&ada.token, write, json!({})).await.ok();
        let changed = lyceum.get(&path, &[("if-none-match", &tag)]).await.ok();
        assert_ne!(changed.header("etag"), tag);

        let bearer = format!("Bearer {}", ada.token);
        let failing = format!("/graphql?query={}", encoded("{ users { nodes { id } } }"));
        let private = [
            lyceum.get(&path, &[("authorization", &bearer)]).await.ok(),
            lyceum.get(&path, &[("cookie", &cookie)]).await.ok(),
            lyceum.get(&failing, &[]).await,
            lyceum.post(json!({ "query": "{ posts(first: 3) { nodes { title } } }" }).to_string(), &[TYPE]).await.ok(),
        ];
        for answer in private {
            assert_eq!((answer.header("cache-control"), answer.header("etag")), ("no-store", ""));
        }
    })
    .await;
}

/// The cost of an operation is told to who asks for it, where introspection is on.
#[tokio::test]
async fn the_cost_is_told_in_development() {
    at_the_door(&[], async |lyceum| {
        let ask = json!({ "query": "{ posts(first: 10) { nodes { title } } }" }).to_string();
        let told = lyceum.post(ask.clone(), &[TYPE, ("x-graphql-cost", "1")]).await.ok();
        let cost = &told.body["extensions"]["cost"];
        assert!(cost["requested"].as_u64().unwrap() >= 10 && cost["limit"] == 5000, "{}", told.body);
        assert_eq!(lyceum.post(ask.clone(), &[TYPE]).await.ok().body.get("extensions"), None);
        let production = lyceum.restarted(&[("INTROSPECTION", "off")]).await;
        let headers = [TYPE, ("x-graphql-cost", "1")];
        let silent = send(&production, request(&axum::http::Method::POST, "/graphql", &headers, ask)).await.ok();
        assert_eq!(silent.body.get("extensions"), None);
        close(production).await;
    })
    .await;
}
