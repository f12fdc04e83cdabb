//! Sign-up: usernames, every fault of a form at once, and the live check of names. What the settings of disclosure
//! and verification make of it is told in `signup_modes.rs`.

use std::time::Duration;

use serde_json::json;

use crate::harness::*;

const FORM: &str = "mutation ($input: SignupInput!) {
    signup(input: $input) { email user { id username email emailVerified role } userErrors { code message field } } }";
const OFF: (&str, &str) = ("RATE_LIMITS", "off");
const FRIENDLY: (&str, &str) = ("ACCOUNT_DISCLOSURE", "friendly");
const OPTIONAL: (&str, &str) = ("EMAIL_VERIFICATION", "optional");

async fn signup_errors(lyceum: &Lyceum, username: &str) -> Vec<String> {
    lyceum.sign_up_as(username, "ada@example.com", PASSWORD).await.user_errors("signup")
}

async fn username_available(lyceum: &Lyceum, username: &str) -> bool {
    let query = "query ($username: String!) { usernameAvailable(username: $username) }";
    let answer = lyceum.run(query, json!({ "username": username })).await.ok();
    answer.at("usernameAvailable").as_bool().unwrap()
}

async fn email_available(lyceum: &Lyceum, email: &str) -> Answer {
    lyceum.run("query ($email: String!) { emailAvailable(email: $email) }", json!({ "email": email })).await
}

async fn wrote_no_signup(lyceum: &Lyceum) {
    for table in ["users", "signups", "one_time_tokens", "outbox"] {
        assert_eq!(lyceum.database.count(table).await, 0, "{table}");
    }
}

/// Bar 86: 3 to 32 letters, digits and underscores; another length or character is told at the field.
#[tokio::test]
async fn a_username_has_3_to_32_letters_digits_and_underscores() {
    with_settings(&[OFF], async |lyceum| {
        assert_eq!(signup_errors(lyceum, "").await, ["REQUIRED username"]);
        assert_eq!(signup_errors(lyceum, "ab").await, ["TOO_SHORT username"]);
        assert_eq!(signup_errors(lyceum, &"a".repeat(33)).await, ["TOO_LONG username"]);
        let foreign = "\u{430}dmin|ann\u{200B}lee|\u{202E}nimda|\u{2066}ann|annа|ann-lee|ann.lee|ann\0lee|ann\u{E9}|\
            \u{FF41}nn|\u{212A}elvin|stra\u{DF}e|d\u{131}na|\u{17F}am|ann lee| annlee|annlee |annlee\n|a\u{301}bc|\
            {{7*7}}|a';DROP TABLE users|%a%|ada@example.com|\u{663}\u{664}\u{665}|\u{5D0}nn";
        for username in foreign.split('|') {
            assert_eq!(signup_errors(lyceum, username).await, ["INVALID username"], "{username:?}");
            assert!(!username_available(lyceum, username).await, "{username:?}");
        }
        wrote_no_signup(lyceum).await;

        for (number, username) in ["abc", "Ann_93", &"z".repeat(32), "12345"].iter().enumerate() {
            lyceum.sign_up_as(username, &format!("ada{number}@example.com"), PASSWORD).await.ok();
        }
        assert_eq!(lyceum.database.count("signups").await, 4);
    })
    .await;
}

/// Bar 86: names that others would trust are kept, in any case, with underscores and in digits that look alike.
#[tokio::test]
async fn a_reserved_username_is_refused() {
    with_settings(&[OFF], async |lyceum| {
        let reserved = "admin Admin ADMIN _admin_ a_d_m_i_n adm1n 4dmin root r00t support supp0rt api me_ moderator \
            lyceum postmaster null graphql";
        for username in reserved.split_whitespace() {
            assert_eq!(signup_errors(lyceum, username).await, ["RESERVED username"], "{username}");
            assert!(!username_available(lyceum, username).await, "{username}");
        }
        wrote_no_signup(lyceum).await;
    })
    .await;
}

