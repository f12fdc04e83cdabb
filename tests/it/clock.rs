//! Somebody sets the clock, forward or back: by the five minutes that NTP may correct, or by a year that it was wrong.

use std::{collections::BTreeSet, time::Duration};

use lyceum::core::{
    clock::Time,
    metrics,
    retention::{self, Swept},
};
use serde_json::{Value, json};

use crate::harness::*;

const STEP: Duration = Duration::from_mins(5);
const SECOND: Duration = Duration::from_secs(1);
const YEAR: Duration = Duration::from_hours(24 * 365);

impl Lyceum {
    fn set_forward(&self, by: Duration) {
        self.set_clock(self.now().plus(by));
    }

    fn set_back(&self, by: Duration) {
        self.set_clock(self.now().minus(by));
    }
}

async fn reason(lyceum: &Lyceum, token: &str) -> String {
    let answer = lyceum.run_as(token, ME, json!({})).await;
    answer.body["errors"][0]["extensions"]["reason"].as_str().unwrap_or("ok").to_owned()
}

async fn refreshed(lyceum: &Lyceum, refresh: &mut String) -> String {
    let answer = lyceum.run(REFRESH, json!({ "token": refresh })).await.ok();
    answer.str_at("refreshSession.refreshToken").clone_into(refresh);
    answer.str_at("refreshSession.accessToken").to_owned()
}

/// Bar 97: a token is good until its second by the clock, leeway included, and no longer, however often that is set. One
/// from the future is not good yet, and a refresh brings one that is: nobody has to log in for it.
#[tokio::test]
async fn tokens_live_by_the_clock_as_it_is() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let mut refresh = ada.refresh_token.clone();
        lyceum.set_forward(STEP);
        assert_eq!(reason(lyceum, &ada.token).await, "ok");
        let ahead = refreshed(lyceum, &mut refresh).await;
        lyceum.set_back(STEP);
        assert_eq!(reason(lyceum, &ada.token).await, "ok");
        assert_eq!(reason(lyceum, &ahead).await, "INVALID", "it is from the future");
        let fresh = refreshed(lyceum, &mut refresh).await;
        assert_eq!(reason(lyceum, &fresh).await, "ok");
        lyceum.set_back(YEAR);
        let long_ago = lyceum.log_in("ada", PASSWORD).await.ok().str_at("login.accessToken").to_owned();
        assert_eq!(reason(lyceum, &long_ago).await, "ok");
        lyceum.set_forward(YEAR);
        assert_eq!(reason(lyceum, &long_ago).await, "EXPIRED");
        // Ten minutes and the leeway after it was made, and not a second more.
        lyceum.set_clock(START.plus(STEP * 3 + SECOND * 5));
        assert_eq!(reason(lyceum, &ahead).await, "ok");
        assert_eq!(reason(lyceum, &fresh).await, "EXPIRED");
        lyceum.advance(SECOND);
        assert_eq!(reason(lyceum, &ahead).await, "EXPIRED");
        let token = refreshed(lyceum, &mut refresh).await;
        assert_eq!(reason(lyceum, &token).await, "ok");
    })
    .await;
}

/// Bar 97: a session by cookie lives through it, and ends ten minutes after its last use by the later of the two clocks.
#[tokio::test]
async fn a_cookie_lives_through_it() {
    on_each_engine(async |lyceum| {
        let cookie = cookie_of(&lyceum.signed_in_by_cookie("ada").await);
        let asked = async || lyceum.send(Call::new(ME, json!({})).cookie(&cookie)).await;
        for back in [false, true] {
            let set = if back { Lyceum::set_back } else { Lyceum::set_forward };
            set(lyceum, STEP);
            asked().await.ok();
        }
        // Noted once more when the clock is where it was; used all the while, it never ended.
        for _ in 0..8 {
            lyceum.advance(STEP / 2);
            asked().await.ok();
        }
        lyceum.advance(STEP * 2);
        assert_eq!(asked().await.code(), "UNAUTHENTICATED");
    })
    .await;
}

