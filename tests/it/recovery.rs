//! A forgotten password: what the mail's link is good for, what a reset leaves behind, and how often an address
//! is written to.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};

use crate::harness::*;

const NEW: &str = "copper lantern drifts north";
const ADA: &str = "ada@example.com";

async fn forgot(lyceum: &Lyceum, email: &str) -> String {
    // What was written at the same moment is sent first: mails of one moment have no order.
    lyceum.mails().await;
    lyceum.run(FORGOT, json!({ "email": email })).await.ok();
    lyceum.token_for(email).await
}

async fn reset(lyceum: &Lyceum, token: &str, password: &str) -> Answer {
    lyceum.run(RESET, json!({ "token": token, "password": password })).await
}

/// Bar 37: a reset token is 256 random bits and works once; used, replaced, truncated, case-changed, made for
/// another purpose or made up, it gets one and the same answer, and nothing changes.
#[tokio::test]
async fn every_token_that_is_no_good_gets_the_same_answer() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        lyceum.verified("ada").await;
        lyceum.sign_up("eve").await.ok();
        let of_verification = lyceum.token_for("eve@example.com").await;
        let older = forgot(lyceum, ADA).await;
        let token = forgot(lyceum, ADA).await;
        assert_eq!(token.len(), 43, "256 bits in base64url");
        let refused = reset(lyceum, &older, NEW).await;
        assert_eq!(refused.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        let made_up = "A".repeat(43);
        let longer = format!("{token}A");
        let spaced = format!("{token} ");
        let swapped = swap_case(&token);
        let wrong = [&token[..42], &swapped, &longer, &spaced, "", &made_up, &of_verification];
        for wrong in wrong {
            assert_eq!(reset(lyceum, wrong, NEW).await.seen(), refused.seen(), "{wrong}");
        }
        let access = lyceum.log_in("ada", PASSWORD).await.ok();
        let access = access.str_at("login.accessToken");
        assert_eq!(reset(lyceum, access, NEW).await.seen(), refused.seen(), "an access token is no reset token");

        reset(lyceum, &token, NEW).await.ok();
        assert_eq!(reset(lyceum, &token, PASSWORD).await.seen(), refused.seen(), "the second use");
        lyceum.log_in("ada", NEW).await.ok();
        lyceum.run(VERIFY, json!({ "token": of_verification })).await.ok();
    })
    .await;
}

/// Bar 37: a reset token lives for 30 minutes.
#[tokio::test]
async fn a_reset_token_is_good_for_half_an_hour() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let token = forgot(lyceum, ADA).await;
        lyceum.advance(Duration::from_mins(30));
        assert_eq!(reset(lyceum, &token, NEW).await.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        lyceum.log_in("ada", PASSWORD).await.ok();

        let token = forgot(lyceum, ADA).await;
        lyceum.advance(Duration::from_mins(30) - Duration::from_secs(1));
        reset(lyceum, &token, NEW).await.ok();
        lyceum.log_in("ada", NEW).await.ok();
    })
    .await;
}

/// Bar 37: a token resets the account that it was made for and no other, and cannot be given for a named one.
#[tokio::test]
async fn a_token_is_good_for_its_own_account_alone() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        lyceum.verified("bob").await;
        let of_bob = forgot(lyceum, "bob@example.com").await;
        let of_ada = forgot(lyceum, ADA).await;
        let named = "mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { userErrors { code } } }";
        let input = json!({ "token": of_bob, "email": ADA, "newPassword": NEW });
        assert_eq!(lyceum.run(named, json!({ "input": input })).await.code(), "BAD_USER_INPUT");
        let input = json!({ "token": of_bob, "email": ADA, "code": "12345678", "newPassword": NEW });
        assert_eq!(lyceum.run(named, json!({ "input": input })).await.code(), "BAD_USER_INPUT");

        reset(lyceum, &of_bob, NEW).await.ok();
        lyceum.log_in("bob", NEW).await.ok();
        lyceum.log_in("ada", PASSWORD).await.ok();
        assert_eq!(lyceum.log_in("ada", NEW).await.user_errors("login"), ["INVALID_CREDENTIALS"]);
        reset(lyceum, &of_ada, NEW).await.ok();
    })
    .await;
}

/// Bar 37: a password that is refused does not use the link up.
#[tokio::test]
async fn a_weak_password_does_not_use_the_link_up() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let token = forgot(lyceum, ADA).await;
        assert_eq!(reset(lyceum, &token, "short").await.user_errors("resetPassword"), ["TOO_SHORT newPassword"]);
        let answer = reset(lyceum, &token, "ada@example.com").await;
        assert_eq!(answer.user_errors("resetPassword"), ["PASSWORD_TOO_WEAK newPassword"]);
        reset(lyceum, &token, NEW).await.ok();
    })
    .await;
}

