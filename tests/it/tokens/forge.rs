//! Tokens made by hand: any header, any claims, any key, joined and signed without a JWT library, which would
//! refuse to write most of what an attacker sends.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use serde_json::{Map, Value, json};

#[derive(Clone)]
pub(super) struct Forged {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    /// Stands in place of the claims: what no JSON library writes.
    raw_claims: Option<String>,
}

impl Forged {
    /// The header and the claims of a genuine token.
    pub(super) fn like(token: &str) -> Self {
        let mut parts = token.split('.').map(decoded);
        let header = parts.next().expect("a header");
        let claims = parts.next().expect("claims");
        Self { header, claims, raw_claims: None }
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn without_header(mut self, name: &str) -> Self {
        assert!(self.header.remove(name).is_some(), "{name} was there");
        self
    }

    pub(super) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn without_claim(mut self, name: &str) -> Self {
        assert!(self.claims.remove(name).is_some(), "{name} was there");
        self
    }

    /// The claim with this text as its value, whatever it is.
    pub(super) fn raw_claim(mut self, name: &str, text: &str) -> Self {
        self.claims.remove(name);
        let others = Value::Object(self.claims.clone()).to_string();
        self.raw_claims = Some(format!("{},\"{name}\":{text}}}", others.trim_end_matches('}')));
        self
    }

    /// This text in place of all claims.
    pub(super) fn all_claims(mut self, text: &str) -> Self {
        self.raw_claims = Some(text.to_owned());
        self
    }

    /// The claim twice: first as it was, then with this text.
    pub(super) fn twice(mut self, name: &str, text: &str) -> Self {
        let all = Value::Object(self.claims.clone()).to_string();
        self.raw_claims = Some(format!("{},\"{name}\":{text}}}", all.trim_end_matches('}')));
        self
    }

    pub(super) fn number(&self, claim: &str) -> i64 {
        self.claims[claim].as_i64().expect("a whole number")
    }

    pub(super) fn text(&self, claim: &str) -> String {
        self.claims[claim].as_str().expect("a text").to_owned()
    }

    /// What a signature is made over.
    pub(super) fn message(&self) -> String {
        let claims = self.raw_claims.clone().unwrap_or_else(|| Value::Object(self.claims.clone()).to_string());
        format!("{}.{}", encoded(Value::Object(self.header.clone()).to_string()), encoded(claims))
    }

    pub(super) fn with_signature(&self, signature: &str) -> String {
        format!("{}.{signature}", self.message())
    }

    pub(super) fn hs256(&self, key: &str) -> String {
        self.hmac(hmac::HMAC_SHA256, key)
    }

    pub(super) fn hmac(&self, algorithm: hmac::Algorithm, key: &str) -> String {
        let tag = hmac::sign(&hmac::Key::new(algorithm, key.as_bytes()), self.message().as_bytes());
        self.with_signature(&encoded(tag))
    }
}

/// The key that a token names.
pub(super) fn kid_of(token: &str) -> String {
    Forged::like(token).header["kid"].as_str().expect("a kid").to_owned()
}

/// A symmetric key as a JWK, for those who would take it from the header.
pub(super) fn jwk_of(key: &str) -> Value {
    json!({ "kty": "oct", "alg": "HS256", "k": encoded(key) })
}

pub(super) fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decoded(part: &str) -> Map<String, Value> {
    let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}
