//! Sessions: the object, login, refresh, logout.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use super::{
    context::ContextExt as _,
    error::UserError,
    node::{Kind, global_id},
    payload::{Guarded, Payload, answer},
    scalars::DateTime,
    users::User,
};
use crate::core::{
    accounts::login::{self, Credentials},
    sessions::{self, Opened, Scope},
};

/// A signed-in device. It never shows a token.
#[derive(SimpleObject)]
struct Session {
    /// The global id.
    id: ID,
    /// When the login was.
    created_at: DateTime,
    /// When it was last used.
    last_used_at: DateTime,
    /// When it ends, unless it is used before.
    expires_at: DateTime,
    /// The name that the device was given at login.
    device_name: Option<String>,
    /// The browser or program, as it called itself at login.
    user_agent: Option<String>,
    /// The address that the login came from.
    ip_address: Option<String>,
    /// Whether this is the session of the request, or the one that the answer opens.
    current: bool,
}

impl Session {
    fn of_request(session: sessions::Session) -> Self {
        Self {
            id: global_id(Kind::Session, session.id.0),
            created_at: session.created_at.into(),
            last_used_at: session.last_used_at.into(),
            expires_at: session.expires_at.into(),
            device_name: session.device_name,
            user_agent: session.user_agent,
            ip_address: session.ip_address,
            current: true,
        }
    }
}

/// Who logs in.
#[derive(InputObject)]
struct LoginInput {
    /// The username or the e-mail address.
    identifier: String,
    /// The password.
    password: String,
    /// A name for this device in the list of sessions, up to 64 characters.
    device_name: Option<String>,
}

/// What opens a session: shown this once.
#[derive(Default, SimpleObject)]
pub(super) struct Opening {
    /// For the header `Authorization: Bearer …`.
    access_token: Option<String>,
    /// Until when the access token is good.
    access_token_expires_at: Option<DateTime>,
    /// For `refreshSession`; good once.
    refresh_token: Option<String>,
    /// The session.
    session: Option<Session>,
    /// Who is signed in.
    user: Option<User>,
}

impl From<Opened> for Opening {
    fn from(opened: Opened) -> Self {
        Self {
            access_token: Some(opened.access.token),
            access_token_expires_at: Some(opened.access.expires_at.into()),
            refresh_token: Some(opened.refresh_token),
            session: Some(Session::of_request(opened.session)),
            user: Some(User::to_oneself(opened.user)),
        }
    }
}

/// The answer to a login. Its tokens are shown this once.
#[derive(Default, SimpleObject)]
struct LoginPayload {
    #[graphql(flatten)]
    opening: Opening,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// The token that is due for its successor.
#[derive(InputObject)]
struct RefreshSessionInput {
    /// The refresh token of the last login or refresh.
    refresh_token: String,
}

/// The answer to a refresh: a new pair of tokens. The old refresh token is used up.
#[derive(Default, SimpleObject)]
struct RefreshSessionPayload {
    #[graphql(flatten)]
    opening: Opening,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// Which sessions a logout ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Scope")]
enum LogoutScope {
    /// The session of the request.
    Current,
    /// All but the session of the request.
    Others,
    /// All.
    All,
}

/// The answer to a logout.
#[derive(Default, SimpleObject)]
struct LogoutPayload {
    /// The sessions that have ended. Their tokens fail from the next request on.
    ended_session_ids: Option<Vec<ID>>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

super::payload::payloads!(LoginPayload, RefreshSessionPayload, LogoutPayload);

#[derive(Default)]
pub struct SessionMutations;

#[Object]
impl SessionMutations {
    /// Signs in by username or e-mail address.
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who logs in.")] input: LoginInput,
    ) -> Guarded<LoginPayload> {
        let LoginInput { identifier, password, device_name } = input;
        let credentials = Credentials { identifier, password, device_name };
        let done = async { login::login(ctx.core()?, ctx.origin()?, credentials).await };
        answer(done.await, |opened| LoginPayload { opening: opened.into(), user_errors: Vec::new() })
    }

    /// Exchanges a refresh token for a new pair of tokens.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token that is due.")] input: RefreshSessionInput,
    ) -> Guarded<RefreshSessionPayload> {
        let done = async { sessions::refresh(ctx.core()?, ctx.origin()?, &input.refresh_token).await };
        answer(done.await, |opened| RefreshSessionPayload { opening: opened.into(), user_errors: Vec::new() })
    }

    /// Ends sessions: this one, the others, or all.
    async fn logout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which sessions to end.", default_with = "LogoutScope::Current")] scope: LogoutScope,
    ) -> Guarded<LogoutPayload> {
        let done = async { sessions::logout(ctx.core()?, ctx.viewer()?, scope.into()).await };
        answer(done.await, |ended| LogoutPayload {
            ended_session_ids: Some(ended.into_iter().map(|id| global_id(Kind::Session, id.0)).collect()),
            user_errors: Vec::new(),
        })
    }
}
