//! An example site: people, posts in nine languages, and comments, the same ones whenever the seed is the same.
//! Nothing depends on the clock: all of it happened in 2024 and 2025.
//!
//! Rows obey the rules that everybody's rows obey, and are written in one transaction, many to a statement. Only the
//! password's hash differs from time to time, as its salt has to.

mod text;
#[rustfmt::skip] // One phrase a line would make four screens of it.
mod words;

use std::time::Duration;

use sea_orm::{
    ActiveModelTrait, ColumnTrait as _, Condition, DatabaseTransaction, EntityTrait as _, Insert, IntoActiveModel,
    QueryFilter as _, QuerySelect as _,
};
use uuid::Uuid;

use self::text::Dice;
use super::{
    Core,
    accounts::{
        types::{Email, PersonName, Username},
        users,
    },
    clock::Time,
    comments,
    error::{Error, Result, duplicate_key},
    hasher::PasswordHash,
    posts::{
        self, Status,
        types::{Body, CommentBody, Title},
    },
    search,
    viewer::Role,
};

/// Everybody's.
pub const PASSWORD: &str = "quiet lantern maple orbit";
/// Those to log in as: the first three of all.
pub const ADMINISTRATOR: &str = "ada_admin";
pub const MODERATOR: &str = "mira_moderator";
pub const USER: &str = "uma_user";

/// The rows of one statement: with 60 columns they would still be under the 32,766 parameters that SQLite allows, the
/// fewest of all engines.
const BATCH: usize = 500;
const DAY: Duration = Duration::from_hours(24);
/// 2024-01-01, from when on people sign up, for a year.
const PEOPLE_FROM: Time = Time(1_704_067_200_000_000);
const PEOPLE_DAYS: u32 = 366;
/// 2024-02-01.
const POSTS_FROM: Time = Time(1_706_745_600_000_000);
const POSTS_DAYS: u32 = 690;
/// 2024-02-11.
const COMMENTS_FROM: Time = Time(1_707_609_600_000_000);
const COMMENTS_DAYS: u32 = 688;
/// One comment of so many stands under the first post of all.
const HOT: usize = 20;
/// One post of so many is a draft.
const DRAFTS: usize = 20;
/// One user of so many is a moderator.
const MODERATORS: usize = 200;

#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub users: usize,
    pub posts: usize,
    pub comments: usize,
    pub seed: u64,
}

/// What a site is made of, in the order of its making.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Users,
    Posts,
    Comments,
}

/// Something that others refer to, and from when on they may.
#[derive(Clone, Copy)]
struct Made {
    id: Uuid,
    at: Time,
}

/// Writes all of the plan or nothing; `progress` hears how many rows were written.
pub async fn seed(core: &Core, plan: Plan, progress: &dyn Fn(Kind, usize)) -> Result<()> {
    if plan.users < 3 {
        return Err(Error::BadInput("Ask for 3 users or more: an administrator, a moderator and a user.".to_owned()));
    }
    if plan.comments > 0 && plan.posts == 0 {
        return Err(Error::BadInput("Comments stand under posts: ask for a post or more.".to_owned()));
    }
    let hash = core.hasher.hash(PASSWORD).await?;
    let dice = Dice::new(plan.seed);
    let tx = core.db.begin().await?;
    let people = write_users(&tx, &dice, plan.users, &hash, progress).await?;
    let published = write_posts(&tx, &dice, plan.posts, &people, progress).await?;
    write_comments(&tx, &dice, plan.comments, &people, &published, progress).await?;
    Ok(tx.commit().await?)
}

async fn write_users(
    tx: &DatabaseTransaction,
    dice: &Dice,
    count: usize,
    hash: &PasswordHash,
    progress: &dyn Fn(Kind, usize),
) -> Result<Vec<Made>> {
    let mut made = Vec::with_capacity(count);
    for numbers in batches(count) {
        let rows = numbers.map(|number| user(dice, number, count, hash)).collect::<Result<Vec<_>>>()?;
        refuse_taken(tx, &rows).await?;
        made.extend(rows.iter().map(|row| Made { id: row.id, at: row.created_at }));
        progress(Kind::Users, insert(tx, rows).await?);
    }
    Ok(made)
}

/// Gives the published ones, the oldest first.
async fn write_posts(
    tx: &DatabaseTransaction,
    dice: &Dice,
    count: usize,
    people: &[Made],
    progress: &dyn Fn(Kind, usize),
) -> Result<Vec<Made>> {
    let mut published = Vec::with_capacity(count);
    for numbers in batches(count) {
        let rows = numbers.map(|number| post(dice, number, count, people)).collect::<Result<Vec<_>>>()?;
        let public = rows.iter().filter(|row| row.status == Status::Published.as_str());
        published.extend(public.map(|row| Made { id: row.id, at: row.published_at }));
        progress(Kind::Posts, insert(tx, rows).await?);
    }
    Ok(published)
}

async fn write_comments(
    tx: &DatabaseTransaction,
    dice: &Dice,
    count: usize,
    people: &[Made],
    published: &[Made],
    progress: &dyn Fn(Kind, usize),
) -> Result<()> {
    for numbers in batches(count) {
        let rows = numbers.map(|number| comment(dice, number, count, people, published));
        progress(Kind::Comments, insert(tx, rows.collect::<Result<Vec<_>>>()?).await?);
    }
    Ok(())
}

