//! Rows written straight into the tables, where thousands of mutations would take too long. Ids come from increasing
//! times, as the app's own do.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use lyceum::core::{clock::Time, posts::types::Title, random::Random};
use sea_orm::{
    ConnectionTrait as _,
    sea_query::{Alias, Expr, ExprTrait as _, Query},
};
use uuid::Uuid;

use super::{Engine, Lyceum, START};

/// A bind for each value: far below the limit of every engine.
const ROWS_PER_STATEMENT: usize = 500;

/// Makes ids, each a millisecond after the one before.
pub(crate) struct Ids {
    random: Random,
    next: Time,
}

pub(crate) struct UserRow {
    pub id: Uuid,
    pub username: String,
}

#[derive(Clone, Debug)]
pub(crate) struct PostRow {
    pub id: Uuid,
    pub author: Option<Uuid>,
    pub title: String,
    /// When it was published; `None` makes a draft.
    pub published: Option<Time>,
}

pub(crate) struct CommentRow {
    pub id: Uuid,
    pub post: Uuid,
    pub author: Option<Uuid>,
}

impl Ids {
    /// The first id is an hour before the app's start.
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Random::seeded(seed), next: Time(START.0 - 3_600_000_000) }
    }

    pub(crate) fn next(&mut self) -> Uuid {
        self.next.0 += 1000;
        self.at(self.next)
    }

    /// An id of that moment, among others of it.
    pub(crate) fn at(&self, time: Time) -> Uuid {
        self.random.uuid(time)
    }
}

/// When a row with this id was made.
pub(crate) fn made_at(id: Uuid) -> Time {
    let millis = id.as_bytes()[..6].iter().fold(0_i64, |millis, byte| (millis << 8) | i64::from(*byte));
    Time(millis * 1000)
}

/// The id as clients know it.
pub(crate) fn global_id(kind: &str, id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(format!("{kind}:{id}"))
}

/// The id as the tables know it.
pub(crate) fn local_id(global: &str) -> Uuid {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(global).unwrap()).unwrap();
    Uuid::parse_str(text.split_once(':').unwrap().1).unwrap()
}

/// What titles are sorted by.
pub(crate) fn title_key(title: &str) -> String {
    Title::parse(title).unwrap().key()
}

impl Lyceum {
    /// Verified users, with a password that nobody has.
    pub(crate) async fn insert_users(&self, users: &[UserRow]) {
        let columns = [
            "id",
            "username",
            "username_key",
            "email",
            "email_key",
            "first_name",
            "last_name",
            "search_text",
            "role",
            "password_hash",
            "password_scheme",
            "email_verified_at",
            "created_at",
            "updated_at",
        ];
        let row = |user: &UserRow| {
            let (name, made) = (&user.username, made_at(user.id).0);
            let email = format!("{}@example.com", name.to_lowercase());
            let mut row: Vec<Expr> = vec![user.id.into()];
            row.extend([name.clone(), name.to_lowercase(), email.clone(), email].map(Expr::from));
            row.extend(["First", "Last"].map(Expr::from));
            row.push(format!("{} first last", name.to_lowercase()).into());
            row.extend(["USER", "none", "none"].map(Expr::from));
            row.extend([made, made, made].map(Expr::from));
            row
        };
        self.insert("users", &columns, users.iter().map(row).collect()).await;
    }

    pub(crate) async fn insert_posts(&self, posts: &[PostRow]) {
        let columns = [
            "id",
            "author_id",
            "title",
            "title_key",
            "body",
            "search_text",
            "status",
            "created_at",
            "updated_at",
            "published_at",
        ];
        let row = |post: &PostRow| {
            let made = made_at(post.id).0;
            let status = if post.published.is_some() { "PUBLISHED" } else { "DRAFT" };
            let mut row: Vec<Expr> = vec![post.id.into(), Expr::value(post.author)];
            let body = format!("About {}.", post.title);
            row.extend([post.title.clone(), title_key(&post.title), body.clone(), body.to_lowercase()].map(Expr::from));
            row.push(status.into());
            row.extend([made, made, post.published.map_or(0, |at| at.0)].map(Expr::from));
            row
        };
        self.insert("posts", &columns, posts.iter().map(row).collect()).await;
    }

    pub(crate) async fn insert_comments(&self, comments: &[CommentRow]) {
        let columns = ["id", "post_id", "author_id", "body", "created_at", "updated_at"];
        let row = |comment: &CommentRow| {
            let made = made_at(comment.id).0;
            let mut row: Vec<Expr> = vec![comment.id.into(), comment.post.into(), Expr::value(comment.author)];
            row.push("Well said.".into());
            row.extend([made, made].map(Expr::from));
            row
        };
        self.insert("comments", &columns, comments.iter().map(row).collect()).await;
    }

    /// The id as it stands in a statement.
    pub(crate) fn literal(&self, id: Uuid) -> String {
        if self.engine == Engine::Postgres { format!("'{id}'") } else { format!("x'{}'", id.simple()) }
    }

    pub(crate) async fn delete_posts(&self, ids: &[Uuid]) {
        let mut delete = Query::delete();
        delete.from_table("posts").and_where(Expr::col("id").is_in(ids.iter().copied()));
        self.database.connect().await.execute(&delete).await.unwrap();
    }

    pub(crate) async fn set_role(&self, username: &str, role: &str) {
        let update = format!("UPDATE users SET role = '{role}' WHERE username_key = '{username}'");
        assert_eq!(self.database.execute(&update).await, 1, "there is a user {username}");
    }

    /// Rows of any table.
    pub(crate) async fn insert(&self, table: &'static str, columns: &[&'static str], rows: Vec<Vec<Expr>>) {
        let connection = self.database.connect().await;
        for chunk in rows.chunks(ROWS_PER_STATEMENT) {
            let mut insert = Query::insert();
            insert.into_table(table).columns(columns.iter().map(|column| Alias::new(*column)));
            for row in chunk {
                insert.values_panic(row.iter().cloned());
            }
            connection.execute(&insert).await.unwrap();
        }
        connection.close().await.unwrap();
    }
}
