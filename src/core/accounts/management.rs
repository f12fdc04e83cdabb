//! What administrators do with accounts, and who runs the server. The last of them cannot lose the role, the account or
//! the access, whatever races: every change to an administrator first locks the rows of all of them.

use std::sync::Arc;

use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, DatabaseTransaction, EntityTrait as _, ModelTrait as _,
    QueryFilter as _, QuerySelect as _,
};

use super::{
    User, UserId, availability, email_change,
    entity::users::{ActiveModel, Column, Entity, Model},
    held_username,
    one_time::{self, Purpose},
    signup::{self, By, NewAccount},
    types::{Email, PersonName, Username},
};
use crate::core::{
    Core, Origin,
    audit::{self, Entry, Field, Kind, Source},
    clock::Time,
    error::{Error, Fault, FaultCode, Faults, Result, duplicate_key},
    events::Event,
    hasher::PasswordHash,
    search, sessions,
    viewer::{Role, Viewer},
};

/// A suspension without an end: the year 9999.
pub(super) const FOR_EVER: Time = Time(253_370_764_800_000_000);
const REASON_CHARS: usize = 500;

/// What is to be changed; what is absent stays.
#[derive(Default)]
pub struct Change {
    pub username: Option<String>,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// What is wrong with the input already; it is told with the rest.
    pub faults: Faults,
}

pub struct Suspension {
    pub until: Option<Time>,
    pub reason: Option<String>,
}

/// What a change takes from a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Nothing,
    Rights,
    /// And with it every session.
    Access,
}

/// A change to one row of `users`, checked and ready to be written.
struct Checked {
    username: Option<Username>,
    email: Option<Email>,
    first_name: Option<PersonName>,
    last_name: Option<PersonName>,
}

impl Checked {
    /// What is to be written, without the values: they are personal, and this is kept when the user goes.
    fn fields(&self) -> Vec<audit::Change> {
        let fields = [
            (Field::Username, self.username.is_some()),
            (Field::Email, self.email.is_some()),
            (Field::FirstName, self.first_name.is_some()),
            (Field::LastName, self.last_name.is_some()),
        ];
        fields.into_iter().filter(|(_, given)| *given).map(|(field, _)| audit::Change::of(field)).collect()
    }
}

/// Makes a user whose address counts as verified: the administrator vouches for it.
pub async fn create(core: &Core, viewer: &Viewer, origin: &Origin, new: NewAccount, role: Role) -> Result<Arc<User>> {
    viewer.require(Role::Admin)?;
    let parsed = signup::parse(core, &new, By::Operator, Faults::default()).await?;
    let hash = core.hasher.hash(&new.password).await?;
    core.db.retry(|| insert(core, Source::viewer(viewer, origin), &parsed, &hash, role)).await
}

pub async fn update(core: &Core, viewer: &Viewer, origin: &Origin, id: UserId, change: Change) -> Result<Arc<User>> {
    viewer.require(Role::Admin)?;
    let change = check(core, id, change).await?;
    core.db.retry(|| store(core, Source::viewer(viewer, origin), id, &change)).await
}

pub async fn set_role(core: &Core, viewer: &Viewer, origin: &Origin, id: UserId, role: Role) -> Result<Arc<User>> {
    viewer.require(Role::Admin)?;
    let now = core.clock.now();
    let change = || ActiveModel { role: Set(role.as_str().to_owned()), updated_at: Set(now), ..Default::default() };
    let takes = if role == Role::Admin { Takes::Nothing } else { Takes::Rights };
    let by = Source::viewer(viewer, origin);
    core.db.retry(|| alter(core, by, Kind::SetUserRole, id, takes, change())).await
}

