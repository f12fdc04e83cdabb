use super::{stored::cost_of, *};

const PEPPER: &str = "d2Fsbm91dC1zZXZlbi1xdWlldC1oYXJib3Vycw";

fn hasher(cost: u32) -> Hasher {
    Hasher::new(PEPPER, cost, Random::seeded(7))
}

#[test]
fn nobodys_hash_is_one_that_costs_as_much_as_any_other() {
    let hasher = hasher(5);
    assert_eq!(cost_of(&hasher.nobody), Some(5));
    // Were it malformed, it would be refused without the work.
    assert!(matches!(bcrypt::non_truncating_verify("anything", &hasher.nobody), Ok(false)));
    assert_eq!(hasher.verify_now("anything", None), Verdict::Wrong);
}

#[test]
fn a_hash_of_another_pepper_or_another_form_never_matches() {
    let hasher = hasher(4);
    let hash = hasher.hash_now("violet harbor").unwrap_or_default();
    let stored = |hash: &str, scheme: &str| PasswordHash { hash: hash.to_owned(), scheme: scheme.to_owned() };
    assert_eq!(hasher.verify_now("violet harbor", Some(&stored(&hash, &hasher.scheme))), Verdict::Right);
    for (hash, scheme) in [
        (hash.as_str(), "bcrypt-hmac-sha256:000000000000"),
        ("", &hasher.scheme),
        ("$2b$31$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", &hasher.scheme),
        ("$2b$04$\u{fc}\u{fc}\u{fc}", &hasher.scheme),
    ] {
        assert_eq!(hasher.verify_now("violet harbor", Some(&stored(hash, scheme))), Verdict::Wrong, "{hash}");
    }
}

async fn adopted(hasher: &Hasher, text: &str) -> PasswordHash {
    let Ok(foreign) = ForeignHash::parse(text) else { panic!("{text}") };
    hasher.adopt(foreign).await.unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Of the password `x`, by werkzeug 2.0.3.
const SALTED: &str = "sha256$KkU4Yt1SnzmUhgGP$95c80ed78c02e6204af6cd004f9a33d2c6425c38d73a9b01597632882bf9b56b";

#[tokio::test]
async fn a_weak_hash_is_stored_under_ours_and_opens_by_the_password_alone() {
    let hasher = hasher(4);
    let sha256 = crate::core::crypto::digest_of("x");
    for (text, name) in [(sha256.as_str(), "/sha256"), (SALTED, "/hmac-sha256")] {
        let row = adopted(&hasher, text).await;
        let digest = text.rsplit('$').next().unwrap_or_default();
        assert!(!row.hash.contains(digest) && row.hash.contains("$2b$04$"), "{row:?}");
        assert_eq!(row.scheme, format!("{}{name}", hasher.scheme));
        assert_eq!(hasher.verify_now("x", Some(&row)), Verdict::Outdated);
        // Whoever has the old table has the digest, and must not come in with it.
        for wrong in [digest, text, "", "X", "x "] {
            assert_eq!(hasher.verify_now(wrong, Some(&row)), Verdict::Wrong, "{wrong}");
        }
        for scheme in [&hasher.scheme, "bcrypt", "bcrypt-hmac-sha256:000000000000/sha256", "none"] {
            let row = PasswordHash { scheme: scheme.to_owned(), ..row.clone() };
            assert_eq!(hasher.verify_now("x", Some(&row)), Verdict::Wrong, "{scheme}");
        }
    }
}

#[tokio::test]
async fn a_strong_hash_stays_as_it_is_and_is_worth_making_again() {
    let hasher = hasher(4);
    let text = "$2b$05$T8FzYPR3SsNJ48mMfH902OsurDCN7l0ZB1oQf.faZsD2m.CCUU8Iq";
    let row = adopted(&hasher, text).await;
    assert_eq!((row.hash.as_str(), row.scheme.as_str()), (text, "bcrypt"));
    assert_eq!(hasher.verify_now("x", Some(&row)), Verdict::Outdated);
    assert_eq!(hasher.verify_now("y", Some(&row)), Verdict::Wrong);
    // The scheme decides, not the look of the hash: ours is bcrypt too.
    let own = PasswordHash { scheme: hasher.scheme.to_string(), ..row };
    assert_eq!(hasher.verify_now("x", Some(&own)), Verdict::Wrong);
}

#[test]
fn nothing_matches_the_hash_of_who_has_no_password() {
    let hasher = hasher(4);
    for password in ["", "none", "violet harbor"] {
        assert_eq!(hasher.verify_now(password, Some(&PasswordHash::none())), Verdict::Wrong);
    }
}
