//! From a setting's text to its value. Each error completes the sentence `"the value" …`.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use crate::core::{mail::transport::Transport, redis::Redis};

use super::{AppEnv, Disclosure, LogFormat, SqliteDurability, Verification, reader::Parsed};

pub(super) fn app_env(text: &str) -> Parsed<AppEnv> {
    one_of(text, &[("development", AppEnv::Development), ("production", AppEnv::Production)])
}

pub(super) fn disclosure(text: &str) -> Parsed<Disclosure> {
    one_of(text, &[("strict", Disclosure::Strict), ("friendly", Disclosure::Friendly)])
}

pub(super) fn verification(text: &str) -> Parsed<Verification> {
    one_of(text, &[("required", Verification::Required), ("optional", Verification::Optional)])
}

pub(super) fn durability(text: &str) -> Parsed<SqliteDurability> {
    one_of(&text.to_ascii_lowercase(), &[("full", SqliteDurability::Full), ("normal", SqliteDurability::Normal)])
}

pub(super) fn log_format(text: &str) -> Parsed<LogFormat> {
    one_of(text, &[("text", LogFormat::Text), ("json", LogFormat::Json)])
}

pub(super) fn switch(text: &str) -> Parsed<bool> {
    one_of(text, &[("on", true), ("off", false)])
}

/// A switch that only development may turn off.
pub(super) fn only_on(text: &str) -> Parsed<bool> {
    if switch(text)? { Ok(true) } else { Err("may be off in development only".to_owned()) }
}

#[expect(clippy::unnecessary_wraps, reason = "it stands where a parser stands")]
pub(super) fn path(text: &str) -> Parsed<PathBuf> {
    Ok(PathBuf::from(text))
}

#[expect(clippy::unnecessary_wraps, reason = "it stands where a parser stands")]
pub(super) fn text(text: &str) -> Parsed<String> {
    Ok(text.to_owned())
}

pub(super) fn address(text: &str) -> Parsed<SocketAddr> {
    text.parse().map_err(|_| "is not an address and a port".to_owned())
}

pub(super) fn addresses(text: &str) -> Parsed<Vec<IpAddr>> {
    list(text, |part| part.parse().map_err(|_| "is not a list of IP addresses".to_owned()))
}

pub(super) fn within<T>(least: T, most: T) -> impl Fn(&str) -> Parsed<T>
where
    T: FromStr + PartialOrd + std::fmt::Display + Copy,
{
    move |text| match text.parse() {
        Ok(value) if value >= least && value <= most => Ok(value),
        _ => Err(format!("is not a whole number from {least} to {most}")),
    }
}

/// `500ms`, `30s`, `10m`, `12h`, `30d`.
pub fn duration(text: &str) -> Parsed<Duration> {
    let fault = || "is not a duration such as 30s, 10m, 12h or 30d".to_owned();
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(fault)?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| fault())?;
    let seconds = match unit {
        "ms" => return Ok(Duration::from_millis(number)),
        "s" => Some(number),
        "m" => number.checked_mul(60),
        "h" => number.checked_mul(60 * 60),
        "d" => number.checked_mul(24 * 60 * 60),
        _ => None,
    };
    seconds.map(Duration::from_secs).ok_or_else(fault)
}

/// An absolute `http` or `https` URL without query or fragment; the trailing slash is dropped.
pub(super) fn base_url(text: &str) -> Parsed<String> {
    let fault = || "is not an http or https URL without query and fragment".to_owned();
    let uri: axum::http::Uri = text.parse().map_err(|_| fault())?;
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    let host =
        uri.authority().is_some_and(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'));
    if web && host && uri.query().is_none() && !text.contains('#') {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err(fault())
    }
}

/// Origins exactly as browsers send them: scheme, host, and a port where it is not the scheme's own.
pub(super) fn origins(text: &str) -> Parsed<Vec<String>> {
    list(text, |part| {
        let origin = base_url(part)?;
        let path = origin.splitn(4, '/').nth(3);
        if path.is_some() { Err("holds an origin with a path".to_owned()) } else { Ok(origin.to_ascii_lowercase()) }
    })
}

pub(super) fn database_url(text: &str) -> Parsed<()> {
    let schemes = ["sqlite:", "postgres://", "postgresql://", "mysql://"];
    if schemes.iter().any(|scheme| text.starts_with(scheme)) {
        Ok(())
    } else {
        Err("is not a sqlite, postgres or mysql URL".to_owned())
    }
}

pub(super) fn redis_url(text: &str) -> Parsed<()> {
    Redis::check_url(text)
}

pub(super) fn smtp_url(text: &str) -> Parsed<()> {
    Transport::smtp(text).map(drop)
}

/// A mailbox with an ASCII address: another one cannot be put on every wire, and then no mail would leave.
pub(super) fn mailbox(text: &str) -> Parsed<String> {
    match text.parse::<lettre::message::Mailbox>() {
        Ok(mailbox) if mailbox.email.to_string().is_ascii() => Ok(mailbox.to_string()),
        _ => Err("is not a mailbox".to_owned()),
    }
}

pub(super) fn one_of<T: Copy>(text: &str, choices: &[(&str, T)]) -> Parsed<T> {
    choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        format!("is none of {}", names.join(", "))
    })
}

pub(super) fn list<T>(text: &str, parse: impl Fn(&str) -> Parsed<T>) -> Parsed<Vec<T>> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(parse).collect()
}
