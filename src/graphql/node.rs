//! Global ids (Relay Global Object Identification): opaque to clients, a type and a UUID to us.

use async_graphql::ID;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Session,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Session => "Session",
        }
    }
}

pub(super) fn global_id(kind: Kind, id: Uuid) -> ID {
    ID(URL_SAFE_NO_PAD.encode(format!("{}:{id}", kind.as_str())))
}
