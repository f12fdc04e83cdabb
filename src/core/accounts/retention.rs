//! What becomes of links, codes, changes of address, sign-ups and allowances when nothing can be done with them any more.

use std::time::Duration;

use sea_orm::{ColumnTrait as _, Condition};
use uuid::Uuid;

use super::entity::{email_changes, mail_quotas, one_time_tokens, signups};
use crate::core::{
    Core,
    error::Result,
    retention::{Swept, delete},
};

/// Long enough to look into what somebody asks about.
const AFTERWARDS: Duration = Duration::from_hours(24);

pub(crate) async fn sweep(core: &Core, swept: &mut Swept) -> Result<()> {
    let now = core.clock.now();
    let before = now.minus(AFTERWARDS);
    let tokens = Condition::all()
        .add(one_time_tokens::Column::ExpiresAt.lte(before))
        .add(one_time_tokens::Column::CodeExpiresAt.lte(before));
    swept.tokens = delete::<one_time_tokens::Entity, Uuid>(core, one_time_tokens::Column::Id, &tokens).await?;
    let changes = Condition::all()
        .add(email_changes::Column::CancelUntil.lte(before))
        .add(email_changes::Column::ExpiresAt.lte(before));
    swept.email_changes = delete::<email_changes::Entity, Uuid>(core, email_changes::Column::Id, &changes).await?;
    // The last link that was mailed while a sign-up held its name lives so much longer than the sign-up.
    let unproved = now.minus(core.settings.ttl.verify_token);
    let signups = Condition::all().add(signups::Column::ExpiresAt.lte(unproved));
    swept.signups = delete::<signups::Entity, Uuid>(core, signups::Column::Id, &signups).await?;
    let quotas = Condition::all().add(mail_quotas::Column::LastAt.lte(before));
    swept.mail_quotas = delete::<mail_quotas::Entity, String>(core, mail_quotas::Column::Recipient, &quotas).await?;
    Ok(())
}
