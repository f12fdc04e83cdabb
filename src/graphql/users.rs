//! Users: the object, whose private half is for oneself and for administrators, and `me`.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object};

use super::{
    context::ContextExt as _,
    node::{Kind, global_id},
    payload::{Guarded, guarded},
    scalars::DateTime,
};
use crate::core::{
    Result, accounts,
    viewer::{self, Viewer},
};

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "viewer::Role")]
pub(super) enum Role {
    /// Writes posts and comments.
    User,
    /// Also edits and removes what others wrote.
    Moderator,
    /// Also manages users.
    Admin,
}

/// Somebody with an account.
pub(super) struct User {
    user: Arc<accounts::User>,
    /// Whether this is the answer to the person who just proved to be this user, before there is a token.
    to_oneself: bool,
}

impl User {
    pub(super) fn new(user: Arc<accounts::User>) -> Self {
        Self { user, to_oneself: false }
    }

    pub(super) fn to_oneself(user: Arc<accounts::User>) -> Self {
        Self { user, to_oneself: true }
    }

    /// A private field: for oneself and for administrators.
    fn private<T>(&self, ctx: &Context<'_>, value: impl FnOnce(&accounts::User) -> Option<T>) -> Guarded<T> {
        let allowed = || -> Result<()> {
            if self.to_oneself {
                return Ok(());
            }
            ctx.viewer()?.self_or(self.user.id, viewer::Role::Admin)
        };
        guarded(allowed().map(|()| value(&self.user)))
    }
}

/// Somebody with an account.
#[Object]
impl User {
    /// The global id.
    async fn id(&self) -> ID {
        global_id(Kind::User, self.user.id.0)
    }

    /// The unique name, as it was typed at sign-up.
    async fn username(&self) -> &str {
        &self.user.username
    }

    /// The first name.
    async fn first_name(&self) -> &str {
        &self.user.first_name
    }

    /// The last name.
    async fn last_name(&self) -> &str {
        &self.user.last_name
    }

    /// First and last name together, for display.
    async fn display_name(&self) -> String {
        format!("{} {}", self.user.first_name, self.user.last_name)
    }

    /// What the user may do.
    async fn role(&self) -> Role {
        self.user.role.into()
    }

    /// The e-mail address. Only for oneself and for administrators.
    async fn email(&self, ctx: &Context<'_>) -> Guarded<String> {
        self.private(ctx, |user| Some(user.email.clone()))
    }

    /// Whether the e-mail address was proved. Only for oneself and for administrators.
    async fn email_verified(&self, ctx: &Context<'_>) -> Guarded<bool> {
        self.private(ctx, |user| Some(user.email_verified_at.is_some()))
    }

    /// When the account was made.
    async fn created_at(&self) -> DateTime {
        self.user.created_at.into()
    }

    /// When the account was last changed. Only for oneself and for administrators.
    async fn updated_at(&self, ctx: &Context<'_>) -> Guarded<DateTime> {
        self.private(ctx, |user| Some(user.updated_at.into()))
    }

    /// When the user last logged in; null before the first time. Only for oneself and for administrators.
    async fn last_login_at(&self, ctx: &Context<'_>) -> Guarded<DateTime> {
        self.private(ctx, |user| user.last_login_at.map(DateTime::from))
    }

    /// Until when the account is suspended; null when it is not. Only for oneself and for administrators.
    async fn suspended_until(&self, ctx: &Context<'_>) -> Guarded<DateTime> {
        self.private(ctx, |user| user.suspended_until.map(DateTime::from))
    }
}

#[derive(Default)]
pub struct UserQueries;

#[Object]
impl UserQueries {
    /// Who is signed in; null when nobody is.
    async fn me(&self, ctx: &Context<'_>) -> Guarded<User> {
        guarded(ctx.viewer().map(|viewer| match viewer {
            Viewer::User(signed_in) => Some(User::new(signed_in.user.clone())),
            Viewer::Anonymous => None,
        }))
    }
}
