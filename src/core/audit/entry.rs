//! What an event is: on its way into the log, and as it comes back.

use sea_orm::{
    DeriveActiveEnum, DeriveValueType, EnumIter,
    prelude::{StringLen, Uuid},
};
use serde::{Deserialize, Serialize};

use crate::core::{Origin, accounts::UserId, clock::Time, viewer::Viewer};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, DeriveValueType)]
pub struct EventId(pub Uuid);

/// What was done, by the name of the mutation that does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(32))", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    Signup,
    VerifyEmail,
    ResendVerificationEmail,
    Login,
    RefreshSession,
    /// A refresh token came back after its use, so two parties held it.
    RefreshTokenReuse,
    Logout,
    RevokeSession,
    ForgotPassword,
    ResetPassword,
    ChangePassword,
    ChangeEmail,
    ConfirmEmailChange,
    CancelEmailChange,
    ChangeUsername,
    DeleteAccount,
    CreateUser,
    UpdateUser,
    DeleteUser,
    SetUserRole,
    SuspendUser,
    ReinstateUser,
    UpdatePost,
    DeletePost,
    UpdateComment,
    DeleteComment,
    /// Only when it was asked too often, like the next one.
    UsernameAvailable,
    EmailAvailable,
    /// Only when there were too many.
    UploadAvatar,
    /// At the command line: an account from a file.
    ImportUser,
    /// At the command line: a link that sets a new password.
    CreateResetLink,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    Success,
    /// The password, the token or the code was not right, or the account is not to be let in.
    Failure,
    /// There were too many attempts.
    Throttled,
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Somebody who has not shown who it is.
    Anonymous,
    User(UserId),
    /// Who runs the server.
    Operator,
}

/// Who does something, and from where: nobody's request has an origin at the command line.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(super) actor: Actor,
    pub(super) origin: Option<&'a Origin>,
}

impl Actor {
    /// Of a user.
    pub(super) fn id(self) -> Option<Uuid> {
        if let Self::User(user) = self { Some(user.0) } else { None }
    }
}

impl<'a> Source<'a> {
    pub(crate) fn anonymous(origin: &'a Origin) -> Self {
        Self { actor: Actor::Anonymous, origin: Some(origin) }
    }

    /// Somebody who is signed in, or has just shown who it is.
    pub(crate) fn user(user: UserId, origin: &'a Origin) -> Self {
        Self { actor: Actor::User(user), origin: Some(origin) }
    }

    pub(crate) fn operator() -> Self {
        Self { actor: Actor::Operator, origin: None }
    }

    pub(crate) fn viewer(viewer: &Viewer, origin: &'a Origin) -> Self {
        let actor = viewer.actor();
        Self { actor, origin: (actor != Actor::Operator).then_some(origin) }
    }
}

/// What is to be noted.
#[derive(Clone, Debug)]
pub struct Entry {
    pub(super) kind: Kind,
    pub(super) outcome: Outcome,
    pub(super) user: Option<UserId>,
    pub(super) object: Option<Uuid>,
    pub(super) changes: Vec<Change>,
}

impl Entry {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, outcome: Outcome::Success, user: None, object: None, changes: Vec::new() }
    }

    /// Whose matter it is.
    #[must_use]
    pub(crate) fn about(self, user: impl Into<Option<UserId>>) -> Self {
        Self { user: user.into(), ..self }
    }

    /// The session, post or comment that it was done to.
    #[must_use]
    pub(crate) fn at(self, object: Uuid) -> Self {
        Self { object: Some(object), ..self }
    }

    #[must_use]
    pub(crate) fn changing(self, changes: Vec<Change>) -> Self {
        Self { changes, ..self }
    }

    #[must_use]
    pub(crate) fn ending(self, outcome: Outcome) -> Self {
        Self { outcome, ..self }
    }
}

/// One thing that is another than before. Its values stand beside it where they are neither secret nor personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub field: Field,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Field {
    Username,
    Email,
    FirstName,
    LastName,
    Role,
    SuspendedUntil,
    Title,
    Body,
    Status,
}

impl Change {
    pub(crate) fn of(field: Field) -> Self {
        Self { field, from: None, to: None }
    }

    pub(crate) fn from_to(field: Field, from: impl Into<Option<String>>, to: impl Into<Option<String>>) -> Self {
        Self { field, from: from.into(), to: to.into() }
    }
}

/// An event of the log.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub id: EventId,
    pub kind: Kind,
    pub outcome: Outcome,
    pub created_at: Time,
    pub actor: Actor,
    pub user: Option<UserId>,
    pub object: Option<Uuid>,
    pub changes: Vec<Change>,
    /// None once it is forgotten, and to whom it is not told.
    pub origin: Option<RequestOrigin>,
    /// How many refused attempts before this one found no room.
    pub omitted_before: u64,
}

/// Where the request came from, as it was kept.
#[derive(Clone, Debug)]
pub struct RequestOrigin {
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: Option<String>,
}
