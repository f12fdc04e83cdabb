//! Password hashes that other systems made: recognised from themselves, verified as those systems did, never made.
//!
//! What is typed counts byte for byte, in the spelling in which it comes: those systems knew no normal form. What a hash
//! may ask for is bounded, so that no row keeps a core busy for more than a few seconds or takes more than 64 MiB.

use std::num::NonZeroU32;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ring::{digest, hmac, pbkdf2};
use subtle::ConstantTimeEq as _;

use super::{COSTS, PasswordHash};
use crate::core::{
    crypto::{hex, unhex},
    error::{Fault, FaultCode},
};

/// Werkzeug's own default grew to a million.
const MOST_ITERATIONS: u32 = 2_000_000;
/// N·r·p of scrypt, in blocks of 128 bytes: 64 MiB. Werkzeug's default takes half of it.
const MOST_BLOCKS: u64 = 1 << 19;
const MOST_SALT: usize = 128;
/// What bcrypt looks at, the NUL after the password among it.
const BCRYPT_BYTES: usize = 72;

/// A hash as it comes from another system.
#[derive(Clone)]
pub struct ForeignHash(pub(super) Form);

#[derive(Clone)]
pub(super) enum Form {
    /// Stays as it is until its owner logs in.
    Strong(PasswordHash),
    /// Billions can be tried in a second, so the hexadecimal digest is never stored but under a hash of our own.
    Weak(Weak, String),
}

/// A hash that takes its time.
pub(super) enum Strong {
    Bcrypt { cost: u32, salt: [u8; 16], digest: [u8; 23] },
    Pbkdf2 { algorithm: pbkdf2::Algorithm, iterations: NonZeroU32, salt: String, key: Vec<u8> },
    Scrypt { params: scrypt::Params, salt: String, key: Vec<u8> },
}

/// How a quick digest was made.
#[derive(Clone)]
pub(super) enum Weak {
    Sha256,
    /// What werkzeug called `sha256`: the salt is the key.
    HmacSha256 {
        salt: String,
    },
}

impl ForeignHash {
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if let Some((weak, digest)) = Weak::parse(text) {
            return Ok(Self(Form::Weak(weak, digest)));
        }
        let scheme = Strong::parse(text)?.scheme().to_owned();
        Ok(Self(Form::Strong(PasswordHash { hash: text.to_owned(), scheme })))
    }

    pub fn is_weak(&self) -> bool {
        matches!(self.0, Form::Weak(..))
    }
}

impl Strong {
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        if ["$2a$", "$2b$", "$2y$"].iter().any(|version| text.starts_with(version)) {
            return bcrypt(text);
        }
        let (method, rest) = text.split_once('$').ok_or_else(unknown)?;
        let (salt, key) = rest.split_once('$').ok_or_else(unknown)?;
        let key = unhex(key).filter(|_| is_salt(salt)).ok_or_else(unknown)?;
        match *method.split(':').collect::<Vec<_>>() {
            ["pbkdf2", digest, iterations] => pbkdf2(digest, iterations, salt, key),
            ["scrypt", n, r, p] => scrypt([n, r, p], salt, key),
            _ => Err(unknown()),
        }
    }

    /// What stands beside it in the row.
    pub(super) fn scheme(&self) -> &'static str {
        match self {
            Self::Bcrypt { .. } => "bcrypt",
            Self::Pbkdf2 { .. } => "pbkdf2",
            Self::Scrypt { .. } => "scrypt",
        }
    }

    pub(super) fn matches(&self, password: &str) -> bool {
        let password = password.as_bytes();
        match self {
            Self::Bcrypt { cost, salt, digest } => {
                // As those systems cut it. A NUL within is a byte like any other.
                let key: Vec<u8> = password.iter().copied().chain([0]).take(BCRYPT_BYTES).collect();
                bcrypt::bcrypt(*cost, *salt, &key)[..digest.len()].ct_eq(digest).into()
            }
            Self::Pbkdf2 { algorithm, iterations, salt, key } => {
                pbkdf2::verify(*algorithm, *iterations, salt.as_bytes(), password, key).is_ok()
            }
            Self::Scrypt { params, salt, key } => {
                let mut derived = vec![0; key.len()];
                let made = scrypt::scrypt(password, salt.as_bytes(), params, &mut derived);
                made.is_ok() && derived.ct_eq(key).into()
            }
        }
    }
}

