//! The fast way and the other one, told apart by what they say; the same they are in `tests/it/straight.rs`.

use async_graphql::{Context, EmptyMutation, EmptySubscription, Object, Request, Schema, Value};

use super::{Asked, AtHand, Json, Shown, Straight, write_json, write_text};

struct Thing(u32);

impl AtHand for Thing {
    fn write(&self, field: &Asked<'_>, out: &mut Json) -> bool {
        match field.name() {
            "name" => out.text("straight"),
            "next" => return out.object(field, &Self(self.0 + 1)),
            "some" => return out.list(field, (0..2).map(Self)),
            _ => return false,
        }
        true
    }
}

#[Object]
impl Thing {
    async fn name(&self) -> &str {
        "resolved"
    }

    async fn loaded(&self) -> u32 {
        self.0
    }

    async fn next(&self) -> Shown<Thing> {
        Self(self.0 + 1).into()
    }

    async fn some(&self) -> Vec<Shown<Thing>> {
        (0..2).map(|number| Self(number).into()).collect()
    }

    async fn missing(&self) -> Result<u32, async_graphql::Error> {
        std::future::ready(Err("it is not there".into())).await
    }
}

struct Query;

#[Object]
impl Query {
    async fn thing(&self, _ctx: &Context<'_>) -> Option<Shown<Thing>> {
        Some(Thing(1).into())
    }
}

async fn told(query: &str, straight: bool) -> (String, usize) {
    let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
    let response = schema.execute(Request::new(query).data(Straight(straight))).await;
    let mut json = Vec::new();
    write_json(&response.data, &mut json);
    (String::from_utf8(json).unwrap_or_default(), response.errors.len())
}

#[tokio::test]
async fn what_is_at_hand_is_written_and_the_rest_resolved_in_its_place() {
    let query = "{ thing { a: loaded ...F b: next { name ... on Thing { loaded } } missingNot: __typename } }
        fragment F on Thing { name next { name } some { name } }";
    let (straight, _) = told(query, true).await;
    assert_eq!(
        straight,
        r#"{"thing":{"a":1,"name":"straight","next":{"name":"straight"},"some":[{"name":"straight"},{"name":"straight"}],"b":{"name":"straight","loaded":2},"missingNot":"Thing"}}"#
    );
    let (resolved, _) = told(query, false).await;
    assert_eq!(resolved, straight.replace("straight", "resolved"));
}

#[tokio::test]
async fn a_field_that_fails_takes_the_same_with_it() {
    for query in ["{ thing { name missing } }", "{ thing { next { name missing } name } }"] {
        let (straight, errors) = told(query, true).await;
        assert_eq!((straight.as_str(), errors), (r#"{"thing":null}"#, 1), "{query}");
        assert_eq!(told(query, false).await, (straight, errors));
    }
}

#[test]
fn texts_are_escaped_as_by_serde() {
    let every: String = (0..0x2ff_u32).filter_map(char::from_u32).collect();
    let mut texts = vec![every, "a".repeat(31) + "\"" + &"b".repeat(40), "é".repeat(40) + "\n", String::new()];
    texts.extend((0..0x80_u8).map(|byte| format!("{}{}", "x".repeat(usize::from(byte) % 33), char::from(byte))));
    for text in texts {
        let mut written = Vec::new();
        write_text(&text, &mut written);
        assert_eq!(String::from_utf8(written).ok(), serde_json::to_string(&text).ok());
    }
    let mut written = Vec::new();
    write_json(&Value::from(1.5), &mut written);
    assert_eq!(written, b"1.5");
}
