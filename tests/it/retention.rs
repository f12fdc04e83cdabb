//! What is over goes after a while, and nothing else does; whoever sweeps, however often, and however many at once.

use std::time::Duration;

use lyceum::core::retention::{self, Swept};
use serde_json::json;

use crate::harness::*;

const DAY: Duration = Duration::from_hours(24);
const SECOND: Duration = Duration::from_secs(1);
const RESEND: &str = "mutation ($email: String!) {
    resendVerificationEmail(input: {email: $email}) { userErrors { code } } }";

/// A second less.
fn nearly(time: Duration) -> Duration {
    time.saturating_sub(SECOND)
}

async fn sweep(lyceum: &Lyceum) -> Swept {
    retention::sweep(&lyceum.app.core).await.unwrap()
}

/// Only sessions and what they know, without the rest that goes along.
async fn sessions_swept(lyceum: &Lyceum) -> (u64, u64) {
    let swept = sweep(lyceum).await;
    (swept.sessions, swept.origins)
}

/// Bar 107: a session that ended goes 30 days after its end, one that expired 30 days after that, each with all its refresh
/// tokens. One that is in use stays; any forgets from where it was used 30 days after that.
#[tokio::test]
async fn sessions_go_thirty_days_after_their_end() {
    on_each_engine(async |lyceum| {
        let ended = lyceum.person("ada").await;
        let idle = lyceum.log_in("ada", PASSWORD).await.ok();
        let agent = login("ada", PASSWORD).header("user-agent", "Browser 1.0");
        let mut used = lyceum.send(agent).await.ok().str_at("login.refreshToken").to_owned();
        lyceum.run_as(&ended.token, LOGOUT, json!({ "scope": "CURRENT" })).await.ok();
        let mut refresh = async || {
            let answer = lyceum.run(REFRESH, json!({ "token": used })).await.ok();
            answer.str_at("refreshSession.refreshToken").clone_into(&mut used);
            answer.str_at("refreshSession.accessToken").to_owned()
        };
        for by in [nearly(DAY * 10), DAY * 10, DAY * 10] {
            lyceum.advance(by);
            refresh().await;
        }
        assert_eq!(sessions_swept(lyceum).await, (0, 0));
        lyceum.advance(SECOND);
        assert_eq!(sessions_swept(lyceum).await, (1, 1), "nobody has used the idle one since");
        assert_eq!(sessions_swept(lyceum).await, (0, 0));
        let known = "SELECT count(*) FROM sessions WHERE ip_address IS NOT NULL OR user_agent IS NOT NULL";
        assert_eq!(lyceum.database.number(known).await, 1);
        assert_eq!(lyceum.database.count("refresh_tokens").await, 5, "the idle one's, and four of the used one");
        let token = refresh().await;
        let query = "{ me { sessions { nodes { ipAddress userAgent current } } } }";
        let answer = lyceum.run_as(&token, query, json!({})).await.ok();
        let nodes = json!([{ "ipAddress": "192.0.2.1", "userAgent": null, "current": true }]);
        assert_eq!(answer.at("me.sessions.nodes"), &nodes, "the idle one has expired");

        // The idle one expired after 14 days.
        lyceum.advance(DAY * 13 + Duration::from_hours(23));
        refresh().await;
        assert_eq!(sessions_swept(lyceum).await, (0, 0));
        lyceum.advance(Duration::from_hours(1));
        assert_eq!(sessions_swept(lyceum).await, (1, 0));
        let answer = lyceum.run(REFRESH, json!({ "token": idle.str_at("login.refreshToken") })).await;
        assert_eq!(answer.code(), "UNAUTHENTICATED");
        // The used one is over at its absolute end, after 90 days, and goes after 120.
        for _ in 0..4 {
            lyceum.advance(DAY * 11);
            refresh().await;
        }
        lyceum.advance(nearly(DAY * 32));
        assert_eq!(sessions_swept(lyceum).await, (0, 1));
        assert_eq!(lyceum.database.number(known).await, 0);
        lyceum.advance(SECOND);
        assert_eq!(sessions_swept(lyceum).await, (1, 0));
        assert_eq!((lyceum.database.count("sessions").await, lyceum.database.count("refresh_tokens").await), (0, 0));
    })
    .await;
}

