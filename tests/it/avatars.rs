//! Pictures of people: what may come in, what is kept of it, where it is shown, and until when.

mod bombs;
mod files;

use axum::{body::Body, http::Method};
use image::{DynamicImage, GenericImageView as _, ImageFormat, Rgb, RgbImage};
use serde_json::json;

use crate::harness::{door::*, multipart::*, *};

const RED: [u8; 3] = [200, 30, 30];
const GREEN: [u8; 3] = [30, 160, 30];
const BLUE: [u8; 3] = [30, 30, 200];
const WHITE: [u8; 3] = [240, 240, 240];

/// The path of an address, which has to be one of this server.
fn path(address: &str) -> &str {
    let path = address.strip_prefix(BASE).unwrap();
    assert!(path.starts_with("/avatars/"), "{path}");
    path
}

/// The path of the answer's picture in the middle size.
fn path_in(answer: &Answer) -> String {
    path(answer.str_at("uploadAvatar.user.avatarUrl")).to_owned()
}

fn shown(answer: &Answer) -> DynamicImage {
    image::load_from_memory_with_format(&answer.bytes, ImageFormat::WebP).unwrap()
}

/// A corner in each colour: red and green above, blue and white below.
fn corners(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| match (x < width / 2, y < height / 2) {
        (true, true) => Rgb(RED),
        (false, true) => Rgb(GREEN),
        (true, false) => Rgb(BLUE),
        (false, false) => Rgb(WHITE),
    })
}

/// The colours of the four corners, as far as they are told apart.
fn seen(picture: &DynamicImage) -> [[u8; 3]; 4] {
    let (near, far) = (picture.width() / 8, picture.width() * 7 / 8);
    [(near, near), (far, near), (near, far), (far, far)].map(|(x, y)| {
        let found = picture.get_pixel(x, y).0;
        let is_like = |colour: &[u8; 3]| colour.iter().zip(found).all(|(known, found)| known.abs_diff(found) < 20);
        [RED, GREEN, BLUE, WHITE].into_iter().find(is_like).unwrap_or([found[0], found[1], found[2]])
    })
}

async fn get(lyceum: &Lyceum, path: &str) -> Answer {
    lyceum.get(path, &[]).await
}

#[track_caller]
fn assert_nowhere(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (404, "no-store"), "{}", answer.text());
}

#[tokio::test]
async fn a_picture_is_shown_in_three_sizes_until_it_is_taken_away() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let query = "{ userByUsername(username: \"ada\") { small: avatarUrl(size: SMALL) avatarUrl large: avatarUrl(size: LARGE) } }";
        let nothing = json!({ "small": null, "avatarUrl": null, "large": null });
        assert_eq!(lyceum.run(query, json!({})).await.ok().at("userByUsername"), &nothing);

        let answer = lyceum.upload(&ada, &picture(corners(300, 200), ImageFormat::Png)).await.ok();
        let public = lyceum.run(query, json!({})).await.ok();
        for (field, side) in [("small", 64), ("avatarUrl", 192), ("large", 512)] {
            let address = public.str_at(&format!("userByUsername.{field}"));
            assert_eq!(address, answer.str_at(&format!("uploadAvatar.user.{field}")));
            assert!(address.ends_with(&format!("-{side}.webp")), "{address}");
            let picture = shown(&get(lyceum, path(address)).await);
            assert_eq!((picture.width(), picture.height()), (side, side));
            assert_eq!(seen(&picture), [RED, GREEN, BLUE, WHITE]);
        }

        let removed = lyceum.run_as(&ada.token, REMOVE, json!({})).await.ok();
        assert_eq!(removed.at("removeAvatar.user"), &json!({ "id": ada.id, "avatarUrl": null }));
        assert_eq!(lyceum.run(query, json!({})).await.ok().at("userByUsername"), &nothing);
        assert_nowhere(&get(lyceum, &path_in(&answer)).await);
        assert_eq!(lyceum.database.count("avatars").await, 0);
        lyceum.run_as(&ada.token, REMOVE, json!({})).await.ok();
        let nobody = lyceum.run(REMOVE, json!({})).await;
        assert_eq!((nobody.code(), nobody.reason()), ("UNAUTHENTICATED", "MISSING"));
    })
    .await;
}

