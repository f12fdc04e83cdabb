//! What the old address can do: stop a change that waits, and undo one that was confirmed, with whatever came after it.

use super::*;

async fn address(lyceum: &Lyceum) -> String {
    lyceum.database.text("SELECT email FROM users WHERE username = 'ada'").await
}

/// Bar 44: stopped by the old address, a change is over, and its link confirms nothing.
#[tokio::test]
async fn the_old_address_stops_a_change_that_waits() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let tokens = ask(lyceum, &ada.token, ADA, NEW).await;
        let mails = lyceum.mails().await.len();
        let answer = lyceum.send(cancel(&tokens.cancel)).await.ok();
        assert_eq!(answer.body["data"]["cancelEmailChange"], json!({ "email": ADA, "userErrors": [] }));
        assert_eq!(state(lyceum, &ada).await, json!([ADA, true, null]));
        let answer = lyceum.send(confirm(&tokens.confirm)).await;
        assert_eq!(answer.user_errors("confirmEmailChange"), ["TOKEN_INVALID"]);
        assert_eq!(lyceum.mails().await.len(), mails);
        lyceum.send(change(&ada.token, NEW)).await.ok();
    })
    .await;
}

/// Bars 27 and 44: undone by the old address, a confirmed change leaves nothing to who made it: the old address is back as
/// it was, every session is over, the links to the new address are void, and a mail says where to choose a new password.
#[tokio::test]
async fn the_old_address_undoes_a_change_that_was_confirmed() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let tokens = ask(lyceum, &ada.token, ADA, NEW).await;
        lyceum.send(confirm(&tokens.confirm)).await.ok();
        let laptop = lyceum.log_in(NEW, PASSWORD).await.ok();
        lyceum.run(FORGOT, json!({ "email": NEW })).await.ok();
        let of_reset = lyceum.token_for(NEW).await;
        lyceum.advance(Duration::from_mins(5));
        let mails = lyceum.mails().await.len();

        let answer = lyceum.send(cancel(&tokens.cancel)).await.ok();
        assert_eq!(answer.body["data"]["cancelEmailChange"], json!({ "email": ADA, "userErrors": [] }));
        for token in [&*ada.token, laptop.str_at("login.accessToken")] {
            let answer = lyceum.run_as(token, ME, json!({})).await;
            assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", "REVOKED"));
        }
        let refresh = json!({ "token": laptop.str_at("login.refreshToken") });
        assert_eq!(lyceum.run(REFRESH, refresh).await.code(), "UNAUTHENTICATED");
        let answer = lyceum.run(RESET, json!({ "token": of_reset, "password": "copper lantern drifts north" })).await;
        assert_eq!(answer.user_errors("resetPassword"), ["TOKEN_INVALID"]);

        let sent = lyceum.mails().await.split_off(mails);
        assert_eq!(sent.len(), 1);
        assert_eq!((&*sent[0].to, &*sent[0].content.subject), (ADA, "Your e-mail address at Lyceum is back"));
        let reset_page = format!("{BASE}/reset-password");
        assert!(sent[0].content.text.lines().any(|line| line == reset_page), "{}", sent[0].content.text);

        assert_eq!(lyceum.log_in(NEW, PASSWORD).await.user_errors("login"), ["INVALID_CREDENTIALS"]);
        let answer = lyceum.log_in(ADA, PASSWORD).await.ok();
        let me = lyceum.run_as(answer.str_at("login.accessToken"), WAITING, json!({})).await.ok();
        assert_eq!(me.at("me"), &json!({ "email": ADA, "emailVerified": true, "pendingEmail": null }));
    })
    .await;
}

