use std::{error::Error, fs, path::PathBuf};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::{
    Info,
    mailbox::{
        Piece::{Link, Plain},
        is_mail_name, pieces,
    },
    routes,
};

type Outcome = Result<(), Box<dyn Error>>;

async fn get(info: &Info, request: Request<Body>) -> Result<(StatusCode, HeaderMap, String), Box<dyn Error>> {
    let (head, body) = routes(info.clone()).oneshot(request).await?.into_parts();
    let body = String::from_utf8(body.collect().await?.to_bytes().to_vec())?;
    Ok((head.status, head.headers, body))
}

fn path(path: &str) -> Result<Request<Body>, axum::http::Error> {
    Request::get(path).header(header::HOST, "evil.test").body(Body::empty())
}

const PAGES: [&str; 8] =
    ["/", "/signup", "/login", "/account", "/verify-email", "/reset-password", "/confirm-email", "/cancel-email"];

#[tokio::test]
async fn a_page_is_not_kept_and_tells_nothing_of_its_request() -> Outcome {
    for at in PAGES {
        let (status, headers, body) = get(&Info::default(), path(&format!("{at}?token=t0ken"))?).await?;
        assert_eq!(status, StatusCode::OK, "{at}");
        let is = |name, value: &str| assert_eq!(headers.get(name).and_then(|it| it.to_str().ok()), Some(value), "{at}");
        is(header::CONTENT_TYPE, "text/html; charset=utf-8");
        is(header::CONTENT_SECURITY_POLICY, super::OWN_ONLY);
        is(header::REFERRER_POLICY, "no-referrer");
        is(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        is(header::CACHE_CONTROL, "no-store");
        assert!(!body.contains("evil.test") && !body.contains("t0ken"), "{at}");
    }
    Ok(())
}

#[tokio::test]
async fn the_welcome_page_offers_what_there_is() -> Outcome {
    let (_, _, bare) = get(&Info::default(), path("/")?).await?;
    assert!(!bare.contains("/playground") && !bare.contains("/dev/mail"));
    assert_eq!(get(&Info::default(), path("/dev/mail")?).await?.0, StatusCode::NOT_FOUND);

    let info = Info { playground: true, mailbox: Some(PathBuf::from("/nonexistent/mail")) };
    let (_, _, full) = get(&info, path("/")?).await?;
    assert!(full.contains("href=\"/playground\"") && full.contains("href=\"/dev/mail\""));
    assert_eq!(get(&info, path("/dev/mail")?).await?.0, StatusCode::OK, "no folder is no mail");
    Ok(())
}

/// The policy forbids all of it, so it would not work either.
#[tokio::test]
async fn a_page_has_no_script_or_style_of_its_own_and_no_form_that_leaves() -> Outcome {
    for at in PAGES {
        let (_, _, body) = get(&Info::default(), path(at)?).await?;
        for forbidden in ["<style", " style=", " onclick=", " onload=", " action=", " method=", "javascript:"] {
            assert!(!body.contains(forbidden), "{forbidden} in {at}");
        }
        assert_eq!(body.matches("<script").count(), body.matches("<script src=\"/assets/").count(), "{at}");
        assert_eq!(body.matches("<h1").count(), 1, "{at}");
    }
    Ok(())
}

#[tokio::test]
async fn every_asset_that_a_page_or_a_script_names_is_there() -> Outcome {
    let mut found: Vec<String> = Vec::new();
    for at in PAGES {
        let (_, _, body) = get(&Info::default(), path(at)?).await?;
        found.extend(body.split('"').filter(|part| part.starts_with("/assets/")).map(str::to_owned));
    }
    let mut seen = 0;
    while let Some(asset) = found.get(seen).cloned() {
        seen += 1;
        let (status, _, body) = get(&Info::default(), path(&asset)?).await?;
        assert_eq!(status, StatusCode::OK, "{asset}");
        let imports = body.split("from './").skip(1).filter_map(|rest| rest.split('\'').next());
        let new: Vec<String> =
            imports.map(|name| format!("/assets/{name}")).filter(|name| !found.contains(name)).collect();
        found.extend(new);
    }
    assert!(found.iter().any(|asset| asset == "/assets/graphql.js"), "{found:?}");
    Ok(())
}

#[tokio::test]
async fn a_known_asset_is_not_sent_again() -> Outcome {
    for at in ["/assets/app.css", "/assets/account.js", "/assets/favicon.svg", "/favicon.ico"] {
        let (status, headers, body) = get(&Info::default(), path(at)?).await?;
        assert_eq!((status, body.is_empty()), (StatusCode::OK, false), "{at}");
        let tag = headers.get(header::ETAG).ok_or("no ETag")?;
        let again = Request::get(at).header(header::IF_NONE_MATCH, tag).body(Body::empty())?;
        let (status, _, body) = get(&Info::default(), again).await?;
        assert_eq!((status, body.as_str()), (StatusCode::NOT_MODIFIED, ""), "{at}");
    }
    Ok(())
}

#[tokio::test]
async fn a_mail_cannot_break_out_of_its_page() -> Outcome {
    let root = std::env::temp_dir().join(format!("lyceum-pages-{}", std::process::id()));
    let folder = root.join("mail");
    fs::create_dir_all(&folder)?;
    fs::write(root.join("secret.eml"), "Subject: secret\r\n\r\nsecret\r\n")?;
    let mail = "Subject: <i>hello</i>\r\nTo: \"<b>\" <ada@example.test>\r\nContent-Type: text/html\r\n\r\n\
        \"><script>alert(1)</script>\r\n";
    fs::write(folder.join("1.eml"), mail)?;
    let info = Info { playground: false, mailbox: Some(folder) };

    let (_, _, list) = get(&info, path("/dev/mail")?).await?;
    assert!(list.contains("href=\"/dev/mail/1.eml\"") && list.contains("ada@example.test"));
    assert!(!list.contains("<i>") && !list.contains("<b>"));
    let (_, _, shown) = get(&info, path("/dev/mail/1.eml")?).await?;
    assert!(shown.contains("sandbox=\"\"") && !shown.contains("<i>") && !shown.contains("<script>alert"));
    let (_, headers, raw) = get(&info, path("/dev/mail/1.eml/raw")?).await?;
    assert_eq!(
        (headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes), raw.as_str()),
        (Some(&b"text/plain; charset=utf-8"[..]), mail)
    );
    for elsewhere in ["/dev/mail/..%2Fsecret.eml", "/dev/mail/..%2Fsecret.eml/raw", "/dev/mail/2.eml"] {
        let (status, _, body) = get(&info, path(elsewhere)?).await?;
        assert_eq!((status, body.contains("secret")), (StatusCode::NOT_FOUND, false), "{elsewhere}");
    }
    fs::remove_dir_all(root)?;
    Ok(())
}

