//! A walk through ten thousand posts by every order, both ways, while others write and delete: nothing comes twice,
//! and nothing that was there all the time is missed.

use std::{cmp::Reverse, collections::BTreeMap, collections::HashSet};

use lyceum::core::clock::Time;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::*;

const POSTS: i64 = 10_000;
/// Few titles and few moments of publication, so that many rows are equal in every order but that of their making.
const WORDS: [&str; 8] = ["alpha", "Alpha", "alpha beta", "_under", "9 lives", "Ünder", "żuraw", "😀"];
const SECOND: i64 = 1_000_000;
const QUERY: &str = "query ($first: Int, $after: String, $last: Int, $before: String, $order: PostOrder) {
    posts(first: $first, after: $after, last: $last, before: $before, orderBy: $order) {
        nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

struct Walk {
    field: &'static str,
    ascending: bool,
    forwards: bool,
}

/// What the table holds, as the test knows it.
struct Posts {
    ids: Ids,
    author: Uuid,
    alive: BTreeMap<Uuid, PostRow>,
    made: i64,
}

impl Posts {
    /// The next row, written at some moment among the others.
    fn row(&mut self) -> PostRow {
        let number = self.made;
        self.made += 1;
        let title = format!("{} {}", WORDS[usize::try_from(number % 8).unwrap()], number * 7919 % 40);
        let published = (number % 10 != 3).then(|| Time(START.0 + number * 6007 % 400 * SECOND));
        // Not in order, and ten at the same moment.
        let id = self.ids.at(Time(START.0 + number * 7919 % (POSTS / 10) * SECOND));
        // A draft of the viewer, or of somebody else.
        let author = (number % 20 != 3).then_some(self.author);
        let row = PostRow { id, author, title, published };
        self.alive.insert(id, row.clone());
        row
    }

    async fn write(&mut self, lyceum: &Lyceum, count: i64) {
        let rows: Vec<PostRow> = (0..count).map(|_| self.row()).collect();
        lyceum.insert_posts(&rows).await;
    }

    /// Some rows come, some go, and so does the one at which the walk stands.
    async fn churn(&mut self, lyceum: &Lyceum, standing: &str) {
        self.write(lyceum, 6).await;
        let step = self.alive.len() / 4;
        let mut gone: Vec<Uuid> =
            self.alive.keys().copied().skip(usize::try_from(self.made % 977).unwrap()).step_by(step).collect();
        gone.push(local_id(standing));
        lyceum.delete_posts(&gone).await;
        self.alive.retain(|id, _| !gone.contains(id));
    }

    /// Those that the author may see, in this order.
    fn seen_by_author(&self, walk: &Walk) -> Vec<String> {
        let seen = self.alive.values().filter(|row| row.published.is_some() || row.author == Some(self.author));
        let mut keys: Vec<_> = seen
            .map(|row| match walk.field {
                "CREATED_AT" => (0, String::new(), row.id),
                "PUBLISHED_AT" => (row.published.map_or(0, |at| at.0), String::new(), row.id),
                _ => (0, title_key(&row.title), row.id),
            })
            .collect();
        if walk.ascending {
            keys.sort();
        } else {
            keys.sort_by_key(|key| Reverse(key.clone()));
        }
        keys.into_iter().map(|(_, _, id)| global_id("Post", id)).collect()
    }
}

impl Walk {
    fn all() -> impl Iterator<Item = Self> {
        let both = [true, false];
        let ways = both.into_iter().flat_map(move |ascending| both.map(|forwards| (ascending, forwards)));
        ways.flat_map(|(ascending, forwards)| {
            ["CREATED_AT", "PUBLISHED_AT", "TITLE"].map(|field| Self { field, ascending, forwards })
        })
    }

    fn variables(&self, cursor: &Value) -> Value {
        let direction = if self.ascending { "ASC" } else { "DESC" };
        let mut variables = json!({ "order": { "field": self.field, "direction": direction } });
        let (size, at) = if self.forwards { ("first", "after") } else { ("last", "before") };
        (variables[size], variables[at]) = (json!(100), cursor.clone());
        variables
    }

    /// Walks to the end; gives what was seen in the list's order.
    async fn run(&self, lyceum: &Lyceum, viewer: &Person, posts: &mut Posts) -> Vec<String> {
        let (mut cursor, mut pages) = (Value::Null, Vec::new());
        loop {
            let answer = lyceum.run_as(&viewer.token, QUERY, self.variables(&cursor)).await.ok();
            let nodes = answer.at("posts.nodes").as_array().unwrap();
            let ids: Vec<String> = nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect();
            let info = answer.at("posts.pageInfo");
            let (more, back, at) = if self.forwards {
                ("hasNextPage", "hasPreviousPage", "endCursor")
            } else {
                ("hasPreviousPage", "hasNextPage", "startCursor")
            };
            assert_eq!(info[back], json!(!pages.is_empty()));
            let standing = if self.forwards { ids.last() } else { ids.first() };
            if let Some(standing) = standing.filter(|_| pages.len() % 7 == 3) {
                posts.churn(lyceum, standing).await;
            }
            cursor = info[at].clone();
            pages.push(ids);
            if info[more] == json!(false) {
                break;
            }
            assert_eq!(pages.last().map(Vec::len), Some(100), "only the last page may be short");
        }
        if !self.forwards {
            pages.reverse();
        }
        pages.concat()
    }
}

/// Bar 62: a cursor is a place in the order, not a number of rows.
#[tokio::test]
async fn a_walk_through_ten_thousand_posts_misses_nothing_and_repeats_nothing() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let mut posts = Posts { ids: Ids::new(1), author: local_id(&ada.id), alive: BTreeMap::new(), made: 0 };
        posts.write(lyceum, POSTS).await;
        for walk in Walk::all() {
            let name =
                format!("{:?}: {} ascending {} forwards {}", lyceum.engine, walk.field, walk.ascending, walk.forwards);
            let before: HashSet<String> = posts.seen_by_author(&walk).into_iter().collect();
            let seen = walk.run(lyceum, &ada, &mut posts).await;
            let unlike: HashSet<&String> = seen.iter().collect();
            assert_eq!(unlike.len(), seen.len(), "{name}: something came twice");
            let stayed: Vec<String> =
                posts.seen_by_author(&walk).into_iter().filter(|id| before.contains(id)).collect();
            assert!(before.len() > 9_000 && stayed.len() < before.len() - 50, "{name}: {}", before.len());
            let known: HashSet<&String> = stayed.iter().collect();
            let seen: Vec<&String> = seen.iter().filter(|id| known.contains(id)).collect();
            assert!(seen.iter().copied().eq(&stayed), "{name}: {} of {} in order", seen.len(), stayed.len());
        }
    })
    .await;
}
