//! The development mailbox: the mails that were written as files instead of being sent, in the browser.
//!
//! It knows a folder of `.eml` files and nothing of why they are there. A mail is foreign matter even here:
//! its text is escaped, its HTML shown in a frame without scripts, its file asked for by a strictly checked
//! name.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use askama::Template;
use axum::{
    Router,
    extract::{self, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use mail_parser::{Addr, Address, DateTime, Message, MessageParser, PartType};

use super::{OWN_ONLY, headers, html, page};

/// More would only make the list slow: somebody testing sign-up reads the newest ones.
const MOST_LISTED: usize = 200;

/// The frame of a mail takes over the policy of the page around it, and mails style themselves inline.
const WITH_MAIL: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; \
    connect-src 'self'; img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";
const RAW: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

type Folder = Arc<Path>;

pub(super) fn routes(folder: PathBuf) -> Router {
    Router::new()
        .route("/dev/mail", get(list))
        .route("/dev/mail/{name}", get(show))
        .route("/dev/mail/{name}/raw", get(raw))
        .with_state(Folder::from(folder))
}

#[derive(Template)]
#[template(path = "http/pages/mailbox.html")]
struct Mailbox {
    mails: Vec<Listed>,
    total: usize,
}

struct Listed {
    name: String,
    subject: String,
    to: String,
    sent: Option<Sent>,
}

#[derive(Template)]
#[template(path = "http/pages/mail.html")]
struct Mail<'a> {
    name: &'a str,
    subject: &'a str,
    headers: Vec<(&'static str, String)>,
    sent: Option<Sent>,
    text: Vec<Piece<'a>>,
    html: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "http/pages/no_mail.html")]
struct NoMail {
    title: &'static str,
    advice: &'static str,
}

/// A piece of a mail's text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Plain(&'a str),
    Link(&'a str),
}

struct Sent {
    machine: String,
    human: String,
}

async fn list(State(folder): State<Folder>) -> Response {
    match tokio::task::spawn_blocking(move || newest(&folder)).await {
        Ok(Ok(mailbox)) => page(&mailbox),
        Ok(Err(error)) => unreadable(&error),
        Err(error) => unreadable(&io::Error::other(error)),
    }
}

async fn show(State(folder): State<Folder>, extract::Path(name): extract::Path<String>) -> Response {
    match read(&folder, &name).await {
        Ok(bytes) => {
            let message = MessageParser::default().parse(&bytes).unwrap_or_default();
            html(StatusCode::OK, WITH_MAIL, &Mail::new(&name, &message))
        }
        Err(error) => unreadable(&error),
    }
}

async fn raw(State(folder): State<Folder>, extract::Path(name): extract::Path<String>) -> Response {
    match read(&folder, &name).await {
        Ok(bytes) => (headers("text/plain; charset=utf-8", RAW), bytes).into_response(),
        Err(error) => unreadable(&error),
    }
}

/// The file of that name; a name that could lead anywhere else is as good as missing.
async fn read(folder: &Path, name: &str) -> io::Result<Vec<u8>> {
    if !is_mail_name(name) {
        return Err(io::ErrorKind::NotFound.into());
    }
    tokio::fs::read(folder.join(name)).await
}

fn unreadable(error: &io::Error) -> Response {
    if error.kind() == io::ErrorKind::NotFound {
        let title = "There is no such mail";
        let advice = "It may have been deleted from the folder.";
        return html(StatusCode::NOT_FOUND, OWN_ONLY, &NoMail { title, advice });
    }
    tracing::warn!(%error, "the mailbox could not be read");
    let title = "The mailbox cannot be read";
    let advice = "The log of the server says why.";
    html(StatusCode::INTERNAL_SERVER_ERROR, OWN_ONLY, &NoMail { title, advice })
}

pub(super) fn is_mail_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    name.strip_suffix(".eml").is_some_and(|stem| !stem.is_empty()) && name.bytes().all(allowed)
}

fn newest(folder: &Path) -> io::Result<Mailbox> {
    let mut files = files(folder)?;
    files.sort_unstable_by(|one, other| other.cmp(one));
    let total = files.len();
    let mails = files.into_iter().take(MOST_LISTED).filter_map(|(_, name)| listed(folder, name)).collect();
    Ok(Mailbox { mails, total })
}

/// When each mail was written, and its name. No folder is no mail: it is made with the first one.
fn files(folder: &Path) -> io::Result<Vec<(SystemTime, String)>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mails = entries.flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok().filter(|name| is_mail_name(name))?;
        let written = entry.metadata().and_then(|metadata| metadata.modified()).ok()?;
        Some((written, name))
    });
    Ok(mails.collect())
}

/// Nothing for a file that went away since the folder was read.
fn listed(folder: &Path, name: String) -> Option<Listed> {
    let bytes = std::fs::read(folder.join(&name)).ok()?;
    let message = MessageParser::default().parse_headers(&bytes).unwrap_or_default();
    let subject = subject_of(&message).to_owned();
    Some(Listed { subject, to: people(message.to()), sent: message.date().map(Sent::at), name })
}

impl<'a> Mail<'a> {
    fn new(name: &'a str, message: &'a Message<'a>) -> Self {
        let headers = [
            ("From", people(message.from())),
            ("To", people(message.to())),
            ("Cc", people(message.cc())),
            ("Reply-To", people(message.reply_to())),
            ("Message-ID", message.message_id().unwrap_or_default().to_owned()),
        ];
        let text = message.text_bodies().find_map(|part| match &part.body {
            PartType::Text(text) => Some(text.as_ref()),
            _ => None,
        });
        let html = message.html_bodies().find_map(|part| match &part.body {
            PartType::Html(html) => Some(html.as_ref()),
            _ => None,
        });
        Self {
            name,
            subject: subject_of(message),
            headers: headers.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
            sent: message.date().map(Sent::at),
            text: text.map(pieces).unwrap_or_default(),
            html,
        }
    }
}

impl Sent {
    fn at(date: &DateTime) -> Self {
        let date = DateTime::from_timestamp(date.to_timestamp());
        let DateTime { year, month, day, hour, minute, second, .. } = date;
        let human = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC");
        Self { machine: date.to_rfc3339(), human }
    }
}

fn subject_of<'a>(message: &'a Message<'a>) -> &'a str {
    message.subject().filter(|subject| !subject.trim().is_empty()).unwrap_or("(no subject)")
}

fn people(addresses: Option<&Address>) -> String {
    let shown = |one: &Addr| match (one.name(), one.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default().to_owned(),
    };
    let all: Vec<_> = addresses.into_iter().flat_map(Address::iter).map(shown).collect();
    all.join(", ")
}

/// Cuts a text into its web links and what is between them. Only `http` and `https` become links: a mail must
/// not get a `javascript:` one onto this page.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, link, after)) = next_link(rest) {
        pieces.push(Piece::Plain(before));
        pieces.push(Piece::Link(link));
        rest = after;
    }
    pieces.push(Piece::Plain(rest));
    pieces.retain(|piece| *piece != Piece::Plain(""));
    pieces
}

fn next_link(text: &str) -> Option<(&str, &str, &str)> {
    let start = ["http://", "https://"].into_iter().filter_map(|scheme| text.find(scheme)).min()?;
    let (before, tail) = text.split_at_checked(start)?;
    let ends = |it: char| it.is_whitespace() || matches!(it, '"' | '\'' | '<' | '>' | '(' | ')');
    let link = tail.split(ends).next()?;
    // What follows a link in a sentence is not a part of it.
    let link = link.trim_end_matches(['.', ',', ';', ':', '!', '?']);
    Some((before, link, tail.strip_prefix(link)?))
}
