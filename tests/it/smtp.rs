//! The SMTP transport on the wire: what arrives at a real server, read back by a parser that is not lettre's,
//! and what is made of every way in which a server can fail. It knows neither the outbox nor the stories that
//! send mails.

use std::{
    error::Error,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lyceum::core::mail::{
    templates::Content,
    transport::{Mail, SendError, Transport},
};
use mail_parser::{Message, MessageParser};

use crate::smtp_sink::{Mode, Received, Sink};

type Checked = Result<(), Box<dyn Error>>;

const ID: &str = "<0198a5b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b@example.com>";
const SOON: Duration = Duration::from_millis(300);

fn mail() -> Mail {
    Mail {
        message_id: ID.to_owned(),
        date_unix_seconds: 1_795_250_000,
        from: "Lyceum <lyceum@example.com>".to_owned(),
        to: "ada@example.net".to_owned(),
        content: Content {
            subject: "Confirm your address".to_owned(),
            text: "Hello Ada,\n\nhttps://example.com/verify-email?token=abc\n".to_owned(),
            html: "<p>Hello Ada</p>\n".to_owned(),
        },
    }
}

fn with_content(subject: &str, text: &str, html: &str) -> Mail {
    let content = Content { subject: subject.to_owned(), text: text.to_owned(), html: html.to_owned() };
    Mail { content, ..mail() }
}

async fn sent(mail: &Mail) -> Result<Received, Box<dyn Error>> {
    let sink = Sink::start(Mode::Accept).await?;
    Transport::smtp(&sink.url)?.send(mail).await?;
    let mut received = sink.received();
    assert_eq!(received.len(), 1, "one mail arrives once");
    received.pop().ok_or_else(|| "nothing arrived".into())
}

fn parsed(received: &Received) -> Result<Message<'_>, Box<dyn Error>> {
    MessageParser::default().parse(&received.data).ok_or_else(|| "not a message".into())
}

async fn failure(mode: Mode) -> Result<SendError, Box<dyn Error>> {
    let sink = Sink::start(mode).await?;
    let silent = matches!(mode, Mode::Hang | Mode::HangAfterData);
    let transport = if silent { Transport::smtp_within(&sink.url, SOON)? } else { Transport::smtp(&sink.url)? };
    transport.send(&mail()).await.err().ok_or_else(|| format!("{mode:?} was taken for a success").into())
}

