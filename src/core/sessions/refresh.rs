//! Refresh tokens rotate: each is good once (RFC 9700, 4.14.2). A client whose answer was lost may show its token
//! again for ten seconds, as long as nobody used the successor; it gets a new one, and the first is dead. Any
//! other second use means that two parties hold the same token, and ends the session.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, Condition, DatabaseTransaction, EntityTrait as _,
    QueryFilter as _, QuerySelect as _, QueryTrait as _, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Key, Opened, Session, entity,
    entity::refresh_tokens::{ActiveModel, Column, Entity, Model},
    logout,
};
use crate::core::{
    Core, Origin,
    accounts::{User, UserId, users},
    audit::{self, Entry, Kind, Outcome, Source},
    crypto::digest_of,
    error::{AuthFailure, Error, Result},
    events::Event,
    limits::Quota,
    viewer::Oneself,
};

const LOST_ANSWER: Duration = Duration::from_secs(10);

/// A new pair of tokens for a refresh token.
pub async fn refresh(core: &Core, origin: &Origin, token: &str) -> Result<Opened> {
    audit::admit(core, origin, Quota::Refresh, Kind::RefreshSession).await?;
    let digest = digest_of(token);
    match core.db.retry(|| exchange(core, origin, &digest)).await? {
        Exchange::Done { session, user, refresh_token } => {
            let now = core.clock.now();
            let access = core.tokens.issue(user.id, session.id, core.random.uuid(now), now)?;
            let key = Key::Tokens { access, refresh: refresh_token };
            Ok(Opened { session: *session, user: Oneself::proved(user), key })
        }
        Exchange::Reused { session, user } => {
            core.events.tell(Event::RightsChanged(user));
            tracing::warn!(%session, address = %origin.address, "a refresh token was used twice; its session is ended");
            Err(Error::Unauthenticated(AuthFailure::Revoked))
        }
    }
}

enum Exchange {
    Done { session: Box<Session>, user: Arc<User>, refresh_token: String },
    Reused { session: Uuid, user: UserId },
}

async fn exchange(core: &Core, origin: &Origin, digest: &str) -> Result<Exchange> {
    let tx = core.db.begin().await?;
    let refused = |failure| Err(Error::Unauthenticated(failure));
    let Some(session) = lock(&tx, digest).await? else { return refused(AuthFailure::Invalid) };
    let Some(token) = Entity::find_by_id(digest).one(&tx).await? else { return refused(AuthFailure::Invalid) };
    let Some(user) = users::Entity::find_by_id(session.user_id).one(&tx).await?.map(User::from) else {
        return refused(AuthFailure::Revoked);
    };
    let now = core.clock.now();
    if session.ended_at.is_some() || user.private.as_ref().is_none_or(|private| private.is_suspended(now)) {
        return refused(AuthFailure::Revoked);
    }
    if token.superseded_at.is_some() {
        return refused(AuthFailure::Invalid);
    }
    if session.expires_at() <= now {
        return refused(AuthFailure::Expired);
    }
    if !take(core, &tx, &token).await? {
        logout::end(core, &tx, Condition::all().add(entity::Column::Id.eq(session.id))).await?;
        let entry = Entry::new(Kind::RefreshTokenReuse).about(user.id).at(session.id).ending(Outcome::Failure);
        audit::commit(core, tx, Source::anonymous(origin), entry).await?;
        return Ok(Exchange::Reused { session: token.session_id, user: user.id });
    }
    let refresh_token = issue(core, &tx, session.id, Some(digest)).await?;
    let mut change = entity::ActiveModel::from(session);
    change.last_used_at = Set(now);
    change.user_agent = Set(origin.printable_agent());
    change.ip_address = Set(Some(origin.address.to_string()));
    change.idle_expires_at = Set(now.plus(core.settings.ttl.refresh_idle));
    let session = change.update(&tx).await?;
    tx.commit().await?;
    Ok(Exchange::Done { session: Box::new(Session::from(session)), user: Arc::new(user), refresh_token })
}

/// The token's session, for this transaction alone: what a token is worth depends on its successors, so two
/// exchanges in one session must not see each other half done.
async fn lock(tx: &DatabaseTransaction, digest: &str) -> Result<Option<entity::Model>> {
    let session_of_token = Entity::find().select_only().column(Column::SessionId).filter(Column::Digest.eq(digest));
    Ok(entity::Entity::find()
        .filter(entity::Column::Id.in_subquery(session_of_token.into_query()))
        .lock_exclusive()
        .one(tx)
        .await?)
}

/// A new token of the session.
pub(super) async fn issue(
    core: &Core,
    tx: &DatabaseTransaction,
    session: Uuid,
    parent: Option<&str>,
) -> Result<String> {
    let token = core.random.token();
    let row = ActiveModel {
        digest: Set(digest_of(&token)),
        session_id: Set(session),
        parent: Set(parent.map(str::to_owned)),
        created_at: Set(core.clock.now()),
        used_at: Set(None),
        superseded_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(token)
}

/// Whether the token may be used now: for the first time, or again after a lost answer.
async fn take(core: &Core, tx: &DatabaseTransaction, token: &Model) -> Result<bool> {
    let now = core.clock.now();
    let unused = |which| Entity::update_many().filter(which).filter(Column::UsedAt.is_null());
    let Some(used_at) = token.used_at else {
        let used = unused(Column::Digest.eq(&token.digest)).col_expr(Column::UsedAt, Expr::value(now)).exec(tx).await?;
        return Ok(used.rows_affected == 1);
    };
    if now > used_at.plus(LOST_ANSWER) {
        return Ok(false);
    }
    let superseded = unused(Column::Parent.eq(&token.digest))
        .filter(Column::SupersededAt.is_null())
        .col_expr(Column::SupersededAt, Expr::value(now))
        .exec(tx)
        .await?;
    Ok(superseded.rows_affected == 1)
}
