//! Response keys that stand twice in a selection set, fragments spread (GraphQL specification, 6.3.2). Type conditions are
//! not looked at: that two fragments never apply to the same object is not known here.

use std::collections::HashSet;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

/// In any operation or fragment.
pub(super) fn in_any(document: &ExecutableDocument) -> bool {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    operations.chain(fragments).any(|set| in_set(document, set))
}

/// In this set or one of those within it. What a spread leads to is looked at by itself too.
fn in_set(document: &ExecutableDocument, set: &SelectionSet) -> bool {
    !collect(document, set, &mut HashSet::new())
        || set.items.iter().any(|selection| match &selection.node {
            Selection::Field(field) => in_set(document, &field.node.selection_set.node),
            Selection::InlineFragment(fragment) => in_set(document, &fragment.node.selection_set.node),
            Selection::FragmentSpread(_) => false,
        })
}

/// Whether every key of the set is new.
fn collect<'d>(document: &'d ExecutableDocument, set: &'d SelectionSet, keys: &mut HashSet<&'d str>) -> bool {
    set.items.iter().all(|selection| match &selection.node {
        Selection::Field(field) => keys.insert(field.node.response_key().node.as_str()),
        Selection::InlineFragment(fragment) => collect(document, &fragment.node.selection_set.node, keys),
        Selection::FragmentSpread(spread) => {
            let fragment = document.fragments.get(&spread.node.fragment_name.node);
            fragment.is_none_or(|fragment| collect(document, &fragment.node.selection_set.node, keys))
        }
    })
}
