//! The end of one's own account: what it takes, what goes with it, what stays, and who hears of it. What administrators
//! do is told in `management/deletion.rs`; it is the same transaction.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::*;

const NAME: &str = "deleteAccount";
const NEW: &str = "countess@example.org";
const ADA: &str = "ada@example.com";

fn delete(token: &str, content: &str) -> Call {
    mutation(token, NAME, &json!({ "password": PASSWORD, "content": content }))
}

/// Each table that knows of ada, and which of its rows are hers.
const HERS: [(&str, &str); 8] = [
    ("users", "id = $id"),
    ("sessions", "user_id = $id"),
    ("refresh_tokens", "session_id IN (SELECT id FROM sessions WHERE user_id = $id)"),
    ("one_time_tokens", "subject = $id"),
    ("email_changes", "user_id = $id"),
    ("profiles", "user_id = $id"),
    ("avatars", "user_id = $id"),
    ("outbox", "recipient IN ('ada@example.com', 'countess@example.org') AND next_try_at IS NOT NULL"),
];

/// Columns that name a row of another table, and the table.
const REFERENCES: [(&str, &str, &str); 9] = [
    ("sessions", "user_id", "users"),
    ("refresh_tokens", "session_id", "sessions"),
    ("one_time_tokens", "subject", "users"),
    ("email_changes", "user_id", "users"),
    ("profiles", "user_id", "users"),
    ("avatars", "user_id", "users"),
    ("posts", "author_id", "users"),
    ("comments", "author_id", "users"),
    ("comments", "post_id", "posts"),
];

async fn count(lyceum: &Lyceum, table: &str, condition: &str) -> i64 {
    lyceum.database.number(&format!("SELECT count(*) FROM {table} WHERE {condition}")).await
}

async fn no_orphans(lyceum: &Lyceum) {
    for (table, column, parent) in REFERENCES {
        // A proof that was used up, or is yet to be, names a sign-up.
        let sign_up = if table == "one_time_tokens" { "AND purpose <> 'verify-email'" } else { "" };
        let orphan = format!("{column} IS NOT NULL {sign_up} AND {column} NOT IN (SELECT id FROM {parent})");
        assert_eq!(count(lyceum, table, &orphan).await, 0, "{table}.{column}");
    }
}

/// Ada with something in every table that knows of her, among it mails that have not left yet; and rose, who commented
/// on her post and has a post with a comment of hers.
async fn with_everything(lyceum: &Lyceum) -> Person {
    let rose = lyceum.person("rose").await;
    let ada = lyceum.person("ada").await;
    lyceum.send(cookie_login("ada", PASSWORD)).await.ok();
    let posts = [&ada, &rose].map(|author| lyceum.write_post(author, "Hers", "PUBLISHED"));
    for post in futures_util::future::join_all(posts).await {
        lyceum.write_comment(&ada, &post, "Ada's").await;
        lyceum.write_comment(&rose, &post, "Rose's").await;
    }
    lyceum.write_post(&ada, "A draft", "DRAFT").await;
    lyceum
        .run_as(&ada.token, "mutation { updateProfile(input: {bio: \"B\"}) { userErrors { code } } }", json!({}))
        .await
        .ok();
    let bytes = if lyceum.engine == Engine::Postgres { "'\\x00'" } else { "x'00'" };
    let columns = "user_id, name, small, medium, large, created_at";
    let picture = format!("SELECT id, 'picture', {bytes}, {bytes}, {bytes}, 0 FROM users WHERE username = 'ada'");
    lyceum.database.execute(&format!("INSERT INTO avatars ({columns}) {picture}")).await;
    lyceum.mails().await;
    lyceum.sign_up_as("rival", NEW, PASSWORD).await.ok();
    lyceum.run(FORGOT, json!({ "email": ADA })).await.ok();
    let input = json!({ "newEmail": NEW, "currentPassword": PASSWORD });
    lyceum.mutate(&ada.token, "changeEmail", input).await.ok();
    ada
}

