//! Writing, changing and deleting posts and comments.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};

use super::{
    comments::{Comment, CommentEdge},
    context::ContextExt as _,
    error::UserError,
    node::{Kind, global_id, id_of},
    payload::{Guarded, Payload, answer, given},
    posts::{Post, PostEdge, PostStatus},
    straight::Shown,
};
use crate::core::{
    comments::{self, CommentId, NewComment},
    error::Faults,
    posts::{self, NewPost, PostId},
};

/// A new post.
#[derive(InputObject)]
struct CreatePostInput {
    /// 1 to 200 characters, on one line.
    title: String,
    /// 1 to 50,000 characters.
    body: String,
    /// Whether it is out at once; a draft without a word.
    #[graphql(default_with = "PostStatus::Draft")]
    status: PostStatus,
}

/// What is to be changed of a post; what is absent stays.
#[derive(InputObject)]
struct UpdatePostInput {
    /// Which post.
    id: ID,
    /// 1 to 200 characters, on one line.
    title: MaybeUndefined<String>,
    /// 1 to 50,000 characters.
    body: MaybeUndefined<String>,
    /// Whether it is out.
    status: MaybeUndefined<PostStatus>,
}

/// A post to delete, with the comments under it.
#[derive(InputObject)]
struct DeletePostInput {
    /// Which post.
    id: ID,
}

/// A new comment.
#[derive(InputObject)]
struct CreateCommentInput {
    /// The post that it is to stand under.
    post_id: ID,
    /// 1 to 10,000 characters.
    body: String,
}

/// A comment's new text.
#[derive(InputObject)]
struct UpdateCommentInput {
    /// Which comment.
    id: ID,
    /// 1 to 10,000 characters.
    body: String,
}

/// A comment to delete.
#[derive(InputObject)]
struct DeleteCommentInput {
    /// Which comment.
    id: ID,
}

/// The answer to a new post.
#[derive(Default, SimpleObject)]
struct CreatePostPayload {
    /// The post.
    post: Option<Shown<Post>>,
    /// The post with its place in `posts` as it comes without filter and order, for the front of that list.
    post_edge: Option<PostEdge<'static>>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// The answer to a change of a post.
#[derive(Default, SimpleObject)]
struct UpdatePostPayload {
    /// The post as it is now.
    post: Option<Shown<Post>>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// The answer to the end of a post.
#[derive(Default, SimpleObject)]
struct DeletePostPayload {
    /// The id of what is gone.
    deleted_post_id: Option<ID>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// The answer to a new comment.
#[derive(Default, SimpleObject)]
struct CreateCommentPayload {
    /// The comment.
    comment: Option<Shown<Comment>>,
    /// The comment with its place in the post's `comments` as they come without an order, for the end of that list.
    comment_edge: Option<CommentEdge<'static>>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// The answer to a change of a comment.
#[derive(Default, SimpleObject)]
struct UpdateCommentPayload {
    /// The comment as it is now.
    comment: Option<Shown<Comment>>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// The answer to the end of a comment.
#[derive(Default, SimpleObject)]
struct DeleteCommentPayload {
    /// The id of what is gone.
    deleted_comment_id: Option<ID>,
    /// The post that it stood under.
    post_id: Option<ID>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

super::payload::payloads!(
    CreatePostPayload,
    UpdatePostPayload,
    DeletePostPayload,
    CreateCommentPayload,
    UpdateCommentPayload,
    DeleteCommentPayload,
);

#[derive(Default)]
pub struct WritingMutations;

#[Object]
impl WritingMutations {
    /// Writes a post.
    async fn create_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The post.")] input: CreatePostInput,
    ) -> Guarded<CreatePostPayload> {
        let new = NewPost { title: input.title, body: input.body, status: input.status.into() };
        let done = async {
            let post = posts::create(ctx.core()?, ctx.viewer()?, new).await?;
            Ok((Post::new(post.clone()).into(), super::posts::edge_of_new(ctx, post)?))
        };
        answer(done.await, |(post, edge)| CreatePostPayload {
            post: Some(post),
            post_edge: Some(edge),
            user_errors: Vec::new(),
        })
    }

    /// Changes a post: for its author, moderators and administrators.
    async fn update_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The post and what is to be changed.")] input: UpdatePostInput,
    ) -> Guarded<UpdatePostPayload> {
        let done = async {
            let viewer = ctx.viewer()?;
            viewer.signed_in()?;
            let id = PostId(id_of(Kind::Post, &input.id)?);
            let mut faults = Faults::default();
            let change = posts::Change {
                title: given(&mut faults, "title", input.title),
                body: given(&mut faults, "body", input.body),
                status: given(&mut faults, "status", input.status).map(posts::Status::from),
                faults,
            };
            posts::update(ctx.core()?, viewer, ctx.origin()?, id, change).await
        };
        answer(done.await, |post| UpdatePostPayload { post: Some(Post::new(post).into()), user_errors: Vec::new() })
    }

    /// Deletes a post and the comments under it: for its author, moderators and administrators.
    async fn delete_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The post.")] input: DeletePostInput,
    ) -> Guarded<DeletePostPayload> {
        let done = async {
            let viewer = ctx.viewer()?;
            viewer.signed_in()?;
            posts::delete(ctx.core()?, viewer, ctx.origin()?, PostId(id_of(Kind::Post, &input.id)?)).await
        };
        answer(done.await, |id| DeletePostPayload {
            deleted_post_id: Some(global_id(Kind::Post, id.0)),
            user_errors: Vec::new(),
        })
    }

    /// Comments on a post that you may see.
    async fn create_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The comment.")] input: CreateCommentInput,
    ) -> Guarded<CreateCommentPayload> {
        let done = async {
            let viewer = ctx.viewer()?;
            viewer.signed_in()?;
            let post = PostId(id_of(Kind::Post, &input.post_id)?);
            let comment = comments::create(ctx.core()?, viewer, NewComment { post, body: input.body }).await?;
            Ok((Comment::new(comment.clone()).into(), super::comments::edge_of_new(ctx, comment)?))
        };
        answer(done.await, |(comment, edge)| CreateCommentPayload {
            comment: Some(comment),
            comment_edge: Some(edge),
            user_errors: Vec::new(),
        })
    }

    /// Changes a comment: for its author, moderators and administrators.
    async fn update_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The comment and its new text.")] input: UpdateCommentInput,
    ) -> Guarded<UpdateCommentPayload> {
        let done = async {
            let viewer = ctx.viewer()?;
            viewer.signed_in()?;
            let id = CommentId(id_of(Kind::Comment, &input.id)?);
            comments::update(ctx.core()?, viewer, ctx.origin()?, id, &input.body).await
        };
        answer(done.await, |comment| UpdateCommentPayload {
            comment: Some(Comment::new(comment).into()),
            user_errors: Vec::new(),
        })
    }

    /// Deletes a comment: for its author, the post's author, moderators and administrators.
    async fn delete_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The comment.")] input: DeleteCommentInput,
    ) -> Guarded<DeleteCommentPayload> {
        let done = async {
            let viewer = ctx.viewer()?;
            viewer.signed_in()?;
            comments::delete(ctx.core()?, viewer, ctx.origin()?, CommentId(id_of(Kind::Comment, &input.id)?)).await
        };
        answer(done.await, |post| DeleteCommentPayload {
            deleted_comment_id: Some(input.id.clone()),
            post_id: Some(global_id(Kind::Post, post.0)),
            user_errors: Vec::new(),
        })
    }
}
