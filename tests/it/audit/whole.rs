//! What was done and the note of it are one transaction.

use super::*;

/// Bar 90: without the note nothing is done, and without what was done there is no note.
#[tokio::test]
async fn nothing_is_done_without_its_note() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let rose = administrator(lyceum).await;
        let ada = lyceum.person("ada").await;
        let other = lyceum.log_in("ada", PASSWORD).await.ok();
        let post = lyceum.write_post(&ada, "Rivers", "PUBLISHED").await;
        let refresh = lyceum.log_in("ada", PASSWORD).await.ok().str_at("login.refreshToken").to_owned();
        lyceum.run(REFRESH, json!({ "token": refresh })).await.ok();
        lyceum.advance(MOMENT * 20);
        lyceum.mails().await;
        let by = |person: &Person, name: &str, input: Value| (person.token.clone(), name.to_owned(), input);
        let calls = [
            by(&rose, "setUserRole", json!({ "id": ada.id, "role": "MODERATOR" })),
            by(&rose, "updatePost", json!({ "id": post, "title": "Lakes" })),
            by(&rose, "updateUser", json!({ "id": ada.id, "firstName": "Augusta" })),
            by(&ada, "revokeSession", json!({ "id": other.at("login.session.id") })),
            by(&ada, "changeUsername", json!({ "username": "eve" })),
            by(&ada, "changePassword", json!({ "currentPassword": PASSWORD, "newPassword": NEW_PASSWORD })),
            by(&rose, "suspendUser", json!({ "id": ada.id })),
            by(&rose, "deletePost", json!({ "id": post })),
            by(&rose, "deleteUser", json!({ "id": ada.id })),
        ];
        let call = |(token, name, input): &(String, String, Value)| mutation(token, name, input);
        for each in &calls {
            fails_whole(lyceum, || call(each)).await;
            lyceum.send(call(each)).await.ok();
        }
        fails_whole(lyceum, || Call::new(LOGOUT, json!({})).bearer(&rose.token)).await;
        fails_whole(lyceum, || login("rose", PASSWORD)).await;
        let form = json!({ "username": "bob", "email": "bob@example.com", "password": PASSWORD });
        fails_whole(lyceum, || Call::new(SIGNUP, form.clone())).await;
        fails_whole(lyceum, || Call::new(FORGOT, json!({ "email": rose.email }))).await;
    })
    .await;
}

async fn fails_whole(lyceum: &Lyceum, call: impl Fn() -> Call) {
    let before = contents(lyceum).await;
    let faults = [
        Some(Sabotage::of_rows(lyceum.engine, "INSERT", "audit_events", "1 = 1")),
        Sabotage::of_commit(lyceum.engine, "audit_events"),
    ];
    for fault in faults.into_iter().flatten() {
        fault.apply(&lyceum.database).await;
        let answer = lyceum.send(call()).await;
        fault.undo(&lyceum.database).await;
        assert_eq!(answer.code(), "INTERNAL_SERVER_ERROR", "{}", answer.body);
        assert_eq!(contents(lyceum).await, before, "{}", fault.name);
    }
}

/// Bar 90: a refusal is told even when it cannot be noted.
#[tokio::test]
async fn a_refusal_does_not_hang_on_its_note() {
    on_each_engine(async |lyceum| {
        lyceum.person("ada").await;
        let fault = Sabotage::of_table("audit_events");
        fault.apply(&lyceum.database).await;
        let answer = lyceum.log_in("ada", "not this one").await;
        fault.undo(&lyceum.database).await;
        assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"]);
    })
    .await;
}
