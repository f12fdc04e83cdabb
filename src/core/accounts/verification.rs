//! Proof of an e-mail address. It turns a sign-up into a user, or marks the address of a user as verified.

use std::sync::Arc;

use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, DatabaseTransaction, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::{
    User, availability,
    entity::{signups, users},
    mail_quota::{self, MailKind},
    one_time::{self, Attempt, Proof, Purpose, Redeemed},
    signup::{self, Parsed},
    types::{Email, PersonName, Username},
};
use crate::core::{
    Core, Origin,
    audit::{self, Entry, Kind, Source},
    error::{Fault, Result},
    hasher::PasswordHash,
    limits::Quota,
    viewer::{Oneself, Role},
};

/// Redeems the link's token or the short code. It does not sign in: who reads the mail need not know the password.
pub async fn verify_email(core: &Core, origin: &Origin, proof: Proof) -> Result<Oneself> {
    let verify = async {
        core.limits.attempt(Quota::Code, origin).await?;
        let attempt = one_time::attempt(core, Purpose::VerifyEmail, &proof).await?;
        core.db.retry(|| redeem(core, origin, &attempt)).await
    };
    let entry = Entry::new(Kind::VerifyEmail);
    audit::attempt(core, Source::anonymous(origin), entry, verify).await.map(Oneself::proved)
}

/// Sends the verification mail once more, where there is something to verify; the answer is always the same.
pub async fn resend_verification_email(core: &Core, origin: &Origin, email: &str) -> Result<()> {
    let email = Email::parse(email).map_err(|fault| fault.at("email"))?;
    audit::admit(core, origin, Quota::ForgotPassword, Kind::ResendVerificationEmail).await?;
    core.db.retry(|| resend(core, origin, &email)).await?;
    core.outbox.ring();
    Ok(())
}

async fn redeem(core: &Core, origin: &Origin, attempt: &Attempt) -> Result<Arc<User>> {
    let tx = core.db.begin().await?;
    let proved = one_time::peek(core, &tx, Purpose::VerifyEmail, attempt).await?.ok_or_else(one_time::spent)?;
    lock_attempts(&tx, &proved.email_key).await?;
    let redeemed = one_time::redeem(core, &tx, Purpose::VerifyEmail, attempt).await?;
    let user = match signups::Entity::find_by_id(redeemed.subject).one(&tx).await? {
        Some(waiting) => promote(core, &tx, waiting).await?,
        None => mark_verified(core, &tx, &redeemed).await?,
    };
    let user = User::from(user);
    audit::commit(core, tx, Source::user(user.id, origin), Entry::new(Kind::VerifyEmail).about(user.id)).await?;
    Ok(Arc::new(user))
}

/// Rivals who prove one address queue here. If each first took its own token and then the others' they would only
/// meet in deadlocks, more than another try can mend.
pub(super) async fn lock_attempts(tx: &DatabaseTransaction, email_key: &str) -> Result<()> {
    signups::Entity::find()
        .select_only()
        .column(signups::Column::Id)
        .filter(signups::Column::EmailKey.eq(email_key))
        .order_by_asc(signups::Column::Id)
        .lock_exclusive()
        .into_tuple::<Uuid>()
        .all(tx)
        .await?;
    Ok(())
}

/// The sign-up becomes a user, and every other attempt on that address is gone with its password and its links.
async fn promote(core: &Core, tx: &DatabaseTransaction, waiting: signups::Model) -> Result<users::Model> {
    let new = parsed(&waiting)?;
    let hash = PasswordHash { hash: waiting.password_hash, scheme: waiting.password_scheme };
    // An administrator may have made the account meanwhile: its address is not this attempt's any more.
    if availability::user_with_email(tx, &waiting.email_key).await?.is_some() {
        return Err(one_time::spent());
    }
    refuse_attempts(core, tx, &waiting.email_key).await?;
    signup::insert_user(core, tx, &new, &hash, Role::User, true).await
}

/// Takes every sign-up that waits to prove an address which is proved now, with its links.
pub(super) async fn refuse_attempts(core: &Core, tx: &DatabaseTransaction, email_key: &str) -> Result<()> {
    let rivals = signups::Entity::find().filter(signups::Column::EmailKey.eq(email_key)).all(tx).await?;
    for rival in rivals {
        one_time::burn(core, tx, Purpose::VerifyEmail, rival.id).await?;
    }
    signups::Entity::delete_many().filter(signups::Column::EmailKey.eq(email_key)).exec(tx).await?;
    Ok(())
}

async fn mark_verified(core: &Core, tx: &DatabaseTransaction, redeemed: &Redeemed) -> Result<users::Model> {
    let user = users::Entity::find_by_id(redeemed.subject).one(tx).await?;
    // The proof is of the address that the mail went to, not of the one that the account may have by now.
    let user = user.filter(|user| user.email_key == redeemed.email_key).ok_or_else(one_time::spent)?;
    let now = core.clock.now();
    let verified_at = user.email_verified_at.unwrap_or(now);
    let mut change = users::ActiveModel::from(user);
    change.email_verified_at = Set(Some(verified_at));
    change.updated_at = Set(now);
    Ok(change.update(tx).await?)
}

/// What was valid at sign-up is read back by the same constructors.
fn parsed(row: &signups::Model) -> Result<Parsed> {
    let all = || -> Result<Parsed, Fault> {
        Ok(Parsed {
            username: Username::parse_even_reserved(&row.username)?,
            email: Email::parse(&row.email)?,
            first_name: PersonName::parse(&row.first_name)?,
            last_name: PersonName::parse(&row.last_name)?,
        })
    };
    Ok(all()?)
}

async fn resend(core: &Core, origin: &Origin, email: &Email) -> Result<()> {
    let tx = core.db.begin().await?;
    let allowed = mail_quota::take(core, &tx, MailKind::VerifyEmail, &email.key(), true).await?;
    let to = unverified(core, &tx, email).await?.filter(|_| allowed);
    let subject = to.as_ref().map(|to| to.subject);
    let issued = one_time::issue(core, &tx, Purpose::VerifyEmail, &email.key(), subject).await?;
    if let Some(to) = to {
        signup::verification_mail(core, &tx, &to.email, &to.first_name, &to.username, &issued).await?;
    }
    audit::commit(core, tx, Source::anonymous(origin), Entry::new(Kind::ResendVerificationEmail)).await
}

struct Unverified {
    subject: Uuid,
    email: String,
    first_name: String,
    username: String,
}

/// The user, or the newest sign-up, whose address waits for its proof.
async fn unverified(core: &Core, tx: &DatabaseTransaction, email: &Email) -> Result<Option<Unverified>> {
    let user = users::Entity::find().filter(users::Column::EmailKey.eq(email.key())).one(tx).await?;
    if let Some(user) = user {
        let (subject, email, first_name, username) = (user.id, user.email, user.first_name, user.username);
        return Ok(user.email_verified_at.is_none().then_some(Unverified { subject, email, first_name, username }));
    }
    let waiting = signups::Entity::find()
        .filter(signups::Column::EmailKey.eq(email.key()))
        .filter(signups::Column::ExpiresAt.gt(core.clock.now()))
        .order_by_desc(signups::Column::CreatedAt)
        .one(tx)
        .await?;
    Ok(waiting.map(|row| Unverified {
        subject: row.id,
        email: row.email,
        first_name: row.first_name,
        username: row.username,
    }))
}
