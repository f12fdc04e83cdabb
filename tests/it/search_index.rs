//! Bar 88: searching with an index, without one, and past it: what is found is the same.

use std::{collections::HashSet, time::Duration};

use lyceum::core::db::{Db, Options};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use serde_json::{Value, json};

use crate::harness::*;

const FIND: &str =
    "query ($search: String!, $after: String) { posts(first: 100, after: $after, filter: {search: $search}) {
    totalCount nodes { id title } pageInfo { endCursor hasNextPage } } }";
const CREATE: &str = "mutation ($title: String!, $body: String!) {
    createPost(input: {title: $title, body: $body, status: PUBLISHED}) { post { id } userErrors { code } } }";
const UPDATE: &str = "mutation ($id: ID!, $title: String, $body: String) {
    updatePost(input: {id: $id, title: $title, body: $body}) { post { id } userErrors { code } } }";

async fn write(lyceum: &Lyceum, author: &Person, title: &str, body: &str) -> String {
    let answer = lyceum.run_as(&author.token, CREATE, json!({ "title": title, "body": body })).await.ok();
    answer.str_at("createPost.post.id").to_owned()
}

async fn how_many(lyceum: &Lyceum, search: &str) -> i64 {
    let answer = lyceum.run(FIND, json!({ "search": search })).await.ok();
    answer.at("posts.totalCount").as_i64().unwrap()
}

/// Twelve thousand published posts with one word in common: more than SQLite asks its index for.
async fn many_posts(lyceum: &Lyceum) {
    let columns = "id, title, title_key, body, search_text, status, created_at, updated_at, published_at";
    let (id, numbers) = match lyceum.engine {
        Engine::Sqlite => (
            "randomblob(16)",
            "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) SELECT i FROM n)",
        ),
        Engine::Postgres => ("gen_random_uuid()", "generate_series(1, 12000) AS numbers (i)"),
        Engine::Mysql => return,
    };
    let text = "'a commonplace text ' || i || '.'";
    let insert = format!(
        "INSERT INTO posts ({columns}) SELECT {id}, 't', 't', 'b', {text}, 'PUBLISHED', 0, 0, 0 FROM {numbers}"
    );
    assert_eq!(lyceum.database.execute(&insert).await, 12_000);
}

/// Bar 88: a word that nearly every post has, and one that a single post has, among many posts and in pages.
#[tokio::test]
async fn common_and_rare_words_are_found_among_many_posts() {
    on_each_engine(async |lyceum| {
        if lyceum.engine == Engine::Mysql {
            return; // It has one way only.
        }
        let ada = lyceum.person("ada").await;
        many_posts(lyceum).await;
        write(lyceum, &ada, "needle", "in a commonplace haystack").await;
        for (search, count) in [
            ("COMMONPLACE", 12_001),
            ("monpl", 12_001),
            ("ce", 12_001),
            ("commonplace needle", 1),
            ("haystack", 1),
            ("text 11999.", 1),
            ("commonplaces", 0),
            ("ecalpnommoc", 0),
            ("text 119", 132),
        ] {
            assert_eq!(how_many(lyceum, search).await, count, "{search}");
        }
        let (mut ids, mut after) = (HashSet::new(), Value::Null);
        for _ in 0..3 {
            let answer = lyceum.run(FIND, json!({ "search": "commonplace text", "after": after })).await.ok();
            ids.extend(answer.at("posts.nodes").as_array().unwrap().iter().map(|node| node["id"].to_string()));
            after = answer.at("posts.pageInfo.endCursor").clone();
        }
        assert_eq!(ids.len(), 300);
    })
    .await;
}

/// Bar 88: two changes of one post at the same moment leave nothing behind that is found and not there.
#[tokio::test]
async fn changes_at_the_same_moment_keep_searching_in_step() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let post = write(lyceum, &ada, "title0", "body0").await;
        for round in 1..=10 {
            let title = json!({ "id": post, "title": format!("title{round}z") });
            let body = json!({ "id": post, "body": format!("body{round}z") });
            let both = (lyceum.run_as(&ada.token, UPDATE, title), lyceum.run_as(&ada.token, UPDATE, body));
            let (title, body) = tokio::join!(both.0, both.1);
            title.ok();
            body.ok();
            assert_eq!(how_many(lyceum, &format!("title{round}z body{round}z")).await, 1, "round {round}");
            assert_eq!(how_many(lyceum, &format!("title{}z", round - 1)).await, 0, "round {round}");
            assert_eq!(how_many(lyceum, &format!("body{}z", round - 1)).await, 0, "round {round}");
        }
    })
    .await;
}

/// Bar 88: PostgreSQL plans each search for its own words; a plan for any word would read all posts for a rare one.
#[tokio::test]
async fn searches_are_planned_by_their_words() {
    on_each_engine(async |lyceum| {
        if lyceum.engine != Engine::Postgres {
            return;
        }
        let mode = Statement::from_string(DbBackend::Postgres, "SHOW plan_cache_mode");
        let row = lyceum.app.core.db.search().query_one_raw(mode).await.unwrap().unwrap();
        assert_eq!(row.try_get_by_index::<String>(0).unwrap(), "force_custom_plan");
    })
    .await;
}

/// Bars 88 and 105: where PostgreSQL does not allow the extension, the tables are made without the index, and searching
/// finds the same.
#[tokio::test]
async fn without_the_right_to_an_extension_searching_only_has_no_index() {
    on_each_engine(async |lyceum| {
        if lyceum.engine != Engine::Postgres {
            return;
        }
        let indexes = "SELECT COUNT(*) FROM pg_indexes WHERE indexname LIKE '%trigrams'";
        assert_eq!(lyceum.database.number(indexes).await, 3);
        lyceum.empty_database().await;
        let role = format!("lyceum_test_weak_{}", std::process::id());
        let setup = format!("DROP EXTENSION pg_trgm; CREATE ROLE {role}; GRANT ALL ON SCHEMA public TO {role}");
        lyceum.database.execute(&setup).await;
        let sign = if lyceum.database.url.contains('?') { '&' } else { '?' };
        let url = format!("{}{sign}options[role]={role}", lyceum.database.url);
        let db =
            Db::connect(Options { url, pool: 2, durable: false, statement: Duration::from_secs(10) }).await.unwrap();
        let migrated = db.migrate().await;
        db.close().await.unwrap();
        let (pending, weak) = (lyceum.app.core.db.pending_migrations().await, lyceum.database.number(indexes).await);
        let ada = lyceum.person("ada").await;
        write(lyceum, &ada, "one", "Straße ins Grüne").await;
        let found = how_many(lyceum, "STRASSE grün").await;
        lyceum.database.execute(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}")).await;
        assert!(migrated.is_ok(), "{migrated:?}");
        assert_eq!((pending.unwrap(), weak, found), (0, 0, 1));
    })
    .await;
}
