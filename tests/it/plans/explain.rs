//! What an engine means to do with a statement whose parameters it does not know yet.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DatabaseConnection, QueryResult, Statement, TransactionTrait as _};

use crate::harness::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Finding {
    /// Each table by a condition on an index.
    Found,
    /// A table is read in the order of an index, until there is enough of it.
    Whole,
    /// A table is read as it lies.
    Scan,
}

/// Somebody who asks an engine for its plans.
pub(super) struct Planner {
    engine: Engine,
    connection: DatabaseConnection,
    /// The smallest value of each table's columns, as it stands in a statement: MySQL plans for values only.
    values: BTreeMap<(String, String), String>,
}

impl Planner {
    /// Lets the engine know how many rows there are, as a server that runs for longer does by itself.
    pub(super) async fn new(lyceum: &Lyceum) -> Self {
        let connection = lyceum.database.connect().await;
        let mut values = BTreeMap::new();
        match lyceum.engine {
            Engine::Sqlite => {}
            Engine::Postgres => _ = connection.execute_unprepared("ANALYZE").await.unwrap(),
            Engine::Mysql => values = smallest_values(&connection).await,
        }
        Self { engine: lyceum.engine, connection, values }
    }

    /// What the plan of a statement that looks for rows comes to, and the plan.
    pub(super) async fn judged(&self, sql: &str) -> Option<(Finding, String)> {
        let looks = ["SELECT", "UPDATE", "DELETE", "WITH", "("].iter().any(|word| sql.starts_with(word));
        if !looks || !sql.contains(" FROM ") && !sql.starts_with("UPDATE") {
            return None;
        }
        Some(match self.engine {
            Engine::Sqlite => sqlite(&self.connection, sql).await,
            Engine::Postgres => postgres(&self.connection, sql).await,
            Engine::Mysql => mysql(&self.connection, &self.filled(sql)).await,
        })
    }

    fn filled(&self, sql: &str) -> String {
        let mut filled = String::new();
        for (number, part) in sql.split('?').enumerate() {
            if number > 0 {
                filled.push_str(self.value_after(&filled, sql));
            }
            filled.push_str(part);
        }
        filled
    }

    /// A value for the parameter that follows: of the last column before it, in its table or the first that has it.
    fn value_after(&self, before: &str, sql: &str) -> &str {
        if ["SELECT ", "COUNT(", "THEN "].into_iter().any(|word| before.ends_with(word)) {
            return "1";
        }
        if ["LIMIT ", "OFFSET "].into_iter().any(|word| before.ends_with(word)) {
            return "6";
        }
        let quoted = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        let named = quoted(before);
        let column = named.last().unwrap_or_else(|| panic!("no column before a parameter of {sql}"));
        let tables = named.iter().rev().skip(1).take(1).chain(&named).cloned().chain(quoted(sql));
        let value = tables.into_iter().find_map(|table| self.values.get(&(table, column.clone())));
        value.unwrap_or_else(|| panic!("no table has {column} of {sql}"))
    }
}

async fn rows(connection: &impl ConnectionTrait, sql: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    connection.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{error}: {sql}"))
}

fn text(row: &QueryResult, name: &str) -> String {
    row.try_get::<Option<String>>("", name).unwrap().unwrap_or_default()
}

/// Its plans do not look at values.
async fn sqlite(connection: &DatabaseConnection, sql: &str) -> (Finding, String) {
    let rows = rows(connection, &format!("EXPLAIN QUERY PLAN {sql}")).await;
    let steps: Vec<String> = rows.iter().map(|row| text(row, "detail")).collect();
    // What a part of the statement itself has made.
    let made =
        |step: &String| step.strip_prefix("CO-ROUTINE ").or(step.strip_prefix("MATERIALIZE ")).map(str::to_owned);
    let made: Vec<String> = steps.iter().filter_map(made).collect();
    let of_step = |step: &String| match step.strip_prefix("SCAN ") {
        None => Finding::Found,
        Some(what) if made.iter().any(|made| made == what) => Finding::Found,
        Some(what) if what.contains(" INDEX ") => Finding::Whole,
        Some(_) => Finding::Scan,
    };
    (steps.iter().map(of_step).max().unwrap_or(Finding::Found), steps.join("\n"))
}

