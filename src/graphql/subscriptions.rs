//! What is told as it happens. A stream hears events that name rows, and reads each row for its viewer, by the same
//! rules as every query. Whether the viewer still is who asked, the door looks at.

use std::{collections::HashSet, sync::Arc, time::Duration};

use async_graphql::{Context, ID, SimpleObject, Subscription};
use futures_util::{Stream, stream};

use super::{
    comments::Comment,
    context::ContextExt as _,
    error::ApiError,
    node::{Kind, global_id, id_in},
    posts::Post,
    scalars::DateTime,
    straight::Shown,
};
use crate::core::{
    Core, Error, Result,
    accounts::{Authors, UserId},
    clock::Time,
    comments::{self, CommentId},
    events::{Event, Heard, Listener},
    posts::{self, PostId},
    sessions::{self, SessionId},
    viewer::Viewer,
};

/// How often the sessions are looked at without an event: another server may have ended one.
const LOOK_AGAIN: Duration = Duration::from_secs(4);

/// A session that is over.
#[derive(SimpleObject)]
struct EndedSession {
    /// The id that the session had in the list of sessions.
    id: ID,
    /// When it ended.
    ended_at: DateTime,
}

#[derive(Default)]
pub struct Subscription;

/// What is told as it happens.
#[Subscription]
impl Subscription {
    /// Comments on a post, as they are written. Ends when you no longer see the post.
    async fn comment_added(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The post.")] post_id: ID,
    ) -> Result<impl Stream<Item = Result<Shown<Comment>, ApiError>>, ApiError> {
        let ears = Ears::of(ctx)?;
        let post = PostId(id_in("postId", Kind::Post, &post_id)?);
        ears.see(post).await?;
        Ok(stream::unfold(Some((ears, post)), |state| async {
            let (mut ears, post) = state?;
            loop {
                match ears.hear().await? {
                    Ok(Event::CommentAdded { post: under, comment }) if under == post => {
                        match ears.comment(comment).await {
                            Ok(Some(comment)) => return Some((Ok(comment), Some((ears, post)))),
                            // Deleted meanwhile, or hidden with its post: the next one tells.
                            Ok(None) => ears.see(post).await.ok()?,
                            Err(error) => return Some((Err(error.into()), None)),
                        }
                    }
                    Ok(_) => {}
                    Err(error) => return Some((Err(error.into()), None)),
                }
            }
        }))
    }

    /// Posts, as they are published.
    #[expect(clippy::unused_async, reason = "the macro asks for it")]
    async fn post_published(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = Result<Shown<Post>, ApiError>>, ApiError> {
        Ok(stream::unfold(Some(Ears::of(ctx)?), |ears| async {
            let mut ears = ears?;
            loop {
                match ears.hear().await? {
                    Ok(Event::PostPublished(post)) => match ears.post(post).await {
                        Ok(Some(post)) => return Some((Ok(post), Some(ears))),
                        Ok(None) => {}
                        Err(error) => return Some((Err(error.into()), None)),
                    },
                    Ok(_) => {}
                    Err(error) => return Some((Err(error.into()), None)),
                }
            }
        }))
    }

    /// Your own sessions, as they are ended: by a logout anywhere, a new password, a suspension. When the session of
    /// this stream itself ends, the stream ends.
    async fn session_ended(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = Result<EndedSession, ApiError>>, ApiError> {
        let ears = Ears::of(ctx)?;
        let user = ears.viewer.signed_in()?.user.id;
        let since = ears.core.clock.now();
        let told = ears.ended(since).await?.into_iter().map(|(id, _)| id).collect();
        Ok(stream::unfold(Some(Watch { ears, user, since, told }), |watch| async {
            let mut watch = watch?;
            match watch.next().await? {
                Ok(ended) => Some((Ok(ended), Some(watch))),
                Err(error) => Some((Err(error.into()), None)),
            }
        }))
    }
}

/// A listener, and whose eyes it sees with.
struct Ears {
    core: Arc<Core>,
    viewer: Viewer,
    listener: Listener,
}

impl Ears {
    /// Hears everything from now on, so that nothing happens between the look and the listening.
    fn of(ctx: &Context<'_>) -> Result<Self> {
        let core = ctx.core()?.clone();
        let listener = core.events.listen();
        Ok(Self { core, viewer: ctx.viewer()?.clone(), listener })
    }

    /// The next event. A stream that has missed some ends with an error, so that its client asks for what it missed.
    async fn hear(&mut self) -> Option<Result<Event>> {
        match self.listener.hear().await {
            Heard::Event(event) => Some(Ok(event)),
            Heard::Gap => Some(Err(Error::TooBusy(Duration::from_secs(1)))),
            Heard::End => None,
        }
    }

    async fn see(&self, post: PostId) -> Result<()> {
        let want = posts::Want { body: false, author: Authors::Nothing };
        let mut found = posts::by_ids(&self.core, &self.viewer, &[post], want).await?;
        found.remove(&post).map(|_| ()).ok_or(Error::NotFound)
    }

    async fn post(&self, id: PostId) -> Result<Option<Shown<Post>>> {
        let want = posts::Want { body: true, author: Authors::Whole };
        let mut found = posts::by_ids(&self.core, &self.viewer, &[id], want).await?;
        Ok(found.remove(&id).map(|post| Post::new(post).into()))
    }

    async fn comment(&self, id: CommentId) -> Result<Option<Shown<Comment>>> {
        let want = comments::Want { author: Authors::Whole };
        let mut found = comments::by_ids(&self.core, &self.viewer, &[id], want).await?;
        Ok(found.remove(&id).map(|comment| Comment::new(comment).into()))
    }

    async fn ended(&self, since: Time) -> Result<Vec<(SessionId, Time)>> {
        sessions::ended_since(&self.core, self.viewer.signed_in()?, since).await
    }
}

/// What a person was told of ended sessions.
struct Watch {
    ears: Ears,
    user: UserId,
    since: Time,
    told: HashSet<SessionId>,
}

impl Watch {
    async fn next(&mut self) -> Option<Result<EndedSession>> {
        loop {
            let ended = match self.ears.ended(self.since).await {
                Ok(ended) => ended,
                Err(error) => return Some(Err(error)),
            };
            if let Some((id, at)) = ended.into_iter().find(|(id, _)| self.told.insert(*id)) {
                return Some(Ok(EndedSession { id: global_id(Kind::Session, id.0), ended_at: at.into() }));
            }
            self.wait().await?;
        }
    }

    /// Until something may have changed: missed events are made good by the look that follows.
    async fn wait(&mut self) -> Option<()> {
        loop {
            match tokio::time::timeout(LOOK_AGAIN, self.ears.listener.hear()).await {
                Ok(Heard::Event(Event::RightsChanged(user))) if user == self.user => return Some(()),
                Ok(Heard::Event(_)) => {}
                Ok(Heard::Gap) | Err(_) => return Some(()),
                Ok(Heard::End) => return None,
            }
        }
    }
}
