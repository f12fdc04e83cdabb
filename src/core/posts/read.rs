//! Who may see which posts, and the statement that every read of posts begins with.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait as _, DbErr, QueryResult,
    sea_query::{Alias, Expr, ExprTrait as _, IntoIden as _, JoinType, Query, SelectStatement},
};

use super::{Post, PostId, Status, entity::Column, entity::Entity};
use crate::core::{
    Core,
    accounts::{User, UserId, users},
    clock::Time,
    error::Result,
    viewer::{Role, Viewer},
};

/// What a selection needs beyond the columns that every post brings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Want {
    pub body: bool,
    pub author: bool,
}

/// The rule of visibility, as a condition on rows: published ones for everybody, one's own drafts, and all for who
/// looks after the site.
pub(crate) fn visible(viewer: &Viewer) -> Condition {
    let published = Column::Status.eq(Status::Published.as_str());
    if viewer.require(Role::Moderator).is_ok() {
        return Condition::all();
    }
    let Ok(viewer) = viewer.signed_in() else { return Condition::all().add(published) };
    // Not "published or mine": SQLite and MariaDB would take an index for each side, collect all rows and sort
    // them, where a page can walk one index in its own order.
    let own = Column::AuthorId.eq(viewer.user.id.0);
    let seen: Expr = Expr::case(published, Expr::value(true)).finally(own).into();
    Condition::all().add(seen)
}

/// The posts that the viewer may see among these ids.
pub async fn by_ids(core: &Core, viewer: &Viewer, ids: &[PostId], want: Want) -> Result<HashMap<PostId, Arc<Post>>> {
    let mut select = select(want, None);
    select.and_where(Column::Id.is_in(ids.iter().map(|id| id.0))).cond_where(visible(viewer));
    let rows = core.db.read().query_all(&select).await?;
    let posts = rows.iter().map(|row| Ok(from_row(row, want)?.0)).collect::<Result<Vec<Post>, DbErr>>()?;
    Ok(posts.into_iter().map(|post| (post.id, Arc::new(post))).collect())
}

/// Posts, with their authors' public half where it is wanted. Each column has a name of its own, so that the statement
/// can stand in another one; `sort` is one more column at the end.
pub(super) fn select(want: Want, sort: Option<Column>) -> SelectStatement {
    let mut select = Query::select();
    let mut columns: Vec<Expr> = [
        Column::Id,
        Column::AuthorId,
        Column::Title,
        Column::Status,
        Column::CreatedAt,
        Column::UpdatedAt,
        Column::PublishedAt,
    ]
    .map(|column| Expr::col((Entity, column)))
    .into();
    if want.body {
        columns.push(Expr::col((Entity, Column::Body)));
    }
    if want.author {
        columns.extend(User::PUBLIC.map(|column| Expr::col((users::Entity, column))));
    }
    columns.extend(sort.map(|column| Expr::col((Entity, column))));
    for (number, column) in columns.into_iter().enumerate() {
        select.expr_as(column, Alias::new(format!("c{number}")).into_iden());
    }
    select.from(Entity);
    if want.author {
        let same = Expr::col((users::Entity, users::Column::Id)).equals((Entity, Column::AuthorId));
        select.join(JoinType::LeftJoin, users::Entity, same);
    }
    select.take()
}

/// A post, and the position after its last column, where a sort value may stand.
pub(super) fn from_row(row: &QueryResult, want: Want) -> Result<(Post, usize), DbErr> {
    let mut next = 7;
    let body = if want.body { Some(row.try_get_by_index(next)?) } else { None };
    next += usize::from(want.body);
    let author = if want.author { User::optional_public(row, next)?.map(Arc::new) } else { None };
    next += if want.author { User::PUBLIC.len() } else { 0 };
    let published_at: Time = row.try_get_by_index(6)?;
    let post = Post {
        id: row.try_get_by_index(0)?,
        author_id: row.try_get_by_index::<Option<UserId>>(1)?,
        author,
        title: row.try_get_by_index(2)?,
        body,
        status: Status::parse(&row.try_get_by_index::<String>(3)?),
        created_at: row.try_get_by_index(4)?,
        updated_at: row.try_get_by_index(5)?,
        published_at: Some(published_at).filter(|at| at.0 != 0),
    };
    Ok((post, next))
}
