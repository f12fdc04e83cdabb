//! Sessions on the server. A session is a row; an access token only names it. So a session that is ended is
//! ended on the next request, everywhere.

mod authenticate;
mod entity;
mod logout;
mod open;
mod refresh;

pub use authenticate::authenticate;
pub(crate) use authenticate::count_live;
pub(crate) use logout::end_all;
pub use logout::{Scope, logout};
pub(crate) use open::open;
pub use refresh::refresh;

use std::sync::Arc;

use sea_orm::DeriveValueType;
use uuid::Uuid;

use super::{accounts::User, clock::Time, tokens::AccessToken};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, DeriveValueType)]
pub struct SessionId(pub Uuid);

#[derive(Clone, Debug)]
pub struct Session {
    pub id: SessionId,
    pub device_name: Option<String>,
    pub user_agent: Option<String>,
    pub ip_address: Option<String>,
    pub created_at: Time,
    pub last_used_at: Time,
    pub expires_at: Time,
}

/// A session with the tokens that open it: the only moment at which the refresh token is known.
pub struct Opened {
    pub session: Session,
    pub user: Arc<User>,
    pub access: AccessToken,
    pub refresh_token: String,
}

impl From<entity::Model> for Session {
    fn from(row: entity::Model) -> Self {
        Self {
            id: SessionId(row.id),
            device_name: row.device_name,
            user_agent: row.user_agent,
            ip_address: row.ip_address,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.idle_expires_at.min(row.absolute_expires_at),
        }
    }
}
