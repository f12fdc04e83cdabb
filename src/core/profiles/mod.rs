//! Profiles: what people tell of themselves beside their names. Everybody has one; who never told anything
//! has no row of it. All of it is public but the home address, whose guard stands at the field.

mod entity;
mod read;
pub mod types;
mod write;

pub use read::by_users;
pub use write::{Change, Edit, LinksChange, update};

/// What somebody tells; nothing without a word.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    pub occupation: Option<String>,
    pub country: Option<String>,
    pub county: Option<String>,
    pub bio: Option<String>,
    /// For oneself and for administrators.
    pub home_address: Option<String>,
    pub links: SocialLinks,
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
