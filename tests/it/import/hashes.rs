//! The hashes that come with imported accounts: who knows the password logs in, and is rid of the old hash then.

use std::collections::HashMap;

use lyceum::core::crypto::digest_of;
use sea_orm::{
    ConnectionTrait as _, QueryResult,
    sea_query::{Alias, Query},
};
use serde::Deserialize;
use serde_json::Value;

use super::{OFF, import_rows, report, row, summary, with};
use crate::harness::*;

/// Made by werkzeug, bcrypt, passlib and hashlib, with the command that made them beside it.
const VECTORS: &str = include_str!("../../fixtures/foreign_hashes.jsonl");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    by: String,
    password: String,
    password_hash: String,
}

fn vectors() -> Vec<Vector> {
    VECTORS.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn rows() -> Vec<Value> {
    let row =
        |(number, vector): (usize, Vector)| with(row(&format!("user_{number}")), "passwordHash", vector.password_hash);
    vectors().into_iter().enumerate().map(row).collect()
}

/// Hash and scheme of everybody, by username.
async fn stored(lyceum: &Lyceum) -> HashMap<String, (String, String)> {
    let mut select = Query::select();
    select.columns(["username", "password_hash", "password_scheme"].map(Alias::new)).from("users");
    let rows = lyceum.database.connect().await.query_all(&select).await.unwrap();
    let text = |row: &QueryResult, column: usize| row.try_get_by_index::<String>(column).unwrap();
    rows.iter().map(|row| (text(row, 0), (text(row, 1), text(row, 2)))).collect()
}

fn is_ours((hash, scheme): &(String, String)) -> bool {
    let pepper = scheme.strip_prefix("bcrypt-hmac-sha256:").unwrap_or_default();
    hash.starts_with("$2b$04$") && hash.len() == 60 && pepper.len() == 12
}

/// Bars 9 and 10: whatever made it, the hash opens to its password and to no other, and from then on bcrypt under our
/// pepper stands in its place, which the second login leaves alone.
#[tokio::test]
async fn hash_vectors_of_each_format_log_in_and_are_stored_as_bcrypt_afterwards() {
    with_settings(&OFF, async |lyceum| {
        let done = import_rows(lyceum, &rows(), &[]).await;
        assert_eq!(summary(&done), "62 created, 0 existed already, 0 refused", "{done:?}");
        let imported = stored(lyceum).await;
        assert!(!imported.values().any(is_ours));
        for (number, Vector { by, password, .. }) in vectors().into_iter().enumerate() {
            let answer = lyceum.log_in(&format!("user_{number}"), &format!("a{password}")).await;
            assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"], "{by}");
        }
        assert_eq!(stored(lyceum).await, imported, "a wrong password changes nothing");

        for (number, Vector { by, password, .. }) in vectors().into_iter().enumerate() {
            let answer = lyceum.log_in(&format!("USER_{number}@example.com"), &password).await.ok();
            assert_eq!(answer.str_at("login.user.username"), format!("user_{number}"), "{by}");
        }
        let ours = stored(lyceum).await;
        assert!(ours.values().all(is_ours), "{ours:?}");
        for (number, Vector { by, password, .. }) in vectors().into_iter().enumerate() {
            let username = format!("user_{number}");
            lyceum.log_in(&username, &password).await.ok();
            let answer = lyceum.log_in(&username, &format!("a{password}")).await;
            assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"], "{by}");
        }
        assert_eq!(stored(lyceum).await, ours, "what is ours stays");
    })
    .await;
}

/// Bars 3 and 9: what other systems cut at 72 bytes is whole again from the first login on.
#[tokio::test]
async fn a_password_that_bcrypt_cut_is_whole_after_the_first_login() {
    with_settings(&OFF, async |lyceum| {
        let cut = vectors().into_iter().filter(|vector| vector.password.len() > 72);
        let cut: Vec<Vector> = cut.filter(|vector| vector.password_hash.starts_with("$2")).collect();
        assert!(cut.len() >= 6);
        for (number, Vector { by, password, password_hash }) in cut.into_iter().enumerate() {
            let username = format!("user_{number}");
            import_rows(lyceum, &[with(row(&username), "passwordHash", password_hash)], &[]).await;
            let other = format!("{password} and more");
            lyceum.log_in(&username, &other).await.ok();
            let answer = lyceum.log_in(&username, &password).await;
            assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"], "{by}");
            lyceum.log_in(&username, &other).await.ok();
        }
    })
    .await;
}

/// Bar 9: SHA-256 and its HMAC can be tried by the billion, so the database never holds them: not in a row, and on
/// SQLite in none of its files.
#[tokio::test]
async fn a_weak_hash_is_nowhere_in_the_database() {
    on_each_engine(async |lyceum| {
        assert_eq!(import_rows(lyceum, &rows(), &[]).await.code, Some(0));
        let weak = vectors()
            .into_iter()
            .enumerate()
            .filter(|(_, vector)| vector.password_hash.starts_with("sha256$") || !vector.password_hash.contains('$'));
        let weak: Vec<(usize, Vector)> = weak.collect();
        assert_eq!(weak.len(), 21);
        let (rows, stored) = (contents(lyceum).await, stored(lyceum).await);
        for (number, Vector { by, password_hash, .. }) in weak {
            let digest = password_hash.rsplit('$').next().unwrap();
            let (hash, scheme) = &stored[&format!("user_{number}")];
            assert!(hash.contains("$2b$04$") && scheme.starts_with("bcrypt-hmac-sha256:"), "{by}: {hash} {scheme}");
            assert!(!hash.contains(digest) && rows.iter().all(|(_, text)| !text.contains(digest)), "{by}");
            for file in std::fs::read_dir(lyceum.folder()).unwrap() {
                let path = file.unwrap().path();
                let is_ours = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("lyceum.db"));
                if is_ours {
                    let bytes = std::fs::read(&path).unwrap_or_default();
                    assert!(!bytes.windows(64).any(|window| window == digest.as_bytes()), "{by}");
                }
            }
        }
    })
    .await;
}

