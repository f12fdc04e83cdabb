//! Access tokens: HS256, verified on every request, without a session behind them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::Error;

const LIFETIME: Duration = Duration::from_hours(24);

#[derive(Deserialize, Serialize)]
struct Claims {
    sub: String,
    role: String,
    exp: u64,
}

pub struct Tokens {
    decoding: DecodingKey,
    encoding: EncodingKey,
    validation: Validation,
}

impl Tokens {
    pub fn new() -> Result<Self, Error> {
        let secret = std::env::var("JWT_SECRET")?;
        Ok(Self {
            decoding: DecodingKey::from_secret(secret.as_bytes()),
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            validation: Validation::new(Algorithm::HS256),
        })
    }

    pub fn user(&self, headers: &HeaderMap) -> Result<i64, Error> {
        let header = headers.get("authorization").ok_or("no token")?.to_str()?;
        let token = header.strip_prefix("Bearer ").ok_or("no token")?;
        Ok(jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)?.claims.sub.parse()?)
    }

    pub fn make(&self, user: i64, role: String) -> Result<String, Error> {
        let exp = (SystemTime::now() + LIFETIME).duration_since(UNIX_EPOCH)?.as_secs();
        let claims = Claims { sub: user.to_string(), role, exp };
        Ok(jsonwebtoken::encode(&Header::default(), &claims, &self.encoding)?)
    }
}
