//! Who may see or run each field of the schema: a row for every field, and requests that try the rows.
//!
//! `table.rs` says who may. `ways.rs` names the ways by which something is reached, and makes documents of them that
//! ask for everything on the way; here each viewer goes each way. `hidden.rs` does the same for what is not there for
//! everybody: drafts, and comments under them.

mod cast;
mod hidden;
mod shape;
mod table;
mod ways;

use std::collections::BTreeSet;

use lyceum::graphql;
use serde_json::{Value, json};

use crate::harness::*;
use cast::Cast;
use shape::Shape;
use table::{Relation, TABLE, Viewer, Who, faults};
use ways::{FRIENDLY, WAYS, Way, Whose};

/// Invariant 7 and bar 55: every field of the schema has one row, and every row has its field.
#[test]
fn every_field_has_a_row_and_every_row_a_field() {
    let shape = Shape::served();
    assert_eq!(faults(&shape), Vec::<String>::new());
    let (rows, viewers, relations) = (TABLE.len(), Viewer::ALL.len(), Relation::ALL.len());
    assert_eq!(rows, shape.all().len());
    println!("{rows} rows × {viewers} viewers × {relations} relations = {} verdicts", rows * viewers * relations);
    println!("{} ways × {viewers} viewers try them", WAYS.len() + FRIENDLY.len());
}

/// Bar 55: a field without a row is noticed by its name, and so is a row without its field.
#[test]
fn a_field_without_a_row_is_named() {
    let sdl = graphql::sdl();
    let user = "type User implements Node {";
    let grown = sdl.replace(user, &format!("{user}\n\tphone: String"));
    assert_eq!(faults(&Shape::of(&grown)), ["no row says who may see User.phone"]);
    let new_type = format!("{sdl}\ntype Avatar {{ url: String! }}");
    assert_eq!(faults(&Shape::of(&new_type)), ["no row says who may see Avatar.url"]);
    let renamed = sdl.replace("\tactiveSessions: Int!", "\topenSessions: Int!");
    let expected = ["no row says who may see Dashboard.openSessions", "there is no field Dashboard.activeSessions"];
    assert_eq!(faults(&Shape::of(&renamed)), expected);
}

/// Bar 55: the ways ask for every field of the table, so that no row goes untried.
#[test]
fn every_row_is_tried() {
    let shape = Shape::served();
    let touched: BTreeSet<String> = WAYS.iter().chain(FRIENDLY).flat_map(|way| way.touched(&shape)).collect();
    // Streams are tried in tests/it/subscriptions.rs.
    let is_stream = |row: &str| row.starts_with("Subscription.") || row.starts_with("EndedSession.");
    let rows = TABLE.iter().map(|(row, _)| *row).filter(|row| !is_stream(row));
    let untried: Vec<&str> = rows.filter(|row| !touched.contains(*row)).collect();
    assert!(untried.is_empty(), "add a way that asks for {untried:#?}");
}

/// Bar 56: every field that leads to a person, a session, a post or a comment is walked, not only looked at.
#[test]
fn every_edge_to_a_thing_is_walked() {
    let shape = Shape::served();
    let steps = WAYS.iter().chain(FRIENDLY).flat_map(|way| way.steps(&shape));
    let walked: BTreeSet<String> = steps.filter_map(|step| step.field).collect();
    let things = ["User", "Session", "Post", "Comment", "Node"];
    let edges = shape.all().iter().filter(|field| field.of != "Subscription" && things.contains(&&*field.returns));
    let edges = edges.map(shape::Field::path);
    let unwalked: Vec<String> = edges.filter(|edge| !walked.contains(edge)).collect();
    assert!(unwalked.is_empty(), "add a way through {unwalked:#?}");
}

/// Bars 55, 56, 57 and 60: on each way each viewer gets what the rows grant, and is refused what they do not: `null`,
/// with one error at exactly that path; what stands beside it survives, whoever asked before, and a refused mutation
/// leaves no trace.
#[tokio::test]
async fn each_viewer_gets_on_each_way_what_the_rows_grant() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| walk(lyceum, WAYS).await).await;
}

/// Bar 55: the same where the server is open about who has an account.
#[tokio::test]
async fn a_friendly_server_keeps_to_the_rows() {
    let settings = [("RATE_LIMITS", "off"), ("ACCOUNT_DISCLOSURE", "friendly"), ("EMAIL_VERIFICATION", "optional")];
    with_settings(&settings, async |lyceum| walk(lyceum, FRIENDLY).await).await;
}

async fn walk(lyceum: &Lyceum, ways: &[Way]) {
    let (shape, cast) = (Shape::served(), Cast::gather(lyceum).await);
    for way in ways {
        for viewer in Viewer::ALL {
            try_way(lyceum, &cast, &shape, way, viewer).await;
        }
    }
}

