//! From a [`Mail`] to the bytes of a message: text and HTML as alternatives, one sender, one recipient, and no
//! header that is not named here.
//!
//! It must not know where the message goes. What it refuses would be refused at every try, so its errors are
//! permanent; they name the part and never its value.

use std::time::{Duration, SystemTime};

use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue},
    },
};

use super::{Mail, SendError};

/// The last second of the year 9999: the date format has no later one.
const LAST_SECOND: u64 = 253_402_300_799;
/// A boundary may have 70 characters (RFC 2046, section 5.1.1), and a file system's names have their limit too.
const LONGEST_ID: usize = 64;

pub(super) fn build(mail: &Mail) -> Result<Message, SendError> {
    let unique = unique(&mail.message_id)?;
    let from = sender(&mail.from)?;
    let to = recipient(&mail.to)?;
    if mail.content.subject.chars().any(breaks_a_line) {
        return Err(SendError::permanent("the subject is not one line"));
    }
    // Said outright, and not read from the headers: the wire's recipient is this one whatever they say.
    let envelope = Envelope::new(Some(from.email.clone()), vec![to.clone()])
        .map_err(|_| SendError::permanent("the mail has no recipient"))?;
    // "=_" stands in no quoted-printable and no base64 text, and the rest is nobody's to guess.
    let parts = MultiPart::alternative()
        .boundary(format!("=_{unique}"))
        .singlepart(SinglePart::plain(mail.content.text.clone()))
        .singlepart(SinglePart::html(mail.content.html.clone()));
    Message::builder()
        .from(from)
        .to(Mailbox::new(None, to))
        .subject(mail.content.subject.clone())
        .date(date(mail.date_unix_seconds))
        .message_id(Some(mail.message_id.clone()))
        // Keeps out-of-office answers away (RFC 3834).
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
        .envelope(envelope)
        .multipart(parts)
        .map_err(|_| SendError::permanent("the message cannot be built"))
}

/// Sorts by time. The same mail has the same name, so sending it again makes no second file.
pub(super) fn file_name(mail: &Mail) -> Result<String, SendError> {
    let millis = mail.date_unix_seconds.max(0).saturating_mul(1000);
    Ok(format!("{millis:013}-{}.eml", unique(&mail.message_id)?))
}

/// The part of a Message-ID before the host, which is safe in a file name and in a boundary.
fn unique(message_id: &str) -> Result<&str, SendError> {
    let (unique, host) = message_id
        .strip_prefix('<')
        .and_then(|id| id.strip_suffix('>'))
        .and_then(|id| id.split_once('@'))
        .ok_or_else(|| SendError::permanent("the message id has no host"))?;
    let plain = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|char| char.is_ascii_alphanumeric() || more.contains(char))
    };
    if plain(unique, "-_+.") && unique.len() <= LONGEST_ID && plain(host, "-.:[]") {
        Ok(unique)
    } else {
        Err(SendError::permanent("the message id holds a character that is not allowed there"))
    }
}

fn sender(text: &str) -> Result<Mailbox, SendError> {
    let refused = || SendError::permanent("the sender is not a mailbox");
    if text.chars().any(breaks_a_line) {
        return Err(refused());
    }
    let mailbox: Mailbox = text.parse().map_err(|_| refused())?;
    Ok(Mailbox::new(mailbox.name, plain_address(mailbox.email.as_ref()).ok_or_else(refused)?))
}

fn recipient(text: &str) -> Result<Address, SendError> {
    plain_address(text).ok_or_else(|| SendError::permanent("the recipient is not a plain address"))
}

/// Stricter than the grammar of mail. Quoted local parts, comments and lists could be read in two ways, and what
/// is not ASCII needs an extension that many relays lack.
fn plain_address(text: &str) -> Option<Address> {
    let plain = text.chars().all(|char| char.is_ascii_graphic() && !"()<>[]\",:;\\".contains(char));
    let single = text.matches('@').count() == 1;
    if plain && single { text.parse().ok() } else { None }
}

fn breaks_a_line(char: char) -> bool {
    char.is_control() || matches!(char, '\u{2028}' | '\u{2029}')
}

fn date(unix_seconds: i64) -> SystemTime {
    let seconds = u64::try_from(unix_seconds).unwrap_or(0).min(LAST_SECOND);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests;
