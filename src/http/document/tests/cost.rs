//! Claims about what an operation costs: lists by their page size, wherever it is said.

use super::*;

fn price_with(query: &str, variables: &serde_json::Value) -> Result<u64, Refusal> {
    let documents = documents();
    let document = documents.prepare(query)?;
    document.check_cost(None, &Variables::from_json(variables.clone()), &documents.limits)
}

fn price(query: &str) -> u64 {
    price_with(query, &serde_json::Value::Null).unwrap()
}

#[test]
fn a_field_costs_one_or_its_weight_and_what_is_inside_it() {
    assert_eq!(price("mutation { login { session { id } } }"), 100 + 2);
    assert_eq!(price("{ again: dashboard { posts } dashboard { posts } }"), 2 * (20 + 1));
    assert_eq!(price("{ a }"), 1);
    assert_eq!(price("{ a { b c { d } } e }"), 5);
    assert_eq!(price("{ a @skip(if: true) b @include(if: false) { c } }"), 3);
    assert_eq!(price("{ __typename __schema { types { name } } __type(name: \"A\") { name } }"), 1);
}

#[test]
fn edges_and_nodes_multiply_by_the_page_of_their_field() {
    assert_eq!(price("{ posts(first: 5) { nodes { id title } totalCount } }"), 1 + 1 + 5 * 2 + 5);
    assert_eq!(price("{ posts(last: 5) { edges { cursor node { id } } } }"), 1 + 1 + 5 * 3);
    assert_eq!(price("{ posts { nodes { id } } }"), 2 + 20);
    assert_eq!(price("{ posts(first: 3) { nodes { comments(first: 4) { nodes { id } } } } }"), 2 + 3 * (2 + 4));
    assert_eq!(price("{ posts(first: 3) { nodes { comments { nodes { id } } } } }"), 2 + 3 * (2 + 20));
    assert_eq!(price("{ posts(first: 2, last: 7) { nodes { id } } }"), 2 + 7);
    assert_eq!(price("{ posts(first: null, last: 7) { nodes { id } } }"), 2 + 7);
    assert_eq!(price("{ nodes { id } edges { id } }"), 2 + 20 + 20);
}

#[test]
fn a_page_size_that_is_none_counts_as_the_largest() {
    for size in ["-1", "-2147483649", "101", "4294967296", "1e300", "1.5", "\"5\"", "[5]", "FIVE", "true"] {
        assert_eq!(price(&format!("{{ posts(first: {size}) {{ nodes {{ id }} }} }}")), 2 + 100, "{size}");
    }
    assert_eq!(price("{ posts(first: 0) { nodes { id } } }"), 2);
    assert_eq!(price("{ posts(first: 100) { nodes { id } } }"), 2 + 100);
    assert_eq!(price("{ posts(first: null) { nodes { id } } }"), 2 + 20);
}

#[test]
fn a_page_size_may_be_a_variable_or_its_default() {
    let query = "query ($n: Int = 7) { posts(first: $n) { nodes { id } } }";
    let cases = [
        (serde_json::json!({"n": 3}), 3),
        (serde_json::json!({}), 7),
        (serde_json::json!({"m": 3}), 7),
        (serde_json::json!({"n": null}), 20),
        (serde_json::json!({"n": -3}), 100),
        (serde_json::json!({"n": 1_000_000_000_000_u64}), 100),
        (serde_json::json!({"n": "3"}), 100),
        (serde_json::json!({"n": [3]}), 100),
    ];
    for (variables, page) in cases {
        assert_eq!(price_with(query, &variables), Ok(2 + page), "{variables}");
    }
    assert_eq!(price("query ($n: Int) { posts(first: $n) { nodes { id } } }"), 2 + 20);
    assert_eq!(price("{ posts(first: $unknown) { nodes { id } } }"), 2 + 20);
}

#[test]
fn a_page_size_reaches_through_fragments() {
    let text = "{ posts(first: 5) { ...f } users(first: 9) { ... { ...f } } } fragment f on C { nodes { id } }";
    assert_eq!(price(text), (2 + 5) + (2 + 9));
    let twice = "{ ...r ...r } fragment r on Query { posts(first: 5) { ...f } } fragment f on C { nodes { id } }";
    assert_eq!(price(twice), 2 * (2 + 5));
    assert_eq!(price("{ ...f } fragment f on Query { __schema { types { name } } a { __schema } }"), 2);
}

