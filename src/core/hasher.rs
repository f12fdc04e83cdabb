//! Password hashes: bcrypt over base64(HMAC-SHA-256(pepper, NFC(password))), 44 ASCII bytes, so that bcrypt's
//! limit of 72 bytes and its end at a NUL are never met (OWASP ASVS 6.2.8).
//!
//! A hash keeps a core busy for a quarter of a second, so hashes have a workshop of their own.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::hmac;

use super::{
    accounts::password::normal_form,
    error::{Error, Result},
    random::Random,
    workshop::Workshop,
};

/// A cost above this takes minutes: a row that asks for it is not ours.
const HIGHEST_COST: u32 = 15;

#[derive(Clone)]
pub struct Hasher {
    pepper: hmac::Key,
    scheme: Arc<str>,
    cost: u32,
    random: Random,
    workshop: Workshop,
    /// Stands in for the hash of an account that does not exist, so that both cost the same.
    nobody: Arc<str>,
}

/// A password's hash and the scheme that made it, as they stand in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordHash {
    pub hash: String,
    pub scheme: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right,
    /// Right, but made with another cost: worth making again.
    Outdated,
}

impl Hasher {
    pub fn new(pepper: &str, cost: u32, random: Random) -> Self {
        let pepper = hmac::Key::new(hmac::HMAC_SHA256, pepper.as_bytes());
        // Which pepper it was, without telling it: a row made with another one never verifies.
        let id = hmac::sign(&pepper, b"the id of this pepper");
        Self {
            pepper,
            scheme: format!("bcrypt-hmac-sha256:{}", super::crypto::hex(id.as_ref()).get(..12).unwrap_or("")).into(),
            cost,
            nobody: nobody(cost, &random).into(),
            random,
            workshop: Workshop::new(),
        }
    }

    pub async fn hash(&self, password: &str) -> Result<PasswordHash> {
        let (hasher, password) = (self.clone(), password.to_owned());
        let hash = self.run(move || hasher.hash_now(&password)).await??;
        Ok(PasswordHash { hash, scheme: self.scheme.to_string() })
    }

    /// Compares with the stored hash, or with nobody's when there is none: one hash of work in every case.
    pub async fn verify(&self, password: &str, stored: Option<PasswordHash>) -> Result<Verdict> {
        let (hasher, password) = (self.clone(), password.to_owned());
        self.run(move || hasher.verify_now(&password, stored.as_ref())).await
    }

    /// Does costly work in one of the few places for it.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        self.workshop.run(work).await
    }

    fn hash_now(&self, password: &str) -> Result<String> {
        let mut salt = [0_u8; 16];
        self.random.fill(&mut salt);
        bcrypt::non_truncating_hash_with_salt(self.peppered(password), self.cost, salt)
            .map(|parts| parts.format_for_version(bcrypt::Version::TwoB))
            .map_err(Error::internal)
    }

    fn verify_now(&self, password: &str, stored: Option<&PasswordHash>) -> Verdict {
        let usable = stored.filter(|stored| stored.scheme == *self.scheme && cost_of(&stored.hash).is_some());
        let against = usable.map_or(&*self.nobody, |stored| &stored.hash);
        let same = bcrypt::non_truncating_verify(self.peppered(password), against).unwrap_or(false);
        match usable {
            Some(stored) if same && cost_of(&stored.hash) == Some(self.cost) => Verdict::Right,
            Some(_) if same => Verdict::Outdated,
            _ => Verdict::Wrong,
        }
    }

    fn peppered(&self, password: &str) -> String {
        STANDARD.encode(hmac::sign(&self.pepper, normal_form(password).as_bytes()))
    }
}

/// A hash that nothing is known to match: chance in a hash's form. Making a real one would cost the start its time.
fn nobody(cost: u32, random: &Random) -> String {
    let (mut salt, mut digest) = ([0_u8; 16], [0_u8; 23]);
    random.fill(&mut salt);
    random.fill(&mut digest);
    format!("$2b${cost:02}${}{}", bcrypt::BASE_64.encode(salt), bcrypt::BASE_64.encode(digest))
}

/// The cost in a `$2b$NN$` hash of the right length and alphabet, when it is one that we would use.
fn cost_of(hash: &str) -> Option<u32> {
    let rest = hash.strip_prefix("$2b$")?;
    let (cost, digest) = rest.split_once('$')?;
    let plain = digest.len() == 53 && digest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'/');
    let cost = (cost.len() == 2).then(|| cost.parse().ok()).flatten()?;
    (plain && (4..=HIGHEST_COST).contains(&cost)).then_some(cost)
}

#[cfg(test)]
mod tests;
