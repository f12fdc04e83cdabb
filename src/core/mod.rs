//! The domain: accounts, sessions, mail. It knows sea-orm. It never knows async-graphql, axum or the environment.

pub mod accounts;
pub mod audit;
pub mod clock;
pub mod comments;
pub mod crypto;
pub mod dashboard;
pub mod db;
pub mod error;
pub mod events;
pub mod folders;
pub mod hasher;
pub mod limits;
pub mod mail;
pub mod metrics;
pub mod origin;
pub mod page;
pub mod pictures;
pub mod posts;
pub mod profiles;
pub mod random;
pub mod redis;
pub mod retention;
mod search;
pub mod seed;
pub mod sessions;
pub mod settings;
mod text;
pub mod tokens;
pub mod traces;
pub mod viewer;
pub mod workshop;

use std::sync::Arc;

use self::{
    clock::Clock, crypto::Keys, db::Db, events::Events, hasher::Hasher, limits::Limits, mail::Outbox, metrics::Metrics,
    random::Random, settings::Settings, tokens::AccessTokens, traces::Traces, workshop::Workshop,
};

pub use error::{Error, Result};
pub use origin::Origin;

/// What every function of the domain works with. Shared by all requests.
#[derive(Clone)]
pub struct Core {
    pub settings: Arc<Settings>,
    pub db: Db,
    pub clock: Clock,
    pub random: Random,
    pub keys: Keys,
    pub hasher: Hasher,
    /// Where pictures are drawn.
    pub pictures: Workshop,
    pub tokens: Arc<AccessTokens>,
    pub outbox: Outbox,
    pub limits: Arc<Limits>,
    pub events: Events,
    pub metrics: Metrics,
    pub traces: Traces,
    pub audit: Arc<audit::Bound>,
}
