//! Passwords through the door: which ones make an account, which one opens it, and what stands in the row.
//! The rules themselves are judged entry by entry beside their code; here it is the API that keeps them.

use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use lyceum::{app::App, core::crypto::hex};
use ring::{digest, hmac};
use serde_json::json;

use crate::harness::*;

const OFF: [(&str, &str); 1] = [("RATE_LIMITS", "off")];

/// The user errors of a sign-up with this password.
async fn refusal_of(lyceum: &Lyceum, password: &str) -> Vec<String> {
    let answer = lyceum.sign_up_as("ann_lovelace", "Queen.Bee@mail.example", password).await;
    assert_eq!(answer.status, 200, "{password:?}: {}", answer.body);
    answer.user_errors("signup")
}

/// Signs somebody up with this password, and proves the address.
async fn verified_with(lyceum: &Lyceum, username: &str, password: &str) {
    lyceum.sign_up_as(username, &email_of(username), password).await.ok();
    let token = lyceum.token_for(&email_of(username)).await;
    lyceum.run(VERIFY, json!({ "token": token })).await.ok();
}

async fn opens(lyceum: &Lyceum, username: &str, password: &str) {
    let answer = lyceum.log_in(username, password).await.ok();
    assert_eq!(answer.str_at("login.user.username"), username);
}

/// The password is refused, and nothing but its being wrong is told.
async fn does_not_open(lyceum: &Lyceum, username: &str, password: &str) {
    let answer = lyceum.log_in(username, password).await;
    assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"], "{password:?}");
    assert_eq!(answer.at("login.accessToken"), &json!(null));
}

async fn hash_of(lyceum: &Lyceum, username: &str) -> String {
    lyceum.database.text(&format!("SELECT password_hash FROM users WHERE username = '{username}'")).await
}

/// Bar 1: seven characters are too few, and the answer names the rule; eight are enough when they are strong.
#[tokio::test]
async fn seven_characters_are_refused_with_the_rule_and_eight_strong_ones_make_an_account() {
    on_each_engine(async |lyceum| {
        let answer = lyceum.sign_up_as("ada", "ada@example.com", "kV9#qz!").await;
        assert_eq!(answer.user_errors("signup"), ["TOO_SHORT password"]);
        assert_eq!(answer.str_at("signup.userErrors.0.message"), "Use 8 to 128 characters.");
        assert_eq!(answer.at("signup.email"), &json!(null));
        assert_eq!(lyceum.database.number("SELECT count(*) FROM signups").await, 0);

        verified_with(lyceum, "ada", "kV9#qz!m").await;
        opens(lyceum, "ada", "kV9#qz!m").await;
    })
    .await;
}

/// Bar 1: the minimum is a setting, and a reset keeps it too.
#[tokio::test]
async fn a_higher_minimum_holds_at_signup_and_at_a_reset() {
    with_settings(&[("PASSWORD_MIN_LENGTH", "15")], async |lyceum| {
        let answer = lyceum.sign_up_as("ada", "ada@example.com", "kV9#qz!mT2&xLw").await;
        assert_eq!(answer.str_at("signup.userErrors.0.message"), "Use 15 to 128 characters.");
        verified_with(lyceum, "ada", "kV9#qz!mT2&xLw)").await;

        lyceum.run(FORGOT, json!({ "email": "ada@example.com" })).await.ok();
        let token = lyceum.token_for("ada@example.com").await;
        let answer = lyceum.run(RESET, json!({ "token": token, "password": "qT7!mB2&cLw9(z" })).await;
        assert_eq!(answer.user_errors("resetPassword"), ["TOO_SHORT newPassword"]);
        opens(lyceum, "ada", "kV9#qz!mT2&xLw)").await;
        // The link is good still: a refused password does not use it up.
        lyceum.run(RESET, json!({ "token": token, "password": "qT7!mB2&cLw9(z+" })).await.ok();
        opens(lyceum, "ada", "qT7!mB2&cLw9(z+").await;
    })
    .await;
}

/// Bar 2: 64 times U+1F510, which are 256 bytes, and 128 characters of ASCII make accounts and open them.
#[tokio::test]
async fn the_longest_passwords_make_accounts_and_open_them() {
    on_each_engine(async |lyceum| {
        let locks = "\u{1F510}".repeat(64);
        let signs: String = (0..128_u8).map(|i| char::from(33 + i.wrapping_mul(37) % 94)).collect();
        for (username, password) in [("ada", locks.as_str()), ("bea", signs.as_str())] {
            verified_with(lyceum, username, password).await;
            opens(lyceum, username, password).await;
            let last = password.char_indices().next_back().unwrap().0;
            does_not_open(lyceum, username, &password[..last]).await;
        }
    })
    .await;
}

