//! Where traces go: the settings that every program with OpenTelemetry has, under their own names. None of them counts
//! without an endpoint, since a machine may have them for other programs.

use axum::http::{HeaderName, HeaderValue};

use super::{
    Secret,
    parse::{self, base_url},
    reader::{Parsed, Reader},
};
use crate::core::traces::{Options, Sampler};

#[derive(Clone, Debug)]
pub struct Traces {
    /// Where they are taken, as a whole URL.
    pub endpoint: String,
    /// What goes with each request; keys of hosted collectors are here.
    pub headers: Vec<(String, Secret)>,
    pub options: Options,
}

pub(super) fn read(read: &mut Reader<'_>) -> Option<Traces> {
    if read.or("OTEL_SDK_DISABLED", false, truth, "true") {
        return None;
    }
    let all = read.optional("OTEL_EXPORTER_OTLP_ENDPOINT", base_url, "http://127.0.0.1:4318");
    let own = read.optional("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", as_it_is, "http://127.0.0.1:4318/v1/traces");
    let endpoint = own.or_else(|| all.map(|base| format!("{base}/v1/traces")))?;
    for name in ["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] {
        read.or(name, (), protocol, "http/protobuf");
    }
    let known = |text: &str| headers(text).map(drop);
    let given = read.optional_secret("OTEL_EXPORTER_OTLP_HEADERS", known, "api-key=0123456789");
    let attributes = "deployment.environment.name=production,service.namespace=forum";
    Some(Traces {
        endpoint,
        headers: given.and_then(|given| headers(given.expose()).ok()).unwrap_or_default(),
        options: Options {
            service: read.optional("OTEL_SERVICE_NAME", parse::text, "lyceum"),
            attributes: read.or("OTEL_RESOURCE_ATTRIBUTES", Vec::new(), pairs, attributes),
            sampler: sampler(read),
        },
    })
}

fn sampler(read: &mut Reader<'_>) -> Sampler {
    let sampler = read.or("OTEL_TRACES_SAMPLER", (Share::All, true), named, "parentbased_traceidratio");
    let argument = read.or("OTEL_TRACES_SAMPLER_ARG", 1.0, ratio, "0.1");
    let (share, as_parent) = sampler;
    let ratio = match share {
        Share::All => 1.0,
        Share::Nothing => 0.0,
        Share::Ratio => argument,
    };
    Sampler { ratio, as_parent }
}

/// How many of the traces that begin here are kept.
#[derive(Clone, Copy)]
enum Share {
    All,
    Nothing,
    Ratio,
}

fn named(text: &str) -> Parsed<(Share, bool)> {
    parse::one_of(
        text,
        &[
            ("always_on", (Share::All, false)),
            ("always_off", (Share::Nothing, false)),
            ("traceidratio", (Share::Ratio, false)),
            ("parentbased_always_on", (Share::All, true)),
            ("parentbased_always_off", (Share::Nothing, true)),
            ("parentbased_traceidratio", (Share::Ratio, true)),
        ],
    )
}

fn ratio(text: &str) -> Parsed<f64> {
    let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| "is not a number from 0 to 1".to_owned())
}

fn truth(text: &str) -> Parsed<bool> {
    parse::one_of(&text.to_ascii_lowercase(), &[("true", true), ("false", false)])
}

/// The other protocols, on the other port, would need another client.
fn protocol(text: &str) -> Parsed<()> {
    parse::one_of(text, &[("http/protobuf", ())])
}

/// This one is not a beginning: a slash at its end may matter.
fn as_it_is(text: &str) -> Parsed<String> {
    base_url(text).map(|_| text.to_owned())
}

fn headers(text: &str) -> Parsed<Vec<(String, Secret)>> {
    let header = |(name, value): (String, String)| {
        let known = name.parse::<HeaderName>().is_ok() && value.parse::<HeaderValue>().is_ok();
        known.then(|| (name, Secret::new(value))).ok_or_else(|| "is not a list of headers and values".to_owned())
    };
    pairs(text)?.into_iter().map(header).collect()
}

/// `key=value,key=value`, with what is not plain in a value as `%20`.
fn pairs(text: &str) -> Parsed<Vec<(String, String)>> {
    let fault = || "is not a list such as key=value,key=value".to_owned();
    parse::list(text, |pair| {
        let (key, value) = pair.split_once('=').ok_or_else(fault)?;
        let (key, value) = (key.trim(), decoded(value.trim()).ok_or_else(fault)?);
        if key.is_empty() { Err(fault()) } else { Ok((key.to_owned(), value)) }
    })
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}
