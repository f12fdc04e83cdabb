//! The password once more, from somebody who is signed in: before what a thief of the session must not do. A wrong one
//! counts like a failed login of that account, so that a stolen session is no way around the pauses.

use sea_orm::{DatabaseTransaction, EntityTrait as _, QuerySelect as _};

use super::{UserId, entity::users, login, password};
use crate::core::{
    Core, Origin,
    error::{AuthFailure, Error, Fault, FaultCode, Result},
    hasher::{PasswordHash, Verdict},
    limits::Quota,
    viewer::SignedIn,
};

/// A password that was right a moment ago. What it allows happens later, in a transaction, which asks [`Proved::lock`].
pub(super) struct Proved {
    user: UserId,
    hash: String,
}

/// Compares with the viewer's password.
pub(super) async fn prove(
    core: &Core,
    viewer: &SignedIn,
    origin: &Origin,
    password: &str,
) -> Result<Result<Proved, Fault>> {
    core.limits.attempt(Quota::Login, origin).await?;
    let id = viewer.user.id;
    let account = login::throttle_key(id);
    core.limits.may_log_in(&account, origin).await?;
    let user = users::Entity::find_by_id(id.0).one(core.db.read()).await?.ok_or_else(gone)?;
    let stored = PasswordHash { hash: user.password_hash, scheme: user.password_scheme };
    // Longer than any password that was ever accepted: not worth a hash.
    let right = password.len() <= password::MAX_BYTES
        && core.hasher.verify(password, Some(stored.clone())).await? != Verdict::Wrong;
    if !right {
        core.limits.failed_login(&account, origin).await?;
        return Ok(Err(wrong()));
    }
    // Once more: in a crowd of guesses the right one must not stand out.
    core.limits.may_log_in(&account, origin).await?;
    core.limits.forget_failures(&account).await;
    Ok(Ok(Proved { user: id, hash: stored.hash }))
}

impl Proved {
    /// The user's row, for this transaction alone, if it still has the password that was compared; else the fault at
    /// `field`. Whoever resets a password meanwhile wants nothing done that the old one allowed.
    pub(super) async fn lock(&self, tx: &DatabaseTransaction, field: &'static str) -> Result<users::Model> {
        let user = users::Entity::find_by_id(self.user.0).lock_exclusive().one(tx).await?.ok_or_else(gone)?;
        if user.password_hash == self.hash { Ok(user) } else { Err(wrong().at(field).into()) }
    }
}

fn wrong() -> Fault {
    Fault::new(FaultCode::InvalidCredentials, "This is not your password.")
}

/// The account was deleted since the request came in.
pub(super) fn gone() -> Error {
    Error::Unauthenticated(AuthFailure::Revoked)
}
