//! The audit log: the event, the whole log for administrators, and what concerns one person.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use super::{
    connection::{OrderDirection, connection},
    context::ContextExt as _,
    cost::{self, list_size},
    loaders::ActivityOf,
    node::{self, global_id, id_in},
    payload::{Guarded, guarded},
    scalars::DateTime,
    straight::{AtHand, Shown},
    users::User,
};
use crate::core::{
    Result,
    accounts::UserId,
    audit::{self, Actor, Field, Filter, Kind, Outcome, Recorded, RequestOrigin},
    page::{Cursors, Direction, PageRequest, Sort},
    viewer::{self, PrivateAccess},
};

/// What was done: the name of the mutation that does it, or of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Kind")]
pub(super) enum AuditKind {
    /// Somebody signed up.
    Signup,
    /// An e-mail address was proved.
    VerifyEmail,
    /// The verification mail was asked for once more.
    ResendVerificationEmail,
    /// A login; the object is the session that it opened.
    Login,
    /// A refresh token was exchanged too often. Exchanges that work leave no event.
    RefreshSession,
    /// A refresh token was used twice, so that two parties hold it; the object is the session, which has ended.
    RefreshTokenReuse,
    /// A logout; the object is the session of the request.
    Logout,
    /// A session was ended by its id; the object is the session.
    RevokeSession,
    /// A link to a new password was asked for.
    ForgotPassword,
    /// A new password was set by a link or a code.
    ResetPassword,
    /// A new password was set by who knew the old one.
    ChangePassword,
    /// Another e-mail address was asked for.
    ChangeEmail,
    /// The new e-mail address was confirmed, and is the account's.
    ConfirmEmailChange,
    /// The old e-mail address stopped the change, or undid it.
    CancelEmailChange,
    /// The username was changed.
    ChangeUsername,
    /// Somebody deleted the own account.
    DeleteAccount,
    /// An administrator made a user.
    CreateUser,
    /// An administrator changed a user.
    UpdateUser,
    /// An administrator deleted a user.
    DeleteUser,
    /// A user got another role.
    SetUserRole,
    /// A user was suspended.
    SuspendUser,
    /// A suspension was ended.
    ReinstateUser,
    /// Somebody changed another's post; the object is the post.
    UpdatePost,
    /// Somebody deleted another's post; the object is the post.
    DeletePost,
    /// Somebody changed another's comment; the object is the comment.
    UpdateComment,
    /// Somebody deleted another's comment; the object is the comment.
    DeleteComment,
    /// It was asked too often whether a username is free.
    UsernameAvailable,
    /// It was asked too often whether an e-mail address is free.
    EmailAvailable,
    /// Pictures were uploaded too often. Those that are kept leave no event.
    UploadAvatar,
    /// An account was imported from a file.
    ImportUser,
    /// Who runs the server made a link to a new password.
    CreateResetLink,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Outcome")]
pub(super) enum AuditOutcome {
    /// It was done.
    Success,
    /// It was refused: the password, the link or the code was not right, or the account is not to be let in.
    Failure,
    /// It was refused, because there were too many attempts. Of one address one such event a minute is kept.
    Throttled,
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum AuditActor {
    /// Somebody who had not shown who it is.
    Anonymous,
    /// A user.
    User,
    /// Who runs the server, at its command line.
    Operator,
}

/// What can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Field")]
pub(super) enum AuditField {
    /// The username.
    Username,
    /// The e-mail address.
    Email,
    /// The first name.
    FirstName,
    /// The last name.
    LastName,
    /// The role.
    Role,
    /// The end of the suspension.
    SuspendedUntil,
    /// The title of a post.
    Title,
    /// The text of a post.
    Body,
    /// The status of a post.
    Status,
}

/// One thing that is another than before.
#[derive(SimpleObject)]
pub(super) struct AuditChange {
    /// What it is.
    field: AuditField,
    /// What it was; null when it was nothing, and for names, addresses and texts, which the log does not keep.
    from: Option<String>,
    /// What it is now; null when it is nothing, and for names, addresses and texts.
    to: Option<String>,
}

/// Something that was done, or tried. It never changes.
pub(super) struct AuditEvent(Arc<Recorded>);

impl AuditEvent {
    pub(super) fn new(event: Arc<Recorded>) -> Self {
        Self(event)
    }

