//! What a file of accounts may look like: both formats, both spellings of a name, and what is no row at all.

use serde_json::json;

use super::{HASH, import, report, row, summary, with};
use crate::harness::*;

/// Imports without an account to lose.
async fn told(lyceum: &Lyceum, name: &str, content: impl AsRef<[u8]>) -> Finished {
    import(lyceum, name, content, &[]).await
}

#[tokio::test]
async fn csv_has_a_header_in_either_spelling() {
    on_each_engine(async |lyceum| {
        let camel = format!(
            "\u{FEFF}email,username,firstName,lastName,passwordHash,emailVerified\r\n\
             ada@example.com,ada,Ada,\"Lovelace, \"\"Countess\"\"\",{HASH},f\r\n\r\nbea@example.com,bea,Bea,B,{HASH},\r\n"
        );
        let done = told(lyceum, "users.csv", camel).await;
        assert_eq!((done.code, report(&done)), (Some(0), vec![
            "2  created  ada@example.com".to_owned(),
            "3  created  bea@example.com".to_owned()
        ]));
        let snake = format!(
            "username,email,first_name, last_name ,password_hash,role,email_verified,created_at\n\
             cleo,cleo@example.com,Cleo,C,{HASH},MODERATOR,1,2020-02-02T02:02:02Z"
        );
        let done = told(lyceum, "users.CSV", snake).await;
        assert_eq!(report(&done), ["2  created  cleo@example.com"], "{done:?}");

        let ask = "{ me { displayName emailVerified role createdAt } }";
        let me = async |username: &str| {
            let login = lyceum.log_in(username, "x").await.ok();
            lyceum.run_as(login.str_at("login.accessToken"), ask, json!({})).await.ok()
        };
        let ada = me("ada").await;
        assert_eq!(ada.str_at("me.displayName"), "Ada Lovelace, \"Countess\"");
        assert_eq!((ada.at("me.emailVerified"), me("bea").await.at("me.emailVerified")), (&json!(false), &json!(true)));
        let cleo = me("cleo").await;
        assert_eq!((cleo.str_at("me.role"), cleo.str_at("me.createdAt")), ("MODERATOR", "2020-02-02T02:02:02.000000Z"));
    })
    .await;
}

#[tokio::test]
async fn json_lines_take_either_spelling_too() {
    on_each_engine(async |lyceum| {
        let snake = json!({ "username": "ada", "email": "ada@example.com", "first_name": "Ada", "last_name": "L",
            "password_hash": HASH, "email_verified": false, "role": null });
        let lines = format!("\u{FEFF}{snake}\r\n\n  \n{}\n", row("bea"));
        let done = told(lyceum, "users.ndjson", lines).await;
        assert_eq!(report(&done), ["1  created  ada@example.com", "4  created  bea@example.com"], "{done:?}");
        lyceum.log_in("ada", "x").await.ok();
    })
    .await;
}

