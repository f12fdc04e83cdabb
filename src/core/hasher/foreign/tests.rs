use std::time::Instant;

use serde::Deserialize;

use super::*;

/// What Python made, with the command beside it.
const VECTORS: &str = include_str!("../../../../tests/fixtures/foreign_hashes.jsonl");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    by: String,
    password: String,
    password_hash: String,
}

fn vectors() -> Vec<Vector> {
    VECTORS.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

fn matches(hash: &str, password: &str) -> bool {
    match ForeignHash::parse(hash).map(|hash| hash.0) {
        Ok(Form::Strong(row)) => Strong::parse(&row.hash).is_ok_and(|strong| strong.matches(password)),
        Ok(Form::Weak(weak, digest)) => weak.digest(password) == digest,
        Err(_) => false,
    }
}

#[test]
fn every_vector_matches_its_password_and_no_other() {
    let vectors = vectors();
    assert!(vectors.len() > 60);
    for Vector { by, password, password_hash } in vectors {
        let started = Instant::now();
        assert!(matches(&password_hash, &password), "{by}: {password:?}");
        eprintln!("{:?} {by}", started.elapsed());
        for wrong in [format!("a{password}"), String::new()] {
            assert!(!matches(&password_hash, &wrong), "{by}: {wrong:?}");
        }
    }
}

#[test]
fn scrypt_of_rfc_7914_matches() {
    let vector = "scrypt:1024:8:16$NaCl$fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886f\
        f109279d9830dac727afb94a83ee6d8360cbdfa2cc0640";
    assert!(matches(vector, "password"));
}

#[test]
fn bcrypt_ends_at_72_bytes_and_nothing_else_does() {
    for Vector { by, password, password_hash } in vectors().into_iter().filter(|vector| vector.password.len() > 72) {
        let tail = format!("{password} and more");
        assert_eq!(matches(&password_hash, &tail), password_hash.starts_with("$2"), "{by}");
    }
}

#[test]
fn a_nul_does_not_end_a_password_of_another_system() {
    let with_nul: Vec<_> = vectors().into_iter().filter(|vector| vector.password == "pass\0word").collect();
    assert!(with_nul.len() >= 5);
    for Vector { by, password_hash, .. } in with_nul {
        assert!(!matches(&password_hash, "pass") && !matches(&password_hash, "password"), "{by}");
    }
}

#[test]
fn bits_that_the_last_letters_have_too_many_do_not_count() {
    let canonical = "$2b$04$P8Kg2n05QhQqBza/x8SF8.vbp/IFUYkekQAFk59vd7C5L7kODEP92";
    let parts = |text: &str| match Strong::parse(text) {
        Ok(Strong::Bcrypt { cost, salt, digest }) => Some((cost, salt, digest)),
        _ => None,
    };
    let at = |place: usize, letter: &str| format!("{}{letter}{}", &canonical[..place], &canonical[place + 1..]);
    assert!(parts(canonical).is_some());
    assert_eq!(parts(&at(28, "/")), parts(canonical), "the last letter of the salt");
    assert_ne!(parts(&at(27, "/")), parts(canonical));
}

#[test]
fn the_work_that_a_hash_may_ask_for_has_bounds() {
    let key = "0".repeat(128);
    let (sha1, sha256) = (&key[..40], &key[..64]);
    let body = "P8Kg2n05QhQqBza/x8SF8.vbp/IFUYkekQAFk59vd7C5L7kODEP92";
    let good = [
        format!("pbkdf2:sha256:2000000$salt${sha256}"),
        format!("pbkdf2:sha1:1$salt${sha1}"),
        format!("pbkdf2:sha512:1000$salt${key}"),
        format!("scrypt:32768:8:1$salt${key}"),
        format!("scrypt:32768:8:2$salt${key}"),
        format!("scrypt:65536:8:1$salt${key}"),
        format!("$2a$04${body}"),
        format!("$2y$15${body}"),
    ];
    for hash in good {
        assert!(ForeignHash::parse(&hash).is_ok_and(|hash| !hash.is_weak()), "{hash}");
    }
    let bad = [
        format!("pbkdf2:sha256:2000001$salt${sha256}"),
        format!("pbkdf2:sha256:4294967296$salt${sha256}"),
        format!("scrypt:65536:8:2$salt${key}"),
        format!("scrypt:131072:8:1$salt${key}"),
        format!("scrypt:2147483648:1:1$salt${key}"),
        format!("scrypt:2:4294967295:4294967295$salt${key}"),
        format!("$2b$03${body}"),
        format!("$2b$16${body}"),
        format!("$2b$31${body}"),
    ];
    for hash in bad {
        let started = Instant::now();
        assert!(!matches(&hash, "anything"), "{hash}");
        assert!(ForeignHash::parse(&hash).is_err(), "{hash}");
        eprintln!("{:?} {hash}", started.elapsed());
    }
}

#[test]
fn what_is_no_hash_of_a_known_kind_is_refused() {
    let hex = "0123456789abcdef".repeat(8);
    let unknown = [
        String::new(),
        "violet harbor kettle moon".to_owned(),
        "plain$$secret".to_owned(),
        format!("md5$salt${}", &hex[..32]),
        format!("sha1$salt${}", &hex[..40]),
        format!("sha512$salt${hex}"),
        format!("sha256$salt${}", &hex[..62]),
        format!("sha256$sa\u{7}lt${}", &hex[..64]),
        hex[..40].to_owned(),
        hex[..63].to_owned(),
        hex.clone(),
        format!("{}g", &hex[..63]),
        format!("pbkdf2:md5:1000$salt${}", &hex[..32]),
        format!("pbkdf2:sha256$salt${}", &hex[..64]),
        format!("pbkdf2:sha256:0$salt${}", &hex[..64]),
        format!("pbkdf2:sha256:+5$salt${}", &hex[..64]),
        format!("pbkdf2:sha256:1000$${}", &hex[..64]),
        format!("pbkdf2:sha256:1000${}${}", "s".repeat(129), &hex[..64]),
        format!("scrypt:1000:8:1$salt${hex}"),
        format!("scrypt:1:8:1$salt${hex}"),
        format!("scrypt:1024:0:1$salt${hex}"),
        format!("scrypt:1024:8:1$salt${}", &hex[..64]),
        "$2x$04$P8Kg2n05QhQqBza/x8SF8.vbp/IFUYkekQAFk59vd7C5L7kODEP92".to_owned(),
        "$2b$04$P8Kg2n05QhQqBza/x8SF8.vbp/IFUYkekQAFk59vd7C5L7kODEP9".to_owned(),
        "$2b$+4$P8Kg2n05QhQqBza/x8SF8.vbp/IFUYkekQAFk59vd7C5L7kODEP92".to_owned(),
        "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaA".to_owned(),
    ];
    for text in unknown {
        let Err(fault) = ForeignHash::parse(&text) else { panic!("{text} was taken") };
        assert!(fault.message.contains("bcrypt") && fault.message.contains("pbkdf2:sha256"), "{fault:?}");
        assert!(text.is_empty() || !fault.message.contains(&text), "a fault never repeats a hash");
    }
}

#[test]
fn a_weak_hash_is_known_as_one_whatever_the_case_of_its_digits() {
    let hex = "0123456789ABCDEF".repeat(4);
    for hash in [hex.clone(), hex.to_lowercase(), format!("sha256$salt${hex}"), format!("sha256$${hex}")] {
        let Ok(ForeignHash(Form::Weak(_, digest))) = ForeignHash::parse(&hash) else { panic!("{hash}") };
        assert_eq!(digest, hex.to_lowercase());
    }
}

/// Garbage that is nearly right: every vector with letters replaced, cut, doubled and moved.
#[test]
fn no_garbage_makes_it_panic() {
    let random = crate::core::random::Random::seeded(11);
    let draw = |below: usize| {
        let mut bytes = [0; 4];
        random.fill(&mut bytes);
        usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(0) % below.max(1)
    };
    let odd = ['$', ':', '\0', '\u{e9}', '\u{1F510}', '0', '9', '-', ' ', '.', 'f', '2'];
    let hashes: Vec<Vec<char>> = vectors().iter().map(|vector| vector.password_hash.chars().collect()).collect();
    for _ in 0..20_000 {
        let mut text = hashes[draw(hashes.len())].clone();
        for _ in 0..=draw(4) {
            let at = draw(text.len());
            match draw(4) {
                0 => text.truncate(at),
                1 => text.insert(at, odd[draw(odd.len())]),
                2 if at < text.len() => text[at] = odd[draw(odd.len())],
                _ => text.extend_from_within(at..),
            }
        }
        let text: String = text.into_iter().collect();
        // Verifying what is still a hash would take minutes: parsing is what meets the garbage.
        let row = PasswordHash { hash: text.clone(), scheme: "scrypt".to_owned() };
        let _ = (ForeignHash::parse(&text).is_ok(), super::super::stored::Stored::parse(&row, "own").is_some());
    }
}
