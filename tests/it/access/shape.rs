//! The schema as the access table needs it: the fields of every object type and interface, and what they lead to.

use async_graphql::parser::{parse_schema, types::*};
use lyceum::graphql;

pub(super) struct Field {
    pub(super) of: String,
    pub(super) name: String,
    /// The type that it leads to, without lists and exclamation marks.
    pub(super) returns: String,
    pub(super) is_list: bool,
}

pub(super) struct Shape(Vec<Field>);

impl Field {
    /// As the table names it.
    pub(super) fn path(&self) -> String {
        format!("{}.{}", self.of, self.name)
    }
}

impl Shape {
    pub(super) fn served() -> Self {
        Self::of(&graphql::sdl())
    }

    pub(super) fn of(sdl: &str) -> Self {
        let mut all = Vec::new();
        for definition in parse_schema(sdl).unwrap().definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let fields = match &definition.node.kind {
                TypeKind::Object(object) => object.fields.as_slice(),
                TypeKind::Interface(interface) => interface.fields.as_slice(),
                _ => continue,
            };
            for field in fields.iter().map(|field| &field.node) {
                let (returns, is_list) = base(&field.ty.node);
                let (of, name) = (definition.node.name.node.to_string(), field.name.node.to_string());
                all.push(Field { of, name, returns, is_list });
            }
        }
        Self(all)
    }

    pub(super) fn all(&self) -> &[Field] {
        &self.0
    }

    pub(super) fn fields<'s>(&'s self, of: &'s str) -> impl Iterator<Item = &'s Field> {
        self.0.iter().filter(move |field| field.of == of)
    }

    pub(super) fn field(&self, of: &str, name: &str) -> &Field {
        self.0
            .iter()
            .find(|field| field.of == of && field.name == name)
            .unwrap_or_else(|| panic!("there is no {of}.{name}"))
    }

    /// Every field of a type but one, as a selection: of objects, that they are there.
    pub(super) fn selection(&self, of: &str, but: &str) -> String {
        let is_object = |name: &str| self.fields(name).next().is_some();
        let select = |field: &Field| {
            if is_object(&field.returns) { format!("{} {{ __typename }}", field.name) } else { field.name.clone() }
        };
        let fields: Vec<String> = self.fields(of).filter(|field| field.name != but).map(select).collect();
        fields.join(" ")
    }
}

fn base(of: &Type) -> (String, bool) {
    match &of.base {
        BaseType::Named(name) => (name.to_string(), false),
        BaseType::List(of) => (base(of).0, true),
    }
}
