//! What a title and a text may be. HTML is text like any other: it is kept as it is and never interpreted.

use unicode_normalization::UnicodeNormalization as _;

use crate::core::{
    error::{Fault, FaultCode},
    text::several_lines,
};

const TITLE_CHARS: usize = 200;
const BODY_CHARS: usize = 50_000;
const COMMENT_CHARS: usize = 10_000;
const MAY_STAY: &[char] = &['\n', '\t'];
/// What a title is sorted by; longer ones differ before that.
const KEY_CHARS: usize = 100;

#[derive(Clone, Debug)]
pub struct Title(String);

/// The text of a post.
#[derive(Clone, Debug)]
pub struct Body(String);

/// The text of a comment.
#[derive(Clone, Debug)]
pub struct CommentBody(String);

impl Title {
    /// One line of 1 to 200 characters.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let title = several_lines(text, TITLE_CHARS, MAY_STAY)?;
        if title.contains(['\n', '\t', '\u{2028}', '\u{2029}']) {
            return Err(Fault::new(FaultCode::Invalid, "Keep it on one line."));
        }
        Ok(Self(title))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What titles are sorted by, alike on every engine.
    pub fn key(&self) -> String {
        self.0.nfkc().flat_map(char::to_lowercase).take(KEY_CHARS).collect::<String>().trim_end().to_owned()
    }
}

impl Body {
    /// 1 to 50,000 characters; line breaks and tabs may stay.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        several_lines(text, BODY_CHARS, MAY_STAY).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CommentBody {
    /// 1 to 10,000 characters; line breaks and tabs may stay.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        several_lines(text, COMMENT_CHARS, MAY_STAY).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
