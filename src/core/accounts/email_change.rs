//! Another e-mail address for an account. The old one stays until the new one confirms; it is told, and may stop the
//! change for a while, or undo it. Two links, one for each mailbox, and neither is good for what the other does.
//!
//! Under strict disclosure a taken address gets the same answer, for the same work: the change waits like any other,
//! but nobody gets the link that would confirm it; the owner of the address gets a mail that says so.

mod cancel;
mod confirm;

use std::{collections::HashMap, sync::Arc};

use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, Condition, DatabaseTransaction, EntityTrait as _,
    QueryFilter as _, QuerySelect as _, sea_query::Expr,
};
use uuid::Uuid;

pub use cancel::cancel_email_change;
pub use confirm::confirm_email_change;

use super::{
    User, UserId, availability,
    entity::{
        email_changes::{ActiveModel, Column, Entity, Model},
        users,
    },
    mail_quota::{self, MailKind},
    one_time::{self, Purpose},
    own_password::{self, Proved},
    signup,
    types::Email,
    verification,
};
use crate::core::{
    Core, Origin,
    audit::{self, Entry, Kind, Source},
    clock::Time,
    crypto::digest_of,
    error::{Error, Fault, FaultCode, Faults, Result, duplicate_key},
    limits::Quota,
    mail::{self, Outgoing, templates::Letter},
    settings::Disclosure,
    viewer::{PrivateAccess, SignedIn, Viewer},
};

/// A change that waits for the new address.
pub struct Waiting {
    pub user: Arc<User>,
    pub new_email: String,
    pub expires_at: Time,
}

/// What goes into the two mails, and nowhere else.
struct Links {
    confirm: String,
    cancel: String,
}

pub async fn change_email(
    core: &Core,
    viewer: &Viewer,
    origin: &Origin,
    new_email: &str,
    current_password: &str,
) -> Result<Waiting> {
    let viewer = viewer.signed_in()?;
    let by = Source::user(viewer.user.id, origin);
    let entry = Entry::new(Kind::ChangeEmail).about(viewer.user.id);
    audit::attempt(core, by, entry, ask(core, viewer, origin, new_email, current_password)).await
}

async fn ask(
    core: &Core,
    viewer: &SignedIn,
    origin: &Origin,
    new_email: &str,
    current_password: &str,
) -> Result<Waiting> {
    let mut faults = Faults::default();
    let email = faults.check("newEmail", another(core, viewer, new_email).await?);
    let proved = own_password::prove(core, viewer, origin, current_password).await?;
    let proved = faults.check("currentPassword", proved);
    let (Some(email), Some(proved)) = (email, proved) else { return Err(faults.into()) };
    core.limits.attempt(Quota::ForgotPassword, origin).await?;
    let waiting = core.db.retry(|| store(core, origin, &proved, &email)).await?;
    core.outbox.ring();
    Ok(waiting)
}

/// An address that is not the viewer's, nor anybody's where that may be told.
async fn another(core: &Core, viewer: &SignedIn, typed: &str) -> Result<Result<Email, Fault>> {
    let email = match Email::parse(typed) {
        Ok(email) => email,
        Err(fault) => return Ok(Err(fault)),
    };
    let own = viewer.user.private.as_ref().and_then(|private| Email::parse(&private.email).ok());
    if own.is_some_and(|own| own.key() == email.key()) {
        return Ok(Err(Fault::new(FaultCode::Invalid, "This is your address already.")));
    }
    let told = core.settings.disclosure == Disclosure::Friendly;
    let taken = told && availability::user_with_email(core.db.read(), &email.key()).await?.is_some();
    Ok(if taken { Err(self::taken()) } else { Ok(email) })
}

/// The new address of each user for whom one waits.
pub async fn waiting_for(core: &Core, of: &[PrivateAccess]) -> Result<HashMap<PrivateAccess, Option<String>>> {
    let found = Entity::find()
        .select_only()
        .columns([Column::UserId, Column::NewEmail])
        .filter(Column::UserId.is_in(of.iter().map(|access| access.user().0)))
        .filter(unconfirmed().add(Column::ExpiresAt.gt(core.clock.now())));
    let found: Vec<(Uuid, String)> = found.into_tuple().all(core.db.read()).await?;
    let mut waiting: HashMap<Uuid, String> = found.into_iter().collect();
    Ok(of.iter().map(|access| (*access, waiting.remove(&access.user().0))).collect())
}

/// Ends the change that waits, if there is one: both of its links are dead from now on.
pub(super) async fn end_waiting(core: &Core, tx: &DatabaseTransaction, user: Uuid) -> Result<()> {
    end(core, tx, unconfirmed().add(Column::UserId.eq(user))).await
}

/// Ends every change, those too that the old address might still undo.
pub(super) async fn end_all(core: &Core, tx: &DatabaseTransaction, user: Uuid) -> Result<()> {
    end(core, tx, Condition::all().add(Column::UserId.eq(user))).await
}

/// Takes back what has not left yet of the mails about changes of this account, which is about to go. Each is told from
/// other mails to its address by the moment at which its link expires.
pub(super) async fn withdraw_mails(tx: &DatabaseTransaction, user: UserId) -> Result<()> {
    let open = Entity::find().filter(Column::UserId.eq(user.0)).filter(Column::EndedAt.is_null());
    for change in open.all(tx).await? {
        mail::withdraw(tx, &change.new_email, Some(change.expires_at)).await?;
        mail::withdraw(tx, &change.old_email, Some(change.cancel_until)).await?;
    }
    Ok(())
}

