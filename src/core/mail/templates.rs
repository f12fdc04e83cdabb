//! What the mails say. A [`Letter`] has two parts, a plain text that is complete by itself and an HTML page,
//! both compiled from the files in `templates/`; a name that a file uses and a letter lacks does not compile.
//!
//! It must not know whom a letter is for, where it waits and how it leaves. What it renders holds live tokens,
//! so neither a letter nor its content shows them in `Debug`.

use std::fmt;

use askama::Template;

/// One mail's occasion, and what its text names.
#[derive(Clone, Copy)]
pub enum Letter<'a> {
    /// Somebody signed up with this address.
    VerifyEmail {
        first_name: &'a str,
        username: &'a str,
        link: &'a str,
        code: &'a str,
        link_hours: u64,
        code_minutes: u64,
    },
    /// Somebody signed up with an address that has an account, or wants it for another one.
    AlreadyRegistered {
        first_name: &'a str,
        /// The page where a forgotten password is replaced; it holds no token.
        reset_link: &'a str,
    },
    /// Somebody forgot the password of this address.
    ResetPassword {
        first_name: &'a str,
        username: &'a str,
        link: &'a str,
        code: &'a str,
        link_minutes: u64,
        code_minutes: u64,
    },
    /// A notice after the fact, to whoever can read the mailbox.
    PasswordChanged {
        first_name: &'a str,
        username: &'a str,
        /// When, in words and in UTC.
        at: &'a str,
    },
    /// Somebody wants this address for an account.
    ConfirmEmail { first_name: &'a str, username: &'a str, link: &'a str, link_minutes: u64 },
    /// The account of this address is to get another one.
    EmailChanging {
        first_name: &'a str,
        username: &'a str,
        /// Stops the change, or undoes it.
        link: &'a str,
        link_days: u64,
    },
    /// The account has this address again.
    EmailRestored {
        first_name: &'a str,
        username: &'a str,
        at: &'a str,
        /// As above: it holds no token.
        reset_link: &'a str,
    },
    /// A farewell, to the address of an account that is no more.
    AccountDeleted {
        first_name: &'a str,
        username: &'a str,
        at: &'a str,
        /// Whether posts and comments stay.
        content_kept: bool,
    },
}

/// A letter in writing. Lines end in `\n`; the transport gives them the ending of the wire.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").field("subject", &self.subject).finish_non_exhaustive()
    }
}

#[derive(Template)]
#[template(path = "core/mail/templates/letter.txt")]
struct Text<'a> {
    letter: &'a Letter<'a>,
}

#[derive(Template)]
#[template(path = "core/mail/templates/letter.html")]
struct Html<'a> {
    letter: &'a Letter<'a>,
}

impl Letter<'_> {
    pub fn render(&self) -> Result<Content, askama::Error> {
        Ok(Content {
            subject: self.subject().to_owned(),
            text: Text { letter: self }.render()?,
            html: Html { letter: self }.render()?,
        })
    }

    /// Fixed words only: what people type never gets into a header.
    fn subject(&self) -> &'static str {
        match self {
            Self::VerifyEmail { .. } => "Confirm your e-mail address for Lyceum",
            Self::AlreadyRegistered { .. } => "You already have an account at Lyceum",
            Self::ResetPassword { .. } => "Choose a new password for Lyceum",
            Self::PasswordChanged { .. } => "Your password at Lyceum was changed",
            Self::ConfirmEmail { .. } => "Confirm your new e-mail address for Lyceum",
            Self::EmailChanging { .. } => "Your e-mail address at Lyceum is to be changed",
            Self::EmailRestored { .. } => "Your e-mail address at Lyceum is back",
            Self::AccountDeleted { .. } => "Your account at Lyceum was deleted",
        }
    }

    fn greeting(&self) -> String {
        let (Self::VerifyEmail { first_name, .. }
        | Self::AlreadyRegistered { first_name, .. }
        | Self::ResetPassword { first_name, .. }
        | Self::PasswordChanged { first_name, .. }
        | Self::ConfirmEmail { first_name, .. }
        | Self::EmailChanging { first_name, .. }
        | Self::EmailRestored { first_name, .. }
        | Self::AccountDeleted { first_name, .. }) = self;
        let name = one_line(first_name);
        if name.is_empty() { "Hello,".to_owned() } else { format!("Hello {name},") }
    }
}

/// A name is never more than a part of one line: with a line break it could write a paragraph of its own.
fn one_line(text: &str) -> String {
    let flat: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    flat.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
