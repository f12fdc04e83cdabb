//! Becoming a user: sign-up, proof of the e-mail address, and the live check of names.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::{
    context::ContextExt as _,
    cost::cost,
    error::{ApiError, UserError},
    payload::{Guarded, Payload, answer},
    sessions::{Opening, SessionTransport, new_session},
    users::User,
};
use crate::core::accounts::{
    availability,
    one_time::Proof,
    signup::{self, NewAccount, SignedUp},
    verification,
};

/// A new account.
#[derive(InputObject)]
struct SignupInput {
    /// 3 to 32 letters, digits and underscores; unique without regard to case.
    username: String,
    /// The e-mail address; unique without regard to case.
    email: String,
    /// 8 to 128 characters, and hard to guess.
    password: String,
    /// The first name, 1 to 64 characters.
    first_name: String,
    /// The last name, 1 to 64 characters.
    last_name: String,
    /// How the session is to be carried, where a sign-up signs in.
    #[graphql(default_with = "SessionTransport::Bearer")]
    transport: SessionTransport,
    /// A name for this device in the list of sessions, up to 64 characters.
    device_name: Option<String>,
}

/// The answer to a sign-up. It also signs in where no proof is asked for and strangers may learn who has an account;
/// elsewhere user, session and tokens are null, and the answer is the same for a taken address, whose owner gets a mail.
#[derive(Default, SimpleObject)]
struct SignupPayload {
    /// The address that a mail is on its way to.
    email: Option<String>,
    #[graphql(flatten)]
    opening: Opening,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// Proof that a mail arrived: either `token`, or `email` and `code`.
#[derive(InputObject)]
struct VerifyEmailInput {
    /// The token in the mail's link.
    token: Option<String>,
    /// The address that the mail went to.
    email: Option<String>,
    /// The eight digits in the mail.
    code: Option<String>,
}

/// The answer to a proof.
#[derive(Default, SimpleObject)]
struct VerifyEmailPayload {
    /// The user whose address is verified now.
    user: Option<User>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// Who wants the verification mail once more.
#[derive(InputObject)]
struct ResendVerificationEmailInput {
    /// The address of the account.
    email: String,
}

/// The answer to the wish for another mail: the same whether there is something to verify or not.
#[derive(Default, SimpleObject)]
struct ResendVerificationEmailPayload {
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

super::payload::payloads!(SignupPayload, VerifyEmailPayload, ResendVerificationEmailPayload);

#[derive(Default)]
pub struct AdmissionMutations;

#[Object]
impl AdmissionMutations {
    /// Makes an account. Its e-mail address is verified by the mail that follows.
    #[graphql(directive = cost::apply("100".to_owned()))]
    async fn signup(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new account.")] input: SignupInput,
    ) -> Guarded<SignupPayload> {
        let SignupInput { username, email, password, first_name, last_name, transport, device_name } = input;
        let new = NewAccount { username, email, password, first_name, last_name };
        let done = async {
            let session = new_session(ctx, transport, device_name)?;
            let SignedUp { email, opened } = signup::signup(ctx.core()?, ctx.origin()?, new, session).await?;
            let opening = opened.map(|opened| Opening::new(ctx, opened)).transpose()?;
            Ok((email, opening.unwrap_or_default()))
        };
        answer(done.await, |(email, opening)| SignupPayload {
            email: Some(email.as_str().to_owned()),
            opening,
            user_errors: Vec::new(),
        })
    }

    /// Proves an e-mail address by the link's token or by the short code.
    async fn verify_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proof.")] input: VerifyEmailInput,
    ) -> Guarded<VerifyEmailPayload> {
        let done = async {
            let proof = Proof::parse(input.token.as_deref(), input.email.as_deref(), input.code.as_deref())?;
            verification::verify_email(ctx.core()?, ctx.origin()?, proof).await
        };
        answer(done.await, |user| VerifyEmailPayload { user: Some(User::to_oneself(user)), user_errors: Vec::new() })
    }

    /// Sends the verification mail once more.
    async fn resend_verification_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose address it is.")] input: ResendVerificationEmailInput,
    ) -> Guarded<ResendVerificationEmailPayload> {
        let done = async { verification::resend_verification_email(ctx.core()?, ctx.origin()?, &input.email).await };
        answer(done.await, |()| ResendVerificationEmailPayload::default())
    }
}

#[derive(Default)]
pub struct AvailabilityQueries;

#[Object]
impl AvailabilityQueries {
    /// Whether somebody can sign up with this username: it is well formed, not reserved, and free.
    async fn username_available(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The username, as it would be typed at sign-up.")] username: String,
    ) -> Result<bool, ApiError> {
        Ok(availability::username_available(ctx.core()?, ctx.origin()?, &username).await?)
    }

    /// Whether nobody has an account with this e-mail address. `FORBIDDEN` unless the server runs with
    /// `ACCOUNT_DISCLOSURE=friendly`.
    async fn email_available(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The e-mail address.")] email: String,
    ) -> Result<bool, ApiError> {
        Ok(availability::email_available(ctx.core()?, ctx.origin()?, &email).await?)
    }
}
