//! Claims about the gate: each limit is reached and passed, and what explodes is refused before it does.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod cost;
mod introspection;

use std::fmt::Write as _;
use std::time::Instant;

use async_graphql::Pos;
use async_graphql::parser::types::OperationType;

use super::*;
use crate::core::metrics::Metrics;
use crate::graphql::Code::{
    self, GraphqlParseFailed as ParseFailed, GraphqlValidationFailed as ValidationFailed,
    QueryTooComplex as TooComplex, QueryTooDeep as TooDeep, QueryTooLarge as TooLarge,
};

const CREDENTIALS: &[&str] = &["login", "signup"];

fn documents() -> Documents {
    Documents::new(Limits::default(), CREDENTIALS, Metrics::default())
}

/// The code of the refusal, if the document is refused.
fn verdict(query: &str) -> Option<Code> {
    documents().prepare(query).err().map(|refusal| refusal.code)
}

fn message(query: &str) -> String {
    documents().prepare(query).unwrap_err().message
}

/// `levels` fragments, each spreading the next `width` times, the last with `core` inside.
fn bomb(levels: usize, width: usize, core: &str) -> String {
    let mut text = String::from("{ ...f0 }");
    for level in 0..levels {
        let inside = if level + 1 < levels { format!("...f{} ", level + 1).repeat(width) } else { core.to_owned() };
        write!(text, " fragment f{level} on Query {{ {inside}}}").unwrap();
    }
    text
}

#[test]
fn a_document_of_16_kib_passes_and_one_byte_more_does_not() {
    let padded = |bytes: usize| format!("{{ a }}{}", " ".repeat(bytes - 5));
    assert_eq!(verdict(&padded(16 * 1024)), None);
    assert_eq!(verdict(&padded(16 * 1024 + 1)), Some(TooLarge));
    assert_eq!(message(&padded(20_000)), "The query text has 20000 bytes, and the limit is 16384.");
}

#[test]
fn tokens_are_counted_before_the_document_is_parsed() {
    assert_eq!(verdict(&format!("{{ a {{ {} }} }}", "b ".repeat(1_995))), None);
    assert_eq!(verdict(&format!("{{ a {{ {} }} }}", "b ".repeat(1_996))), Some(TooLarge));
    assert_eq!(verdict(&"%".repeat(2_001)), Some(TooLarge));
}

