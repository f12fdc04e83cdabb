//! A document is not validated twice for variables of one shape; those of another are judged as if it were new.

use serde_json::{Value, json};

use crate::harness::door::at_the_door;

const SCALARS: &str = "query ($first: Int, $after: String) { posts(first: $first, after: $after) { nodes { id } } }";
const ENUM: &str = "query ($status: PostStatus) { posts(filter: { status: $status }) { nodes { id } } }";
const INPUT: &str = "query ($filter: PostFilter) { posts(filter: $filter) { nodes { id } } }";

#[tokio::test]
async fn what_was_valid_is_judged_again_with_other_variables() {
    at_the_door(&[], async |lyceum| {
        let cases: [(&str, Value, &[Value]); 3] = [
            (
                SCALARS,
                json!({ "first": 2 }),
                &[
                    json!({ "first": "2" }),
                    json!({ "first": 2.5 }),
                    json!({ "first": true }),
                    json!({ "first": [2] }),
                    json!({ "first": { "of": 2 } }),
                    json!({ "first": 5_000_000_000_u64 }),
                    json!({ "first": -1 }),
                    json!({ "first": 2, "after": 7 }),
                    json!({ "first": 2, "after": "nonsense" }),
                    json!({ "first": null, "after": null }),
                    json!({}),
                ],
            ),
            (ENUM, json!({ "status": "PUBLISHED" }), &[json!({ "status": "LOST" }), json!({ "status": 1 })]),
            (
                INPUT,
                json!({ "filter": {} }),
                &[json!({ "filter": { "colour": 1 } }), json!({ "filter": { "search": 1 } })],
            ),
        ];
        let mut fresh = 0;
        for (query, valid, others) in cases {
            for _ in 0..2 {
                lyceum.run(query, valid.clone()).await.ok();
                for other in others {
                    fresh += 1;
                    let known = lyceum.run(query, other.clone()).await;
                    let new = lyceum.run(&format!("{query} # {fresh}"), other.clone()).await;
                    assert_eq!((known.status, known.text()), (new.status, new.text()), "{query} {other}");
                }
            }
        }
    })
    .await;
}
