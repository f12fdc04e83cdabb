//! A Redis, or Valkey, that several servers share. Nothing depends on it: who asks has an answer within a tenth of a
//! second, or none. When it is away that is said once, nobody asks it any more, and once a second it is looked at.

use std::{
    fmt,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use redis::{
    Client, FromRedisValue, RedisResult, ScriptInvocation,
    aio::{ConnectionManager, ConnectionManagerConfig, PubSub},
};

use super::error::{Error, Result};

const PATIENCE: Duration = Duration::from_millis(100);
const LOOK_AGAIN: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub struct Redis(Arc<Shared>);

struct Shared {
    client: Client,
    connection: ConnectionManager,
    prefix: String,
    answers: AtomicBool,
    /// Questions that had no answer.
    failures: AtomicU64,
}

impl Redis {
    /// What is wrong with an address; it is not repeated, since it may hold a password.
    pub fn check_url(url: &str) -> Result<(), String> {
        let known = ["redis://", "rediss://"].iter().any(|scheme| url.starts_with(scheme));
        if known && Client::open(url).is_ok() { Ok(()) } else { Err("is not a redis or rediss URL".to_owned()) }
    }

    /// Never fails for a Redis that is away, which may come back. Every key and channel begins with the prefix.
    pub async fn connect(url: &str, prefix: &str) -> Result<Self> {
        let client = Client::open(url).map_err(Error::internal)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(0);
        let connection = ConnectionManager::new_lazy_with_config(client.clone(), config).map_err(Error::internal)?;
        let (answers, failures) = (AtomicBool::new(true), AtomicU64::new(0));
        let shared = Shared { client, connection, prefix: prefix.to_owned(), answers, failures };
        let redis = Self(Arc::new(shared));
        let _ = redis.ping().await;
        tokio::spawn(look_after(Arc::downgrade(&redis.0)));
        Ok(redis)
    }

    /// The name of a key or a channel.
    pub(super) fn name(&self, of: &str) -> String {
        format!("{}{of}", self.0.prefix)
    }

    /// What the script says; none while there is no answer.
    pub(super) async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Option<T> {
        let mut connection = self.0.connection.clone();
        self.ask(script.invoke_async(&mut connection)).await
    }

    pub(super) async fn delete(&self, key: &str) {
        let mut connection = self.0.connection.clone();
        let mut delete = redis::cmd("DEL");
        delete.arg(self.name(key));
        let _: Option<i64> = self.ask(delete.query_async(&mut connection)).await;
    }

    /// Tells a channel; whoever listens hears it.
    pub(super) async fn publish(&self, channel: &str, message: String) {
        let mut connection = self.0.connection.clone();
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(self.name(channel)).arg(message);
        let _: Option<i64> = self.ask(publish.query_async(&mut connection)).await;
    }

    /// A connection that hears a channel; none while there is no answer.
    pub(super) async fn subscribe(&self, channel: &str) -> Option<PubSub> {
        let name = self.name(channel);
        self.ask(async {
            let mut connection = self.0.client.get_async_pubsub().await?;
            connection.subscribe(name).await?;
            Ok(connection)
        })
        .await
    }

    /// Whether it answers now.
    pub async fn ping(&self) -> Result<()> {
        let mut connection = self.0.connection.clone();
        let pong = in_time(redis::cmd("PING").query_async(&mut connection)).await;
        self.note(pong.as_ref().map(drop).map_err(ToString::to_string));
        pong.map(|_: String| ()).map_err(|why| Error::Unavailable(why.into()))
    }

    /// Whether it answered when it was last asked, and how often it did not.
    pub(super) fn state(&self) -> (bool, u64) {
        (self.0.answers.load(Ordering::Relaxed), self.0.failures.load(Ordering::Relaxed))
    }

    async fn ask<T>(&self, question: impl Future<Output = RedisResult<T>>) -> Option<T> {
        if !self.0.answers.load(Ordering::Relaxed) {
            return None;
        }
        let answer = in_time(question).await;
        self.note(answer.as_ref().map(drop).map_err(ToString::to_string));
        answer.ok()
    }

    /// Says once that it is away, and once that it is back.
    fn note(&self, state: Result<(), String>) {
        self.0.failures.fetch_add(u64::from(state.is_err()), Ordering::Relaxed);
        let before = self.0.answers.swap(state.is_ok(), Ordering::Relaxed);
        match state {
            Ok(()) if !before => tracing::info!("Redis answers again; limits and events are shared"),
            Err(why) if before => {
                tracing::warn!(why, "Redis does not answer; limits and events are this server's own until it does");
            }
            Ok(()) | Err(_) => {}
        }
    }
}

async fn in_time<T>(question: impl Future<Output = RedisResult<T>>) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, question).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer in {} ms", PATIENCE.as_millis())),
    }
}

/// Looks whether it is back, for as long as somebody has it.
async fn look_after(shared: Weak<Shared>) {
    loop {
        tokio::time::sleep(LOOK_AGAIN).await;
        let Some(shared) = shared.upgrade() else { return };
        if !shared.answers.load(Ordering::Relaxed) {
            let _ = Redis(shared).ping().await;
        }
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Its address may hold a password.
        f.write_str("Redis")
    }
}
