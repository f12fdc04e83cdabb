//! The gate that every GraphQL document passes before it is executed: checked as text, parsed once, walked, refused
//! by limits, and kept parsed in a bounded cache.
//!
//! The library walks every fragment spread anew, so that 700 bytes can hold a core for seconds; whatever leaves this
//! room is small however often it is walked. What is static is judged once and cached with the document
//! ([`Documents::prepare`]), what hangs on variables for each request ([`Document::check_cost`]).
//! It must not know HTTP, the schema (but for the names of connections' fields) or who is asking.

mod cost;
mod lexer;
mod merges;
mod refusal;
mod shape;
mod size;
#[cfg(test)]
mod tests;
mod walk;

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
};
use async_graphql::{Name, Positioned, Value, Variables};
use quick_cache::{Weighter, sync::Cache};

pub(crate) use self::{refusal::Refusal, shape::Shape};
use crate::{
    core::metrics::Metrics,
    graphql::{CREDENTIAL_MUTATIONS, Code},
};

/// What the cache may hold, in bytes as [`Document::weight`] counts them.
const CACHE_BYTES: u64 = 8 * 1024 * 1024;
/// Few enough that each of the cache's shards (32 documents at least) has room for the largest document.
const CACHE_DOCUMENTS: usize = 256;
/// With variables of how many shapes a document is known to be valid.
const SHAPES: usize = 4;
/// What a token weighs when parsed, measured at its worst: a selection set of one field takes room for four.
const TOKEN_BYTES: u64 = 256;

/// What a document may ask for. A figure is what is still allowed.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Length of the text.
    pub bytes: usize,
    /// Names, values and punctuators in the text.
    pub tokens: usize,
    /// Brackets within brackets in the text, and selection sets within selection sets once fragments are spread.
    pub nesting: usize,
    /// Fragment definitions.
    pub fragments: usize,
    /// Fields, spreads and inline fragments of all operations, each fragment counted wherever it is spread.
    pub selections: usize,
    /// Aliases of one operation, counted like selections.
    pub aliases: usize,
    /// Fields at the root of one operation, the same field twice counted twice.
    pub root_fields: usize,
    /// Directives of one operation anywhere, counted like selections.
    pub directives: usize,
    /// Mutations of one operation that try a credential.
    pub credential_mutations: usize,
    /// Fields within fields.
    pub depth: usize,
    /// Whether `__schema` and `__type` may stand in a document at all.
    pub introspection: bool,
    /// Fields within fields from `__schema` or `__type` on.
    pub introspection_depth: usize,
    /// Fields that one operation may resolve, lists multiplied by their page size.
    pub cost: u64,
    /// Items of lists that one operation may resolve.
    pub nodes: u64,
    /// The page size when none is asked for.
    pub page_default: u64,
    /// The largest page size; what cannot be a page size counts as this.
    pub page_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 16 * 1024,
            tokens: 2_000,
            nesting: 64,
            fragments: 20,
            selections: 5_000,
            aliases: 30,
            root_fields: 20,
            directives: 10,
            credential_mutations: 1,
            depth: 12,
            introspection: true,
            introspection_depth: 15, // graphql-js: __schema types fields args type, nine times ofType, name
            cost: 5_000,
            nodes: 10_000,
            page_default: 20,
            page_max: 100,
        }
    }
}

/// The documents that have passed, parsed.
pub(crate) struct Documents {
    limits: Limits,
    credential_mutations: &'static [&'static str],
    cache: Cache<Box<str>, Arc<Document>, ByWeight>,
    metrics: Metrics,
}

impl Documents {
    /// An empty cache; `credential_mutations` names the mutations of which one operation may hold few.
    pub(crate) fn new(limits: Limits, credential_mutations: &'static [&'static str], metrics: Metrics) -> Self {
        let cache = Cache::with_weighter(CACHE_DOCUMENTS, CACHE_BYTES, ByWeight);
        Self { limits, credential_mutations, cache, metrics }
    }

    /// The parsed document, from the cache or after all the checks that need no variables.
    pub(crate) fn prepare(&self, query: &str) -> Result<Arc<Document>, Refusal> {
        if query.len() > self.limits.bytes {
            let message = format!("The query text has {} bytes, and the limit is {}.", query.len(), self.limits.bytes);
            return Err(Refusal::new(Code::QueryTooLarge, message));
        }
        let cached = self.cache.get(query);
        self.metrics.document(cached.is_some());
        if let Some(document) = cached {
            return Ok(document);
        }
        let tokens = lexer::survey(query, &self.limits)?;
        let parsed = parse_query(query).map_err(Refusal::from)?;
        size::check(&parsed, &self.limits)?;
        walk::check(&parsed, &self.limits, self.credential_mutations)?;
        let weight = weight(query.len(), tokens);
        let merges = merges::in_any(&parsed);
        let document = Arc::new(Document { parsed, merges, weight, valid: Mutex::default() });
        self.cache.insert(query.into(), Arc::clone(&document));
        Ok(document)
    }
}

/// The gate by itself, for `benches/`: it tells whether a document passes, and nothing of what became of it.
pub struct Gate(Documents);

impl Gate {
    pub fn new(limits: Limits) -> Self {
        Self(Documents::new(limits, CREDENTIAL_MUTATIONS, Metrics::default()))
    }

