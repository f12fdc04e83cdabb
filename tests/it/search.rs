//! Bar 88: searching. What is found depends on neither the engine nor its collation, and nothing that is typed is
//! anything but text.

use serde_json::json;

use crate::harness::*;

const FIND: &str =
    "query ($search: String!) { posts(first: 100, filter: {search: $search}, orderBy: {field: TITLE, direction: ASC}) {
    totalCount nodes { title } } }";
const FIND_USERS: &str = "query ($search: String!) { users(first: 100, filter: {search: $search}, orderBy: {field: USERNAME, direction: ASC}) {
    totalCount nodes { username } } }";
const CREATE: &str = "mutation ($title: String!, $body: String!, $status: PostStatus!) {
    createPost(input: {title: $title, body: $body, status: $status}) { post { id } userErrors { code } } }";
const UPDATE: &str = "mutation ($id: ID!, $title: String, $body: String) {
    updatePost(input: {id: $id, title: $title, body: $body}) { post { id } userErrors { code } } }";

/// Titles sort in this order; the body stands behind.
const TEXTS: [(&str, &str); 16] = [
    ("a percent", "Sold at 100% off, not 100 percent."),
    ("b underscore", "The name is snake_case here."),
    ("c exclamation", "Stop! wow!%"),
    ("d quotes", "It's \"quoted\" and O''Brien'; -- DROP TABLE posts; /* x */"),
    ("e operators", "cats AND dogs NOT birds NEAR(fish, 3) title:word ^start pre* a-b -minus {x} (y) +z back\\slash"),
    ("f cyrillic", "ПРИВЕТ, Мир! Ёлка и йод."),
    ("g greek", "ὈΔΥΣΣΕΎΣ ΟΔΟΣ"),
    ("h cjk", "今天天气很好。東京タワー ｶﾀｶﾅ ＡＢＣ"),
    ("i emoji", "Party 🎉🎊 and ❤\u{FE0F} and 👨\u{200D}👩\u{200D}👧"),
    ("j german", "Die STRASSE, die Straße, GROẞ, Donau\u{AD}dampf"),
    ("k turkish", "İstanbul ISPARTA ılık"),
    ("l combining", "cafe\u{301} cre\u{300}me A\u{30A}ngstro\u{308}m"),
    ("m composed", "CAFÉ CRÈME ÅNGSTRÖM"),
    ("n white", "one\u{A0}two\n\nthree\tfour\u{3000}five"),
    ("o hindi arabic", "नमस्ते दुनिया مرحبا بالعالم ﷺ ﬁne ① ½"),
    ("p plain", "nothing of note x"),
];

