//! The style, the scripts and the icon of the pages, built into the binary.
//!
//! Browsers keep styles and scripts but ask each time whether they are still good: after an update of the
//! server an old script must not meet a new page. It must not know which page uses what.

use axum::{
    Router,
    http::{
        HeaderMap, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS},
    },
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};

use crate::http::freshness;

const ICON: Asset =
    Asset { content_type: "image/svg+xml", kept: "public, max-age=3600", body: include_str!("assets/favicon.svg") };

pub(super) fn routes() -> Router {
    Router::new()
        .route("/assets/app.css", serve(style(include_str!("assets/app.css"))))
        .route("/assets/account.js", serve(script(include_str!("assets/account.js"))))
        .route("/assets/forms.js", serve(script(include_str!("assets/forms.js"))))
        .route("/assets/graphql.js", serve(script(include_str!("assets/graphql.js"))))
        .route("/assets/mailbox.js", serve(script(include_str!("assets/mailbox.js"))))
        .route("/assets/messages.js", serve(script(include_str!("assets/messages.js"))))
        .route("/assets/sessions.js", serve(script(include_str!("assets/sessions.js"))))
        .route("/assets/steps.js", serve(script(include_str!("assets/steps.js"))))
        .route("/assets/username.js", serve(script(include_str!("assets/username.js"))))
        .route("/assets/welcome.js", serve(script(include_str!("assets/welcome.js"))))
        .route("/assets/favicon.svg", serve(ICON))
        .route("/favicon.ico", serve(ICON))
}

#[derive(Clone, Copy)]
struct Asset {
    content_type: &'static str,
    kept: &'static str,
    body: &'static str,
}

fn style(body: &'static str) -> Asset {
    Asset { content_type: "text/css; charset=utf-8", kept: "public, no-cache", body }
}

fn script(body: &'static str) -> Asset {
    Asset { content_type: "text/javascript; charset=utf-8", kept: "public, no-cache", body }
}

fn serve(asset: Asset) -> MethodRouter {
    let tag = asset.tag();
    get(move |request: HeaderMap| async move { asset.answer(&tag, &request) })
}

impl Asset {
    fn answer(self, tag: &str, request: &HeaderMap) -> Response {
        let headers = [
            (CONTENT_TYPE, self.content_type),
            (CACHE_CONTROL, self.kept),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (ETAG, tag),
        ];
        if freshness::knows(request, tag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, self.body).into_response()
    }

    /// Weak, since an outer layer may compress the body. FNV-1a is enough: it tells versions apart, and nobody
    /// gains by making two of them collide.
    fn tag(self) -> String {
        let hash = self
            .body
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        format!("W/\"{hash:016x}\"")
    }
}
