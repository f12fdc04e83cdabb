//! Sessions on the server. A session is a row; an access token or a cookie only names it. So a session that is ended
//! is ended on the next request, everywhere.

mod authenticate;
mod entity;
mod list;
mod logout;
mod open;
mod refresh;
mod retention;

pub use authenticate::{Recognised, authenticate, recheck, recognise};
pub(crate) use list::count_live;
pub use list::{by_ids, count_by_users, ended_since, list_by_users};
pub use logout::{Scope, logout, revoke};
pub(crate) use logout::{end_all, end_in_scope};
pub use open::NewSession;
pub(crate) use open::{Wish, open};
pub use refresh::refresh;
pub(crate) use retention::{forget_origins, sweep};

use std::time::Duration;

use sea_orm::DeriveValueType;
use uuid::Uuid;

use super::{accounts::UserId, clock::Time, tokens::AccessToken, viewer::Oneself};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, DeriveValueType)]
pub struct SessionId(pub Uuid);

/// How a client shows that a session is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// An access token in a header, and a refresh token for the next one.
    Bearer,
    /// A handle in a cookie, which the browser keeps from scripts.
    Cookie,
}

#[derive(Clone, Debug)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub device_name: Option<String>,
    pub created_at: Time,
    pub last_used_at: Time,
    /// Of the last use, as the address is.
    pub user_agent: Option<String>,
    pub ip_address: Option<String>,
    pub expires_at: Time,
}

/// A session with what opens it: the only moment at which its secrets are known.
pub struct Opened {
    pub session: Session,
    pub user: Oneself,
    pub key: Key,
}

/// What opens a session.
pub enum Key {
    Tokens { access: AccessToken, refresh: String },
    Cookie(Handle),
}

/// The secret of a cookie, and how long the browser may keep it.
#[derive(Clone)]
pub struct Handle {
    pub secret: String,
    pub expires_in: Duration,
}

impl From<entity::Model> for Session {
    fn from(row: entity::Model) -> Self {
        let expires_at = row.expires_at();
        Self {
            id: SessionId(row.id),
            user_id: UserId(row.user_id),
            device_name: row.device_name,
            user_agent: row.user_agent,
            ip_address: row.ip_address,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at,
        }
    }
}
