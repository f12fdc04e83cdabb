//! Who is asking, and the rules who may see and do what. Every right in Lyceum is decided by a function here.

use std::sync::Arc;

use super::{
    accounts::{User, UserId},
    error::{AuthFailure, Error, Result},
    sessions::{SessionId, Transport},
};

#[derive(Clone, Debug)]
pub enum Viewer {
    Anonymous,
    User(SignedIn),
}

/// A person whose session was found alive when the request came in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub user: Arc<User>,
    pub session: SessionId,
    /// How the request showed it.
    pub transport: Transport,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    User,
    Moderator,
    Admin,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::Moderator => "MODERATOR",
            Self::Admin => "ADMIN",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::User, Self::Moderator, Self::Admin].into_iter().find(|role| role.as_str() == text)
    }
}

impl Viewer {
    pub fn signed_in(&self) -> Result<&SignedIn> {
        match self {
            Self::User(signed_in) => Ok(signed_in),
            Self::Anonymous => Err(Error::Unauthenticated(AuthFailure::Missing)),
        }
    }

    /// What somebody wrote: the author's matter, or that of somebody with at least this role. Nobody's belongs to
    /// the latter alone.
    pub fn owner_or(&self, author: Option<uuid::Uuid>, role: Role) -> Result<()> {
        let viewer = self.signed_in()?;
        let own = author == Some(viewer.user.id.0);
        if own || viewer.user.role >= role { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// Somebody with at least this role.
    pub fn require(&self, role: Role) -> Result<&SignedIn> {
        let viewer = self.signed_in()?;
        if viewer.user.role >= role { Ok(viewer) } else { Err(Error::Forbidden) }
    }

    /// The person's own matter, or that of somebody with at least this role.
    pub fn self_or(&self, owner: UserId, role: Role) -> Result<()> {
        let viewer = self.signed_in()?;
        if viewer.user.id == owner || viewer.user.role >= role { Ok(()) } else { Err(Error::Forbidden) }
    }
}
