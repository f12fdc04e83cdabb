use super::*;

#[test]
fn a_statement_is_summed_up_by_its_operation_and_its_tables() {
    for (sql, text, tables) in [
        (r#"SELECT "posts"."id" FROM "posts" LEFT JOIN "users" ON 1 = 1"#, "SELECT posts users", 2),
        ("SELECT `id` FROM `posts` WHERE `id` IN (SELECT `post_id` FROM `comments`)", "SELECT posts comments", 2),
        (r#"SELECT * FROM (SELECT "id" FROM "posts") AS "some""#, "SELECT posts", 1),
        (r#"(SELECT "id" FROM "posts") UNION ALL (SELECT "id" FROM "posts")"#, "SELECT posts", 1),
        (r#"SELECT 1 FROM "posts" UNION ALL SELECT 2 FROM "posts""#, "SELECT posts", 1),
        (r#"SELECT "id" FROM "sessions" WHERE "id" = $1 FOR UPDATE"#, "SELECT sessions", 1),
        (r#"INSERT INTO "users" ("id") VALUES (?) ON CONFLICT ("id") DO UPDATE SET "a" = 1"#, "INSERT users", 1),
        (r#"UPDATE "users" SET "a" = ? WHERE "id" = ?"#, "UPDATE users", 1),
        ("DELETE FROM `sessions`", "DELETE sessions", 1),
        ("SELECT CAST(extract(epoch FROM clock_timestamp()) AS bigint)", "SELECT", 0),
        ("", "", 0),
    ] {
        let summary = Summary::of(sql);
        assert_eq!((summary.text.as_str(), summary.tables.len()), (text, tables), "{sql}");
    }
}

/// However many tables there are, a summary stays short.
#[test]
fn a_summary_is_short() {
    let sql = (0..100).fold("SELECT 1".to_owned(), |sql, table| format!("{sql} FROM table_{table}"));
    assert!((200..LONGEST_SUMMARY).contains(&Summary::of(&sql).text.len()));
    assert_eq!(shortened("äö", 3), "ä");
}

#[test]
fn a_database_is_told_without_user_and_password() {
    let told = |url: &str| -> Vec<String> {
        of_database(url).iter().map(|pair| format!("{}={}", pair.key, pair.value.as_str())).collect()
    };
    let of_postgres =
        ["db.system.name=postgresql", "server.address=db.example.com", "server.port=5433", "db.namespace=forum"];
    assert_eq!(told("postgres://ada:canary@db.example.com:5433/forum?sslmode=require"), of_postgres);
    assert_eq!(told("mysql://root@[::1]/forum"), ["db.system.name=mysql", "server.address=::1", "db.namespace=forum"]);
    assert_eq!(told("sqlite://data/lyceum.db?mode=rwc"), ["db.system.name=sqlite"]);
}