#[tokio::test]
async fn a_mail_carries_the_named_headers_and_no_other() -> Checked {
    let received = sent(&mail()).await?;
    let message = parsed(&received)?;
    let mut names: Vec<&str> = message.headers().iter().map(mail_parser::Header::name).collect();
    names.sort_unstable();
    let expected = ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"];
    assert!(names.iter().zip(expected).all(|(name, expected)| name.eq_ignore_ascii_case(expected)), "{names:?}");
    assert_eq!(names.len(), expected.len(), "{names:?}");

    assert_eq!(message.message_id(), Some(ID.trim_matches(['<', '>'])));
    assert_eq!(message.date().map(mail_parser::DateTime::to_timestamp), Some(1_795_250_000));
    assert_eq!(message.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
    let from = message.from().and_then(|from| from.first()).ok_or("no sender")?;
    assert_eq!((from.name(), from.address()), (Some("Lyceum"), Some("lyceum@example.com")));
    Ok(())
}

#[tokio::test]
async fn exactly_the_recipient_is_named_in_header_and_envelope() -> Checked {
    let received = sent(&mail()).await?;
    assert_eq!(received.from, "lyceum@example.com");
    assert_eq!(received.to, ["ada@example.net"]);
    let message = parsed(&received)?;
    let to: Vec<_> = message.to().map(|to| to.iter().collect()).unwrap_or_default();
    assert_eq!(to.len(), 1);
    assert_eq!((to[0].name(), to[0].address()), (None, Some("ada@example.net")));
    assert!(message.cc().is_none() && message.bcc().is_none());
    Ok(())
}

#[tokio::test]
async fn text_and_html_are_alternatives_and_text_comes_first() -> Checked {
    let received = sent(&mail()).await?;
    let message = parsed(&received)?;
    let kind = message.parts[0].headers.iter().find(|header| header.name().eq_ignore_ascii_case("Content-Type"));
    let kind = kind.and_then(|header| header.value().as_content_type()).ok_or("no content type")?;
    assert_eq!((kind.ctype(), kind.subtype()), ("multipart", Some("alternative")));
    assert_eq!(message.parts.len(), 3);
    let text = message.parts[1].text_contents().map(normal);
    assert_eq!(text.as_deref(), Some(mail().content.text.as_str()));
    let html = message.parts[2].text_contents().map(normal);
    assert_eq!(html.as_deref(), Some(mail().content.html.as_str()));
    Ok(())
}

/// The wire ends lines in CRLF, and the line end before a boundary belongs to the boundary.
fn normal(text: &str) -> String {
    format!("{}\n", text.replace("\r\n", "\n").trim_end_matches('\n'))
}

#[tokio::test]
async fn every_script_survives_a_server_that_knows_only_ascii() -> Checked {
    let subject = "Bestätigung für Åsa Ñandú: 確認 🦉 and a subject that is so long that it must be folded twice";
    let text = "Grüße, Łukasz!\n\nПривет, мир. 你好 🦉\nA line that is much longer than the seventy-six characters \
                which quoted-printable allows, so that it is broken and joined again.\n";
    let html = "<p>Grüße, Łukasz! &amp; Привет 你好 🦉 = =3D</p>\n";
    let received = sent(&with_content(subject, text, html)).await?;
    assert!(received.data.is_ascii(), "no extension was offered for anything else");
    assert!(received.data.split(|byte| *byte == b'\n').all(|line| line.len() <= 998));
    let message = parsed(&received)?;
    assert_eq!(message.subject(), Some(subject));
    assert_eq!(message.body_text(0).as_deref().map(normal).as_deref(), Some(text));
    assert_eq!(message.body_html(0).as_deref().map(normal).as_deref(), Some(html));
    Ok(())
}

#[tokio::test]
async fn a_line_that_is_one_dot_does_not_end_the_mail() -> Checked {
    let text = "first\n.\n..\n.hidden\nQUIT\nlast\n";
    let received = sent(&with_content("Dots", text, "<p>\n.\n</p>\n")).await?;
    assert_eq!(parsed(&received)?.body_text(0).as_deref().map(normal).as_deref(), Some(text));
    let wire = String::from_utf8(received.raw_dialogue)?;
    assert!(wire.contains("\r\n..\r\n...\r\n..hidden\r\n"), "dots are doubled on the wire");
    Ok(())
}

#[tokio::test]
async fn a_mail_that_is_sent_again_is_the_same_to_the_byte() -> Checked {
    assert_eq!(sent(&mail()).await?.data, sent(&mail()).await?.data);
    Ok(())
}

#[tokio::test]
async fn nothing_that_smuggles_a_header_or_a_recipient_reaches_the_wire() -> Checked {
    let sink = Sink::start(Mode::Accept).await?;
    let transport = Transport::smtp(&sink.url)?;
    let recipients = [
        "a@b.c\nBcc:x@y",
        "a@b.c\r\nBcc: x@y.z",
        "a@b.c>\r\nRCPT TO:<x@y.z",
        "a@b.c%0d%0aBcc:x@y.z\r\n",
        "a@b.c\0",
        "a@b.c\u{2028}Bcc:x@y.z",
        "a@b.c, x@y.z",
        "a@b.c;x@y.z",
        "a@b.c x@y.z",
        "\"x\" <a@b.c>",
        "<a@b.c>",
        "\"a\r\nBcc: x\"@b.c",
        "\"x@y.z\"@b.c",
        "a@b.c@y.z",
        "a@[127.0.0.1]",
        "ädä@b.c",
        "a@",
        "@b.c",
        "",
    ];
    let mut mails: Vec<Mail> = recipients.iter().map(|to| Mail { to: (*to).to_owned(), ..mail() }).collect();
    for breaking in ["x\r\nBcc: x@y.z", "x\nBcc: x@y.z", "x\rBcc: x@y.z", "x\0", "x\u{2028}Bcc: x@y.z"] {
        mails.push(with_content(breaking, "text", "html"));
        mails.push(Mail { message_id: format!("<{breaking}@example.com>"), ..mail() });
        mails.push(Mail { message_id: format!("<x@{breaking}>"), ..mail() });
        mails.push(Mail { from: format!("{breaking} <a@b.c>"), ..mail() });
        mails.push(Mail { from: format!("\"{breaking}\" <a@b.c>"), ..mail() });
        mails.push(Mail { from: format!("a@b.c{breaking}"), ..mail() });
    }
    mails.push(Mail { from: "a@b.c, x@y.z".to_owned(), ..mail() });
    for mail in mails {
        let refused = transport.send(&mail).await;
        let (to, from, subject) = (&mail.to, &mail.from, &mail.content.subject);
        let permanent = refused.is_err_and(|error| error.permanent);
        assert!(permanent, "{to:?} {from:?} {subject:?} {:?}", mail.message_id);
    }
    assert_eq!(sink.heard(), "");
    assert_eq!(sink.connections(), 0);
    Ok(())
}

#[tokio::test]
async fn line_breaks_in_a_body_cannot_end_it_or_add_a_part() -> Checked {
    let boundary = format!("--=_{}", &ID[1..37]);
    let text = format!("a\r\n.\r\nMAIL FROM:<x@y.z>\r\n{boundary}x\nb\n");
    let received = sent(&with_content("Lines", &text, "<p>html</p>\n")).await?;
    assert_eq!(received.to, ["ada@example.net"]);
    let message = parsed(&received)?;
    assert_eq!(message.body_html(0).as_deref().map(normal).as_deref(), Some("<p>html</p>\n"));
    Ok(())
}

#[tokio::test]
async fn a_refusal_with_5xx_is_permanent_and_with_4xx_it_is_not() -> Checked {
    for (code, permanent) in [(550, true), (552, true), (421, false), (450, false), (452, false)] {
        let error = failure(Mode::Refuse(code)).await?;
        assert_eq!(error.permanent, permanent, "{error}");
        assert!(error.reason.starts_with(&format!("{code} 5.1.1 no mailbox")), "{error}");
        assert!(!error.reason.contains("ada"), "an address is nobody's business: {error}");
    }
    Ok(())
}

#[tokio::test]
async fn a_mail_is_not_given_up_because_the_relay_wants_a_sign_in() -> Checked {
    for code in [530, 535] {
        assert!(!failure(Mode::Refuse(code)).await?.permanent);
    }
    Ok(())
}

#[tokio::test]
async fn silence_and_lost_connections_are_transient() -> Checked {
    for mode in [Mode::Hang, Mode::HangAfterData, Mode::DropAfterData] {
        let failed = tokio::time::timeout(SOON * 20, failure(mode)).await;
        let error = failed.map_err(|_| format!("{mode:?} is waited for"))??;
        assert!(!error.permanent, "{error}");
    }
    let nobody = Sink::start(Mode::Accept).await?.url.clone();
    let error = Transport::smtp(&nobody)?.send(&mail()).await.err().ok_or("nobody listens")?;
    assert!(!error.permanent, "{error}");
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_makes_at_most_a_duplicate_with_the_same_message_id() -> Checked {
    let sink = Sink::start(Mode::DropAfterData).await?;
    let transport = Transport::smtp(&sink.url)?;
    assert!(transport.send(&mail()).await.is_err());
    sink.set_mode(Mode::Accept);
    transport.send(&mail()).await?;
    let received = sink.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].data, received[1].data);
    Ok(())
}

