//! What `ACCOUNT_DISCLOSURE` and `EMAIL_VERIFICATION` make of a sign-up: who is told of a taken address, and when
//! there is an account.

use std::time::Duration;

use serde_json::json;

use crate::harness::*;

const OFF: (&str, &str) = ("RATE_LIMITS", "off");
const STRICT: (&str, &str) = ("ACCOUNT_DISCLOSURE", "strict");
const FRIENDLY: (&str, &str) = ("ACCOUNT_DISCLOSURE", "friendly");
const REQUIRED: (&str, &str) = ("EMAIL_VERIFICATION", "required");
const OPTIONAL: (&str, &str) = ("EMAIL_VERIFICATION", "optional");
const TAKEN_SUBJECT: &str = "You already have an account at Lyceum";

async fn holders_of(lyceum: &Lyceum, email: &str) -> (i64, i64) {
    let count = async |table: &str| {
        let query = format!("SELECT count(*) FROM {table} WHERE email_key = '{email}'");
        lyceum.database.number(&query).await
    };
    (count("users").await, count("signups").await)
}

/// An answer but for its address, which each caller typed.
async fn answer_to(lyceum: &Lyceum, username: &str, email: &str) -> String {
    let answer = lyceum.sign_up_as(username, email, PASSWORD).await.ok();
    assert_eq!(answer.str_at("signup.email"), email);
    answer.text().replace(email, "")
}

/// Bar 53: under strict disclosure a taken address gets the answer of a new one; its owner gets a mail, and the
/// account stays as it is.
#[tokio::test]
async fn strict_disclosure_answers_a_taken_address_like_a_new_one() {
    with_settings(&[OFF, STRICT, REQUIRED], async |lyceum| {
        let person = lyceum.person("ada").await;
        let new = answer_to(lyceum, "bea", "bea@example.com").await;
        let taken = answer_to(lyceum, "cleo", "ada@example.com").await;
        assert_eq!(new, taken);
        assert!(new.contains(r#""user":null"#), "{new}");

        let mail = lyceum.mail_to("ada@example.com").await;
        assert_eq!(mail.content.subject, TAKEN_SUBJECT);
        assert!(!mail.content.text.contains("token=") && !mail.content.text.contains("cleo"), "{}", mail.content.text);
        assert_eq!(holders_of(lyceum, "ada@example.com").await, (1, 1));
        lyceum.run_as(&person.token, ME, json!({})).await.ok();
        lyceum.log_in("ada", PASSWORD).await.ok();
    })
    .await;
}

/// Bars 50 and 53: a login with what was just signed up says the same for a new address and for a taken one, by
/// either of its two names and however often; else two requests would tell who has an account.
#[tokio::test]
async fn a_login_after_the_signup_does_not_tell_a_taken_address_from_a_new_one() {
    with_settings(&[STRICT, REQUIRED], async |lyceum| {
        lyceum.verified("ada").await;
        let other = "copper lantern drifts north";
        let mut told = Vec::new();
        for (username, email) in [("bea", "bea@example.com"), ("cleo", "ada@example.com")] {
            lyceum.sign_up_as(username, email, other).await.ok();
            let mut answers = Vec::new();
            for (identifier, password) in [(username, other), (email, other), (email, "tundra velvet acorns")] {
                for _ in 0..3 {
                    answers.push(lyceum.log_in(identifier, password).await.body);
                }
            }
            assert_eq!(answers[0]["data"]["login"]["userErrors"][0]["code"], "EMAIL_NOT_VERIFIED");
            assert_eq!(answers[6]["data"]["login"]["userErrors"][0]["code"], "INVALID_CREDENTIALS");
            assert_eq!(answers[8]["errors"][0]["extensions"]["code"], "RATE_LIMITED");
            told.push(answers);
        }
        assert_eq!(told[0], told[1]);
        lyceum.advance(Duration::from_mins(20));
        lyceum.log_in("ada@example.com", PASSWORD).await.ok();
    })
    .await;
}

/// Bar 43: a sign-up on somebody's address is no way to try passwords on the account uncounted.
#[tokio::test]
async fn guesses_behind_a_signup_of_ones_own_are_counted() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let other = "copper lantern drifts north";
        lyceum.sign_up_as("cleo", "ada@example.com", other).await.ok();
        for _ in 0..5 {
            let answer = lyceum.log_in("ada@example.com", other).await;
            assert_eq!(answer.user_errors("login"), ["EMAIL_NOT_VERIFIED"]);
        }
        assert_eq!(lyceum.log_in("ada@example.com", PASSWORD).await.code(), "RATE_LIMITED");
        lyceum.advance(Duration::from_secs(1));
        lyceum.log_in("ada@example.com", PASSWORD).await.ok();
    })
    .await;
}

