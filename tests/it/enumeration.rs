//! What a stranger can find out about who has an account: nothing, neither from answers nor from the time that
//! they take.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::*;

const ADA: &str = "ada@example.com";
const NEW: &str = "copper lantern drifts north";
const RESEND: &str = "mutation ($email: String!) {
    resendVerificationEmail(input: {email: $email}) { userErrors { code message field } } }";

fn forgot(email: &str) -> Call {
    Call::new(FORGOT, json!({ "email": email }))
}

fn resend(email: &str) -> Call {
    Call::new(RESEND, json!({ "email": email }))
}

fn signup(username: &str, email: &str) -> Call {
    Call::new(SIGNUP, json!({ "username": username, "email": email, "password": PASSWORD }))
}

/// Bar 50: a login with an unknown name, a wrong password, an unverified address or a suspended account and a wrong
/// password: one and the same answer, by username and by address.
#[tokio::test]
async fn every_login_that_fails_looks_the_same() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        lyceum.sign_up("eve").await.ok();
        lyceum.verified("bob").await;
        let until = START.plus(Duration::from_hours(24)).0;
        lyceum.database.execute(&format!("UPDATE users SET suspended_until = {until} WHERE username = 'bob'")).await;
        let names = ["ada", ADA, "eve", "eve@example.com", "bob", "bob@example.com", "nobody", "nobody@example.com"];
        let malformed = ["", "a", "@", "not an address@", "x y z", "ada@example.com@example.com"];
        let first = lyceum.log_in("ada", "wrong").await;
        assert_eq!(first.user_errors("login"), ["INVALID_CREDENTIALS"]);
        for (n, name) in (0..).zip(names.iter().chain(&malformed)) {
            for password in ["wrong", "", "violet harbor kettle moo", &"long ".repeat(300)] {
                let answer = lyceum.send(login(name, password).from(n)).await;
                assert_eq!(answer.seen(), first.seen(), "{name}");
            }
        }
        assert_eq!(lyceum.log_in("eve", PASSWORD).await.user_errors("login"), ["EMAIL_NOT_VERIFIED"]);
        assert_eq!(lyceum.log_in("bob", PASSWORD).await.user_errors("login"), ["ACCOUNT_SUSPENDED"]);
    })
    .await;
}

/// Bar 50: the pauses after failures are the same for a name that nobody has, however an address is spelled.
#[tokio::test]
async fn the_throttle_does_not_tell_who_has_an_account() {
    on_each_engine(async |lyceum| {
        let known = "ada@bücher.example";
        lyceum.sign_up_as("ada", known, PASSWORD).await.ok();
        let token = lyceum.token_for("ada@xn--bcher-kva.example").await;
        lyceum.run(VERIFY, json!({ "token": token })).await.ok();
        let mut answers = Vec::new();
        for (n, local) in (1_u8..).zip(["ada", "nobody"]) {
            let spellings = ["bücher.example", "xn--bcher-kva.example", "BÜCHER.example"];
            let names = spellings.iter().cycle().take(9).map(|domain| format!("{local}@{domain}"));
            let mut seen = Vec::new();
            for name in names {
                let answer = lyceum.send(login(&name, "wrong").from(n)).await;
                seen.push((answer.code().to_owned(), answer.retry_after(), answer.seen()));
            }
            assert_eq!(seen[4].0, "");
            assert_eq!((seen[5].0.as_str(), seen[5].1), ("RATE_LIMITED", Some(1)));
            answers.push(seen);
        }
        assert_eq!(answers[0], answers[1]);
    })
    .await;
}

/// Bars 50 and 53: who signs up with a foreign address and then tries to log in with it learns nothing from that.
#[tokio::test]
async fn a_signup_is_no_probe_for_the_login() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        lyceum.send(Call::new(SIGNUP, json!({ "username": "probe1", "email": ADA, "password": NEW }))).await.ok();
        let free = json!({ "username": "probe2", "email": "nobody@example.com", "password": NEW });
        lyceum.send(Call::new(SIGNUP, free)).await.ok();
        for (taken, free) in [(ADA, "nobody@example.com"), ("probe1", "probe2")] {
            for password in [NEW, "wrong"] {
                let (of_taken, of_free) = (lyceum.log_in(taken, password).await, lyceum.log_in(free, password).await);
                assert_eq!(of_taken.seen(), of_free.seen(), "{taken}");
                let expected = if password == NEW { "EMAIL_NOT_VERIFIED" } else { "INVALID_CREDENTIALS" };
                assert_eq!(of_taken.user_errors("login"), [expected]);
            }
        }
        assert_eq!(lyceum.log_in(ADA, PASSWORD).await.ok().str_at("login.user.username"), "ada");
    })
    .await;
}

