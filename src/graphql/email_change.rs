//! Another e-mail address: asking for it, and what the two links are good for.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::{
    context::ContextExt as _,
    cost::cost,
    error::UserError,
    payload::{Guarded, Payload, answer},
    scalars::DateTime,
    straight::Shown,
    users::User,
};
use crate::core::accounts::email_change;

/// Another e-mail address.
#[derive(InputObject)]
struct ChangeEmailInput {
    /// The address that is to replace the one there is.
    new_email: String,
    /// The password as it is now.
    current_password: String,
}

/// The answer to the wish for another address. The account has its old one until the new one is confirmed.
#[derive(Default, SimpleObject)]
struct ChangeEmailPayload {
    /// You, with the address in `pendingEmail`.
    user: Option<Shown<User>>,
    /// The address that a mail is on its way to.
    new_email: Option<String>,
    /// Until when it can be confirmed.
    expires_at: Option<DateTime>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// Proof that the mail to the new address arrived.
#[derive(InputObject)]
struct ConfirmEmailChangeInput {
    /// The token in that mail's link.
    token: String,
}

/// The answer to the proof. It signs nobody in.
#[derive(Default, SimpleObject)]
struct ConfirmEmailChangePayload {
    /// The user, with the new address.
    user: Option<User>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// The old address says no.
#[derive(InputObject)]
struct CancelEmailChangeInput {
    /// The token in the link of the mail to the old address.
    token: String,
}

/// The answer to the end of a change.
#[derive(Default, SimpleObject)]
struct CancelEmailChangePayload {
    /// The address that the account keeps, or has again.
    email: Option<String>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

super::payload::payloads!(ChangeEmailPayload, ConfirmEmailChangePayload, CancelEmailChangePayload);

#[derive(Default)]
pub struct EmailChangeMutations;

#[Object]
impl EmailChangeMutations {
    /// Asks for another e-mail address, by the password. A mail with a link goes to the new address, and one with a
    /// link that stops the change to the old one. Another wish replaces this one, and so does a new password.
    /// `RATE_LIMITED` when either address has had too many of these mails.
    #[graphql(directive = cost::apply("100".to_owned()))]
    async fn change_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The address and the password.")] input: ChangeEmailInput,
    ) -> Guarded<ChangeEmailPayload> {
        let ChangeEmailInput { new_email, current_password } = input;
        let done = async {
            let (core, viewer, origin) = (ctx.core()?, ctx.viewer()?, ctx.origin()?);
            email_change::change_email(core, viewer, origin, &new_email, &current_password).await
        };
        answer(done.await, |waiting| ChangeEmailPayload {
            user: Some(User::new(waiting.user).into()),
            new_email: Some(waiting.new_email),
            expires_at: Some(waiting.expires_at.into()),
            user_errors: Vec::new(),
        })
    }

    /// Gives the account its new address, by the link in the mail to it; nobody has to be signed in for that.
    async fn confirm_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proof.")] input: ConfirmEmailChangeInput,
    ) -> Guarded<ConfirmEmailChangePayload> {
        let done = async { email_change::confirm_email_change(ctx.core()?, ctx.origin()?, &input.token).await };
        answer(done.await, |user| ConfirmEmailChangePayload {
            user: Some(User::to_oneself(user)),
            user_errors: Vec::new(),
        })
    }

    /// Stops a change of the address, by the link in the mail to the old one; nobody has to be signed in for that. A
    /// change that was confirmed is undone, with whatever came after it, and every session of the account ends.
    async fn cancel_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The link's token.")] input: CancelEmailChangeInput,
    ) -> Guarded<CancelEmailChangePayload> {
        let done = async { email_change::cancel_email_change(ctx.core()?, ctx.origin()?, &input.token).await };
        answer(done.await, |email| CancelEmailChangePayload { email: Some(email), user_errors: Vec::new() })
    }
}
