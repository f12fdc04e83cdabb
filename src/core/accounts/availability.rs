//! Whether a username or an address is free, for a form that asks while somebody types.

use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use uuid::Uuid;

use super::{
    UserId,
    entity::{signups, users},
    look_alikes,
    types::{Email, Username},
};
use crate::core::{
    Core, Origin,
    audit::{self, Kind},
    error::{Error, Fault, Result},
    limits::Quota,
    settings::Disclosure,
};

/// Free, and allowed: a reserved or malformed name is not available to anybody.
pub async fn username_available(core: &Core, origin: &Origin, username: &str) -> Result<bool> {
    audit::admit(core, origin, Quota::Availability, Kind::UsernameAvailable).await?;
    match choose(core, username, None).await? {
        Ok(username) => Ok(!is_username_taken(core, core.db.read(), &username).await?),
        Err(_) => Ok(false),
    }
}

/// Answers only where the operator lets strangers learn who has an account.
pub async fn email_available(core: &Core, origin: &Origin, email: &str) -> Result<bool> {
    if core.settings.disclosure == Disclosure::Strict {
        return Err(Error::Forbidden);
    }
    audit::admit(core, origin, Quota::Availability, Kind::EmailAvailable).await?;
    match Email::parse(email) {
        Ok(email) => Ok(user_with_email(core.db.read(), &email.key()).await?.is_none()),
        Err(_) => Ok(false),
    }
}

/// A name that anybody may choose, be it free or not: well formed, neither reserved nor like one of somebody else who
/// looks after the site.
pub(super) async fn choose(core: &Core, typed: &str, own: Option<UserId>) -> Result<Result<Username, Fault>> {
    let username = match Username::parse(typed) {
        Ok(username) => username,
        Err(fault) => return Ok(Err(fault)),
    };
    let confused = look_alikes::is_like_staff(core.db.read(), &username, own.map(|own| own.0)).await?;
    Ok(if confused { Err(look_alikes::like_staff()) } else { Ok(username) })
}

/// By a user, or by a sign-up that waits for its proof.
pub(super) async fn is_username_taken(core: &Core, db: &impl ConnectionTrait, username: &Username) -> Result<bool> {
    if user_with_username(db, &username.key()).await?.is_some() {
        return Ok(true);
    }
    let waiting = signups::Entity::find()
        .filter(signups::Column::UsernameKey.eq(username.key()))
        .filter(signups::Column::ExpiresAt.gt(core.clock.now()));
    Ok(waiting.one(db).await?.is_some())
}

/// The same for a user who has a name already, which stays free for that user.
pub(super) async fn is_username_taken_for(
    core: &Core,
    db: &impl ConnectionTrait,
    username: &Username,
    user: UserId,
) -> Result<bool> {
    let own = user_with_username(db, &username.key()).await? == Some(user.0);
    Ok(!own && is_username_taken(core, db, username).await?)
}

pub(super) async fn user_with_email(db: &impl ConnectionTrait, email_key: &str) -> Result<Option<Uuid>> {
    user_id(db, users::Column::EmailKey, email_key).await
}

pub(super) async fn user_with_username(db: &impl ConnectionTrait, username_key: &str) -> Result<Option<Uuid>> {
    user_id(db, users::Column::UsernameKey, username_key).await
}

async fn user_id(db: &impl ConnectionTrait, column: users::Column, key: &str) -> Result<Option<Uuid>> {
    let found = users::Entity::find().select_only().column(users::Column::Id).filter(column.eq(key));
    Ok(found.into_tuple::<Uuid>().one(db).await?)
}
