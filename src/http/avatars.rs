//! The pictures of people, for every page that shows them. An address stands for its bytes for ever, or until it is
//! nowhere.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{
        HeaderMap, HeaderName, StatusCode, Uri,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG},
    },
    response::{IntoResponse, Response},
};

use super::freshness;
use crate::core::{
    Core,
    pictures::{self, Address, MEDIA_TYPE},
};

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// By the path as it came: an address has nothing to decode, so what is none never reaches the database.
pub(super) async fn show(State(core): State<Arc<Core>>, uri: Uri, request: HeaderMap) -> Response {
    let Some(address) = uri.path().strip_prefix("/avatars/").and_then(Address::parse) else { return nowhere() };
    match pictures::read(&core, &address).await {
        Ok(Some(picture)) => answer(&address, picture, &request),
        Ok(None) => nowhere(),
        Err(error) => {
            tracing::error!(%error, "a picture cannot be read");
            (StatusCode::SERVICE_UNAVAILABLE, "The picture cannot be read now.\n").into_response()
        }
    }
}

/// Shown by any site, run by none.
fn answer(address: &Address, picture: Vec<u8>, request: &HeaderMap) -> Response {
    let tag = format!("\"{address}\"");
    let known = freshness::knows(request, &tag);
    let headers = [
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (RESOURCE_POLICY, "cross-origin"),
        (ETAG, &tag),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(CONTENT_TYPE, MEDIA_TYPE)], picture).into_response()
}

fn nowhere() -> Response {
    (StatusCode::NOT_FOUND, "There is no such picture.\n").into_response()
}
