//! Many people who want the same thing at the same moment: each request in a task of its own, on real threads, all
//! let go together. One of them gets it, and the others hear why not.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::json;
use tokio::sync::Barrier;

use crate::harness::*;

const STRICT: (&str, &str) = ("ACCOUNT_DISCLOSURE", "strict");
const FRIENDLY: (&str, &str) = ("ACCOUNT_DISCLOSURE", "friendly");
const REQUIRED: (&str, &str) = ("EMAIL_VERIFICATION", "required");
const OPTIONAL: (&str, &str) = ("EMAIL_VERIFICATION", "optional");

/// Sends all calls at the same moment, each from an address of its own: limits count by it.
async fn at_once(lyceum: &Lyceum, calls: Vec<Call>) -> Vec<Answer> {
    let start = Arc::new(Barrier::new(calls.len()));
    let tasks = (1_u8..).zip(calls).map(|(number, call)| {
        let app = lyceum.app.clone();
        let start = Arc::clone(&start);
        tokio::spawn(async move {
            let request = call.from(number).into_request();
            start.wait().await;
            send(&app, request).await
        })
    });
    let mut answers = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        answers.push(task.await.unwrap());
    }
    answers
}

/// The tokens of all verification mails to this address.
async fn tokens_for(lyceum: &Lyceum, email: &str) -> Vec<String> {
    let mails = lyceum.mails().await.into_iter().filter(|mail| mail.to == email);
    mails.filter(|mail| mail.content.text.contains("token=")).map(|mail| token_in(&mail.content.text)).collect()
}

fn signup(username: &str, email: &str) -> Call {
    Call::new(SIGNUP, json!({ "username": username, "email": email, "password": PASSWORD }))
}

fn verify(token: &str) -> Call {
    Call::new(VERIFY, json!({ "token": token }))
}

/// How often each outcome came: `ok`, user errors, or the code of a top-level error.
fn outcomes(mutation: &str, answers: &[Answer]) -> BTreeMap<String, usize> {
    let mut outcomes = BTreeMap::new();
    for answer in answers {
        assert_eq!(answer.status, 200, "{}", answer.body);
        let outcome = match answer.code() {
            "" => answer.user_errors(mutation).join(", "),
            code => format!("{code}: {}", answer.body),
        };
        let outcome = if outcome.is_empty() { "ok".to_owned() } else { outcome };
        *outcomes.entry(outcome).or_default() += 1;
    }
    outcomes
}

fn counted<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<String, usize> {
    expected.into_iter().map(|(outcome, times)| (outcome.to_owned(), times)).collect()
}

/// `ada` with this number's bits for the case of its letters, and the same for `lovelace` behind it.
fn cased(number: usize) -> String {
    let cased = |(at, letter): (usize, char)| if number >> at & 1 == 1 { letter.to_ascii_uppercase() } else { letter };
    "adalovelace".chars().enumerate().map(cased).collect()
}

fn one_email() -> Vec<Call> {
    (0..50).map(|number| signup(&format!("ada_{number}"), &format!("{}@example.com", cased(number)))).collect()
}

fn one_username() -> Vec<Call> {
    (0..50).map(|number| signup(&cased(number), &format!("ada{number}@example.com"))).collect()
}

/// Bar 89: of fifty sign-ups with one username in different case one gets it; the others hear that it is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_signups_with_one_username_one_gets_it() {
    for (disclosure, verification) in
        [(STRICT, REQUIRED), (FRIENDLY, REQUIRED), (STRICT, OPTIONAL), (FRIENDLY, OPTIONAL)]
    {
        with_settings(&[disclosure, verification], async |lyceum| {
            let answers = at_once(lyceum, one_username()).await;
            assert_eq!(outcomes("signup", &answers), counted([("ok", 1), ("TAKEN username", 49)]));
            let holders = (lyceum.database.count("users").await, lyceum.database.count("signups").await);
            assert_eq!(holders, if verification == REQUIRED { (0, 1) } else { (1, 0) });
            assert_eq!((lyceum.database.count("one_time_tokens").await, lyceum.database.count("outbox").await), (1, 1));
        })
        .await;
    }
}

/// Bar 89: of fifty sign-ups with one address all hear the same under strict disclosure. Where proof is required
/// they wait for it, and of the mails that went out one makes the user.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_signups_with_one_address_one_proof_makes_the_user() {
    for disclosure in [STRICT, FRIENDLY] {
        with_settings(&[disclosure, REQUIRED], async |lyceum| {
            let answers = at_once(lyceum, one_email()).await;
            assert_eq!(outcomes("signup", &answers), counted([("ok", 50)]));
            assert_eq!((lyceum.database.count("users").await, lyceum.database.count("signups").await), (0, 50));
            let mails = lyceum.mails().await;
            assert_eq!(mails.len(), 3, "an address gets three mails in an hour");

            let tokens = mails.iter().map(|mail| verify(&token_in(&mail.content.text))).collect();
            let answers = at_once(lyceum, tokens).await;
            assert_eq!(outcomes("verifyEmail", &answers), counted([("ok", 1), ("TOKEN_INVALID", 2)]));
            assert_eq!((lyceum.database.count("users").await, lyceum.database.count("signups").await), (1, 0));
        })
        .await;
    }
}

