//! Reading profiles: those of many people at once.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::{
    Profile, SocialLinks,
    entity::{Column, Entity, Model},
};
use crate::core::{Core, accounts::UserId, error::Result};

/// The profiles of these people; an empty one for who has told nothing.
pub async fn by_users(core: &Core, users: &[UserId]) -> Result<HashMap<UserId, Arc<Profile>>> {
    let told = Entity::find().filter(Column::UserId.is_in(users.iter().map(|user| user.0))).all(core.db.read()).await?;
    let mut profiles: HashMap<_, _> = users.iter().map(|user| (*user, Arc::new(Profile::empty(*user)))).collect();
    profiles.extend(told.into_iter().map(|row| (UserId(row.user_id), Arc::new(Profile::from(row)))));
    Ok(profiles)
}

impl From<Model> for Profile {
    fn from(row: Model) -> Self {
        Self {
            user: UserId(row.user_id),
            occupation: row.occupation,
            country: row.country,
            county: row.county,
            bio: row.bio,
            home_address: row.home_address,
            links: SocialLinks {
                linkedin: row.linkedin,
                facebook: row.facebook,
                github: row.github,
                instagram: row.instagram,
                twitter: row.twitter,
                youtube: row.youtube,
                description: row.links_description,
            },
        }
    }
}
