//! The only place that knows what time it is. Tests hold the hands still and move them.
//!
//! The time of day may be set, by an operator or by NTP, in either direction. What is written to the database goes by it;
//! what this process alone counts goes by how much time has passed, which nobody can set.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
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
    /// Stands until somebody moves it.
    Fixed(Arc<Hands>),
}

/// What a clock that stands shows, in microseconds.
#[derive(Debug)]
pub struct Hands {
    now: AtomicI64,
    passed: AtomicI64,
}

impl Clock {
    pub fn fixed(at: Time) -> Self {
        Self::Fixed(Arc::new(Hands { now: AtomicI64::new(at.0), passed: AtomicI64::new(0) }))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the room where the time is read")]
    pub fn now(&self) -> Time {
        match self {
            Self::System => Time(Utc::now().timestamp_micros()),
            Self::Fixed(hands) => Time(hands.now.load(Ordering::Relaxed)),
        }
    }

    /// How much time has passed since some moment of the past, always the same one, whatever the time of day was set to.
    pub fn passed(&self) -> Duration {
        static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);
        match self {
            Self::System => BEGINNING.elapsed(),
            Self::Fixed(hands) => Time(0).until(Time(hands.passed.load(Ordering::Relaxed))),
        }
    }

    /// Lets time pass on a fixed clock; the system's clock does not listen.
    pub fn advance(&self, by: Duration) {
        if let Self::Fixed(hands) = self {
            hands.now.fetch_add(micros(by), Ordering::Relaxed);
            hands.passed.fetch_add(micros(by), Ordering::Relaxed);
        }
    }

    /// Sets a fixed clock to another time of day, while no time passes.
    pub fn set(&self, to: Time) {
        if let Self::Fixed(hands) = self {
            hands.now.store(to.0, Ordering::Relaxed);
        }
    }
}
