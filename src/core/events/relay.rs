//! Carries events between servers, over one channel of Redis. What is told while it is away may come late or never, so
//! listeners hear of the gap when it is back.

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::{broadcast::WeakSender, mpsc::Receiver};
use uuid::Uuid;

use super::{Event, Heard};
use crate::core::{accounts::UserId, comments::CommentId, posts::PostId, redis::Redis};

const CHANNEL: &str = "events";
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// How often it is asked whether it is there: a connection may die without a word.
const PING: Duration = Duration::from_secs(5);

/// Runs until nobody has anything to tell any more.
pub(super) async fn run(redis: Redis, own: Uuid, here: WeakSender<Heard>, mut outgoing: Receiver<Event>) {
    let mut was_away = false;
    loop {
        if let Some(connection) = redis.subscribe(CHANNEL).await {
            if was_away && let Some(here) = here.upgrade() {
                let _ = here.send(Heard::Gap);
            }
            let (mut sink, mut incoming) = connection.split();
            let mut look = tokio::time::interval(PING);
            loop {
                tokio::select! {
                    event = outgoing.recv() => match event {
                        Some(event) => redis.publish(CHANNEL, format!("{own} {}", written(event))).await,
                        None => return,
                    },
                    message = incoming.next() => {
                        let Some(message) = message else { break };
                        let text: String = message.get_payload().unwrap_or_default();
                        if let (Some(event), Some(here)) = (of_another(&text, own), here.upgrade()) {
                            let _ = here.send(Heard::Event(event));
                        }
                    }
                    _ = look.tick() => {
                        let pong = tokio::time::timeout(TRY_AGAIN, sink.ping::<redis::Value>()).await;
                        if !matches!(pong, Ok(Ok(_))) {
                            break;
                        }
                    }
                }
            }
        }
        if here.upgrade().is_none() {
            return;
        }
        was_away = true;
        tokio::time::sleep(TRY_AGAIN).await;
    }
}

fn written(event: Event) -> String {
    match event {
        Event::CommentAdded { post, comment } => format!("comment-added {} {}", post.0, comment.0),
        Event::PostPublished(post) => format!("post-published {}", post.0),
        Event::RightsChanged(user) => format!("rights-changed {}", user.0),
    }
}

/// None for this server's own, which was heard already, and for what this version does not know.
fn of_another(text: &str, own: Uuid) -> Option<Event> {
    let words: Vec<&str> = text.split(' ').collect();
    let (from, words) = words.split_first()?;
    if Uuid::parse_str(from).ok()? == own {
        return None;
    }
    let id = |text: &str| Uuid::parse_str(text).ok();
    match words {
        ["comment-added", post, comment] => {
            Some(Event::CommentAdded { post: PostId(id(post)?), comment: CommentId(id(comment)?) })
        }
        ["post-published", post] => Some(Event::PostPublished(PostId(id(post)?))),
        ["rights-changed", user] => Some(Event::RightsChanged(UserId(id(user)?))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_by_others_alone() {
        let (own, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let (post, comment, user) = (Uuid::from_u128(3), Uuid::from_u128(4), Uuid::from_u128(5));
        let comment_added = Event::CommentAdded { post: PostId(post), comment: CommentId(comment) };
        for event in [comment_added, Event::PostPublished(PostId(post)), Event::RightsChanged(UserId(user))] {
            let text = format!("{own} {}", written(event));
            assert_eq!((of_another(&text, other), of_another(&text, own)), (Some(event), None));
        }
        for text in
            ["", "x", "x rights-changed", &format!("{own} rights-changed x"), &format!("{own} new-thing {user}")]
        {
            assert_eq!(of_another(text, other), None, "{text}");
        }
    }
}