    pub fn lets_pass(&self, query: &str) -> bool {
        self.0.prepare(query).is_ok()
    }
}

/// A document that has passed everything but the cost of the operation that is to run.
#[derive(Debug)]
pub(crate) struct Document {
    parsed: ExecutableDocument,
    merges: bool,
    weight: u64,
    /// The shapes of variables with which it has passed the library's validation.
    valid: Mutex<Vec<Shape>>,
}

impl Document {
    /// What the parser made of it.
    pub(crate) fn parsed(&self) -> &ExecutableDocument {
        &self.parsed
    }

    /// Whether a response key stands twice in a selection set, so that results have to be merged.
    pub(crate) fn merges(&self) -> bool {
        self.merges
    }

    /// The shape of these variables, for a document with one operation.
    pub(crate) fn shape(&self, variables: &Variables) -> Option<Shape> {
        let mut operations = self.parsed.operations.iter();
        let (_, operation) = operations.next()?;
        if operations.next().is_some() { None } else { Shape::of(&operation.node, variables) }
    }

    pub(crate) fn is_valid_with(&self, shape: &Shape) -> bool {
        self.valid.lock().unwrap_or_else(PoisonError::into_inner).contains(shape)
    }

    pub(crate) fn was_valid_with(&self, shape: Shape) {
        let mut valid = self.valid.lock().unwrap_or_else(PoisonError::into_inner);
        if valid.len() < SHAPES && !valid.contains(&shape) {
            valid.push(shape);
        }
    }

    /// The kind of the operation of this name, or of the only one.
    pub(crate) fn operation(&self, name: Option<&str>) -> Result<OperationType, Refusal> {
        self.definition(name).map(|operation| operation.node.ty)
    }

    /// What the document calls the operation that this name, or none, asks for.
    pub(crate) fn name(&self, name: Option<&str>) -> Option<&str> {
        match (&self.parsed.operations, name) {
            (DocumentOperations::Single(_), _) => None,
            (DocumentOperations::Multiple(named), Some(name)) => {
                named.get_key_value(name).map(|(name, _)| name.as_str())
            }
            (DocumentOperations::Multiple(named), None) => named.keys().next().map(Name::as_str),
        }
    }

    /// Whether the operation's root has nothing but plain fields of these names.
    pub(crate) fn holds_only(&self, name: Option<&str>, fields: &[&str]) -> bool {
        let Ok(operation) = self.definition(name) else { return false };
        let is_one = |selection: &Positioned<Selection>| match &selection.node {
            Selection::Field(field) => fields.contains(&field.node.name.node.as_str()),
            Selection::FragmentSpread(_) | Selection::InlineFragment(_) => false,
        };
        operation.node.selection_set.node.items.iter().all(is_one)
    }

    /// What the operation to run costs with these variables, or why that is too much.
    pub(crate) fn check_cost(
        &self,
        name: Option<&str>,
        variables: &Variables,
        limits: &Limits,
    ) -> Result<u64, Refusal> {
        cost::check(&self.parsed, self.definition(name)?, variables, limits)
    }

    /// Refuses an operation without a value for a variable that must have one: the library would find that out in
    /// the middle of the execution (GraphQL specification, 6.1.2).
    pub(crate) fn check_variables(&self, name: Option<&str>, variables: &Variables) -> Result<(), Refusal> {
        for variable in &self.definition(name)?.node.variable_definitions {
            let definition = &variable.node;
            let optional = match variables.get(&definition.name.node) {
                Some(value) => *value != Value::Null,
                None => definition.default_value.is_some(),
            };
            if !optional && !definition.var_type.node.nullable {
                let name = refusal::echo(&definition.name.node);
                let of_type = refusal::echo(&definition.var_type.node.to_string());
                let message = format!("The variable \"${name}\" of type \"{of_type}\" needs a value.");
                return Err(Refusal::new(Code::GraphqlValidationFailed, message).at(variable.pos));
            }
        }
        Ok(())
    }

    fn definition(&self, name: Option<&str>) -> Result<&Positioned<OperationDefinition>, Refusal> {
        let found = match (&self.parsed.operations, name) {
            (DocumentOperations::Single(operation), None) => Some(operation),
            (DocumentOperations::Single(_), Some(_)) => None,
            (DocumentOperations::Multiple(named), Some(name)) => named.get(name),
            (DocumentOperations::Multiple(named), None) if named.len() > 1 => {
                let message = format!("The document has {} operations: name one in operationName.", named.len());
                return Err(Refusal::new(Code::GraphqlValidationFailed, message));
            }
            (DocumentOperations::Multiple(named), None) => named.values().next(),
        };
        found.ok_or_else(|| {
            let name = refusal::echo(name.unwrap_or_default());
            let message = format!("The document has no operation named \"{name}\".");
            Refusal::new(Code::GraphqlValidationFailed, message)
        })
    }
}

/// About what a document takes in memory, its text as the cache's key included.
fn weight(bytes: usize, tokens: usize) -> u64 {
    let tokens = u64::try_from(tokens).unwrap_or(u64::MAX);
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    tokens.saturating_mul(TOKEN_BYTES).saturating_add(bytes)
}

#[derive(Clone)]
struct ByWeight;

impl Weighter<Box<str>, Arc<Document>> for ByWeight {
    fn weight(&self, _: &Box<str>, document: &Arc<Document>) -> u64 {
        document.weight
    }
}
