//! Another username. While it is taken it is held like one that somebody signs up with, so that no sign-up can slip in
//! between; the one before is free at once.

use std::sync::Arc;

use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, DatabaseTransaction, EntityTrait as _, ModelTrait as _, QuerySelect as _,
};

use super::{
    User, UserId, availability,
    entity::{signups, users},
    own_password::gone,
    signup::{self, username_taken},
    types::Username,
};
use crate::core::{
    Core, Origin,
    error::{Error, Result, duplicate_key},
    limits::Quota,
    search,
    viewer::Viewer,
};

pub async fn change_username(core: &Core, viewer: &Viewer, origin: &Origin, username: &str) -> Result<Arc<User>> {
    let viewer = viewer.signed_in()?;
    core.limits.attempt(Quota::Availability, origin)?;
    let username = check(core, &viewer.user, username).await?;
    let user = core.db.retry(|| store(core, viewer.user.id, &username)).await?;
    tracing::info!(user = %viewer.user.id.0, "username changed");
    Ok(user)
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

async fn store(core: &Core, id: UserId, username: &Username) -> Result<Arc<User>> {
    let tx = core.db.begin().await?;
    let user = users::Entity::find_by_id(id.0).lock_exclusive().one(&tx).await?.ok_or_else(gone)?;
    let held = if user.username_key == username.key() { None } else { Some(hold(core, &tx, username).await?) };
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
    tx.commit().await?;
    Ok(Arc::new(User::from(user)))
}

/// A sign-up of nobody, which nobody else ever sees.
async fn hold(core: &Core, tx: &DatabaseTransaction, username: &Username) -> Result<signups::Model> {
    let now = core.clock.now();
    let row = signups::Model {
        id: core.random.uuid(now),
        username: username.as_str().to_owned(),
        username_key: username.key(),
        email: String::new(),
        email_key: String::new(),
        first_name: String::new(),
        last_name: String::new(),
        password_hash: String::new(),
        password_scheme: String::new(),
        created_at: now,
        expires_at: now,
    };
    signup::hold_username(core, tx, &row).await?;
    Ok(row)
}