/// What is typed, and the first letters of the titles that are found.
const FOUND: &[(&str, &str)] = &[
    // The wildcards of LIKE, and the sign that escapes them.
    ("%", "ac"),
    ("100%", "a"),
    ("100%off", ""),
    ("_", "b"),
    ("snake_case", "b"),
    ("snakexcase", ""),
    ("s_ake", ""),
    ("!", "cf"),
    ("wow!%", "c"),
    ("!%", "c"),
    ("!!", ""),
    ("%%%", ""),
    ("___", ""),
    ("st_p!", ""),
    // Quotes, and what would end a statement.
    ("'", "d"),
    ("\"", "d"),
    ("\"quoted\"", "d"),
    ("it's", "d"),
    ("o''brien'", "d"),
    ("''", "d"),
    ("' OR '1'='1", ""),
    ("'; DROP TABLE posts; --", "d"),
    ("/* x */", "d"),
    ("\\", "e"),
    ("back\\slash", "e"),
    ("\\'", ""),
    ("$1", ""),
    ("?", ""),
    // The words of a full-text query.
    ("AND", "dei"),
    ("cats AND dogs", "e"),
    ("cats XOR dogs", ""),
    ("cats OR dogs", "e"),
    ("cats NOT", "e"),
    ("NEAR(", "e"),
    ("near(fish, 3)", "e"),
    ("title:word", "e"),
    ("^start", "e"),
    ("pre*", "e"),
    ("*", "de"),
    ("a-b", "e"),
    ("-minus", "e"),
    ("{x}", "e"),
    ("(y)", "e"),
    ("+z", "e"),
    ("NEAR(fish birds)", ""),
    ("fis*", ""),
    // Case, in every script that has one; parts of words.
    ("привет", "f"),
    ("МИР", "f"),
    ("приВ мИ", "f"),
    ("ёлка", "f"),
    ("елка", ""),
    ("й", "f"),
    ("и\u{306}од", "f"),
    ("ὀδυσσεύς", "g"),
    ("ΟΔΟΣ", "g"),
    ("οδος", "g"),
    ("οδοσ", "g"),
    ("ὀδυσσεύσ", "g"),
    ("ς", "g"),
    ("天气", "h"),
    ("今天天气", "h"),
    ("東京", "h"),
    ("好", "h"),
    ("カタカナ", "h"),
    ("abc", "h"),
    ("ａｂｃ", "h"),
    ("🎉", "i"),
    ("🎉🎊", "i"),
    ("❤", "i"),
    ("❤\u{FE0F}", "i"),
    ("👩", "i"),
    ("👨\u{200D}👩\u{200D}👧", "i"),
    ("🎊🎉", ""),
    // Letters that are one in another case, and marks that stand by themselves or not.
    ("straße", "j"),
    ("STRASSE", "j"),
    ("groß", "j"),
    ("GROSS", "j"),
    ("donaudampf", "j"),
    ("istanbul", "k"),
    ("ISTANBUL", "k"),
    ("ısparta", "k"),
    ("ILIK", "k"),
    ("café", "lm"),
    ("CAFE\u{301} crème", "lm"),
    ("ångström", "lm"),
    ("cafe", ""),
];

/// White space of any kind, ligatures, other scripts, and what is long.
const FOUND_TOO: &[(&str, &str)] = &[
    ("  one   five ", "n"),
    ("two\u{A0}three", "n"),
    ("four\u{3000}\n\ttwo", "n"),
    ("onetwo", ""),
    ("नमस्ते", "o"),
    ("بالعالم", "o"),
    ("FINE 1 1⁄2", "o"),
    ("x", "cdep"),
    ("ot", "adep"),
    ("note x", "p"),
    ("notes", ""),
    ("a b c d e f g h", "e"),
];

async fn write(lyceum: &Lyceum, author: &Person, title: &str, body: &str, status: &str) -> String {
    let variables = json!({ "title": title, "body": body, "status": status });
    let answer = lyceum.run_as(&author.token, CREATE, variables).await.ok();
    answer.str_at("createPost.post.id").to_owned()
}

fn names(answer: &Answer, list: &str, name: &str) -> Vec<String> {
    let nodes = answer.at(&format!("{list}.nodes")).as_array().cloned().unwrap_or_default();
    assert_eq!(answer.at(&format!("{list}.totalCount")), &json!(nodes.len()), "{}", answer.body);
    nodes.iter().map(|node| node[name].as_str().unwrap().to_owned()).collect()
}

async fn found(lyceum: &Lyceum, search: &str) -> Vec<String> {
    let answer = lyceum.run(FIND, json!({ "search": search })).await.ok();
    names(&answer, "posts", "title")
}

async fn users_found(lyceum: &Lyceum, by: &Person, search: &str) -> Vec<String> {
    let answer = lyceum.run_as(&by.token, FIND_USERS, json!({ "search": search })).await.ok();
    names(&answer, "users", "username")
}

/// Bar 88: case, scripts, wildcards, quotes and the syntax of SQL and of full-text queries, alike on every engine.
#[tokio::test]
async fn what_is_typed_is_found_as_it_is() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        for (title, body) in TEXTS {
            write(lyceum, &ada, title, body, "PUBLISHED").await;
        }
        let mut wrong = Vec::new();
        for (search, letters) in FOUND.iter().chain(FOUND_TOO) {
            let titles: String = found(lyceum, search).await.iter().map(|title| &title[..1]).collect();
            if titles != *letters {
                wrong.push(format!("{search}: {titles}, not {letters}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        for blank in ["", " \t\n\u{3000}", "\u{200B}"] {
            assert_eq!(found(lyceum, blank).await.len(), TEXTS.len(), "{blank:?} is no filter");
        }
        assert_eq!(lyceum.database.number("SELECT COUNT(*) FROM posts").await, 16);
    })
    .await;
}

