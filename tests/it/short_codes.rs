//! The eight digits beside a mail's link: how long they are good, how often they may be tried, and for what.

use std::time::Duration;

use serde_json::json;

use crate::harness::*;

const NEW: &str = "copper lantern drifts north";
const ADA: &str = "ada@example.com";
const RESET_BY_CODE: &str = "mutation ($email: String!, $code: String!, $password: String!) {
    resetPassword(input: {email: $email, code: $code, newPassword: $password}) { userErrors { code message field } } }";

fn reset(email: &str, code: &str) -> Call {
    Call::new(RESET_BY_CODE, json!({ "email": email, "code": code, "password": NEW }))
}

fn verify(email: &str, code: &str) -> Call {
    Call::new(VERIFY_BY_CODE, json!({ "email": email, "code": code }))
}

async fn forgot(lyceum: &Lyceum, email: &str) -> String {
    // What was written at the same moment is sent first: mails of one moment have no order.
    lyceum.mails().await;
    lyceum.run(FORGOT, json!({ "email": email })).await.ok();
    lyceum.code_for(email).await
}

/// Another code than this one, a different one for each number.
fn wrong(code: &str, number: u32) -> String {
    format!("{:08}", (code.parse::<u32>().unwrap() + 1 + number) % 100_000_000)
}

async fn tries(lyceum: &Lyceum) -> i64 {
    lyceum.database.number("SELECT MAX(tries) FROM one_time_tokens WHERE purpose = 'reset-password'").await
}

/// Bar 39: a code has eight digits and works once, for both of the flows.
#[tokio::test]
async fn a_code_works_once() {
    on_each_engine(async |lyceum| {
        lyceum.sign_up("ada").await.ok();
        let code = lyceum.code_for(ADA).await;
        assert!(code.len() == 8 && code.bytes().all(|digit| digit.is_ascii_digit()));
        lyceum.send(verify(ADA, &code)).await.ok();
        assert_eq!(lyceum.send(verify(ADA, &code)).await.user_errors("verifyEmail"), ["TOKEN_INVALID"]);

        let code = forgot(lyceum, ADA).await;
        let token = lyceum.token_for(ADA).await;
        lyceum.send(reset("ADA@EXAMPLE.com", &format!(" {code} "))).await.ok();
        lyceum.log_in("ada", NEW).await.ok();
        assert_eq!(lyceum.send(reset(ADA, &code)).await.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        let answer = lyceum.run(RESET, json!({ "token": token, "password": PASSWORD })).await;
        assert_eq!(answer.user_errors("resetPassword"), ["TOKEN_INVALID"], "the link beside it is used up too");
    })
    .await;
}

/// Bar 39: a code is good for ten minutes, though the link beside it lives longer; expired, wrong, or for an
/// address without an account, the answer is the same.
#[tokio::test]
async fn a_code_is_good_for_ten_minutes() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let code = forgot(lyceum, ADA).await;
        let token = lyceum.token_for(ADA).await;
        let refused = lyceum.send(reset(ADA, &wrong(&code, 0))).await;
        assert_eq!(refused.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        lyceum.advance(Duration::from_mins(10));
        assert_eq!(lyceum.send(reset(ADA, &code)).await.seen(), refused.seen());
        assert_eq!(lyceum.send(reset("nobody@example.com", &code)).await.seen(), refused.seen());
        lyceum.run(FORGOT, json!({ "email": "nobody@example.com" })).await.ok();
        assert_eq!(lyceum.send(reset("nobody@example.com", &code)).await.seen(), refused.seen());
        lyceum.run(RESET, json!({ "token": token, "password": PASSWORD })).await.ok();

        let code = forgot(lyceum, ADA).await;
        lyceum.advance(Duration::from_mins(10) - Duration::from_secs(1));
        lyceum.send(reset(ADA, &code)).await.ok();
    })
    .await;
}

/// Bar 39: five tries; the fifth may be right, the sixth fails with the right code, and the link still works.
#[tokio::test]
async fn the_sixth_try_fails_with_the_right_code() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let code = forgot(lyceum, ADA).await;
        for number in 0..4 {
            let answer = lyceum.send(reset(ADA, &wrong(&code, number))).await;
            assert_eq!(answer.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        }
        lyceum.send(reset(ADA, &code)).await.ok();

        lyceum.advance(Duration::from_mins(2));
        let code = forgot(lyceum, ADA).await;
        let token = lyceum.token_for(ADA).await;
        let refused = lyceum.send(reset(ADA, &wrong(&code, 0))).await;
        for number in 1..5 {
            assert_eq!(lyceum.send(reset(ADA, &wrong(&code, number))).await.seen(), refused.seen());
        }
        assert_eq!(lyceum.send(reset(ADA, &code)).await.seen(), refused.seen());
        lyceum.run(RESET, json!({ "token": token, "password": PASSWORD })).await.ok();
    })
    .await;
}

