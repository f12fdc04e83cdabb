use super::{Content, Letter};

const LINK: &str = "https://example.com/verify-email?token=abc&x=1";
const CODE: &str = "01234567";
const AT: &str = "21 November 2026, 08:50 UTC";

fn verify<'a>(first_name: &'a str, username: &'a str) -> Letter<'a> {
    Letter::VerifyEmail { first_name, username, link: LINK, code: CODE, link_hours: 24, code_minutes: 1 }
}

fn reset<'a>(first_name: &'a str, username: &'a str) -> Letter<'a> {
    Letter::ResetPassword { first_name, username, link: LINK, code: CODE, link_minutes: 30, code_minutes: 10 }
}

fn every_letter<'a>(first_name: &'a str, username: &'a str) -> [Letter<'a>; 9] {
    let reset_link = "https://example.com/forgot-password";
    [
        Letter::AlreadyRegistered { first_name, reset_link },
        verify(first_name, username),
        reset(first_name, username),
        Letter::PasswordChanged { first_name, username, at: AT },
        Letter::ConfirmEmail { first_name, username, link: LINK, link_minutes: 60 },
        Letter::EmailChanging { first_name, username, link: LINK, link_days: 7 },
        Letter::EmailRestored { first_name, username, at: AT, reset_link },
        Letter::AccountDeleted { first_name, username, at: AT, content_kept: true },
        Letter::AccountDeleted { first_name, username, at: AT, content_kept: false },
    ]
}

fn written(letter: &Letter<'_>) -> Content {
    letter.render().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn link_and_code_stand_on_lines_of_their_own_in_the_text() {
    for letter in [verify("Ada", "ada"), reset("Ada", "ada")] {
        let lines: Vec<String> = written(&letter).text.lines().map(str::to_owned).collect();
        for wanted in [LINK, CODE] {
            assert_eq!(lines.iter().filter(|line| *line == wanted).count(), 1, "{lines:?}");
        }
    }
    for letter in every_letter("Ada", "ada") {
        let Content { text, html, .. } = written(&letter);
        let link = text.lines().find(|line| line.contains("://"));
        assert_eq!(link.is_some(), html.contains("<a href="), "{text}");
        assert!(link.is_none_or(|link| link.starts_with("https://") && !link.contains(' ')), "{text}");
    }
}

#[test]
fn the_page_has_the_link_as_a_button_and_in_sight() {
    let page = written(&verify("Ada", "ada")).html;
    let shown = "https://example.com/verify-email?token=abc&#38;x=1";
    assert_eq!(page.matches(&format!("href=\"{shown}\"")).count(), 2);
    assert!(page.contains(&format!(">{shown}</a>")));
    assert!(page.contains(&format!(">{CODE}<")));
}

#[test]
fn both_parts_say_how_long_link_and_code_are_good() {
    let (verify, reset) = (written(&verify("Ada", "ada")), written(&reset("Ada", "ada")));
    for part in [verify.text, verify.html] {
        assert!(part.contains("within 24 hours.") && part.contains("good for 1 minute."), "{part}");
    }
    for part in [reset.text, reset.html] {
        assert!(part.contains("within 30 minutes.") && part.contains("good for 10 minutes."), "{part}");
    }
    let [.., confirm, changing, _restored, _kept, _gone] = every_letter("Ada", "ada").map(|letter| written(&letter));
    for (part, life) in [
        (confirm.text, "within 60 minutes."),
        (confirm.html, "within 60 minutes."),
        (changing.text, "within\n7 days:"),
        (changing.html, "within 7 days:"),
    ] {
        assert!(part.contains(life), "{part}");
    }
}

#[test]
fn a_mail_about_an_account_names_its_username() {
    let [_registered, about @ ..] = every_letter("Ada", "countess");
    for letter in about {
        let Content { text, html, .. } = written(&letter);
        assert!(text.contains("countess") && html.contains("<strong>countess</strong>"), "{text}");
    }
}

#[test]
fn every_letter_says_what_to_do_when_it_was_not_you() {
    for letter in every_letter("Ada", "ada") {
        let Content { text, html, .. } = written(&letter);
        assert!(text.starts_with("Hello Ada,\n\n") && html.contains("Hello Ada,"));
        assert!(text.contains("\nIf it was not you, ") && html.contains("If it was not you, "));
        assert!(text.ends_with(".\n\nLyceum"), "{text}");
    }
}

#[test]
fn a_notice_says_when_it_happened() {
    let [_, _, _, changed, _, _, restored, kept, gone] = every_letter("Ada", "ada");
    for letter in [changed, restored, kept, gone] {
        let Content { text, html, .. } = written(&letter);
        assert!(text.contains(&format!("\n{AT}\n")) && html.contains(AT), "{text}");
    }
}

#[test]
fn a_farewell_says_what_became_of_the_content() {
    let [.., kept, gone] = every_letter("Ada", "ada").map(|letter| written(&letter));
    for (part, said) in [(kept.text, true), (kept.html, true), (gone.text, false), (gone.html, false)] {
        assert_eq!((part.contains("stays, without your name"), part.contains("is gone with it")), (said, !said));
    }
}

#[test]
fn markup_in_a_name_stays_text() {
    let name = "<img src=x onerror=alert(1)>\"'&";
    for letter in every_letter(name, name) {
        let Content { text, html, .. } = written(&letter);
        assert!(html.contains("&#60;img src=x onerror=alert(1)&#62;&#34;&#39;&#38;"), "{html}");
        assert!(!html.contains("<img"));
        assert!(text.contains(name), "plain text needs no escapes");
    }
}

#[test]
fn a_template_in_a_name_is_not_run() {
    for letter in every_letter("{{7*7}} {% include \"x\" %}", "{{7*7}}") {
        let Content { text, html, .. } = written(&letter);
        assert!(text.contains("{{7*7}}") && html.contains("{{7*7}}"));
        assert!(!text.contains("49") && !html.contains("49"));
    }
}

#[test]
fn a_name_cannot_begin_a_line_of_its_own() {
    let name = "Ada\r\n\r\nYour account is locked:\u{2028}call\u{85}us";
    for letter in every_letter(name, name) {
        let Content { subject, text, html } = written(&letter);
        assert!(text.starts_with("Hello Ada Your account is locked: call us,\n"), "{text}");
        assert!(!text.contains("\nYour account is locked") && !subject.contains("Your account is locked"));
        assert!(!(text + &html).contains(['\r', '\u{2028}', '\u{85}']));
    }
}

#[test]
fn a_missing_name_leaves_a_plain_greeting() {
    assert!(written(&verify(" ", "ada")).text.starts_with("Hello,\n"));
}

#[test]
fn the_page_loads_nothing() {
    for letter in every_letter("Ada", "ada") {
        let page = written(&letter).html.to_lowercase();
        for loading in ["<img", "<link", "<script", "<style", "<iframe", "src=", "url(", "@import", "background="] {
            assert!(!page.contains(loading), "{loading} is in {page}");
        }
    }
}

#[test]
fn text_lines_fit_a_narrow_window() {
    for letter in every_letter("Ada", "ada") {
        let text = written(&letter).text;
        assert!(text.lines().all(|line| line.len() <= 76 && line.trim_end() == line), "{text}");
        assert!(!text.contains("\n\n\n"), "{text}");
    }
}

#[test]
fn debug_shows_neither_link_nor_code() {
    let shown = format!("{:?}", written(&verify("Ada", "ada")));
    assert!(!shown.contains("token") && !shown.contains(CODE), "{shown}");
}
