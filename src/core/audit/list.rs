//! Reading the audit log: all of it, for administrators, and what concerns one person.

use std::{collections::HashMap, sync::Arc, time::Duration};

use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait as _, EntityTrait as _, FromQueryResult as _, Iterable as _,
    QueryFilter as _,
    sea_query::{Expr, ExprTrait as _, Query},
};
use uuid::Uuid;

use super::{
    entity::{Column, Entity, Model},
    entry::{Actor, EventId, Kind, Outcome, Recorded},
};
use crate::core::{
    Core,
    accounts::UserId,
    clock::Time,
    error::Result,
    page::{self, Direction, Page, Position, Sort, SortBy, Window},
    random::first_uuid_after,
    viewer::{PrivateAccess, Role, Viewer},
};

/// What ids are exact to.
const GRAIN: Duration = Duration::from_millis(1);

type Rows = Page<(Position, Arc<Recorded>)>;

/// Ids sort by the time of their making.
fn by_time(direction: Direction) -> SortBy<'static> {
    SortBy { column: None, unique: false, id: ("audit_events", "id"), direction }
}

#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Any of these; all kinds when there are none.
    pub kinds: Vec<Kind>,
    /// The same of how they ended.
    pub outcomes: Vec<Outcome>,
    pub actor: Option<UserId>,
    pub user: Option<UserId>,
    /// From this moment on.
    pub since: Option<Time>,
    /// Before this moment.
    pub until: Option<Time>,
}

impl Filter {
    fn condition(&self) -> Condition {
        let kinds = (!self.kinds.is_empty()).then(|| Column::Kind.is_in(self.kinds.iter().copied()));
        let outcomes = (!self.outcomes.is_empty()).then(|| Column::Outcome.is_in(self.outcomes.iter().copied()));
        // A moment is a place among the ids, to the millisecond.
        let since = self.since.map(|since| Column::Id.gte(first_uuid_after(since.minus(GRAIN))));
        let until = self.until.map(|until| Column::Id.lt(first_uuid_after(until)));
        Condition::all()
            .add_option(kinds)
            .add_option(outcomes)
            .add_option(self.actor.map(|actor| Column::ActorId.eq(actor.0)))
            .add_option(self.user.map(|user| Column::UserId.eq(user.0)))
            .add_option(since)
            .add_option(self.since.map(|since| Column::CreatedAt.gte(since)))
            .add_option(until)
            .add_option(self.until.map(|until| Column::CreatedAt.lt(until)))
    }
}

/// One page of everything.
pub async fn list(
    core: &Core,
    viewer: &Viewer,
    window: &Window,
    direction: Direction,
    filter: &Filter,
) -> Result<Rows> {
    viewer.require(Role::Admin)?;
    let mut select = Query::select();
    select.columns(Column::iter().map(|column| (Entity, column))).from(Entity).cond_where(filter.condition());
    window.apply(&mut select, &by_time(direction));
    let mut rows = Vec::new();
    for row in core.db.read().query_all(&select).await? {
        rows.push(positioned(Model::from_query_result(&row, "")?.recorded()?));
    }
    Ok(window.page(rows))
}

pub async fn count(core: &Core, viewer: &Viewer, filter: &Filter) -> Result<u64> {
    viewer.require(Role::Admin)?;
    let mut select = Query::select();
    select.expr(Expr::col((Entity, Column::Id)).count()).from(Entity).cond_where(filter.condition());
    page::count(core.db.read(), &select).await
}

/// A page of what concerns each user, the newest first, all in one statement.
pub async fn list_by_users(
    core: &Core,
    viewer: &Viewer,
    of: &[PrivateAccess],
    window: &Window,
) -> Result<HashMap<PrivateAccess, Rows>> {
    let branch = |user: Expr| {
        let mut select = Query::select();
        select.columns(Column::iter().map(|column| (Entity, column))).from(Entity);
        select.and_where(Expr::col((Entity, Column::UserId)).eq(user));
        window.apply(&mut select, &by_time(Direction::Desc));
        select.take()
    };
    let is_admin = viewer.require(Role::Admin).is_ok();
    let mut by_user: HashMap<UserId, Vec<(Position, Arc<Recorded>)>> = HashMap::new();
    let users: Vec<Uuid> = of.iter().map(|access| access.user().0).collect();
    for statement in core.db.branches(&users, branch).statements() {
        for row in core.db.read().query_all_raw(statement).await? {
            let event = told(is_admin, Model::from_query_result(&row, "")?.recorded()?);
            let Some(user) = event.user else { continue };
            by_user.entry(user).or_default().push(positioned(event));
        }
    }
    let pages = of.iter().map(|access| {
        let mut rows = by_user.remove(&access.user()).unwrap_or_default();
        window.sort(&mut rows, Direction::Desc);
        (*access, window.page(rows))
    });
    Ok(pages.collect())
}

/// How many events concern each user.
pub async fn count_by_users(core: &Core, of: &[PrivateAccess]) -> Result<HashMap<PrivateAccess, u64>> {
    let mut select = Query::select();
    select
        .column((Entity, Column::UserId))
        .expr(Expr::col((Entity, Column::Id)).count())
        .from(Entity)
        .and_where(Column::UserId.is_in(of.iter().map(|access| access.user().0)))
        .group_by_col((Entity, Column::UserId));
    let counted = page::counts(core.db.read(), &select).await?;
    Ok(of.iter().map(|access| (*access, counted.get(&access.user().0).copied().unwrap_or(0))).collect())
}

/// Those of these events that the viewer may see: what concerns oneself, and all of them for administrators.
pub async fn by_ids(core: &Core, viewer: &Viewer, ids: &[EventId]) -> Result<HashMap<EventId, Arc<Recorded>>> {
    let Viewer::User(reader) = viewer else { return Ok(HashMap::new()) };
    let is_admin = reader.user.role >= Role::Admin;
    let own = (!is_admin).then(|| Column::UserId.eq(reader.user.id.0));
    let found = Entity::find().filter(Column::Id.is_in(ids.iter().map(|id| id.0)));
    let found = found.filter(Condition::all().add_option(own)).all(core.db.read()).await?;
    let events = found.into_iter().map(|row| row.recorded().map(|event| told(is_admin, event)));
    events.map(|event| event.map(|event| (event.id, Arc::new(event)))).collect()
}

/// Where somebody else's request came from is for administrators.
fn told(is_admin: bool, mut event: Recorded) -> Recorded {
    let of_another = matches!(event.actor, Actor::User(actor) if Some(actor) != event.user);
    event.origin = event.origin.filter(|_| is_admin || !of_another);
    event
}

fn positioned(event: Recorded) -> (Position, Arc<Recorded>) {
    (Position { sort: Sort::Id, id: event.id.0 }, Arc::new(event))
}