/// Bar 52: a forgotten password and the wish for another verification mail have one answer, whoever is meant.
#[tokio::test]
async fn asking_for_a_mail_always_has_the_same_answer() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        lyceum.sign_up("eve").await.ok();
        lyceum.advance(Duration::from_mins(2));
        let mails = lyceum.mails().await.len();
        for ask in [forgot, resend] {
            let first = lyceum.send(ask("nobody@example.com")).await.ok();
            for (n, email) in (0..).zip([ADA, "eve@example.com", "nobody@example.com", "ADA@EXAMPLE.COM", ADA]) {
                assert_eq!(lyceum.send(ask(email).from(n)).await.seen(), first.seen(), "{email}");
            }
        }
        let sent = lyceum.mails().await.split_off(mails);
        let mut sent: Vec<_> = sent.iter().map(|mail| (mail.to.as_str(), mail.content.subject.as_str())).collect();
        sent.sort_unstable();
        let expected =
            [(ADA, "Choose a new password for Lyceum"), ("eve@example.com", "Confirm your e-mail address for Lyceum")];
        assert_eq!(sent, expected);
    })
    .await;
}

/// Bar 53: a sign-up with a taken address has the answer of a new one; the owner gets a mail that says so, and
/// nobody gets a link. A taken username is told.
#[tokio::test]
async fn a_signup_with_a_taken_address_looks_like_any_other() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let mails = lyceum.mails().await.len();
        let taken = lyceum.send(signup("eve1", "Ada@Example.com")).await.ok();
        lyceum.advance(Duration::from_secs(1));
        let free = lyceum.send(signup("eve2", "New@Example.com")).await.ok();
        let as_if = |answer: &Answer, local: &str| {
            let (status, headers, text) = answer.seen();
            (status, headers, text.replace(local, "…"))
        };
        assert_eq!(as_if(&taken, "Ada"), as_if(&free, "New"));
        assert_eq!(taken.at("signup.user"), &json!(null));
        let sent = lyceum.mails().await.split_off(mails);
        assert_eq!(sent.len(), 2);
        assert_eq!((sent[0].to.as_str(), &*sent[0].content.subject), (ADA, "You already have an account at Lyceum"));
        assert!(!sent[0].content.text.contains("token=") && !sent[0].content.text.contains("eve1"));
        assert!(sent[1].to == "New@example.com" && sent[1].content.text.contains("token="));

        let told = |username: &str, email: &str| signup(username, email);
        for email in [ADA, "another@example.com"] {
            let answer = lyceum.send(told("ada", email)).await;
            assert_eq!(answer.user_errors("signup"), ["TAKEN username"]);
            let answer = lyceum.send(told("eve1", email)).await;
            assert_eq!(answer.user_errors("signup"), ["TAKEN username"], "waiting for its proof");
        }
        lyceum.log_in(ADA, PASSWORD).await.ok();
    })
    .await;
}

/// Bar 53: where the operator chose `friendly`, a taken address is told, and the two queries answer.
#[tokio::test]
async fn friendly_disclosure_tells_a_taken_address() {
    with_settings(&[("ACCOUNT_DISCLOSURE", "friendly")], async |lyceum| {
        lyceum.verified("ada").await;
        assert_eq!(lyceum.send(signup("eve", "ADA@example.com")).await.user_errors("signup"), ["TAKEN email"]);
        let query =
            "{ taken: emailAvailable(email: \"ada@example.com\") free: emailAvailable(email: \"b@example.com\") }";
        let answer = lyceum.run(query, json!({})).await.ok();
        assert_eq!(answer.body["data"], json!({ "taken": false, "free": true }));
    })
    .await;
}

