//! What administrators do with accounts.

use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject};

use super::{
    context::ContextExt as _,
    cost::cost,
    directory::{self, UserEdge},
    error::UserError,
    node::{Kind, global_id, id_of},
    payload::{Guarded, Payload, answer, given},
    scalars::DateTime,
    straight::Shown,
    users::{Role, User},
};
use crate::core::{
    Origin, Result,
    accounts::{
        UserId,
        deletion::{self, Content},
        management::{self, Change, Suspension},
        signup::NewAccount,
    },
    error::Faults,
    viewer::{self, Viewer},
};

/// A new user, whose e-mail address counts as verified.
#[derive(InputObject)]
struct CreateUserInput {
    /// 3 to 32 letters, digits and underscores; reserved names too.
    username: String,
    /// The e-mail address.
    email: String,
    /// 8 to 128 characters, and hard to guess.
    password: String,
    /// The first name, 1 to 64 characters.
    first_name: String,
    /// The last name, 1 to 64 characters.
    last_name: String,
    /// What the user may do.
    #[graphql(default_with = "Role::User")]
    role: Role,
}

/// What is to be changed of a user; what is absent stays.
#[derive(InputObject)]
struct UpdateUserInput {
    /// Which user.
    id: ID,
    /// 3 to 32 letters, digits and underscores.
    username: MaybeUndefined<String>,
    /// The e-mail address; it counts as verified.
    email: MaybeUndefined<String>,
    /// The first name, 1 to 64 characters.
    first_name: MaybeUndefined<String>,
    /// The last name, 1 to 64 characters.
    last_name: MaybeUndefined<String>,
}

/// What becomes of what somebody wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Content")]
pub(super) enum DeletedContent {
    /// Posts and comments stay, with nobody as their author.
    KeepAnonymised,
    /// Posts and comments go too, and the comments under those posts.
    Delete,
}

/// An account to delete.
#[derive(InputObject)]
struct DeleteUserInput {
    /// Which user.
    id: ID,
    /// What becomes of posts and comments.
    #[graphql(default_with = "DeletedContent::KeepAnonymised")]
    content: DeletedContent,
}

/// A user's new role.
#[derive(InputObject)]
struct SetUserRoleInput {
    /// Which user.
    id: ID,
    /// What the user may do from the next request on.
    role: Role,
}

/// A suspension.
#[derive(InputObject)]
struct SuspendUserInput {
    /// Which user.
    id: ID,
    /// Until when; without an end when there is none.
    until: Option<DateTime>,
    /// Why, up to 500 characters; told to the user at login.
    reason: Option<String>,
}

/// The end of a suspension.
#[derive(InputObject)]
struct ReinstateUserInput {
    /// Which user.
    id: ID,
}

/// The answer to a new user.
#[derive(Default, SimpleObject)]
struct CreateUserPayload {
    /// The user.
    user: Option<Shown<User>>,
    /// The user with its place in `users` as it comes without filter and order, for the front of that list.
    user_edge: Option<UserEdge<'static>>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// The answer to a change of a user.
#[derive(Default, SimpleObject)]
struct UpdateUserPayload {
    /// The user as it is now.
    user: Option<Shown<User>>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// The answer to the end of an account.
#[derive(Default, SimpleObject)]
struct DeleteUserPayload {
    /// The id of what is gone.
    deleted_user_id: Option<ID>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// The answer to a change of a role.
#[derive(Default, SimpleObject)]
struct SetUserRolePayload {
    /// The user as it is now.
    user: Option<Shown<User>>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// The answer to a suspension.
#[derive(Default, SimpleObject)]
struct SuspendUserPayload {
    /// The user as it is now.
    user: Option<Shown<User>>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// The answer to the end of a suspension.
#[derive(Default, SimpleObject)]
struct ReinstateUserPayload {
    /// The user as it is now.
    user: Option<Shown<User>>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

super::payload::payloads!(
    CreateUserPayload,
    UpdateUserPayload,
    DeleteUserPayload,
    SetUserRolePayload,
    SuspendUserPayload,
    ReinstateUserPayload,
);

/// The administrator, and the user that is meant: in this order, so that strangers learn nothing from ids.
fn meant<'a>(ctx: &Context<'a>, id: &ID) -> Result<(&'a Viewer, &'a Origin, UserId)> {
    let viewer = ctx.viewer()?;
    viewer.require(viewer::Role::Admin)?;
    Ok((viewer, ctx.origin()?, UserId(id_of(Kind::User, id)?)))
}

#[derive(Default)]
pub struct ManagementMutations;

#[Object]
impl ManagementMutations {
    /// Makes a user. Only for administrators.
    #[graphql(directive = cost::apply("100".to_owned()))]
    async fn create_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user.")] input: CreateUserInput,
    ) -> Guarded<CreateUserPayload> {
        let CreateUserInput { username, email, password, first_name, last_name, role } = input;
        let new = NewAccount { username, email, password, first_name, last_name };
        let done = async {
            let user = management::create(ctx.core()?, ctx.viewer()?, ctx.origin()?, new, role.into()).await?;
            let edge = directory::edge_of_new(ctx, user.clone())?;
            Ok((User::new(user).into(), edge))
        };
        answer(done.await, |(user, edge)| CreateUserPayload {
            user: Some(user),
            user_edge: Some(edge),
            user_errors: Vec::new(),
        })
    }

