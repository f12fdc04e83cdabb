#![expect(clippy::unwrap_used, reason = "a test that finds no value has failed")]

use std::time::{Duration, Instant};

use super::{COMMON, MAX_BYTES, Policy, normal_form};
use crate::core::error::FaultCode;

const ANN: [&str; 4] = ["ann_lovelace", "Queen.Bee@mail.example", " Annabel", "Lovelace"];

fn verdict(password: &str) -> Result<(), FaultCode> {
    Policy::default().check(password, &ANN).map_err(|fault| fault.code)
}

const WEAK: Result<(), FaultCode> = Err(FaultCode::PasswordTooWeak);

// Bar 1.
#[test]
fn seven_characters_are_too_few_and_eight_without_a_pattern_enough() {
    let fault = Policy::default().check("kV9#qz!", &[]).unwrap_err();
    assert_eq!((fault.code, fault.message.as_str()), (FaultCode::TooShort, "Use 8 to 128 characters."));
    assert_eq!(verdict("kV9#qz!m"), Ok(()));
    assert_eq!(verdict("kV9xqz7m"), Ok(()));
    assert_eq!(verdict("qzxjvkwp"), WEAK);
    assert_eq!(verdict("жщюэбцхы"), WEAK);
    assert_eq!(verdict("Sunday26"), WEAK);
}

// Bar 1.
#[test]
fn the_minimum_can_be_set_between_8_and_64() {
    let at_least =
        |min_length, password: &str| Policy::new(min_length).check(password, &[]).map_err(|fault| fault.code);
    assert_eq!(at_least(15, "kV9#qz!mT2&xLw"), Err(FaultCode::TooShort));
    assert_eq!(at_least(15, "kV9#qz!mT2&xLw)"), Ok(()));
    assert_eq!(at_least(1, "kV9#qz!"), Err(FaultCode::TooShort));
    assert_eq!(at_least(500, &"kV9#qz!m".repeat(8).replace("mk", "m k")), Ok(()));
}

// Bar 2.
#[test]
fn long_passwords_of_emoji_or_ascii_are_accepted() {
    assert_eq!(verdict(&"\u{1F510}".repeat(64)), Ok(()));
    assert_eq!(verdict(&"\u{E9}".repeat(64)), Ok(()));
    assert_eq!(verdict(&"\u{1F510}".repeat(128)), Ok(()));
    let shuffled: String = (0..128_u8).map(|i| char::from(33 + (i.wrapping_mul(37)) % 94)).collect();
    assert_eq!(shuffled.len(), 128);
    assert_eq!(verdict(&shuffled), Ok(()));
}

// Bar 2, its other side: the exception is for what zxcvbn cannot count, not for any repetition.
#[test]
fn a_short_or_plain_repetition_is_refused() {
    for password in
        ["\u{1F510}".repeat(8), "a".repeat(64), "\u{430}".repeat(12), "\u{FF41}".repeat(64), "1".repeat(128)]
    {
        assert_eq!(verdict(&password), WEAK, "{password}");
    }
    assert_eq!(verdict(&"пароль".repeat(12)), WEAK);
    for (unit, times) in [("ab cd ef", 16), ("Abcd1234!", 4), ("Abcd1234!", 7), ("Abcd1234!", 14)] {
        assert_eq!(verdict(&unit.repeat(times)), WEAK, "{unit} {times} times");
    }
}

// Bar 3: nothing is cut off before the hash.
#[test]
fn the_normal_form_keeps_every_byte() {
    let long = format!("{}x", "0123456789abcdef".repeat(7));
    assert_eq!(normal_form(&long), long);
    assert_ne!(normal_form(&long), normal_form(&long[..72]));
}

// Bar 4.
#[test]
fn more_than_128_characters_or_1024_bytes_are_refused_at_once() {
    let started = Instant::now();
    let many = "4@8({[<369!1|0$5+7%2".repeat(1_000_000);
    assert_eq!(verdict(&many), Err(FaultCode::TooLong));
    assert_eq!(verdict(many.get(..129).unwrap()), Err(FaultCode::TooLong));
    assert_eq!(verdict(&"\u{1F510}".repeat(129)), Err(FaultCode::TooLong));
    assert_eq!(verdict(many.get(..=MAX_BYTES).unwrap()), Err(FaultCode::TooLong));
    assert_eq!(verdict(&"e\u{301}".repeat(342)), Err(FaultCode::TooLong));
    assert!(started.elapsed() < Duration::from_millis(50));
}

// Bar 5: a NUL is a character like any other.
#[test]
fn a_nul_neither_ends_a_password_nor_vanishes() {
    let password = "pass\0word kettle moon";
    assert_eq!(verdict(password), Ok(()));
    assert_eq!(normal_form(password), password);
    assert_eq!(verdict("pass\0word"), WEAK);
}

// Bar 6.
#[test]
fn every_common_password_is_refused() {
    for common in COMMON.iter().filter(|common| common.chars().count() >= 8) {
        assert_eq!(verdict(common), WEAK, "{common}");
        assert_eq!(verdict(&common.to_uppercase()), WEAK, "{common}");
    }
}

// Bar 6.
#[test]
fn a_common_password_in_the_usual_disguise_is_refused() {
    let disguised = "summer2026summer P@ssw0rd123456! Summer2026! $ummer2026$ummer! Winter-2025-Winter \
        iloveyou2024iloveyou P@ssw0rd!P@ssw0rd!1 p455w0rd!2026 pa$$word2027!! 2026Dragon1999 dragon24dragon! \
        Trustno1!2024 |33tme1n W3lc0me123456! password12345678901 M0nkey_1987_M0nkey пароль123456 \u{FF50}assw0rd2026 \
        1q2w3e4r5t6y!!! Qwertyuiop-2026 test2026test2027 l3tm31n!! l3tme1n2024l3tme1n \
        Pass-Word-2026 !!!football!!! Zaq12wsx2026!";
    for password in disguised.split_whitespace() {
        assert_eq!(verdict(password), WEAK, "{password}");
    }
    assert_eq!(verdict("p a s s w o r d 1 2 3"), WEAK);
    assert_eq!(verdict("  Password2026  "), WEAK);
}

