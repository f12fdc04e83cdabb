//! Answers written straight to JSON. The executor makes a future for each field and a map for each object; what an object
//! has at hand needs neither. So objects go out through [`Shown`], which writes such fields down at once, whole subtrees
//! of them, and asks the object's resolvers for the rest: what has to be loaded, what takes arguments, what a guard
//! refuses.
//!
//! Text that is written already cannot be merged with another selection of the same field. A document in which one
//! response key stands twice in a selection set is answered by the resolvers alone, and so is every stream.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use async_graphql::{
    ContainerType, ContextSelectionSet, OutputType, Positioned, ServerResult, Value,
    futures_util::future::{BoxFuture, try_join_all},
    parser::types::{Field, Selection, SelectionSet, TypeCondition},
    registry::Registry,
};
use uuid::Uuid;

use super::node::{Kind, write_global_id};

/// Most objects take less, in bytes.
const ROOM: usize = 1024;

/// In the context: whether this request is answered so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Straight(pub bool);

/// An object that has some of its fields at hand.
pub(super) trait AtHand: ContainerType {
    /// Writes the value of a field, or says that it has to be asked for; then what was written is dropped.
    fn write(&self, _field: &Asked<'_>, _out: &mut Json) -> bool {
        false
    }
}

/// A field of an object that is to be written.
pub(super) struct Asked<'a> {
    pub ctx: &'a ContextSelectionSet<'a>,
    field: &'a Field,
}

impl Asked<'_> {
    pub(super) fn name(&self) -> &str {
        self.field.name.node.as_str()
    }

    pub(super) fn has_arguments(&self) -> bool {
        !self.field.arguments.is_empty()
    }
}

/// An object on its way out.
pub(super) struct Shown<T>(T);

impl<T> From<T> for Shown<T> {
    fn from(object: T) -> Self {
        Self(object)
    }
}

impl<T: AtHand> OutputType for Shown<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        if !ctx.data_opt().is_some_and(|Straight(straight)| *straight) {
            return self.0.resolve(ctx, field).await;
        }
        let mut out = Json(Vec::with_capacity(ROOM));
        let mut gaps: Vec<(usize, &Positioned<Field>)> = Vec::new();
        out.object_of(&self.0, ctx, &ctx.item.node, &mut |out, field| {
            gaps.push((out.0.len(), field));
            true
        });
        if gaps.is_empty() {
            return Ok(out.into_value());
        }
        let asked = gaps.iter().map(|(_, field)| -> BoxFuture<'_, ServerResult<Value>> {
            Box::pin(async move {
                let ctx = ctx.with_field(field);
                Ok(self.0.resolve_field(&ctx).await?.unwrap_or_default())
            })
        });
        let values = try_join_all(asked).await?;
        let values: Vec<(usize, Value)> = gaps.iter().map(|(at, _)| *at).zip(values).collect();
        Ok(out.filled(&values).into_value())
    }
}

/// JSON in the making.
#[derive(Default)]
pub(super) struct Json(Vec<u8>);

impl Json {
    pub(super) fn text(&mut self, text: &str) {
        write_text(text, &mut self.0);
    }

    pub(super) fn id(&mut self, kind: Kind, id: Uuid) {
        self.0.push(b'"');
        write_global_id(kind, id, &mut self.0);
        self.0.push(b'"');
    }

    pub(super) fn null(&mut self) {
        self.0.extend_from_slice(b"null");
    }

    /// A value of a scalar or an enum.
    pub(super) fn value(&mut self, value: &Value) {
        write_json(value, &mut self.0);
    }

    /// The object that a field holds, if all that is selected of it is at hand.
    pub(super) fn object<T: AtHand>(&mut self, field: &Asked<'_>, object: &T) -> bool {
        self.object_of(object, field.ctx, &field.field.selection_set.node, &mut |_, _| false)
    }

    /// The same for a list.
    pub(super) fn list<T: AtHand>(&mut self, field: &Asked<'_>, objects: impl Iterator<Item = T>) -> bool {
        self.0.push(b'[');
        for (number, object) in objects.enumerate() {
            if number > 0 {
                self.0.push(b',');
            }
            if !self.object(field, &object) {
                return false;
            }
        }
        self.0.push(b']');
        true
    }

    /// `missing` says whether to go on without a field that is not at hand.
    fn object_of<'a, T: AtHand>(
        &mut self,
        object: &T,
        ctx: &ContextSelectionSet<'a>,
        set: &'a SelectionSet,
        missing: &mut impl FnMut(&mut Self, &'a Positioned<Field>) -> bool,
    ) -> bool {
        self.0.push(b'{');
        let whole = each_field(ctx, &T::type_name(), set, &mut |field| {
            if self.0.last() != Some(&b'{') {
                self.0.push(b',');
            }
            self.key(field.node.response_key().node.as_str());
            let begin = self.0.len();
            if field.node.name.node == "__typename" {
                self.text(&T::type_name());
                return true;
            }
            let at_hand = object.write(&Asked { ctx, field: &field.node }, self);
            if !at_hand {
                self.0.truncate(begin);
            }
            at_hand || missing(self, field)
        });
        self.0.push(b'}');
        whole
    }

