//! Which of the two media types of GraphQL over HTTP a client wants.

use std::cmp::Reverse;

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
        let mut lines = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
        if lines.peek().is_none() {
            return Some(Self::Json);
        }
        let ranges: Vec<Range> = lines.flat_map(|line| line.split(',')).filter_map(Range::parse).collect();
        let wished = |media: Self| {
            // The range that names a type most exactly speaks for it (RFC 9110, 12.5.1).
            let fits = ranges.iter().enumerate().filter(|(_, range)| range.only.is_none_or(|only| only == media));
            let (place, range) = fits.max_by_key(|(place, range)| (range.exactness, Reverse(*place)))?;
            (range.quality > 0.0).then_some((media, range, place))
        };
        let both = [Self::GraphqlResponse, Self::Json].into_iter().filter_map(wished);
        let best = both.max_by(|(_, one, place), (_, other, other_place)| {
            let exactness = one.exactness.cmp(&other.exactness);
            one.quality.total_cmp(&other.quality).then(exactness).then(other_place.cmp(place))
        });
        best.map(|(media, ..)| media)
    }
}

/// One wish of an `Accept` header that one of our types can meet.
struct Range {
    /// The type that it names; `None` for both.
    only: Option<MediaType>,
    exactness: u8,
    quality: f32,
}

impl Range {
    fn parse(range: &str) -> Option<Self> {
        let mut parts = range.split(';').map(str::trim);
        let (only, exactness) = match parts.next()?.to_ascii_lowercase().as_str() {
            "application/graphql-response+json" => (Some(MediaType::GraphqlResponse), 2),
            "application/json" => (Some(MediaType::Json), 2),
            "application/*" => (None, 1),
            "*/*" => (None, 0),
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
        Some(Self { only, exactness, quality })
    }
}
