//! The audit log: what is noted of whom, who may read it, and what is never in it.

mod bound;
mod lines;
mod reading;
mod whole;

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::*;

const MOMENT: Duration = Duration::from_secs(1);
const LOG: &str = "query ($first: Int = 100, $after: String, $filter: AuditFilter) {
    auditLog(first: $first, after: $after, filter: $filter) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes { kind outcome createdAt actorKind actorId actor { username } userId user { username } objectId
            changes { field from to } ipAddress userAgent requestId omittedBefore } } }";
const ACTIVITY: &str = "{ me { activity {
    totalCount nodes { kind outcome actorKind actor { username } objectId ipAddress userAgent requestId } } } }";
const NEW_PASSWORD: &str = "copper lantern drifts north";

/// An administrator whose own making is not in the log.
async fn administrator(lyceum: &Lyceum) -> Person {
    let rose = lyceum.person_with_role("rose", "ADMIN").await;
    lyceum.database.execute("DELETE FROM audit_events").await;
    lyceum.advance(MOMENT);
    rose
}

/// Every event, the newest first.
async fn events(lyceum: &Lyceum, reader: &Person) -> Vec<Value> {
    let answer = lyceum.run_as(&reader.token, LOG, json!({})).await.ok();
    answer.at("auditLog.nodes").as_array().unwrap().clone()
}

/// The newest event, as `KIND OUTCOME actor user`.
async fn newest(lyceum: &Lyceum, reader: &Person) -> String {
    told(&events(lyceum, reader).await[0])
}

fn told(event: &Value) -> String {
    let actor = match event["actorKind"].as_str().unwrap() {
        "USER" => event["actor"]["username"].as_str().unwrap_or("gone"),
        other => other,
    };
    let user = match (&event["userId"], &event["user"]["username"]) {
        (Value::Null, _) => "-",
        (_, username) => username.as_str().unwrap_or("gone"),
    };
    format!("{} {} {actor} {user}", event["kind"].as_str().unwrap(), event["outcome"].as_str().unwrap())
}

/// Bar 103: each way in, and each refusal on it, is noted once, with its time, user, address, browser and request.
#[tokio::test]
async fn each_login_failure_and_reset_is_noted() {
    on_each_engine(async |lyceum| {
        let rose = administrator(lyceum).await;
        let step = async |call: Call, expected: &str| {
            lyceum.advance(MOMENT);
            let answer = lyceum.send(call.from(7).header("user-agent", "Browser 1.0")).await;
            let event = events(lyceum, &rose).await.remove(0);
            assert_eq!(told(&event), expected, "{}", answer.body);
            assert_eq!(event["ipAddress"], "198.51.100.7", "{expected}");
            assert_eq!(event["userAgent"], "Browser 1.0", "{expected}");
            assert_eq!(event["requestId"].as_str(), Some(answer.header("x-request-id")), "{expected}");
            answer
        };
        let by_token = |name: &str, input: Value| mutation(NOBODY, name, &input);
        let form = json!({ "username": "ada", "email": "ada@example.com", "password": PASSWORD });
        step(Call::new(SIGNUP, form), "SIGNUP SUCCESS ANONYMOUS -").await.ok();
        let email = json!({ "email": "ada@example.com" });
        lyceum.advance(Duration::from_mins(2));
        step(by_token("resendVerificationEmail", email.clone()), "RESEND_VERIFICATION_EMAIL SUCCESS ANONYMOUS -").await;
        step(by_token("verifyEmail", json!({ "token": "x" })), "VERIFY_EMAIL FAILURE ANONYMOUS -").await;
        step(login("ada", PASSWORD), "LOGIN FAILURE ANONYMOUS -").await;
        let token = lyceum.token_for("ada@example.com").await;
        step(by_token("verifyEmail", json!({ "token": token })), "VERIFY_EMAIL SUCCESS ada ada").await.ok();
        step(login("ada", "not this one"), "LOGIN FAILURE ANONYMOUS ada").await;
        step(login("nobody", "not this one"), "LOGIN FAILURE ANONYMOUS -").await;
        let answer = step(login("ada", PASSWORD), "LOGIN SUCCESS ada ada").await.ok();
        let (token, refresh) = (answer.str_at("login.accessToken"), answer.str_at("login.refreshToken"));

        step(Call::new(LOGOUT, json!({})).bearer(token), "LOGOUT SUCCESS ada ada").await;
        let answer = step(login("ada", PASSWORD), "LOGIN SUCCESS ada ada").await.ok();
        let refresh_of = |token: &str| Call::new(REFRESH, json!({ "token": token }));
        let stolen = answer.str_at("login.refreshToken").to_owned();
        lyceum.send(refresh_of(&stolen)).await.ok();
        lyceum.advance(MOMENT * 20);
        step(refresh_of(&stolen), "REFRESH_TOKEN_REUSE FAILURE ANONYMOUS ada").await;
        assert_eq!(events(lyceum, &rose).await[0]["objectId"], *answer.at("login.session.id"));
        assert_eq!(lyceum.send(refresh_of(refresh)).await.reason(), "REVOKED");

        step(by_token("forgotPassword", email), "FORGOT_PASSWORD SUCCESS ANONYMOUS ada").await.ok();
        step(by_token("forgotPassword", json!({ "email": "no@example.com" })), "FORGOT_PASSWORD SUCCESS ANONYMOUS -")
            .await
            .ok();
        let reset = |token: &str| Call::new(RESET, json!({ "token": token, "password": NEW_PASSWORD }));
        step(reset("x"), "RESET_PASSWORD FAILURE ANONYMOUS -").await;
        let token = lyceum.token_for("ada@example.com").await;
        step(reset(&token), "RESET_PASSWORD SUCCESS ada ada").await.ok();
    })
    .await;
}

