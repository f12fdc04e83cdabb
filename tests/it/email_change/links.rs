//! The two links: each is good once, for its own purpose, for its time, until the next change.

use axum::{body::Body, http::Request};

use super::*;

const OTHER: &str = "copper lantern drifts north";

async fn reset(lyceum: &Lyceum, token: &str) -> Answer {
    lyceum.run(RESET, json!({ "token": token, "password": OTHER })).await
}

/// Bars 37 and 40: 256 random bits each, and nothing but the right one opens anything: used, truncated, altered, made up,
/// or made for another purpose, it gets one and the same answer.
#[tokio::test]
async fn every_token_that_is_no_good_gets_the_same_answer() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        lyceum.verified("bob").await;
        lyceum.sign_up("eve").await.ok();
        let of_signup = lyceum.token_for("eve@example.com").await;
        lyceum.run(FORGOT, json!({ "email": "bob@example.com" })).await.ok();
        let of_reset = lyceum.token_for("bob@example.com").await;
        let tokens = ask(lyceum, &ada.token, ADA, NEW).await;
        let before = contents_beside_notes(lyceum).await;
        let refused = lyceum.send(confirm("")).await;
        assert_eq!(refused.user_errors("confirmEmailChange"), ["TOKEN_INVALID"]);
        let not_cancelled = lyceum.send(cancel("")).await;
        assert_eq!(not_cancelled.user_errors("cancelEmailChange"), ["TOKEN_INVALID"]);
        for token in [&tokens.confirm, &tokens.cancel] {
            assert_eq!(token.len(), 43, "256 bits in base64url");
            let (longer, spaced, swapped) = (format!("{token}A"), format!("{token} "), swap_case(token));
            let wrong = [&token[..42], &token[1..], &swapped, &longer, &spaced, &"A".repeat(43), &of_signup, &of_reset];
            for wrong in wrong.into_iter().chain([&*ada.token, &ada.refresh_token]) {
                assert_eq!(lyceum.send(confirm(wrong)).await.seen(), refused.seen(), "{wrong}");
                assert_eq!(lyceum.send(cancel(wrong)).await.seen(), not_cancelled.seen(), "{wrong}");
            }
        }
        assert_eq!(lyceum.send(confirm(&tokens.cancel)).await.seen(), refused.seen());
        assert_eq!(lyceum.send(cancel(&tokens.confirm)).await.seen(), not_cancelled.seen());
        for token in [&tokens.confirm, &tokens.cancel] {
            assert_eq!(reset(lyceum, token).await.user_errors("resetPassword"), ["TOKEN_INVALID"]);
            let answer = lyceum.run(VERIFY, json!({ "token": token })).await;
            assert_eq!(answer.user_errors("verifyEmail"), ["TOKEN_INVALID"]);
            assert_eq!(lyceum.run(REFRESH, json!({ "token": token })).await.code(), "UNAUTHENTICATED");
            assert_eq!(lyceum.run_as(token, ME, json!({})).await.code(), "UNAUTHENTICATED");
        }
        assert_eq!(contents_beside_notes(lyceum).await, before);

        lyceum.send(confirm(&tokens.confirm)).await.ok();
        assert_eq!(lyceum.send(confirm(&tokens.confirm)).await.seen(), refused.seen(), "the second use");
        lyceum.send(cancel(&tokens.cancel)).await.ok();
        assert_eq!(lyceum.send(cancel(&tokens.cancel)).await.seen(), not_cancelled.seen(), "the second use");
        assert_eq!(lyceum.send(confirm(&tokens.confirm)).await.seen(), refused.seen(), "after the end");
        reset(lyceum, &of_reset).await.ok();
        lyceum.run(VERIFY, json!({ "token": of_signup })).await.ok();
    })
    .await;
}

/// Bars 37 and 44: the new address has an hour to confirm, the old one seven days to say no, to the second.
#[tokio::test]
async fn the_links_live_for_their_time() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let late = ask(lyceum, &ada.token, ADA, "late@example.org").await;
        lyceum.advance(Duration::from_hours(1));
        let answer = lyceum.send(confirm(&late.confirm)).await;
        assert_eq!(answer.user_errors("confirmEmailChange"), ["TOKEN_INVALID"]);

        let ada = lyceum.log_in("ada", PASSWORD).await.ok();
        let tokens = ask(lyceum, ada.str_at("login.accessToken"), ADA, NEW).await;
        lyceum.advance(Duration::from_secs(59 * 60 + 59));
        lyceum.send(confirm(&tokens.confirm)).await.ok();
        lyceum.advance(Duration::from_hours(7 * 24 - 1));
        let answer = lyceum.send(cancel(&tokens.cancel)).await.ok();
        assert_eq!(answer.at("cancelEmailChange.email"), ADA);

        let ada = lyceum.log_in("ada", PASSWORD).await.ok();
        let tokens = ask(lyceum, ada.str_at("login.accessToken"), ADA, NEW).await;
        lyceum.send(confirm(&tokens.confirm)).await.ok();
        lyceum.advance(Duration::from_hours(7 * 24));
        let answer = lyceum.send(cancel(&tokens.cancel)).await;
        assert_eq!(answer.user_errors("cancelEmailChange"), ["TOKEN_INVALID"]);
    })
    .await;
}

