//! Posts and comments, with an index for each order and each filter that the schema offers.
//!
//! Ids sort by the time of their making, so `CREATED_AT` is the order of the ids. A moment that never was (a draft's
//! publication) is 0, so that it sorts alike everywhere.

use sea_orm_migration::prelude::*;

use crate::columns::{id, index, key, long_text, optional, searched_id, table, text, time, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        posts(manager).await?;
        comments(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["comments", "posts"] {
            manager.drop_table(Table::drop().table(name).if_exists().take()).await?;
        }
        Ok(())
    }
}

async fn posts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut posts = table(manager, "posts");
    searched_id(manager, &mut posts);
    posts
        .col(optional(uuid("author_id")))
        .col(text("title", 200))
        .col(key(manager, "title_key", 400))
        .col(long_text(manager, "body"))
        .col(long_text(manager, "search_text"))
        .col(text("status", 16))
        .col(time("created_at"))
        .col(time("updated_at"))
        .col(time("published_at"))
        .foreign_key(&mut author("posts_author_id_fk", "posts"));
    manager.create_table(posts).await?;
    let indexes: [(&str, &[&str]); 8] = [
        ("posts_status_id", &["status", "id"]),
        ("posts_author_id", &["author_id", "id"]),
        ("posts_published", &["published_at", "id"]),
        ("posts_status_published", &["status", "published_at", "id"]),
        ("posts_author_published", &["author_id", "published_at", "id"]),
        ("posts_title", &["title_key", "id"]),
        ("posts_status_title", &["status", "title_key", "id"]),
        ("posts_author_title", &["author_id", "title_key", "id"]),
    ];
    for (name, columns) in indexes {
        manager.create_index(index("posts", name, columns, false)).await?;
    }
    Ok(())
}

async fn comments(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut comments = table(manager, "comments");
    comments
        .col(id())
        .col(uuid("post_id"))
        .col(optional(uuid("author_id")))
        .col(long_text(manager, "body"))
        .col(time("created_at"))
        .col(time("updated_at"))
        .foreign_key(
            ForeignKey::create()
                .name("comments_post_id_fk")
                .from("comments", "post_id")
                .to("posts", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(&mut author("comments_author_id_fk", "comments"));
    manager.create_table(comments).await?;
    manager.create_index(index("comments", "comments_post_id", &["post_id", "id"], false)).await?;
    manager.create_index(index("comments", "comments_author_id", &["author_id", "id"], false)).await
}

/// What somebody wrote stays when the account goes, unless it is deleted with it.
fn author(name: &str, table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(name)
        .from(table, "author_id")
        .to("users", "id")
        .on_delete(ForeignKeyAction::SetNull)
        .take()
}
