//! Who sends a request: by its `Authorization` header, else by the session cookie. Neither is an anonymous request; a
//! bad one is an error.

use axum::http::{HeaderMap, Method, header, request::Parts};

use super::{
    Door,
    cookies::Presented,
    csrf::{self, Origins},
};
use crate::{
    core::{
        Core, Origin, Result,
        error::{AuthFailure, Error},
        sessions::{self, Recognised},
        viewer::Viewer,
    },
    graphql::{CookieChange, SessionCookie},
};

/// What a request shows of its sender, before any of it is believed.
pub(super) struct Shown {
    presented: Presented,
    /// Whether no other site can have made the browser send it.
    trusted: bool,
}

impl Shown {
    pub(super) fn of(door: &Door, parts: &Parts) -> Self {
        let settings = &door.settings;
        let origins = Origins { own: &settings.origin, listed: &settings.allowed_origins };
        Self { presented: door.cookies.presented(&parts.headers), trusted: csrf::trusts(&origins, &parts.headers) }
    }

    /// Whether the cookie would do something in the name of its owner that another site may have asked for.
    pub(super) fn is_forged(&self, parts: &Parts) -> bool {
        let by_cookie = self.presented != Presented::Nothing && !parts.headers.contains_key(header::AUTHORIZATION);
        by_cookie && !self.trusted && parts.method != Method::GET
    }

    /// Whoever it is, and what becomes of the cookie. A dead one is cleared; `open` says that the operation is for
    /// people who are not signed in, who may go on without it.
    pub(super) async fn viewer(
        &self,
        core: &Core,
        origin: &Origin,
        headers: &HeaderMap,
        open: bool,
    ) -> Result<(Viewer, Option<CookieChange>), (Error, Option<CookieChange>)> {
        if let Some(viewer) = by_header(core, headers).await.map_err(|error| (error, None))? {
            return Ok((viewer, None));
        }
        match by_cookie(core, origin, &self.presented).await {
            Err(Error::Unauthenticated(_)) if open => Ok((Viewer::Anonymous, Some(CookieChange::Clear))),
            Err(error @ Error::Unauthenticated(_)) => Err((error, Some(CookieChange::Clear))),
            Err(error) => Err((error, None)),
            Ok(recognised) => Ok(recognised),
        }
    }

    /// Whether there are no credentials at all.
    pub(super) fn is_nobody(&self, headers: &HeaderMap) -> bool {
        self.presented == Presented::Nothing && !headers.contains_key(header::AUTHORIZATION)
    }

    /// Whether the page, if it is one, may open a socket. Browsers name its origin; a program that brings the cookie has
    /// to name one too.
    pub(super) fn may_open_socket(&self, parts: &Parts) -> bool {
        let named = parts.headers.contains_key(header::ORIGIN);
        if named { self.trusted } else { self.presented == Presented::Nothing }
    }

    /// By what would stand in the header `Authorization`.
    pub(super) async fn by_value(core: &Core, value: &str) -> Result<Viewer> {
        match bearer(value) {
            Some(token) => sessions::authenticate(core, token).await,
            None => Err(Error::Unauthenticated(AuthFailure::Invalid)),
        }
    }

    pub(super) async fn by_cookie(&self, core: &Core, origin: &Origin) -> Result<Viewer> {
        by_cookie(core, origin, &self.presented).await.map(|(viewer, _)| viewer)
    }

    /// What resolvers learn of the cookie.
    pub(super) fn cookie(self, change: Option<CookieChange>) -> SessionCookie {
        let presented = match self.presented {
            Presented::Handle(handle) => Some(handle),
            Presented::Nothing | Presented::Several => None,
        };
        SessionCookie::new(presented, self.trusted, change)
    }
}

/// By the access token; none when there is no such header.
async fn by_header(core: &Core, headers: &HeaderMap) -> Result<Option<Viewer>> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match value.to_str().ok().filter(|_| values.next().is_none()) {
        Some(value) => Shown::by_value(core, value).await.map(Some),
        None => Err(Error::Unauthenticated(AuthFailure::Invalid)),
    }
}

/// By the cookie, which comes anew when its session was extended.
async fn by_cookie(core: &Core, origin: &Origin, presented: &Presented) -> Result<(Viewer, Option<CookieChange>)> {
    match presented {
        Presented::Nothing => Ok((Viewer::Anonymous, None)),
        Presented::Several => Err(Error::Unauthenticated(AuthFailure::Invalid)),
        Presented::Handle(handle) => {
            let Recognised { viewer, extended } = sessions::recognise(core, origin, handle).await?;
            Ok((viewer, extended.map(CookieChange::Set)))
        }
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
