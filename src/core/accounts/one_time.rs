//! Tokens that are good once: a link's token of 256 bits, and the short code that stands beside it in the mail.
//!
//! Both are redeemed by one conditional `UPDATE`, so that of many at the same moment one wins. Of a short code
//! five tries are counted, and they are counted before the code is looked at.

use std::time::Duration;

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait as _,
    ExprTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    entity::one_time_tokens::{ActiveModel, Column, Entity},
    types::Email,
};
use crate::core::{
    Core,
    crypto::digest_of,
    error::{Error, Fault, FaultCode, Result},
};

const TRIES: i32 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    VerifyEmail,
    ResetPassword,
}

/// What somebody shows to prove that a mail reached them.
#[derive(Clone, Debug)]
pub enum Proof {
    Token(String),
    Code { email: Email, code: String },
}

/// A proof whose try has been counted, which is the only kind that can be looked at.
pub(super) enum Attempt {
    Token { digest: String },
    Code { rows: Vec<Uuid>, digest: String },
}

/// What goes into the mail, and nowhere else.
pub(super) struct Issued {
    pub token: String,
    pub code: String,
}

/// What a good proof stands for.
pub(super) struct Redeemed {
    pub subject: Uuid,
    pub email_key: String,
}

impl Purpose {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify-email",
            Self::ResetPassword => "reset-password",
        }
    }

    fn lifetime(self, core: &Core) -> Duration {
        match self {
            Self::VerifyEmail => core.settings.ttl.verify_token,
            Self::ResetPassword => core.settings.ttl.reset_token,
        }
    }
}

impl Proof {
    /// Either a token, or an address and a code.
    pub fn parse(token: Option<&str>, email: Option<&str>, code: Option<&str>) -> Result<Self> {
        match (token, email, code) {
            (Some(token), None, None) => Ok(Self::Token(token.to_owned())),
            (None, Some(email), Some(code)) => match Email::parse(email) {
                Ok(email) => Ok(Self::Code { email, code: code.trim().to_owned() }),
                Err(fault) => Err(fault.at("email").into()),
            },
            _ => Err(Error::BadInput("Give either `token`, or `email` and `code`.".to_owned())),
        }
    }
}

