//! Posts: who may see which, reading them in pages, writing them.

pub(crate) mod entity;
mod list;
mod read;
pub mod types;
mod write;

use sea_orm::DeriveValueType;
use uuid::Uuid;

pub use list::{Field, Filter, Order, count, count_by_authors, list, list_by_authors};
pub(crate) use read::visible;
pub use read::{Want, by_ids};
pub use write::{Change, NewPost, create, delete, update};

use super::{
    accounts::{Author, UserId},
    clock::Time,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, DeriveValueType)]
pub struct PostId(pub Uuid);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    Draft,
    Published,
}

/// A post, with as much of it as was asked for.
#[derive(Clone, Debug)]
pub struct Post {
    pub id: PostId,
    /// Nobody, once the account was deleted and its content kept.
    pub author_id: Option<UserId>,
    /// The author, where the rows came with theirs.
    pub author: Option<Author>,
    pub title: String,
    pub body: Option<String>,
    pub status: Status,
    pub created_at: Time,
    pub updated_at: Time,
    pub published_at: Option<Time>,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Published => "PUBLISHED",
        }
    }

    /// What this version does not know is not shown to the public.
    fn parse(text: &str) -> Self {
        if text == Self::Published.as_str() { Self::Published } else { Self::Draft }
    }
}
