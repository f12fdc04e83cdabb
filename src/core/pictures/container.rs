//! What a decoder gets to see of a JPEG or a WebP file: a whole one, without what no pixel needs, and in which no part
//! claims to be larger than it is. The libraries fill missing ends with grey, read hundreds of notes again and again,
//! and make room for what a part claims. It must not know what the pixels are.

use super::{colours::PROFILE_BYTES, decode::SIDE};

/// The parts of a JPEG that make up the picture, and what turns it; nothing when the end is missing.
pub(super) fn jpeg(file: &[u8]) -> Option<Vec<u8>> {
    const END: u8 = 0xD9;
    let (start, mut rest) = file.split_at_checked(2)?;
    let mut kept = start.to_vec();
    let mut profile = 0;
    loop {
        let (coded, from_marker) = rest.split_at_checked(rest.windows(2).position(is_marker)?)?;
        let (marker, after) = from_marker.split_at_checked(2)?;
        kept.extend_from_slice(coded);
        if marker.ends_with(&[END]) {
            kept.extend_from_slice(marker);
            return Some(kept);
        }
        // A part begins with its length, which counts itself.
        let length = u16::from_be_bytes(*after.first_chunk()?).max(2);
        let (part, next) = after.split_at_checked(length.into())?;
        let needed = if is_of_profile(marker, part) {
            profile += part.len();
            profile <= PROFILE_BYTES
        } else {
            is_needed(marker, part)
        };
        if needed {
            kept.extend_from_slice(marker);
            kept.extend_from_slice(part);
        }
        rest = next;
    }
}

/// In coded data `FF` is followed by `00`, by a restart or by another `FF`; anything else begins the next part.
fn is_marker(bytes: &[u8]) -> bool {
    matches!(bytes, [0xFF, marker] if !matches!(marker, 0x00 | 0x01 | 0xD0..=0xD8 | 0xFF))
}

/// What the colours mean; a long profile comes in several parts.
fn is_of_profile(marker: &[u8], part: &[u8]) -> bool {
    matches!(marker, [_, 0xE2]) && part.get(2..).is_some_and(|note| note.starts_with(b"ICC_PROFILE\0"))
}

/// Of the notes of programs one says how the colours are coded, and one how the picture is turned.
fn is_needed(marker: &[u8], part: &[u8]) -> bool {
    match marker {
        [_, 0xE1] => part.get(2..).is_some_and(|note| note.starts_with(b"Exif\0\0")),
        [_, 0xEE] => true,
        [_, 0xE0..=0xEF | 0xFE] => false,
        _ => true,
    }
}

/// The WebP file without what hangs on after it; nothing when a part is larger than what it lies in.
pub(super) fn webp(file: &[u8]) -> Option<&[u8]> {
    const HEAD: usize = 12;
    let size = u32::from_le_bytes(*file.get(4..)?.first_chunk()?);
    let whole = file.get(..usize::try_from(size).ok()?.checked_add(8)?)?;
    are_sound(whole.get(HEAD..)?).then_some(whole)
}

fn are_sound(mut parts: &[u8]) -> bool {
    while let Some((head, rest)) = parts.split_first_chunk::<8>() {
        let [a, b, c, d, size @ ..] = *head;
        let Some(part) = usize::try_from(u32::from_le_bytes(size)).ok().and_then(|size| rest.get(..size)) else {
            return false;
        };
        let sound = match &[a, b, c, d] {
            b"VP8 " => is_small_frame(part),
            b"ANMF" => part.get(16..).is_some_and(are_sound),
            _ => true,
        };
        if !sound {
            return false;
        }
        // Parts begin at even places; the last one may leave it at that.
        parts = rest.get(part.len().next_multiple_of(2)..).unwrap_or_default();
    }
    true
}

/// Whether a frame of lossy WebP has as few pixels as the picture that it lies in may have.
fn is_small_frame(frame: &[u8]) -> bool {
    let Some(&[wide, width, high, height]) = frame.get(6..).and_then(<[u8]>::first_chunk) else { return false };
    let fits = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3FFF) <= SIDE;
    fits(wide, width) && fits(high, height)
}
