//! What the parts of a profile may be, each parsed once into a type of its own. A fault names the broken rule and never
//! repeats the value. A link is shown to strangers, who follow it: it leads to a site over TLS or nowhere.

use url::{Host, Url};

use crate::core::{
    error::{Fault, FaultCode},
    text::{is_control_or_hidden, one_line, several_lines},
};

const LINE_CHARS: usize = 100;
const LINK_CHARS: usize = 500;

/// An occupation, a country, a county: one line of 1 to 100 characters.
#[derive(Clone, Debug)]
pub struct Line(String);

/// A text of 1 to `MOST` characters, which may have line breaks.
#[derive(Clone, Debug)]
pub struct Text<const MOST: usize>(String);

/// What somebody tells about oneself.
pub type Bio = Text<1000>;

pub type HomeAddress = Text<500>;

/// What somebody tells about the links.
pub type LinksDescription = Text<500>;

/// A link that anybody may follow, in the one spelling of the URL standard: `https`, a host with a dot in its name, no
/// user and no password, at most 500 characters.
#[derive(Clone, Debug)]
pub struct Link(String);

impl Line {
    pub fn parse(typed: &str) -> Result<Self, Fault> {
        one_line(typed, LINE_CHARS).map(Self)
    }
}

impl<const MOST: usize> Text<MOST> {
    pub fn parse(typed: &str) -> Result<Self, Fault> {
        several_lines(typed, MOST, &['\n']).map(Self)
    }
}

impl Link {
    pub fn parse(typed: &str) -> Result<Self, Fault> {
        let typed_link = typed.trim();
        if typed_link.is_empty() {
            return Err(Fault::new(FaultCode::Required, "Enter a link, such as https://example.com/ada."));
        }
        // Only bounds the work: the normal form is measured below.
        if typed_link.len() > 4 * LINK_CHARS {
            return Err(too_long());
        }
        // The URL standard drops line breaks and tabs without a word; what was typed should be what is seen.
        if typed.chars().any(is_control_or_hidden) {
            return Err(invalid("Leave out control characters, line breaks and invisible characters."));
        }
        // It also takes `https:example.com` and back slashes, which people do not read as browsers do.
        if !typed_link.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://")) {
            return Err(invalid("Use a link that starts with https://."));
        }
        if typed_link.contains('\\') {
            return Err(no_site());
        }
        let url = Url::parse(typed_link).map_err(|_| no_site())?;
        if !url.username().is_empty() || url.password().is_some() || authority(typed_link).contains('@') {
            return Err(invalid("Leave out the user name and the password before the @."));
        }
        let Some(Host::Domain(domain)) = url.host() else { return Err(no_site()) };
        if !domain.trim_end_matches('.').contains('.') {
            return Err(no_site());
        }
        let link = String::from(url);
        if link.len() > LINK_CHARS { Err(too_long()) } else { Ok(Self(link)) }
    }
}

/// What stands between `https://` and the path.
fn authority(link: &str) -> &str {
    link.get(8..).and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default()
}

fn no_site() -> Fault {
    invalid("Use a link to a site, such as https://example.com/ada.")
}

fn invalid(message: &str) -> Fault {
    Fault::new(FaultCode::Invalid, message)
}

fn too_long() -> Fault {
    Fault::new(FaultCode::TooLong, format!("Use a link of at most {LINK_CHARS} characters."))
}

impl From<Line> for String {
    fn from(line: Line) -> Self {
        line.0
    }
}

impl<const MOST: usize> From<Text<MOST>> for String {
    fn from(text: Text<MOST>) -> Self {
        text.0
    }
}

impl From<Link> for String {
    fn from(link: Link) -> Self {
        link.0
    }
}

#[cfg(test)]
mod tests;
