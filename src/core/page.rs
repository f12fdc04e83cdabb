//! Pages of lists: what a client asks for, the keyset cursor, the part of a statement that it becomes. One definition
//! for every list.
//!
//! A cursor is a position, not a number of rows: it stays right while rows come and go. It carries a tag, so that a
//! cursor that was altered, or comes from another list, order, filter or person, is refused.

use std::{cmp::Ordering, collections::HashMap};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DbErr,
    sea_query::{Condition, DynIden, Expr, ExprTrait as _, IntoColumnRef, Order, SelectStatement},
};
use uuid::Uuid;

use super::{
    accounts::UserId,
    crypto::Keys,
    error::{Error, Result},
    viewer::Viewer,
};

pub const DEFAULT: u64 = 20;
pub const MOST: u64 = 100;
const TAG: usize = 8;
const ID: usize = 16;

/// What a client asks for: `first` after `after`, or `last` before `before`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PageRequest {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    Asc,
    Desc,
}

/// Where a row stands in an order: its sort value, and its id where values are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    pub sort: Sort,
    pub id: Uuid,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Sort {
    /// The id alone: the order of creation.
    Id,
    Number(i64),
    Text(String),
}

/// A checked request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    limit: u64,
    backwards: bool,
    after: Option<Position>,
    before: Option<Position>,
}

#[derive(Clone, Debug)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub has_next: bool,
    pub has_previous: bool,
}

/// Makes and reads the cursors of one list for one viewer.
#[derive(Clone)]
pub struct Cursors {
    keys: Keys,
    /// What tells this list from every other: its name, order, filter and parent.
    list: String,
    viewer: Option<UserId>,
}

impl Position {
    /// As the database compares: by the sort value, then by the id.
    fn compare(&self, other: &Self) -> Ordering {
        let by_value = match (&self.sort, &other.sort) {
            (Sort::Number(a), Sort::Number(b)) => a.cmp(b),
            (Sort::Text(a), Sort::Text(b)) => a.cmp(b),
            _ => Ordering::Equal,
        };
        by_value.then_with(|| self.id.cmp(&other.id))
    }
}

/// The number that a counting statement gives, or the sum of those that its parts give.
pub(crate) async fn count(db: &DatabaseConnection, select: &SelectStatement) -> Result<u64> {
    let rows = db.query_all(select).await?;
    let counted = rows.iter().map(|row| row.try_get_by_index::<i64>(0)).sum::<Result<i64, _>>()?;
    Ok(u64::try_from(counted).unwrap_or(0))
}

/// Numbers by parent.
pub(crate) async fn counts(db: &DatabaseConnection, select: &SelectStatement) -> Result<HashMap<Uuid, u64>> {
    let rows = db.query_all(select).await?;
    let counted = rows.iter().map(|row| {
        let count: i64 = row.try_get_by_index(1)?;
        Ok((row.try_get_by_index(0)?, u64::try_from(count).unwrap_or(0)))
    });
    Ok(counted.collect::<Result<_, DbErr>>()?)
}

impl Cursors {
    pub fn new(keys: &Keys, list: String, viewer: &Viewer) -> Self {
        Self { keys: keys.clone(), list, viewer: viewer.signed_in().ok().map(|viewer| viewer.user.id) }
    }

    pub fn encode(&self, position: &Position) -> String {
        let mut body = position.id.as_bytes().to_vec();
        match &position.sort {
            Sort::Id => {}
            Sort::Number(number) => body.extend_from_slice(&number.to_be_bytes()),
            Sort::Text(text) => body.extend_from_slice(text.as_bytes()),
        }
        let tag = self.tag(self.viewer, &body);
        URL_SAFE_NO_PAD.encode([tag.as_slice(), &body].concat())
    }

    /// The position, if this cursor was made for this list, and for this viewer or for nobody signed in: a page that
    /// was rendered before the login goes on after it.
    pub fn decode(&self, cursor: &str, like: &Sort) -> Result<Position> {
        let refused = || Error::BadInput("The cursor does not belong to this list.".to_owned());
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
        let (tag, body) = bytes.split_at_checked(TAG).ok_or_else(refused)?;
        if ![self.viewer, None].into_iter().any(|viewer| self.tag(viewer, body) == *tag) {
            return Err(refused());
        }
        let (id, sort) = body.split_at_checked(ID).ok_or_else(refused)?;
        let id = Uuid::from_slice(id).map_err(|_| refused())?;
        let sort = match like {
            Sort::Id if sort.is_empty() => Sort::Id,
            Sort::Number(_) => Sort::Number(i64::from_be_bytes(sort.try_into().map_err(|_| refused())?)),
            Sort::Text(_) => Sort::Text(String::from_utf8(sort.to_vec()).map_err(|_| refused())?),
            Sort::Id => return Err(refused()),
        };
        Ok(Position { sort, id })
    }