/// Bar 86: a username is unique whatever its case, while its first sign-up waits and after it is proved; it is shown
/// as it was typed.
#[tokio::test]
async fn a_username_is_taken_in_every_case() {
    on_each_engine(async |lyceum| {
        lyceum.sign_up_as("Ann_Lee", "ann@example.com", PASSWORD).await.ok();
        for username in ["ann_lee", "ANN_LEE", "Ann_Lee"] {
            assert_eq!(signup_errors(lyceum, username).await, ["TAKEN username"], "{username}, waiting");
        }
        let token = lyceum.token_for("ann@example.com").await;
        let answer = lyceum.run(VERIFY, json!({ "token": token })).await.ok();
        assert_eq!(answer.str_at("verifyEmail.user.username"), "Ann_Lee");
        for username in ["ann_lee", "ANN_LEE", "Ann_Lee"] {
            assert_eq!(signup_errors(lyceum, username).await, ["TAKEN username"], "{username}, proved");
            lyceum.log_in(username, PASSWORD).await.ok();
        }
        assert_eq!((lyceum.database.count("users").await, lyceum.database.count("signups").await), (1, 0));
    })
    .await;
}

/// Bar 43: a sign-up that nobody proved holds its username for a day and no longer.
#[tokio::test]
async fn a_username_is_free_again_when_its_signup_expires() {
    with_settings(&[OFF], async |lyceum| {
        lyceum.sign_up_as("ann_lee", "ann@example.com", PASSWORD).await.ok();
        let token = lyceum.token_for("ann@example.com").await;
        assert!(!username_available(lyceum, "Ann_Lee").await);
        lyceum.advance(Duration::from_hours(24));
        assert!(username_available(lyceum, "Ann_Lee").await);
        lyceum.sign_up_as("ann_lee", "other@example.com", PASSWORD).await.ok();
        let answer = lyceum.run(VERIFY, json!({ "token": token })).await;
        assert_eq!(answer.user_errors("verifyEmail"), ["TOKEN_INVALID"]);
        let token = lyceum.token_for("other@example.com").await;
        let answer = lyceum.run(VERIFY, json!({ "token": token })).await.ok();
        assert_eq!(answer.str_at("verifyEmail.user.username"), "ann_lee");
    })
    .await;
}

/// Bar 53: a form hears of all its faults at once, each at its field, a taken name among them; nothing is written.
#[tokio::test]
async fn every_fault_of_a_signup_is_told_at_once() {
    with_settings(&[OFF, FRIENDLY], async |lyceum| {
        let form = json!({ "username": "a", "email": "a@", "password": "short", "firstName": " ", "lastName": "<b>" });
        let answer = lyceum.run(FORM, json!({ "input": form })).await;
        let all =
            ["TOO_SHORT username", "INVALID email", "TOO_SHORT password", "REQUIRED firstName", "INVALID lastName"];
        assert_eq!(answer.user_errors("signup"), all);
        assert_eq!((answer.at("signup.email"), answer.at("signup.user")), (&json!(null), &json!(null)));
        assert_eq!(answer.body.get("errors"), None);
        for error in answer.at("signup.userErrors").as_array().unwrap() {
            let message = error["message"].as_str().unwrap();
            assert!(message.ends_with('.') && !message.contains("short"), "{message}");
        }
        wrote_no_signup(lyceum).await;

        lyceum.verified("ada").await;
        let form = json!({ "username": "ADA", "email": "Ada@example.com", "password": "password1",
            "firstName": "x".repeat(65), "lastName": "" });
        let answer = lyceum.run(FORM, json!({ "input": form })).await;
        let mut told = answer.user_errors("signup");
        told.sort();
        let all =
            ["PASSWORD_TOO_WEAK password", "REQUIRED lastName", "TAKEN email", "TAKEN username", "TOO_LONG firstName"];
        assert_eq!(told, all);
        assert_eq!(lyceum.database.count("signups").await, 0);
    })
    .await;
}

