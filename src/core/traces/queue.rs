//! Spans that have ended wait here for whoever sends them. Nobody waits for a place: what does not fit is lost.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use opentelemetry::Context;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanProcessor},
};
use tokio::sync::{mpsc, oneshot};

/// The figures that OpenTelemetry's own batches have.
const PLACES: usize = 2048;
const MOST_AT_ONCE: usize = 512;
const DELAY: Duration = Duration::from_secs(5);

#[derive(Debug)]
enum Entry {
    Ended(Box<SpanData>),
    Flush(oneshot::Sender<()>),
}

/// The end where spans come in.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    entries: mpsc::Sender<Entry>,
    lost: Arc<AtomicU64>,
}

/// The end where they are sent.
pub struct Outgoing {
    /// Whose spans they are.
    pub resource: Resource,
    entries: mpsc::Receiver<Entry>,
    lost: Arc<AtomicU64>,
}

/// Spans to be sent together. Whoever waits for it hears when it is dropped.
#[derive(Default)]
pub struct Batch {
    pub spans: Vec<SpanData>,
    flushed: Option<oneshot::Sender<()>>,
}

impl Batch {
    /// Whether somebody waits until it was sent.
    pub fn is_awaited(&self) -> bool {
        self.flushed.is_some()
    }
}

pub(super) fn new(resource: Resource) -> (Queue, Outgoing) {
    let (sender, receiver) = mpsc::channel(PLACES);
    let lost = Arc::new(AtomicU64::new(0));
    (Queue { entries: sender, lost: lost.clone() }, Outgoing { resource, entries: receiver, lost })
}

impl Queue {
    pub(super) async fn flush(&self) {
        let (flushed, done) = oneshot::channel();
        if self.entries.send(Entry::Flush(flushed)).await.is_ok() {
            let _ = done.await;
        }
    }
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if self.entries.try_send(Entry::Ended(Box::new(span))).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// [`Queue::flush`] does that without holding a thread.
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl Outgoing {
    /// The next spans: as many as go at once, or what there is some seconds after the first of them, or at once when
    /// somebody waits for it. None when there will be no more.
    pub async fn next(&mut self) -> Option<Batch> {
        let mut batch = Batch::default();
        let mut entry = Some(self.entries.recv().await?);
        let mut delay = pin!(tokio::time::sleep(DELAY));
        loop {
            match entry {
                Some(Entry::Ended(span)) => batch.spans.push(*span),
                Some(Entry::Flush(flushed)) => {
                    batch.flushed = Some(flushed);
                    return Some(batch);
                }
                None => return Some(batch),
            }
            if batch.spans.len() == MOST_AT_ONCE {
                return Some(batch);
            }
            entry = tokio::select! {
                entry = self.entries.recv() => entry,
                () = &mut delay => None,
            };
        }
    }

    /// How many found no place since this was asked last.
    pub fn lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
