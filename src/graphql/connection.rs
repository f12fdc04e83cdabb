//! Connections (Relay Cursor Connections): one definition for every list that can grow.

use async_graphql::{Context, Enum, SelectionField, SimpleObject, Value};

use super::straight::{Asked, AtHand, Json};
use crate::core::page;

/// Which way a list runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "page::Direction")]
pub(super) enum OrderDirection {
    /// From the smallest, the oldest, the first letter.
    Asc,
    /// From the largest, the newest, the last letter.
    Desc,
}

/// Where a page lies in its list.
#[derive(SimpleObject)]
pub(super) struct PageInfo {
    /// Whether there is more after this page.
    has_next_page: bool,
    /// Whether there is more before this page.
    has_previous_page: bool,
    /// The cursor of the first row, for `before`.
    start_cursor: Option<String>,
    /// The cursor of the last row, for `after`.
    end_cursor: Option<String>,
}

impl PageInfo {
    pub(super) fn new<T>(page: &page::Page<(page::Position, T)>, cursors: &page::Cursors) -> Self {
        let cursor = |row: Option<&(page::Position, T)>| row.map(|(position, _)| cursors.encode(position));
        Self {
            has_next_page: page.has_next,
            has_previous_page: page.has_previous,
            start_cursor: cursor(page.rows.first()),
            end_cursor: cursor(page.rows.last()),
        }
    }
}

impl AtHand for PageInfo {
    fn write(&self, field: &Asked<'_>, out: &mut Json) -> bool {
        let cursor = |cursor: &Option<String>| cursor.clone().map_or(Value::Null, Value::String);
        out.value(&match field.name() {
            "hasNextPage" => self.has_next_page.into(),
            "hasPreviousPage" => self.has_previous_page.into(),
            "startCursor" => cursor(&self.start_cursor),
            "endCursor" => cursor(&self.end_cursor),
            _ => return false,
        });
        true
    }
}

/// Whether a field of the list's nodes is selected, by whichever way leads to it.
pub(super) fn node_selects(ctx: &Context<'_>, field: &str) -> bool {
    !node_fields(ctx, field).is_empty()
}

/// The selections of a field of the list's nodes.
pub(super) fn node_fields<'a>(ctx: &'a Context<'a>, field: &str) -> Vec<SelectionField<'a>> {
    let selection = ctx.look_ahead();
    let mut selected = selection.field("nodes").field(field).selection_fields();
    selected.extend(selection.field("edges").field("node").field(field).selection_fields());
    selected
}

/// The connection and the edge of a node type. `$counted` says how many rows the whole list has, and is asked only
/// when that is selected.
macro_rules! connection {
    ($connection:ident, $edge:ident, $node:ident, $row:ty, $counted:ty) => {
        /// One page of a list.
        pub(super) struct $connection {
            page: $crate::core::page::Page<($crate::core::page::Position, std::sync::Arc<$row>)>,
            cursors: $crate::core::page::Cursors,
            counted: $counted,
        }

        impl $connection {
            pub(super) fn new(
                page: $crate::core::page::Page<($crate::core::page::Position, std::sync::Arc<$row>)>,
                cursors: $crate::core::page::Cursors,
                counted: $counted,
            ) -> Self {
                Self { page, cursors, counted }
            }

            fn rows(&self) -> impl ExactSizeIterator<Item = &($crate::core::page::Position, std::sync::Arc<$row>)> {
                self.page.rows.iter()
            }
        }

        impl $crate::graphql::straight::AtHand for $connection {
            fn write(
                &self,
                field: &$crate::graphql::straight::Asked<'_>,
                out: &mut $crate::graphql::straight::Json,
            ) -> bool {
                match field.name() {
                    "edges" => {
                        out.list(field, self.rows().map(|(position, row)| $edge::at(position, row, &self.cursors)))
                    }
                    "nodes" => out.list(field, self.rows().map(|(_, row)| $node::new(row.clone()))),
                    "pageInfo" => {
                        out.object(field, &$crate::graphql::connection::PageInfo::new(&self.page, &self.cursors))
                    }
                    _ => false,
                }
            }
        }

        /// One page of a list.
        #[async_graphql::Object]
        impl $connection {
            /// The rows with their cursors.
            async fn edges(&self) -> Vec<$crate::graphql::straight::Shown<$edge<'_>>> {
                self.rows().map(|(position, row)| $edge::at(position, row, &self.cursors).into()).collect()
            }

            /// The rows.
            async fn nodes(&self) -> Vec<$crate::graphql::straight::Shown<$node>> {
                self.rows().map(|(_, row)| $node::new(row.clone()).into()).collect()
            }

            /// Where this page lies in the list.
            async fn page_info(&self) -> $crate::graphql::straight::Shown<$crate::graphql::connection::PageInfo> {
                $crate::graphql::connection::PageInfo::new(&self.page, &self.cursors).into()
            }

            /// How many rows the whole list has for you.
            #[graphql(directive = $crate::graphql::cost::cost::apply("5".to_owned()))]
            async fn total_count(&self, ctx: &async_graphql::Context<'_>) -> $crate::graphql::payload::Guarded<u64> {
                $crate::graphql::payload::guarded(self.counted.count(ctx).await.map(Some))
            }
        }

        /// A row and its place in the list.
        pub(super) struct $edge<'c> {
            position: std::borrow::Cow<'c, $crate::core::page::Position>,
            row: std::sync::Arc<$row>,
            cursors: std::borrow::Cow<'c, $crate::core::page::Cursors>,
        }

        impl<'c> $edge<'c> {
            fn at(
                position: &'c $crate::core::page::Position,
                row: &std::sync::Arc<$row>,
                cursors: &'c $crate::core::page::Cursors,
            ) -> Self {
                let (position, cursors) = (std::borrow::Cow::Borrowed(position), std::borrow::Cow::Borrowed(cursors));
                Self { position, row: row.clone(), cursors }
            }
        }

        impl $crate::graphql::straight::AtHand for $edge<'_> {
            fn write(
                &self,
                field: &$crate::graphql::straight::Asked<'_>,
                out: &mut $crate::graphql::straight::Json,
            ) -> bool {
                match field.name() {
                    "cursor" => {
                        out.text(&self.cursors.encode(&self.position));
                        true
                    }
                    "node" => out.object(field, &$node::new(self.row.clone())),
                    _ => false,
                }
            }
        }

        /// A row and its place in the list.
        #[async_graphql::Object]
        impl $edge<'_> {
            /// The place, for `after` and `before`.
            async fn cursor(&self) -> String {
                self.cursors.encode(&self.position)
            }

            /// The row.
            async fn node(&self) -> $crate::graphql::straight::Shown<$node> {
                $node::new(self.row.clone()).into()
            }
        }
    };
}
pub(super) use connection;

/// What a mutation answers beside a new node: the edge for the front or the end of a list that goes by creation.
macro_rules! new_edge {
    ($edge:ident, $row:ty) => {
        impl $edge<'static> {
            /// The edge of a row that was just made.
            pub(super) fn of_new(row: std::sync::Arc<$row>, cursors: $crate::core::page::Cursors) -> Self {
                let position = $crate::core::page::Position { sort: $crate::core::page::Sort::Id, id: row.id.0 };
                Self { position: std::borrow::Cow::Owned(position), row, cursors: std::borrow::Cow::Owned(cursors) }
            }
        }
    };
}
pub(super) use new_edge;