/// Bar 38: of twenty resets with one token at the same moment exactly one succeeds.
#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_resets_at_once_one_succeeds() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let token = forgot(lyceum, ADA).await;
        let passwords: Vec<String> = (0..20).map(|number| format!("{NEW} {number} times")).collect();
        let call =
            |(password, n): (&String, u8)| Call::new(RESET, json!({ "token": token, "password": password })).from(n);
        let answers = lyceum.send_all(passwords.iter().zip(1..).map(call)).await;
        let faults: Vec<Vec<String>> = answers.iter().map(|answer| answer.user_errors("resetPassword")).collect();
        let won: Vec<usize> = (0..20).filter(|n| faults[*n].is_empty()).collect();
        assert_eq!(won.len(), 1, "{faults:?}");
        assert!(faults.iter().filter(|faults| !faults.is_empty()).all(|faults| faults == &["TOKEN_INVALID"]));
        for (n, password) in passwords.iter().enumerate() {
            let answer = lyceum.send(login("ada", password).from(u8::try_from(n).unwrap() + 100)).await;
            let logged_in = answer.at("login.accessToken").is_string();
            assert_eq!(logged_in, n == won[0], "{n}: {}", answer.body);
            if logged_in {
                break;
            }
            lyceum.advance(Duration::from_mins(2));
        }
        let notices = lyceum.mails().await.iter().filter(|mail| mail.content.subject.contains("was changed")).count();
        assert_eq!(notices, 1);
    })
    .await;
}

/// Bar 41: a reset signs nobody in, ends every session, tells the owner, and clears the failures of the login.
#[tokio::test]
async fn a_reset_ends_all_sessions_and_signs_nobody_in() {
    on_each_engine(async |lyceum| {
        let phone = lyceum.person("ada").await;
        let laptop = lyceum.log_in("ada", PASSWORD).await.ok().str_at("login.accessToken").to_owned();
        for _ in 0..5 {
            assert_eq!(lyceum.log_in("ada", "wrong").await.user_errors("login"), ["INVALID_CREDENTIALS"]);
        }
        assert_eq!(lyceum.log_in("ada", PASSWORD).await.code(), "RATE_LIMITED");
        let token = forgot(lyceum, ADA).await;
        let mails = lyceum.mails().await.len();

        let answer = reset(lyceum, &token, NEW).await.ok();
        assert_eq!(answer.body, json!({ "data": { "resetPassword": { "userErrors": [] } } }));
        assert!(answer.headers.get("set-cookie").is_none());
        for token in [&phone.token, &laptop] {
            let answer = lyceum.run_as(token, ME, json!({})).await;
            assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", "REVOKED"));
        }
        let refresh = "mutation ($token: String!) { refreshSession(input: {refreshToken: $token}) {
            accessToken userErrors { code } } }";
        let answer = lyceum.run(refresh, json!({ "token": phone.refresh_token })).await;
        assert_eq!(answer.code(), "UNAUTHENTICATED", "{}", answer.body);
        assert_eq!(lyceum.database.number("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await, 0);

        let sent = lyceum.mails().await.split_off(mails);
        assert_eq!(sent.len(), 1);
        let notice = &sent[0];
        assert_eq!((notice.to.as_str(), notice.content.subject.as_str()), (ADA, "Your password at Lyceum was changed"));
        assert!(!notice.content.text.contains("token=") && !notice.content.text.contains(NEW));
        lyceum.log_in("ada", NEW).await.ok();
    })
    .await;
}

/// Bar 41: the reset proves the address that its mail went to; an address that the account got since is not proved.
#[tokio::test]
async fn a_reset_verifies_only_the_address_that_the_mail_went_to() {
    with_settings(&[("EMAIL_VERIFICATION", "optional")], async |lyceum| {
        for (username, moved) in [("ada", false), ("bob", true)] {
            lyceum.sign_up(username).await.ok();
            let token = forgot(lyceum, &email_of(username)).await;
            if moved {
                let elsewhere = "email = 'moved@example.com', email_key = 'moved@example.com'";
                lyceum.database.execute(&format!("UPDATE users SET {elsewhere} WHERE username = 'bob'")).await;
            }
            reset(lyceum, &token, NEW).await.ok();
            let token = lyceum.log_in(username, NEW).await.ok().str_at("login.accessToken").to_owned();
            let me = lyceum.run_as(&token, ME, json!({})).await.ok();
            assert_eq!(me.at("me.emailVerified"), &json!(!moved), "{username}");
        }
    })
    .await;
}

/// Bar 47: no mutation takes a place to go to afterwards: such an input is refused before anything happens.
#[tokio::test]
async fn no_mutation_takes_a_redirect() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let mails = lyceum.mails().await.len();
        let mutations = [
            ("ForgotPasswordInput", "forgotPassword", json!({ "email": ADA })),
            ("ResendVerificationEmailInput", "resendVerificationEmail", json!({ "email": ADA })),
            ("ResetPasswordInput", "resetPassword", json!({ "token": "t", "newPassword": NEW })),
            ("VerifyEmailInput", "verifyEmail", json!({ "token": "t" })),
            ("LoginInput", "login", json!({ "identifier": "ada", "password": PASSWORD })),
        ];
        for target in ["https://evil.test", "//evil.test", "/\\evil.test", "javascript:alert(1)", "/welcome"] {
            for (kind, mutation, input) in &mutations {
                let query =
                    format!("mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ userErrors {{ code }} }} }}");
                let mut input = input.clone();
                input["redirectTo"] = json!(target);
                let answer = lyceum.run(&query, json!({ "input": input })).await;
                assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{mutation}: {}", answer.body);
                assert_eq!(answer.code(), "GRAPHQL_VALIDATION_FAILED", "{mutation}: {}", answer.body);
                assert_eq!(answer.body.get("data"), None);
            }
        }
        assert_eq!(lyceum.mails().await.len(), mails);
        assert_eq!(lyceum.database.number("SELECT COUNT(*) FROM sessions").await, 0);
    })
    .await;
}

