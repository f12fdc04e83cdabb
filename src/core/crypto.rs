//! Digests, codes and sealed text: everything here is a thin name over `ring`.
//!
//! What can be redeemed (a token, a handle) is stored as its SHA-256 digest: 256 random bits need no salt. A
//! short code is stored under HMAC with a server key, because its digest could be guessed. A mail that waits
//! in the outbox holds live tokens, so it is stored sealed.

use std::sync::Arc;

use ring::{aead, digest, hmac};

use super::{
    error::{Error, Result},
    random::Random,
};

/// The SHA-256 digest of a secret with 256 random bits, in hexadecimal.
pub fn digest_of(secret: &str) -> String {
    digest(&[secret.as_bytes()])
}

/// The SHA-256 digest of all parts together, in hexadecimal.
pub fn digest(parts: &[&[u8]]) -> String {
    let mut all = digest::Context::new(&digest::SHA256);
    for part in parts {
        all.update(part);
    }
    hex(all.finish().as_ref())
}

pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// The bytes that hexadecimal digits of either case stand for.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok())).collect();
    let (pairs, rest) = digits.as_deref()?.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// The keys that are derived from the server's own secret, one for each purpose.
#[derive(Clone)]
pub struct Keys {
    codes: hmac::Key,
    cursors: hmac::Key,
    seal: Arc<aead::LessSafeKey>,
    random: Random,
}

impl Keys {
    pub fn derive(secret: &str, random: Random) -> Result<Self> {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let codes = hmac::sign(&root, b"lyceum: short codes");
        let cursors = hmac::sign(&root, b"lyceum: cursors");
        let seal = hmac::sign(&root, b"lyceum: sealed mails");
        let seal = aead::UnboundKey::new(&aead::CHACHA20_POLY1305, seal.as_ref()).map_err(Error::internal)?;
        Ok(Self {
            codes: hmac::Key::new(hmac::HMAC_SHA256, codes.as_ref()),
            cursors: hmac::Key::new(hmac::HMAC_SHA256, cursors.as_ref()),
            seal: Arc::new(aead::LessSafeKey::new(seal)),
            random,
        })
    }

    /// What stands in the database for a short code: bound to its purpose and its address.
    pub fn code_digest(&self, purpose: &str, email_key: &str, code: &str) -> String {
        hex(hmac::sign(&self.codes, format!("{purpose}\0{email_key}\0{code}").as_bytes()).as_ref())
    }

    /// A short tag that only this server can make: enough against guessing, since a wrong one gives nothing away.
    pub fn cursor_tag<const N: usize>(&self, parts: &[&[u8]]) -> [u8; N] {
        let mut signing = hmac::Context::with_key(&self.cursors);
        for part in parts {
            signing.update(&(part.len() as u64).to_be_bytes());
            signing.update(part);
        }
        let mut tag = [0; N];
        tag.iter_mut().zip(signing.sign().as_ref()).for_each(|(byte, signed)| *byte = *signed);
        tag
    }

    /// Nonce, then ciphertext and tag. `about` must be the same when it is opened.
    pub fn seal(&self, about: &str, text: &str) -> Result<Vec<u8>> {
        let mut nonce = [0_u8; aead::NONCE_LEN];
        self.random.fill(&mut nonce);
        let mut sealed = text.as_bytes().to_vec();
        self.seal
            .seal_in_place_append_tag(aead::Nonce::assume_unique_for_key(nonce), aad(about), &mut sealed)
            .map_err(Error::internal)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    pub fn open(&self, about: &str, sealed: &[u8]) -> Result<String> {
        let (nonce, body) = sealed.split_at_checked(aead::NONCE_LEN).ok_or_else(|| Error::internal("too short"))?;
        let nonce = aead::Nonce::try_assume_unique_for_key(nonce).map_err(Error::internal)?;
        let mut body = body.to_vec();
        let text = self.seal.open_in_place(nonce, aad(about), &mut body).map_err(Error::internal)?;
        String::from_utf8(text.to_vec()).map_err(Error::internal)
    }
}

fn aad(about: &str) -> aead::Aad<&[u8]> {
    aead::Aad::from(about.as_bytes())
}
