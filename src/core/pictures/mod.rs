//! Pictures of people: one for each, square, in three sizes, in one format. What somebody sends is decoded under limits
//! and drawn anew, so that nothing of the file is kept but what is seen.
//!
//! They lie in the database, as `avatars`; a user's row holds the name of the picture, so that its address costs no
//! statement. The name is a digest of what is kept: an address never shows another picture.

mod colours;
mod container;
mod decode;
mod draw;
mod entity;
mod read;
mod write;

pub use read::{read, url};
pub use write::{remove, upload};

/// The kind of what is kept, whatever was sent.
pub const MEDIA_TYPE: &str = "image/webp";

/// How many are drawn at the same moment: a large one takes a quarter of a gigabyte meanwhile.
pub const AT_ONCE: usize = 2;

/// Characters of a picture's name, in hexadecimal: 128 bits.
const NAME: usize = 32;

/// How large a picture is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    Small,
    Medium,
    Large,
}

/// Where a picture is: `<name>-<pixels>.webp`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    name: String,
    size: Size,
}

impl Size {
    const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// The length of a side.
    pub fn pixels(self) -> u32 {
        match self {
            Self::Small => 64,
            Self::Medium => 192,
            Self::Large => 512,
        }
    }
}

impl Address {
    /// Reads what `Display` writes, and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, pixels) = text.strip_suffix(".webp")?.split_once('-')?;
        let is_name = name.len() == NAME && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let size = Size::ALL.into_iter().find(|size| size.pixels().to_string() == pixels)?;
        is_name.then(|| Self { name: name.to_owned(), size })
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}.webp", self.name, self.size.pixels())
    }
}

#[cfg(test)]
mod tests;