// Bar 6.
#[test]
fn a_common_password_with_something_around_it_is_refused() {
    for common in COMMON.iter().filter(|word| word.len() >= 6 && word.chars().all(char::is_alphabetic)) {
        let title: String = common.chars().take(1).flat_map(char::to_uppercase).chain(common.chars().skip(1)).collect();
        for password in [format!("{title}2026!"), format!("{common}2026{common}"), format!("123{title}#456")] {
            assert_eq!(verdict(&password), WEAK, "{password}");
        }
    }
}

// Bar 6.
#[test]
fn what_the_account_gives_away_is_refused() {
    let own = "ann_lovelace ANN_LOVELACE ann_lovelace2026 Queen.Bee@mail.example queen.bee@mail.example!7 \
        Queen.Bee1819 QUEEN_BEE_queen_bee \
        annlovelace 1985Annabel1985 AnnabelLovelace LovelaceAnnabel-1815 l0vel4ce!!2026 Ann.Lovelace+1234567 \
        @nnabel#Lovelace \
        lovelacelovelace L-o-v-e-l-a-c-e lyceum2026 Lyceum-Lyceum lyc3um!lyc3um Lyceum_Annabel_1!";
    for password in own.split_whitespace() {
        assert_eq!(verdict(password), WEAK, "{password}");
    }
}

// Bar 6: an address that is longer than what zxcvbn is shown at a time.
#[test]
fn a_long_address_with_a_little_around_it_is_refused() {
    let address = "vx7.qkz93-jwq.plm8.ztr4@mail.wjx5-kq2.example";
    let check = |password: &str| Policy::default().check(password, &[address]).map_err(|fault| fault.code);
    for password in [address.to_owned(), format!("{}xq", address.to_uppercase()), format!("q{address}2026!")] {
        assert_eq!(check(&password), WEAK, "{password}");
    }
    assert_eq!(check(&format!("{address} violet harbor kettle")), Ok(()));
}

// Bar 6: below a score of 3.
#[test]
fn what_zxcvbn_finds_weak_is_refused() {
    for password in ["qwertyuiopasdf", "abcdefghijklmnop", "1990-12-31", "zxcvfdsaqwer", "aaaabbbbcccc"] {
        assert_eq!(verdict(password), WEAK, "{password}");
    }
}

// Bar 7.
#[test]
fn a_passphrase_of_lower_case_words_is_accepted() {
    for password in [
        "violet harbor kettle moon",
        "correct battery lamp staple",
        "glimmer otter fjord",
        "tundra velvet acorn hum",
        " leading and trailing ",
        "summer harbor kettle moon",
        "annabel likes brass kettles",
    ] {
        assert_eq!(verdict(password), Ok(()), "{password}");
    }
}

#[test]
fn a_generated_password_is_accepted() {
    let generated = "kV9#qz!mT2&x 7f3c9a51d0b84e62 xK4-9vQ-72m-LpZ 3!48#9a2$b7&0^7* 9s8d7f6g5h4j3k2q \
        correct-Horse7battery Zürich-Brücke-Käse-41 тихая-река-под-мостом 長い合言葉は破られにくい";
    for password in generated.split_whitespace() {
        assert_eq!(verdict(password), Ok(()), "{password}");
    }
}

// Bar 7.
#[test]
fn spaces_at_the_ends_count_and_stay() {
    assert_eq!(normal_form("  violet harbor  "), "  violet harbor  ");
    assert_eq!(verdict(" kV9#q! "), Ok(()));
}

// Bar 8.
#[test]
fn both_unicode_spellings_of_a_password_have_one_normal_form() {
    let (composed, decomposed) = ("caf\u{E9} kettle Z\u{FC}rich", "cafe\u{301} kettle Zu\u{308}rich");
    assert_eq!(normal_form(composed), normal_form(decomposed));
    assert_eq!(normal_form(composed), composed);
    assert_ne!(normal_form("\u{FB01}x"), "fix");
    // Seven characters, however they are spelt.
    assert_eq!(verdict("e\u{301}V9#qz!"), Err(FaultCode::TooShort));
    let longest: String = "kV9#qz!mT2&\u{E9}w".chars().cycle().take(128).collect();
    assert_eq!(verdict(&longest.replace('\u{E9}', "e\u{301}")), Ok(()));
}

#[test]
fn the_costliest_password_is_judged_in_bounded_time() {
    let signs: String = "4@8({[<369!1|0$5+7%2aeiostlz".chars().cycle().take(128).collect();
    let started = Instant::now();
    let _ = verdict(&signs);
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[test]
fn the_list_is_sorted_lower_case_and_without_gaps() {
    assert!(COMMON.len() > 19_000);
    assert!(COMMON.is_sorted());
    assert!(
        COMMON
            .iter()
            .all(|common| !common.is_empty() && *common == common.to_lowercase() && *common == normal_form(common))
    );
}

#[test]
fn a_fault_never_repeats_the_password() {
    for password in ["kV9#qz!", "summer2026summer", "ann_lovelace", "abcdefghijklmnop"] {
        let fault = Policy::default().check(password, &ANN).unwrap_err();
        assert!(!fault.message.contains(password) && fault.field.is_empty());
    }
}
