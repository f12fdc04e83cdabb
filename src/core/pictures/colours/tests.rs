#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Cursor;

use image::{
    DynamicImage, ExtendedColorType, ImageEncoder, Rgb, RgbImage, Rgba, RgbaImage,
    codecs::{jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder},
};
use moxcms::ColorProfile;

use super::{
    super::{decode::decode, draw::portraits},
    PROFILE_BYTES,
};

/// The red of most screens, as a screen of phones and cameras writes it (Display P3).
const WIDE_RED: [u8; 3] = [234, 51, 35];
const RED: [u8; 3] = [255, 0, 0];

fn display_p3() -> Vec<u8> {
    ColorProfile::new_display_p3().encode().unwrap()
}

fn encoded(mut encoder: impl ImageEncoder, picture: &DynamicImage, profile: &[u8]) {
    encoder.set_icc_profile(profile.to_vec()).unwrap();
    let colours = ExtendedColorType::from(picture.color());
    encoder.write_image(picture.as_bytes(), picture.width(), picture.height(), colours).unwrap();
}

fn plain(colour: [u8; 3]) -> DynamicImage {
    RgbImage::from_pixel(64, 64, Rgb(colour)).into()
}

fn png(picture: &DynamicImage, profile: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    encoded(PngEncoder::new(&mut file), picture, profile);
    file
}

fn jpeg(picture: &DynamicImage, profile: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    encoded(JpegEncoder::new_with_quality(&mut file, 100), picture, profile);
    file
}

/// What is seen in the middle of what is kept.
fn seen(file: &[u8]) -> [u8; 4] {
    let portraits = portraits(decode(file).map_err(|fault| fault.message).unwrap()).unwrap();
    let shown = image::load(Cursor::new(portraits.small), image::ImageFormat::WebP).unwrap();
    shown.to_rgba8().get_pixel(32, 32).0
}

fn is_like(seen: [u8; 4], expected: [u8; 3]) -> bool {
    seen.iter().zip(expected).all(|(seen, expected)| seen.abs_diff(expected) <= 4)
}

#[test]
fn the_colours_of_a_wide_screen_are_seen_on_every_screen() {
    let wide = plain(WIDE_RED);
    let mut webp = Vec::new();
    encoded(WebPEncoder::new_lossless(&mut webp), &wide, &display_p3());
    for file in
        [png(&wide, &display_p3()), jpeg(&wide, &display_p3()), webp, png(&wide.to_rgb16().into(), &display_p3())]
    {
        let seen = seen(&file);
        assert!(is_like(seen, RED), "{seen:?}");
    }
    let glass = RgbaImage::from_pixel(64, 64, Rgba([234, 51, 35, 128])).into();
    let seen = seen(&png(&glass, &display_p3()));
    assert!(is_like(seen, RED) && seen[3] == 128, "{seen:?}");
}

#[test]
fn the_colours_of_most_screens_stay_as_they_are() {
    for colour in [WIDE_RED, [12, 200, 90], [128, 128, 128]] {
        let seen = seen(&png(&plain(colour), &ColorProfile::new_srgb().encode().unwrap()));
        assert!(is_like(seen, colour), "{seen:?}");
    }
}

/// A profile with as many bytes, of which those behind it mean nothing.
fn long_profile(bytes: usize) -> Vec<u8> {
    let mut profile = display_p3();
    profile.resize(bytes, 0);
    profile[..4].copy_from_slice(&u32::try_from(bytes).unwrap().to_be_bytes());
    profile
}

/// Bar 83: the picture is drawn by its numbers then.
#[test]
fn what_is_no_profile_of_these_colours_is_left_aside() {
    let wide = plain(WIDE_RED);
    let mut cut = display_p3();
    cut.truncate(300);
    for profile in [cut, b"no profile".to_vec(), ColorProfile::new_gray_with_gamma(2.2).encode().unwrap()] {
        for file in [png(&wide, &profile), jpeg(&wide, &profile)] {
            let seen = seen(&file);
            assert!(is_like(seen, WIDE_RED), "{seen:?}");
        }
    }
    let grey = DynamicImage::from(wide.to_luma8());
    let [red, green, blue, _] = seen(&png(&grey, &ColorProfile::new_gray_with_gamma(1.0).encode().unwrap()));
    assert!(red == green && green == blue && red.abs_diff(grey.as_bytes()[0]) <= 1);
    for (bytes, expected) in [(PROFILE_BYTES / 2, RED), (PROFILE_BYTES + 1, WIDE_RED)] {
        for file in [png(&wide, &long_profile(bytes)), jpeg(&wide, &long_profile(bytes))] {
            let seen = seen(&file);
            assert!(is_like(seen, expected), "{bytes}: {seen:?}");
        }
    }
}

/// Bar 83: whichever byte of a profile is wrong, the picture is drawn, in some colours.
#[test]
fn a_profile_with_a_wrong_byte_harms_nothing() {
    let (wide, profile) = (plain(WIDE_RED).into_rgb8(), display_p3());
    for at in 0..profile.len() {
        for wrong in [0x00, 0x7F, 0x80, 0xFF] {
            let mut profile = profile.clone();
            profile[at] = wrong;
            super::to_srgb(Some(&profile), moxcms::Layout::Rgb, &mut wide.clone());
        }
    }
    for end in 0..profile.len() {
        super::to_srgb(Some(&profile[..end]), moxcms::Layout::Rgb, &mut wide.clone());
    }
}
