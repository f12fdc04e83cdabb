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
