//! The dashboard: a person's own numbers, and the site's for administrators.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait, QueryFilter as _, QuerySelect as _,
    sea_query::{Expr, Func, Query},
};

use super::{
    Core,
    accounts::users,
    clock::Time,
    comments::{self, Comment},
    error::Result,
    posts::{self, Status},
    random::first_uuid_after,
    sessions,
    viewer::{Role, SignedIn, Viewer},
};

/// What ids are exact to.
const GRAIN: Duration = Duration::from_millis(1);
const DAY: Duration = Duration::from_hours(24);
const DAYS: u32 = 30;

/// The viewer's own counts.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    pub drafts: u64,
    pub published: u64,
    pub comments_written: u64,
    pub comments_received: u64,
    pub active_sessions: u64,
}

#[derive(Clone, Copy, Debug)]
pub struct Totals {
    pub users: u64,
    pub posts: u64,
    pub comments: u64,
}

/// How many users a day brought.
#[derive(Clone, Copy, Debug)]
pub struct Day {
    pub start: Time,
    pub signups: u64,
}

pub async fn counts(core: &Core, viewer: &Viewer) -> Result<Counts> {
    let viewer = viewer.signed_in()?;
    let own = |status: Status| {
        posts::entity::Entity::find()
            .filter(posts::entity::Column::AuthorId.eq(viewer.user.id.0))
            .filter(posts::entity::Column::Status.eq(status.as_str()))
    };
    let written = comments::Entity::find().filter(comments::Column::AuthorId.eq(viewer.user.id.0));
    Ok(Counts {
        drafts: number(core, own(Status::Draft)).await?,
        published: number(core, own(Status::Published)).await?,
        comments_written: number(core, written).await?,
        comments_received: number(core, comments::Entity::find().filter(received(viewer))).await?,
        active_sessions: sessions::count_live(core, viewer.user.id).await?,
    })
}

/// The newest comments on the viewer's own posts.
pub async fn latest_comments(core: &Core, viewer: &Viewer, most: u64) -> Result<Vec<Arc<Comment>>> {
    let viewer = viewer.signed_in()?;
    comments::latest(core, received(viewer), most).await
}

pub async fn totals(core: &Core, viewer: &Viewer) -> Result<Totals> {
    viewer.require(Role::Admin)?;
    Ok(Totals {
        users: number(core, users::Entity::find()).await?,
        posts: number(core, posts::entity::Entity::find()).await?,
        comments: number(core, comments::Entity::find()).await?,
    })
}

/// The last 30 days in UTC, the oldest first; a day without sign-ups is there with 0.
pub async fn signups_per_day(core: &Core, viewer: &Viewer) -> Result<Vec<Day>> {
    viewer.require(Role::Admin)?;
    let day = i64::try_from(DAY.as_micros()).unwrap_or(i64::MAX);
    let today = Time(core.clock.now().0.div_euclid(day) * day);
    let first = today.minus(DAY * (DAYS - 1));
    // The moments only, grouped here: each engine divides whole numbers in its own way. Ids sort by the time of their
    // making, so those since a moment are a range of their index.
    let select = Query::select()
        .column(users::Column::CreatedAt)
        .from(users::Entity)
        .and_where(users::Column::Id.gte(first_uuid_after(first.minus(GRAIN))))
        .and_where(users::Column::CreatedAt.gte(first))
        .take();
    let rows = core.db.read().query_all(&select).await?;
    let mut by_day: BTreeMap<i64, u64> = (0..DAYS).map(|number| (first.plus(DAY * number).0, 0)).collect();
    for row in rows.iter().map(|row| row.try_get_by_index::<Time>(0)) {
        // Another instance's clock may be ahead of this one's: its tomorrow is not counted yet.
        if let Some(signups) = by_day.get_mut(&(row?.0.div_euclid(day) * day)) {
            *signups += 1;
        }
    }
    Ok(by_day.into_iter().map(|(start, signups)| Day { start: Time(start), signups }).collect())
}

/// Comments on posts of the viewer's own.
fn received(viewer: &SignedIn) -> Expr {
    let own = Query::select()
        .column(posts::entity::Column::Id)
        .from(posts::entity::Entity)
        .and_where(posts::entity::Column::AuthorId.eq(viewer.user.id.0))
        .take();
    comments::Column::PostId.in_subquery(own)
}

async fn number<E: EntityTrait>(core: &Core, rows: sea_orm::Select<E>) -> Result<u64> {
    let count = Func::count(Expr::value(1));
    let counted = rows.select_only().expr_as(count, "count").into_tuple::<i64>().one(core.db.read()).await?;
    Ok(u64::try_from(counted.unwrap_or(0)).unwrap_or(0))
}