pub async fn suspend(
    core: &Core,
    viewer: &Viewer,
    origin: &Origin,
    id: UserId,
    suspension: Suspension,
) -> Result<Arc<User>> {
    viewer.require(Role::Admin)?;
    let now = core.clock.now();
    let mut faults = Faults::default();
    if suspension.until.is_some_and(|until| until <= now) {
        faults.push(Fault::new(FaultCode::Invalid, "Choose a moment that is yet to come.").at("until"));
    }
    let reason = suspension.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > REASON_CHARS) {
        faults.push(Fault::new(FaultCode::TooLong, format!("Use at most {REASON_CHARS} characters.")).at("reason"));
    }
    if reason.is_some_and(|reason| reason.chars().any(char::is_control)) {
        faults.push(Fault::new(FaultCode::Invalid, "Leave out line breaks and control characters.").at("reason"));
    }
    if !faults.is_empty() {
        return Err(faults.into());
    }
    let change = || ActiveModel {
        suspended_until: Set(Some(suspension.until.unwrap_or(FOR_EVER))),
        suspended_reason: Set(reason.map(str::to_owned)),
        updated_at: Set(now),
        ..Default::default()
    };
    let by = Source::viewer(viewer, origin);
    core.db.retry(|| alter(core, by, Kind::SuspendUser, id, Takes::Access, change())).await
}

pub async fn reinstate(core: &Core, viewer: &Viewer, origin: &Origin, id: UserId) -> Result<Arc<User>> {
    viewer.require(Role::Admin)?;
    let now = core.clock.now();
    let change = || ActiveModel {
        suspended_until: Set(None),
        suspended_reason: Set(None),
        updated_at: Set(now),
        ..Default::default()
    };
    let by = Source::viewer(viewer, origin);
    core.db.retry(|| alter(core, by, Kind::ReinstateUser, id, Takes::Nothing, change())).await
}

async fn insert(
    core: &Core,
    by: Source<'_>,
    new: &signup::Parsed,
    hash: &PasswordHash,
    role: Role,
) -> Result<Arc<User>> {
    let tx = core.db.begin().await?;
    if availability::user_with_email(&tx, &new.email.key()).await?.is_some() {
        return Err(signup::email_taken().into());
    }
    let held = held_username::hold_for_now(core, &tx, &new.username).await?;
    let user = signup::insert_user(core, &tx, new, hash, role, true).await?;
    held.delete(&tx).await?;
    let change = audit::Change::from_to(Field::Role, None, role.as_str().to_owned());
    let entry = Entry::new(Kind::CreateUser).about(UserId(user.id)).changing(vec![change]);
    audit::commit(core, tx, by, entry).await?;
    Ok(Arc::new(User::from(user)))
}

/// Every fault at once, a name or an address of somebody else among them.
async fn check(core: &Core, id: UserId, change: Change) -> Result<Checked> {
    let mut faults = change.faults;
    let username = change.username.as_deref();
    let username = username.and_then(|name| faults.check("username", Username::parse_even_reserved(name)));
    let email = change.email.as_deref().and_then(|email| faults.check("email", Email::parse(email)));
    let first_name = change.first_name.as_deref();
    let first_name = first_name.and_then(|name| faults.check("firstName", PersonName::parse(name)));
    let last_name = change.last_name.as_deref();
    let last_name = last_name.and_then(|name| faults.check("lastName", PersonName::parse(name)));
    if let Some(username) = &username
        && availability::is_username_taken_for(core, core.db.read(), username, id).await?
    {
        faults.push(signup::username_taken());
    }
    if let Some(email) = &email
        && availability::user_with_email(core.db.read(), &email.key()).await?.is_some_and(|owner| owner != id.0)
    {
        faults.push(signup::email_taken());
    }
    if faults.is_empty() { Ok(Checked { username, email, first_name, last_name }) } else { Err(faults.into()) }
}

