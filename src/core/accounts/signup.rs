//! Sign-up. With verification required an account exists once its address is proved; until then there is a
//! row in `signups`, one for each attempt, which holds the username. So nobody can squat on an address: whoever
//! proves it gets the password of their own attempt, and every other attempt is gone.
//!
//! Under strict disclosure a taken address gets the same answer, for the same work: the row is written too, and
//! the owner gets a mail that says so.

use sea_orm::{DatabaseTransaction, EntityTrait as _};
use uuid::Uuid;

use super::{
    User, availability,
    entity::{signups, users},
    held_username,
    mail_quota::{self, MailKind},
    new_password,
    one_time::{self, Purpose},
    types::{Email, PersonName, Username},
};
use crate::core::{
    Core, Origin,
    audit::{self, Entry, Kind, Source},
    clock::Time,
    error::{Error, Fault, FaultCode, Faults, Result, duplicate_key},
    hasher::PasswordHash,
    limits::Quota,
    mail::{self, Outgoing, templates::Letter},
    search,
    sessions::{self, NewSession, Opened, Wish},
    settings::{Disclosure, Verification},
    viewer::Role,
};

pub(super) const EMAIL_TAKEN: &str = "This e-mail address has an account already.";

/// What somebody typed into the form.
pub struct NewAccount {
    pub username: String,
    pub email: String,
    pub password: String,
    pub first_name: String,
    pub last_name: String,
}

/// What may be said about a sign-up: the user, who is signed in at once, only where no proof is required and strangers
/// may learn who has an account.
pub struct SignedUp {
    pub email: Email,
    pub opened: Option<Opened>,
}

/// Who makes an account. That decides which names may be had, and whether a taken address is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Oneself,
    Operator,
}

pub(super) struct Parsed {
    pub username: Username,
    pub email: Email,
    pub first_name: PersonName,
    pub last_name: PersonName,
}

impl Parsed {
    /// The row of a user who is made at that moment.
    pub(super) fn row(
        &self,
        id: Uuid,
        hash: &PasswordHash,
        role: Role,
        email_verified_at: Option<Time>,
        now: Time,
    ) -> users::Model {
        users::Model {
            id,
            username: self.username.as_str().to_owned(),
            username_key: self.username.key(),
            email: self.email.as_str().to_owned(),
            email_key: self.email.key(),
            first_name: self.first_name.as_str().to_owned(),
            last_name: self.last_name.as_str().to_owned(),
            search_text: search::folded([self.username.as_str(), self.first_name.as_str(), self.last_name.as_str()]),
            role: role.as_str().to_owned(),
            password_hash: hash.hash.clone(),
            password_scheme: hash.scheme.clone(),
            email_verified_at,
            suspended_until: None,
            suspended_reason: None,
            last_login_at: None,
            created_at: now,
            updated_at: now,
            avatar: None,
        }
    }
}

pub async fn signup(core: &Core, origin: &Origin, new: NewAccount, session: NewSession) -> Result<SignedUp> {
    let mut faults = Faults::default();
    let wish = faults.check("deviceName", Wish::parse(session));
    let parsed = parse(core, &new, By::Oneself, faults).await?;
    audit::admit(core, origin, Quota::Signup, Kind::Signup).await?;
    let hash = core.hasher.hash(&new.password).await?;
    let stored = core.db.retry(|| store(core, origin, &parsed, &hash)).await?;
    core.outbox.ring();
    let opened = match (stored.filter(|_| core.settings.disclosure == Disclosure::Friendly), wish) {
        (Some(user), Some(wish)) => sessions::open(core, origin, user, &hash.hash, wish).await?,
        _ => None,
    };
    Ok(SignedUp { email: parsed.email, opened })
}

/// Every fault of the input at once, those that are known already and a taken name among them.
pub(super) async fn parse(core: &Core, new: &NewAccount, by: By, mut faults: Faults) -> Result<Parsed> {
    let (username, disclosure) = match by {
        By::Oneself => (availability::choose(core, &new.username, None).await?, core.settings.disclosure),
        By::Operator => (Username::parse_even_reserved(&new.username), Disclosure::Friendly),
    };
    let username = faults.check("username", username);
    let email = faults.check("email", Email::parse(&new.email));
    let about = [&*new.username, &*new.email, &*new.first_name, &*new.last_name];
    faults.check("password", new_password::check(core, &new.password, &about).await?);
    let first_name = faults.check("firstName", PersonName::parse(&new.first_name));
    let last_name = faults.check("lastName", PersonName::parse(&new.last_name));
    if let Some(username) = &username
        && availability::is_username_taken(core, core.db.read(), username).await?
    {
        faults.push(username_taken());
    }
    if let Some(email) = &email
        && disclosure == Disclosure::Friendly
        && availability::user_with_email(core.db.read(), &email.key()).await?.is_some()
    {
        faults.push(email_taken());
    }
    match (username, email, first_name, last_name) {
        (Some(username), Some(email), Some(first_name), Some(last_name)) if faults.is_empty() => {
            Ok(Parsed { username, email, first_name, last_name })
        }
        _ => Err(faults.into()),
    }
}

