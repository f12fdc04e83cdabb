#![expect(clippy::unwrap_used, reason = "a test that finds no value has failed")]

use super::{DeviceName, Email, PersonName, RESERVED_NAMES, Username};
use crate::core::error::{Fault, FaultCode};

fn code<T: std::fmt::Debug>(parsed: Result<T, Fault>) -> FaultCode {
    parsed.unwrap_err().code
}

// Username

// Bar 86.
#[test]
fn a_username_of_3_to_32_letters_digits_and_underscores_is_accepted() {
    for typed in ["abc", "ann_93", "___", "123", "a2345678901234567890123456789012"] {
        assert_eq!(Username::parse(typed).unwrap().as_str(), typed);
    }
    assert_eq!(code(Username::parse("ab")), FaultCode::TooShort);
    assert_eq!(code(Username::parse(&"a".repeat(33))), FaultCode::TooLong);
    assert_eq!(code(Username::parse("")), FaultCode::Required);
}

// Bars 86 and 89.
#[test]
fn usernames_that_differ_in_case_have_one_key() {
    let typed = Username::parse("Ann_Lee").unwrap();
    assert_eq!(typed.as_str(), "Ann_Lee");
    assert_eq!(typed.key(), Username::parse("aNN_lEE").unwrap().key());
}

// Bar 86, and 46 for markup.
#[test]
fn a_username_with_any_other_character_is_refused() {
    let foreign = "\u{430}dmin ann\u{200B}lee \u{202E}nimda annа ann-lee ann\0lee anné ａｎｎ \u{212A}elvin \
        stra\u{DF}e d\u{131}na a.b.c {{7*7}} https://x.test 1\u{FE0F}\u{20E3}23 अनु a\u{301}bc"
        .split_whitespace()
        .chain(["ann lee", "annlee\n", " annlee", "annlee ", "<img onerror>"]);
    for typed in foreign {
        assert_eq!(code(Username::parse(typed)), FaultCode::Invalid, "{typed:?}");
    }
}

// Bar 86.
#[test]
fn every_reserved_name_is_refused_in_any_case_and_with_underscores() {
    for name in RESERVED_NAMES.split_whitespace() {
        let spelled: Vec<String> = name.chars().map(String::from).collect();
        for typed in [name.to_owned(), name.to_uppercase(), format!("_{name}_"), spelled.join("_")] {
            if (3..=32).contains(&typed.len()) {
                assert_eq!(code(Username::parse(&typed)), FaultCode::Reserved, "{typed}");
            }
        }
    }
}

// Bar 86.
#[test]
fn a_look_alike_of_a_reserved_name_is_refused() {
    for typed in "adm1n 4dmin ADM1N r00t r0_0t supp0rt 5y5tem m0d".split_whitespace() {
        assert_eq!(code(Username::parse(typed)), FaultCode::Reserved, "{typed}");
    }
}

#[test]
fn a_name_that_merely_holds_a_reserved_one_is_accepted() {
    for typed in "badminton rooted homer annie_mod3l tester_anna metoo user5 Ali admin_of_5".split_whitespace() {
        assert!(Username::parse(typed).is_ok(), "{typed}");
    }
}

#[test]
fn whoever_runs_the_server_may_take_a_reserved_name() {
    assert_eq!(Username::parse_even_reserved("admin").unwrap().key(), "admin");
    assert_eq!(code(Username::parse_even_reserved("\u{430}dmin")), FaultCode::Invalid);
}

// Email

#[test]
fn an_ordinary_address_is_accepted_with_its_local_part_as_typed() {
    let email = Email::parse("Ann.Lee+news@EXAMPLE.Co.UK").unwrap();
    assert_eq!(email.as_str(), "Ann.Lee+news@example.co.uk");
    assert_eq!(email.key(), "ann.lee+news@example.co.uk");
    assert_eq!(email.local_part(), "Ann.Lee+news");
    for typed in ["a@b.c", "o'brien@example.com", "!#$&'*+-/=?^_`{|}~@example.com", "x@a-b.example", "1@2.example"] {
        assert_eq!(Email::parse(typed).unwrap().as_str(), typed);
    }
}

// Bars 49 and 89.
#[test]
fn addresses_that_differ_in_case_have_one_key() {
    let keys =
        ["User@EXAMPLE.com", "user@example.com", "USER@Example.COM"].map(|typed| Email::parse(typed).unwrap().key());
    assert_eq!(keys, ["user@example.com", "user@example.com", "user@example.com"]);
}

