//! Another username: which may be had, by whom, and what follows it. What may be had holds for sign-ups too.

use serde_json::{Value, json};

use crate::harness::*;

const NAME: &str = "changeUsername";

fn change(token: &str, username: &str) -> Call {
    mutation(token, NAME, &json!({ "username": username }))
}

async fn available(lyceum: &Lyceum, username: &str) -> bool {
    let query = "query ($name: String!) { usernameAvailable(username: $name) }";
    lyceum.run(query, json!({ "name": username })).await.ok().at("usernameAvailable") == &json!(true)
}

/// The name is another one everywhere, in searches too; logins, posts and sessions follow it, and the one before is free.
#[tokio::test]
async fn everything_follows_the_new_name() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let edith = lyceum.person_with_role("edith", "ADMIN").await;
        lyceum.write_post(&ada, "Hers", "PUBLISHED").await;
        let answer = lyceum.send(change(&ada.token, "Countess")).await.ok();
        assert_eq!(answer.at("changeUsername.user.id"), &json!(ada.id));
        assert_eq!(answer.at("changeUsername.user.username"), "Countess");

        lyceum.log_in("countess", PASSWORD).await.ok();
        assert_eq!(lyceum.log_in("ada", PASSWORD).await.user_errors("login"), ["INVALID_CREDENTIALS"]);
        assert_eq!(lyceum.run_as(&ada.token, ME, json!({})).await.ok().at("me.username"), "Countess");
        let query = "{ posts { nodes { author { username } } } old: userByUsername(username: \"ada\") { id }
            new: userByUsername(username: \"COUNTESS\") { id } }";
        let answer = lyceum.run(query, json!({})).await.ok();
        assert_eq!(answer.at("posts.nodes.0.author.username"), "Countess");
        assert_eq!((answer.at("old"), answer.at("new.id")), (&Value::Null, &json!(ada.id)));
        let search = "query ($words: String!) { users(filter: {search: $words}) { nodes { username } } }";
        let found = async |words: &str| {
            let answer = lyceum.ask(&edith.token, search, json!({ "words": words })).await.ok();
            answer.at("users.nodes").as_array().map(Vec::len)
        };
        assert_eq!((found("countess lovelace").await, found("ada_no_more").await), (Some(1), Some(0)));
        assert_eq!(lyceum.database.count("signups").await, 0);
        assert!(available(lyceum, "ada").await);
        lyceum.sign_up_as("ada", "other@example.com", PASSWORD).await.ok();
    })
    .await;
}

/// Bar 86: one's own name may change its case, even one that nobody could choose any more.
#[tokio::test]
async fn the_case_of_ones_own_name_is_free() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        for name in ["ADA", "Ada", "Ada"] {
            let answer = lyceum.send(change(&ada.token, name)).await.ok();
            assert_eq!(answer.at("changeUsername.user.username"), name);
        }
        lyceum.database.execute("UPDATE users SET username = 'admin', username_key = 'admin'").await;
        lyceum.send(change(&ada.token, "Admin")).await.ok();
        assert_eq!(lyceum.send(change(&ada.token, "Adm1n")).await.user_errors(NAME), ["RESERVED username"]);
    })
    .await;
}

/// Bar 86: what sign-up refuses is refused here: malformed, reserved, look-alikes of reserved names, taken by a user, or
/// by a sign-up that waits; nothing changes.
#[tokio::test]
async fn what_nobody_could_sign_up_with_is_refused() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        lyceum.person("bob").await;
        lyceum.sign_up("cleo").await.ok();
        let before = contents(lyceum).await;
        for (name, fault) in [
            ("", "REQUIRED username"),
            ("ad", "TOO_SHORT username"),
            (&"a".repeat(33), "TOO_LONG username"),
            ("ada lovelace", "INVALID username"),
            ("\u{430}dmin", "INVALID username"),
            ("ad\u{200b}a2", "INVALID username"),
            ("moderator", "RESERVED username"),
            ("R00T", "RESERVED username"),
            ("a_d_m_i_n", "RESERVED username"),
            ("BOB", "TAKEN username"),
            ("Cleo", "TAKEN username"),
        ] {
            let answer = lyceum.send(change(&ada.token, name)).await;
            assert_eq!(answer.user_errors(NAME), [fault], "{name}");
            assert_eq!(answer.at("changeUsername.user"), &Value::Null);
        }
        let answer = lyceum.send(change(NOBODY, "countess")).await;
        assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", "MISSING"));
        assert_eq!(contents(lyceum).await, before);
    })
    .await;
}