/// Bar 58: role, id, moment and proof are no fields of a sign-up, in variables and in the document; nothing is
/// written.
#[tokio::test]
async fn a_signup_with_fields_that_are_not_its_own_is_refused() {
    with_settings(&[OFF, OPTIONAL], async |lyceum| {
        let extra = [
            ("role", json!("ADMIN")),
            ("id", json!("1")),
            ("createdAt", json!("2020-01-01T00:00:00Z")),
            ("isVerified", json!(true)),
            ("emailVerified", json!(true)),
            ("emailVerifiedAt", json!("2020-01-01T00:00:00Z")),
            ("passwordHash", json!("$2b$04$x")),
        ];
        for (name, value) in extra {
            let mut form = json!({ "username": "ada", "email": "ada@example.com", "password": PASSWORD,
                "firstName": "Ada", "lastName": "Lovelace" });
            form[name] = value.clone();
            let answer = lyceum.run(FORM, json!({ "input": form })).await;
            assert_eq!((answer.status.as_u16(), answer.body.get("data")), (400, None), "{name}: {}", answer.body);
            assert!(["GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"].contains(&answer.code()), "{}", answer.body);

            let document = SIGNUP.replace("username: $username", &format!("{name}: {value}, username: $username"));
            let variables = json!({ "username": "ada", "email": "ada@example.com", "password": PASSWORD });
            let answer = lyceum.run(&document, variables).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (400, "GRAPHQL_VALIDATION_FAILED"), "{}", answer.body);
            assert!(!answer.text().contains(PASSWORD), "{}", answer.body);
        }
        wrote_no_signup(lyceum).await;
    })
    .await;
}

/// Bar 58: whoever signs up is a plain user.
#[tokio::test]
async fn a_new_account_is_a_plain_user() {
    with_settings(&[FRIENDLY, OPTIONAL], async |lyceum| {
        let form = json!({ "username": "ada", "email": "ada@example.com", "password": PASSWORD,
            "firstName": "Ada", "lastName": "Lovelace" });
        let answer = lyceum.run(FORM, json!({ "input": form })).await.ok();
        assert_eq!(answer.str_at("signup.user.role"), "USER");
        assert_eq!(lyceum.database.text("SELECT role FROM users").await, "USER");
    })
    .await;
}

/// Bar 86: `usernameAvailable` knows users, sign-ups that wait, and the reserved names, and is limited by address.
#[tokio::test]
async fn the_live_check_of_a_username_answers_and_is_limited() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        lyceum.sign_up("bea").await.ok();
        for (username, free) in [("cleo", true), ("ada", false), ("ADA", false), ("Bea", false), ("admin", false)] {
            assert_eq!(username_available(lyceum, username).await, free, "{username}");
        }
        let query = "{ usernameAvailable(username: \"cleo\") }";
        for _ in 0..60 {
            lyceum.send(Call::new(query, json!({})).from(7)).await.ok();
        }
        let answer = lyceum.send(Call::new(query, json!({})).from(7)).await;
        assert_eq!(answer.code(), "RATE_LIMITED");
        assert_eq!(answer.body.get("data"), Some(&json!(null)), "{}", answer.body);
        lyceum.send(Call::new(query, json!({})).from(8)).await.ok();
    })
    .await;
}

/// Bar 53: under strict disclosure nobody learns by `emailAvailable` who has an account.
#[tokio::test]
async fn the_live_check_of_an_address_is_forbidden_under_strict_disclosure() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let taken = email_available(lyceum, "ada@example.com").await;
        let free = email_available(lyceum, "bea@example.com").await;
        let broken = email_available(lyceum, "a@b\n").await;
        assert_eq!(taken.code(), "FORBIDDEN");
        assert_eq!((&taken.body, taken.status), (&free.body, free.status));
        assert_eq!((&taken.body, taken.status), (&broken.body, broken.status));
    })
    .await;
}

/// Under friendly disclosure it answers, whatever the spelling; an address that only waits for its proof is free.
#[tokio::test]
async fn the_live_check_of_an_address_answers_under_friendly_disclosure() {
    with_settings(&[FRIENDLY], async |lyceum| {
        lyceum.verified("ada").await;
        lyceum.sign_up("bea").await.ok();
        let spellings = [
            ("ada@example.com", false),
            ("ADA@EXAMPLE.COM", false),
            ("bea@example.com", true),
            ("cleo@example.com", true),
            ("no address", false),
            ("a@b.c\nBcc:x@y", false),
        ];
        for (email, free) in spellings {
            let answer = email_available(lyceum, email).await.ok();
            assert_eq!(answer.at("emailAvailable"), &json!(free), "{email:?}");
        }
    })
    .await;
}