/// Bar 53, its other setting: under friendly disclosure a taken address is told at its field; nothing is written
/// and nobody gets a mail.
#[tokio::test]
async fn friendly_disclosure_tells_a_taken_address() {
    for verification in [REQUIRED, OPTIONAL] {
        with_settings(&[OFF, FRIENDLY, verification], async |lyceum| {
            lyceum.verified("ada").await;
            let before = lyceum.mails().await.len();
            for email in ["ada@example.com", "ADA@Example.com"] {
                let answer = lyceum.sign_up_as("bea", email, PASSWORD).await;
                assert_eq!(answer.user_errors("signup"), ["TAKEN email"]);
                assert_eq!((answer.at("signup.email"), answer.at("signup.user")), (&json!(null), &json!(null)));
            }
            assert_eq!(holders_of(lyceum, "ada@example.com").await, (1, 0));
            assert_eq!(lyceum.mails().await.len(), before);
            let answer = lyceum.sign_up_as("ada", "ada@example.com", PASSWORD).await;
            assert_eq!(answer.user_errors("signup"), ["TAKEN username", "TAKEN email"]);
        })
        .await;
    }
}

/// Bar 43: where proof is required, friendly disclosure makes no account before it, and an address that nobody
/// proved is nobody's: of two who signed up with it, the one who proves it has it.
#[tokio::test]
async fn an_unproved_address_is_open_to_its_owner_under_friendly_disclosure() {
    with_settings(&[OFF, FRIENDLY, REQUIRED], async |lyceum| {
        let answer = lyceum.sign_up_as("squatter", "ada@example.com", "copper lantern drifts north").await.ok();
        assert_eq!(answer.at("signup.user"), &json!(null));
        let squatted = lyceum.token_for("ada@example.com").await;
        lyceum.advance(Duration::from_secs(1));
        lyceum.sign_up_as("ada", "ada@example.com", PASSWORD).await.ok();
        assert_eq!(holders_of(lyceum, "ada@example.com").await, (0, 2));

        let token = lyceum.token_for("ada@example.com").await;
        let answer = lyceum.run(VERIFY, json!({ "token": token })).await.ok();
        assert_eq!(answer.str_at("verifyEmail.user.username"), "ada");
        assert_eq!(holders_of(lyceum, "ada@example.com").await, (1, 0));
        let answer = lyceum.run(VERIFY, json!({ "token": squatted })).await;
        assert_eq!(answer.user_errors("verifyEmail"), ["TOKEN_INVALID"]);
        let answer = lyceum.log_in("ada@example.com", "copper lantern drifts north").await;
        assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"]);
        lyceum.log_in("ada@example.com", PASSWORD).await.ok();
    })
    .await;
}

/// Where proof is optional there is an account at once; its address counts as proved when the link was followed.
/// Under friendly disclosure the answer has the user.
#[tokio::test]
async fn optional_verification_makes_the_account_at_once() {
    for disclosure in [STRICT, FRIENDLY] {
        with_settings(&[OFF, disclosure, OPTIONAL], async |lyceum| {
            let answer = lyceum.sign_up("ada").await.ok();
            match disclosure {
                FRIENDLY => assert_eq!(answer.str_at("signup.user.email"), "ada@example.com"),
                _ => assert_eq!(answer.at("signup.user"), &json!(null)),
            }
            assert_eq!(holders_of(lyceum, "ada@example.com").await, (1, 0));
            let token = lyceum.log_in("ada", PASSWORD).await.ok().str_at("login.accessToken").to_owned();
            let me = lyceum.run_as(&token, ME, json!({})).await.ok();
            assert_eq!(me.at("me.emailVerified"), &json!(false));

            let proof = lyceum.token_for("ada@example.com").await;
            let answer = lyceum.run(VERIFY, json!({ "token": proof })).await.ok();
            assert_eq!(answer.at("verifyEmail.user.emailVerified"), &json!(true));
            let me = lyceum.run_as(&token, ME, json!({})).await.ok();
            assert_eq!(me.at("me.emailVerified"), &json!(true));
            assert_eq!(lyceum.sign_up("ada").await.user_errors("signup")[0], "TAKEN username");
        })
        .await;
    }
}

