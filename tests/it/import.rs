//! `lyceum import`: accounts of another system come in by the real binary, and are seen by the app that has the same
//! database open. The hashes are those of `tests/fixtures/foreign_hashes.jsonl`, with the command that made them.

mod files;
mod hashes;
mod interruption;

use serde_json::{Value, json};

use crate::harness::*;

const OFF: [(&str, &str); 1] = [("RATE_LIMITS", "off")];
/// Of the password `x`, by bcrypt at cost 5.
const HASH: &str = "$2b$05$T8FzYPR3SsNJ48mMfH902OsurDCN7l0ZB1oQf.faZsD2m.CCUU8Iq";

/// Writes the file and imports it; the name tells its format.
async fn import(lyceum: &Lyceum, name: &str, content: impl AsRef<[u8]>, options: &[&str]) -> Finished {
    let path = lyceum.folder().join(name);
    std::fs::write(&path, content).unwrap();
    lyceum.command(&[&["import", path.to_str().unwrap()], options].concat()).await
}

/// Imports objects, a line each.
async fn import_rows(lyceum: &Lyceum, rows: &[Value], options: &[&str]) -> Finished {
    let lines: Vec<String> = rows.iter().map(ToString::to_string).collect();
    import(lyceum, "users.jsonl", lines.join("\n"), options).await
}

/// A row that can be imported, with the password `x`.
fn row(username: &str) -> Value {
    json!({ "username": username, "email": email_of(username), "firstName": "Ada", "lastName": "Lovelace",
        "passwordHash": HASH })
}

fn with(mut row: Value, field: &str, value: impl Into<Value>) -> Value {
    row[field] = value.into();
    row
}

/// What was told of each row, without the line that sums up.
fn report(finished: &Finished) -> Vec<String> {
    let mut lines: Vec<String> = finished.stdout.lines().map(|line| line.trim().to_owned()).collect();
    lines.pop();
    lines
}

fn summary(finished: &Finished) -> &str {
    finished.stdout.lines().last().unwrap_or_default()
}

#[tokio::test]
async fn imported_people_have_what_the_file_says_of_them() {
    on_each_engine(async |lyceum| {
        let rows = [
            with(with(row("Mira"), "role", "moderator"), "createdAt", "2019-03-04T05:06:07.123456+01:00"),
            with(with(row("ada"), "emailVerified", false), "firstName", "  Zo\u{eb} "),
        ];
        let done = import_rows(lyceum, &rows, &[]).await;
        assert_eq!((done.code, summary(&done)), (Some(0), "2 created, 0 existed already, 0 refused"), "{done:?}");
        assert_eq!(report(&done), ["1  created  Mira@example.com", "2  created  ada@example.com"]);

        let ask = "{ me { username email role emailVerified createdAt firstName displayName } }";
        let me = async |identifier: &str| {
            let login = lyceum.log_in(identifier, "x").await.ok();
            lyceum.run_as(login.str_at("login.accessToken"), ask, json!({})).await.ok()
        };
        let mira = me("mira").await;
        assert_eq!(mira.at("me.username"), "Mira");
        assert_eq!(mira.at("me.role"), "MODERATOR");
        assert_eq!(mira.at("me.emailVerified"), &json!(true));
        assert_eq!(mira.at("me.createdAt"), "2019-03-04T04:06:07.123456Z");
        let ada = me("ADA@example.com").await;
        assert_eq!(ada.at("me.displayName"), "Zo\u{eb} Lovelace");
        assert_eq!((ada.str_at("me.role"), ada.at("me.emailVerified")), ("USER", &json!(false)));
        // The oldest comes first, although it was made last: ids begin with the moment.
        let list = lyceum.command(&["admin", "list", "--all"]).await;
        assert!(list.stdout.lines().nth(1).unwrap().starts_with("Mira "), "{list:?}");
        let found = "{ userByUsername(username: \"mira\") { displayName } }";
        lyceum.run(found, json!({})).await.ok();
    })
    .await;
}