// Bar 49.
#[test]
fn unicode_and_xn_spellings_of_a_domain_have_one_key() {
    let spellings = [
        "ann@b\u{FC}cher.example",
        "ann@bu\u{308}cher.example",
        "ann@B\u{DC}CHER.example",
        "ann@XN--bcher-KVA.example",
    ];
    for typed in spellings {
        assert_eq!(Email::parse(typed).unwrap().as_str(), "ann@xn--bcher-kva.example", "{typed}");
    }
}

// Bar 49.
#[test]
fn dots_and_tags_make_different_addresses() {
    let keys = ["a.b+c@example.com", "ab@example.com", "a.b@example.com", "ab+c@example.com"]
        .map(|typed| Email::parse(typed).unwrap().key());
    for (i, key) in keys.iter().enumerate() {
        assert!(!keys[..i].contains(key), "{key}");
    }
}

// Bar 49: the case-folding trick.
#[test]
fn a_letter_that_folds_to_ascii_never_reaches_another_mailbox() {
    for typed in
        ["mi\u{212A}e@example.com", "d\u{131}na@example.com", "stra\u{DF}e@example.com", "\u{17F}am@example.com"]
    {
        assert_eq!(code(Email::parse(typed)), FaultCode::Invalid, "{typed}");
    }
    let sharp_s = Email::parse("ann@stra\u{DF}e.example").unwrap();
    assert_ne!(sharp_s.key(), Email::parse("ann@strasse.example").unwrap().key());
    let dotless = Email::parse("ann@d\u{131}na.example").unwrap();
    assert_ne!(dotless.key(), Email::parse("ann@dina.example").unwrap().key());
}

// Bar 45.
#[test]
fn an_email_with_a_line_break_is_refused() {
    let breaks = ["\n", "\r\n", "\r", "\0", "\u{2028}", "\u{2029}", "\u{85}", "\u{B}", "%0d%0a", "%0A", "\t", " "];
    for broken in breaks {
        for typed in [
            format!("a{broken}@b.example"),
            format!("a@b.example{broken}"),
            format!("{broken}a@b.example"),
            format!("a@b{broken}.example"),
            format!("a@{broken}b.example"),
            format!("a@b.example{broken}Bcc:x@y.example"),
            format!("a@b.example{broken}Bcc:x"),
        ] {
            assert_eq!(code(Email::parse(&typed)), FaultCode::Invalid, "{typed:?}");
        }
    }
    assert_eq!(code(Email::parse("a@b.c\nBcc:x@y")), FaultCode::Invalid);
}

// Bar 45.
#[test]
fn anything_but_one_bare_address_is_refused() {
    let others = "a@b.c,x@y.z a@b.c;x@y.z a@@b.c a@b@c.d <a@b.c> \"a\"@b.c a(comment)@b.c a@b.c(comment) a@(x)b.c \
        mailto:a@b.c a\\@b.c a%b.c@d.e a@b.c?cc=x group:a@b.c; a,b@c.d plain @b.c a@ @"
        .split_whitespace()
        .chain(["a@b.c x@y.z", "\"x\" <a@b.c>", "x <a@b.c>", "\"a b\"@c.d"]);
    for typed in others {
        assert_eq!(code(Email::parse(typed)), FaultCode::Invalid, "{typed}");
    }
    assert_eq!(code(Email::parse("")), FaultCode::Required);
}

#[test]
fn a_dot_at_an_end_of_the_local_part_or_two_in_a_row_are_refused() {
    for typed in [".a@b.c", "a.@b.c", "a..b@c.d", ".@b.c"] {
        assert_eq!(code(Email::parse(typed)), FaultCode::Invalid, "{typed}");
    }
}

#[test]
fn a_domain_that_is_no_name_with_two_labels_is_refused() {
    let domains = "localhost [127.0.0.1] [IPv6:::1] 127.0.0.1 example.com. .example.com example..com -a.example \
        a-.example a_b.example a.12 xn--.example xn--a\u{FC}.example ex\u{AD}ample.com ex\u{200B}ample.com \
        ex\u{200D}ample.com \u{202E}moc.elpmaxe a/b.example a:25.example \u{2488}com.example"
        .split_whitespace()
        .chain(["exa mple.com"]);
    for domain in domains {
        assert_eq!(code(Email::parse(&format!("ann@{domain}"))), FaultCode::Invalid, "{domain:?}");
    }
    assert_eq!(code(Email::parse(&format!("ann@{}.example", "a".repeat(64)))), FaultCode::Invalid);
}

