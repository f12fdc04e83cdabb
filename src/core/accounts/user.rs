//! A user as the rest of the house knows one: without the password, and mapped by position, which is what the
//! statement that every request runs is worth.

use sea_orm::{DbErr, DeriveValueType, QueryResult};
use uuid::Uuid;

use super::entity::users::{Column, Model};
use crate::core::{clock::Time, viewer::Role};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, DeriveValueType)]
pub struct UserId(pub Uuid);

#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    pub username: String,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub role: Role,
    pub email_verified_at: Option<Time>,
    pub suspended_until: Option<Time>,
    pub last_login_at: Option<Time>,
    pub created_at: Time,
    pub updated_at: Time,
}

impl User {
    pub(crate) const COLUMNS: [Column; 11] = [
        Column::Id,
        Column::Username,
        Column::Email,
        Column::FirstName,
        Column::LastName,
        Column::Role,
        Column::EmailVerifiedAt,
        Column::SuspendedUntil,
        Column::LastLoginAt,
        Column::CreatedAt,
        Column::UpdatedAt,
    ];

    /// Reads [`User::COLUMNS`] from position `first` on.
    pub(crate) fn from_row(row: &QueryResult, first: usize) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.try_get_by_index(first)?,
            username: row.try_get_by_index(first + 1)?,
            email: row.try_get_by_index(first + 2)?,
            first_name: row.try_get_by_index(first + 3)?,
            last_name: row.try_get_by_index(first + 4)?,
            role: role(&row.try_get_by_index::<String>(first + 5)?),
            email_verified_at: row.try_get_by_index(first + 6)?,
            suspended_until: row.try_get_by_index(first + 7)?,
            last_login_at: row.try_get_by_index(first + 8)?,
            created_at: row.try_get_by_index(first + 9)?,
            updated_at: row.try_get_by_index(first + 10)?,
        })
    }

    pub fn is_suspended(&self, now: Time) -> bool {
        self.suspended_until.is_some_and(|until| until > now)
    }
}

impl From<Model> for User {
    fn from(row: Model) -> Self {
        Self {
            id: UserId(row.id),
            username: row.username,
            email: row.email,
            first_name: row.first_name,
            last_name: row.last_name,
            role: role(&row.role),
            email_verified_at: row.email_verified_at,
            suspended_until: row.suspended_until,
            last_login_at: row.last_login_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A role that this version does not know gives no rights.
fn role(text: &str) -> Role {
    Role::parse(text).unwrap_or(Role::User)
}
