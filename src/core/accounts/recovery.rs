//! A forgotten password: a link and a short code by mail, and a new password for one of them. The answer to
//! the request is the same whether there is an account or not, and nobody waits for a mail server.

use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::{
    UserId, email_change,
    entity::users,
    login,
    mail_quota::{self, MailKind},
    new_password,
    one_time::{self, Attempt, Proof, Purpose},
    types::Email,
};
use crate::core::{
    Core, Origin,
    audit::{self, Entry, Kind, Source},
    clock::Time,
    error::{Error, Faults, Result},
    events::Event,
    hasher::PasswordHash,
    limits::Quota,
    mail::{self, Outgoing, templates::Letter},
    sessions,
    viewer::Viewer,
};

/// Good once, until then.
pub struct ResetLink {
    pub link: String,
    pub expires_at: Time,
}

pub async fn forgot_password(core: &Core, origin: &Origin, email: &str) -> Result<()> {
    let email = Email::parse(email).map_err(|fault| fault.at("email"))?;
    audit::admit(core, origin, Quota::ForgotPassword, Kind::ForgotPassword).await?;
    core.db.retry(|| write_mail(core, origin, &email)).await?;
    core.outbox.ring();
    Ok(())
}

/// Sets a new password. Every session ends, and nobody is signed in: who resets a password logs in with it.
pub async fn reset_password(core: &Core, origin: &Origin, proof: Proof, new_password: &str) -> Result<()> {
    let entry = Entry::new(Kind::ResetPassword);
    audit::attempt(core, Source::anonymous(origin), entry, reset(core, origin, &proof, new_password)).await
}

async fn reset(core: &Core, origin: &Origin, proof: &Proof, new_password: &str) -> Result<()> {
    core.limits.attempt(Quota::Code, origin).await?;
    let attempt = one_time::attempt(core, Purpose::ResetPassword, proof).await?;
    let owner =
        one_time::peek(core, core.db.read(), Purpose::ResetPassword, &attempt).await?.ok_or_else(one_time::spent)?;
    let user = users::Entity::find_by_id(owner.subject).one(core.db.read()).await?.ok_or_else(one_time::spent)?;
    let mut faults = Faults::default();
    let about = [&*user.username, &*user.email, &*user.first_name, &*user.last_name];
    faults.check("newPassword", new_password::check(core, new_password, &about).await?);
    if !faults.is_empty() {
        return Err(faults.into());
    }
    let hash = core.hasher.hash(new_password).await?;
    core.db.retry(|| replace(core, origin, &attempt, &hash)).await?;
    core.outbox.ring();
    core.events.tell(Event::RightsChanged(UserId(user.id)));
    core.limits.forget_failures(&login::throttle_key(UserId(user.id))).await;
    Ok(())
}

/// A link for whoever cannot get the mail, to be handed over by who runs the server, and by nobody else: it opens the
/// account. Nothing is mailed, and until it is used nothing changes.
pub async fn reset_link(core: &Core, viewer: &Viewer, id: UserId) -> Result<ResetLink> {
    viewer.require_operator()?;
    core.db.retry(|| write_link(core, id)).await
}

async fn write_link(core: &Core, id: UserId) -> Result<ResetLink> {
    let tx = core.db.begin().await?;
    users::Entity::find_by_id(id.0).one(&tx).await?.ok_or(Error::NotFound)?;
    // Of no address: who comes by this link has not shown that a mail reached them.
    let issued = one_time::issue(core, &tx, Purpose::ResetPassword, "", Some(id.0)).await?;
    audit::commit(core, tx, Source::operator(), Entry::new(Kind::CreateResetLink).about(id)).await?;
    let expires_at = core.clock.now().plus(core.settings.ttl.reset_token);
    Ok(ResetLink { link: core.settings.links.reset_password(&issued.token), expires_at })
}

/// The mail goes to the address of the account, never to the one that was typed.
async fn write_mail(core: &Core, origin: &Origin, email: &Email) -> Result<()> {
    let tx = core.db.begin().await?;
    let allowed = mail_quota::take(core, &tx, MailKind::ResetPassword, &email.key(), true).await?;
    let user = users::Entity::find().filter(users::Column::EmailKey.eq(email.key())).one(&tx).await?;
    let user = user.filter(|_| allowed);
    let subject = user.as_ref().map(|user| user.id);
    let issued = one_time::issue(core, &tx, Purpose::ResetPassword, &email.key(), subject).await?;
    if let Some(user) = user {
        let ttl = core.settings.ttl;
        let letter = Letter::ResetPassword {
            first_name: &user.first_name,
            username: &user.username,
            link: &core.settings.links.reset_password(&issued.token),
            code: &issued.code,
            link_minutes: ttl.reset_token.as_secs().div_ceil(60),
            code_minutes: ttl.short_code.as_secs().div_ceil(60),
        };
        let expires_at = Some(core.clock.now().plus(ttl.reset_token));
        mail::post(core, &tx, Outgoing { to: &user.email, letter, expires_at }).await?;
    }
    let entry = Entry::new(Kind::ForgotPassword).about(subject.map(UserId));
    audit::commit(core, tx, Source::anonymous(origin), entry).await
}

/// One transaction: the proof is used up, the password replaced, every session ended, the owner told.
async fn replace(core: &Core, origin: &Origin, attempt: &Attempt, hash: &PasswordHash) -> Result<()> {
    let tx = core.db.begin().await?;
    let redeemed = one_time::redeem(core, &tx, Purpose::ResetPassword, attempt).await?;
    let user = users::Entity::find_by_id(redeemed.subject).one(&tx).await?.ok_or_else(one_time::spent)?;
    let now = core.clock.now();
    // The mail reached its reader, which proves the address, but only the one that it was sent to.
    let proved = (user.email_key == redeemed.email_key).then_some(now);
    let verified_at = user.email_verified_at.or(proved);
    let mut change = users::ActiveModel::from(user);
    change.password_hash = Set(hash.hash.clone());
    change.password_scheme = Set(hash.scheme.clone());
    change.email_verified_at = Set(verified_at);
    change.updated_at = Set(now);
    let user = change.update(&tx).await?;
    one_time::burn(core, &tx, Purpose::ResetPassword, user.id).await?;
    email_change::end_waiting(core, &tx, user.id).await?;
    sessions::end_all(core, &tx, UserId(user.id)).await?;
    new_password::tell_owner(core, &tx, &user).await?;
    let user = UserId(user.id);
    audit::commit(core, tx, Source::user(user, origin), Entry::new(Kind::ResetPassword).about(user)).await
}
