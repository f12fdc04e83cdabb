//! An index for the mails of one address: who deletes an account, or changes its address once more, takes back what waits
//! for it, and the outbox keeps a month of mails that were sent.

use sea_orm_migration::prelude::*;

use crate::columns::index;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const NAME: &str = "outbox_recipient";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_index(index("outbox", NAME, &["recipient", "next_try_at"], false)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(NAME).table("outbox").to_owned()).await
    }
}
