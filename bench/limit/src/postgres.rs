//! The statements on PostgreSQL.

use sqlx::{PgPool, Row as _, postgres::PgPoolOptions};

use crate::{
    Error,
    answers::{Author, Comment, CommentEdge, Comments, Flat, Name, Nested, User},
    store::{Account, Store, reads},
};

const COMMENTS_SHOWN: i64 = 10;
const ME: &str = "SELECT id::int8, username, email, role FROM users WHERE id = $1::int8";
const FLAT: &str = "SELECT id::int8, title, body, published FROM posts WHERE id > $1::int8::int4 \
    ORDER BY posts.id LIMIT $2";
const POSTS: &str = "SELECT p.id::int8, p.title, p.body, u.id::int8, u.username FROM posts p \
    JOIN users u ON u.id = p.author_id WHERE p.id > $1::int8::int4 ORDER BY p.id LIMIT $2";
const COMMENTS: &str = "SELECT c.post_id::int8, c.id::int8, c.body, u.username FROM unnest($1::int4[]) q (post) \
    CROSS JOIN LATERAL (SELECT * FROM comments WHERE post_id = q.post ORDER BY id LIMIT $2) c \
    JOIN users u ON u.id = c.author_id ORDER BY c.post_id, c.id";
const ADD: &str = "WITH added AS (INSERT INTO comments (post_id, author_id, body) \
    VALUES ($1::int8::int4, $2::int8::int4, $3) RETURNING id, author_id) \
    SELECT added.id::int8, u.username FROM added JOIN users u ON u.id = added.author_id";
const ACCOUNT: &str = "SELECT id::int8, username, role, password_hash FROM users WHERE username = $1";

pub struct Postgres(PgPool);

impl Postgres {
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Ok(Self(PgPoolOptions::new().max_connections(10).connect(url).await?))
    }
}

impl Store for Postgres {
    reads!();

    async fn comment(&self, post: i64, author: i64, body: &str) -> Result<(i64, String), Error> {
        let row = sqlx::query(ADD).bind(post).bind(author).bind(body).fetch_one(&self.0).await?;
        Ok((row.get(0), row.get(1)))
    }
}

fn parents(ids: impl Iterator<Item = i64>) -> Vec<i32> {
    ids.filter_map(|id| i32::try_from(id).ok()).collect()
}
