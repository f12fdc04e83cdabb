//! What the numbers of a file mean: a profile (ICC) may say that its red is redder than that of most screens. What is
//! kept has no profile, so its numbers are those that every screen knows (sRGB).

use std::sync::Arc;

use moxcms::{ColorProfile, DataColorSpace, Layout, Transform8BitExecutor, TransformOptions};

/// Those of cameras have a few hundred bytes, those of printers' proofs half a megabyte.
pub(super) const PROFILE_BYTES: usize = 512 * 1024;
/// How much is turned at a time; whole pixels of three bytes and of four.
const PIECE: usize = 12 * 1024;

/// Leaves the pixels as they are when the profile is missing, is broken, is too long or is not one of red, green and blue.
pub(super) fn to_srgb(profile: Option<&[u8]>, layout: Layout, pixels: &mut [u8]) {
    let Some(transform) = profile.and_then(|profile| transform(profile, layout)) else { return };
    for piece in pixels.chunks_mut(PIECE) {
        let meant = piece.to_vec();
        if transform.transform(&meant, piece).is_err() {
            return;
        }
    }
}

fn transform(profile: &[u8], layout: Layout) -> Option<Arc<Transform8BitExecutor>> {
    let profile = Some(profile).filter(|profile| profile.len() <= PROFILE_BYTES)?;
    let meant = ColorProfile::new_from_slice(profile).ok()?;
    let srgb = ColorProfile::new_srgb();
    let transform = || meant.create_transform_8bit(layout, &srgb, layout, TransformOptions::default()).ok();
    (meant.color_space == DataColorSpace::Rgb).then(transform)?
}

#[cfg(test)]
mod tests;
