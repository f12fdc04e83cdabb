//! E-mail addresses and names on their way into mails: what could write a header, a second recipient or markup is
//! refused at its field and never reaches the outbox, and what stands in a mail all the same is escaped. What the
//! transport makes of it on the wire is told in `smtp.rs`.

use std::time::Duration;

use lyceum::core::mail::transport::Mail;
use serde_json::{Value, json};

use crate::harness::*;

const RESEND: &str = "mutation ($email: String!) {
    resendVerificationEmail(input: {email: $email}) { userErrors { code message field } } }";
const NAMED: &str = "mutation ($username: String!, $first: String!, $last: String!) {
    signup(input: {username: $username, email: \"ada@example.com\", password: \"violet harbor kettle moon\",
        firstName: $first, lastName: $last}) { email userErrors { code message field } } }";

const BREAKS: [&str; 12] =
    ["\r\n", "\n", "\r", "\0", "\u{2028}", "\u{2029}", "\u{85}", "\u{B}", "%0d%0a", "%0A", "\t", " "];

/// Nothing was written, and nothing is on its way to anybody.
async fn wrote_nothing(lyceum: &Lyceum) {
    for table in ["users", "signups", "one_time_tokens", "outbox", "mail_quotas"] {
        assert_eq!(lyceum.database.count(table).await, 0, "{table}");
    }
    assert!(lyceum.mails().await.is_empty());
}

async fn forgot(lyceum: &Lyceum, email: &str) {
    lyceum.run(FORGOT, json!({ "email": email })).await.ok();
}

/// To whom the mails went, those of the start left out.
async fn recipients(lyceum: &Lyceum, after: usize) -> Vec<String> {
    lyceum.mails().await.into_iter().skip(after).map(|mail| mail.to).collect()
}

/// Bar 45: a line break in any spelling, or a NUL, anywhere in an address, is refused wherever one is asked for.
#[tokio::test]
async fn an_address_with_a_line_break_is_refused_everywhere_and_nothing_is_sent() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        for broken in BREAKS {
            for email in [
                format!("a{broken}@b.example"),
                format!("a@b.example{broken}"),
                format!("{broken}a@b.example"),
                format!("a@b.example{broken}Bcc:x@y.example"),
                format!("a@b.example{broken}RCPT TO:<x@y.example>"),
            ] {
                refused_everywhere(lyceum, &email).await;
            }
        }
        wrote_nothing(lyceum).await;
    })
    .await;
}

/// Bar 45: two addresses, a name with an address, quotes, comments and routes are no address of one mailbox.
#[tokio::test]
async fn anything_but_one_bare_address_is_refused_everywhere() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let others = "a@b.c\nBcc:x@y|a@b.example,x@y.example|a@b.example;x@y.example|a@b.example x@y.example|\
            \"x\" <a@b.example>|<a@b.example>|x <a@b.example>|\"a\"@b.example|\"a b\"@c.example|a(x)@b.example|\
            a@b.example(x)|a@b@c.example|@x.example:a@b.example|a%x.example@b.example|mailto:a@b.example|\
            a@b.example?cc=x@y.example|a@[127.0.0.1]|a@localhost|a@b.example\\r\\nBcc: x@y.example|a@b.example>";
        for email in others.split('|') {
            refused_everywhere(lyceum, email).await;
        }
        wrote_nothing(lyceum).await;
    })
    .await;
}

async fn refused_everywhere(lyceum: &Lyceum, email: &str) {
    let answer = lyceum.sign_up_as("ada", email, PASSWORD).await;
    assert_eq!(answer.user_errors("signup"), ["INVALID email"], "{email:?}");
    let answer = lyceum.run(FORGOT, json!({ "email": email })).await;
    assert_eq!(answer.user_errors("forgotPassword"), ["INVALID email"], "{email:?}");
    let answer = lyceum.run(RESEND, json!({ "email": email })).await;
    assert_eq!(answer.user_errors("resendVerificationEmail"), ["INVALID email"], "{email:?}");
    let answer = lyceum.run(VERIFY_BY_CODE, json!({ "email": email, "code": "12345678" })).await;
    assert_eq!(answer.user_errors("verifyEmail"), ["INVALID email"], "{email:?}");
    // A login never says what is wrong with a name.
    assert_eq!(lyceum.log_in(email, PASSWORD).await.user_errors("login"), ["INVALID_CREDENTIALS"], "{email:?}");
}

