//! Writing posts: by their authors, and by who looks after the site.

use std::sync::Arc;

use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, DatabaseTransaction, EntityTrait as _, QueryFilter as _, QuerySelect as _,
};

use super::{
    Post, PostId, Status,
    entity::{ActiveModel, Entity, Model},
    read::{Want, by_ids, visible},
    types::{Body, Title},
};
use crate::core::{
    Core, Origin,
    accounts::{Authors, UserId},
    audit::{self, Entry, Field, Kind, Source},
    clock::Time,
    error::{AuthFailure, Error, Faults, Result, is_missing_reference},
    events::Event,
    search,
    viewer::{Role, Viewer},
};

pub struct NewPost {
    pub title: String,
    pub body: String,
    pub status: Status,
}

/// What is to be changed; what is absent stays.
pub struct Change {
    pub title: Option<String>,
    pub body: Option<String>,
    pub status: Option<Status>,
    /// What is wrong with the input already; it is told with the rest.
    pub faults: Faults,
}

pub async fn create(core: &Core, viewer: &Viewer, new: NewPost) -> Result<Arc<Post>> {
    let author = viewer.signed_in()?;
    let mut faults = Faults::default();
    let title = faults.check("title", Title::parse(&new.title));
    let body = faults.check("body", Body::parse(&new.body));
    let (Some(title), Some(body)) = (title, body) else { return Err(faults.into()) };
    let now = core.clock.now();
    let row = Model {
        id: core.random.uuid(now),
        author_id: Some(author.user.id.0),
        title: title.as_str().to_owned(),
        title_key: title.key(),
        body: body.as_str().to_owned(),
        search_text: search::folded([title.as_str(), body.as_str()]),
        status: new.status.as_str().to_owned(),
        created_at: now,
        updated_at: now,
        published_at: if new.status == Status::Published { now } else { Time(0) },
    };
    let insert = Entity::insert(ActiveModel::from(row.clone())).exec_without_returning(core.db.write()).await;
    // The account was deleted since the request came in.
    let gone = Error::Unauthenticated(AuthFailure::Revoked);
    insert.map_err(|error| if is_missing_reference(&error) { gone } else { error.into() })?;
    if new.status == Status::Published {
        core.events.tell(Event::PostPublished(PostId(row.id)));
    }
    Ok(Arc::new(Post { author: Some(author.user.clone().into()), ..Post::from(row) }))
}

pub async fn update(core: &Core, viewer: &Viewer, origin: &Origin, id: PostId, change: Change) -> Result<Arc<Post>> {
    viewer.signed_in()?;
    let mut faults = change.faults;
    let title = change.title.as_deref().map(|title| faults.check("title", Title::parse(title)));
    let body = change.body.as_deref().map(|body| faults.check("body", Body::parse(body)));
    if !faults.is_empty() {
        return Err(faults.into());
    }
    let (title, body) = (title.flatten(), body.flatten());
    let (title, body, status) = (title.as_ref(), body.as_ref(), change.status);
    let appears = core.db.retry(|| store(core, viewer, origin, id, (title, body, status))).await?;
    if appears {
        core.events.tell(Event::PostPublished(id));
    }
    let want = Want { body: true, author: Authors::Whole };
    let mut written = by_ids(core, viewer, &[id], want).await?;
    written.remove(&id).ok_or(Error::NotFound)
}

/// Deletes the post, and the comments under it with it.
pub async fn delete(core: &Core, viewer: &Viewer, origin: &Origin, id: PostId) -> Result<PostId> {
    viewer.signed_in()?;
    core.db.retry(|| remove(core, viewer, origin, id)).await?;
    Ok(id)
}

/// Whether a draft has become a post that everybody sees.
async fn store(
    core: &Core,
    viewer: &Viewer,
    origin: &Origin,
    id: PostId,
    (title, body, status): (Option<&Title>, Option<&Body>, Option<Status>),
) -> Result<bool> {
    let tx = core.db.begin().await?;
    let post = own(&tx, viewer, id).await?;
    let now = core.clock.now();
    let appears = status == Some(Status::Published) && Status::parse(&post.status) == Status::Draft;
    let first_publication = status == Some(Status::Published) && post.published_at.0 == 0;
    let mut change = ActiveModel { id: Set(post.id), updated_at: Set(now), ..Default::default() };
    if let Some(title) = title {
        change.title = Set(title.as_str().to_owned());
        change.title_key = Set(title.key());
    }
    if let Some(body) = body {
        change.body = Set(body.as_str().to_owned());
    }
    if title.is_some() || body.is_some() {
        let title = title.map_or(&*post.title, Title::as_str);
        let body = body.map_or(&*post.body, Body::as_str);
        change.search_text = Set(search::folded([title, body]));
    }
    if let Some(status) = status {
        change.status = Set(status.as_str().to_owned());
    }
    if first_publication {
        change.published_at = Set(now);
    }
    change.update(&tx).await?;
    let changes = changes(&post, title, body, status);
    let entry = Entry::new(Kind::UpdatePost).about(post.author_id.map(UserId)).at(post.id).changing(changes);
    audit::commit_for_others(core, tx, Source::viewer(viewer, origin), entry).await?;
    Ok(appears)
}

async fn remove(core: &Core, viewer: &Viewer, origin: &Origin, id: PostId) -> Result<()> {
    let tx = core.db.begin().await?;
    let post = own(&tx, viewer, id).await?;
    Entity::delete_by_id(post.id).exec(&tx).await?;
    let entry = Entry::new(Kind::DeletePost).about(post.author_id.map(UserId)).at(post.id);
    audit::commit_for_others(core, tx, Source::viewer(viewer, origin), entry).await
}

/// What a change is to a post, without the texts.
fn changes(before: &Model, title: Option<&Title>, body: Option<&Body>, status: Option<Status>) -> Vec<audit::Change> {
    let new_status = status.map(Status::as_str).filter(|status| *status != before.status);
    let status = |to: &str| audit::Change::from_to(Field::Status, before.status.clone(), to.to_owned());
    let texts = [title.map(|_| Field::Title), body.map(|_| Field::Body)];
    texts.into_iter().flatten().map(audit::Change::of).chain(new_status.map(status)).collect()
}

/// The post, if the viewer may change it, held until the end of the transaction. What the viewer may not even see is
/// not there.
async fn own(tx: &DatabaseTransaction, viewer: &Viewer, id: PostId) -> Result<Model> {
    let found = Entity::find_by_id(id.0).filter(visible(viewer)).lock_exclusive().one(tx).await?;
    let post = found.ok_or(Error::NotFound)?;
    viewer.owner_or(post.author_id, Role::Moderator)?;
    Ok(post)
}

impl From<Model> for Post {
    fn from(row: Model) -> Self {
        Self {
            id: PostId(row.id),
            author_id: row.author_id.map(UserId),
            author: None,
            title: row.title,
            body: Some(row.body),
            status: Status::parse(&row.status),
            created_at: row.created_at,
            updated_at: row.updated_at,
            published_at: Some(row.published_at).filter(|at| at.0 != 0),
        }
    }
}
