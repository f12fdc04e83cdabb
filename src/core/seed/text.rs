//! What the seed decides: moments, ids, who and what, and texts put together from phrases.

use std::time::Duration;

use uuid::Uuid;

use super::words::{ENGLISH, OTHERS, Tongue};
use crate::core::{clock::Time, random::Random};

/// Draws that are the same whenever the seed is.
pub(super) struct Dice(Random);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(Random::seeded(seed))
    }

    pub(super) fn uuid(&self, at: Time) -> Uuid {
        self.0.uuid(at)
    }

    fn number(&self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// From 0 to one less than `end`; 0 where there is nothing to choose from.
    fn below(&self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.number() % end).unwrap_or(0)
    }

    pub(super) fn one_in(&self, many: usize) -> bool {
        self.below(many) == 0
    }

    /// One of them; there is one at least.
    pub(super) fn pick<T: Copy>(&self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// One of them, and the sooner it stands the likelier: with a `skew` of 3, the first of a thousand is it in
    /// three draws of a hundred, and many are never.
    pub(super) fn one_of_the_first<T: Copy>(&self, from: &[T], skew: u32) -> T {
        let end = (1..skew).fold(from.len(), |end, _| self.below(end) + 1);
        from[self.below(end)]
    }

    /// The same from the end, and less so.
    pub(super) fn one_of_the_last<T: Copy>(&self, from: &[T]) -> T {
        let end = self.below(from.len()) + 1;
        from[from.len() - 1 - self.below(end)]
    }

    /// Less than this.
    pub(super) fn within(&self, span: Duration) -> Duration {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX).max(1);
        Duration::from_micros(self.number() % micros)
    }

    /// A moment in the `number`th of `count` equal parts of a time; the first one is its beginning.
    pub(super) fn moment(&self, from: Time, span: Duration, number: usize, count: usize) -> Time {
        let part = span / u32::try_from(count).unwrap_or(u32::MAX);
        let inside = self.within(part);
        if number == 0 {
            return from;
        }
        from.plus(part * u32::try_from(number).unwrap_or(u32::MAX)).plus(inside)
    }

    /// English four times of ten.
    pub(super) fn tongue(&self) -> &'static Tongue {
        if self.below(10) < 4 { &ENGLISH } else { self.one(&OTHERS) }
    }

    fn one<'a, T>(&self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    pub(super) fn title(&self, tongue: &Tongue) -> String {
        let title = format!("{}: {}", self.pick(tongue.headings), self.pick(tongue.things));
        // Many have a number, so that few are alike.
        if self.one_in(2) { format!("{title} ({})", self.below(98) + 2) } else { title }
    }

    /// Some 40 to 4,000 characters, 500 on average, in paragraphs.
    pub(super) fn body(&self, tongue: &Tongue) -> String {
        let length = match self.below(100) {
            0..10 => 40 + self.below(80),
            10..80 => 150 + self.below(450),
            80..97 => 500 + self.below(700),
            _ => 1500 + self.below(2300),
        };
        let mut body = self.sentence(tongue);
        let mut written = body.chars().count();
        while written < length {
            let sentence = self.sentence(tongue);
            written += sentence.chars().count() + 1;
            body.push_str(if self.one_in(5) { "\n\n" } else { tongue.space });
            body.push_str(&sentence);
        }
        body
    }

    /// A remark, and every third time a sentence after it.
    pub(super) fn remark(&self, tongue: &Tongue) -> String {
        let remark = self.pick(tongue.remarks);
        if self.one_in(3) { format!("{remark}{}{}", tongue.space, self.sentence(tongue)) } else { remark.to_owned() }
    }

    fn sentence(&self, tongue: &Tongue) -> String {
        let phrases = [tongue.moments, tongue.people, tongue.things, tongue.endings].map(|phrases| self.pick(phrases));
        format!("{}{}", phrases.join(tongue.space), tongue.stop)
    }
}
