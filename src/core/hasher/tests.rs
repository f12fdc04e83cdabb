use super::*;

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
