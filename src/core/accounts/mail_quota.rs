//! How many mails of one kind an address gets, whoever asks: three until an hour has passed without one, so that
//! no hour sees more, wherever it begins; and a minute between two that anybody can ask for (OWASP ASVS 2.4.1).
//! Kept for addresses without an account too, so that asking costs the same.

use std::time::Duration;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, DatabaseTransaction, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    sea_query::{CaseStatement, Expr, OnConflict},
};

use super::entity::mail_quotas::{ActiveModel, Column, Entity};
use crate::core::{
    Core,
    clock::Time,
    error::{Error, Result},
};

const MAILS: i32 = 3;
const HOUR: Duration = Duration::from_hours(1);
const BETWEEN: Duration = Duration::from_mins(1);

/// What an address is written to about, each with an allowance of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MailKind {
    VerifyEmail,
    ResetPassword,
    /// To the address that an account is to get.
    ConfirmEmail,
    /// To the address that it has until then.
    EmailChange,
}

impl MailKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify-email",
            Self::ResetPassword => "reset-password",
            Self::ConfirmEmail => "confirm-email",
            Self::EmailChange => "email-change",
        }
    }
}

/// Takes one mail of a kind from the address's allowance, by one conditional `UPDATE`; false when nothing is left.
/// Mails that anybody can have sent again and again are `spaced`.
pub(super) async fn take(
    core: &Core,
    tx: &DatabaseTransaction,
    kind: MailKind,
    email_key: &str,
    spaced: bool,
) -> Result<bool> {
    if !core.limits.on() {
        return Ok(true);
    }
    let now = core.clock.now();
    let recipient = recipient(kind, email_key);
    first_time(tx, &recipient).await?;
    // So far ahead no clock of ours should be: it was set back since, and nobody waits until it is there again.
    let ahead = || Column::LastAt.gt(now.plus(HOUR));
    let hour_over = || Condition::any().add(Column::LastAt.lte(now.minus(HOUR))).add(ahead());
    let pause = if spaced { BETWEEN } else { Duration::ZERO };
    let mails = CaseStatement::new().case(hour_over(), 1).finally(Expr::col(Column::Mails).add(1));
    let taken = Entity::update_many()
        // In this order: MySQL sets columns one after the other, and the first reads what the second changes.
        .col_expr(Column::Mails, mails.into())
        .col_expr(Column::LastAt, Expr::value(now))
        .filter(Column::Recipient.eq(&recipient))
        .filter(Condition::any().add(hour_over()).add(Column::Mails.lt(MAILS)))
        .filter(Condition::any().add(Column::LastAt.lte(now.minus(pause))).add(ahead()))
        .exec(tx)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// The same for somebody who may be told that nothing is left, and when there will be.
pub(super) async fn take_or_tell(core: &Core, tx: &DatabaseTransaction, kind: MailKind, email_key: &str) -> Result<()> {
    if take(core, tx, kind, email_key, false).await? {
        return Ok(());
    }
    let row = Entity::find_by_id(recipient(kind, email_key)).one(tx).await?;
    let free_again = row.map_or(Time(0), |row| row.last_at.plus(HOUR));
    Err(Error::RateLimited(core.clock.now().until(free_again)))
}

fn recipient(kind: MailKind, email_key: &str) -> String {
    format!("{} {email_key}", kind.as_str())
}

/// Makes the row of an address that was never written to. One that is there is locked by it: a sweep must not take it
/// before this mail is counted.
async fn first_time(tx: &DatabaseTransaction, recipient: &str) -> Result<()> {
    let row = ActiveModel { recipient: Set(recipient.to_owned()), mails: Set(0), last_at: Set(Time(0)) };
    let keep = OnConflict::column(Column::Recipient).update_column(Column::Recipient).to_owned();
    Entity::insert(row).on_conflict(keep).exec_without_returning(tx).await?;
    Ok(())
}