    fn tag(&self, viewer: Option<UserId>, body: &[u8]) -> [u8; TAG] {
        let viewer = viewer.map_or(Uuid::nil(), |viewer| viewer.0);
        self.keys.cursor_tag(&[self.list.as_bytes(), viewer.as_bytes(), body])
    }
}

impl PageRequest {
    /// Checks sizes and cursors. `like` is a sort value of the list's order.
    pub fn window(&self, cursors: &Cursors, like: &Sort) -> Result<Window> {
        if self.first.is_some() && self.last.is_some() {
            return Err(Error::BadInput("Give `first` or `last`, not both.".to_owned()));
        }
        let size = |name: &str, size: Option<i32>| match size.map(u64::try_from) {
            None => Ok(DEFAULT),
            Some(Ok(size)) if size <= MOST => Ok(size),
            Some(_) => Err(Error::BadInput(format!("`{name}` must be from 0 to {MOST}."))),
        };
        let position =
            |cursor: &Option<String>| cursor.as_deref().map(|cursor| cursors.decode(cursor, like)).transpose();
        let backwards = self.last.is_some() || (self.first.is_none() && self.before.is_some());
        Ok(Window {
            limit: if backwards { size("last", self.last)? } else { size("first", self.first)? },
            backwards,
            after: position(&self.after)?,
            before: position(&self.before)?,
        })
    }
}

/// The columns that an order goes by.
pub struct SortBy<'c> {
    /// None where the id alone is the order.
    pub column: Option<(&'c str, &'c str)>,
    /// Whether no two rows have the same there, so that the id decides nothing. MariaDB would sort all rows for it.
    pub unique: bool,
    pub id: (&'c str, &'c str),
    pub direction: Direction,
}

impl Window {
    /// The longest page after a position, or from the start: for who walks a whole list.
    pub fn longest_after(after: Option<Position>) -> Self {
        Self { limit: MOST, backwards: false, after, before: None }
    }

    /// Adds the keyset, the order and the limit; one row more than asked for tells whether there are more.
    pub fn apply(&self, select: &mut SelectStatement, by: &SortBy<'_>) {
        let ascending = (by.direction == Direction::Asc) != self.backwards;
        if let Some(after) = &self.after {
            select.cond_where(beyond(by, after, by.direction == Direction::Asc));
        }
        if let Some(before) = &self.before {
            select.cond_where(beyond(by, before, by.direction == Direction::Desc));
        }
        let order = if ascending { Order::Asc } else { Order::Desc };
        if let Some(column) = by.column {
            select.order_by(reference(column), order.clone());
        }
        if !by.unique {
            select.order_by(reference(by.id), order);
        }
        select.limit(self.limit + 1);
    }

    /// The page of the rows that came back.
    pub fn page<T>(&self, mut rows: Vec<T>) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        if self.backwards {
            rows.reverse();
        }
        // The row of a cursor lies beyond the page: at its start for `after`, at its end for `before`.
        let has_next = self.before.is_some() || (more && !self.backwards);
        let has_previous = self.after.is_some() || (more && self.backwards);
        Page { rows, has_next, has_previous }
    }

    /// Rows of one branch, in the order in which the statement asked for them: a union does not promise any.
    pub fn sort<T>(&self, rows: &mut [(Position, T)], direction: Direction) {
        rows.sort_by(|(a, _), (b, _)| a.compare(b));
        if (direction == Direction::Desc) != self.backwards {
            rows.reverse();
        }
    }
}

/// Rows that stand beyond a position. The first half of the condition is a plain range, which every engine finds in
/// an index.
fn beyond(by: &SortBy<'_>, position: &Position, greater: bool) -> Condition {
    let id = Expr::col(reference(by.id));
    let past_id = if greater { id.gt(position.id) } else { id.lt(position.id) };
    let Some(column) = by.column else { return Condition::all().add(past_id) };
    let value = match &position.sort {
        Sort::Id => return Condition::all().add(past_id),
        Sort::Number(number) => Expr::value(*number),
        Sort::Text(text) => Expr::value(text.clone()),
    };
    let column = || Expr::col(reference(column));
    let (range, past) = if greater {
        (column().gte(value.clone()), column().gt(value))
    } else {
        (column().lte(value.clone()), column().lt(value))
    };
    Condition::all().add(range).add(Condition::any().add(past).add(past_id))
}

fn reference((table, column): (&str, &str)) -> impl IntoColumnRef {
    (DynIden::from(table.to_owned()), DynIden::from(column.to_owned()))
}
