//! The outbox: mails are written in the transaction of their cause, and sent after it.

use sea_orm_migration::prelude::*;

use crate::columns::{id, index, optional, table, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut outbox = table(manager, "outbox");
        outbox
            .col(id())
            .col(text("recipient", 254))
            // Sealed, since it holds live tokens; emptied when the mail is done with.
            .col(ColumnDef::new("body").blob().not_null())
            .col(ColumnDef::new("tries").integer().not_null())
            .col(time("created_at"))
            .col(optional(time("next_try_at")))
            .col(optional(time("expires_at")))
            .col(optional(time("sent_at")))
            .col(optional(time("failed_at")))
            .col(optional(text("last_error", 255)));
        manager.create_table(outbox).await?;
        manager.create_index(index("outbox", "outbox_next_try_at", &["next_try_at"], false)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("outbox").if_exists().take()).await
    }
}
