//! Loaders of one request: what many fields ask for at the same time becomes one statement. They hold the viewer, so
//! nothing that one person may see reaches another; and they keep nothing, so a query after a mutation sees it.

use std::{collections::HashMap, future::Future, hash::Hash, sync::Arc};

use dataloader::{BatchFn, non_cached::Loader};

use crate::core::{
    Core, Result,
    accounts::{User, UserId, directory},
    comments::{self, Comment, Parent},
    page::{Direction, Page, Position, Window},
    posts::{self, Post, PostId},
    viewer::Viewer,
};

/// SQLite takes 500 branches in one statement; the limit on a document's cost is reached before.
const BATCH: usize = 500;
/// How often a loader lets the other fields run before it loads: they reach their loaders within two polls.
const YIELDS: usize = 2;

type Rows<T> = Page<(Position, Arc<T>)>;
type Loading<K, V> = Loader<K, Result<V>, Batch<K, V>>;

/// Which comments of which parents; those that differ in nothing but the parent come in one statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct CommentsOf {
    pub parent: Parent,
    pub window: Window,
    pub direction: Direction,
    pub want: comments::Want,
}

/// Which posts of which author.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct PostsOf {
    pub author: UserId,
    pub window: Window,
    pub order: posts::Order,
    pub want: posts::Want,
}

pub(super) struct Loaders {
    pub users: Loading<UserId, Option<Arc<User>>>,
    pub posts: Loading<PostId, Option<Arc<Post>>>,
    pub posts_of: Loading<PostsOf, Rows<Post>>,
    pub comments_of: Loading<CommentsOf, Rows<Comment>>,
    pub post_counts: Loading<UserId, u64>,
    pub comment_counts: Loading<Parent, u64>,
}

impl Loaders {
    pub(super) fn new(core: &Arc<Core>, viewer: &Viewer) -> Self {
        Self {
            users: loading(core, viewer, |core, _, ids| Box::pin(users(core, ids))),
            posts: loading(core, viewer, |core, viewer, ids| Box::pin(posts_by_id(core, viewer, ids))),
            posts_of: loading(core, viewer, |core, viewer, keys| Box::pin(posts_of(core, viewer, keys))),
            comments_of: loading(core, viewer, |core, viewer, keys| Box::pin(comments_of(core, viewer, keys))),
            post_counts: loading(core, viewer, |core, viewer, authors| {
                Box::pin(async move { posts::count_by_authors(core, viewer, authors).await })
            }),
            comment_counts: loading(core, viewer, |core, viewer, parents| {
                Box::pin(comment_counts(core, viewer, parents))
            }),
        }
    }
}

type Work<'a, K, V> = std::pin::Pin<Box<dyn Future<Output = Result<HashMap<K, V>>> + Send + 'a>>;
type Load<K, V> = for<'a> fn(&'a Core, &'a Viewer, &'a [K]) -> Work<'a, K, V>;

/// The one seam to the loader crate: every key gets an answer, since it panics for a key without one.
pub(super) struct Batch<K, V> {
    core: Arc<Core>,
    viewer: Viewer,
    load: Load<K, V>,
}

impl<K: Clone + Eq + Hash + Send + Sync, V: Clone + Send> BatchFn<K, Result<V>> for Batch<K, V> {
    async fn load(&mut self, keys: &[K]) -> HashMap<K, Result<V>> {
        match (self.load)(&self.core, &self.viewer, keys).await {
            Ok(mut found) => {
                keys.iter().map(|key| (key.clone(), found.remove(key).ok_or(crate::core::Error::NotFound))).collect()
            }
            Err(error) => keys.iter().map(|key| (key.clone(), Err(error.clone()))).collect(),
        }
    }
}

fn loading<K, V>(core: &Arc<Core>, viewer: &Viewer, load: Load<K, V>) -> Loading<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + std::fmt::Debug,
    V: Clone + Send,
{
    let batch = Batch { core: core.clone(), viewer: viewer.clone(), load };
    Loader::new(batch).with_max_batch_size(BATCH).with_yield_count(YIELDS)
}

async fn users(core: &Core, ids: &[UserId]) -> Result<HashMap<UserId, Option<Arc<User>>>> {
    let mut found = directory::by_ids(core, ids).await?;
    Ok(ids.iter().map(|id| (*id, found.remove(id))).collect())
}

async fn posts_by_id(core: &Core, viewer: &Viewer, ids: &[PostId]) -> Result<HashMap<PostId, Option<Arc<Post>>>> {
    let want = posts::Want { body: true, author: true };
    let mut found = posts::by_ids(core, viewer, ids, want).await?;
    Ok(ids.iter().map(|id| (*id, found.remove(id))).collect())
}

async fn posts_of(core: &Core, viewer: &Viewer, keys: &[PostsOf]) -> Result<HashMap<PostsOf, Rows<Post>>> {
    let mut found = HashMap::new();
    for group in groups(keys, |key| (&key.window, key.order, key.want)) {
        let Some(like) = group.first() else { continue };
        let authors: Vec<UserId> = group.iter().map(|key| key.author).collect();
        let mut pages = posts::list_by_authors(core, viewer, &authors, &like.window, like.order, like.want).await?;
        found.extend(group.into_iter().filter_map(|key| Some((key.clone(), pages.remove(&key.author)?))));
    }
    Ok(found)
}

async fn comments_of(core: &Core, viewer: &Viewer, keys: &[CommentsOf]) -> Result<HashMap<CommentsOf, Rows<Comment>>> {
    let mut found = HashMap::new();
    for group in groups(keys, |key| (kind(key.parent), &key.window, key.direction, key.want)) {
        let Some(like) = group.first() else { continue };
        let parents: Vec<Parent> = group.iter().map(|key| key.parent).collect();
        let mut pages =
            comments::list_by_parents(core, viewer, &parents, &like.window, like.direction, like.want).await?;
        found.extend(group.into_iter().filter_map(|key| Some((key.clone(), pages.remove(&key.parent)?))));
    }
    Ok(found)
}

async fn comment_counts(core: &Core, viewer: &Viewer, parents: &[Parent]) -> Result<HashMap<Parent, u64>> {
    let mut found = HashMap::new();
    for group in groups(parents, |parent| kind(*parent)) {
        let parents: Vec<Parent> = group.into_iter().copied().collect();
        found.extend(comments::count_by_parents(core, viewer, &parents).await?);
    }
    Ok(found)
}

fn kind(parent: Parent) -> std::mem::Discriminant<Parent> {
    std::mem::discriminant(&parent)
}

/// Keys with the same arguments together.
fn groups<'k, K, A: Eq + Hash>(keys: &'k [K], arguments: impl Fn(&'k K) -> A) -> Vec<Vec<&'k K>> {
    let mut groups: HashMap<A, Vec<&K>> = HashMap::new();
    for key in keys {
        groups.entry(arguments(key)).or_default().push(key);
    }
    groups.into_values().collect()
}
