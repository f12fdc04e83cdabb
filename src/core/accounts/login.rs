//! Login by username or e-mail address. Whatever is wrong with it, the answer is one and the same, after the
//! same work: one hash for a username, two for an address. Only who knows the password learns more.
//!
//! An address may stand for a user and for a sign-up that waits for its proof. Both are tried, always: else
//! whoever signed up with it would learn here, from their own password, that it has an account already.

use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    sea_query::{Expr, SimpleExpr},
};

use super::{
    User, UserId,
    entity::{signups, users},
    password,
    types::{DeviceName, Email, Username},
};
use crate::core::{
    Core, Origin,
    error::{Error, Fault, FaultCode, Result},
    hasher::{PasswordHash, Verdict},
    limits::Quota,
    sessions::{self, Opened},
};

pub struct Credentials {
    pub identifier: String,
    pub password: String,
    pub device_name: Option<String>,
}

/// Who the identifier may stand for.
enum Candidate {
    User(Box<users::Model>),
    /// Signed up, and the address not proved yet.
    Waiting(PasswordHash),
    Nobody,
}

pub async fn login(core: &Core, origin: &Origin, credentials: Credentials) -> Result<Opened> {
    let device = credentials.device_name.as_deref().map(DeviceName::parse).transpose();
    let device = device.map_err(|fault| fault.at("deviceName"))?;
    core.limits.attempt(Quota::Login, origin)?;
    let candidates = find(core, &credentials.identifier).await?;
    let account = throttle_key_of(&candidates, &credentials.identifier);
    core.limits.may_log_in(&account, origin)?;
    let (candidate, verdict) = first_proved(core, &credentials.password, candidates).await?;
    let Candidate::User(user) = candidate else {
        // A right password before the proof counts too: what it was tried on first may have been a user's.
        core.limits.failed_login(&account, origin);
        tracing::info!(address = %origin.address, "login refused");
        return Err(if verdict == Verdict::Wrong { wrong() } else { not_verified() });
    };
    let hash = PasswordHash { hash: user.password_hash.clone(), scheme: user.password_scheme.clone() };
    refuse_if_suspended(core, &user)?;
    let user = User::from(*user);
    core.limits.forget_failures(&account);
    if verdict == Verdict::Outdated {
        rehash(core, user.id, &credentials.password, &hash).await?;
    }
    let opened = sessions::open(core, origin, user, device).await?;
    tracing::info!(user = %opened.user.id.0, session = %opened.session.id.0, address = %origin.address, "login");
    Ok(opened)
}

/// Failures count for the account, by whichever of its two names it was tried.
fn throttle_key_of(candidates: &[Candidate], identifier: &str) -> String {
    match candidates.first() {
        Some(Candidate::User(user)) => throttle_key(UserId(user.id)),
        _ => format!("name:{}", identifier.trim().chars().take(254).collect::<String>().to_lowercase()),
    }
}

pub(super) fn throttle_key(user: UserId) -> String {
    format!("user:{}", user.0)
}

/// Whom to try, the same number of them whatever there is.
async fn find(core: &Core, identifier: &str) -> Result<Vec<Candidate>> {
    if identifier.contains('@') {
        let Ok(email) = Email::parse(identifier.trim()) else { return Ok(vec![Candidate::Nobody]) };
        let user = user(core, users::Column::EmailKey.eq(email.key())).await?;
        let waiting = waiting(core, signups::Column::EmailKey.eq(email.key())).await?;
        return Ok(vec![user.unwrap_or(Candidate::Nobody), waiting.unwrap_or(Candidate::Nobody)]);
    }
    let Ok(username) = Username::parse_even_reserved(identifier.trim()) else { return Ok(vec![Candidate::Nobody]) };
    let found = match user(core, users::Column::UsernameKey.eq(username.key())).await? {
        None => waiting(core, signups::Column::UsernameKey.eq(username.key())).await?,
        user => user,
    };
    Ok(vec![found.unwrap_or(Candidate::Nobody)])
}

async fn user(core: &Core, by: SimpleExpr) -> Result<Option<Candidate>> {
    let found = users::Entity::find().filter(by).one(core.db.read()).await?;
    Ok(found.map(|user| Candidate::User(Box::new(user))))
}

/// The newest of them.
async fn waiting(core: &Core, by: SimpleExpr) -> Result<Option<Candidate>> {
    let found = signups::Entity::find()
        .filter(by)
        .filter(signups::Column::ExpiresAt.gt(core.clock.now()))
        .order_by_desc(signups::Column::CreatedAt)
        .one(core.db.read())
        .await?;
    Ok(found.map(|row| Candidate::Waiting(PasswordHash { hash: row.password_hash, scheme: row.password_scheme })))
}

/// The first candidate whose password it is; nobody when it is wrong for all.
async fn first_proved(core: &Core, password: &str, candidates: Vec<Candidate>) -> Result<(Candidate, Verdict)> {
    for candidate in candidates {
        let verdict = verify(core, password, &candidate).await?;
        if verdict != Verdict::Wrong {
            return Ok((candidate, verdict));
        }
    }
    Ok((Candidate::Nobody, Verdict::Wrong))
}

async fn verify(core: &Core, password: &str, candidate: &Candidate) -> Result<Verdict> {
    // Longer than any password that was ever accepted: not worth a hash.
    if password.len() > password::MAX_BYTES {
        return Ok(Verdict::Wrong);
    }
    let stored = match candidate {
        Candidate::User(user) => {
            Some(PasswordHash { hash: user.password_hash.clone(), scheme: user.password_scheme.clone() })
        }
        Candidate::Waiting(hash) => Some(hash.clone()),
        Candidate::Nobody => None,
    };
    core.hasher.verify(password, stored).await
}

/// Makes the hash again at today's cost, unless the password was changed meanwhile.
async fn rehash(core: &Core, user: UserId, password: &str, old: &PasswordHash) -> Result<()> {
    let new = core.hasher.hash(password).await?;
    users::Entity::update_many()
        .col_expr(users::Column::PasswordHash, Expr::value(new.hash))
        .col_expr(users::Column::PasswordScheme, Expr::value(new.scheme))
        .filter(users::Column::Id.eq(user.0))
        .filter(users::Column::PasswordHash.eq(&old.hash))
        .exec(core.db.write())
        .await?;
    Ok(())
}

fn refuse_if_suspended(core: &Core, user: &users::Model) -> Result<()> {
    let Some(until) = user.suspended_until.filter(|until| *until > core.clock.now()) else { return Ok(()) };
    let until = until.to_utc().format("%Y-%m-%d %H:%M UTC");
    let reason = user.suspended_reason.as_deref().map(|reason| format!(" The reason: {reason}")).unwrap_or_default();
    let message = format!("This account is suspended until {until}.{reason}");
    Err(Fault::new(FaultCode::AccountSuspended, message).into())
}

fn wrong() -> Error {
    Fault::new(FaultCode::InvalidCredentials, "The name or the password is wrong.").into()
}

fn not_verified() -> Error {
    let message = "The e-mail address is not verified yet. Follow the link in the mail, or ask for a new one.";
    Fault::new(FaultCode::EmailNotVerified, message).into()
}
