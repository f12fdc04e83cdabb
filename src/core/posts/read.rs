//! Who may see which posts, and the statement that every read of posts begins with.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{
    ColumnTrait as _, Condition,
    sea_query::{Alias, Expr, IntoIden as _, Query, SelectStatement},
};
use uuid::Uuid;

use super::{Post, PostId, Status, entity::Column, entity::Entity};
use crate::core::{
    Core,
    accounts::{Authors, UserId, users},
    clock::Time,
    db::Row,
    error::Result,
    viewer::{Role, Viewer},
};

/// What a selection needs beyond the columns that every post brings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Want {
    pub body: bool,
    pub author: Authors,
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
    let posts = core.db.rows(&select, |row| Ok(from_row(row, want)?.0)).await?;
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
    columns.extend(want.author.columns().iter().map(|column| Expr::col((users::Entity, *column))));
    columns.extend(sort.map(|column| Expr::col((Entity, column))));
    for (number, column) in columns.into_iter().enumerate() {
        select.expr_as(column, Alias::new(format!("c{number}")).into_iden());
    }
    select.from(Entity);
    want.author.join(&mut select, (Entity, Column::AuthorId));
    select.take()
}

/// A post, and the position after its last column, where a sort value may stand.
pub(super) fn from_row(row: &Row<'_>, want: Want) -> Result<(Post, usize)> {
    let mut next = 7;
    let body = if want.body { Some(row.get(next)?) } else { None };
    next += usize::from(want.body);
    let author = want.author.read(row, next)?;
    next += want.author.columns().len();
    let published_at: i64 = row.get(6)?;
    let post = Post {
        id: PostId(row.get(0)?),
        author_id: row.get::<Option<Uuid>>(1)?.map(UserId),
        author,
        title: row.get(2)?,
        body,
        status: row.text(3, Status::parse)?,
        created_at: Time(row.get(4)?),
        updated_at: Time(row.get(5)?),
        published_at: (published_at != 0).then_some(Time(published_at)),
    };
    Ok((post, next))
}