/// Bar 88: NUL and other control characters are in no text, and no engine stumbles over them.
#[tokio::test]
async fn control_characters_are_found_nowhere() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        write(lyceum, &ada, "plain", "some text", "PUBLISHED").await;
        for search in ["\0", "some\0", "some\0text", "\0some text", "some \u{1} text", "\u{1b}[0m", "some\u{7f}"] {
            assert_eq!(found(lyceum, search).await, [""; 0], "{search:?}");
        }
        let title = "mutation ($text: String!) { createPost(input: {title: $text, body: $text, status: PUBLISHED}) {
            userErrors { code message field } } }";
        let refused = lyceum.run_as(&ada.token, title, json!({ "text": "so\0me" })).await;
        assert_eq!(refused.user_errors("createPost"), ["INVALID title", "INVALID body"]);
    })
    .await;
}

/// Bar 88: eight words of the first 500 characters count; more is not looked at, and nothing breaks.
#[tokio::test]
async fn long_searches_are_cut() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let long = "0123456789".repeat(100);
        write(lyceum, &ada, "long", &format!("w1 w2 w3 w4 w5 w6 w7 w8 {long}"), "PUBLISHED").await;
        assert_eq!(found(lyceum, "w8 w7 w6 w5 w4 w3 w2 w1").await, ["long"]);
        assert_eq!(found(lyceum, "w8 w7 w6 w5 w4 w3 w2 absent").await, [""; 0]);
        assert_eq!(found(lyceum, "w8 w7 w6 w5 w4 w3 w2 w1 absent").await, ["long"]);
        assert_eq!(found(lyceum, &long).await, ["long"]);
        assert_eq!(found(lyceum, &long[..499]).await, ["long"]);
        assert_eq!(found(lyceum, &format!("{}x", &long[..499])).await, [""; 0]);
        assert_eq!(found(lyceum, &format!("{}x", &long[..500])).await, ["long"]);
        for search in ["%".repeat(20_000), "\"".repeat(20_000), "\u{FDFA}".repeat(5_000), "(a* ".repeat(5_000)] {
            assert_eq!(found(lyceum, &search).await, [""; 0]);
        }
    })
    .await;
}

/// Bar 88: what was changed is found as it is now, and what was deleted is not; a vacuum changes nothing.
#[tokio::test]
async fn searching_keeps_in_step_with_writing() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let first = write(lyceum, &ada, "Old heading", "former words", "PUBLISHED").await;
        let second = write(lyceum, &ada, "Second", "lasting words", "PUBLISHED").await;
        lyceum.run_as(&ada.token, UPDATE, json!({ "id": first, "title": "New heading" })).await.ok();
        assert_eq!(found(lyceum, "OLD").await, [""; 0]);
        assert_eq!(found(lyceum, "new former").await, ["New heading"]);
        lyceum.run_as(&ada.token, UPDATE, json!({ "id": first, "body": "Fresh text" })).await.ok();
        assert_eq!(found(lyceum, "former").await, [""; 0]);
        assert_eq!(found(lyceum, "fresh new").await, ["New heading"]);

        let delete = "mutation ($id: ID!) { deletePost(input: {id: $id}) { userErrors { code } } }";
        lyceum.run_as(&ada.token, delete, json!({ "id": first })).await.ok();
        assert_eq!(found(lyceum, "fresh").await, [""; 0]);
        if lyceum.engine == Engine::Sqlite {
            lyceum.database.execute("VACUUM").await;
            assert_eq!(lyceum.database.number("SELECT COUNT(*) FROM posts_trigrams").await, 1);
        }
        assert_eq!(found(lyceum, "lasting").await, ["Second"]);
        lyceum.run_as(&ada.token, UPDATE, json!({ "id": second, "body": "changed after all" })).await.ok();
        assert_eq!(found(lyceum, "lasting").await, [""; 0]);
        assert_eq!(found(lyceum, "changed").await, ["Second"]);
    })
    .await;
}

