//! The schema that is served is the one that is committed.

use std::collections::BTreeSet;

use async_graphql::parser::{
    self,
    types::{FieldDefinition, TypeKind, TypeSystemDefinition},
};
use lyceum::graphql;

#[test]
fn the_committed_schema_is_the_served_one() {
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql")).unwrap();
    assert!(committed == graphql::sdl(), "write it again: cargo run -- schema > schema.graphql");
}

/// Bar 3.4 of what may never be asked for: no field, argument or input carries a stored secret.
#[test]
fn no_name_in_the_schema_speaks_of_a_stored_secret() {
    let sdl = graphql::sdl().to_lowercase();
    for word in ["hash", "digest", "pepper", "scheme", "secret"] {
        assert!(!sdl.contains(word), "{word}");
    }
}

/// What the door counts is what the schema tells: `@cost` stands at every field that costs more than 1, and every
/// connection says how long it may be.
#[test]
fn the_schema_tells_what_fields_cost() {
    let sdl = parser::parse_schema(graphql::sdl()).unwrap();
    let types = sdl.definitions.iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(ty) => Some(&ty.node),
        _ => None,
    });
    let mut heavy: BTreeSet<&(&str, u64)> = BTreeSet::new();
    for ty in types {
        let TypeKind::Object(object) = &ty.kind else { continue };
        for FieldDefinition { name, ty: of, directives, .. } in object.fields.iter().map(|field| &field.node) {
            let told = |directive: &str, argument: &str| {
                let found = directives.iter().find(|found| found.node.name.node == directive)?;
                found.node.get_argument(argument).map(|value| value.node.to_string())
            };
            let known = graphql::FIELD_WEIGHTS.iter().find(|(field, _)| name.node == *field);
            let weight = known.map(|(_, weight)| format!("\"{weight}\""));
            assert_eq!(told("cost", "weight"), weight, "{}.{}", ty.name.node, name.node);
            heavy.extend(known);
            if of.node.to_string().contains("Connection") {
                assert_eq!(told("listSize", "assumedSize").as_deref(), Some("20"), "{}.{}", ty.name.node, name.node);
                let fields = told("listSize", "sizedFields");
                assert_eq!(fields.as_deref(), Some("[\"edges\", \"nodes\"]"), "{}.{}", ty.name.node, name.node);
            }
        }
    }
    assert_eq!(heavy.len(), graphql::FIELD_WEIGHTS.len(), "a weight of a field that there is not");
}
