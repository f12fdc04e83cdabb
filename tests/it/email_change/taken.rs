//! An address that somebody has, from the start or meanwhile; and several who want the same thing at the same moment.

use super::*;

const BOB: &str = "bob@example.com";

/// Bars 44 and 53: strict, a taken address gets the answer of a free one, and waits as it would; its owner is told by
/// mail and gets no link, the old address its notice as always. Nothing can be confirmed.
#[tokio::test]
async fn a_strict_server_does_not_tell_that_an_address_is_taken() {
    on_each_engine(async |lyceum| {
        let (ada, cleo) = (lyceum.person("ada").await, lyceum.person("cleo").await);
        lyceum.person("bob").await;
        let mails = lyceum.mails().await.len();
        let (free, free_statements) = lyceum.counted(change(&cleo.token, "bib@example.com")).await;
        let (taken, taken_statements) = lyceum.counted(change(&ada.token, BOB)).await;
        let body = taken.ok().text().replace(BOB, "bib@example.com");
        assert_eq!((body, taken_statements), (free.ok().text(), free_statements));
        assert_eq!(state(lyceum, &ada).await, json!([ADA, true, BOB]));

        let sent = lyceum.mails().await.split_off(mails);
        let to = |address: &str| {
            let subjects = sent.iter().filter(|mail| mail.to == address).map(|mail| mail.content.subject.as_str());
            subjects.collect::<Vec<_>>()
        };
        assert_eq!(to(BOB), ["You already have an account at Lyceum"]);
        assert_eq!(to(ADA), ["Your e-mail address at Lyceum is to be changed"]);
        assert_eq!(sent.len(), 4);
        let of_bob = sent.iter().find(|mail| mail.to == BOB).unwrap();
        assert!(!of_bob.content.text.contains("token=") && !of_bob.content.text.contains("ada"));
        // And the old address stops it like any other.
        lyceum.send(cancel(&lyceum.token_for(ADA).await)).await.ok();
        assert_eq!(state(lyceum, &ada).await, json!([ADA, true, null]));
    })
    .await;
}

/// Bar 44: friendly, it is told, and nothing is written.
#[tokio::test]
async fn a_friendly_server_tells_that_an_address_is_taken() {
    with_settings(&[("ACCOUNT_DISCLOSURE", "friendly")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        lyceum.person("bob").await;
        let (before, mails) = (contents_beside_notes(lyceum).await, lyceum.mails().await.len());
        let answer = lyceum.send(change(&ada.token, "BOB@example.com")).await;
        assert_eq!(answer.user_errors("changeEmail"), ["TAKEN newEmail"]);
        let input = json!({ "newEmail": BOB, "currentPassword": "not this one" });
        let answer = lyceum.mutate(&ada.token, "changeEmail", input).await;
        assert_eq!(answer.user_errors("changeEmail"), ["TAKEN newEmail", "INVALID_CREDENTIALS currentPassword"]);
        assert_eq!(contents_beside_notes(lyceum).await, before);
        assert_eq!(lyceum.mails().await.len(), mails);
    })
    .await;
}

/// Bar 44: taken meanwhile, the new address is refused when it confirms, and the old one when it undoes; nothing is
/// written, and once the address is free the same link works.
#[tokio::test]
async fn an_address_that_was_taken_meanwhile_is_refused() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let tokens = ask(lyceum, &ada.token, ADA, BOB).await;
        lyceum.person("bob").await;
        let before = contents(lyceum).await;
        let answer = lyceum.send(confirm(&tokens.confirm)).await;
        assert_eq!(answer.user_errors("confirmEmailChange"), ["TAKEN"]);
        assert_eq!(answer.at("confirmEmailChange.user"), &Value::Null);
        assert_eq!(contents(lyceum).await, before);
        lyceum.database.execute("UPDATE users SET email_key = 'gone@example.com' WHERE username = 'bob'").await;
        lyceum.send(confirm(&tokens.confirm)).await.ok();

        lyceum.database.execute(&format!("UPDATE users SET email_key = '{ADA}' WHERE username = 'bob'")).await;
        let before = contents(lyceum).await;
        let answer = lyceum.send(cancel(&tokens.cancel)).await;
        assert_eq!(answer.user_errors("cancelEmailChange"), ["TAKEN"]);
        assert_eq!(answer.at("cancelEmailChange.email"), &Value::Null);
        assert_eq!(contents(lyceum).await, before);
        lyceum.run_as(&ada.token, ME, json!({})).await.ok();
        lyceum.database.execute("UPDATE users SET email_key = 'gone@example.com' WHERE username = 'bob'").await;
        lyceum.send(cancel(&tokens.cancel)).await.ok();
    })
    .await;
}

