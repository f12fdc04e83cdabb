//! What people change about their own accounts.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    context::ContextExt as _,
    error::UserError,
    node::{Kind, Shown, global_id},
    payload::{Guarded, Payload, answer},
    users::User,
};
use crate::core::accounts::password_change;

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

super::payload::payloads!(ChangePasswordPayload);

#[derive(Default)]
pub struct AccountMutations;

#[Object]
impl AccountMutations {
    /// Sets a new password, by the current one. Every other session ends, the links to reset the password are void, and
    /// a mail tells the owner. Wrong passwords count as failed logins do: `RATE_LIMITED` after a few.
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
}
