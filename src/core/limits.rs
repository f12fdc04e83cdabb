//! How often things may be tried: so many attempts from one address, and growing pauses for one account after
//! failed logins (a throttle, never a lock: OWASP ASVS 6.3.1). Attempts are counted, not requests.
//!
//! It all lives in this process, in bounded memory.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use governor::{RateLimiter, clock::Clock as _, middleware::NoOpMiddleware, state::keyed::DashMapStateStore};

use super::{
    Origin,
    clock::{Clock, Time},
    error::{Error, Result},
};

/// What an address may do, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quota {
    Login,
    Signup,
    ForgotPassword,
    Code,
    Refresh,
    Availability,
    Upload,
    Operation,
}

impl Quota {
    const ALL: [Self; 8] = [
        Self::Login,
        Self::Signup,
        Self::ForgotPassword,
        Self::Code,
        Self::Refresh,
        Self::Availability,
        Self::Upload,
        Self::Operation,
    ];

    /// So many at once, refilled evenly over the period.
    fn per(self) -> (u32, Duration) {
        let minute = Duration::from_mins(1);
        match self {
            Self::Login => (20, minute),
            Self::Signup | Self::ForgotPassword => (10, minute * 60),
            Self::Code => (10, minute),
            Self::Refresh => (150, minute * 5),
            Self::Availability => (60, minute),
            Self::Upload => (20, minute * 60),
            Self::Operation => (300, Duration::from_secs(10)),
        }
    }
}

type ByAddress = RateLimiter<IpAddr, DashMapStateStore<IpAddr>, Hands, NoOpMiddleware<Duration>>;

pub struct Limits {
    on: bool,
    hands: Hands,
    by_address: HashMap<Quota, ByAddress>,
    failures: Mutex<HashMap<String, Failures>>,
}

impl Limits {
    pub fn new(on: bool, clock: Clock) -> Self {
        let hands = Hands { started: clock.now(), clock };
        let limiter = |quota: Quota| {
            let (burst, period) = quota.per();
            let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
            let rate = governor::Quota::with_period(period / burst.get())
                .unwrap_or_else(|| governor::Quota::per_second(burst))
                .allow_burst(burst);
            (quota, RateLimiter::new(rate, DashMapStateStore::default(), hands.clone()))
        };
        let by_address = Quota::ALL.into_iter().map(limiter).collect();
        Self { on, hands, by_address, failures: Mutex::default() }
    }

    /// Whether anything is limited here; development may turn it off.
    pub fn on(&self) -> bool {
        self.on
    }

    /// Counts one attempt from this address, or refuses it.
    pub fn attempt(&self, quota: Quota, origin: &Origin) -> Result<()> {
        let Some(limiter) = self.by_address.get(&quota).filter(|_| self.on) else { return Ok(()) };
        if limiter.len() > MOST_ADDRESSES {
            limiter.retain_recent();
        }
        limiter
            .check_key(&subnet(origin.address))
            .map_err(|refused| Error::RateLimited(refused.wait_time_from(self.hands.now())))
    }

    /// Refuses a login while this account has to wait after its failures.
    pub fn may_log_in(&self, account: &str, origin: &Origin) -> Result<()> {
        if !self.on {
            return Ok(());
        }
        let now = self.hands.clock.now();
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = failures.get(account).map_or(Duration::ZERO, |failures| failures.wait(subnet(origin.address), now));
        if wait.is_zero() { Ok(()) } else { Err(Error::RateLimited(wait)) }
    }

    /// Counts a failed login, or refuses it when others have failed since it was let in: of many at the same moment
    /// only so many may learn that they failed as one after the other.
    pub fn failed_login(&self, account: &str, origin: &Origin) -> Result<()> {
        if !self.on {
            return Ok(());
        }
        let now = self.hands.clock.now();
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= MOST_ACCOUNTS {
            failures.retain(|_, failures| now < failures.last.plus(FORGOTTEN_AFTER));
            if failures.len() >= MOST_ACCOUNTS {
                failures.clear();
            }
        }
        let of_account = failures.entry(account.to_owned()).or_insert_with(|| Failures::new(now));
        let wait = of_account.wait(subnet(origin.address), now);
        if !wait.is_zero() {
            return Err(Error::RateLimited(wait));
        }
        of_account.add(subnet(origin.address), now);
        Ok(())
    }

    /// A login, or a reset by mail, shows that the account is in its owner's hands.
    pub fn forget_failures(&self, account: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(account);
    }
}

const MOST_ADDRESSES: usize = 100_000;
const MOST_ACCOUNTS: usize = 100_000;
const MOST_ADDRESSES_OF_ACCOUNT: usize = 32;
const FORGOTTEN_AFTER: Duration = Duration::from_mins(15);

/// Pauses of one account and one address: from the 5th failure on 1 s, doubling to 15 min.
const FREE_TRIES: u32 = 4;
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// Pauses of one account whatever the address: 10 failures in 15 min are free, then one in 90 s keeps that rate.
const FREE_TRIES_OF_ACCOUNT: u32 = 9;
const LONGEST_PAUSE_OF_ACCOUNT: Duration = Duration::from_secs(90);

#[derive(Debug)]
struct Failures {
    count: u32,
    last: Time,
    by_address: Vec<(IpAddr, u32, Time)>,
}

impl Failures {
    fn new(now: Time) -> Self {
        Self { count: 0, last: now, by_address: Vec::new() }
    }

    fn add(&mut self, address: IpAddr, now: Time) {
        let stale = |last: Time| now >= last.plus(FORGOTTEN_AFTER);
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

    fn wait(&self, address: IpAddr, now: Time) -> Duration {
        let of_account = pause(self.count, FREE_TRIES_OF_ACCOUNT, LONGEST_PAUSE_OF_ACCOUNT);
        let of_address = self.by_address.iter().find(|(known, ..)| *known == address);
        let of_address = of_address
            .map_or(Duration::ZERO, |(_, count, last)| now.until(last.plus(pause(*count, FREE_TRIES, LONGEST_PAUSE))));
        now.until(self.last.plus(of_account)).max(of_address)
    }
}

fn pause(failures: u32, free: u32, longest: Duration) -> Duration {
    match failures.saturating_sub(free) {
        0 => Duration::ZERO,
        beyond => Duration::from_secs(1_u64 << (beyond - 1).min(20)).min(longest),
    }
}

/// Who has one IPv6 address has a whole /64 of them.
fn subnet(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Our clock, as the rate limiter wants it: the time since the start.
#[derive(Clone, Debug)]
struct Hands {
    clock: Clock,
    started: Time,
}

impl governor::clock::Clock for Hands {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.started.until(self.clock.now())
    }
}
