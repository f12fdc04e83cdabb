//! What texts have in common, whatever they are about: one line that hides nothing, or several. Lengths are counted in
//! characters of the normal form NFC. It must not know what a text is for.

use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization as _;

use super::error::{Fault, FaultCode};

/// In bytes: the longest decomposition of a code point is 18 or so. It only bounds the work.
const LONGEST_CHAR: usize = 32;

/// Trimmed text in NFC of 1 to `most` code points that stays one line and hides nothing.
pub(super) fn one_line(typed: &str, most: usize) -> Result<String, Fault> {
    let text = typed.trim();
    if text.is_empty() {
        return Err(Fault::new(FaultCode::Required, format!("Use 1 to {most} characters.")));
    }
    if text.len() > LONGEST_CHAR * most {
        return Err(too_long(most));
    }
    // Trimming must not hide a line break at the end either.
    if typed.chars().any(is_control_or_hidden) || has_stray_joiner(text) {
        let message = "Leave out control characters, line breaks and invisible characters.";
        return Err(Fault::new(FaultCode::Invalid, message));
    }
    let text: String = text.nfc().collect();
    if text.chars().count() > most { Err(too_long(most)) } else { Ok(text) }
}

/// Trimmed text in NFC of 1 to `most` code points, in which of all control characters these may stay.
pub(super) fn several_lines(typed: &str, most: usize, may_stay: &[char]) -> Result<String, Fault> {
    if typed.len() > LONGEST_CHAR * most {
        return Err(too_long(most));
    }
    let text = typed.replace("\r\n", "\n").nfc().collect::<String>();
    // Before the ends are trimmed: some control characters count as white space.
    let has_control = text.chars().any(|c| c.is_control() && !may_stay.contains(&c));
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

pub(super) fn is_control_or_hidden(c: char) -> bool {
    c.is_control() || HIDDEN.iter().any(|range| range.contains(&c))
}

/// Characters that break a line, turn its direction, or cannot be seen, but for the two joiners and the variation
/// selectors that some scripts and emoji are spelt with.
const HIDDEN: [RangeInclusive<char>; 17] = [
    '\u{AD}'..='\u{AD}',
    '\u{34F}'..='\u{34F}',
    '\u{61C}'..='\u{61C}',
    '\u{115F}'..='\u{1160}',
    '\u{17B4}'..='\u{17B5}',
    '\u{180E}'..='\u{180E}',
    '\u{200B}'..='\u{200B}',
    '\u{200E}'..='\u{200F}',
    '\u{2028}'..='\u{202E}',
    '\u{2060}'..='\u{206F}',
    '\u{2800}'..='\u{2800}',
    '\u{3164}'..='\u{3164}',
    '\u{FEFF}'..='\u{FEFF}',
    '\u{FFA0}'..='\u{FFA0}',
    '\u{FFF0}'..='\u{FFFF}',
    '\u{1D173}'..='\u{1D17A}',
    '\u{E0000}'..='\u{E00FF}',
];

/// ZWNJ and ZWJ shape what stands on both sides of them. Anywhere else, and next to ASCII, they only make two
/// equal-looking names differ; so does a variation selector with nothing before it.
fn has_stray_joiner(text: &str) -> bool {
    let is_joiner = |c: char| matches!(c, '\u{200C}' | '\u{200D}');
    let is_shaped = |c: char| !c.is_ascii() && !c.is_whitespace() && !is_joiner(c);
    let is_stray = |before: char, c: char, after: char| match c {
        '\u{200C}' | '\u{200D}' => !is_shaped(before) || !is_shaped(after),
        '\u{180B}'..='\u{180D}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' => before.is_whitespace(),
        _ => false,
    };
    let chars: Vec<char> = format!(" {text} ").chars().collect();
    chars.windows(3).any(|three| matches!(three, [before, c, after] if is_stray(*before, *c, *after)))
}
