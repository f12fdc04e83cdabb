//! What a title and a text may be: limits in characters, no control characters, and nothing is ever interpreted.

use serde_json::json;

use crate::harness::*;

/// Four bytes and two UTF-16 units, one character.
const WIDE: &str = "\u{1F510}";

async fn title_of(lyceum: &Lyceum, token: &str, title: &str) -> Result<String, Vec<String>> {
    let answer = lyceum.mutate(token, "createPost", json!({ "title": title, "body": "A text." })).await;
    match answer.user_errors("createPost") {
        errors if errors.is_empty() => Ok(answer.str_at("createPost.post.title").to_owned()),
        errors => Err(errors),
    }
}

/// The text as everybody reads it afterwards, from the rows.
async fn body_of(lyceum: &Lyceum, token: &str, body: &str) -> Result<String, Vec<String>> {
    let answer = lyceum.mutate(token, "createPost", json!({ "title": "T", "body": body, "status": "PUBLISHED" })).await;
    let errors = answer.user_errors("createPost");
    if !errors.is_empty() {
        return Err(errors);
    }
    let id = answer.str_at("createPost.post.id");
    let read = lyceum.run("query ($id: ID!) { post(id: $id) { body } }", json!({ "id": id })).await.ok();
    assert_eq!(read.at("post.body"), answer.at("createPost.post.body"));
    Ok(read.str_at("post.body").to_owned())
}

async fn comment_of(lyceum: &Lyceum, token: &str, post: &str, body: &str) -> Result<String, Vec<String>> {
    let answer = lyceum.mutate(token, "createComment", json!({ "postId": post, "body": body })).await;
    let errors = answer.user_errors("createComment");
    if !errors.is_empty() {
        return Err(errors);
    }
    let id = answer.str_at("createComment.comment.id");
    let read = lyceum.run("query ($id: ID!) { comment(id: $id) { body } }", json!({ "id": id })).await.ok();
    Ok(read.str_at("comment.body").to_owned())
}

fn refused<T>(fault: &str) -> Result<T, Vec<String>> {
    Err(vec![fault.to_owned()])
}

/// Bar 87: limits count characters, of whatever width, and one more is one too many.
#[tokio::test]
async fn limits_count_characters() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let post = lyceum.write_post(&ada, "One", "PUBLISHED").await;
        let most = [("x", 200), ("ß", 200), ("語", 200), (WIDE, 200)];
        for (letter, most) in most {
            let title = letter.repeat(most);
            assert_eq!(title_of(lyceum, &ada.token, &title).await.as_deref(), Ok(&*title));
            assert_eq!(title_of(lyceum, &ada.token, &letter.repeat(most + 1)).await, refused("TOO_LONG title"));
        }
        for letter in ["x", "ß", "語"] {
            let body = letter.repeat(10_000);
            assert_eq!(comment_of(lyceum, &ada.token, &post, &body).await.as_deref(), Ok(&*body));
            let long = letter.repeat(10_001);
            assert_eq!(comment_of(lyceum, &ada.token, &post, &long).await, refused("TOO_LONG body"));
        }
        let body = WIDE.repeat(10_000);
        assert_eq!(comment_of(lyceum, &ada.token, &post, &body).await.as_deref(), Ok(&*body));
        assert_eq!(comment_of(lyceum, &ada.token, &post, &WIDE.repeat(10_001)).await, refused("TOO_LONG body"));
        for letter in ["x", "ß"] {
            let body = letter.repeat(50_000);
            assert_eq!(body_of(lyceum, &ada.token, &body).await.as_deref(), Ok(&*body));
            assert_eq!(body_of(lyceum, &ada.token, &letter.repeat(50_001)).await, refused("TOO_LONG body"));
        }
        // A syllable typed as its letters is one character, and nine bytes.
        let syllables = "\u{1112}\u{1161}\u{11ab}".repeat(200);
        assert_eq!(title_of(lyceum, &ada.token, &syllables).await, Ok("\u{d55c}".repeat(200)));
        // What is trimmed away does not count.
        let padded = format!("\n {} \n", "x".repeat(200));
        assert_eq!(title_of(lyceum, &ada.token, &padded).await, Ok("x".repeat(200)));
    })
    .await;
}

