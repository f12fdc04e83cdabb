//! The files that people send: which of them are pictures, and what is left of those.

use image::{DynamicImage, GenericImageView as _, ImageFormat, Rgb, RgbImage, RgbaImage};
use serde_json::Value;

use super::{BLUE, GREEN, RED, WHITE, corners, get, path, path_in, seen, shown};
use crate::harness::{door::*, multipart::*, *};

/// A JPEG with a note after its first marker.
fn with_note(jpeg: &[u8], marker: u8, note: &[u8]) -> Vec<u8> {
    let length = u16::try_from(note.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, note, &jpeg[2..]].concat()
}

/// What a camera notes: how it was held, where it was, and whose it is.
fn exif(orientation: u8) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    let owner = b"CanaryOwner\0";
    let place = b"CanaryLatitude 51.5\0";
    let first = 8 + 2 + 3 * 12 + 4;
    let second = first + owner.len();
    let at = |offset: usize| u32::try_from(offset).unwrap().to_be_bytes();
    let after = second + 2 + 12 + 4;
    [
        b"Exif\0\0MM\0*\0\0\0\x08\0\x03".as_slice(),
        &entry(0x0112, 3, 1, [0, orientation, 0, 0]),
        &entry(0x013B, 2, 12, at(first)),
        &entry(0x8825, 4, 1, at(second)),
        &[0; 4],
        owner,
        &[0, 1],
        &entry(0x001B, 2, 20, at(after)),
        &[0; 4],
        place,
    ]
    .concat()
}

/// Bar 84: the content tells what a file is, never its name: what is no picture is refused at `file`, and nothing is kept.
#[tokio::test]
async fn what_is_no_picture_is_refused_by_its_content() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let before = contents(lyceum).await;
        let png = plain_png(RED);
        let mut wrong_sum = png.clone();
        let data = wrong_sum.windows(4).position(|four| four == b"IDAT").unwrap();
        wrong_sum[data + 6] ^= 0xFF;
        let files: Vec<(&str, Vec<u8>, &str)> = vec![
            ("SVG", b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>".to_vec(), "INVALID"),
            ("XML", b"<?xml version=\"1.0\"?><svg/>".to_vec(), "INVALID"),
            ("HTML", b"<!DOCTYPE html><script>alert(1)</script>".to_vec(), "INVALID"),
            ("PDF", b"%PDF-1.7\n1 0 obj".to_vec(), "INVALID"),
            ("BMP", [b"BM".as_slice(), &[0; 200]].concat(), "INVALID"),
            ("TIFF", [b"II*\0".as_slice(), &[0; 200]].concat(), "INVALID"),
            ("ICO", [0, 0, 1, 0, 1, 0].repeat(20), "INVALID"),
            ("AVIF", b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miafMA1B".to_vec(), "INVALID"),
            ("ZIP", b"PK\x03\x04".repeat(20), "INVALID"),
            ("HTML before a picture", [b"<script>alert(1)</script>".as_slice(), &png].concat(), "INVALID"),
            ("HTML behind a signature", [&png[..8], b"<script>alert(1)</script>"].concat(), "INVALID"),
            ("a GIF that is a script", b"GIF89a/*\0\0\0\0\0\0*/=1;alert(1)".to_vec(), "TOO_LONG"),
            ("a JPEG of nothing", vec![0xFF, 0xD8, 0xFF, 0xE0], "INVALID"),
            ("half a PNG", png[..png.len() / 2].to_vec(), "INVALID"),
            ("a wrong checksum", wrong_sum, "INVALID"),
            ("nothing", Vec::new(), "REQUIRED"),
            ("text", b"me".to_vec(), "INVALID"),
            ("zeros", vec![0; 100_000], "INVALID"),
        ];
        for (name, file, code) in files {
            let answer = lyceum.upload(&ada, &file).await;
            assert_eq!(answer.user_errors("uploadAvatar"), [format!("{code} file")], "{name}");
            assert_eq!(answer.at("uploadAvatar.user"), &Value::Null, "{name}");
            let message = answer.at("uploadAvatar.userErrors")[0]["message"].as_str().unwrap();
            assert!(message.contains("picture") && !message.contains("alert"), "{name}: {message}");
        }
        assert_eq!(contents(lyceum).await, before);
    })
    .await;
}

