//! Mail: what is written (templates), where it waits (outbox), how it leaves (transport). A story writes its
//! mail in its own transaction and never waits for a mail server.

mod outbox;
pub mod templates;
pub mod transport;

pub use outbox::{Outbox, Outgoing, Sent, deliver_due, post, run, sweep, waiting, withdraw};
