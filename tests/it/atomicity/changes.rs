//! The same for what people change about their own accounts. Tables that the request needs before it gets there, to know
//! who asks, are not taken away.

use super::*;

const NEW: &str = "countess@example.org";

/// Bar 90: a new password: the hash, the other sessions, the open links, the change that waits and the notice belong
/// together.
#[tokio::test]
async fn a_password_is_changed_whole_or_not_at_all() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let laptop = lyceum.log_in("ada", PASSWORD).await.ok().str_at("login.accessToken").to_owned();
        lyceum.run(FORGOT, json!({ "email": ada.email })).await.ok();
        lyceum.send(change_email(&ada)).await.ok();
        let input = json!({ "currentPassword": PASSWORD, "newPassword": NEW_PASSWORD });
        let statements = [
            ("UPDATE", "users", ALWAYS),
            ("UPDATE", "sessions", ALWAYS),
            ("UPDATE", "one_time_tokens", ALWAYS),
            ("UPDATE", "email_changes", ALWAYS),
            ("INSERT", "outbox", ALWAYS),
        ];
        let call = || mutation(&ada.token, "changePassword", &input);
        call_fails_whole(lyceum, call, &statements, &["one_time_tokens", "email_changes", "outbox"]).await;
        assert_eq!(lyceum.run_as(&laptop, ME, json!({})).await.code(), "UNAUTHENTICATED");
        lyceum.log_in("ada", NEW_PASSWORD).await.ok();
    })
    .await;
}

fn change_email(person: &Person) -> Call {
    mutation(&person.token, "changeEmail", &json!({ "newEmail": NEW, "currentPassword": PASSWORD }))
}

/// Bar 90: another address: both allowances, the change before it, the change and both mails belong together.
#[tokio::test]
async fn a_change_of_address_is_asked_for_whole_or_not_at_all() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        lyceum.send(change_email(&ada)).await.ok();
        let to_new = format!("NEW.recipient = '{NEW}'");
        let statements = [
            ("UPDATE", "mail_quotas", ALWAYS),
            ("UPDATE", "email_changes", ALWAYS),
            ("INSERT", "email_changes", ALWAYS),
            ("INSERT", "outbox", ALWAYS),
            ("INSERT", "outbox", &to_new),
        ];
        let tables = ["mail_quotas", "email_changes", "outbox"];
        call_fails_whole(lyceum, || change_email(&ada), &statements, &tables).await;
        assert_eq!((lyceum.database.count("email_changes").await, lyceum.database.count("outbox").await), (2, 5));
    })
    .await;
}

/// Bar 90: its confirmation: the link, the open links to the old address, the rivals' sign-ups and the user belong
/// together; and so do the parts of undoing it.
#[tokio::test]
async fn a_change_of_address_is_confirmed_and_undone_whole_or_not_at_all() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        lyceum.mails().await;
        lyceum.send(change_email(&ada)).await.ok();
        let (confirm, cancel) = (lyceum.token_for(NEW).await, lyceum.token_for(&ada.email).await);
        lyceum.sign_up_as("rival", NEW, PASSWORD).await.ok();
        lyceum.run(FORGOT, json!({ "email": ada.email })).await.ok();
        let statements = [
            ("UPDATE", "email_changes", ALWAYS),
            ("UPDATE", "one_time_tokens", "OLD.purpose = 'reset-password'"),
            ("UPDATE", "one_time_tokens", "OLD.purpose = 'verify-email'"),
            ("DELETE", "signups", ALWAYS),
            ("UPDATE", "users", ALWAYS),
        ];
        let call = || mutation(NOBODY, "confirmEmailChange", &json!({ "token": confirm }));
        let tables = ["email_changes", "one_time_tokens", "signups", "users"];
        let answer = call_fails_whole(lyceum, call, &statements, &tables).await;
        assert_eq!(answer.str_at("confirmEmailChange.user.email"), NEW);

        lyceum.run(FORGOT, json!({ "email": NEW })).await.ok();
        let statements = [
            ("UPDATE", "email_changes", ALWAYS),
            ("UPDATE", "one_time_tokens", ALWAYS),
            ("UPDATE", "users", ALWAYS),
            ("UPDATE", "sessions", ALWAYS),
            ("INSERT", "outbox", ALWAYS),
        ];
        let call = || mutation(NOBODY, "cancelEmailChange", &json!({ "token": cancel }));
        let tables = ["email_changes", "one_time_tokens", "signups", "users", "sessions", "outbox"];
        let answer = call_fails_whole(lyceum, call, &statements, &tables).await;
        assert_eq!(answer.at("cancelEmailChange.email"), &json!(ada.email));
        assert_eq!(lyceum.run_as(&ada.token, ME, json!({})).await.code(), "UNAUTHENTICATED");
    })
    .await;
}

/// Bar 90: the end of an account: what was written, the mails that wait, the tokens, the sessions, the user and the
/// farewell belong together. Until it works everything is as it was.
#[tokio::test]
async fn an_account_is_deleted_whole_or_not_at_all() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let post = lyceum.write_post(&ada, "Hers", "PUBLISHED").await;
        lyceum.write_comment(&ada, &post, "Hers too").await;
        lyceum.run(FORGOT, json!({ "email": ada.email })).await.ok();
        // One that waits for its next try.
        lyceum.database.execute("UPDATE outbox SET next_try_at = 9000000000000000 WHERE next_try_at IS NOT NULL").await;
        let input = json!({ "password": PASSWORD, "content": "DELETE" });
        let mut statements = vec![
            ("DELETE", "posts", ALWAYS),
            ("DELETE", "comments", ALWAYS),
            ("DELETE", "outbox", ALWAYS),
            ("DELETE", "one_time_tokens", ALWAYS),
            ("UPDATE", "sessions", ALWAYS),
            ("DELETE", "users", ALWAYS),
            ("INSERT", "outbox", ALWAYS),
        ];
        // What goes with its row fires no trigger there, and the only comment goes with its post.
        statements.retain(|(_, table, _)| lyceum.engine != Engine::Mysql || *table != "comments");
        let call = || mutation(&ada.token, "deleteAccount", &input);
        let tables = ["posts", "comments", "outbox", "one_time_tokens", "email_changes"];
        call_fails_whole(lyceum, call, &statements, &tables).await;
        for table in ["users", "posts", "comments", "sessions", "refresh_tokens"] {
            assert_eq!(lyceum.database.count(table).await, 0, "{table}");
        }
    })
    .await;
}

/// Bar 90: another username: an old sign-up of that name, the hold on it and the user belong together.
#[tokio::test]
async fn a_username_is_changed_whole_or_not_at_all() {
    on_each_engine(async |lyceum| {
        lyceum.sign_up("countess").await.ok();
        lyceum.advance(Duration::from_hours(25));
        let ada = lyceum.person("ada").await;
        let statements = [
            ("DELETE", "signups", "OLD.email_key <> ''"),
            ("INSERT", "signups", ALWAYS),
            ("UPDATE", "users", ALWAYS),
            ("DELETE", "signups", "OLD.email_key = ''"),
        ];
        let call = || mutation(&ada.token, "changeUsername", &json!({ "username": "countess" }));
        let answer = call_fails_whole(lyceum, call, &statements, &["signups"]).await;
        assert_eq!(answer.at("changeUsername.user.username"), "countess");
        assert_eq!(lyceum.database.count("signups").await, 0);
    })
    .await;
}
