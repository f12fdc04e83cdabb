//! Opens a session: the row, and an access token with a refresh token, or the handle of a cookie.

use std::sync::Arc;

use sea_orm::{
    ColumnTrait as _, Condition, DatabaseTransaction, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Handle, Key, Opened, Session, SessionId, Transport,
    entity::{ActiveModel, Column, Entity, Model},
    logout::end,
    refresh,
};
use crate::core::{
    Core, Origin,
    accounts::{Private, User, UserId, types::DeviceName, users},
    audit::{self, Entry, Kind, Source},
    crypto::digest_of,
    error::{Fault, Result},
    events::Event,
    viewer::Oneself,
};

/// The session that somebody asks for who logs in or signs up.
pub struct NewSession {
    pub device_name: Option<String>,
    pub transport: Transport,
    /// The handle in the request's cookie, which the new one replaces.
    pub presented: Option<String>,
}

/// The same, as it may be had.
pub(crate) struct Wish {
    device: Option<DeviceName>,
    transport: Transport,
    /// The handle that the request came with. A login replaces it: one that somebody planted must not become the
    /// session of who logs in (OWASP ASVS 7.2.4).
    replaces: Option<String>,
}

impl Wish {
    /// The fault is that of the device's name.
    pub(crate) fn parse(new: NewSession) -> Result<Self, Fault> {
        let NewSession { device_name, transport, presented } = new;
        let device = device_name.as_deref().map(DeviceName::parse).transpose()?;
        Ok(Self { device, transport, replaces: presented.filter(|_| transport == Transport::Cookie) })
    }
}

/// One transaction: the session, room for it among the user's others, and the moment of the login.
///
/// Nothing is opened when the user has another password hash by now than the one that was looked at: a reset that
/// came between has ended every session, and this one must not outlive it.
pub(crate) async fn open(
    core: &Core,
    origin: &Origin,
    user: User,
    password_hash: &str,
    wish: Wish,
) -> Result<Option<Opened>> {
    let now = core.clock.now();
    let handle = (wish.transport == Transport::Cookie).then(|| core.random.token());
    let row = new_row(core, origin, user.id, &wish, handle.as_deref());
    let replaced = wish.replaces.as_deref().map(digest_of);
    let stored = core.db.retry(|| store(core, origin, &row, password_hash, replaced.as_deref())).await?;
    let Some(refresh_token) = stored else { return Ok(None) };
    // Older sessions may have ended for this one.
    core.events.tell(Event::RightsChanged(user.id));
    let key = match (handle, refresh_token) {
        (Some(secret), _) => Key::Cookie(Handle { secret, expires_in: now.until(row.expires_at()) }),
        (None, refresh) => {
            let access = core.tokens.issue(user.id, SessionId(row.id), core.random.uuid(now), now)?;
            Key::Tokens { access, refresh: refresh.unwrap_or_default() }
        }
    };
    let private = user.private.map(|private| Private { last_login_at: Some(now), ..private });
    let user = Arc::new(User { private, ..user });
    Ok(Some(Opened { session: Session::from(row), user: Oneself::proved(user), key }))
}

fn new_row(core: &Core, origin: &Origin, user: UserId, wish: &Wish, handle: Option<&str>) -> Model {
    let (now, ttl) = (core.clock.now(), core.settings.ttl);
    let (idle, absolute) = match wish.transport {
        Transport::Bearer => (ttl.refresh_idle, ttl.refresh_absolute),
        Transport::Cookie => (ttl.session_idle, ttl.session_absolute),
    };
    Model {
        id: core.random.uuid(now),
        user_id: user.0,
        device_name: wish.device.as_ref().map(|name| name.as_str().to_owned()),
        user_agent: origin.printable_agent(),
        ip_address: Some(origin.address.to_string()),
        created_at: now,
        last_used_at: now,
        idle_expires_at: now.plus(idle),
        absolute_expires_at: now.plus(absolute),
        ended_at: None,
        handle_digest: handle.map(digest_of),
    }
}

/// The refresh token, for a session that lives on one; nothing at all when the password is another one by now.
async fn store(
    core: &Core,
    origin: &Origin,
    row: &Model,
    password_hash: &str,
    replaced: Option<&str>,
) -> Result<Option<Option<String>>> {
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
    if let Some(replaced) = replaced {
        end(core, &tx, Condition::all().add(Column::HandleDigest.eq(replaced))).await?;
    }
    make_room(core, &tx, UserId(row.user_id)).await?;
    Entity::insert(ActiveModel::from(row.clone())).exec_without_returning(&tx).await?;
    let refresh_token = match row.handle_digest {
        Some(_) => None,
        None => Some(refresh::issue(core, &tx, row.id, None).await?),
    };
    let user = UserId(row.user_id);
    let entry = Entry::new(Kind::Login).about(user).at(row.id);
    audit::commit(core, tx, Source::user(user, origin), entry).await?;
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
        end(core, tx, Condition::all().add(Column::Id.is_in(surplus))).await?;
    }
    Ok(())
}
