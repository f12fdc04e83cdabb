//! Comments: seen with the post that they stand under.

mod entity;
mod list;
mod read;
mod write;

use sea_orm::DeriveValueType;
use uuid::Uuid;

pub(crate) use list::latest;
pub use list::{Filter, Parent, count, count_by_parents, list, list_by_parents};
pub use read::{Want, by_ids};
pub use write::{NewComment, create, delete, update};

pub(crate) use entity::{Column, Entity, Model};

use super::{
    accounts::{Author, UserId},
    clock::Time,
    posts::PostId,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, DeriveValueType)]
pub struct CommentId(pub Uuid);

/// A comment, with as much of it as was asked for.
#[derive(Clone, Debug)]
pub struct Comment {
    pub id: CommentId,
    pub post_id: PostId,
    /// Nobody, once the account was deleted and its content kept.
    pub author_id: Option<UserId>,
    /// The author, where the rows came with theirs.
    pub author: Option<Author>,
    pub body: String,
    pub created_at: Time,
    pub updated_at: Time,
}
