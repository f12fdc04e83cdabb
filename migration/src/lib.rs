//! The tables of Lyceum. One migration a file, named by its day; `Migrator` is the list.
//!
//! Moments are `BIGINT` microseconds since 1970 in UTC, made by the server: the one form that all three engines
//! keep and sort alike. Ids are version 7 UUIDs, made by the server. Columns that are compared byte by byte say so.

mod columns;
mod m20261121_000001_create_accounts;
mod m20261121_000002_create_outbox;
mod m20261121_000003_create_posts;
mod m20261121_000004_create_search;
mod m20261121_000005_create_self_service;
mod m20261121_000006_create_audit_events;
mod m20261121_000007_index_recipients;
mod m20261121_000008_index_outcomes;

use sea_orm_migration::{MigrationTrait, async_trait};
pub use sea_orm_migration::{MigratorTrait, SchemaManager, prelude::DbErr, sea_orm};

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_create_accounts::Migration),
            Box::new(m20261121_000002_create_outbox::Migration),
            Box::new(m20261121_000003_create_posts::Migration),
            Box::new(m20261121_000004_create_search::Migration),
            Box::new(m20261121_000005_create_self_service::Migration),
            Box::new(m20261121_000006_create_audit_events::Migration),
            Box::new(m20261121_000007_index_recipients::Migration),
            Box::new(m20261121_000008_index_outcomes::Migration),
        ]
    }
}
