//! Judges a new password off the async threads, behind the same short queue as the hashes: it costs as much.

use super::password::Policy;
use crate::core::{
    Core,
    error::{Fault, Result},
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