/// Bar 3: two passwords that are equal in their first 72 bytes and differ in the 73rd are two passwords.
#[tokio::test]
async fn the_73rd_byte_tells_two_passwords_apart() {
    on_each_engine(async |lyceum| {
        let stem: String = "violet harbor kettle moon ".chars().cycle().take(72).collect();
        let (right, wrong) = (format!("{stem}x"), format!("{stem}y"));
        verified_with(lyceum, "ada", &right).await;
        does_not_open(lyceum, "ada", &wrong).await;
        does_not_open(lyceum, "ada", &stem).await;
        does_not_open(lyceum, "ada", &format!("{right}y")).await;
        opens(lyceum, "ada", &right).await;
    })
    .await;
}

/// Bar 4: 129 characters, or more than 1,024 bytes, are refused before any hash, at sign-up and at login. Were one
/// made, at this cost it would show in the printed time.
#[tokio::test]
async fn what_is_too_long_is_refused_without_a_hash() {
    let settings = [("RATE_LIMITS", "off"), ("BCRYPT_COST", "12")];
    with_settings(&settings, async |lyceum| {
        let signs: String = "4@8({[<369!1|0$5+7%2".chars().cycle().take(100_000).collect();
        for long in [&signs[..129], &signs[..1025], &signs, &"\u{1F510}".repeat(129), &"e\u{301}".repeat(342)] {
            let started = Instant::now();
            let answer = lyceum.sign_up_as("ada", "ada@example.com", long).await;
            eprintln!("{} bytes: signup refused in {:?}", long.len(), started.elapsed());
            assert_eq!(answer.user_errors("signup"), ["TOO_LONG password"]);
            assert!(!answer.text().contains(&long[..12]), "the answer never repeats a password");
        }
        assert_eq!(lyceum.database.number("SELECT count(*) FROM signups").await, 0);

        lyceum.verified("ada").await;
        let started = Instant::now();
        does_not_open(lyceum, "ada", &signs).await;
        eprintln!("{} bytes: login refused in {:?}", signs.len(), started.elapsed());
    })
    .await;
}

/// Bar 5: a NUL is a character like any other; what stands before it does not open the account.
#[tokio::test]
async fn a_nul_does_not_end_a_password() {
    on_each_engine(async |lyceum| {
        let password = "pass\0word kettle moon";
        verified_with(lyceum, "ada", password).await;
        for wrong in ["pass", "pass\0", "password kettle moon", "pass\0word kettle moo", "pass\0word kettle moon\0"] {
            does_not_open(lyceum, "ada", wrong).await;
            lyceum.advance(Duration::from_mins(20));
        }
        opens(lyceum, "ada", password).await;
    })
    .await;
}

/// Bar 6: common passwords are refused. Beside the list every entry is tried; here a sample goes through the door.
#[tokio::test]
async fn common_passwords_are_refused() {
    with_settings(&OFF, async |lyceum| {
        let list = include_str!("../../src/core/accounts/common_passwords.txt");
        let sample: Vec<&str> = list.lines().filter(|entry| entry.chars().count() >= 8).step_by(97).collect();
        assert!(sample.len() > 50, "{}", sample.len());
        for common in sample {
            assert_eq!(refusal_of(lyceum, common).await, ["PASSWORD_TOO_WEAK password"], "{common}");
        }
        let disguised = "summer2026summer P@ssw0rd123456! Password123! qwertyuiop 1234567890 baseball iloveyou1 \
            trustno1 sunshine princess football superman Passw0rd letmein123 11111111";
        for common in disguised.split_whitespace() {
            assert_eq!(refusal_of(lyceum, common).await, ["PASSWORD_TOO_WEAK password"], "{common}");
        }
        assert_eq!(lyceum.database.number("SELECT count(*) FROM signups").await, 0);
    })
    .await;
}

