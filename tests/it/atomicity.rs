//! All or nothing: one statement of a mutation fails, each in its turn and on each engine. Then nothing of it is
//! written, the client hears of a fault of ours and of nothing else, and once the fault is gone the same call works.

mod changes;

use std::{
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use serde_json::{Value, json};

use crate::harness::*;

const RESEND: &str = "mutation ($email: String!) {
    resendVerificationEmail(input: {email: $email}) { userErrors { code message field } } }";
const REFRESH: &str = "mutation ($token: String!) {
    refreshSession(input: {refreshToken: $token}) { accessToken userErrors { code message field } } }";
const NEW_PASSWORD: &str = "copper lantern drifts north";
const ALWAYS: &str = "1 = 1";

/// A kind of statement, its table, and which rows of it.
type Statement<'a> = (&'a str, &'a str, &'a str);

static NEXT: AtomicU8 = AtomicU8::new(0);

/// From another address each time: limits count attempts, those that fail by our fault too.
async fn send_anew(lyceum: &Lyceum, query: &str, variables: &Value) -> Answer {
    send_from_anywhere(lyceum, Call::new(query, variables.clone())).await
}

async fn send_from_anywhere(lyceum: &Lyceum, call: Call) -> Answer {
    lyceum.send(call.from(NEXT.fetch_add(1, Ordering::Relaxed))).await
}

/// Breaks one statement after the other, then one table after the other, then the commit; each time the call fails
/// whole. In the end it works.
async fn fails_whole(
    lyceum: &Lyceum,
    (query, variables): (&str, Value),
    statements: &[Statement<'_>],
    tables: &[&str],
) -> Answer {
    call_fails_whole(lyceum, || Call::new(query, variables.clone()), statements, tables).await
}

async fn call_fails_whole(
    lyceum: &Lyceum,
    call: impl Fn() -> Call,
    statements: &[Statement<'_>],
    tables: &[&str],
) -> Answer {
    let engine = lyceum.engine;
    let of_rows = |(event, table, when): &Statement<'_>| Sabotage::of_rows(engine, event, table, when);
    let inserted = statements.iter().rfind(|(event, ..)| *event == "INSERT").map(|(_, table, _)| *table);
    let faults = statements.iter().map(of_rows).chain(tables.iter().map(|table| Sabotage::of_table(table)));
    let faults = faults.chain(inserted.and_then(|table| Sabotage::of_commit(engine, table)));
    let mails = lyceum.mails().await.len();
    let before = contents(lyceum).await;
    for fault in faults {
        fault.apply(&lyceum.database).await;
        let answer = send_from_anywhere(lyceum, call()).await;
        fault.undo(&lyceum.database).await;
        is_our_fault(&answer, &fault.name);
        assert_eq!(contents(lyceum).await, before, "{}", fault.name);
    }
    assert_eq!(lyceum.mails().await.len(), mails);
    send_from_anywhere(lyceum, call()).await.ok()
}

/// The mutation's field is null, beside one error that tells nothing.
fn is_our_fault(answer: &Answer, fault: &str) {
    assert_eq!(answer.status, 200, "{fault}: {}", answer.body);
    assert!(answer.body["data"].as_object().unwrap().values().all(Value::is_null), "{}", answer.body);
    tells_nothing(answer, fault);
}

/// The code, an id to find it in the log by, and no word of the database.
fn tells_nothing(answer: &Answer, fault: &str) {
    assert_eq!(answer.code(), "INTERNAL_SERVER_ERROR", "{fault}: {}", answer.body);
    let errors = answer.body["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{fault}: {}", answer.body);
    assert_eq!(errors[0]["message"], "Something went wrong on our side.");
    let id = errors[0]["extensions"]["requestId"].as_str().unwrap_or_default();
    assert!(!id.is_empty(), "{fault}: {}", answer.body);
    assert_eq!(answer.headers.get("x-request-id").and_then(|value| value.to_str().ok()), Some(id));
    let text = answer.text().to_lowercase();
    for word in ["sabotage", "broken", "sql", "trigger", "constraint", "table", "relation", "_away", "insert", "debt"] {
        assert!(!text.contains(word), "{fault}: {text}");
    }
}

fn form(username: &str, email: &str) -> (&'static str, Value) {
    (SIGNUP, json!({ "username": username, "email": email, "password": PASSWORD }))
}

async fn rows(lyceum: &Lyceum) -> (i64, i64, i64) {
    let count = async |table| lyceum.database.count(table).await;
    (count("users").await, count("signups").await, count("outbox").await)
}

/// Bar 90: a sign-up that waits for its proof. An old one of the same name, whose time is over, goes with it.
#[tokio::test]
async fn a_signup_is_written_whole_or_not_at_all() {
    on_each_engine(async |lyceum| {
        lyceum.sign_up_as("ada", "old@example.com", PASSWORD).await.ok();
        lyceum.advance(Duration::from_hours(25));
        let statements = [
            ("DELETE", "signups", ALWAYS),
            ("INSERT", "signups", ALWAYS),
            ("INSERT", "mail_quotas", ALWAYS),
            ("UPDATE", "mail_quotas", ALWAYS),
            ("INSERT", "one_time_tokens", ALWAYS),
            ("INSERT", "outbox", ALWAYS),
        ];
        let tables = ["users", "signups", "mail_quotas", "one_time_tokens", "outbox"];
        fails_whole(lyceum, form("ada", "ada@example.com"), &statements, &tables).await;
        assert_eq!(rows(lyceum).await, (0, 1, 2));
        let token = lyceum.token_for("ada@example.com").await;
        send_anew(lyceum, VERIFY, &json!({ "token": token })).await.ok();
    })
    .await;
}

/// Bar 90: a sign-up with a taken address, which writes to its owner.
#[tokio::test]
async fn a_signup_with_a_taken_address_is_written_whole_or_not_at_all() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let statements = [
            ("INSERT", "signups", ALWAYS),
            ("UPDATE", "mail_quotas", ALWAYS),
            ("INSERT", "one_time_tokens", ALWAYS),
            ("INSERT", "outbox", ALWAYS),
        ];
        fails_whole(lyceum, form("bea", "ada@example.com"), &statements, &["mail_quotas", "outbox"]).await;
        assert_eq!(rows(lyceum).await, (1, 1, 2));
    })
    .await;
}

