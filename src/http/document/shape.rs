//! The shape of an operation's variables: all that the library's validation looks at of a value whose type is one of
//! GraphQL's own scalars. A document that was valid with variables of some shape is valid with others of it.

use async_graphql::{
    Value, Variables,
    parser::types::{BaseType, OperationDefinition},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape(Vec<Kind>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Absent,
    Null,
    Boolean,
    Whole,
    Text,
}

impl Shape {
    /// None where validation looks at more than that: enums, inputs, lists, scalars of ours.
    pub(super) fn of(operation: &OperationDefinition, variables: &Variables) -> Option<Self> {
        let kinds = operation.variable_definitions.iter().map(|definition| {
            let BaseType::Named(scalar) = &definition.node.var_type.node.base else { return None };
            if !matches!(scalar.as_str(), "ID" | "String" | "Int" | "Boolean") {
                return None;
            }
            Some(match variables.get(&definition.node.name.node) {
                None => Kind::Absent,
                Some(Value::Null) => Kind::Null,
                Some(Value::Boolean(_)) => Kind::Boolean,
                Some(Value::Number(number)) if number.is_i64() => Kind::Whole,
                Some(Value::String(_)) => Kind::Text,
                Some(_) => return None,
            })
        });
        kinds.collect::<Option<_>>().map(Self)
    }
}