    /// A name of GraphQL has nothing to escape.
    fn key(&mut self, name: &str) {
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    /// With values at places where there are none yet.
    fn filled(&self, gaps: &[(usize, Value)]) -> Self {
        let room = gaps.iter().map(|(_, value)| room_for(value)).sum::<usize>();
        let (mut filled, mut done) = (Vec::with_capacity(self.0.len() + room), 0);
        for (at, value) in gaps {
            filled.extend_from_slice(self.0.get(done..*at).unwrap_or_default());
            write_json(value, &mut filled);
            done = *at;
        }
        filled.extend_from_slice(self.0.get(done..).unwrap_or_default());
        Self(filled)
    }

    /// As the one kind of value that no field of ours has.
    fn into_value(self) -> Value {
        Value::Binary(self.0.into())
    }
}

/// The fields of a selection set for an object of this type, fragments spread, for as long as `visit` wants more.
fn each_field<'a>(
    ctx: &ContextSelectionSet<'a>,
    of: &str,
    set: &'a SelectionSet,
    visit: &mut impl FnMut(&'a Positioned<Field>) -> bool,
) -> bool {
    let applies = |condition: &TypeCondition| {
        let on = condition.on.node.as_str();
        on == of || ctx.schema_env.registry.implements.get(of).is_some_and(|interfaces| interfaces.contains(on))
    };
    set.items.iter().all(|selection| match &selection.node {
        Selection::Field(field) => visit(field),
        Selection::FragmentSpread(spread) => match ctx.query_env.fragments.get(&spread.node.fragment_name.node) {
            Some(fragment) if applies(&fragment.node.type_condition.node) => {
                each_field(ctx, of, &fragment.node.selection_set.node, &mut *visit)
            }
            _ => true,
        },
        Selection::InlineFragment(fragment) => {
            let condition = fragment.node.type_condition.as_ref();
            if condition.is_none_or(|condition| applies(&condition.node)) {
                each_field(ctx, of, &fragment.node.selection_set.node, &mut *visit)
            } else {
                true
            }
        }
    })
}

/// About how many bytes a value takes; of what is written already it is known.
pub fn room_for(value: &Value) -> usize {
    match value {
        Value::Binary(json) => json.len(),
        Value::List(values) => values.iter().map(room_for).sum::<usize>() + values.len() + 2,
        Value::Object(entries) => entries.iter().map(|(key, value)| key.len() + room_for(value) + 4).sum::<usize>() + 2,
        Value::String(text) => text.len() + 2,
        _ => 8,
    }
}

/// A value of an answer as JSON; what is JSON already stays as it is.
pub fn write_json(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Binary(json) => out.extend_from_slice(json),
        Value::List(values) => {
            out.push(b'[');
            for (number, value) in values.iter().enumerate() {
                if number > 0 {
                    out.push(b',');
                }
                write_json(value, out);
            }
            out.push(b']');
        }
        Value::Object(entries) => {
            out.push(b'{');
            for (number, (key, value)) in entries.iter().enumerate() {
                if number > 0 {
                    out.push(b',');
                }
                write_text(key, out);
                out.push(b':');
                write_json(value, out);
            }
            out.push(b'}');
        }
        Value::String(text) => write_text(text, out),
        // A scalar always can be written, and a vector takes it.
        scalar => drop(serde_json::to_writer(out, scalar)),
    }
}

/// As `serde_json` does it; but most of a text needs no escape, and is looked at 16 bytes at a time and copied at once.
fn write_text(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some((plain, [byte, after @ ..])) = first_escape(rest).and_then(|at| rest.split_at_checked(at)) {
        out.extend_from_slice(plain);
        write_escape(*byte, out);
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Where the first byte stands that cannot be written as it is.
fn first_escape(bytes: &[u8]) -> Option<usize> {
    let (chunks, _) = bytes.as_chunks::<16>();
    // Without a branch for each byte, which is one step of the processor for all of them.
    let is_plain = |chunk: &&[u8; 16]| !chunk.iter().fold(false, |any, byte| any | needs_escape(*byte));
    let plain = chunks.iter().take_while(is_plain).count() * 16;
    let rest = bytes.get(plain..).unwrap_or_default();
    rest.iter().position(|byte| needs_escape(*byte)).map(|at| plain + at)
}

fn needs_escape(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    let escape: &[u8] = match byte {
        b'"' => b"\\\"",
        b'\\' => b"\\\\",
        0x08 => b"\\b",
        0x0c => b"\\f",
        b'\n' => b"\\n",
        b'\r' => b"\\r",
        b'\t' => b"\\t",
        control => return out.extend_from_slice(format!("\\u{control:04x}").as_bytes()),
    };
    out.extend_from_slice(escape);
}
