//! From a stranger's file to pixels. The format is told by the content, never by a name or a type, and how large the
//! picture is by its header, before there is room for a single pixel. It must not know what becomes of the pixels.

use std::{borrow::Cow, io::Cursor};

use image::{
    DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits, error::LimitErrorKind,
    metadata::Orientation,
};

use super::container;
use crate::core::error::{Fault, FaultCode};

/// Pixels of a side, so that there are 16 M at most.
pub(super) const SIDE: u32 = 4096;
/// What the pixels may take: four bytes for each of so many.
const PIXEL_BYTES: u64 = SIDE as u64 * SIDE as u64 * 4;
/// What a PNG may unfold beside its pixels: a profile of colours, texts. None of it is kept.
const PNG_EXTRAS: u64 = 8 << 20;

/// A picture as it lies in the file, what its colours mean, and how it is to be turned to be seen.
pub(super) struct Decoded {
    pub pixels: DynamicImage,
    pub profile: Option<Vec<u8>>,
    pub orientation: Orientation,
}

/// The picture in the file; of a moving one the first.
pub(super) fn decode(file: &[u8]) -> Result<Decoded, Fault> {
    let format = format_of(file)?;
    let whole = match format {
        ImageFormat::Jpeg => container::jpeg(file).map(Cow::Owned),
        ImageFormat::WebP => container::webp(file).map(Cow::Borrowed),
        _ => Some(Cow::Borrowed(file)),
    };
    let whole = whole.ok_or_else(damaged)?;
    let mut reader = ImageReader::with_format(Cursor::new(&*whole), format);
    reader.limits(limits(format));
    let mut decoder = reader.into_decoder().map_err(fault)?;
    if decoder.total_bytes() > PIXEL_BYTES {
        return Err(too_deep());
    }
    // What cannot be read does not turn anything.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();
    let pixels = DynamicImage::from_decoder(decoder).map_err(fault)?;
    Ok(Decoded { pixels, profile, orientation })
}

fn limits(format: ImageFormat) -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(SIDE);
    limits.max_image_height = Some(SIDE);
    limits.max_alloc = Some(if format == ImageFormat::Png { PNG_EXTRAS } else { PIXEL_BYTES });
    limits
}

fn format_of(file: &[u8]) -> Result<ImageFormat, Fault> {
    if file.is_empty() {
        return Err(Fault::new(FaultCode::Required, "Choose a picture: this file is empty."));
    }
    let known = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif];
    let format = image::guess_format(file).ok().filter(|format| known.contains(format));
    format.ok_or_else(|| Fault::new(FaultCode::Invalid, "Use a picture in PNG, JPEG, WebP or GIF."))
}

/// The library's words are for programmers.
fn fault(error: ImageError) -> Fault {
    match error {
        ImageError::Limits(limit) if limit.kind() == LimitErrorKind::DimensionError => too_large(),
        ImageError::Limits(_) => too_deep(),
        _ => damaged(),
    }
}

fn too_large() -> Fault {
    Fault::new(FaultCode::TooLong, "Use a picture of at most 4,096 pixels a side.")
}

fn too_deep() -> Fault {
    Fault::new(FaultCode::TooLong, "Use a smaller picture, or one with 8 bits for a colour.")
}

fn damaged() -> Fault {
    Fault::new(FaultCode::Invalid, "The picture is damaged or not whole: save it again, or use another one.")
}
