//! The only source of chance: the operating system's, or a seeded one in tests.

use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{Rng as _, SeedableRng as _, TryRng as _, rngs::StdRng, rngs::SysRng};
use uuid::Uuid;

use super::clock::Time;

#[derive(Clone, Debug)]
pub enum Random {
    System,
    Seeded(Arc<Mutex<StdRng>>),
}

impl Random {
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    pub fn fill(&self, bytes: &mut [u8]) {
        match self {
            Self::System => fill_from_system(bytes),
            Self::Seeded(rng) => rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes),
        }
    }

    /// 256 bits as 43 characters that are safe in a URL and in a cookie.
    pub fn token(&self) -> String {
        let mut bytes = [0_u8; 32];
        self.fill(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Eight decimal digits, each value as probable as any other.
    pub fn code(&self) -> String {
        const CODES: u32 = 100_000_000;
        // The largest multiple of CODES: what is drawn above it would favour small codes.
        const FAIR: u32 = u32::MAX - u32::MAX % CODES;
        loop {
            let mut bytes = [0_u8; 4];
            self.fill(&mut bytes);
            let drawn = u32::from_le_bytes(bytes);
            if drawn < FAIR {
                return format!("{:08}", drawn % CODES);
            }
        }
    }

    /// A version 7 UUID. It sorts by the time of its making to the microsecond: the twelve bits after the version
    /// hold the fraction of the millisecond (RFC 9562, 6.2, method 3).
    pub fn uuid(&self, now: Time) -> Uuid {
        let mut bytes = [0_u8; 10];
        self.fill(&mut bytes);
        let fraction = u16::try_from(now.0.rem_euclid(1000) * 4096 / 1000).unwrap_or(0);
        let [high, low] = fraction.to_be_bytes();
        (bytes[0], bytes[1]) = (high, low);
        let millis = u64::try_from(now.0.div_euclid(1000)).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }
}

/// No id that was made by this moment is greater, and every one that is made a millisecond later is.
pub fn first_uuid_after(moment: Time) -> Uuid {
    let millis = u64::try_from(moment.0.div_euclid(1000).saturating_add(1)).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

/// Bytes from the operating system. A system without randomness cannot keep a secret, so this ends the process.
pub fn fill_from_system(bytes: &mut [u8]) {
    if let Err(error) = SysRng.try_fill_bytes(bytes) {
        tracing::error!(%error, "the operating system gives no randomness");
        std::process::abort();
    }
}
