//! One's own picture: sending it, and taking it away. Where it is shown is a field of the user.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

use super::{
    context::ContextExt as _,
    cost::cost,
    error::UserError,
    payload::{Guarded, Payload, answer},
    scalars::Upload,
    straight::Shown,
    users::User,
};
use crate::core::pictures::{self, Size};

/// How large a picture is. All of them are square.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Size")]
pub(super) enum AvatarSize {
    /// 64 pixels a side: beside a comment.
    Small,
    /// 192 pixels a side: on a card.
    Medium,
    /// 512 pixels a side: on a page of its own.
    Large,
}

/// A picture of oneself.
#[derive(InputObject)]
struct UploadAvatarInput {
    /// PNG, JPEG, WebP or GIF, 2 MiB and 4,096 pixels a side at most; of a moving picture the first one. It is turned as
    /// its camera says, cut to the square in its middle, and drawn anew: nothing else of the file is kept.
    file: Upload,
}

/// The answer to a new picture.
#[derive(Default, SimpleObject)]
struct UploadAvatarPayload {
    /// Oneself, as it is now: each size has a new address.
    user: Option<Shown<User>>,
    /// What is to be mended; empty when it worked.
    user_errors: Vec<UserError>,
}

/// The answer to the end of a picture.
#[derive(Default, SimpleObject)]
struct RemoveAvatarPayload {
    /// Oneself, as it is now, without a picture.
    user: Option<Shown<User>>,
    /// What is to be mended; always empty.
    user_errors: Vec<UserError>,
}

super::payload::payloads!(UploadAvatarPayload, RemoveAvatarPayload);

#[derive(Default)]
pub struct PictureMutations;

#[Object]
impl PictureMutations {
    /// Gives oneself a picture; the one before it is gone. Send the request as `multipart/form-data` by the
    /// specification of `Upload`, with the header `GraphQL-Require-Preflight: 1`. At most 20 in an hour.
    #[graphql(directive = cost::apply("100".to_owned()))]
    async fn upload_avatar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The picture.")] input: UploadAvatarInput,
    ) -> Guarded<UploadAvatarPayload> {
        // That it is there is all that it says: the file itself is in the context.
        let UploadAvatarInput { file: Upload } = input;
        let done = async { pictures::upload(ctx.core()?, ctx.viewer()?, ctx.origin()?, ctx.file()?.clone()).await };
        answer(done.await, |user| UploadAvatarPayload { user: Some(User::new(user).into()), user_errors: Vec::new() })
    }

    /// Takes one's own picture away, if there is one.
    async fn remove_avatar(&self, ctx: &Context<'_>) -> Guarded<RemoveAvatarPayload> {
        let done = async { pictures::remove(ctx.core()?, ctx.viewer()?).await };
        answer(done.await, |user| RemoveAvatarPayload { user: Some(User::new(user).into()), user_errors: Vec::new() })
    }
}
