//! What a table and a column need on one engine and not on another.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// A new table. On MySQL its text compares by bytes: there the default takes `Böb` and `bob` for the same name.
pub(crate) fn table(manager: &SchemaManager<'_>, name: impl IntoTableRef) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name);
    if manager.get_database_backend() == DbBackend::MySql {
        table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
    }
    table.take()
}

pub(crate) fn id() -> ColumnDef {
    ColumnDef::new(Alias::new("id")).uuid().not_null().primary_key().take()
}

/// The id of a table that is searched. The rows of SQLite's index of trigrams have numbers, which have to stay when the
/// file is vacuumed: only a primary key that is a number does.
pub(crate) fn searched_id(manager: &SchemaManager<'_>, table: &mut TableCreateStatement) {
    if manager.get_database_backend() == DbBackend::Sqlite {
        table.col(ColumnDef::new("number").integer().not_null().primary_key());
        table.col(uuid("id").unique_key().take());
    } else {
        table.col(id());
    }
}

/// Text of any length; MySQL's `TEXT` ends at 64 KiB.
pub(crate) fn long_text(manager: &SchemaManager<'_>, name: impl IntoIden) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    match manager.get_database_backend() {
        DbBackend::MySql => column.custom("mediumtext"),
        _ => column.text(),
    };
    column.not_null().take()
}

/// The bytes of a picture; MySQL's `BLOB` ends at 64 KiB.
pub(crate) fn picture(manager: &SchemaManager<'_>, name: impl IntoIden) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    match manager.get_database_backend() {
        DbBackend::MySql => column.custom("mediumblob"),
        _ => column.blob(),
    };
    column.not_null().take()
}

pub(crate) fn uuid(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().take()
}

pub(crate) fn text(name: impl IntoIden, length: u32) -> ColumnDef {
    ColumnDef::new(name).string_len(length).not_null().take()
}

/// Text that is compared and sorted by its bytes. SQLite and our tables on MySQL do so by themselves.
pub(crate) fn key(manager: &SchemaManager<'_>, name: impl IntoIden, length: u32) -> ColumnDef {
    let mut column = text(name, length);
    if manager.get_database_backend() == DbBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}

/// Microseconds since 1970, UTC.
pub(crate) fn time(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

pub(crate) fn optional(mut column: ColumnDef) -> ColumnDef {
    column.null().take()
}

pub(crate) fn index(table: impl IntoTableRef, name: &str, columns: &[&str], unique: bool) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(Alias::new(*column));
    }
    if unique {
        index.unique();
    }
    index.take()
}
