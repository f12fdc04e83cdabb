//! How many mails of one kind an address gets, whoever asks: three until an hour has passed without one, so that
//! no hour sees more, wherever it begins; and a minute between two that anybody can ask for (OWASP ASVS 2.4.1).
//! Kept for addresses without an account too, so that asking costs the same.

use std::time::Duration;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, DatabaseTransaction, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    sea_query::{CaseStatement, Expr, OnConflict},
};

use super::{
    entity::mail_quotas::{ActiveModel, Column, Entity},
    one_time::Purpose,
};
use crate::core::{Core, clock::Time, error::Result};

const MAILS: i32 = 3;
const HOUR: Duration = Duration::from_hours(1);
const BETWEEN: Duration = Duration::from_mins(1);

/// Takes one mail of a kind from the address's allowance, by one conditional `UPDATE`; false when nothing is left.
/// Mails that anybody can have sent again and again are `spaced`.
pub(super) async fn take(
    core: &Core,
    tx: &DatabaseTransaction,
    purpose: Purpose,
    email_key: &str,
    spaced: bool,
) -> Result<bool> {
    if !core.limits.on() {
        return Ok(true);
    }
    let now = core.clock.now();
    let recipient = format!("{} {email_key}", purpose.as_str());
    first_time(tx, &recipient).await?;
    let hour_over = || Column::LastAt.lte(now.minus(HOUR));
    let pause = if spaced { BETWEEN } else { Duration::ZERO };
    let mails = CaseStatement::new().case(hour_over(), 1).finally(Expr::col(Column::Mails).add(1));
    let taken = Entity::update_many()
        // In this order: MySQL sets columns one after the other, and the first reads what the second changes.
        .col_expr(Column::Mails, mails.into())
        .col_expr(Column::LastAt, Expr::value(now))
        .filter(Column::Recipient.eq(&recipient))
        .filter(Condition::any().add(hour_over()).add(Column::Mails.lt(MAILS)))
        .filter(Column::LastAt.lte(now.minus(pause)))
        .exec(tx)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Makes the row of an address that was never written to.
async fn first_time(tx: &DatabaseTransaction, recipient: &str) -> Result<()> {
    let row = ActiveModel { recipient: Set(recipient.to_owned()), mails: Set(0), last_at: Set(Time(0)) };
    let ignore = OnConflict::column(Column::Recipient).do_nothing_on([Column::Recipient]).to_owned();
    Entity::insert(row).on_conflict(ignore).exec_without_returning(tx).await?;
    Ok(())
}
