//! Whether the process lives, and whether it can do its work.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode};

use crate::core::Core;

pub(super) async fn live() -> &'static str {
    "live\n"
}

pub(super) async fn ready(State(core): State<Arc<Core>>) -> (StatusCode, &'static str) {
    match core.db.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}
