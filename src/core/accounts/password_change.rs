//! A new password for somebody who knows the old one. Every other session ends, and so does whatever else was asked
//! for under the old password: links to reset it, and a change of the address that is not confirmed yet.

use std::sync::Arc;

use sea_orm::{ActiveModelTrait as _, ActiveValue::Set};

use super::{
    User, email_change,
    entity::users,
    new_password,
    one_time::{self, Purpose},
    own_password::{self, Proved},
};
use crate::core::{
    Core, Origin,
    audit::{self, Entry, Kind, Source},
    error::{Faults, Result},
    events::Event,
    hasher::PasswordHash,
    sessions::{self, Scope, SessionId},
    viewer::{SignedIn, Viewer},
};

pub struct Changed {
    pub user: Arc<User>,
    pub ended: Vec<SessionId>,
}

pub async fn change_password(
    core: &Core,
    viewer: &Viewer,
    origin: &Origin,
    current: &str,
    new: &str,
) -> Result<Changed> {
    let viewer = viewer.signed_in()?;
    let by = Source::user(viewer.user.id, origin);
    let entry = Entry::new(Kind::ChangePassword).about(viewer.user.id);
    audit::attempt(core, by, entry, change(core, viewer, origin, current, new)).await
}

async fn change(core: &Core, viewer: &SignedIn, origin: &Origin, current: &str, new: &str) -> Result<Changed> {
    let mut faults = Faults::default();
    let proved = faults.check("currentPassword", own_password::prove(core, viewer, origin, current).await?);
    let email = viewer.user.private.as_ref().map_or("", |private| &*private.email);
    let about = [&*viewer.user.username, email, &*viewer.user.first_name, &*viewer.user.last_name];
    faults.check("newPassword", new_password::check(core, new, &about).await?);
    let Some(proved) = proved.filter(|_| faults.is_empty()) else { return Err(faults.into()) };
    let hash = core.hasher.hash(new).await?;
    let changed = core.db.retry(|| replace(core, viewer, origin, &proved, &hash)).await?;
    core.outbox.ring();
    core.events.tell(Event::RightsChanged(viewer.user.id));
    Ok(changed)
}

async fn replace(
    core: &Core,
    viewer: &SignedIn,
    origin: &Origin,
    proved: &Proved,
    hash: &PasswordHash,
) -> Result<Changed> {
    let tx = core.db.begin().await?;
    // The lock comes first: a login with the old password is either among the sessions that end, or finds the new one.
    let mut change = users::ActiveModel::from(proved.lock(&tx, "currentPassword").await?);
    change.password_hash = Set(hash.hash.clone());
    change.password_scheme = Set(hash.scheme.clone());
    change.updated_at = Set(core.clock.now());
    let user = change.update(&tx).await?;
    let ended = sessions::end_in_scope(core, &tx, viewer, Scope::Others).await?;
    one_time::burn(core, &tx, Purpose::ResetPassword, user.id).await?;
    email_change::end_waiting(core, &tx, user.id).await?;
    new_password::tell_owner(core, &tx, &user).await?;
    let id = viewer.user.id;
    audit::commit(core, tx, Source::user(id, origin), Entry::new(Kind::ChangePassword).about(id)).await?;
    Ok(Changed { user: Arc::new(User::from(user)), ended })
}
