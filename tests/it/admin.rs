//! `lyceum admin …`: what who runs the server does with accounts, seen from the accounts. The real binary works on the
//! database that the app under test has open.

use std::time::Duration;

use lyceum::core::{
    Error,
    accounts::{UserId, recovery},
    sessions,
    viewer::Viewer,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::*;

/// Runs `lyceum admin …` and gives what it prints.
async fn admin(lyceum: &Lyceum, arguments: &[&str]) -> String {
    let finished = lyceum.command(&[&["admin"], arguments].concat()).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    finished.stdout
}

/// The same where it is refused: what it says on standard error.
async fn refused(lyceum: &Lyceum, arguments: &[&str]) -> String {
    let finished = lyceum.command(&[&["admin"], arguments].concat()).await;
    assert_eq!((finished.code, &*finished.stdout), (Some(1), ""), "{finished:?}");
    let told = finished.stderr.lines().find_map(|line| line.strip_prefix("lyceum: "));
    told.unwrap_or_else(|| panic!("{finished:?}")).to_owned()
}

async fn role_of(lyceum: &Lyceum, person: &Person) -> String {
    lyceum.run_as(&person.token, ME, json!({})).await.ok().str_at("me.role").to_owned()
}

#[tokio::test]
async fn a_role_is_set_by_username_or_address_and_felt_on_the_next_request() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        assert_eq!(admin(lyceum, &["role", "ADA", "moderator"]).await, "ada is a moderator\n");
        assert_eq!(role_of(lyceum, &ada).await, "MODERATOR");
        assert_eq!(admin(lyceum, &["role", "Ada@Example.com", "admin"]).await, "ada is an administrator\n");
        assert_eq!(role_of(lyceum, &ada).await, "ADMIN");
        lyceum.person_with_role("rose", "ADMIN").await;
        assert_eq!(admin(lyceum, &["role", "ada", "user"]).await, "ada is a user\n");
        assert_eq!(role_of(lyceum, &ada).await, "USER");
    })
    .await;
}

/// Bar 59: the command line cannot take the last administrator either.
#[tokio::test]
async fn the_last_administrator_stays_one_whoever_runs_the_server() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        lyceum.person("ada").await;
        for arguments in [&["role", "rose", "user"][..], &["role", "rose", "moderator"], &["suspend", "rose"]] {
            assert_eq!(refused(lyceum, arguments).await, "There has to be one administrator at least.");
        }
        assert_eq!(role_of(lyceum, &rose).await, "ADMIN");
        admin(lyceum, &["role", "ada", "admin"]).await;
        admin(lyceum, &["suspend", "rose"]).await;
        assert_eq!(refused(lyceum, &["role", "ada", "user"]).await, "There has to be one administrator at least.");
    })
    .await;
}

/// Bar 27: a suspension from the command line ends every session on the next request.
#[tokio::test]
async fn a_suspension_ends_sessions_and_tells_its_reason_until_it_is_lifted() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let told =
            admin(lyceum, &["suspend", "ada", "--until", "2100-01-31T10:00:00+01:00", "--reason", "Spam."]).await;
        assert_eq!(told, "ada is suspended until 2100-01-31 09:00 UTC, and every session has ended\n");
        assert_eq!(lyceum.run_as(&ada.token, ME, json!({})).await.reason(), "REVOKED");
        let answer = lyceum.log_in("ada", PASSWORD).await;
        assert_eq!(answer.user_errors("login"), ["ACCOUNT_SUSPENDED"]);
        let message = answer.str_at("login.userErrors.0.message");
        assert!(message.ends_with("until 2100-01-31 09:00 UTC. The reason: Spam."), "{message}");

        assert_eq!(admin(lyceum, &["reinstate", "ada@example.com"]).await, "ada is not suspended\n");
        lyceum.log_in("ada", PASSWORD).await.ok();

        let told = admin(lyceum, &["suspend", "ada", "--for", "12h"]).await;
        assert!(told.starts_with("ada is suspended until 20"), "{told}");
        assert_eq!(lyceum.log_in("ada", PASSWORD).await.user_errors("login"), ["ACCOUNT_SUSPENDED"]);
        let told = admin(lyceum, &["suspend", "ada"]).await;
        assert_eq!(told, "ada is suspended, and every session has ended\n");
        lyceum.advance(Duration::from_hours(24 * 365 * 200));
        assert_eq!(lyceum.log_in("ada", PASSWORD).await.user_errors("login"), ["ACCOUNT_SUSPENDED"]);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_done_is_told_in_words_and_changes_nothing() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        for command in
            [&["role", "bea", "admin"][..], &["suspend", "bea"], &["reinstate", "bea"], &["reset-password", "bea"]]
        {
            assert_eq!(refused(lyceum, command).await, "there is no account \"bea\"");
        }
        assert_eq!(refused(lyceum, &["suspend", "b@example.com"]).await, "there is no account \"b@example.com\"");
        let past = refused(lyceum, &["suspend", "ada", "--until", "2020-01-01T00:00:00Z"]).await;
        assert_eq!(past, "until: Choose a moment that is yet to come.");
        assert!(refused(lyceum, &["suspend", "ada", "--reason", &"x".repeat(501)]).await.starts_with("reason: "));
        for usage in [
            &["role", "ada", "root"][..],
            &["suspend", "ada", "--until", "tomorrow"],
            &["suspend", "ada", "--for", "a week"],
            &["suspend", "ada", "--for", "1d", "--until", "2100-01-01T00:00:00Z"],
            &["reset-password"],
        ] {
            let finished = lyceum.command(&[&["admin"], usage].concat()).await;
            assert_eq!((finished.code, &*finished.stdout), (Some(2), ""), "{finished:?}");
        }
        assert_eq!(role_of(lyceum, &ada).await, "USER");
    })
    .await;
}

