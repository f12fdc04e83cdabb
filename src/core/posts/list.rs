//! Posts in pages: all that the viewer may see, or those of many authors in one statement.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{
    ColumnTrait as _, Condition, DatabaseConnection, IdenStatic as _,
    sea_query::{Expr, ExprTrait as _, Query, SelectStatement, UnionType},
};
use uuid::Uuid;

use super::{
    Post, Status,
    entity::{Column, Entity},
    read::{Want, from_row, select, visible},
};
use crate::core::{
    Core,
    accounts::UserId,
    db::Row,
    error::Result,
    page::{self, Direction, Page, Position, Sort, SortBy, Window},
    search,
    viewer::{Role, Viewer},
};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    pub author: Option<UserId>,
    pub status: Option<Status>,
    pub search: Option<String>,
}

impl Filter {
    /// What is asked for, but for the words of a search.
    fn condition(&self, viewer: &Viewer) -> Condition {
        Condition::all()
            .add_option(self.author.map(|author| Column::AuthorId.eq(author.0)))
            .add_option(self.status.map(|status| Column::Status.eq(status.as_str())))
            .add_option(own_drafts(viewer, self))
    }

    fn connection<'c>(&self, core: &'c Core) -> &'c DatabaseConnection {
        if self.search.is_some() { core.db.search() } else { core.db.read() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    CreatedAt,
    PublishedAt,
    Title,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    pub field: Field,
    pub direction: Direction,
}

impl Default for Order {
    fn default() -> Self {
        Self { field: Field::CreatedAt, direction: Direction::Desc }
    }
}

impl Order {
    /// A sort value of this order, as cursors hold one.
    pub fn sort(self) -> Sort {
        match self.field {
            Field::CreatedAt => Sort::Id,
            Field::PublishedAt => Sort::Number(0),
            Field::Title => Sort::Text(String::new()),
        }
    }

    fn column(self) -> Option<Column> {
        match self.field {
            Field::CreatedAt => None,
            Field::PublishedAt => Some(Column::PublishedAt),
            Field::Title => Some(Column::TitleKey),
        }
    }

    fn by(self) -> SortBy<'static> {
        let column = self.column().map(|column| ("posts", column.as_str()));
        SortBy { column, unique: false, id: ("posts", "id"), direction: self.direction }
    }
}

type Rows = Page<(Position, Arc<Post>)>;

/// One page: one statement, with the rule of visibility in it.
pub async fn list(
    core: &Core,
    viewer: &Viewer,
    window: &Window,
    order: Order,
    filter: &Filter,
    want: Want,
) -> Result<Rows> {
    let mut select = select(want, order.column());
    select.cond_where(matching(core, viewer, filter).await?);
    window.apply(&mut select, &order.by());
    let positioned = |row: &Row<'_>| positioned(row, order, want);
    let searches = filter.search.is_some();
    let posts =
        if searches { core.db.found(&select, positioned).await } else { core.db.rows(&select, positioned).await };
    Ok(window.page(posts?))
}

pub async fn count(core: &Core, viewer: &Viewer, filter: &Filter) -> Result<u64> {
    let number = |rule: Condition| {
        Query::select().expr(Expr::col((Entity, Column::Id)).count()).from(Entity).cond_where(rule).take()
    };
    let select = match seen_apart(viewer).filter(|_| filter.search.is_none()) {
        Some(parts) => {
            let [published, own] = parts.map(|part| number(part.add(filter.condition(viewer))));
            published.clone().union(UnionType::All, own).take()
        }
        None => number(matching(core, viewer, filter).await?),
    };
    page::count(filter.connection(core), &select).await
}

/// A page of each author's posts, all in one statement: a branch for each, every one of them limited.
pub async fn list_by_authors(
    core: &Core,
    viewer: &Viewer,
    authors: &[UserId],
    window: &Window,
    order: Order,
    want: Want,
) -> Result<HashMap<UserId, Rows>> {
    let branch = |author: Expr| -> SelectStatement {
        let mut select = select(want, order.column());
        select.and_where(Expr::col((Entity, Column::AuthorId)).eq(author)).cond_where(visible(viewer));
        window.apply(&mut select, &order.by());
        select
    };
    let parents: Vec<Uuid> = authors.iter().map(|author| author.0).collect();
    let mut by_author: HashMap<UserId, Vec<(Position, Arc<Post>)>> = HashMap::new();
    let rows = core.db.branches(&parents, branch).rows(&core.db, |row| positioned(row, order, want)).await?;
    for (position, post) in rows {
        if let Some(author) = post.author_id {
            by_author.entry(author).or_default().push((position, post));
        }
    }
    let pages = authors.iter().map(|author| {
        let mut rows = by_author.remove(author).unwrap_or_default();
        window.sort(&mut rows, order.direction);
        (*author, window.page(rows))
    });
    Ok(pages.collect())
}

/// How many posts of each author the viewer may see.
pub async fn count_by_authors(core: &Core, viewer: &Viewer, authors: &[UserId]) -> Result<HashMap<UserId, u64>> {
    let mut select = Query::select();
    select
        .column((Entity, Column::AuthorId))
        .expr(Expr::col((Entity, Column::Id)).count())
        .from(Entity)
        .and_where(Column::AuthorId.is_in(authors.iter().map(|author| author.0)))
        .cond_where(visible(viewer))
        .group_by_col((Entity, Column::AuthorId));
    let counted = page::counts(core.db.read(), &select).await?;
    Ok(authors.iter().map(|author| (*author, counted.get(&author.0).copied().unwrap_or(0))).collect())
}

fn positioned(row: &Row<'_>, order: Order, want: Want) -> Result<(Position, Arc<Post>)> {
    let (post, next) = from_row(row, want)?;
    let sort = match order.field {
        Field::CreatedAt => Sort::Id,
        Field::PublishedAt => Sort::Number(row.get(next)?),
        Field::Title => Sort::Text(row.get(next)?),
    };
    Ok((Position { sort, id: post.id.0 }, Arc::new(post)))
}

/// The rule of visibility for somebody who has drafts, as two that share no row: together they are one that no index
/// knows, which would have every row read to be counted.
fn seen_apart(viewer: &Viewer) -> Option<[Condition; 2]> {
    let viewer = viewer.signed_in().ok().filter(|viewer| viewer.user.role < Role::Moderator)?;
    let published = Status::Published.as_str();
    let own = Column::AuthorId.eq(viewer.user.id.0).and(Column::Status.ne(published));
    Some([Column::Status.eq(published), own].map(|part| Condition::all().add(part)))
}

/// What the rule says of drafts already, in the words of an index: a person's drafts are few among all.
fn own_drafts(viewer: &Viewer, filter: &Filter) -> Option<Expr> {
    let viewer = viewer.signed_in().ok().filter(|viewer| viewer.user.role < Role::Moderator)?;
    (filter.status == Some(Status::Draft)).then(|| Column::AuthorId.eq(viewer.user.id.0))
}

async fn matching(core: &Core, viewer: &Viewer, filter: &Filter) -> Result<Condition> {
    let rule = Condition::all().add(visible(viewer)).add(filter.condition(viewer));
    match &filter.search {
        Some(typed) => search::in_posts(&core.db, typed, rule).await,
        None => Ok(rule),
    }
}
