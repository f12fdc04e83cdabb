//! Ends sessions: this one, the others, all, or one by its id.

use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait as _, ExprTrait as _,
    QueryFilter as _, QuerySelect as _, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    SessionId,
    entity::{Column, Entity},
    list::visible,
};
use crate::core::{
    Core, Origin,
    accounts::UserId,
    audit::{self, Entry, Kind, Source},
    error::{Error, Result},
    events::Event,
    viewer::{SignedIn, Viewer},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Current,
    Others,
    All,
}

/// Ends the viewer's sessions in scope, and says which they were. What opens them fails from the next request on.
pub async fn logout(core: &Core, viewer: &Viewer, origin: &Origin, scope: Scope) -> Result<Vec<SessionId>> {
    let viewer = viewer.signed_in()?;
    let ended = core.db.retry(|| end_now(core, viewer, origin, scope)).await?;
    core.events.tell(Event::RightsChanged(viewer.user.id));
    Ok(ended)
}

/// Ends one live session: one's own, or anybody's for administrators. To everybody else it is not there.
pub async fn revoke(core: &Core, viewer: &Viewer, origin: &Origin, id: SessionId) -> Result<SessionId> {
    let viewer = viewer.signed_in()?;
    let meant = visible(core, viewer).add(Column::Id.eq(id.0));
    let found = Entity::find().select_only().column(Column::UserId).filter(meant);
    let owner = found.into_tuple::<Uuid>().one(core.db.read()).await?.ok_or(Error::NotFound)?;
    let by = Source::user(viewer.user.id, origin);
    core.db.retry(|| end_one(core, by, id, UserId(owner))).await?;
    core.events.tell(Event::RightsChanged(UserId(owner)));
    Ok(id)
}

async fn end_now(core: &Core, viewer: &SignedIn, origin: &Origin, scope: Scope) -> Result<Vec<SessionId>> {
    let tx = core.db.begin().await?;
    let ended = end_in_scope(core, &tx, viewer, scope).await?;
    let id = viewer.user.id;
    let entry = Entry::new(Kind::Logout).about(id).at(viewer.session.0);
    audit::commit(core, tx, Source::user(id, origin), entry).await?;
    Ok(ended)
}

async fn end_one(core: &Core, by: Source<'_>, session: SessionId, owner: UserId) -> Result<()> {
    let tx = core.db.begin().await?;
    end(core, &tx, Condition::all().add(Column::Id.eq(session.0))).await?;
    audit::commit(core, tx, by, Entry::new(Kind::RevokeSession).about(owner).at(session.0)).await
}

/// Ends the viewer's sessions in scope, in the transaction of the cause, and says which they were.
pub(crate) async fn end_in_scope(
    core: &Core,
    tx: &DatabaseTransaction,
    viewer: &SignedIn,
    scope: Scope,
) -> Result<Vec<SessionId>> {
    let current = Column::Id.eq(viewer.session.0);
    let in_scope =
        Condition::all().add(Column::UserId.eq(viewer.user.id.0)).add(Column::EndedAt.is_null()).add(match scope {
            Scope::Current => current,
            Scope::Others => current.not(),
            Scope::All => Expr::value(true),
        });
    let found = Entity::find().select_only().column(Column::Id).filter(in_scope).into_tuple::<Uuid>().all(tx).await?;
    if !found.is_empty() {
        end(core, tx, Condition::all().add(Column::Id.is_in(found.clone()))).await?;
    }
    Ok(found.into_iter().map(SessionId).collect())
}

/// Ends every session of a user, in the transaction of the cause.
pub(crate) async fn end_all(core: &Core, db: &impl ConnectionTrait, user: UserId) -> Result<()> {
    end(core, db, Condition::all().add(Column::UserId.eq(user.0))).await
}

/// Ends those that have not ended; the end that was noted first stays.
pub(super) async fn end(core: &Core, db: &impl ConnectionTrait, which: Condition) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(core.clock.now()))
        .filter(which)
        .filter(Column::EndedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}