#[tokio::test]
async fn connections_are_kept_for_the_next_mail() -> Checked {
    let sink = Sink::start(Mode::Accept).await?;
    let transport = Transport::smtp(&sink.url)?;
    for _ in 0..3 {
        transport.clone().send(&mail()).await?;
    }
    assert_eq!(sink.received().len(), 3);
    assert_eq!(sink.connections(), 1);
    Ok(())
}

#[tokio::test]
async fn a_kept_connection_that_died_costs_no_mail() -> Checked {
    let sink = Sink::start(Mode::CloseAfterMail).await?;
    let transport = Transport::smtp(&sink.url)?;
    for _ in 0..3 {
        transport.send(&mail()).await?;
    }
    assert_eq!(sink.received().len(), 3);
    assert_eq!(sink.connections(), 3);
    Ok(())
}

#[tokio::test]
async fn a_send_that_was_cut_short_leaves_no_connection_behind() -> Checked {
    let sink = Sink::start(Mode::HangAfterData).await?;
    let transport = Transport::smtp(&sink.url)?;
    let cut_short = tokio::time::timeout(SOON, transport.send(&mail())).await;
    assert!(cut_short.is_err(), "the caller went away");
    sink.set_mode(Mode::Refuse(550));
    let error = transport.send(&mail()).await.err().ok_or("an earlier answer was taken for this mail's")?;
    assert!(error.permanent, "{error}");
    assert_eq!(sink.connections(), 2);
    Ok(())
}