/// Bar 90: a sign-up that makes the user at once.
#[tokio::test]
async fn a_user_and_the_mail_are_written_together_or_not_at_all() {
    let settings = [("EMAIL_VERIFICATION", "optional"), ("ACCOUNT_DISCLOSURE", "friendly")];
    with_settings(&settings, async |lyceum| {
        let statements = [
            ("INSERT", "users", ALWAYS),
            ("INSERT", "mail_quotas", ALWAYS),
            ("UPDATE", "mail_quotas", ALWAYS),
            ("INSERT", "one_time_tokens", ALWAYS),
            ("INSERT", "outbox", ALWAYS),
        ];
        let tables = ["users", "mail_quotas", "one_time_tokens", "outbox"];
        fails_whole(lyceum, form("ada", "ada@example.com"), &statements, &tables).await;
        assert_eq!(rows(lyceum).await, (1, 0, 1));

        let token = lyceum.token_for("ada@example.com").await;
        let statements = [("UPDATE", "one_time_tokens", ALWAYS), ("UPDATE", "users", ALWAYS)];
        let call = (VERIFY, json!({ "token": token }));
        let answer = fails_whole(lyceum, call, &statements, &["one_time_tokens", "users", "signups"]).await;
        assert_eq!(answer.at("verifyEmail.user.emailVerified"), &json!(true));
    })
    .await;
}

