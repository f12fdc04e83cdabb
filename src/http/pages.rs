//! The few HTML pages that the server brings itself: a welcome, an account from its sign-up to its end, what the
//! links in mails lead to, and in development the mails. They make an account usable before there is a front end.
//!
//! They know nothing of the business. A page is a client like any other: its script talks to `/graphql`, and
//! the mails are read from the folder they were written to. No `GET` changes anything, for mail scanners
//! follow links too, and nothing that a request brings (host, token) is written into an answer.

mod assets;
mod mailbox;

use std::path::PathBuf;

use askama::Template;
use axum::{
    Router,
    http::{
        HeaderName, StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
    },
    response::{IntoResponse, Response},
    routing::get,
};

/// What the pages may offer besides themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct Info {
    /// Whether `/playground` is served.
    pub(super) playground: bool,
    /// In development, the folder that the mails are written to as `.eml` files.
    pub(super) mailbox: Option<PathBuf>,
}

/// The pages and their assets. Without a mailbox its paths are not routed at all.
pub(super) fn routes(info: Info) -> Router {
    let welcome = Welcome { playground: info.playground, mailbox: info.mailbox.is_some() };
    let pages = Router::new()
        .route("/", get(move || async move { page(&welcome) }))
        .route("/signup", get(async || page(&Signup)))
        .route("/login", get(async || page(&Login)))
        .route("/account", get(async || page(&Account)))
        .route("/verify-email", get(async || page(&VerifyEmail)))
        .route("/reset-password", get(async || page(&ResetPassword)))
        .route("/confirm-email", get(async || page(&ConfirmEmail)))
        .route("/cancel-email", get(async || page(&CancelEmail)))
        .merge(assets::routes());
    match info.mailbox {
        Some(folder) => pages.merge(mailbox::routes(folder)),
        None => pages,
    }
}

#[derive(Clone, Copy, Template)]
#[template(path = "http/pages/welcome.html")]
struct Welcome {
    playground: bool,
    mailbox: bool,
}

#[derive(Template)]
#[template(path = "http/pages/signup.html")]
struct Signup;

#[derive(Template)]
#[template(path = "http/pages/login.html")]
struct Login;

#[derive(Template)]
#[template(path = "http/pages/account.html")]
struct Account;

#[derive(Template)]
#[template(path = "http/pages/verify_email.html")]
struct VerifyEmail;

#[derive(Template)]
#[template(path = "http/pages/reset_password.html")]
struct ResetPassword;

#[derive(Template)]
#[template(path = "http/pages/confirm_email.html")]
struct ConfirmEmail;

#[derive(Template)]
#[template(path = "http/pages/cancel_email.html")]
struct CancelEmail;

/// Everything from this server, nothing inline, and no form that a browser would send by itself.
const OWN_ONLY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
    img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn page(template: &impl Template) -> Response {
    html(StatusCode::OK, OWN_ONLY, template)
}

fn html(status: StatusCode, policy: &'static str, template: &impl Template) -> Response {
    match template.render() {
        Ok(body) => (status, headers("text/html; charset=utf-8", policy), body).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The headers of an answer that no cache may keep and no other site may learn of.
fn headers(content_type: &'static str, policy: &'static str) -> [(HeaderName, &'static str); 5] {
    [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, policy),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
    ]
}

#[cfg(test)]
mod tests;
