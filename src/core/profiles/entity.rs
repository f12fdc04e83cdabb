//! The table of profiles, as sea-orm knows it.

use sea_orm::entity::prelude::*;

use crate::core::clock::Time;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "profiles")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    pub occupation: Option<String>,
    pub country: Option<String>,
    pub county: Option<String>,
    pub bio: Option<String>,
    pub home_address: Option<String>,
    pub linkedin: Option<String>,
    pub facebook: Option<String>,
    pub github: Option<String>,
    pub instagram: Option<String>,
    pub twitter: Option<String>,
    pub youtube: Option<String>,
    pub links_description: Option<String>,
    pub updated_at: Time,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
