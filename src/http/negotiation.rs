//! Which of the two media types of GraphQL over HTTP a client wants.

use axum::http::{HeaderMap, HeaderValue, header};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/graphql-response+json`: the status code tells whether there was an execution.
    GraphqlResponse,
    /// `application/json`: 200 for every well-formed request.
    Json,
}

impl MediaType {
    pub(super) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }

    /// What `Accept` prefers; `application/json` for clients that take anything, and `None` when neither will do.
    pub(super) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let mut ranges = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
        if ranges.peek().is_none() {
            return Some(Self::Json);
        }
        let mut best: Option<(Self, f32)> = None;
        for range in ranges.flat_map(|value| value.split(',')) {
            let Some((media, quality)) = Self::of_range(range) else { continue };
            if quality > 0.0 && best.is_none_or(|(_, best)| quality > best) {
                best = Some((media, quality));
            }
        }
        best.map(|(media, _)| media)
    }

    fn of_range(range: &str) -> Option<(Self, f32)> {
        let mut parts = range.split(';').map(str::trim);
        let media = match parts.next()?.to_ascii_lowercase().as_str() {
            "application/graphql-response+json" => Self::GraphqlResponse,
            "application/json" | "application/*" | "*/*" => Self::Json,
            _ => return None,
        };
        let mut quality = 1.0;
        for parameter in parts {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "q" => quality = value.trim().parse().ok()?,
                // We write UTF-8 and nothing else (RFC 8259, 8.1).
                "charset" if !value.trim_matches(['"', ' ']).eq_ignore_ascii_case("utf-8") => return None,
                _ => {}
            }
        }
        Some((media, quality))
    }
}
