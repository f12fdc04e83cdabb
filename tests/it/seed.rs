//! The example site of `lyceum seed`: the same everywhere and every time, by the rules of everybody's rows, and ready
//! to log in to.

use std::sync::Mutex;

use lyceum::core::{
    Error,
    accounts::password::Policy,
    seed::{self, Plan},
};
use serde_json::{Value, json};

use crate::harness::*;

const SMALL: Plan = Plan { users: 50, posts: 200, comments: 800, seed: 1 };

const FIRST_ROWS: &str = "{
    posts(first: 8, orderBy: {field: CREATED_AT, direction: ASC}) {
        nodes { id title body createdAt updatedAt publishedAt author { id username firstName lastName role createdAt } } }
    comments(first: 8, orderBy: {direction: ASC}) { nodes { id body createdAt author { id } post { id } } }
    newest: posts(first: 8) { totalCount nodes { id comments(first: 5) { totalCount nodes { id body } } } } }";

async fn seed(lyceum: &Lyceum, plan: Plan) -> lyceum::core::Result<()> {
    seed::seed(&lyceum.app.core, plan, &|_, _| ()).await
}

async fn counts(lyceum: &Lyceum) -> [i64; 3] {
    let count = async |table: &str| lyceum.database.number(&format!("SELECT COUNT(*) FROM {table}")).await;
    [count("users").await, count("posts").await, count("comments").await]
}