/// Bar 6: so are the account's own words, the product's name and what is easy to guess, at a reset too.
#[tokio::test]
async fn the_own_words_and_weak_patterns_are_refused_at_signup_and_at_a_reset() {
    with_settings(&OFF, async |lyceum| {
        let own = "ann_lovelace ANN_LOVELACE2026 Queen.Bee@mail.example queen.bee@mail.example!7 Queen.Bee1819 \
            Lyceum2026! lyceumlyceum AdaLovelace-1815 qwertyuiopasdf abcdefghijklmnop 1990-12-31 aaaabbbbcccc";
        for weak in own.split_whitespace() {
            assert_eq!(refusal_of(lyceum, weak).await, ["PASSWORD_TOO_WEAK password"], "{weak}");
        }
        lyceum.sign_up_as("ann_lovelace", "Queen.Bee@mail.example", PASSWORD).await.ok();
        let token = lyceum.token_for("Queen.Bee@mail.example").await;
        lyceum.run(VERIFY, json!({ "token": token })).await.ok();
        lyceum.run(FORGOT, json!({ "email": "queen.bee@mail.example" })).await.ok();
        let token = lyceum.token_for("Queen.Bee@mail.example").await;
        for weak in own.split_whitespace() {
            let answer = lyceum.run(RESET, json!({ "token": token, "password": weak })).await;
            assert_eq!(answer.user_errors("resetPassword"), ["PASSWORD_TOO_WEAK newPassword"], "{weak}");
        }
        opens(lyceum, "ann_lovelace", PASSWORD).await;
    })
    .await;
}

/// Bar 7: twenty lower-case letters and spaces are enough, and spaces at the ends count.
#[tokio::test]
async fn a_lower_case_passphrase_is_accepted_and_its_outer_spaces_stay() {
    on_each_engine(async |lyceum| {
        verified_with(lyceum, "ada", "tundra velvet acorns").await;
        opens(lyceum, "ada", "tundra velvet acorns").await;

        let spaced = "  tundra velvet acorns ";
        verified_with(lyceum, "bea", spaced).await;
        for wrong in ["tundra velvet acorns", " tundra velvet acorns ", "  tundra velvet acorns"] {
            does_not_open(lyceum, "bea", wrong).await;
        }
        opens(lyceum, "bea", spaced).await;
    })
    .await;
}

/// Bar 8: both Unicode spellings of one password open the account, whichever of them made it.
#[tokio::test]
async fn both_unicode_spellings_of_a_password_open_the_account() {
    on_each_engine(async |lyceum| {
        let (composed, decomposed) = ("caf\u{E9} kettle Z\u{FC}rich", "cafe\u{301} kettle Zu\u{308}rich");
        for (username, typed) in [("ada", composed), ("bea", decomposed)] {
            verified_with(lyceum, username, typed).await;
            opens(lyceum, username, composed).await;
            opens(lyceum, username, decomposed).await;
            does_not_open(lyceum, username, "cafe kettle Zurich").await;
        }
    })
    .await;
}

/// What is hashed, made here a second time: base64 of an HMAC-SHA-256 under the pepper.
fn peppered(password: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, PEPPER.as_bytes());
    STANDARD.encode(hmac::sign(&key, password.as_bytes()))
}

/// Bar 9: a row holds bcrypt at cost 12 over the peppered password, before the proof and after it; the same
/// password has another hash in each row.
#[tokio::test]
async fn a_row_holds_the_documented_hash_and_one_password_has_many() {
    with_settings(&[("BCRYPT_COST", "12")], async |lyceum| {
        lyceum.sign_up("ada").await.ok();
        let waiting = lyceum.database.text("SELECT password_hash FROM signups").await;
        let token = lyceum.token_for("ada@example.com").await;
        lyceum.run(VERIFY, json!({ "token": token })).await.ok();
        lyceum.verified("bea").await;
        let (ada, bea) = (hash_of(lyceum, "ada").await, hash_of(lyceum, "bea").await);
        assert_eq!(waiting, ada, "the proof does not touch the hash");
        assert_ne!(ada, bea);
        for hash in [&ada, &bea] {
            assert!(hash.starts_with("$2b$12$") && hash.len() == 60, "{hash}");
            assert!(bcrypt::verify(peppered(PASSWORD), hash).unwrap());
            assert!(!bcrypt::verify(PASSWORD, hash).unwrap(), "without the pepper nobody can try passwords");
        }
        let scheme = lyceum.database.text("SELECT password_scheme FROM users WHERE username = 'ada'").await;
        assert!(scheme.starts_with("bcrypt-hmac-sha256:"), "{scheme}");
    })
    .await;
}

