//! The story of a disk that is full, and of room on it again.

use sea_orm::ConnectionTrait as _;
use serde_json::json;

use crate::harness::*;

const CREATE: &str = "mutation ($body: String!) {
    createPost(input: {title: \"T\", body: $body, status: PUBLISHED}) { post { id } userErrors { code } }
}";
/// More than any database has here.
const NO_LIMIT: u32 = 1_000_000;

/// Bar 95: while there is no room, writes are refused as what will pass, and leave nothing; reads go on; and with room
/// again so do writes.
#[tokio::test]
async fn a_full_disk_stops_writes_alone() {
    let lyceum = Lyceum::start(Engine::Sqlite, &[("RATE_LIMITS", "off")]).await;
    let ada = lyceum.person("ada").await;
    // SQLite itself says that the disk is full when the file may not grow; never less than it has.
    let pages = async |most: u32| {
        let limit = format!("PRAGMA max_page_count = {most}");
        lyceum.app.core.db.write().execute_unprepared(&limit).await.unwrap();
    };
    pages(1).await;
    let body = json!({ "body": "x".repeat(20_000) });
    let mut written = 0;
    let refused = loop {
        let answer = lyceum.run_as(&ada.token, CREATE, body.clone()).await;
        if !answer.code().is_empty() {
            break answer;
        }
        written += 1;
        assert!(written < 100, "the file grows");
    };
    assert_eq!(refused.code(), "SERVICE_UNAVAILABLE", "{}", refused.body);
    let count = async || lyceum.run("{ posts { totalCount } }", json!({})).await.ok().at("posts.totalCount").clone();
    assert_eq!(count().await, json!(written));
    assert_eq!(lyceum.run_as(&ada.token, "{ me { username } }", json!({})).await.ok().at("me.username"), "ada");
    pages(NO_LIMIT).await;
    lyceum.run_as(&ada.token, CREATE, body).await.ok();
    assert_eq!(count().await, json!(written + 1));
    lyceum.stop().await;
}
