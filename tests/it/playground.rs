//! The playground: what is served of it, how, and when; and that the build in the repository is that of its sources.

use std::{
    collections::BTreeSet,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use axum::{body::Body, http::Method};
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::harness::{
    Home, JWT_SECRET, PEPPER,
    door::*,
    wire::{Process, exchange, get},
};

const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; font-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";
const GZIP: (&str, &str) = ("accept-encoding", "gzip, deflate, br, zstd");
const NOTHING: &str = "There is nothing here. The API is at /graphql.\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("playground")
}

/// The files under a folder of the playground, by their paths in the playground.
fn files(folder: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path);
        }
    }
    found
}

/// What the build is made of, compressed and inflated, with the address of each.
fn built() -> Vec<(String, Vec<u8>, Vec<u8>)> {
    let address = |file: &str| match file {
        "index.html" => "/playground".to_owned(),
        asset => format!("/playground/{asset}"),
    };
    let files = files("dist");
    let names = files.iter().filter_map(|file| file.strip_prefix("dist/")?.strip_suffix(".gz"));
    names
        .map(|name| {
            let gzip = fs::read(root().join(format!("dist/{name}.gz"))).unwrap();
            let mut plain = Vec::new();
            GzDecoder::new(&*gzip).read_to_end(&mut plain).unwrap();
            (address(name), gzip, plain)
        })
        .collect()
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "ttf" => "font/ttf",
        other => panic!("{other} has no type"),
    }
}

