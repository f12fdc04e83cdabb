//! Forms that are none of the specification, and files that are named but not sent.

use serde_json::json;

use super::{operations, send_as, whole};
use crate::harness::{door::*, multipart::*, *};

const ME_TOO: &str = "mutation ($file: Upload!) { uploadAvatar(input: {file: $file}) { userErrors { code field } } }";

/// Forms that are none of the specification, and a word of each refusal.
fn malformed() -> Vec<(Vec<u8>, &'static str)> {
    let operations = || Form::default().part("operations", operations(UPLOAD, &json!({ "file": null, "other": 1 })));
    let mapped = |map: &str| operations().part("map", map);
    let sound = r#"{"0":["variables.file"]}"#;
    let png = plain_png([1, 2, 3]);
    let mut early = mapped(sound).part("0", &png).open();
    early.truncate(early.len() - 10);
    vec![
        (b"junk".to_vec(), "malformed"),
        (Vec::new(), "malformed"),
        (Form::default().closed(), "in this order"),
        (operations().closed(), "in this order"),
        (Form::default().part("map", sound).file("0", &png).closed(), "in this order"),
        (Form::default().part("map", sound).part("operations", "{}").file("0", &png).closed(), "in this order"),
        (Form::default().file("0", &png).part("operations", "{}").part("map", sound).closed(), "in this order"),
        (Form::default().part("operations", "{").part("map", sound).file("0", &png).closed(), "not valid JSON"),
        (Form::default().part("operations", "[{}]").part("map", "{}").closed(), "Batches"),
        (Form::default().part("operations", "{}").part("map", "{}").closed(), "`query`"),
        (mapped("nonsense").file("0", &png).closed(), "JSON object"),
        (mapped("[]").file("0", &png).closed(), "JSON object"),
        (mapped(r#"{"0":"variables.file"}"#).file("0", &png).closed(), "has to name a variable"),
        (mapped(r#"{"0":[]}"#).file("0", &png).closed(), "has to name a variable"),
        (mapped(r#"{"0":[5]}"#).file("0", &png).closed(), "wait for a file"),
        (mapped(r#"{"0":["variables.nothing"]}"#).file("0", &png).closed(), "wait for a file"),
        (mapped(r#"{"0":["variables.other"]}"#).file("0", &png).closed(), "wait for a file"),
        (mapped(r#"{"0":["variables.file","variables.file"]}"#).file("0", &png).closed(), "wait for a file"),
        (mapped(r#"{"0":["variables.file.0"]}"#).file("0", &png).closed(), "wait for a file"),
        (mapped(r#"{"0":["variables"]}"#).file("0", &png).closed(), "wait for a file"),
        (mapped(r#"{"0":["query"]}"#).file("0", &png).closed(), "wait for a file"),
        (mapped(r#"{"0":["0.variables.file"]}"#).file("0", &png).closed(), "wait for a file"),
        (mapped(sound).closed(), "does not follow"),
        (mapped(sound).file("1", &png).closed(), "does not follow"),
        (mapped(sound).raw("Content-Disposition: form-data; filename=\"0\"", &png).closed(), "does not follow"),
        (mapped(sound).file("0", &png).file("1", &png).closed(), "does not name"),
        (mapped("{}").file("0", &png).closed(), "does not name"),
        (mapped(r#"{"0":["variables.file"],"1":["variables.file"]}"#).file("0", &png).closed(), "one file"),
        (mapped(sound).file("0", &png).open(), "malformed"),
        (early, "malformed"),
        (
            mapped(sound).raw("Content-Disposition: form-data; name=\"0\"; filename=\"a\0b\"", &png).closed(),
            "malformed",
        ),
        (mapped(sound).raw(&"X-Many: 1\r\n".repeat(1000), &png).closed(), "malformed"),
    ]
}

/// Parts in another order, a map that leads nowhere, a file that nobody waits for or that does not come: each is 400,
/// says why, and does nothing.
#[tokio::test]
async fn a_form_that_is_none_of_the_specification_is_400() {
    at_the_door(&[], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let before = contents(lyceum).await;
        for (body, word) in malformed() {
            let text = String::from_utf8_lossy(&body).chars().take(600).collect::<String>();
            let message = send_as(lyceum, &ada, body).await.refused(400, "BAD_USER_INPUT");
            assert!(message.contains(word), "{message} to {text}");
        }
        for content_type in
            ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\u{e9}"]
        {
            let headers = [("content-type", content_type), PREFLIGHT];
            let refused = lyceum.post(whole(&plain_png([1, 2, 3])), &headers).await;
            assert!([400, 415].contains(&refused.status.as_u16()), "{content_type}: {}", refused.text());
        }
        for content_type in ["multipart/mixed", "multipart/form-data-x", "x; multipart/form-data"] {
            let content_type = format!("{content_type}; boundary={BOUNDARY}");
            let headers = [("content-type", content_type.as_str()), PREFLIGHT];
            lyceum.post(whole(&plain_png([1, 2, 3])), &headers).await.refused(415, "BAD_USER_INPUT");
        }
        assert_eq!(contents(lyceum).await, before);
    })
    .await;
}

/// A file is a value that neither JSON nor a document can write: what only looks like one is the client's fault, and
/// the library's own mark for a file is a string like any other.
#[tokio::test]
async fn a_file_that_is_named_but_not_sent_is_a_fault_of_the_client() {
    at_the_door(&[], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let before = contents(lyceum).await;
        for forged in [
            json!("#__graphql_file__:0"),
            json!("#__graphql_file__:99999999999999999999"),
            json!("#__graphql_file__:"),
            json!("me.png"),
            json!(0),
            json!(true),
            json!([0, 1]),
            json!({ "filename": "me.png" }),
        ] {
            let answer = lyceum.run_as(&ada.token, ME_TOO, json!({ "file": forged })).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (200, "BAD_USER_INPUT"), "{forged}: {}", answer.body);
            assert!(answer.text().contains("multipart/form-data"), "{}", answer.text());
            let form =
                Form::default().part("operations", operations(ME_TOO, &json!({ "file": forged }))).part("map", "{}");
            assert_eq!(send_as(lyceum, &ada, form.closed()).await.code(), "BAD_USER_INPUT", "{forged}");
            let beside = json!({ "file": forged, "other": null });
            let form = Form::default().part("operations", operations(ME_TOO, &beside));
            let form = form.part("map", r#"{"0":["variables.other"]}"#).file("0", plain_png([1, 2, 3]));
            assert_eq!(send_as(lyceum, &ada, form.closed()).await.code(), "BAD_USER_INPUT", "{forged}");
        }
        for literal in ["\"#__graphql_file__:0\"", "0", "{a: 1}", "FILE"] {
            let document =
                format!("mutation {{ uploadAvatar(input: {{file: {literal}}}) {{ userErrors {{ code }} }} }}");
            assert_eq!(lyceum.run_as(&ada.token, &document, json!({})).await.code(), "BAD_USER_INPUT", "{literal}");
        }
        for missing in [json!({}), json!({ "file": null })] {
            let answer = lyceum.run_as(&ada.token, ME_TOO, missing).await;
            assert_eq!(
                answer.refused(400, "GRAPHQL_VALIDATION_FAILED"),
                "The variable \"$file\" of type \"Upload!\" needs a value."
            );
        }
        assert_eq!(contents(lyceum).await, before);
    })
    .await;
}

/// A file in the place of something else is a value of a wrong type, and is not handed back.
#[tokio::test]
async fn a_file_in_the_wrong_place_is_not_handed_back() {
    at_the_door(&[], async |lyceum| {
        let ada = lyceum.person("ada").await;
        for query in [
            "query ($file: String!) { usernameAvailable(username: $file) }",
            "query ($file: ID!) { node(id: $file) { id } }",
            "query ($file: Int) { posts(first: $file) { totalCount } }",
            "mutation ($file: LogoutScope!) { logout(scope: $file) { userErrors { code } } }",
            "mutation ($file: UpdateProfileInput!) { updateProfile(input: $file) { userErrors { code } } }",
        ] {
            let answer = send_as(lyceum, &ada, form(query, b"canary canary canary").closed()).await;
            assert!(
                ["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&answer.code()),
                "{query}: {}",
                answer.body
            );
            assert!(!answer.text().contains("canary") && !answer.text().contains("99"), "{}", answer.text());
        }
    })
    .await;
}
