//! A picture drawn anew: turned as it is to be seen, cut to its middle square, in the colours that every screen knows, in
//! three sizes. It costs a core a good
//! part of a second, so it has a workshop.

use image::{DynamicImage, ExtendedColorType, RgbaImage, codecs::webp::WebPEncoder, imageops::FilterType};
use moxcms::Layout;

use super::{NAME, Size, colours::to_srgb, decode::Decoded};
use crate::core::{
    crypto,
    error::{Error, Result},
};

/// What is kept of a picture.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Portraits {
    pub name: String,
    pub small: Vec<u8>,
    pub medium: Vec<u8>,
    pub large: Vec<u8>,
}

pub(super) fn portraits(decoded: Decoded) -> Result<Portraits> {
    let Decoded { pixels, profile, orientation } = decoded;
    let mut large = scaled(&reduced(plain(square(pixels), profile.as_deref())), Size::Large);
    large.apply_orientation(orientation);
    let (small, medium) = (scaled(&large, Size::Small), scaled(&large, Size::Medium));
    let (small, medium, large) = (encode(small)?, encode(medium)?, encode(large)?);
    let mut name = crypto::digest(&[&small, &medium, &large]);
    name.truncate(NAME);
    Ok(Portraits { name, small, medium, large })
}

/// The square in the middle.
fn square(pixels: DynamicImage) -> DynamicImage {
    let (width, height) = (pixels.width(), pixels.height());
    let side = width.min(height);
    if width == height { pixels } else { pixels.crop_imm((width - side) / 2, (height - side) / 2, side, side) }
}

/// Three or four colours of 8 bits. What cannot be seen through has none: it would bleed into what is beside it when
/// the picture is scaled, so until then each colour is as strong as it is seen.
fn plain(pixels: DynamicImage, profile: Option<&[u8]>) -> DynamicImage {
    if !pixels.color().has_alpha() {
        let mut pixels = pixels.into_rgb8();
        to_srgb(profile, Layout::Rgb, &mut pixels);
        return pixels.into();
    }
    let mut pixels = pixels.into_rgba8();
    to_srgb(profile, Layout::Rgba, &mut pixels);
    for pixel in pixels.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        let seen = |colour: u8| scale(colour, alpha, u8::MAX);
        pixel.0 = [seen(red), seen(green), seen(blue), alpha];
    }
    pixels.into()
}

/// Twice the size that is needed at most: means of many pixels are quicker, and nobody sees it.
fn reduced(pixels: DynamicImage) -> DynamicImage {
    let side = 2 * Size::Large.pixels();
    if pixels.width() >= 2 * side { pixels.thumbnail_exact(side, side) } else { pixels }
}

fn scaled(pixels: &DynamicImage, size: Size) -> DynamicImage {
    pixels.resize_exact(size.pixels(), size.pixels(), FilterType::Lanczos3)
}

/// Without loss: the encoder knows nothing else, and its files are as small as those of PNG.
fn encode(pixels: DynamicImage) -> Result<Vec<u8>> {
    let side = pixels.width();
    let mut bytes = Vec::new();
    let encoder = WebPEncoder::new_lossless(&mut bytes);
    let seen_through = match pixels {
        DynamicImage::ImageRgba8(pixels) => unplain(pixels),
        opaque => opaque,
    };
    let colours = if seen_through.color().has_alpha() { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
    encoder.encode(seen_through.as_bytes(), side, side, colours).map_err(Error::internal)?;
    Ok(bytes)
}

/// The colours as they are written; three of them when nothing is seen through.
fn unplain(mut pixels: RgbaImage) -> DynamicImage {
    for pixel in pixels.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        let own = |colour: u8| scale(colour, u8::MAX, alpha);
        pixel.0 = [own(red), own(green), own(blue), alpha];
    }
    let opaque = pixels.pixels().all(|pixel| pixel.0[3] == u8::MAX);
    let pixels = DynamicImage::from(pixels);
    if opaque { pixels.into_rgb8().into() } else { pixels }
}

/// `colour * by / of`, rounded, within a byte; nothing of nothing.
fn scale(colour: u8, by: u8, of: u8) -> u8 {
    let (product, of) = (u32::from(colour) * u32::from(by), u32::from(of));
    let scaled = (product + of / 2).checked_div(of).unwrap_or(0);
    u8::try_from(scaled).unwrap_or(u8::MAX)
}
