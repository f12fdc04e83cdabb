//! What stands in a row, understood: which hash it is, and what it was made of.
//!
//! | scheme | hash |
//! | --- | --- |
//! | `bcrypt-hmac-sha256:<pepper>` | `$2b$…` over the password: the only one that is made for a password |
//! | `bcrypt-hmac-sha256:<pepper>/sha256` | `$2b$…` over the password's SHA-256, wrapped at import |
//! | `bcrypt-hmac-sha256:<pepper>/hmac-sha256` | `<salt>$2b$…`, likewise |
//! | `bcrypt`, `pbkdf2`, `scrypt` | as another system made it |
//! | anything else, or garbage | matches no password |

use super::{
    COSTS, PasswordHash,
    foreign::{Strong, Weak},
};
use crate::core::accounts::password::normal_form;

pub(super) enum Stored {
    /// Made here, under our pepper.
    Own {
        bcrypt: String,
        cost: u32,
        over: Over,
    },
    Foreign(Strong),
}

/// What the pepper was applied to.
pub(super) enum Over {
    Password,
    Digest(Weak),
}

impl Stored {
    /// `own` is the scheme of today's pepper.
    pub(super) fn parse(row: &PasswordHash, own: &str) -> Option<Self> {
        let Some(over) = row.scheme.strip_prefix(own) else {
            let strong = Strong::parse(&row.hash).ok()?;
            return (strong.scheme() == row.scheme).then_some(Self::Foreign(strong));
        };
        let (salt, bcrypt) = row.hash.split_at(row.hash.find('$')?);
        let over = match (over, salt) {
            ("", "") => Over::Password,
            ("/sha256", "") => Over::Digest(Weak::Sha256),
            ("/hmac-sha256", salt) => Over::Digest(Weak::HmacSha256 { salt: salt.to_owned() }),
            _ => return None,
        };
        Some(Self::Own { bcrypt: bcrypt.to_owned(), cost: cost_of(bcrypt)?, over })
    }
}

/// The row of a weak digest whose bcrypt this is.
pub(super) fn wrapped(weak: &Weak, bcrypt: &str, own: &str) -> PasswordHash {
    let (salt, name) = match weak {
        Weak::Sha256 => ("", "sha256"),
        Weak::HmacSha256 { salt } => (salt.as_str(), "hmac-sha256"),
    };
    PasswordHash { hash: format!("{salt}{bcrypt}"), scheme: format!("{own}/{name}") }
}

impl Over {
    pub(super) fn secret(&self, password: &str) -> String {
        match self {
            Self::Password => normal_form(password),
            Self::Digest(weak) => weak.digest(password),
        }
    }
}

/// The cost in a `$2b$NN$` hash of the right length and alphabet, when it is one that we would use.
pub(super) fn cost_of(hash: &str) -> Option<u32> {
    let rest = hash.strip_prefix("$2b$")?;
    let (cost, digest) = rest.split_once('$')?;
    let plain = digest.len() == 53 && digest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'/');
    let cost = (cost.len() == 2).then(|| cost.parse().ok()).flatten()?;
    (plain && COSTS.contains(&cost)).then_some(cost)
}
