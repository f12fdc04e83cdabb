//! Writing one's own profile, and with it one's names: what is given, and nothing else.

use std::sync::Arc;

use sea_orm::{
    ActiveModelTrait as _,
    ActiveValue::{self, NotSet, Set},
    ColumnTrait as _, DatabaseTransaction, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QuerySelect as _,
};

use super::{
    entity::{ActiveModel, Column, Entity},
    types::{Bio, HomeAddress, Line, Link, LinksDescription},
};
use crate::core::{
    Core,
    accounts::{User, UserId, types::PersonName, users},
    error::{AuthFailure, Error, Fault, Faults, Result},
    search,
    viewer::Viewer,
};

/// What becomes of one part of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Edit {
    #[default]
    Keep,
    Clear,
    Set(String),
}

/// What is to be changed; what is absent stays.
#[derive(Default)]
pub struct Change {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub occupation: Edit,
    pub country: Edit,
    pub county: Edit,
    pub bio: Edit,
    pub home_address: Edit,
    pub links: LinksChange,
    /// What is wrong with the input already; it is told with the rest.
    pub faults: Faults,
}

#[derive(Default)]
pub struct LinksChange {
    pub linkedin: Edit,
    pub facebook: Edit,
    pub github: Edit,
    pub instagram: Edit,
    pub twitter: Edit,
    pub youtube: Edit,
    pub description: Edit,
}

/// A change that obeys the rules, ready to be written.
struct Checked {
    first_name: Option<PersonName>,
    last_name: Option<PersonName>,
    profile: ActiveModel,
}

impl LinksChange {
    /// None of them is left.
    pub fn clear() -> Self {
        Self {
            linkedin: Edit::Clear,
            facebook: Edit::Clear,
            github: Edit::Clear,
            instagram: Edit::Clear,
            twitter: Edit::Clear,
            youtube: Edit::Clear,
            description: Edit::Clear,
        }
    }
}

/// Changes the viewer's own profile and names.
pub async fn update(core: &Core, viewer: &Viewer, change: Change) -> Result<Arc<User>> {
    let owner = viewer.signed_in()?.user.id;
    let change = check(change)?;
    core.db.retry(|| store(core, owner, &change)).await
}

/// Every fault at once.
fn check(change: Change) -> Result<Checked> {
    let Change { first_name, last_name, occupation, country, county, bio, home_address, links, mut faults } = change;
    let first_name = first_name.and_then(|name| faults.check("firstName", PersonName::parse(&name)));
    let last_name = last_name.and_then(|name| faults.check("lastName", PersonName::parse(&name)));
    let mut profile = ActiveModel {
        occupation: edited(&mut faults, "occupation", &occupation, Line::parse),
        country: edited(&mut faults, "country", &country, Line::parse),
        county: edited(&mut faults, "county", &county, Line::parse),
        bio: edited(&mut faults, "bio", &bio, Bio::parse),
        home_address: edited(&mut faults, "homeAddress", &home_address, HomeAddress::parse),
        ..Default::default()
    };
    let mut in_links = Faults::default();
    let mut link = |field, edit| edited(&mut in_links, field, edit, Link::parse);
    profile.linkedin = link("linkedin", &links.linkedin);
    profile.facebook = link("facebook", &links.facebook);
    profile.github = link("github", &links.github);
    profile.instagram = link("instagram", &links.instagram);
    profile.twitter = link("twitter", &links.twitter);
    profile.youtube = link("youtube", &links.youtube);
    profile.links_description = edited(&mut in_links, "description", &links.description, LinksDescription::parse);
    faults.within("socialLinks", in_links);
    faults.none()?;
    Ok(Checked { first_name, last_name, profile })
}

/// What is to be written of one part; its fault is noted.
fn edited<T: Into<String>>(
    faults: &mut Faults,
    field: &'static str,
    edit: &Edit,
    parse: impl Fn(&str) -> Result<T, Fault>,
) -> ActiveValue<Option<String>> {
    match edit {
        Edit::Keep => NotSet,
        Edit::Clear => Set(None),
        Edit::Set(text) => faults.check(field, parse(text)).map_or(NotSet, |value| Set(Some(value.into()))),
    }
}

/// The user's row first: whoever changes the same profile waits there, so that each writes onto what the other wrote.
async fn store(core: &Core, owner: UserId, change: &Checked) -> Result<Arc<User>> {
    let tx = core.db.begin().await?;
    let user = rename(core, &tx, owner, change).await?;
    if change.profile.is_changed() {
        tell(core, &tx, owner, &change.profile).await?;
    }
    tx.commit().await?;
    Ok(user)
}

async fn tell(core: &Core, tx: &DatabaseTransaction, owner: UserId, change: &ActiveModel) -> Result<()> {
    let row = ActiveModel { updated_at: Set(core.clock.now()), ..change.clone() };
    let of_owner = Column::UserId.eq(owner.0);
    if Entity::find().filter(of_owner.clone()).count(tx).await? > 0 {
        Entity::update_many().set(row).filter(of_owner).exec(tx).await?;
    } else {
        Entity::insert(ActiveModel { user_id: Set(owner.0), ..row }).exec_without_returning(tx).await?;
    }
    Ok(())
}

async fn rename(core: &Core, tx: &DatabaseTransaction, owner: UserId, change: &Checked) -> Result<Arc<User>> {
    let found = users::Entity::find_by_id(owner.0).lock_exclusive().one(tx).await?;
    // The account was deleted since the request came in.
    let before = found.ok_or(Error::Unauthenticated(AuthFailure::Revoked))?;
    let first_name = change.first_name.as_ref().map_or(&*before.first_name, PersonName::as_str);
    let last_name = change.last_name.as_ref().map_or(&*before.last_name, PersonName::as_str);
    let row = users::ActiveModel {
        id: Set(owner.0),
        first_name: Set(first_name.to_owned()),
        last_name: Set(last_name.to_owned()),
        search_text: Set(search::folded([&*before.username, first_name, last_name])),
        updated_at: Set(core.clock.now()),
        ..Default::default()
    };
    Ok(Arc::new(User::from(row.update(tx).await?)))
}