/// Bar 97: what an address may do, and the pauses of an account, go by the time that passes. Nobody waits longer because
/// the clock went back by a year, and nothing is forgiven because it went forward.
#[tokio::test]
async fn limits_do_not_look_at_the_clock() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        for _ in 0..5 {
            assert_eq!(lyceum.log_in("ada", "wrong").await.user_errors("login"), ["INVALID_CREDENTIALS"]);
        }
        let refresh = || Call::new(REFRESH, json!({ "token": "x" })).from(9);
        for _ in 0..150 {
            assert_eq!(lyceum.send(refresh()).await.code(), "UNAUTHENTICATED");
        }
        for wrong in [YEAR, STEP] {
            for set in [Lyceum::set_forward, Lyceum::set_back] {
                set(lyceum, wrong);
                let limited = |answer: &Answer| (answer.code() == "RATE_LIMITED").then(|| answer.retry_after());
                assert_eq!(limited(&lyceum.log_in("ada", PASSWORD).await), Some(Some(1)));
                assert_eq!(limited(&lyceum.send(refresh()).await), Some(Some(2)));
            }
        }
        lyceum.set_back(YEAR);
        lyceum.advance(SECOND * 2);
        assert_eq!(lyceum.send(refresh()).await.code(), "UNAUTHENTICATED");
        lyceum.log_in("ada", PASSWORD).await.ok();
    })
    .await;
}

/// Bar 97: mails that were written while the clock was ahead leave when it is there again, once; whoever asks then gets
/// more of them, after an hour and a bit at most.
#[tokio::test]
async fn mails_leave_and_can_be_asked_for() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let forgot = async || lyceum.run(FORGOT, json!({ "email": email_of("ada") })).await.ok();
        let before = lyceum.mails().await.len();
        lyceum.set_forward(STEP);
        forgot().await;
        lyceum.set_back(STEP);
        assert_eq!(lyceum.mails().await.len(), before);
        metrics::exposition(&lyceum.app.core).await.unwrap();
        lyceum.advance(STEP);
        assert_eq!(lyceum.mails().await.len(), before + 1);
        let link = lyceum.token_for(&email_of("ada")).await;
        lyceum.run(RESET, json!({ "token": link, "password": "copper lantern drifts north" })).await.ok();
        lyceum.set_forward(YEAR);
        for _ in 0..3 {
            forgot().await;
            lyceum.advance(Duration::from_mins(1));
        }
        lyceum.mails().await;
        lyceum.set_back(YEAR);
        let before = lyceum.mails().await.len();
        forgot().await;
        assert_eq!(lyceum.mails().await.len(), before + 1, "the allowance of a year ahead is not waited for");
    })
    .await;
}

/// Bar 97: a lease that was taken while the clock was ahead ends: another server sends what the first did not.
#[tokio::test]
async fn a_lease_ends() {
    on_each_engine(async |lyceum| {
        lyceum.sign_up("ada").await.ok();
        lyceum.set_forward(STEP);
        let gone = lyceum::core::mail::transport::Transport::memory();
        let leased = lyceum.now().plus(Duration::from_mins(1)).0;
        lyceum.database.execute(&format!("UPDATE outbox SET next_try_at = {leased}")).await;
        let other = lyceum.mailing_by(&gone).await;
        lyceum.set_back(STEP);
        let sent = async || lyceum::core::mail::deliver_due(&other.core).await.unwrap().sent;
        assert_eq!(sent().await, 0);
        lyceum.advance(STEP + Duration::from_mins(1));
        assert_eq!((sent().await, sent().await), (1, 0));
        close(other).await;
    })
    .await;
}

