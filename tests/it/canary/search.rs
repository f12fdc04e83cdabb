//! Looks for canaries: as they are, and as base64, hexadecimal and percent-encoding would show them.

use std::path::Path;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use sea_orm::{ConnectionTrait as _, Statement};

use crate::harness::*;

/// So much of a secret is a leak already.
const BEGINNING: usize = 12;

#[derive(Default)]
pub(super) struct Canaries {
    needles: Vec<(String, Vec<u8>)>,
}

impl Canaries {
    pub(super) fn add(&mut self, name: &str, value: &str) {
        assert!(value.len() >= 8, "{name} is too short to be told from chance: {value}");
        let start = &value[..value.len().min(BEGINNING)];
        let mut forms = vec![start.to_owned(), lyceum::core::crypto::hex(start.as_bytes())];
        // In base64 a text looks different by the place where it stands; whole groups of three are sure.
        for offset in 0..3 {
            let shifted = [&vec![b' '; offset][..], value.as_bytes()].concat();
            let whole = shifted.len() / 3 * 3;
            let begin = if offset == 0 { 0 } else { 4 };
            forms.push(STANDARD_NO_PAD.encode(&shifted[..whole])[begin..].to_owned());
            forms.push(URL_SAFE_NO_PAD.encode(&shifted[..whole])[begin..].to_owned());
        }
        self.needles.extend(forms.into_iter().map(|form| (format!("{name} as {form}"), form.into_bytes())));
    }

    /// A JWT: its claims and its signature. Its header is no secret, and the same in all.
    pub(super) fn add_jwt(&mut self, name: &str, token: &str) {
        let (message, signature) = token.rsplit_once('.').expect("three parts");
        self.add(name, signature);
        let (_, claims) = message.split_once('.').expect("three parts");
        self.needles.push((format!("the claims of {name}"), claims.as_bytes().to_vec()));
    }

    /// The names of those that are in the text.
    pub(super) fn found_in(&self, text: &str) -> Vec<String> {
        self.found_in_bytes(text.as_bytes())
    }

    /// The names of those that are in any file under the folder, with the file.
    pub(super) fn found_in_files(&self, folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(self.found_in_files(&path));
            } else {
                let names = self.found_in_bytes(&std::fs::read(&path).unwrap());
                found.extend(names.into_iter().map(|name| format!("{name} in {}", path.display())));
            }
        }
        found
    }

    fn found_in_bytes(&self, bytes: &[u8]) -> Vec<String> {
        let is_in = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        self.needles.iter().filter(|(_, needle)| is_in(needle)).map(|(name, _)| name.clone()).collect()
    }
}

/// Every row of every table of a PostgreSQL database, as text.
pub(super) async fn every_row(database: &Database) -> String {
    let connection = database.connect().await;
    let statement = |sql: String| Statement::from_string(connection.get_database_backend(), sql);
    let names = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
    let mut all = String::new();
    for table in connection.query_all_raw(statement(names.to_owned())).await.unwrap() {
        let table: String = table.try_get_by_index(0).unwrap();
        let rows = format!("SELECT COALESCE(STRING_AGG(t::text, ' '), '') FROM \"{table}\" t");
        let row = connection.query_one_raw(statement(rows)).await.unwrap().unwrap();
        all.push_str(&row.try_get_by_index::<String>(0).unwrap());
    }
    all
}

/// What is planted is found, in each of its forms: else the silence of the other tests would mean nothing.
#[test]
fn a_planted_canary_is_found() {
    let mut canaries = Canaries::default();
    canaries.add("the password", "CanaryFirstVioletHarbor81");
    let planted = [
        "x CanaryFirstVioletHarbor81 x".to_owned(),
        "cut off: CanaryFirstV…".to_owned(),
        lyceum::core::crypto::hex(b"CanaryFirstVioletHarbor81"),
        STANDARD_NO_PAD.encode("\0CanaryUser\0CanaryFirstVioletHarbor81"),
        STANDARD_NO_PAD.encode("\0User\0CanaryFirstVioletHarbor81"),
        STANDARD_NO_PAD.encode("ada:CanaryFirstVioletHarbor81"),
        URL_SAFE_NO_PAD.encode("CanaryFirstVioletHarbor81"),
    ];
    for text in planted {
        assert!(!canaries.found_in(&text).is_empty(), "{text}");
    }
    assert!(canaries.found_in("Canary, first: VioletHarbor").is_empty());
    let home = Home::new();
    std::fs::create_dir_all(home.path("deep/er")).unwrap();
    std::fs::write(home.path("deep/er/file"), b"\xff\0CanaryFirstVioletHarbor81\xff").unwrap();
    assert_eq!(canaries.found_in_files(&home.path("")).len(), 1);
}
