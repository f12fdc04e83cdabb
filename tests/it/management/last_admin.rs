//! The last administrator who can act stays one, whoever tries what at the same moment.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::*;

/// What takes an administrator away.
fn blows(id: &str) -> [(&'static str, Value); 5] {
    [
        ("setUserRole", json!({ "id": id, "role": "USER" })),
        ("setUserRole", json!({ "id": id, "role": "MODERATOR" })),
        ("suspendUser", json!({ "id": id })),
        ("deleteUser", json!({ "id": id })),
        ("deleteUser", json!({ "id": id, "content": "DELETE" })),
    ]
}

/// Administrators who would be let in now.
async fn can_act(lyceum: &Lyceum) -> i64 {
    let now = lyceum.app.core.clock.now().0;
    let query = "SELECT count(*) FROM users WHERE role = 'ADMIN' AND (suspended_until IS NULL OR suspended_until <= ";
    lyceum.database.number(&format!("{query}{now})")).await
}

/// Bar 59: the last administrator cannot be demoted, suspended or deleted, by herself or with a suspended second one.
#[tokio::test]
async fn the_last_administrator_stays() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        lyceum.person_with_role("mona", "MODERATOR").await;
        let zoe = lyceum.person_with_role("zoe", "ADMIN").await;
        lyceum.mutate(&rose.token, "suspendUser", json!({ "id": zoe.id, "until": "2026-01-01T00:05:00Z" })).await.ok();
        let before = contents(lyceum).await;
        for (name, input) in blows(&rose.id) {
            let answer = lyceum.mutate(&rose.token, name, input.clone()).await;
            assert_eq!(answer.user_errors(name), ["LAST_ADMIN"], "{name} {input}");
            assert_eq!(answer.body.get("errors"), None);
        }
        assert_eq!(contents(lyceum).await, before);
        // What takes nothing away may be done to her.
        for (name, input) in [("setUserRole", json!({ "role": "ADMIN" })), ("updateUser", json!({ "lastName": "R" }))] {
            let mut input = input;
            input["id"] = json!(rose.id);
            lyceum.mutate(&rose.token, name, input).await.ok();
        }
        // When the other one can act again, she may go.
        lyceum.advance(Duration::from_mins(5));
        lyceum.mutate(&rose.token, "deleteUser", json!({ "id": rose.id })).await.ok();
        assert_eq!(can_act(lyceum).await, 1);
    })
    .await;
}

/// Bar 59: a suspended administrator can be taken away by the only one who can act.
#[tokio::test]
async fn a_suspended_administrator_does_not_count() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        for (number, (name, _)) in (0..).zip(blows("")) {
            let zoe = lyceum.person_with_role(&format!("zoe_{number}"), "ADMIN").await;
            lyceum.mutate(&rose.token, "suspendUser", json!({ "id": zoe.id })).await.ok();
            let (_, input) = blows(&zoe.id)[number].clone();
            lyceum.mutate(&rose.token, name, input).await.ok();
        }
        assert_eq!(can_act(lyceum).await, 1);
    })
    .await;
}

/// Bar 59: two administrators who take each other away at the same moment, a hundred times, leave one who can act.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_administrators_cannot_take_each_other_away() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let rounds = if lyceum.engine == Engine::Sqlite { 100 } else { 50 };
        let mut wins = [0, 0];
        for round in 0..rounds {
            lyceum.database.execute("UPDATE users SET role = 'USER'").await;
            let pair = [
                lyceum.person_with_role(&format!("rose_{round}"), "ADMIN").await,
                lyceum.person_with_role(&format!("zoe_{round}"), "ADMIN").await,
            ];
            assert_eq!(can_act(lyceum).await, 2);
            let (name, on_rose) = blows(&pair[0].id)[round % 5].clone();
            let (other_name, on_zoe) = blows(&pair[1].id)[(round / 5) % 5].clone();
            let calls = vec![mutation(&pair[0].token, other_name, &on_zoe), mutation(&pair[1].token, name, &on_rose)];
            let answers = lyceum.together(calls).await;
            let outcomes = [answers[0].outcome(other_name), answers[1].outcome(name)];
            let expected = ["ok", "LAST_ADMIN", "UNAUTHENTICATED", "FORBIDDEN"];
            assert!(outcomes.iter().all(|outcome| expected.contains(&&**outcome)), "{outcomes:?}");
            assert_eq!(outcomes.iter().filter(|outcome| *outcome == "ok").count(), 1, "{outcomes:?}");
            assert_eq!(can_act(lyceum).await, 1, "{name} and {other_name}: {outcomes:?}");
            wins[usize::from(outcomes[1] == "ok")] += 1;
        }
        println!("the first won {} times, the second {}", wins[0], wins[1]);
    })
    .await;
}

/// Bar 59: five who all take one another away at the same moment leave one at least.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_whole_board_cannot_abolish_itself() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        for round in 0..5 {
            let mut board = Vec::new();
            for seat in 0..5 {
                board.push(lyceum.person_with_role(&format!("seat_{round}_{seat}"), "ADMIN").await);
            }
            let (mut names, mut calls) = (Vec::new(), Vec::new());
            for (seat, admin) in board.iter().enumerate() {
                for (other, victim) in board.iter().enumerate().filter(|(other, _)| *other != seat) {
                    let (name, input) = blows(&victim.id)[(seat + other + round) % 5].clone();
                    names.push(name);
                    calls.push(mutation(&admin.token, name, &input));
                }
            }
            for (name, answer) in names.iter().zip(lyceum.together(calls).await) {
                let outcome = answer.outcome(name);
                let expected = ["ok", "LAST_ADMIN", "UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND"];
                assert!(expected.contains(&&*outcome), "{name}: {}", answer.body);
            }
            assert!(can_act(lyceum).await >= 1);
            lyceum.database.execute("UPDATE users SET role = 'USER'").await;
        }
    })
    .await;
}
