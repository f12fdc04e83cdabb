//! What is refused by the shape of an operation alone: depth, nesting, the number of root fields, repeated credential
//! mutations, and circles through introspection.
//!
//! A plain walk that follows every spread; it must run after [`super::size`], which bounds it and rules out cycles.
//! It knows the names of introspection fields and otherwise no schema: whether a field exists is validated later.

use std::collections::HashMap;

use async_graphql::parser::types::{
    ExecutableDocument, Field, FragmentDefinition, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Pos, Positioned};

use super::size::in_order;
use super::{Limits, Refusal};
use crate::graphql::Code;

/// The lists through which introspection leads from types to types. On one path each may stand once, so that no
/// circle multiplies the answer; the standard queries need one of them, a look at a field's type needs two.
const TYPE_LISTS: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];
const TYPE_LISTS_ON_A_PATH: usize = 2;

/// Whether a field of a query's root opens introspection.
pub(super) fn opens_introspection(kind: OperationType, field: &Field) -> bool {
    kind == OperationType::Query && matches!(field.name.node.as_str(), "__schema" | "__type")
}

/// Walks every operation of a document that is known to be of bounded size.
pub(super) fn check(
    document: &ExecutableDocument,
    limits: &Limits,
    credential_mutations: &[&str],
) -> Result<(), Refusal> {
    for operation in in_order(document) {
        let is_mutation = operation.node.ty == OperationType::Mutation;
        let mut walk = Walk {
            limits,
            credential_mutations: if is_mutation { credential_mutations } else { &[] },
            fragments: &document.fragments,
            kind: operation.node.ty,
            root_fields: 0,
            credentials: 0,
        };
        walk.set(&operation.node.selection_set, Place::default())?;
        walk.check_root(operation)?;
    }
    Ok(())
}

struct Walk<'a> {
    limits: &'a Limits,
    credential_mutations: &'a [&'a str],
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    kind: OperationType,
    root_fields: usize,
    credentials: usize,
}

/// Where in an operation a selection set stands.
#[derive(Clone, Copy, Default)]
struct Place {
    /// Selection sets around it.
    nesting: usize,
    /// Fields around it.
    depth: usize,
    /// Inside introspection: which of the type lists are around it.
    introspection: Option<[bool; TYPE_LISTS.len()]>,
}

impl Walk<'_> {
    fn set(&mut self, set: &Positioned<SelectionSet>, mut place: Place) -> Result<(), Refusal> {
        if set.node.items.is_empty() {
            return Ok(());
        }
        place.nesting += 1;
        if place.nesting > self.limits.nesting {
            let limit = self.limits.nesting;
            return Err(too_deep(
                format!("Selections nest more than {limit} levels deep, fragments included."),
                set.pos,
            ));
        }
        let fragments = self.fragments;
        for selection in &set.node.items {
            match &selection.node {
                Selection::Field(field) => self.field(field, place)?,
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set, place)?,
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = fragments.get(&spread.node.fragment_name.node) {
                        self.set(&fragment.node.selection_set, place)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn field(&mut self, field: &Positioned<Field>, mut place: Place) -> Result<(), Refusal> {
        let name = field.node.name.node.as_str();
        if place.depth == 0 {
            self.root_fields += 1;
            self.credentials += usize::from(self.credential_mutations.contains(&name));
            if opens_introspection(self.kind, &field.node) {
                if !self.limits.introspection {
                    let message = "Introspection is switched off on this server.".to_owned();
                    return Err(Refusal::new(Code::GraphqlValidationFailed, message).at(field.pos));
                }
                place.introspection = Some(<[bool; TYPE_LISTS.len()]>::default());
            }
        }
        place.depth += 1;
        let (limit, kind) = match &mut place.introspection {
            Some(passed) => {
                pass_type_list(passed, name, field.pos)?;
                (self.limits.introspection_depth, "Introspection fields")
            }
            None => (self.limits.depth, "Fields"),
        };
        if place.depth > limit {
            return Err(too_deep(format!("{kind} nest more than {limit} levels deep."), field.pos));
        }
        self.set(&field.node.selection_set, place)
    }

    fn check_root(&self, operation: &Positioned<OperationDefinition>) -> Result<(), Refusal> {
        let counts = [
            ("root fields", self.root_fields, self.limits.root_fields),
            ("mutations that try a credential", self.credentials, self.limits.credential_mutations),
        ];
        for (things, count, limit) in counts {
            if count > limit {
                return Err(Refusal::over("operation", count, things, limit).at(operation.pos));
            }
        }
        Ok(())
    }
}

/// Notes that a path goes through a list of types, and refuses the second time and the third list.
fn pass_type_list(passed: &mut [bool; TYPE_LISTS.len()], name: &str, pos: Pos) -> Result<(), Refusal> {
    for (list, passed) in TYPE_LISTS.iter().zip(passed.iter_mut()) {
        if *list == name && std::mem::replace(passed, true) {
            return Err(too_deep(format!("Introspection may go through \"{list}\" once on a path."), pos));
        }
    }
    if passed.iter().filter(|passed| **passed).count() > TYPE_LISTS_ON_A_PATH {
        let lists = TYPE_LISTS.join(", ");
        let message = format!("Introspection may go through {TYPE_LISTS_ON_A_PATH} of {lists} on a path.");
        return Err(too_deep(message, pos));
    }
    Ok(())
}

fn too_deep(message: String, pos: Pos) -> Refusal {
    Refusal::new(Code::QueryTooDeep, message).at(pos)
}
