//! Looks at the raw text of a document before the parser may: how many tokens it has, and how deep its brackets nest.
//!
//! The parser is recursive and builds a tree many times the size of the text; this pass is one loop without memory.
//! It must not know what a document means, and it judges no syntax but one: a string that does not end is refused
//! here, because the parser reads `"""…` without an end as `""` and goes on into text that this pass took for the
//! inside of a string. All else that is wrong stops the parser where it stands, so it never sees deeper brackets
//! than were counted here.

use async_graphql::Pos;

use super::{Limits, Refusal};
use crate::graphql::Code;

const BLOCK_QUOTE: &[u8] = br#"""""#;
const ESCAPED_BLOCK_QUOTE: &[u8] = br#"\""""#;

/// Counts the tokens of a document; the error is about size, nesting or a string without an end.
pub(super) fn survey(text: &str, limits: &Limits) -> Result<usize, Refusal> {
    let mut rest = text.as_bytes();
    let mut tokens = 0_usize;
    let mut nesting = 0_usize;
    while let Some((&first, tail)) = rest.split_first() {
        let here = text.len().saturating_sub(rest.len());
        rest = match first {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {
                rest = tail;
                continue;
            }
            b'#' => {
                rest = after_comment(tail);
                continue;
            }
            0xEF if tail.starts_with(&[0xBB, 0xBF]) => {
                rest = skip(tail, 2);
                continue;
            }
            b'"' => after_string(rest).ok_or_else(|| unterminated(text, here))?,
            b'.' if tail.starts_with(b"..") => skip(tail, 2),
            b'_' | b'A'..=b'Z' | b'a'..=b'z' => skip_while(tail, is_name_byte),
            b'-' | b'0'..=b'9' => after_number(tail),
            b'{' | b'(' | b'[' => {
                nesting += 1;
                if nesting > limits.nesting {
                    return Err(too_deep(text, here, limits));
                }
                tail
            }
            b'}' | b')' | b']' => {
                nesting = nesting.saturating_sub(1);
                tail
            }
            _ => tail,
        };
        tokens += 1;
        if tokens > limits.tokens {
            return Err(too_many(text, here, limits));
        }
    }
    Ok(tokens)
}

