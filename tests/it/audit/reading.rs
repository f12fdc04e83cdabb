//! Who reads the log, how it is asked, and how long it lasts.

use lyceum::core::retention::{self, Swept};

use super::*;

const DAY: Duration = Duration::from_hours(24);

/// Bar 60: what was refused for want of a right is in no log as done; the log itself is refused likewise.
#[tokio::test]
async fn a_denied_mutation_is_not_noted_as_done() {
    on_each_engine(async |lyceum| {
        let rose = administrator(lyceum).await;
        let mona = lyceum.person_with_role("mona", "MODERATOR").await;
        lyceum.database.execute("DELETE FROM audit_events").await;
        for (name, input) in [
            ("setUserRole", json!({ "id": mona.id, "role": "ADMIN" })),
            ("suspendUser", json!({ "id": rose.id })),
            ("deleteUser", json!({ "id": rose.id })),
            ("revokeSession", json!({ "id": "U2Vzc2lvbjox" })),
        ] {
            let answer = lyceum.mutate(&mona.token, name, input).await;
            assert!(["FORBIDDEN", "NOT_FOUND"].contains(&answer.code()), "{name}: {}", answer.body);
        }
        let last = json!({ "id": rose.id, "role": "USER" });
        let answer = lyceum.mutate(&rose.token, "setUserRole", last).await;
        assert_eq!(answer.user_errors("setUserRole"), ["LAST_ADMIN"]);
        assert_eq!(events(lyceum, &rose).await, Vec::<Value>::new());
        assert_eq!(lyceum.run_as(&mona.token, LOG, json!({})).await.code(), "FORBIDDEN");
        assert_eq!(lyceum.run(LOG, json!({})).await.reason(), "MISSING");
    })
    .await;
}

/// The filters, alone and together; pages that go on where the last one ended.
#[tokio::test]
async fn the_log_is_read_in_pages_and_by_filters() {
    on_each_engine(async |lyceum| {
        let rose = administrator(lyceum).await;
        let (ada, bob) = (lyceum.person("ada").await, lyceum.person("bob").await);
        lyceum.database.execute("DELETE FROM audit_events").await;
        let start = START.to_utc() + lyceum_elapsed(lyceum);
        for (number, person) in [&ada, &bob, &ada, &bob].into_iter().enumerate() {
            lyceum.advance(MOMENT);
            let new_role = if number < 2 { "MODERATOR" } else { "USER" };
            lyceum.mutate(&rose.token, "setUserRole", json!({ "id": person.id, "role": new_role })).await.ok();
        }
        lyceum.advance(MOMENT);
        lyceum.mutate(&bob.token, "changeUsername", json!({ "username": "robert" })).await.ok();
        let found = async |filter: Value| -> Vec<String> {
            let answer = lyceum.run_as(&rose.token, LOG, json!({ "filter": filter })).await.ok();
            let nodes = answer.at("auditLog.nodes").as_array().unwrap();
            assert_eq!(answer.at("auditLog.totalCount"), &json!(nodes.len()), "{filter}");
            nodes.iter().map(|node| told(node).replace("SET_USER_ROLE SUCCESS ", "")).collect()
        };
        let renamed = "CHANGE_USERNAME SUCCESS robert robert";
        assert_eq!(found(json!({})).await, [renamed, "rose robert", "rose ada", "rose robert", "rose ada"]);
        assert_eq!(found(json!({ "kinds": ["CHANGE_USERNAME", "LOGIN"] })).await, [renamed]);
        assert_eq!(found(json!({ "userId": ada.id })).await, ["rose ada", "rose ada"]);
        assert_eq!(found(json!({ "actorId": bob.id })).await, [renamed]);
        let at = |seconds: i64| (start + chrono::Duration::seconds(seconds)).to_rfc3339();
        let between = json!({ "since": at(2), "until": at(4) });
        assert_eq!(found(between).await, ["rose ada", "rose robert"], "from the first, before the second");
        let together = json!({ "kinds": ["SET_USER_ROLE"], "userId": bob.id, "since": at(3) });
        assert_eq!(found(together).await, ["rose robert"]);

        let page = async |after: Value| lyceum.run_as(&rose.token, LOG, json!({ "first": 3, "after": after })).await;
        let first = page(Value::Null).await.ok();
        let cursor = first.at("auditLog.pageInfo.endCursor").clone();
        let second = page(cursor.clone()).await.ok();
        let kinds = [&first, &second].map(|page| page.at("auditLog.nodes").as_array().unwrap().len());
        assert_eq!(kinds, [3, 2]);
        let other = json!({ "after": cursor, "filter": { "userId": ada.id } });
        assert_eq!(lyceum.run_as(&rose.token, LOG, other).await.code(), "BAD_USER_INPUT");
        let malformed = json!({ "filter": { "userId": "junk" } });
        assert_eq!(lyceum.run_as(&rose.token, LOG, malformed).await.code(), "BAD_USER_INPUT");
    })
    .await;
}

