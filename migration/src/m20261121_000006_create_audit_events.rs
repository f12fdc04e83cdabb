//! The audit log. Its ids refer to no row: it outlives the users, posts and sessions that it speaks of.

use sea_orm_migration::prelude::*;

use crate::columns::{id, index, optional, table, text, time, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Each list of it goes by the id, which is the order of the events. `origin_since` is known as long as the origin is,
    /// so that its index leads to just those rows that have to forget theirs.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut events = table(manager, "audit_events");
        events
            .col(id())
            .col(text("kind", 32))
            .col(text("outcome", 16))
            .col(time("created_at"))
            .col(optional(uuid("actor_id")))
            .col(ColumnDef::new("by_operator").boolean().not_null())
            .col(optional(uuid("user_id")))
            .col(optional(uuid("object_id")))
            .col(optional(text("changes", 1000)))
            .col(optional(text("ip_address", 45)))
            .col(optional(text("user_agent", 255)))
            .col(optional(text("request_id", 32)))
            .col(optional(time("origin_since")))
            .col(ColumnDef::new("omitted_before").big_integer().not_null());
        manager.create_table(events).await?;
        for (name, columns) in [
            ("audit_events_user_id", &["user_id", "id"][..]),
            ("audit_events_actor_id", &["actor_id", "id"]),
            ("audit_events_kind", &["kind", "id"]),
            ("audit_events_origin_since", &["origin_since"]),
        ] {
            manager.create_index(index("audit_events", name, columns, false)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("audit_events").if_exists().take()).await
    }
}
