//! One socket, from its first message to its close.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_graphql::parser::types::OperationType;
use axum::extract::ws::{Message, WebSocket};
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::{Map, Value};
use tokio::{sync::mpsc, task::AbortHandle, time::MissedTickBehavior};

use super::protocol::{Answer, Close, Said};
use crate::{
    core::{Error, Origin, error::AuthFailure, limits::Quota, viewer::Viewer},
    graphql::{Asked, ErrorExtensions, SessionCookie},
    http::{
        Door,
        answer::{self, Told},
        body::Params,
        operation::Operation,
        seats::Kind,
        viewer::Shown,
        watch,
    },
};

/// Results that wait for a slow client.
const WAITING: usize = 16;
/// So many pings without any sign of life, and the client is gone.
const UNANSWERED: u32 = 2;
/// A client that takes nothing for this long is gone.
const LONGEST_SEND: Duration = Duration::from_secs(30);

pub(super) struct Connection {
    door: Door,
    origin: Origin,
    shown: Shown,
    request_id: Arc<str>,
}

/// Who was let in, and what runs for them.
struct Session {
    viewer: Viewer,
    running: HashMap<String, Running>,
    results: mpsc::Sender<Answer>,
}

/// An operation; dropping it ends it.
struct Running(AbortHandle);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Connection {
    pub(super) fn new(door: Door, origin: Origin, shown: Shown, request_id: Arc<str>) -> Self {
        Self { door, origin, shown, request_id }
    }

    pub(super) async fn run(self, mut socket: WebSocket) {
        let _open = self.door.core.metrics.stream("socket");
        // Else the client has closed it, or is gone.
        let Some(close) = self.talk(&mut socket).await else { return };
        tracing::debug!(?close, "socket closed");
        let _ = send(&mut socket, close).await;
    }

    /// Until one of the two closes the socket; why, when it is us.
    async fn talk(&self, socket: &mut WebSocket) -> Option<Close> {
        let init = tokio::time::timeout(self.door.settings.patience.init, greeted(socket)).await;
        let payload = match init {
            Ok(Ok(payload)) => payload,
            Ok(Err(close)) => return close,
            Err(_) => return Some(Close::NoInit),
        };
        let viewer = match self.viewer(&payload).await {
            Ok(viewer) => viewer,
            Err(error) => return Some(Close::Forbidden(reason(&error))),
        };
        let Some(_seat) = self.door.seats.take(Kind::Socket, &viewer) else { return Some(Close::TooManySockets) };
        send(socket, Answer::Ack).await?;
        self.serve(socket, viewer).await
    }

    /// By the payload of `connection_init`, else by the cookie of the handshake.
    async fn viewer(&self, payload: &Map<String, Value>) -> Result<Viewer, Error> {
        match payload.get("authorization").or_else(|| payload.get("Authorization")) {
            Some(Value::String(value)) => Shown::by_value(&self.door.core, value).await,
            Some(Value::Null) | None => self.shown.by_cookie(&self.door.core, &self.origin).await,
            Some(_) => Err(Error::Unauthenticated(AuthFailure::Invalid)),
        }
    }

    async fn serve(&self, socket: &mut WebSocket, viewer: Viewer) -> Option<Close> {
        let (results, mut outgoing) = mpsc::channel(WAITING);
        let mut changed = Box::pin(watch::changed(self.door.core.clone(), viewer.clone()));
        let mut session = Session { viewer, running: HashMap::new(), results };
        let mut pings = tokio::time::interval(self.door.settings.patience.ping);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first one is due at once.
        pings.tick().await;
        let mut unanswered = 0;
        loop {
            tokio::select! {
                biased;
                () = self.door.closing.begun() => return Some(Close::Going),
                Some(answer) = outgoing.recv() => {
                    if let Answer::Complete { id } | Answer::Error { id, .. } = &answer {
                        session.running.remove(id);
                    }
                    send(socket, answer).await?;
                }
                error = &mut changed => return Some(Close::Forbidden(reason(&error))),
                message = socket.recv() => {
                    unanswered = 0;
                    match self.hear(&mut session, message).await {
                        Ok(Some(answer)) => send(socket, answer).await?,
                        Ok(None) => {}
                        Err(close) => return close,
                    }
                }
                _ = pings.tick() => {
                    if unanswered == UNANSWERED {
                        return Some(Close::Silent);
                    }
                    unanswered += 1;
                    send(socket, Message::Ping(Vec::new().into())).await?;
                }
            }
        }
    }

    /// What is answered at once; an error with nothing in it when the client is gone.
    async fn hear(
        &self,
        session: &mut Session,
        message: Option<Result<Message, axum::Error>>,
    ) -> Result<Option<Answer>, Option<Close>> {
        match said(message)? {
            Some(Said::Init(_)) => Err(Some(Close::SecondInit)),
            Some(Said::Ping(payload)) => Ok(Some(Answer::Pong { payload })),
            Some(Said::Pong) | None => Ok(None),
            Some(Said::Complete { id }) => {
                session.running.remove(&id);
                Ok(None)
            }
            Some(Said::Subscribe { id, .. }) if session.running.contains_key(&id) => {
                Err(Some(Close::AlreadySubscribed))
            }
            Some(Said::Subscribe { id, payload }) => match self.start(session, id.clone(), payload).await {
                Ok(running) => {
                    session.running.insert(id, running);
                    Ok(None)
                }
                Err(refused) => Ok(Some(Answer::Error { id, payload: refused.errors() })),
            },
        }
    }

