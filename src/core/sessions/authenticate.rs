//! From what a request shows to a viewer, in one statement for session and user together: an access token, whose
//! signature comes first, or the handle of a cookie.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, Value,
    sea_query::{Expr, ExprTrait as _, JoinType, Query, SelectStatement},
};
use uuid::Uuid;

use super::{Handle, SessionId, Transport, entity as sessions, entity::Column};
use crate::core::{
    Core, Origin,
    accounts::{User, users},
    clock::Time,
    crypto::digest_of,
    db::{Fixed, Row},
    error::{AuthFailure, Error, Result},
    tokens::Named,
    viewer::{SignedIn, Viewer},
};

/// How often the use of a cookie is written down at most.
const NOTED_EVERY: Duration = Duration::from_mins(1);
/// 32 bytes in base64url.
const HANDLE_CHARS: usize = 43;

/// Who a cookie stands for, and the cookie anew when its time was extended.
pub struct Recognised {
    pub viewer: Viewer,
    pub extended: Option<Handle>,
}

struct Found {
    session: SessionId,
    last_used_at: Time,
    absolute_expires_at: Time,
    user: User,
}

/// The viewer that the access token stands for at this moment; role and suspension come from the database.
pub async fn authenticate(core: &Core, token: &str) -> Result<Viewer> {
    let now = core.clock.now();
    let named = core.tokens.verify(token, now).map_err(Error::Unauthenticated)?;
    let Named { user, session, good_until } = named;
    let found = find(core, &OF_TOKEN, vec![session.0.into(), user.0.into()], now)
        .await?
        .ok_or(Error::Unauthenticated(AuthFailure::Revoked))?;
    let (user, transport, token_until) = (Arc::new(found.user), Transport::Bearer, Some(good_until));
    Ok(Viewer::User(SignedIn { user, session, transport, token_until }))
}

/// The viewer that a cookie stands for. Each use extends the session, up to its absolute end.
pub async fn recognise(core: &Core, origin: &Origin, handle: &str) -> Result<Recognised> {
    let refused = Error::Unauthenticated(AuthFailure::Invalid);
    if handle.len() != HANDLE_CHARS {
        return Err(refused);
    }
    let now = core.clock.now();
    let found = find(core, &OF_COOKIE, vec![digest_of(handle).into()], now).await?.ok_or(refused)?;
    let extended = extend(core, origin, &found, now).await.unwrap_or_else(|error| {
        // Reading goes on while the database takes no writes; the session is only not longer for it.
        tracing::warn!(%error, "a session could not be extended");
        None
    });
    let extended = extended.map(|expires_in| Handle { secret: handle.to_owned(), expires_in });
    let (user, session) = (Arc::new(found.user), found.session);
    let signed_in = SignedIn { user, session, transport: Transport::Cookie, token_until: None };
    Ok(Recognised { viewer: Viewer::User(signed_in), extended })
}

/// Whether somebody who was let in a while ago would be let in now, with the same rights: for streams, which outlive
/// their request.
pub async fn recheck(core: &Core, viewer: &Viewer) -> Result<()> {
    let Viewer::User(known) = viewer else { return Ok(()) };
    let now = core.clock.now();
    if known.token_until.is_some_and(|until| until <= now) {
        return Err(Error::Unauthenticated(AuthFailure::Expired));
    }
    let found = find(core, &OF_SESSION, vec![known.session.0.into()], now).await?;
    let found = found.ok_or(Error::Unauthenticated(AuthFailure::Revoked))?;
    if found.user.role == known.user.role { Ok(()) } else { Err(Error::Forbidden) }
}

static OF_TOKEN: Fixed = Fixed::new(|| {
    let named = Column::Id.eq(Uuid::nil()).and(Column::UserId.eq(Uuid::nil()));
    with_user(named.and(Column::HandleDigest.is_null()))
});
static OF_COOKIE: Fixed = Fixed::new(|| with_user(Column::HandleDigest.eq("")));
static OF_SESSION: Fixed = Fixed::new(|| with_user(Column::Id.eq(Uuid::nil())));

/// A session and its user.
fn with_user(which: Expr) -> SelectStatement {
    Query::select()
        .columns(
            [Column::Id, Column::EndedAt, Column::LastUsedAt, Column::IdleExpiresAt, Column::AbsoluteExpiresAt]
                .map(|column| (sessions::Entity, column)),
        )
        .columns(User::PUBLIC.into_iter().chain(User::PRIVATE).map(|column| (users::Entity, column)))
        .from(sessions::Entity)
        .join(
            JoinType::InnerJoin,
            users::Entity,
            Expr::col((users::Entity, users::Column::Id)).equals((sessions::Entity, Column::UserId)),
        )
        .and_where(which)
        .take()
}

/// The live session with its user; none when there is no such row.
async fn find(core: &Core, which: &Fixed, values: Vec<Value>, now: Time) -> Result<Option<Found>> {
    let statement = core.db.fixed(which, values);
    let mut found = core.db.rows_of(statement, |row| Ok((Times::of(row)?, User::whole(row, 5)?))).await?;
    let Some((times, user)) = found.pop() else { return Ok(None) };
    if times.ended || user.private.as_ref().is_none_or(|private| private.is_suspended(now)) {
        return Err(Error::Unauthenticated(AuthFailure::Revoked));
    }
    if times.idle_expires_at <= now || times.absolute_expires_at <= now {
        return Err(Error::Unauthenticated(AuthFailure::Expired));
    }
    let Times { session, last_used_at, absolute_expires_at, .. } = times;
    Ok(Some(Found { session, last_used_at, absolute_expires_at, user }))
}

/// What decides whether a session lives.
struct Times {
    session: SessionId,
    ended: bool,
    last_used_at: Time,
    idle_expires_at: Time,
    absolute_expires_at: Time,
}

impl Times {
    fn of(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            session: SessionId(row.get(0)?),
            ended: row.get::<Option<i64>>(1)?.is_some(),
            last_used_at: Time(row.get(2)?),
            idle_expires_at: Time(row.get(3)?),
            absolute_expires_at: Time(row.get(4)?),
        })
    }
}

/// Notes the use, and from where and with what, if the last note is old enough, and says how long the session has now.
/// Of many requests at the same moment one writes.
async fn extend(core: &Core, origin: &Origin, found: &Found, now: Time) -> Result<Option<Duration>> {
    let idle = core.settings.ttl.session_idle;
    // Noted more rarely than a tenth of it, a short life would end in the middle of its use.
    if now < found.last_used_at.plus(NOTED_EVERY.min(idle / 10)) {
        return Ok(None);
    }
    let expires_at = now.plus(idle);
    let noted = sessions::Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::value(now))
        .col_expr(Column::UserAgent, Expr::value(origin.printable_agent()))
        .col_expr(Column::IpAddress, Expr::value(origin.address.to_string()))
        .col_expr(Column::IdleExpiresAt, Expr::value(expires_at))
        .filter(Column::Id.eq(found.session.0))
        .filter(Column::LastUsedAt.eq(found.last_used_at))
        .filter(Column::EndedAt.is_null())
        .exec(core.db.write())
        .await?;
    Ok((noted.rows_affected == 1).then(|| now.until(Ord::min(expires_at, found.absolute_expires_at))))
}