#[tokio::test]
async fn credentials_are_used_and_never_told() -> Checked {
    let sink = Sink::start(Mode::Accept).await?;
    let url = sink.url.replace("smtp://", "smtp://user%40name:s3cr3t/p%25ss@");
    Transport::smtp(&url)?.send(&mail()).await?;
    // base64 of \0user@name\0s3cr3t/p%ss
    let blob = "AHVzZXJAbmFtZQBzM2NyM3QvcCVzcw==";
    assert!(sink.heard().contains(&format!("AUTH PLAIN {blob}\r\n")), "{}", sink.heard());

    sink.set_mode(Mode::RefuseSignIn(535));
    let transport = Transport::smtp(&url)?;
    let error = transport.send(&mail()).await.err().ok_or("the sign-in was refused")?;
    assert_eq!(error.reason, "the relay refused the sign-in: 535");
    assert!(!error.permanent, "a wrong password is the operator's to mend, and no mail is lost for it");
    assert!(transport.check().await.is_err_and(|reason| !reason.contains(blob)));
    assert!(!format!("{transport:?}").contains("s3cr3t"));
    Ok(())
}

#[tokio::test]
async fn without_the_demanded_tls_nothing_is_sent() -> Checked {
    let sink = Sink::start(Mode::Accept).await?;
    let place = sink.url.replace("smtp://", "user:s3cr3t@");
    for url in [format!("smtp://{place}?tls=required"), format!("smtps://{place}")] {
        let error = Transport::smtp(&url)?.send(&mail()).await.err().ok_or("sent in the open")?;
        assert!(!error.permanent, "{error}");
    }
    let heard = sink.heard();
    assert!(!heard.contains("AUTH") && !heard.contains("MAIL") && !heard.contains("ada@"), "{heard}");
    assert_eq!(sink.received().len(), 0);
    Ok(())
}

#[tokio::test]
async fn a_check_says_what_works_and_sends_no_mail() -> Checked {
    let sink = Sink::start(Mode::Accept).await?;
    let found = Transport::smtp(&sink.url)?.check().await?;
    assert!(found.ends_with("answers, without TLS, without a sign-in"), "{found}");
    assert!(!sink.heard().contains("MAIL"));
    sink.set_mode(Mode::Hang);
    assert!(Transport::smtp_within(&sink.url, SOON)?.check().await.is_err());
    Ok(())
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_most_talkative_log_shows_nothing_of_a_mail() -> Checked {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    tracing::trace!("the log works");
    let sink = Sink::start(Mode::Accept).await?;
    Transport::smtp(&sink.url.replace("smtp://", "smtp://user:s3cr3t@"))?.send(&mail()).await?;
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap_or_else(PoisonError::into_inner).clone())?;
    assert!(log.contains("the log works"));
    // AHVzZXIAczNjcjN0 is the sign-in of user and s3cr3t.
    for secret in ["token=abc", "ada@", "s3cr3t", "AHVzZXIAczNjcjN0"] {
        assert!(!log.contains(secret), "{secret} is in the log: lettre's feature \"tracing\" must stay off\n{log}");
    }
    Ok(())
}