/// Bar 10: what would keep a core busy for minutes, or is no hash, is refused at the import.
#[tokio::test]
async fn a_hash_that_asks_for_too_much_work_is_refused() {
    on_each_engine(async |lyceum| {
        let (short, long) = ("ab".repeat(32), "ab".repeat(64));
        let hashes = [
            format!("pbkdf2:sha256:2000001$salt${short}"),
            format!("scrypt:1048576:8:1$salt${long}"),
            format!("scrypt:32768:8:16$salt${long}"),
            format!("$2b$31${}", &HASH_BODY),
            format!("$2b$16${}", &HASH_BODY),
            format!("$1$salt${short}"),
            format!("md5$salt${}", &short[..32]),
            "{SSHA}5en6G6MezRroT3XKqkdPOmY=".to_owned(),
            PASSWORD.to_owned(),
        ];
        let rows: Vec<Value> = hashes
            .iter()
            .enumerate()
            .map(|(number, hash)| with(row(&format!("user_{number}")), "passwordHash", hash.as_str()))
            .collect();
        let done = import_rows(lyceum, &rows, &[]).await;
        assert_eq!(summary(&done), "0 created, 0 existed already, 9 refused", "{done:?}");
        for (told, hash) in report(&done).iter().zip(&hashes) {
            assert!(told.contains("passwordHash: This "), "{told}");
            assert!(!told.contains(hash.as_str()), "what may be a secret is not repeated: {told}");
        }
        assert_eq!(lyceum.database.count("users").await, 0);
    })
    .await;
}

const HASH_BODY: &str = "T8FzYPR3SsNJ48mMfH902OsurDCN7l0ZB1oQf.faZsD2m.CCUU8Iq";

/// Bar 10: what stands in a row and is no hash, or is one that asks for days, is a wrong password and nothing more.
#[tokio::test]
async fn a_spoilt_hash_of_another_system_is_a_wrong_password() {
    with_settings(&OFF, async |lyceum| {
        import_rows(lyceum, &[row("ada")], &[]).await;
        let good = stored(lyceum).await["ada"].clone();
        lyceum.verified("zoe").await;
        let own = stored(lyceum).await["zoe"].1.clone();
        let (short, long) = ("ab".repeat(32), "ab".repeat(64));
        let spoilt = [
            String::new(),
            "$".to_owned(),
            "$2b$31$".to_owned() + HASH_BODY,
            "$2b$05$\u{e9}".to_owned() + &HASH_BODY[2..],
            format!("salt$2b$31${HASH_BODY}"),
            format!("pbkdf2:sha256:4000000000$salt${short}"),
            format!("scrypt:1073741824:8:1$salt${long}"),
            format!("scrypt:2:4294967295:4294967295$salt${long}"),
            format!("sha256$salt${short}"),
            short,
        ];
        for scheme in ["bcrypt", "pbkdf2", "scrypt", "sha256", &format!("{own}/sha256"), &format!("{own}/hmac-sha256")]
        {
            for hash in &spoilt {
                let spoil = format!("UPDATE users SET password_hash = '{hash}', password_scheme = '{scheme}'");
                lyceum.database.execute(&format!("{spoil} WHERE username = 'ada'")).await;
                let answer = lyceum.log_in("ada", "x").await;
                assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"], "{scheme} {hash}");
            }
        }
        let mend = format!("UPDATE users SET password_hash = '{}', password_scheme = '{}'", good.0, good.1);
        lyceum.database.execute(&format!("{mend} WHERE username = 'ada'")).await;
        lyceum.log_in("ada", "x").await.ok();
    })
    .await;
}

/// Bar 50: until the first login an imported account answers to a wrong password as any other does.
#[tokio::test]
async fn an_imported_account_refuses_as_everybody_does() {
    with_settings(&OFF, async |lyceum| {
        assert_eq!(import_rows(lyceum, &rows(), &[]).await.code, Some(0));
        let nobody = lyceum.log_in("nobody_here", PASSWORD).await;
        for number in 0..62 {
            let answer = lyceum.log_in(&format!("user_{number}"), PASSWORD).await;
            if !answer.user_errors("login").is_empty() {
                assert_eq!(answer.body, nobody.body, "{number}");
            }
        }
    })
    .await;
}

/// The digest that leaked with the old table opens nothing, and neither does a hash under another pepper.
#[tokio::test]
async fn a_wrapped_hash_opens_by_the_password_under_this_pepper_alone() {
    with_settings(&OFF, async |lyceum| {
        let digest = digest_of("x");
        import_rows(lyceum, &[with(row("ada"), "passwordHash", digest.as_str())], &[]).await;
        assert_eq!(lyceum.log_in("ada", &digest).await.user_errors("login"), ["INVALID_CREDENTIALS"]);
        let other = lyceum.restarted(&[("PASSWORD_PEPPER", "c2l4LWdyZWVuLXRyYW1zLXR1cm4tYXQtdGhlLXBpZXI")]).await;
        let answer = send(&other, login("ada", "x").into_request()).await;
        assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"]);
        close(other).await;
        lyceum.log_in("ada", "x").await.ok();
        assert!(stored(lyceum).await.values().all(is_ours));
    })
    .await;
}
