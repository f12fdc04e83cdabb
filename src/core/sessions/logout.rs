//! Ends sessions: this one, the others, all.

use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, ExprTrait as _, QueryFilter as _, QuerySelect as _,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    SessionId,
    entity::{Column, Entity},
};
use crate::core::{
    Core,
    accounts::UserId,
    error::Result,
    viewer::{SignedIn, Viewer},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Current,
    Others,
    All,
}

/// Ends the viewer's sessions in scope, and says which they were. Their tokens fail from the next request on.
pub async fn logout(core: &Core, viewer: &Viewer, scope: Scope) -> Result<Vec<SessionId>> {
    let viewer = viewer.signed_in()?;
    let ended = core.db.retry(|| end(core, viewer, scope)).await?;
    tracing::info!(user = %viewer.user.id.0, sessions = ended.len(), "logout");
    Ok(ended)
}

async fn end(core: &Core, viewer: &SignedIn, scope: Scope) -> Result<Vec<SessionId>> {
    let current = Column::Id.eq(viewer.session.0);
    let in_scope =
        Condition::all().add(Column::UserId.eq(viewer.user.id.0)).add(Column::EndedAt.is_null()).add(match scope {
            Scope::Current => current,
            Scope::Others => current.not(),
            Scope::All => Expr::value(true),
        });
    let tx = core.db.begin().await?;
    let found = Entity::find().select_only().column(Column::Id).filter(in_scope).into_tuple::<Uuid>().all(&tx).await?;
    Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(core.clock.now()))
        .filter(Column::Id.is_in(found.clone()))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(found.into_iter().map(SessionId).collect())
}

/// Ends every session of a user, in the transaction of the cause.
pub(crate) async fn end_all(core: &Core, db: &impl ConnectionTrait, user: UserId) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(core.clock.now()))
        .filter(Column::UserId.eq(user.0))
        .filter(Column::EndedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}
