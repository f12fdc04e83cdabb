//! The list of all users: for who looks after the site, in pages, sorted alike on every engine.

use serde_json::{Value, json};

use crate::harness::*;

const USERS: &str =
    "query ($first: Int, $after: String, $last: Int, $before: String, $filter: UserFilter, $order: UserOrder) {
    users(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $order) {
        totalCount nodes { username }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

/// In the order of their making, newest first, below the two who sign up.
const NAMES: [&str; 12] = ["zed", "aab", "aa_b", "AA2", "aa1", "aa_", "aa_1", "aab1", "_aa", "a9_", "Zed_2", "9lives"];
/// The order of bytes: digits, the underscore, letters; without regard to case.
const SORTED: [&str; 14] =
    ["9lives", "_aa", "a9_", "aa1", "AA2", "aa_", "aa_1", "aa_b", "aab", "aab1", "ada", "bob", "zed", "Zed_2"];

async fn users(lyceum: &Lyceum) -> (Person, Person) {
    let (ada, bob) = (lyceum.person("ada").await, lyceum.person("bob").await);
    lyceum.set_role("ada", "MODERATOR").await;
    let mut ids = Ids::new(1);
    let row = |name: &&str| UserRow { id: ids.next(), username: (*name).to_owned() };
    lyceum.insert_users(&NAMES.iter().rev().map(row).collect::<Vec<UserRow>>()).await;
    (ada, bob)
}

fn names(answer: &Answer) -> Vec<String> {
    let nodes = answer.at("users.nodes").as_array().unwrap();
    nodes.iter().map(|node| node["username"].as_str().unwrap().to_owned()).collect()
}

/// Walks through the list, three at a time; gives it in its order.
async fn walk(lyceum: &Lyceum, token: &str, order: &Value, filter: &Value, forwards: bool) -> Vec<String> {
    let (mut cursor, mut seen) = (Value::Null, Vec::new());
    loop {
        let mut variables = json!({ "order": order, "filter": filter });
        let (size, at) = if forwards { ("first", "after") } else { ("last", "before") };
        (variables[size], variables[at]) = (json!(3), cursor.clone());
        let answer = lyceum.run_as(token, USERS, variables).await.ok();
        let page = names(&answer);
        seen = if forwards { [seen, page].concat() } else { [page, seen].concat() };
        let info = answer.at("users.pageInfo");
        let (more, back, end) = if forwards {
            ("hasNextPage", "hasPreviousPage", "endCursor")
        } else {
            ("hasPreviousPage", "hasNextPage", "startCursor")
        };
        assert_eq!(info[back], json!(!cursor.is_null()));
        assert!(answer.at("users.totalCount").as_u64().unwrap() >= seen.len() as u64);
        if info[more] == json!(false) {
            assert_eq!(answer.at("users.totalCount"), &json!(seen.len()));
            return seen;
        }
        cursor = info[end].clone();
    }
}

/// The list of users is for moderators and administrators; nobody else learns how many there are.
#[tokio::test]
async fn users_are_listed_for_moderators_and_administrators_only() {
    on_each_engine(async |lyceum| {
        let (ada, bob) = users(lyceum).await;
        let anybody = lyceum.run(USERS, json!({})).await;
        assert_eq!((anybody.code(), anybody.at("users")), ("UNAUTHENTICATED", &Value::Null));
        for variables in [json!({}), json!({ "first": 0 }), json!({ "filter": { "search": "bob" } })] {
            let person = lyceum.run_as(&bob.token, USERS, variables).await;
            assert_eq!((person.code(), person.at("users")), ("FORBIDDEN", &Value::Null), "{}", person.body);
        }
        for role in ["MODERATOR", "ADMIN"] {
            lyceum.set_role("ada", role).await;
            let answer = lyceum.run_as(&ada.token, USERS, json!({ "first": 100 })).await.ok();
            assert_eq!(answer.at("users.totalCount"), &json!(14));
            assert_eq!(names(&answer)[2..], NAMES, "the newest first");
        }
        lyceum.set_role("ada", "USER").await;
        assert_eq!(lyceum.run_as(&ada.token, USERS, json!({})).await.code(), "FORBIDDEN");
    })
    .await;
}

/// Both orders, both directions and both ways to walk give the same list on every engine.
#[tokio::test]
async fn users_are_sorted_alike_on_every_engine() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let (ada, _) = users(lyceum).await;
        let newest = [&["bob", "ada"], &NAMES[..]].concat();
        for (field, ascending) in [("USERNAME", SORTED.to_vec()), ("CREATED_AT", newest.into_iter().rev().collect())] {
            for direction in ["ASC", "DESC"] {
                let mut expected = ascending.clone();
                if direction == "DESC" {
                    expected.reverse();
                }
                let order = json!({ "field": field, "direction": direction });
                for forwards in [true, false] {
                    let seen = walk(lyceum, &ada.token, &order, &Value::Null, forwards).await;
                    // Ada and Bob signed up at the same moment of the tests' clock.
                    let same = |name: &str| {
                        if field == "CREATED_AT" && name == "bob" { "ada".to_owned() } else { name.to_owned() }
                    };
                    let seen: Vec<String> = seen.iter().map(|name| same(name)).collect();
                    assert_eq!(
                        seen,
                        expected.iter().map(|name| same(name)).collect::<Vec<String>>(),
                        "{order} {forwards}"
                    );
                }
            }
        }
        let by_name = json!({ "field": "USERNAME", "direction": "ASC" });
        for (filter, expected) in [
            (json!({ "search": "aa_" }), vec!["aa_", "aa_1", "aa_b"]),
            (json!({ "search": "ZED" }), vec!["zed", "Zed_2"]),
            (json!({ "role": "MODERATOR" }), vec!["ada"]),
            (json!({ "role": "USER", "search": "a 1" }), vec!["aa1", "aa_1", "aab1"]),
            (json!({ "suspended": true }), vec![]),
        ] {
            for forwards in [true, false] {
                assert_eq!(walk(lyceum, &ada.token, &by_name, &filter, forwards).await, expected, "{filter}");
            }
        }
    })
    .await;
}