#[test]
fn a_mail_name_leads_nowhere_else() {
    for good in ["a.eml", "0198-Ab_c.1.eml", "...eml"] {
        assert!(is_mail_name(good), "{good}");
    }
    for bad in ["", ".eml", "a.txt", "a.eml.gz", "../a.eml", "a/b.eml", "a\\b.eml", "a\0.eml", "ä.eml", "a b.eml"] {
        assert!(!is_mail_name(bad), "{bad}");
    }
}

#[test]
fn web_links_are_told_from_the_text_around_them() {
    assert_eq!(pieces(""), []);
    assert_eq!(pieces("no link, nor javascript:alert(1)"), [Plain("no link, nor javascript:alert(1)")]);
    assert_eq!(
        pieces("Follow https://a.test/x?token=1&b=2.\nOr <http://b.test>, soon"),
        [
            Plain("Follow "),
            Link("https://a.test/x?token=1&b=2"),
            Plain(".\nOr <"),
            Link("http://b.test"),
            Plain(">, soon")
        ]
    );
    assert_eq!(pieces("https://a.test\"onclick=x"), [Link("https://a.test"), Plain("\"onclick=x")]);
    assert_eq!(pieces("https://ü.test/ö https://"), [Link("https://ü.test/ö"), Plain(" "), Link("https://")]);
}
