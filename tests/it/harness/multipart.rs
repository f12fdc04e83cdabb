//! Requests of several parts, by hand: what a client library would never send is what some tests are about.

use std::io::Cursor;

use axum::{body::Body, http::Request};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};

use super::{Answer, Call, Lyceum, Person};

pub(crate) const BOUNDARY: &str = "----lyceum-tests-7MA4YWxkTrZu0gW";
pub(crate) const PREFLIGHT: (&str, &str) = ("graphql-require-preflight", "1");

pub(crate) const UPLOAD: &str = "mutation ($file: Upload!) { uploadAvatar(input: {file: $file}) {
    user { id username avatarUrl small: avatarUrl(size: SMALL) large: avatarUrl(size: LARGE) updatedAt }
    userErrors { code message field } } }";
pub(crate) const REMOVE: &str = "mutation { removeAvatar { user { id avatarUrl } userErrors { code message field } } }";

/// The parts of a body, in the order in which they are added.
#[derive(Clone, Default)]
pub(crate) struct Form(Vec<u8>);

impl Form {
    pub(crate) fn part(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.raw(&format!("Content-Disposition: form-data; name=\"{name}\""), content)
    }

    /// A file as browsers send one.
    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let head =
            format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"me.png\"\r\nContent-Type: image/png");
        self.raw(&head, content)
    }

    /// With these headers, whatever they are.
    pub(crate) fn raw(mut self, head: &str, content: impl AsRef<[u8]>) -> Self {
        self.0.extend(format!("--{BOUNDARY}\r\n{head}\r\n\r\n").bytes());
        self.0.extend(content.as_ref());
        self.0.extend(b"\r\n");
        self
    }

    pub(crate) fn closed(mut self) -> Vec<u8> {
        self.0.extend(format!("--{BOUNDARY}--\r\n").bytes());
        self.0
    }

    /// Without its end.
    pub(crate) fn open(self) -> Vec<u8> {
        self.0
    }
}

/// The parts of a request whose variable `file` waits for this file.
pub(crate) fn form(query: &str, file: &[u8]) -> Form {
    let operations = json!({ "query": query, "variables": { "file": null } });
    Form::default()
        .part("operations", operations.to_string())
        .part("map", r#"{"0":["variables.file"]}"#)
        .file("0", file)
}

/// The content type of such a body.
pub(crate) fn multipart() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}

/// A new picture of whom the token stands for; nobody's when it is empty.
pub(crate) fn upload(token: &str, file: &[u8]) -> Call {
    let call = Call::new(UPLOAD, Value::Null).with_file(file);
    if token.is_empty() { call } else { call.bearer(token) }
}

/// The request, with a body that brings the file.
pub(super) fn of_call(query: &str, file: &[u8]) -> Request<Body> {
    let request = Request::post("/graphql").header("content-type", multipart()).header(PREFLIGHT.0, PREFLIGHT.1);
    request.header("accept", "application/graphql-response+json").body(form(query, file).closed().into()).unwrap()
}

impl Lyceum {
    pub(crate) async fn upload(&self, person: &Person, file: &[u8]) -> Answer {
        self.send(upload(&person.token, file)).await
    }
}

/// A picture in a file.
pub(crate) fn picture(pixels: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    pixels.into().write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// A small PNG of one colour.
pub(crate) fn plain_png(colour: [u8; 3]) -> Vec<u8> {
    picture(RgbImage::from_pixel(8, 8, Rgb(colour)), ImageFormat::Png)
}
