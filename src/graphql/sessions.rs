//! Sessions: the object, the list, login, refresh, logout.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use super::{
    connection::connection,
    context::ContextExt as _,
    cost::cost,
    error::UserError,
    loaders::SessionsOf,
    node::{Kind, global_id, id_of},
    payload::{Guarded, Payload, answer},
    scalars::DateTime,
    straight::AtHand,
    users::User,
};
use crate::core::{
    Result,
    accounts::login::{self, Credentials},
    page::{Cursors, PageRequest, Sort},
    sessions::{self, Key, NewSession, Opened, Scope, SessionId},
    viewer::{PrivateAccess, Viewer},
};

/// How a session is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sessions::Transport")]
pub(super) enum SessionTransport {
    /// By an access token in the header `Authorization`, and a refresh token for the next one.
    Bearer,
    /// By a cookie that scripts cannot read, for pages in a browser. Requests then need the header `X-Requested-With`,
    /// or a browser that says where they come from.
    Cookie,
}

/// What a login or a sign-up asks for. By cookie it may be refused: see `SessionCookie::for_login`.
pub(super) fn new_session(
    ctx: &Context<'_>,
    transport: SessionTransport,
    device_name: Option<String>,
) -> Result<NewSession> {
    let transport = transport.into();
    let presented = ctx.cookie()?.for_login(transport)?;
    Ok(NewSession { device_name, transport, presented })
}

/// A signed-in device. It never shows a token.
pub(super) struct Session {
    session: Arc<sessions::Session>,
    /// Whether this is the session that the answer opens.
    opened: bool,
}

impl Session {
    pub(super) fn new(session: Arc<sessions::Session>) -> Self {
        Self { session, opened: false }
    }
}

impl AtHand for Session {}

/// A signed-in device. It never shows a token.
#[Object]
impl Session {
    /// The global id.
    pub(super) async fn id(&self) -> ID {
        global_id(Kind::Session, self.session.id.0)
    }

    /// When the login was.
    async fn created_at(&self) -> DateTime {
        self.session.created_at.into()
    }

    /// When it was last used: to the minute with a cookie, at the last refresh with tokens.
    async fn last_used_at(&self) -> DateTime {
        self.session.last_used_at.into()
    }

    /// When it ends, unless it is used before.
    async fn expires_at(&self) -> DateTime {
        self.session.expires_at.into()
    }

    /// The name that the device was given at login.
    async fn device_name(&self) -> Option<&str> {
        self.session.device_name.as_deref()
    }

    /// The browser or program, as it called itself when the session was last used.
    async fn user_agent(&self) -> Option<&str> {
        self.session.user_agent.as_deref()
    }

    /// The address that the session was last used from.
    async fn ip_address(&self) -> Option<&str> {
        self.session.ip_address.as_deref()
    }

    /// Whether this is the session of the request, or the one that the answer opens.
    async fn current(&self, ctx: &Context<'_>) -> bool {
        let viewer = ctx.viewer().and_then(Viewer::signed_in);
        self.opened || viewer.is_ok_and(|viewer| viewer.session == self.session.id)
    }
}

/// How many live sessions a user has.
pub(super) struct Counted(PrivateAccess);

impl Counted {
    async fn count(&self, ctx: &Context<'_>) -> Result<u64> {
        ctx.loaders()?.session_counts.load(self.0).await
    }
}

connection!(SessionConnection, SessionEdge, Session, sessions::Session, Counted);

/// A page of a user's live sessions, the newest first.
pub(super) async fn sessions_of(
    ctx: &Context<'_>,
    of: PrivateAccess,
    request: &PageRequest,
) -> Result<SessionConnection> {
    let cursors = Cursors::new(&ctx.core()?.keys, format!("sessions of {:?}", of.user()), ctx.viewer()?);
    let window = request.window(&cursors, &Sort::Id)?;
    let page = ctx.loaders()?.sessions_of.load(SessionsOf { of, window }).await?;
    Ok(SessionConnection::new(page, cursors, Counted(of)))
}

/// Who logs in.
#[derive(InputObject)]
struct LoginInput {
    /// The username or the e-mail address.
    identifier: String,
    /// The password.
    password: String,
    /// How the session is to be carried.
    #[graphql(default_with = "SessionTransport::Bearer")]
    transport: SessionTransport,
    /// A name for this device in the list of sessions, up to 64 characters.
    device_name: Option<String>,
}