/// Bars 37 and 44: another change kills both links of the one that waits.
#[tokio::test]
async fn another_change_replaces_the_one_that_waits() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let first = ask(lyceum, &ada.token, ADA, "first@example.org").await;
        lyceum.advance(Duration::from_mins(1));
        let second = ask(lyceum, &ada.token, ADA, NEW).await;
        assert_eq!(state(lyceum, &ada).await, json!([ADA, true, NEW]));
        let answer = lyceum.send(confirm(&first.confirm)).await;
        assert_eq!(answer.user_errors("confirmEmailChange"), ["TOKEN_INVALID"]);
        let answer = lyceum.send(cancel(&first.cancel)).await;
        assert_eq!(answer.user_errors("cancelEmailChange"), ["TOKEN_INVALID"]);
        lyceum.send(confirm(&second.confirm)).await.ok();
        assert_eq!(state(lyceum, &ada).await, json!([NEW, true, null]));
    })
    .await;
}

/// Bar 44: who knew the old password cannot take the account along when the owner sets another one, by the old one or by
/// a reset.
#[tokio::test]
async fn a_new_password_ends_a_change_that_waits() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        for by_reset in [false, true] {
            let tokens = ask(lyceum, &ada.token, ADA, NEW).await;
            if by_reset {
                lyceum.run(FORGOT, json!({ "email": ADA })).await.ok();
                let token =
                    lyceum.mails().await.into_iter().rfind(|mail| mail.content.subject.contains("new password"));
                reset(lyceum, &token_in(&token.unwrap().content.text)).await.ok();
            } else {
                let input = json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD });
                lyceum.mutate(&ada.token, "changePassword", input).await.ok();
                assert_eq!(state(lyceum, &ada).await, json!([ADA, true, null]));
            }
            let answer = lyceum.send(confirm(&tokens.confirm)).await;
            assert_eq!(answer.user_errors("confirmEmailChange"), ["TOKEN_INVALID"]);
            assert_eq!(lyceum.database.text("SELECT email FROM users").await, ADA);
            lyceum.advance(Duration::from_mins(1));
        }
    })
    .await;
}

/// Bar 44: links that were mailed to the old address for its account open nothing once the new one has confirmed.
#[tokio::test]
async fn links_to_the_old_address_are_void_after_the_change() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        lyceum.run(FORGOT, json!({ "email": ADA })).await.ok();
        let token = lyceum.token_for(ADA).await;
        let tokens = ask(lyceum, &ada.token, ADA, NEW).await;
        lyceum.send(confirm(&tokens.confirm)).await.ok();
        assert_eq!(reset(lyceum, &token).await.user_errors("resetPassword"), ["TOKEN_INVALID"]);
        lyceum.log_in(NEW, PASSWORD).await.ok();
    })
    .await;
}

/// Bar 42: looking at the links, as the scanners of mail do, confirms nothing and cancels nothing.
#[tokio::test]
async fn looking_at_the_links_uses_nothing_up() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let tokens = ask(lyceum, &ada.token, ADA, NEW).await;
        let before = contents_beside_notes(lyceum).await;
        for path in
            [format!("/confirm-email?token={}", tokens.confirm), format!("/cancel-email?token={}", tokens.cancel)]
        {
            let mail = lyceum.mails().await.into_iter().find(|mail| mail.content.text.contains(&path));
            assert!(mail.is_some(), "{path}");
            for method in ["GET", "HEAD", "GET"] {
                let request = Request::builder().method(method).uri(&*path).body(Body::empty()).unwrap();
                lyceum.request(request).await;
            }
        }
        let query = "mutation { cancelEmailChange(input: {token: \"TOKEN\"}) { email } }";
        let query = query.replace("TOKEN", &tokens.cancel).replace(' ', "%20").replace('"', "%22");
        let query = query.replace('{', "%7B").replace('}', "%7D");
        let request = Request::get(format!("/graphql?query={query}")).body(Body::empty()).unwrap();
        assert_eq!(lyceum.request(request).await.status.as_u16(), 405);
        assert_eq!(contents_beside_notes(lyceum).await, before);
        lyceum.send(confirm(&tokens.confirm)).await.ok();
    })
    .await;
}

/// Bar 36: both links start with the configured address, that of the front end where there is one.
#[tokio::test]
async fn both_links_lead_to_the_front_end() {
    with_settings(&[("FRONTEND_URL", "https://www.example.com/app/")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        lyceum.mails().await;
        let call = change(&ada.token, NEW).header("host", "evil.test").header("x-forwarded-host", "evil.test");
        lyceum.send(call).await.ok();
        for (to, page) in [(NEW, "confirm-email"), (ADA, "cancel-email")] {
            let mail = lyceum.mail_to(to).await.content;
            let link = format!("https://www.example.com/app/{page}?token={}", token_in(&mail.text));
            assert!(mail.text.lines().any(|line| line == link), "{}", mail.text);
            assert!(mail.html.contains(&link) && !mail.text.contains("evil.test"));
        }
    })
    .await;
}
