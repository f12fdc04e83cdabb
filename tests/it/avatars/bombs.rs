//! Small files that want much, sent to the binary itself: each is refused by what it says of itself, before there is
//! room for it.

use std::time::Instant;

use image::{DynamicImage, ImageFormat, RgbImage};
use serde_json::json;

use super::corners;
use crate::harness::{
    PASSWORD, SIGNUP,
    multipart::*,
    wire::{Process, Reply, exchange, post},
};

const SETTINGS: &[(&str, &str)] = &[
    ("RATE_LIMITS", "off"),
    ("BCRYPT_COST", "4"),
    ("EMAIL_VERIFICATION", "optional"),
    ("ACCOUNT_DISCLOSURE", "friendly"),
];

/// Somebody's access token, by the process itself.
async fn token(process: &Process) -> String {
    let query = SIGNUP.replace("email user", "accessToken email user");
    let variables = json!({ "username": "ada", "email": "ada@example.com", "password": PASSWORD });
    let body = json!({ "query": query, "variables": variables }).to_string();
    let reply = exchange(process.address, &post(body.as_bytes(), "")).await.expect("an answer");
    reply.json()["data"]["signup"]["accessToken"].as_str().expect("a token").to_owned()
}

async fn send(process: &Process, token: &str, file: &[u8]) -> Reply {
    let body = form(UPLOAD, file).closed();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: lyceum.test\r\ncontent-type: {}\r\ngraphql-require-preflight: 1\r\n\
         authorization: Bearer {token}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        multipart(),
        body.len()
    );
    exchange(process.address, &[head.as_bytes(), &body].concat()).await.expect("an answer")
}

/// A chunk of a PNG, with its checksum.
fn chunk(name: &str, data: &[u8]) -> Vec<u8> {
    let bit = |sum: u32| if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 };
    let byte = |sum: u32, byte: &u8| (0..8).fold(sum ^ u32::from(*byte), |sum, _| bit(sum));
    let sum = !name.as_bytes().iter().chain(data).fold(u32::MAX, byte);
    [&u32::try_from(data.len()).unwrap().to_be_bytes(), name.as_bytes(), data, &sum.to_be_bytes()].concat()
}

/// A PNG that claims these sides and has these chunks behind its header.
fn png(width: u32, height: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1A\n".as_slice(), &chunk("IHDR", &header), &chunks.concat(), &chunk("IEND", b"")].concat()
}

/// Half a megabyte and more that unfolds to 160 times as much: a zero by the fixed codes of RFC 1951, then "258 times the same" without end.
fn folded() -> Vec<u8> {
    let (block, zero, same) = ("110", "00110000", "1100010100000");
    let bits: Vec<u8> = [block, zero, &same.repeat(32)].concat().bytes().map(|bit| bit - b'0').collect();
    let byte = |bits: &[u8]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | bit);
    let mut bytes: Vec<u8> = bits.chunks_exact(8).map(byte).collect();
    // From the third byte on it comes again every 13 bytes.
    while bytes.len() < 1 << 19 {
        bytes.extend_from_within(2..2 + 13 * ((bytes.len() - 2) / 13));
    }
    [b"\x78\x01".as_slice(), &bytes].concat()
}

fn bombs() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let folded = folded();
    let mut gif = picture(DynamicImage::from(corners(20, 20)).into_rgba8(), ImageFormat::Gif);
    let frame = gif.iter().position(|byte| *byte == 0x2C).unwrap();
    gif[frame + 5..frame + 9].fill(0xFF);
    let mut screen = gif.clone();
    screen[6..10].fill(0xFF);
    let mut jpeg = picture(corners(20, 20), ImageFormat::Jpeg);
    let sides = jpeg.windows(2).position(|two| two == [0xFF, 0xC0]).unwrap() + 5;
    jpeg[sides..sides + 4].fill(0xFF);
    let notes = picture(corners(20, 20), ImageFormat::Jpeg);
    // A part of a longer note, the rest of which never comes.
    let note = [b"\xFF\xE1\0\x4Fhttp://ns.adobe.com/xmp/extension/\0".as_slice(), &[7; 42]].concat();
    let mut webp = picture(corners(20, 20), ImageFormat::WebP);
    webp[21..25].copy_from_slice(&[0xFE, 0xBF, 0xFF, 0x0F]);
    let animation = |frames: u32| chunk("acTL", &[frames.to_be_bytes(), [0; 4]].concat());
    let profile = chunk("iCCP", &[b"p\0\0".as_slice(), &folded].concat());
    let text = chunk("zTXt", &[b"t\0\0".as_slice(), &folded].concat());
    let idat = || chunk("IDAT", &folded);
    // One pixel that is seen through, without compression.
    let pixel = || chunk("IDAT", &[0x78, 1, 1, 5, 0, 0xFA, 0xFF, 0, 0, 0, 0, 0, 0, 5, 0, 1]);
    vec![
        ("a PNG of 50,000 x 50,000", png(50_000, 50_000, &[idat()]), "TOO_LONG"),
        ("a PNG of 2,147,483,647 x 1", png(u32::MAX >> 1, 1, &[idat()]), "TOO_LONG"),
        ("an APNG of 4,294,967,295 frames", png(50_000, 50_000, &[animation(u32::MAX), idat()]), "TOO_LONG"),
        ("a PNG whose profile unfolds", png(1, 1, &[profile, pixel()]), "ok"),
        ("a PNG whose text unfolds", png(1, 1, &[text, pixel()]), "ok"),
        ("a PNG with more data than pixels", png(1, 1, &[idat()]), "ok"),
        ("a GIF with a frame of 65,535 x 65,535", gif, "TOO_LONG"),
        ("a GIF with a screen of 65,535 x 65,535", screen, "TOO_LONG"),
        ("a JPEG of 65,535 x 65,535", jpeg, "TOO_LONG"),
        ("a JPEG of 20,000 notes", [&notes[..2], &note.repeat(20_000), &notes[2..]].concat(), "ok"),
        ("a WebP of 16,383 x 16,383", webp, "TOO_LONG"),
    ]
}

/// Bar 83: pictures that claim to be huge, films without an end, and what unfolds to a gigabyte: refused, or drawn as
/// the small picture that they are, at once and in the memory that there was.
#[tokio::test]
async fn a_bomb_does_not_go_off() {
    let mut process = Process::start(SETTINGS);
    let token = token(&process).await;
    // Once for what is made at the first picture.
    assert_eq!(send(&process, &token, &picture(RgbImage::new(600, 600), ImageFormat::Png)).await.status, 200);
    for (name, file, code) in bombs() {
        let before = process.resident();
        let start = Instant::now();
        let reply = send(&process, &token, &file).await;
        let took = start.elapsed();
        let payload = &reply.json()["data"]["uploadAvatar"];
        let outcome =
            payload["userErrors"][0]["code"].as_str().unwrap_or(if payload["user"].is_object() { "ok" } else { "" });
        assert_eq!(outcome, code, "{name}: {}", reply.json());
        assert!(process.is_alive(), "{name}");
        if let (Some(before), Some(after), Some(peak)) = (before, process.resident(), process.peak()) {
            println!("{name}, {} bytes: {took:?}; KiB: {before} before, {after} after, {peak} at most", file.len());
            assert!(peak.saturating_sub(before) < 64 * 1024, "{name}: {before} KiB became {peak} KiB");
        }
    }
}