/// Makes a token and its code. `subject` is nobody's when the address has no account: the work is the same.
/// With a subject, what was made for it before is dead from now on.
pub(super) async fn issue(
    core: &Core,
    tx: &DatabaseTransaction,
    purpose: Purpose,
    email_key: &str,
    subject: Option<Uuid>,
) -> Result<Issued> {
    let now = core.clock.now();
    let issued = Issued { token: core.random.token(), code: core.random.code() };
    burn(core, tx, purpose, subject.unwrap_or_default()).await?;
    let row = ActiveModel {
        id: Set(core.random.uuid(now)),
        purpose: Set(purpose.as_str().to_owned()),
        subject: Set(subject),
        email_key: Set(email_key.to_owned()),
        token_digest: Set(digest_of(&issued.token)),
        code_digest: Set(core.keys.code_digest(purpose.as_str(), email_key, &issued.code)),
        tries: Set(0),
        created_at: Set(now),
        code_expires_at: Set(now.plus(core.settings.ttl.short_code)),
        expires_at: Set(now.plus(purpose.lifetime(core))),
        used_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(issued)
}

/// Makes every open token of this purpose and subject useless.
pub(super) async fn burn(core: &Core, tx: &DatabaseTransaction, purpose: Purpose, subject: Uuid) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(core.clock.now()))
        .filter(Column::Purpose.eq(purpose.as_str()))
        .filter(Column::Subject.eq(subject))
        .filter(Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Takes every token of a subject that is about to go.
pub(super) async fn forget(tx: &DatabaseTransaction, subject: Uuid) -> Result<()> {
    Entity::delete_many().filter(Column::Subject.eq(subject)).exec(tx).await?;
    Ok(())
}

/// Counts one try of every open code of the address, before anybody looks whether it is right. This is committed by
/// itself: what fails later does not give the try back.
pub(super) async fn attempt(core: &Core, purpose: Purpose, proof: &Proof) -> Result<Attempt> {
    match proof {
        Proof::Token(token) => Ok(Attempt::Token { digest: digest_of(token) }),
        Proof::Code { email, code } => {
            let digest = core.keys.code_digest(purpose.as_str(), &email.key(), code);
            let rows = core.db.retry(|| count_try(core, purpose, email)).await?;
            if rows.is_empty() { Err(spent()) } else { Ok(Attempt::Code { rows, digest }) }
        }
    }
}

/// The rows whose try this was. An address may have several codes, and each has its own five tries: a right code
/// counts only for a row that had one left. Rows of nobody are counted too, so that the work is the same.
async fn count_try(core: &Core, purpose: Purpose, email: &Email) -> Result<Vec<Uuid>> {
    let tx = core.db.begin().await?;
    let has_tries = Condition::all()
        .add(Column::EmailKey.eq(email.key()))
        .add(Column::Purpose.eq(purpose.as_str()))
        .add(Column::UsedAt.is_null())
        .add(Column::CodeExpiresAt.gt(core.clock.now()))
        .add(Column::Tries.lt(TRIES));
    let rows = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(has_tries.clone())
        .filter(Column::Subject.is_not_null())
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .into_tuple()
        .all(&tx)
        .await?;
    let one_more = Expr::col(Column::Tries).add(1);
    Entity::update_many().col_expr(Column::Tries, one_more).filter(has_tries).exec(&tx).await?;
    tx.commit().await?;
    Ok(rows)
}

/// What the proof stands for, without using it up.
pub(super) async fn peek(
    core: &Core,
    db: &impl ConnectionTrait,
    purpose: Purpose,
    attempt: &Attempt,
) -> Result<Option<Redeemed>> {
    let found = Entity::find()
        .select_only()
        .columns([Column::Subject, Column::EmailKey])
        .filter(open(core, purpose, attempt))
        .order_by_desc(Column::CreatedAt)
        .into_tuple::<(Uuid, String)>()
        .one(db)
        .await?;
    Ok(found.map(|(subject, email_key)| Redeemed { subject, email_key }))
}

/// Uses the proof up. Of several at the same moment one gets an answer, the others the fault of a spent token.
pub(super) async fn redeem(
    core: &Core,
    tx: &DatabaseTransaction,
    purpose: Purpose,
    attempt: &Attempt,
) -> Result<Redeemed> {
    let redeemed = peek(core, tx, purpose, attempt).await?.ok_or_else(spent)?;
    let burnt = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(core.clock.now()))
        .filter(open(core, purpose, attempt))
        .filter(Column::Subject.eq(redeemed.subject))
        .exec(tx)
        .await?;
    if burnt.rows_affected == 0 { Err(spent()) } else { Ok(redeemed) }
}

/// The rows that an attempt opens now.
fn open(core: &Core, purpose: Purpose, attempt: &Attempt) -> Condition {
    let now = core.clock.now();
    let unused = Condition::all()
        .add(Column::Purpose.eq(purpose.as_str()))
        .add(Column::UsedAt.is_null())
        .add(Column::Subject.is_not_null());
    match attempt {
        Attempt::Token { digest } => unused.add(Column::TokenDigest.eq(digest)).add(Column::ExpiresAt.gt(now)),
        Attempt::Code { rows, digest } => unused
            .add(Column::Id.is_in(rows.iter().copied()))
            .add(Column::CodeDigest.eq(digest))
            .add(Column::CodeExpiresAt.gt(now)),
    }
}

/// One answer for every reason why a token or a code is no good.
pub(super) fn spent() -> Error {
    Fault::new(FaultCode::TokenInvalid, "This link or code is not valid any more. Ask for a new one.").into()
}
