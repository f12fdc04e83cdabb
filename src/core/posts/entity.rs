//! The table of posts, as sea-orm knows it.

use sea_orm::entity::prelude::*;

use crate::core::clock::Time;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "posts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub author_id: Option<Uuid>,
    pub title: String,
    pub title_key: String,
    pub body: String,
    /// The title and the text, as `search::folded` makes them.
    pub search_text: String,
    pub status: String,
    pub created_at: Time,
    pub updated_at: Time,
    /// 0 for what was never published.
    pub published_at: Time,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
