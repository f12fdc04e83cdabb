//! The end of an account, by its owner or by an administrator: one transaction takes all that belongs to it, frees its
//! names, and leaves a farewell to the address that it had. What was written stays without an author, or goes too.

use sea_orm::{ColumnTrait as _, DatabaseTransaction, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use super::{
    UserId, email_change,
    entity::users::{Entity, Model},
    management::keep_an_administrator,
    one_time,
    own_password::{self, Proved},
};
use crate::core::{
    Core, Origin,
    audit::{self, Entry, Kind, Source},
    comments,
    error::{Error, Result},
    events::Event,
    mail::{self, Outgoing, templates::Letter},
    posts, sessions,
    viewer::{Role, Viewer},
};

/// What becomes of what somebody wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    KeepAnonymised,
    Delete,
}

/// One's own account, by the password.
pub async fn delete_account(
    core: &Core,
    viewer: &Viewer,
    origin: &Origin,
    password: &str,
    content: Content,
) -> Result<UserId> {
    let viewer = viewer.signed_in()?;
    let id = viewer.user.id;
    let (by, entry) = (Source::user(id, origin), Entry::new(Kind::DeleteAccount).about(id));
    let attempt = async {
        let proved = own_password::prove(core, viewer, origin, password).await?;
        let proved = proved.map_err(|fault| fault.at("password"))?;
        delete(core, by, id, content, Some(&proved)).await
    };
    audit::attempt(core, by, entry, attempt).await
}

/// Anybody's, by an administrator.
pub async fn delete_user(
    core: &Core,
    viewer: &Viewer,
    origin: &Origin,
    id: UserId,
    content: Content,
) -> Result<UserId> {
    viewer.require(Role::Admin)?;
    delete(core, Source::viewer(viewer, origin), id, content, None).await
}

async fn delete(core: &Core, by: Source<'_>, id: UserId, content: Content, proved: Option<&Proved>) -> Result<UserId> {
    core.db.retry(|| remove(core, by, id, content, proved)).await?;
    core.outbox.ring();
    core.events.tell(Event::RightsChanged(id));
    Ok(id)
}

async fn remove(core: &Core, by: Source<'_>, id: UserId, content: Content, proved: Option<&Proved>) -> Result<()> {
    let tx = core.db.begin().await?;
    keep_an_administrator(core, &tx, id).await?;
    let user = match proved {
        Some(proved) => proved.lock(&tx, "password").await?,
        None => Entity::find_by_id(id.0).lock_exclusive().one(&tx).await?.ok_or(Error::NotFound)?,
    };
    if content == Content::Delete {
        posts::entity::Entity::delete_many().filter(posts::entity::Column::AuthorId.eq(id.0)).exec(&tx).await?;
        comments::Entity::delete_many().filter(comments::Column::AuthorId.eq(id.0)).exec(&tx).await?;
    }
    mail::withdraw(&tx, &user.email, None).await?;
    email_change::withdraw_mails(&tx, id).await?;
    one_time::forget(&tx, id.0).await?;
    sessions::end_all(core, &tx, id).await?;
    // Sessions, changes of the address, profile and picture are bound to this row, and go with it.
    Entity::delete_by_id(id.0).exec(&tx).await?;
    say_farewell(core, &tx, &user, content).await?;
    let kind = if proved.is_some() { Kind::DeleteAccount } else { Kind::DeleteUser };
    audit::commit(core, tx, by, Entry::new(kind).about(id)).await
}

async fn say_farewell(core: &Core, tx: &DatabaseTransaction, user: &Model, content: Content) -> Result<()> {
    let letter = Letter::AccountDeleted {
        first_name: &user.first_name,
        username: &user.username,
        at: &core.clock.now().in_words(),
        content_kept: content == Content::KeepAnonymised,
    };
    mail::post(core, tx, Outgoing { to: &user.email, letter, expires_at: None }).await
}
