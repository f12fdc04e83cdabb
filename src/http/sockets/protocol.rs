//! The messages of `graphql-transport-ws`, and the codes that a socket is closed with.

use axum::extract::ws::{CloseFrame, Message};
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub(super) const SUBPROTOCOL: &str = "graphql-transport-ws";

/// What a client says.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    Init(Map<String, Value>),
    Ping(Option<Value>),
    Pong,
    Subscribe { id: String, payload: Map<String, Value> },
    Complete { id: String },
}

/// What the server answers.
#[derive(Debug)]
pub(super) enum Answer {
    Ack,
    Pong(Option<Value>),
    Next {
        id: String,
        result: Value,
    },
    /// The operation was refused; nothing follows.
    Error {
        id: String,
        errors: Value,
    },
    Complete {
        id: String,
    },
}

/// Why the server closes a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Close {
    Going,
    TooBig,
    TooManySockets,
    BadMessage(&'static str),
    SubscribedBeforeAck,
    /// The credentials are no good, or not any more.
    Forbidden(&'static str),
    NoInit,
    Silent,
    AlreadySubscribed,
    SecondInit,
}

#[derive(Deserialize)]
struct Raw {
    r#type: String,
    id: Option<String>,
    payload: Option<Value>,
}

impl Said {
    pub(super) fn parse(text: &str) -> Result<Self, Close> {
        let bad = Close::BadMessage;
        let Raw { r#type, id, payload } = serde_json::from_str(text).map_err(|_| bad("Invalid message received"))?;
        let id = || id.filter(|id| !id.is_empty()).ok_or(bad("Message has no id"));
        match (r#type.as_str(), payload) {
            ("connection_init", None | Some(Value::Null)) => Ok(Self::Init(Map::new())),
            ("connection_init", Some(Value::Object(payload))) => Ok(Self::Init(payload)),
            ("ping", payload) => Ok(Self::Ping(payload)),
            ("pong", _) => Ok(Self::Pong),
            ("subscribe", Some(Value::Object(payload))) => Ok(Self::Subscribe { id: id()?, payload }),
            ("connection_init" | "subscribe", _) => Err(bad("Payload is not an object")),
            ("complete", _) => Ok(Self::Complete { id: id()? }),
            _ => Err(bad("Unknown type of message")),
        }
    }
}

impl From<Answer> for Message {
    fn from(answer: Answer) -> Self {
        let message = match answer {
            Answer::Ack => json!({ "type": "connection_ack" }),
            Answer::Pong(None) => json!({ "type": "pong" }),
            Answer::Pong(Some(payload)) => json!({ "type": "pong", "payload": payload }),
            Answer::Next { id, result } => json!({ "type": "next", "id": id, "payload": result }),
            Answer::Error { id, errors } => json!({ "type": "error", "id": id, "payload": errors }),
            Answer::Complete { id } => json!({ "type": "complete", "id": id }),
        };
        Self::text(message.to_string())
    }
}

impl From<Close> for Message {
    fn from(close: Close) -> Self {
        let (code, reason) = match close {
            Close::Going => (1001, "The server is stopping"),
            Close::TooBig => (1009, "Message is larger than 64 KiB"),
            Close::TooManySockets => (1013, "Too many sockets"),
            Close::BadMessage(reason) => (4400, reason),
            Close::SubscribedBeforeAck => (4401, "Unauthorized"),
            Close::Forbidden(reason) => (4403, reason),
            Close::NoInit => (4408, "Connection initialisation timeout"),
            Close::Silent => (1002, "Nothing was heard for too long"),
            Close::AlreadySubscribed => (4409, "Subscriber already exists"),
            Close::SecondInit => (4429, "Too many initialisation requests"),
        };
        Self::Close(Some(CloseFrame { code, reason: reason.into() }))
    }
}
