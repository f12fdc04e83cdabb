//! Comments in pages: all that the viewer may see, or those of many posts or authors in one statement.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{
    ColumnTrait as _, Condition,
    sea_query::{Expr, ExprTrait as _, Query, SelectStatement},
};
use uuid::Uuid;

use super::{
    Comment,
    entity::{Column, Entity},
    read::{Want, from_row, select, visible, visible_in_order},
};
use crate::core::{
    Core,
    accounts::{Authors, UserId},
    db::Row,
    error::Result,
    page::{self, Direction, Page, Position, Sort, SortBy, Window},
    posts::PostId,
    viewer::Viewer,
};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    pub post: Option<PostId>,
    pub author: Option<UserId>,
}

/// What comments may hang from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parent {
    Post(PostId),
    Author(UserId),
}

type Rows = Page<(Position, Arc<Comment>)>;

impl Parent {
    fn id(self) -> Uuid {
        match self {
            Self::Post(post) => post.0,
            Self::Author(author) => author.0,
        }
    }

    fn column(self) -> Column {
        match self {
            Self::Post(_) => Column::PostId,
            Self::Author(_) => Column::AuthorId,
        }
    }

    fn of(self, comment: &Comment) -> Option<Self> {
        match self {
            Self::Post(_) => Some(Self::Post(comment.post_id)),
            Self::Author(_) => comment.author_id.map(Self::Author),
        }
    }
}

/// One page: one statement, with the rule of visibility in it.
pub async fn list(
    core: &Core,
    viewer: &Viewer,
    window: &Window,
    direction: Direction,
    filter: &Filter,
    want: Want,
) -> Result<Rows> {
    let mut select = select(want);
    let post = Expr::col((Entity, Column::PostId));
    select.cond_where(visible_in_order(viewer, post)).cond_where(matching(filter));
    window.apply(&mut select, &by(direction));
    Ok(window.page(core.db.rows(&select, |row| positioned(row, want)).await?))
}

pub async fn count(core: &Core, viewer: &Viewer, filter: &Filter) -> Result<u64> {
    let mut select = Query::select();
    select.expr(Expr::col((Entity, Column::Id)).count()).from(Entity);
    select.cond_where(visible(viewer)).cond_where(matching(filter));
    page::count(core.db.read(), &select).await
}

/// The newest comments that meet a condition which already says whose they are.
pub(crate) async fn latest(core: &Core, condition: Expr, most: u64) -> Result<Vec<Arc<Comment>>> {
    let want = Want { author: Authors::Whole };
    let mut select = select(want);
    select.and_where(condition).order_by((Entity, Column::Id), sea_orm::sea_query::Order::Desc).limit(most);
    core.db.rows(&select, |row| Ok(Arc::new(from_row(row, want)?))).await
}

/// A page of each parent's comments, all in one statement. The parents are of one kind.
pub async fn list_by_parents(
    core: &Core,
    viewer: &Viewer,
    parents: &[Parent],
    window: &Window,
    direction: Direction,
    want: Want,
) -> Result<HashMap<Parent, Rows>> {
    let Some(kind) = parents.first() else { return Ok(HashMap::new()) };
    let branch = |parent: Expr| -> SelectStatement {
        let mut select = select(want);
        select.and_where(Expr::col((Entity, kind.column())).eq(parent.clone())).cond_where(match kind {
            Parent::Post(_) => visible_in_order(viewer, parent),
            Parent::Author(_) => visible(viewer),
        });
        window.apply(&mut select, &by(direction));
        select
    };
    let ids: Vec<Uuid> = parents.iter().map(|parent| parent.id()).collect();
    let mut by_parent: HashMap<Parent, Vec<(Position, Arc<Comment>)>> = HashMap::new();
    let rows = core.db.branches(&ids, branch).rows(&core.db, |row| positioned(row, want)).await?;
    // A branch's rows come together, on every engine that we know.
    for rows in rows.chunk_by(|(_, one), (_, other)| kind.of(one) == kind.of(other)) {
        if let Some(parent) = rows.first().and_then(|(_, comment)| kind.of(comment)) {
            by_parent.entry(parent).or_default().extend_from_slice(rows);
        }
    }
    let pages = parents.iter().map(|parent| {
        let mut rows = by_parent.remove(parent).unwrap_or_default();
        window.sort(&mut rows, direction);
        (*parent, window.page(rows))
    });
    Ok(pages.collect())
}

/// How many comments of each parent the viewer may see. The parents are of one kind.
pub async fn count_by_parents(core: &Core, viewer: &Viewer, parents: &[Parent]) -> Result<HashMap<Parent, u64>> {
    let Some(kind) = parents.first() else { return Ok(HashMap::new()) };
    let mut select = Query::select();
    select
        .column((Entity, kind.column()))
        .expr(Expr::col((Entity, Column::Id)).count())
        .from(Entity)
        .and_where(kind.column().is_in(parents.iter().map(|parent| parent.id())))
        .cond_where(visible(viewer))
        .group_by_col((Entity, kind.column()));
    let counted = page::counts(core.db.read(), &select).await?;
    Ok(parents.iter().map(|parent| (*parent, counted.get(&parent.id()).copied().unwrap_or(0))).collect())
}

fn by(direction: Direction) -> SortBy<'static> {
    SortBy { column: None, unique: false, id: ("comments", "id"), direction }
}

fn positioned(row: &Row<'_>, want: Want) -> Result<(Position, Arc<Comment>)> {
    let comment = from_row(row, want)?;
    Ok((Position { sort: Sort::Id, id: comment.id.0 }, Arc::new(comment)))
}

fn matching(filter: &Filter) -> Condition {
    Condition::all()
        .add_option(filter.post.map(|post| Column::PostId.eq(post.0)))
        .add_option(filter.author.map(|author| Column::AuthorId.eq(author.0)))
}
