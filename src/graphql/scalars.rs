//! Scalars beside the five that GraphQL has.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::SecondsFormat;

use crate::core::clock::Time;

#[derive(Clone, Copy, Debug)]
pub(super) struct DateTime(Time);

impl DateTime {
    pub(super) fn time(self) -> Time {
        self.0
    }
}

impl From<Time> for DateTime {
    fn from(time: Time) -> Self {
        Self(time)
    }
}

/// A moment in UTC by RFC 3339, such as `2026-11-21T09:30:00.000000Z`.
#[Scalar(name = "DateTime", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        Time::parse(text).map(Self).ok_or_else(|| InputValueError::custom("not an RFC 3339 date and time"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_utc().to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

/// The file of the request: there is one at most, and it is in the context.
pub(super) struct Upload;

/// A file, sent by the GraphQL multipart request specification. Nothing else can stand in its place.
#[Scalar(name = "Upload", specified_by_url = "https://github.com/jaydenseric/graphql-multipart-request-spec")]
impl ScalarType for Upload {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::Binary(_) => Ok(Self),
            _ => Err(InputValueError::custom("a file comes as a part of a `multipart/form-data` request")),
        }
    }

    fn to_value(&self) -> Value {
        file_of_request()
    }
}

/// What stands in a variable for the file: a value that neither JSON nor a document can write.
pub fn file_of_request() -> Value {
    Value::Binary(Vec::new().into())
}