    fn acting_user(&self) -> Option<UserId> {
        match self.0.actor {
            Actor::User(user) => Some(user),
            Actor::Anonymous | Actor::Operator => None,
        }
    }

    /// Where the request came from, as far as it is known and told.
    fn origin(&self, part: impl FnOnce(&RequestOrigin) -> &Option<String>) -> Option<&str> {
        self.0.origin.as_ref().and_then(|origin| part(origin).as_deref())
    }
}

async fn user(ctx: &Context<'_>, id: Option<UserId>) -> Result<Option<Shown<User>>> {
    let Some(id) = id else { return Ok(None) };
    Ok(ctx.loaders()?.users.load(id).await?.map(|user| User::new(user).into()))
}

fn user_id(id: Option<UserId>) -> Option<ID> {
    id.map(|id| global_id(node::Kind::User, id.0))
}

impl AtHand for AuditEvent {}

/// Something that was done, or tried. It never changes.
#[Object]
impl AuditEvent {
    /// The global id.
    pub(super) async fn id(&self) -> ID {
        global_id(node::Kind::AuditEvent, self.0.id.0)
    }

    /// What was done.
    async fn kind(&self) -> AuditKind {
        self.0.kind.into()
    }

    /// How it ended.
    async fn outcome(&self) -> AuditOutcome {
        self.0.outcome.into()
    }

    /// When it was.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// What kind of actor did it.
    async fn actor_kind(&self) -> AuditActor {
        match self.0.actor {
            Actor::Anonymous => AuditActor::Anonymous,
            Actor::User(_) => AuditActor::User,
            Actor::Operator => AuditActor::Operator,
        }
    }

    /// The user who did it; null when the account is gone.
    async fn actor(&self, ctx: &Context<'_>) -> Guarded<Shown<User>> {
        guarded(user(ctx, self.acting_user()).await)
    }

    /// The id of the user who did it, which stays when the account goes.
    async fn actor_id(&self) -> Option<ID> {
        user_id(self.acting_user())
    }

    /// The user whose matter it is; null when nobody has that account, or it is gone.
    async fn user(&self, ctx: &Context<'_>) -> Guarded<Shown<User>> {
        guarded(user(ctx, self.0.user).await)
    }

    /// The id of the user whose matter it is, which stays when the account goes.
    async fn user_id(&self) -> Option<ID> {
        user_id(self.0.user)
    }

    /// The session, post or comment that it was done to, as `kind` tells. It may be gone by now.
    async fn object_id(&self) -> Option<ID> {
        let kind = match self.0.kind {
            Kind::UpdatePost | Kind::DeletePost => node::Kind::Post,
            Kind::UpdateComment | Kind::DeleteComment => node::Kind::Comment,
            _ => node::Kind::Session,
        };
        self.0.object.map(|id| global_id(kind, id))
    }

    /// What is another than before.
    async fn changes(&self) -> Vec<AuditChange> {
        let change = |change: &audit::Change| AuditChange {
            field: change.field.into(),
            from: change.from.clone(),
            to: change.to.clone(),
        };
        self.0.changes.iter().map(change).collect()
    }

    /// The address that the request came from; null at the command line, and after 30 days. Where an administrator's
    /// request came from is not told to the user whose matter it is.
    async fn ip_address(&self) -> Option<&str> {
        self.origin(|origin| &origin.ip_address)
    }

    /// The browser or program, as it called itself; null like the address.
    async fn user_agent(&self) -> Option<&str> {
        self.origin(|origin| &origin.user_agent)
    }

    /// What the log and the answer called the request; null like the address.
    async fn request_id(&self) -> Option<&str> {
        self.origin(|origin| &origin.request_id)
    }

