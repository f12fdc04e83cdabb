//! Loaders of one request: what many fields ask for at the same time becomes one statement. They hold the viewer, so
//! nothing that one person may see reaches another; and they keep nothing, so a query after a mutation sees it.
//!
//! A batch goes through the `dataloader` crate. When it goes is decided here: the crate waits for a number of polls, and
//! the executor gives each of more than 30 siblings only some of them, so that 100 rows became 37 statements.

use std::{
    collections::{HashMap, HashSet},
    fmt::Debug,
    future::Future,
    hash::{Hash, Hasher},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use dataloader::{BatchFn, non_cached};
use futures_util::{FutureExt as _, future::Shared};

use crate::core::{
    Core, Error, Result,
    accounts::{Authors, User, UserId, directory, email_change},
    audit::{self, Recorded},
    comments::{self, Comment, Parent},
    page::{Direction, Page, Position, Window},
    posts::{self, Post, PostId},
    profiles::{self, Profile},
    sessions::{self, Session},
    viewer::{PrivateAccess, Viewer},
};

/// How often the other fields run, and none of them asks a loader, before what was asked for is loaded.
const QUIET: usize = 2;

type Rows<T> = Page<(Position, Arc<T>)>;

/// Which comments of which parents; those that differ in nothing but the parent come in one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// Which sessions of which user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SessionsOf {
    pub of: PrivateAccess,
    pub window: Window,
}

/// Which events about which user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ActivityOf {
    pub of: PrivateAccess,
    pub window: Window,
}

/// Most keys of a request differ in nothing else.
impl Hash for CommentsOf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parent.hash(state);
    }
}

pub(super) struct Loaders {
    pub users: Loader<UserId, Option<Arc<User>>>,
    pub profiles: Loader<UserId, Arc<Profile>>,
    pub waiting_emails: Loader<PrivateAccess, Option<String>>,
    pub posts: Loader<PostId, Option<Arc<Post>>>,
    pub posts_of: Loader<PostsOf, Rows<Post>>,
    pub comments_of: Loader<CommentsOf, Rows<Comment>>,
    pub post_counts: Loader<UserId, u64>,
    pub comment_counts: Loader<Parent, u64>,
    pub sessions_of: Loader<SessionsOf, Rows<Session>>,
    pub session_counts: Loader<PrivateAccess, u64>,
    pub activity_of: Loader<ActivityOf, Rows<Recorded>>,
    pub activity_counts: Loader<PrivateAccess, u64>,
}

impl Loaders {
    pub(super) fn new(core: &Arc<Core>, viewer: &Viewer) -> Self {
        let request = Request { core: core.clone(), viewer: viewer.clone(), moves: Arc::default() };
        Self {
            users: request.loader(|core, _, ids| Box::pin(users(core, ids))),
            profiles: request.loader(|core, _, users| Box::pin(profiles::by_users(core, users))),
            waiting_emails: request.loader(|core, _, of| Box::pin(email_change::waiting_for(core, of))),
            posts: request.loader(|core, viewer, ids| Box::pin(posts_by_id(core, viewer, ids))),
            posts_of: request.loader(|core, viewer, keys| Box::pin(posts_of(core, viewer, keys))),
            comments_of: request.loader(|core, viewer, keys| Box::pin(comments_of(core, viewer, keys))),
            post_counts: request.loader(|core, viewer, authors| {
                Box::pin(async move { posts::count_by_authors(core, viewer, authors).await })
            }),
            comment_counts: request.loader(|core, viewer, parents| Box::pin(comment_counts(core, viewer, parents))),
            sessions_of: request.loader(|core, _, keys| Box::pin(sessions_of(core, keys))),
            session_counts: request.loader(|core, _, of| Box::pin(sessions::count_by_users(core, of))),
            activity_of: request.loader(|core, viewer, keys| Box::pin(activity_of(core, viewer, keys))),
            activity_counts: request.loader(|core, _, of| Box::pin(audit::count_by_users(core, of))),
        }
    }
}

/// What the loaders of a request have in common.
#[derive(Clone)]
struct Request {
    core: Arc<Core>,
    viewer: Viewer,
    /// How often a field asked a loader or got its answer.
    moves: Arc<AtomicU64>,
}

type Work<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
type Loading<K, V> = Work<'static, Result<Arc<HashMap<K, Result<V>>>>>;
type Load<K, V> = for<'a> fn(&'a Core, &'a Viewer, &'a [K]) -> Work<'a, Result<HashMap<K, V>>>;

/// Collects keys until no field moves any more, however many there are and however often the executor lets go of
/// them in between; then loads what was asked for, once.
pub(super) struct Loader<K, V> {
    request: Request,
    load: Load<K, V>,
    waiting: Arc<Mutex<Option<Batch<K, V>>>>,
}

/// Keys that are not loaded yet, and what is going to load them. Whoever waits for it drives it, so that it does not
/// matter which field gives up.
struct Batch<K, V> {
    keys: HashSet<K>,
    loaded: Shared<Loading<K, V>>,
}

