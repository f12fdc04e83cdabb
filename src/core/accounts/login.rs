//! Login by username or e-mail address. Whatever is wrong with it, the answer is one and the same, after the
//! same work whether there is an account or not. Only who knows the password learns more.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, sea_query::Expr};

use super::{
    User, UserId,
    entity::{signups, users},
    management::FOR_EVER,
    password,
    types::{Email, Username},
};
use crate::core::{
    Core, Origin,
    audit::{self, Entry, Kind, Source},
    error::{Error, Fault, FaultCode, Result},
    hasher::{PasswordHash, Verdict},
    limits::Quota,
    sessions::{self, NewSession, Opened, Wish},
};

pub struct Credentials {
    pub identifier: String,
    pub password: String,
    pub session: NewSession,
}

/// Whom the identifier may stand for. An address may have a user and, at the same time, somebody who signed up with
/// it and has not proved it.
struct Named {
    /// The name in its one spelling: failures of a name that nobody has count like those of an account.
    key: String,
    user: Option<Box<users::Model>>,
    waiting: Option<PasswordHash>,
}

/// Whose password it was.
enum Owner {
    User(Box<users::Model>, Verdict),
    Waiting,
    Nobody,
}

pub async fn login(core: &Core, origin: &Origin, credentials: Credentials) -> Result<Opened> {
    let wish = Wish::parse(credentials.session).map_err(|fault| fault.at("deviceName"))?;
    audit::admit(core, origin, Quota::Login, Kind::Login).await?;
    let named = find(core, &credentials.identifier).await?;
    let entry = Entry::new(Kind::Login).about(named.user.as_ref().map(|user| UserId(user.id)));
    audit::attempt(core, Source::anonymous(origin), entry, log_in(core, origin, named, &credentials.password, wish))
        .await
}

async fn log_in(core: &Core, origin: &Origin, named: Named, password: &str, wish: Wish) -> Result<Opened> {
    let account = named.throttle_key();
    core.limits.may_log_in(&account, origin).await?;
    let owner = verify(core, password, named).await?;
    if matches!(owner, Owner::Nobody) {
        core.limits.failed_login(&account, origin).await?;
        return Err(wrong());
    }
    // Once more: in a crowd of guesses the right one must not stand out.
    core.limits.may_log_in(&account, origin).await?;
    let Owner::User(user, verdict) = owner else {
        // This counts too: the password may have been tried on a user of that address first.
        core.limits.failed_login(&account, origin).await?;
        return Err(not_verified());
    };
    let hash = PasswordHash { hash: user.password_hash.clone(), scheme: user.password_scheme.clone() };
    refuse_if_suspended(core, &user)?;
    let user = User::from(*user);
    core.limits.forget_failures(&account).await;
    let hash = match verdict {
        Verdict::Outdated => rehash(core, user.id, password, hash).await?,
        Verdict::Right | Verdict::Wrong => hash,
    };
    sessions::open(core, origin, user, &hash.hash, wish).await?.ok_or_else(wrong)
}

impl Named {
    fn nobody(key: String) -> Self {
        Self { key, user: None, waiting: None }
    }

    /// Failures count for the account, by whichever of its two names it was tried.
    fn throttle_key(&self) -> String {
        self.user.as_ref().map_or_else(|| format!("name:{}", self.key), |user| throttle_key(UserId(user.id)))
    }
}

pub(super) fn throttle_key(user: UserId) -> String {
    format!("user:{}", user.0)
}

