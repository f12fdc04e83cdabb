//! A forgotten password: asking for the mail, and setting a new one.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::{
    context::ContextExt as _,
    cost::cost,
    error::UserError,
    payload::{Guarded, Payload, answer},
};
use crate::core::accounts::{one_time::Proof, recovery};

/// Who forgot a password.
#[derive(InputObject)]
struct ForgotPasswordInput {
    /// The address of the account.
    email: String,
}

/// The answer to a forgotten password: the same whether there is an account or not.
#[derive(Default, SimpleObject)]
struct ForgotPasswordPayload {
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// A new password, and the proof that the mail arrived: either `token`, or `email` and `code`.
#[derive(InputObject)]
struct ResetPasswordInput {
    /// The token in the mail's link.
    token: Option<String>,
    /// The address that the mail went to.
    email: Option<String>,
    /// The eight digits in the mail.
    code: Option<String>,
    /// 8 to 128 characters, and hard to guess.
    new_password: String,
}

/// The answer to a reset. Every session of the account has ended; log in with the new password.
#[derive(Default, SimpleObject)]
struct ResetPasswordPayload {
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

super::payload::payloads!(ForgotPasswordPayload, ResetPasswordPayload);

#[derive(Default)]
pub struct RecoveryMutations;

#[Object]
impl RecoveryMutations {
    /// Sends a mail with a link and a short code to the owner of the account, if there is one.
    async fn forgot_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who forgot it.")] input: ForgotPasswordInput,
    ) -> Guarded<ForgotPasswordPayload> {
        let done = async { recovery::forgot_password(ctx.core()?, ctx.origin()?, &input.email).await };
        answer(done.await, |()| ForgotPasswordPayload::default())
    }

    /// Sets a new password by the link's token or by the short code, and ends every session of the account.
    #[graphql(directive = cost::apply("100".to_owned()))]
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proof and the new password.")] input: ResetPasswordInput,
    ) -> Guarded<ResetPasswordPayload> {
        let done = async {
            let proof = Proof::parse(input.token.as_deref(), input.email.as_deref(), input.code.as_deref())?;
            recovery::reset_password(ctx.core()?, ctx.origin()?, proof, &input.new_password).await
        };
        answer(done.await, |()| ResetPasswordPayload::default())
    }
}
