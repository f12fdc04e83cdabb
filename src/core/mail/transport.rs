//! How a mail leaves: through an SMTP relay, into a folder of `.eml` files, or into memory for tests. Every mail
//! is built in full before any of them takes it, so a mail that tests accept is one that the wire accepts.
//!
//! It must not know why a mail is sent, when it is tried again, or the database. It logs nothing: what passes
//! through holds addresses and live tokens.

mod folder;
mod message;
mod relay_url;
mod smtp;

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

pub use self::smtp::Smtp;
use super::templates::Content;

/// For each of three steps: reaching the relay and signing in, asking whether a kept connection still lives,
/// and handing over one mail. Together they must stay below the lease of the outbox.
const TIMEOUT: Duration = Duration::from_secs(10);

/// One mail to one address.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// With its angle brackets. A mail that is sent again keeps it, so that the reader's side can tell.
    pub message_id: String,
    pub date_unix_seconds: i64,
    /// A mailbox: an address, with or without a name before it.
    pub from: String,
    /// A plain address, without a name.
    pub to: String,
    pub content: Content,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

/// Why a mail did not leave.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct SendError {
    /// Whether another try with the same mail is bound to fail too.
    pub permanent: bool,
    /// One line for an operator, without addresses and secrets.
    pub reason: String,
}

impl SendError {
    fn permanent(reason: &str) -> Self {
        Self { permanent: true, reason: reason.to_owned() }
    }

    fn transient(reason: &str) -> Self {
        Self { permanent: false, reason: reason.to_owned() }
    }
}

#[derive(Clone, Debug)]
pub enum Transport {
    Smtp(Smtp),
    Files(PathBuf),
    Memory(Arc<Mutex<Vec<Mail>>>),
}

impl Transport {
    /// `smtp://user:password@host:port/ehlo-name?tls=…`, or `smtps://…` for TLS from the first byte.
    ///
    /// `smtp` demands STARTTLS unless the relay is on this machine or the URL says `?tls=opportunistic` or
    /// `?tls=none`. What is wrong with a URL is told without repeating any part of it. Nothing is connected yet.
    pub fn smtp(url: &str) -> Result<Self, String> {
        Self::smtp_within(url, TIMEOUT)
    }

    /// As [`Transport::smtp`], for tests that do not want to wait ten seconds.
    pub fn smtp_within(url: &str, timeout: Duration) -> Result<Self, String> {
        Smtp::new(url, timeout).map(Self::Smtp)
    }

    pub fn files(folder: impl Into<PathBuf>) -> Self {
        Self::Files(folder.into())
    }

    pub fn memory() -> Self {
        Self::Memory(Arc::default())
    }

    /// Safe to drop at any moment: a mail leaves whole or not at all, apart from the one uncertainty of SMTP,
    /// an answer that is lost after the mail was taken.
    pub async fn send(&self, mail: &Mail) -> Result<(), SendError> {
        let message = message::build(mail)?;
        match self {
            Self::Smtp(smtp) => smtp.send(&message).await,
            Self::Files(folder) => folder::write(folder, &message::file_name(mail)?, &message.formatted()).await,
            Self::Memory(sent) => {
                sent.lock().unwrap_or_else(PoisonError::into_inner).push(mail.clone());
                Ok(())
            }
        }
    }

    /// Whether mails could leave now, told to an operator. Sends none.
    pub async fn check(&self) -> Result<String, String> {
        match self {
            Self::Smtp(smtp) => smtp.check().await.map_err(|error| error.reason),
            Self::Files(folder) => folder::check(folder).await.map_err(|error| error.reason),
            Self::Memory(_) => Ok("mails are kept in memory".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
