//! Profiles: the object, whose home address is for oneself and for administrators, and the change of one's own.

use std::sync::Arc;

use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};

use super::{
    context::ContextExt as _,
    error::UserError,
    payload::{Guarded, Payload, answer, given, guarded},
    straight::Shown,
    users::User,
};
use crate::core::{
    error::Faults,
    profiles::{self, Change, Edit, LinksChange},
};

pub(super) struct Profile {
    pub of: User,
    pub told: Arc<profiles::Profile>,
}

/// What somebody tells beside the names.
#[Object]
impl Profile {
    /// What the person works as.
    async fn occupation(&self) -> Option<&str> {
        self.told.occupation.as_deref()
    }

    /// The country that the person lives in.
    async fn country(&self) -> Option<&str> {
        self.told.country.as_deref()
    }

    /// The county, state or region.
    async fn county(&self) -> Option<&str> {
        self.told.county.as_deref()
    }

    /// What the person tells; it may have line breaks. Show it as text, never as HTML.
    async fn bio(&self) -> Option<&str> {
        self.told.bio.as_deref()
    }

    /// Where the person lives; it may have line breaks. Only for oneself and for administrators.
    async fn home_address(&self, ctx: &Context<'_>) -> Guarded<&str> {
        guarded(self.of.private_access(ctx).map(|access| self.told.home_address(access)))
    }

    /// Where else the person is found.
    async fn social_links(&self) -> SocialLinks {
        SocialLinks(self.told.clone())
    }
}

struct SocialLinks(Arc<profiles::Profile>);

/// Where else somebody is found. Each link is an `https` URL.
#[Object]
impl SocialLinks {
    /// The page at LinkedIn.
    async fn linkedin(&self) -> Option<&str> {
        self.0.links.linkedin.as_deref()
    }

    /// The page at Facebook.
    async fn facebook(&self) -> Option<&str> {
        self.0.links.facebook.as_deref()
    }

    /// The page at GitHub.
    async fn github(&self) -> Option<&str> {
        self.0.links.github.as_deref()
    }

    /// The page at Instagram.
    async fn instagram(&self) -> Option<&str> {
        self.0.links.instagram.as_deref()
    }

    /// The page at Twitter.
    async fn twitter(&self) -> Option<&str> {
        self.0.links.twitter.as_deref()
    }

    /// The page at YouTube.
    async fn youtube(&self) -> Option<&str> {
        self.0.links.youtube.as_deref()
    }

    /// What the person says about the links; it may have line breaks.
    async fn description(&self) -> Option<&str> {
        self.0.links.description.as_deref()
    }
}

/// What is to be changed of one's own profile and names: what is absent stays, and null clears. Names cannot be cleared.
#[derive(InputObject)]
struct UpdateProfileInput {
    /// The first name, 1 to 64 characters.
    first_name: MaybeUndefined<String>,
    /// The last name, 1 to 64 characters.
    last_name: MaybeUndefined<String>,
    /// 1 to 100 characters, on one line.
    occupation: MaybeUndefined<String>,
    /// 1 to 100 characters, on one line.
    country: MaybeUndefined<String>,
    /// The county, state or region: 1 to 100 characters, on one line.
    county: MaybeUndefined<String>,
    /// 1 to 1,000 characters; line breaks may stay.
    bio: MaybeUndefined<String>,
    /// 1 to 500 characters; line breaks may stay. Nobody sees it but oneself and administrators.
    home_address: MaybeUndefined<String>,
    /// Each link by itself: absent ones stay. Null clears all of them.
    social_links: MaybeUndefined<SocialLinksInput>,
}

/// What is to be changed of the links: what is absent stays, and null clears. A link begins with `https://`, leads to a
/// host with a dot in its name, and has 500 characters at most.
#[derive(InputObject)]
struct SocialLinksInput {
    /// The page at LinkedIn.
    linkedin: MaybeUndefined<String>,
    /// The page at Facebook.
    facebook: MaybeUndefined<String>,
    /// The page at GitHub.
    github: MaybeUndefined<String>,
    /// The page at Instagram.
    instagram: MaybeUndefined<String>,
    /// The page at Twitter.
    twitter: MaybeUndefined<String>,
    /// The page at YouTube.
    youtube: MaybeUndefined<String>,
    /// What there is to say about them: 1 to 500 characters; line breaks may stay.
    description: MaybeUndefined<String>,
}

impl From<UpdateProfileInput> for Change {
    fn from(input: UpdateProfileInput) -> Self {
        let mut faults = Faults::default();
        Self {
            first_name: given(&mut faults, "firstName", input.first_name),
            last_name: given(&mut faults, "lastName", input.last_name),
            occupation: edit(input.occupation),
            country: edit(input.country),
            county: edit(input.county),
            bio: edit(input.bio),
            home_address: edit(input.home_address),
            links: match input.social_links {
                MaybeUndefined::Undefined => LinksChange::default(),
                MaybeUndefined::Null => LinksChange::clear(),
                MaybeUndefined::Value(links) => links.into(),
            },
            faults,
        }
    }
}

impl From<SocialLinksInput> for LinksChange {
    fn from(input: SocialLinksInput) -> Self {
        Self {
            linkedin: edit(input.linkedin),
            facebook: edit(input.facebook),
            github: edit(input.github),
            instagram: edit(input.instagram),
            twitter: edit(input.twitter),
            youtube: edit(input.youtube),
            description: edit(input.description),
        }
    }
}

fn edit(value: MaybeUndefined<String>) -> Edit {
    match value {
        MaybeUndefined::Undefined => Edit::Keep,
        MaybeUndefined::Null => Edit::Clear,
        MaybeUndefined::Value(text) => Edit::Set(text),
    }
}

/// The answer to a change of the profile.
#[derive(Default, SimpleObject)]
struct UpdateProfilePayload {
    /// Oneself, as it is now.
    user: Option<Shown<User>>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

super::payload::payloads!(UpdateProfilePayload);

#[derive(Default)]
pub struct ProfileMutations;

#[Object]
impl ProfileMutations {
    /// Changes one's own profile and names.
    async fn update_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be changed.")] input: UpdateProfileInput,
    ) -> Guarded<UpdateProfilePayload> {
        let done = async { profiles::update(ctx.core()?, ctx.viewer()?, input.into()).await };
        answer(done.await, |user| UpdateProfilePayload { user: Some(User::new(user).into()), user_errors: Vec::new() })
    }
}