#[tokio::test]
async fn the_same_seed_makes_the_same_site_on_every_engine() {
    let seen: Mutex<Vec<Value>> = Mutex::default();
    for _ in 0..2 {
        on_each_engine(async |lyceum| {
            seed(lyceum, SMALL).await.unwrap();
            assert_eq!(counts(lyceum).await, [50, 200, 800]);
            let rows = lyceum.run(FIRST_ROWS, json!({})).await.ok().body;
            assert_eq!(rows["data"]["posts"]["nodes"].as_array().unwrap().len(), 8);
            seen.lock().unwrap().push(rows);
        })
        .await;
    }
    let seen = seen.into_inner().unwrap();
    assert!(seen.len() >= 2 && seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
}

#[tokio::test]
async fn another_seed_makes_another_site() {
    on_each_engine(async |lyceum| {
        seed(lyceum, Plan { seed: 2, ..SMALL }).await.unwrap();
        let other = lyceum.run(FIRST_ROWS, json!({})).await.ok().body;
        let lyceum = Lyceum::start(lyceum.engine, &[]).await;
        seed(&lyceum, SMALL).await.unwrap();
        assert_ne!(lyceum.run(FIRST_ROWS, json!({})).await.ok().body, other);
        lyceum.stop().await;
    })
    .await;
}

#[tokio::test]
async fn every_row_refers_to_one_that_is_there_and_older() {
    let broken = [
        "posts p LEFT JOIN users u ON u.id = p.author_id WHERE u.id IS NULL OR u.created_at > p.created_at",
        "comments c LEFT JOIN users u ON u.id = c.author_id WHERE u.id IS NULL OR u.created_at > c.created_at",
        "comments c LEFT JOIN posts p ON p.id = c.post_id WHERE p.id IS NULL OR p.published_at > c.created_at
            OR p.status <> 'PUBLISHED'",
    ];
    on_each_engine(async |lyceum| {
        seed(lyceum, SMALL).await.unwrap();
        for rows in broken {
            assert_eq!(lyceum.database.number(&format!("SELECT COUNT(*) FROM {rows}")).await, 0, "{rows}");
        }
        let last = "SELECT MAX(updated_at) FROM comments";
        assert!(lyceum.database.number(last).await < START.0, "nothing is newer than 2025");
    })
    .await;
}

#[tokio::test]
async fn a_site_has_its_crowds_and_its_silent_corners() {
    on_each_engine(async |lyceum| {
        seed(lyceum, SMALL).await.unwrap();
        let number = async |sql: &str| lyceum.database.number(sql).await;
        assert_eq!(number("SELECT COUNT(*) FROM users WHERE role = 'ADMIN'").await, 1);
        let drafts = number("SELECT COUNT(*) FROM posts WHERE status = 'DRAFT'").await;
        assert!((2..=25).contains(&drafts), "{drafts}");
        let hot = number("SELECT COUNT(*) AS c FROM comments GROUP BY post_id ORDER BY c DESC LIMIT 1").await;
        assert_eq!(hot, 40, "5 % of all");
        let busiest = number("SELECT COUNT(*) AS c FROM posts GROUP BY author_id ORDER BY c DESC LIMIT 1").await;
        assert!(busiest > 12, "{busiest}");
        assert!(number("SELECT COUNT(DISTINCT author_id) FROM posts").await < 50);
        let (length, whole) = match lyceum.engine {
            Engine::Mysql => ("CHAR_LENGTH", "SIGNED"),
            Engine::Sqlite | Engine::Postgres => ("LENGTH", "BIGINT"),
        };
        let average = number(&format!("SELECT CAST(AVG({length}(body)) AS {whole}) FROM posts")).await;
        assert!((400..=650).contains(&average), "{average}");
    })
    .await;
}

#[tokio::test]
async fn the_people_of_the_summary_can_log_in() {
    assert_eq!(Policy::default().check(seed::PASSWORD, &[seed::USER, "Uma"]), Ok(()));
    on_each_engine(async |lyceum| {
        seed(lyceum, SMALL).await.unwrap();
        let roles = [(seed::ADMINISTRATOR, "ADMIN"), (seed::MODERATOR, "MODERATOR"), (seed::USER, "USER")];
        for (username, role) in roles {
            let answer = lyceum.log_in(username, seed::PASSWORD).await.ok();
            let me = lyceum.run_as(answer.str_at("login.accessToken"), ME, json!({})).await.ok();
            assert_eq!((me.str_at("me.username"), me.str_at("me.role")), (username, role));
            assert_eq!(me.at("me.emailVerified"), &json!(true));
        }
    })
    .await;
}

#[tokio::test]
async fn a_site_with_those_names_is_left_as_it_is() {
    on_each_engine(async |lyceum| {
        lyceum.verified(seed::MODERATOR).await;
        let refused = seed(lyceum, SMALL).await;
        let Err(Error::BadInput(why)) = refused else { panic!("{refused:?}") };
        assert!(why.contains("mira_moderator"), "{why}");
        assert_eq!(counts(lyceum).await, [1, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_second_seed_writes_nothing() {
    on_each_engine(async |lyceum| {
        seed(lyceum, SMALL).await.unwrap();
        for seed_of in [1, 2] {
            let refused = seed(lyceum, Plan { seed: seed_of, ..SMALL }).await;
            assert!(matches!(refused, Err(Error::BadInput(_))), "{refused:?}");
        }
        // The people gone, and what they wrote still there.
        lyceum.database.execute("DELETE FROM users").await;
        let refused = seed(lyceum, SMALL).await;
        assert!(matches!(refused, Err(Error::BadInput(_))), "{refused:?}");
        assert_eq!(counts(lyceum).await, [0, 200, 800]);
    })
    .await;
}

#[tokio::test]
async fn an_impossible_plan_is_refused() {
    on_each_engine(async |lyceum| {
        for plan in [Plan { users: 2, ..SMALL }, Plan { posts: 0, ..SMALL }] {
            let refused = seed(lyceum, plan).await;
            assert!(matches!(refused, Err(Error::BadInput(_))), "{refused:?}");
        }
        assert_eq!(counts(lyceum).await, [0, 0, 0]);
        seed(lyceum, Plan { users: 3, posts: 1, comments: 5, seed: 1 }).await.unwrap();
        assert_eq!(counts(lyceum).await, [3, 1, 5]);
    })
    .await;
}

#[test]
fn the_command_tells_who_to_log_in_as() {
    let home = Home::new();
    let size = ["seed", "--users", "3", "--posts", "4", "--comments", "5"];
    let done = home.run(&size, &[("BCRYPT_COST", "4")], "");
    assert_eq!(done.code, Some(0), "{done:?}");
    for text in
        ["SQLite: 3 users, 4 posts and 5 comments in ", "ada_admin", "mira_moderator", "uma_user", seed::PASSWORD]
    {
        assert!(done.stdout.contains(text), "{text}: {done:?}");
    }
    let again = home.run(&size, &[("BCRYPT_COST", "4")], "");
    assert!(again.code == Some(1) && again.stderr.contains("nothing was written"), "{again:?}");
}

#[test]
fn production_is_seeded_only_by_force() {
    let home = Home::new();
    let production = [
        ("APP_ENV", "production"),
        ("JWT_SECRET", JWT_SECRET),
        ("PASSWORD_PEPPER", PEPPER),
        ("BCRYPT_COST", "10"),
        ("PUBLIC_URL", "https://lyceum.test"),
    ];
    let size = ["seed", "--users", "3", "--posts", "0", "--comments", "0"];
    let refused = home.run(&size, &production, "");
    assert!(refused.code == Some(1) && refused.stderr.contains("--force"), "{refused:?}");
    assert!(!home.path("data/lyceum.db").exists());
    let forced = home.run(&[&size[..], &["--force"]].concat(), &production, "");
    assert_eq!(forced.code, Some(0), "{forced:?}");
}