/// Bar 47: the pages behind the links are the same bytes whatever the address asks for, and their script goes
/// nowhere by itself.
#[tokio::test]
async fn the_pages_ignore_redirect_parameters() {
    let lyceum = Lyceum::start(Engine::Sqlite, &[]).await;
    for page in ["/verify-email", "/reset-password"] {
        let plain = get(&lyceum, page).await;
        assert_eq!(plain.status, StatusCode::OK);
        for target in ["https://evil.test", "//evil.test", "/%5Cevil.test", "javascript:alert(1)"] {
            for name in ["redirectTo", "redirect", "next", "returnTo", "continue", "url"] {
                let answer = get(&lyceum, &format!("{page}?token=t&{name}={target}")).await;
                assert_eq!(answer.seen(), plain.seen(), "{page} {name}");
                assert_eq!((answer.headers.get("location"), answer.headers.get("refresh")), (None, None));
            }
        }
    }
    let script = get(&lyceum, "/assets/account.js").await.text();
    for leap in ["location =", "location=", "location.href", "location.assign", "location.replace", "open("] {
        assert!(!script.contains(leap), "{leap}");
    }
    lyceum.stop().await;
}

async fn get(lyceum: &Lyceum, path: &str) -> Answer {
    lyceum.request(Request::get(path).body(Body::empty()).unwrap()).await
}

/// Bar 48: fifty requests for one address, over an hour and from everywhere, send three mails; an address
/// without an account gets the same answers.
#[tokio::test]
async fn fifty_requests_for_one_address_send_three_mails() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let mails = lyceum.mails().await.len();
        let mut seen = Vec::new();
        for n in 0..50 {
            for email in [ADA, "nobody@example.com"] {
                let answer = lyceum.send(Call::new(FORGOT, json!({ "email": email })).from(n)).await.ok();
                seen.push(answer.seen());
            }
            // Sent while its link is good: later it would be dropped.
            lyceum.mails().await;
            lyceum.advance(Duration::from_secs(70));
        }
        assert!(seen.iter().all(|answer| answer == &seen[0]));
        let sent = lyceum.mails().await.split_off(mails);
        assert!(sent.iter().all(|mail| mail.to == ADA));
        assert_eq!(sent.len(), 3);
    })
    .await;
}

/// Bar 48: fifty requests at the same moment send one mail, for a minute must pass between two.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_requests_at_once_send_one_mail() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let mails = lyceum.mails().await.len();
        let call = |n| Call::new(FORGOT, json!({ "email": ADA })).from(n);
        let answers = lyceum.send_all((0..50).map(call)).await;
        for answer in &answers {
            assert_eq!(answer.seen(), answers[0].seen());
            assert_eq!(answer.body, json!({ "data": { "forgotPassword": { "userErrors": [] } } }));
        }
        assert_eq!(lyceum.mails().await.len(), mails + 1);
        let token = lyceum.token_for(ADA).await;
        reset(lyceum, &token, NEW).await.ok();
    })
    .await;
}

/// Bar 48: no hour sees more than three mails, wherever it begins; the next comes when an hour has passed.
#[tokio::test]
async fn no_hour_sees_more_than_three_mails() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let mails = lyceum.mails().await.len();
        let mut minute = 0;
        for (n, at) in (0_u8..).zip([0, 57, 58, 59, 60, 61, 62, 63, 122, 123, 124]) {
            lyceum.advance(Duration::from_mins(at - minute));
            minute = at;
            lyceum.send(Call::new(FORGOT, json!({ "email": ADA })).from(n)).await.ok();
            lyceum.mails().await;
        }
        let sent: Vec<i64> = lyceum.mails().await[mails..].iter().map(|mail| mail.date_unix_seconds).collect();
        assert!(sent.windows(4).all(|four| four[3] - four[0] >= 3600), "{sent:?}");
        assert!(sent.len() > 3, "{sent:?}");
    })
    .await;
}

/// Bar 48: who asks too often for a mail does not spoil the link that the owner has already.
#[tokio::test]
async fn asking_too_often_leaves_the_last_link_alive() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let token = forgot(lyceum, ADA).await;
        for n in 0..5 {
            lyceum.send(Call::new(FORGOT, json!({ "email": ADA })).from(n)).await.ok();
        }
        let answer = reset(lyceum, &token, NEW).await.ok();
        assert_eq!(answer.at("resetPassword.userErrors"), &Value::Array(Vec::new()));
    })
    .await;
}
