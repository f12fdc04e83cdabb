//! What an operator does from the command line: the first administrator is made here, and nowhere else.

use std::sync::Arc;

use super::{
    User, availability,
    signup::{self, NewAccount},
    types::Username,
};
use crate::core::{Core, error::Result, hasher::PasswordHash, viewer::Role};

/// Makes an administrator whose address counts as verified: the operator vouches for it.
pub async fn create(core: &Core, new: NewAccount) -> Result<Arc<User>> {
    let parsed = signup::parse(core, &new, Username::parse_even_reserved).await?;
    if availability::user_with_email(core.db.read(), &parsed.email.key()).await?.is_some() {
        return Err(signup::email_taken().into());
    }
    let hash = core.hasher.hash(&new.password).await?;
    let user = core.db.retry(|| store(core, &parsed, &hash)).await?;
    tracing::info!(user = %user.id.0, "administrator created");
    Ok(user)
}

async fn store(core: &Core, new: &signup::Parsed, hash: &PasswordHash) -> Result<Arc<User>> {
    let tx = core.db.begin().await?;
    let user = signup::insert_user(core, &tx, new, hash, Role::Admin, true).await?;
    tx.commit().await?;
    Ok(Arc::new(User::from(user)))
}
