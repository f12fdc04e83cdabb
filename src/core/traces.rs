//! Traces, by the API of OpenTelemetry: what a request did, in which order, and how long each part took. Spans are made
//! here and wait in a bounded queue; `http/collector.rs` sends them. Without a collector there is nothing of all this: no
//! span is made, and nobody's work is wrapped.
//!
//! A span tells what kind of thing was done. What people write is never in one: no variable, no text of a document, no
//! value of a statement, no address.

mod queue;
mod statements;

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::future::Either;
use opentelemetry::{
    Context, InstrumentationScope, KeyValue,
    propagation::{Extractor, TextMapPropagator as _},
    trace::{
        FutureExt as _, SpanId, SpanKind, Status, TraceContextExt as _, TraceId, Tracer as _, TracerProvider as _,
        WithContext,
    },
};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    resource::TelemetryResourceDetector,
    trace::{IdGenerator, Sampler as Sampling, SdkTracer, SdkTracerProvider, SpanLimits},
};

pub use queue::{Batch, Outgoing};
pub use statements::Statements;

use super::{
    clock::{Clock, Time},
    random::Random,
};

/// As much of it as others have to pass on, too (W3C Trace Context, 3.3.1.5).
const LONGEST_STATE: usize = 512;

/// Which traces are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampler {
    /// Of those that begin here, from none (0) to all (1).
    pub ratio: f64,
    /// Whether a trace that began elsewhere is kept when it is kept there.
    pub as_parent: bool,
}

/// Who it is that tells.
#[derive(Clone, Debug)]
pub struct Options {
    /// The service's name; none means that of the attributes, or `lyceum`.
    pub service: Option<String>,
    /// What else is said of it.
    pub attributes: Vec<(String, String)>,
    pub sampler: Sampler,
}

/// Makes spans, when there is somebody to send them to.
#[derive(Clone, Debug, Default)]
pub struct Traces(Option<Arc<Maker>>);

#[derive(Debug)]
struct Maker {
    tracer: SdkTracer,
    clock: Clock,
    queue: queue::Queue,
}

/// Something that is being done; it ends when this is dropped.
pub struct Span {
    context: Context,
    clock: Clock,
}

/// The trace that a request says it is a part of.
#[derive(Clone, Copy, Debug)]
pub struct Remote<'a> {
    pub parent: &'a str,
    pub state: Option<&'a str>,
}

impl Traces {
    /// With the other end of the queue.
    pub fn new(options: Options, clock: Clock, random: Random) -> (Self, Outgoing) {
        let resource = resource(options.service, options.attributes, random.uuid(clock.now()).to_string());
        let (queue, outgoing) = queue::new(resource.clone());
        let Sampler { ratio, as_parent } = options.sampler;
        let own = Sampling::TraceIdRatioBased(ratio);
        let sampling = if as_parent { Sampling::ParentBased(Box::new(own)) } else { own };
        let provider = SdkTracerProvider::builder()
            .with_span_processor(queue.clone())
            .with_resource(resource)
            .with_id_generator(Ids(random))
            .with_span_limits(SpanLimits::default())
            .with_sampler(sampling)
            .build();
        let scope = InstrumentationScope::builder("lyceum").with_version(env!("CARGO_PKG_VERSION")).build();
        let tracer = provider.tracer_with_scope(scope);
        (Self(Some(Arc::new(Maker { tracer, clock, queue }))), outgoing)
    }

    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// A span of what was asked of this server: a part of the trace that the request names, or else of what is going on.
    /// The name and the attributes are asked for only when somebody wants to know them.
    pub fn server(
        &self,
        name: impl FnOnce() -> Cow<'static, str>,
        remote: Option<Remote<'_>>,
        attributes: impl FnOnce() -> Vec<KeyValue>,
    ) -> Option<Span> {
        let maker = self.0.as_deref()?;
        let parent = remote.map_or_else(Context::current, |remote| {
            TraceContextPropagator::new().extract_with_context(&Context::new(), &remote)
        });
        let begun = system_time(maker.clock.now());
        let builder = maker.tracer.span_builder(name()).with_kind(SpanKind::Server).with_start_time(begun);
        let context = parent.with_span(maker.tracer.build_with_context(builder, &parent));
        let span = context.span();
        if span.is_recording() {
            span.set_attributes(attributes());
        }
        Some(Span { context, clock: maker.clock.clone() })
    }

    /// For the statements of a database; nothing when nobody wants to know them.
    pub fn statements(&self, url: &str) -> Option<Statements> {
        self.0.as_ref().map(|maker| Statements::new(maker.tracer.clone(), maker.clock.clone(), url))
    }

    /// Done when everything that has ended until now was sent or given up, at the latest after this time.
    pub async fn flush(&self, patience: Duration) {
        if let Some(maker) = &self.0 {
            let _ = tokio::time::timeout(patience, maker.queue.flush()).await;
        }
    }
}

impl Span {
    pub fn trace_id(&self) -> TraceId {
        self.context.span().span_context().trace_id()
    }

    pub fn set(&self, attribute: KeyValue) {
        self.context.span().set_attribute(attribute);
    }

    /// What was done has gone wrong, by our fault.
    pub fn fail(&self) {
        self.context.span().set_status(Status::error(""));
    }
}

/// Work that is a part of this span, and so is what it does in turn. Without one it is left as it is.
pub fn within<F: Future>(span: Option<&Span>, work: F) -> Either<WithContext<F>, F> {
    match span {
        Some(span) => Either::Left(work.with_context(span.context.clone())),
        None => Either::Right(work),
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        self.context.span().end_with_timestamp(system_time(self.clock.now()));
    }
}

impl Extractor for Remote<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => Some(self.parent),
            "tracestate" => self.state.filter(|state| state.len() <= LONGEST_STATE),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}

/// Chance from where all of it comes.
#[derive(Debug)]
struct Ids(Random);

impl Ids {
    /// Zeros would mean that there is no id.
    fn draw<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        while bytes == [0; N] {
            self.0.fill(&mut bytes);
        }
        bytes
    }
}

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        TraceId::from_bytes(self.draw())
    }

    fn new_span_id(&self) -> SpanId {
        SpanId::from_bytes(self.draw())
    }
}

fn resource(service: Option<String>, attributes: Vec<(String, String)>, instance: String) -> Resource {
    let own = [
        KeyValue::new("service.name", "lyceum"),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("service.instance.id", instance),
    ];
    let given = attributes.into_iter().map(|(key, value)| KeyValue::new(key, value));
    let name = service.map(|name| KeyValue::new("service.name", name));
    // What comes later replaces what came before.
    Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attributes(own.into_iter().chain(given).chain(name))
        .build()
}

fn system_time(time: Time) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(time.0).unwrap_or(0))
}

#[cfg(test)]
mod tests;
