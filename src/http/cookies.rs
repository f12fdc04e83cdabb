//! The session cookie on the wire: its name and its attributes (RFC 6265bis), out and in.
//!
//! The name begins with `__Host-`, with which a browser takes the cookie only over TLS, for this host alone and for all
//! of its paths. Development over plain http has another name and no `Secure`, since a browser would not keep it.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::graphql::CookieChange;

/// What a request's cookies say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Presented {
    Nothing,
    Handle(String),
    /// Several of one name: somebody planted one of them.
    Several,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct SessionCookies {
    secure: bool,
}

impl SessionCookies {
    pub(super) fn new(secure: bool) -> Self {
        Self { secure }
    }

    pub(super) fn name(self) -> &'static str {
        if self.secure { "__Host-lyceum" } else { "lyceum" }
    }

    pub(super) fn presented(self, headers: &HeaderMap) -> Presented {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut handles = pairs.filter(|(name, _)| *name == self.name()).map(|(_, value)| value);
        match (handles.next(), handles.next()) {
            (None, _) => Presented::Nothing,
            (Some(handle), None) => Presented::Handle(handle.to_owned()),
            (Some(_), Some(_)) => Presented::Several,
        }
    }

    /// Both forms differ in value and age alone: a browser takes a cookie away only by the attributes that it came with.
    pub(super) fn header(self, change: &CookieChange) -> Option<HeaderValue> {
        let (value, seconds) = match change {
            CookieChange::Set(handle) => (handle.secret.as_str(), handle.expires_in.as_secs()),
            CookieChange::Clear => ("", 0),
        };
        let secure = if self.secure { "; Secure" } else { "" };
        let line = format!("{}={value}; Max-Age={seconds}; Path=/{secure}; HttpOnly; SameSite=Lax", self.name());
        HeaderValue::try_from(line).ok()
    }
}
