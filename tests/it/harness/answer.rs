//! An answer, and short ways to ask it.

use axum::http::{HeaderMap, StatusCode, response::Parts};
use serde_json::Value;

#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    /// The body as JSON; null when it is not.
    pub body: Value,
}

impl Answer {
    pub(super) fn new(parts: Parts, bytes: Vec<u8>) -> Self {
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Self { status: parts.status, headers: parts.headers, bytes, body }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// A value under `data`, by a path such as `login.user.id`.
    pub(crate) fn at(&self, path: &str) -> &Value {
        let pointer = format!("/data/{}", path.replace('.', "/"));
        self.body.pointer(&pointer).unwrap_or(&Value::Null)
    }

    pub(crate) fn str_at(&self, path: &str) -> &str {
        self.at(path).as_str().unwrap_or_else(|| panic!("no string at {path} in {}", self.body))
    }

    /// `extensions.code` of the first top-level error; empty without one.
    pub(crate) fn code(&self) -> &str {
        self.body.pointer("/errors/0/extensions/code").and_then(Value::as_str).unwrap_or("")
    }

    /// `extensions.reason` of the first top-level error.
    pub(crate) fn reason(&self) -> &str {
        self.body.pointer("/errors/0/extensions/reason").and_then(Value::as_str).unwrap_or("")
    }

    /// `extensions.retryAfter` of the first top-level error.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        self.body.pointer("/errors/0/extensions/retryAfter").and_then(Value::as_u64)
    }

    /// The user errors of a mutation, as `CODE field` each; without a field the code alone.
    pub(crate) fn user_errors(&self, mutation: &str) -> Vec<String> {
        let errors = self.at(&format!("{mutation}.userErrors")).as_array().cloned();
        let errors = errors.unwrap_or_else(|| panic!("no user errors of {mutation} in {}", self.body));
        errors.iter().map(user_error).collect()
    }

    /// All that a stranger can compare: status, headers with cookies, and body, without the request's id.
    pub(crate) fn seen(&self) -> (StatusCode, Vec<String>, String) {
        let mut headers: Vec<String> = self
            .headers
            .iter()
            .filter(|(name, _)| *name != "x-request-id")
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        headers.sort();
        (self.status, headers, self.text())
    }

    /// Asserts that there is neither a top-level error nor a user error.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        assert_eq!(self.body.get("errors"), None, "{}", self.body);
        for (mutation, payload) in self.body["data"].as_object().into_iter().flatten() {
            if let Some(errors) = payload.get("userErrors") {
                assert_eq!(errors.as_array().map(Vec::len), Some(0), "{mutation}: {errors}");
            }
        }
        self
    }
}

fn user_error(error: &Value) -> String {
    let code = error["code"].as_str().unwrap_or("no code");
    let field: Vec<&str> = error["field"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    format!("{code} {}", field.join(".")).trim_end().to_owned()
}
