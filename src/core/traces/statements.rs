//! A span for each statement of a request, told when it is over. Its text has placeholders where the values were.

use std::{
    fmt::Write as _,
    time::{Duration, SystemTime},
};

use opentelemetry::{
    Context, KeyValue,
    trace::{Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _},
};
use opentelemetry_sdk::trace::SdkTracer;
use url::Url;

use super::system_time;
use crate::core::clock::Clock;

/// Bytes; a page of many parents' rows is one long statement.
const LONGEST_TEXT: usize = 2000;
const LONGEST_SUMMARY: usize = 255;

#[derive(Clone)]
pub struct Statements {
    tracer: SdkTracer,
    clock: Clock,
    /// What is true of every statement: the engine, where it is, the database.
    attributes: Vec<KeyValue>,
}

impl Statements {
    pub(super) fn new(tracer: SdkTracer, clock: Clock, url: &str) -> Self {
        Self { tracer, clock, attributes: of_database(url) }
    }

    /// A statement is over. It is nobody's business outside a trace that is kept: what the server does by itself, such as
    /// looking after mails, would be a trace for each look.
    pub fn ended(&self, sql: &str, took: Duration, failed: bool) {
        Context::map_current(|context| {
            if context.span().is_recording() {
                self.tell(context, sql, took, failed);
            }
        });
    }

    fn tell(&self, context: &Context, sql: &str, took: Duration, failed: bool) {
        let ended = system_time(self.clock.now());
        let Summary { text, operation, tables } = Summary::of(sql);
        let mut attributes = self.attributes.clone();
        attributes.push(KeyValue::new("db.query.text", shortened(sql, LONGEST_TEXT).to_owned()));
        if let [table] = tables.as_slice() {
            attributes.push(KeyValue::new("db.collection.name", (*table).to_owned()));
        }
        if !operation.is_empty() {
            attributes.push(KeyValue::new("db.operation.name", operation.to_owned()));
            attributes.push(KeyValue::new("db.query.summary", text.clone()));
        }
        if failed {
            attributes.push(KeyValue::new("error.type", "_OTHER"));
        }
        let builder = self
            .tracer
            .span_builder(if text.is_empty() { "statement".to_owned() } else { text })
            .with_kind(SpanKind::Client)
            .with_start_time(ended.checked_sub(took).unwrap_or(SystemTime::UNIX_EPOCH))
            .with_attributes(attributes);
        let mut span = self.tracer.build_with_context(builder, context);
        if failed {
            span.set_status(Status::error(""));
        }
        span.end_with_timestamp(ended);
    }
}

/// Never the user or the password, which the URL may hold too.
fn of_database(url: &str) -> Vec<KeyValue> {
    let scheme = url.split(':').next().unwrap_or_default();
    let system = match scheme {
        "postgres" | "postgresql" => "postgresql",
        scheme => scheme,
    };
    let mut attributes = vec![KeyValue::new("db.system.name", system.to_owned())];
    let Ok(url) = Url::parse(url) else { return attributes };
    if let Some(host) = url.host_str().filter(|_| system != "sqlite") {
        attributes.push(KeyValue::new("server.address", host.trim_matches(['[', ']']).to_owned()));
        attributes.extend(url.port().map(|port| KeyValue::new("server.port", i64::from(port))));
        let name = url.path().trim_start_matches('/');
        attributes.extend((!name.is_empty()).then(|| KeyValue::new("db.namespace", name.to_owned())));
    }
    attributes
}

/// What kind of statement it is, for whoever counts them: `SELECT posts users`.
#[derive(Default)]
struct Summary<'a> {
    text: String,
    operation: &'a str,
    tables: Vec<&'a str>,
}

impl<'a> Summary<'a> {
    /// Of statements as they are written here: one operation each, its word first, names in quotes or plain.
    fn of(sql: &'a str) -> Self {
        let mut words = sql.split_ascii_whitespace();
        let first = words.next().unwrap_or_default().trim_start_matches('(');
        if !first.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Self::default();
        }
        let mut summary = Self { text: first.to_owned(), operation: first, tables: Vec::new() };
        let mut before = first;
        for word in words {
            let names_table = match before {
                "FROM" | "JOIN" => true,
                "INTO" => first == "INSERT",
                "UPDATE" => first == "UPDATE" && summary.tables.is_empty(),
                _ => false,
            };
            before = word.trim_start_matches('(');
            if names_table && let Some(table) = table(word) {
                summary.add(table);
            }
        }
        summary
    }

    fn add(&mut self, table: &'a str) {
        if !self.tables.contains(&table) && self.text.len() + table.len() < LONGEST_SUMMARY {
            self.tables.push(table);
            let _ = write!(self.text, " {table}");
        }
    }
}

/// The name of a table; none when it is a selection, or a function's argument.
fn table(word: &str) -> Option<&str> {
    let name = word.trim_matches(['"', '`', ')', ',', ';']);
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (plain && !name.is_empty()).then_some(name)
}

fn shortened(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
