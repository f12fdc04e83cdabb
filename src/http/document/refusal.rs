//! Why a document is refused, in one line for the front-end developer who wrote it, with a code for the program.
//!
//! A message names the limit and its value, and repeats at most one name of the document, cut short: refusals go to
//! logs and screens that the sender must not be able to fill. It must not know HTTP: what status a code means is the
//! handler's business.

use async_graphql::{Pos, parser};

use crate::graphql::Code;

/// How many characters of a name in the document a message repeats.
const ECHO: usize = 60;
/// Room for the parser's longest list of what it expected.
const EXPECTATION: usize = 120;

/// A document, or an operation of it, that is not executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    /// One line.
    pub(crate) message: String,
    /// Where in the document; empty when it is about the whole.
    pub(crate) locations: Vec<Pos>,
}

impl Refusal {
    pub(crate) fn new(code: Code, message: String) -> Self {
        Self { code, message, locations: Vec::new() }
    }

    /// Too complex: `whose` has `count` of these things.
    pub(super) fn over(whose: &str, count: usize, things: &str, limit: usize) -> Self {
        let message = format!("The {whose} has {count} {things}, and the limit is {limit}.");
        Self::new(Code::QueryTooComplex, message)
    }

    pub(super) fn at(mut self, pos: Pos) -> Self {
        self.locations.push(pos);
        self
    }
}

impl From<parser::Error> for Refusal {
    fn from(error: parser::Error) -> Self {
        use parser::Error;
        let locations = error.positions().collect();
        let (code, message) = match error {
            Error::Syntax { message, start, .. } => {
                let Pos { line, column } = start;
                let fault = syntax_fault(&message);
                (Code::GraphqlParseFailed, format!("Syntax error at line {line}, column {column}: {fault}"))
            }
            Error::MultipleOperations { .. } => {
                let message = "An operation without a name must be the only one of its document.";
                (Code::GraphqlValidationFailed, message.to_owned())
            }
            Error::OperationDuplicated { operation, .. } => {
                let message = format!("There are two operations named \"{}\".", echo(&operation));
                (Code::GraphqlValidationFailed, message)
            }
            Error::FragmentDuplicated { fragment, .. } => {
                let message = format!("There are two fragments named \"{}\".", echo(&fragment));
                (Code::GraphqlValidationFailed, message)
            }
            Error::MissingOperation => {
                (Code::GraphqlValidationFailed, "The document has fragments, but no operation.".to_owned())
            }
            Error::RecursionLimitExceeded => {
                (Code::QueryTooDeep, "The document nests selections too deep to be parsed.".to_owned())
            }
            _ => (Code::GraphqlParseFailed, "The document cannot be parsed.".to_owned()),
        };
        Self { code, message, locations }
    }
}

/// The last line of the parser's drawing of the place, the only one that is not the client's text.
fn syntax_fault(drawing: &str) -> String {
    let last = drawing.lines().next_back().unwrap_or_default().trim_start();
    let fault = last.strip_prefix("= ").unwrap_or(last);
    if fault.starts_with("invalid number") {
        return "this number is out of range".to_owned();
    }
    let words: Vec<_> = fault.split(' ').map(plain_words).collect();
    words.join(" ").chars().take(EXPECTATION).collect()
}

/// A rule of the parser's grammar, or a word between rules, in plain words: `type_` with its comma is `type,`.
fn plain_words(rule: &str) -> String {
    let (name, comma) = rule.strip_suffix(',').map_or((rule, ""), |name| (name, ","));
    let plain = match name {
        "EOI" => "end of document".to_owned(),
        "executable_definition" => "operation or fragment".to_owned(),
        name => name.trim_end_matches('_').replace('_', " "),
    };
    plain + comma
}

/// A client's name as a message may repeat it.
pub(super) fn echo(name: &str) -> String {
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    let mut short: String = name.chars().map(plain).take(ECHO).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}