#[test]
fn an_address_is_at_most_254_octets_and_64_before_the_at() {
    let label = "a".repeat(61);
    let domain = format!("{label}.{label}.{label}.ab"); // 188 octets
    let longest = format!("{}@{domain}x", "l".repeat(64));
    assert_eq!(longest.len(), 254);
    assert_eq!(Email::parse(&longest).unwrap().as_str(), longest);
    assert_eq!(code(Email::parse(&format!("{longest}x"))), FaultCode::TooLong);
    assert_eq!(code(Email::parse(&format!("{}@b.example", "l".repeat(65)))), FaultCode::TooLong);
    assert_eq!(code(Email::parse(&"\u{FC}".repeat(1_000_000))), FaultCode::TooLong);
}

// Names

#[test]
fn a_name_in_any_script_is_accepted_trimmed_and_composed() {
    for typed in "Ann O'Brien Jean-Luc d’Arc 李小龍 Зоя محمد Þór 葛\u{E0100}".split_whitespace().chain([
        "Mary Ann",
        "J. R. R.",
        "X Æ A-12",
    ]) {
        assert_eq!(PersonName::parse(typed).unwrap().as_str(), typed);
    }
    assert_eq!(PersonName::parse("  Zoe\u{308} ").unwrap().as_str(), "Zo\u{EB}");
}

#[test]
fn a_name_is_1_to_64_code_points_after_composition() {
    assert!(PersonName::parse(&"\u{1F600}".repeat(64)).is_ok());
    assert!(PersonName::parse(&"e\u{301}".repeat(64)).is_ok());
    assert_eq!(code(PersonName::parse(&"x".repeat(65))), FaultCode::TooLong);
    assert_eq!(code(PersonName::parse(&"x".repeat(1_000_000))), FaultCode::TooLong);
    assert_eq!(code(PersonName::parse("")), FaultCode::Required);
    assert_eq!(code(PersonName::parse(" \u{3000} ")), FaultCode::Required);
}

// Bar 45.
#[test]
fn a_name_that_could_add_a_header_or_hide_something_is_refused() {
    let hidden = "\n\0\t\u{85}\u{7F}\u{2028}\u{2029}\u{202A}\u{202E}\u{2066}\u{2069}\
        \u{200B}\u{2060}\u{FEFF}\u{200E}\u{AD}\u{3164}\u{E0041}";
    for c in hidden.chars() {
        for typed in [format!("Ann{c}Bcc: x"), format!("Ann{c}"), format!("{c}Ann"), c.to_string()] {
            let parsed = PersonName::parse(&typed);
            assert!(matches!(code(parsed), FaultCode::Invalid | FaultCode::Required), "{typed:?}");
            assert!(DeviceName::parse(&typed).is_err(), "{typed:?}");
        }
    }
    assert_eq!(code(PersonName::parse("Ann%0d%0aBcc: x")), FaultCode::Invalid);
}

// Bars 45 and 46.
#[test]
fn a_name_that_could_be_markup_an_address_or_a_link_is_refused() {
    let links = "<b> Ann> a@b.c https://evil.test HTTP://x WWW.evil.test ｗｗｗ．evil ann＠b.c ＜b＞ http：／／x"
        .split_whitespace()
        .chain(["<img onerror=x>", "\"x\" <a@b.c>"]);
    for typed in links {
        assert_eq!(code(PersonName::parse(typed)), FaultCode::Invalid, "{typed}");
    }
}

#[test]
fn joiners_are_accepted_only_where_they_shape_letters() {
    for typed in ["می\u{200C}خواهم", "क्\u{200D}ष", "\u{1F469}\u{200D}\u{1F4BB}"] {
        assert!(PersonName::parse(typed).is_ok(), "{typed:?}");
    }
    for typed in ["An\u{200D}n", "\u{200D}", "م\u{200C}", "\u{200C}م", "م\u{200C}\u{200C}م", "م\u{200C} م", "\u{FE0F}"]
    {
        assert_eq!(code(PersonName::parse(typed)), FaultCode::Invalid, "{typed:?}");
    }
}

#[test]
fn a_device_name_is_trimmed_and_keeps_ordinary_signs() {
    assert_eq!(
        DeviceName::parse(" Ann's <work> iPhone @ home \u{1F4F1}").unwrap().as_str(),
        "Ann's <work> iPhone @ home \u{1F4F1}"
    );
    assert_eq!(code(DeviceName::parse(&"x".repeat(65))), FaultCode::TooLong);
    assert_eq!(code(DeviceName::parse("  ")), FaultCode::Required);
}

#[test]
fn a_fault_never_repeats_the_value() {
    let secret = "zq9\u{7}@x<";
    let faults = [
        Username::parse(secret).unwrap_err(),
        Email::parse(secret).unwrap_err(),
        PersonName::parse(secret).unwrap_err(),
        DeviceName::parse(secret).unwrap_err(),
    ];
    assert!(faults.iter().all(|fault| !fault.message.contains("zq9") && fault.field.is_empty()));
}