/// Bar 54: nothing that a stranger or another user can ask shows an address: the query for free addresses is
/// forbidden alike for all, a user's address is its own, and no error names one.
#[tokio::test]
async fn no_answer_shows_a_foreign_address() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let bob = lyceum.person("bob").await;
        let available = |email: &str| format!("{{ emailAvailable(email: \"{email}\") }}");
        let taken = lyceum.run(&available(ADA), json!({})).await;
        assert_eq!(taken.code(), "FORBIDDEN");
        assert_eq!(lyceum.run(&available("nobody@example.com"), json!({})).await.seen(), taken.seen());
        let as_bob = lyceum.run_as(&bob.token, &available(ADA), json!({})).await;
        assert_eq!(as_bob.seen(), taken.seen());

        let answers = [
            lyceum.run_as(&bob.token, ME, json!({})).await,
            lyceum.run(ME, json!({})).await,
            lyceum.run("{ usernameAvailable(username: \"ada\") }", json!({})).await,
            lyceum.send(signup("ada", "free@example.com")).await,
            lyceum.log_in("ada", "wrong").await,
            lyceum.run(VERIFY, json!({ "token": "t" })).await,
            lyceum.run(RESET, json!({ "token": "t", "password": NEW })).await,
        ];
        for answer in &answers {
            assert!(!answer.text().contains(ADA), "{}", answer.body);
        }
        assert_eq!(answers[0].str_at("me.email"), bob.email);
        assert_eq!(answers[1].at("me"), &json!(null));
    })
    .await;
}

/// The middle of the times of both kinds, asked in turns so that what disturbs one disturbs the other.
async fn medians(
    lyceum: &Lyceum,
    times: usize,
    one: impl Fn(usize) -> Call,
    other: impl Fn(usize) -> Call,
) -> [f64; 2] {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for number in 0..times {
        let turns: [(&mut Vec<f64>, Call); 2] = [(&mut ones, one(number)), (&mut others, other(number))];
        let in_turns: Vec<_> = if number % 2 == 0 { turns.into() } else { turns.into_iter().rev().collect() };
        for (durations, call) in in_turns {
            let started = Instant::now();
            lyceum.send(call).await;
            durations.push(started.elapsed().as_secs_f64() * 1000.0);
        }
    }
    [median(ones), median(others)]
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Measures up to three times, for a busy machine can spoil one; what really differs differs each time.
async fn assert_alike(measure: impl AsyncFn(usize) -> [f64; 2], alike: impl Fn(f64, f64) -> bool) {
    let mut seen = Vec::new();
    for round in 0..3 {
        let [known, unknown] = measure(round).await;
        eprintln!("medians: known {known:.2} ms, unknown {unknown:.2} ms");
        if alike(known, unknown) {
            return;
        }
        seen.push((known, unknown));
    }
    panic!("medians differ: {seen:?}");
}

fn within_a_tenth(known: f64, unknown: f64) -> bool {
    (known - unknown).abs() < 0.1 * known.max(unknown)
}

const WITH_REAL_HASHES: &[(&str, &str)] = &[("RATE_LIMITS", "off"), ("BCRYPT_COST", "10")];

/// Bar 51: a login takes as long for a name that nobody has as for one with a wrong password: 200 tries in turns,
/// whose medians differ by less than a tenth.
#[tokio::test]
async fn a_login_takes_as_long_for_an_unknown_name() {
    let lyceum = Lyceum::start(Engine::Sqlite, WITH_REAL_HASHES).await;
    lyceum.verified("ada").await;
    for (known, unknown) in [("ada", "nobody"), (ADA, "nobody@example.com")] {
        let measure =
            async |_| medians(&lyceum, 50, |_| login(known, "wrong horse"), |_| login(unknown, "wrong horse")).await;
        assert_alike(measure, within_a_tenth).await;
    }
    lyceum.stop().await;
}

/// Bar 53: a sign-up takes as long with a taken address as with a new one: the hash is computed anyway.
#[tokio::test]
async fn a_signup_takes_as_long_with_a_taken_address() {
    let lyceum = Lyceum::start(Engine::Sqlite, WITH_REAL_HASHES).await;
    lyceum.verified("ada").await;
    let measure = async |round| {
        let taken = |n| signup(&format!("one_{round}_{n}"), ADA);
        let free = |n| signup(&format!("two_{round}_{n}"), &format!("user{round}.{n}@example.com"));
        medians(&lyceum, 25, taken, free).await
    };
    assert_alike(measure, within_a_tenth).await;
    lyceum.stop().await;
}

/// Bar 52: asking for a mail takes as long for an address without an account: medians less than five milliseconds
/// apart, for mails are written down and sent later.
#[tokio::test]
async fn asking_for_a_mail_takes_as_long_for_an_unknown_address() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        lyceum.verified("ada").await;
        lyceum.sign_up("eve").await.ok();
        for (ask, known) in [(forgot as fn(&str) -> Call, ADA), (resend, "eve@example.com")] {
            let measure = async |_| medians(lyceum, 40, |_| ask(known), |_| ask("nobody@example.com")).await;
            assert_alike(measure, |known, unknown| (known - unknown).abs() < 5.0).await;
        }
    })
    .await;
}
