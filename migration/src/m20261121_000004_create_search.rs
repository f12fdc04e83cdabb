//! Indexes of trigrams, where the engine has some: they find parts of words in `search_text`. Searching gives the same
//! without them, only slower.
//!
//! SQLite's is a virtual table without a copy of the text, which triggers keep in step. PostgreSQL's needs the extension
//! `pg_trgm`, which may be missing or forbidden: then there is no index. MySQL has nothing that finds parts of words.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        match manager.get_database_backend() {
            DbBackend::Sqlite => {
                for (table, columns) in SEARCHED {
                    connection.execute_unprepared(&sqlite(table, columns)).await?;
                }
            }
            DbBackend::Postgres => _ = connection.execute_unprepared(POSTGRES).await?,
            _ => {}
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for (table, columns) in SEARCHED {
            match manager.get_database_backend() {
                DbBackend::Sqlite => _ = connection.execute_unprepared(&without_sqlite(table)).await?,
                // The extension stays: others may use it.
                DbBackend::Postgres => {
                    for column in columns {
                        connection
                            .execute_unprepared(&format!("DROP INDEX IF EXISTS {table}_{column}_trigrams"))
                            .await?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

const SEARCHED: [(&str, &[&str]); 2] = [("posts", &["search_text"]), ("users", &["search_text", "email_key"])];

fn sqlite(table: &str, columns: &[&str]) -> String {
    let text = columns.iter().map(|column| format!("new.{column}")).collect::<Vec<_>>().join(" || ' ' || ");
    let watched = columns.join(", ");
    format!(
        "CREATE VIRTUAL TABLE {table}_trigrams USING fts5(
            text, tokenize = 'trigram case_sensitive 1', detail = 'none', content = '', contentless_delete = 1);
        CREATE TRIGGER {table}_trigrams_insert AFTER INSERT ON {table} BEGIN
            INSERT INTO {table}_trigrams (rowid, text) VALUES (new.number, {text});
        END;
        CREATE TRIGGER {table}_trigrams_update AFTER UPDATE OF {watched} ON {table} BEGIN
            UPDATE {table}_trigrams SET text = {text} WHERE rowid = new.number;
        END;
        CREATE TRIGGER {table}_trigrams_delete AFTER DELETE ON {table} BEGIN
            DELETE FROM {table}_trigrams WHERE rowid = old.number;
        END;"
    )
}

fn without_sqlite(table: &str) -> String {
    format!(
        "DROP TRIGGER IF EXISTS {table}_trigrams_insert;
        DROP TRIGGER IF EXISTS {table}_trigrams_update;
        DROP TRIGGER IF EXISTS {table}_trigrams_delete;
        DROP TABLE IF EXISTS {table}_trigrams;"
    )
}

/// In one block, since an error outside of one would end the migration's transaction. The extension may live in any
/// schema.
const POSTGRES: &str = "
DO $$
DECLARE
    home text;
BEGIN
    BEGIN
        CREATE EXTENSION IF NOT EXISTS pg_trgm;
    EXCEPTION WHEN OTHERS THEN
        RAISE NOTICE 'no index for searching: %', SQLERRM;
    END;
    SELECT nspname INTO home FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE extname = 'pg_trgm';
    IF home IS NULL THEN
        RETURN;
    END IF;
    BEGIN
        EXECUTE format('CREATE INDEX posts_search_text_trigrams ON posts USING gin (search_text %I.gin_trgm_ops)', home);
        EXECUTE format('CREATE INDEX users_search_text_trigrams ON users USING gin (search_text %I.gin_trgm_ops)', home);
        EXECUTE format('CREATE INDEX users_email_key_trigrams ON users USING gin (email_key %I.gin_trgm_ops)', home);
    EXCEPTION WHEN insufficient_privilege THEN
        RAISE NOTICE 'no index for searching: %', SQLERRM;
    END;
END
$$";