/// Bar 86: a name that could be taken for that of a moderator or an administrator is refused, here, at sign-up and in the
/// live check; those of others may be alike, and who looks after the site may have a name like the own one.
#[tokio::test]
async fn nobody_passes_for_who_looks_after_the_site() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let martin = lyceum.person_with_role("martin_0", "MODERATOR").await;
        lyceum.person_with_role("wilma5", "ADMIN").await;
        lyceum.person("olaf_1").await;
        for like in ["rnartin_0", "martino", "mart1n0", "MARTIN_O", "vvilmas", "w1lma_5", "Wi_1ma5"] {
            assert_eq!(lyceum.send(change(&ada.token, like)).await.user_errors(NAME), ["RESERVED username"], "{like}");
            let answer = lyceum.sign_up_as(like, "new@example.com", PASSWORD).await;
            assert_eq!(answer.user_errors("signup"), ["RESERVED username"], "{like}");
            assert!(!available(lyceum, like).await, "{like}");
        }
        for theirs in ["Martin_0", "WILMA5"] {
            assert_eq!(lyceum.send(change(&ada.token, theirs)).await.user_errors(NAME), ["TAKEN username"]);
        }
        for free in ["olaf_l", "marten_0", "wilma", "wilma6"] {
            assert!(available(lyceum, free).await, "{free}");
            lyceum.send(change(&ada.token, free)).await.ok();
        }
        lyceum.send(change(&martin.token, "martino")).await.ok();
        // Who has lost the role is one of many, and administrators give any name.
        lyceum.set_role("martino", "USER").await;
        lyceum.send(change(&ada.token, "martin_o")).await.ok();
        let edith = lyceum.person_with_role("edith", "ADMIN").await;
        let input = json!({ "id": ada.id, "username": "wi1ma5" });
        lyceum.mutate(&edith.token, "updateUser", input).await.ok();
    })
    .await;
}

/// Sixty in a minute from one address, counted with the live checks of names.
#[tokio::test]
async fn tries_are_limited() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        for _ in 0..30 {
            available(lyceum, "countess").await;
            assert_eq!(lyceum.send(change(&ada.token, "root")).await.user_errors(NAME), ["RESERVED username"]);
        }
        let answer = lyceum.send(change(&ada.token, "countess")).await;
        assert_eq!((answer.code(), answer.retry_after()), ("RATE_LIMITED", Some(1)));
    })
    .await;
}

/// Bar 89: of people who change to one name at the same moment, and of those who sign up with it, one has it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_people_who_want_one_name_at_once_one_has_it() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let mut people = Vec::new();
        for number in 0..4 {
            people.push(lyceum.person(&format!("person_{number}")).await);
        }
        for round in 0..10 {
            let name = format!("wanted_{round}");
            let mut calls: Vec<Call> = people.iter().map(|person| change(&person.token, &name)).collect();
            for number in 0..4 {
                let form = json!({ "username": name, "email": format!("r{round}n{number}@example.com"), "password": PASSWORD });
                calls.push(Call::new(SIGNUP, form));
            }
            let answers = lyceum.together(calls).await;
            let (changes, signups) = answers.split_at(4);
            let outcomes: Vec<String> = changes
                .iter()
                .map(|answer| answer.outcome(NAME))
                .chain(signups.iter().map(|answer| answer.outcome("signup")))
                .collect();
            let (won, lost): (Vec<_>, Vec<_>) = outcomes.iter().partition(|outcome| *outcome == "ok");
            assert_eq!(won.len(), 1, "{outcomes:?}");
            assert!(lost.iter().all(|outcome| *outcome == "TAKEN username"), "{outcomes:?}");
            let held = format!("SELECT (SELECT count(*) FROM users WHERE username_key = '{name}')
                + (SELECT count(*) FROM signups WHERE username_key = '{name}')");
            assert_eq!(lyceum.database.number(&held).await, 1);
        }
    })
    .await;
}