    /// Changes a user. Only for administrators.
    async fn update_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user and what is to be changed.")] input: UpdateUserInput,
    ) -> Guarded<UpdateUserPayload> {
        let done = async {
            let (viewer, origin, id) = meant(ctx, &input.id)?;
            let mut faults = Faults::default();
            let change = Change {
                username: given(&mut faults, "username", input.username),
                email: given(&mut faults, "email", input.email),
                first_name: given(&mut faults, "firstName", input.first_name),
                last_name: given(&mut faults, "lastName", input.last_name),
                faults,
            };
            management::update(ctx.core()?, viewer, origin, id, change).await
        };
        answer(done.await, |user| UpdateUserPayload { user: Some(User::new(user).into()), user_errors: Vec::new() })
    }

    /// Deletes an account and everything that belongs to it. Only for administrators.
    async fn delete_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user and what becomes of the content.")] input: DeleteUserInput,
    ) -> Guarded<DeleteUserPayload> {
        let done = async {
            let (viewer, origin, id) = meant(ctx, &input.id)?;
            deletion::delete_user(ctx.core()?, viewer, origin, id, input.content.into()).await
        };
        answer(done.await, |id| DeleteUserPayload {
            deleted_user_id: Some(global_id(Kind::User, id.0)),
            user_errors: Vec::new(),
        })
    }

    /// Gives a user another role, from the next request on. Only for administrators.
    async fn set_user_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user and the role.")] input: SetUserRoleInput,
    ) -> Guarded<SetUserRolePayload> {
        let done = async {
            let (viewer, origin, id) = meant(ctx, &input.id)?;
            management::set_role(ctx.core()?, viewer, origin, id, input.role.into()).await
        };
        answer(done.await, |user| SetUserRolePayload { user: Some(User::new(user).into()), user_errors: Vec::new() })
    }

    /// Shuts a user out, from the next request on. Only for administrators.
    async fn suspend_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user, until when and why.")] input: SuspendUserInput,
    ) -> Guarded<SuspendUserPayload> {
        let done = async {
            let (viewer, origin, id) = meant(ctx, &input.id)?;
            let suspension = Suspension { until: input.until.map(DateTime::time), reason: input.reason };
            management::suspend(ctx.core()?, viewer, origin, id, suspension).await
        };
        answer(done.await, |user| SuspendUserPayload { user: Some(User::new(user).into()), user_errors: Vec::new() })
    }

    /// Lets a suspended user in again. Only for administrators.
    async fn reinstate_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user.")] input: ReinstateUserInput,
    ) -> Guarded<ReinstateUserPayload> {
        let done = async {
            let (viewer, origin, id) = meant(ctx, &input.id)?;
            management::reinstate(ctx.core()?, viewer, origin, id).await
        };
        answer(done.await, |user| ReinstateUserPayload { user: Some(User::new(user).into()), user_errors: Vec::new() })
    }
}
