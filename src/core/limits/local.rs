//! Limits of this process alone.

use std::{
    collections::HashMap,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use governor::{RateLimiter, clock::Clock as _, middleware::NoOpMiddleware, state::keyed::DashMapStateStore};

use super::{
    FORGOTTEN_AFTER, FREE_TRIES, FREE_TRIES_OF_ACCOUNT, Hands, LONGEST_PAUSE, LONGEST_PAUSE_OF_ACCOUNT, MOST_ADDRESSES,
    MOST_ADDRESSES_OF_ACCOUNT, Quota,
};
use crate::core::clock::Clock;

const MOST_ACCOUNTS: usize = 100_000;

type ByAddress = RateLimiter<IpAddr, DashMapStateStore<IpAddr>, Hands, NoOpMiddleware<Duration>>;

pub(super) struct Local {
    hands: Hands,
    by_address: HashMap<Quota, ByAddress>,
    failures: Mutex<HashMap<String, Failures>>,
}

impl Local {
    pub(super) fn new(clock: Clock) -> Self {
        let hands = Hands::new(clock);
        let limiter = |quota: Quota| {
            let (burst, period) = quota.per();
            let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
            let rate = governor::Quota::with_period(period / burst.get())
                .unwrap_or_else(|| governor::Quota::per_second(burst))
                .allow_burst(burst);
            (quota, RateLimiter::new(rate, DashMapStateStore::default(), hands.clone()))
        };
        let by_address = Quota::ALL.into_iter().map(limiter).collect();
        Self { hands, by_address, failures: Mutex::default() }
    }

    /// Counts one attempt, or says how long it has to wait.
    pub(super) fn attempt(&self, quota: Quota, address: IpAddr) -> Duration {
        let Some(limiter) = self.by_address.get(&quota) else { return Duration::ZERO };
        if limiter.len() > MOST_ADDRESSES {
            limiter.retain_recent();
        }
        limiter.check_key(&address).map_or_else(|refused| refused.wait_time_from(self.hands.now()), |()| Duration::ZERO)
    }

    /// How long a login of this account has to wait.
    pub(super) fn wait(&self, account: &str, address: IpAddr) -> Duration {
        let now = self.hands.now();
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.get(account).map_or(Duration::ZERO, |failures| failures.wait(address, now))
    }

    /// Counts a failed login, or says how long it should have waited.
    pub(super) fn failed(&self, account: &str, address: IpAddr) -> Duration {
        let now = self.hands.now();
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= MOST_ACCOUNTS {
            failures.retain(|_, failures| now < failures.last + FORGOTTEN_AFTER);
            if failures.len() >= MOST_ACCOUNTS {
                failures.clear();
            }
        }
        let of_account = failures.entry(account.to_owned()).or_insert_with(|| Failures::new(now));
        let wait = of_account.wait(address, now);
        if wait.is_zero() {
            of_account.add(address, now);
        }
        wait
    }

    pub(super) fn forget(&self, account: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(account);
    }
}

#[derive(Debug)]
struct Failures {
    count: u32,
    last: Duration,
    by_address: Vec<(IpAddr, u32, Duration)>,
}

impl Failures {
    fn new(now: Duration) -> Self {
        Self { count: 0, last: now, by_address: Vec::new() }
    }

    fn add(&mut self, address: IpAddr, now: Duration) {
        let stale = |last: Duration| now >= last + FORGOTTEN_AFTER;
        self.count = if stale(self.last) { 1 } else { self.count.saturating_add(1) };
        self.last = now;
        self.by_address.retain(|(_, _, last)| !stale(*last));
        if let Some((_, count, last)) = self.by_address.iter_mut().find(|(known, ..)| *known == address) {
            *count = count.saturating_add(1);
            *last = now;
        } else {
            if self.by_address.len() >= MOST_ADDRESSES_OF_ACCOUNT {
                self.by_address.remove(0);
            }
            self.by_address.push((address, 1, now));
        }
    }

    fn wait(&self, address: IpAddr, now: Duration) -> Duration {
        let of_account = pause(self.count, FREE_TRIES_OF_ACCOUNT, LONGEST_PAUSE_OF_ACCOUNT);
        let of_address = self.by_address.iter().find(|(known, ..)| *known == address);
        let until = of_address.map_or(self.last, |(_, count, last)| *last + pause(*count, FREE_TRIES, LONGEST_PAUSE));
        until.max(self.last + of_account).saturating_sub(now)
    }
}

fn pause(failures: u32, free: u32, longest: Duration) -> Duration {
    match failures.saturating_sub(free) {
        0 => Duration::ZERO,
        beyond => Duration::from_secs(1_u64 << (beyond - 1).min(20)).min(longest),
    }
}
