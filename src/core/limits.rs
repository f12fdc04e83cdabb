//! How often things may be tried: so many attempts from one address, and growing pauses for one account after
//! failed logins (a throttle, never a lock: OWASP ASVS 6.3.1). Attempts are counted, not requests.
//!
//! It lives in this process, in bounded memory, or in a Redis that several servers share; while that is away each counts
//! for itself.

mod local;
mod shared;

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use self::local::Local;
use super::{
    Origin,
    clock::Clock,
    crypto::digest_of,
    error::{Error, Result},
    metrics::Metrics,
    redis::Redis,
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

    fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Signup => "signup",
            Self::ForgotPassword => "forgot-password",
            Self::Code => "code",
            Self::Refresh => "refresh",
            Self::Availability => "availability",
            Self::Upload => "upload",
            Self::Operation => "operation",
        }
    }

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

pub struct Limits {
    on: bool,
    local: Local,
    shared: Option<Redis>,
    metrics: Metrics,
}

impl Limits {
    pub fn new(on: bool, clock: Clock, shared: Option<Redis>, metrics: Metrics) -> Self {
        Self { on, local: Local::new(clock), shared, metrics }
    }

    /// Where attempts of several servers are counted together.
    pub(super) fn shared(&self) -> Option<&Redis> {
        self.shared.as_ref()
    }

    /// Whether anything is limited here; development may turn it off.
    pub fn on(&self) -> bool {
        self.on
    }

    /// Counts one attempt from this address, or refuses it.
    pub async fn attempt(&self, quota: Quota, origin: &Origin) -> Result<()> {
        if !self.on {
            return Ok(());
        }
        let address = subnet(origin.address);
        let wait = match &self.shared {
            Some(redis) => shared::attempt(redis, quota, address).await,
            None => None,
        };
        self.refuse(quota.name(), wait.unwrap_or_else(|| self.local.attempt(quota, address)))
    }

    /// Refuses a login while this account has to wait after its failures.
    pub async fn may_log_in(&self, account: &str, origin: &Origin) -> Result<()> {
        if !self.on {
            return Ok(());
        }
        let address = subnet(origin.address);
        let wait = match &self.shared {
            Some(redis) => shared::wait(redis, account, address).await,
            None => None,
        };
        self.refuse(FAILED_LOGINS, wait.unwrap_or_else(|| self.local.wait(account, address)))
    }

    /// Counts a failed login, or refuses it when others have failed since it was let in: of many at the same moment
    /// only so many may learn that they failed as one after the other.
    pub async fn failed_login(&self, account: &str, origin: &Origin) -> Result<()> {
        if !self.on {
            return Ok(());
        }
        let address = subnet(origin.address);
        let wait = match &self.shared {
            Some(redis) => shared::failed(redis, account, address).await,
            None => None,
        };
        self.refuse(FAILED_LOGINS, wait.unwrap_or_else(|| self.local.failed(account, address)))
    }

    /// A login, or a reset by mail, shows that the account is in its owner's hands.
    pub async fn forget_failures(&self, account: &str) {
        self.local.forget(account);
        if let Some(redis) = &self.shared {
            shared::forget(redis, account).await;
        }
    }

    fn refuse(&self, quota: &'static str, wait: Duration) -> Result<()> {
        if wait.is_zero() {
            return Ok(());
        }
        self.metrics.refused(quota);
        Err(Error::RateLimited(wait))
    }
}

/// The pauses of an account, beside the quotas of addresses.
const FAILED_LOGINS: &str = "failed-logins";

pub(super) const MOST_ADDRESSES: usize = 100_000;
const MOST_ADDRESSES_OF_ACCOUNT: usize = 32;
const FORGOTTEN_AFTER: Duration = Duration::from_mins(15);

/// Pauses of one account and one address: from the 5th failure on 1 s, doubling to 15 min.
const FREE_TRIES: u32 = 4;
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// Pauses of one account whatever the address: 10 failures in 15 min are free, then one in 90 s keeps that rate.
const FREE_TRIES_OF_ACCOUNT: u32 = 9;
const LONGEST_PAUSE_OF_ACCOUNT: Duration = Duration::from_secs(90);

/// Who has one IPv6 address has a whole /64 of them.
pub(super) fn subnet(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Our clock, as the rate limiter wants it: an attempt is not forgotten, and nobody waits longer, because somebody set it.
#[derive(Clone, Debug)]
pub(super) struct Hands(Clock);

impl Hands {
    pub(super) fn new(clock: Clock) -> Self {
        Self(clock)
    }
}

impl governor::clock::Clock for Hands {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.passed()
    }
}
