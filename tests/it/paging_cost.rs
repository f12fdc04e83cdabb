//! What a page costs: the four-hundredth as much as the first, since every order and filter has an index that the
//! database walks from the cursor on, without sorting.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::*;

const POSTS: i64 = 10_000;
const PEOPLE: usize = 20;
const COMMENTS: usize = 20_000;
const OF_POSTS: &str = "query ($first: Int, $after: String, $order: PostOrder, $filter: PostFilter) {
    list: posts(first: $first, after: $after, orderBy: $order, filter: $filter) { nodes { id } pageInfo { endCursor } } }";
const OF_COMMENTS: &str = "query ($first: Int, $after: String, $order: CommentOrder, $filter: CommentFilter) {
    list: comments(first: $first, after: $after, orderBy: $order, filter: $filter) {
        nodes { id author { username } } pageInfo { endCursor } } }";

struct Case {
    query: &'static str,
    name: &'static str,
    token: Option<String>,
    variables: Value,
}

impl Case {
    fn call(&self, first: usize, after: &Value) -> Call {
        let mut variables = self.variables.clone();
        (variables["first"], variables["after"]) = (json!(first), after.clone());
        let call = Call::new(self.query, variables);
        match &self.token {
            Some(token) => call.bearer(token),
            None => call,
        }
    }
}

/// Posts of twenty people, a tenth of them drafts, and the ways in which somebody may read them.
async fn cases(lyceum: &Lyceum) -> Vec<Case> {
    let (ada, bob) = (lyceum.person("ada").await, lyceum.person("bob").await);
    lyceum.set_role("bob", "MODERATOR").await;
    let mut ids = Ids::new(1);
    let mut people: Vec<UserRow> =
        (1..PEOPLE).map(|number| UserRow { id: ids.next(), username: format!("person_{number}") }).collect();
    lyceum.insert_users(&people).await;
    people.push(UserRow { id: local_id(&ada.id), username: ada.username.clone() });
    let row = |number: i64| {
        let id = ids.next();
        let published =
            (number % 10 != 0).then(|| START.plus(Duration::from_secs((number * 7919 % 5000).unsigned_abs())));
        let author = people.get(usize::try_from(number * 31 % 97).unwrap() % PEOPLE).map(|person| person.id);
        PostRow { id, author, title: format!("Title {}", number * 6007 % 3000), published }
    };
    let rows: Vec<PostRow> = (0..POSTS).map(row).collect();
    lyceum.insert_posts(&rows).await;
    let said = |number: usize| {
        let post = if number.is_multiple_of(10) { &rows[1] } else { &rows[number * 7919 % rows.len()] };
        CommentRow { id: ids.next(), post: post.id, author: Some(people[number * 31 % 97 % PEOPLE].id) }
    };
    let comments: Vec<CommentRow> = (0..COMMENTS).map(said).collect();
    lyceum.insert_comments(&comments).await;
    let (other, busy) = (global_id("User", people[0].id), global_id("Post", rows[1].id));
    if lyceum.engine != Engine::Sqlite {
        // What a server that runs for longer does by itself.
        let analyze =
            if lyceum.engine == Engine::Postgres { "ANALYZE posts, comments" } else { "ANALYZE TABLE posts, comments" };
        lyceum.database.execute(analyze).await;
    }
    let by = |field: &str, direction: &str| json!({ "order": { "field": field, "direction": direction } });
    let case =
        |name, token: Option<&String>, variables| Case { query: OF_POSTS, name, token: token.cloned(), variables };
    let said = |name, token: Option<&String>, variables| Case { query: OF_COMMENTS, ..case(name, token, variables) };
    vec![
        case("anybody, default order", None, json!({})),
        case("a moderator, default order", Some(&bob.token), json!({})),
        case("a person with drafts, default order", Some(&ada.token), json!({})),
        case("anybody, PUBLISHED_AT", None, by("PUBLISHED_AT", "DESC")),
        case("a moderator, PUBLISHED_AT", Some(&bob.token), by("PUBLISHED_AT", "ASC")),
        case("a person with drafts, PUBLISHED_AT", Some(&ada.token), by("PUBLISHED_AT", "DESC")),
        case("anybody, TITLE", None, by("TITLE", "ASC")),
        case("a moderator, TITLE", Some(&bob.token), by("TITLE", "DESC")),
        case("a person with drafts, TITLE", Some(&ada.token), by("TITLE", "ASC")),
        case("a moderator, drafts only", Some(&bob.token), json!({ "filter": { "status": "DRAFT" } })),
        case("anybody, one author's", None, json!({ "filter": { "authorId": ada.id } })),
        case("a person, own drafts", Some(&ada.token), json!({ "filter": { "status": "DRAFT" } })),
        case("a person, published ones", Some(&ada.token), json!({ "filter": { "status": "PUBLISHED" } })),
        case("a person, one author's", Some(&ada.token), json!({ "filter": { "authorId": other } })),
        said("anybody, comments", None, json!({})),
        said("a moderator, comments", Some(&bob.token), json!({})),
        said("a person, comments", Some(&ada.token), json!({})),
        said("anybody, one author's comments", None, json!({ "filter": { "authorId": other } })),
        said("a person, one author's comments", Some(&ada.token), json!({ "filter": { "authorId": other } })),
        said("a person, a post's comments", Some(&ada.token), json!({ "filter": { "postId": busy } })),
    ]
}

