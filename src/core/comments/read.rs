//! The statement that every read of comments begins with, and its rule: a comment is seen by who sees its post.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{
    ColumnTrait as _, Condition,
    sea_query::{Alias, Expr, ExprTrait as _, IntoIden as _, Query, SelectStatement},
};
use uuid::Uuid;

use super::{
    Comment, CommentId,
    entity::{Column, Entity},
};
use crate::core::{
    Core,
    accounts::{Authors, UserId, users},
    clock::Time,
    db::Row,
    error::Result,
    posts::{self, PostId},
    viewer::Viewer,
};

/// What a selection needs beyond the columns that every comment brings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Want {
    pub author: Authors,
}

/// Comments under posts that the viewer may see.
pub(super) fn visible(viewer: &Viewer) -> Condition {
    let posts = posts::visible(viewer);
    if posts.is_empty() {
        return posts;
    }
    let post = select_post(Expr::col((Entity, Column::PostId))).expr(Expr::value(1)).cond_where(posts).take();
    Condition::all().add(Expr::exists(post))
}

/// The same rule where a statement walks comments in their order, or those of one post. As a value, because engines make
/// a join of an `EXISTS`: MariaDB begins it with the posts, and sorts all comments; SQLite asks for each comment what it
/// could ask once for the post.
pub(super) fn visible_in_order(viewer: &Viewer, post: Expr) -> Condition {
    let posts = posts::visible(viewer);
    if posts.is_empty() {
        return posts;
    }
    let seen = select_post(post).expr(Expr::from(posts)).take();
    Condition::all().add(Expr::SubQuery(None, Box::new(seen.into())))
}

pub(super) fn select_post(id: Expr) -> SelectStatement {
    let same = Expr::col((posts::entity::Entity, posts::entity::Column::Id)).eq(id);
    Query::select().from(posts::entity::Entity).and_where(same).take()
}

/// The comments that the viewer may see among these ids.
pub async fn by_ids(
    core: &Core,
    viewer: &Viewer,
    ids: &[CommentId],
    want: Want,
) -> Result<HashMap<CommentId, Arc<Comment>>> {
    let mut select = select(want);
    select.and_where(Column::Id.is_in(ids.iter().map(|id| id.0))).cond_where(visible(viewer));
    let comments = core.db.rows(&select, |row| from_row(row, want)).await?;
    Ok(comments.into_iter().map(|comment| (comment.id, Arc::new(comment))).collect())
}

/// Comments, with their authors' public half where it is wanted; each column has a name of its own.
pub(super) fn select(want: Want) -> SelectStatement {
    let own = [Column::Id, Column::PostId, Column::AuthorId, Column::Body, Column::CreatedAt, Column::UpdatedAt];
    let mut columns: Vec<Expr> = own.map(|column| Expr::col((Entity, column))).into();
    columns.extend(want.author.columns().iter().map(|column| Expr::col((users::Entity, *column))));
    let mut select = Query::select();
    for (number, column) in columns.into_iter().enumerate() {
        select.expr_as(column, Alias::new(format!("c{number}")).into_iden());
    }
    select.from(Entity);
    want.author.join(&mut select, (Entity, Column::AuthorId));
    select.take()
}

pub(super) fn from_row(row: &Row<'_>, want: Want) -> Result<Comment> {
    Ok(Comment {
        id: CommentId(row.get(0)?),
        post_id: PostId(row.get(1)?),
        author_id: row.get::<Option<Uuid>>(2)?.map(UserId),
        author: want.author.read(row, 6)?,
        body: row.get(3)?,
        created_at: Time(row.get(4)?),
        updated_at: Time(row.get(5)?),
    })
}
