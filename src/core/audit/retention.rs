//! What becomes of old events: first they forget where the request came from, then they go. Ids sort by the time of
//! their making, so those made before a moment are a range of the primary key.

use sea_orm::{ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, sea_query::Expr};
use uuid::Uuid;

use super::entity::{Column, Entity};
use crate::core::{Core, clock::Time, error::Result, random::first_uuid_after, retention};

/// Takes the events from before that moment, and says how many they were.
pub(crate) async fn sweep(core: &Core, before: Time) -> Result<u64> {
    let over = Condition::all().add(Column::Id.lt(first_uuid_after(before))).add(Column::CreatedAt.lte(before));
    retention::delete::<Entity, Uuid>(core, Column::Id, &over).await
}

/// Lets the events from before that moment forget address, browser and request.
pub(crate) async fn forget_origins(core: &Core, before: Time) -> Result<u64> {
    let known = Condition::all().add(Column::OriginSince.lte(before));
    let mut forgotten = 0;
    loop {
        let events: Vec<Uuid> = retention::some::<Entity, Uuid>(core, Column::Id, &known).await?;
        if events.is_empty() {
            return Ok(forgotten);
        }
        let nothing = || Expr::value(Option::<String>::None);
        let forget = || async {
            let forgotten = Entity::update_many()
                .col_expr(Column::IpAddress, nothing())
                .col_expr(Column::UserAgent, nothing())
                .col_expr(Column::RequestId, nothing())
                .col_expr(Column::OriginSince, Expr::value(Option::<Time>::None))
                .filter(Column::Id.is_in(events.iter().copied()))
                .exec(core.db.write());
            Ok(forgotten.await?.rows_affected)
        };
        forgotten += core.db.retry(forget).await?;
    }
}
