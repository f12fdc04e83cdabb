use opentelemetry::trace::SpanContext;

use super::*;

/// Nobody pays for traces that nobody takes: no span is made, no name is put together, no work is wrapped.
#[tokio::test]
async fn nothing_is_made_for_nobody() {
    let off = Traces::default();
    let span = off.server(|| unreachable!("a name"), None, || unreachable!("attributes"));
    assert!(span.is_none() && off.statements("sqlite://lyceum.db").is_none());
    assert!(matches!(within(span.as_ref(), async {}), Either::Right(_)));
    off.flush(Duration::MAX).await;
}

/// A trace that is not kept has an id, for the log, and what would be told of it is not asked for.
#[test]
fn a_trace_that_is_not_kept_has_an_id_and_nothing_else() {
    let sampler = Sampler { ratio: 0.0, as_parent: true };
    let options = Options { service: None, attributes: Vec::new(), sampler };
    let (traces, outgoing) = Traces::new(options, Clock::fixed(Time(0)), Random::seeded(1));
    let span = traces.server(|| "GET".into(), None, || unreachable!("attributes"));
    assert!(span.is_some_and(|span| span.trace_id() != TraceId::INVALID));
    assert_eq!(outgoing.lost(), 0);
}

/// What others pass on is bounded before it is kept with each span.
#[test]
fn a_long_state_is_not_passed_on() {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let state = |state: &str| {
        let remote = Remote { parent, state: Some(state) };
        let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &remote);
        let told = |of: &SpanContext| of.trace_state().header();
        told(context.span().span_context())
    };
    assert_eq!(state("a=b"), "a=b");
    assert_eq!(state(&format!("a={}", "b".repeat(LONGEST_STATE))), "");
}
