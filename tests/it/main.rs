//! The whole app, in this process, through its door: real documents, real databases, no sockets.
//!
//! SQLite is always there. `TEST_POSTGRES_URL` and `TEST_MYSQL_URL` add their engines: each test then runs on
//! all of them, with a database of its own.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod harness;

mod access;
mod account_deletion;
mod admin;
mod architecture;
mod atomicity;
mod audit;
mod avatars;
mod backup;
mod batching;
mod canary;
mod commands;
mod content;
mod cookies;
mod cors;
mod csrf;
mod cursors;
mod dashboard;
mod doctor;
mod email_change;
mod emails;
mod engines;
mod enumeration;
mod examples;
mod full_disk;
mod hostile;
mod http;
mod ids;
mod import;
mod kills;
mod limits;
mod management;
mod metrics;
mod migrations;
mod negotiation;
mod outbox;
mod packaging;
mod paging;
mod paging_cost;
mod paging_walk;
mod password_change;
mod passwords;
mod persisted;
mod plans;
mod playground;
mod process;
mod production;
mod profile;
mod promises;
mod races;
mod recovery;
mod refresh;
mod response_rules;
mod retention;
mod rights;
mod schema;
mod search;
mod search_index;
mod seed;
mod servers;
mod session_list;
mod sessions;
mod short_codes;
mod signup;
mod signup_modes;
mod slow_clients;
mod smtp;
mod smtp_sink;
mod sockets;
mod statements;
mod story;
mod subscriptions;
mod throttle;
mod tokens;
mod traces;
mod uploads;
mod user_lists;
mod username_change;
mod verification;
mod writing;