/// Bar 89: where proof is optional one of fifty sign-ups with one address makes the user. Strict, the others get the
/// same answer and the owner is told by mail; friendly, they hear that it is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_signups_with_one_address_one_makes_the_user_without_proof() {
    for disclosure in [STRICT, FRIENDLY] {
        with_settings(&[disclosure, OPTIONAL], async |lyceum| {
            let answers = at_once(lyceum, one_email()).await;
            let expected = match disclosure {
                STRICT => counted([("ok", 50)]),
                _ => counted([("ok", 1), ("TAKEN email", 49)]),
            };
            assert_eq!(outcomes("signup", &answers), expected);
            assert_eq!(lyceum.database.count("users").await, 1);
            let mails = lyceum.mails().await;
            assert_eq!(mails.iter().filter(|mail| mail.content.text.contains("token=")).count(), 1);
            assert_eq!(mails.len(), if disclosure == STRICT { 3 } else { 1 });
        })
        .await;
    }
}

/// Bar 89: fifty times the very same form, as a button that is pressed again and again sends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_equal_signups_one_waits_for_its_proof() {
    on_each_engine(async |lyceum| {
        let answers = at_once(lyceum, (0..50).map(|_| signup("ada", "ada@example.com")).collect()).await;
        assert_eq!(outcomes("signup", &answers), counted([("ok", 1), ("TAKEN username", 49)]));
        let answer = lyceum.send(verify(&lyceum.token_for("ada@example.com").await)).await.ok();
        assert_eq!(answer.str_at("verifyEmail.user.username"), "ada");
        assert_eq!((lyceum.database.count("users").await, lyceum.database.count("signups").await), (1, 0));
    })
    .await;
}

/// Bar 89: a token that twenty show at the same moment makes one user.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_proofs_with_one_token_one_makes_the_user() {
    on_each_engine(async |lyceum| {
        for username in ["ada", "bea", "cleo"] {
            lyceum.sign_up(username).await.ok();
            let token = lyceum.token_for(&email_of(username)).await;
            let answers = at_once(lyceum, (0..20).map(|_| verify(&token)).collect()).await;
            assert_eq!(outcomes("verifyEmail", &answers), counted([("ok", 1), ("TOKEN_INVALID", 19)]));
            lyceum.advance(std::time::Duration::from_mins(2));
        }
        assert_eq!((lyceum.database.count("users").await, lyceum.database.count("signups").await), (3, 0));
        lyceum.log_in("bea", PASSWORD).await.ok();
    })
    .await;
}

/// Bar 89: of twenty who signed up with one address and prove it at the same moment one becomes the user, with their
/// own name and password, and no trace of the others stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_rivals_who_prove_one_address_one_becomes_the_user() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let email = "ada@example.com";
        for number in 0..20 {
            let password = format!("copper lantern drifts {number}");
            lyceum.sign_up_as(&format!("ada_{number}"), email, &password).await.ok();
        }
        let calls = tokens_for(lyceum, email).await.iter().map(|token| verify(token)).collect::<Vec<_>>();
        assert_eq!(calls.len(), 20);
        let answers = at_once(lyceum, calls).await;
        assert_eq!(outcomes("verifyEmail", &answers), counted([("ok", 1), ("TOKEN_INVALID", 19)]));

        let winner = answers.iter().find(|answer| answer.user_errors("verifyEmail").is_empty()).unwrap();
        let username = winner.str_at("verifyEmail.user.username").to_owned();
        assert_eq!((lyceum.database.count("users").await, lyceum.database.count("signups").await), (1, 0));
        assert_eq!(lyceum.database.text("SELECT username FROM users").await, username);
        for number in 0..20 {
            let answer = lyceum.log_in(email, &format!("copper lantern drifts {number}")).await;
            let expected: &[&str] = if username == format!("ada_{number}") { &[] } else { &["INVALID_CREDENTIALS"] };
            assert_eq!(answer.user_errors("login"), expected);
        }
    })
    .await;
}

/// Bar 89: while an address is proved, others sign up with it and with the username: there is one user still.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_proof_among_signups_for_the_same_names_makes_one_user() {
    on_each_engine(async |lyceum| {
        lyceum.sign_up("ada").await.ok();
        let mut calls = vec![verify(&lyceum.token_for("ada@example.com").await)];
        calls.extend((0..20).map(|number| signup(&format!("ada_{number}"), "ADA@example.com")));
        calls.extend((0..20).map(|number| signup("ADA", &format!("ada{number}@example.com"))));
        let mut answers = at_once(lyceum, calls).await;
        let same_name = answers.split_off(21);
        let same_address = answers.split_off(1);
        assert_eq!(outcomes("verifyEmail", &answers), counted([("ok", 1)]));
        assert_eq!(outcomes("signup", &same_address), counted([("ok", 20)]));
        assert_eq!(outcomes("signup", &same_name), counted([("TAKEN username", 20)]));
        assert_eq!(lyceum.database.count("users").await, 1);
        lyceum.log_in("ada@example.com", PASSWORD).await.ok();

        // Whoever signed up while the proof was under way holds a token for an address that has its owner now.
        lyceum.advance(std::time::Duration::from_mins(2));
        let late = tokens_for(lyceum, "ada@example.com").await;
        let answers = at_once(lyceum, late.iter().map(|token| verify(token)).collect()).await;
        let told = outcomes("verifyEmail", &answers);
        assert!(told.keys().all(|outcome| outcome == "TOKEN_INVALID"), "{told:?}");
        assert_eq!(lyceum.database.count("users").await, 1);
    })
    .await;
}
