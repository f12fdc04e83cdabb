//! Whether a client already has what it asks for, by the tag that it was given with it (RFC 9110, 13.1.2).

use axum::http::{HeaderMap, header::IF_NONE_MATCH};

/// Whether one of the tags that the client knows is this one.
pub(super) fn knows(request: &HeaderMap, tag: &str) -> bool {
    request
        .get_all(IF_NONE_MATCH)
        .iter()
        .any(|tags| tags.to_str().is_ok_and(|tags| tags.split(',').any(|known| known.trim() == tag)))
}
