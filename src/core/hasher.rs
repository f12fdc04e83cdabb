//! Password hashes: bcrypt over base64(HMAC-SHA-256(pepper, NFC(password))), 44 ASCII bytes, so that bcrypt's
//! limit of 72 bytes and its end at a NUL are never met (OWASP ASVS 6.2.8).
//!
//! Hashes that other systems made are verified too, until their owner's first login here replaces them. A hash keeps a
//! core busy for a quarter of a second, so hashes have a workshop of their own.

mod foreign;
mod stored;

use std::{ops::RangeInclusive, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::hmac;

pub use foreign::ForeignHash;

use self::{
    foreign::Form,
    stored::{Over, Stored, wrapped},
};
use super::{
    accounts::password::normal_form,
    error::{Error, Result},
    random::Random,
    workshop::{Jobs, Workshop},
};

/// From bcrypt's least cost to two seconds of work. Above it are minutes and days: a row that asks for them is refused.
const COSTS: RangeInclusive<u32> = 4..=15;

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
    /// Right, but made with another cost or by another system: worth making again.
    Outdated,
}

impl PasswordHash {
    /// No password matches it: whoever has it asks for a reset.
    pub fn none() -> Self {
        Self { hash: String::new(), scheme: "none".to_owned() }
    }
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
        let hash = self.run(move || hasher.hash_now(&normal_form(&password))).await??;
        Ok(PasswordHash { hash, scheme: self.scheme.to_string() })
    }

    /// What is to be stored for another system's hash: a weak one is wrapped, which takes as long as to make one.
    pub async fn adopt(&self, foreign: ForeignHash) -> Result<PasswordHash> {
        match foreign.0 {
            Form::Strong(hash) => Ok(hash),
            Form::Weak(weak, digest) => {
                let hasher = self.clone();
                let bcrypt = self.run(move || hasher.hash_now(&digest)).await??;
                Ok(wrapped(&weak, &bcrypt, &self.scheme))
            }
        }
    }

    /// Compares with the stored hash, or with nobody's when there is none. One bcrypt of work at least in every case;
    /// on top of it comes what another system's hash asks for.
    pub async fn verify(&self, password: &str, stored: Option<PasswordHash>) -> Result<Verdict> {
        let (hasher, password) = (self.clone(), password.to_owned());
        self.run(move || hasher.verify_now(&password, stored.as_ref())).await
    }

    /// Does costly work in one of the few places for it.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        self.workshop.run(work).await
    }

    /// How many hashes can be made at the same time.
    pub fn places(&self) -> usize {
        self.workshop.places()
    }

    /// The hashes that are being made, and those that wait.
    pub fn jobs(&self) -> Jobs {
        self.workshop.jobs()
    }

    fn hash_now(&self, secret: &str) -> Result<String> {
        let mut salt = [0_u8; 16];
        self.random.fill(&mut salt);
        bcrypt::non_truncating_hash_with_salt(self.peppered(secret), self.cost, salt)
            .map(|parts| parts.format_for_version(bcrypt::Version::TwoB))
            .map_err(Error::internal)
    }

    fn verify_now(&self, password: &str, row: Option<&PasswordHash>) -> Verdict {
        let stored = row.and_then(|row| Stored::parse(row, &self.scheme));
        let (against, over) = match &stored {
            Some(Stored::Own { bcrypt, over, .. }) => (bcrypt.as_str(), over),
            Some(Stored::Foreign(_)) | None => (&*self.nobody, &Over::Password),
        };
        let same = bcrypt::non_truncating_verify(self.peppered(&over.secret(password)), against).unwrap_or(false);
        match &stored {
            Some(Stored::Own { cost, over: Over::Password, .. }) if same && *cost == self.cost => Verdict::Right,
            Some(Stored::Own { .. }) if same => Verdict::Outdated,
            Some(Stored::Foreign(foreign)) if foreign.matches(password) => Verdict::Outdated,
            _ => Verdict::Wrong,
        }
    }

    fn peppered(&self, secret: &str) -> String {
        STANDARD.encode(hmac::sign(&self.pepper, secret.as_bytes()))
    }
}

/// A hash that nothing is known to match: chance in a hash's form. Making a real one would cost the start its time.
fn nobody(cost: u32, random: &Random) -> String {
    let (mut salt, mut digest) = ([0_u8; 16], [0_u8; 23]);
    random.fill(&mut salt);
    random.fill(&mut digest);
    format!("$2b${cost:02}${}{}", bcrypt::BASE_64.encode(salt), bcrypt::BASE_64.encode(digest))
}

#[cfg(test)]
mod tests;
