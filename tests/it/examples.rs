//! The operations that the playground opens with, executed in their order as a newcomer would: placeholders are
//! filled from the answers before, and codes and tokens from the mails.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use async_graphql::parser::{parse_query, types::DocumentOperations};
use lyceum::core::seed::{self, Plan};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::harness::*;

const CODE: &str = "{{code in the mail}}";
const TOKEN: &str = "{{token in the mail to ";

/// One entry of `story.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    file: String,
    /// Whether the playground opens with it.
    #[serde(default)]
    tab: bool,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    variables: Map<String, Value>,
    #[serde(default)]
    keep: BTreeMap<String, String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("playground/operations")
}

fn story() -> Vec<Step> {
    serde_json::from_str(&std::fs::read_to_string(folder().join("story.json")).unwrap()).unwrap()
}

/// What is kept so far, by placeholder.
#[derive(Default)]
struct Kept(BTreeMap<String, String>);

impl Kept {
    fn fill(&self, text: &str) -> String {
        let filled = self.0.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
        assert!(!filled.contains("{{"), "nothing before brought what this asks for: {filled}");
        filled
    }

    /// Takes out of the mails what this input asks for. The mails of each step are sent before the next one's.
    async fn read_the_mails(&mut self, lyceum: &Lyceum, input: &Value) {
        lyceum.mails().await;
        if input["code"] == CODE {
            self.0.insert(CODE.to_owned(), lyceum.code_for(input["email"].as_str().unwrap()).await);
        }
        if let Some(token) = input["token"].as_str()
            && let Some(to) = token.strip_prefix(TOKEN)
        {
            self.0.insert(token.to_owned(), lyceum.token_for(to.trim_end_matches('}')).await);
        }
    }

    fn fill_all(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.fill(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.fill_all(value)),
            Value::Object(fields) => fields.values_mut().for_each(|value| self.fill_all(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[tokio::test]
async fn every_example_works_in_its_turn() {
    on_each_engine(async |lyceum| {
        seed::seed(&lyceum.app.core, Plan { users: 50, posts: 200, comments: 800, seed: 1 }, &|_, _| ()).await.unwrap();
        let mut kept = Kept::default();
        for step in story() {
            let document = std::fs::read_to_string(folder().join(&step.file)).unwrap();
            let mut variables = Value::Object(step.variables);
            kept.read_the_mails(lyceum, &variables["input"]).await;
            kept.fill_all(&mut variables);
            let mut call = Call::new(&document, variables);
            for (name, value) in &step.headers {
                assert_eq!(name, "Authorization", "{}", step.file);
                call = call.header("authorization", &kept.fill(value));
            }
            let answer = lyceum.send(call).await;
            assert_eq!(answer.body.get("errors"), None, "{}: {}", step.file, answer.body);
            let answer = answer.ok();
            let data = answer.body["data"].as_object().unwrap();
            assert!(data.values().all(|field| !field.is_null()), "{}: {}", step.file, answer.body);
            for (name, path) in step.keep {
                kept.0.insert(format!("{{{{{name}}}}}"), answer.str_at(&path).to_owned());
            }
        }
    })
    .await;
}

#[test]
fn every_file_is_in_the_story_once_and_in_order() {
    let steps: Vec<String> = story().into_iter().map(|step| step.file).collect();
    let names = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> = names.filter(|name| name.ends_with(".graphql")).collect();
    assert!(!files.is_empty());
    assert_eq!(steps, files.into_iter().collect::<Vec<_>>());
}

#[test]
fn the_playground_opens_with_a_dozen_tabs_at_most() {
    let tabs = story().into_iter().filter(|step| step.tab).count();
    assert!((1..=12).contains(&tabs), "{tabs}");
}

/// A tab is named by its operation, so each file holds one, and no two have the same name.
#[test]
fn every_file_holds_one_operation_with_a_name_of_its_own() {
    let mut names = BTreeSet::new();
    for Step { file, .. } in story() {
        let document = parse_query(std::fs::read_to_string(folder().join(&file)).unwrap()).unwrap();
        let DocumentOperations::Multiple(operations) = document.operations else { panic!("{file}: without a name") };
        assert_eq!(operations.len(), 1, "{file}");
        assert!(operations.into_keys().all(|name| names.insert(name.to_string())), "{file}");
    }
}