/// Where no proof is required and a taken address is told, a sign-up signs in as well.
#[tokio::test]
async fn a_signup_signs_in_where_nothing_has_to_be_hidden_or_proved() {
    const SIGNUP_AND_IN: &str = "mutation { signup(input: {username: \"ada\", email: \"ada@example.com\",
        password: \"violet harbor kettle moon\", firstName: \"Ada\", lastName: \"Lovelace\"}) {
        accessToken refreshToken session { current } user { username } userErrors { code } } }";
    with_settings(&[OFF, FRIENDLY, OPTIONAL], async |lyceum| {
        let answer = lyceum.run(SIGNUP_AND_IN, json!({})).await.ok();
        assert_eq!(answer.at("signup.session.current"), &json!(true));
        let me = lyceum.run_as(answer.str_at("signup.accessToken"), ME, json!({})).await.ok();
        assert_eq!(me.str_at("me.username"), "ada");
        lyceum.run(REFRESH, json!({ "token": answer.str_at("signup.refreshToken") })).await.ok();
    })
    .await;
    with_settings(&[OFF, STRICT, OPTIONAL], async |lyceum| {
        let answer = lyceum.run(SIGNUP_AND_IN, json!({})).await.ok();
        assert_eq!((answer.at("signup.accessToken"), answer.at("signup.session")), (&json!(null), &json!(null)));
    })
    .await;
}

/// Bar 23: it signs in by cookie where that is asked for, as a login does: the handle is new whatever came with the
/// request, and the session has its name.
#[tokio::test]
async fn a_signup_signs_in_by_cookie_as_a_login_does() {
    with_settings(&[OFF, FRIENDLY, OPTIONAL], async |lyceum| {
        let sign_up = |username: &str| bare_cookie_signup(username).header("x-requested-with", "lyceum");
        let chosen = format!("lyceum={}", "A".repeat(43));
        let answer = lyceum.send(sign_up("ada").header("cookie", &chosen)).await.ok();
        assert_eq!((answer.at("signup.accessToken"), answer.at("signup.refreshToken")), (&json!(null), &json!(null)));
        assert_eq!(answer.str_at("signup.session.deviceName"), "kitchen");
        let ada = cookie_of(&answer);
        assert_ne!(ada, chosen);
        let me = lyceum.send(Call::new(ME, json!({})).cookie(&ada)).await.ok();
        assert_eq!(me.str_at("me.username"), "ada");
        // Who was signed in there before is so no more.
        let bob = cookie_of(&lyceum.send(sign_up("bob").header("cookie", &ada)).await.ok());
        lyceum.send(Call::new(ME, json!({})).cookie(&ada)).await.refused(401, "UNAUTHENTICATED");
        let me = lyceum.send(Call::new(ME, json!({})).cookie(&bob)).await.ok();
        assert_eq!(me.str_at("me.username"), "bob");
    })
    .await;
    for verification in [(STRICT, OPTIONAL), (FRIENDLY, REQUIRED)] {
        with_settings(&[OFF, verification.0, verification.1], async |lyceum| {
            let answer = lyceum.send(bare_cookie_signup("ada").header("x-requested-with", "lyceum")).await.ok();
            assert_eq!((answer.at("signup.session"), answer.header("set-cookie")), (&json!(null), ""));
        })
        .await;
    }
}

/// A bad name of the device is told with the other faults, and nothing is made.
#[tokio::test]
async fn the_name_of_the_device_is_checked_before_an_account_is_made() {
    with_settings(&[OFF, FRIENDLY, OPTIONAL], async |lyceum| {
        let sign_up = async |username: &str| {
            let query = format!(
                "mutation {{ signup(input: {{username: \"{username}\", email: \"ada@example.com\",
                password: \"{PASSWORD}\", firstName: \"Ada\", lastName: \"Lovelace\",
                deviceName: \"{}\"}}) {{ email userErrors {{ code message field }} }} }}",
                "x".repeat(65)
            );
            lyceum.run(&query, json!({})).await.user_errors("signup")
        };
        assert_eq!(sign_up("ada").await, ["TOO_LONG deviceName"]);
        assert_eq!(sign_up("a").await, ["TOO_LONG deviceName", "TOO_SHORT username"]);
        assert_eq!(lyceum.database.count("users").await, 0);
    })
    .await;
}

/// Bar 53: optional proof keeps strict disclosure at sign-up: a taken address gets the same answer and its owner a
/// mail.
#[tokio::test]
async fn optional_verification_keeps_strict_answers() {
    with_settings(&[OFF, STRICT, OPTIONAL], async |lyceum| {
        lyceum.verified("ada").await;
        let new = answer_to(lyceum, "bea", "bea@example.com").await;
        let taken = answer_to(lyceum, "cleo", "ada@example.com").await;
        assert_eq!(new, taken);
        assert_eq!(lyceum.mail_to("ada@example.com").await.content.subject, TAKEN_SUBJECT);
        assert_eq!(lyceum.database.number("SELECT count(*) FROM users").await, 2);
        lyceum.log_in("ada", PASSWORD).await.ok();
    })
    .await;
}