impl Request {
    fn loader<K, V>(&self, load: Load<K, V>) -> Loader<K, V> {
        Loader { request: self.clone(), load, waiting: Arc::default() }
    }

    fn moved(&self) {
        self.moves.fetch_add(1, Ordering::Relaxed);
    }

    async fn quiet(&self) {
        let mut seen = None;
        while seen != Some(self.moves.load(Ordering::Relaxed)) {
            seen = Some(self.moves.load(Ordering::Relaxed));
            for _ in 0..QUIET {
                tokio::task::yield_now().await;
            }
        }
    }
}

impl<K, V> Loader<K, V>
where
    K: Clone + Debug + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(super) async fn load(&self, key: K) -> Result<V> {
        self.request.moved();
        let loaded = self.join(key.clone()).await;
        self.request.moved();
        loaded?.get(&key).cloned().unwrap_or(Err(Error::NotFound))
    }

    /// The batch that this key goes with.
    fn join(&self, key: K) -> Shared<Loading<K, V>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let batch = waiting.get_or_insert_with(|| Batch { keys: HashSet::new(), loaded: self.batch().shared() });
        batch.keys.insert(key);
        batch.loaded.clone()
    }

    fn batch(&self) -> Loading<K, V> {
        let (request, load) = (self.request.clone(), self.load);
        // Weak: the batch waits in there.
        let waiting: Weak<Mutex<Option<Batch<K, V>>>> = Arc::downgrade(&self.waiting);
        Box::pin(async move {
            request.quiet().await;
            let waiting = waiting.upgrade().ok_or_else(|| Error::internal("the request is over"))?;
            let batch = waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
            let keys: Vec<K> = batch.map(|batch| batch.keys.into_iter().collect()).unwrap_or_default();
            request.core.metrics.batch(keys.len());
            let loader =
                non_cached::Loader::new(Fetch { request, load }).with_yield_count(0).with_max_batch_size(usize::MAX);
            Ok(Arc::new(loader.try_load_many(keys).await.map_err(Error::internal)?))
        })
    }
}

/// What the loader crate calls for a batch. Every key gets an answer: it has none of its own for a key without one.
struct Fetch<K, V> {
    request: Request,
    load: Load<K, V>,
}

impl<K: Clone + Eq + Hash + Send + Sync, V: Clone + Send> BatchFn<K, Result<V>> for Fetch<K, V> {
    async fn load(&mut self, keys: &[K]) -> HashMap<K, Result<V>> {
        match (self.load)(&self.request.core, &self.request.viewer, keys).await {
            Ok(mut found) => keys.iter().map(|key| (key.clone(), found.remove(key).ok_or(Error::NotFound))).collect(),
            Err(error) => keys.iter().map(|key| (key.clone(), Err(error.clone()))).collect(),
        }
    }
}

async fn users(core: &Core, ids: &[UserId]) -> Result<HashMap<UserId, Option<Arc<User>>>> {
    let mut found = directory::by_ids(core, ids).await?;
    Ok(ids.iter().map(|id| (*id, found.remove(id))).collect())
}

async fn posts_by_id(core: &Core, viewer: &Viewer, ids: &[PostId]) -> Result<HashMap<PostId, Option<Arc<Post>>>> {
    let want = posts::Want { body: true, author: Authors::Whole };
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

async fn sessions_of(core: &Core, keys: &[SessionsOf]) -> Result<HashMap<SessionsOf, Rows<Session>>> {
    let mut found = HashMap::new();
    for group in groups(keys, |key| &key.window) {
        let Some(like) = group.first() else { continue };
        let of: Vec<PrivateAccess> = group.iter().map(|key| key.of).collect();
        let mut pages = sessions::list_by_users(core, &of, &like.window).await?;
        found.extend(group.into_iter().filter_map(|key| Some((key.clone(), pages.remove(&key.of)?))));
    }
    Ok(found)
}

async fn activity_of(core: &Core, viewer: &Viewer, keys: &[ActivityOf]) -> Result<HashMap<ActivityOf, Rows<Recorded>>> {
    let mut found = HashMap::new();
    for group in groups(keys, |key| &key.window) {
        let Some(like) = group.first() else { continue };
        let of: Vec<PrivateAccess> = group.iter().map(|key| key.of).collect();
        let mut pages = audit::list_by_users(core, viewer, &of, &like.window).await?;
        found.extend(group.into_iter().filter_map(|key| Some((key.clone(), pages.remove(&key.of)?))));
    }
    Ok(found)
}

fn kind(parent: Parent) -> std::mem::Discriminant<Parent> {
    std::mem::discriminant(&parent)
}

/// Keys with the same arguments together. A request has few kinds of them.
fn groups<'k, K, A: Eq>(keys: &'k [K], arguments: impl Fn(&'k K) -> A) -> Vec<Vec<&'k K>> {
    let mut groups: Vec<(A, Vec<&K>)> = Vec::new();
    for key in keys {
        let arguments = arguments(key);
        match groups.iter_mut().find(|(of, _)| *of == arguments) {
            Some((_, group)) => group.push(key),
            None => groups.push((arguments, vec![key])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}
