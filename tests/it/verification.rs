//! Proof of an e-mail address: where the link leads, what uses it up, how long it is good, and who gets the
//! account when several people sign up with the same address.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use lyceum::core::{
    Origin,
    accounts::{management, signup::NewAccount},
    viewer::{Role, Viewer},
};
use serde_json::json;

use crate::harness::*;

const OWNERS: &str = "copper lantern drifts north";
const VICTIM: &str = "victim@example.com";
const RESEND: &str = "mutation ($email: String!) {
    resendVerificationEmail(input: {email: $email}) { userErrors { code message field } } }";

async fn verify(lyceum: &Lyceum, token: &str) -> Answer {
    lyceum.run(VERIFY, json!({ "token": token })).await
}

/// Signs up with the victim's address, and gives the token of the mail.
async fn sign_up_as_victim(lyceum: &Lyceum, username: &str, password: &str) -> String {
    lyceum.sign_up_as(username, VICTIM, password).await.ok();
    lyceum.token_for(VICTIM).await
}

/// Bar 36: whatever a request says about its host, links lead to the configured place.
#[tokio::test]
async fn links_ignore_the_host_of_the_request() {
    for (settings, base) in
        [(vec![], BASE), (vec![("FRONTEND_URL", "https://www.example.com")], "https://www.example.com")]
    {
        with_settings(&settings, async |lyceum| {
            let signup = json!({ "username": "ada", "email": "ada@example.com", "password": PASSWORD });
            lyceum.send(from_evil(Call::new(SIGNUP, signup))).await.ok();
            let expected = format!("{base}/verify-email?token=");
            assert_link(lyceum, &expected).await;
            lyceum.advance(Duration::from_mins(2));
            lyceum.send(from_evil(Call::new(RESEND, json!({ "email": "ada@example.com" })))).await.ok();
            assert_link(lyceum, &expected).await;
            let token = lyceum.token_for("ada@example.com").await;
            verify(lyceum, &token).await.ok();
            lyceum.send(from_evil(Call::new(FORGOT, json!({ "email": "ada@example.com" })))).await.ok();
            assert_link(lyceum, &format!("{base}/reset-password?token=")).await;
            assert_eq!(lyceum.mails().await.len(), 3);
        })
        .await;
    }
}

fn from_evil(call: Call) -> Call {
    let forwarded = "for=203.0.113.9;host=evil.test;proto=https";
    call.header("host", "evil.test")
        .header("x-forwarded-host", "evil.test")
        .header("x-forwarded-proto", "https")
        .header("x-host", "evil.test")
        .header("origin", "https://evil.test")
        .header("referer", "https://evil.test/")
        .header("forwarded", forwarded)
}

async fn assert_link(lyceum: &Lyceum, expected: &str) {
    let content = lyceum.mail_to("ada@example.com").await.content;
    for part in [&content.text, &content.html] {
        assert!(part.contains(expected) && !part.contains("evil.test"), "{part}");
    }
}