/// Bar 107: links and codes go a day after nobody could use them any more, and so do changes of the address: a week and a
/// day after they were asked for, since the old address may undo them for so long.
#[tokio::test]
async fn links_and_codes_go_a_day_after_their_end() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        lyceum.run(FORGOT, json!({ "email": ada.email })).await.ok();
        lyceum.run(FORGOT, json!({ "email": "nobody@example.com" })).await.ok();
        let undo = lyceum.moved(&ada).await;
        assert_eq!(lyceum.database.count("one_time_tokens").await, 3);
        lyceum.advance(nearly(DAY + Duration::from_mins(30)));
        assert_eq!(sweep(lyceum).await.tokens, 0);
        lyceum.advance(SECOND);
        assert_eq!(sweep(lyceum).await.tokens, 2, "the links to reset the password");
        lyceum.advance(Duration::from_mins(23 * 60 + 30));
        assert_eq!(sweep(lyceum).await.tokens, 1, "the link that proved the address");
        lyceum.advance(nearly(DAY * 6));
        assert_eq!(sweep(lyceum).await, Swept::default());
        lyceum.advance(SECOND);
        let swept = Swept { email_changes: 1, ..Swept::default() };
        assert_eq!(sweep(lyceum).await, swept);
        let answer = lyceum.mutate(NOBODY, "cancelEmailChange", json!({ "token": undo })).await;
        assert_eq!(answer.user_errors("cancelEmailChange"), ["TOKEN_INVALID"]);
    })
    .await;
}

/// Bar 107: a change of the address can be undone for its seven days, however often there is a sweep.
#[tokio::test]
async fn a_sweep_takes_nothing_that_can_still_be_used() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let undo = lyceum.moved(&ada).await;
        lyceum.sign_up("bob").await.ok();
        lyceum.advance(Duration::from_hours(23));
        // The link of this mail is good for a day, although the sign-up stops holding its name in an hour.
        lyceum.run(RESEND, json!({ "email": "bob@example.com" })).await.ok();
        let proof = lyceum.token_for("bob@example.com").await;
        for _ in 0..23 {
            lyceum.advance(Duration::from_hours(1));
            assert_eq!(sweep(lyceum).await.signups, 0);
        }
        lyceum.run(VERIFY, json!({ "token": proof })).await.ok();
        for _ in 0..5 {
            lyceum.advance(nearly(DAY));
            assert_eq!(sweep(lyceum).await.email_changes, 0);
        }
        lyceum.mutate(NOBODY, "cancelEmailChange", json!({ "token": undo })).await.ok();
    })
    .await;
}

/// Bar 107: a sign-up goes when its last link is over, an allowance for mails when it is a day old, and a mail 30 days
/// after it was sent or given up. A mail that waits stays.
#[tokio::test]
async fn signups_allowances_and_mails_go_in_their_time() {
    on_each_engine(async |lyceum| {
        lyceum.sign_up("ada").await.ok();
        lyceum.mails().await;
        lyceum.sign_up("bob").await.ok();
        lyceum.database.execute("UPDATE outbox SET expires_at = 0 WHERE next_try_at IS NOT NULL").await;
        lyceum.mails().await;
        let given_up = "SELECT count(*) FROM outbox WHERE failed_at IS NOT NULL";
        assert_eq!((lyceum.database.number(given_up).await, lyceum.database.count("outbox").await), (1, 2));
        lyceum.sign_up("cleo").await.ok();

        lyceum.advance(nearly(DAY));
        assert_eq!(sweep(lyceum).await, Swept::default());
        lyceum.advance(SECOND);
        assert_eq!(sweep(lyceum).await, Swept { mail_quotas: 3, ..Swept::default() });
        lyceum.advance(DAY);
        assert_eq!(sweep(lyceum).await, Swept { signups: 3, tokens: 3, ..Swept::default() });
        lyceum.advance(nearly(DAY * 28));
        assert_eq!(sweep(lyceum).await, Swept::default());
        lyceum.advance(SECOND);
        assert_eq!(sweep(lyceum).await, Swept { mails: 2, audit_origins: 3, ..Swept::default() });
        lyceum.advance(DAY * 300);
        assert_eq!(sweep(lyceum).await, Swept::default());
        assert_eq!(lyceum.database.count("outbox").await, 1, "cleo's");
    })
    .await;
}

/// Bar 107: how long is a setting.
#[tokio::test]
async fn how_long_things_are_kept_is_a_setting() {
    with_settings(&[("RETENTION", "2d")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        lyceum.run_as(&ada.token, LOGOUT, json!({ "scope": "CURRENT" })).await.ok();
        lyceum.advance(nearly(DAY * 2));
        let swept = sweep(lyceum).await;
        assert_eq!((swept.sessions, swept.mails), (0, 0));
        lyceum.advance(SECOND);
        let swept = sweep(lyceum).await;
        assert_eq!((swept.sessions, swept.mails), (1, 1));
    })
    .await;
}