/// Bar 103: what people do to their own accounts is noted, with the attempts that their password did not allow.
#[tokio::test]
async fn each_change_of_an_account_is_noted() {
    on_each_engine(async |lyceum| {
        let rose = administrator(lyceum).await;
        let ada = lyceum.person("ada").await;
        let step = async |name: &str, input: Value, expected: &str| {
            lyceum.advance(MOMENT);
            let answer = lyceum.mutate(&ada.token, name, input).await;
            assert_eq!(newest(lyceum, &rose).await, expected, "{}", answer.body);
        };
        let change = |password: &str| json!({ "currentPassword": password, "newPassword": NEW_PASSWORD });
        step("changePassword", change("not this one"), "CHANGE_PASSWORD FAILURE ada ada").await;
        step("changePassword", change(PASSWORD), "CHANGE_PASSWORD SUCCESS ada ada").await;
        let change = json!({ "newEmail": "moved@example.com", "currentPassword": NEW_PASSWORD });
        lyceum.mails().await;
        step("changeEmail", change, "CHANGE_EMAIL SUCCESS ada ada").await;
        let (confirm, cancel) = (lyceum.token_for("moved@example.com").await, lyceum.token_for(&ada.email).await);
        step("confirmEmailChange", json!({ "token": "x" }), "CONFIRM_EMAIL_CHANGE FAILURE ANONYMOUS -").await;
        step("confirmEmailChange", json!({ "token": confirm }), "CONFIRM_EMAIL_CHANGE SUCCESS ada ada").await;
        step("cancelEmailChange", json!({ "token": "x" }), "CANCEL_EMAIL_CHANGE FAILURE ANONYMOUS -").await;
        step("changeUsername", json!({ "username": "eve" }), "CHANGE_USERNAME SUCCESS eve eve").await;
        step("deleteAccount", json!({ "password": "not this one" }), "DELETE_ACCOUNT FAILURE eve eve").await;
        lyceum.advance(MOMENT);
        lyceum.mutate(NOBODY, "cancelEmailChange", json!({ "token": cancel })).await.ok();
        assert_eq!(newest(lyceum, &rose).await, "CANCEL_EMAIL_CHANGE SUCCESS eve eve");

        let bob = lyceum.person("bob").await;
        lyceum.advance(MOMENT);
        lyceum.mutate(&bob.token, "deleteAccount", json!({ "password": PASSWORD })).await.ok();
        let event = events(lyceum, &rose).await.remove(0);
        assert_eq!(told(&event), "DELETE_ACCOUNT SUCCESS gone gone");
        assert_eq!((&event["actorId"], &event["userId"]), (&json!(bob.id), &json!(bob.id)), "the id stays");
    })
    .await;
}

/// Bar 103: what administrators do is noted with what they changed, and without what is personal in it.
#[tokio::test]
async fn each_role_and_suspension_is_noted_with_what_it_changed() {
    on_each_engine(async |lyceum| {
        let rose = administrator(lyceum).await;
        let step = async |name: &str, input: Value, expected: &str, changes: Value| {
            lyceum.advance(MOMENT);
            let answer = lyceum.mutate(&rose.token, name, input).await.ok();
            let event = events(lyceum, &rose).await.remove(0);
            assert_eq!(told(&event), expected);
            assert_eq!(event["changes"], changes, "{expected}");
            answer
        };
        let change = |field: &str, from: Value, to: Value| json!([{ "field": field, "from": from, "to": to }]);
        let new = json!({ "username": "ada", "email": "ada@example.com", "password": PASSWORD,
            "firstName": "Ada", "lastName": "Lovelace" });
        let made = change("ROLE", Value::Null, json!("USER"));
        let answer = step("createUser", new, "CREATE_USER SUCCESS rose ada", made).await;
        let id = answer.at("createUser.user.id").clone();
        let promoted = change("ROLE", json!("USER"), json!("MODERATOR"));
        step("setUserRole", json!({ "id": id, "role": "MODERATOR" }), "SET_USER_ROLE SUCCESS rose ada", promoted).await;
        let moved = json!({ "id": id, "username": "eve", "email": "eve@example.com" });
        let fields = json!([
            { "field": "USERNAME", "from": null, "to": null }, { "field": "EMAIL", "from": null, "to": null }]);
        step("updateUser", moved, "UPDATE_USER SUCCESS rose eve", fields).await;
        let until = "2026-02-01T00:00:00+00:00";
        let suspended = change("SUSPENDED_UNTIL", Value::Null, json!(until));
        let input = json!({ "id": id, "until": until, "reason": "Spam" });
        step("suspendUser", input, "SUSPEND_USER SUCCESS rose eve", suspended).await;
        lyceum.advance(MOMENT);
        let answer = lyceum.log_in("eve", PASSWORD).await;
        assert_eq!(answer.user_errors("login"), ["ACCOUNT_SUSPENDED"]);
        assert_eq!(newest(lyceum, &rose).await, "LOGIN FAILURE ANONYMOUS eve");
        let back = change("SUSPENDED_UNTIL", json!(until), Value::Null);
        step("reinstateUser", json!({ "id": id }), "REINSTATE_USER SUCCESS rose eve", back).await;
        lyceum.log_in("eve", PASSWORD).await.ok();
        step("deleteUser", json!({ "id": id }), "DELETE_USER SUCCESS rose gone", json!([])).await;
    })
    .await;
}