fn is_name_byte(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

fn skip(bytes: &[u8], count: usize) -> &[u8] {
    bytes.get(count..).unwrap_or_default()
}

fn skip_while(bytes: &[u8], matches: impl Fn(u8) -> bool) -> &[u8] {
    let count = bytes.iter().take_while(|byte| matches(**byte)).count();
    skip(bytes, count)
}

fn after_comment(bytes: &[u8]) -> &[u8] {
    skip_while(bytes, |byte| byte != b'\n' && byte != b'\r')
}

/// What follows a number whose first byte, a digit or the sign, is already read.
fn after_number(bytes: &[u8]) -> &[u8] {
    let mut rest = skip_while(bytes, |byte| byte.is_ascii_digit());
    if let [b'.', b'0'..=b'9', tail @ ..] = rest {
        rest = skip_while(tail, |byte| byte.is_ascii_digit());
    }
    if let [b'e' | b'E', b'0'..=b'9', tail @ ..] | [b'e' | b'E', b'+' | b'-', b'0'..=b'9', tail @ ..] = rest {
        rest = skip_while(tail, |byte| byte.is_ascii_digit());
    }
    rest
}

/// What follows the string or block string that starts here; `None` when it does not end.
fn after_string(bytes: &[u8]) -> Option<&[u8]> {
    if let Some(mut rest) = bytes.strip_prefix(BLOCK_QUOTE) {
        loop {
            if let Some(tail) = rest.strip_prefix(BLOCK_QUOTE) {
                return Some(tail);
            }
            rest = match rest.strip_prefix(ESCAPED_BLOCK_QUOTE) {
                Some(tail) => tail,
                None => rest.split_first()?.1,
            };
        }
    }
    let mut rest = skip(bytes, 1);
    loop {
        rest = match rest {
            [b'"', tail @ ..] => return Some(tail),
            [] | [b'\n' | b'\r', ..] | [b'\\', b'\n' | b'\r', ..] => return None,
            [b'\\', _, tail @ ..] | [_, tail @ ..] => tail,
        };
    }
}

fn too_many(text: &str, offset: usize, limits: &Limits) -> Refusal {
    let message = format!("The document has more than {} tokens.", limits.tokens);
    Refusal::new(Code::QueryTooLarge, message).at(position(text, offset))
}

fn too_deep(text: &str, offset: usize, limits: &Limits) -> Refusal {
    let message = format!("The document nests brackets more than {} levels deep.", limits.nesting);
    Refusal::new(Code::QueryTooDeep, message).at(position(text, offset))
}

fn unterminated(text: &str, offset: usize) -> Refusal {
    let pos = position(text, offset);
    let message = format!("Syntax error at line {}, column {}: this string does not end", pos.line, pos.column);
    Refusal::new(Code::GraphqlParseFailed, message).at(pos)
}

/// Line and column, counted in characters, of a byte; as the parser counts them.
fn position(text: &str, offset: usize) -> Pos {
    let mut pos = Pos { line: 1, column: 1 };
    for (_, letter) in text.char_indices().take_while(|(index, _)| *index < offset) {
        match letter {
            '\n' => pos = Pos { line: pos.line + 1, column: 1 },
            '\r' => pos.column = 1,
            _ => pos.column += 1,
        }
    }
    pos
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail by panicking")]
mod tests {
    use super::*;

    fn tokens(text: &str) -> usize {
        survey(text, &Limits::default()).unwrap()
    }

    fn refused(text: &str) -> Code {
        survey(text, &Limits::default()).unwrap_err().code
    }

    #[test]
    fn names_numbers_and_punctuators_are_one_token_each() {
        assert_eq!(tokens("query Name($id: [ID!]! = 1) @on { a: b(c: $id) ...F }"), 29);
        assert_eq!(tokens("[0 -1 1.5 -1.5e+10 2E3 1e-3]"), 8);
        assert_eq!(tokens("...F"), 2);
        assert_eq!(tokens("& | = ! $ @ : ."), 8);
    }

    #[test]
    fn whitespace_commas_comments_and_byte_order_marks_are_no_tokens() {
        assert_eq!(tokens(" \t\r\n,,,\u{feff}"), 0);
        assert_eq!(tokens("\u{feff}{ a # b c \" { [ \r b # \"\"\" {{{ \n }"), 4);
        assert_eq!(tokens("# only { a comment"), 0);
    }

    #[test]
    fn brackets_inside_strings_do_not_nest() {
        let brackets = "[{(".repeat(100);
        assert_eq!(tokens(&format!("(a: \"{brackets}\")")), 5);
        assert_eq!(tokens(&format!("(a: \"\"\"{brackets}\"\"\")")), 5);
        assert_eq!(tokens(&format!("a # {brackets}\nb")), 2);
    }

    #[test]
    fn strings_end_where_the_parser_ends_them() {
        assert_eq!(tokens(r#""" "a" "\"" "\\" "\\\"{" "#), 5);
        assert_eq!(tokens(r#""""""" """a""" """" """ "#), 3);
        assert_eq!(tokens(r#""""a \""" "" " { " \\""" """ x"#), 2);
        assert_eq!(tokens("\"\"\"line\n \"quoted\" \r\n{{{\n\"\"\" x"), 2);
        assert_eq!(tokens("\"é # 😀\" x"), 2);
    }

    #[test]
    fn a_string_without_an_end_is_a_syntax_error_at_its_start() {
        for text in ["{ a\n b(c: \"x", "{ a\n b(c: \"x\n\")}", "{ a\n b(c: \"\"\" x\"\\\"\"\")}", "{ a\n b(c: \"\\"] {
            let refusal = survey(text, &Limits::default()).unwrap_err();
            assert_eq!(refusal.code, Code::GraphqlParseFailed, "{text}");
            assert_eq!(refusal.message, "Syntax error at line 2, column 7: this string does not end");
            assert_eq!(refusal.locations, [Pos { line: 2, column: 7 }]);
        }
    }

    #[test]
    fn an_endless_block_string_cannot_hide_brackets() {
        let text = format!("{{a(b: [\"\"\"x\"\n{}", "[".repeat(5_000));
        assert_eq!(refused(&text), Code::GraphqlParseFailed);
    }

    #[test]
    fn nesting_is_allowed_to_its_limit() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(tokens(&nested(64)), 128);
        assert_eq!(refused(&nested(65)), Code::QueryTooDeep);
        assert_eq!(refused(&"[".repeat(16_000)), Code::QueryTooDeep);
        assert_eq!(tokens(&"[]{}()".repeat(300)), 1_800);
        assert_eq!(tokens(&"}".repeat(100)), 100);
    }

    #[test]
    fn tokens_are_allowed_to_their_limit() {
        assert_eq!(tokens(&"a ".repeat(2_000)), 2_000);
        let refusal = survey(&"a ".repeat(2_001), &Limits::default()).unwrap_err();
        assert_eq!(refusal.code, Code::QueryTooLarge);
        assert_eq!(refusal.locations, [Pos { line: 1, column: 4_001 }]);
        assert_eq!(refused(&"é".repeat(2_001)), Code::QueryTooLarge);
    }
}
