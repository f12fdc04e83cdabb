//! `/metrics`, on a listener of its own: figures are for who runs the server.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::core::{Core, metrics};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub fn routes(core: Arc<Core>) -> Router {
    Router::new().route("/metrics", get(show)).with_state(core)
}

async fn show(State(core): State<Arc<Core>>) -> Response {
    match metrics::exposition(&core).await {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the figures cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