/// Bar 84: what is kept is drawn anew. Where a camera was, whose it is, comments, and what hangs on behind the picture
/// are gone from all that is stored and shown.
#[tokio::test]
async fn nothing_of_the_file_survives_but_what_is_seen() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let jpeg = with_note(&picture(corners(300, 200), ImageFormat::Jpeg), 0xFE, b"CanaryComment");
        let jpeg = with_note(&with_note(&jpeg, 0xE2, b"ICC_PROFILE\0\x01\x01CanaryProfile"), 0xE1, &exif(1));
        let mut png = picture(corners(300, 200), ImageFormat::Png);
        // A text after the header; its checksum is not looked at.
        png.splice(33..33, b"\0\0\0\x10tEXtCanary\0CanaryPng\0\0\0\0".iter().copied());
        let mut moving = Vec::new();
        let frames = [corners(300, 200), RgbImage::from_pixel(300, 200, Rgb(BLUE))];
        let mut gif = image::codecs::gif::GifEncoder::new(&mut moving);
        gif.encode_frames(frames.map(|frame| image::Frame::new(DynamicImage::from(frame).into_rgba8()))).unwrap();
        drop(gif);
        let mut names = Vec::new();
        for file in [jpeg, png, moving, picture(corners(300, 200), ImageFormat::WebP)] {
            let file = [&file[..], b"<script>CanaryTail</script>PK\x03\x04CanaryArchive"].concat();
            let answer = lyceum.upload(&ada, &file).await.ok();
            for field in ["small", "avatarUrl", "large"] {
                let kept = get(lyceum, path(answer.str_at(&format!("uploadAvatar.user.{field}")))).await;
                assert_eq!(seen(&shown(&kept)), [RED, GREEN, BLUE, WHITE]);
                let text = String::from_utf8_lossy(&kept.bytes).into_owned();
                for canary in ["Canary", "Exif", "EXIF", "ICC", "XMP", "script", "VP8X", "PK\u{3}\u{4}"] {
                    assert!(!text.contains(canary), "{canary} in {field}");
                }
                let length = u32::from_le_bytes(*kept.bytes[4..].first_chunk().unwrap());
                assert_eq!(usize::try_from(length).unwrap() + 8, kept.bytes.len(), "nothing hangs on");
            }
            names.push(path_in(&answer));
        }
        assert_eq!(names[1], names[3], "the same pixels are the same picture, whatever brought them");
    })
    .await;
}

/// A camera that was turned: what is seen is upright, however the file lies.
#[tokio::test]
async fn a_picture_is_turned_as_its_camera_says() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let file = picture(corners(320, 200), ImageFormat::Jpeg);
        let turned = [
            (1, [RED, GREEN, BLUE, WHITE]),
            (2, [GREEN, RED, WHITE, BLUE]),
            (3, [WHITE, BLUE, GREEN, RED]),
            (4, [BLUE, WHITE, RED, GREEN]),
            (5, [RED, BLUE, GREEN, WHITE]),
            (6, [BLUE, RED, WHITE, GREEN]),
            (7, [WHITE, GREEN, BLUE, RED]),
            (8, [GREEN, WHITE, RED, BLUE]),
            (99, [RED, GREEN, BLUE, WHITE]),
        ];
        for (orientation, expected) in turned {
            let answer = lyceum.upload(&ada, &with_note(&file, 0xE1, &exif(orientation))).await.ok();
            for field in ["small", "avatarUrl", "large"] {
                let kept = get(lyceum, path(answer.str_at(&format!("uploadAvatar.user.{field}")))).await;
                assert_eq!(seen(&shown(&kept)), expected, "{orientation}, {field}");
            }
        }
        let broken = with_note(&file, 0xE1, b"Exif\0\0MM\0*\xFF\xFF\xFF\xFF");
        assert_eq!(lyceum.upload(&ada, &broken).await.ok().user_errors("uploadAvatar"), Vec::<String>::new());
    })
    .await;
}

/// What is half seen through stays so, and a picture without a colour is a picture.
#[tokio::test]
async fn other_kinds_of_pixels_are_pictures_too() {
    at_the_door(&[], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let clear = RgbaImage::from_pixel(20, 30, image::Rgba([10, 200, 10, 128]));
        let grey = DynamicImage::from(corners(30, 20)).into_luma8();
        let deep = DynamicImage::from(corners(30, 20)).into_rgba16();
        let kept = async |file: Vec<u8>| shown(&get(lyceum, &path_in(&lyceum.upload(&ada, &file).await.ok())).await);
        assert_eq!(kept(picture(clear, ImageFormat::Png)).await.get_pixel(96, 96).0, [10, 199, 10, 128]);
        let grey = kept(picture(grey, ImageFormat::Jpeg)).await.get_pixel(170, 170).0;
        assert!(grey[0] == grey[1] && grey[1] == grey[2] && grey[0] > 220, "{grey:?}");
        assert_eq!(seen(&kept(picture(deep, ImageFormat::Png)).await), [RED, GREEN, BLUE, WHITE]);
    })
    .await;
}
