//! Which passwords are good enough, and the one form in which they are hashed.
//!
//! A password may be any text of the right length; what is refused is what guessers try first: common passwords
//! and their usual disguises, what the account itself gives away, and whatever zxcvbn holds for weak. This is pure
//! and may take 0.3 s: call it off the async threads. It knows nothing of hashing, of the API or of the environment.
//!
//! `common_passwords.txt` is `django/contrib/auth/common-passwords.txt.gz` of Django 5.2: 19,640 entries, made by
//! Royce Williams from public breach counts (Django Software Foundation, BSD-3-Clause: `common_passwords.LICENSE`); here it is sorted bytewise.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use zxcvbn::{Entropy, Score, matching::patterns::MatchPattern, zxcvbn};

use crate::core::error::{Fault, FaultCode};

/// The rules for a new password. There are none about kinds of characters: they make passwords worse.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    min_length: usize,
}

impl Policy {
    /// At least `min_length` characters, brought between the 8 and the 64 that NIST SP 800-63B leaves room for.
    pub fn new(min_length: usize) -> Self {
        Self { min_length: min_length.clamp(8, 64) }
    }

    /// Judges a new password; `about` is what the account gives away of itself, as typed and in any order: username,
    /// e-mail address, first and last name. Spaces count and stay, at the ends too.
    pub fn check(&self, password: &str, about: &[&str]) -> Result<(), Fault> {
        let password = self.measured(password)?;
        let about = own_words(about);
        let disguises = Disguises::of(&password);
        if disguises.hide_only(&about) {
            return Err(weak("Do not make it of your own names or addresses."));
        }
        if is_common(&password.to_lowercase()) || disguises.hide_a_common_password() {
            return Err(weak("Many people use this password or one like it: choose a rarer one."));
        }
        if !is_hard_to_guess(&password, &about) {
            return Err(weak("This password is easy to guess: make it longer, for instance of four rare words."));
        }
        Ok(())
    }

    /// The normal form, once its length is known to be right; nothing costly may come before.
    fn measured(self, password: &str) -> Result<String, Fault> {
        let rule = || format!("Use {} to {MAX_CHARS} characters.", self.min_length);
        if password.len() > MAX_BYTES {
            return Err(Fault::new(FaultCode::TooLong, rule()));
        }
        let password = normal_form(password);
        match password.chars().count() {
            count if count < self.min_length => Err(Fault::new(FaultCode::TooShort, rule())),
            count if count > MAX_CHARS => Err(Fault::new(FaultCode::TooLong, rule())),
            _ => Ok(password),
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new(0)
    }
}

/// The form that is judged, hashed and compared: NFC, because keyboards differ in how they spell `é`. Nothing else
/// is changed. A login bounds its input by [`MAX_BYTES`] before it asks for this.
pub fn normal_form(password: &str) -> String {
    password.nfc().collect()
}

/// No password that could be right has more bytes than this, as typed.
pub const MAX_BYTES: usize = 1024;
/// Code points of the normal form.
const MAX_CHARS: usize = 128;
const PRODUCT: &str = "lyceum";

/// What a password must not be made of: all of `about`, the local part of an address, the product.
fn own_words<'a>(about: &[&'a str]) -> Vec<&'a str> {
    let local_parts = about.iter().filter_map(|own| own.split_once('@')).map(|(local, _)| local);
    let own = about.iter().copied().chain(local_parts).chain([PRODUCT]).map(str::trim);
    // An initial or two stand in any password, and nothing longer than a password in none.
    own.filter(|own| (3..=MAX_BYTES).contains(&own.len())).collect()
}

/// Whether zxcvbn finds a stretch of the password strong.
///
/// Its work grows with about the third power of the length (0.9 s for 100 signs, 0.1 s for 48), so it is given
/// stretches: whoever guesses the whole has guessed each of them. What spans a cut it would not know again, so
/// the account's own words are taken out first, and of a repetition two rounds are enough.
fn is_hard_to_guess(password: &str, about: &[&str]) -> bool {
    if is_beyond_zxcvbn(password) {
        return true;
    }
    let is_cut = password.chars().count() > STRETCH;
    let own = about.iter().filter(|_| is_cut).map(|own| own.to_lowercase());
    let judged = own.fold(password.to_owned(), |judged, own| judged.to_lowercase().replace(&own, ""));
    let chars: Vec<char> = judged.chars().collect();
    let rounds = period(&chars).map_or(chars.len(), |period| 2 * period);
    let chars: Vec<char> = chars.into_iter().take(rounds.min(ZXCVBN_CHARS)).collect();
    chars.chunks(STRETCH).any(|stretch| {
        let stretch: String = stretch.iter().collect();
        let verdict = zxcvbn(&stretch, about);
        verdict.score() >= Score::Three || (has_no_pattern(&verdict) && combinations(&stretch) >= 1e14)
    })
}

/// zxcvbn takes any character that belongs to no pattern for one of ten, so that no password of 8 could ever reach
/// a score of 3, random ones neither. Where it has found no pattern at all, [`combinations`] has a say too.
fn has_no_pattern(verdict: &Entropy) -> bool {
    matches!(verdict.sequence(), [only] if matches!(only.pattern, MatchPattern::BruteForce))
}

