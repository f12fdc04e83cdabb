//! What becomes of old sessions. Ids sort by the time of their making, so those made before a moment are a range of the
//! primary key.

use sea_orm::{ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, sea_query::Expr};
use uuid::Uuid;

use super::entity::{
    Column, Entity,
    refresh_tokens::{self, Column as TokenColumn},
};
use crate::core::{Core, clock::Time, error::Result, random::first_uuid_after, retention};

/// Takes the sessions that had ended or expired before that moment, and says how many they were. Their refresh tokens go
/// first: of a long session there are thousands, more than one statement should take along.
pub(crate) async fn sweep(core: &Core, before: Time) -> Result<u64> {
    let over = Condition::any()
        .add(Column::EndedAt.lte(before))
        .add(Column::IdleExpiresAt.lte(before))
        .add(Column::AbsoluteExpiresAt.lte(before));
    let over = made_until(before).add(over);
    let mut swept = 0;
    loop {
        let sessions: Vec<Uuid> = retention::some::<Entity, Uuid>(core, Column::Id, &over).await?;
        if sessions.is_empty() {
            return Ok(swept);
        }
        let tokens = Condition::all().add(TokenColumn::SessionId.is_in(sessions.iter().copied()));
        retention::delete::<refresh_tokens::Entity, String>(core, TokenColumn::Digest, &tokens).await?;
        let these = Condition::all().add(Column::Id.is_in(sessions));
        swept += retention::delete::<Entity, Uuid>(core, Column::Id, &these).await?;
    }
}

/// Lets the sessions that were last used before that moment, and live on, forget from where and with what.
pub(crate) async fn forget_origins(core: &Core, before: Time) -> Result<u64> {
    let known = Condition::any().add(Column::IpAddress.is_not_null()).add(Column::UserAgent.is_not_null());
    let over = made_until(before).add(Column::LastUsedAt.lte(before)).add(known);
    let mut forgotten = 0;
    loop {
        let sessions: Vec<Uuid> = retention::some::<Entity, Uuid>(core, Column::Id, &over).await?;
        if sessions.is_empty() {
            return Ok(forgotten);
        }
        let forget = || async {
            let forgotten = Entity::update_many()
                .col_expr(Column::IpAddress, Expr::value(Option::<String>::None))
                .col_expr(Column::UserAgent, Expr::value(Option::<String>::None))
                .filter(Column::Id.is_in(sessions.iter().copied()))
                .exec(core.db.write());
            Ok(forgotten.await?.rows_affected)
        };
        forgotten += core.db.retry(forget).await?;
    }
}

fn made_until(moment: Time) -> Condition {
    Condition::all().add(Column::Id.lt(first_uuid_after(moment))).add(Column::CreatedAt.lte(moment))
}