/// Bar 44: the old address gets its old state back: one that was never verified is not verified by this.
#[tokio::test]
async fn an_address_that_was_not_verified_is_not_verified_again() {
    with_settings(&[("EMAIL_VERIFICATION", "optional")], async |lyceum| {
        lyceum.sign_up("ada").await.ok();
        let answer = lyceum.log_in("ada", PASSWORD).await.ok();
        lyceum.mails().await;
        lyceum.send(change(answer.str_at("login.accessToken"), NEW)).await.ok();
        lyceum.send(confirm(&lyceum.token_for(NEW).await)).await.ok();
        lyceum.send(cancel(&lyceum.token_for(ADA).await)).await.ok();
        assert_eq!(address(lyceum).await, ADA);
        let unverified = "SELECT count(*) FROM users WHERE email_verified_at IS NULL";
        assert_eq!(lyceum.database.number(unverified).await, 1);
    })
    .await;
}

/// Bar 44: who moves the account on and on does not shake the first address off: it undoes all that came after, whether
/// it waits or was confirmed, and none of those links does anything any more.
#[tokio::test]
async fn the_first_address_undoes_a_whole_chain() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let first = ask(lyceum, &ada.token, ADA, "second@example.org").await;
        lyceum.send(confirm(&first.confirm)).await.ok();
        lyceum.advance(Duration::from_mins(1));
        let second = ask(lyceum, &ada.token, "second@example.org", "third@example.org").await;
        lyceum.send(confirm(&second.confirm)).await.ok();
        lyceum.advance(Duration::from_mins(1));
        let third = ask(lyceum, &ada.token, "third@example.org", "fourth@example.org").await;

        let answer = lyceum.send(cancel(&first.cancel)).await.ok();
        assert_eq!(answer.at("cancelEmailChange.email"), ADA);
        for token in [&second.cancel, &third.cancel] {
            assert_eq!(lyceum.send(cancel(token)).await.user_errors("cancelEmailChange"), ["TOKEN_INVALID"]);
        }
        let answer = lyceum.send(confirm(&third.confirm)).await;
        assert_eq!(answer.user_errors("confirmEmailChange"), ["TOKEN_INVALID"]);
        assert_eq!(address(lyceum).await, ADA);
    })
    .await;
}

/// Bar 44: an address in the middle undoes what came after it; what came before can still be undone by its own link.
#[tokio::test]
async fn an_address_in_the_middle_undoes_its_own_change_alone() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let first = ask(lyceum, &ada.token, ADA, "second@example.org").await;
        lyceum.send(confirm(&first.confirm)).await.ok();
        lyceum.advance(Duration::from_mins(1));
        let second = ask(lyceum, &ada.token, "second@example.org", "third@example.org").await;
        lyceum.send(confirm(&second.confirm)).await.ok();
        lyceum.send(cancel(&second.cancel)).await.ok();
        assert_eq!(address(lyceum).await, "second@example.org");
        lyceum.send(cancel(&first.cancel)).await.ok();
        assert_eq!(address(lyceum).await, ADA);
    })
    .await;
}

/// An address that an administrator gives is not undone by the one before, nor replaced by one that waited.
#[tokio::test]
async fn an_administrators_change_outranks_both_links() {
    on_each_engine(async |lyceum| {
        let edith = lyceum.person_with_role("edith", "ADMIN").await;
        let ada = lyceum.person("ada").await;
        let first = ask(lyceum, &ada.token, ADA, "second@example.org").await;
        lyceum.send(confirm(&first.confirm)).await.ok();
        lyceum.advance(Duration::from_mins(1));
        let second = ask(lyceum, &ada.token, "second@example.org", "third@example.org").await;
        let input = json!({ "id": ada.id, "email": "given@example.org" });
        lyceum.mutate(&edith.token, "updateUser", input).await.ok();
        let answer = lyceum.send(confirm(&second.confirm)).await;
        assert_eq!(answer.user_errors("confirmEmailChange"), ["TOKEN_INVALID"]);
        for token in [&first.cancel, &second.cancel] {
            assert_eq!(lyceum.send(cancel(token)).await.user_errors("cancelEmailChange"), ["TOKEN_INVALID"]);
        }
        assert_eq!(state(lyceum, &ada).await, json!(["given@example.org", true, null]));
    })
    .await;
}
