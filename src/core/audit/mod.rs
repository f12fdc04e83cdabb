//! The audit log: who did what to whom, when and from where. A story ends with [`commit`], so that what was done and the
//! note of it are one transaction; what was refused is noted by [`attempt`]. The log hears of the same events, under the
//! target `lyceum::audit`, once they are true.
//!
//! An event holds no secret, no address of a mail and nothing that somebody typed: a wrong name may be a password. The
//! ids in it stay when the user goes; where the request came from is forgotten earlier.

mod bound;
mod entity;
mod entry;
mod list;
mod retention;
mod write;

pub use bound::Bound;
pub(crate) use entry::Source;
pub use entry::{Actor, Change, Entry, EventId, Field, Kind, Outcome, Recorded, RequestOrigin};
pub use list::{Filter, by_ids, count, count_by_users, list, list_by_users};
pub(crate) use retention::{forget_origins, sweep};
pub use write::denied;
pub(crate) use write::{admit, attempt, commit, commit_all, commit_for_others};
