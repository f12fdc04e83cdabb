//! Backups: made while people write, whole, and good for a server to start from.

use std::{
    cell::{Cell, RefCell},
    os::unix::fs::PermissionsExt as _,
    time::Duration,
};

use futures_util::future::join_all;
use lyceum::core::mail;
use serde_json::json;

use crate::harness::*;

const WRITERS: usize = 3;
const FIND: &str = "query ($search: String!) { posts(filter: {search: $search}) { totalCount } }";

/// The posts of each writer that were acknowledged until now, in their order.
type Written = RefCell<[Vec<String>; WRITERS]>;

/// Writes posts, each with a comment, until it is told to stop.
async fn write(lyceum: &Lyceum, author: &Person, number: usize, written: &Written, over: &Cell<bool>) {
    for post in 0.. {
        if over.get() {
            return;
        }
        let title = format!("writer{number} post{post}");
        let id = lyceum.write_post(author, &title, "PUBLISHED").await;
        lyceum.write_comment(author, &id, "Noted.").await;
        written.borrow_mut()[number].push(title);
    }
}

/// Waits until everybody has written so much more.
async fn some_more(written: &Written) {
    let each = || written.borrow().each_ref().map(Vec::len);
    let before = each();
    while each().iter().zip(before).any(|(now, before)| *now < before + 5) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Bar 107: a backup that was made while three people wrote holds what had been acknowledged before it began, and of each
/// writer nothing without what came before.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_while_people_write_is_one_moment() {
    let lyceum = Lyceum::start(Engine::Sqlite, &[("RATE_LIMITS", "off")]).await;
    let mut authors = Vec::new();
    for name in ["ada", "bob", "cleo"] {
        authors.push(lyceum.person(name).await);
    }
    let (written, over, file) = (Written::default(), Cell::new(false), lyceum.folder().join("backup.db"));
    let backup = async {
        some_more(&written).await;
        let before = written.borrow().clone();
        let finished = lyceum.command(&["backup", file.to_str().unwrap()]).await;
        let during = written.borrow().each_ref().map(Vec::len);
        some_more(&written).await;
        over.set(true);
        (before, during, finished)
    };
    let writers = authors.iter().enumerate().map(|(number, author)| write(&lyceum, author, number, &written, &over));
    let ((before, during, finished), _) = tokio::join!(backup, join_all(writers));
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(during.iter().zip(&before).any(|(during, before)| *during > before.len()), "nobody waited for it");
    assert!(finished.stdout.contains("whole and checked"), "{finished:?}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let names = std::fs::read_dir(lyceum.folder()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.filter(|name| name.to_str().unwrap().starts_with("backup")).count(), 1, "nothing beside it");

    let url = format!("sqlite://{}", file.display());
    let app = lyceum.restarted(&[("DATABASE_URL", &url)]).await;
    for (number, before) in before.iter().enumerate() {
        let query =
            "query ($author: String!) { userByUsername(username: $author) { posts(first: 100) { totalCount nodes {
            title comments { totalCount } } } } }";
        let call = Call::new(query, json!({ "author": authors[number].username }));
        let posts = send(&app, call.into_request()).await.ok().at("userByUsername.posts").clone();
        let count = usize::try_from(posts["totalCount"].as_u64().unwrap()).unwrap();
        assert!(count >= before.len(), "writer {number}: {count} of {before:?}");
        let all = posts["nodes"].as_array().unwrap();
        for (back, post) in all.iter().enumerate() {
            assert_eq!(post["title"], format!("writer{number} post{}", count - 1 - back));
            // The newest one may have been copied before its comment was written.
            assert!(back == 0 || post["comments"]["totalCount"] == 1, "{post}");
        }
    }
    close(app).await;
    lyceum.stop().await;
}

