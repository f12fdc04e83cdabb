//! What every mutation answers: its payload, with the data or with user errors, or a top-level error.

use super::error::{ApiError, UserError};
use crate::core::error::{Error, Result};

/// A payload's other half: all its data fields null, and the user errors.
pub(super) trait Payload {
    fn refused(user_errors: Vec<UserError>) -> Self;
}

/// A nullable field that may be refused: `null` with an error at its path, and its siblings stand.
pub(super) type Guarded<T> = Option<Result<T, ApiError>>;

/// The payload of what was done, or of what is to be mended. Any other error goes to the top level.
#[expect(clippy::unnecessary_wraps, reason = "a payload is a nullable field")]
pub(super) fn answer<T, P: Payload>(done: Result<T>, payload: impl FnOnce(T) -> P) -> Guarded<P> {
    Some(match done {
        Ok(value) => Ok(payload(value)),
        Err(Error::Faults(faults)) => Ok(P::refused(faults.into_iter().map(UserError::from).collect())),
        Err(error) => Err(error.into()),
    })
}

/// The value of a field that a guard may refuse.
pub(super) fn guarded<T>(allowed: Result<Option<T>>) -> Guarded<T> {
    allowed.map_err(ApiError::from).transpose()
}