/// Bar 85: a picture has one fixed type, runs nowhere, and may be kept for ever, by whoever shows it; there is no cookie
/// with it, and no other form of it.
#[tokio::test]
async fn a_picture_is_served_as_a_picture_and_nothing_else() {
    with_settings(&[("ALLOWED_ORIGINS", "https://www.example.com")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let path = path_in(&lyceum.upload(&ada, &picture(corners(300, 200), ImageFormat::Jpeg)).await.ok());
        let headers =
            [("accept", "text/html"), ("accept-encoding", "gzip"), ("cookie", "lyceum=x"), ("range", "bytes=0-9")];
        let answer = lyceum.get(&path, &headers).await;
        let tag = answer.header("etag").to_owned();
        let held = [
            ("content-type", "image/webp"),
            ("cache-control", "public, max-age=31536000, immutable"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("referrer-policy", "no-referrer"),
            ("content-encoding", ""),
            ("set-cookie", ""),
        ];
        assert_eq!(answer.status.as_u16(), 200);
        for (name, value) in held {
            assert_eq!(answer.header(name), value, "{name}");
        }
        assert!(tag.len() > 34 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");

        let empty = lyceum.request(request(&Method::HEAD, &path, &[], Body::empty())).await;
        assert_eq!((empty.status.as_u16(), empty.bytes.len(), empty.header("etag")), (200, 0, &*tag));
        assert_eq!(empty.header("content-length"), answer.bytes.len().to_string());
        for known in [tag.clone(), format!("\"other\", {tag}")] {
            let kept = lyceum.get(&path, &[("if-none-match", &known)]).await;
            assert_eq!((kept.status.as_u16(), kept.bytes.len(), kept.header("etag")), (304, 0, &*tag));
            assert_eq!(kept.header("cache-control"), "public, max-age=31536000, immutable");
        }
        assert_eq!(lyceum.get(&path, &[("if-none-match", "\"other\"")]).await.status.as_u16(), 200);
        let post = lyceum.request(request(&Method::POST, &path, &[], Body::empty())).await;
        assert_eq!(post.status.as_u16(), 405);
        // What a client keeps does not bring back what is gone.
        lyceum.run_as(&ada.token, REMOVE, json!({})).await.ok();
        assert_nowhere(&lyceum.get(&path, &[("if-none-match", &tag)]).await);
    })
    .await;
}

/// Bar 85: what is no address is nowhere, and the database never hears of it.
#[tokio::test]
async fn a_path_that_is_no_address_never_reaches_the_database() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let path = path_in(&lyceum.upload(&ada, &plain_png(RED)).await.ok());
        let name = &path["/avatars/".len()..];
        let before = lyceum.app.core.db.statements();
        for junk in [
            "/avatars".to_owned(),
            "/avatars/".to_owned(),
            "/avatars/..%2f..%2fetc%2fpasswd".to_owned(),
            "/avatars/../../etc/passwd".to_owned(),
            "/avatars/%00".to_owned(),
            "/avatars/%ff%fe".to_owned(),
            "/avatars/%25".to_owned(),
            format!("/avatars/{}", "a".repeat(10_000)),
            format!("/avatars/{}", name.to_uppercase()),
            format!("/avatars/%{:02x}{}", name.as_bytes()[0], &name[1..]),
            format!("/avatars/{name}/"),
            format!("/avatars/x/{name}"),
            format!("/avatars/{name}%00"),
            format!("/avatars/{}", name.replace("192", "193")),
            format!("/avatars/{}", name.replace("webp", "png")),
            format!("/avatars/{}", name.replace("-192.webp", "'--")),
            format!("//avatars/{name}"),
        ] {
            assert_nowhere(&get(lyceum, &junk).await);
        }
        assert_eq!(lyceum.app.core.db.statements(), before);
        let other = name.chars().map(|c| if c == 'a' { 'b' } else { c }).collect::<String>().replacen('0', "1", 1);
        assert_nowhere(
            &get(lyceum, &format!("/avatars/{}", if other == *name { "f".repeat(32) + "-192.webp" } else { other }))
                .await,
        );
        assert_eq!(lyceum.app.core.db.statements(), before + 1);
        assert_eq!(get(lyceum, &format!("{path}?v=1")).await.status.as_u16(), 200);
    })
    .await;
}

#[tokio::test]
async fn a_new_picture_takes_the_place_of_the_old_one() {
    on_each_engine(async |lyceum| {
        let (ada, bob) = (lyceum.person("ada").await, lyceum.person("bob").await);
        let first = path_in(&lyceum.upload(&ada, &plain_png(RED)).await.ok());
        let again = path_in(&lyceum.upload(&ada, &plain_png(RED)).await.ok());
        assert_eq!((&again, get(lyceum, &first).await.status.as_u16()), (&first, 200), "it is the same picture");
        let second = path_in(&lyceum.upload(&ada, &plain_png(BLUE)).await.ok());
        assert_ne!(second, first);
        assert_nowhere(&get(lyceum, &first).await);
        assert_eq!(get(lyceum, &second).await.status.as_u16(), 200);
        assert_eq!(lyceum.database.count("avatars").await, 1);
        // A file that is refused leaves the picture as it is.
        assert_eq!(lyceum.upload(&ada, b"no picture").await.user_errors("uploadAvatar"), ["INVALID file"]);
        assert_eq!(get(lyceum, &second).await.status.as_u16(), 200);
        // Two people with the same picture: what one of them does is none of the other's business.
        assert_eq!(path_in(&lyceum.upload(&bob, &plain_png(BLUE)).await.ok()), second);
        lyceum.run_as(&ada.token, REMOVE, json!({})).await.ok();
        assert_eq!(get(lyceum, &second).await.status.as_u16(), 200);
        lyceum.run_as(&bob.token, REMOVE, json!({})).await.ok();
        assert_nowhere(&get(lyceum, &second).await);
    })
    .await;
}

