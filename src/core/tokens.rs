//! Access tokens: JWTs by RFC 9068's type, HS256, ten minutes. A token only names a session; whether that
//! session lives, and what its owner may do, the database says on every request.
//!
//! The library checks signature and algorithm. The claims are checked here, with our clock and without its
//! defaults (60 seconds of leeway, `nbf` and `iss` unread, a missing claim let through).

use std::{sync::Arc, time::Duration};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    accounts::UserId,
    clock::Time,
    error::{AuthFailure, Error, Result},
    sessions::SessionId,
};

const TYPE: &str = "at+jwt";
const AUDIENCE: &str = "lyceum";
const LEEWAY: i64 = 5;
/// Longer tokens than ours are refused unread.
const LONGEST: usize = 4096;
/// So many tokens are known by their text; each takes less than a kilobyte.
const KNOWN: usize = 1024;

#[derive(Clone)]
pub struct AccessTokens {
    issuer: String,
    ttl: Duration,
    signing: EncodingKey,
    kid: String,
    verifying: Vec<(String, DecodingKey)>,
    validation: Validation,
    /// What tokens claim whose signature was found good: the same text has the same signature the next time. Their times
    /// are looked at anew, and so is the session.
    signed: Arc<Cache<Box<str>, Arc<Claims>>>,
}

#[derive(Clone, Debug)]
pub struct AccessToken {
    pub token: String,
    pub expires_at: Time,
}

/// Whom and what a token stands for, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    pub user: UserId,
    pub session: SessionId,
    /// From this moment on it is refused.
    pub good_until: Time,
}

/// Every claim is required and has exactly this type.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Uuid,
    jti: Uuid,
    iat: u64,
    nbf: u64,
    exp: u64,
}

impl AccessTokens {
    /// Signs with `secret`; a token of the `previous` secret is good until it expires.
    pub fn new(issuer: &str, ttl: Duration, secret: &str, previous: Option<&str>) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let key = |secret: &str| (key_id(secret), DecodingKey::from_secret(secret.as_bytes()));
        Self {
            issuer: issuer.to_owned(),
            ttl,
            signing: EncodingKey::from_secret(secret.as_bytes()),
            kid: key_id(secret),
            verifying: std::iter::once(secret).chain(previous).map(key).collect(),
            validation,
            signed: Arc::new(Cache::new(KNOWN)),
        }
    }

    pub fn issue(&self, user: UserId, session: SessionId, id: Uuid, now: Time) -> Result<AccessToken> {
        let iat = u64::try_from(now.seconds()).map_err(Error::internal)?;
        let exp = iat.saturating_add(self.ttl.as_secs());
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: user.0,
            sid: session.0,
            jti: id,
            iat,
            nbf: iat,
            exp,
        };
        let token = jsonwebtoken::encode(&own_header(&self.kid), &claims, &self.signing).map_err(Error::internal)?;
        let expires_at = Time(i64::try_from(exp).map_err(Error::internal)?.saturating_mul(1_000_000));
        Ok(AccessToken { token, expires_at })
    }

    /// What a good token names.
    pub fn verify(&self, token: &str, now: Time) -> Result<Named, AuthFailure> {
        let claims = self.signed_claims(token).ok_or(AuthFailure::Invalid)?;
        let good_until = self.check(&claims, now.seconds())?;
        Ok(Named { user: UserId(claims.sub), session: SessionId(claims.sid), good_until })
    }

    fn signed_claims(&self, token: &str) -> Option<Arc<Claims>> {
        if token.len() > LONGEST {
            return None;
        }
        if let Some(known) = self.signed.get(token) {
            return Some(known);
        }
        let claims = Arc::new(self.judge_signature(token)?);
        self.signed.insert(token.into(), claims.clone());
        Some(claims)
    }

    fn judge_signature(&self, token: &str) -> Option<Claims> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        let (_, key) = self.verifying.iter().find(|(kid, _)| header == own_header(kid))?;
        jsonwebtoken::decode::<Claims>(token, key, &self.validation).ok().map(|data| data.claims)
    }

    /// Until when the token is good, leeway included.
    fn check(&self, claims: &Claims, now: i64) -> Result<Time, AuthFailure> {
        let seconds = |claim: u64| i64::try_from(claim).map_err(|_| AuthFailure::Invalid);
        let (iat, nbf, exp) = (seconds(claims.iat)?, seconds(claims.nbf)?, seconds(claims.exp)?);
        let soon = now.saturating_add(LEEWAY);
        if claims.iss != self.issuer || claims.aud != AUDIENCE || nbf > soon || iat > soon || exp <= iat {
            return Err(AuthFailure::Invalid);
        }
        let last_second = exp.saturating_add(LEEWAY);
        if now > last_second {
            return Err(AuthFailure::Expired);
        }
        Ok(Time(last_second.saturating_add(1).saturating_mul(1_000_000)))
    }
}

/// A header of ours names algorithm, type and key, and nothing else: a token cannot bring a key, the place of
/// one, or an extension that we would have to know (`crit`).
fn own_header(kid: &str) -> Header {
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(kid.to_owned());
    header
}

/// Names a key without telling it: a part of its digest.
fn key_id(secret: &str) -> String {
    super::crypto::digest_of(&format!("kid:{secret}")).chars().take(12).collect()
}

#[cfg(test)]
mod tests;