/// Bars 12, 37 and 41: a link, never a password; it works once, ends every session then and not before, and kills the
/// link of an earlier mail. Nothing is mailed but the word that the password was changed.
#[tokio::test]
async fn a_reset_link_works_once_and_nothing_changes_until_then() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        lyceum.run(FORGOT, json!({ "email": ada.email })).await.ok();
        let mailed = lyceum.token_for(&ada.email).await;
        let mails = lyceum.mails().await.len();

        let finished = lyceum.command(&["admin", "reset-password", "ada"]).await;
        assert_eq!(finished.code, Some(0), "{finished:?}");
        assert!(finished.stderr.contains("The sessions of ada go on until it is used"), "{finished:?}");
        assert!(finished.stderr.contains("Nothing was mailed."), "{finished:?}");
        let link = finished.stdout.trim_end();
        assert!(link.starts_with(&format!("{BASE}/reset-password?token=")) && !link.contains('\n'), "{link}");
        assert_eq!(lyceum.mails().await.len(), mails);
        assert_eq!(role_of(lyceum, &ada).await, "USER");
        lyceum.log_in("ada", PASSWORD).await.ok();

        let reset = async |token: &str| {
            lyceum.run(RESET, json!({ "token": token, "password": "copper lantern drifts north" })).await
        };
        assert_eq!(reset(&mailed).await.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        reset(&token_in(link)).await.ok();
        assert_eq!(lyceum.run_as(&ada.token, ME, json!({})).await.reason(), "REVOKED");
        assert_eq!(lyceum.log_in("ada", PASSWORD).await.user_errors("login"), ["INVALID_CREDENTIALS"]);
        lyceum.log_in("ada", "copper lantern drifts north").await.ok();
        assert_eq!(reset(&token_in(link)).await.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        assert!(lyceum.mail_to(&ada.email).await.content.subject.to_lowercase().contains("changed"));
    })
    .await;
}

async fn user_id(lyceum: &Lyceum, username: &str) -> UserId {
    let answer = lyceum.run(&format!("{{ userByUsername(username: \"{username}\") {{ id }} }}"), json!({})).await.ok();
    UserId(local_id(answer.str_at("userByUsername.id")))
}

