//! Results as server-sent events, by the distinct connections mode of `graphql-sse`: one operation for each connection,
//! `next` for each result, and `complete`. What is refused before it runs is a result too: a browser's `EventSource`
//! gives up on any other status than 200.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    http::{HeaderMap, header},
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{
    FutureExt as _, StreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};

use super::{
    Door,
    answer::{self, Told},
    document::Refusal,
    operation::Operation,
    seats::{Kind, Seat},
    watch,
};
use crate::{
    core::{Error, metrics::Open},
    graphql::Asked,
};

/// Proxies close what says nothing for a minute.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// Whether the client asks for events, and for nothing that a plain answer could be.
pub(super) fn wanted(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let types: Vec<String> = accepted
        .flat_map(|line| line.split(','))
        .filter_map(|range| range.split(';').next())
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let is_json = |name: &String| matches!(name.as_str(), "application/json" | "application/graphql-response+json");
    types.iter().any(|name| name == "text/event-stream") && !types.iter().any(is_json)
}

/// The results of a subscription, for as long as the client listens and may.
pub(super) fn of(door: &Door, operation: Operation, asked: Asked, id: Arc<str>) -> Response {
    let Some(seat) = door.seats.take(Kind::Subscription, &asked.viewer) else {
        let error = Error::RateLimited(Duration::from_secs(1)).into();
        return respond(alone(&answer::refusal(&error, Vec::new(), &id)));
    };
    let changed = watch::changed(asked.core.clone(), asked.viewer.clone());
    let closing = door.closing.clone();
    let results = operation.results(door, asked);
    let over = async move {
        tokio::select! {
            error = changed => Some(error),
            () = closing.begun() => None,
        }
    };
    let open = door.core.metrics.stream("events");
    let listening = Listening { results, over: over.boxed(), id, _seat: seat, _open: open };
    let events = stream::unfold(Some(listening), |listening| async { listening?.next().await });
    respond(events.flat_map(stream::iter).boxed())
}

/// A subscription at work, and what ends it from outside: the reason, if there is something to be told.
struct Listening {
    results: BoxStream<'static, async_graphql::Response>,
    over: BoxFuture<'static, Option<Error>>,
    id: Arc<str>,
    _seat: Seat,
    _open: Open,
}

impl Listening {
    /// What is sent next, and what goes on after it.
    async fn next(mut self) -> Option<(Vec<Event>, Option<Self>)> {
        tokio::select! {
            biased;
            error = &mut self.over => {
                let told = error.map(|error| next(&answer::refusal(&error.into(), Vec::new(), &self.id)));
                Some((told.into_iter().chain([complete()]).collect(), None))
            }
            response = self.results.next() => match response {
                Some(response) => Some((vec![next(&answer::told(response, &self.id))], Some(self))),
                None => Some((vec![complete()], None)),
            },
        }
    }
}

/// The one result of a query or a mutation.
pub(super) fn of_result(response: async_graphql::Response, id: &str) -> Response {
    respond(alone(&answer::told(response, id)))
}

/// An operation that did not pass its gate.
pub(super) fn of_refusal(refusal: Refusal, id: &str) -> Response {
    let (error, locations) = answer::of_refusal(refusal);
    respond(alone(&answer::refusal(&error, locations, id)))
}

fn alone(result: &Told) -> BoxStream<'static, Event> {
    stream::iter([next(result), complete()]).boxed()
}

fn next(result: &Told) -> Event {
    Event::default().event("next").data(serde_json::to_string(result).unwrap_or_default())
}

/// With an empty line of data: without one a browser's `EventSource` would not dispatch the event.
fn complete() -> Event {
    Event::default().event("complete").data("")
}

fn respond(events: BoxStream<'static, Event>) -> Response {
    let events = Sse::new(events.map(Ok::<_, Infallible>));
    events.keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE)).into_response()
}
