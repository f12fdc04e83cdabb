//! What administrators do with accounts: making, changing, suspending and deleting them. The last administrator
//! stays, whatever happens.

mod deletion;
mod last_admin;
mod suspension;

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::*;

fn account(username: &str, email: &str) -> Value {
    json!({ "username": username, "email": email, "password": PASSWORD, "firstName": "Eve", "lastName": "Adams" })
}

/// An administrator makes a user who can log in at once: the address counts as verified, and no mail goes out.
#[tokio::test]
async fn an_administrator_makes_a_user() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        let mails = lyceum.mails().await.len();
        let mut input = account("Eve_1", "Eve@EXAMPLE.com");
        input["role"] = json!("MODERATOR");
        let answer = lyceum.mutate(&rose.token, "createUser", input).await.ok();
        let made = answer.at("createUser.user");
        let shown = ["username", "email", "emailVerified", "role", "suspendedUntil"].map(|field| made[field].clone());
        let expected = [json!("Eve_1"), json!("Eve@example.com"), json!(true), json!("MODERATOR"), Value::Null];
        assert_eq!(shown, expected);
        let login = lyceum.log_in("eve@example.com", PASSWORD).await.ok();
        assert_eq!(login.at("login.user.id"), &made["id"]);
        assert_eq!(lyceum.mails().await.len(), mails);

        // A reserved name may be had from an administrator, and the role is that of a user without a word.
        let answer = lyceum.mutate(&rose.token, "createUser", account("support", "support@example.com")).await.ok();
        assert_eq!(answer.at("createUser.user.role"), "USER");
    })
    .await;
}

/// A new user's edge is the one that the list has, so that a client can put it there without asking again.
#[tokio::test]
async fn a_new_user_comes_with_the_place_in_the_list() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        lyceum.advance(Duration::from_mins(1));
        let document = "mutation ($input: CreateUserInput!) { createUser(input: $input) {
            userEdge { cursor node { id username } } userErrors { code } } }";
        let input = json!({ "input": account("eve", "eve@example.com") });
        let made = lyceum.ask(&rose.token, document, input).await.ok();
        let listed =
            lyceum.ask(&rose.token, "{ users { edges { cursor node { id username } } } }", json!({})).await.ok();
        assert_eq!(made.at("createUser.userEdge"), &listed.at("users.edges")[0]);
    })
    .await;
}

/// All faults of a new user are told at once, a taken name and a taken address among them, also under strict
/// disclosure: an administrator knows all addresses.
#[tokio::test]
async fn all_faults_of_a_new_user_are_told_at_once() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        lyceum.verified("ada").await;
        lyceum.sign_up("waiting").await.ok();
        let before = contents(lyceum).await;
        let cases = [
            (account("ADA", "ADA@Example.com"), vec!["TAKEN username", "TAKEN email"]),
            (account("ada", "new@example.com"), vec!["TAKEN username"]),
            (account("new", "ada@example.com"), vec!["TAKEN email"]),
            (account("Waiting", "new@example.com"), vec!["TAKEN username"]),
            (
                json!({ "username": "", "email": "x", "password": "short", "firstName": " ", "lastName": "a\u{0}" }),
                vec![
                    "REQUIRED username",
                    "INVALID email",
                    "TOO_SHORT password",
                    "REQUIRED firstName",
                    "INVALID lastName",
                ],
            ),
        ];
        for (input, faults) in cases {
            let answer = lyceum.mutate(&rose.token, "createUser", input.clone()).await;
            assert_eq!(sorted(answer.user_errors("createUser")), sorted(faults), "{input}");
            assert_eq!(answer.at("createUser.user"), &Value::Null);
        }
        assert_eq!(contents(lyceum).await, before);
    })
    .await;
}

/// Bar 89: while somebody signs up with a name, an administrator who gives it to somebody else at the same moment hears
/// that it is taken, or the sign-up does; what was held can be proved.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_name_that_somebody_signs_up_with_is_not_given_away() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        let mut people = Vec::new();
        for number in 0..2 {
            people.push(lyceum.person(&format!("person_{number}")).await);
        }
        for round in 0..10 {
            let name = format!("wanted_{round}");
            let address = format!("r{round}@example.com");
            let form = json!({ "username": name, "email": address, "password": PASSWORD });
            let mut calls = vec![Call::new(SIGNUP, form)];
            let made = account(&name.to_uppercase(), &format!("made_{round}@example.com"));
            calls.push(mutation(&rose.token, "createUser", &made));
            for person in &people {
                calls.push(mutation(&rose.token, "updateUser", &json!({ "id": person.id, "username": name })));
            }
            let answers = lyceum.together(calls).await;
            let outcomes: Vec<String> = ["signup", "createUser", "updateUser", "updateUser"]
                .into_iter()
                .zip(&answers)
                .map(|(mutation, answer)| answer.outcome(mutation))
                .collect();
            let (won, lost): (Vec<_>, Vec<_>) = outcomes.iter().partition(|outcome| *outcome == "ok");
            assert_eq!(won.len(), 1, "{outcomes:?}");
            assert!(lost.iter().all(|outcome| *outcome == "TAKEN username"), "{outcomes:?}");
            let held = format!(
                "SELECT (SELECT count(*) FROM users WHERE username_key = '{name}')
                + (SELECT count(*) FROM signups WHERE username_key = '{name}')"
            );
            assert_eq!(lyceum.database.number(&held).await, 1);
            if outcomes[0] == "ok" {
                let token = lyceum.token_for(&address).await;
                let proved = lyceum.run(VERIFY, json!({ "token": token })).await.ok();
                assert_eq!(proved.str_at("verifyEmail.user.username"), name);
            }
        }
    })
    .await;
}

