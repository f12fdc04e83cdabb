//! Comments: the object, the queries.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, ScalarType as _};

use super::{
    connection::{OrderDirection, connection, new_edge},
    context::ContextExt as _,
    cost::{self, list_size},
    loaders::CommentsOf,
    node::{Kind, global_id, id_in, local_id},
    payload::{Guarded, guarded},
    posts::{Post, author, wanted_authors, write_author},
    scalars::DateTime,
    straight::{Asked, AtHand, Json, Shown},
    users::User,
};
use crate::core::{
    Result,
    accounts::{Authors, UserId},
    comments::{self, CommentId, Parent},
    page::{Cursors, Direction, PageRequest, Sort},
    posts::PostId,
};

/// What somebody said to a post.
pub(super) struct Comment(Arc<comments::Comment>);

impl Comment {
    pub(super) fn new(comment: Arc<comments::Comment>) -> Self {
        Self(comment)
    }
}

/// What somebody said to a post.
#[Object]
impl Comment {
    /// The global id.
    pub(super) async fn id(&self) -> ID {
        global_id(Kind::Comment, self.0.id.0)
    }

    /// The text, as it was written: HTML in it is text too.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// Who wrote it; null when the account is gone.
    async fn author(&self, ctx: &Context<'_>) -> Guarded<Shown<User>> {
        guarded(author(ctx, self.0.author.as_ref(), self.0.author_id).await)
    }

    /// The post that it stands under.
    async fn post(&self, ctx: &Context<'_>) -> Guarded<Shown<Post>> {
        let post = async {
            let post = ctx.loaders()?.posts.load(self.0.post_id).await?;
            Ok(post.map(|post| Post::new(post).into()))
        };
        guarded(post.await)
    }

    /// When it was written.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }
}

impl AtHand for Comment {
    fn write(&self, field: &Asked<'_>, out: &mut Json) -> bool {
        let comment = &self.0;
        match field.name() {
            "id" => out.id(Kind::Comment, comment.id.0),
            "body" => out.text(&comment.body),
            "author" => return write_author(field, comment.author.as_ref(), comment.author_id, out),
            "createdAt" => out.value(&DateTime::from(comment.created_at).to_value()),
            "updatedAt" => out.value(&DateTime::from(comment.updated_at).to_value()),
            _ => return false,
        }
        true
    }
}

/// Which comments.
#[derive(Default, InputObject)]
pub(super) struct CommentFilter {
    /// Only those under this post.
    post_id: Option<ID>,
    /// Only those of this user.
    author_id: Option<ID>,
}

impl CommentFilter {
    fn into_domain(self) -> Result<comments::Filter> {
        let post = self.post_id.map(|id| id_in("filter.postId", Kind::Post, &id)).transpose()?;
        let author = self.author_id.map(|id| id_in("filter.authorId", Kind::User, &id)).transpose()?;
        Ok(comments::Filter { post: post.map(PostId), author: author.map(UserId) })
    }
}

/// What comments are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum CommentOrderField {
    /// When they were written.
    CreatedAt,
}

/// The order of comments.
#[derive(InputObject)]
pub(super) struct CommentOrder {
    /// What to go by.
    #[graphql(default_with = "CommentOrderField::CreatedAt")]
    field: CommentOrderField,
    /// Which way.
    direction: OrderDirection,
}

/// How many comments a list has.
pub(super) enum Counted {
    Matching(comments::Filter),
    Of(Parent),
}

impl Counted {
    async fn count(&self, ctx: &Context<'_>) -> Result<u64> {
        match self {
            Self::Matching(filter) => comments::count(ctx.core()?, ctx.viewer()?, filter).await,
            Self::Of(parent) => ctx.loaders()?.comment_counts.load(*parent).await,
        }
    }
}

connection!(CommentConnection, CommentEdge, Comment, comments::Comment, Counted);
new_edge!(CommentEdge, comments::Comment);

/// The place of a new comment under its post, the oldest first.
pub(super) fn edge_of_new(ctx: &Context<'_>, comment: Arc<comments::Comment>) -> Result<CommentEdge<'static>> {
    let cursors = cursors_of(ctx, Parent::Post(comment.post_id), Direction::Asc)?;
    Ok(CommentEdge::of_new(comment, cursors))
}

fn cursors_of(ctx: &Context<'_>, parent: Parent, direction: Direction) -> Result<Cursors> {
    Ok(Cursors::new(&ctx.core()?.keys, format!("comments of {parent:?} {direction:?}"), ctx.viewer()?))
}

/// The comments of one parent, loaded together with those of its siblings.
pub(super) async fn comments_of(
    ctx: &Context<'_>,
    parent: Parent,
    request: &PageRequest,
    order: Option<CommentOrder>,
    default: OrderDirection,
) -> Result<Shown<CommentConnection>> {
    let direction = order.map_or(default, |order| order.direction).into();
    let cursors = cursors_of(ctx, parent, direction)?;
    let window = request.window(&cursors, &Sort::Id)?;
    let key = CommentsOf { parent, window, direction, want: wanted(ctx) };
    let page = ctx.loaders()?.comments_of.load(key).await?;
    Ok(CommentConnection::new(page, cursors, Counted::Of(parent)).into())
}

fn wanted(ctx: &Context<'_>) -> comments::Want {
    comments::Want { author: wanted_authors(ctx) }
}

#[derive(Default)]
pub struct CommentQueries;

#[Object]
impl CommentQueries {
    /// A comment by its id; null when there is no such comment for you.
    async fn comment(&self, ctx: &Context<'_>, #[graphql(desc = "The global id.")] id: ID) -> Guarded<Shown<Comment>> {
        let found = async {
            let Some(id) = local_id(Kind::Comment, &id).map(CommentId) else { return Ok(None) };
            let want = comments::Want { author: Authors::Whole };
            let mut found = comments::by_ids(ctx.core()?, ctx.viewer()?, &[id], want).await?;
            Ok(found.remove(&id).map(|comment| Comment::new(comment).into()))
        };
        guarded(found.await)
    }

    /// Comments, the newest first: those under posts that you may see.
    #[graphql(directive = list_size::apply(20, Some(cost::slicing()), Some(cost::sized()), false))]
    async fn comments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the front: 0 to 100; 20 without a word.")] first: Option<i32>,
        #[graphql(desc = "The cursor to go on from.")] after: Option<String>,
        #[graphql(desc = "How many, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to go back from.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<CommentFilter>,
        #[graphql(desc = "The order; the newest first without a word.")] order_by: Option<CommentOrder>,
    ) -> Guarded<Shown<CommentConnection>> {
        let found = async {
            let (core, viewer) = (ctx.core()?, ctx.viewer()?);
            let filter = filter.unwrap_or_default().into_domain()?;
            let direction = order_by.map_or(OrderDirection::Desc, |order| order.direction).into();
            let cursors = Cursors::new(&core.keys, format!("comments {direction:?} {filter:?}"), viewer);
            let window = PageRequest { first, after, last, before }.window(&cursors, &Sort::Id)?;
            let page = comments::list(core, viewer, &window, direction, &filter, wanted(ctx)).await?;
            Ok(Some(CommentConnection::new(page, cursors, Counted::Matching(filter)).into()))
        };
        guarded(found.await)
    }
}
