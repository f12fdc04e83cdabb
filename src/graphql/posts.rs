//! Posts: the object, the queries.

use std::sync::Arc;

use async_graphql::{
    Context, Enum, ID, InputObject, Object, ScalarType as _, SelectionField, resolver_utils::enum_value,
};

use super::{
    comments::{CommentConnection, CommentOrder, comments_of},
    connection::{OrderDirection, connection, new_edge, node_fields, node_selects},
    context::ContextExt as _,
    cost::{self, list_size},
    node::{Kind, global_id, id_in, local_id},
    payload::{Guarded, guarded},
    scalars::DateTime,
    straight::{Asked, AtHand, Json, Shown},
    users::User,
};
use crate::core::{
    Error, Result,
    accounts::{Author, Authors, UserId},
    comments::Parent,
    page::{Cursors, PageRequest},
    posts::{self, PostId},
};

/// Whether a post is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "posts::Status")]
pub(super) enum PostStatus {
    /// Seen by its author, and by who looks after the site.
    Draft,
    /// Seen by everybody.
    Published,
}

/// Something that somebody wrote.
pub(super) struct Post(Arc<posts::Post>);

impl Post {
    pub(super) fn new(post: Arc<posts::Post>) -> Self {
        Self(post)
    }
}

/// Something that somebody wrote.
#[Object]
impl Post {
    /// The global id.
    pub(super) async fn id(&self) -> ID {
        global_id(Kind::Post, self.0.id.0)
    }

    /// The title, on one line.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The text, as it was written: HTML in it is text too.
    async fn body(&self, ctx: &Context<'_>) -> Result<String, super::error::ApiError> {
        if let Some(body) = &self.0.body {
            return Ok(body.clone());
        }
        // The rows came without their texts; the loader brings them all.
        let whole = ctx.loaders()?.posts.load(self.0.id).await?.ok_or(Error::NotFound)?;
        Ok(whole.body.clone().unwrap_or_default())
    }

    /// Whether it is out.
    async fn status(&self) -> PostStatus {
        self.0.status.into()
    }

    /// Who wrote it; null when the account is gone.
    async fn author(&self, ctx: &Context<'_>) -> Guarded<Shown<User>> {
        guarded(author(ctx, self.0.author.as_ref(), self.0.author_id).await)
    }

    /// The comments under it, the oldest first.
    #[graphql(directive = list_size::apply(20, Some(cost::slicing()), Some(cost::sized()), false))]
    async fn comments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the front: 0 to 100; 20 without a word.")] first: Option<i32>,
        #[graphql(desc = "The cursor to go on from.")] after: Option<String>,
        #[graphql(desc = "How many, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to go back from.")] before: Option<String>,
        #[graphql(desc = "The order; the oldest first without a word.")] order_by: Option<CommentOrder>,
    ) -> Guarded<Shown<CommentConnection>> {
        let request = PageRequest { first, after, last, before };
        guarded(comments_of(ctx, Parent::Post(self.0.id), &request, order_by, OrderDirection::Asc).await.map(Some))
    }

    /// When it was written.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }

    /// When it was first published; null before that.
    async fn published_at(&self) -> Option<DateTime> {
        self.0.published_at.map(DateTime::from)
    }
}

impl AtHand for Post {
    fn write(&self, field: &Asked<'_>, out: &mut Json) -> bool {
        let post = &self.0;
        match field.name() {
            "id" => out.id(Kind::Post, post.id.0),
            "title" => out.text(&post.title),
            "body" => match &post.body {
                Some(body) => out.text(body),
                None => return false,
            },
            "status" => out.value(&enum_value(PostStatus::from(post.status))),
            "author" => return write_author(field, post.author.as_ref(), post.author_id, out),
            "createdAt" => out.value(&DateTime::from(post.created_at).to_value()),
            "updatedAt" => out.value(&DateTime::from(post.updated_at).to_value()),
            "publishedAt" => match post.published_at {
                Some(at) => out.value(&DateTime::from(at).to_value()),
                None => out.null(),
            },
            _ => return false,
        }
        true
    }
}

/// The same as [`author`], if it is known already.
pub(super) fn write_author(field: &Asked<'_>, brought: Option<&Author>, id: Option<UserId>, out: &mut Json) -> bool {
    match (brought, id) {
        (Some(author), _) => return out.object(field, &User::new(author.clone())),
        (None, Some(_)) => return false,
        (None, None) => out.null(),
    }
    true
}

/// The author that came with the row, or else the loader's.
pub(super) async fn author(
    ctx: &Context<'_>,
    brought: Option<&Author>,
    id: Option<UserId>,
) -> Result<Option<Shown<User>>> {
    let author = match (brought, id) {
        (Some(author), _) => Some(author.clone()),
        (None, Some(id)) => ctx.loaders()?.users.load(id).await?.map(Author::from),
        (None, None) => None,
    };
    Ok(author.map(|author| User::new(author).into()))
}

