//! The dashboard: one's own numbers for everybody who is signed in, the site's for administrators.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::*;

const DAY: Duration = Duration::from_hours(24);
const OWN: &str = "{ dashboard { posts { draft published } commentsWritten commentsReceived activeSessions } }";
const LATEST: &str = "{ dashboard { latestComments { body author { username } post { title } } } }";
const SITE: &str = "{ dashboard { activeSessions site { users posts comments } signupsPerDay { day count } } }";

fn own(draft: u64, published: u64, written: u64, received: u64, sessions: u64) -> Value {
    json!({ "posts": { "draft": draft, "published": published }, "commentsWritten": written,
        "commentsReceived": received, "activeSessions": sessions })
}

/// Everybody's numbers are those of what is theirs, an administrator's too.
#[tokio::test]
async fn the_numbers_are_ones_own() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let bob = lyceum.person_with_role("bob", "USER").await;
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        for person in [&ada, &bob, &rose] {
            let answer = lyceum.ask(&person.token, OWN, json!({})).await.ok();
            assert_eq!(answer.at("dashboard"), &own(0, 0, 0, 0, 1));
        }
        let posts = [lyceum.write_post(&ada, "A", "PUBLISHED").await, lyceum.write_post(&ada, "B", "PUBLISHED").await];
        lyceum.write_post(&ada, "C", "DRAFT").await;
        let other = lyceum.write_post(&bob, "D", "PUBLISHED").await;
        lyceum.write_comment(&ada, &posts[0], "her own").await;
        lyceum.write_comment(&bob, &posts[0], "one").await;
        let gone = lyceum.write_comment(&bob, &posts[1], "two").await;
        lyceum.write_comment(&rose, &posts[1], "three").await;
        lyceum.write_comment(&ada, &other, "elsewhere").await;
        lyceum.log_in("ada", PASSWORD).await.ok();
        for (person, numbers) in [(&ada, own(1, 2, 2, 4, 2)), (&bob, own(0, 1, 2, 1, 1)), (&rose, own(0, 0, 1, 0, 1))] {
            let answer = lyceum.ask(&person.token, OWN, json!({})).await.ok();
            assert_eq!(answer.at("dashboard"), &numbers, "{}", person.username);
        }

        // They follow what happens: a comment and a post are deleted, and other sessions end.
        lyceum.mutate(&ada.token, "deleteComment", json!({ "id": gone })).await.ok();
        lyceum.mutate(&ada.token, "deletePost", json!({ "id": posts[0] })).await.ok();
        lyceum.ask(&ada.token, LOGOUT, json!({ "scope": "OTHERS" })).await.ok();
        for (person, numbers) in [(&ada, own(1, 1, 1, 1, 1)), (&bob, own(0, 1, 0, 1, 1))] {
            let answer = lyceum.ask(&person.token, OWN, json!({})).await.ok();
            assert_eq!(answer.at("dashboard"), &numbers, "{}", person.username);
        }
    })
    .await;
}

/// The newest ten comments on one's own posts, the newest first, wherever they stand.
#[tokio::test]
async fn the_latest_comments_are_those_on_ones_own_posts() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let bob = lyceum.person_with_role("bob", "ADMIN").await;
        let posts = [lyceum.write_post(&ada, "A", "PUBLISHED").await, lyceum.write_post(&ada, "B", "DRAFT").await];
        let other = lyceum.write_post(&bob, "Other", "PUBLISHED").await;
        for number in 0..12 {
            lyceum.write_comment(&bob, &posts[number % 2], &format!("comment {number}")).await;
            lyceum.write_comment(&ada, &other, &format!("elsewhere {number}")).await;
        }
        let answer = lyceum.ask(&ada.token, LATEST, json!({})).await.ok();
        let expected: Vec<Value> = (2..12)
            .rev()
            .map(|number| {
                let title = if number % 2 == 0 { "A" } else { "B" };
                let author = json!({ "username": "bob" });
                json!({ "body": format!("comment {number}"), "author": author, "post": { "title": title } })
            })
            .collect();
        assert_eq!(answer.at("dashboard.latestComments"), &json!(expected));
        let answer = lyceum.ask(&bob.token, LATEST, json!({})).await.ok();
        assert_eq!(answer.at("dashboard.latestComments.0.body"), "elsewhere 11");
        assert_eq!(answer.at("dashboard.latestComments").as_array().map(Vec::len), Some(10));
    })
    .await;
}

