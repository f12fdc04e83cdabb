//! Users: the object, whose private half is for oneself and for administrators.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, ScalarType as _, Value, resolver_utils::enum_value};

use super::{
    audit::{AuditEventConnection, activity_of},
    comments::{CommentConnection, CommentOrder, comments_of},
    connection::OrderDirection,
    context::ContextExt,
    cost::{self, list_size},
    error::ApiError,
    loaders::PostsOf,
    node::{Kind, global_id},
    payload::{Guarded, guarded},
    pictures::AvatarSize,
    posts::{self, PostConnection, PostOrder},
    profiles::Profile,
    scalars::DateTime,
    sessions::{SessionConnection, sessions_of},
    straight::{Asked, AtHand, Json, Shown},
};
use crate::core::{
    Error, Result,
    accounts::{self, Author, Private},
    comments::Parent,
    page::{Cursors, PageRequest},
    pictures,
    viewer::{self, Oneself, PrivateAccess},
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
#[derive(Clone)]
pub(super) struct User {
    user: Author,
    /// Where this is the answer to who just proved to be this user, and is not the viewer yet.
    access: Option<PrivateAccess>,
}

impl User {
    /// The fields that a named author has.
    pub(super) const NAME: [&str; 3] = ["__typename", "id", "username"];

    pub(super) fn new(user: impl Into<Author>) -> Self {
        Self { user: user.into(), access: None }
    }

    pub(super) fn to_oneself(Oneself { user, access }: Oneself) -> Self {
        Self { user: user.into(), access: Some(access) }
    }

    /// The rows came with names; the loader brings them all whole.
    async fn whole(&self, ctx: &Context<'_>) -> Result<Arc<accounts::User>> {
        match self.user.whole() {
            Some(user) => Ok(user.clone()),
            None => ctx.loaders()?.users.load(self.user.id()).await?.ok_or(Error::NotFound),
        }
    }

    pub(super) fn private_access<'c>(&self, ctx: &impl ContextExt<'c>) -> Result<PrivateAccess> {
        self.access.map_or_else(|| ctx.viewer()?.private_access(self.user.id()), Ok)
    }

    /// What is at hand of the private half; a refusal is the resolvers' to tell.
    fn private_value(&self, field: &Asked<'_>) -> Option<Value> {
        let private = self.user.whole()?.private(self.private_access(field.ctx).ok()?)?;
        Some(match field.name() {
            "email" => private.email.as_str().into(),
            "emailVerified" => private.email_verified_at.is_some().into(),
            "updatedAt" => DateTime::from(private.updated_at).to_value(),
            "lastLoginAt" => private.last_login_at.map_or(Value::Null, |at| DateTime::from(at).to_value()),
            _ => return None,
        })
    }

    /// What is at hand of somebody who was brought whole.
    fn write_whole(&self, user: &accounts::User, field: &Asked<'_>, out: &mut Json) -> bool {
        match field.name() {
            "firstName" => out.text(&user.first_name),
            "lastName" => out.text(&user.last_name),
            "displayName" => out.text(&user.display_name()),
            "role" => out.value(&enum_value(Role::from(user.role))),
            "createdAt" => out.value(&DateTime::from(user.created_at).to_value()),
            "avatarUrl" if !field.has_arguments() => {
                let Ok(core) = field.ctx.core() else { return false };
                out.value(&pictures::url(core, user, AvatarSize::Medium.into()).map_or(Value::Null, Value::String));
            }
            _ => return self.private_value(field).inspect(|value| out.value(value)).is_some(),
        }
        true
    }

    /// A private field.
    async fn private<T>(&self, ctx: &Context<'_>, value: impl FnOnce(&Private) -> Option<T>) -> Guarded<T> {
        let found = async {
            let access = self.private_access(ctx)?;
            if let Some(private) = self.user.whole().and_then(|user| user.private(access)) {
                return Ok(value(private));
            }
            // The rows came with the public half; the loader brings the other one of them all.
            let whole = ctx.loaders()?.users.load(self.user.id()).await?;
            Ok(whole.and_then(|user| user.private(access).and_then(value)))
        };
        guarded(found.await)
    }
}

impl AtHand for User {
    fn write(&self, field: &Asked<'_>, out: &mut Json) -> bool {
        match field.name() {
            "id" => out.id(Kind::User, self.user.id().0),
            "username" => out.text(self.user.username()),
            _ => return self.user.whole().is_some_and(|user| self.write_whole(user, field, out)),
        }
        true
    }
}

/// Somebody with an account.
#[Object]
impl User {
    /// The global id.
    pub(super) async fn id(&self) -> ID {
        global_id(Kind::User, self.user.id().0)
    }

    /// The unique name, as it was typed at sign-up.
    async fn username(&self) -> &str {
        self.user.username()
    }

    /// The first name.
    async fn first_name(&self, ctx: &Context<'_>) -> Result<String, ApiError> {
        Ok(self.whole(ctx).await?.first_name.clone())
    }

    /// The last name.
    async fn last_name(&self, ctx: &Context<'_>) -> Result<String, ApiError> {
        Ok(self.whole(ctx).await?.last_name.clone())
    }

    /// First and last name together, for display.
    async fn display_name(&self, ctx: &Context<'_>) -> Result<String, ApiError> {
        Ok(self.whole(ctx).await?.display_name())
    }

    /// What the user may do.
    async fn role(&self, ctx: &Context<'_>) -> Result<Role, ApiError> {
        Ok(self.whole(ctx).await?.role.into())
    }

