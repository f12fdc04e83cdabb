//! How many rows refused attempts may make. What somebody does with an account is bound by what the account may do; an
//! attempt that is refused costs nothing, and with many addresses there is no end to them. So each server writes a
//! thousand at once and ten more a minute, 5.3 million rows in a year or some 2 GB; and of an address that is sent away
//! again and again (an IPv6 /64 is one) one row a minute. The next row says how many found no room.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed, keyed::DashMapStateStore},
};

use super::entry::{Outcome, Source};
use crate::core::{
    clock::Clock,
    limits::{Hands, MOST_ADDRESSES, subnet},
};

const AT_ONCE: u32 = 1000;
const ONE_MORE_AFTER: Duration = Duration::from_secs(6);
const SENT_AWAY: Duration = Duration::from_mins(1);

type Unhurried = NoOpMiddleware<Duration>;

pub struct Bound {
    all: RateLimiter<NotKeyed, InMemoryState, Hands, Unhurried>,
    sent_away: RateLimiter<IpAddr, DashMapStateStore<IpAddr>, Hands, Unhurried>,
    omitted: AtomicU64,
}

impl Bound {
    pub fn new(clock: Clock) -> Self {
        let hands = Hands::new(clock);
        let at_once = NonZeroU32::new(AT_ONCE).unwrap_or(NonZeroU32::MIN);
        let once_in = |period| Quota::with_period(period).unwrap_or_else(|| Quota::per_minute(NonZeroU32::MIN));
        Self {
            all: RateLimiter::direct_with_clock(once_in(ONE_MORE_AFTER).allow_burst(at_once), hands.clone()),
            sent_away: RateLimiter::new(once_in(SENT_AWAY), DashMapStateStore::default(), hands),
            omitted: AtomicU64::new(0),
        }
    }

    /// How many were left out before this one, if there is room for it.
    pub(super) fn room_for(&self, outcome: Outcome, by: Source<'_>) -> Option<u64> {
        let again = outcome == Outcome::Throttled && by.origin.is_some_and(|origin| self.was_sent_away(origin.address));
        if again || self.all.check().is_err() {
            self.omitted.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(self.omitted.swap(0, Ordering::Relaxed))
    }

    /// Whether this address was within the last minute.
    fn was_sent_away(&self, address: IpAddr) -> bool {
        if self.sent_away.len() > MOST_ADDRESSES {
            self.sent_away.retain_recent();
        }
        self.sent_away.check_key(&subnet(address)).is_err()
    }
}
