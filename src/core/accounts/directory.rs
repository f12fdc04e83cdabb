//! Finding users: by id, by name, in pages.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{
    ColumnTrait as _, Condition, DatabaseConnection, IdenStatic as _,
    sea_query::{Expr, ExprTrait as _, Query, SelectStatement},
};

use super::{
    User, UserId,
    entity::users::{Column, Entity},
    types::{Email, Username},
};
use crate::core::{
    Core,
    db::Row,
    error::Result,
    page::{self, Direction, Page, Position, Sort, SortBy, Window},
    search,
    viewer::{Role, Viewer},
};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    pub role: Option<Role>,
    pub search: Option<String>,
    pub suspended: Option<bool>,
    pub email_verified: Option<bool>,
}

impl Filter {
    fn connection<'c>(&self, core: &'c Core) -> &'c DatabaseConnection {
        if self.search.is_some() { core.db.search() } else { core.db.read() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    CreatedAt,
    Username,
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
            Field::Username => Sort::Text(String::new()),
        }
    }

    fn by(self) -> SortBy<'static> {
        let column = (self.field == Field::Username).then_some(("users", Column::UsernameKey.as_str()));
        SortBy { column, unique: column.is_some(), id: ("users", "id"), direction: self.direction }
    }
}

/// The users with these ids. Everybody may see their public half; the other one keeps itself.
pub async fn by_ids(core: &Core, ids: &[UserId]) -> Result<HashMap<UserId, Arc<User>>> {
    let mut select = select();
    select.and_where(Column::Id.is_in(ids.iter().map(|id| id.0)));
    let users = core.db.rows(&select, user).await?;
    Ok(users.into_iter().map(|user| (user.id, user)).collect())
}

pub async fn find_by_username(core: &Core, username: &str) -> Result<Option<Arc<User>>> {
    let Ok(username) = Username::parse_even_reserved(username) else { return Ok(None) };
    let mut select = select();
    select.and_where(Column::UsernameKey.eq(username.key()));
    Ok(core.db.rows(&select, user).await?.pop())
}

/// Only for administrators: others could find out who has an account.
pub async fn find_by_email(core: &Core, viewer: &Viewer, email: &str) -> Result<Option<Arc<User>>> {
    viewer.require(Role::Admin)?;
    let Ok(email) = Email::parse(email) else { return Ok(None) };
    let mut select = select();
    select.and_where(Column::EmailKey.eq(email.key()));
    Ok(core.db.rows(&select, user).await?.pop())
}

/// One page of all users, for who looks after the site.
pub async fn list(
    core: &Core,
    viewer: &Viewer,
    window: &Window,
    order: Order,
    filter: &Filter,
) -> Result<Page<(Position, Arc<User>)>> {
    viewer.require(Role::Moderator)?;
    let mut select = select();
    select.cond_where(matching(core, viewer, filter).await?);
    window.apply(&mut select, &order.by());
    let positioned = |user: Arc<User>| {
        let sort = match order.field {
            Field::CreatedAt => Sort::Id,
            // The key of a username is its lower case.
            Field::Username => Sort::Text(user.username.to_ascii_lowercase()),
        };
        (Position { sort, id: user.id.0 }, user)
    };
    let users =
        if filter.search.is_some() { core.db.found(&select, user).await } else { core.db.rows(&select, user).await };
    Ok(window.page(users?.into_iter().map(positioned).collect()))
}

pub async fn count(core: &Core, viewer: &Viewer, filter: &Filter) -> Result<u64> {
    viewer.require(Role::Moderator)?;
    let mut select = Query::select();
    select.expr(Expr::col((Entity, Column::Id)).count()).from(Entity).cond_where(matching(core, viewer, filter).await?);
    page::count(filter.connection(core), &select).await
}

fn select() -> SelectStatement {
    let columns = User::PUBLIC.into_iter().chain(User::PRIVATE);
    Query::select().columns(columns.map(|column| (Entity, column))).from(Entity).take()
}

fn user(row: &Row<'_>) -> Result<Arc<User>> {
    User::whole(row, 0).map(Arc::new)
}

/// What only administrators see, only they can ask for.
async fn matching(core: &Core, viewer: &Viewer, filter: &Filter) -> Result<Condition> {
    let is_admin = viewer.require(Role::Admin).is_ok();
    let suspended = Column::SuspendedUntil.gt(core.clock.now());
    let not_suspended = || Condition::any().add(Column::SuspendedUntil.is_null()).add(suspended.clone().not());
    let rule = Condition::all()
        .add_option(filter.role.map(|role| Column::Role.eq(role.as_str())))
        .add_option(
            filter
                .suspended
                .map(|wanted| if wanted { Condition::all().add(suspended.clone()) } else { not_suspended() }),
        )
        .add_option(filter.email_verified.map(|wanted| {
            if wanted { Column::EmailVerifiedAt.is_not_null() } else { Column::EmailVerifiedAt.is_null() }
        }));
    match &filter.search {
        Some(typed) => search::in_users(&core.db, typed, is_admin, rule).await,
        None => Ok(rule),
    }
}
