//! What becomes known of every statement that ran, over a pool or in place.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::core::traces::Statements;

#[derive(Clone)]
pub(super) struct Ran {
    count: Arc<AtomicU64>,
    traced: Option<Arc<Statements>>,
}

impl Ran {
    pub(super) fn new(traced: Option<Statements>) -> Self {
        Self { count: Arc::default(), traced: traced.map(Arc::new) }
    }

    pub(super) fn note(&self, sql: &str, took: Duration, failed: bool) {
        self.count.fetch_add(1, Ordering::Relaxed);
        if let Some(traced) = &self.traced {
            traced.ended(sql, took, failed);
        }
        // The text alone: the values are what people write.
        tracing::trace!(target: "lyceum::core::db", sql, "statement");
    }

    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Ran {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Ran").field(&self.count()).finish()
    }
}
