//! Lyceum: a GraphQL server for accounts, sessions, roles, posts and comments, in one binary.
//!
//! Imports run one way: `main → cli → app → http → graphql → core`. `ARCHITECTURE.md` has the map of the house,
//! and `tests/it/architecture.rs` keeps its rules.

pub mod app;
pub mod cli;
pub mod config;
pub mod core;
pub mod graphql;
pub mod http;
