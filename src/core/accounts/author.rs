//! Who wrote something, with as much of them as is asked for: most pages show a name, and a list of comments has one for
//! each.

use std::sync::Arc;

use sea_orm::sea_query::{Expr, ExprTrait as _, IntoColumnRef, JoinType, SelectStatement};
use uuid::Uuid;

use super::{User, UserId, users};
use crate::core::{db::Row, error::Result};

#[derive(Clone, Debug)]
pub enum Author {
    Named { id: UserId, username: String },
    Whole(Arc<User>),
}

/// How much of its author a row brings along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Authors {
    #[default]
    Nothing,
    Name,
    Whole,
}

impl Author {
    pub fn id(&self) -> UserId {
        match self {
            Self::Named { id, .. } => *id,
            Self::Whole(user) => user.id,
        }
    }

    pub fn username(&self) -> &str {
        match self {
            Self::Named { username, .. } => username,
            Self::Whole(user) => &user.username,
        }
    }

    pub fn whole(&self) -> Option<&Arc<User>> {
        match self {
            Self::Named { .. } => None,
            Self::Whole(user) => Some(user),
        }
    }
}

impl From<Arc<User>> for Author {
    fn from(user: Arc<User>) -> Self {
        Self::Whole(user)
    }
}

impl Authors {
    /// What a statement selects of them.
    pub(crate) fn columns(self) -> &'static [users::Column] {
        match self {
            Self::Nothing => &[],
            Self::Name => &[users::Column::Id, users::Column::Username],
            Self::Whole => &User::PUBLIC,
        }
    }

    /// Joins them to the rows that name them in a column. Where the account is gone there is nobody.
    pub(crate) fn join(self, select: &mut SelectStatement, author: impl IntoColumnRef) {
        if self != Self::Nothing {
            let same = Expr::col((users::Entity, users::Column::Id)).eq(Expr::col(author));
            select.join(JoinType::LeftJoin, users::Entity, same);
        }
    }

    /// Reads [`Self::columns`] from position `first` on.
    pub(crate) fn read(self, row: &Row<'_>, first: usize) -> Result<Option<Author>> {
        if self == Self::Nothing {
            return Ok(None);
        }
        let Some(id) = row.get::<Option<Uuid>>(first)? else { return Ok(None) };
        Ok(Some(match self {
            Self::Whole => Author::Whole(Arc::new(User::public(row, first)?)),
            _ => Author::Named { id: UserId(id), username: row.get(first + 1)? },
        }))
    }
}