/// Bars 68 and 87: in bytes, the limit of a text is that of the request.
#[tokio::test]
async fn a_text_of_wide_characters_ends_where_the_request_does() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let body = WIDE.repeat(32_000);
        assert_eq!(body_of(lyceum, &ada.token, &body).await.as_deref(), Ok(&*body));
        let answer =
            lyceum.mutate(&ada.token, "createPost", json!({ "title": "T", "body": WIDE.repeat(40_000) })).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (413, "QUERY_TOO_LARGE"));
        assert_eq!(lyceum.database.count("posts").await, 1);
    })
    .await;
}

/// Bar 87: control characters are refused wherever they stand, at the ends too; tabs and line breaks belong to texts.
#[tokio::test]
async fn control_characters_are_refused() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let post = lyceum.write_post(&ada, "One", "PUBLISHED").await;
        let before = contents(lyceum).await;
        for control in ['\0', '\u{7}', '\u{8}', '\u{b}', '\u{c}', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{9f}'] {
            for text in [format!("a{control}b"), format!("{control}ab"), format!("ab{control}")] {
                assert_eq!(title_of(lyceum, &ada.token, &text).await, refused("INVALID title"), "{text:?}");
                assert_eq!(body_of(lyceum, &ada.token, &text).await, refused("INVALID body"), "{text:?}");
                assert_eq!(comment_of(lyceum, &ada.token, &post, &text).await, refused("INVALID body"), "{text:?}");
            }
        }
        for line in ["two\nlines", "two\r\nlines", "a\ttab", "a\u{2028}b", "a\u{2029}b"] {
            assert_eq!(title_of(lyceum, &ada.token, line).await, refused("INVALID title"), "{line:?}");
        }
        assert_eq!(contents(lyceum).await, before);
        assert_eq!(body_of(lyceum, &ada.token, "one\n\ttwo\n\nthree").await.as_deref(), Ok("one\n\ttwo\n\nthree"));
        assert_eq!(body_of(lyceum, &ada.token, "one\r\n\r\ntwo\r\n").await.as_deref(), Ok("one\n\ntwo"));
        assert_eq!(comment_of(lyceum, &ada.token, &post, "one\r\ntwo").await.as_deref(), Ok("one\ntwo"));
    })
    .await;
}

/// Bar 87: HTML, templates, SQL and marks of direction are text. They come back as they were written, and as JSON.
#[tokio::test]
async fn texts_are_kept_as_they_are() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        let post = lyceum.write_post(&ada, "One", "PUBLISHED").await;
        let texts = [
            "<script>alert(1)</script>",
            "<img src=x onerror=\"alert('1')\"> &amp; &lt; </textarea>",
            "{{7*7}} ${7*7} <%= 7*7 %> #{7*7}",
            "'; DROP TABLE posts; -- \\' \" % _ \\0 \\n",
            "[click](javascript:alert(1)) https://example.com",
            "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{200f}(abc)\u{200e} \u{2067}def\u{2069} \u{645}\u{631}\u{62d}\u{628}\u{627}",
            "\u{202e}txt.exe\u{202c}",
            "\u{1F469}\u{200d}\u{1F4BB} \u{1F3F3}\u{fe0f} e\u{301}\u{302} \u{fdfa} ﷽",
            "null",
            "a  b   c",
        ];
        for text in texts {
            // One spelling for what looks the same: NFC.
            let kept = unicode_normalization::UnicodeNormalization::nfc(text).collect::<String>();
            assert_eq!(title_of(lyceum, &ada.token, text).await.as_deref(), Ok(&*kept));
            assert_eq!(body_of(lyceum, &ada.token, text).await.as_deref(), Ok(&*kept));
            assert_eq!(comment_of(lyceum, &ada.token, &post, text).await.as_deref(), Ok(&*kept));
        }
        let answer = lyceum.run("{ posts(first: 50) { nodes { title } } }", json!({})).await.ok();
        let content_type = answer.headers["content-type"].to_str().unwrap();
        assert!(content_type.starts_with("application/graphql-response+json"), "{content_type}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    })
    .await;
}
