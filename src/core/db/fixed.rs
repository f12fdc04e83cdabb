//! A statement of every request, whose text is made once: it differs in nothing but its values.

use std::sync::OnceLock;

use sea_orm::{DbBackend, Statement, Value, Values, sea_query::SelectStatement};

use super::Db;

pub struct Fixed {
    /// With any values, in the order in which the true ones are given.
    make: fn() -> SelectStatement,
    sqlite: OnceLock<String>,
    postgres: OnceLock<String>,
    mysql: OnceLock<String>,
}

impl Fixed {
    pub const fn new(make: fn() -> SelectStatement) -> Self {
        Self { make, sqlite: OnceLock::new(), postgres: OnceLock::new(), mysql: OnceLock::new() }
    }
}

impl Db {
    pub fn fixed(&self, fixed: &Fixed, values: Vec<Value>) -> Statement {
        let db_backend = self.reader.get_database_backend();
        let text = match db_backend {
            DbBackend::Postgres => &fixed.postgres,
            DbBackend::MySql => &fixed.mysql,
            _ => &fixed.sqlite,
        };
        let sql = text.get_or_init(|| self.build(&(fixed.make)()).sql).clone();
        Statement { sql, values: Some(Values(values)), db_backend }
    }
}
