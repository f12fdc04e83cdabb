//! The answers, written by serde straight from rows.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Serialize, Serializer};

use crate::Error;

/// An integer in the database, a string in JSON.
pub struct Id(i64);

impl From<i64> for Id {
    fn from(id: i64) -> Self {
        Self(id)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[derive(Serialize)]
struct Data<T> {
    data: T,
}

#[derive(Serialize)]
pub struct Me {
    pub me: Option<User>,
}

#[derive(Serialize)]
pub struct User {
    pub id: Id,
    pub username: String,
    pub email: String,
    pub role: String,
}

#[derive(Serialize)]
pub struct Posts<P> {
    pub posts: Connection<P>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection<P> {
    edges: Vec<Edge<P>>,
    page_info: PageInfo,
}

#[derive(Serialize)]
struct Edge<P> {
    cursor: String,
    node: P,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Serialize)]
pub struct Flat {
    pub id: Id,
    pub title: String,
    pub body: String,
    pub published: bool,
}

#[derive(Serialize)]
pub struct Nested {
    pub id: Id,
    pub title: String,
    pub body: String,
    pub author: Author,
    pub comments: Comments,
}

#[derive(Serialize)]
pub struct Author {
    pub id: Id,
    pub username: String,
}

#[derive(Default, Serialize)]
pub struct Comments {
    pub edges: Vec<CommentEdge>,
}

#[derive(Serialize)]
pub struct CommentEdge {
    pub node: Comment,
}

#[derive(Serialize)]
pub struct Comment {
    pub id: Id,
    pub body: String,
    pub author: Name,
}

#[derive(Serialize)]
pub struct Name {
    pub username: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Created {
    pub create_comment: Comment,
}

#[derive(Serialize)]
pub struct Login {
    pub login: Session,
}

#[derive(Serialize)]
pub struct Session {
    pub token: String,
    pub user: Author,
}

pub fn json<T: Serialize>(data: T) -> Result<Vec<u8>, Error> {
    let mut written = Vec::with_capacity(4096);
    serde_json::to_writer(&mut written, &Data { data })?;
    Ok(written)
}

/// A page of rows, one more of which tells that there are more.
pub fn page<P>(mut rows: Vec<(i64, P)>, first: i64) -> Connection<P> {
    let limit = usize::try_from(first).unwrap_or_default();
    let has_next_page = rows.len() > limit;
    rows.truncate(limit);
    let edges: Vec<Edge<P>> = rows.into_iter().map(|(id, node)| Edge { cursor: cursor(id), node }).collect();
    let end_cursor = edges.last().map(|edge| edge.cursor.clone());
    Connection { edges, page_info: PageInfo { has_next_page, end_cursor } }
}

fn cursor(id: i64) -> String {
    STANDARD.encode(format!("post:{id}"))
}

/// The id that a page begins after.
pub fn position(cursor: Option<&str>) -> i64 {
    let decoded = cursor.and_then(|cursor| String::from_utf8(STANDARD.decode(cursor).ok()?).ok());
    decoded.and_then(|text| text.strip_prefix("post:")?.parse().ok()).unwrap_or(0)
}