async fn find(core: &Core, identifier: &str) -> Result<Named> {
    let typed = identifier.trim();
    let (key, user, waiting) = if typed.contains('@') {
        let Ok(email) = Email::parse(typed) else { return Ok(Named::nobody(malformed(typed))) };
        let key = email.key();
        (key.clone(), users::Column::EmailKey.eq(&key), signups::Column::EmailKey.eq(&key))
    } else {
        let Ok(username) = Username::parse_even_reserved(typed) else { return Ok(Named::nobody(malformed(typed))) };
        let key = username.key();
        (key.clone(), users::Column::UsernameKey.eq(&key), signups::Column::UsernameKey.eq(&key))
    };
    let db = core.db.read();
    let user = users::Entity::find().filter(user).one(db).await?.map(Box::new);
    let waiting = signups::Entity::find()
        .filter(waiting)
        .filter(signups::Column::ExpiresAt.gt(core.clock.now()))
        .order_by_desc(signups::Column::CreatedAt)
        .one(db)
        .await?
        .map(|row| PasswordHash { hash: row.password_hash, scheme: row.password_scheme });
    Ok(Named { key, user, waiting })
}

fn malformed(typed: &str) -> String {
    typed.chars().take(254).collect::<String>().to_lowercase()
}

/// One hash for the user, or for nobody; another for who waits. Were the second left out where there is a user,
/// whoever signs up with a foreign address could find out by a login whether it has an account.
async fn verify(core: &Core, password: &str, named: Named) -> Result<Owner> {
    // Longer than any password that was ever accepted: not worth a hash.
    if password.len() > password::MAX_BYTES {
        return Ok(Owner::Nobody);
    }
    let of_user =
        |user: &users::Model| PasswordHash { hash: user.password_hash.clone(), scheme: user.password_scheme.clone() };
    let verdict = core.hasher.verify(password, named.user.as_deref().map(of_user)).await?;
    if let (Some(user), true) = (named.user, verdict != Verdict::Wrong) {
        return Ok(Owner::User(user, verdict));
    }
    let Some(waiting) = named.waiting else { return Ok(Owner::Nobody) };
    let wrong = core.hasher.verify(password, Some(waiting)).await? == Verdict::Wrong;
    Ok(if wrong { Owner::Nobody } else { Owner::Waiting })
}

/// Makes the hash again at today's cost. Where somebody else wrote another one meanwhile, that one decides.
async fn rehash(core: &Core, user: UserId, password: &str, old: PasswordHash) -> Result<PasswordHash> {
    let new = core.hasher.hash(password).await?;
    let written = users::Entity::update_many()
        .col_expr(users::Column::PasswordHash, Expr::value(new.hash.clone()))
        .col_expr(users::Column::PasswordScheme, Expr::value(new.scheme.clone()))
        .filter(users::Column::Id.eq(user.0))
        .filter(users::Column::PasswordHash.eq(old.hash))
        .exec(core.db.write())
        .await?;
    if written.rows_affected == 1 {
        return Ok(new);
    }
    let user = users::Entity::find_by_id(user.0).one(core.db.read()).await?.ok_or_else(wrong)?;
    let hash = PasswordHash { hash: user.password_hash, scheme: user.password_scheme };
    match core.hasher.verify(password, Some(hash.clone())).await? {
        Verdict::Wrong => Err(wrong()),
        Verdict::Right | Verdict::Outdated => Ok(hash),
    }
}

fn refuse_if_suspended(core: &Core, user: &users::Model) -> Result<()> {
    let Some(until) = user.suspended_until.filter(|until| *until > core.clock.now()) else { return Ok(()) };
    let until = match until {
        FOR_EVER => String::new(),
        until => format!(" until {}", until.in_words()),
    };
    let reason = user.suspended_reason.as_deref().map(|reason| format!(" The reason: {reason}")).unwrap_or_default();
    let message = format!("This account is suspended{until}.{reason}");
    Err(Fault::new(FaultCode::AccountSuspended, message).into())
}

fn wrong() -> Error {
    Fault::new(FaultCode::InvalidCredentials, "The name or the password is wrong.").into()
}

fn not_verified() -> Error {
    let message = "The e-mail address is not verified yet. Follow the link in the mail, or ask for a new one.";
    Fault::new(FaultCode::EmailNotVerified, message).into()
}
