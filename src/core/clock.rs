//! The only place that knows what time it is. Tests hold the hands still and move them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use sea_orm::DeriveValueType;

/// A moment in UTC, in microseconds since 1970: the finest grain that all three engines keep alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, DeriveValueType)]
pub struct Time(pub i64);

impl Time {
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }

    /// How long from `self` until `later`; nothing when that has passed.
    pub fn until(self, later: Self) -> Duration {
        Duration::from_micros(u64::try_from(later.0.saturating_sub(self.0)).unwrap_or(0))
    }

    /// From RFC 3339, such as `2026-01-31T09:30:00Z`; what is finer than a microsecond is dropped.
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|at| Self(at.timestamp_micros()))
    }

    /// As a mail says it: `2026-11-21 08:50 UTC`.
    pub fn in_words(self) -> String {
        self.to_utc().format("%Y-%m-%d %H:%M UTC").to_string()
    }

    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[derive(Clone, Debug)]
pub enum Clock {
    System,
    /// Stands at these microseconds until somebody moves it.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    pub fn fixed(at: Time) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(at.0)))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the room where the time is read")]
    pub fn now(&self) -> Time {
        match self {
            Self::System => Time(Utc::now().timestamp_micros()),
            Self::Fixed(at) => Time(at.load(Ordering::Relaxed)),
        }
    }

    /// Moves a fixed clock; the system's clock does not listen.
    pub fn advance(&self, by: Duration) {
        if let Self::Fixed(at) = self {
            at.fetch_add(micros(by), Ordering::Relaxed);
        }
    }
}
