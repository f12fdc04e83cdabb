//! What an operator decides about the domain. `config.rs` reads it from the environment; the core only knows
//! these types, so that a test can build them by hand.

use std::time::Duration;

#[derive(Clone, Debug)]
pub struct Settings {
    pub disclosure: Disclosure,
    pub verification: Verification,
    pub links: Links,
    /// Where this server is reached, and with it the pictures.
    pub public_url: String,
    pub mail_from: String,
    pub password_min_length: usize,
    pub sessions_per_user: u64,
    pub ttl: Lifetimes,
}

/// How long things live.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    pub access_token: Duration,
    pub session_idle: Duration,
    pub session_absolute: Duration,
    pub refresh_idle: Duration,
    pub refresh_absolute: Duration,
    pub reset_token: Duration,
    pub verify_token: Duration,
    pub short_code: Duration,
    /// How long a new address may take to confirm.
    pub email_change: Duration,
    /// How long the old address may undo that.
    pub email_cancel: Duration,
    /// How long what is over is kept: sessions and mails, and where a session was opened.
    pub retention: Duration,
    /// How long the audit log is kept; where its requests came from goes with the rest.
    pub audit: Duration,
}

/// Whether strangers may learn which e-mail addresses have an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disclosure {
    /// Sign-up, login, forgotten password and resend answer the same for known and unknown addresses.
    Strict,
    /// A taken address is told at sign-up, and `emailAvailable` answers.
    Friendly,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// An account exists once its address is verified.
    Required,
    /// An account can be used at once; the address is verified when its owner gets to it.
    Optional,
}

/// Where the links in mails lead: to the front end when there is one, otherwise to this server's own pages.
#[derive(Clone, Debug)]
pub struct Links {
    base: String,
}

impl Links {
    pub fn new(base: &str) -> Self {
        Self { base: base.trim_end_matches('/').to_owned() }
    }

    pub fn verify_email(&self, token: &str) -> String {
        format!("{}/verify-email?token={token}", self.base)
    }

    pub fn reset_password(&self, token: &str) -> String {
        format!("{}/reset-password?token={token}", self.base)
    }

    pub fn confirm_email(&self, token: &str) -> String {
        format!("{}/confirm-email?token={token}", self.base)
    }

    pub fn cancel_email(&self, token: &str) -> String {
        format!("{}/cancel-email?token={token}", self.base)
    }

    /// Where a forgotten password is replaced: the same page, which asks for the address first.
    pub fn forgot_password(&self) -> String {
        format!("{}/reset-password", self.base)
    }
}
