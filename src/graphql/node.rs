//! Nodes: global ids (Relay Global Object Identification) and the interface.

use std::collections::HashMap;

use async_graphql::{Context, ID, Interface, Object};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::{Uuid, fmt::Hyphenated};

use super::{
    audit::AuditEvent,
    comments::Comment,
    context::ContextExt as _,
    cost::list_size,
    payload::{Guarded, guarded},
    posts::Post,
    sessions::Session,
    users::User,
};
use crate::core::{
    Error, Result,
    accounts::{Authors, UserId, directory},
    audit::{self, EventId},
    comments::{self, CommentId},
    posts::{self, PostId},
    sessions::{self, SessionId},
};

const MOST_NODES: usize = 100;
/// Of a kind's name and an id in base64: more than any takes.
const LONGEST_ID: usize = 80;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Session,
    Post,
    Comment,
    AuditEvent,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Session => "Session",
            Self::Post => "Post",
            Self::Comment => "Comment",
            Self::AuditEvent => "AuditEvent",
        }
    }
}

pub(super) fn global_id(kind: Kind, id: Uuid) -> ID {
    let mut text = Vec::with_capacity(LONGEST_ID);
    write_global_id(kind, id, &mut text);
    ID(String::from_utf8(text).unwrap_or_default())
}

/// The text of a global id, which needs no escape in JSON.
pub(super) fn write_global_id(kind: Kind, id: Uuid, out: &mut Vec<u8>) {
    let mut plain = [0; LONGEST_ID];
    let name = kind.as_str().as_bytes();
    let (before, after) = plain.split_at_mut(name.len() + 1);
    before[..name.len()].copy_from_slice(name);
    before[name.len()] = b':';
    id.hyphenated().encode_lower(after);
    let length = name.len() + 1 + Hyphenated::LENGTH;
    let begin = out.len();
    out.resize(begin + LONGEST_ID, 0);
    let written = URL_SAFE_NO_PAD.encode_slice(&plain[..length], &mut out[begin..]).unwrap_or(0);
    out.truncate(begin + written);
}

/// The id of that kind; nothing for one of another kind, and for junk. Only our own spelling counts.
pub(super) fn local_id(kind: Kind, id: &ID) -> Option<Uuid> {
    let decoded = String::from_utf8(URL_SAFE_NO_PAD.decode(id.as_str()).ok()?).ok()?;
    let uuid = Uuid::parse_str(decoded.strip_prefix(kind.as_str())?.strip_prefix(':')?).ok()?;
    (global_id(kind, uuid) == *id).then_some(uuid)
}

/// The id in an argument that has to be one of that kind.
pub(super) fn id_in(argument: &str, kind: Kind, id: &ID) -> Result<Uuid> {
    local_id(kind, id).ok_or_else(|| Error::BadInput(format!("`{argument}` is not the id of a {}.", kind.as_str())))
}

/// The id of what a mutation is to change: what cannot be one is not there.
pub(super) fn id_of(kind: Kind, id: &ID) -> Result<Uuid> {
    local_id(kind, id).ok_or(Error::NotFound)
}

/// Anything with a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The global id."))]
pub(super) enum Node {
    User(User),
    Session(Session),
    Post(Post),
    Comment(Comment),
    AuditEvent(AuditEvent),
}

#[derive(Default)]
pub struct NodeQueries;

#[Object]
impl NodeQueries {
    /// Anything by its global id; null when there is no such thing for you.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "The global id.")] id: ID) -> Guarded<Node> {
        guarded(async { Ok(find(ctx, &[id]).await?.pop().flatten()) }.await)
    }

    /// Several things by their global ids, in the same order; null for each that is not there for you. At most 100.
    #[graphql(directive = list_size::apply(100, None, None, false))]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global ids.")] ids: Vec<ID>,
    ) -> Guarded<Vec<Option<Node>>> {
        guarded(find(ctx, &ids).await.map(Some))
    }
}

/// One statement for each kind among the ids, with the same rules as everywhere.
async fn find(ctx: &Context<'_>, ids: &[ID]) -> Result<Vec<Option<Node>>> {
    if ids.len() > MOST_NODES {
        return Err(Error::BadInput(format!("`ids` may have {MOST_NODES} ids at most.")));
    }
    let (core, viewer) = (ctx.core()?, ctx.viewer()?);
    let of = |kind| ids.iter().filter_map(move |id| local_id(kind, id));
    let users: Vec<_> = of(Kind::User).map(UserId).collect();
    let sessions: Vec<_> = of(Kind::Session).map(SessionId).collect();
    let posts: Vec<_> = of(Kind::Post).map(PostId).collect();
    let comments: Vec<_> = of(Kind::Comment).map(CommentId).collect();
    let events: Vec<_> = of(Kind::AuditEvent).map(EventId).collect();
    let users = if users.is_empty() { HashMap::new() } else { directory::by_ids(core, &users).await? };
    let sessions = if sessions.is_empty() { HashMap::new() } else { sessions::by_ids(core, viewer, &sessions).await? };
    let want = posts::Want { body: true, author: Authors::Whole };
    let posts = if posts.is_empty() { HashMap::new() } else { posts::by_ids(core, viewer, &posts, want).await? };
    let want = comments::Want { author: Authors::Whole };
    let comments =
        if comments.is_empty() { HashMap::new() } else { comments::by_ids(core, viewer, &comments, want).await? };
    let events = if events.is_empty() { HashMap::new() } else { audit::by_ids(core, viewer, &events).await? };
    let found = ids.iter().map(|id| {
        let user = local_id(Kind::User, id).and_then(|id| users.get(&UserId(id)));
        let session = local_id(Kind::Session, id).and_then(|id| sessions.get(&SessionId(id)));
        let post = local_id(Kind::Post, id).and_then(|id| posts.get(&PostId(id)));
        let comment = local_id(Kind::Comment, id).and_then(|id| comments.get(&CommentId(id)));
        let event = local_id(Kind::AuditEvent, id).and_then(|id| events.get(&EventId(id)));
        user.map(|user| Node::User(User::new(user.clone())))
            .or_else(|| session.map(|session| Node::Session(Session::new(session.clone()))))
            .or_else(|| post.map(|post| Node::Post(Post::new(post.clone()))))
            .or_else(|| comment.map(|comment| Node::Comment(Comment::new(comment.clone()))))
            .or_else(|| event.map(|event| Node::AuditEvent(AuditEvent::new(event.clone()))))
    });
    Ok(found.collect())
}
