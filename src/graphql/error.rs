//! From the domain's errors to what clients read: one table for `extensions.code`, one for user errors.
//!
//! `ApiError` has no `Display`, so that `?` on a foreign error does not compile in a resolver: a text that was
//! not written for clients cannot reach them. Causes go to the log.

use std::time::Duration;

use async_graphql::{Enum, PathSegment, SimpleObject, Value};

use crate::core::error::{AuthFailure, Error, Fault, FaultCode};

/// `extensions.code` of a top-level error: what the client program or its rights got wrong, or a fault of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    GraphqlParseFailed,
    GraphqlValidationFailed,
    BadUserInput,
    Unauthenticated,
    Forbidden,
    NotFound,
    RateLimited,
    QueryTooDeep,
    QueryTooComplex,
    QueryTooLarge,
    PersistedQueryNotFound,
    Timeout,
    TooBusy,
    ServiceUnavailable,
    InternalServerError,
}

impl Code {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::RateLimited => "RATE_LIMITED",
            Self::QueryTooDeep => "QUERY_TOO_DEEP",
            Self::QueryTooComplex => "QUERY_TOO_COMPLEX",
            Self::QueryTooLarge => "QUERY_TOO_LARGE",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::Timeout => "TIMEOUT",
            Self::TooBusy => "TOO_BUSY",
            Self::ServiceUnavailable => "SERVICE_UNAVAILABLE",
            Self::InternalServerError => "INTERNAL_SERVER_ERROR",
        }
    }
}

/// What stands beside a message: the code, and what goes with some codes.
#[derive(Clone, Debug)]
pub struct ErrorExtensions {
    pub code: Code,
    pub message: String,
    /// `UNAUTHENTICATED`: `MISSING`, `INVALID`, `EXPIRED` or `REVOKED`.
    pub reason: Option<&'static str>,
    /// `RATE_LIMITED`, `TOO_BUSY`: whole seconds until another try is worth it.
    pub retry_after: Option<u64>,
}

impl From<Error> for ErrorExtensions {
    /// The one table from the domain to `extensions.code`.
    fn from(error: Error) -> Self {
        let plain = |code, message: &str| Self { code, message: message.to_owned(), reason: None, retry_after: None };
        match error {
            Error::Unauthenticated(failure) => {
                let (reason, message) = unauthenticated(failure);
                Self { reason: Some(reason), ..plain(Code::Unauthenticated, message) }
            }
            Error::Forbidden => plain(Code::Forbidden, "You are not allowed to do this."),
            Error::NotFound => plain(Code::NotFound, "There is no such thing."),
            Error::BadInput(rule) => plain(Code::BadUserInput, &rule),
            // Mutations answer faults as user errors; from a query they are the client program's.
            Error::Faults(faults) => {
                let messages: Vec<String> = faults.into_iter().map(|fault| fault.message).collect();
                plain(Code::BadUserInput, &messages.join(" "))
            }
            Error::RateLimited(wait) => Self {
                retry_after: Some(whole_seconds(wait)),
                ..plain(Code::RateLimited, "Too many attempts. Try again later.")
            },
            Error::TooBusy(wait) => Self {
                retry_after: Some(whole_seconds(wait)),
                ..plain(Code::TooBusy, "The server is busy. Try again in a moment.")
            },
            Error::Timeout => plain(Code::Timeout, "The operation took too long and was stopped."),
            Error::Conflict(cause) | Error::Unavailable(cause) => {
                tracing::error!(%cause, "service unavailable");
                plain(Code::ServiceUnavailable, "A part of the service is away. Try again later.")
            }
            Error::Internal(cause) => {
                tracing::error!(%cause, "internal error");
                plain(Code::InternalServerError, "Something went wrong on our side.")
            }
        }
    }
}

fn unauthenticated(failure: AuthFailure) -> (&'static str, &'static str) {
    match failure {
        AuthFailure::Missing => ("MISSING", "Sign in first."),
        AuthFailure::Invalid => ("INVALID", "The token is not valid."),
        AuthFailure::Expired => ("EXPIRED", "The token has expired."),
        AuthFailure::Revoked => ("REVOKED", "The session has ended."),
    }
}

/// Rounded up: who waits that long does not come too early.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// The mutations of an answer that the viewer had no right to, by the names that they have in it.
pub fn denials(response: &async_graphql::Response) -> impl Iterator<Item = &str> {
    let forbidden = Value::from(Code::Forbidden.as_str());
    response.errors.iter().filter_map(move |error| match &*error.path {
        [PathSegment::Field(name)] if error.extensions.as_ref()?.get("code") == Some(&forbidden) => Some(&**name),
        _ => None,
    })
}

/// An error on its way out of a resolver.
#[derive(Clone, Debug)]
pub(super) struct ApiError(Error);

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<ApiError> for async_graphql::Error {
    fn from(error: ApiError) -> Self {
        let told = ErrorExtensions::from(error.0);
        let mut answer = Self::new(told.message);
        let mut extensions = async_graphql::ErrorExtensionValues::default();
        extensions.set("code", told.code.as_str());
        if let Some(reason) = told.reason {
            extensions.set("reason", reason);
        }
        if let Some(seconds) = told.retry_after {
            extensions.set("retryAfter", Value::from(seconds));
        }
        answer.extensions = Some(extensions);
        answer
    }
}

/// Something that the person at the keyboard can mend.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct UserError {
    /// What is wrong, for programs.
    code: UserErrorCode,
    /// What is wrong and what to do about it, in a sentence for the person.
    message: String,
    /// The path in the input, such as `["email"]`; null when no single field is at fault.
    field: Option<Vec<String>>,
}

impl From<Fault> for UserError {
    fn from(fault: Fault) -> Self {
        let field = fault.field.into_iter().map(str::to_owned).collect::<Vec<_>>();
        Self { code: fault.code.into(), message: fault.message, field: Some(field).filter(|field| !field.is_empty()) }
    }
}

/// What a person can mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "FaultCode")]
pub(super) enum UserErrorCode {
    /// The field must not be empty.
    Required,
    /// The value is too short.
    TooShort,
    /// The value is too long.
    TooLong,
    /// The value does not have the form that the field asks for.
    Invalid,
    /// The name is kept for the operators of this site, or could be taken for one of theirs.
    Reserved,
    /// Somebody else has this name or address.
    Taken,
    /// The password is too easy to guess.
    PasswordTooWeak,
    /// The name or the password is wrong; which of them is not told.
    InvalidCredentials,
    /// The password is right, and the e-mail address has yet to be verified.
    EmailNotVerified,
    /// The account is suspended for now.
    AccountSuspended,
    /// The link or the code is wrong, used, replaced or expired.
    TokenInvalid,
    /// There would be no administrator left who can act.
    LastAdmin,
}
