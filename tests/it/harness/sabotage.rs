//! A database in which one thing fails: a kind of statement on a table, a table that is away, a commit. And the rows
//! as one text, to be compared before and after.

use super::{Database, Engine, Lyceum, database::first};

const TABLES: [&str; 13] = [
    "users",
    "signups",
    "sessions",
    "refresh_tokens",
    "one_time_tokens",
    "mail_quotas",
    "outbox",
    "posts",
    "comments",
    "email_changes",
    "profiles",
    "avatars",
    "audit_events",
];

/// What is done to the database, and how it is undone.
pub(crate) struct Sabotage {
    pub name: String,
    break_it: String,
    mend_it: String,
}

impl Sabotage {
    /// Each row that such a statement touches makes it fail, if `when` holds: an expression over `OLD` or `NEW`.
    pub(crate) fn of_rows(engine: Engine, event: &str, table: &str, when: &str) -> Self {
        let of = format!("TRIGGER broken BEFORE {event} ON {table}");
        let (break_it, mend_it) = match engine {
            Engine::Sqlite => (
                format!("CREATE {of} WHEN {when} BEGIN SELECT RAISE(ABORT, 'sabotage'); END"),
                "DROP TRIGGER broken".to_owned(),
            ),
            Engine::Postgres => (
                format!("{RAISE}; CREATE {of} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION broken()"),
                "DROP FUNCTION broken() CASCADE".to_owned(),
            ),
            Engine::Mysql => {
                (format!("CREATE {of} FOR EACH ROW IF {when} THEN {SIGNAL}; END IF"), "DROP TRIGGER broken".to_owned())
            }
        };
        Self { name: format!("{event} {table} when {when}"), break_it, mend_it }
    }

    /// The table is away, to readers and to writers.
    pub(crate) fn of_table(table: &str) -> Self {
        Self {
            name: format!("without {table}"),
            break_it: format!("ALTER TABLE {table} RENAME TO {table}_away"),
            mend_it: format!("ALTER TABLE {table}_away RENAME TO {table}"),
        }
    }

    /// A transaction that has written to the table fails at its end. MySQL checks nothing that late.
    pub(crate) fn of_commit(engine: Engine, table: &str) -> Option<Self> {
        let (break_it, mend_it) = match engine {
            Engine::Sqlite => (
                format!(
                    "CREATE TABLE debt (owner TEXT REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED);
                    CREATE TRIGGER broken AFTER INSERT ON {table} BEGIN INSERT INTO debt VALUES ('nobody'); END"
                ),
                "DROP TRIGGER broken; DROP TABLE debt",
            ),
            Engine::Postgres => (
                format!(
                    "{RAISE}; CREATE CONSTRAINT TRIGGER broken AFTER INSERT ON {table}
                    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION broken()"
                ),
                "DROP FUNCTION broken() CASCADE",
            ),
            Engine::Mysql => return None,
        };
        Some(Self { name: format!("commit after {table}"), break_it, mend_it: mend_it.to_owned() })
    }

    pub(crate) async fn apply(&self, database: &Database) {
        database.execute(&self.break_it).await;
    }

    pub(crate) async fn undo(&self, database: &Database) {
        database.execute(&self.mend_it).await;
    }
}

const RAISE: &str = "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'sabotage'; END $$";
const SIGNAL: &str = "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'sabotage'";

/// The same without the audit log, which has a note of each attempt that was refused.
pub(crate) async fn contents_beside_notes(lyceum: &Lyceum) -> Vec<(&'static str, String)> {
    let all = contents(lyceum).await;
    all.into_iter().filter(|(table, _)| *table != "audit_events").collect()
}

/// Each table with all that stands in it; on MySQL with its checksum, which is as good for comparing.
pub(crate) async fn contents(lyceum: &Lyceum) -> Vec<(&'static str, String)> {
    let (mut all, connection) = (Vec::new(), lyceum.database.connect().await);
    let text = async |sql: &str| first(&connection, sql).await.try_get_by_index::<String>(0).unwrap();
    for table in TABLES {
        let rows = match lyceum.engine {
            Engine::Sqlite => {
                let columns = format!("SELECT group_concat('quote(' || name || ')') FROM pragma_table_info('{table}')");
                let columns = text(&columns).await.replace("),", ") || ' ' || ");
                let rows = format!("SELECT {columns} AS cells FROM {table} ORDER BY 1");
                text(&format!("SELECT coalesce(group_concat(cells, ' / '), '') FROM ({rows})")).await
            }
            Engine::Postgres => {
                let rows = format!("SELECT coalesce(string_agg(t::text, ' / ' ORDER BY t::text), '') FROM {table} t");
                text(&rows).await
            }
            Engine::Mysql => {
                let sum = first(&connection, &format!("CHECKSUM TABLE {table}")).await;
                sum.try_get_by_index::<i64>(1).unwrap().to_string()
            }
        };
        all.push((table, rows));
    }
    all
}