/// Sessions of a user that ended long ago, with refresh tokens.
async fn insert_sessions(lyceum: &Lyceum, user: &Person, sessions: usize, tokens: usize) {
    let (mut ids, user) = (Ids::new(7), lyceum.literal(local_id(&user.id)));
    let ids: Vec<_> = (0..sessions).map(|_| ids.next()).collect();
    let row = |id: &uuid::Uuid| format!("({}, {user}, 'Browser', 0, 0, 0, 0, 0)", lyceum.literal(*id));
    let columns = "id, user_id, user_agent, created_at, last_used_at, idle_expires_at, absolute_expires_at, ended_at";
    let rows: Vec<String> = ids.iter().map(row).collect();
    lyceum.database.execute(&format!("INSERT INTO sessions ({columns}) VALUES {}", rows.join(", "))).await;
    let token = |n: usize| format!("('{n:064}', {}, 0)", lyceum.literal(ids[n % sessions]));
    let rows: Vec<String> = (0..tokens).map(token).collect();
    let columns = "digest, session_id, created_at";
    lyceum.database.execute(&format!("INSERT INTO refresh_tokens ({columns}) VALUES {}", rows.join(", "))).await;
}

/// Bar 107: many rows go some hundreds at a time, by their keys.
#[tokio::test]
async fn many_rows_go_some_at_a_time() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        insert_sessions(lyceum, &ada, 1_200, 2_600).await;
        lyceum.advance(DAY * 31);
        let statements = Statements::watch();
        assert_eq!(sweep(lyceum).await.sessions, 1_200);
        let statements = statements.texts();
        let of = |what: &str| statements.iter().filter(|text| text.replace(['`', '"'], "").starts_with(what)).count();
        assert_eq!(of("DELETE FROM sessions"), 3);
        assert!((6..=9).contains(&of("DELETE FROM refresh_tokens")), "{}", of("DELETE FROM refresh_tokens"));
        assert_eq!((lyceum.database.count("sessions").await, lyceum.database.count("refresh_tokens").await), (1, 1));
    })
    .await;
}

/// Bar 107: several servers may sweep at the same moment, while people log in: each row goes once, and nobody is hurt.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_may_sweep_at_once() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        insert_sessions(lyceum, &ada, 1_500, 3_000).await;
        lyceum.advance(DAY * 31);
        let sweeps = (0..4).map(|_| {
            let core = lyceum.app.core.clone();
            tokio::spawn(async move { retention::sweep(&core).await })
        });
        let sweeps: Vec<_> = sweeps.collect();
        let answers = lyceum.together((0..10).map(|_| login("ada", PASSWORD)).collect()).await;
        let mut swept = 0;
        for sweep in sweeps {
            swept += sweep.await.unwrap().unwrap().sessions;
        }
        assert_eq!(swept, 1_500);
        for answer in answers {
            lyceum.run_as(answer.ok().str_at("login.accessToken"), ME, json!({})).await.ok();
        }
        assert_eq!(lyceum.database.count("sessions").await, 11);
    })
    .await;
}

/// Bar 107: `lyceum sweep` says what went, and `lyceum serve` sweeps by itself when it starts.
#[tokio::test(flavor = "multi_thread")]
async fn the_command_and_the_server_sweep() {
    for engine in Engine::all() {
        let home = Home::new();
        let database = home.database(engine).await;
        let settings = [("DATABASE_URL", &*database.url), ("BCRYPT_COST", "4")];
        let run = || tokio::task::block_in_place(|| home.run(&["sweep"], &settings, ""));
        assert_eq!(run().code, Some(0));
        let old = "INSERT INTO mail_quotas (recipient, mails, last_at) VALUES ('verify-email a@b.example', 1, 0)";
        database.execute(old).await;
        let finished = run();
        assert!(finished.stdout.contains("0 sign-ups, 1 mail quotas, 0 mails, 0 audit events"), "{finished:?}");
        assert_eq!((finished.code, database.count("mail_quotas").await), (Some(0), 0), "{finished:?}");
        assert!(run().stdout.contains("0 sign-ups, 0 mail quotas, 0 mails, 0 audit events"));

        database.execute(old).await;
        let server = tokio::task::block_in_place(|| home.serve(&settings));
        tokio::task::block_in_place(|| server.wait_for_log("1 mail quotas"));
        assert_eq!(database.count("mail_quotas").await, 0);
        assert_eq!(tokio::task::block_in_place(|| server.stop()).code, Some(0));
        database.drop().await;
    }
}
