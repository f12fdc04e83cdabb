//! Sockets on `/graphql`, by the protocol `graphql-transport-ws`: subscriptions, and queries and mutations too.
//!
//! Every operation passes the same gate as over HTTP. What a socket has beyond a request is time: so it has a limit on
//! silence, and whoever may not be here any more is sent away.

mod connection;
mod protocol;

use std::{sync::Arc, time::Duration};

use async_graphql_axum::GraphQLProtocol;
use axum::{
    extract::{FromRequestParts as _, WebSocketUpgrade},
    http::{StatusCode, header, request::Parts},
    response::Response,
};

use self::connection::Connection;
use super::{Door, answer::Refused, layers::RequestId, negotiation::MediaType, origin, serve::Place, viewer::Shown};
use crate::{core::limits::Quota, graphql::Code};

/// A message beyond this closes the socket. Documents have limits of their own.
const MESSAGE_BYTES: usize = 64 * 1024;
/// What a socket that says nothing should not cost.
const READ_BUFFER: usize = 4 * 1024;

/// How long a socket may take for what.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until `connection_init`.
    pub init: Duration,
    /// Between two pings of ours. When two have no answer by the third, the socket is closed.
    pub ping: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { init: Duration::from_secs(10), ping: Duration::from_secs(15) }
    }
}

pub(super) fn is_handshake(parts: &Parts) -> bool {
    let upgrade = parts.headers.get(header::UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"))
}

pub(super) async fn open(door: Door, mut parts: Parts) -> Result<Response, Refused> {
    let refused = |status, code, message| Err(Refused::new(status, MediaType::Json, code, message));
    let origin = origin::of(&parts.extensions, &parts.headers, &door.settings.trusted_proxies);
    door.core.limits.attempt(Quota::Operation, &origin).await.map_err(|e| Refused::of_domain(MediaType::Json, e))?;
    let shown = Shown::of(&door, &parts);
    // No preflight stands before a socket: its page has to be one of ours, with the cookie and without it.
    if !shown.may_open_socket(&parts) {
        return refused(StatusCode::FORBIDDEN, Code::Forbidden, "This origin may not open a socket here.");
    }
    let speak = "Speak `graphql-transport-ws` over WebSocket version 13.";
    if GraphQLProtocol::from_request_parts(&mut parts, &()).await.is_err() {
        return refused(StatusCode::BAD_REQUEST, Code::BadUserInput, speak);
    }
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &()).await else {
        return refused(StatusCode::BAD_REQUEST, Code::BadUserInput, speak);
    };
    let upgrade = upgrade
        .protocols([protocol::SUBPROTOCOL])
        .max_message_size(MESSAGE_BYTES)
        .max_frame_size(MESSAGE_BYTES)
        .read_buffer_size(READ_BUFFER);
    if upgrade.selected_protocol().is_none() {
        return refused(StatusCode::BAD_REQUEST, Code::BadUserInput, speak);
    }
    let id = parts.extensions.get::<RequestId>().map(|RequestId(id)| id.clone()).unwrap_or_default();
    // The connection's place is taken for as long as the socket is open.
    let place = parts.extensions.get::<Arc<Place>>().cloned();
    Ok(upgrade.on_upgrade(move |socket| async move {
        let _place = place;
        Connection::new(door, origin, shown, id).run(socket).await;
    }))
}
