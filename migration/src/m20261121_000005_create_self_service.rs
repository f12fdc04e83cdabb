//! What people do with their accounts: sessions by cookie, changes of the address, profiles, pictures.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::columns::{id, index, key, optional, picture, table, text, time, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sessions(manager).await?;
        users(manager).await?;
        email_changes(manager).await?;
        profiles(manager).await?;
        avatars(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["avatars", "profiles", "email_changes"] {
            manager.drop_table(Table::drop().table(name).if_exists().take()).await?;
        }
        manager.drop_index(Index::drop().name("sessions_handle_digest").table("sessions").to_owned()).await?;
        for (table, column) in [("sessions", "handle_digest"), ("users", "avatar")] {
            manager.alter_table(Table::alter().table(table).drop_column(column).take()).await?;
        }
        Ok(())
    }
}

/// A session has a handle when a cookie carries it; without one it lives on refresh tokens.
async fn sessions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let handle = optional(text("handle_digest", 64));
    manager.alter_table(Table::alter().table("sessions").add_column(handle).take()).await?;
    manager.create_index(index("sessions", "sessions_handle_digest", &["handle_digest"], true)).await
}

/// The name of the picture, and room for the hashes of other systems. SQLite does not enforce lengths.
async fn users(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let avatar = optional(text("avatar", 64));
    manager.alter_table(Table::alter().table("users").add_column(avatar).take()).await?;
    if manager.get_database_backend() == DbBackend::Sqlite {
        return Ok(());
    }
    manager.alter_table(Table::alter().table("users").modify_column(text("password_hash", 512)).take()).await
}

/// One row for each wish: it waits for the new address to confirm, and the old one may undo it for a while, even
/// after that.
async fn email_changes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut changes = table(manager, "email_changes");
    changes
        .col(id())
        .col(uuid("user_id"))
        .col(text("old_email", 254))
        .col(optional(time("old_verified_at")))
        .col(text("new_email", 254))
        .col(key(manager, "new_email_key", 254))
        .col(text("confirm_digest", 64))
        .col(text("cancel_digest", 64))
        .col(time("created_at"))
        .col(time("expires_at"))
        .col(time("cancel_until"))
        .col(optional(time("confirmed_at")))
        .col(optional(time("ended_at")))
        .foreign_key(&mut of_user("email_changes"));
    manager.create_table(changes).await?;
    manager.create_index(index("email_changes", "email_changes_confirm", &["confirm_digest"], true)).await?;
    manager.create_index(index("email_changes", "email_changes_cancel", &["cancel_digest"], true)).await?;
    manager.create_index(index("email_changes", "email_changes_user_id", &["user_id", "created_at"], false)).await?;
    manager.create_index(index("email_changes", "email_changes_cancel_until", &["cancel_until"], false)).await
}

/// What people tell of themselves; who tells nothing has no row.
async fn profiles(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut profiles = table(manager, "profiles");
    profiles.col(uuid("user_id").primary_key().take());
    let lengths = [
        ("occupation", 100),
        ("country", 100),
        ("county", 100),
        ("bio", 1000),
        ("home_address", 500),
        ("linkedin", 500),
        ("facebook", 500),
        ("github", 500),
        ("instagram", 500),
        ("twitter", 500),
        ("youtube", 500),
        ("links_description", 500),
    ];
    for (column, length) in lengths {
        profiles.col(optional(text(column, length)));
    }
    profiles.col(time("updated_at")).foreign_key(&mut of_user("profiles"));
    manager.create_table(profiles).await
}

/// One picture in three sizes. In the database, not in a folder: each of several servers can show it, it goes in the
/// transaction that ends the account, and it is in the same backup.
async fn avatars(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut avatars = table(manager, "avatars");
    avatars
        .col(uuid("user_id").primary_key().take())
        .col(text("name", 64))
        .col(picture(manager, "small"))
        .col(picture(manager, "medium"))
        .col(picture(manager, "large"))
        .col(time("created_at"))
        .foreign_key(&mut of_user("avatars"));
    manager.create_table(avatars).await?;
    manager.create_index(index("avatars", "avatars_name", &["name"], false)).await
}

/// Goes with its user.
fn of_user(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_user_id_fk"))
        .from(table, "user_id")
        .to("users", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}
