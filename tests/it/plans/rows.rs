//! Rows in every table, so many that a planner has a reason to look for an index; a few of each are long over.

use std::time::Duration;

use lyceum::core::clock::Time;
use sea_orm::sea_query::{Expr, Value};
use uuid::Uuid;

use super::OLD_AGE;
use crate::harness::*;

const ROWS: usize = 1500;
const OLD: usize = 3;

/// A table with its columns and its rows.
type Rows = (&'static str, &'static str, Vec<Vec<Expr>>);

/// A row's number, its id, and when it was made.
struct Row {
    number: usize,
    id: Uuid,
    made: Time,
    users: usize,
}

impl Row {
    fn name(&self) -> String {
        format!("row_{}", self.number)
    }

    fn digest(&self, of: &str) -> Expr {
        format!("{of} {:>50}", self.number).into()
    }

    /// A while after the row was made: all of what is fresh ends in the future.
    fn later(&self) -> Expr {
        self.made.plus(super::DAY).0.into()
    }

    fn made(&self) -> Expr {
        self.made.0.into()
    }

    /// The number of one of the people.
    fn person(&self) -> usize {
        self.number % self.users
    }
}

/// Fills every table; gives an author and a post among many.
pub(super) async fn fill(lyceum: &Lyceum, ada: Uuid) -> (Uuid, Uuid) {
    let mut ids = Ids::new(7);
    let users: Vec<UserRow> =
        (0..ROWS).map(|number| UserRow { id: ids.next(), username: format!("person_{number}") }).collect();
    lyceum.insert_users(&users).await;
    let author = |number: usize| Some(if number.is_multiple_of(40) { ada } else { users[number * 31 % 300].id });
    let post = |number: usize| PostRow {
        id: ids.next(),
        author: author(number),
        title: format!("Title {}", number * 6007 % 997),
        published: (!number.is_multiple_of(10)).then_some(START),
    };
    let posts: Vec<PostRow> = (0..ROWS * 2).map(post).collect();
    lyceum.insert_posts(&posts).await;
    let comment =
        |number: usize| CommentRow { id: ids.next(), post: posts[number % 900].id, author: author(number * 7) };
    let comments: Vec<CommentRow> = (0..ROWS * 2).map(comment).collect();
    lyceum.insert_comments(&comments).await;
    let row = |number: usize| {
        let made = START
            .minus(if number < OLD { OLD_AGE } else { super::DAY / 2 })
            .plus(Duration::from_millis(u64::try_from(number).unwrap()));
        Row { number, id: ids.at(made), made, users: users.len() }
    };
    let rows: Vec<Row> = (0..ROWS).map(row).collect();
    let owner = |row: &Row| users[row.person()].id;
    for (table, columns, values) in of_accounts(&rows, owner).into_iter().chain(of_the_rest(&rows, owner)) {
        let columns: Vec<&str> = columns.split(' ').collect();
        lyceum.insert(table, &columns, values).await;
    }
    (users[31].id, posts[31].id)
}

fn of_accounts(rows: &[Row], owner: impl Fn(&Row) -> Uuid) -> [Rows; 4] {
    let each = |columns: &dyn Fn(&Row) -> Vec<Expr>| rows.iter().map(columns).collect::<Vec<_>>();
    let text = |text: &str| Expr::from(text.to_owned());
    let signup = |row: &Row| {
        let mut values: Vec<Expr> = vec![row.id.into()];
        values.extend([row.name(), row.name(), row.name(), row.name()].map(Expr::from));
        values.extend(["First", "Last", "none", "none"].map(text));
        values.extend([row.made(), row.later()]);
        values
    };
    let session = |row: &Row| {
        let mut values: Vec<Expr> = vec![row.id.into(), owner(row).into(), text("192.0.2.7")];
        values.extend([row.made(), row.made(), row.later(), row.later(), row.digest("handle")]);
        values
    };
    let token = |row: &Row| vec![row.digest("token"), row.id.into(), row.digest("parent"), row.made()];
    let link = |row: &Row| {
        let mut values: Vec<Expr> = vec![row.id.into(), text("reset-password"), owner(row).into(), row.name().into()];
        values.extend([row.digest("link"), row.digest("code"), 0.into(), row.made(), row.later(), row.later()]);
        values
    };
    [
        (
            "signups",
            "id username username_key email email_key first_name last_name password_hash password_scheme created_at expires_at",
            each(&signup),
        ),
        (
            "sessions",
            "id user_id ip_address created_at last_used_at idle_expires_at absolute_expires_at handle_digest",
            each(&session),
        ),
        ("refresh_tokens", "digest session_id parent created_at", each(&token)),
        (
            "one_time_tokens",
            "id purpose subject email_key token_digest code_digest tries created_at code_expires_at expires_at",
            each(&link),
        ),
    ]
}

fn of_the_rest(rows: &[Row], owner: impl Fn(&Row) -> Uuid) -> [Rows; 6] {
    let each = |columns: &dyn Fn(&Row) -> Vec<Expr>| rows.iter().map(columns).collect::<Vec<_>>();
    let text = |text: &str| Expr::from(text.to_owned());
    let picture = || Expr::value(Value::from(vec![1_u8]));
    let mail = |row: &Row| vec![row.id.into(), row.name().into(), picture(), 1.into(), row.made(), row.made()];
    let event = |row: &Row| {
        let (user, actor): (Expr, Expr) = (owner(row).into(), owner(row).into());
        let mut values: Vec<Expr> = vec![row.id.into(), text("LOGIN"), text("SUCCESS"), row.made(), user, actor];
        values.extend([false.into(), row.made(), 0_i64.into()]);
        values
    };
    let change = |row: &Row| {
        let mut values: Vec<Expr> = vec![row.id.into(), owner(row).into()];
        values.extend([row.name(), row.name(), row.name()].map(Expr::from));
        values.extend([row.digest("confirm"), row.digest("cancel"), row.made(), row.later(), row.later()]);
        values
    };
    let quota = |row: &Row| vec![row.name().into(), 1.into(), row.made()];
    let profile = |row: &Row| vec![owner(row).into(), row.made()];
    let avatar = |row: &Row| vec![owner(row).into(), row.name().into(), picture(), picture(), picture(), row.made()];
    [
        ("outbox", "id recipient body tries created_at sent_at", each(&mail)),
        (
            "audit_events",
            "id kind outcome created_at user_id actor_id by_operator origin_since omitted_before",
            each(&event),
        ),
        (
            "email_changes",
            "id user_id old_email new_email new_email_key confirm_digest cancel_digest created_at expires_at cancel_until",
            each(&change),
        ),
        ("mail_quotas", "recipient mails last_at", each(&quota)),
        ("profiles", "user_id updated_at", each(&profile)),
        ("avatars", "user_id name small medium large created_at", each(&avatar)),
    ]
}