/// Bar 45: a name that could write a header or hide something is refused at its field.
#[tokio::test]
async fn a_name_with_a_line_break_or_an_address_is_refused_and_nothing_is_sent() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let mut names = vec!["\"x\" <a@b.c>".to_owned(), "a@b.c".to_owned(), "Ann\u{202E}nnA".to_owned()];
        // A space is the one of them that a name may have.
        names.extend(BREAKS.iter().filter(|broken| **broken != " ").map(|broken| format!("Ann{broken}Bcc: x")));
        for name in &names {
            let answer = lyceum.run(NAMED, json!({ "username": "ada", "first": name, "last": name })).await;
            assert_eq!(answer.user_errors("signup"), ["INVALID firstName", "INVALID lastName"], "{name:?}");
        }
        wrote_nothing(lyceum).await;
    })
    .await;
}

/// Bar 46: markup, a template's braces or a link as username or name make no account and no mail.
#[tokio::test]
async fn a_name_that_is_markup_or_a_link_is_refused() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        for username in ["<img onerror>", "{{7*7}}", "https://evil.test", "www.evil.test", "<b>ada</b>"] {
            let answer = lyceum.sign_up_as(username, "ada@example.com", PASSWORD).await;
            assert_eq!(answer.user_errors("signup"), ["INVALID username"], "{username}");
        }
        for name in ["<img src=x onerror=alert(1)>", "https://evil.test/win", "www.evil.test", "＜b＞"] {
            let answer = lyceum.run(NAMED, json!({ "username": "ada", "first": name, "last": name })).await;
            assert_eq!(answer.user_errors("signup"), ["INVALID firstName", "INVALID lastName"], "{name}");
        }
        wrote_nothing(lyceum).await;
    })
    .await;
}

/// Bar 46: should such a name stand in a row all the same, the mails escape it, and have a part in plain text.
#[tokio::test]
async fn a_name_in_a_mail_is_escaped_and_every_mail_has_a_text_part() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        lyceum.verified("ada").await;
        let names =
            ["<img src=x onerror=alert(1)>", "{{7*7}}{% raw %}", "\"><script>x</script>", "</p>&amp;<a href=x>"];
        for name in names {
            let change =
                format!("UPDATE users SET username = '{}', first_name = '{name}'", &name[..name.len().min(32)]);
            lyceum.database.execute(&change).await;
            for mail in each_mail_to_a_user(lyceum).await {
                assert_eq!(mail.to, "ada@example.com");
                escapes(&mail, name);
            }
        }
    })
    .await;
}

/// The three letters that an account's owner can get.
async fn each_mail_to_a_user(lyceum: &Lyceum) -> [Mail; 3] {
    forgot(lyceum, "ada@example.com").await;
    let forgot = lyceum.mail_to("ada@example.com").await;
    let token = token_in(&forgot.content.text);
    lyceum.run(RESET, json!({ "token": token, "password": "copper lantern drifts north" })).await.ok();
    let changed = lyceum.mail_to("ada@example.com").await;
    let before = lyceum.database.count("signups").await;
    lyceum.sign_up_as(&format!("rival_{before}"), "ada@example.com", PASSWORD).await.ok();
    let registered = lyceum.mail_to("ada@example.com").await;
    assert_eq!(lyceum.database.count("signups").await, before + 1);
    let subjects = [&forgot, &changed, &registered].map(|mail| &mail.content.subject);
    assert!(subjects[0] != subjects[1] && subjects[1] != subjects[2], "{subjects:?}");
    [forgot, changed, registered]
}

