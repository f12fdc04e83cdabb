//! The new address confirms: whoever opens its link reads its mail. It signs nobody in, for that takes the password.

use std::sync::Arc;

use sea_orm::{ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QuerySelect as _, sea_query::Expr};

use super::{
    super::{User, entity::users, one_time::spent, types::Email, verification},
    Column, Entity, move_to, unconfirmed,
};
use crate::core::{
    Core, Origin,
    audit::{self, Entry, Kind, Source},
    crypto::digest_of,
    error::Result,
    limits::Quota,
    viewer::Oneself,
};

pub async fn confirm_email_change(core: &Core, origin: &Origin, token: &str) -> Result<Oneself> {
    let digest = digest_of(token);
    let attempt = async {
        core.limits.attempt(Quota::Code, origin).await?;
        core.db.retry(|| confirm(core, origin, &digest)).await
    };
    let entry = Entry::new(Kind::ConfirmEmailChange);
    audit::attempt(core, Source::anonymous(origin), entry, attempt).await.map(Oneself::proved)
}

async fn confirm(core: &Core, origin: &Origin, digest: &str) -> Result<Arc<User>> {
    let tx = core.db.begin().await?;
    let now = core.clock.now();
    let open = || -> Condition { unconfirmed().add(Column::ConfirmDigest.eq(digest)).add(Column::ExpiresAt.gt(now)) };
    let change = Entity::find().filter(open()).one(&tx).await?.ok_or_else(spent)?;
    // In the order of everybody who proves an address: those who wait to prove it, then the user.
    verification::lock_attempts(&tx, &change.new_email_key).await?;
    let user = users::Entity::find_by_id(change.user_id).lock_exclusive().one(&tx).await?.ok_or_else(spent)?;
    let burnt = Entity::update_many().col_expr(Column::ConfirmedAt, Expr::value(now)).filter(open()).exec(&tx).await?;
    if burnt.rows_affected == 0 {
        return Err(spent());
    }
    let user = move_to(core, &tx, user, &Email::parse(&change.new_email)?, Some(now)).await?;
    let user = User::from(user);
    audit::commit(core, tx, Source::user(user.id, origin), Entry::new(Kind::ConfirmEmailChange).about(user.id)).await?;
    Ok(Arc::new(user))
}
