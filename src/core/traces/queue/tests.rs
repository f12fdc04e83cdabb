//! Claims about the queue itself, with spans that nobody makes in such numbers.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use opentelemetry::trace::{Tracer as _, TracerProvider as _};
use opentelemetry_sdk::trace::SdkTracerProvider;

use super::*;

fn with_spans(count: usize) -> (Queue, Outgoing, SdkTracerProvider) {
    let (queue, outgoing) = new(Resource::builder_empty().build());
    let provider = SdkTracerProvider::builder().with_span_processor(queue.clone()).build();
    let tracer = provider.tracer("tests");
    for _ in 0..count {
        drop(tracer.start("span"));
    }
    (queue, outgoing, provider)
}

/// Whoever makes spans is never held up: the queue takes as many as it has places, and counts the others.
#[tokio::test]
async fn a_full_queue_loses_spans_and_holds_nobody_up() {
    let (_queue, mut outgoing, _provider) = with_spans(PLACES + 3);
    assert_eq!((outgoing.lost(), outgoing.lost()), (3, 0));
    for _ in 0..PLACES / MOST_AT_ONCE {
        assert_eq!(outgoing.next().await.unwrap().spans.len(), MOST_AT_ONCE);
    }
}

/// A flush is done when what was there before it has been dealt with, and not before.
#[tokio::test]
async fn a_flush_waits_for_what_was_there_before() {
    let (queue, mut outgoing, _provider) = with_spans(2);
    let flushed = tokio::spawn(async move { queue.flush().await });
    let batch = outgoing.next().await.unwrap();
    assert_eq!((batch.spans.len(), batch.is_awaited()), (2, true));
    tokio::task::yield_now().await;
    assert!(!flushed.is_finished());
    drop(batch);
    flushed.await.unwrap();
}

/// Without anybody who could tell more, there is an end, and nothing before it is left out.
#[tokio::test]
async fn the_queue_ends_with_those_who_fill_it() {
    let (queue, mut outgoing, provider) = with_spans(1);
    drop((queue, provider));
    assert_eq!(outgoing.next().await.unwrap().spans.len(), 1);
    assert!(outgoing.next().await.is_none());
}