/// The page shows the name and obeys nothing in it.
fn escapes(mail: &Mail, name: &str) {
    let content = &mail.content;
    assert!(content.text.starts_with(&format!("Hello {name},\n")), "the text is plain: {}", content.text);
    let (_, greeted) = content.html.split_once("Hello ").expect("a greeting in the page too");
    let greeted = greeted.split_once("</p>").map_or(greeted, |(greeted, _)| greeted);
    assert!(!greeted.contains(['<', '>', '"', '\'']), "{greeted}");
    assert_eq!(unescaped(greeted), format!("{name},"));
    // Braces alone are nothing in a page; everything else must not stand there as it was typed.
    assert!(name.contains("{{") || !content.html.contains(name), "{name} in {}", content.html);
    assert!(!content.subject.contains(name) && !content.subject.contains('\n'));
}

/// Numeric and the few named character references of HTML, read back.
fn unescaped(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, reference)) = rest.split_once('&') {
        let (reference, after) = reference.split_once(';').expect("a whole reference");
        let named = [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"')];
        let known = named.iter().find(|(name, _)| *name == reference).map(|(_, sign)| *sign);
        let numbered = || reference.strip_prefix('#')?.parse().ok().and_then(char::from_u32);
        text.push_str(before);
        text.push(known.or_else(numbered).expect("a known reference"));
        rest = after;
    }
    text + rest
}

/// Bar 49: the case of an address makes no difference at sign-up, login and reset; mail goes to it as it was typed
/// at sign-up, whatever spelling asks for it.
#[tokio::test]
async fn the_case_of_an_address_makes_no_difference() {
    on_each_engine(async |lyceum| {
        lyceum.sign_up_as("ada", "User@EXAMPLE.com", PASSWORD).await.ok();
        let token = lyceum.token_for("User@example.com").await;
        lyceum.run(VERIFY, json!({ "token": token })).await.ok();
        for spelling in ["user@example.com", "USER@EXAMPLE.COM", "User@Example.com", " user@example.com "] {
            let answer = lyceum.log_in(spelling, PASSWORD).await.ok();
            assert_eq!(answer.str_at("login.user.email"), "User@example.com");
        }
        forgot(lyceum, "uSER@eXAMPLE.com").await;
        assert_eq!(recipients(lyceum, 1).await, ["User@example.com"]);
        let token = lyceum.token_for("User@example.com").await;
        lyceum.run(RESET, json!({ "token": token, "password": "copper lantern drifts north" })).await.ok();
        lyceum.log_in("user@example.com", "copper lantern drifts north").await.ok();

        // A second account on another spelling never comes to be: its owner is told.
        lyceum.advance(Duration::from_secs(1));
        lyceum.sign_up_as("bea", "USER@example.com", PASSWORD).await.ok();
        let mail = lyceum.mail_to("User@example.com").await;
        assert_eq!(mail.content.subject, "You already have an account at Lyceum");
        assert_eq!(lyceum.database.count("users").await, 1);
    })
    .await;
}

/// Bar 49: the Unicode and the `xn--` spelling of a domain are one.
#[tokio::test]
async fn both_spellings_of_a_domain_are_one_address() {
    with_settings(&[("ACCOUNT_DISCLOSURE", "friendly")], async |lyceum| {
        lyceum.sign_up_as("ada", "ada@b\u{FC}cher.example", PASSWORD).await.ok();
        let stored = "ada@xn--bcher-kva.example";
        let token = lyceum.token_for(stored).await;
        lyceum.run(VERIFY, json!({ "token": token })).await.ok();
        for spelling in [stored, "ada@b\u{FC}cher.example", "ADA@BU\u{308}CHER.example", "ada@XN--BCHER-KVA.Example"] {
            lyceum.log_in(spelling, PASSWORD).await.ok();
            let answer = lyceum.sign_up_as("bea", spelling, PASSWORD).await;
            assert_eq!(answer.user_errors("signup"), ["TAKEN email"], "{spelling}");
        }
        forgot(lyceum, "ada@B\u{DC}CHER.example").await;
        assert_eq!(recipients(lyceum, 1).await, [stored]);
    })
    .await;
}

