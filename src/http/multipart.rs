//! A request with a file, by the GraphQL multipart request specification: `operations`, `map`, then the file. It is read
//! as it comes, and no more of it than is allowed. The name and the type that a file is sent with are not looked at.
//!
//! A form of any site can send such a body, with no question asked before; so one of the headers is demanded that no
//! form can send.

use std::sync::Arc;

use async_graphql::{Value, Variables};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use multer::{Constraints, Field, Multipart, SizeLimit};
use serde_json::Map;

use super::{
    answer::Refused,
    body::{self, Incoming, Params},
    negotiation::MediaType,
};
use crate::graphql::{self, Code};

/// Headers that a browser asks about before it sends them to another site.
pub(super) const ASKED_ABOUT: [HeaderName; 3] = [
    HeaderName::from_static("x-requested-with"),
    HeaderName::from_static("apollo-require-preflight"),
    HeaderName::from_static("graphql-require-preflight"),
];
/// What says which variable waits for the file.
const MAP_BYTES: usize = 4 * 1024;
/// Boundaries, and the parts' own headers.
const BETWEEN_BYTES: usize = 32 * 1024;

/// How much may come.
pub(super) struct Limits {
    pub operations: usize,
    pub file: usize,
}

pub(super) fn is_multipart(headers: &HeaderMap) -> bool {
    content_type(headers).split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("multipart/form-data"))
}

fn require_preflight(headers: &HeaderMap, media: MediaType) -> Result<(), Refused> {
    if ASKED_ABOUT.iter().any(|name| headers.get(name).is_some_and(|value| !value.is_empty())) {
        return Ok(());
    }
    let message = "With `multipart/form-data`, send the header `GraphQL-Require-Preflight: 1`.";
    Err(Refused::new(StatusCode::FORBIDDEN, media, Code::Forbidden, message))
}

/// The request's entries, the file in the place of the variables that wait for it.
pub(super) async fn read(
    headers: &HeaderMap,
    body: &mut Incoming,
    limits: &Limits,
    media: MediaType,
) -> Result<Params, Refused> {
    require_preflight(headers, media)?;
    let whole = limits.operations.saturating_add(limits.file).saturating_add(MAP_BYTES + BETWEEN_BYTES);
    if body.least() > whole as u64 {
        return Err(too_large(limits, media));
    }
    let boundary = multer::parse_boundary(content_type(headers))
        .map_err(|_| bad(media, "The content type has to name the boundary of its parts."))?;
    let sizes = SizeLimit::new()
        .whole_stream(whole as u64)
        .per_field(limits.file as u64)
        .for_field("operations", limits.operations as u64)
        .for_field("map", MAP_BYTES as u64);
    let constraints = Constraints::new().size_limit(sizes);
    let deadline = body.deadline();
    let form = Multipart::with_constraints(body, boundary, constraints);
    let parts = Parts { form, limits, media };
    tokio::time::timeout_at(deadline, parts.read()).await.unwrap_or_else(|_| Err(body::too_slow(media)))
}

/// The parts of a body, one after the other.
struct Parts<'b> {
    form: Multipart<'b>,
    limits: &'b Limits,
    media: MediaType,
}

impl<'b> Parts<'b> {
    async fn read(mut self) -> Result<Params, Refused> {
        let operations = self.named("operations").await?;
        let mut params = body::parse_json(&operations, self.media)?;
        let map = self.named("map").await?;
        let map = serde_json::from_slice::<Map<String, serde_json::Value>>(&map)
            .map_err(|_| self.bad("`map` must be a JSON object of lists."))?;
        let mut entries = map.iter();
        match (entries.next(), entries.next()) {
            (None, _) => {}
            (Some((name, paths)), None) => {
                place(&mut params.variables, paths).map_err(|message| self.bad(message))?;
                params.file = Some(self.file(name).await?);
            }
            (Some(_), Some(_)) => return Err(self.bad("A request may bring one file.")),
        }
        match self.next().await? {
            None => Ok(params),
            Some(_) => Err(self.bad("There is a part that `map` does not name.")),
        }
    }

    async fn named(&mut self, name: &str) -> Result<Vec<u8>, Refused> {
        match self.next().await? {
            Some(field) if field.name() == Some(name) => self.whole(field).await,
            _ => Err(self.bad("Send the parts `operations`, `map` and the file, in this order.")),
        }
    }

    async fn file(&mut self, name: &str) -> Result<Arc<[u8]>, Refused> {
        match self.next().await? {
            Some(field) if field.name() == Some(name) => Ok(self.whole(field).await?.into()),
            _ => Err(self.bad("The file that `map` names does not follow it.")),
        }
    }

    async fn next(&mut self) -> Result<Option<Field<'b>>, Refused> {
        self.form.next_field().await.map_err(|error| self.fault(&error))
    }

    async fn whole(&self, mut field: Field<'b>) -> Result<Vec<u8>, Refused> {
        let mut bytes = Vec::new();
        while let Some(piece) = field.chunk().await.map_err(|error| self.fault(&error))? {
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    fn fault(&self, error: &multer::Error) -> Refused {
        match error {
            multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => {
                too_large(self.limits, self.media)
            }
            _ => self.bad("The parts of the body are malformed, or it ended before it was whole."),
        }
    }

    fn bad(&self, message: &str) -> Refused {
        bad(self.media, message)
    }
}

/// Puts the file where the paths lead to: nulls that wait for it.
fn place(variables: &mut Variables, paths: &serde_json::Value) -> Result<(), &'static str> {
    let paths =
        paths.as_array().filter(|paths| !paths.is_empty()).ok_or("`map` has to name a variable for the file.")?;
    for path in paths {
        let waiting = path.as_str().and_then(|path| at(variables, path)).filter(|value| **value == Value::Null);
        *waiting.ok_or("`map` names a variable that does not wait for a file with null.")? = graphql::file_of_request();
    }
    Ok(())
}

/// The value at a path such as `variables.input.file` or `variables.files.0`.
fn at<'v>(variables: &'v mut Variables, path: &str) -> Option<&'v mut Value> {
    let mut names = path.strip_prefix("variables.")?.split('.');
    let first = variables.get_mut(names.next()?)?;
    names.try_fold(first, |value, name| match value {
        Value::Object(fields) => fields.get_mut(name),
        Value::List(items) => items.get_mut(name.parse::<usize>().ok()?),
        _ => None,
    })
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn bad(media: MediaType, message: &str) -> Refused {
    Refused::new(StatusCode::BAD_REQUEST, media, Code::BadUserInput, message)
}

fn too_large(limits: &Limits, media: MediaType) -> Refused {
    let Limits { operations, file, .. } = limits;
    let message = format!("The file may have {file} bytes, and `operations` {operations}.");
    Refused::new(StatusCode::PAYLOAD_TOO_LARGE, media, Code::QueryTooLarge, message)
}
