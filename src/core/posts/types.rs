//! What a title and a text may be. HTML is text like any other: it is kept as it is and never interpreted.

use unicode_normalization::UnicodeNormalization as _;

use crate::core::error::{Fault, FaultCode};

const TITLE_CHARS: usize = 200;
const BODY_CHARS: usize = 50_000;
const COMMENT_CHARS: usize = 10_000;
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
        let title = trimmed(text, TITLE_CHARS)?;
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
        trimmed(text, BODY_CHARS).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CommentBody {
    /// 1 to 10,000 characters; line breaks and tabs may stay.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        trimmed(text, COMMENT_CHARS).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn trimmed(text: &str, most: usize) -> Result<String, Fault> {
    // The longest decomposition of a code point is 18 bytes or so: this only bounds the work below.
    if text.len() > 32 * most {
        return Err(too_long(most));
    }
    let text = text.replace("\r\n", "\n").nfc().collect::<String>();
    // Before the ends are trimmed: some control characters count as white space.
    let has_control = text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    let text = text.trim();
    if text.is_empty() && !has_control {
        return Err(Fault::new(FaultCode::Required, "Write something."));
    }
    if text.chars().count() > most {
        return Err(too_long(most));
    }
    if has_control {
        return Err(Fault::new(FaultCode::Invalid, "Leave out control characters."));
    }
    Ok(text.to_owned())
}

fn too_long(most: usize) -> Fault {
    Fault::new(FaultCode::TooLong, format!("Use at most {most} characters."))
}