/// The plan for any values; a table is only read as it lies where there is no other way.
async fn postgres(connection: &DatabaseConnection, sql: &str) -> (Finding, String) {
    let session = connection.begin().await.unwrap();
    // With a table as small as these it would rather walk an index than ask it once for each row of another table.
    for set in [
        "enable_seqscan = off",
        "enable_mergejoin = off",
        "enable_hashjoin = off",
        "plan_cache_mode = force_generic_plan",
    ] {
        session.execute_unprepared(&format!("SET LOCAL {set}")).await.unwrap();
    }
    // A number that is counted says of itself that it is one only over the driver.
    let prepare = format!("PREPARE asked AS {}", sql.replace("COUNT($1)", "COUNT($1::integer)"));
    session.execute_unprepared(&prepare).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    let parameters = (1..1000).take_while(|number| sql.contains(&format!("${number}"))).count();
    let nulls = vec!["NULL"; parameters].join(", ");
    let values = if nulls.is_empty() { nulls } else { format!("({nulls})") };
    let plan = rows(&session, &format!("EXPLAIN (COSTS off) EXECUTE asked{values}")).await;
    let lines: Vec<String> = plan.iter().map(|row| text(row, "QUERY PLAN")).collect();
    session.execute_unprepared("DEALLOCATE asked").await.unwrap();
    session.rollback().await.unwrap();
    let nodes: Vec<usize> = (0..lines.len()).filter(|&at| at == 0 || lines[at].contains("->")).collect();
    let of_node = |index: usize| {
        let end = nodes.get(index + 1).copied().unwrap_or(lines.len());
        let (node, about) = (&lines[nodes[index]], &lines[nodes[index] + 1..end]);
        let conditions = about.iter().any(|line| line.contains("Index Cond:"));
        if node.contains("Seq Scan on") {
            Finding::Scan
        } else if node.contains("Index") && node.contains("Scan") && !conditions {
            Finding::Whole
        } else {
            Finding::Found
        }
    };
    ((0..nodes.len()).map(of_node).max().unwrap_or(Finding::Found), lines.join("\n"))
}

async fn mysql(connection: &DatabaseConnection, sql: &str) -> (Finding, String) {
    let mut all = (Finding::Found, Vec::new());
    for row in rows(connection, &format!("EXPLAIN {sql}")).await {
        let (table, way) = (text(&row, "table"), text(&row, "type"));
        let finding = match way.as_str() {
            // In angle brackets is what a part of the statement itself has made.
            "ALL" if !table.starts_with('<') => Finding::Scan,
            "index" => Finding::Whole,
            _ => Finding::Found,
        };
        all.0 = all.0.max(finding);
        all.1.push(format!("{table}: {way} {} {}", text(&row, "key"), text(&row, "Extra")));
    }
    (all.0, all.1.join("\n"))
}

async fn smallest_values(connection: &DatabaseConnection) -> BTreeMap<(String, String), String> {
    let columns =
        "SELECT table_name AS t, column_name AS c, CAST(data_type AS CHAR) AS d FROM information_schema.columns
        WHERE table_schema = DATABASE()";
    let mut of_tables: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for row in rows(connection, columns).await {
        of_tables.entry(text(&row, "t")).or_default().push((text(&row, "c"), text(&row, "d")));
    }
    let mut values = BTreeMap::new();
    for (table, columns) in of_tables {
        rows(connection, &format!("ANALYZE TABLE {table}")).await;
        let literal = |(column, kind): &(String, String)| {
            let value = match kind.as_str() {
                "bigint" | "int" | "tinyint" => format!("min({column})"),
                "binary" | "blob" | "mediumblob" => format!("concat('x''', hex(min({column})), '''')"),
                _ => format!("quote(min({column}))"),
            };
            format!("CAST(coalesce({value}, '1') AS CHAR) AS {column}")
        };
        let all: Vec<String> = columns.iter().map(literal).collect();
        let row = &rows(connection, &format!("SELECT {} FROM {table}", all.join(", "))).await[0];
        for (column, _) in columns {
            values.insert((table.clone(), column.clone()), text(row, &column));
        }
    }
    values
}
