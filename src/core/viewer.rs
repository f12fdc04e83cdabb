//! Who is asking, and the rules who may see and do what. Every right in Lyceum is decided by a function here.

use std::sync::Arc;

use super::{
    accounts::{User, UserId},
    audit::Actor,
    clock::Time,
    error::{AuthFailure, Error, Result},
    sessions::{SessionId, Transport},
};

#[derive(Clone, Debug)]
pub enum Viewer {
    Anonymous,
    User(SignedIn),
    /// Who runs the server, at its command line. No request is ever theirs.
    Operator,
}

/// A person whose session was found alive when the request came in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub user: Arc<User>,
    pub session: SessionId,
    /// How the request showed it.
    pub transport: Transport,
    /// From when on an access token is refused; a cookie is as good as its session.
    pub token_until: Option<Time>,
}

/// Leave to see what is private about one user. What is private is only told to who holds it, and only the core makes
/// one: the edge can ask for it, not take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PrivateAccess(UserId);

/// A user, for who just proved to be that one, while the request's viewer is nobody yet.
pub struct Oneself {
    pub user: Arc<User>,
    pub access: PrivateAccess,
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
            Self::Operator => Err(Error::Forbidden),
        }
    }

    /// As the audit log knows them.
    pub(super) fn actor(&self) -> Actor {
        match self {
            Self::Anonymous => Actor::Anonymous,
            Self::User(viewer) => Actor::User(viewer.user.id),
            Self::Operator => Actor::Operator,
        }
    }

    /// What somebody wrote: the author's matter, or that of somebody with at least this role. Nobody's belongs to
    /// the latter alone.
    pub fn owner_or(&self, author: Option<uuid::Uuid>, role: Role) -> Result<()> {
        match self {
            Self::User(viewer) if author == Some(viewer.user.id.0) => Ok(()),
            _ => self.require(role),
        }
    }

    /// Somebody with at least this role, or who runs the server.
    pub fn require(&self, role: Role) -> Result<()> {
        match self {
            Self::Anonymous => Err(Error::Unauthenticated(AuthFailure::Missing)),
            Self::User(viewer) if viewer.user.role < role => Err(Error::Forbidden),
            Self::User(_) | Self::Operator => Ok(()),
        }
    }

    /// Who runs the server, and nobody else: what would let an administrator become somebody else.
    pub fn require_operator(&self) -> Result<()> {
        if matches!(self, Self::Operator) { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// What is private about a user is for oneself and for administrators.
    pub fn private_access(&self, user: UserId) -> Result<PrivateAccess> {
        self.self_or(user, Role::Admin)?;
        Ok(PrivateAccess(user))
    }

    /// The person's own matter, or that of somebody with at least this role.
    pub fn self_or(&self, owner: UserId, role: Role) -> Result<()> {
        self.owner_or(Some(owner.0), role)
    }
}

impl PrivateAccess {
    pub fn user(self) -> UserId {
        self.0
    }
}

impl Oneself {
    pub(super) fn proved(user: Arc<User>) -> Self {
        let access = PrivateAccess(user.id);
        Self { user, access }
    }
}
