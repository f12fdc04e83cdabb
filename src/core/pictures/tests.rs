#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

use super::{
    decode::decode,
    draw::{Portraits, portraits},
    *,
};
use crate::core::error::{Fault, FaultCode};

const RED: Rgb<u8> = Rgb([200, 30, 30]);
const BLUE: Rgb<u8> = Rgb([30, 30, 200]);

fn file(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.into().write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// Red on the left, blue on the right.
fn halves(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| if x < width / 2 { RED } else { BLUE })
}

fn drawn(file: &[u8]) -> Portraits {
    portraits(decode(file).map_err(|fault| fault.message).unwrap()).unwrap()
}

fn refused(file: &[u8]) -> Fault {
    decode(file).map(|_| ()).unwrap_err()
}

fn shown(portrait: &[u8]) -> DynamicImage {
    image::load_from_memory_with_format(portrait, ImageFormat::WebP).unwrap()
}

fn is_like(shown: &DynamicImage, x: u32, y: u32, expected: Rgb<u8>) -> bool {
    let found = shown.to_rgb8().get_pixel(x, y).0;
    found.iter().zip(expected.0).all(|(found, expected)| found.abs_diff(expected) < 16)
}

#[test]
fn an_address_is_read_as_it_is_written() {
    let text = "0123456789abcdef0123456789abcdef-192.webp";
    let address = Address::parse(text).unwrap();
    assert_eq!((address.size, address.to_string().as_str()), (Size::Medium, text));
    for junk in [
        "",
        "-192.webp",
        "0123456789abcdef0123456789abcdef-192.png",
        "0123456789abcdef0123456789abcdef-192",
        "0123456789abcdef0123456789abcdef-0192.webp",
        "0123456789abcdef0123456789abcdef-+192.webp",
        "0123456789abcdef0123456789abcdef-193.webp",
        "0123456789abcdef0123456789abcdef-192.webp/",
        "0123456789ABCDEF0123456789ABCDEF-192.webp",
        "0123456789abcdef0123456789abcde-192.webp",
        "../../etc/passwd-192.webp",
        "'0123456789abcdef0123456789abcde-192.webp",
    ] {
        assert_eq!(Address::parse(junk), None, "{junk}");
    }
}

/// Bar 84: whatever comes in, three squares go out, in one format and named by what they are.
#[test]
fn every_format_is_drawn_in_three_sizes() {
    let moving = DynamicImage::from(halves(300, 200)).into_rgba8();
    for (format, picture) in [
        (ImageFormat::Png, DynamicImage::from(halves(300, 200))),
        (ImageFormat::Jpeg, halves(300, 200).into()),
        (ImageFormat::WebP, halves(300, 200).into()),
        (ImageFormat::Gif, moving.into()),
        (ImageFormat::Png, DynamicImage::from(halves(300, 200)).into_rgb16().into()),
        (ImageFormat::Png, halves(2100, 3000).into()),
        (ImageFormat::Png, halves(40, 1000).into()),
    ] {
        let portraits = drawn(&file(picture, format));
        assert_eq!(portraits.name.len(), 32);
        for (portrait, side) in [(&portraits.small, 64), (&portraits.medium, 192), (&portraits.large, 512)] {
            assert!(portrait.starts_with(b"RIFF") && portrait[8..].starts_with(b"WEBPVP8L"), "{format:?}");
            let shown = shown(portrait);
            assert_eq!((shown.width(), shown.height()), (side, side), "{format:?}");
            assert!(is_like(&shown, side / 8, side / 2, RED), "{format:?}");
            assert!(is_like(&shown, side * 7 / 8, side / 2, BLUE), "{format:?}");
        }
    }
}

#[test]
fn the_same_picture_has_the_same_name_and_another_one_has_another() {
    let png = drawn(&file(halves(300, 200), ImageFormat::Png));
    assert_eq!(png, drawn(&file(halves(300, 200), ImageFormat::WebP)), "neither format loses anything");
    assert_ne!(png.name, drawn(&file(halves(300, 150), ImageFormat::Png)).name);
}

#[test]
fn what_cannot_be_seen_does_not_bleed_into_what_can() {
    let hidden_red = Rgba([255, 0, 0, 0]);
    let picture = RgbaImage::from_fn(400, 400, |x, _| if x < 200 { hidden_red } else { Rgba([0, 0, 255, 255]) });
    let portraits = drawn(&file(picture, ImageFormat::Png));
    let seen = shown(&portraits.small).to_rgba8();
    assert_eq!((seen.get_pixel(4, 32).0[3], seen.get_pixel(60, 32).0), (0, [0, 0, 255, 255]));
    assert!(seen.pixels().all(|pixel| pixel.0[0] == 0), "no red anywhere");
    assert!(seen.pixels().any(|pixel| (1..255).contains(&pixel.0[3])), "the edge is half seen through");
}

#[test]
fn a_gif_that_hides_nothing_is_drawn_without_a_channel_for_it() {
    let gif = file(DynamicImage::from(halves(64, 64)).into_rgba8(), ImageFormat::Gif);
    assert!(!shown(&drawn(&gif).large).color().has_alpha());
}

/// The PNG with other figures in its header, and a checksum that fits.
fn claiming(mut png: Vec<u8>, width: u32, height: u32) -> Vec<u8> {
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let bit = |sum: u32| if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 };
    let byte = |sum: u32, byte: &u8| (0..8).fold(sum ^ u32::from(*byte), |sum, _| bit(sum));
    let sum = !png[12..29].iter().fold(u32::MAX, byte);
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    png
}

