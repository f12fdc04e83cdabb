//! How large a document is once every fragment stands where it is spread, without spreading any.
//!
//! Each fragment is measured once and its figures are added wherever it is spread, so the pass is linear in the text
//! while the sums may be exponential (they saturate). After it, and only after it, a plain walk that follows spreads
//! is safe: there is no cycle, and no more than [`Limits::selections`] steps. It must not know the schema.
//! Its recursion is as deep as the text nests ([`Limits::nesting`]) times the fragments ([`Limits::fragments`]).

use std::collections::HashMap;

use async_graphql::parser::types::{
    Directive, ExecutableDocument, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Pos, Positioned};

use super::refusal::echo;
use super::{Limits, Refusal};
use crate::graphql::Code;

/// Refuses cycles, too many fragments, and operations or fragments that are too large when expanded.
pub(super) fn check(document: &ExecutableDocument, limits: &Limits) -> Result<(), Refusal> {
    let fragments = &document.fragments;
    if fragments.len() > limits.fragments {
        return Err(Refusal::over("document", fragments.len(), "fragments", limits.fragments));
    }
    let mut scale = Scale { fragments, measured: HashMap::with_capacity(fragments.len()) };
    // The operations are counted together: the library validates all of them, whichever is to run.
    let mut selections = 0_usize;
    for operation in in_order(document) {
        let size = scale.set(&operation.node.selection_set.node)?;
        let variables = operation.node.variable_definitions.iter();
        let size = variables.fold(size, |size, variable| size.directed(&variable.node.directives));
        let size = size.directed(&operation.node.directives);
        size.check("operation", limits, operation.pos)?;
        selections = selections.saturating_add(size.selections);
    }
    if selections > limits.selections {
        let things = "selections in its operations once fragments are spread";
        return Err(Refusal::over("document", selections, things, limits.selections));
    }
    // Those that no operation spreads are validated too.
    for (name, fragment) in fragments {
        scale.fragment(name, fragment)?.check("fragment", limits, fragment.pos)?;
    }
    Ok(())
}

/// The operations as they stand in the text, so that a document is refused for the same reason each time.
pub(super) fn in_order(document: &ExecutableDocument) -> Vec<&Positioned<OperationDefinition>> {
    let mut operations: Vec<_> = document.operations.iter().map(|(_, operation)| operation).collect();
    operations.sort_by_key(|operation| operation.pos);
    operations
}

#[derive(Debug, Clone, Copy, Default)]
struct Size {
    selections: usize,
    aliases: usize,
    directives: usize,
}

impl Size {
    fn plus(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
        }
    }

    fn directed(self, directives: &[Positioned<Directive>]) -> Self {
        self.plus(Self { directives: directives.len(), ..Self::default() })
    }

    fn check(self, whose: &str, limits: &Limits, pos: Pos) -> Result<(), Refusal> {
        let counts = [
            ("selections once fragments are spread", self.selections, limits.selections),
            ("aliases", self.aliases, limits.aliases),
            ("directives", self.directives, limits.directives),
        ];
        for (things, count, limit) in counts {
            if count > limit {
                return Err(Refusal::over(whose, count, things, limit).at(pos));
            }
        }
        Ok(())
    }
}

struct Scale<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// `None` while a fragment is being measured: who meets it then is inside it.
    measured: HashMap<&'a str, Option<Size>>,
}

impl<'a> Scale<'a> {
    fn fragment(&mut self, name: &'a str, fragment: &'a Positioned<FragmentDefinition>) -> Result<Size, Refusal> {
        match self.measured.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                let message = format!("The fragment \"{}\" spreads itself, directly or through others.", echo(name));
                return Err(Refusal::new(Code::GraphqlValidationFailed, message).at(fragment.pos));
            }
            None => {}
        }
        self.measured.insert(name, None);
        let size = self.set(&fragment.node.selection_set.node)?.directed(&fragment.node.directives);
        self.measured.insert(name, Some(size));
        Ok(size)
    }

    fn set(&mut self, set: &'a SelectionSet) -> Result<Size, Refusal> {
        let mut sum = Size::default();
        for selection in &set.items {
            let inside = match &selection.node {
                Selection::Field(field) => {
                    let aliases = usize::from(field.node.alias.is_some());
                    self.set(&field.node.selection_set.node)?.plus(Size { aliases, ..Size::default() })
                }
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => {
                    match self.fragments.get_key_value(&spread.node.fragment_name.node) {
                        Some((name, fragment)) => self.fragment(name, fragment)?,
                        None => Size::default(), // the library's validation tells the client its name
                    }
                }
            };
            let own = Size { selections: 1, ..Size::default() };
            sum = sum.plus(inside).plus(own).directed(selection.node.directives());
        }
        Ok(sum)
    }
}
