//! A user as the rest of the house knows one: without the password, in two halves, and mapped by position, which is
//! what the statements that every request runs are worth.

use sea_orm::DeriveValueType;
use uuid::Uuid;

use super::entity::users::{Column, Model};
use crate::core::{
    clock::Time,
    db::Row,
    error::Result,
    viewer::{PrivateAccess, Role},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, DeriveValueType)]
pub struct UserId(pub Uuid);

/// The public half, and the private one where it was asked for.
#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    pub username: String,
    pub first_name: String,
    pub last_name: String,
    pub role: Role,
    pub created_at: Time,
    /// The name of the picture; none without one.
    pub avatar: Option<String>,
    pub(in crate::core) private: Option<Private>,
}

/// For oneself and for administrators.
#[derive(Clone, Debug)]
pub struct Private {
    pub email: String,
    pub email_verified_at: Option<Time>,
    pub suspended_until: Option<Time>,
    pub last_login_at: Option<Time>,
    pub updated_at: Time,
}

impl User {
    pub(crate) const PUBLIC: [Column; 7] = [
        Column::Id,
        Column::Username,
        Column::FirstName,
        Column::LastName,
        Column::Role,
        Column::CreatedAt,
        Column::Avatar,
    ];
    pub(crate) const PRIVATE: [Column; 5] =
        [Column::Email, Column::EmailVerifiedAt, Column::SuspendedUntil, Column::LastLoginAt, Column::UpdatedAt];

    /// Reads [`User::PUBLIC`] from position `first` on.
    pub(crate) fn public(row: &Row<'_>, first: usize) -> Result<Self> {
        Ok(Self {
            id: UserId(row.get(first)?),
            username: row.get(first + 1)?,
            first_name: row.get(first + 2)?,
            last_name: row.get(first + 3)?,
            role: row.text(first + 4, role)?,
            created_at: Time(row.get(first + 5)?),
            avatar: row.get(first + 6)?,
            private: None,
        })
    }

    /// Reads [`User::PUBLIC`] and [`User::PRIVATE`] after it.
    pub(crate) fn whole(row: &Row<'_>, first: usize) -> Result<Self> {
        let private = first + Self::PUBLIC.len();
        let private = Private {
            email: row.get(private)?,
            email_verified_at: row.get::<Option<i64>>(private + 1)?.map(Time),
            suspended_until: row.get::<Option<i64>>(private + 2)?.map(Time),
            last_login_at: row.get::<Option<i64>>(private + 3)?.map(Time),
            updated_at: Time(row.get(private + 4)?),
        };
        Ok(Self { private: Some(private), ..Self::public(row, first)? })
    }

    /// The private half, where it was brought along.
    pub fn private(&self, access: PrivateAccess) -> Option<&Private> {
        self.private.as_ref().filter(|_| access.user() == self.id)
    }

    pub fn display_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}

impl Private {
    pub fn is_suspended(&self, now: Time) -> bool {
        self.suspended_until.is_some_and(|until| until > now)
    }
}

impl From<Model> for User {
    fn from(row: Model) -> Self {
        Self {
            id: UserId(row.id),
            username: row.username,
            first_name: row.first_name,
            last_name: row.last_name,
            role: role(&row.role),
            created_at: row.created_at,
            avatar: row.avatar,
            private: Some(Private {
                email: row.email,
                email_verified_at: row.email_verified_at,
                suspended_until: row.suspended_until,
                last_login_at: row.last_login_at,
                updated_at: row.updated_at,
            }),
        }
    }
}

/// A role that this version does not know gives no rights.
pub(super) fn role(text: &str) -> Role {
    Role::parse(text).unwrap_or(Role::User)
}