/// Bar 90: the proof of an address: the token, the rival's token, the sign-ups and the user belong together.
#[tokio::test]
async fn a_proof_makes_the_user_whole_or_not_at_all() {
    on_each_engine(async |lyceum| {
        lyceum.sign_up_as("rival", "ada@example.com", NEW_PASSWORD).await.ok();
        lyceum.advance(Duration::from_mins(5));
        lyceum.sign_up("ada").await.ok();
        let token = lyceum.token_for("ada@example.com").await;
        let (rivals, own) = (format!("OLD.created_at = {}", START.0), format!("OLD.created_at > {}", START.0));
        let statements = [
            ("UPDATE", "one_time_tokens", &*own),
            ("UPDATE", "one_time_tokens", &rivals),
            ("DELETE", "signups", &own),
            ("DELETE", "signups", &rivals),
            ("INSERT", "users", ALWAYS),
        ];
        let call = (VERIFY, json!({ "token": token }));
        let answer = fails_whole(lyceum, call, &statements, &["one_time_tokens", "signups", "users"]).await;
        assert_eq!(answer.str_at("verifyEmail.user.username"), "ada");
        assert_eq!(rows(lyceum).await, (1, 0, 2));
        lyceum.log_in("ada", PASSWORD).await.ok();
    })
    .await;
}

/// Bar 90: the try of a short code is counted whatever fails behind it, and nothing else is written.
#[tokio::test]
async fn a_fault_behind_a_short_code_costs_one_try_and_nothing_else() {
    on_each_engine(async |lyceum| {
        lyceum.sign_up("ada").await.ok();
        let code = lyceum.code_for("ada@example.com").await;
        let proof = json!({ "email": "ada@example.com", "code": code });
        let before = contents(lyceum).await;
        let fault = Sabotage::of_rows(lyceum.engine, "INSERT", "users", ALWAYS);
        fault.apply(&lyceum.database).await;
        is_our_fault(&send_anew(lyceum, VERIFY_BY_CODE, &proof).await, &fault.name);
        fault.undo(&lyceum.database).await;
        assert_eq!(lyceum.database.number("SELECT tries FROM one_time_tokens").await, 1);
        lyceum.database.execute("UPDATE one_time_tokens SET tries = 0").await;
        assert_eq!(contents(lyceum).await, before);
        send_anew(lyceum, VERIFY_BY_CODE, &proof).await.ok();
    })
    .await;
}

/// Bar 90: a reset: the token, the password, the sessions and the notice belong together. Until it works the old
/// password and the old session do.
#[tokio::test]
async fn a_reset_is_done_whole_or_not_at_all() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let forgot = (FORGOT, json!({ "email": ada.email }));
        let statements = [
            ("INSERT", "mail_quotas", ALWAYS),
            ("UPDATE", "mail_quotas", ALWAYS),
            ("INSERT", "one_time_tokens", ALWAYS),
            ("INSERT", "outbox", ALWAYS),
        ];
        fails_whole(lyceum, forgot, &statements, &["users", "mail_quotas", "one_time_tokens", "outbox"]).await;

        let token = lyceum.token_for(&ada.email).await;
        let statements = [
            ("UPDATE", "one_time_tokens", ALWAYS),
            ("UPDATE", "users", ALWAYS),
            ("UPDATE", "sessions", ALWAYS),
            ("INSERT", "outbox", ALWAYS),
        ];
        let reset = (RESET, json!({ "token": token, "password": NEW_PASSWORD }));
        for statement in &statements {
            let fault = Sabotage::of_rows(lyceum.engine, statement.0, statement.1, statement.2);
            fault.apply(&lyceum.database).await;
            is_our_fault(&send_anew(lyceum, reset.0, &reset.1).await, &fault.name);
            fault.undo(&lyceum.database).await;
            lyceum.run_as(&ada.token, ME, json!({})).await.ok();
            let answer = lyceum.log_in("ada", NEW_PASSWORD).await;
            assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"]);
        }
        fails_whole(lyceum, reset, &statements, &["one_time_tokens", "users", "sessions", "outbox"]).await;
        assert_eq!(lyceum.run_as(&ada.token, ME, json!({})).await.code(), "UNAUTHENTICATED");
        lyceum.advance(Duration::from_mins(20));
        lyceum.log_in("ada", NEW_PASSWORD).await.ok();
    })
    .await;
}