    /// Passes the operation through the gate, and starts it.
    async fn start(&self, session: &Session, id: String, payload: Map<String, Value>) -> Result<Running, Told> {
        let refused = |error: ErrorExtensions, locations| {
            self.door.core.metrics.told(error.code.as_str());
            answer::refusal(&error, locations, &self.request_id)
        };
        let of_domain = |error: Error| refused(error.into(), Vec::new());
        self.door.core.limits.attempt(Quota::Operation, &self.origin).await.map_err(of_domain)?;
        let params = Params::from_entries(payload).map_err(|rule| of_domain(Error::BadInput(rule.to_owned())))?;
        let operation = Operation::prepare(&self.door, params).map_err(|refusal| {
            let (error, locations) = answer::of_refusal(refusal);
            refused(error, locations)
        })?;
        let seat = self.door.seats.take(Kind::Subscription, &session.viewer);
        let seat = seat.ok_or_else(|| of_domain(Error::RateLimited(Duration::from_secs(1))))?;
        let asked = Asked {
            core: self.door.core.clone(),
            viewer: session.viewer.clone(),
            origin: self.origin.clone(),
            cookie: Arc::new(SessionCookie::new(None, false, None)),
        };
        let work =
            Work { door: self.door.clone(), request_id: self.request_id.clone(), results: session.results.clone() };
        let task = tokio::spawn(async move {
            let _seat = seat;
            let ran = std::panic::AssertUnwindSafe(work.run(&id, operation, asked)).catch_unwind().await;
            if ran.is_err() {
                work.refuse(&id, Error::internal("a resolver panicked")).await;
            }
        });
        Ok(Running(task.abort_handle()))
    }
}

/// What an operation at work needs of its connection.
struct Work {
    door: Door,
    request_id: Arc<str>,
    results: mpsc::Sender<Answer>,
}

impl Work {
    /// Sends every result, and the end; stops when nobody takes them.
    async fn run(&self, id: &str, operation: Operation, asked: Asked) -> Option<()> {
        if operation.kind == OperationType::Subscription {
            let mut results = operation.results(&self.door, asked);
            let mut is_first = true;
            while let Some(response) = results.next().await {
                self.tell(id, response, is_first).await?;
                is_first = false;
            }
        } else {
            match operation.execute(&self.door, asked, false).await {
                Ok(response) => self.tell(id, response, true).await?,
                Err(error) => return self.refuse(id, error).await,
            }
        }
        self.results.send(Answer::Complete { id: id.to_owned() }).await.ok()
    }

    /// None when that was the end.
    async fn tell(&self, id: &str, response: async_graphql::Response, is_first: bool) -> Option<()> {
        let payload = answer::told(response, &self.request_id);
        let id = id.to_owned();
        if is_first && payload.is_refusal() {
            let _ = self.results.send(Answer::Error { id, payload: payload.errors() }).await;
            return None;
        }
        self.results.send(Answer::Next { id, payload }).await.ok()
    }

    async fn refuse(&self, id: &str, error: Error) -> Option<()> {
        let error = ErrorExtensions::from(error);
        self.door.core.metrics.told(error.code.as_str());
        let refused = answer::refusal(&error, Vec::new(), &self.request_id);
        self.results.send(Answer::Error { id: id.to_owned(), payload: refused.errors() }).await.ok()
    }
}

/// The payload of the first message, which has to be `connection_init`.
async fn greeted(socket: &mut WebSocket) -> Result<Map<String, Value>, Option<Close>> {
    loop {
        match said(socket.recv().await)? {
            Some(Said::Init(payload)) => return Ok(payload),
            Some(Said::Subscribe { .. }) => return Err(Some(Close::SubscribedBeforeAck)),
            Some(Said::Ping(payload)) => send(socket, Answer::Pong { payload }).await.ok_or(None)?,
            Some(Said::Pong | Said::Complete { .. }) | None => {}
        }
    }
}

/// What a message says; nothing when it is one of the transport's own.
fn said(message: Option<Result<Message, axum::Error>>) -> Result<Option<Said>, Option<Close>> {
    match message {
        Some(Ok(Message::Text(text))) => Said::parse(&text).map(Some).map_err(Some),
        Some(Ok(Message::Binary(_))) => Err(Some(Close::BadMessage("Send text messages"))),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Err(error)) if error.to_string().contains("too long") => Err(Some(Close::TooBig)),
        None | Some(Ok(Message::Close(_)) | Err(_)) => Err(None),
    }
}

/// None when the client is gone or takes nothing.
async fn send(socket: &mut WebSocket, message: impl Into<Message>) -> Option<()> {
    tokio::time::timeout(LONGEST_SEND, socket.send(message.into())).await.ok()?.ok()
}

/// In a word, for programs: what `extensions.reason` or `extensions.code` would say.
fn reason(error: &Error) -> &'static str {
    let told = ErrorExtensions::from(error.clone());
    told.reason.unwrap_or(told.code.as_str())
}