/// Bars 27 and 63: with the account go sessions, tokens, profile, picture and the mails that have not left; its content
/// goes or stays without an author; nothing that is left points at what is gone, and somebody else's mail to the address
/// that waited is still sent.
#[tokio::test]
async fn an_account_goes_with_all_that_belongs_to_it() {
    on_each_engine(async |lyceum| {
        for (content, posts, comments) in [("KEEP_ANONYMISED", 3, 4), ("DELETE", 1, 1)] {
            let ada = with_everything(lyceum).await;
            let her = lyceum.literal(local_id(&ada.id));
            for (table, hers) in HERS {
                assert!(count(lyceum, table, &hers.replace("$id", &her)).await > 0, "{table} has something to lose");
            }
            let sent = lyceum.mails_sent();
            let answer = lyceum.send(delete(&ada.token, content)).await.ok();
            assert_eq!(answer.at("deleteAccount.deletedUserId"), &json!(ada.id));
            let farewell = "recipient = 'ada@example.com' AND next_try_at IS NOT NULL";
            assert_eq!(count(lyceum, "outbox", farewell).await, 1);
            let mails = lyceum.mails().await.split_off(sent);
            let mut told: Vec<(&str, &str)> = mails.iter().map(|mail| (&*mail.to, &*mail.content.subject)).collect();
            told.sort_unstable();
            let of_rival = (NEW, "Confirm your e-mail address for Lyceum");
            assert_eq!(told, [(ADA, "Your account at Lyceum was deleted"), of_rival]);
            let stays = mails.iter().any(|mail| mail.content.text.contains("stays, without your name"));
            assert_eq!(stays, content == "KEEP_ANONYMISED");
            for (table, hers) in HERS {
                assert_eq!(count(lyceum, table, &hers.replace("$id", &her)).await, 0, "{table}");
            }
            no_orphans(lyceum).await;
            let left = (lyceum.database.count("posts").await, lyceum.database.count("comments").await);
            assert_eq!(left, (posts, comments), "{content}");
            lyceum.database.execute("DELETE FROM users").await;
            lyceum.database.execute("DELETE FROM signups").await;
            lyceum.database.execute("DELETE FROM posts").await;
            lyceum.database.execute("DELETE FROM mail_quotas").await;
        }
    })
    .await;
}

/// Bar 63: what opened the account opens nothing, and its names can be had at once, by anybody, for an account that has
/// nothing of the old one.
#[tokio::test]
async fn nothing_opens_it_any_more_and_its_names_are_free() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let laptop = lyceum.log_in("ada", PASSWORD).await.ok();
        lyceum.write_post(&ada, "Hers", "PUBLISHED").await;
        lyceum.run(FORGOT, json!({ "email": ADA })).await.ok();
        let of_reset = lyceum.token_for(ADA).await;
        let input = json!({ "newEmail": NEW, "currentPassword": PASSWORD });
        lyceum.mutate(&ada.token, "changeEmail", input).await.ok();
        let confirm = lyceum.token_for(NEW).await;
        lyceum.mutate(&ada.token, NAME, json!({ "password": PASSWORD })).await.ok();

        for token in [&*ada.token, laptop.str_at("login.accessToken")] {
            let answer = lyceum.run_as(token, ME, json!({})).await;
            assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", "REVOKED"));
        }
        for token in [&*ada.refresh_token, laptop.str_at("login.refreshToken")] {
            assert_eq!(lyceum.run(REFRESH, json!({ "token": token })).await.code(), "UNAUTHENTICATED");
        }
        for identifier in ["ada", ADA, NEW] {
            let answer = lyceum.log_in(identifier, PASSWORD).await;
            assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"]);
        }
        let answer = lyceum.run(RESET, json!({ "token": of_reset, "password": "copper lantern drifts north" })).await;
        assert_eq!(answer.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        let answer = lyceum.mutate(NOBODY, "confirmEmailChange", json!({ "token": confirm })).await;
        assert_eq!(answer.user_errors("confirmEmailChange"), ["TOKEN_INVALID"]);
        let answer = lyceum.run("{ posts { nodes { title author { username } } } }", json!({})).await.ok();
        assert_eq!(answer.at("posts.nodes"), &json!([{ "title": "Hers", "author": null }]));

        lyceum.advance(Duration::from_secs(1));
        let again = lyceum.person("ada").await;
        assert_ne!(again.id, ada.id);
        let mine = "{ me { email pendingEmail posts { totalCount } } }";
        let answer = lyceum.run_as(&again.token, mine, json!({})).await.ok();
        assert_eq!(answer.at("me"), &json!({ "email": ADA, "pendingEmail": null, "posts": { "totalCount": 0 } }));
    })
    .await;
}

/// Bar 63: it takes the password, and takes nobody's account but one's own; wrong ones are counted like failed logins.
#[tokio::test]
async fn it_takes_the_password() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let bob = lyceum.person("bob").await;
        let (before, mails) = (contents_beside_notes(lyceum).await, lyceum.mails().await.len());
        let answer = lyceum.send(delete(NOBODY, "DELETE")).await;
        assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", "MISSING"));
        for input in [json!({}), json!({ "password": null }), json!({ "password": PASSWORD, "id": bob.id })] {
            let answer = lyceum.mutate(&ada.token, NAME, input).await;
            assert_eq!((answer.status.as_u16(), &answer.body["data"]), (400, &Value::Null));
        }
        for wrong in ["", "not this one", "VIOLET HARBOR KETTLE MOON", "nor this", "still not"] {
            let answer = lyceum.mutate(&ada.token, NAME, json!({ "password": wrong })).await;
            assert_eq!(answer.user_errors(NAME), ["INVALID_CREDENTIALS password"]);
            assert_eq!(answer.at("deleteAccount.deletedUserId"), &Value::Null);
        }
        for call in [delete(&ada.token, "DELETE"), login("ada", PASSWORD)] {
            assert_eq!(lyceum.send(call).await.code(), "RATE_LIMITED");
        }
        assert_eq!(contents_beside_notes(lyceum).await, before);
        assert_eq!(lyceum.mails().await.len(), mails);
        lyceum.advance(Duration::from_secs(1));
        lyceum.send(delete(&ada.token, "DELETE")).await.ok();
        assert_eq!(lyceum.database.text("SELECT username FROM users").await, "bob");
    })
    .await;
}

