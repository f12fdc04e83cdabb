//! Accounts that another system hands over, a batch of rows at a time: each checked like a sign-up's, written many to a
//! statement, told row by row. A row that is refused takes nothing from its neighbours.
//!
//! An address that has an account is left alone, so the same file can be imported again: after an interruption, or when
//! what was refused is mended. What stands in the file is read elsewhere (`cli/import`).

mod fields;
mod taken;

use std::collections::HashMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use ring::digest;
use sea_orm::EntityTrait as _;

pub use self::fields::{Field, Fields};
use self::{fields::Candidate, taken::Taken};
use super::{
    UserId,
    entity::users,
    look_alikes::{Staff, like_staff},
    types::Email,
};
use crate::core::{
    Core,
    audit::{self, Entry, Kind, Source},
    error::{Error, Fault, FaultCode, Result, duplicate_key},
    hasher::PasswordHash,
    viewer::{Role, Viewer},
};

/// The rows of one transaction: their values are far fewer than the 32,766 parameters that SQLite allows.
pub const BATCH: usize = 200;

/// What a file may bring.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms {
    pub allow_reserved: bool,
    pub allow_admins: bool,
    pub without_passwords: bool,
    /// Every row is judged; nothing is wrapped and nothing is written.
    pub dry_run: bool,
}

pub struct Row {
    /// Where it stands in the file: its line, or in CSV its row, as a spreadsheet counts them.
    pub number: u64,
    /// What it holds, or why it cannot be read.
    pub fields: Result<Fields, Fault>,
}

/// What became of a row.
pub struct Told {
    pub number: u64,
    pub email: Option<Email>,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Created,
    /// There is an account with this address already.
    Exists,
    Refused(Vec<Fault>),
}

/// One file under way. Of all rows that came it remembers the names, as digests: some 50 bytes a row.
pub struct Import<'c> {
    core: &'c Core,
    terms: Terms,
    emails: Places,
    usernames: Places,
    /// Those of the rows before among them.
    staff: Staff,
    /// Hears how many rows more are done.
    progress: &'c dyn Fn(usize),
}

/// Which row of the file has a key.
#[derive(Default)]
struct Places(HashMap<[u8; 16], u32>);

impl<'c> Import<'c> {
    pub async fn begin(core: &'c Core, viewer: &Viewer, terms: Terms, progress: &'c dyn Fn(usize)) -> Result<Self> {
        viewer.require_operator()?;
        let staff = Staff::find(core.db.read()).await?;
        Ok(Self { core, terms, emails: Places::default(), usernames: Places::default(), staff, progress })
    }

    /// Imports the next rows, [`BATCH`] of them at most, and tells of each in their order.
    pub async fn rows(&mut self, rows: Vec<Row>) -> Result<Vec<Told>> {
        let now = self.core.clock.now();
        let count = rows.len();
        let parse = |row: Row| {
            let email = row.fields.as_ref().ok().and_then(Fields::email);
            let candidate = row.fields.map_err(Error::from).and_then(|fields| fields.parse(self.terms, now));
            (row.number, email, candidate)
        };
        let parsed: Vec<_> = rows.into_iter().map(parse).collect();
        let good = parsed.iter().filter_map(|(_, _, candidate)| candidate.as_ref().ok());
        let taken = Taken::look_up(self.core, self.core.db.read(), good).await?;
        let (mut told, mut new) = (Vec::with_capacity(count), Vec::new());
        for (number, email, candidate) in parsed {
            let outcome = match &candidate {
                Ok(candidate) => self.judge(number, candidate, &taken),
                Err(Error::Faults(faults)) => Outcome::Refused(faults.clone()),
                Err(error) => return Err(error.clone()),
            };
            new.extend(candidate.ok().filter(|_| outcome == Outcome::Created).map(|candidate| (told.len(), candidate)));
            told.push(Told { number, email, outcome });
        }
        let heard = new.iter().filter(|(_, candidate)| candidate.is_weak() && !self.terms.dry_run).count();
        if !self.terms.dry_run {
            self.write(new, &mut told).await?;
        }
        (self.progress)(count.saturating_sub(heard));
        Ok(told)
    }