/// Bar 42: a mail scanner that follows the links with GET and HEAD uses nothing up; only the POST does.
#[tokio::test]
async fn looking_at_a_link_does_not_use_it_up() {
    on_each_engine(async |lyceum| {
        lyceum.sign_up("ada").await.ok();
        let token = lyceum.token_for("ada@example.com").await;
        scan(lyceum, "verify-email", &token).await;
        let mutation = format!("mutation{{verifyEmail(input:{{token:\"{token}\"}}){{user{{id}}}}}}");
        assert_eq!(get_document(lyceum, &mutation).await.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(lyceum.log_in("ada", PASSWORD).await.user_errors("login"), ["EMAIL_NOT_VERIFIED"]);
        verify(lyceum, &token).await.ok();

        lyceum.run(FORGOT, json!({ "email": "ada@example.com" })).await.ok();
        let token = lyceum.token_for("ada@example.com").await;
        scan(lyceum, "reset-password", &token).await;
        let input = format!("{{token:\"{token}\",newPassword:\"{OWNERS}\"}}");
        let mutation = format!("mutation{{resetPassword(input:{input}){{userErrors{{code}}}}}}");
        assert_eq!(get_document(lyceum, &mutation).await.status, StatusCode::METHOD_NOT_ALLOWED);
        lyceum.log_in("ada", PASSWORD).await.ok();
        lyceum.run(RESET, json!({ "token": token, "password": OWNERS })).await.ok();
        lyceum.log_in("ada", OWNERS).await.ok();
    })
    .await;
}

async fn scan(lyceum: &Lyceum, page: &str, token: &str) {
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let request = Request::builder().method(method).uri(format!("/{page}?token={token}"));
        let answer = lyceum.request(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
}

async fn get_document(lyceum: &Lyceum, document: &str) -> Answer {
    let encoded = document.replace('{', "%7B").replace('}', "%7D").replace('"', "%22").replace(' ', "%20");
    let request = Request::get(format!("/graphql?query={encoded}")).header("accept", "application/json");
    lyceum.request(request.body(Body::empty()).unwrap()).await
}

/// Bar 37, of verification: the link works once, for 24 hours, and not after a newer one; every other way to
/// fail has the same answer.
#[tokio::test]
async fn a_verification_link_works_once_and_for_a_day() {
    on_each_engine(async |lyceum| {
        lyceum.sign_up("ada").await.ok();
        let older = lyceum.token_for("ada@example.com").await;
        lyceum.advance(Duration::from_hours(1));
        lyceum.run(RESEND, json!({ "email": "ada@example.com" })).await.ok();
        let token = lyceum.token_for("ada@example.com").await;
        lyceum.advance(Duration::from_hours(24) - Duration::from_secs(1));
        let refused = verify(lyceum, &older).await;
        assert_eq!(refused.user_errors("verifyEmail"), ["TOKEN_INVALID"]);
        assert_eq!(verify(lyceum, &token[..42]).await.seen(), refused.seen());
        assert_eq!(verify(lyceum, &swap_case(&token)).await.seen(), refused.seen());
        assert_eq!(verify(lyceum, &token).await.ok().at("verifyEmail.user.emailVerified"), &json!(true));
        assert_eq!(verify(lyceum, &token).await.seen(), refused.seen());

        lyceum.sign_up("bob").await.ok();
        let late = lyceum.token_for("bob@example.com").await;
        lyceum.advance(Duration::from_hours(24));
        assert_eq!(verify(lyceum, &late).await.seen(), refused.seen());
        assert_eq!(lyceum.log_in("bob", PASSWORD).await.user_errors("login"), ["INVALID_CREDENTIALS"]);
        assert_eq!(lyceum.sign_up("bob").await.ok().str_at("signup.email"), "bob@example.com", "the name is free");
    })
    .await;
}

/// Bar 43: whoever signed up with an address before its owner has nothing left once the owner proves it: no
/// password, no link, no code, no name.
#[tokio::test]
async fn who_signs_up_with_a_foreign_address_first_loses_to_its_owner() {
    on_each_engine(async |lyceum| {
        let squatters_token = sign_up_as_victim(lyceum, "squatter", PASSWORD).await;
        let squatters_code = lyceum.code_for(VICTIM).await;
        let owners_token = sign_up_as_victim(lyceum, "anna", OWNERS).await;
        let answer = verify(lyceum, &owners_token).await.ok();
        assert_eq!(answer.str_at("verifyEmail.user.username"), "anna");
        assert_nothing_is_left_of_the_squatter(lyceum, &squatters_token, &squatters_code).await;
    })
    .await;
}

/// Bar 43: the same for one who signs up after the owner, before the owner has proved the address.
#[tokio::test]
async fn who_signs_up_with_a_foreign_address_later_gains_nothing() {
    on_each_engine(async |lyceum| {
        let owners_token = sign_up_as_victim(lyceum, "anna", OWNERS).await;
        let squatters_token = sign_up_as_victim(lyceum, "squatter", PASSWORD).await;
        let squatters_code = lyceum.code_for(VICTIM).await;
        verify(lyceum, &owners_token).await.ok();
        assert_nothing_is_left_of_the_squatter(lyceum, &squatters_token, &squatters_code).await;
    })
    .await;
}

async fn assert_nothing_is_left_of_the_squatter(lyceum: &Lyceum, token: &str, code: &str) {
    assert_eq!(verify(lyceum, token).await.user_errors("verifyEmail"), ["TOKEN_INVALID"]);
    let by_code = lyceum.run(VERIFY_BY_CODE, json!({ "email": VICTIM, "code": code })).await;
    assert_eq!(by_code.user_errors("verifyEmail"), ["TOKEN_INVALID"]);
    for identifier in ["squatter", "anna", VICTIM] {
        let answer = lyceum.log_in(identifier, PASSWORD).await;
        assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"], "{identifier}");
    }
    assert_eq!(lyceum.database.number("SELECT COUNT(*) FROM signups").await, 0);
    assert_eq!(lyceum.database.number("SELECT COUNT(*) FROM users").await, 1);
    let answer = lyceum.log_in(VICTIM, OWNERS).await.ok();
    assert_eq!(answer.str_at("login.user.username"), "anna");
}

/// Bar 43: somebody who signs up again and again with a foreign address uses its mails up, but not for ever: the
/// owner's attempt gets its mail after the hour.
#[tokio::test]
async fn a_squatter_does_not_block_the_owner_for_ever() {
    on_each_engine(async |lyceum| {
        for number in 0..4 {
            lyceum.sign_up_as(&format!("squatter{number}"), VICTIM, PASSWORD).await.ok();
            lyceum.advance(Duration::from_secs(1));
        }
        lyceum.sign_up_as("anna", VICTIM, OWNERS).await.ok();
        assert_eq!(lyceum.mails().await.len(), 3, "the hour's mails are used up");
        lyceum.advance(Duration::from_hours(1));
        lyceum.run(RESEND, json!({ "email": VICTIM })).await.ok();
        let token = lyceum.token_for(VICTIM).await;
        assert_eq!(verify(lyceum, &token).await.ok().str_at("verifyEmail.user.username"), "anna");
        lyceum.log_in(VICTIM, OWNERS).await.ok();
    })
    .await;
}

/// Bar 43: where accounts work before their address is proved, a reset by mail takes the account from a squatter:
/// the password, the sessions and the links of before are dead.
#[tokio::test]
async fn with_optional_verification_a_reset_ousts_the_squatter() {
    with_settings(&[("EMAIL_VERIFICATION", "optional")], async |lyceum| {
        sign_up_as_victim(lyceum, "squatter", PASSWORD).await;
        let session = lyceum.log_in("squatter", PASSWORD).await.ok();
        let (access, refresh) = (session.str_at("login.accessToken"), session.str_at("login.refreshToken"));
        lyceum.run(FORGOT, json!({ "email": VICTIM })).await.ok();
        let squatters_link = lyceum.token_for(VICTIM).await;

        lyceum.advance(Duration::from_mins(2));
        lyceum.sign_up_as("anna", VICTIM, OWNERS).await.ok();
        let mail = lyceum.mail_to(VICTIM).await.content;
        assert_eq!(mail.subject, "You already have an account at Lyceum");
        assert!(mail.text.contains(&format!("{BASE}/reset-password")), "{}", mail.text);
        lyceum.run(FORGOT, json!({ "email": VICTIM })).await.ok();
        let token = lyceum.token_for(VICTIM).await;
        lyceum.run(RESET, json!({ "token": token, "password": OWNERS })).await.ok();

        let answer = lyceum.run_as(access, ME, json!({})).await;
        assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", "REVOKED"));
        let refreshing = "mutation ($token: String!) { refreshSession(input: {refreshToken: $token}) {
            accessToken userErrors { code } } }";
        let answer = lyceum.run(refreshing, json!({ "token": refresh })).await;
        assert_eq!(answer.at("refreshSession.accessToken"), &json!(null));
        assert_eq!(answer.code(), "UNAUTHENTICATED", "{}", answer.body);
        let answer = lyceum.run(RESET, json!({ "token": squatters_link, "password": PASSWORD })).await;
        assert_eq!(answer.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        assert_eq!(lyceum.log_in("squatter", PASSWORD).await.user_errors("login"), ["INVALID_CREDENTIALS"]);
        let me = lyceum.log_in(VICTIM, OWNERS).await.ok();
        let me = lyceum.run_as(me.str_at("login.accessToken"), ME, json!({})).await.ok();
        assert_eq!(me.at("me.emailVerified"), &json!(true), "the reset's mail proved the address");
    })
    .await;
}

/// Bar 43: a link of before is of no use, and no fault of the server, when the address got an account another way.
#[tokio::test]
async fn a_link_for_an_address_that_has_an_account_by_now_is_refused() {
    on_each_engine(async |lyceum| {
        let token = sign_up_as_victim(lyceum, "squatter", PASSWORD).await;
        let new = |text: &str| text.to_owned();
        let owner = NewAccount {
            username: new("anna"),
            email: new(VICTIM),
            password: new(OWNERS),
            first_name: new("Ada"),
            last_name: new("Lovelace"),
        };
        management::create(&lyceum.app.core, &Viewer::Operator, &Origin::command_line(), owner, Role::Admin)
            .await
            .unwrap();
        let answer = verify(lyceum, &token).await;
        assert_eq!(answer.user_errors("verifyEmail"), ["TOKEN_INVALID"]);
        assert_eq!(lyceum.log_in("squatter", PASSWORD).await.at("login.accessToken"), &json!(null));
        lyceum.log_in(VICTIM, OWNERS).await.ok();
    })
    .await;
}
