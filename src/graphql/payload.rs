//! What every mutation answers: its payload, with the data or with user errors, or a top-level error.

use async_graphql::{InputType, MaybeUndefined};

use super::error::{ApiError, UserError};
use crate::core::error::{Error, Fault, FaultCode, Faults, Result};

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

/// What a change says of a field that cannot be empty: nothing, a value, or the fault of an explicit null.
pub(super) fn given<T: InputType>(faults: &mut Faults, field: &'static str, value: MaybeUndefined<T>) -> Option<T> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Value(value) => Some(value),
        MaybeUndefined::Null => {
            faults.push(Fault::new(FaultCode::Required, "This cannot be empty: leave it out to keep it.").at(field));
            None
        }
    }
}

/// Payloads whose data fields are null when they are refused.
macro_rules! payloads {
    ($($payload:ty),+ $(,)?) => {
        $(impl Payload for $payload {
            fn refused(user_errors: Vec<UserError>) -> Self {
                let mut payload = Self::default();
                payload.user_errors = user_errors;
                payload
            }
        })+
    };
}
pub(super) use payloads;
