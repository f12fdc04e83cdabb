//! What is over goes after a while, whoever had it: `lyceum serve` sweeps when it starts and then daily, `lyceum sweep`
//! once. Each room sweeps its own tables; here is what the sweeps have in common.
//!
//! Rows go some at a time, each time by their keys, so that nobody waits long for a lock. A sweep that was interrupted
//! goes on with the next one, and several servers may sweep at the same moment.

use std::{fmt, time::Duration};

use sea_orm::{ColumnTrait as _, Condition, EntityTrait, QueryFilter as _, QuerySelect as _, TryGetable, Value};

use super::{Core, accounts, audit, error::Result, mail, sessions};

const DAY: Duration = Duration::from_hours(24);
/// When a sweep that failed is tried again.
const AGAIN: Duration = Duration::from_hours(1);
const BATCH: u64 = 500;

/// How many rows went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub sessions: u64,
    /// Sessions that stay, and have forgotten address and browser.
    pub origins: u64,
    pub tokens: u64,
    pub email_changes: u64,
    pub signups: u64,
    pub mail_quotas: u64,
    pub mails: u64,
    pub audit_events: u64,
    /// Events that stay, and have forgotten address and browser.
    pub audit_origins: u64,
}

/// Takes everything whose time is over by now.
pub async fn sweep(core: &Core) -> Result<Swept> {
    let now = core.clock.now();
    let before = now.minus(core.settings.ttl.retention);
    let mut swept = Swept {
        sessions: sessions::sweep(core, before).await?,
        origins: sessions::forget_origins(core, before).await?,
        mails: mail::sweep(core, before).await?,
        audit_events: audit::sweep(core, now.minus(core.settings.ttl.audit)).await?,
        audit_origins: audit::forget_origins(core, before).await?,
        ..Swept::default()
    };
    accounts::sweep(core, &mut swept).await?;
    Ok(swept)
}

/// Sweeps now and every day, until the process ends.
pub async fn run(core: Core) {
    loop {
        let pause = match sweep(&core).await {
            Ok(swept) => {
                if swept != Swept::default() {
                    tracing::info!(%swept, "swept");
                }
                DAY
            }
            Err(error) => {
                tracing::error!(%error, "the sweep failed");
                AGAIN
            }
        };
        tokio::time::sleep(pause).await;
    }
}

impl fmt::Display for Swept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sessions, origins, tokens, email_changes, signups, mail_quotas, mails, audit_events, audit_origins } =
            self;
        write!(f, "{sessions} sessions, {origins} origins of sessions, {tokens} tokens, ")?;
        write!(
            f,
            "{email_changes} changes of address, {signups} sign-ups, {mail_quotas} mail quotas, {mails} mails, "
        )?;
        write!(f, "{audit_events} audit events, {audit_origins} origins of audit events")
    }
}

/// The keys of some of the rows that are over.
pub(super) async fn some<E: EntityTrait, K: TryGetable + Ord>(
    core: &Core,
    key: E::Column,
    over: &Condition,
) -> Result<Vec<K>> {
    let found = E::find().select_only().column(key).filter(over.clone()).limit(BATCH);
    let mut found: Vec<K> = found.into_tuple().all(core.db.read()).await?;
    // Servers that sweep at the same moment lock in one order.
    found.sort_unstable();
    Ok(found)
}

/// Deletes rows that are over. What is not over any more when its turn comes stays.
pub(super) async fn delete<E, K>(core: &Core, key: E::Column, over: &Condition) -> Result<u64>
where
    E: EntityTrait,
    K: TryGetable + Ord + Into<Value>,
{
    let mut deleted = 0;
    loop {
        let found: Vec<K> = some::<E, K>(core, key, over).await?;
        if found.is_empty() {
            return Ok(deleted);
        }
        let these = Condition::all().add(over.clone()).add(key.is_in(found));
        let delete = || async { Ok(E::delete_many().filter(these.clone()).exec(core.db.write()).await?.rows_affected) };
        deleted += core.db.retry(delete).await?;
    }
}