pub(super) fn username_taken() -> Fault {
    Fault::new(FaultCode::Taken, "This username is taken.").at("username")
}

pub(super) fn email_taken() -> Fault {
    Fault::new(FaultCode::Taken, EMAIL_TAKEN).at("email")
}

/// One transaction: the row, the token, the mail. The user is there at once only where no proof is required.
async fn store(core: &Core, origin: &Origin, new: &Parsed, hash: &PasswordHash) -> Result<Option<User>> {
    let tx = core.db.begin().await?;
    let owner = availability::user_with_email(&tx, &new.email.key()).await?;
    let mut user = None;
    let subject = if core.settings.verification == Verification::Optional && owner.is_none() {
        let made = insert_user(core, &tx, new, hash, Role::User, false).await?;
        user = Some(User::from(made.clone()));
        made.id
    } else if owner.is_some() && core.settings.disclosure == Disclosure::Friendly {
        return Err(email_taken().into());
    } else {
        insert_signup(core, &tx, new, hash).await?
    };
    write_mail(core, &tx, new, owner, subject).await?;
    let id = user.as_ref().map(|user| user.id);
    let by = id.map_or_else(|| Source::anonymous(origin), |user| Source::user(user, origin));
    audit::commit(core, tx, by, Entry::new(Kind::Signup).about(id)).await?;
    Ok(user)
}

/// Verification for a new address; for a taken one, a word to its owner.
async fn write_mail(
    core: &Core,
    tx: &DatabaseTransaction,
    new: &Parsed,
    owner: Option<Uuid>,
    subject: Uuid,
) -> Result<()> {
    let allowed = mail_quota::take(core, tx, MailKind::VerifyEmail, &new.email.key(), false).await?;
    let subject = Some(subject).filter(|_| owner.is_none() && allowed);
    let issued = one_time::issue(core, tx, Purpose::VerifyEmail, &new.email.key(), subject).await?;
    if !allowed {
        return Ok(());
    }
    match owner {
        None => {
            let to = new.email.as_str();
            verification_mail(core, tx, to, new.first_name.as_str(), new.username.as_str(), &issued).await
        }
        Some(owner) => {
            let Some(owner) = users::Entity::find_by_id(owner).one(tx).await? else { return Ok(()) };
            let letter = Letter::AlreadyRegistered {
                first_name: &owner.first_name,
                reset_link: &core.settings.links.forgot_password(),
            };
            mail::post(core, tx, Outgoing { to: &owner.email, letter, expires_at: None }).await
        }
    }
}

pub(super) async fn verification_mail(
    core: &Core,
    tx: &DatabaseTransaction,
    to: &str,
    first_name: &str,
    username: &str,
    issued: &one_time::Issued,
) -> Result<()> {
    let ttl = core.settings.ttl;
    let letter = Letter::VerifyEmail {
        first_name,
        username,
        link: &core.settings.links.verify_email(&issued.token),
        code: &issued.code,
        link_hours: ttl.verify_token.as_secs().div_ceil(3600),
        code_minutes: ttl.short_code.as_secs().div_ceil(60),
    };
    let expires_at = Some(core.clock.now().plus(ttl.verify_token));
    mail::post(core, tx, Outgoing { to, letter, expires_at }).await
}

/// Holds the username until the proof comes or the time is over.
async fn insert_signup(core: &Core, tx: &DatabaseTransaction, new: &Parsed, hash: &PasswordHash) -> Result<Uuid> {
    let now = core.clock.now();
    let row = signups::Model {
        id: core.random.uuid(now),
        username: new.username.as_str().to_owned(),
        username_key: new.username.key(),
        email: new.email.as_str().to_owned(),
        email_key: new.email.key(),
        first_name: new.first_name.as_str().to_owned(),
        last_name: new.last_name.as_str().to_owned(),
        password_hash: hash.hash.clone(),
        password_scheme: hash.scheme.clone(),
        created_at: now,
        expires_at: now.plus(core.settings.ttl.verify_token),
    };
    held_username::hold(core, tx, &row).await?;
    Ok(row.id)
}

/// A new user. Either unique index may refuse it.
pub(super) async fn insert_user(
    core: &Core,
    tx: &DatabaseTransaction,
    new: &Parsed,
    hash: &PasswordHash,
    role: Role,
    verified: bool,
) -> Result<users::Model> {
    let now = core.clock.now();
    let row = new.row(core.random.uuid(now), hash, role, verified.then_some(now), now);
    let insert = users::Entity::insert(users::ActiveModel::from(row.clone())).exec_without_returning(tx).await;
    match insert {
        Ok(_) => Ok(row),
        Err(error) => match duplicate_key(&error) {
            Some(key) if key.contains("username_key") => Err(username_taken().into()),
            // Another transaction was quicker with this address. The next try finds its owner and answers by the
            // rule of disclosure.
            Some(_) => Err(Error::Conflict("the address was taken meanwhile".into())),
            None => Err(error.into()),
        },
    }
}
