//! What an operator watches, in the text format of `OpenMetrics`. What happens is counted where it happens; what can be
//! looked at (queues, connections) is looked at when somebody asks. No name and no address is ever a label.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use prometheus_client::{
    encoding::text::encode,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

use super::{
    Core,
    error::{Error, Result},
    mail,
    redis::Redis,
};

/// A database that says nothing for this long is away: the other figures are told without it.
const LOOK: Duration = Duration::from_secs(2);

type Label = (&'static str, &'static str);

#[derive(Clone)]
pub struct Metrics(Arc<Figures>);

struct Figures {
    registry: Registry,
    operations: Family<[Label; 2], Counter>,
    seconds: Family<[Label; 1], Histogram>,
    errors: Family<[(&'static str, String); 1], Counter>,
    documents: Family<[Label; 1], Counter>,
    batches: Histogram,
    mails: Family<[Label; 1], Counter>,
    streams: Family<[Label; 1], Gauge>,
    workshops: Family<[Label; 2], Gauge>,
    connections: Family<[Label; 2], Gauge>,
    statements: Counter,
    database_up: Gauge,
    outbox: Gauge,
    outbox_age: Gauge,
    memory: Gauge,
    refusals: Family<[Label; 1], Counter>,
    audit_events: Family<[(&'static str, String); 2], Counter>,
    audit_omitted: Counter,
    redis: Family<[Label; 1], Gauge>,
    redis_failures: Counter,
}

/// A stream that is open; counted for as long as it is held.
pub struct Open(Gauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut all = Registry::with_prefix("lyceum");
        let figures = Figures {
            operations: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.000_5, 2.0, 15))),
            errors: Family::default(),
            documents: Family::default(),
            batches: Histogram::new(exponential_buckets(1.0, 2.0, 8)),
            mails: Family::default(),
            streams: Family::default(),
            workshops: Family::default(),
            connections: Family::default(),
            statements: Counter::default(),
            database_up: Gauge::default(),
            outbox: Gauge::default(),
            outbox_age: Gauge::default(),
            memory: Gauge::default(),
            refusals: Family::default(),
            audit_events: Family::default(),
            audit_omitted: Counter::default(),
            redis: Family::default(),
            redis_failures: Counter::default(),
            registry: Registry::default(),
        };
        all.register("operations", "GraphQL operations by type and outcome", figures.operations.clone());
        let of_time = "How long an operation took, by type";
        all.register_with_unit("operation_duration", of_time, Unit::Seconds, figures.seconds.clone());
        all.register("errors", "Errors told to clients, by extensions.code", figures.errors.clone());
        all.register("documents", "Documents found parsed in the cache, or not", figures.documents.clone());
        all.register("loader_batch_keys", "Keys in one batch of a loader", figures.batches.clone());
        all.register("mails", "Tries to send a mail, by outcome", figures.mails.clone());
        all.register("streams", "Open sockets and event streams", figures.streams.clone());
        all.register("workshop_jobs", "Costly jobs that run or wait, by workshop", figures.workshops.clone());
        all.register("database_connections", "Connections to the database", figures.connections.clone());
        all.register("database_statements", "Statements since the start", figures.statements.clone());
        all.register("database_up", "Whether the database answers", figures.database_up.clone());
        all.register("outbox_mails", "Mails that wait to be sent", figures.outbox.clone());
        let of_age = "How long the oldest of them waits";
        all.register_with_unit("outbox_oldest_age", of_age, Unit::Seconds, figures.outbox_age.clone());
        all.register_with_unit("memory_resident", "Resident memory", Unit::Bytes, figures.memory.clone());
        all.register("refusals", "Attempts that were refused as too many, by quota", figures.refusals.clone());
        all.register("audit_events", "Events in the audit log, by kind and outcome", figures.audit_events.clone());
        all.register("audit_omitted", "Refused attempts that found no room in it", figures.audit_omitted.clone());
        all.register("redis", "1 for what Redis does: unused, up or away", figures.redis.clone());
        all.register("redis_failures", "Questions that Redis did not answer", figures.redis_failures.clone());
        Self(Arc::new(Figures { registry: all, ..figures }))
    }
}

