//! What is asked of a database.

use crate::{
    Error,
    answers::{Flat, Nested, User},
};

pub struct Account {
    pub id: i64,
    pub username: String,
    pub role: String,
    pub password_hash: String,
}

pub trait Store: Send + Sync + 'static {
    fn me(&self, id: i64) -> impl Future<Output = Result<Option<User>, Error>> + Send;
    fn flat(&self, after: i64, rows: i64) -> impl Future<Output = Result<Vec<(i64, Flat)>, Error>> + Send;
    /// One row more than `first`, and comments with the first ones.
    fn nested(&self, after: i64, first: i64) -> impl Future<Output = Result<Vec<(i64, Nested)>, Error>> + Send;
    /// The new comment's id and its author's name.
    fn comment(&self, post: i64, author: i64, body: &str) -> impl Future<Output = Result<(i64, String), Error>> + Send;
    fn account(&self, username: &str) -> impl Future<Output = Result<Account, Error>> + Send;
}

/// The body of `Store` for a pool of sqlx: both have the same rows, and only the statements differ.
macro_rules! reads {
    () => {
        async fn me(&self, id: i64) -> Result<Option<User>, Error> {
            let row = sqlx::query(ME).bind(id).fetch_optional(&self.0).await?;
            Ok(row.map(|row| User {
                id: row.get::<i64, _>(0).into(),
                username: row.get(1),
                email: row.get(2),
                role: row.get(3),
            }))
        }

        async fn flat(&self, after: i64, rows: i64) -> Result<Vec<(i64, Flat)>, Error> {
            let rows = sqlx::query(FLAT).bind(after).bind(rows).fetch_all(&self.0).await?;
            let flat = rows.into_iter().map(|row| {
                let id: i64 = row.get(0);
                (id, Flat { id: id.into(), title: row.get(1), body: row.get(2), published: row.get(3) })
            });
            Ok(flat.collect())
        }

        async fn nested(&self, after: i64, first: i64) -> Result<Vec<(i64, Nested)>, Error> {
            let rows = sqlx::query(POSTS).bind(after).bind(first + 1).fetch_all(&self.0).await?;
            let posts = rows.into_iter().map(|row| {
                let id: i64 = row.get(0);
                let author = Author { id: row.get::<i64, _>(3).into(), username: row.get(4) };
                let comments = Comments::default();
                (id, Nested { id: id.into(), title: row.get(1), body: row.get(2), author, comments })
            });
            let mut posts: Vec<(i64, Nested)> = posts.collect();
            let shown = posts.iter().take(usize::try_from(first)?).map(|(id, _)| *id);
            let comments = sqlx::query(COMMENTS).bind(parents(shown)).bind(COMMENTS_SHOWN).fetch_all(&self.0).await?;
            let mut at = 0;
            // Comments come in the order of their posts.
            for row in comments {
                let post: i64 = row.get(0);
                while posts[at].0 != post {
                    at += 1;
                }
                let author = Name { username: row.get(3) };
                let node = Comment { id: row.get::<i64, _>(1).into(), body: row.get(2), author };
                posts[at].1.comments.edges.push(CommentEdge { node });
            }
            Ok(posts)
        }

        async fn account(&self, username: &str) -> Result<Account, Error> {
            let row = sqlx::query(ACCOUNT).bind(username).fetch_one(&self.0).await?;
            Ok(Account { id: row.get(0), username: row.get(1), role: row.get(2), password_hash: row.get(3) })
        }
    };
}

pub(crate) use reads;
