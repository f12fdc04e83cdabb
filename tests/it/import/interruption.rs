//! Imports that meet something on their way: their own end, a database that fails, people who sign up meanwhile.

use std::io::{BufRead as _, BufReader};

use futures_util::future::join_all;
use lyceum::core::{
    Error,
    accounts::import::{Field, Fields, Import, Outcome, Row, Terms},
    sessions,
    viewer::Viewer,
};

use super::{HASH, import, report, row, summary};
use crate::harness::*;

fn many(count: usize) -> String {
    let header = "username,email,firstName,lastName,passwordHash\n".to_owned();
    (0..count).fold(header, |file, number| file + &format!("user_{number},user_{number}@example.com,A,B,{HASH}\n"))
}

/// What the import would read from a file.
fn read(usernames: impl IntoIterator<Item = String>) -> Vec<Row> {
    let row = |(number, username): (u64, String)| {
        let mut fields = Fields::default();
        let texts = [(Field::FirstName, "Ada"), (Field::LastName, "Lovelace"), (Field::PasswordHash, HASH)];
        for (field, text) in texts {
            fields.set(field, text);
        }
        fields.set(Field::Username, &username);
        fields.set(Field::Email, &email_of(&username));
        Row { number, fields: Ok(fields) }
    };
    (1..).zip(usernames).map(row).collect()
}

/// A process that is killed while it writes leaves whole batches; the same file again brings the rest, each account
/// once. It is caught in the act by a pipe that nobody empties.
#[tokio::test]
async fn five_thousand_rows_come_in_although_the_first_import_is_killed() {
    on_each_engine(async |lyceum| {
        let path = lyceum.folder().join("users.csv");
        std::fs::write(&path, many(5000)).unwrap();
        let arguments = ["import", path.to_str().unwrap()];
        let mut process = lyceum.spawn(&arguments);
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let wait = move || (lines.next().unwrap().unwrap(), lines);
        let (first, _lines) = tokio::task::spawn_blocking(wait).await.unwrap();
        assert_eq!(first.trim(), "2  created  user_0@example.com");
        process.kill().unwrap();
        process.wait().unwrap();
        let before = lyceum.database.count("users").await;
        assert!(before > 0 && before < 5000 && before % 200 == 0, "{before}");

        let done = lyceum.command(&arguments).await;
        assert_eq!(done.code, Some(0), "{done:?}");
        assert_eq!(summary(&done), format!("{} created, {before} existed already, 0 refused", 5000 - before));
        assert_eq!(report(&done).len(), 5000);
        assert_eq!(lyceum.database.count("users").await, 5000);
        lyceum.log_in("user_4999", "x").await.ok();
    })
    .await;
}

/// Bar 90: a batch is written as a whole or not at all, and so is what was told of it.
#[tokio::test]
async fn a_batch_that_fails_leaves_the_batches_before_it() {
    on_each_engine(async |lyceum| {
        let broken = Sabotage::of_rows(lyceum.engine, "INSERT", "users", "NEW.username = 'user_399'");
        broken.apply(&lyceum.database).await;
        let done = import(lyceum, "users.csv", many(500), &[]).await;
        assert_eq!((done.code, summary(&done)), (Some(1), "200 created, 0 existed already, 0 refused"), "{done:?}");
        assert_eq!(lyceum.database.count("users").await, 200);
        broken.undo(&lyceum.database).await;
        let done = import(lyceum, "users.csv", many(500), &[]).await;
        assert_eq!((done.code, summary(&done)), (Some(0), "300 created, 200 existed already, 0 refused"), "{done:?}");
    })
    .await;
}

/// Bar 89: people who sign up with the same names at the same moment have them or do not; nobody has them twice, and the
/// rows around them come in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn people_who_sign_up_meanwhile_and_the_import_do_not_meet() {
    let settings = [("RATE_LIMITS", "off"), ("EMAIL_VERIFICATION", "optional"), ("ACCOUNT_DISCLOSURE", "friendly")];
    with_settings(&settings, async |lyceum| {
        let progress = |_| ();
        let core = &lyceum.app.core;
        let mut import = Import::begin(core, &Viewer::Operator, Terms::default(), &progress).await.unwrap();
        let names = |from: usize| (from..from + 100).map(|number| format!("user_{number}"));
        let sign_up = |number: usize| async move { lyceum.sign_up(&format!("user_{number}")).await };
        let (told, signed_up) = futures_util::join!(
            async {
                let mut told = import.rows(read(names(0))).await.unwrap();
                told.extend(import.rows(read(names(100))).await.unwrap());
                told
            },
            join_all((0..200).step_by(7).map(sign_up))
        );
        let signed_up = signed_up.iter().filter(|answer| answer.user_errors("signup").is_empty()).count();
        let created = told.iter().filter(|told| told.outcome == Outcome::Created).count();
        assert_eq!(told.len(), 200);
        assert_eq!(created + signed_up, 200, "every name once");
        assert_eq!(lyceum.database.count("users").await, 200);
    })
    .await;
}

/// A sign-up that waits for its proof holds its username, and not the address, which it has yet to prove.
#[tokio::test]
async fn a_waiting_signup_holds_its_username_alone() {
    on_each_engine(async |lyceum| {
        lyceum.sign_up_as("ada", "other@example.com", PASSWORD).await.ok();
        lyceum.sign_up_as("squatter", "bea@example.com", PASSWORD).await.ok();
        let progress = |_| ();
        let mut import = Import::begin(&lyceum.app.core, &Viewer::Operator, Terms::default(), &progress).await.unwrap();
        let told = import.rows(read(["ada".to_owned(), "bea".to_owned()])).await.unwrap();
        assert!(matches!(&told[0].outcome, Outcome::Refused(faults) if faults[0].field == ["username"]));
        assert_eq!(told[1].outcome, Outcome::Created);
        lyceum.log_in("bea@example.com", "x").await.ok();
        assert_eq!(lyceum.log_in("squatter", PASSWORD).await.at("login.accessToken"), &serde_json::Value::Null);
    })
    .await;
}

/// Bar 64: no request imports accounts, an administrator's neither.
#[tokio::test]
async fn an_import_is_for_nobody_but_who_runs_the_server() {
    on_each_engine(async |lyceum| {
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        let core = &lyceum.app.core;
        for viewer in [Viewer::Anonymous, sessions::authenticate(core, &rose.token).await.unwrap()] {
            let refused = Import::begin(core, &viewer, Terms::default(), &|_| ()).await.err();
            assert!(matches!(refused, Some(Error::Forbidden)));
        }
    })
    .await;
}

/// A database that a dry run would have to change first is left as it is.
#[test]
fn a_dry_run_does_not_migrate() {
    let home = Home::new();
    std::fs::write(home.path("users.jsonl"), row("ada").to_string()).unwrap();
    let dry = ["import", "users.jsonl", "--dry-run"];
    let refused = home.run(&dry, &[], "");
    assert_eq!((refused.code, &*refused.stdout), (Some(1), ""), "{refused:?}");
    assert!(refused.stderr.contains("`lyceum migrate` comes first"), "{refused:?}");
    assert_eq!(home.run(&["migrate"], &[], "").code, Some(0));
    assert_eq!(home.run(&dry, &[], "").code, Some(0));
}
