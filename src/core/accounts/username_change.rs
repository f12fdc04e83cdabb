//! Another username. The one before is free at once.

use std::sync::Arc;

use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, EntityTrait as _, ModelTrait as _, QuerySelect as _};

use super::{
    User, UserId, availability, entity::users, held_username, own_password::gone, signup::username_taken,
    types::Username,
};
use crate::core::{
    Core, Origin,
    audit::{self, Entry, Kind, Source},
    error::{Error, Result, duplicate_key},
    limits::Quota,
    search,
    viewer::Viewer,
};

pub async fn change_username(core: &Core, viewer: &Viewer, origin: &Origin, username: &str) -> Result<Arc<User>> {
    let viewer = viewer.signed_in()?;
    core.limits.attempt(Quota::Availability, origin).await?;
    let username = check(core, &viewer.user, username).await?;
    core.db.retry(|| store(core, origin, viewer.user.id, &username)).await
}

/// One's own name in another case is always one's own, even if it is reserved by now.
async fn check(core: &Core, user: &User, typed: &str) -> Result<Username> {
    let own = Username::parse_even_reserved(typed).ok().filter(|name| name.key() == user.username.to_ascii_lowercase());
    if let Some(own) = own {
        return Ok(own);
    }
    let username = availability::choose(core, typed, Some(user.id)).await?.map_err(|fault| fault.at("username"))?;
    if availability::is_username_taken(core, core.db.read(), &username).await? {
        return Err(username_taken().into());
    }
    Ok(username)
}

async fn store(core: &Core, origin: &Origin, id: UserId, username: &Username) -> Result<Arc<User>> {
    let tx = core.db.begin().await?;
    let user = users::Entity::find_by_id(id.0).lock_exclusive().one(&tx).await?.ok_or_else(gone)?;
    let held = if user.username_key == username.key() {
        None
    } else {
        Some(held_username::hold_for_now(core, &tx, username).await?)
    };
    let search_text = search::folded([username.as_str(), &*user.first_name, &*user.last_name]);
    let mut change = users::ActiveModel::from(user);
    change.username = Set(username.as_str().to_owned());
    change.username_key = Set(username.key());
    change.search_text = Set(search_text);
    change.updated_at = Set(core.clock.now());
    let user = change.update(&tx).await.map_err(|error| match duplicate_key(&error) {
        Some(_) => username_taken().into(),
        None => Error::from(error),
    })?;
    if let Some(held) = held {
        held.delete(&tx).await?;
    }
    audit::commit(core, tx, Source::user(id, origin), Entry::new(Kind::ChangeUsername).about(id)).await?;
    Ok(Arc::new(User::from(user)))
}