/// Bar 90: a second mail kills the token of the first only when it is on its way itself.
#[tokio::test]
async fn a_resend_that_fails_leaves_the_first_token_good() {
    on_each_engine(async |lyceum| {
        lyceum.sign_up("ada").await.ok();
        let first = lyceum.token_for("ada@example.com").await;
        lyceum.advance(Duration::from_mins(5));
        let statements = [
            ("UPDATE", "mail_quotas", ALWAYS),
            ("UPDATE", "one_time_tokens", ALWAYS),
            ("INSERT", "one_time_tokens", ALWAYS),
            ("INSERT", "outbox", ALWAYS),
        ];
        let resend = (RESEND, json!({ "email": "ada@example.com" }));
        for (event, table, when) in statements {
            let fault = Sabotage::of_rows(lyceum.engine, event, table, when);
            fault.apply(&lyceum.database).await;
            is_our_fault(&send_anew(lyceum, resend.0, &resend.1).await, &fault.name);
            fault.undo(&lyceum.database).await;
        }
        assert_eq!(lyceum.database.number("SELECT count(*) FROM one_time_tokens WHERE used_at IS NULL").await, 1);
        fails_whole(lyceum, resend, &statements, &["signups", "mail_quotas", "one_time_tokens", "outbox"]).await;
        let answer = send_anew(lyceum, VERIFY, &json!({ "token": first })).await;
        assert_eq!(answer.user_errors("verifyEmail"), ["TOKEN_INVALID"]);
        let second = lyceum.token_for("ada@example.com").await;
        send_anew(lyceum, VERIFY, &json!({ "token": second })).await.ok();
    })
    .await;
}

/// Bar 90: a login: the session, its refresh token, the moment at the user and the end of the oldest session belong
/// together; a refresh: the old token, the new one and the session.
#[tokio::test]
async fn a_login_and_a_refresh_are_done_whole_or_not_at_all() {
    with_settings(&[("SESSIONS_PER_USER", "1")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        lyceum.advance(Duration::from_mins(5));
        let statements = [
            ("UPDATE", "sessions", ALWAYS),
            ("INSERT", "sessions", ALWAYS),
            ("UPDATE", "users", ALWAYS),
            ("INSERT", "refresh_tokens", ALWAYS),
        ];
        let login = (LOGIN, json!({ "identifier": "ada@example.com", "password": PASSWORD }));
        for table in ["sessions", "refresh_tokens"] {
            let fault = Sabotage::of_rows(lyceum.engine, "INSERT", table, ALWAYS);
            fault.apply(&lyceum.database).await;
            is_our_fault(&send_anew(lyceum, login.0, &login.1).await, &fault.name);
            fault.undo(&lyceum.database).await;
            lyceum.run_as(&ada.token, ME, json!({})).await.ok();
        }
        let tables = ["users", "signups", "sessions", "refresh_tokens"];
        let answer = fails_whole(lyceum, login, &statements, &tables).await;
        assert_eq!(lyceum.run_as(&ada.token, ME, json!({})).await.code(), "UNAUTHENTICATED");

        let token = answer.str_at("login.refreshToken").to_owned();
        lyceum.advance(Duration::from_mins(5));
        let statements = [
            ("UPDATE", "refresh_tokens", ALWAYS),
            ("UPDATE", "sessions", ALWAYS),
            ("INSERT", "refresh_tokens", ALWAYS),
        ];
        let refresh = (REFRESH, json!({ "token": token }));
        fails_whole(lyceum, refresh, &statements, &["users", "sessions", "refresh_tokens"]).await;
    })
    .await;
}

/// Bar 90: a read that fails, in a query or while the token is looked at, says no more than a write.
#[tokio::test]
async fn a_query_that_fails_tells_nothing_of_the_database() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let fault = Sabotage::of_table("users");
        fault.apply(&lyceum.database).await;
        let query = lyceum.run("{ usernameAvailable(username: \"bea\") }", json!({})).await;
        let viewer = lyceum.run_as(&ada.token, ME, json!({})).await;
        fault.undo(&lyceum.database).await;
        assert_eq!((query.status.as_u16(), viewer.status.as_u16()), (200, 500));
        for answer in [query, viewer] {
            tells_nothing(&answer, &fault.name);
        }
        lyceum.run_as(&ada.token, ME, json!({})).await.ok();
    })
    .await;
}