    /// How many attempts that were refused before this one are not in here: in a flood of them not each is kept.
    async fn omitted_before(&self) -> u64 {
        self.0.omitted_before
    }
}

/// Which events.
#[derive(Default, InputObject)]
pub(super) struct AuditFilter {
    /// Only those of these kinds.
    kinds: Option<Vec<AuditKind>>,
    /// Only those that ended so.
    outcomes: Option<Vec<AuditOutcome>>,
    /// Only what this user did.
    actor_id: Option<ID>,
    /// Only what concerns this user.
    user_id: Option<ID>,
    /// Only those from this moment on.
    since: Option<DateTime>,
    /// Only those before this moment.
    until: Option<DateTime>,
}

impl AuditFilter {
    fn into_domain(self) -> Result<Filter> {
        let user = |argument, id: Option<ID>| id.map(|id| id_in(argument, node::Kind::User, &id)).transpose();
        Ok(Filter {
            kinds: self.kinds.unwrap_or_default().into_iter().map(Kind::from).collect(),
            outcomes: self.outcomes.unwrap_or_default().into_iter().map(Outcome::from).collect(),
            actor: user("filter.actorId", self.actor_id)?.map(UserId),
            user: user("filter.userId", self.user_id)?.map(UserId),
            since: self.since.map(DateTime::time),
            until: self.until.map(DateTime::time),
        })
    }
}

/// What events are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum AuditOrderField {
    /// When they were.
    CreatedAt,
}

/// The order of events.
#[derive(InputObject)]
pub(super) struct AuditOrder {
    /// What to go by.
    #[graphql(default_with = "AuditOrderField::CreatedAt")]
    field: AuditOrderField,
    /// Which way.
    direction: OrderDirection,
}

/// How many events a list has.
pub(super) enum Counted {
    Matching(Filter),
    About(PrivateAccess),
}

impl Counted {
    async fn count(&self, ctx: &Context<'_>) -> Result<u64> {
        match self {
            Self::Matching(filter) => audit::count(ctx.core()?, ctx.viewer()?, filter).await,
            Self::About(of) => ctx.loaders()?.activity_counts.load(*of).await,
        }
    }
}

connection!(AuditEventConnection, AuditEventEdge, AuditEvent, Recorded, Counted);

/// A page of what concerns a user, the newest first.
pub(super) async fn activity_of(
    ctx: &Context<'_>,
    of: PrivateAccess,
    request: &PageRequest,
) -> Result<AuditEventConnection> {
    let cursors = Cursors::new(&ctx.core()?.keys, format!("activity of {:?}", of.user()), ctx.viewer()?);
    let window = request.window(&cursors, &Sort::Id)?;
    let page = ctx.loaders()?.activity_of.load(ActivityOf { of, window }).await?;
    Ok(AuditEventConnection::new(page, cursors, Counted::About(of)))
}

#[derive(Default)]
pub struct AuditQueries;

#[Object]
impl AuditQueries {
    /// Who did what to whom. Only for administrators.
    #[graphql(directive = list_size::apply(20, Some(cost::slicing()), Some(cost::sized()), false))]
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the front: 0 to 100; 20 without a word.")] first: Option<i32>,
        #[graphql(desc = "The cursor to go on from.")] after: Option<String>,
        #[graphql(desc = "How many, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to go back from.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<AuditFilter>,
        #[graphql(desc = "The order; the newest first without a word.")] order_by: Option<AuditOrder>,
    ) -> Guarded<AuditEventConnection> {
        let found = async {
            let (core, viewer) = (ctx.core()?, ctx.viewer()?);
            viewer.require(viewer::Role::Admin)?;
            let filter = filter.unwrap_or_default().into_domain()?;
            let direction: Direction = order_by.map_or(OrderDirection::Desc, |order| order.direction).into();
            let cursors = Cursors::new(&core.keys, format!("audit log {direction:?} {filter:?}"), viewer);
            let window = PageRequest { first, after, last, before }.window(&cursors, &Sort::Id)?;
            let page = audit::list(core, viewer, &window, direction, &filter).await?;
            Ok(Some(AuditEventConnection::new(page, cursors, Counted::Matching(filter))))
        };
        guarded(found.await)
    }
}
