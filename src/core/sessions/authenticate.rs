//! From an access token to a viewer: the signature first, then one statement for session and user together.

use std::sync::Arc;

use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    sea_query::{Expr, ExprTrait as _, JoinType, Query},
};

use super::entity as sessions;
use crate::core::{
    Core,
    accounts::{User, UserId, users},
    clock::Time,
    error::{AuthFailure, Error, Result},
    viewer::{SignedIn, Viewer},
};

/// The viewer that the token stands for at this moment; role and suspension come from the database.
pub async fn authenticate(core: &Core, token: &str) -> Result<Viewer> {
    let now = core.clock.now();
    let (user, session) = core.tokens.verify(token, now).map_err(Error::Unauthenticated)?;
    let statement = Query::select()
        .columns([
            (sessions::Entity, sessions::Column::EndedAt),
            (sessions::Entity, sessions::Column::IdleExpiresAt),
            (sessions::Entity, sessions::Column::AbsoluteExpiresAt),
        ])
        .columns(User::PUBLIC.into_iter().chain(User::PRIVATE).map(|column| (users::Entity, column)))
        .from(sessions::Entity)
        .join(
            JoinType::InnerJoin,
            users::Entity,
            Expr::col((users::Entity, users::Column::Id)).equals((sessions::Entity, sessions::Column::UserId)),
        )
        .and_where(Expr::col((sessions::Entity, sessions::Column::Id)).eq(session.0))
        .and_where(Expr::col((users::Entity, users::Column::Id)).eq(user.0))
        .take();
    let gone = Error::Unauthenticated(AuthFailure::Revoked);
    let Some(row) = core.db.read().query_one(&statement).await? else { return Err(gone) };
    let ended: Option<Time> = row.try_get_by_index(0)?;
    let (idle, absolute): (Time, Time) = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
    let user = User::whole(&row, 3)?;
    if ended.is_some() || user.private.as_ref().is_none_or(|private| private.is_suspended(now)) {
        return Err(gone);
    }
    if idle <= now || absolute <= now {
        return Err(Error::Unauthenticated(AuthFailure::Expired));
    }
    Ok(Viewer::User(SignedIn { user: Arc::new(user), session }))
}

/// How many sessions of a user would be let in now.
pub(crate) async fn count_live(core: &Core, user: UserId) -> Result<u64> {
    let now = core.clock.now();
    let live = sessions::Entity::find()
        .filter(sessions::Column::UserId.eq(user.0))
        .filter(sessions::Column::EndedAt.is_null())
        .filter(sessions::Column::IdleExpiresAt.gt(now))
        .filter(sessions::Column::AbsoluteExpiresAt.gt(now));
    Ok(live.count(core.db.read()).await?)
}
