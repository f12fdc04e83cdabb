//! What has just happened, for whoever listens. An event is told after the commit and names rows; who hears it reads
//! them by the rules of its own viewer, so an event gives nothing away.
//!
//! It is heard in this process, and with a Redis in every other server's. Nobody may rely on hearing every one: a
//! listener that is too slow is told so, and rights are looked at again from time to time without any event.

mod relay;

use tokio::sync::{
    broadcast::{self, error::RecvError},
    mpsc,
};
use uuid::Uuid;

use super::{accounts::UserId, comments::CommentId, posts::PostId, redis::Redis};

/// How many events a listener may be behind.
const BACKLOG: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    CommentAdded {
        post: PostId,
        comment: CommentId,
    },
    PostPublished(PostId),
    /// Sessions of this user have ended, or the user may do other things than before.
    RightsChanged(UserId),
}

#[derive(Clone)]
pub struct Events {
    here: broadcast::Sender<Heard>,
    /// On the way to other servers.
    elsewhere: Option<mpsc::Sender<Event>>,
}

pub struct Listener(broadcast::Receiver<Heard>);

/// What a listener hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    Event(Event),
    /// Some events were missed.
    Gap,
    /// There will be no more.
    End,
}

impl Events {
    pub fn new() -> Self {
        Self { here: broadcast::Sender::new(BACKLOG), elsewhere: None }
    }

    /// Told to other servers too, and theirs here. `own` is what this one calls itself.
    pub fn shared(redis: Redis, own: Uuid) -> Self {
        let here = broadcast::Sender::new(BACKLOG);
        let (elsewhere, outgoing) = mpsc::channel(BACKLOG);
        tokio::spawn(relay::run(redis, own, here.downgrade(), outgoing));
        Self { here, elsewhere: Some(elsewhere) }
    }

    pub fn tell(&self, event: Event) {
        // Nobody listens: nobody minds.
        let _ = self.here.send(Heard::Event(event));
        if let Some(elsewhere) = &self.elsewhere {
            // Full while Redis is away: other servers find out as they would without it.
            let _ = elsewhere.try_send(event);
        }
    }

    /// Hears everything that is told from now on.
    pub fn listen(&self) -> Listener {
        Listener(self.here.subscribe())
    }
}

impl Default for Events {
    fn default() -> Self {
        Self::new()
    }
}

impl Listener {
    /// Safe to drop at any moment: what was not heard is heard next time.
    pub async fn hear(&mut self) -> Heard {
        match self.0.recv().await {
            Ok(heard) => heard,
            Err(RecvError::Lagged(_)) => Heard::Gap,
            Err(RecvError::Closed) => Heard::End,
        }
    }
}
