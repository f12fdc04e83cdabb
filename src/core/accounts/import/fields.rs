//! What a row of an imported file may hold, and the account that it becomes. The rules are those of a sign-up, but for
//! the password, of which there is a hash alone.

use std::collections::HashMap;

use super::Terms;
use crate::core::{
    Core,
    accounts::{
        entity::users,
        signup::Parsed,
        types::{Email, PersonName, Username},
    },
    clock::Time,
    error::{Fault, FaultCode, Faults, Result},
    hasher::{ForeignHash, PasswordHash},
    viewer::Role,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    Username,
    Email,
    FirstName,
    LastName,
    PasswordHash,
    Role,
    EmailVerified,
    CreatedAt,
}

/// The texts of one row; what is empty is absent.
#[derive(Default)]
pub struct Fields {
    texts: HashMap<Field, String>,
    /// What is wrong with the row already; it is told with the rest.
    pub faults: Faults,
}

/// A row that may become an account.
pub(super) struct Candidate {
    account: Parsed,
    /// None asks for a reset.
    pub password: Option<ForeignHash>,
    pub role: Role,
    email_verified: bool,
    created_at: Time,
    now: Time,
}

impl Field {
    pub const ALL: [Self; 8] = [
        Self::Username,
        Self::Email,
        Self::FirstName,
        Self::LastName,
        Self::PasswordHash,
        Self::Role,
        Self::EmailVerified,
        Self::CreatedAt,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Email => "email",
            Self::FirstName => "firstName",
            Self::LastName => "lastName",
            Self::PasswordHash => "passwordHash",
            Self::Role => "role",
            Self::EmailVerified => "emailVerified",
            Self::CreatedAt => "createdAt",
        }
    }

    /// By its name, like `firstName` or like `first_name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name || field.snake_case() == name)
    }

    fn snake_case(self) -> String {
        let under = |c: char| if c.is_ascii_uppercase() { vec!['_', c.to_ascii_lowercase()] } else { vec![c] };
        self.name().chars().flat_map(under).collect()
    }
}

impl Fields {
    pub fn set(&mut self, field: Field, text: &str) {
        if !text.is_empty() {
            self.texts.insert(field, text.to_owned());
        }
    }

    /// To tell the row by, whatever else is wrong with it.
    pub(super) fn email(&self) -> Option<Email> {
        self.texts.get(&Field::Email).and_then(|email| Email::parse(email).ok())
    }

    /// Every fault of the row at once.
    pub(super) fn parse(self, terms: Terms, now: Time) -> Result<Candidate> {
        let Self { texts, mut faults } = self;
        let text = |field: Field| texts.get(&field).map_or("", String::as_str);
        let parse_username = if terms.allow_reserved { Username::parse_even_reserved } else { Username::parse };
        let username = faults.check(Field::Username.name(), parse_username(text(Field::Username)));
        let email = faults.check(Field::Email.name(), Email::parse(text(Field::Email)));
        let first_name = faults.check(Field::FirstName.name(), PersonName::parse(text(Field::FirstName)));
        let last_name = faults.check(Field::LastName.name(), PersonName::parse(text(Field::LastName)));
        let password = faults.check(Field::PasswordHash.name(), password(text(Field::PasswordHash), terms));
        let role = faults.check(Field::Role.name(), role(text(Field::Role), terms));
        let verified = faults.check(Field::EmailVerified.name(), flag(text(Field::EmailVerified)));
        let created_at = faults.check(Field::CreatedAt.name(), moment(text(Field::CreatedAt), now));
        let (Some(username), Some(email), Some(first_name), Some(last_name)) = (username, email, first_name, last_name)
        else {
            return Err(faults.into());
        };
        let (Some(password), Some(role), Some(email_verified), Some(created_at)) =
            (password, role, verified, created_at)
        else {
            return Err(faults.into());
        };
        faults.none()?;
        let account = Parsed { username, email, first_name, last_name };
        Ok(Candidate { account, password, role, email_verified, created_at, now })
    }
}

impl Candidate {
    pub(super) fn email(&self) -> &Email {
        &self.account.email
    }

    pub(super) fn username(&self) -> &Username {
        &self.account.username
    }

    /// Whether its hash has to be wrapped, which takes as long as to make one.
    pub(super) fn is_weak(&self) -> bool {
        self.password.as_ref().is_some_and(ForeignHash::is_weak)
    }

    pub(super) fn row(&self, core: &Core, hash: &PasswordHash) -> users::Model {
        let id = core.random.uuid(self.created_at);
        let verified_at = self.email_verified.then_some(self.now);
        let row = self.account.row(id, hash, self.role, verified_at, self.now);
        users::Model { created_at: self.created_at, ..row }
    }
}

fn password(text: &str, terms: Terms) -> Result<Option<ForeignHash>, Fault> {
    match text {
        "" if terms.without_passwords => Ok(None),
        "" => Err(Fault::new(FaultCode::Required, "An account without a hash comes in with --without-passwords only.")),
        text => ForeignHash::parse(text).map(Some),
    }
}

fn role(text: &str, terms: Terms) -> Result<Role, Fault> {
    let unknown = || Fault::new(FaultCode::Invalid, "Use USER, MODERATOR or ADMIN.");
    match Role::parse(&text.to_ascii_uppercase()) {
        None if text.is_empty() => Ok(Role::User),
        None => Err(unknown()),
        Some(Role::Admin) if !terms.allow_admins => {
            Err(Fault::new(FaultCode::Reserved, "Administrators come in with --allow-admins only."))
        }
        Some(role) => Ok(role),
    }
}

/// As JSON, PostgreSQL and MySQL write it.
fn flag(text: &str) -> Result<bool, Fault> {
    match text.to_ascii_lowercase().as_str() {
        "" | "true" | "t" | "1" => Ok(true),
        "false" | "f" | "0" => Ok(false),
        _ => Err(Fault::new(FaultCode::Invalid, "Use true or false.")),
    }
}

fn moment(text: &str, now: Time) -> Result<Time, Fault> {
    if text.is_empty() {
        return Ok(now);
    }
    let rule = "Use a moment from 1970 until now, such as 2026-01-31T09:30:00Z.";
    let past = Time::parse(text).filter(|at| (Time(0)..=now).contains(at));
    past.ok_or_else(|| Fault::new(FaultCode::Invalid, rule))
}
