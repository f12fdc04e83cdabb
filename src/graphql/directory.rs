//! Finding users: oneself, one of them, and the list for who looks after the site.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object};

use super::{
    connection::{OrderDirection, connection, new_edge},
    context::ContextExt as _,
    cost::{self, list_size},
    node::{Kind, local_id},
    payload::{Guarded, guarded},
    straight::Shown,
    users::{Role, User},
};
use crate::core::{
    Result,
    accounts::{self, UserId, directory},
    page::{Cursors, PageRequest},
    viewer::{self, Viewer},
};

/// Which users.
#[derive(Default, InputObject)]
pub(super) struct UserFilter {
    /// Only those with this role.
    role: Option<Role>,
    /// Only those with every one of these words, or parts of words, in the username or the names; for administrators
    /// in the e-mail address too.
    search: Option<String>,
    /// Only those that are, or are not, suspended now.
    suspended: Option<bool>,
    /// Only those whose e-mail address is, or is not, verified.
    email_verified: Option<bool>,
}

impl From<UserFilter> for directory::Filter {
    fn from(filter: UserFilter) -> Self {
        Self {
            role: filter.role.map(viewer::Role::from),
            search: filter.search.filter(|search| !search.trim().is_empty()),
            suspended: filter.suspended,
            email_verified: filter.email_verified,
        }
    }
}

/// What users are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "directory::Field")]
pub(super) enum UserOrderField {
    /// When their accounts were made.
    CreatedAt,
    /// Their usernames, without regard to case.
    Username,
}

/// The order of users.
#[derive(InputObject)]
pub(super) struct UserOrder {
    /// What to go by.
    field: UserOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Desc")]
    direction: OrderDirection,
}

/// How many users a list has.
pub(super) struct Counted(directory::Filter);

impl Counted {
    async fn count(&self, ctx: &Context<'_>) -> Result<u64> {
        directory::count(ctx.core()?, ctx.viewer()?, &self.0).await
    }
}

connection!(UserConnection, UserEdge, User, accounts::User, Counted);
new_edge!(UserEdge, accounts::User);

/// The place of a new user in `users`, as it comes without filter and order.
pub(super) fn edge_of_new(ctx: &Context<'_>, user: Arc<accounts::User>) -> Result<UserEdge<'static>> {
    Ok(UserEdge::of_new(user, cursors(ctx, directory::Order::default(), &directory::Filter::default())?))
}

fn cursors(ctx: &Context<'_>, order: directory::Order, filter: &directory::Filter) -> Result<Cursors> {
    Ok(Cursors::new(&ctx.core()?.keys, format!("users {order:?} {filter:?}"), ctx.viewer()?))
}

#[derive(Default)]
pub struct UserQueries;

#[Object]
impl UserQueries {
    /// Who is signed in; null when nobody is.
    async fn me(&self, ctx: &Context<'_>) -> Guarded<Shown<User>> {
        let myself = |viewer: &Viewer| viewer.signed_in().ok().map(|viewer| User::new(viewer.user.clone()).into());
        guarded(ctx.viewer().map(myself))
    }

    /// A user by the id; null when there is none.
    async fn user(&self, ctx: &Context<'_>, #[graphql(desc = "The global id.")] id: ID) -> Guarded<Shown<User>> {
        let found = async {
            let Some(id) = local_id(Kind::User, &id).map(UserId) else { return Ok(None) };
            let mut found = directory::by_ids(ctx.core()?, &[id]).await?;
            Ok(found.remove(&id).map(|user| User::new(user).into()))
        };
        guarded(found.await)
    }

    /// A user by the username, without regard to case; null when there is none.
    async fn user_by_username(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The username.")] username: String,
    ) -> Guarded<Shown<User>> {
        let found = async { directory::find_by_username(ctx.core()?, &username).await };
        guarded(found.await.map(|user| user.map(|user| User::new(user).into())))
    }

    /// All users, the newest first. Only for moderators and administrators.
    #[graphql(directive = list_size::apply(20, Some(cost::slicing()), Some(cost::sized()), false))]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the front: 0 to 100; 20 without a word.")] first: Option<i32>,
        #[graphql(desc = "The cursor to go on from.")] after: Option<String>,
        #[graphql(desc = "How many, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to go back from.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<UserFilter>,
        #[graphql(desc = "The order; the newest first without a word.")] order_by: Option<UserOrder>,
    ) -> Guarded<UserConnection> {
        let found = async {
            let (core, viewer) = (ctx.core()?, ctx.viewer()?);
            viewer.require(viewer::Role::Moderator)?;
            let filter = directory::Filter::from(filter.unwrap_or_default());
            let order = order_by.map_or_else(directory::Order::default, |order| directory::Order {
                field: order.field.into(),
                direction: order.direction.into(),
            });
            let cursors = cursors(ctx, order, &filter)?;
            let window = PageRequest { first, after, last, before }.window(&cursors, &order.sort())?;
            let page = directory::list(core, viewer, &window, order, &filter).await?;
            Ok(Some(UserConnection::new(page, cursors, Counted(filter))))
        };
        guarded(found.await)
    }
}
