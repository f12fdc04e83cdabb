//! Which names of a batch somebody has already, in three statements for all of its rows.

use std::collections::HashSet;

use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use super::{Outcome, fields::Candidate};
use crate::core::{
    Core,
    accounts::{
        entity::{signups, users},
        signup,
    },
    error::Result,
};

pub(super) struct Taken {
    emails: HashSet<String>,
    usernames: HashSet<String>,
}

impl Taken {
    /// A username is taken by a user, or by a sign-up that waits for its proof; an address by a user alone.
    pub(super) async fn look_up<'r>(
        core: &Core,
        db: &impl ConnectionTrait,
        rows: impl Iterator<Item = &'r Candidate>,
    ) -> Result<Self> {
        let (emails, usernames): (Vec<String>, Vec<String>) =
            rows.map(|row| (row.email().key(), row.username().key())).unzip();
        if emails.is_empty() {
            return Ok(Self { emails: HashSet::new(), usernames: HashSet::new() });
        }
        let with = |column: users::Column, keys: &[String]| {
            users::Entity::find().select_only().column(column).filter(column.is_in(keys)).into_tuple::<String>()
        };
        let waiting = signups::Entity::find()
            .select_only()
            .column(signups::Column::UsernameKey)
            .filter(signups::Column::UsernameKey.is_in(&usernames))
            .filter(signups::Column::ExpiresAt.gt(core.clock.now()))
            .into_tuple::<String>();
        let mut names = with(users::Column::UsernameKey, &usernames).all(db).await?;
        names.extend(waiting.all(db).await?);
        let emails = with(users::Column::EmailKey, &emails).all(db).await?;
        Ok(Self { emails: emails.into_iter().collect(), usernames: names.into_iter().collect() })
    }

    pub(super) fn outcome(&self, row: &Candidate) -> Outcome {
        if self.emails.contains(&row.email().key()) {
            Outcome::Exists
        } else if self.usernames.contains(&row.username().key()) {
            Outcome::Refused(vec![signup::username_taken()])
        } else {
            Outcome::Created
        }
    }
}
