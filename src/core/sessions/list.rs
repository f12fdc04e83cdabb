//! The sessions that would be let in now, for their owner and for administrators: who may ask is decided where the
//! field is guarded, as with everything that is private about a user.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, FromQueryResult as _, Iterable as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, ExprTrait as _, Query},
};
use uuid::Uuid;

use super::{
    Session, SessionId,
    entity::{Column, Entity, Model},
};
use crate::core::{
    Core,
    accounts::UserId,
    clock::Time,
    error::Result,
    page::{self, Direction, Page, Position, Sort, SortBy, Window},
};

const NEWEST_FIRST: SortBy<'static> = SortBy { column: None, id: ("sessions", "id"), direction: Direction::Desc };

type Rows = Page<(Position, Arc<Session>)>;

/// A page of each user's live sessions, the newest first, all in one statement.
pub async fn list_by_users(core: &Core, users: &[UserId], window: &Window) -> Result<HashMap<UserId, Rows>> {
    let live = live(core.clock.now());
    let branch = |user: Uuid| {
        let mut select = Query::select();
        select.columns(Column::iter().map(|column| (Entity, column))).from(Entity);
        select.and_where(Column::UserId.eq(user)).cond_where(live.clone());
        window.apply(&mut select, &NEWEST_FIRST);
        select.take()
    };
    let rows = page::each(core.db.read(), users.iter().map(|user| user.0), branch).await?;
    let mut by_user: HashMap<UserId, Vec<(Position, Arc<Session>)>> = HashMap::new();
    for row in &rows {
        let session = Session::from(Model::from_query_result(row, "")?);
        let position = Position { sort: Sort::Id, id: session.id.0 };
        by_user.entry(session.user_id).or_default().push((position, Arc::new(session)));
    }
    let pages = users.iter().map(|user| {
        let mut rows = by_user.remove(user).unwrap_or_default();
        window.sort(&mut rows, Direction::Desc);
        (*user, window.page(rows))
    });
    Ok(pages.collect())
}

/// How many live sessions each user has.
pub async fn count_by_users(core: &Core, users: &[UserId]) -> Result<HashMap<UserId, u64>> {
    let mut select = Query::select();
    select
        .column((Entity, Column::UserId))
        .expr(Expr::col((Entity, Column::Id)).count())
        .from(Entity)
        .and_where(Column::UserId.is_in(users.iter().map(|user| user.0)))
        .cond_where(live(core.clock.now()))
        .group_by_col((Entity, Column::UserId));
    let counted = page::counts(core.db.read(), &select).await?;
    Ok(users.iter().map(|user| (*user, counted.get(&user.0).copied().unwrap_or(0))).collect())
}

/// How many sessions of a user would be let in now.
pub(crate) async fn count_live(core: &Core, user: UserId) -> Result<u64> {
    let of_user = Entity::find().filter(Column::UserId.eq(user.0)).filter(live(core.clock.now()));
    Ok(of_user.count(core.db.read()).await?)
}

/// The sessions of a user that were ended, not those that expired, since a moment, in the order of their ends.
pub async fn ended_since(core: &Core, user: UserId, since: Time) -> Result<Vec<(SessionId, Time)>> {
    let ended = Entity::find()
        .select_only()
        .columns([Column::Id, Column::EndedAt])
        .filter(Column::UserId.eq(user.0))
        .filter(Column::EndedAt.gte(since))
        .order_by_asc(Column::EndedAt)
        .order_by_asc(Column::Id);
    let ended = ended.into_tuple::<(Uuid, Time)>().all(core.db.read()).await?;
    Ok(ended.into_iter().map(|(id, at)| (SessionId(id), at)).collect())
}

/// Neither ended nor expired.
pub(super) fn live(now: Time) -> Condition {
    Condition::all()
        .add(Column::EndedAt.is_null())
        .add(Column::IdleExpiresAt.gt(now))
        .add(Column::AbsoluteExpiresAt.gt(now))
}
