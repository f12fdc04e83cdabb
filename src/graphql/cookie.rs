//! The session cookie between the door and the resolvers: what came with a request, and what is to become of it. The
//! door knows its name and attributes; here nobody does.

use std::sync::{Mutex, PoisonError};

use crate::core::{
    Error, Result,
    sessions::{Handle, SessionId, Transport},
    viewer::Viewer,
};

/// What the answer does to the browser's cookie.
#[derive(Clone)]
pub enum CookieChange {
    Set(Handle),
    Clear,
}

/// The session cookie of one request.
pub struct SessionCookie {
    presented: Option<String>,
    /// Whether the request shows that no other site made the browser send it.
    trusted: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    change: Option<CookieChange>,
    refused: bool,
}

impl SessionCookie {
    pub fn new(presented: Option<String>, trusted: bool, change: Option<CookieChange>) -> Self {
        Self { presented, trusted, state: Mutex::new(State { change, refused: false }) }
    }

    /// What the answer has to do, once everything has run.
    pub fn change(&self) -> Option<CookieChange> {
        self.state().change.clone()
    }

    /// Whether a login or a sign-up by cookie was refused because another site may have sent it.
    pub fn refused(&self) -> bool {
        self.state().refused
    }

    /// The handle that a login replaces, and a sign-up that signs in. Refuses one that another site may have sent: it
    /// would sign the visitor in as somebody else.
    pub(super) fn for_login(&self, transport: Transport) -> Result<Option<String>> {
        if transport == Transport::Cookie && !self.trusted {
            self.state().refused = true;
            return Err(Error::Forbidden);
        }
        Ok(self.presented.clone())
    }

    pub(super) fn set(&self, handle: Handle) {
        self.state().change = Some(CookieChange::Set(handle));
    }

    /// Clears the cookie when the session that it stands for is among those that have ended.
    pub(super) fn forget(&self, viewer: &Viewer, ended: &[SessionId]) {
        let by_cookie = viewer.signed_in().ok().filter(|viewer| viewer.transport == Transport::Cookie);
        if by_cookie.is_some_and(|viewer| ended.contains(&viewer.session)) {
            self.state().change = Some(CookieChange::Clear);
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