/// How many texts of this length there are over the kinds of characters in use: 2e14 for 8 letters of either case
/// and digits, 2e11 for 8 lower-case letters.
fn combinations(text: &str) -> f64 {
    let size = |kind: fn(char) -> bool, size: f64| if text.chars().any(kind) { size } else { 0.0 };
    let alphabet = size(|c| c.is_ascii_lowercase(), 26.0)
        + size(|c| c.is_ascii_uppercase(), 26.0)
        + size(|c| c.is_ascii_digit(), 10.0)
        + size(|c| c.is_ascii() && !c.is_ascii_alphanumeric(), 33.0)
        + size(|c| !c.is_ascii(), 33.0); // the letters of one more script
    text.chars().fold(1.0, |count, _| count * alphabet)
}

const STRETCH: usize = 48;
const ZXCVBN_CHARS: usize = 100;

/// zxcvbn counts in words and keyboards of ASCII; of other scripts it knows neither the words nor the size of the
/// alphabet, and gives 64 times U+1F510 a score of 0. From 32 characters on and without one of ASCII, not even a
/// full-width one, its verdict is left out; the list and the account's own words are compared all the same.
fn is_beyond_zxcvbn(password: &str) -> bool {
    password.chars().count() >= 32 && !password.nfkc().any(|c| c.is_ascii())
}

/// What may stand behind a password: its readings with letters for look-alike signs and without the numbers and
/// signs around, each as the words that remain.
struct Disguises(Vec<Vec<String>>);

impl Disguises {
    fn of(password: &str) -> Self {
        let plain = password.nfkc().collect::<String>().to_lowercase();
        let is_edge = |c: char| !c.is_alphabetic();
        let bodies = [
            plain.trim_matches(is_edge).to_owned(),
            plain.trim_end_matches(is_edge).to_owned(),
            without_numbers(&plain, 4),
            without_numbers(&plain, 2),
            plain,
        ];
        let read = |body: &String, letter: fn(char) -> char| words(&body.chars().map(letter).collect::<String>());
        let readings: [fn(char) -> char; 5] =
            [|c| c, |c| if c.is_alphabetic() { c } else { ' ' }, |c| undo(c, 'i'), |c| undo(c, 'l'), |c| undo(c, ' ')];
        Self(bodies.iter().flat_map(|body| readings.iter().map(move |letter| read(body, *letter))).collect())
    }

    /// Whether one reading is a common password, perhaps said more than once.
    fn hide_a_common_password(&self) -> bool {
        let is_listed = |word: &str, least: usize| {
            [word, &unit(word)].iter().any(|word| word.chars().count() >= least && is_common(word))
        };
        self.0.iter().any(|words| {
            let one_word = words.first().filter(|first| words.iter().all(|word| word == *first));
            // A strong password leaves scattered letters too: put together they count only as a longer word.
            one_word.is_some_and(|word| is_listed(word, 4)) || is_listed(&words.concat(), 6)
        })
    }

    /// Whether one reading is nothing but words of `about` and digits.
    fn hide_only(&self, about: &[&str]) -> bool {
        let folded = |own: &&str| own.nfkc().collect::<String>().to_lowercase();
        let mut own: Vec<String> =
            about.iter().map(folded).flat_map(|own| [words(&own).concat(), letters(&own)]).collect();
        own.retain(|own| own.len() >= 3);
        own.sort_by_key(|own| std::cmp::Reverse(own.len()));
        self.0.iter().any(|words| {
            let joined = words.concat();
            let rest = own.iter().fold(joined.clone(), |rest, own| rest.replace(own, ""));
            rest != joined && rest.chars().all(char::is_numeric)
        })
    }
}

/// The runs of letters and digits.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).collect()
}

/// The letter that a sign stands for in `p@$$w0rd`; `one` is what `1`, `!` and `|` are read as.
fn undo(c: char, one: char) -> char {
    match c {
        '@' | '4' => 'a',
        '0' => 'o',
        '3' => 'e',
        '$' | '5' => 's',
        '7' => 't',
        '1' | '!' | '|' => one,
        letter if letter.is_alphabetic() => letter,
        _ => ' ',
    }
}

/// The text with a gap for each number of `least` or more digits, as in `summer2026summer`.
fn without_numbers(text: &str, least: usize) -> String {
    let mut kept = String::with_capacity(text.len());
    for run in text.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = run.bytes().take_while(u8::is_ascii_digit).count();
        let rest = run.trim_start_matches(|c: char| c.is_ascii_digit());
        kept.push_str(if digits >= least { " " } else { run.strip_suffix(rest).unwrap_or(run) });
        kept.push_str(rest);
    }
    kept
}

/// What the text repeats: `abc` for `abcabcab`, the text itself when nothing does.
fn unit(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    chars.iter().take(period(&chars).unwrap_or(chars.len())).collect()
}

/// After how many characters the text starts again, at least once in full.
fn period(chars: &[char]) -> Option<usize> {
    (1..=chars.len() / 2).find(|period| chars.iter().zip(chars.iter().skip(*period)).all(|(one, other)| one == other))
}

fn is_common(word: &str) -> bool {
    COMMON.binary_search(&word).is_ok()
}

static COMMON: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

fn weak(message: &str) -> Fault {
    Fault::new(FaultCode::PasswordTooWeak, message)
}

#[cfg(test)]
mod tests;
