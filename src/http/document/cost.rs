//! What an operation may cost: the fields that may be resolved when every list is as long as its page may be.
//!
//! A field costs 1 (or what `graphql/cost.rs` says) and what is inside it; `edges` and `nodes` multiply what is inside them by the page size that the
//! field around them was asked for. What a client sends as a page size is not to be trusted here: anything but a
//! sound one counts as the largest page, and the resolver says what is wrong with it. Like the static walk it follows
//! every spread and must run after [`super::size`]. Directives are not evaluated: what may be skipped counts.

use std::collections::HashMap;
use std::convert::Infallible;

use async_graphql::parser::types::{ExecutableDocument, Field, FragmentDefinition, OperationDefinition};
use async_graphql::parser::types::{Selection, SelectionSet};
use async_graphql::{Name, Positioned, Value, Variables};

use super::walk::opens_introspection;
use super::{Limits, Refusal};
use crate::graphql::{Code, FIELD_COST, FIELD_WEIGHTS};

/// The cost of an operation of a document that is known to be of bounded size.
pub(super) fn check(
    document: &ExecutableDocument,
    operation: &Positioned<OperationDefinition>,
    variables: &Variables,
    limits: &Limits,
) -> Result<u64, Refusal> {
    let mut pricing = Pricing {
        limits,
        fragments: &document.fragments,
        operation: &operation.node,
        variables,
        known: HashMap::new(),
    };
    let root = Place { page: limits.page_default, is_root: true };
    let Price { cost, nodes } = pricing.set(&operation.node.selection_set.node, root);
    let refused = |what: String, limit: u64| {
        let message = format!("The operation {what}, and the limit is {limit}: ask for smaller pages or fewer fields.");
        Err(Refusal::new(Code::QueryTooComplex, message).at(operation.pos))
    };
    if cost > limits.cost {
        return refused(format!("costs {cost}"), limits.cost);
    }
    if nodes > limits.nodes {
        return refused(format!("may reach {nodes} list items"), limits.nodes);
    }
    Ok(cost)
}

#[derive(Debug, Clone, Copy, Default)]
struct Price {
    /// Fields that may be resolved.
    cost: u64,
    /// Items of lists that may be reached.
    nodes: u64,
}

impl Price {
    fn plus(self, other: Self) -> Self {
        Self { cost: self.cost.saturating_add(other.cost), nodes: self.nodes.saturating_add(other.nodes) }
    }

    fn times(self, count: u64) -> Self {
        Self { cost: self.cost.saturating_mul(count), nodes: self.nodes.saturating_mul(count) }
    }
}

/// What the price of a selection set hangs on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    /// The page size that the field around it was asked for.
    page: u64,
    is_root: bool,
}

struct Pricing<'a> {
    limits: &'a Limits,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    /// A fragment with a long literal list in it must not be read wherever it is spread.
    known: HashMap<(&'a str, Place), Price>,
}

impl<'a> Pricing<'a> {
    fn set(&mut self, set: &'a SelectionSet, place: Place) -> Price {
        set.items.iter().fold(Price::default(), |sum, selection| {
            sum.plus(match &selection.node {
                Selection::Field(field) => self.field(&field.node, place),
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node, place),
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node, place),
            })
        })
    }

    fn fragment(&mut self, name: &'a Name, place: Place) -> Price {
        let key = (name.as_str(), place);
        if let Some(price) = self.known.get(&key) {
            return *price;
        }
        let Some(fragment) = self.fragments.get(name) else {
            return Price::default();
        };
        let price = self.set(&fragment.node.selection_set.node, place);
        self.known.insert(key, price);
        price
    }

    fn field(&mut self, field: &'a Field, place: Place) -> Price {
        if place.is_root && opens_introspection(self.operation.ty, field) {
            return Price::default();
        }
        let own = Price { cost: weight(field), nodes: 0 };
        let length = match field.name.node.as_str() {
            "nodes" => self.ids_asked(field).unwrap_or(place.page),
            "edges" => place.page,
            _ => return own.plus(self.inside(field)),
        };
        let item = Price { cost: 0, nodes: 1 };
        own.plus(self.inside(field).plus(item).times(length))
    }

    fn inside(&mut self, field: &'a Field) -> Price {
        let set = &field.selection_set.node;
        if set.items.is_empty() {
            return Price::default();
        }
        let place = Place { page: self.page_size(field), is_root: false };
        self.set(set, place)
    }

    /// The page size that a field asks for; the larger of two, since a resolver may take either.
    fn page_size(&self, field: &Field) -> u64 {
        let max = self.limits.page_max;
        let asked = |value: &Value| match value {
            Value::Null => None,
            Value::Number(number) => Some(number.as_u64().map_or(max, |size| size.min(max))),
            _ => Some(max),
        };
        let sizes = self.arguments(field, &["first", "last"], asked);
        sizes.flatten().max().unwrap_or(self.limits.page_default)
    }

    /// How many objects a field asks for by their ids, if it does.
    fn ids_asked(&self, field: &Field) -> Option<u64> {
        let length = |value: &Value| match value {
            Value::List(items) => u64::try_from(items.len()).unwrap_or(u64::MAX),
            _ => 1, // a value in the place of a list is a list of one
        };
        self.arguments(field, &["ids"], length).max()
    }

    /// What is read from the arguments of these names, variables and their defaults put in.
    fn arguments<T>(&self, field: &Field, names: &[&str], read: impl Fn(&Value) -> T) -> impl Iterator<Item = T> {
        let arguments = field.arguments.iter().filter(|(name, _)| names.contains(&name.node.as_str()));
        arguments.map(move |(_, value)| {
            // The type of a literal that may hold variables cannot be named from here; this tells `$name` from `null`.
            let mut variable = None;
            let Ok(literal) = value.node.clone().into_const_with(|name| {
                variable = Some(name);
                Ok::<_, Infallible>(Value::Null)
            });
            match (literal, variable) {
                (Value::Null, Some(name)) => read(self.variable(&name)),
                (literal, _) => read(&literal),
            }
        })
    }

    fn variable(&self, name: &Name) -> &Value {
        let default = || {
            let definition =
                self.operation.variable_definitions.iter().find(|definition| definition.node.name.node == *name)?;
            Some(&definition.node.default_value.as_ref()?.node)
        };
        self.variables.get(name).or_else(default).unwrap_or(&Value::Null)
    }
}

/// What a field costs by itself, by its name alone: the walk knows no types.
fn weight(field: &Field) -> u64 {
    let name = field.name.node.as_str();
    FIELD_WEIGHTS.iter().find(|(heavy, _)| *heavy == name).map_or(FIELD_COST, |(_, weight)| *weight)
}
