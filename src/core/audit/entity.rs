//! The table of the audit log, as sea-orm knows it. No column refers to a row: the log outlives what it speaks of.

use sea_orm::entity::prelude::*;

use super::entry::{Actor, Change, EventId, Kind, Outcome, Recorded, RequestOrigin};
use crate::core::{
    accounts::UserId,
    clock::Time,
    error::{Error, Result},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: Kind,
    pub outcome: Outcome,
    pub created_at: Time,
    /// Who did it; nobody known, or who runs the server.
    pub actor_id: Option<Uuid>,
    pub by_operator: bool,
    /// Whose matter it is.
    pub user_id: Option<Uuid>,
    pub object_id: Option<Uuid>,
    /// As JSON.
    pub changes: Option<String>,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: Option<String>,
    /// The moment once more, as long as the three above are known: what the sweep goes by.
    pub origin_since: Option<Time>,
    pub omitted_before: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(super) fn recorded(self) -> Result<Recorded> {
        let changes: Option<Vec<Change>> =
            self.changes.as_deref().map(serde_json::from_str).transpose().map_err(Error::internal)?;
        let origin = self.origin_since.map(|_| RequestOrigin {
            ip_address: self.ip_address,
            user_agent: self.user_agent,
            request_id: self.request_id,
        });
        Ok(Recorded {
            id: EventId(self.id),
            kind: self.kind,
            outcome: self.outcome,
            created_at: self.created_at,
            actor: match self.actor_id {
                Some(user) => Actor::User(UserId(user)),
                None if self.by_operator => Actor::Operator,
                None => Actor::Anonymous,
            },
            user: self.user_id.map(UserId),
            object: self.object_id,
            changes: changes.unwrap_or_default(),
            origin,
            omitted_before: u64::try_from(self.omitted_before).unwrap_or(0),
        })
    }
}
