//! A username that is held before it is somebody's, so that of all who want it at the same moment one gets it. A sign-up
//! holds its own while it waits for its proof; whoever gets one at once, a person or by an administrator, holds it until
//! the end of the transaction.

use sea_orm::{ColumnTrait as _, DatabaseTransaction, EntityTrait as _, QueryFilter as _};

use super::{availability, entity::signups, signup, types::Username};
use crate::core::{
    Core,
    error::{Result, duplicate_key},
};

/// Insert first, then look among the users: in this order no other transaction can slip a user of that name in between.
/// One whose time is over makes room.
pub(super) async fn hold(core: &Core, tx: &DatabaseTransaction, row: &signups::Model) -> Result<()> {
    signups::Entity::delete_many()
        .filter(signups::Column::UsernameKey.eq(&row.username_key))
        .filter(signups::Column::ExpiresAt.lte(core.clock.now()))
        .exec(tx)
        .await?;
    match signups::Entity::insert(signups::ActiveModel::from(row.clone())).exec_without_returning(tx).await {
        Err(error) if duplicate_key(&error).is_some() => return Err(signup::username_taken().into()),
        inserted => inserted?,
    };
    if availability::user_with_username(tx, &row.username_key).await?.is_some() {
        return Err(signup::username_taken().into());
    }
    Ok(())
}

/// For who gets the name in this transaction: a sign-up of nobody, to be deleted at its end, which nobody else ever sees.
pub(super) async fn hold_for_now(core: &Core, tx: &DatabaseTransaction, username: &Username) -> Result<signups::Model> {
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
    hold(core, tx, &row).await?;
    Ok(row)
}
