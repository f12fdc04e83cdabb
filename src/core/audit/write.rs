//! Writes events: with what was done, or by themselves when nothing was.

use sea_orm::{ActiveEnum as _, ConnectionTrait, DatabaseTransaction, EntityTrait as _};

use super::{
    entity::{ActiveModel, Entity, Model},
    entry::{Actor, Change, Entry, Kind, Outcome, Source},
};
use crate::core::{
    Core, Origin,
    error::{Error, FaultCode, Result},
    limits::Quota,
    viewer::Viewer,
};

/// Ends a transaction with the note of what it did.
pub(crate) async fn commit(core: &Core, tx: DatabaseTransaction, by: Source<'_>, entry: Entry) -> Result<()> {
    commit_all(core, tx, by, vec![entry]).await
}

/// The same for what was done to several people.
pub(crate) async fn commit_all(
    core: &Core,
    tx: DatabaseTransaction,
    by: Source<'_>,
    entries: Vec<Entry>,
) -> Result<()> {
    if !entries.is_empty() {
        insert(core, &tx, by, &entries, 0).await?;
    }
    tx.commit().await?;
    for entry in &entries {
        core.metrics.noted(entry.kind.to_value(), entry.outcome.to_value());
        tell(by, entry);
    }
    Ok(())
}

/// The same for what people may do to their own things without a note, and to those of others with one.
pub(crate) async fn commit_for_others(
    core: &Core,
    tx: DatabaseTransaction,
    by: Source<'_>,
    entry: Entry,
) -> Result<()> {
    let own = entry.user.is_some_and(|user| by.actor == Actor::User(user));
    commit_all(core, tx, by, if own { Vec::new() } else { vec![entry] }).await
}

/// Does what tries a secret, and notes it when it was refused. Anybody can have that happen, so the rows for it have a
/// bound ([`super::Bound`]); the log hears of each.
pub(crate) async fn attempt<T>(
    core: &Core,
    by: Source<'_>,
    entry: Entry,
    story: impl Future<Output = Result<T>>,
) -> Result<T> {
    let done = story.await;
    let Some(outcome) = done.as_ref().err().and_then(refusal) else { return done };
    let entry = entry.ending(outcome);
    if let Some(omitted) = core.audit.room_for(outcome, by) {
        let entries = [entry.clone()];
        let write = || insert(core, core.db.write(), by, &entries, omitted);
        match core.db.retry(write).await {
            Ok(()) => core.metrics.noted(entry.kind.to_value(), entry.outcome.to_value()),
            // What the person is told does not hang on it.
            Err(error) => tracing::error!(%error, "an event of the audit log could not be written"),
        }
    } else {
        core.metrics.omitted();
    }
    tell(by, &entry);
    done
}

/// Counts one attempt of somebody who is not known yet, or refuses it, and notes that.
pub(crate) async fn admit(core: &Core, origin: &Origin, quota: Quota, kind: Kind) -> Result<()> {
    let counted = core.limits.attempt(quota, origin);
    attempt(core, Source::anonymous(origin), Entry::new(kind), counted).await
}

/// A mutation that the viewer has no right to. It leaves a line in the log, and no row.
pub fn denied(viewer: &Viewer, origin: &Origin, path: &str) {
    let Source { actor, .. } = Source::viewer(viewer, origin);
    tracing::info!(
        target: "lyceum::audit",
        outcome = "DENIED",
        path,
        actor = actor.id().map(tracing::field::display),
        address = %origin.address,
        "audit"
    );
}

/// How an attempt ended that a person was refused; none for what is no attempt at a secret, or a fault of ours.
fn refusal(error: &Error) -> Option<Outcome> {
    use FaultCode::{AccountSuspended, EmailNotVerified, InvalidCredentials, TokenInvalid};
    match error {
        Error::RateLimited(_) => Some(Outcome::Throttled),
        Error::Faults(faults) => {
            let secrets = [AccountSuspended, EmailNotVerified, InvalidCredentials, TokenInvalid];
            faults.iter().any(|fault| secrets.contains(&fault.code)).then_some(Outcome::Failure)
        }
        _ => None,
    }
}

async fn insert(
    core: &Core,
    db: &impl ConnectionTrait,
    by: Source<'_>,
    entries: &[Entry],
    omitted_before: u64,
) -> Result<()> {
    let rows = entries.iter().map(|entry| row(core, by, entry, omitted_before)).collect::<Result<Vec<_>>>()?;
    Entity::insert_many(rows).exec_without_returning(db).await?;
    Ok(())
}

fn row(core: &Core, by: Source<'_>, entry: &Entry, omitted_before: u64) -> Result<ActiveModel> {
    let now = core.clock.now();
    let Entry { kind, outcome, user, object, changes } = entry;
    let row = Model {
        id: core.random.uuid(now),
        kind: *kind,
        outcome: *outcome,
        created_at: now,
        actor_id: by.actor.id(),
        by_operator: by.actor == Actor::Operator,
        user_id: user.map(|user| user.0),
        object_id: *object,
        changes: as_json(changes)?,
        ip_address: by.origin.map(|origin| origin.address.to_string()),
        user_agent: by.origin.and_then(Origin::printable_agent),
        request_id: by.origin.map(|origin| origin.request_id.to_string()),
        origin_since: by.origin.map(|_| now),
        omitted_before: i64::try_from(omitted_before).unwrap_or(i64::MAX),
    };
    Ok(row.into())
}

fn as_json(changes: &[Change]) -> Result<Option<String>> {
    (!changes.is_empty()).then(|| serde_json::to_string(changes).map_err(Error::internal)).transpose()
}

/// The same in the log. The id of the request stands in the line's span.
fn tell(by: Source<'_>, entry: &Entry) {
    let Entry { kind, outcome, user, object, changes } = entry;
    tracing::info!(
        target: "lyceum::audit",
        kind = kind.to_value(),
        outcome = outcome.to_value(),
        actor = by.actor.id().map(tracing::field::display),
        operator = by.actor == Actor::Operator,
        user = user.map(|user| tracing::field::display(user.0)),
        object = object.map(tracing::field::display),
        changes = as_json(changes).unwrap_or_default(),
        address = by.origin.map(|origin| tracing::field::display(origin.address)),
        user_agent = by.origin.and_then(Origin::printable_agent),
        "audit"
    );
}
