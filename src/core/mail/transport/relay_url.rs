//! Reads `SMTP_URL`: which relay, under whose name, and how its connection is protected.
//!
//! It must not know a connection. Its errors never repeat what they were given, because that holds a password.
//! A password is read as it stands, slashes and all, except that `%` begins an escape.

use std::net::IpAddr;

const DEFAULT_PORT: u16 = 25;
const SUBMISSION_PORT: u16 = 587;
const SUBMISSIONS_PORT: u16 = 465;

#[derive(Clone, PartialEq, Eq)]
pub(super) struct RelayUrl {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) credentials: Option<(String, String)>,
    /// What EHLO says, when it is not to be this machine's name.
    pub(super) hello_name: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// TLS from the first byte.
    Implicit,
    /// STARTTLS, or nothing is sent.
    Required,
    /// STARTTLS when the relay offers it, which whoever stands in between can prevent.
    Opportunistic,
    Plain,
}

impl Security {
    fn default_port(self) -> u16 {
        match self {
            Self::Implicit => SUBMISSIONS_PORT,
            Self::Required | Self::Opportunistic => SUBMISSION_PORT,
            Self::Plain => DEFAULT_PORT,
        }
    }
}

impl RelayUrl {
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        if url.chars().any(|char| char.is_control() || char.is_whitespace()) {
            return Err("holds a space or a control character".to_owned());
        }
        let (implicit, rest) = match url.split_once("://") {
            Some(("smtps", rest)) => (true, rest),
            Some(("smtp", rest)) => (false, rest),
            _ => return Err("does not begin with smtp:// or smtps://".to_owned()),
        };
        // The last one: no later part can hold an @, and a password may.
        let (user, rest) = rest.rsplit_once('@').map_or((None, rest), |(user, rest)| (Some(user), rest));
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let (place, name) = rest.split_once('/').map_or((rest, ""), |(place, name)| (place, name));
        let (host, port) = host_and_port(place)?;
        let security = security(implicit, query, host)?;
        Ok(Self {
            host: host.to_owned(),
            port: port.unwrap_or(security.default_port()),
            security,
            credentials: user.map(credentials).transpose()?,
            hello_name: hello_name(name)?,
        })
    }
}

fn host_and_port(place: &str) -> Result<(&str, Option<u16>), String> {
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) if host.parse::<IpAddr>().is_ok() => (host, port),
        Some(_) => return Err("has no IPv6 address between its brackets".to_owned()),
        None => {
            let (host, port) = place.split_at(place.find(':').unwrap_or(place.len()));
            if !is_host_name(host) {
                return Err("has no host name where one is expected".to_owned());
            }
            (host, port)
        }
    };
    match port.strip_prefix(':') {
        None if port.is_empty() => Ok((host, None)),
        Some(number) => match number.parse::<u16>() {
            Ok(number) if number > 0 => Ok((host, Some(number))),
            _ => Err("has no port number after the colon".to_owned()),
        },
        None => Err("has something other than a port after its host".to_owned()),
    }
}

fn security(implicit: bool, query: Option<&str>, host: &str) -> Result<Security, String> {
    match (implicit, query) {
        (true, None | Some("tls=required")) => Ok(Security::Implicit),
        (true, Some(_)) => Err("asks for less than the TLS that smtps:// means".to_owned()),
        // What stays on this machine needs no protection on the way, and a local relay seldom has a certificate.
        (false, None) if is_loopback(host) => Ok(Security::Plain),
        (false, None | Some("tls=required")) => Ok(Security::Required),
        (false, Some("tls=opportunistic")) => Ok(Security::Opportunistic),
        (false, Some("tls=none")) => Ok(Security::Plain),
        (false, Some(_)) => Err("may say ?tls=required, ?tls=opportunistic or ?tls=none, and nothing else".to_owned()),
    }
}

fn credentials(text: &str) -> Result<(String, String), String> {
    let (name, password) = text.split_once(':').ok_or("has a user name without a password")?;
    Ok((unescape(name)?, unescape(password)?))
}

fn hello_name(text: &str) -> Result<Option<String>, String> {
    match text {
        "" => Ok(None),
        name if is_host_name(name) => Ok(Some(name.to_owned())),
        _ => Err("has a path that is not a host name for EHLO".to_owned()),
    }
}

fn is_host_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|char| char.is_ascii_alphanumeric() || "-._".contains(char))
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn unescape(text: &str) -> Result<String, String> {
    let wrong = || "has a % that is not followed by two hexadecimal digits; write %25 for a %".to_owned();
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2).ok_or_else(wrong)?;
        if !digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| wrong())?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).map_err(|_| "has a name or password that is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests;