async fn store(core: &Core, by: Source<'_>, id: UserId, change: &Checked) -> Result<Arc<User>> {
    let tx = core.db.begin().await?;
    let before = Entity::find_by_id(id.0).lock_exclusive().one(&tx).await?.ok_or(Error::NotFound)?;
    let now = core.clock.now();
    let mut row = ActiveModel { id: Set(id.0), updated_at: Set(now), ..Default::default() };
    let mut held = None;
    if let Some(username) = &change.username {
        if username.key() != before.username_key {
            held = Some(held_username::hold_for_now(core, &tx, username).await?);
        }
        row.username = Set(username.as_str().to_owned());
        row.username_key = Set(username.key());
    }
    if let Some(email) = &change.email {
        row.email = Set(email.as_str().to_owned());
        row.email_key = Set(email.key());
        row.email_verified_at = Set(Some(now));
        if email.key() != before.email_key {
            // Mails to the old address open nothing any more.
            one_time::burn(core, &tx, Purpose::ResetPassword, id.0).await?;
            one_time::burn(core, &tx, Purpose::VerifyEmail, id.0).await?;
            email_change::end_all(core, &tx, id.0).await?;
        }
    }
    if let Some(name) = &change.first_name {
        row.first_name = Set(name.as_str().to_owned());
    }
    if let Some(name) = &change.last_name {
        row.last_name = Set(name.as_str().to_owned());
    }
    let username = change.username.as_ref().map_or(&*before.username, Username::as_str);
    let first_name = change.first_name.as_ref().map_or(&*before.first_name, PersonName::as_str);
    let last_name = change.last_name.as_ref().map_or(&*before.last_name, PersonName::as_str);
    row.search_text = Set(search::folded([username, first_name, last_name]));
    let user = row.update(&tx).await.map_err(|error| match duplicate_key(&error) {
        Some(key) if key.contains("username_key") => signup::username_taken().into(),
        Some(_) => signup::email_taken().into(),
        None => Error::from(error),
    })?;
    if let Some(held) = held {
        held.delete(&tx).await?;
    }
    let entry = Entry::new(Kind::UpdateUser).about(id).changing(change.fields());
    audit::commit(core, tx, by, entry).await?;
    Ok(Arc::new(User::from(user)))
}

/// Writes a change that may take an administrator away.
async fn alter(
    core: &Core,
    by: Source<'_>,
    kind: Kind,
    id: UserId,
    takes: Takes,
    mut change: ActiveModel,
) -> Result<Arc<User>> {
    let tx = core.db.begin().await?;
    if takes != Takes::Nothing {
        keep_an_administrator(core, &tx, id).await?;
    }
    let user = Entity::find_by_id(id.0).lock_exclusive().one(&tx).await?.ok_or(Error::NotFound)?;
    if takes == Takes::Access {
        sessions::end_all(core, &tx, id).await?;
    }
    change.id = Set(user.id);
    let before = user;
    let user = change.update(&tx).await?;
    audit::commit(core, tx, by, Entry::new(kind).about(id).changing(altered(&before, &user))).await?;
    core.events.tell(Event::RightsChanged(id));
    Ok(Arc::new(User::from(user)))
}

/// What the log tells of it: the reason of a suspension is between its two sides.
fn altered(before: &Model, after: &Model) -> Vec<audit::Change> {
    let until = |user: &Model| user.suspended_until.map(|until| until.to_utc().to_rfc3339());
    let mut changes = Vec::new();
    if before.role != after.role {
        changes.push(audit::Change::from_to(Field::Role, before.role.clone(), after.role.clone()));
    }
    if before.suspended_until != after.suspended_until {
        changes.push(audit::Change::from_to(Field::SuspendedUntil, until(before), until(after)));
    }
    changes
}

/// Refuses to take the last administrator who can act. The lock makes changes to administrators wait for each other.
pub(super) async fn keep_an_administrator(core: &Core, tx: &DatabaseTransaction, user: UserId) -> Result<()> {
    let administrators = Entity::find().filter(Column::Role.eq(Role::Admin.as_str())).lock_exclusive().all(tx).await?;
    let now = core.clock.now();
    let can_act = |other: &Model| other.suspended_until.is_none_or(|until| until <= now);
    let is_one = administrators.iter().any(|other| other.id == user.0);
    if is_one && !administrators.iter().any(|other| other.id != user.0 && can_act(other)) {
        return Err(Fault::new(FaultCode::LastAdmin, "There has to be one administrator at least.").into());
    }
    Ok(())
}
