//! Who sends a request, by its `Authorization` header. No header is an anonymous request; a bad one is an error.

use axum::http::{HeaderMap, header};

use crate::core::{
    Core, Result,
    error::{AuthFailure, Error},
    sessions,
    viewer::Viewer,
};

pub(super) async fn of(core: &Core, headers: &HeaderMap) -> Result<Viewer> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(Viewer::Anonymous) };
    let token = value.to_str().ok().filter(|_| values.next().is_none()).and_then(bearer);
    match token {
        Some(token) => sessions::authenticate(core, token).await,
        None => Err(Error::Unauthenticated(AuthFailure::Invalid)),
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