/// Bar 37: the link lives as long as a mailed one. Bar 41: it proves no address, since no mail has reached anybody.
#[tokio::test]
async fn a_reset_link_expires_and_proves_no_address() {
    with_settings(&[("EMAIL_VERIFICATION", "optional"), ("ACCOUNT_DISCLOSURE", "friendly")], async |lyceum| {
        lyceum.sign_up("ada").await.ok();
        let ada = user_id(lyceum, "ada").await;
        let link = async || recovery::reset_link(&lyceum.app.core, &Viewer::Operator, ada).await.unwrap().link;
        let reset = async |link: &str| {
            lyceum.run(RESET, json!({ "token": token_in(link), "password": "copper lantern drifts north" })).await
        };
        let late = link().await;
        lyceum.advance(Duration::from_mins(30));
        assert_eq!(reset(&late).await.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        let (older, newer) = (link().await, link().await);
        assert_eq!(reset(&older).await.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        lyceum.advance(Duration::from_mins(29));
        reset(&newer).await.ok();

        let answer = lyceum.log_in("ada", "copper lantern drifts north").await.ok();
        let me = lyceum.run_as(answer.str_at("login.accessToken"), ME, json!({})).await.ok();
        assert_eq!(me.at("me.emailVerified"), &json!(false));
    })
    .await;
}

/// An administrator could become anybody with it.
#[tokio::test]
async fn a_reset_link_is_for_nobody_but_who_runs_the_server() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        let ada = user_id(lyceum, "rose").await;
        for viewer in [Viewer::Anonymous, sessions::authenticate(&lyceum.app.core, &rose.token).await.unwrap()] {
            let refused = recovery::reset_link(&lyceum.app.core, &viewer, ada).await;
            assert!(matches!(refused, Err(Error::Forbidden)));
        }
        assert_eq!(lyceum.database.count("one_time_tokens WHERE purpose = 'reset-password'").await, 0);
    })
    .await;
}

/// Where each column begins in the heading, and what a line has there.
fn columns<'l>(heading: &str, line: &'l str) -> Vec<&'l str> {
    let names = ["USERNAME", "ROLE", "STATE", "CREATED", "LAST LOGIN", "EMAIL"];
    let starts: Vec<usize> = names.iter().map(|name| heading.find(name).unwrap()).collect();
    let ends = starts.iter().skip(1).copied().chain([line.len()]);
    starts.iter().zip(ends).map(|(start, end)| line[*start..end].trim_end()).collect()
}

#[tokio::test]
async fn the_list_shows_administrators_and_moderators_in_columns() {
    on_each_engine(async |lyceum| {
        for (name, role) in [("mira", "MODERATOR"), ("ada", "USER"), ("rose", "ADMIN"), ("milo", "MODERATOR")] {
            lyceum.person_with_role(name, role).await;
            lyceum.advance(Duration::from_secs(1));
        }
        admin(lyceum, &["suspend", "milo"]).await;
        let listed = admin(lyceum, &["list"]).await;
        let lines: Vec<&str> = listed.lines().collect();
        let rows: Vec<Vec<&str>> = lines[1..].iter().map(|line| columns(lines[0], line)).collect();
        let day = "2026-01-01";
        assert_eq!(
            rows,
            [
                ["rose", "admin", "active", day, day, "rose@example.com"],
                ["mira", "moderator", "active", day, day, "mira@example.com"],
                ["milo", "moderator", "suspended", day, day, "milo@example.com"],
            ]
        );
        let longest = "z_23456789_123456789_123456789_2";
        lyceum.verified(longest).await;
        let listed = admin(lyceum, &["list", "--all"]).await;
        let last = columns(listed.lines().next().unwrap(), listed.lines().last().unwrap());
        assert_eq!(last[..5], [longest, "user", "active", day, "never"]);
        assert_eq!(listed.lines().count(), 6);
    })
    .await;
}

#[tokio::test]
async fn the_list_of_all_goes_through_every_page() {
    on_each_engine(async |lyceum| {
        let mut ids = Ids::new(3);
        let row = |number: usize| UserRow { id: Uuid::nil(), username: format!("user_{number:03}") };
        let rows: Vec<UserRow> = (0..250).map(|number| UserRow { id: ids.next(), ..row(number) }).collect();
        lyceum.insert_users(&rows).await;
        let expected: Vec<String> = rows.iter().map(|row| row.username.clone()).collect();

        let listed = admin(lyceum, &["list", "--all"]).await;
        let names: Vec<&str> = listed.lines().skip(1).map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(names, expected);
        let listed = admin(lyceum, &["list", "--all", "--json"]).await;
        let objects: Vec<Value> = listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(objects.iter().map(|user| user["username"].as_str().unwrap()).collect::<Vec<_>>(), expected);
        let first = json!({
            "id": global_id("User", rows[0].id), "username": "user_000", "email": "user_000@example.com",
            "firstName": "First", "lastName": "Last", "role": "USER", "emailVerified": true, "suspendedUntil": null,
            "createdAt": objects[0]["createdAt"], "lastLoginAt": null,
        });
        assert_eq!(objects[0], first);
        assert_eq!(objects[0]["createdAt"].as_str().unwrap().len(), "2026-01-01T00:00:00.000000Z".len());
        assert_eq!(admin(lyceum, &["list", "--json"]).await, "");
    })
    .await;
}