/// Each with its line, and none of them in the way of the rows around it.
#[tokio::test]
async fn what_is_no_row_is_told_with_its_line() {
    on_each_engine(async |lyceum| {
        let mut lines = vec![row("ada").to_string().into_bytes()];
        lines.push(b"{\"username\": \"canary_of_a_row\"".to_vec());
        lines.push(b"[]".to_vec());
        lines.push(b"\"\xFF\xFE\"".to_vec());
        lines.push(format!("{{\"username\": \"{}\"}}", "x".repeat(70_000)).into_bytes());
        lines.push(with(row("bea"), "emailverifed", false).to_string().into_bytes());
        lines.push(with(row("cleo"), "\u{1b}[2J", "x").to_string().into_bytes());
        lines.push(with(row("dora"), "username", 7).to_string().into_bytes());
        lines.push(row("emma").to_string().into_bytes());
        let done = told(lyceum, "users.jsonl", lines.join(&b'\n')).await;
        assert_eq!((done.code, summary(&done)), (Some(1), "2 created, 0 existed already, 7 refused"), "{done:?}");
        let told = report(&done);
        for (told, part) in told.iter().zip([
            "1  created  ada@example.com",
            "2  refused  This line is not a JSON object.",
            "3  refused  This line is not a JSON object.",
            "4  refused  This line is not a JSON object.",
            "5  refused  This line is longer than 65536 bytes.",
            "6  refused  bea@example.com  There is no field \"emailverifed\". Known are username, email,",
            "7  refused  cleo@example.com  There is no field \"\\u{1b}[2J\".",
            "8  refused  dora@example.com  username: ",
            "9  created  emma@example.com",
        ]) {
            assert!(told.starts_with(part), "{told}");
        }
        assert!(!done.stdout.contains("canary_of_a_row") && !done.stdout.contains('\u{1b}'), "{done:?}");

        let mut csv = b"username,email,firstName,lastName,passwordHash\n".to_vec();
        csv.extend(row_of_csv("fay").into_bytes());
        csv.extend(b"gil,gil@example.com,G\nhal,hal@example.com,H,H,H,more\nian,ian@example.com,\xFF,I,\n");
        csv.extend(row_of_csv("joe").into_bytes());
        let done = import(lyceum, "users.csv", csv, &[]).await;
        assert_eq!(summary(&done), "2 created, 0 existed already, 3 refused");
        assert_eq!(report(&done)[1], "3  refused  This row has 3 fields, and the first line 5.");
        assert_eq!(report(&done)[3], "5  refused  This row is not UTF-8.");
    })
    .await;
}

fn row_of_csv(username: &str) -> String {
    format!("{username},{},Ada,Lovelace,{HASH}\n", email_of(username))
}

/// What ends with 2 is the file, not its rows; the rows before the break are in.
#[tokio::test]
async fn a_file_that_cannot_be_read_ends_with_two() {
    on_each_engine(async |lyceum| {
        let header = "username,email,firstName,lastName,passwordHash\n";
        let no_email = format!("username,firstName,lastName\n{}", row_of_csv("ada"));
        let twice = format!("username,email,firstName,first_name,lastName\n{}", row_of_csv("ada"));
        let misspelt = format!("username,email,firstName,lastName,password\n{}", row_of_csv("ada"));
        for (name, content, why) in [
            ("users.txt", String::new(), "its name has to end in .jsonl or .csv"),
            ("users", String::new(), "its name has to end in .jsonl or .csv"),
            ("empty.csv", String::new(), "`username`"),
            ("users.csv", no_email, "`email`"),
            ("users.csv", twice, "`firstName`"),
            ("users.csv", misspelt, "There is no field \"password\"."),
        ] {
            let done = told(lyceum, name, content).await;
            assert_eq!((done.code, &*done.stdout), (Some(2), ""), "{done:?}");
            assert!(done.stderr.starts_with("lyceum: ") && done.stderr.contains(why), "{done:?}");
        }
        let missing = lyceum.command(&["import", "/nowhere/users.csv"]).await;
        assert_eq!((missing.code, &*missing.stdout), (Some(2), ""), "{missing:?}");
        assert!(missing.stderr.starts_with("lyceum: /nowhere/users.csv: "), "{missing:?}");

        let open = format!("{header}{}bea,bea@example.com,\"B,{}", row_of_csv("ada"), row_of_csv("cleo").repeat(5000));
        let done = told(lyceum, "users.csv", open).await;
        assert_eq!((done.code, summary(&done)), (Some(2), "1 created, 0 existed already, 0 refused"), "{done:?}");
        assert!(done.stderr.contains("is there a quote that nothing closes?"), "{done:?}");
        assert_eq!(lyceum.database.count("users").await, 1);
        let empty = told(lyceum, "users.jsonl", "").await;
        assert_eq!((empty.code, &*empty.stdout), (Some(0), "0 created, 0 existed already, 0 refused\n"), "{empty:?}");
    })
    .await;
}