    /// By what the file had before, and by what the database has.
    fn judge(&mut self, number: u64, candidate: &Candidate, taken: &Taken) -> Outcome {
        let (email, username) = (candidate.email().key(), candidate.username().key());
        if let Some(earlier) = self.emails.of(&email) {
            return Outcome::Refused(vec![repeated(Field::Email, "address", earlier)]);
        }
        let outcome = match (taken.outcome(candidate), self.usernames.of(&username)) {
            (Outcome::Exists, _) => Outcome::Exists,
            (_, Some(earlier)) => return Outcome::Refused(vec![repeated(Field::Username, "username", earlier)]),
            (Outcome::Created, None) if !self.terms.allow_reserved && self.staff.has_one_like(&username) => {
                return Outcome::Refused(vec![like_staff().at(Field::Username.name())]);
            }
            (Outcome::Created, None) => Outcome::Created,
            (refused @ Outcome::Refused(_), None) => return refused,
        };
        self.emails.note(&email, number);
        if outcome == Outcome::Created {
            self.usernames.note(&username, number);
            if candidate.role >= Role::Moderator {
                self.staff.add(username);
            }
        }
        outcome
    }

    async fn write(&self, new: Vec<(usize, Candidate)>, told: &mut [Told]) -> Result<()> {
        if new.is_empty() {
            return Ok(());
        }
        let (places, new): (Vec<usize>, Vec<Candidate>) = new.into_iter().unzip();
        // To wrap a weak hash keeps a core busy: as many at once as there are places, so that none waits for one.
        let hashes = stream::iter(new.iter().map(|candidate| self.hash(candidate)));
        let hashes: Vec<PasswordHash> = hashes.buffered(self.core.hasher.places()).try_collect().await?;
        let outcomes = self.store(&new, &hashes).await?;
        for (place, outcome) in places.into_iter().zip(outcomes) {
            if let Some(told) = told.get_mut(place) {
                told.outcome = outcome;
            }
        }
        Ok(())
    }

    /// Again while people sign up with names of the file: each that is taken meanwhile is one row less to write, so that
    /// comes to an end.
    async fn store(&self, new: &[Candidate], hashes: &[PasswordHash]) -> Result<Vec<Outcome>> {
        let mut tries = 0;
        loop {
            match self.core.db.retry(|| store(self.core, new, hashes)).await {
                Err(Error::Conflict(_)) if tries < new.len() => tries += 1,
                done => return done,
            }
        }
    }

    async fn hash(&self, candidate: &Candidate) -> Result<PasswordHash> {
        let Some(foreign) = candidate.password.clone() else { return Ok(PasswordHash::none()) };
        let hash = self.core.hasher.adopt(foreign).await?;
        (self.progress)(usize::from(candidate.is_weak()));
        Ok(hash)
    }
}

/// One transaction. The database is looked at once more: somebody may have signed up while the hashes were made.
async fn store(core: &Core, new: &[Candidate], hashes: &[PasswordHash]) -> Result<Vec<Outcome>> {
    let tx = core.db.begin().await?;
    let taken = Taken::look_up(core, &tx, new.iter()).await?;
    let outcomes: Vec<Outcome> = new.iter().map(|candidate| taken.outcome(candidate)).collect();
    let created = new.iter().zip(hashes).zip(&outcomes).filter(|(_, outcome)| **outcome == Outcome::Created);
    let rows: Vec<users::Model> = created.map(|((new, hash), _)| new.row(core, hash)).collect();
    let imported = |row: &users::Model| Entry::new(Kind::ImportUser).about(UserId(row.id));
    let events = rows.iter().map(imported).collect();
    let rows: Vec<users::ActiveModel> = rows.into_iter().map(Into::into).collect();
    if !rows.is_empty() {
        let inserted = users::Entity::insert_many(rows).exec_without_returning(&tx).await;
        inserted.map_err(|error| match duplicate_key(&error) {
            Some(_) => Error::Conflict("a name was taken meanwhile".into()),
            None => Error::from(error),
        })?;
    }
    audit::commit_all(core, tx, Source::operator(), events).await?;
    Ok(outcomes)
}

fn repeated(field: Field, what: &str, earlier: u32) -> Fault {
    Fault::new(FaultCode::Taken, format!("Row {earlier} has this {what} already.")).at(field.name())
}

impl Places {
    fn of(&self, key: &str) -> Option<u32> {
        self.0.get(&Self::short(key)).copied()
    }

    fn note(&mut self, key: &str, number: u64) {
        self.0.insert(Self::short(key), u32::try_from(number).unwrap_or(u32::MAX));
    }

    /// Two keys with the same one are not to be met by chance.
    fn short(key: &str) -> [u8; 16] {
        let digest = digest::digest(&digest::SHA256, key.as_bytes());
        digest.as_ref().first_chunk().copied().unwrap_or_default()
    }
}