/// Those that were refused, alone; and the oldest first, page after page.
#[tokio::test]
async fn the_log_is_read_by_outcomes_and_in_either_order() {
    on_each_engine(async |lyceum| {
        let rose = administrator(lyceum).await;
        lyceum.person("ada").await;
        lyceum.database.execute("DELETE FROM audit_events").await;
        for password in [PASSWORD, "wrong", PASSWORD, "wrong", PASSWORD] {
            lyceum.advance(MOMENT);
            lyceum.log_in("ada", password).await;
        }
        let query = "query ($filter: AuditFilter, $direction: OrderDirection!, $after: String) {
            auditLog(first: 3, filter: $filter, orderBy: {direction: $direction}, after: $after) {
                totalCount nodes { id outcome } pageInfo { endCursor } } }";
        let read = async |variables: Value| lyceum.run_as(&rose.token, query, variables).await;
        for (outcomes, number) in
            [(json!(["FAILURE"]), 2), (json!(["SUCCESS"]), 3), (json!(["FAILURE", "THROTTLED"]), 2)]
        {
            let found = read(json!({ "filter": { "outcomes": outcomes }, "direction": "DESC" })).await.ok();
            let nodes = found.at("auditLog.nodes").as_array().unwrap();
            assert!(nodes.iter().all(|node| outcomes[0] == node["outcome"]), "{nodes:?}");
            assert_eq!((found.at("auditLog.totalCount"), nodes.len()), (&json!(number), number));
        }
        let nodes = |answer: &Answer| answer.at("auditLog.nodes").as_array().unwrap().clone();
        let oldest = read(json!({ "direction": "ASC" })).await.ok();
        let cursor = oldest.at("auditLog.pageInfo.endCursor");
        let all = [nodes(&oldest), nodes(&read(json!({ "direction": "ASC", "after": cursor })).await.ok())].concat();
        let newest = nodes(&read(json!({ "direction": "DESC" })).await.ok());
        assert_eq!((all.len(), newest), (5, all[2..].iter().rev().cloned().collect()));
        let other_way = read(json!({ "direction": "DESC", "after": cursor })).await;
        assert_eq!(other_way.code(), "BAD_USER_INPUT");
    })
    .await;
}

/// How far the tests' clock has come.
fn lyceum_elapsed(lyceum: &Lyceum) -> chrono::Duration {
    lyceum.app.core.clock.now().to_utc() - START.to_utc()
}

/// However many people stand in a page, they come in one statement.
#[tokio::test]
async fn the_people_of_a_page_come_together() {
    on_each_engine(async |lyceum| {
        let rose = administrator(lyceum).await;
        let mut counts = Vec::new();
        for name in ["ada", "bob", "cleo", "dora"] {
            lyceum.person(name).await;
            let (answer, statements) = lyceum.counted(Call::new(LOG, json!({})).bearer(&rose.token)).await;
            answer.ok();
            counts.push(statements);
        }
        assert_eq!(counts, [4; 4], "the viewer, the page, its count, and the people");
    })
    .await;
}

