use std::sync::PoisonError;

use super::{Mail, Transport};
use crate::core::mail::templates::Content;

fn mail(to: &str) -> Mail {
    Mail {
        message_id: "<1@localhost>".to_owned(),
        date_unix_seconds: 1,
        from: "Lyceum <lyceum@localhost>".to_owned(),
        to: to.to_owned(),
        content: Content { subject: "Hello".to_owned(), text: "code 01234567".to_owned(), html: String::new() },
    }
}

#[tokio::test]
async fn memory_keeps_what_the_wire_would_take_and_nothing_else() {
    let transport = Transport::memory();
    assert!(transport.clone().send(&mail("ada@example.net")).await.is_ok());
    assert!(transport.send(&mail("ada@example.net\r\nBcc: x@y.z")).await.is_err_and(|error| error.permanent));
    let Transport::Memory(sent) = &transport else { panic!("not memory") };
    assert_eq!(*sent.lock().unwrap_or_else(PoisonError::into_inner), [mail("ada@example.net")]);
}

#[tokio::test]
async fn debug_shows_neither_body_nor_address() {
    let transport = Transport::memory();
    assert!(transport.send(&mail("ada@example.net")).await.is_ok());
    let shown = format!("{transport:?}");
    assert!(!shown.contains("01234567") && !shown.contains("ada@"), "{shown}");
}