/// Bar 83: 4,096 pixels a side and no more, whatever the format, and as much memory as that takes.
#[test]
fn a_picture_that_is_too_large_is_refused_by_its_header() {
    assert!(decode(&file(RgbImage::new(4096, 2), ImageFormat::Png)).is_ok());
    for (width, height) in [(4097, 2), (2, 4097)] {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            assert_eq!(refused(&file(RgbImage::new(width, height), format)).code, FaultCode::TooLong, "{format:?}");
        }
        assert_eq!(refused(&file(RgbaImage::new(width, height), ImageFormat::Gif)).code, FaultCode::TooLong);
    }
    let deep = || file(DynamicImage::new_rgba16(2, 2), ImageFormat::Png);
    for (width, height, rule) in [
        (50_000, 50_000, "4,096 pixels"),
        (u32::MAX >> 1, 1, "4,096 pixels"),
        (4096, 4096, "8 bits"),
        (2897, 2896, "8 bits"),
    ] {
        let fault = refused(&claiming(deep(), width, height));
        assert!(fault.code == FaultCode::TooLong && fault.message.contains(rule), "{width}: {fault:?}");
    }
    // Within the limits; there only is not enough of it.
    assert_eq!(refused(&claiming(deep(), 2896, 2896)).code, FaultCode::Invalid);
    assert!(decode(&claiming(deep(), 2, 2)).is_ok());
}

/// Bar 83: a file that ends before the picture does is damaged, wherever it was cut.
#[test]
fn a_truncated_file_is_refused() {
    let noise = |x: u32, y: u32| (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)).to_le_bytes();
    let picture = RgbImage::from_fn(90, 90, |x, y| Rgb([noise(x, y)[0], noise(y, x)[1], noise(x + y, y)[2]]));
    let moving = DynamicImage::from(picture.clone()).into_rgba8();
    for (format, picture) in [
        (ImageFormat::Png, DynamicImage::from(picture.clone())),
        (ImageFormat::Jpeg, picture.clone().into()),
        (ImageFormat::WebP, picture.into()),
        (ImageFormat::Gif, moving.into()),
    ] {
        let whole = file(picture, format);
        assert!(decode(&whole).is_ok(), "{format:?}");
        // What ends a PNG and a GIF after their pixels is not missed.
        let ends = [whole.len() - 16].into_iter().chain((1..20).map(|part| whole.len() * part / 20));
        for end in ends {
            let fault = refused(&whole[..end]);
            assert_eq!(fault.code, FaultCode::Invalid, "{format:?} of {end} bytes: {fault:?}");
        }
    }
}

/// Bar 83: the end of a preview, or of a note, is not the end of the picture.
#[test]
fn a_jpeg_ends_where_its_own_parts_lead_to() {
    let jpeg = file(halves(90, 90), ImageFormat::Jpeg);
    let note = [&[0xFF, 0xD8, 0xFF, 0xFE, 0x00, 0x06], b"\xFF\xD9\xFF\xD9".as_slice(), &jpeg[2..]].concat();
    assert!(decode(&note).is_ok());
    assert_eq!(refused(&note[..note.len() / 2]).code, FaultCode::Invalid);
    let tail = [&jpeg[..], b"<script>alert(1)</script>\xFF\xE1\xFF\xFF"].concat();
    assert!(decode(&tail).is_ok(), "what hangs on is not looked at");
    for cut in 0..jpeg.len().min(700) {
        assert!(decode(&jpeg[..cut]).is_err(), "{cut}");
    }
}

/// Bar 83: a WebP file whose frame, or whose note, claims to be larger than what it lies in is refused unread.
#[test]
fn a_webp_that_claims_more_than_it_has_is_refused() {
    let riff = |parts: &[(&[u8; 4], u32, &[u8])]| {
        let mut body = b"WEBP".to_vec();
        for (name, size, part) in parts {
            body.extend([&name[..], &size.to_le_bytes(), part].concat());
        }
        [b"RIFF", &u32::try_from(body.len()).unwrap().to_le_bytes()[..], &body].concat()
    };
    // A picture of one pixel: its lossy frame of 16,383 x 16,383, alone and as the first of a film.
    let canvas = (b"VP8X", 10, [0b10, 0, 0, 0, 0, 0, 0, 0, 0, 0].as_slice());
    let frame = [0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A, 0xFF, 0x3F, 0xFF, 0x3F, 0, 0].as_slice();
    let still = (b"VP8 ", 12, frame);
    let film = [&[0; 16], b"VP8 ".as_slice(), &12_u32.to_le_bytes(), frame].concat();
    let film = (b"ANMF", u32::try_from(film.len()).unwrap(), film.as_slice());
    let note = (b"EXIF", u32::MAX - 1, b"Exif".as_slice());
    for parts in [[canvas, still].as_slice(), &[canvas, film], &[canvas, note], &[note, canvas]] {
        assert_eq!(refused(&riff(parts)).code, FaultCode::Invalid);
    }
    let mut sound = file(halves(90, 90), ImageFormat::WebP);
    assert!(decode(&[&sound[..], b"<svg onload=alert(1)>"].concat()).is_ok(), "what hangs on is not looked at");
    sound[4] = sound[4].wrapping_add(2);
    assert_eq!(refused(&sound).code, FaultCode::Invalid);
}
