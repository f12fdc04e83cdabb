//! Whether another site may have made a browser send this request. Only what the browser itself writes counts
//! (`Sec-Fetch-Site`, `Origin`), or a header that no form can send (OWASP ASVS 3.5.1, 3.5.2).
//!
//! It must not know what is asked, or by whom: the door asks where a cookie is at work.

use axum::http::{HeaderMap, HeaderName, header};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");

/// The pages that may use the cookie: this server's own, and those of listed origins.
pub(super) struct Origins<'a> {
    pub own: &'a str,
    pub listed: &'a [String],
}

pub(super) fn trusts(origins: &Origins<'_>, headers: &HeaderMap) -> bool {
    match (one(headers, &FETCH_SITE), one(headers, &header::ORIGIN)) {
        (Header::Missing, Header::Missing) => {
            matches!(one(headers, &REQUESTED_WITH), Header::Is(value) if !value.is_empty())
        }
        (Header::Is("same-origin" | "none"), Header::Missing) => true,
        // A page of a sibling host has to be a listed one; so has any page of a browser that says nothing of its site.
        (Header::Missing | Header::Is("same-origin" | "same-site" | "none"), Header::Is(origin)) => {
            origins.know(origin, headers)
        }
        _ => false,
    }
}

impl Origins<'_> {
    /// Where this server is reached, as it was told or by the host that the browser asked for; or one of the list,
    /// compared whole.
    fn know(&self, origin: &str, headers: &HeaderMap) -> bool {
        let (own_scheme, _) = self.own.split_once("://").unwrap_or_default();
        let asked = match one(headers, &header::HOST) {
            Header::Is(host) => origin.split_once("://") == Some((own_scheme, host)),
            Header::Missing | Header::Several => false,
        };
        asked || origin == self.own || self.listed.iter().any(|listed| listed == origin)
    }
}

enum Header<'a> {
    Missing,
    Is(&'a str),
    Several,
}

fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Header<'a> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Header::Missing,
        // What is no text is not what a browser wrote: it is compared with nothing, and equals nothing.
        (Some(value), None) => Header::Is(value.to_str().unwrap_or("?")),
        (Some(_), Some(_)) => Header::Several,
    }
}