/// Bar 49: dots and tags make different addresses, each with an account of its own.
#[tokio::test]
async fn dots_and_tags_are_different_addresses() {
    with_settings(&[("RATE_LIMITS", "off"), ("ACCOUNT_DISCLOSURE", "friendly")], async |lyceum| {
        let emails = ["a.b+c@example.com", "ab@example.com", "a.b@example.com", "ab+c@example.com"];
        for (username, email) in ["ann", "bea", "cleo", "dora"].iter().zip(emails) {
            lyceum.sign_up_as(username, email, PASSWORD).await.ok();
            let token = lyceum.token_for(email).await;
            lyceum.run(VERIFY, json!({ "token": token })).await.ok();
        }
        assert_eq!(lyceum.database.count("users").await, 4);
        let answer = lyceum.log_in("ab@example.com", PASSWORD).await.ok();
        assert_eq!(answer.str_at("login.user.username"), "bea");
        let sent = lyceum.mails().await.len();
        forgot(lyceum, "a.b+c@example.com").await;
        assert_eq!(recipients(lyceum, sent).await, ["a.b+c@example.com"]);
    })
    .await;
}

/// Bar 49: a letter that folds to one of ASCII reaches nobody's account: before the `@` it is refused, and a domain
/// with one is another domain, or the very same by the rules of names; mail goes to the stored address alone.
#[tokio::test]
async fn a_letter_that_folds_to_ascii_never_sends_mail_elsewhere() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        for (username, email) in [("mike", "mike@dina.example"), ("sam", "sam@strasse.example")] {
            lyceum.sign_up_as(username, email, PASSWORD).await.ok();
            let token = lyceum.token_for(email).await;
            lyceum.run(VERIFY, json!({ "token": token })).await.ok();
        }
        let before = lyceum.mails().await.len();
        for email in ["mi\u{212A}e@dina.example", "m\u{131}ke@dina.example", "\u{17F}am@strasse.example"] {
            let answer = lyceum.run(FORGOT, json!({ "email": email })).await;
            assert_eq!(answer.user_errors("forgotPassword"), ["INVALID email"], "{email}");
            let answer = lyceum.log_in(email, PASSWORD).await;
            assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"], "{email}");
        }
        for email in ["mike@d\u{131}na.example", "sam@stra\u{DF}e.example"] {
            forgot(lyceum, email).await;
            let answer = lyceum.log_in(email, PASSWORD).await;
            assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"], "{email}");
        }
        assert_eq!(recipients(lyceum, before).await, Vec::<String>::new());
        // UTS 46 reads a long s as s: this is the stored domain, and the stored address is where the mail goes.
        forgot(lyceum, "SAM@\u{17F}trasse.example").await;
        assert_eq!(recipients(lyceum, before).await, ["sam@strasse.example"]);
    })
    .await;
}

/// Bars 49 and 88: what looks like somebody's name, folds to it or matches it as a pattern is not that name.
#[tokio::test]
async fn a_name_that_is_nearly_somebodys_logs_nobody_in() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        lyceum.verified("stella").await;
        for identifier in ["\u{17F}tella", "stell\u{E4}", "stella\0", "stel\u{200B}la", "stella%", "stell_"] {
            let answer = lyceum.log_in(identifier, PASSWORD).await;
            assert_eq!(answer.user_errors("login"), ["INVALID_CREDENTIALS"], "{identifier:?}");
            assert_eq!(answer.body.get("errors"), None::<&Value>);
        }
        lyceum.log_in("STELLA", PASSWORD).await.ok();
    })
    .await;
}