/// Bars 88 and 62: drafts are found by their authors and by who looks after the site, by nobody else.
#[tokio::test]
async fn drafts_of_others_are_not_found() {
    on_each_engine(async |lyceum| {
        let (ada, bob, mona) = (lyceum.person("ada").await, lyceum.person("bob").await, lyceum.person("mona").await);
        lyceum.database.execute("UPDATE users SET role = 'MODERATOR' WHERE username_key = 'mona'").await;
        write(lyceum, &ada, "draft", "a secret recipe", "DRAFT").await;
        write(lyceum, &ada, "public", "a known recipe", "PUBLISHED").await;
        for search in ["recipe", "re", "DRAFT", "secret", "%", "draft' OR '1'='1"] {
            assert!(!found(lyceum, search).await.contains(&"draft".to_owned()), "{search}");
            let answer = lyceum.run_as(&bob.token, FIND, json!({ "search": search })).await.ok();
            assert!(!names(&answer, "posts", "title").contains(&"draft".to_owned()), "{search}");
        }
        for (person, titles) in [(&ada, &["draft", "public"][..]), (&mona, &["draft", "public"]), (&bob, &["public"])] {
            let answer = lyceum.run_as(&person.token, FIND, json!({ "search": "recipe" })).await.ok();
            assert_eq!(names(&answer, "posts", "title"), titles, "{}", person.username);
        }
    })
    .await;
}

/// Bar 88: users are found by username and names, by their addresses only for administrators.
#[tokio::test]
async fn addresses_are_searched_for_administrators_only() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let (mona, root) = (lyceum.person("mona").await, lyceum.person("rooty").await);
        lyceum.database.execute("UPDATE users SET role = 'MODERATOR' WHERE username_key = 'mona'").await;
        lyceum.database.execute("UPDATE users SET role = 'ADMIN' WHERE username_key = 'rooty'").await;
        lyceum.sign_up_as("Snow_Owl", "bird.watcher@example.org", PASSWORD).await.ok();
        assert_eq!(users_found(lyceum, &root, "owl").await, [""; 0], "nobody is a user before the proof");
        let token = lyceum.token_for("bird.watcher@example.org").await;
        lyceum.run(VERIFY, json!({ "token": token })).await.ok();

        for by in [&mona, &root] {
            assert_eq!(users_found(lyceum, by, "OWL").await, ["Snow_Owl"]);
            assert_eq!(users_found(lyceum, by, "w_o").await, ["Snow_Owl"]);
            assert_eq!(users_found(lyceum, by, "lovelace ada snow").await, ["Snow_Owl"]);
            assert_eq!(users_found(lyceum, by, "s%l").await, [""; 0]);
        }
        for search in ["bird.watcher", "watcher@EXAMPLE.org", "@example", "org", "snow bird", "bi"] {
            assert_eq!(users_found(lyceum, &mona, search).await, [""; 0], "{search}");
        }
        for search in ["bird.watcher", "watcher@EXAMPLE.org", "@example.o", "org", "snow bird", "bi"] {
            assert_eq!(users_found(lyceum, &root, search).await, ["Snow_Owl"], "{search}");
        }

        let id = lyceum.run_as(&root.token, "{ userByUsername(username: \"snow_owl\") { id } }", json!({})).await.ok();
        let id = id.str_at("userByUsername.id").to_owned();
        let update =
            "mutation ($id: ID!) { updateUser(input: {id: $id, lastName: \"Åström\", email: \"eagle@example.org\"}) {
            userErrors { code message field } } }";
        lyceum.run_as(&root.token, update, json!({ "id": id })).await.ok();
        assert_eq!(users_found(lyceum, &mona, "snow ada åströM").await, ["Snow_Owl"]);
        assert_eq!(users_found(lyceum, &mona, "snow lovelace").await, [""; 0]);
        assert_eq!(users_found(lyceum, &root, "eagle@").await, ["Snow_Owl"]);
        assert_eq!(users_found(lyceum, &root, "watcher").await, [""; 0]);
        lyceum.database.execute("DELETE FROM users WHERE username_key = 'snow_owl'").await;
        assert_eq!(users_found(lyceum, &root, "snow").await, [""; 0]);
    })
    .await;
}