impl Weak {
    /// The digest, in lower case.
    fn parse(text: &str) -> Option<(Self, String)> {
        let (weak, digest) = match text.strip_prefix("sha256$").map(|rest| rest.split_once('$')) {
            None => (Self::Sha256, text),
            Some(Some(("", digest))) => (Self::Sha256, digest),
            Some(Some((salt, digest))) if is_salt(salt) => (Self::HmacSha256 { salt: salt.to_owned() }, digest),
            Some(_) => return None,
        };
        unhex(digest).filter(|bytes| bytes.len() == digest::SHA256_OUTPUT_LEN).map(|bytes| (weak, hex(&bytes)))
    }

    pub(super) fn digest(&self, password: &str) -> String {
        match self {
            Self::Sha256 => hex(digest::digest(&digest::SHA256, password.as_bytes()).as_ref()),
            Self::HmacSha256 { salt } => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, salt.as_bytes());
                hex(hmac::sign(&key, password.as_bytes()).as_ref())
            }
        }
    }
}

fn bcrypt(text: &str) -> Result<Strong, Fault> {
    // Some systems left chance in the bits that the last letters of salt and digest have too many.
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::BCRYPT,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireNone),
    );
    let (cost, rest) = text.get(4..).and_then(|rest| rest.split_once('$')).ok_or_else(unknown)?;
    let (salt, digest) = rest.split_at_checked(22).ok_or_else(unknown)?;
    let decoded = |part: &str| LENIENT.decode(part).map_err(|_| unknown());
    let cost = Some(cost).filter(|cost| cost.len() == 2).and_then(number).ok_or_else(unknown)?;
    let salt = decoded(salt)?.try_into().map_err(|_| unknown())?;
    let digest = decoded(digest)?.try_into().map_err(|_| unknown())?;
    if !COSTS.contains(&cost) {
        return Err(too_costly(&format!("bcrypt at a cost from {} to {}", COSTS.start(), COSTS.end())));
    }
    Ok(Strong::Bcrypt { cost, salt, digest })
}

fn pbkdf2(digest: &str, iterations: &str, salt: &str, key: Vec<u8>) -> Result<Strong, Fault> {
    let (algorithm, length) = match digest {
        "sha1" => (pbkdf2::PBKDF2_HMAC_SHA1, digest::SHA1_OUTPUT_LEN),
        "sha256" => (pbkdf2::PBKDF2_HMAC_SHA256, digest::SHA256_OUTPUT_LEN),
        "sha512" => (pbkdf2::PBKDF2_HMAC_SHA512, digest::SHA512_OUTPUT_LEN),
        _ => return Err(unknown()),
    };
    let iterations = number(iterations).and_then(NonZeroU32::new).ok_or_else(unknown)?;
    if key.len() != length {
        return Err(unknown());
    }
    if iterations.get() > MOST_ITERATIONS {
        return Err(too_costly(&format!("PBKDF2 with up to {MOST_ITERATIONS} iterations")));
    }
    Ok(Strong::Pbkdf2 { algorithm, iterations, salt: salt.to_owned(), key })
}

fn scrypt(parameters: [&str; 3], salt: &str, key: Vec<u8>) -> Result<Strong, Fault> {
    let [Some(n), Some(r), Some(p)] = parameters.map(number) else { return Err(unknown()) };
    if n < 2 || !n.is_power_of_two() || r == 0 || p == 0 || key.len() != 64 {
        return Err(unknown());
    }
    let blocks = [r, p].iter().fold(u64::from(n), |blocks, factor| blocks.saturating_mul((*factor).into()));
    let params = u8::try_from(n.ilog2()).ok().and_then(|log_n| scrypt::Params::new(log_n, r, p).ok());
    match params.filter(|_| blocks <= MOST_BLOCKS) {
        Some(params) => Ok(Strong::Scrypt { params, salt: salt.to_owned(), key }),
        None => Err(too_costly(&format!("scrypt with N·r·p up to {MOST_BLOCKS}, which are 64 MiB"))),
    }
}

/// Digits alone: no sign, no space.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn is_salt(text: &str) -> bool {
    (1..=MOST_SALT).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'$')
}

fn unknown() -> Fault {
    let known = "bcrypt ($2a$, $2b$, $2y$), pbkdf2:sha256:N$salt$hex (or sha1, sha512), scrypt:N:r:p$salt$hex, \
                 sha256$salt$hex, and the SHA-256 of the password alone, in hexadecimal";
    Fault::new(FaultCode::Invalid, format!("This is no hash of a known kind. Known are {known}."))
}

fn too_costly(known: &str) -> Fault {
    Fault::new(
        FaultCode::Invalid,
        format!("This hash asks for too much, or too little, work: {known} can be verified."),
    )
}

#[cfg(test)]
mod tests;
