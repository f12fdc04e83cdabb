//! What has just happened, for whoever listens. An event is told after the commit and names rows; who hears it reads
//! them by the rules of its own viewer, so an event gives nothing away.
//!
//! It is heard in this process. Nobody may rely on hearing every one: a listener that is too slow is told so, and rights
//! are looked at again from time to time without any event.

use tokio::sync::broadcast::{self, error::RecvError};

use super::{accounts::UserId, comments::CommentId, posts::PostId};

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
pub struct Events(broadcast::Sender<Event>);

pub struct Listener(broadcast::Receiver<Event>);

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
        Self(broadcast::Sender::new(BACKLOG))
    }

    pub fn tell(&self, event: Event) {
        // Nobody listens: nobody minds.
        let _ = self.0.send(event);
    }

    /// Hears everything that is told from now on.
    pub fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
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
            Ok(event) => Heard::Event(event),
            Err(RecvError::Lagged(_)) => Heard::Gap,
            Err(RecvError::Closed) => Heard::End,
        }
    }
}
