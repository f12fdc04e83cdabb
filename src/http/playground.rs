//! The playground: GraphiQL, built beforehand in `playground/` and kept compressed in the binary.
//!
//! Who takes gzip gets the bytes as they are, which is every browser; for others they are inflated piece by piece.
//! A path is a route or it is none: nothing is looked up in a file system. It knows no operation and no schema.

use std::io::Read as _;

use axum::{
    Router,
    body::{Body, Bytes},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{
            ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
            ETAG, VARY,
        },
    },
    response::{IntoResponse as _, Response},
    routing::get,
};
use flate2::read::GzDecoder;
use futures_util::stream;

use super::freshness;

struct File {
    path: &'static str,
    content_type: &'static str,
    /// Weak, since it stands for the compressed bytes and for the inflated ones.
    tag: &'static str,
    /// Of the inflated bytes.
    size: usize,
    gzip: &'static [u8],
}

/// Written by `npm run build` in `playground/`.
const FILES: &[File] = include!("../../playground/dist/files.rs");

/// Everything from this server, and no script but the files below. The editor, Monaco, places its lines and colours
/// its words by inline styles, and draws with pictures that stand in its style.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; font-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// How much is inflated before the next reader has a turn.
const PIECE: usize = 64 * 1024;

pub(super) fn routes() -> Router {
    FILES.iter().fold(Router::new(), |routes, file| {
        routes.route(file.path, get(async move |request: HeaderMap| file.answer(&request)))
    })
}

impl File {
    fn answer(&'static self, request: &HeaderMap) -> Response {
        let headers = [
            (CONTENT_TYPE, self.content_type),
            (CONTENT_SECURITY_POLICY, POLICY),
            (CACHE_CONTROL, self.kept()),
            (ETAG, self.tag),
            (VARY, "accept-encoding"),
        ];
        if freshness::knows(request, self.tag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        if takes_gzip(request) {
            return (headers, [(CONTENT_ENCODING, "gzip")], self.gzip).into_response();
        }
        let length = [(CONTENT_LENGTH, HeaderValue::from(self.size))];
        (headers, length, Body::from_stream(stream::iter(Inflated(GzDecoder::new(self.gzip))))).into_response()
    }

    /// Assets have a hash of what is in them in their names; the page, which names them, is asked for each time.
    fn kept(&self) -> &'static str {
        if self.path.starts_with("/playground/assets/") {
            "public, max-age=31536000, immutable"
        } else {
            "public, no-cache"
        }
    }
}

struct Inflated(GzDecoder<&'static [u8]>);

impl Iterator for Inflated {
    type Item = std::io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut piece = vec![0; PIECE];
        match self.0.read(&mut piece) {
            Ok(0) => None,
            Ok(length) => {
                piece.truncate(length);
                Some(Ok(piece.into()))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

/// Whether gzip is named with a weight that is not nought, or everything is and gzip is not (RFC 9110, 12.5.3).
fn takes_gzip(request: &HeaderMap) -> bool {
    let lists = request.get_all(ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
    let codings: Vec<_> = lists.flat_map(|list| list.split(',')).collect();
    let takes = |wanted: &str| {
        codings.iter().find_map(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
            let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
            name.trim().eq_ignore_ascii_case(wanted).then_some(weight.is_some_and(|weight| weight > 0.0))
        })
    };
    takes("gzip").or_else(|| takes("*")).unwrap_or(false)
}
