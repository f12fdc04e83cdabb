//! Requests with a file, by the GraphQL multipart request specification: which of them are read, how much of them, and
//! from whom.

mod malformed;
mod refused;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::body::Body;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::harness::{door::*, multipart::*, *};

const MIB: usize = 1024 * 1024;

async fn send_form(lyceum: &Lyceum, body: impl Into<Body>, headers: &[(&str, &str)]) -> Answer {
    let content_type = multipart();
    let headers = [&[("content-type", content_type.as_str())], headers].concat();
    lyceum.post(body, &headers).await
}

/// The answer to a form of somebody who is signed in.
async fn send_as(lyceum: &Lyceum, person: &Person, body: impl Into<Body>) -> Answer {
    let bearer = format!("Bearer {}", person.token);
    send_form(lyceum, body, &[PREFLIGHT, ("authorization", &bearer)]).await
}

fn operations(query: &str, variables: &Value) -> String {
    json!({ "query": query, "variables": variables }).to_string()
}

fn whole(file: &[u8]) -> Vec<u8> {
    form(UPLOAD, file).closed()
}

#[tokio::test]
async fn a_file_comes_to_the_variable_that_waits_for_it() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let answer = lyceum.upload(&ada, &plain_png([1, 2, 3])).await.ok();
        assert_eq!(answer.str_at("uploadAvatar.user.username"), "ada");
        // As other clients write it: the whole input a variable, another name of the part, an operation with a name.
        let query = "query Other { me { id } }
            mutation Mine($input: UploadAvatarInput!) { uploadAvatar(input: $input) { user { avatarUrl } userErrors { code } } }";
        let body = json!({ "query": query, "operationName": "Mine", "variables": { "input": { "file": null } } });
        let form = Form::default()
            .part("operations", body.to_string())
            .part("map", r#"{"a file":["variables.input.file"]}"#)
            .file("a file", plain_png([1, 2, 3]));
        let again = send_as(lyceum, &ada, form.closed()).await.ok();
        assert_eq!(again.at("uploadAvatar.user.avatarUrl"), answer.at("uploadAvatar.user.avatarUrl"));
    })
    .await;
}

/// Bar 77: a form of several parts is what any site can make a browser send, so it always needs a header that a form
/// cannot have; without one nothing of it is read or done, whoever sends it.
#[tokio::test]
async fn a_form_without_a_header_that_no_form_has_is_refused() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let answer = lyceum.signed_in_by_cookie("ada").await;
        let (cookie, bob) = (cookie_of(&answer), lyceum.person("bob").await);
        let bearer = format!("Bearer {}", bob.token);
        let before = contents(lyceum).await;
        let senders: [&[(&str, &str)]; 4] = [
            &[],
            &[("authorization", &bearer)],
            &[("cookie", &cookie), ("sec-fetch-site", "same-origin")],
            &[("cookie", &cookie), ("origin", "http://lyceum.test")],
        ];
        let forged: [&[(&str, &str)]; 5] = [
            &[],
            &[("x-requested-with", "")],
            &[("apollo-require-preflight", ""), ("graphql-require-preflight", "")],
            &[("x-preflight", "1")],
            &[("origin", "http://lyceum.test"), ("sec-fetch-site", "same-origin")],
        ];
        for sender in senders {
            for headers in forged {
                for body in [whole(&plain_png([1, 2, 3])), b"junk".to_vec()] {
                    let message =
                        send_form(lyceum, body, &[sender, headers].concat()).await.refused(403, "FORBIDDEN");
                    let names_it = message.contains("GraphQL-Require-Preflight");
                    assert!(names_it || sender.len() > 1, "the rules of the cookie come first: {message}");
                }
            }
        }
        let login = json!({ "query": format!("mutation {{ login(input: {{identifier: \"bob\", password: \"{PASSWORD}\"}}) {{ accessToken }} }}") });
        let login = Form::default().part("operations", login.to_string()).part("map", "{}").closed();
        send_form(lyceum, login.clone(), &[]).await.refused(403, "FORBIDDEN");
        assert_eq!(contents(lyceum).await, before);
        for name in ["x-requested-with", "apollo-require-preflight", "graphql-require-preflight"] {
            let headers = [(name, "anything"), ("authorization", &bearer)];
            send_form(lyceum, whole(&plain_png([1, 2, 3])), &headers).await.ok();
        }
        send_form(lyceum, login, &[PREFLIGHT]).await.ok();
    })
    .await;
}