/// Bar 39: a hundred wrong tries at the same moment use up the five, and no more than the five are ever counted.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_tries_at_once_count_as_five() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let code = forgot(lyceum, ADA).await;
        let guess = |number: u8| reset(ADA, &wrong(&code, number.into())).from(number);
        for answer in lyceum.send_all((0..4).map(guess)).await {
            assert_eq!(answer.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        }
        assert_eq!(tries(lyceum).await, 4, "none of the four is lost");
        for answer in lyceum.send_all((0..100).map(guess)).await {
            assert_eq!(answer.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        }
        assert_eq!(tries(lyceum).await, 5);
        let answer = lyceum.send(reset(ADA, &code)).await;
        assert_eq!(answer.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        lyceum.log_in("ada", PASSWORD).await.ok();
    })
    .await;
}

/// Bar 39: of many tries with the right code at the same moment one succeeds.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_right_tries_at_once_one_succeeds() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let code = forgot(lyceum, ADA).await;
        let answers = lyceum.send_all((0..20).map(|number| reset(ADA, &code).from(number))).await;
        let successes = answers.iter().filter(|answer| answer.user_errors("resetPassword").is_empty()).count();
        assert_eq!(successes, 1);
    })
    .await;
}

/// Bar 39: asking for another mail gives no new tries of the old code, whether that mail is sent or withheld.
#[tokio::test]
async fn asking_again_gives_no_new_tries() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let code = forgot(lyceum, ADA).await;
        for number in 0..5 {
            lyceum.send(reset(ADA, &wrong(&code, number))).await;
        }
        for n in 0..3 {
            lyceum.send(Call::new(FORGOT, json!({ "email": ADA })).from(n)).await.ok();
            let answer = lyceum.send(reset(ADA, &code).from(n)).await;
            assert_eq!(answer.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        }
        lyceum.advance(Duration::from_mins(2));
        let newer = forgot(lyceum, ADA).await;
        assert_ne!(newer, code);
        assert_eq!(lyceum.send(reset(ADA, &code)).await.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        lyceum.send(reset(ADA, &newer)).await.ok();
    })
    .await;
}

/// Bar 39: nor does another sign-up with the same address give the code of the first one new tries.
#[tokio::test]
async fn another_signup_gives_no_new_tries() {
    on_each_engine(async |lyceum| {
        lyceum.sign_up_as("ada", ADA, PASSWORD).await.ok();
        let code = lyceum.code_for(ADA).await;
        for number in 0..5 {
            lyceum.send(verify(ADA, &wrong(&code, number))).await;
        }
        lyceum.sign_up_as("eve", ADA, NEW).await.ok();
        assert_eq!(lyceum.send(verify(ADA, &code)).await.user_errors("verifyEmail"), ["TOKEN_INVALID"]);
        assert_eq!(lyceum.database.number("SELECT COUNT(*) FROM users").await, 0);
    })
    .await;
}

/// Bar 40: the code of one flow is of no use in the other, nor is the code of one account with the other's address.
#[tokio::test]
async fn a_code_is_bound_to_its_flow_and_its_address() {
    with_settings(&[("EMAIL_VERIFICATION", "optional")], async |lyceum| {
        lyceum.sign_up("ada").await.ok();
        let of_verification = lyceum.code_for(ADA).await;
        lyceum.sign_up("bob").await.ok();
        let of_reset = forgot(lyceum, ADA).await;
        let of_bob = forgot(lyceum, "bob@example.com").await;
        for foreign in [&of_verification, &of_bob] {
            let answer = lyceum.send(reset(ADA, foreign)).await;
            assert_eq!(answer.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        }
        assert_eq!(
            lyceum.send(reset("bob@example.com", &of_reset)).await.user_errors("resetPassword"),
            ["TOKEN_INVALID"]
        );
        assert_eq!(lyceum.send(verify(ADA, &of_reset)).await.user_errors("verifyEmail"), ["TOKEN_INVALID"]);
        lyceum.send(verify(ADA, &of_verification)).await.ok();
        lyceum.send(reset(ADA, &of_reset)).await.ok();
        lyceum.send(reset("bob@example.com", &of_bob)).await.ok();
    })
    .await;
}

/// Bar 39: what is kept of a code is not the code, nor its plain digest: both rows and files hold neither.
#[tokio::test]
async fn a_code_is_stored_under_a_key() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let code = forgot(lyceum, ADA).await;
        let newest = "SELECT code_digest FROM one_time_tokens WHERE purpose = 'reset-password' AND used_at IS NULL";
        let stored = lyceum.database.text(newest).await;
        assert_eq!(stored.len(), 64);
        assert!(!stored.contains(&code));
        assert_ne!(stored, lyceum::core::crypto::digest_of(&code));
    })
    .await;
}