/// Bar 103: what the command line does is the operator's, from no address.
#[tokio::test]
async fn what_the_command_line_does_is_the_operators() {
    on_each_engine(async |lyceum| {
        let rose = administrator(lyceum).await;
        lyceum.person("ada").await;
        let path = lyceum.folder().join("users.jsonl");
        let row = json!({ "username": "bob", "email": "bob@example.com", "firstName": "B", "lastName": "B" });
        std::fs::write(&path, row.to_string()).unwrap();
        for (arguments, expected) in [
            (&["admin", "role", "ada", "moderator"][..], "SET_USER_ROLE SUCCESS OPERATOR ada"),
            (&["admin", "suspend", "ada"], "SUSPEND_USER SUCCESS OPERATOR ada"),
            (&["admin", "reinstate", "ada"], "REINSTATE_USER SUCCESS OPERATOR ada"),
            (&["admin", "reset-password", "ada"], "CREATE_RESET_LINK SUCCESS OPERATOR ada"),
            (&["import", path.to_str().unwrap(), "--without-passwords"], "IMPORT_USER SUCCESS OPERATOR bob"),
        ] {
            assert_eq!(lyceum.command(arguments).await.code, Some(0));
            let event = events(lyceum, &rose).await.remove(0);
            assert_eq!(told(&event), expected);
            assert_eq!((&event["ipAddress"], &event["requestId"]), (&Value::Null, &Value::Null));
        }
    })
    .await;
}

/// What moderators do to others' posts and comments is noted, and what people do to their own is not.
#[tokio::test]
async fn only_changes_of_what_others_wrote_are_noted() {
    on_each_engine(async |lyceum| {
        let rose = administrator(lyceum).await;
        let (ada, bob) = (lyceum.person("ada").await, lyceum.person("bob").await);
        lyceum.database.execute("DELETE FROM audit_events").await;
        let post = lyceum.write_post(&ada, "Rivers", "PUBLISHED").await;
        let comment =
            |author: &Person| mutation(&author.token, "createComment", &json!({ "postId": post, "body": "B" }));
        let id = async |call: Call| lyceum.send(call).await.ok().str_at("createComment.comment.id").to_owned();
        let (own, other) = (id(comment(&ada)).await, id(comment(&bob)).await);
        lyceum.mutate(&ada.token, "updatePost", json!({ "id": post, "title": "Lakes" })).await.ok();
        lyceum.mutate(&ada.token, "updateComment", json!({ "id": own, "body": "C" })).await.ok();
        lyceum.mutate(&ada.token, "deleteComment", json!({ "id": own })).await.ok();
        assert_eq!(events(lyceum, &rose).await, Vec::<Value>::new());

        let step = async |actor: &Person, name: &str, input: Value, expected: &str| {
            lyceum.advance(MOMENT);
            let object = input["id"].clone();
            lyceum.mutate(&actor.token, name, input).await.ok();
            let event = events(lyceum, &rose).await.remove(0);
            assert_eq!((told(&event), &event["objectId"]), (expected.to_owned(), &object));
            event
        };
        step(&rose, "updateComment", json!({ "id": other, "body": "D" }), "UPDATE_COMMENT SUCCESS rose bob").await;
        step(&ada, "deleteComment", json!({ "id": other }), "DELETE_COMMENT SUCCESS ada bob").await;
        let input = json!({ "id": post, "body": "Another text.", "status": "DRAFT" });
        let event = step(&rose, "updatePost", input, "UPDATE_POST SUCCESS rose ada").await;
        let changes = json!([
            { "field": "BODY", "from": null, "to": null },
            { "field": "STATUS", "from": "PUBLISHED", "to": "DRAFT" }]);
        assert_eq!(event["changes"], changes);
        step(&rose, "deletePost", json!({ "id": post }), "DELETE_POST SUCCESS rose ada").await;
    })
    .await;
}