/// Bar 77: the header does not stand in for what shows that no other site made the request, where the cookie is at work.
#[tokio::test]
async fn the_header_alone_does_not_carry_the_cookie() {
    at_the_door(&[], async |lyceum| {
        let cookie = cookie_of(&lyceum.signed_in_by_cookie("ada").await);
        for headers in [
            [("sec-fetch-site", "cross-site"), ("x-requested-with", "x")],
            [("origin", "https://evil.test"), ("apollo-require-preflight", "x")],
        ] {
            let headers = [&headers[..], &[("cookie", &cookie)]].concat();
            send_form(lyceum, whole(&plain_png([1, 2, 3])), &headers).await.refused(403, "FORBIDDEN");
        }
        let own = [("cookie", &*cookie), ("sec-fetch-site", "same-origin"), PREFLIGHT];
        send_form(lyceum, whole(&plain_png([1, 2, 3])), &own).await.ok();
    })
    .await;
}

/// Bar 83: 2 MiB and one byte are 413; so are the other parts when they are too long.
#[tokio::test]
async fn more_than_a_part_may_have_is_413() {
    at_the_door(&[], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let largest = send_as(lyceum, &ada, whole(&vec![b'x'; 2 * MIB])).await;
        assert_eq!(largest.user_errors("uploadAvatar"), ["INVALID file"], "it is read, and no picture");
        let long = operations(&format!("query {{ me {{ id }} }} #{}", "x".repeat(128 * 1024)), &json!({}));
        let mapped = |map: &str| {
            Form::default().part("operations", operations(UPLOAD, &json!({ "file": null }))).part("map", map)
        };
        for body in [
            whole(&vec![b'x'; 2 * MIB + 1]),
            whole(&vec![b'x'; 20 * MIB]),
            Form::default().part("operations", &long).part("map", "{}").closed(),
            mapped(&format!("{{\"0\":[\"variables.{}\"]}}", "x".repeat(4 * 1024))).closed(),
            mapped("{}").raw(&format!("X-Long: {}", "x".repeat(3 * MIB)), "").closed(),
        ] {
            let message = send_as(lyceum, &ada, body).await.refused(413, "QUERY_TOO_LARGE");
            assert!(message.contains("2097152") && message.contains("131072"), "{message}");
        }
        assert_eq!(lyceum.database.count("avatars").await, 0);
    })
    .await;
}

/// Bar 83: a body that never ends and does not tell its length is left after what may come and what is still taken for
/// the answer to be heard, and not collected.
#[tokio::test]
async fn an_endless_body_is_left_when_it_is_too_long() {
    at_the_door(&[], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let beginnings = [
            form(UPLOAD, b"").open(),
            Form::default().part("operations", "x").open(),
            b"no boundary at all".to_vec(),
            format!("--{BOUNDARY}\r\nX-Long: ").into_bytes(),
        ];
        for mut beginning in beginnings {
            // Without the line break that ends the last part.
            beginning.truncate(beginning.len().saturating_sub(2));
            let asked = Arc::new(AtomicUsize::new(0));
            let count = asked.clone();
            let more = stream::repeat_with(move || {
                count.fetch_add(64 * 1024, Ordering::Relaxed);
                Ok::<_, std::io::Error>(vec![b'x'; 64 * 1024])
            });
            let body = Body::from_stream(stream::iter([Ok(beginning)]).chain(more));
            send_as(lyceum, &ada, body).await.refused(413, "QUERY_TOO_LARGE");
            let asked = asked.load(Ordering::Relaxed);
            assert!(asked <= 18 * MIB + MIB / 2, "{asked} bytes were taken");
        }
    })
    .await;
}