async fn try_way(lyceum: &Lyceum, cast: &Cast, shape: &Shape, way: &Way, viewer: Viewer) {
    let verdict = way.verdict(shape, viewer);
    let document = cast.filled(lyceum, viewer, &way.document(shape)).await;
    let runs_nothing = way.is_mutation() && !verdict.refused.is_empty() && verdict.allowed.is_empty();
    let before = if runs_nothing { contents(lyceum).await } else { Vec::new() };
    let answer = cast.ask(lyceum, viewer, &document).await;
    let about = format!("{} as {viewer:?}: {}", way.text, answer.text());

    let code = if viewer == Viewer::Anonymous { "UNAUTHENTICATED MISSING" } else { "FORBIDDEN" };
    let mut expected: Vec<String> = verdict.refused.iter().map(|path| format!("{path} {code}")).collect();
    expected.sort();
    assert_eq!(errors(&answer), expected, "{about}");
    for path in &verdict.refused {
        assert_eq!(found(&answer, path), Some(&Value::Null), "{path} in {about}");
    }
    for path in &verdict.allowed {
        assert!(found(&answer, path).is_some(), "{path} in {about}");
    }
    if runs_nothing {
        assert_eq!(contents(lyceum).await, before, "{about}");
    }
    if way.whose == Whose::Owners {
        let email = &cast.person(Viewer::Owner).email;
        let shown = verdict.allowed.iter().any(|path| path.rsplit('.').next() == Some("email"));
        assert_eq!(answer.text().contains(email), shown, "{about}");
    }
}

/// Each error as its path, its code and its reason.
fn errors(answer: &Answer) -> Vec<String> {
    let all = answer.body["errors"].as_array().cloned().unwrap_or_default();
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let one = |error: &Value| {
        let path: Vec<String> = error["path"].as_array().into_iter().flatten().map(word).collect();
        let known = ["code", "reason"].map(|name| error["extensions"][name].as_str().unwrap_or_default());
        format!("{} {}", path.join("."), known.join(" ")).trim_end().to_owned()
    };
    let mut all: Vec<String> = all.iter().map(one).collect();
    all.sort();
    all
}

fn found<'a>(answer: &'a Answer, path: &str) -> Option<&'a Value> {
    answer.body.pointer(&format!("/data/{}", path.replace('.', "/")))
}

/// Bar 55: the row of `emailAvailable`: on a strict server nobody learns who has an account, an administrator neither.
#[tokio::test]
async fn a_strict_server_discloses_addresses_to_nobody() {
    let disclosed: Vec<&str> = TABLE.iter().filter(|(_, who)| *who == Who::Disclosed).map(|(row, _)| *row).collect();
    assert_eq!(disclosed, ["Query.emailAvailable"]);
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let cast = Cast::gather(lyceum).await;
        for viewer in Viewer::ALL {
            let answer = cast.ask(lyceum, viewer, "{ emailAvailable(email: \"olive@example.com\") }").await;
            assert_eq!(errors(&answer), ["emailAvailable FORBIDDEN"], "{viewer:?}");
            assert_eq!(answer.body["data"], Value::Null, "{viewer:?}");
        }
    })
    .await;
}

/// Bar 55: what the rows grant has its value: everybody sees oneself whole, and administrators see others so too.
#[tokio::test]
async fn what_is_granted_is_there() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let cast = Cast::gather(lyceum).await;
        let fields = Shape::served().selection("User", "");
        for viewer in Viewer::ALL.into_iter().filter(|viewer| *viewer != Viewer::Anonymous) {
            let id = &cast.person(viewer).id;
            let own = cast.ask(lyceum, viewer, &format!("{{ me {{ {fields} }} }}")).await.ok();
            let other = format!("{{ user(id: \"{id}\") {{ {fields} }} }}");
            let other = cast.ask(lyceum, Viewer::Admin, &other).await.ok();
            assert_eq!(own.at("me"), other.at("user"));
            let user = own.at("me").as_object().unwrap();
            let empty: Vec<&String> = user.iter().filter(|(_, value)| value.is_null()).map(|(name, _)| name).collect();
            assert_eq!(empty, ["avatarUrl", "pendingEmail", "suspendedUntil"], "{viewer:?}");
            assert_eq!(user["email"], json!(cast.person(viewer).email));
        }
    })
    .await;
}

/// Bar 55: what only administrators do, nobody else does, to one's own account neither; nothing is written.
#[tokio::test]
async fn nobody_but_an_administrator_manages_an_account() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let cast = Cast::gather(lyceum).await;
        let before = contents(lyceum).await;
        let rows = TABLE.iter().filter(|(row, who)| *who == Who::Admin && row.starts_with("Mutation."));
        let names: Vec<&str> = rows.map(|(row, _)| row.trim_start_matches("Mutation.")).collect();
        assert_eq!(names.len(), 6, "{names:?}");
        for name in names.into_iter().filter(|name| *name != "createUser") {
            let role = if name == "setUserRole" { ", role: ADMIN" } else { "" };
            for viewer in [Viewer::Moderator, Viewer::Owner, Viewer::Other, Viewer::Anonymous] {
                // What is no user at all looks the same to them.
                for id in ["owner", "fay", "post"] {
                    let document = format!("mutation {{ {name}(input: {{id: ${id}{role}}}) {{ __typename }} }}");
                    let answer = cast.ask(lyceum, viewer, &document).await;
                    let code = if viewer == Viewer::Anonymous { "UNAUTHENTICATED MISSING" } else { "FORBIDDEN" };
                    assert_eq!(errors(&answer), [format!("{name} {code}")], "{viewer:?}");
                    assert_eq!(answer.body["data"], json!({ name: null }), "{viewer:?}");
                }
            }
        }
        assert_eq!(contents(lyceum).await, before);
    })
    .await;
}
