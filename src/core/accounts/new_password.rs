//! What goes with every new password: the policy's verdict, found off the async threads behind the same short queue as
//! the hashes, for it costs as much; and the notice to the owner.

use sea_orm::DatabaseTransaction;

use super::{entity::users, password::Policy};
use crate::core::{
    Core,
    error::{Fault, Result},
    mail::{self, Outgoing, templates::Letter},
};

/// The policy's verdict; `about` is what the account gives away of itself.
pub(super) async fn check(core: &Core, password: &str, about: &[&str]) -> Result<Result<(), Fault>> {
    let policy = Policy::new(core.settings.password_min_length);
    let password = password.to_owned();
    let about: Vec<String> = about.iter().map(|own| (*own).to_owned()).collect();
    core.hasher
        .run(move || {
            let about: Vec<&str> = about.iter().map(String::as_str).collect();
            policy.check(&password, &about)
        })
        .await
}

/// Tells the owner that the password was changed, in the transaction that changes it.
pub(super) async fn tell_owner(core: &Core, tx: &DatabaseTransaction, user: &users::Model) -> Result<()> {
    let at = core.clock.now().in_words();
    let letter = Letter::PasswordChanged { first_name: &user.first_name, username: &user.username, at: &at };
    mail::post(core, tx, Outgoing { to: &user.email, letter, expires_at: None }).await
}
