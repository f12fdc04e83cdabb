//! The statements that the app runs: their number, and their texts as the app traces them.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex, Once},
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
};

use super::{Answer, Call, Lyceum};

const TARGET: &str = "lyceum::core::db";

/// Keeps the texts of statements that this thread runs while it lives; a test has one thread.
pub(crate) struct Statements {
    texts: Arc<Mutex<Vec<String>>>,
    _guard: DefaultGuard,
}

/// Wants every statement's trace and keeps none. With it as the process's own, no test that runs beside this one and
/// listens to nothing can have the trace switched off for all of them.
struct Deaf;

impl<S: Subscriber> Layer<S> for Deaf {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target() == TARGET
    }
}

impl Statements {
    pub(crate) fn watch() -> Self {
        static WANTED: Once = Once::new();
        WANTED.call_once(|| {
            tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Deaf)).unwrap();
        });
        let texts = Arc::new(Mutex::new(Vec::new()));
        let subscriber = tracing_subscriber::registry().with(Recorder(texts.clone()));
        Self { texts, _guard: tracing::subscriber::set_default(subscriber) }
    }

    pub(crate) fn texts(self) -> Vec<String> {
        self.texts.lock().unwrap().clone()
    }
}

impl Lyceum {
    /// The answer, and how many statements it took.
    pub(crate) async fn counted(&self, call: Call) -> (Answer, u64) {
        let before = self.app.core.db.statements();
        let answer = self.send(call).await;
        (answer, self.app.core.db.statements() - before)
    }

    /// The answer, and the statements that it took.
    pub(crate) async fn watched(&self, call: Call) -> (Answer, Vec<String>) {
        let statements = Statements::watch();
        let answer = self.send(call).await;
        (answer, statements.texts())
    }
}

struct Recorder(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target() == TARGET
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut Text(&self.0));
    }
}

struct Text<'t>(&'t Mutex<Vec<String>>);

impl Visit for Text<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "sql" {
            self.0.lock().unwrap().push(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}
