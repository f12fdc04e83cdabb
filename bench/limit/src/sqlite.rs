//! The statements on SQLite: the quickest forms that were found.

use std::time::Duration;

use sqlx::{
    Row as _, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    Error,
    answers::{Author, Comment, CommentEdge, Comments, Flat, Name, Nested, User},
    store::{Account, Store, reads},
};

const COMMENTS_SHOWN: i64 = 10;
const ME: &str = "SELECT id, username, email, role FROM users WHERE id = ?1";
const FLAT: &str = "SELECT id, title, body, published FROM posts WHERE id > ?1 ORDER BY id LIMIT ?2";
const POSTS: &str = "SELECT p.id, p.title, p.body, u.id, u.username FROM posts p JOIN users u ON u.id = p.author_id \
    WHERE p.id > ?1 ORDER BY p.id LIMIT ?2";
const COMMENTS: &str = "SELECT c.post_id, c.id, c.body, u.username FROM json_each(?1) j \
    CROSS JOIN comments c ON c.id IN (SELECT id FROM comments WHERE post_id = j.value ORDER BY id LIMIT ?2) \
    CROSS JOIN users u ON u.id = c.author_id";
const ADD: &str = "INSERT INTO comments (post_id, author_id, body, created_at) \
    VALUES (?1, ?2, ?3, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) RETURNING id";
const NAME: &str = "SELECT username FROM users WHERE id = ?1";
const ACCOUNT: &str = "SELECT id, username, role, password_hash FROM users WHERE username = ?1";

pub struct Sqlite(SqlitePool);

impl Sqlite {
    pub async fn open(file: &str) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(5));
        let connections = 2 * u32::try_from(std::thread::available_parallelism()?.get())?;
        Ok(Self(SqlitePoolOptions::new().max_connections(connections).connect_with(options).await?))
    }
}

impl Store for Sqlite {
    reads!();

    async fn comment(&self, post: i64, author: i64, body: &str) -> Result<(i64, String), Error> {
        let row = sqlx::query(ADD).bind(post).bind(author).bind(body).fetch_one(&self.0).await?;
        let name = sqlx::query(NAME).bind(author).fetch_one(&self.0).await?;
        Ok((row.get(0), name.get(0)))
    }
}

/// As JSON, which `json_each` takes apart.
fn parents(ids: impl Iterator<Item = i64>) -> String {
    format!("[{}]", ids.map(|id| id.to_string()).collect::<Vec<_>>().join(","))
}
