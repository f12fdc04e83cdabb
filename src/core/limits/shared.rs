//! The same limits in a Redis that several servers share: each is one script, which knows the time by Redis's own clock.
//! None stands for no answer. What somebody typed as a name is not there, only its digest.

use std::{net::IpAddr, sync::LazyLock, time::Duration};

use redis::Script;

use super::{
    FORGOTTEN_AFTER, FREE_TRIES, FREE_TRIES_OF_ACCOUNT, LONGEST_PAUSE, LONGEST_PAUSE_OF_ACCOUNT,
    MOST_ADDRESSES_OF_ACCOUNT, Quota, digest_of,
};
use crate::core::redis::Redis;

static ATTEMPT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("attempt.lua")));
static FAILURES: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("failures.lua")));

/// Counts one attempt, or says how long it has to wait.
pub(super) async fn attempt(redis: &Redis, quota: Quota, address: IpAddr) -> Option<Duration> {
    let (burst, period) = quota.per();
    let mut script = ATTEMPT.key(redis.name(&format!("attempts:{}:{address}", quota.name())));
    script.arg(micros(period / burst)).arg(burst);
    redis.run(&script).await.map(told)
}

/// How long a login of this account has to wait.
pub(super) async fn wait(redis: &Redis, account: &str, address: IpAddr) -> Option<Duration> {
    failures(redis, account, address, false).await
}

/// Counts a failed login, or says how long it should have waited.
pub(super) async fn failed(redis: &Redis, account: &str, address: IpAddr) -> Option<Duration> {
    failures(redis, account, address, true).await
}

pub(super) async fn forget(redis: &Redis, account: &str) {
    redis.delete(&key(account)).await;
}

async fn failures(redis: &Redis, account: &str, address: IpAddr, count: bool) -> Option<Duration> {
    let mut script = FAILURES.key(redis.name(&key(account)));
    script.arg(address.to_string()).arg(u8::from(count)).arg(micros(FORGOTTEN_AFTER)).arg(MOST_ADDRESSES_OF_ACCOUNT);
    script.arg(FREE_TRIES).arg(micros(LONGEST_PAUSE)).arg(FREE_TRIES_OF_ACCOUNT).arg(micros(LONGEST_PAUSE_OF_ACCOUNT));
    redis.run(&script).await.map(told)
}

fn key(account: &str) -> String {
    format!("failures:{}", digest_of(account))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// A script says how many microseconds; a negative number where there is nothing to wait for.
fn told(wait: i64) -> Duration {
    Duration::from_micros(u64::try_from(wait).unwrap_or(0))
}
