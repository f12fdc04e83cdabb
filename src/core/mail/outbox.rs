//! The outbox. A mail is a row, written in the transaction of its cause and sealed, since it holds live tokens;
//! a worker sends what is due. A failed try is repeated after 1, 2, 4 … minutes, eight times at most. A mail
//! whose token has expired is not sent any more, and a body is emptied once its mail is done with.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, DatabaseTransaction, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, sea_query::Expr,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{
    templates::{Content, Letter},
    transport::{Mail, SendError, Transport},
};
use crate::core::{
    Core,
    clock::Time,
    error::{Error, Result},
    random::first_uuid_after,
    retention,
};

const LEASE: Duration = Duration::from_mins(1);
const FIRST_PAUSE: Duration = Duration::from_mins(1);
const TRIES: i32 = 8;
const BATCH: u64 = 20;
/// How often the worker looks for mails whose time has come, without being told.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// Where mails leave from, and the bell that wakes the worker.
#[derive(Clone)]
pub struct Outbox {
    /// None in production without `SMTP_URL`: mails wait.
    pub transport: Option<Transport>,
    bell: Arc<Notify>,
}

/// A letter on its way into the outbox.
pub struct Outgoing<'a> {
    pub to: &'a str,
    pub letter: Letter<'a>,
    /// When what it holds expires; then it is not worth sending.
    pub expires_at: Option<Time>,
}

/// What one round of the worker did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    pub sent: u32,
    pub failed: u32,
    pub dropped: u32,
}

/// What waits to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub mails: u64,
    pub since: Option<Time>,
}

/// What is sealed in a row.
#[derive(Serialize, Deserialize)]
struct Body {
    subject: String,
    text: String,
    html: String,
}

mod row {
    use sea_orm::entity::prelude::*;

    use crate::core::clock::Time;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "outbox")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub recipient: String,
        pub body: Vec<u8>,
        pub tries: i32,
        pub created_at: Time,
        pub next_try_at: Option<Time>,
        pub expires_at: Option<Time>,
        pub sent_at: Option<Time>,
        pub failed_at: Option<Time>,
        pub last_error: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use row::{ActiveModel, Column, Entity, Model};

impl Outbox {
    pub fn new(transport: Option<Transport>) -> Self {
        Self { transport, bell: Arc::new(Notify::new()) }
    }

    /// To be called after the commit that made a mail visible.
    pub fn ring(&self) {
        self.bell.notify_one();
    }
}