#[test]
fn nodes_by_ids_are_as_many_as_the_ids() {
    assert_eq!(price("{ nodes(ids: [\"a\", \"b\", \"c\"]) { id } }"), 1 + 3);
    assert_eq!(price("{ nodes(ids: []) { id } }"), 1);
    assert_eq!(price("{ nodes(ids: \"a\") { id } }"), 1 + 1);
    let list = "query ($ids: [ID!]! = [\"a\", \"b\"], $id: ID)";
    let query = format!("{list} {{ nodes(ids: $ids) {{ id }} a: nodes(ids: [$id, $id, $id]) {{ id }} }}");
    assert_eq!(price(&query), (1 + 2) + (1 + 3));
    let many = serde_json::json!({"ids": vec!["a"; 400]});
    assert_eq!(price_with(&query, &many), Ok((1 + 400) + (1 + 3)));
    let too_many = serde_json::json!({"ids": vec!["a"; 4_996]});
    assert_eq!(price_with(&query, &too_many).unwrap_err().code, TooComplex);
}

#[test]
fn cost_is_allowed_to_its_limit() {
    let query = |more: &str| format!("{{ posts(first: 98) {{ nodes {{ {} }} }} {more} }}", "b ".repeat(51));
    assert_eq!(price(&query("")), 2 + 98 * 51); // 5,000
    let refusal = price_with(&query("a"), &serde_json::Value::Null).unwrap_err();
    assert_eq!(refusal.code, TooComplex);
    let told = "The operation costs 5001, and the limit is 5000: ask for smaller pages or fewer fields.";
    assert_eq!(refusal.message, told);
}

#[test]
fn pages_of_pages_of_pages_are_refused() {
    let query = "{ a(first: 100) { nodes { b(first: 100) { nodes { c(first: 100) { nodes { id } } } } } } }";
    let refusal = price_with(query, &serde_json::Value::Null).unwrap_err();
    assert_eq!(refusal.code, TooComplex);
    let told = "The operation costs 1020202, and the limit is 5000: ask for smaller pages or fewer fields.";
    assert_eq!(refusal.message, told);
    assert_eq!(refusal.locations, [Pos { line: 1, column: 1 }]);
}

#[test]
fn list_items_are_allowed_to_their_limit() {
    let limits = Limits { cost: u64::MAX, ..Limits::default() };
    let documents = Documents::new(limits, &[], Metrics::default());
    let check = |query: &str| {
        let document = documents.prepare(query).unwrap();
        document.check_cost(None, &Variables::default(), &documents.limits)
    };
    let pages = |outer: u64, inner: u64| {
        format!("{{ a(first: {outer}) {{ nodes {{ b(first: {inner}) {{ nodes {{ id }} }} }} }} }}")
    };
    assert_eq!(check(&pages(100, 99)), Ok(2 + 100 * (2 + 99))); // 100 items with 99 each: 10,000
    let refusal = check(&pages(100, 100)).unwrap_err();
    assert_eq!(refusal.code, TooComplex);
    let told =
        "The operation may reach 10100 list items, and the limit is 10000: ask for smaller pages or fewer fields.";
    assert_eq!(refusal.message, told);
}

#[test]
fn sums_do_not_overflow() {
    let levels = "edges { ".repeat(9);
    let query = format!("{{ a(first: 100) {{ {levels} id {} }} }}", "}".repeat(9));
    assert_eq!(price_with(&query, &serde_json::Value::Null).unwrap_err().code, TooComplex);
    let limits = Limits { page_max: u64::MAX, page_default: u64::MAX, ..Limits::default() };
    let documents = Documents::new(limits, &[], Metrics::default());
    let document = documents.prepare(&query).unwrap();
    let refusal = document.check_cost(None, &Variables::default(), &documents.limits).unwrap_err();
    assert_eq!(refusal.code, TooComplex);
}

#[test]
fn only_the_chosen_operation_is_priced() {
    let documents = documents();
    let document = documents.prepare("query A { a } query B { a b(first: 9) { nodes { id } } }").unwrap();
    let price = |name| document.check_cost(name, &Variables::default(), &documents.limits);
    assert_eq!(price(Some("A")), Ok(1));
    assert_eq!(price(Some("B")), Ok(1 + 2 + 9));
    assert_eq!(price(Some("C")).unwrap_err().code, ValidationFailed);
    assert_eq!(price(None).unwrap_err().code, ValidationFailed);
}
