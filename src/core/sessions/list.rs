//! The sessions that would be let in now, for their owner and for administrators.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait as _, EntityTrait as _, FromQueryResult as _, Iterable as _,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
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
    viewer::{PrivateAccess, Role, SignedIn, Viewer},
};

const NEWEST_FIRST: SortBy<'static> =
    SortBy { column: None, unique: false, id: ("sessions", "id"), direction: Direction::Desc };

type Rows = Page<(Position, Arc<Session>)>;

/// A page of each user's live sessions, the newest first, all in one statement.
pub async fn list_by_users(core: &Core, of: &[PrivateAccess], window: &Window) -> Result<HashMap<PrivateAccess, Rows>> {
    let live = live(core.clock.now());
    let branch = |user: Expr| {
        let mut select = Query::select();
        select.columns(Column::iter().map(|column| (Entity, column))).from(Entity);
        select.and_where(Expr::col((Entity, Column::UserId)).eq(user)).cond_where(live.clone());
        window.apply(&mut select, &NEWEST_FIRST);
        select.take()
    };
    let users: Vec<Uuid> = of.iter().map(|access| access.user().0).collect();
    let mut by_user: HashMap<UserId, Vec<(Position, Arc<Session>)>> = HashMap::new();
    for statement in core.db.branches(&users, branch).statements() {
        for row in core.db.read().query_all_raw(statement).await? {
            let session = Session::from(Model::from_query_result(&row, "")?);
            let position = Position { sort: Sort::Id, id: session.id.0 };
            by_user.entry(session.user_id).or_default().push((position, Arc::new(session)));
        }
    }
    let pages = of.iter().map(|access| {
        let mut rows = by_user.remove(&access.user()).unwrap_or_default();
        window.sort(&mut rows, Direction::Desc);
        (*access, window.page(rows))
    });
    Ok(pages.collect())
}

/// How many live sessions each user has.
pub async fn count_by_users(core: &Core, of: &[PrivateAccess]) -> Result<HashMap<PrivateAccess, u64>> {
    let mut select = Query::select();
    select
        .column((Entity, Column::UserId))
        .expr(Expr::col((Entity, Column::Id)).count())
        .from(Entity)
        .and_where(Column::UserId.is_in(of.iter().map(|access| access.user().0)))
        .cond_where(live(core.clock.now()))
        .group_by_col((Entity, Column::UserId));
    let counted = page::counts(core.db.read(), &select).await?;
    Ok(of.iter().map(|access| (*access, counted.get(&access.user().0).copied().unwrap_or(0))).collect())
}

/// Those of these sessions that the viewer may see.
pub async fn by_ids(core: &Core, viewer: &Viewer, ids: &[SessionId]) -> Result<HashMap<SessionId, Arc<Session>>> {
    let Viewer::User(viewer) = viewer else { return Ok(HashMap::new()) };
    let found = Entity::find().filter(visible(core, viewer)).filter(Column::Id.is_in(ids.iter().map(|id| id.0)));
    let found = found.all(core.db.read()).await?;
    Ok(found.into_iter().map(Session::from).map(|session| (session.id, Arc::new(session))).collect())
}

/// How many sessions of a user would be let in now.
pub(crate) async fn count_live(core: &Core, user: UserId) -> Result<u64> {
    let of_user = Entity::find().filter(Column::UserId.eq(user.0)).filter(live(core.clock.now()));
    Ok(of_user.count(core.db.read()).await?)
}

/// The viewer's sessions that were ended, not those that expired, since a moment, in the order of their ends.
pub async fn ended_since(core: &Core, viewer: &SignedIn, since: Time) -> Result<Vec<(SessionId, Time)>> {
    let ended = Entity::find()
        .select_only()
        .columns([Column::Id, Column::EndedAt])
        .filter(Column::UserId.eq(viewer.user.id.0))
        .filter(Column::EndedAt.gte(since))
        .order_by_asc(Column::EndedAt)
        .order_by_asc(Column::Id);
    let ended = ended.into_tuple::<(Uuid, Time)>().all(core.db.read()).await?;
    Ok(ended.into_iter().map(|(id, at)| (SessionId(id), at)).collect())
}

/// One's own live sessions, and everybody's for administrators.
pub(super) fn visible(core: &Core, viewer: &SignedIn) -> Condition {
    let whose = (viewer.user.role < Role::Admin).then(|| Column::UserId.eq(viewer.user.id.0));
    live(core.clock.now()).add_option(whose)
}

/// Neither ended nor expired.
pub(super) fn live(now: Time) -> Condition {
    Condition::all()
        .add(Column::EndedAt.is_null())
        .add(Column::IdleExpiresAt.gt(now))
        .add(Column::AbsoluteExpiresAt.gt(now))
}
