//! Requests that another site makes a browser send: refused wherever the cookie would do something.

use serde_json::json;

use crate::harness::*;

type Headers = &'static [(&'static str, &'static str)];

const LISTED: &[(&str, &str)] = &[("ALLOWED_ORIGINS", "https://www.example.com"), ("RATE_LIMITS", "off")];
const HOST: (&str, &str) = ("host", "lyceum.test");

/// What no page of ours sends.
const FORGED: [Headers; 18] = [
    &[],
    &[("x-requested-with", "")],
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "cross-site"), ("x-requested-with", "lyceum")],
    &[("sec-fetch-site", "cross-site"), ("origin", "http://lyceum.test")],
    &[("sec-fetch-site", "cross-site"), ("origin", "https://www.example.com")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "same-site"), ("origin", "http://evil.lyceum.test")],
    &[("sec-fetch-site", "same-origin"), ("origin", "https://evil.test")],
    &[("sec-fetch-site", "nonsense"), ("origin", "http://lyceum.test")],
    &[("sec-fetch-site", "")],
    &[("origin", "https://evil.test")],
    &[("origin", "https://evil.test"), ("x-requested-with", "lyceum")],
    &[("origin", "null")],
    &[("origin", "null"), ("x-requested-with", "lyceum")],
    &[("origin", "https://lyceum.test")],
    &[("origin", "http://lyceum.test.evil.test")],
    &[("origin", "https://www.example.com.evil.test")],
];

/// What browsers send from our own pages and from listed ones, and what programs send.
const OWN: [Headers; 8] = [
    &[("sec-fetch-site", "same-origin")],
    &[("sec-fetch-site", "same-origin"), ("origin", "http://lyceum.test")],
    &[("sec-fetch-site", "none")],
    &[("sec-fetch-site", "same-site"), ("origin", "https://www.example.com")],
    &[("origin", "http://lyceum.test")],
    &[("origin", "https://www.example.com")],
    &[("origin", "http://localhost:4000"), ("host", "localhost:4000")],
    &[("x-requested-with", "lyceum")],
];

const WRITE: &str = "mutation { createPost(input: {title: \"T\", body: \"B\"}) { post { id } userErrors { code } } }";

fn with(call: Call, headers: Headers) -> Call {
    let call = if headers.iter().any(|(name, _)| *name == "host") { call } else { call.header(HOST.0, HOST.1) };
    headers.iter().fold(call, |call, (name, value)| call.header(name, value))
}

/// Bar 77: with the cookie a request is executed only when its headers show that no other site made it; else it is 403
/// and nothing has happened.
#[tokio::test]
async fn the_cookie_works_for_pages_of_ours_alone() {
    with_settings(LISTED, async |lyceum| {
        let cookie = cookie_of(&lyceum.signed_in_by_cookie("ada").await);
        let before = contents(lyceum).await;
        for headers in FORGED {
            for document in [WRITE, "mutation { logout { userErrors { code } } }", "{ me { id } }"] {
                let call = with(Call::new(document, json!({})).header("cookie", &cookie), headers);
                let answer = lyceum.send(call).await;
                answer.refused(403, "FORBIDDEN");
                assert_eq!(answer.header("set-cookie"), "", "{headers:?}");
            }
        }
        assert_eq!(contents(lyceum).await, before);
        for headers in OWN {
            let call = with(Call::new(WRITE, json!({})).header("cookie", &cookie), headers);
            let answer = lyceum.send(call).await;
            assert!(answer.at("createPost.post.id").is_string(), "{headers:?}: {}", answer.body);
        }
    })
    .await;
}

/// Bar 77: no other site signs a visitor in as somebody else.
#[tokio::test]
async fn another_site_cannot_sign_a_visitor_in() {
    with_settings(LISTED, async |lyceum| {
        lyceum.verified("eve").await;
        let before = contents(lyceum).await;
        for headers in FORGED {
            let answer = lyceum.send(with(bare_cookie_login("eve", PASSWORD), headers)).await;
            answer.refused(403, "FORBIDDEN");
            assert_eq!(answer.header("set-cookie"), "", "{headers:?}");
        }
        assert_eq!(contents(lyceum).await, before);
        for headers in OWN {
            let answer = lyceum.send(with(bare_cookie_login("eve", PASSWORD), headers)).await.ok();
            assert!(!answer.header("set-cookie").is_empty(), "{headers:?}");
        }
    })
    .await;
}

/// Bar 77: nor does it sign a visitor up as somebody else, where a sign-up signs in.
#[tokio::test]
async fn another_site_cannot_sign_a_visitor_up() {
    let settings = [LISTED, &[("ACCOUNT_DISCLOSURE", "friendly"), ("EMAIL_VERIFICATION", "optional")]].concat();
    with_settings(&settings, async |lyceum| {
        let before = contents(lyceum).await;
        for headers in FORGED {
            let answer = lyceum.send(with(bare_cookie_signup("eve"), headers)).await;
            answer.refused(403, "FORBIDDEN");
            assert_eq!(answer.header("set-cookie"), "", "{headers:?}");
        }
        assert_eq!(contents(lyceum).await, before);
        for (number, headers) in OWN.into_iter().enumerate() {
            let answer = lyceum.send(with(bare_cookie_signup(&format!("eve_{number}")), headers)).await.ok();
            assert!(!answer.header("set-cookie").is_empty(), "{headers:?}");
        }
    })
    .await;
}

/// Tokens in a header need no such proof: a browser adds none by itself.
#[tokio::test]
async fn a_token_needs_no_proof_of_its_page() {
    with_settings(LISTED, async |lyceum| {
        let ada = lyceum.person("ada").await;
        let cookie = cookie_of(&lyceum.send(cookie_login("ada", PASSWORD)).await.ok());
        for headers in FORGED {
            lyceum.send(with(Call::new(WRITE, json!({})).bearer(&ada.token), headers)).await.ok();
            let both = Call::new(WRITE, json!({})).bearer(&ada.token).header("cookie", &cookie);
            lyceum.send(with(both, headers)).await.ok();
            lyceum.send(with(login("ada", PASSWORD), headers)).await.ok();
        }
    })
    .await;
}

/// Bar 77: a query by GET changes nothing, so it needs no proof; CORS decides who reads the answer.
#[tokio::test]
async fn reading_by_get_needs_no_proof() {
    with_settings(LISTED, async |lyceum| {
        let cookie = cookie_of(&lyceum.signed_in_by_cookie("ada").await);
        let headers = [("cookie", &*cookie), ("sec-fetch-site", "cross-site"), ("origin", "https://evil.test")];
        let answer = lyceum.get("/graphql?query=%7Bme%7Busername%7D%7D", &headers).await.ok();
        assert_eq!(answer.str_at("me.username"), "ada");
        assert_eq!(answer.header("access-control-allow-origin"), "");
        assert_eq!(answer.header("cache-control"), "no-store");
    })
    .await;
}