/// Bar 107: a server on a restored backup goes on: sessions, passwords, what waits to be mailed, the search, and new rows.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_goes_on_from_a_backup() {
    let lyceum = Lyceum::start(Engine::Sqlite, &[]).await;
    let ada = lyceum.person("ada").await;
    lyceum.write_post(&ada, "Note G", "PUBLISHED").await;
    lyceum.sign_up("bob").await.ok();
    let file = lyceum.folder().join("backup.db");
    assert_eq!(lyceum.command(&["backup", file.to_str().unwrap()]).await.code, Some(0));
    lyceum.write_post(&ada, "Kettle", "PUBLISHED").await;

    let url = format!("sqlite://{}", file.display());
    let app = lyceum.restarted(&[("DATABASE_URL", &url)]).await;
    let run = async |call: Call| send(&app, call.into_request()).await.ok();
    assert_eq!(run(Call::new(ME, json!({})).bearer(&ada.token)).await.str_at("me.username"), "ada");
    let answer = run(Call::new(REFRESH, json!({ "token": ada.refresh_token }))).await;
    assert_eq!(answer.str_at("refreshSession.user.username"), "ada");
    assert_eq!(run(login("ada", PASSWORD)).await.str_at("login.user.username"), "ada");
    assert_eq!(mail::deliver_due(&app.core).await.unwrap().sent, 1, "it opens what the first server sealed");
    run(Call::new(VERIFY, json!({ "token": lyceum.token_for("bob@example.com").await }))).await;
    assert_eq!(run(login("bob", PASSWORD)).await.str_at("login.user.username"), "bob");
    let found =
        async |search: &str| run(Call::new(FIND, json!({ "search": search }))).await.at("posts.totalCount").clone();
    assert_eq!((found("note").await, found("kettle").await), (json!(1), json!(0)));
    run(mutation(&ada.token, "createPost", &json!({ "title": "Note I", "body": "More.", "status": "PUBLISHED" })))
        .await;
    assert_eq!(found("note").await, json!(2));
    close(app).await;
    lyceum.stop().await;
}

/// A backup goes to a new file or nowhere, and leaves nothing half made behind.
#[test]
fn a_backup_is_a_new_file_of_a_database_that_is_there() {
    let home = Home::new();
    let finished = home.run(&["backup", "copy.db"], &[], "");
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("there is no database at data/lyceum.db"), "{finished:?}");
    assert!(!home.path("data/lyceum.db").exists());

    assert_eq!(home.run(&["migrate"], &[], "").code, Some(0));
    std::fs::write(home.path("copy.db"), "somebody's").unwrap();
    let finished = home.run(&["backup", "copy.db"], &[], "");
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("exists already; a backup is a new file"), "{finished:?}");
    assert_eq!(std::fs::read_to_string(home.path("copy.db")).unwrap(), "somebody's");

    let finished = home.run(&["backup", "nowhere/copy.db"], &[], "");
    assert!(finished.code == Some(1) && finished.stderr.contains("cannot write"), "{finished:?}");
    assert_eq!(home.run(&["backup", "it's 100% mine?.db"], &[], "").code, Some(0));
    let names = |folder: &str| std::fs::read_dir(home.path(folder)).unwrap().count();
    assert_eq!(names(""), 3, "two copies and the data");
}

/// A damaged database is told, and its copy does not get the name of a good one.
#[test]
fn a_copy_that_is_not_whole_is_no_backup() {
    let home = Home::new();
    assert_eq!(home.run(&["migrate"], &[], "").code, Some(0));
    let orphan = "PRAGMA foreign_keys = off; INSERT INTO profiles (user_id, updated_at) VALUES (randomblob(16), 0)";
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let database = sea_orm::Database::connect(format!("sqlite://{}", home.path("data/lyceum.db").display()));
        sea_orm::ConnectionTrait::execute_unprepared(&database.await.unwrap(), orphan).await.unwrap();
    });
    let finished = home.run(&["backup", "copy.db"], &[], "");
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("damaged"), "{finished:?}");
    assert_eq!(std::fs::read_dir(home.path("")).unwrap().count(), 1, "the data alone");
}

/// The other engines have tools of their own, and their URLs have passwords.
#[test]
fn other_engines_are_backed_up_by_their_own_tools() {
    let home = Home::new();
    for (scheme, tool) in
        [("postgres", "pg_dump"), ("postgresql", "pg_dump"), ("mysql", "mysqldump --single-transaction")]
    {
        let url = format!("{scheme}://lyceum:canary-of-the-database@127.0.0.1:1/lyceum");
        let finished = home.run(&["backup", "copy.db"], &[("DATABASE_URL", &url)], "");
        assert_eq!(finished.code, Some(1), "{finished:?}");
        assert!(finished.stderr.contains(tool) && !finished.stderr.contains("canary"), "{finished:?}");
    }
    assert!(!home.path("copy.db").exists());
}
