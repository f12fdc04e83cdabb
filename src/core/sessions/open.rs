//! Opens a session: the row, an access token, a refresh token.

use std::sync::Arc;

use sea_orm::{
    ColumnTrait as _, DatabaseTransaction, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Opened, Session,
    entity::{ActiveModel, Column, Entity, Model},
    refresh,
};
use crate::core::{
    Core, Origin,
    accounts::{Private, User, UserId, types::DeviceName, users},
    error::Result,
};

const USER_AGENT: usize = 255;

/// One transaction: the session, room for it among the user's others, and the moment of the login.
///
/// Nothing is opened when the user has another password hash by now than the one that was looked at: a reset that
/// came between has ended every session, and this one must not outlive it.
pub(crate) async fn open(
    core: &Core,
    origin: &Origin,
    user: User,
    password_hash: &str,
    device: Option<DeviceName>,
) -> Result<Option<Opened>> {
    let now = core.clock.now();
    let ttl = core.settings.ttl;
    let row = Model {
        id: core.random.uuid(now),
        user_id: user.id.0,
        device_name: device.map(|name| name.as_str().to_owned()),
        user_agent: origin.user_agent.as_deref().map(printable),
        ip_address: Some(origin.address.to_string()),
        created_at: now,
        last_used_at: now,
        idle_expires_at: now.plus(ttl.refresh_idle),
        absolute_expires_at: now.plus(ttl.refresh_absolute),
        ended_at: None,
        handle_digest: None,
    };
    let stored = core.db.retry(|| store(core, &row, password_hash)).await?;
    let Some(refresh_token) = stored else { return Ok(None) };
    let session = Session::from(row);
    let access = core.tokens.issue(user.id, session.id, core.random.uuid(now), now)?;
    let private = user.private.map(|private| Private { last_login_at: Some(now), ..private });
    let user = Arc::new(User { private, ..user });
    Ok(Some(Opened { session, user, access, refresh_token }))
}

async fn store(core: &Core, row: &Model, password_hash: &str) -> Result<Option<String>> {
    let tx = core.db.begin().await?;
    // First of all, since it locks the user's row: of two logins at once, the second counts the first one's session.
    let locked = users::Entity::update_many()
        .col_expr(users::Column::LastLoginAt, Expr::value(row.created_at))
        .filter(users::Column::Id.eq(row.user_id))
        .filter(users::Column::PasswordHash.eq(password_hash))
        .exec(&tx)
        .await?;
    if locked.rows_affected == 0 {
        return Ok(None);
    }
    make_room(core, &tx, UserId(row.user_id)).await?;
    Entity::insert(ActiveModel::from(row.clone())).exec_without_returning(&tx).await?;
    let refresh_token = refresh::issue(core, &tx, row.id, None).await?;
    tx.commit().await?;
    Ok(Some(refresh_token))
}

/// Ends the oldest sessions, so that with the new one there are not more than a user may have.
async fn make_room(core: &Core, tx: &DatabaseTransaction, user: UserId) -> Result<()> {
    let keep = core.settings.sessions_per_user.saturating_sub(1);
    let surplus: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::UserId.eq(user.0))
        .filter(Column::EndedAt.is_null())
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .offset(keep)
        .limit(1000)
        .into_tuple()
        .all(tx)
        .await?;
    if !surplus.is_empty() {
        Entity::update_many()
            .col_expr(Column::EndedAt, Expr::value(core.clock.now()))
            .filter(Column::Id.is_in(surplus))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// A header is whatever a client sends: control characters go, and so does what no browser's name needs.
fn printable(user_agent: &str) -> String {
    user_agent.chars().filter(|c| !c.is_control()).take(USER_AGENT).collect()
}