/// Bar 75: a file that does not come is waited for as long as any body.
#[tokio::test]
async fn a_file_that_does_not_come_is_408() {
    at_the_door(&[("BODY_TIMEOUT", "1s")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let body = stream::iter([Ok::<_, std::io::Error>(form(UPLOAD, b"half").open())]).chain(stream::pending());
        send_as(lyceum, &ada, Body::from_stream(body)).await.refused(408, "TIMEOUT");
    })
    .await;
}

/// Bars 65, 67, 71 and 76: what holds for other requests holds for those with a file.
#[tokio::test]
async fn a_request_with_a_file_has_the_limits_of_every_other() {
    at_the_door(&[], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let nested = (0..5).fold("id".to_owned(), |inner, _| format!("posts {{ nodes {{ author {{ {inner} }} }} }}"));
        let deep = format!("query ($file: Upload) {{ me {{ {nested} }} }}");
        let once = "uploadAvatar(input: {file: $file}) { userErrors { code } }";
        let aliases: Vec<String> = (0..31).map(|number| format!("a{number}: {once}")).collect();
        let aliases = aliases.join(" ");
        for (query, code) in [
            (deep, "QUERY_TOO_DEEP"),
            (format!("mutation ($file: Upload!) {{ {aliases} }}"), "QUERY_TOO_COMPLEX"),
            ("mutation ($file: Upload!) {".to_owned(), "GRAPHQL_PARSE_FAILED"),
            (UPLOAD.replace("userErrors", "unknown"), "GRAPHQL_VALIDATION_FAILED"),
        ] {
            let answer = send_as(lyceum, &ada, form(&query, &plain_png([1, 2, 3])).closed()).await;
            assert_eq!(answer.code(), code, "{}", answer.body);
        }
        assert_eq!(lyceum.database.count("avatars").await, 0);
        let bad = send_form(lyceum, whole(&plain_png([1, 2, 3])), &[PREFLIGHT, ("authorization", "Bearer x")]).await;
        assert_eq!((bad.status.as_u16(), bad.code(), bad.reason()), (401, "UNAUTHENTICATED", "INVALID"));
        let nobody = lyceum.send(upload(NOBODY, &plain_png([1, 2, 3]))).await;
        assert_eq!((nobody.code(), nobody.reason()), ("UNAUTHENTICATED", "MISSING"));
        assert_eq!(lyceum.database.count("avatars").await, 0);
    })
    .await;
}

/// A form without a file is a request like any other.
#[tokio::test]
async fn a_form_without_a_file_is_an_ordinary_request() {
    at_the_door(&[], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let form = Form::default().part("operations", operations(ME, &json!({}))).part("map", "{}");
        assert_eq!(send_as(lyceum, &ada, form.closed()).await.ok().str_at("me.username"), "ada");
    })
    .await;
}

/// Bar 85: the name and the type that a file comes with decide nothing and are kept nowhere.
#[tokio::test]
async fn the_name_of_a_file_is_never_used() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let long = "x".repeat(10 * 1024);
        let mut addresses = Vec::new();
        for (name, of_type) in [
            ("me.png", "image/png"),
            ("../../../../etc/passwd", "text/html"),
            ("..\\..\\canary.exe", "application/x-msdownload"),
            ("canary%00.svg", "image/svg+xml"),
            ("canary';DROP TABLE avatars;--.php", "application/x-httpd-php"),
            ("cänary\u{202E}gnp.html", "nonsense"),
            (&long, "image/png"),
            ("", ""),
        ] {
            let head =
                format!("Content-Disposition: form-data; name=\"0\"; filename=\"{name}\"\r\nContent-Type: {of_type}");
            let form = Form::default()
                .part("operations", operations(UPLOAD, &json!({ "file": null })))
                .part("map", r#"{"0":["variables.file"]}"#)
                .raw(&head, plain_png([9, 9, 9]));
            let answer = send_as(lyceum, &ada, form.closed()).await.ok();
            addresses.push(answer.str_at("uploadAvatar.user.avatarUrl").to_owned());
        }
        addresses.dedup();
        assert_eq!(addresses.len(), 1, "{addresses:?}");
        let stored = contents(lyceum).await.into_iter().map(|(_, rows)| rows).collect::<String>();
        assert!(!stored.contains("passwd") && !stored.contains("canary"), "nothing of it is stored");
    })
    .await;
}