/// Every file has its type, a policy that knows this server alone, and a life in caches: for ever where the name has
/// a hash, until the next question elsewhere. It is compressed beforehand, and inflated for who does not take that.
#[tokio::test]
async fn every_file_is_served_as_it_was_built() {
    let built = built();
    assert!(built.len() > 10, "{}", built.len());
    at_the_door(&[], async |lyceum| {
        for (path, gzip, plain) in &built {
            let hashed = path.starts_with("/playground/assets/");
            let kept = if hashed { "public, max-age=31536000, immutable" } else { "public, no-cache" };
            for (headers, coding, bytes) in [(&[GZIP][..], "gzip", gzip), (&[], "", plain)] {
                let answer = lyceum.get(path, headers).await;
                assert_eq!((answer.status.as_u16(), answer.header("content-encoding")), (200, coding), "{path}");
                assert!(answer.bytes == *bytes, "{path} is not what was built");
                assert_eq!(answer.header("content-length"), bytes.len().to_string(), "{path}");
                assert_eq!(answer.header("content-type"), content_type(path), "{path}");
                assert_eq!(answer.header("content-security-policy"), POLICY, "{path}");
                assert_eq!(answer.header("cache-control"), kept, "{path}");
                assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
                let vary: Vec<_> = answer.headers.get_all("vary").iter().collect();
                assert_eq!(vary, ["accept-encoding"], "{path}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_says_whether_it_takes_gzip() {
    at_the_door(&[], async |lyceum| {
        for (accepts, coding) in [
            ("gzip", "gzip"),
            ("GZIP", "gzip"),
            ("br;q=1.0, gzip;q=0.5", "gzip"),
            ("*", "gzip"),
            ("identity;q=0.5, *;q=0.1", "gzip"),
            ("", ""),
            ("br", ""),
            ("identity", ""),
            ("gzip;q=0", ""),
            ("gzip; q=0.0, *", ""),
            ("*;q=0", ""),
            ("gzip;q=much", ""),
        ] {
            let answer = lyceum.get("/playground", &[("accept-encoding", accepts)]).await;
            assert_eq!((answer.status.as_u16(), answer.header("content-encoding")), (200, coding), "{accepts}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_known_file_is_not_sent_again() {
    at_the_door(&[], async |lyceum| {
        let mut tags = BTreeSet::new();
        for (path, ..) in built() {
            let tag = lyceum.get(&path, &[GZIP]).await.header("etag").to_owned();
            for known in [tag.clone(), format!("W/\"0\", {tag}")] {
                for headers in [vec![("if-none-match", known.as_str())], vec![GZIP, ("if-none-match", &known)]] {
                    let again = lyceum.get(&path, &headers).await;
                    assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0), "{path}");
                    assert_eq!(again.header("etag"), tag, "{path}");
                    assert!(again.header("cache-control").starts_with("public"), "{path}");
                }
            }
            let other = lyceum.get(&path, &[GZIP, ("if-none-match", "W/\"0\"")]).await;
            assert_eq!(other.status.as_u16(), 200, "{path}");
            assert!(tags.insert(tag), "{path} has the tag of another file");
        }
    })
    .await;
}

#[tokio::test]
async fn files_can_be_looked_at_and_nothing_else() {
    at_the_door(&[], async |lyceum| {
        for (path, ..) in built() {
            for headers in [&[GZIP][..], &[]] {
                let whole = lyceum.get(&path, headers).await;
                let head = lyceum.request(request(&Method::HEAD, &path, headers, Body::empty())).await;
                assert_eq!((head.status.as_u16(), head.bytes.len()), (200, 0), "{path}");
                for name in ["content-type", "content-length", "content-encoding", "etag", "cache-control"] {
                    assert_eq!(head.header(name), whole.header(name), "{path}: {name}");
                }
            }
            for method in [Method::POST, Method::PUT, Method::DELETE] {
                let answer = lyceum.request(request(&method, &path, &[], Body::empty())).await;
                assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET,HEAD"), "{method} {path}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn no_path_under_it_leads_elsewhere() {
    at_the_door(&[], async |lyceum| {
        for path in [
            "/playground/nothing.js",
            "/playground/assets",
            "/playground/assets/",
            "/playground/assets/../../Cargo.toml",
            "/playground/../Cargo.toml",
            "/playground/..%2F..%2FCargo.toml",
            "/playground/%2e%2e/%2e%2e/Cargo.toml",
            "/playground/assets/..%5C..%5CCargo.toml",
            "/playground//etc/passwd",
            "/playground/%2Fetc%2Fpasswd",
            "/playground/index.html",
            "/playground/index.html.gz",
            "/playground/files.rs",
            "/playground/SOURCES",
            "/playground/assets/%00.js",
        ] {
            let answer = lyceum.get(path, &[]).await;
            assert_eq!((answer.status.as_u16(), answer.text().as_str()), (404, NOTHING), "{path}");
        }
    })
    .await;
}

/// The page asks for nothing that is not served, and holds no script that is not a file.
#[tokio::test]
async fn the_page_asks_this_server_alone() {
    at_the_door(&[], async |lyceum| {
        let page = lyceum.get("/playground", &[]).await.text();
        let links = [" src=\"", " href=\""].into_iter().flat_map(|name| page.split(name).skip(1));
        let asked: Vec<&str> = links.map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(asked.len() >= 4, "{asked:?}");
        for path in asked {
            assert!(path.starts_with('/') && !path.starts_with("//"), "{path}");
            assert_eq!(lyceum.get(path, &[]).await.status.as_u16(), 200, "{path}");
        }
        for script in page.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(tag.contains(" src=") || tag.contains("type=\"application/json\""), "{tag}");
        }
    })
    .await;
}

/// Bar 73: in production there is no playground, and none that is not asked for; the welcome page knows.
#[tokio::test]
async fn the_playground_is_off_where_it_is_not_wanted() {
    at_the_door(&[("PLAYGROUND", "off")], async |lyceum| {
        for (path, ..) in built() {
            let answer = lyceum.get(&path, &[GZIP]).await;
            assert_eq!((answer.status.as_u16(), answer.text().as_str()), (404, NOTHING), "{path}");
        }
        assert!(!lyceum.get("/", &[]).await.text().contains("/playground"));
    })
    .await;
    at_the_door(&[], async |lyceum| {
        assert!(lyceum.get("/", &[]).await.text().contains("href=\"/playground\""));
    })
    .await;
}

/// Bar 73: production serves it when it is told to, and only then.
#[tokio::test]
async fn production_serves_the_playground_when_told_to() {
    let production = [
        ("APP_ENV", "production"),
        ("JWT_SECRET", JWT_SECRET),
        ("PASSWORD_PEPPER", PEPPER),
        ("PUBLIC_URL", "https://api.lyceum.test"),
    ];
    for (more, status) in [(&[][..], 404), (&[("PLAYGROUND", "off")], 404), (&[("PLAYGROUND", "on")], 200)] {
        let process = Process::start(&[&production, more].concat());
        for path in ["/playground", "/playground/THIRD-PARTY.txt"] {
            let reply = exchange(process.address, &get(path)).await.expect("an answer");
            assert_eq!(reply.status, status, "{path} with {more:?}");
        }
    }
}

/// The first thing that a newcomer reads leads to it, where it is.
#[test]
fn the_announcement_leads_to_the_playground() {
    for (settings, told) in [(&[][..], true), (&[("PLAYGROUND", "off")], false)] {
        let home = Home::new();
        let server = home.serve(settings);
        let line = format!("  playground http://{}/playground\n", server.address);
        assert_eq!(server.stop().stdout.contains(&line), told, "{settings:?}");
    }
}

/// The page holds the operations as they are today: who changes one has to build the playground again, by
/// `npm ci && npm run build` in `playground/`.
#[test]
fn the_page_tells_the_story_of_the_operations() {
    let (_, _, page) = built().into_iter().find(|(path, ..)| path == "/playground").unwrap();
    let page = String::from_utf8(page).unwrap();
    let (_, rest) = page.split_once("id=\"story\">").unwrap();
    let told: Value = serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap();
    let mut story: Value = serde_json::from_slice(&fs::read(root().join("operations/story.json")).unwrap()).unwrap();
    for step in story.as_array_mut().unwrap() {
        let file = step["file"].as_str().unwrap();
        step["query"] = fs::read_to_string(root().join("operations").join(file)).unwrap().into();
    }
    assert_eq!(told, story);
}

/// `SOURCES` has the SHA-256 of all that the build was made from; a source that is new, gone or different means that
/// it has to be made again, by `npm ci && npm run build` in `playground/`.
#[test]
fn the_build_is_that_of_its_sources() {
    let own = ["index.html", "licences.js", "pack.mjs", "package-lock.json", "package.json", "vite.config.js"];
    let own = own.into_iter().map(str::to_owned);
    let operations = files("operations").into_iter().filter(|file| file != "operations/README.md");
    let sources: BTreeSet<String> = own.chain(operations).chain(files("src")).collect();
    let now = sources.into_iter().map(|file| {
        let sum = ring::digest::digest(&ring::digest::SHA256, &fs::read(root().join(&file)).unwrap());
        let hex = sum.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        format!("{hex}  {file}")
    });
    let then = fs::read_to_string(root().join("dist/SOURCES")).unwrap();
    let then: BTreeSet<String> = then.lines().map(str::to_owned).collect();
    let changed: Vec<_> = now.collect::<BTreeSet<_>>().symmetric_difference(&then).cloned().collect();
    assert!(changed.is_empty(), "changed since the playground was built: {changed:#?}");
}

#[test]
fn the_build_holds_what_is_served_and_nothing_else() {
    let table = fs::read_to_string(root().join("dist/files.rs")).unwrap();
    let named = table.split("include_bytes!(\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let mut listed: BTreeSet<String> = named.map(|name| format!("dist/{name}")).collect();
    listed.extend(["dist/files.rs".to_owned(), "dist/SOURCES".to_owned()]);
    assert_eq!(files("dist"), listed);
}