/// Oneself sees what concerns oneself, an administrator's part in it, and not where the administrator was.
#[tokio::test]
async fn people_see_what_concerns_them() {
    on_each_engine(async |lyceum| {
        let rose = administrator(lyceum).await;
        let ada = lyceum.person("ada").await;
        lyceum.database.execute("DELETE FROM audit_events").await;
        lyceum.advance(MOMENT);
        lyceum.send(login("ada", "not this one").from(9)).await;
        lyceum.advance(MOMENT);
        lyceum.mutate(&rose.token, "setUserRole", json!({ "id": ada.id, "role": "MODERATOR" })).await.ok();
        lyceum.advance(MOMENT);
        lyceum.mutate(&ada.token, "changeUsername", json!({ "username": "eve" })).await.ok();
        lyceum.log_in("rose", PASSWORD).await.ok();
        let seen = |answer: &Answer, whose: &str| -> Vec<String> {
            let nodes = answer.at(&format!("{whose}.activity.nodes")).as_array().unwrap();
            assert_eq!(answer.at(&format!("{whose}.activity.totalCount")), &json!(nodes.len()));
            let line = |node: &Value| {
                assert_eq!(node["ipAddress"].is_null(), node["requestId"].is_null());
                let actor = node["actor"]["username"].as_str().or(node["actorKind"].as_str()).unwrap();
                let kind = node["kind"].as_str().unwrap();
                format!("{kind} {actor} {}", node["ipAddress"].as_str().unwrap_or("-"))
            };
            nodes.iter().map(line).collect()
        };
        let own = lyceum.run_as(&ada.token, ACTIVITY, json!({})).await.ok();
        let expected = ["CHANGE_USERNAME eve 192.0.2.1", "SET_USER_ROLE rose -", "LOGIN ANONYMOUS 198.51.100.9"];
        assert_eq!(seen(&own, "me"), expected);
        let by_id = ACTIVITY.replace("me {", &format!("user(id: \"{}\") {{", ada.id));
        let others = lyceum.run_as(&rose.token, &by_id, json!({})).await.ok();
        let expected =
            ["CHANGE_USERNAME eve 192.0.2.1", "SET_USER_ROLE rose 192.0.2.1", "LOGIN ANONYMOUS 198.51.100.9"];
        assert_eq!(seen(&others, "user"), expected);
        let bob = lyceum.person("bob").await;
        let answer = lyceum.run_as(&bob.token, &by_id, json!({})).await;
        assert_eq!((answer.code(), answer.at("user.activity")), ("FORBIDDEN", &Value::Null));
    })
    .await;
}

/// Bar 107: events forget where they came from after 30 days, and go after a year.
#[tokio::test]
async fn events_forget_and_go() {
    on_each_engine(async |lyceum| {
        lyceum.person("ada").await;
        let known = "SELECT count(*) FROM audit_events
            WHERE ip_address IS NOT NULL OR user_agent IS NOT NULL OR request_id IS NOT NULL";
        let swept = async || {
            let Swept { audit_events, audit_origins, .. } = retention::sweep(&lyceum.app.core).await.unwrap();
            (audit_events, audit_origins)
        };
        lyceum.advance((DAY * 30).saturating_sub(MOMENT));
        assert_eq!(swept().await, (0, 0));
        assert_eq!(lyceum.database.number(known).await, 3);
        lyceum.advance(MOMENT);
        assert_eq!(swept().await, (0, 3));
        assert_eq!((lyceum.database.number(known).await, lyceum.database.count("audit_events").await), (0, 3));
        assert_eq!(swept().await, (0, 0));
        lyceum.advance((DAY * 335).saturating_sub(MOMENT));
        assert_eq!(swept().await, (0, 0));
        lyceum.advance(MOMENT);
        assert_eq!(swept().await, (3, 0));
        assert_eq!(lyceum.database.count("audit_events").await, 0);
    })
    .await;
}