/// Which posts.
#[derive(Default, InputObject)]
pub(super) struct PostFilter {
    /// Only those of this user.
    author_id: Option<ID>,
    /// Only those with this status; others' drafts stay hidden.
    status: Option<PostStatus>,
    /// Only those with every one of these words, or parts of words, in the title or the text.
    search: Option<String>,
}

impl PostFilter {
    fn into_domain(self) -> Result<posts::Filter> {
        let author = self.author_id.map(|id| id_in("filter.authorId", Kind::User, &id)).transpose()?;
        Ok(posts::Filter {
            author: author.map(UserId),
            status: self.status.map(posts::Status::from),
            search: self.search.filter(|search| !search.trim().is_empty()),
        })
    }
}

/// What posts are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "posts::Field")]
pub(super) enum PostOrderField {
    /// When they were written.
    CreatedAt,
    /// When they were first published; drafts count as the earliest.
    PublishedAt,
    /// Their titles, without regard to case.
    Title,
}

/// The order of posts.
#[derive(InputObject)]
pub(super) struct PostOrder {
    /// What to go by.
    field: PostOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Desc")]
    direction: OrderDirection,
}

impl PostOrder {
    pub(super) fn into_domain(order: Option<Self>) -> posts::Order {
        order.map_or_else(posts::Order::default, |order| posts::Order {
            field: order.field.into(),
            direction: order.direction.into(),
        })
    }
}

/// How many posts a list has.
pub(super) enum Counted {
    Matching(posts::Filter),
    Of(UserId),
}

impl Counted {
    async fn count(&self, ctx: &Context<'_>) -> Result<u64> {
        match self {
            Self::Matching(filter) => posts::count(ctx.core()?, ctx.viewer()?, filter).await,
            Self::Of(author) => ctx.loaders()?.post_counts.load(*author).await,
        }
    }
}

connection!(PostConnection, PostEdge, Post, posts::Post, Counted);
new_edge!(PostEdge, posts::Post);

/// The place of a new post in `posts`, as it comes without filter and order.
pub(super) fn edge_of_new(ctx: &Context<'_>, post: Arc<posts::Post>) -> Result<PostEdge<'static>> {
    Ok(PostEdge::of_new(post, cursors(ctx, posts::Order::default(), &posts::Filter::default())?))
}

fn cursors(ctx: &Context<'_>, order: posts::Order, filter: &posts::Filter) -> Result<Cursors> {
    Ok(Cursors::new(&ctx.core()?.keys, format!("posts {order:?} {filter:?}"), ctx.viewer()?))
}

/// How much of the authors of a list's nodes is selected.
pub(super) fn wanted_authors(ctx: &Context<'_>) -> Authors {
    let authors = node_fields(ctx, "author");
    let mut selected = authors.iter().flat_map(SelectionField::selection_set);
    match authors.first() {
        None => Authors::Nothing,
        Some(_) if selected.all(|field| User::NAME.contains(&field.name())) => Authors::Name,
        Some(_) => Authors::Whole,
    }
}

/// What the selection needs of each post.
pub(super) fn wanted(ctx: &Context<'_>) -> posts::Want {
    posts::Want { body: node_selects(ctx, "body"), author: wanted_authors(ctx) }
}

#[derive(Default)]
pub struct PostQueries;

#[Object]
impl PostQueries {
    /// A post by its id; null when there is no such post for you.
    async fn post(&self, ctx: &Context<'_>, #[graphql(desc = "The global id.")] id: ID) -> Guarded<Shown<Post>> {
        let found = async {
            let Some(id) = local_id(Kind::Post, &id).map(PostId) else { return Ok(None) };
            let want = posts::Want { body: true, author: Authors::Whole };
            let mut found = posts::by_ids(ctx.core()?, ctx.viewer()?, &[id], want).await?;
            Ok(found.remove(&id).map(|post| Post::new(post).into()))
        };
        guarded(found.await)
    }

    /// Posts, the newest first: published ones, your own drafts, and for who looks after the site all.
    #[graphql(directive = list_size::apply(20, Some(cost::slicing()), Some(cost::sized()), false))]
    async fn posts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the front: 0 to 100; 20 without a word.")] first: Option<i32>,
        #[graphql(desc = "The cursor to go on from.")] after: Option<String>,
        #[graphql(desc = "How many, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to go back from.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<PostFilter>,
        #[graphql(desc = "The order; the newest first without a word.")] order_by: Option<PostOrder>,
    ) -> Guarded<Shown<PostConnection>> {
        let found = async {
            let (core, viewer) = (ctx.core()?, ctx.viewer()?);
            let filter = filter.unwrap_or_default().into_domain()?;
            let order = PostOrder::into_domain(order_by);
            let cursors = cursors(ctx, order, &filter)?;
            let window = PageRequest { first, after, last, before }.window(&cursors, &order.sort())?;
            let page = posts::list(core, viewer, &window, order, &filter, wanted(ctx)).await?;
            Ok(Some(PostConnection::new(page, cursors, Counted::Matching(filter)).into()))
        };
        guarded(found.await)
    }
}
