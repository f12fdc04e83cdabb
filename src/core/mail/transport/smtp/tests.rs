use std::time::Duration;

use super::{LONGEST_REASON, Smtp, one_line};

#[test]
fn a_reason_is_one_short_line() {
    let told = one_line(&format!("550 no\r\nsecond\tline\u{2028}third \u{1b}[31mred {}", "word ".repeat(100)));
    assert!(told.starts_with("550 no second line third \u{FFFD}[31mred word"), "{told}");
    assert!(!told.chars().any(char::is_control));
    assert_eq!(told.chars().count(), LONGEST_REASON);
}

#[test]
fn a_reason_holds_no_address_and_no_token() {
    let token = "a".repeat(43);
    let told =
        one_line(&format!("550 <ada@example.net>: rejected, see https://example.com/verify-email?token={token}"));
    assert_eq!(told, "550 … rejected, see …");
}

#[test]
fn debug_shows_no_credentials() {
    let smtp = Smtp::new("smtp://user:s3cr3t@mail.example.com", Duration::from_secs(1));
    let shown = format!("{smtp:?}");
    assert!(shown.contains("mail.example.com") && shown.contains("Required"), "{shown}");
    assert!(!shown.contains("user") && !shown.contains("s3cr3t"), "{shown}");
}

#[test]
fn a_relay_needs_no_runtime_before_its_first_mail() {
    assert!(Smtp::new("smtps://mail.example.com", Duration::from_secs(1)).is_ok());
}