/// Bar 1: what the file breaks is told at its field, all of it at once, and the rows around it come in.
#[tokio::test]
async fn a_refused_row_is_told_with_every_fault_and_takes_nothing_from_its_neighbours() {
    on_each_engine(async |lyceum| {
        let rows = [
            row("ada"),
            json!({ "username": "a b", "email": "nobody@", "firstName": "", "passwordHash": "5f4dcc3b5aa765d61d8327de",
                "role": "ROOT", "emailVerified": "perhaps", "createdAt": "2999-01-01T00:00:00Z" }),
            row("bea"),
            row("support"),
            with(row("cleo"), "role", "ADMIN"),
            with(row("dora"), "passwordHash", Value::Null),
            row("emma"),
        ];
        let done = import_rows(lyceum, &rows, &[]).await;
        assert_eq!((done.code, summary(&done)), (Some(1), "3 created, 0 existed already, 4 refused"), "{done:?}");
        assert!(done.stderr.ends_with("lyceum: 4 rows were refused\n"), "{done:?}");
        let told = report(&done);
        assert_eq!((&*told[0], &*told[2]), ("1  created  ada@example.com", "3  created  bea@example.com"));
        let fields =
            ["username", "email", "firstName", "lastName", "passwordHash", "role", "emailVerified", "createdAt"];
        for field in fields {
            assert!(told[1].contains(&format!("{field}: ")), "{field}: {}", told[1]);
        }
        assert!(told[3].starts_with("4  refused  support@example.com  username: This name is reserved"), "{told:?}");
        assert!(told[4].ends_with("role: Administrators come in with --allow-admins only."), "{told:?}");
        assert!(told[5].ends_with("with --without-passwords only."), "{told:?}");
        assert!(!done.stdout.contains("5f4dcc3b5aa765d61d8327de") && !done.stdout.contains(HASH), "{done:?}");
        assert_eq!(lyceum.database.count("users").await, 3);
        lyceum.log_in("emma", "x").await.ok();
    })
    .await;
}

/// Bars 64 and 86: administrators and telling names come in only where whoever runs the server says so.
#[tokio::test]
async fn reserved_names_and_administrators_come_in_by_a_flag_alone() {
    on_each_engine(async |lyceum| {
        let rows = [row("support"), with(row("cleo"), "role", "ADMIN")];
        assert_eq!(summary(&import_rows(lyceum, &rows, &[]).await), "0 created, 0 existed already, 2 refused");
        let one = import_rows(lyceum, &rows, &["--allow-reserved"]).await;
        assert_eq!(summary(&one), "1 created, 0 existed already, 1 refused");
        // A glance takes it for the name of a moderator, who stands in the same file.
        let alike = [with(row("olivia_mod"), "role", "MODERATOR"), row("0liviamod")];
        let told = report(&import_rows(lyceum, &alike, &[]).await);
        assert_eq!(told[0], "1  created  olivia_mod@example.com");
        assert!(told[1].starts_with("2  refused  0liviamod@example.com  username: This name looks like"), "{told:?}");
        assert_eq!(
            report(&import_rows(lyceum, &alike, &["--allow-reserved"]).await)[1],
            "2  created  0liviamod@example.com"
        );

        let done = import_rows(lyceum, &rows, &["--allow-admins"]).await;
        assert!(done.stderr.ends_with("lyceum: 1 row was refused\n"), "{done:?}");
        let login = lyceum.log_in("cleo", "x").await.ok();
        let me = lyceum.run_as(login.str_at("login.accessToken"), ME, json!({})).await.ok();
        assert_eq!(me.at("me.role"), "ADMIN");
    })
    .await;
}

