//! The tables of sessions, as sea-orm knows them.

use sea_orm::entity::prelude::*;

use crate::core::clock::Time;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub device_name: Option<String>,
    pub user_agent: Option<String>,
    pub ip_address: Option<String>,
    pub created_at: Time,
    pub last_used_at: Time,
    pub idle_expires_at: Time,
    pub absolute_expires_at: Time,
    pub ended_at: Option<Time>,
    /// Of the cookie's handle; a session without one lives on refresh tokens.
    pub handle_digest: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// When it ends, unless it is used before.
    pub fn expires_at(&self) -> Time {
        self.idle_expires_at.min(self.absolute_expires_at)
    }
}

pub(super) mod refresh_tokens {
    use sea_orm::entity::prelude::*;

    use crate::core::clock::Time;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "refresh_tokens")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub digest: String,
        pub session_id: Uuid,
        /// The token that it was given for.
        pub parent: Option<String>,
        pub created_at: Time,
        pub used_at: Option<Time>,
        /// When another successor took its place before it was used.
        pub superseded_at: Option<Time>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
