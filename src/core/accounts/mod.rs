//! Accounts: one file for each story. A story parses its input, collects every fault, does the slow work, and
//! then writes all or nothing in one transaction.

mod author;
pub mod availability;
pub mod deletion;
pub mod directory;
pub mod email_change;
mod entity;
mod held_username;
pub mod import;
pub mod login;
mod look_alikes;
mod mail_quota;
pub mod management;
mod new_password;
pub mod one_time;
mod own_password;
pub mod password;
pub mod password_change;
pub mod recovery;
mod retention;
pub mod signup;
pub mod types;
mod user;
pub mod username_change;
pub mod verification;

pub use author::{Author, Authors};
pub(crate) use entity::users;
pub(crate) use retention::sweep;
pub use user::{Private, User, UserId};