    /// The address of the user's picture, a WebP file that changes no more and may be kept for ever; null without a
    /// picture.
    async fn avatar_url(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How large.", default_with = "AvatarSize::Medium")] size: AvatarSize,
    ) -> Guarded<String> {
        let found = async { Ok(pictures::url(ctx.core()?, &*self.whole(ctx).await?, size.into())) };
        guarded(found.await)
    }

    /// What the user tells beside the names; everybody has one, and its fields are null until then.
    async fn profile(&self, ctx: &Context<'_>) -> Result<Profile, ApiError> {
        let told = ctx.loaders()?.profiles.load(self.user.id()).await?;
        Ok(Profile { of: self.clone(), told })
    }

    /// The posts that this user wrote and you may see, the newest first.
    #[graphql(directive = list_size::apply(20, Some(cost::slicing()), Some(cost::sized()), false))]
    async fn posts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the front: 0 to 100; 20 without a word.")] first: Option<i32>,
        #[graphql(desc = "The cursor to go on from.")] after: Option<String>,
        #[graphql(desc = "How many, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to go back from.")] before: Option<String>,
        #[graphql(desc = "The order; the newest first without a word.")] order_by: Option<PostOrder>,
    ) -> Guarded<Shown<PostConnection>> {
        let found = async {
            let (author, order) = (self.user.id(), PostOrder::into_domain(order_by));
            let cursors = Cursors::new(&ctx.core()?.keys, format!("posts of {author:?} {order:?}"), ctx.viewer()?);
            let window = PageRequest { first, after, last, before }.window(&cursors, &order.sort())?;
            let key = PostsOf { author, window, order, want: posts::wanted(ctx) };
            let page = ctx.loaders()?.posts_of.load(key).await?;
            Ok(Some(PostConnection::new(page, cursors, posts::Counted::Of(author)).into()))
        };
        guarded(found.await)
    }

    /// The comments that this user wrote and you may see, the newest first.
    #[graphql(directive = list_size::apply(20, Some(cost::slicing()), Some(cost::sized()), false))]
    async fn comments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the front: 0 to 100; 20 without a word.")] first: Option<i32>,
        #[graphql(desc = "The cursor to go on from.")] after: Option<String>,
        #[graphql(desc = "How many, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to go back from.")] before: Option<String>,
        #[graphql(desc = "The order; the newest first without a word.")] order_by: Option<CommentOrder>,
    ) -> Guarded<Shown<CommentConnection>> {
        let request = PageRequest { first, after, last, before };
        let parent = Parent::Author(self.user.id());
        guarded(comments_of(ctx, parent, &request, order_by, OrderDirection::Desc).await.map(Some))
    }

    /// The e-mail address. Only for oneself and for administrators.
    async fn email(&self, ctx: &Context<'_>) -> Guarded<String> {
        self.private(ctx, |private| Some(private.email.clone())).await
    }

    /// Whether the e-mail address was proved. Only for oneself and for administrators.
    async fn email_verified(&self, ctx: &Context<'_>) -> Guarded<bool> {
        self.private(ctx, |private| Some(private.email_verified_at.is_some())).await
    }

    /// The address that is to replace the e-mail address, while it waits to be confirmed (`changeEmail`); else null.
    /// Only for oneself and for administrators.
    async fn pending_email(&self, ctx: &Context<'_>) -> Guarded<String> {
        let found = async {
            let access = self.private_access(ctx)?;
            ctx.loaders()?.waiting_emails.load(access).await
        };
        guarded(found.await)
    }

    /// When the account was made.
    async fn created_at(&self, ctx: &Context<'_>) -> Result<DateTime, ApiError> {
        Ok(self.whole(ctx).await?.created_at.into())
    }

    /// When the account was last changed. Only for oneself and for administrators.
    async fn updated_at(&self, ctx: &Context<'_>) -> Guarded<DateTime> {
        self.private(ctx, |private| Some(private.updated_at.into())).await
    }

    /// When the user last logged in; null before the first time. Only for oneself and for administrators.
    async fn last_login_at(&self, ctx: &Context<'_>) -> Guarded<DateTime> {
        self.private(ctx, |private| private.last_login_at.map(DateTime::from)).await
    }

    /// The devices that are signed in, the newest first. Only for oneself and for administrators.
    #[graphql(directive = list_size::apply(20, Some(cost::slicing()), Some(cost::sized()), false))]
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the front: 0 to 100; 20 without a word.")] first: Option<i32>,
        #[graphql(desc = "The cursor to go on from.")] after: Option<String>,
        #[graphql(desc = "How many, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to go back from.")] before: Option<String>,
    ) -> Guarded<SessionConnection> {
        let found = async {
            let access = self.private_access(ctx)?;
            sessions_of(ctx, access, &PageRequest { first, after, last, before }).await.map(Some)
        };
        guarded(found.await)
    }

    /// What was done with the account and to what the user wrote, and what was tried, the newest first. Only for oneself
    /// and for administrators.
    #[graphql(directive = list_size::apply(20, Some(cost::slicing()), Some(cost::sized()), false))]
    async fn activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the front: 0 to 100; 20 without a word.")] first: Option<i32>,
        #[graphql(desc = "The cursor to go on from.")] after: Option<String>,
        #[graphql(desc = "How many, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to go back from.")] before: Option<String>,
    ) -> Guarded<AuditEventConnection> {
        let found = async {
            activity_of(ctx, self.private_access(ctx)?, &PageRequest { first, after, last, before }).await.map(Some)
        };
        guarded(found.await)
    }

    /// Until when the account is suspended; null when it is not. Only for oneself and for administrators.
    async fn suspended_until(&self, ctx: &Context<'_>) -> Guarded<DateTime> {
        self.private(ctx, |private| private.suspended_until.map(DateTime::from)).await
    }
}
