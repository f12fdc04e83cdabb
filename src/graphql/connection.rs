//! Connections (Relay Cursor Connections): one definition for every list that can grow.

use async_graphql::{Context, Enum, SimpleObject};

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

/// Whether a field of the list's nodes is selected, by whichever way leads to it.
pub(super) fn node_selects(ctx: &Context<'_>, field: &str) -> bool {
    let selection = ctx.look_ahead();
    selection.field("nodes").field(field).exists() || selection.field("edges").field("node").field(field).exists()
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
        }

        /// One page of a list.
        #[async_graphql::Object]
        impl $connection {
            /// The rows with their cursors.
            async fn edges(&self) -> Vec<$edge<'_>> {
                self.page.rows.iter().map(|(position, row)| $edge::at(position, row, &self.cursors)).collect()
            }

            /// The rows.
            async fn nodes(&self) -> Vec<$crate::graphql::node::Shown<$node>> {
                self.page.rows.iter().map(|(_, row)| $node::new(row.clone()).into()).collect()
            }

            /// Where this page lies in the list.
            async fn page_info(&self) -> $crate::graphql::connection::PageInfo {
                $crate::graphql::connection::PageInfo::new(&self.page, &self.cursors)
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

        /// A row and its place in the list.
        #[async_graphql::Object]
        impl $edge<'_> {
            /// The place, for `after` and `before`.
            async fn cursor(&self) -> String {
                self.cursors.encode(&self.position)
            }

            /// The row.
            async fn node(&self) -> $crate::graphql::node::Shown<$node> {
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
