use super::{build, file_name, unique};
use crate::core::mail::{templates::Content, transport::Mail};

fn mail() -> Mail {
    Mail {
        message_id: "<0198a5b2-7c3d@localhost>".to_owned(),
        date_unix_seconds: 1_795_250_000,
        from: "Lyceum <lyceum@localhost>".to_owned(),
        to: "ada@example.net".to_owned(),
        content: Content { subject: "Hello".to_owned(), text: "text\n".to_owned(), html: "<p>\n".to_owned() },
    }
}

fn built(mail: &Mail) -> String {
    let message = build(mail).unwrap_or_else(|error| panic!("{error}"));
    String::from_utf8(message.formatted()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_message_is_exactly_this() {
    let expected = "From: Lyceum <lyceum@localhost>
To: ada@example.net
Subject: Hello
Date: Sat, 21 Nov 2026 08:33:20 +0000
Message-ID: <0198a5b2-7c3d@localhost>
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=\"=_0198a5b2-7c3d\"

--=_0198a5b2-7c3d
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 7bit

text

--=_0198a5b2-7c3d
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: 7bit

<p>

--=_0198a5b2-7c3d--
";
    assert_eq!(built(&mail()), expected.replace('\n', "\r\n"));
}

#[test]
fn a_name_that_looks_like_an_address_stays_a_name() {
    let from = "\"Team, <x@y.z>\" <team@example.com>";
    let message = built(&Mail { from: from.to_owned(), ..mail() });
    assert!(message.contains("team@example.com>\r\n"), "{message}");
    assert!(!message.contains("From: Team, <x@y.z>"), "{message}");
}

#[test]
fn a_date_outside_the_calendar_is_no_panic() {
    for seconds in [i64::MIN, -1, 0, i64::MAX] {
        let mail = Mail { date_unix_seconds: seconds, ..mail() };
        assert!(built(&mail).contains("Date: "));
        assert!(file_name(&mail).is_ok());
    }
}

#[test]
fn file_names_sort_by_time_and_differ_by_message() {
    let at = |date_unix_seconds, id: &str| {
        file_name(&Mail { date_unix_seconds, message_id: id.to_owned(), ..mail() }).unwrap_or_default()
    };
    assert_eq!(at(1_795_250_000, "<0198-a@localhost>"), "1795250000000-0198-a.eml");
    assert!(at(999, "<z@localhost>") < at(1_795_250_000, "<a@localhost>"));
    assert_ne!(at(1, "<a@localhost>"), at(1, "<b@localhost>"));
}

#[test]
fn a_message_id_cannot_leave_the_folder_or_the_boundary() {
    let long = format!("<{}@h>", "a".repeat(65));
    for id in ["", "a@h", "<a>", "<@h>", "<a@>", "<../a@h>", "<a/b@h>", "<a\\b@h>", "<a\"b@h>", "<a b@h>", &long] {
        assert!(unique(id).is_err_and(|error| error.permanent), "{id}");
    }
    assert_eq!(unique("<a.b-c_d+e@[127.0.0.1]>").ok(), Some("a.b-c_d+e"));
}

#[test]
fn an_error_names_the_part_and_not_its_value() {
    let bad = Mail { to: "secret@example.net, other@example.net".to_owned(), ..mail() };
    let error = build(&bad).err().map(|error| error.reason);
    assert_eq!(error.as_deref(), Some("the recipient is not a plain address"));
}
