//! Connections: accepted up to a number, in all and from one address; closed when headers do not come in time, or
//! nothing comes at all; finished before the process ends.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use tower::ServiceExt as _;

use super::idle::{self, Heard};

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub header_timeout: Duration,
    /// How long a connection may be silent between two requests.
    pub keep_alive: Duration,
    pub connections: usize,
    pub connections_per_ip: usize,
    /// How long requests in flight may go on after the signal to stop.
    pub grace: Duration,
}

/// Tells sockets and streams, which never end by themselves, that the server stops.
#[derive(Clone)]
pub struct Closing(watch::Sender<bool>);

impl Default for Closing {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Closing {
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    pub(super) async fn begun(&self) {
        let mut begun = self.0.subscribe();
        // The sender is `self`, so there is no other end than the awaited one.
        let _ = begun.wait_for(|begun| *begun).await;
    }
}

/// Serves until `stop` is done, then finishes what is in flight and closes the sockets.
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    limits: Limits,
    closing: &Closing,
    stop: impl Future<Output = ()>,
) {
    let places = Places::new(limits);
    tokio::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most probably: wait until some are free again.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let Some(place) = places.take(peer.ip()) else {
            tracing::warn!(address = %peer.ip(), "connection refused: too many");
            continue;
        };
        let place = Arc::new(place);
        let connection = connection(stream, peer, place.clone(), routes.clone(), limits);
        let closing = closing.clone();
        tokio::spawn(async move {
            let _place = place;
            let mut connection = std::pin::pin!(connection);
            let ended = tokio::select! {
                ended = &mut connection => ended,
                () = closing.begun() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "connection ended");
            }
        });
    }
    drop(listener);
    closing.begin();
    if tokio::time::timeout(limits.grace, places.empty()).await.is_err() {
        tracing::warn!("some requests were still in flight");
    }
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    place: Arc<Place>,
    routes: Router,
    limits: Limits,
) -> hyper::server::conn::http1::UpgradeableConnection<
    TokioIo<Heard>,
    impl hyper::service::Service<
        Request<hyper::body::Incoming>,
        Response = axum::response::Response,
        Error = Infallible,
        Future: Send,
    >,
> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let service = hyper::service::service_fn(move |mut request: Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(place.clone());
        routes.clone().oneshot(request.map(Body::new))
    });
    let (stream, timer) = idle::watched(stream, limits.header_timeout, limits.keep_alive);
    hyper::server::conn::http1::Builder::new()
        .timer(timer)
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
}

/// The connections that are open, and from where.
#[derive(Clone)]
struct Places {
    all: Arc<Semaphore>,
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
    per_address: usize,
    number: u32,
}

/// One open connection, or the socket that has become of it; gives its place back when it goes.
pub(super) struct Place {
    places: Places,
    address: IpAddr,
    _one: OwnedSemaphorePermit,
}

impl Places {
    fn new(limits: Limits) -> Self {
        Self {
            all: Arc::new(Semaphore::new(limits.connections)),
            by_address: Arc::default(),
            per_address: limits.connections_per_ip,
            number: u32::try_from(limits.connections).unwrap_or(u32::MAX),
        }
    }

    /// Done when no connection is open any more.
    async fn empty(&self) {
        let _ = self.all.acquire_many(self.number).await;
    }

    fn take(&self, address: IpAddr) -> Option<Place> {
        let one = self.all.clone().try_acquire_owned().ok()?;
        let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let open = by_address.entry(address).or_default();
        if *open >= self.per_address {
            return None;
        }
        *open += 1;
        drop(by_address);
        Some(Place { places: self.clone(), address, _one: one })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_address = self.places.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = by_address.get_mut(&self.address) {
            *open -= 1;
            if *open == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}
