//! Writing comments: by who sees the post; changed by their authors and by who looks after the site, and deleted by
//! the post's author too.

use std::sync::Arc;

use sea_orm::{
    ActiveModelTrait as _,
    ActiveValue::Set,
    ConnectionTrait as _, DatabaseTransaction, EntityTrait as _, QueryFilter as _, QuerySelect as _, Value,
    sea_query::{Expr, Query},
};

use super::{
    Comment, CommentId,
    entity::{ActiveModel, Column, Entity, Model},
    read::{Want, by_ids, select_post, visible},
};
use crate::core::{
    Core, Origin,
    accounts::{Authors, UserId},
    audit::{self, Entry, Kind, Source},
    error::{Error, Result, is_missing_reference},
    events::Event,
    posts::{self, PostId, types::CommentBody},
    viewer::{Role, Viewer},
};

pub struct NewComment {
    pub post: PostId,
    pub body: String,
}

pub async fn create(core: &Core, viewer: &Viewer, new: NewComment) -> Result<Arc<Comment>> {
    let author = viewer.signed_in()?;
    let body = CommentBody::parse(&new.body).map_err(|fault| fault.at("body"))?;
    let comment = core.db.retry(|| insert(core, viewer, author.user.id, new.post, &body)).await?;
    core.events.tell(Event::CommentAdded { post: new.post, comment: comment.id });
    Ok(Arc::new(Comment { author: Some(author.user.clone().into()), ..comment }))
}

pub async fn update(core: &Core, viewer: &Viewer, origin: &Origin, id: CommentId, body: &str) -> Result<Arc<Comment>> {
    viewer.signed_in()?;
    let body = CommentBody::parse(body).map_err(|fault| fault.at("body"))?;
    core.db.retry(|| store(core, viewer, origin, id, &body)).await?;
    let mut written = by_ids(core, viewer, &[id], Want { author: Authors::Whole }).await?;
    written.remove(&id).ok_or(Error::NotFound)
}

/// Deletes the comment; gives the post that it stood under.
pub async fn delete(core: &Core, viewer: &Viewer, origin: &Origin, id: CommentId) -> Result<PostId> {
    viewer.signed_in()?;
    core.db.retry(|| remove(core, viewer, origin, id)).await
}

/// One statement, in which the post is seen and the comment put under it: no transaction, one way to the database.
async fn insert(core: &Core, viewer: &Viewer, author: UserId, post: PostId, body: &CommentBody) -> Result<Comment> {
    let now = core.clock.now();
    let row = Model {
        id: core.random.uuid(now),
        post_id: post.0,
        author_id: Some(author.0),
        body: body.as_str().to_owned(),
        created_at: now,
        updated_at: now,
    };
    let columns: [(Column, Value); 6] = [
        (Column::Id, row.id.into()),
        (Column::PostId, row.post_id.into()),
        (Column::AuthorId, row.author_id.into()),
        (Column::Body, row.body.clone().into()),
        (Column::CreatedAt, row.created_at.into()),
        (Column::UpdatedAt, row.updated_at.into()),
    ];
    let mut seen = select_post(Expr::value(post.0));
    let mut insert = Query::insert();
    insert.into_table(Entity).columns(columns.iter().map(|(column, _)| *column));
    seen.exprs(columns.into_iter().map(|(_, value)| Expr::value(value))).cond_where(posts::visible(viewer));
    insert.select_from(seen).map_err(Error::internal)?;
    let done = core.db.write().execute(&insert).await;
    // The post was deleted since it was seen.
    let done = done.map_err(|error| if is_missing_reference(&error) { Error::NotFound } else { error.into() })?;
    if done.rows_affected() == 1 { Ok(row.into()) } else { Err(Error::NotFound) }
}

async fn store(core: &Core, viewer: &Viewer, origin: &Origin, id: CommentId, body: &CommentBody) -> Result<()> {
    let tx = core.db.begin().await?;
    let comment = find(&tx, viewer, id).await?;
    viewer.owner_or(comment.author_id, Role::Moderator)?;
    let change = ActiveModel {
        id: Set(comment.id),
        body: Set(body.as_str().to_owned()),
        updated_at: Set(core.clock.now()),
        ..Default::default()
    };
    change.update(&tx).await?;
    let entry = Entry::new(Kind::UpdateComment).about(comment.author_id.map(UserId)).at(comment.id);
    audit::commit_for_others(core, tx, Source::viewer(viewer, origin), entry).await
}

async fn remove(core: &Core, viewer: &Viewer, origin: &Origin, id: CommentId) -> Result<PostId> {
    let tx = core.db.begin().await?;
    let comment = find(&tx, viewer, id).await?;
    if viewer.owner_or(comment.author_id, Role::Moderator).is_err() {
        let post = posts::entity::Entity::find_by_id(comment.post_id).one(&tx).await?.ok_or(Error::NotFound)?;
        viewer.owner_or(post.author_id, Role::Moderator)?;
    }
    Entity::delete_by_id(comment.id).exec(&tx).await?;
    let entry = Entry::new(Kind::DeleteComment).about(comment.author_id.map(UserId)).at(comment.id);
    audit::commit_for_others(core, tx, Source::viewer(viewer, origin), entry).await?;
    Ok(PostId(comment.post_id))
}

/// The comment, held until the end of the transaction. What the viewer may not see is not there.
async fn find(tx: &DatabaseTransaction, viewer: &Viewer, id: CommentId) -> Result<Model> {
    let found = Entity::find_by_id(id.0).filter(visible(viewer)).lock_exclusive().one(tx).await?;
    found.ok_or(Error::NotFound)
}

impl From<Model> for Comment {
    fn from(row: Model) -> Self {
        Self {
            id: CommentId(row.id),
            post_id: PostId(row.post_id),
            author_id: row.author_id.map(UserId),
            author: None,
            body: row.body,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
