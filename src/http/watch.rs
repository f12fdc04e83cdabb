//! Whether somebody still is who asked: a stream outlives the request whose credentials were looked at.

use std::{sync::Arc, time::Duration};

use crate::core::{
    Core, Error,
    events::{Event, Heard, Listener},
    sessions,
    viewer::Viewer,
};

/// How often that is looked at without an event: another server may have ended the session, and tokens expire silently.
const LOOK_AGAIN: Duration = Duration::from_secs(4);

/// Done when the viewer would not be let in any more, or with other rights. Nobody's rights do not change.
pub(super) async fn changed(core: Arc<Core>, viewer: Viewer) -> Error {
    let mut listener = core.events.listen();
    let Ok(user) = viewer.signed_in().map(|viewer| viewer.user.id) else { return std::future::pending().await };
    loop {
        match sessions::recheck(&core, &viewer).await {
            Err(error @ (Error::Unauthenticated(_) | Error::Forbidden)) => return error,
            // The database is away: nobody is sent away for that.
            Err(error) => tracing::warn!(%error, "the rights of a stream could not be looked at"),
            Ok(()) => {}
        }
        let _ = tokio::time::timeout(LOOK_AGAIN, until_told(&mut listener, Event::RightsChanged(user))).await;
    }
}

async fn until_told(listener: &mut Listener, event: Event) {
    loop {
        match listener.hear().await {
            Heard::Event(other) if other != event => {}
            Heard::Event(_) | Heard::Gap => return,
            Heard::End => std::future::pending().await,
        }
    }
}
