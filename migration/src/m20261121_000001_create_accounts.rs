//! Accounts: users, sign-ups that wait for their proof, sessions, and the tokens that are good for one use.

use sea_orm_migration::prelude::*;

use crate::columns::{id, index, key, long_text, optional, searched_id, table, text, time, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        users(manager).await?;
        signups(manager).await?;
        sessions(manager).await?;
        refresh_tokens(manager).await?;
        one_time_tokens(manager).await?;
        mail_quotas(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["mail_quotas", "one_time_tokens", "refresh_tokens", "sessions", "signups", "users"] {
            manager.drop_table(Table::drop().table(name).if_exists().take()).await?;
        }
        Ok(())
    }
}

async fn users(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut users = table(manager, "users");
    searched_id(manager, &mut users);
    users
        .col(text("username", 32))
        .col(key(manager, "username_key", 32))
        .col(text("email", 254))
        .col(key(manager, "email_key", 254))
        .col(text("first_name", 64))
        .col(text("last_name", 64))
        .col(long_text(manager, "search_text"))
        .col(text("role", 16))
        .col(text("password_hash", 100))
        .col(text("password_scheme", 64))
        .col(optional(time("email_verified_at")))
        .col(optional(time("suspended_until")))
        .col(optional(text("suspended_reason", 500)))
        .col(optional(time("last_login_at")))
        .col(time("created_at"))
        .col(time("updated_at"));
    manager.create_table(users).await?;
    manager.create_index(index("users", "users_username_key", &["username_key"], true)).await?;
    manager.create_index(index("users", "users_email_key", &["email_key"], true)).await?;
    manager.create_index(index("users", "users_role", &["role", "id"], false)).await
}

/// One row for each attempt: it holds the username, and not the address, which the attempt has yet to prove.
async fn signups(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut signups = table(manager, "signups");
    signups
        .col(id())
        .col(text("username", 32))
        .col(key(manager, "username_key", 32))
        .col(text("email", 254))
        .col(key(manager, "email_key", 254))
        .col(text("first_name", 64))
        .col(text("last_name", 64))
        .col(text("password_hash", 100))
        .col(text("password_scheme", 64))
        .col(time("created_at"))
        .col(time("expires_at"));
    manager.create_table(signups).await?;
    manager.create_index(index("signups", "signups_username_key", &["username_key"], true)).await?;
    manager.create_index(index("signups", "signups_email_key", &["email_key", "created_at"], false)).await?;
    manager.create_index(index("signups", "signups_expires_at", &["expires_at"], false)).await
}

async fn sessions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut sessions = table(manager, "sessions");
    sessions
        .col(id())
        .col(uuid("user_id"))
        .col(optional(text("device_name", 64)))
        .col(optional(text("user_agent", 255)))
        .col(optional(text("ip_address", 45)))
        .col(time("created_at"))
        .col(time("last_used_at"))
        .col(time("idle_expires_at"))
        .col(time("absolute_expires_at"))
        .col(optional(time("ended_at")))
        .foreign_key(
            ForeignKey::create()
                .name("sessions_user_id_fk")
                .from("sessions", "user_id")
                .to("users", "id")
                .on_delete(ForeignKeyAction::Cascade),
        );
    manager.create_table(sessions).await?;
    manager.create_index(index("sessions", "sessions_user_id", &["user_id", "ended_at", "created_at"], false)).await
}

/// Every refresh token that a session ever had, so that an old one is known when it comes back.
async fn refresh_tokens(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut tokens = table(manager, "refresh_tokens");
    tokens
        .col(text("digest", 64).primary_key().take())
        .col(uuid("session_id"))
        .col(optional(text("parent", 64)))
        .col(time("created_at"))
        .col(optional(time("used_at")))
        .col(optional(time("superseded_at")))
        .foreign_key(
            ForeignKey::create()
                .name("refresh_tokens_session_id_fk")
                .from("refresh_tokens", "session_id")
                .to("sessions", "id")
                .on_delete(ForeignKeyAction::Cascade),
        );
    manager.create_table(tokens).await?;
    manager.create_index(index("refresh_tokens", "refresh_tokens_session_id", &["session_id"], false)).await?;
    manager.create_index(index("refresh_tokens", "refresh_tokens_parent", &["parent"], false)).await
}

/// `subject` is a user or a sign-up; nobody's when the address has no account, so that asking costs the same.
async fn one_time_tokens(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut tokens = table(manager, "one_time_tokens");
    tokens
        .col(id())
        .col(text("purpose", 16))
        .col(optional(uuid("subject")))
        .col(key(manager, "email_key", 254))
        .col(text("token_digest", 64))
        .col(text("code_digest", 64))
        .col(ColumnDef::new("tries").integer().not_null())
        .col(time("created_at"))
        .col(time("code_expires_at"))
        .col(time("expires_at"))
        .col(optional(time("used_at")));
    manager.create_table(tokens).await?;
    manager.create_index(index("one_time_tokens", "one_time_tokens_digest", &["token_digest"], true)).await?;
    let by_address = ["email_key", "purpose", "created_at"];
    manager.create_index(index("one_time_tokens", "one_time_tokens_email_key", &by_address, false)).await?;
    manager.create_index(index("one_time_tokens", "one_time_tokens_subject", &["subject"], false)).await?;
    manager.create_index(index("one_time_tokens", "one_time_tokens_expires_at", &["expires_at"], false)).await
}

/// How many mails of a kind an address got since it last had an hour without one, whether it has an account or not.
async fn mail_quotas(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut quotas = table(manager, "mail_quotas");
    quotas
        .col(text("recipient", 280).primary_key().take())
        .col(ColumnDef::new("mails").integer().not_null())
        .col(time("last_at"));
    manager.create_table(quotas).await?;
    manager.create_index(index("mail_quotas", "mail_quotas_last_at", &["last_at"], false)).await
}