async fn end(core: &Core, tx: &DatabaseTransaction, which: Condition) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(core.clock.now()))
        .filter(which)
        .filter(Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

fn unconfirmed() -> Condition {
    Condition::all().add(Column::ConfirmedAt.is_null()).add(Column::EndedAt.is_null())
}

/// One transaction: the change before it is over, this one waits, both addresses have their mails.
async fn store(core: &Core, origin: &Origin, proved: &Proved, email: &Email) -> Result<Waiting> {
    let tx = core.db.begin().await?;
    let user = proved.lock(&tx, "currentPassword").await?;
    let owner = users::Entity::find().filter(users::Column::EmailKey.eq(email.key())).one(&tx).await?;
    if owner.is_some() && core.settings.disclosure == Disclosure::Friendly {
        return Err(taken().at("newEmail").into());
    }
    mail_quota::take_or_tell(core, &tx, MailKind::EmailChange, &user.email_key).await?;
    mail_quota::take_or_tell(core, &tx, MailKind::ConfirmEmail, &email.key()).await?;
    end_waiting(core, &tx, user.id).await?;
    let links = Links { confirm: core.random.token(), cancel: core.random.token() };
    let change = insert(core, &tx, &user, email, &links).await?;
    write_mails(core, &tx, &user, &change, owner.as_ref(), &links).await?;
    let user = User::from(user);
    audit::commit(core, tx, Source::user(user.id, origin), Entry::new(Kind::ChangeEmail).about(user.id)).await?;
    Ok(Waiting { user: Arc::new(user), new_email: change.new_email, expires_at: change.expires_at })
}

async fn insert(
    core: &Core,
    tx: &DatabaseTransaction,
    user: &users::Model,
    email: &Email,
    links: &Links,
) -> Result<Model> {
    let (now, ttl) = (core.clock.now(), core.settings.ttl);
    let row = Model {
        id: core.random.uuid(now),
        user_id: user.id,
        old_email: user.email.clone(),
        old_verified_at: user.email_verified_at,
        new_email: email.as_str().to_owned(),
        new_email_key: email.key(),
        confirm_digest: digest_of(&links.confirm),
        cancel_digest: digest_of(&links.cancel),
        created_at: now,
        expires_at: now.plus(ttl.email_change),
        cancel_until: now.plus(ttl.email_cancel),
        confirmed_at: None,
        ended_at: None,
    };
    Entity::insert(ActiveModel::from(row.clone())).exec_without_returning(tx).await?;
    Ok(row)
}

/// To the new address the link that confirms it, or a word to its owner; to the old one the link that stops it all.
async fn write_mails(
    core: &Core,
    tx: &DatabaseTransaction,
    user: &users::Model,
    change: &Model,
    owner: Option<&users::Model>,
    links: &Links,
) -> Result<()> {
    let (to, ttl) = (&core.settings.links, core.settings.ttl);
    let (first_name, username) = (&*user.first_name, &*user.username);
    let (confirm, cancel) = (to.confirm_email(&links.confirm), to.cancel_email(&links.cancel));
    let reset_link = to.forgot_password();
    let new = match owner {
        None => {
            let link_minutes = ttl.email_change.as_secs().div_ceil(60);
            let letter = Letter::ConfirmEmail { first_name, username, link: &confirm, link_minutes };
            Outgoing { to: &change.new_email, letter, expires_at: Some(change.expires_at) }
        }
        Some(owner) => {
            let letter = Letter::AlreadyRegistered { first_name: &owner.first_name, reset_link: &reset_link };
            Outgoing { to: &owner.email, letter, expires_at: None }
        }
    };
    mail::post(core, tx, new).await?;
    let link_days = ttl.email_cancel.as_secs() / (24 * 3600);
    let letter = Letter::EmailChanging { first_name, username, link: &cancel, link_days };
    mail::post(core, tx, Outgoing { to: &user.email, letter, expires_at: Some(change.cancel_until) }).await
}

/// Gives the account that address. Whatever was mailed to the one before opens nothing any more, and whoever else
/// waits to prove this one waits in vain.
async fn move_to(
    core: &Core,
    tx: &DatabaseTransaction,
    user: users::Model,
    email: &Email,
    verified_at: Option<Time>,
) -> Result<users::Model> {
    if availability::user_with_email(tx, &email.key()).await?.is_some_and(|owner| owner != user.id) {
        return Err(taken().into());
    }
    for purpose in [Purpose::ResetPassword, Purpose::VerifyEmail] {
        one_time::burn(core, tx, purpose, user.id).await?;
    }
    verification::refuse_attempts(core, tx, &email.key()).await?;
    let mut change = users::ActiveModel::from(user);
    change.email = Set(email.as_str().to_owned());
    change.email_key = Set(email.key());
    change.email_verified_at = Set(verified_at);
    change.updated_at = Set(core.clock.now());
    change.update(tx).await.map_err(|error| match duplicate_key(&error) {
        // Somebody else was quicker, at this very moment.
        Some(_) => taken().into(),
        None => Error::from(error),
    })
}

fn taken() -> Fault {
    Fault::new(FaultCode::Taken, signup::EMAIL_TAKEN)
}