/// Bar 85: one picture for each person, whatever races: of many at the same moment one is left, with its address.
#[tokio::test]
async fn of_many_pictures_at_the_same_moment_one_is_left() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        for round in 0..3 {
            let colours: Vec<[u8; 3]> = (0..6).map(|number| [round * 50, number * 40, 77]).collect();
            let mut calls: Vec<Call> = colours.iter().map(|colour| upload(&ada.token, &plain_png(*colour))).collect();
            calls.push(Call::new(REMOVE, json!({})).bearer(&ada.token));
            for answer in lyceum.together(calls).await {
                assert!(["", "TOO_BUSY"].contains(&answer.code()), "{}", answer.body);
            }
            // Whoever came last; a picture after the removal, so that there is one.
            let last = path_in(&lyceum.upload(&ada, &plain_png([round, 1, 1])).await.ok());
            assert_eq!(lyceum.database.count("avatars").await, 1);
            let apart = "SELECT count(*) FROM users u JOIN avatars a ON a.user_id = u.id WHERE u.avatar = a.name";
            assert_eq!(lyceum.database.number(apart).await, 1);
            assert_eq!(get(lyceum, &last).await.status.as_u16(), 200);
        }
    })
    .await;
}

/// Bar 63: with the account goes the picture.
#[tokio::test]
async fn a_picture_goes_with_its_account() {
    on_each_engine(async |lyceum| {
        let (ada, rose) = (lyceum.person("ada").await, lyceum.person_with_role("rose", "ADMIN").await);
        let path = path_in(&lyceum.upload(&ada, &plain_png(RED)).await.ok());
        lyceum.mutate(&rose.token, "deleteUser", json!({ "id": ada.id })).await.ok();
        assert_nowhere(&get(lyceum, &path).await);
        assert_eq!(lyceum.database.count("avatars").await, 0);
    })
    .await;
}

/// Bar 90: the picture and its name are written together or not at all.
#[tokio::test]
async fn a_picture_and_its_name_are_written_together_or_not_at_all() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let path = path_in(&lyceum.upload(&ada, &plain_png(RED)).await.ok());
        let before = contents(lyceum).await;
        for (event, table) in [("DELETE", "avatars"), ("INSERT", "avatars"), ("UPDATE", "users")] {
            let fault = Sabotage::of_rows(lyceum.engine, event, table, "1 = 1");
            fault.apply(&lyceum.database).await;
            assert_eq!(lyceum.upload(&ada, &plain_png(BLUE)).await.code(), "INTERNAL_SERVER_ERROR", "{event} {table}");
            let removed = lyceum.run_as(&ada.token, REMOVE, json!({})).await;
            fault.undo(&lyceum.database).await;
            if event == "INSERT" {
                lyceum.upload(&ada, &plain_png(RED)).await.ok();
            } else {
                assert_eq!(removed.code(), "INTERNAL_SERVER_ERROR", "{event} {table}");
                assert_eq!(contents(lyceum).await, before, "{event} {table}");
            }
            assert_eq!(get(lyceum, &path).await.status.as_u16(), 200, "{event} {table}");
        }
    })
    .await;
}

/// Bar 83: an address sends 20 pictures in an hour; the rest is refused before anybody looks at it.
#[tokio::test]
async fn pictures_are_counted_before_they_are_looked_at() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        for number in 0..20 {
            let answer = lyceum.upload(&ada, b"no picture").await;
            assert_eq!(answer.user_errors("uploadAvatar"), ["INVALID file"], "{number}");
        }
        let answer = lyceum.upload(&ada, &plain_png(RED)).await;
        assert_eq!((answer.code(), answer.retry_after()), ("RATE_LIMITED", Some(180)), "{}", answer.body);
        assert_eq!(lyceum.database.count("avatars").await, 0);
        lyceum.send(upload(&ada.token, &plain_png(RED)).from(9)).await.ok();
        lyceum.advance(std::time::Duration::from_mins(3));
        lyceum.upload(&ada, &plain_png(BLUE)).await.ok();
    })
    .await;
}

/// Bar 100: the name of the picture comes with its user: where it is costs no statement, for however many.
#[tokio::test]
async fn an_address_costs_no_statement() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        lyceum.upload(&ada, &plain_png(RED)).await.ok();
        for title in ["One", "Two", "Three"] {
            lyceum.write_post(&ada, title, "PUBLISHED").await;
        }
        let count = async |fields: &str| {
            let query = format!("{{ posts {{ nodes {{ author {{ username {fields} }} }} }} }}");
            let (answer, statements) = lyceum.counted(Call::new(&query, json!({}))).await;
            (answer.ok().at("posts.nodes.2.author.avatarUrl").is_string(), statements)
        };
        assert_eq!((count("").await, count("avatarUrl").await), ((false, 1), (true, 1)));
    })
    .await;
}