/// Bar 97: a sweep in the wrong five minutes takes nothing that lives.
#[tokio::test]
async fn a_sweep_takes_nothing_that_lives() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        lyceum.sign_up("bob").await.ok();
        lyceum.run(FORGOT, json!({ "email": ada.email })).await.ok();
        for set in [Lyceum::set_forward, Lyceum::set_back, Lyceum::set_back] {
            set(lyceum, STEP);
            assert_eq!(retention::sweep(&lyceum.app.core).await.unwrap(), Swept::default());
        }
        let mut refresh = ada.refresh_token.clone();
        let token = refreshed(lyceum, &mut refresh).await;
        assert_eq!(reason(lyceum, &token).await, "ok");
    })
    .await;
}

/// Bar 97: whoever walks a list while the clock goes back, and others write, meets each post once that was there.
#[tokio::test]
async fn a_walk_meets_each_post_once() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let ada = cookie_of(&lyceum.signed_in_by_cookie("ada").await);
        let mut there = BTreeSet::new();
        for number in 0..12 {
            there.insert(write(lyceum, &ada, &format!("Title {number}")).await);
            if number % 5 == 4 {
                lyceum.set_back(SECOND * 90);
            }
        }
        for field in ["CREATED_AT", "PUBLISHED_AT", "TITLE"] {
            for direction in ["ASC", "DESC"] {
                let met = walked(lyceum, &ada, &json!({ "field": field, "direction": direction })).await;
                let met: Vec<&String> = met.iter().filter(|id| there.contains(*id)).collect();
                assert_eq!(met.len(), there.len(), "{field} {direction}: {met:?}");
                assert_eq!(met.into_iter().collect::<BTreeSet<_>>().len(), there.len());
            }
        }
    })
    .await;
}

/// A post of whom the cookie stands for; its id.
async fn write(lyceum: &Lyceum, cookie: &str, title: &str) -> String {
    lyceum.advance(Duration::from_millis(1));
    let post = json!({ "title": title, "body": "B", "status": "PUBLISHED" });
    let answer = lyceum.send(mutation("", "createPost", &post).cookie(cookie)).await.ok();
    answer.str_at("createPost.post.id").to_owned()
}

/// All ids, page after page; between two of them the clock is set and somebody writes.
async fn walked(lyceum: &Lyceum, ada: &str, order: &Value) -> Vec<String> {
    let query = "query ($order: PostOrder, $after: String) { posts(first: 4, orderBy: $order, after: $after) {
        nodes { id } pageInfo { hasNextPage endCursor } } }";
    let (mut met, mut after, mut back) = (Vec::new(), Value::Null, false);
    loop {
        let page = lyceum.run(query, json!({ "order": order, "after": after })).await.ok();
        let nodes = page.at("posts.nodes").as_array().unwrap();
        met.extend(nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()));
        assert!(met.len() < 200, "it does not end");
        if page.at("posts.pageInfo.hasNextPage") == false {
            return met;
        }
        after = page.at("posts.pageInfo.endCursor").clone();
        back = !back;
        let set = if back { Lyceum::set_back } else { Lyceum::set_forward };
        set(lyceum, STEP);
        if met.len() < 12 {
            write(lyceum, ada, "Between").await;
        }
    }
}

/// Bar 97: before 1970 nothing is signed, and nothing falls over.
#[tokio::test]
async fn no_clock_is_too_wrong() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        for wrong in [Time(-1), Time(i64::MIN), Time(i64::MAX)] {
            lyceum.set_clock(wrong);
            for _ in 0..2 {
                assert_ne!(reason(lyceum, &ada.token).await, "ok");
                assert!(lyceum.log_in("ada", PASSWORD).await.status.as_u16() <= 503);
                lyceum.run("{ posts { nodes { id } } }", json!({})).await;
                metrics::exposition(&lyceum.app.core).await.unwrap();
            }
        }
        lyceum.set_clock(START.plus(SECOND));
        lyceum.run_as(&ada.token, ME, json!({})).await.ok();
        lyceum.log_in("ada", PASSWORD).await.ok();
    })
    .await;
}
