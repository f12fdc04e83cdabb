//! What people change about their own accounts.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    context::ContextExt as _,
    cost::cost,
    error::UserError,
    management::DeletedContent,
    node::{Kind, global_id},
    payload::{Guarded, Payload, answer},
    straight::Shown,
    users::User,
};
use crate::core::accounts::{deletion, password_change, username_change};

/// A new password, and the one before it.
#[derive(InputObject)]
struct ChangePasswordInput {
    /// The password as it is now.
    current_password: String,
    /// 8 to 128 characters, and hard to guess.
    new_password: String,
}

/// The answer to a new password. The session of the request goes on; all others have ended.
#[derive(Default, SimpleObject)]
struct ChangePasswordPayload {
    /// You, as you are now.
    user: Option<Shown<User>>,
    /// The sessions that have ended. Their tokens fail from the next request on.
    ended_session_ids: Option<Vec<ID>>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// Another username.
#[derive(InputObject)]
struct ChangeUsernameInput {
    /// 3 to 32 letters, digits and underscores; unique without regard to case.
    username: String,
}

/// The answer to another username. The one before is free at once.
#[derive(Default, SimpleObject)]
struct ChangeUsernamePayload {
    /// You, as you are now.
    user: Option<Shown<User>>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// The end of one's own account.
#[derive(InputObject)]
struct DeleteAccountInput {
    /// The password as it is now.
    password: String,
    /// What becomes of posts and comments.
    #[graphql(default_with = "DeletedContent::KeepAnonymised")]
    content: DeletedContent,
}

/// The answer to the end of one's own account.
#[derive(Default, SimpleObject)]
struct DeleteAccountPayload {
    /// The id of what is gone.
    deleted_user_id: Option<ID>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

super::payload::payloads!(ChangePasswordPayload, ChangeUsernamePayload, DeleteAccountPayload);

#[derive(Default)]
pub struct AccountMutations;

#[Object]
impl AccountMutations {
    /// Sets a new password, by the current one. Every other session ends, the links to reset the password are void, and
    /// a mail tells the owner. Wrong passwords count as failed logins do: `RATE_LIMITED` after a few.
    #[graphql(directive = cost::apply("100".to_owned()))]
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The two passwords.")] input: ChangePasswordInput,
    ) -> Guarded<ChangePasswordPayload> {
        let ChangePasswordInput { current_password, new_password } = input;
        let done = async {
            let (core, viewer, origin) = (ctx.core()?, ctx.viewer()?, ctx.origin()?);
            password_change::change_password(core, viewer, origin, &current_password, &new_password).await
        };
        answer(done.await, |changed| ChangePasswordPayload {
            user: Some(User::new(changed.user).into()),
            ended_session_ids: Some(changed.ended.into_iter().map(|id| global_id(Kind::Session, id.0)).collect()),
            user_errors: Vec::new(),
        })
    }
    /// Sets another username. `RESERVED` is one that is kept for the site, or could be taken for that of a moderator or an
    /// administrator. Your own in another case is always free.
    async fn change_username(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The username.")] input: ChangeUsernameInput,
    ) -> Guarded<ChangeUsernamePayload> {
        let done = async {
            username_change::change_username(ctx.core()?, ctx.viewer()?, ctx.origin()?, &input.username).await
        };
        answer(done.await, |user| ChangeUsernamePayload { user: Some(User::new(user).into()), user_errors: Vec::new() })
    }

    /// Deletes your account and everything that belongs to it, at once and for ever. Every session ends, the username
    /// and the e-mail address are free again, and a farewell goes to that address.
    #[graphql(directive = cost::apply("100".to_owned()))]
    async fn delete_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The password, and what becomes of the content.")] input: DeleteAccountInput,
    ) -> Guarded<DeleteAccountPayload> {
        let done = async {
            let (core, viewer, origin) = (ctx.core()?, ctx.viewer()?, ctx.origin()?);
            let id = deletion::delete_account(core, viewer, origin, &input.password, input.content.into()).await?;
            ctx.cookie()?.forget(viewer, &[viewer.signed_in()?.session]);
            Ok(id)
        };
        answer(done.await, |id| DeleteAccountPayload {
            deleted_user_id: Some(global_id(Kind::User, id.0)),
            user_errors: Vec::new(),
        })
    }
}
