//! The log, on standard error. Other crates are never heard below `info`, whatever `RUST_LOG` says: their trace
//! lines hold what passes through them, SMTP passwords and request bodies among it.

use std::io::IsTerminal as _;

use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer as _, filter::FilterFn, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::config::{Log, LogFormat};

pub(super) fn start(log: &Log) {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|error| {
        eprintln!("RUST_LOG: {error}; logging at info");
        EnvFilter::new("info")
    });
    // Colours are for people: a file or a collector would keep them as escape codes.
    let lines =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let lines = match log.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let started =
        tracing_subscriber::registry().with(lines.with_filter(FilterFn::new(is_safe))).with(filter).try_init();
    if started.is_err() {
        eprintln!("the log was started already");
    }
}

fn is_safe(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("lyceum") || *metadata.level() <= Level::INFO
}
