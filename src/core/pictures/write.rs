//! Giving oneself a picture, and taking it away again.

use std::sync::Arc;

use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, DatabaseTransaction, EntityTrait as _, QuerySelect as _};

use super::{
    decode::decode,
    draw::{Portraits, portraits},
    entity::{ActiveModel, Entity},
};
use crate::core::{
    Core, Origin,
    accounts::{User, UserId, users},
    audit::{self, Entry, Kind, Source},
    error::{AuthFailure, Error, Result},
    limits::Quota,
    viewer::Viewer,
};

/// Draws the viewer's picture anew from this file. The one before it is gone, and so are its addresses.
pub async fn upload(core: &Core, viewer: &Viewer, origin: &Origin, file: Arc<[u8]>) -> Result<Arc<User>> {
    let owner = viewer.signed_in()?.user.id;
    let entry = Entry::new(Kind::UploadAvatar).about(owner);
    let counted = core.limits.attempt(Quota::Upload, origin);
    audit::attempt(core, Source::user(owner, origin), entry, counted).await?;
    let drawn = core.pictures.run(move || drawn(&file)).await??;
    core.db.retry(|| store(core, owner, Some(&drawn))).await
}

fn drawn(file: &[u8]) -> Result<Portraits> {
    portraits(decode(file).map_err(|fault| fault.at("file"))?)
}

/// Takes the viewer's picture away, if there is one.
pub async fn remove(core: &Core, viewer: &Viewer) -> Result<Arc<User>> {
    let owner = viewer.signed_in()?.user.id;
    core.db.retry(|| store(core, owner, None)).await
}

/// The user's row first: whoever changes the same picture waits there, so that name and picture stay together.
async fn store(core: &Core, owner: UserId, drawn: Option<&Portraits>) -> Result<Arc<User>> {
    let tx = core.db.begin().await?;
    let found = users::Entity::find_by_id(owner.0).lock_exclusive().one(&tx).await?;
    // The account was deleted since the request came in.
    found.ok_or(Error::Unauthenticated(AuthFailure::Revoked))?;
    Entity::delete_by_id(owner.0).exec(&tx).await?;
    if let Some(drawn) = drawn {
        keep(core, &tx, owner, drawn).await?;
    }
    let row = users::ActiveModel {
        id: Set(owner.0),
        avatar: Set(drawn.map(|drawn| drawn.name.clone())),
        updated_at: Set(core.clock.now()),
        ..Default::default()
    };
    let user = row.update(&tx).await?;
    tx.commit().await?;
    Ok(Arc::new(User::from(user)))
}

async fn keep(core: &Core, tx: &DatabaseTransaction, owner: UserId, drawn: &Portraits) -> Result<()> {
    let row = ActiveModel {
        user_id: Set(owner.0),
        name: Set(drawn.name.clone()),
        small: Set(drawn.small.clone()),
        medium: Set(drawn.medium.clone()),
        large: Set(drawn.large.clone()),
        created_at: Set(core.clock.now()),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}