impl Metrics {
    /// An operation that ran: `query` or `mutation`, whether something of it failed, and how long it took.
    pub fn ran(&self, kind: &'static str, failed: bool, took: Duration) {
        let outcome = if failed { "errors" } else { "ok" };
        self.0.operations.get_or_create(&[("type", kind), ("outcome", outcome)]).inc();
        self.0.seconds.get_or_create(&[("type", kind)]).observe(took.as_secs_f64());
    }

    /// A request, or a part of one, was answered with this code.
    pub fn told(&self, code: impl Into<String>) {
        self.0.errors.get_or_create(&[("code", code.into())]).inc();
    }

    pub fn document(&self, cached: bool) {
        self.0.documents.get_or_create(&[("cache", if cached { "hit" } else { "miss" })]).inc();
    }

    #[expect(clippy::cast_precision_loss, reason = "no batch is that large")]
    pub fn batch(&self, keys: usize) {
        self.0.batches.observe(keys as f64);
    }

    pub fn mails(&self, sent: mail::Sent) {
        for (outcome, count) in [("sent", sent.sent), ("failed", sent.failed), ("dropped", sent.dropped)] {
            self.0.mails.get_or_create(&[("outcome", outcome)]).inc_by(count.into());
        }
    }

    /// An attempt was one too many for this quota.
    pub fn refused(&self, quota: &'static str) {
        self.0.refusals.get_or_create(&[("quota", quota)]).inc();
    }

    /// An event stands in the audit log.
    pub fn noted(&self, kind: String, outcome: String) {
        self.0.audit_events.get_or_create(&[("kind", kind), ("outcome", outcome)]).inc();
    }

    /// An event found no room there.
    pub fn omitted(&self) {
        self.0.audit_omitted.inc();
    }

    /// `socket` or `events`.
    pub fn stream(&self, kind: &'static str) -> Open {
        let gauge = self.0.streams.get_or_create_owned(&[("kind", kind)]);
        gauge.inc();
        Open(gauge)
    }
}

/// Everything, as a scraper reads it.
pub async fn exposition(core: &Core) -> Result<String> {
    look(core).await;
    let mut text = String::new();
    encode(&mut text, &core.metrics.0.registry).map_err(Error::internal)?;
    Ok(text)
}

async fn look(core: &Core) {
    let figures = &core.metrics.0;
    for (workshop, jobs) in [("passwords", core.hasher.jobs()), ("pictures", core.pictures.jobs())] {
        for (state, number) in [("running", jobs.running), ("waiting", jobs.waiting)] {
            figures.workshops.get_or_create(&[("workshop", workshop), ("state", state)]).set(whole(number));
        }
    }
    for (pool, connections) in core.db.connections() {
        let busy = connections.all.saturating_sub(connections.idle);
        for (state, number) in [("idle", connections.idle), ("busy", busy)] {
            figures.connections.get_or_create(&[("pool", pool), ("state", state)]).set(whole(number));
        }
    }
    let redis = core.limits.shared().map(Redis::state);
    let (answers, failures) = redis.unwrap_or_default();
    for (state, holds) in [("unused", redis.is_none()), ("up", answers), ("away", redis.is_some() && !answers)] {
        figures.redis.get_or_create(&[("state", state)]).set(i64::from(holds));
    }
    figures.redis_failures.inner().store(failures, Ordering::Relaxed);
    figures.statements.inner().store(core.db.statements(), Ordering::Relaxed);
    figures.memory.set(resident_bytes().map_or(0, whole));
    let waiting = tokio::time::timeout(LOOK, mail::waiting(core)).await;
    figures.database_up.set(i64::from(matches!(waiting, Ok(Ok(_)))));
    if let Ok(Ok(waiting)) = waiting {
        figures.outbox.set(waiting.mails.try_into().unwrap_or(i64::MAX));
        let age = waiting.since.map_or(0, |since| since.until(core.clock.now()).as_secs());
        figures.outbox_age.set(age.try_into().unwrap_or(i64::MAX));
    }
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The resident memory of this process, where the system tells.
pub fn resident_bytes() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}