/// Bar 60: the site's numbers are null and `FORBIDDEN` for who is no administrator, and the own ones beside them
/// stand; to nobody the dashboard is null and `UNAUTHENTICATED`, and what stands beside it stands.
#[tokio::test]
async fn the_sites_numbers_are_for_administrators() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let mona = lyceum.person_with_role("mona", "MODERATOR").await;
        for person in [&ada, &mona] {
            let answer = lyceum.ask(&person.token, SITE, json!({})).await;
            assert_eq!(answer.status, 200);
            let expected = json!({ "dashboard": { "activeSessions": 1, "site": null, "signupsPerDay": null } });
            assert_eq!(answer.body["data"], expected);
            assert_eq!(answer.errors(), ["FORBIDDEN dashboard.signupsPerDay", "FORBIDDEN dashboard.site"]);
        }
        let query = "{ dashboard { activeSessions } posts { totalCount } }";
        let answer = lyceum.run(query, json!({})).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body["data"], json!({ "dashboard": null, "posts": { "totalCount": 0 } }));
        assert_eq!(answer.errors(), ["UNAUTHENTICATED dashboard"]);
        assert_eq!(answer.reason(), "MISSING");
    })
    .await;
}

/// An administrator sees how much there is, drafts among it.
#[tokio::test]
async fn the_sites_totals_count_everything() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        let ada = lyceum.person_with_role("ada", "USER").await;
        lyceum.sign_up("waiting").await.ok();
        let post = lyceum.write_post(&ada, "A", "PUBLISHED").await;
        lyceum.write_post(&ada, "B", "DRAFT").await;
        lyceum.write_comment(&rose, &post, "one").await;
        let answer = lyceum.ask(&rose.token, SITE, json!({})).await.ok();
        assert_eq!(answer.at("dashboard.site"), &json!({ "users": 2, "posts": 2, "comments": 1 }));
    })
    .await;
}

/// The sign-ups of each of the last 30 days in UTC, the oldest first; a day without any is there with 0. A day begins
/// with its first microsecond, and what is older than 30 days has left the list.
#[tokio::test]
async fn signups_are_counted_by_days_in_utc() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        // 30 days later by the clock: the day of the start has just left the list.
        lyceum.advance(DAY * 30 + Duration::from_hours(12));
        let midnight = START.plus(DAY * 30);
        let first = midnight.minus(DAY * 29);
        let moments = [
            first.minus(Duration::from_micros(1)),
            first,
            first.plus(DAY).minus(Duration::from_micros(1)),
            first.plus(DAY),
            midnight.minus(Duration::from_micros(1)),
            midnight,
            midnight.plus(Duration::from_hours(12)),
        ];
        for (number, moment) in moments.into_iter().enumerate() {
            let name = format!("user_{number}");
            lyceum.verified(&name).await;
            let update = format!("UPDATE users SET created_at = {} WHERE username_key = '{name}'", moment.0);
            lyceum.database.execute(&update).await;
        }
        let days = signups_per_day(lyceum, &rose).await;
        assert_eq!(days.len(), 30);
        let mut expected: Vec<(String, u64)> = (0..30).map(|day| (first.plus(DAY * day), 0)).map(day_of).collect();
        expected[0].1 = 2;
        expected[1].1 = 1;
        expected[28].1 = 1;
        expected[29].1 = 2;
        assert_eq!(days, expected);
        assert_eq!(
            (days[0].0.as_str(), days[29].0.as_str()),
            ("2026-01-02T00:00:00.000000Z", "2026-01-31T00:00:00.000000Z")
        );

        // At midnight everything moves by a day.
        lyceum.advance(Duration::from_hours(12));
        let days = signups_per_day(lyceum, &rose).await;
        assert_eq!(days[..29], expected[1..]);
        assert_eq!(days[29], ("2026-02-01T00:00:00.000000Z".to_owned(), 0));
    })
    .await;
}

/// A row from a clock that runs ahead makes no thirty-first day.
#[tokio::test]
async fn a_signup_of_tomorrow_is_not_counted_yet() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        lyceum.verified("early").await;
        let tomorrow = START.plus(DAY);
        let update = format!("UPDATE users SET created_at = {} WHERE username_key = 'early'", tomorrow.0);
        lyceum.database.execute(&update).await;
        let days = signups_per_day(lyceum, &rose).await;
        assert_eq!((days.len(), days.last()), (30, Some(&("2026-01-01T00:00:00.000000Z".to_owned(), 1))));
    })
    .await;
}

fn day_of((start, count): (lyceum::core::clock::Time, u64)) -> (String, u64) {
    (start.to_utc().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(), count)
}

async fn signups_per_day(lyceum: &Lyceum, admin: &Person) -> Vec<(String, u64)> {
    // An access token does not live as long as the list: each time a new one.
    let token = lyceum.log_in(&admin.username, PASSWORD).await.ok().str_at("login.accessToken").to_owned();
    let answer = lyceum.ask(&token, SITE, json!({})).await.ok();
    let days = answer.at("dashboard.signupsPerDay").as_array().unwrap().clone();
    days.iter().map(|day| (day["day"].as_str().unwrap().to_owned(), day["count"].as_u64().unwrap())).collect()
}