/// Bar 43: whoever waits to prove an address that its owner has confirmed waits in vain, and the username is free again.
#[tokio::test]
async fn signups_that_wait_for_a_confirmed_address_are_gone() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        lyceum.sign_up_as("rival", NEW, PASSWORD).await.ok();
        let of_rival = lyceum.token_for(NEW).await;
        let tokens = ask(lyceum, &ada.token, ADA, NEW).await;
        lyceum.send(confirm(&tokens.confirm)).await.ok();
        assert_eq!(lyceum.database.count("signups").await, 0);
        let answer = lyceum.run(VERIFY, json!({ "token": of_rival })).await;
        assert_eq!(answer.user_errors("verifyEmail"), ["TOKEN_INVALID"]);
        lyceum.sign_up("rival").await.ok();
    })
    .await;
}

/// Of ten confirmations with one token at the same moment one succeeds.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_ten_confirmations_at_once_one_succeeds() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let tokens = ask(lyceum, &ada.token, ADA, NEW).await;
        let answers = lyceum.together((0..10).map(|n| confirm(&tokens.confirm).from(n)).collect()).await;
        let mut outcomes: Vec<String> = answers.iter().map(|answer| answer.outcome("confirmEmailChange")).collect();
        outcomes.sort();
        let (invalid, ok) = outcomes.split_at(9);
        assert_eq!(ok, ["ok"]);
        assert!(invalid.iter().all(|outcome| outcome == "TOKEN_INVALID"), "{invalid:?}");
        assert_eq!(state(lyceum, &ada).await, json!([NEW, true, null]));
    })
    .await;
}

/// Of people who confirm the same address at the same moment, and of those who prove it for a sign-up, one gets it; the
/// others hear that it is taken, or that their link is no good any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_people_who_confirm_one_address_at_once_one_gets_it() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        for round in 0..8 {
            let new = format!("wanted{round}@example.org");
            let mut calls = Vec::new();
            for number in 0..3 {
                let name = format!("person_{round}_{number}");
                let person = lyceum.person(&name).await;
                calls.push(confirm(&ask(lyceum, &person.token, &person.email, &new).await.confirm));
            }
            lyceum.mails().await;
            lyceum.sign_up_as(&format!("rival_{round}"), &new, PASSWORD).await.ok();
            calls.push(Call::new(VERIFY, json!({ "token": lyceum.token_for(&new).await })));
            let answers = lyceum.together(calls).await;
            let mut outcomes: Vec<String> =
                answers[..3].iter().map(|answer| answer.outcome("confirmEmailChange")).collect();
            let rival = answers[3].outcome("verifyEmail");
            assert!(["ok", "TOKEN_INVALID"].contains(&&*rival), "{rival}");
            assert!(outcomes.iter().all(|outcome| ["ok", "TAKEN"].contains(&&**outcome)), "{outcomes:?}");
            outcomes.push(rival);
            assert_eq!(outcomes.iter().filter(|outcome| *outcome == "ok").count(), 1, "{outcomes:?}");
            let owners = format!("SELECT count(*) FROM users WHERE email_key = '{new}'");
            assert_eq!(lyceum.database.number(&owners).await, 1);
            assert_eq!(lyceum.database.count("signups").await, 0);
        }
    })
    .await;
}

/// The old address has the last word, whether it comes before the new one's confirmation, after it, or at that moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cancellation_that_meets_the_confirmation_wins() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let (mut before, mut after) = (0, 0);
        for round in 0..12 {
            let ada = lyceum.person(&format!("ada_{round}")).await;
            let tokens = ask(lyceum, &ada.token, &ada.email, &format!("new{round}@example.org")).await;
            let calls = vec![confirm(&tokens.confirm), cancel(&tokens.cancel), change(&ada.token, "third@example.org")];
            let answers = lyceum.together(calls).await;
            let confirmed = answers[0].outcome("confirmEmailChange");
            assert!(["ok", "TOKEN_INVALID"].contains(&&*confirmed), "{confirmed}");
            // A new wish replaces one that waits, and its link with it; one that was confirmed stays.
            let cancelled = answers[1].outcome("cancelEmailChange");
            let replaced = cancelled == "TOKEN_INVALID" && confirmed == "TOKEN_INVALID";
            assert!(cancelled == "ok" || replaced, "{confirmed} {cancelled}");
            let wished = answers[2].outcome("changeEmail");
            assert!(["ok", "UNAUTHENTICATED"].contains(&&*wished), "{wished}");
            let old = format!("SELECT count(*) FROM users WHERE email_key = '{}'", ada.email);
            assert_eq!(lyceum.database.number(&old).await, 1);
            *(if confirmed == "ok" { &mut after } else { &mut before }) += 1;
        }
        println!("{before} cancellations came before the confirmation, {after} after it");
    })
    .await;
}