fn user(dice: &Dice, number: usize, count: usize, hash: &PasswordHash) -> Result<users::Model> {
    let (first_name, plain) = dice.pick(&words::FIRST_NAMES);
    let (first_name, username, role) = match number {
        0 => ("Ada", ADMINISTRATOR.to_owned(), Role::Admin),
        1 => ("Mira", MODERATOR.to_owned(), Role::Moderator),
        2 => ("Uma", USER.to_owned(), Role::User),
        _ if number % MODERATORS == 1 => (first_name, format!("{plain}_{number}"), Role::Moderator),
        _ => (first_name, format!("{plain}_{number}"), Role::User),
    };
    let username = Username::parse_even_reserved(&username)?;
    let email = Email::parse(&format!("{}@example.com", username.as_str()))?;
    let at = dice.moment(PEOPLE_FROM, DAY * PEOPLE_DAYS, number, count);
    let id = dice.uuid(at);
    let (first_name, last_name) = (PersonName::parse(first_name)?, PersonName::parse(dice.pick(&words::LAST_NAMES))?);
    Ok(users::Model {
        id,
        username: username.as_str().to_owned(),
        username_key: username.key(),
        email: email.as_str().to_owned(),
        email_key: email.key(),
        first_name: first_name.as_str().to_owned(),
        last_name: last_name.as_str().to_owned(),
        search_text: search::folded([username.as_str(), first_name.as_str(), last_name.as_str()]),
        role: role.as_str().to_owned(),
        password_hash: hash.hash.clone(),
        password_scheme: hash.scheme.clone(),
        email_verified_at: Some(at),
        suspended_until: None,
        suspended_reason: None,
        last_login_at: None,
        created_at: at,
        updated_at: at,
        avatar: None,
    })
}

fn post(dice: &Dice, number: usize, count: usize, people: &[Made]) -> Result<posts::entity::Model> {
    let at = dice.moment(POSTS_FROM, DAY * POSTS_DAYS, number, count);
    let tongue = dice.tongue();
    let title = Title::parse(&dice.title(tongue))?;
    // The first one is the hot one, so it is out.
    let draft = number > 0 && dice.one_in(DRAFTS);
    let waits = if dice.one_in(4) { dice.within(DAY * 2) } else { Duration::ZERO };
    let published_at = at.plus(if number > 0 { waits } else { Duration::ZERO });
    let (id, author) = (dice.uuid(at), dice.one_of_the_first(already(people, at), 3).id);
    let body = Body::parse(&dice.body(tongue))?;
    Ok(posts::entity::Model {
        id,
        author_id: Some(author),
        title: title.as_str().to_owned(),
        title_key: title.key(),
        search_text: search::folded([title.as_str(), body.as_str()]),
        body: body.as_str().to_owned(),
        status: if draft { Status::Draft } else { Status::Published }.as_str().to_owned(),
        created_at: at,
        updated_at: if draft { at } else { published_at },
        published_at: if draft { Time(0) } else { published_at },
    })
}

fn comment(dice: &Dice, number: usize, count: usize, people: &[Made], published: &[Made]) -> Result<comments::Model> {
    let at = dice.moment(COMMENTS_FROM, DAY * COMMENTS_DAYS, number, count);
    let (hot, others) = already(published, at).split_at(1);
    let post =
        if number.is_multiple_of(HOT) || others.is_empty() { dice.pick(hot) } else { dice.one_of_the_last(others) };
    let at = if at > post.at { at } else { post.at.plus(Duration::from_mins(1)) };
    Ok(comments::Model {
        id: dice.uuid(at),
        post_id: post.id,
        author_id: Some(dice.one_of_the_first(already(people, at), 2).id),
        body: CommentBody::parse(&dice.remark(dice.tongue()))?.as_str().to_owned(),
        created_at: at,
        updated_at: at,
    })
}

/// Those that were there at that moment; the first one always was.
fn already(made: &[Made], at: Time) -> &[Made] {
    let count = made.partition_point(|made| made.at <= at).max(1);
    made.get(..count).unwrap_or(made)
}

fn batches(count: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..count).step_by(BATCH).map(move |first| first..count.min(first + BATCH))
}

async fn insert<A>(tx: &DatabaseTransaction, rows: Vec<impl IntoActiveModel<A>>) -> Result<usize>
where
    A: ActiveModelTrait,
{
    let count = rows.len();
    let inserted = Insert::<A>::many(rows).exec_without_returning(tx).await;
    inserted.map_err(|error| match duplicate_key(&error) {
        Some(_) => seeded_before("rows of this seed"),
        None => Error::from(error),
    })?;
    Ok(count)
}

/// An account that has one of these names or addresses is somebody's.
async fn refuse_taken(tx: &DatabaseTransaction, rows: &[users::Model]) -> Result<()> {
    let taken = Condition::any()
        .add(users::Column::UsernameKey.is_in(rows.iter().map(|row| row.username_key.as_str())))
        .add(users::Column::EmailKey.is_in(rows.iter().map(|row| row.email_key.as_str())));
    let taken: Option<String> =
        users::Entity::find().select_only().column(users::Column::Username).filter(taken).into_tuple().one(tx).await?;
    taken.map_or(Ok(()), |name| Err(seeded_before(&format!("a user called {name}"))))
}

fn seeded_before(what: &str) -> Error {
    Error::BadInput(format!("The database has {what} already, so nothing was written. Seed an empty one."))
}