#[test]
fn nesting_is_counted_before_the_document_is_parsed() {
    let list = |levels: usize| format!("{{ a(b: {}{}) }}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(verdict(&list(62)), None);
    assert_eq!(verdict(&list(63)), Some(TooDeep));
    assert_eq!(verdict(&list(8_000)), Some(TooDeep));
    assert_eq!(verdict(&format!("{{ a(b: {}", "[".repeat(16_000))), Some(TooDeep));
    let inline = |levels: usize| format!("{}a{}", "{...".repeat(levels - 1) + "{", "}".repeat(levels));
    assert_eq!(verdict(&inline(64)), None);
    assert_eq!(verdict(&inline(65)), Some(TooDeep));
}

#[test]
fn fragments_do_not_hide_nesting() {
    let half = |count: usize| ("{...".repeat(count - 1) + "{", "}".repeat(count));
    let joined = |first: usize, second: usize| {
        let ((open, close), (open_other, close_other)) = (half(first), half(second));
        format!("{open}...f{close} fragment f on Query {open_other}a{close_other}")
    };
    assert_eq!(verdict(&joined(32, 32)), None);
    assert_eq!(verdict(&joined(32, 33)), Some(TooDeep));
}

#[test]
fn twenty_fragments_pass_and_one_more_does_not() {
    assert_eq!(verdict(&bomb(20, 1, "a")), None);
    assert_eq!(verdict(&bomb(21, 1, "a")), Some(TooComplex));
    assert_eq!(message(&bomb(21, 1, "a")), "The document has 21 fragments, and the limit is 20.");
}

#[test]
fn selections_are_counted_wherever_a_fragment_is_spread() {
    let spread = |fields: usize| {
        let (spreads, inside) = ("...f ".repeat(49), "a ".repeat(99));
        format!("{{ r {{ {spreads} {} }} }} fragment f on R {{ {inside} }}", "b ".repeat(fields))
    };
    assert_eq!(verdict(&spread(99)), None); // r, 49 times f and its 99 fields, 99 fields
    assert_eq!(verdict(&spread(100)), Some(TooComplex));
    let told = "The operation has 5001 selections once fragments are spread, and the limit is 5000.";
    assert_eq!(message(&spread(100)), told);
}

#[test]
fn the_operations_of_a_document_share_its_selections() {
    let mut text = format!("fragment f on Query {{ r {{ {} }} }}", "a ".repeat(98));
    for number in 0..50 {
        write!(text, " query q{number} {{ ...f }}").unwrap();
    }
    assert_eq!(verdict(&text), None);
    text.push_str(" query more { a }");
    assert_eq!(verdict(&text), Some(TooComplex));
    assert!(message(&text).starts_with("The document has 5001 selections in its operations"));
}

#[test]
fn fragment_bombs_are_refused_without_being_walked() {
    let unused = bomb(20, 2, "a").replace("{ ...f0 }", "{ a }");
    let many = format!("{} {}", bomb(12, 2, "a").replace("{ ...f0 }", ""), "query X { ...f0 }");
    let many: String = (0..80).fold(many, |text, number| text + &format!(" query q{number} {{ ...f0 }}"));
    let bombs = [
        ("20 levels of 2", bomb(20, 2, "a")),
        ("7 levels of 10", bomb(7, 10, "a")),
        ("31 levels of 2", bomb(31, 2, "a")),
        ("no field inside", bomb(19, 2, "...nothing")),
        ("unused", unused),
        ("81 operations", many),
    ];
    for (name, text) in bombs {
        let documents = documents();
        let start = Instant::now();
        let refusal = documents.prepare(&text).unwrap_err();
        println!("{name}: {} bytes refused in {:?}: {}", text.len(), start.elapsed(), refusal.message);
        assert_eq!(refusal.code, TooComplex, "{name}");
    }
}

#[test]
fn a_fragment_that_spreads_itself_is_refused() {
    let cycles = [
        "{ ...f } fragment f on Query { ...f }",
        "{ a } fragment f on A { b { ... { ...g } } } fragment g on A { c { ...h } } fragment h on A { ...f }",
    ];
    for text in cycles {
        assert_eq!(verdict(text), Some(ValidationFailed), "{text}");
    }
    assert_eq!(message(cycles[0]), "The fragment \"f\" spreads itself, directly or through others.");
}

#[test]
fn thirty_aliases_pass_and_one_more_does_not() {
    assert_eq!(verdict(&format!("{{ r {{ {} }} }}", "a: b ".repeat(30))), None);
    assert_eq!(verdict(&format!("{{ r {{ {} }} }}", "a: b ".repeat(31))), Some(TooComplex));
    let spread =
        |times: usize| format!("{{ r {{ {} }} }} fragment f on R {{ a: b ... {{ c: d }} }}", "...f ".repeat(times));
    assert_eq!(verdict(&spread(15)), None);
    assert_eq!(verdict(&spread(16)), Some(TooComplex));
}

#[test]
fn twenty_root_fields_pass_and_one_more_does_not() {
    for kind in ["query", "mutation", "subscription"] {
        assert_eq!(verdict(&format!("{kind} {{ {} }}", "a ".repeat(20))), None);
        assert_eq!(verdict(&format!("{kind} {{ {} }}", "a ".repeat(21))), Some(TooComplex));
    }
    let spread = |times: usize| format!("{{ {} ... {{ a }} }} fragment f on Query {{ b c }}", "...f ".repeat(times));
    assert_eq!(verdict(&spread(9)), None);
    assert_eq!(verdict(&spread(10)), Some(TooComplex));
    assert_eq!(verdict(&format!("{{ {} }}", "__typename ".repeat(900))), Some(TooComplex));
}

#[test]
fn directives_are_counted_at_every_place() {
    let places = [
        "query @@ { a }",
        "query ($a: Int @@) { a }",
        "{ a @@ }",
        "{ a { b @@ } }",
        "{ ...f @@ } fragment f on Query { a }",
        "{ ... @@ { a } }",
        "{ ...f } fragment f on Query @@ { a }",
        "{ a } fragment unused on Query { a @@ }",
    ];
    for place in places {
        assert_eq!(verdict(&place.replace("@@", &"@d ".repeat(10))), None, "{place}");
        assert_eq!(verdict(&place.replace("@@", &"@d ".repeat(11))), Some(TooComplex), "{place}");
    }
    let spread = |times: usize| format!("{{ {} }} fragment f on Query @d {{ a @d }}", "...f ".repeat(times));
    assert_eq!(verdict(&spread(5)), None);
    assert_eq!(verdict(&spread(6)), Some(TooComplex));
}

#[test]
fn one_operation_tries_one_credential() {
    let refused = [
        "mutation { login signup }",
        "mutation { login login }",
        "mutation { a: login b: login }",
        "mutation { login ...f } fragment f on Mutation { ... { signup } }",
    ];
    for text in refused {
        assert_eq!(verdict(text), Some(TooComplex), "{text}");
    }
    let passed =
        ["mutation { login logout logout }", "mutation a { login } mutation b { login }", "{ login a: login }"];
    for text in passed {
        assert_eq!(verdict(text), None, "{text}");
    }
    assert_eq!(verdict("mutation { a { login login } }"), None);
    let told = "The operation has 2 mutations that try a credential, and the limit is 1.";
    assert_eq!(message(refused[0]), told);
}

#[test]
fn twelve_fields_deep_pass_and_one_more_does_not() {
    let nested = |depth: usize| format!("{}a{}", "{ a ".repeat(depth - 1) + "{ ", "}".repeat(depth));
    assert_eq!(verdict(&nested(12)), None);
    assert_eq!(verdict(&nested(13)), Some(TooDeep));
    assert_eq!(message(&nested(13)), "Fields nest more than 12 levels deep.");
    let spread = |depth: usize| format!("{{ a {{ a {{ ...f }} }} }} fragment f on A {{ ... {} }}", nested(depth - 2));
    assert_eq!(verdict(&spread(12)), None);
    assert_eq!(verdict(&spread(13)), Some(TooDeep));
}

#[test]
fn the_operation_to_run_is_found_by_name_or_as_the_only_one() {
    let only = documents().prepare("subscription S { a }").unwrap();
    assert_eq!(only.operation(None), Ok(OperationType::Subscription));
    assert_eq!(only.operation(Some("S")), Ok(OperationType::Subscription));
    assert_eq!(only.operation(Some("T")).unwrap_err().code, ValidationFailed);
    let anonymous = documents().prepare("{ a }").unwrap();
    assert_eq!(anonymous.operation(None), Ok(OperationType::Query));
    assert_eq!(anonymous.operation(Some("Q")).unwrap_err().message, "The document has no operation named \"Q\".");
    let two = documents().prepare("query Q { a } mutation M { a }").unwrap();
    assert_eq!(two.operation(Some("M")), Ok(OperationType::Mutation));
    let refusal = two.operation(None).unwrap_err();
    assert_eq!(refusal.code, ValidationFailed);
    assert_eq!(refusal.message, "The document has 2 operations: name one in operationName.");
}

#[test]
fn a_syntax_error_is_one_line_with_its_place() {
    let refusal = documents().prepare("{\n  a(b: )\n}").unwrap_err();
    assert_eq!(refusal.code, ParseFailed);
    assert_eq!(refusal.message, "Syntax error at line 2, column 8: expected value");
    assert_eq!(refusal.locations, [Pos { line: 2, column: 8 }]);
    let told = [
        ("", "Syntax error at line 1, column 1: expected operation or fragment"),
        ("query Q($a: ) { a }", "Syntax error at line 1, column 13: expected type"),
        ("{ a } }", "Syntax error at line 1, column 7: expected end of document or operation or fragment"),
        ("{ a(b: 1e999) }", "Syntax error at line 1, column 8: this number is out of range"),
        ("fragment f on A { a }", "The document has fragments, but no operation."),
        ("query A { a } query A { a }", "There are two operations named \"A\"."),
        ("{ a } query A { a }", "An operation without a name must be the only one of its document."),
    ];
    for (text, expected) in told {
        assert_eq!(message(text), expected);
    }
}

#[test]
fn a_refusal_repeats_little_of_the_document() {
    let name = "n".repeat(5_000);
    let texts = [
        format!("{{ {name} \" "),
        format!("{{ {name}( }}"),
        format!("{{ a }} fragment {name} on Query {{ ...{name} }}"),
        format!("query {name} {{ a }} query {name} {{ a }}"),
        format!("{{ a }} fragment {name} on A {{ a }} fragment {name} on A {{ a }}"),
        format!("{{ a }} = expected {name}\n = {name}"),
    ];
    for text in texts {
        let message = message(&text);
        assert!(message.len() < 200 && !message.contains('\n'), "{message}");
        assert!(!message.contains(&"n".repeat(61)), "{message}");
    }
    let document = documents().prepare("query Q { a }").unwrap();
    let refusal = document.operation(Some(&"é\n".repeat(100))).unwrap_err();
    assert!(refusal.message.chars().count() < 120 && !refusal.message.contains('\n'), "{}", refusal.message);
}

#[test]
fn a_document_is_parsed_once_and_refusals_are_not_kept() {
    let documents = documents();
    let first = documents.prepare("{ a }").unwrap();
    assert!(Arc::ptr_eq(&first, &documents.prepare("{ a }").unwrap()));
    assert!(!Arc::ptr_eq(&first, &documents.prepare("{ a  }").unwrap()));
    assert!(documents.prepare("{").is_err());
    assert_eq!(documents.cache.len(), 2);
}

#[test]
fn the_cache_is_bounded_by_weight() {
    let documents = documents();
    let fields = "a ".repeat(1_900);
    for number in 0..100 {
        documents.prepare(&format!("query q{number} {{ r {{ {fields} }} }}")).unwrap();
    }
    assert!(documents.cache.weight() <= CACHE_BYTES);
    assert!((4..=16).contains(&documents.cache.len()), "{}", documents.cache.len());
}
