//! Profiles: what people tell of themselves beside their names. Everybody has one; who never told anything
//! has no row of it. All of it is public but the home address.

mod entity;
mod read;
pub mod types;
mod write;

pub use read::by_users;
pub use write::{Change, Edit, LinksChange, update};

use super::{accounts::UserId, viewer::PrivateAccess};

/// What somebody tells; nothing without a word.
#[derive(Clone, Debug)]
pub struct Profile {
    user: UserId,
    pub occupation: Option<String>,
    pub country: Option<String>,
    pub county: Option<String>,
    pub bio: Option<String>,
    /// For oneself and for administrators.
    home_address: Option<String>,
    pub links: SocialLinks,
}

impl Profile {
    /// Of somebody who has told nothing.
    fn empty(user: UserId) -> Self {
        Self {
            user,
            occupation: None,
            country: None,
            county: None,
            bio: None,
            home_address: None,
            links: SocialLinks::default(),
        }
    }

    pub fn home_address(&self, access: PrivateAccess) -> Option<&str> {
        self.home_address.as_deref().filter(|_| access.user() == self.user)
    }
}

#[derive(Clone, Debug, Default)]
pub struct SocialLinks {
    pub linkedin: Option<String>,
    pub facebook: Option<String>,
    pub github: Option<String>,
    pub instagram: Option<String>,
    pub twitter: Option<String>,
    pub youtube: Option<String>,
    pub description: Option<String>,
}