/// Pages of twenty cost the same at the start of the list and 400 pages on; for shorter lists near their end.
#[tokio::test]
async fn a_late_page_costs_as_much_as_the_first() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let mut sorted = Vec::new();
        for case in cases(lyceum).await {
            let (late, number) = late_cursor(lyceum, &case).await;
            let mut times = [Vec::new(), Vec::new()];
            for _ in 0..9 {
                for (cursor, times) in [&Value::Null, &late].into_iter().zip(&mut times) {
                    let start = Instant::now();
                    let (answer, statements) = lyceum.counted(case.call(20, cursor)).await;
                    times.push(start.elapsed());
                    assert_eq!(answer.ok().at("list.nodes").as_array().map(Vec::len), Some(20));
                    assert_eq!(statements, 1 + u64::from(case.token.is_some()));
                }
            }
            let [first, later] = times.map(median);
            println!("{:?}, {}: page 1 {first:?}, page {number} {later:?}", lyceum.engine, case.name);
            for cursor in [&Value::Null, &late] {
                let (_, statements) = lyceum.watched(case.call(20, cursor)).await;
                let plan = plan(lyceum, statements.last().unwrap(), &case.variables["filter"]).await;
                println!("    {}", plan.replace('\n', "\n    "));
                let sorts = ["TEMP B-TREE", "Sort", "filesort"].into_iter().any(|word| plan.contains(word));
                if sorts {
                    sorted.push(case.name);
                }
            }
        }
        assert!(sorted.is_empty(), "{:?} sorts: {sorted:?}", lyceum.engine);
    })
    .await;
}

/// The cursor before page 400, or before the last whole page, and which page that is.
async fn late_cursor(lyceum: &Lyceum, case: &Case) -> (Value, usize) {
    let (mut cursor, mut rows) = (Value::Null, 0);
    while rows < 7980 {
        let first = (7980 - rows).min(100);
        let answer = lyceum.send(case.call(first, &cursor)).await.ok();
        let more = lyceum.send(case.call(20, answer.at("list.pageInfo.endCursor"))).await.ok();
        if more.at("list.nodes").as_array().map(Vec::len) != Some(20) {
            break;
        }
        cursor = answer.at("list.pageInfo.endCursor").clone();
        rows += first;
    }
    (cursor, rows / 20 + 1)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// What the database makes of a statement of `posts`, with values of the right kinds in the places of its parameters.
async fn plan(lyceum: &Lyceum, sql: &str, filter: &Value) -> String {
    let connection = lyceum.database.connect().await;
    let explain = if lyceum.engine == Engine::Sqlite { "EXPLAIN QUERY PLAN" } else { "EXPLAIN" };
    let sql = format!("{explain} {}", with_values(lyceum.engine, sql, filter));
    let statement = Statement::from_string(connection.get_database_backend(), sql.clone());
    let rows = connection.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    let line = |row: &sea_orm::QueryResult| match lyceum.engine {
        Engine::Sqlite => row.try_get::<String>("", "detail").unwrap(),
        Engine::Postgres => row.try_get_by_index::<String>(0).unwrap(),
        Engine::Mysql => {
            let text = |name| row.try_get::<Option<String>>("", name).unwrap().unwrap_or_default();
            format!("{} {}: {}", text("type"), text("key"), text("Extra"))
        }
    };
    rows.iter().map(line).collect::<Vec<String>>().join("\n")
}

/// Each parameter is known by the last of these before it.
const KINDS: [&str; 7] = ["LIMIT", "id", "author_id", "post_id", "status", "published_at", "title_key"];

fn with_values(engine: Engine, sql: &str, filter: &Value) -> String {
    let id = Ids::new(1).at(START.minus(Duration::from_secs(3598)));
    let uuid = |id: Uuid| match engine {
        Engine::Postgres => format!("'{id}'::uuid"),
        _ => format!("x'{}'", id.simple()),
    };
    let value_after = |before: &str| {
        if before.ends_with("THEN ") {
            return "TRUE".to_owned();
        }
        let words = before.rsplit([' ', '.', '(']);
        let column = words.map(|word| word.trim_matches(['"', '`'])).find(|word| KINDS.contains(word));
        match column.unwrap_or_else(|| panic!("a parameter after {before} in {sql}")) {
            "LIMIT" => "21".to_owned(),
            "status" => "'PUBLISHED'".to_owned(),
            "published_at" => START.plus(Duration::from_secs(2500)).0.to_string(),
            "title_key" => "'title 1500'".to_owned(),
            "author_id" => uuid(filter["authorId"].as_str().map_or(id, local_id)),
            "post_id" => uuid(filter["postId"].as_str().map_or(id, local_id)),
            _ => uuid(id),
        }
    };
    let mut filled = String::new();
    let mut rest = sql;
    while let Some(at) = rest.find(['?', '$']) {
        filled.push_str(&rest[..at]);
        let value = value_after(&filled);
        filled.push_str(&value);
        rest = rest[at + 1..].trim_start_matches(|c: char| c.is_ascii_digit());
    }
    filled + rest
}