/// What is absent of a change stays; an explicit null, a taken name and every other fault are told at once.
#[tokio::test]
async fn an_administrator_changes_a_user() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        let ada = lyceum.person_with_role("ada", "USER").await;
        lyceum.verified("bob").await;
        lyceum.sign_up("waiting").await.ok();
        let before = contents(lyceum).await;
        let cases = [
            (
                json!({ "username": null, "email": null, "firstName": null, "lastName": null }),
                vec!["REQUIRED username", "REQUIRED email", "REQUIRED firstName", "REQUIRED lastName"],
            ),
            (
                json!({ "username": null, "email": "x", "firstName": "" }),
                vec!["REQUIRED username", "INVALID email", "REQUIRED firstName"],
            ),
            (
                json!({ "username": "BOB", "email": "BOB@example.com", "lastName": "<b>" }),
                vec!["TAKEN username", "TAKEN email", "INVALID lastName"],
            ),
            (json!({ "username": "waiting" }), vec!["TAKEN username"]),
        ];
        for (mut input, faults) in cases {
            input["id"] = json!(ada.id);
            let answer = lyceum.mutate(&rose.token, "updateUser", input.clone()).await;
            assert_eq!(sorted(answer.user_errors("updateUser")), sorted(faults), "{input}");
            assert_eq!(answer.at("updateUser.user"), &Value::Null);
        }
        assert_eq!(contents(lyceum).await, before);

        let change = json!({ "id": ada.id, "username": "ADA", "email": "countess@example.com" });
        let answer = lyceum.mutate(&rose.token, "updateUser", change).await.ok();
        let user = answer.at("updateUser.user");
        assert_eq!((&user["username"], &user["email"]), (&json!("ADA"), &json!("countess@example.com")));
        assert_eq!((&user["firstName"], &user["lastName"]), (&json!("Ada"), &json!("Lovelace")));
        lyceum.log_in("countess@example.com", PASSWORD).await.ok();
        let old = lyceum.log_in("ada@example.com", PASSWORD).await;
        assert_eq!(old.user_errors("login"), ["INVALID_CREDENTIALS"]);
    })
    .await;
}

/// Bar 37: when an administrator gives an account another address, what was mailed to the old one opens nothing.
#[tokio::test]
async fn mails_to_an_address_that_was_replaced_open_nothing() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        let ada = lyceum.person_with_role("ada", "USER").await;
        lyceum.run(FORGOT, json!({ "email": ada.email })).await.ok();
        let token = lyceum.token_for(&ada.email).await;
        let change = json!({ "id": ada.id, "email": "countess@example.com" });
        lyceum.mutate(&rose.token, "updateUser", change).await.ok();
        let reset = json!({ "token": token, "password": "copper lantern drifts north" });
        let answer = lyceum.run(RESET, reset).await;
        assert_eq!(answer.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        lyceum.log_in("ada", PASSWORD).await.ok();
    })
    .await;
}

/// Bar 19: a role is felt on the very next request of a token that is out already, in both directions.
#[tokio::test]
async fn a_new_role_is_felt_on_the_next_request() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        let ada = lyceum.person_with_role("ada", "USER").await;
        let users = "{ users { totalCount } }";
        for (role, sees_users, sees_email) in
            [("MODERATOR", true, false), ("ADMIN", true, true), ("MODERATOR", true, false), ("USER", false, false)]
        {
            let input = json!({ "id": ada.id, "role": role });
            let answer = lyceum.mutate(&rose.token, "setUserRole", input).await.ok();
            assert_eq!(answer.at("setUserRole.user.role"), role);
            let answer = lyceum.ask(&ada.token, users, json!({})).await;
            assert_eq!(answer.code(), if sees_users { "" } else { "FORBIDDEN" }, "{role}");
            let query = "query ($id: ID!) { user(id: $id) { email } }";
            let answer = lyceum.ask(&ada.token, query, json!({ "id": rose.id })).await;
            assert_eq!(answer.at("user.email").is_string(), sees_email, "{role}");
            assert_eq!(lyceum.ask(&ada.token, ME, json!({})).await.ok().at("me.role"), role);
        }
    })
    .await;
}

/// Bar 64: a fresh database has no account, so none with a password that everybody knows.
#[tokio::test]
async fn a_fresh_database_has_no_account() {
    on_each_engine(async |lyceum| {
        for table in ["users", "signups", "sessions"] {
            assert_eq!(lyceum.database.count(table).await, 0, "{table}");
        }
        for (name, password) in [("admin", "admin"), ("root", "root"), ("lyceum", "lyceum"), ("admin", "password")] {
            let answer = lyceum.log_in(name, password).await;
            assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"]);
        }
        // Nor does the first one to come get more than the others.
        let first = lyceum.person("ada").await;
        assert_eq!(lyceum.ask(&first.token, ME, json!({})).await.ok().at("me.role"), "USER");
    })
    .await;
}

fn sorted<T: Into<String>>(faults: Vec<T>) -> Vec<String> {
    let mut faults: Vec<String> = faults.into_iter().map(Into::into).collect();
    faults.sort();
    faults
}
