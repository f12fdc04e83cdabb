//! The old address says no: a change that waits is stopped, one that was confirmed is undone, and so is all that came
//! after it. Who asked for it knew the password and is signed in, so undoing ends every session.

use sea_orm::{ColumnTrait as _, Condition, DatabaseTransaction, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use super::{
    super::{UserId, entity::users, one_time::spent, types::Email, verification},
    Column, Entity, Model, end, move_to,
};
use crate::core::{
    Core, Origin,
    audit::{self, Entry, Kind, Source},
    crypto::digest_of,
    error::Result,
    events::Event,
    limits::Quota,
    mail::{self, Outgoing, templates::Letter},
    sessions,
};

/// The address that the account keeps, or has again.
pub async fn cancel_email_change(core: &Core, origin: &Origin, token: &str) -> Result<String> {
    let digest = digest_of(token);
    let attempt = async {
        core.limits.attempt(Quota::Code, origin).await?;
        core.db.retry(|| cancel(core, origin, &digest)).await
    };
    let entry = Entry::new(Kind::CancelEmailChange);
    let user = audit::attempt(core, Source::anonymous(origin), entry, attempt).await?;
    core.outbox.ring();
    core.events.tell(Event::RightsChanged(UserId(user.id)));
    Ok(user.email)
}

async fn cancel(core: &Core, origin: &Origin, digest: &str) -> Result<users::Model> {
    let tx = core.db.begin().await?;
    let open = || {
        Entity::find()
            .filter(Column::CancelDigest.eq(digest))
            .filter(Column::EndedAt.is_null())
            .filter(Column::CancelUntil.gt(core.clock.now()))
    };
    let change = open().one(&tx).await?.ok_or_else(spent)?;
    let old = Email::parse(&change.old_email)?;
    verification::lock_attempts(&tx, &old.key()).await?;
    let user = users::Entity::find_by_id(change.user_id).lock_exclusive().one(&tx).await?.ok_or_else(spent)?;
    // Once more, now that nobody else can touch it: meanwhile it may have been confirmed, or ended.
    let change = open().one(&tx).await?.ok_or_else(spent)?;
    let this_and_later = Condition::all().add(Column::UserId.eq(user.id)).add(Column::CreatedAt.gte(change.created_at));
    end(core, &tx, this_and_later).await?;
    let user = if change.confirmed_at.is_some() { undo(core, &tx, user, &change, &old).await? } else { user };
    let id = UserId(user.id);
    audit::commit(core, tx, Source::user(id, origin), Entry::new(Kind::CancelEmailChange).about(id)).await?;
    Ok(user)
}

/// The old address is back, as it was. Its owner learns where to choose a new password.
async fn undo(
    core: &Core,
    tx: &DatabaseTransaction,
    user: users::Model,
    change: &Model,
    old: &Email,
) -> Result<users::Model> {
    let user = move_to(core, tx, user, old, change.old_verified_at).await?;
    sessions::end_all(core, tx, UserId(user.id)).await?;
    let letter = Letter::EmailRestored {
        first_name: &user.first_name,
        username: &user.username,
        at: &core.clock.now().in_words(),
        reset_link: &core.settings.links.forgot_password(),
    };
    mail::post(core, tx, Outgoing { to: &user.email, letter, expires_at: None }).await?;
    Ok(user)
}