/// Bar 63: the browser's cookie goes with the account.
#[tokio::test]
async fn the_cookie_is_cleared() {
    on_each_engine(async |lyceum| {
        let cookie = cookie_of(&lyceum.signed_in_by_cookie("ada").await);
        let refused = mutation(NOBODY, NAME, &json!({ "password": "not this one" })).cookie(&cookie);
        let answer = lyceum.send(refused).await;
        assert_eq!(answer.user_errors(NAME), ["INVALID_CREDENTIALS password"]);
        assert!(answer.headers.get("set-cookie").is_none());
        let answer = lyceum.send(delete(NOBODY, "DELETE").cookie(&cookie)).await.ok();
        assert!(answer.header("set-cookie").starts_with("lyceum=; Max-Age=0; "), "{}", answer.header("set-cookie"));
        assert_eq!(lyceum.send(Call::new(ME, json!({})).cookie(&cookie)).await.code(), "UNAUTHENTICATED");
    })
    .await;
}

/// Bar 59: the last administrator cannot leave; with another one who can act, she may.
#[tokio::test]
async fn the_last_administrator_cannot_leave() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        lyceum.person("ada").await;
        let before = contents(lyceum).await;
        let answer = lyceum.send(delete(&rose.token, "KEEP_ANONYMISED")).await;
        assert_eq!(answer.user_errors(NAME), ["LAST_ADMIN"]);
        assert_eq!(contents(lyceum).await, before);
        lyceum.set_role("ada", "ADMIN").await;
        lyceum.send(delete(&rose.token, "KEEP_ANONYMISED")).await.ok();
    })
    .await;
}

/// An account that goes while it writes, logs in and changes: of several deletions one is done, and whatever else meets it
/// is done before, or hears that there is nobody; nothing is left over.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_meets_the_deletion_leaves_nothing_over() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let rose = lyceum.person("rose").await;
        let post = lyceum.write_post(&rose, "One", "PUBLISHED").await;
        for round in 0..12 {
            let ada = lyceum.person(&format!("ada_{round}")).await;
            let new = format!("new{round}@example.org");
            let passwords = json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD });
            let calls = [
                (NAME, json!({ "password": PASSWORD, "content": "DELETE" })),
                ("changeEmail", json!({ "newEmail": new, "currentPassword": PASSWORD })),
                ("createPost", json!({ "title": "T", "body": "B" })),
                (NAME, json!({ "password": PASSWORD, "content": "DELETE" })),
                ("createComment", json!({ "postId": post, "body": "B" })),
                ("changePassword", passwords),
            ];
            let names = calls.each_ref().map(|(name, _)| *name);
            let mut calls: Vec<Call> = calls.map(|(name, input)| mutation(&ada.token, name, &input)).into();
            calls.push(login(&ada.username, PASSWORD));
            let answers = lyceum.together(calls).await;
            let outcomes: Vec<String> = names.iter().zip(&answers).map(|(name, it)| it.outcome(name)).collect();
            let deleted = [&*outcomes[0], &*outcomes[3]];
            // A new password that comes first makes the one in the wish for deletion the old one.
            let refused = deleted.iter().all(|outcome| *outcome == "INVALID_CREDENTIALS password");
            assert!(refused || deleted.iter().filter(|outcome| **outcome == "ok").count() == 1, "{outcomes:?}");
            for (name, outcome) in names.iter().zip(&outcomes) {
                let expected = outcome == "ok" || outcome == "UNAUTHENTICATED" || outcome == "NOT_FOUND";
                assert!(expected || outcome.starts_with("INVALID_CREDENTIALS"), "{name}: {outcome}");
            }
            let login = answers[6].outcome("login");
            assert!(login == "ok" || login == "INVALID_CREDENTIALS", "{login}");
            if refused {
                let again = lyceum.log_in(&ada.username, PASSWORD).await.ok();
                lyceum.send(delete(again.str_at("login.accessToken"), "DELETE")).await.ok();
            }
        }
        assert_eq!(lyceum.database.count("users").await, 1);
        no_orphans(lyceum).await;
    })
    .await;
}