/// What opens a session: shown this once.
#[derive(Default, SimpleObject)]
pub(super) struct Opening {
    /// For the header `Authorization: Bearer …`; null with a cookie.
    access_token: Option<String>,
    /// Until when the access token is good.
    access_token_expires_at: Option<DateTime>,
    /// For `refreshSession`; good once. Null with a cookie.
    refresh_token: Option<String>,
    /// The session.
    session: Option<Session>,
    /// Who is signed in.
    user: Option<User>,
}

impl Opening {
    /// Tokens go into the answer, a handle into the cookie.
    pub(super) fn new(ctx: &Context<'_>, opened: Opened) -> Result<Self> {
        let session = Some(Session { session: Arc::new(opened.session), opened: true });
        let opening = Self { session, user: Some(User::to_oneself(opened.user)), ..Self::default() };
        match opened.key {
            Key::Tokens { access, refresh } => Ok(Self {
                access_token: Some(access.token),
                access_token_expires_at: Some(access.expires_at.into()),
                refresh_token: Some(refresh),
                ..opening
            }),
            Key::Cookie(handle) => {
                ctx.cookie()?.set(handle);
                Ok(opening)
            }
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

/// A session to end.
#[derive(InputObject)]
struct RevokeSessionInput {
    /// Which session.
    id: ID,
}

/// The answer to the end of one session.
#[derive(Default, SimpleObject)]
struct RevokeSessionPayload {
    /// The session that has ended. What opened it fails from the next request on.
    ended_session_id: Option<ID>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

super::payload::payloads!(LoginPayload, RefreshSessionPayload, LogoutPayload, RevokeSessionPayload);

#[derive(Default)]
pub struct SessionMutations;

#[Object]
impl SessionMutations {
    /// Signs in by username or e-mail address.
    #[graphql(directive = cost::apply("100".to_owned()))]
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who logs in.")] input: LoginInput,
    ) -> Guarded<LoginPayload> {
        let LoginInput { identifier, password, transport, device_name } = input;
        let done = async {
            let session = new_session(ctx, transport, device_name)?;
            let credentials = Credentials { identifier, password, session };
            Opening::new(ctx, login::login(ctx.core()?, ctx.origin()?, credentials).await?)
        };
        answer(done.await, |opening| LoginPayload { opening, user_errors: Vec::new() })
    }

    /// Exchanges a refresh token for a new pair of tokens.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token that is due.")] input: RefreshSessionInput,
    ) -> Guarded<RefreshSessionPayload> {
        let done =
            async { Opening::new(ctx, sessions::refresh(ctx.core()?, ctx.origin()?, &input.refresh_token).await?) };
        answer(done.await, |opening| RefreshSessionPayload { opening, user_errors: Vec::new() })
    }

    /// Ends sessions: this one, the others, or all.
    async fn logout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which sessions to end.", default_with = "LogoutScope::Current")] scope: LogoutScope,
    ) -> Guarded<LogoutPayload> {
        let done = async {
            let viewer = ctx.viewer()?;
            let ended = sessions::logout(ctx.core()?, viewer, ctx.origin()?, scope.into()).await?;
            ctx.cookie()?.forget(viewer, &ended);
            Ok(ended)
        };
        answer(done.await, |ended| LogoutPayload {
            ended_session_ids: Some(ended.into_iter().map(|id| global_id(Kind::Session, id.0)).collect()),
            user_errors: Vec::new(),
        })
    }

    /// Ends one session by its id: one's own, or anybody's for administrators.
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session.")] input: RevokeSessionInput,
    ) -> Guarded<RevokeSessionPayload> {
        let done = async {
            let viewer = ctx.viewer()?;
            viewer.signed_in()?;
            let id = SessionId(id_of(Kind::Session, &input.id)?);
            let ended = sessions::revoke(ctx.core()?, viewer, ctx.origin()?, id).await?;
            ctx.cookie()?.forget(viewer, &[ended]);
            Ok(ended)
        };
        answer(done.await, |ended| RevokeSessionPayload {
            ended_session_id: Some(global_id(Kind::Session, ended.0)),
            user_errors: Vec::new(),
        })
    }
}