/// Puts a letter into the outbox, in the transaction of its cause.
pub async fn post(core: &Core, tx: &DatabaseTransaction, outgoing: Outgoing<'_>) -> Result<()> {
    let now = core.clock.now();
    let id = core.random.uuid(now);
    let Content { subject, text, html } = outgoing.letter.render().map_err(Error::internal)?;
    let body = serde_json::to_string(&Body { subject, text, html }).map_err(Error::internal)?;
    let row = ActiveModel {
        id: Set(id),
        recipient: Set(outgoing.to.to_owned()),
        body: Set(core.keys.seal(&sealed_for(id, outgoing.to), &body)?),
        tries: Set(0),
        created_at: Set(now),
        next_try_at: Set(Some(now)),
        expires_at: Set(outgoing.expires_at),
        sent_at: Set(None),
        failed_at: Set(None),
        last_error: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Takes back what waits for this recipient; with a moment, only the mail that expires then. What is being sent at this
/// very moment arrives all the same.
pub async fn withdraw(tx: &DatabaseTransaction, to: &str, expires_at: Option<Time>) -> Result<()> {
    let waiting = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::NextTryAt.is_not_null())
        .filter(Column::Recipient.eq(to))
        .filter(Condition::all().add_option(expires_at.map(|at| Column::ExpiresAt.eq(at))));
    let waiting: Vec<Uuid> = waiting.into_tuple().all(tx).await?;
    if !waiting.is_empty() {
        Entity::delete_many().filter(Column::Id.is_in(waiting)).exec(tx).await?;
    }
    Ok(())
}

pub async fn waiting(core: &Core) -> Result<Waiting> {
    let waiting = Entity::find()
        .select_only()
        .column_as(Column::Id.count(), "mails")
        .column_as(Column::CreatedAt.min(), "since")
        // Any moment: SQLite finds those that have one in an index only when it is asked for more than that they do.
        .filter(Column::NextTryAt.gte(Time(i64::MIN)));
    let (mails, since) = waiting.into_tuple::<(i64, Option<Time>)>().one(core.db.read()).await?.unwrap_or_default();
    Ok(Waiting { mails: u64::try_from(mails).unwrap_or(0), since })
}

/// Sends what is due until the process ends.
pub async fn run(core: Core) {
    loop {
        match deliver_due(&core).await {
            Ok(round) if round != Sent::default() => {
                tracing::info!(sent = round.sent, failed = round.failed, dropped = round.dropped, "mail");
            }
            Ok(_) => {
                let _ = tokio::time::timeout(LOOK_AGAIN, core.outbox.bell.notified()).await;
            }
            Err(error) => {
                tracing::error!(%error, "the outbox cannot be read");
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
    }
}

/// Sends what is due now, each mail under a lease, so that of several servers one sends it.
pub async fn deliver_due(core: &Core) -> Result<Sent> {
    let mut round = Sent::default();
    let Some(transport) = &core.outbox.transport else { return Ok(round) };
    let due = Entity::find()
        .filter(Column::NextTryAt.lte(core.clock.now()))
        .order_by_asc(Column::NextTryAt)
        .limit(BATCH)
        .all(core.db.read())
        .await?;
    for mail in due {
        if !lease(core, &mail).await? {
            continue;
        }
        if mail.expires_at.is_some_and(|at| at <= core.clock.now()) {
            close(core, mail.id, Column::FailedAt, Some("its token expired before it could be sent")).await?;
            round.dropped += 1;
            continue;
        }
        match send(core, transport, &mail).await {
            Ok(()) => {
                close(core, mail.id, Column::SentAt, None).await?;
                round.sent += 1;
            }
            Err(error) => {
                postpone(core, &mail, &error).await?;
                round.failed += 1;
            }
        }
    }
    core.metrics.mails(round);
    Ok(round)
}

/// Takes a mail for a minute; false when another server has it.
async fn lease(core: &Core, mail: &Model) -> Result<bool> {
    let taken = Entity::update_many()
        .col_expr(Column::NextTryAt, Expr::value(core.clock.now().plus(LEASE)))
        .filter(Column::Id.eq(mail.id))
        .filter(Column::NextTryAt.eq(mail.next_try_at))
        .exec(core.db.write())
        .await?;
    Ok(taken.rows_affected == 1)
}

async fn send(core: &Core, transport: &Transport, mail: &Model) -> Result<(), SendError> {
    let unreadable = |error: Error| SendError { permanent: true, reason: error.to_string() };
    let body = core.keys.open(&sealed_for(mail.id, &mail.recipient), &mail.body).map_err(unreadable)?;
    let body: Body = serde_json::from_str(&body).map_err(|error| unreadable(Error::internal(error)))?;
    let host = core.settings.mail_from.rsplit_once('@').map_or("localhost", |(_, host)| host.trim_end_matches('>'));
    transport
        .send(&Mail {
            message_id: format!("<{}@{host}>", mail.id),
            date_unix_seconds: mail.created_at.seconds(),
            from: core.settings.mail_from.clone(),
            to: mail.recipient.clone(),
            content: Content { subject: body.subject, text: body.text, html: body.html },
        })
        .await
}

/// A body opens only in its own row and for its own recipient: who can write to the database cannot have it sent
/// to another address.
fn sealed_for(id: Uuid, recipient: &str) -> String {
    format!("{id} {recipient}")
}

/// Done with: sent, or never to be. The body goes.
async fn close(core: &Core, id: Uuid, at: Column, reason: Option<&str>) -> Result<()> {
    Entity::update_many()
        .col_expr(at, Expr::value(core.clock.now()))
        .col_expr(Column::NextTryAt, Expr::value(Option::<Time>::None))
        .col_expr(Column::Body, Expr::value(Vec::<u8>::new()))
        .col_expr(Column::LastError, Expr::value(reason.map(str::to_owned)))
        .filter(Column::Id.eq(id))
        .exec(core.db.write())
        .await?;
    Ok(())
}

async fn postpone(core: &Core, mail: &Model, error: &SendError) -> Result<()> {
    let tries = mail.tries + 1;
    tracing::warn!(mail = %mail.id, tries, reason = error.reason, permanent = error.permanent, "a mail was not sent");
    // A relay's "never" is tried again as well: it also stands for a sender whom an operator has yet to register
    // there, and for the day's quota.
    if tries >= TRIES {
        return close(core, mail.id, Column::FailedAt, Some(&error.reason)).await;
    }
    let pause = FIRST_PAUSE * 2_u32.saturating_pow(u32::try_from(mail.tries).unwrap_or(0)) + jitter(core);
    Entity::update_many()
        .col_expr(Column::Tries, Expr::value(tries))
        .col_expr(Column::NextTryAt, Expr::value(core.clock.now().plus(pause)))
        .col_expr(Column::LastError, Expr::value(error.reason.clone()))
        .filter(Column::Id.eq(mail.id))
        .exec(core.db.write())
        .await?;
    Ok(())
}

/// Takes the rows that were done with before that moment, and says how many they were.
pub async fn sweep(core: &Core, before: Time) -> Result<u64> {
    let done = Condition::any().add(Column::SentAt.lte(before)).add(Column::FailedAt.lte(before));
    // A range of the primary key, since ids sort by the time of their making.
    let over = Condition::all().add(Column::Id.lt(first_uuid_after(before))).add(done);
    retention::delete::<Entity, Uuid>(core, Column::Id, &over).await
}

/// Up to ten seconds, so that mails which failed together do not come back together.
fn jitter(core: &Core) -> Duration {
    let mut byte = [0_u8; 1];
    core.random.fill(&mut byte);
    Duration::from_millis(u64::from(byte[0]) * 40)
}
