//! Showing pictures: to everybody who knows the address.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use super::{
    Address, Size,
    entity::{Column, Entity},
};
use crate::core::{Core, accounts::User, error::Result};

/// Where the user's picture is; nowhere without one.
pub fn url(core: &Core, user: &User, size: Size) -> Option<String> {
    let address = Address { name: user.avatar.clone()?, size };
    Some(format!("{}/avatars/{address}", core.settings.public_url))
}

/// The picture at this address, if somebody has it still.
pub async fn read(core: &Core, address: &Address) -> Result<Option<Vec<u8>>> {
    let column = match address.size {
        Size::Small => Column::Small,
        Size::Medium => Column::Medium,
        Size::Large => Column::Large,
    };
    let named = Entity::find().filter(Column::Name.eq(&*address.name)).select_only().column(column);
    Ok(named.into_tuple().one(core.db.read()).await?)
}
