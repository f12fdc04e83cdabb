//! The messages of `graphql-transport-ws`, and the codes that a socket is closed with.

use axum::extract::ws::{CloseFrame, Message};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::http::answer::Told;

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
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Answer {
    #[serde(rename = "connection_ack")]
    Ack,
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Value>,
    },
    Next {
        id: String,
        payload: Told,
    },
    /// The operation was refused; nothing follows.
    Error {
        id: String,
        payload: Value,
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
        // Maps with names for keys: there is nothing in an answer that JSON could not hold.
        Self::text(serde_json::to_string(&answer).unwrap_or_default())
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