#[tokio::test]
async fn without_a_hash_no_password_opens_until_a_reset() {
    with_settings(&OFF, async |lyceum| {
        let bare = with(row("ada"), "passwordHash", "");
        let done = import_rows(lyceum, &[bare], &["--without-passwords"]).await;
        assert_eq!(done.code, Some(0), "{done:?}");
        for password in ["", "x", "none", PASSWORD] {
            assert_eq!(lyceum.log_in("ada", password).await.user_errors("login"), ["INVALID_CREDENTIALS"]);
        }
        lyceum.run(FORGOT, json!({ "email": "ada@example.com" })).await.ok();
        let token = lyceum.token_for("ada@example.com").await;
        lyceum.run(RESET, json!({ "token": token, "password": PASSWORD })).await.ok();
        lyceum.log_in("ada", PASSWORD).await.ok();
    })
    .await;
}

#[tokio::test]
async fn a_second_import_leaves_every_account_alone() {
    on_each_engine(async |lyceum| {
        lyceum.verified("zoe").await;
        let rows = [row("ada"), row("bea"), with(row("zoe_2"), "email", "ZOE@example.com")];
        assert_eq!(summary(&import_rows(lyceum, &rows, &[]).await), "2 created, 1 existed already, 0 refused");
        lyceum.log_in("ada", "x").await.ok();
        let hash = "SELECT password_hash FROM users WHERE username_key = 'ada'";
        let since = lyceum.database.text(hash).await;

        let changed: Vec<Value> = rows.iter().map(|row| with(row.clone(), "firstName", "Other")).collect();
        let again = import_rows(lyceum, &changed, &[]).await;
        assert_eq!((again.code, summary(&again)), (Some(0), "0 created, 3 existed already, 0 refused"), "{again:?}");
        assert_eq!(report(&again)[2], "3  exists   ZOE@example.com");
        assert_eq!(lyceum.database.text(hash).await, since);
        assert_eq!(lyceum.database.count("users WHERE first_name = 'Other' OR username = 'zoe_2'").await, 0);
        lyceum.log_in("zoe", PASSWORD).await.ok();
    })
    .await;
}

/// The same answers, in one batch and over several, and the same again when the file is imported once more.
#[tokio::test]
async fn what_stands_twice_in_a_file_comes_in_once() {
    on_each_engine(async |lyceum| {
        let mut rows = vec![
            row("ada"),
            with(row("ada_2"), "email", "ADA@Example.com"),
            with(row("ADA"), "email", "other@example.com"),
            // Refused, so it holds neither its name nor its address.
            with(row("bea"), "lastName", ""),
            row("bea"),
        ];
        rows.extend((0..400).map(|number| row(&format!("user_{number}"))));
        rows.extend([row("ada"), with(row("user_7"), "email", "seventh@example.com")]);
        for run in 0..2 {
            let done = import_rows(lyceum, &rows, &[]).await;
            let told = report(&done);
            let word = if run == 0 { "created" } else { "exists " };
            assert_eq!(told[0], format!("1  {word}  ada@example.com"));
            assert_eq!(told[1], "2  refused  ADA@example.com  email: Row 1 has this address already.");
            assert!(told[2].starts_with("3  refused  other@example.com  username: "), "{}", told[2]);
            assert_eq!(told[4], format!("5  {word}  bea@example.com"));
            assert_eq!(told[405], "406  refused  ada@example.com  email: Row 1 has this address already.");
            assert!(told[406].starts_with("407  refused  seventh@example.com  username: "), "{}", told[406]);
            assert_eq!(lyceum.database.count("users").await, 402);
        }
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_tells_what_would_be_and_writes_nothing() {
    on_each_engine(async |lyceum| {
        lyceum.verified("zoe").await;
        let rows = [row("ada"), row("zoe"), row("ada"), with(row("bea"), "passwordHash", "0".repeat(64)), row("me")];
        let (before, next) = (contents(lyceum).await, ["--dry-run"]);
        let dry = import_rows(lyceum, &rows, &next).await;
        assert_eq!(dry.code, Some(1), "{dry:?}");
        let told = "dry run, nothing was written: 2 would be created, 1 exist already, 2 refused";
        assert_eq!(summary(&dry), told);
        assert_eq!(contents(lyceum).await, before);
        assert_eq!(report(&import_rows(lyceum, &rows, &[]).await), report(&dry));
        assert_eq!(lyceum.database.count("users").await, 3);
    })
    .await;
}
