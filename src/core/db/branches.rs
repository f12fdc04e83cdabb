//! A limited statement for the rows of each of many parents, which every engine answers from an index.
//!
//! PostgreSQL goes through the parents by itself. On SQLite, in place, the statement runs once for each: it is compiled
//! already, and there is no way to go. Otherwise it is told for each of them in a union.

use sea_orm::{
    DbBackend, Statement, Value, Values,
    sea_query::{Alias, Expr, SelectStatement},
};
use uuid::Uuid;

use super::{Db, Row};
use crate::core::error::Result;

/// SQLite takes 500 branches in a statement; this is the power of two below.
const MOST: usize = 256;
/// Stands for the parent where the statement is made before it is known; no row has it.
const PARENT: Uuid = Uuid::max();

pub struct Branches<'p> {
    /// That of one parent.
    branch: Statement,
    parents: &'p [Uuid],
}

impl Db {
    pub fn branches<'p>(&self, parents: &'p [Uuid], branch: impl Fn(Expr) -> SelectStatement) -> Branches<'p> {
        let parent = match self.reader.get_database_backend() {
            DbBackend::Postgres => Expr::col((Alias::new("parents"), Alias::new("id"))),
            _ => Expr::value(PARENT),
        };
        Branches { branch: self.build(&branch(parent)), parents }
    }
}

impl Branches<'_> {
    /// The rows of all parents, those of one together.
    pub async fn rows<T>(&self, db: &Db, map: impl Fn(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        if let Some(rows) = db.in_place_for_each(self, &map) {
            return Ok(rows);
        }
        let mut rows = Vec::new();
        for statement in self.statements() {
            rows.extend(db.pooled(statement, &map).await?);
        }
        Ok(rows)
    }

    /// The same as whole statements, one for each 256 parents.
    pub fn statements(&self) -> impl Iterator<Item = Statement> {
        self.parents.chunks(MOST).map(|parents| match self.branch.db_backend {
            DbBackend::Postgres => lateral(&self.branch, parents),
            _ => union(&self.branch, parents),
        })
    }

    pub(super) fn branch(&self) -> &Statement {
        &self.branch
    }

    pub(super) fn parents(&self) -> &[Uuid] {
        self.parents
    }

    /// Where the parent stands among the values of the branch.
    pub(super) fn places(&self) -> Vec<usize> {
        let values = self.branch.values.iter().flat_map(|values| &values.0);
        values.enumerate().filter(|(_, value)| is_parent(value)).map(|(place, _)| place).collect()
    }
}

fn is_parent(value: &Value) -> bool {
    matches!(value, Value::Uuid(Some(PARENT)))
}

fn lateral(branch: &Statement, parents: &[Uuid]) -> Statement {
    let mut values = branch.values.clone().unwrap_or_else(|| Values(Vec::new()));
    let list: Vec<String> = parents.iter().map(Uuid::to_string).collect();
    values.0.push(format!("{{{}}}", list.join(",")).into());
    let (branch_sql, list) = (&branch.sql, values.0.len());
    let sql = format!(
        "SELECT branch.* FROM unnest(CAST(CAST(${list} AS text) AS uuid[])) AS parents(id) \
         CROSS JOIN LATERAL ({branch_sql}) AS branch"
    );
    Statement { sql, values: Some(values), db_backend: branch.db_backend }
}

/// The number of branches is a power of two, so that few statements are prepared; a parent that nobody has fills up.
fn union(branch: &Statement, parents: &[Uuid]) -> Statement {
    let wrapped = match branch.db_backend {
        // It takes no limit on a branch itself.
        DbBackend::Sqlite => format!("SELECT * FROM ({}) AS branch", branch.sql),
        // A derived table with a text in it is a file to MariaDB, for each branch.
        _ => format!("({})", branch.sql),
    };
    let count = parents.len().next_power_of_two();
    let sql = vec![wrapped.as_str(); count].join(" UNION ALL ");
    let parents = parents.iter().copied().chain(std::iter::repeat(Uuid::nil())).take(count);
    let of = |parent: Uuid| {
        let values = branch.values.iter().flat_map(|values| &values.0);
        values.map(move |value| if is_parent(value) { parent.into() } else { value.clone() })
    };
    Statement { sql, values: Some(Values(parents.flat_map(of).collect())), db_backend: branch.db_backend }
}