/// Bar 9: the files of the database hold neither the password nor a plain digest of it.
#[tokio::test]
async fn the_database_files_hold_no_password_and_no_plain_digest() {
    let lyceum = Lyceum::start(Engine::Sqlite, &[]).await;
    lyceum.person("ada").await;
    lyceum.run(FORGOT, json!({ "email": "ada@example.com" })).await.ok();
    let token = lyceum.token_for("ada@example.com").await;
    let new_password = "copper lantern drifts north";
    lyceum.run(RESET, json!({ "token": token, "password": new_password })).await.ok();

    let mut searched = 0;
    for file in std::fs::read_dir(lyceum.folder()).unwrap() {
        let path = file.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        searched += usize::from(contains(&bytes, b"ada@example.com"));
        for password in [PASSWORD, new_password] {
            let digests = [&digest::SHA256, &digest::SHA512, &digest::SHA1_FOR_LEGACY_USE_ONLY]
                .map(|algorithm| digest::digest(algorithm, password.as_bytes()));
            assert!(!contains(&bytes, password.as_bytes()), "{}", path.display());
            assert!(!contains(&bytes, peppered(password).as_bytes()), "{}", path.display());
            for digest in digests {
                assert!(!contains(&bytes, digest.as_ref()), "{}", path.display());
                assert!(!contains(&bytes, hex(digest.as_ref()).as_bytes()), "{}", path.display());
            }
        }
    }
    assert!(searched > 0, "the rows are in the files that were searched");
    lyceum.stop().await;
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

async fn log_in_at(app: &App, username: &str, password: &str) -> Answer {
    send(app, login(username, password).into_request()).await
}

/// Bar 10: a hash of cost 10 opens the account, and is of cost 12 afterwards; a wrong password changes nothing.
#[tokio::test]
async fn a_hash_of_an_older_cost_is_made_again_at_the_next_login() {
    with_settings(&[("BCRYPT_COST", "10")], async |lyceum| {
        lyceum.verified("ada").await;
        let old = hash_of(lyceum, "ada").await;
        assert!(old.starts_with("$2b$10$"), "{old}");
        let today = lyceum.restarted(&[("BCRYPT_COST", "12")]).await;

        let answer = log_in_at(&today, "ada", "copper lantern drifts north").await;
        assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"]);
        assert_eq!(hash_of(lyceum, "ada").await, old);

        log_in_at(&today, "ada", PASSWORD).await.ok();
        let new = hash_of(lyceum, "ada").await;
        assert!(new.starts_with("$2b$12$"), "{new}");
        assert!(bcrypt::verify(peppered(PASSWORD), &new).unwrap());
        log_in_at(&today, "ada", PASSWORD).await.ok();
        assert_eq!(hash_of(lyceum, "ada").await, new, "what is of today's cost stays");
        today.core.db.clone().close().await.unwrap();
    })
    .await;
}

/// Bar 10: a row with garbage for a hash, or with a cost that would take days, is a wrong password and nothing more:
/// the answer is that of an account that does not exist, and the server goes on.
#[tokio::test]
async fn a_spoilt_hash_is_a_wrong_password() {
    with_settings(&OFF, async |lyceum| {
        lyceum.verified("ada").await;
        let good = hash_of(lyceum, "ada").await;
        let body = &good[7..];
        let salt = &body[..22];
        let spoilt = [
            String::new(),
            "garbage".to_owned(),
            "$2b$".to_owned(),
            format!("$2b$31${body}"),
            format!("$2b$99${body}"),
            format!("$2b$00${body}"),
            format!("$2b$-4${body}"),
            format!("$2x$04${body}"),
            format!("$2b$04${salt}"),
            format!("$2b$04${}", "\u{E9}".repeat(26)),
            format!("$2b$04${salt}{}", "\u{1F510}".repeat(8)),
            format!("$2b$04${}", "!".repeat(53)),
            PASSWORD.to_owned(),
        ];
        let nobody = lyceum.log_in("nobody_here", PASSWORD).await.body;
        for hash in spoilt {
            lyceum.database.execute(&format!("UPDATE users SET password_hash = '{hash}'")).await;
            let started = Instant::now();
            let answer = lyceum.log_in("ada", PASSWORD).await;
            eprintln!("{hash}: {:?}", started.elapsed());
            assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"], "{hash}");
            assert_eq!(answer.body, nobody, "{hash}");
        }
        lyceum.database.execute(&format!("UPDATE users SET password_hash = '{good}'")).await;
        opens(lyceum, "ada", PASSWORD).await;
        lyceum.database.execute("UPDATE users SET password_scheme = 'bcrypt-hmac-sha256:000000000000'").await;
        does_not_open(lyceum, "ada", PASSWORD).await;
    })
    .await;
}
