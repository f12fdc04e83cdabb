use super::*;

fn link(typed: &str) -> Result<String, FaultCode> {
    Link::parse(typed).map(String::from).map_err(|fault| fault.code)
}

/// Bar 87: a link to a site over TLS is kept, in one spelling.
#[test]
fn a_link_is_kept_in_its_normal_form() {
    for (typed, kept) in [
        ("https://github.com/ada", "https://github.com/ada"),
        ("  https://github.com/ada  ", "https://github.com/ada"),
        ("HTTPS://GitHub.com/Ada", "https://github.com/Ada"),
        ("https://example.com", "https://example.com/"),
        ("https://example.com:443/a/../b", "https://example.com/b"),
        ("https://example.com:8443/?q=1#part", "https://example.com:8443/?q=1#part"),
        ("https://bücher.example/straße", "https://xn--bcher-kva.example/stra%C3%9Fe"),
        ("https://example.com/a b\"<script>", "https://example.com/a%20b%22%3Cscript%3E"),
        ("https://example.com/@ada", "https://example.com/@ada"),
    ] {
        assert_eq!(link(typed).as_deref(), Ok(kept), "{typed}");
    }
}

/// Bar 87: whatever leads elsewhere than to a site over TLS is refused.
#[test]
fn a_link_that_leads_elsewhere_is_refused() {
    for typed in [
        "javascript:alert(1)",
        "JaVaScRiPt://example.com/%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox(1)",
        "file:///etc/passwd",
        "ftp://example.com",
        "http://example.com",
        "//evil.example",
        "/\\evil.example",
        "https:example.com",
        "https:/example.com",
        "https:\\\\example.com",
        "example.com",
        "https://",
        "https:///",
        "https://localhost",
        "https://localhost.",
        "https://intranet/ada",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://user@example.com",
        "https://user:password@example.com",
        "https://@example.com",
        "https://:@example.com",
        "https://example.com\\@evil.example",
        "https://exa mple.com",
        "https://example.com:99999",
        "https://exa\u{200B}mple.com",
        "https://example.com/\u{202E}moc.live",
        "https://example.com/\na",
        "https://exam\tple.com/",
        "https://example.com/\u{0}",
        "https://example.com/\u{7F}",
        "\u{1}https://example.com",
        "https://example.com\n",
        "httpſ://example.com",
    ] {
        assert_eq!(link(typed), Err(FaultCode::Invalid), "{typed:?}");
    }
    assert_eq!(link(" "), Err(FaultCode::Required));
}

#[test]
fn a_link_is_measured_as_it_is_kept() {
    let of = |length: usize| format!("https://example.com/{}", "a".repeat(length - 20));
    assert_eq!(link(&of(500)).map(|kept| kept.len()), Ok(500));
    assert_eq!(link(&of(501)), Err(FaultCode::TooLong));
    // 150 letters, of which each becomes six characters.
    assert_eq!(link(&format!("https://example.com/{}", "ß".repeat(150))), Err(FaultCode::TooLong));
    assert_eq!(link(&of(1_000_000)), Err(FaultCode::TooLong));
}

#[test]
fn a_line_is_one_line_of_1_to_100_characters() {
    let line = |typed: &str| Line::parse(typed).map(String::from).map_err(|fault| fault.code);
    assert_eq!(line("  Re\u{301}veilleuse ").as_deref(), Ok("Réveilleuse"));
    assert_eq!(line(&"é".repeat(100)).map(|kept| kept.chars().count()), Ok(100));
    assert_eq!(line(&"e\u{301}".repeat(100)).map(|kept| kept.chars().count()), Ok(100));
    assert_eq!(line(&"é".repeat(101)), Err(FaultCode::TooLong));
    assert_eq!(line("  "), Err(FaultCode::Required));
    for typed in ["two\nlines", "a\tb", "a\u{0}b", "a\u{202E}b", "end\n"] {
        assert_eq!(line(typed), Err(FaultCode::Invalid), "{typed:?}");
    }
}

#[test]
fn a_text_may_have_line_breaks_and_no_other_control_character() {
    let bio = |typed: &str| Bio::parse(typed).map(String::from).map_err(|fault| fault.code);
    assert_eq!(bio(" One.\r\nTwo.\n").as_deref(), Ok("One.\nTwo."));
    assert_eq!(bio(&"x".repeat(1000)).map(|kept| kept.len()), Ok(1000));
    assert_eq!(bio(&"x".repeat(1001)), Err(FaultCode::TooLong));
    assert_eq!(
        HomeAddress::parse(&"x".repeat(501)).map(String::from).map_err(|fault| fault.code),
        Err(FaultCode::TooLong)
    );
    for typed in ["a\tb", "a\rb", "a\u{0}b", "a\u{1B}[2Jb", "a\u{85}b"] {
        assert_eq!(bio(typed), Err(FaultCode::Invalid), "{typed:?}");
    }
    assert_eq!(bio("\n"), Err(FaultCode::Required));
}
