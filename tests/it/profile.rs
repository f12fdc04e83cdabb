//! Profiles: what people tell of themselves, who sees it, and how it is changed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::*;

const PROFILE: &str = "occupation country county bio homeAddress
    socialLinks { linkedin facebook github instagram twitter youtube description }";

fn update(token: &str, input: &Value) -> Call {
    let query = format!(
        "mutation ($input: UpdateProfileInput!) {{ updateProfile(input: $input) {{
            user {{ id username firstName lastName displayName updatedAt profile {{ {PROFILE} }} }}
            userErrors {{ code message field }} }} }}"
    );
    let call = Call::new(&query, json!({ "input": input }));
    if token.is_empty() { call } else { call.bearer(token) }
}

async fn change(lyceum: &Lyceum, person: &Person, input: Value) -> Answer {
    lyceum.send(update(&person.token, &input)).await
}

/// The profile as its owner sees it.
async fn own(lyceum: &Lyceum, person: &Person) -> Value {
    lyceum
        .run_as(&person.token, &format!("{{ me {{ profile {{ {PROFILE} }} }} }}"), json!({}))
        .await
        .ok()
        .at("me.profile")
        .clone()
}

fn links(github: &Value, youtube: &Value, description: &Value) -> Value {
    json!({ "linkedin": null, "facebook": null, "github": github, "instagram": null, "twitter": null,
        "youtube": youtube, "description": description })
}

fn whole() -> Value {
    json!({ "occupation": "Analyst", "country": "England", "county": "Middlesex", "bio": "Bernoulli.\nNumbers.",
        "homeAddress": "12 St James's Square\nLondon",
        "socialLinks": links(&json!("https://github.com/ada"), &json!("https://youtube.com/@ada"), &json!("Mine.")) })
}

fn empty() -> Value {
    json!({ "occupation": null, "country": null, "county": null, "bio": null, "homeAddress": null,
        "socialLinks": links(&Value::Null, &Value::Null, &Value::Null) })
}

#[tokio::test]
async fn everybody_has_a_profile_and_writes_it_whole() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        assert_eq!(own(lyceum, &ada).await, empty());
        let mut input = whole();
        input["firstName"] = json!(" Augusta ");
        lyceum.advance(Duration::from_secs(5));
        let answer = change(lyceum, &ada, input).await.ok();
        assert_eq!(answer.at("updateProfile.user.profile"), &whole(), "the payload shows it as it is now");
        assert_eq!(answer.at("updateProfile.user.displayName"), "Augusta Lovelace");
        assert_eq!(answer.at("updateProfile.user.id"), ada.id.as_str());
        assert_eq!(answer.at("updateProfile.user.updatedAt"), "2026-01-01T00:00:05.000000Z");
        assert_eq!(own(lyceum, &ada).await, whole());
    })
    .await;
}

#[tokio::test]
async fn what_is_absent_stays_and_null_clears() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        change(lyceum, &ada, whole()).await.ok();
        let mut expected = whole();
        for input in [json!({}), json!({ "socialLinks": {} })] {
            assert_eq!(change(lyceum, &ada, input).await.ok().at("updateProfile.user.profile"), &expected);
        }
        change(lyceum, &ada, json!({ "country": null, "homeAddress": null, "bio": "Bernoulli." })).await.ok();
        (expected["country"], expected["homeAddress"], expected["bio"]) =
            (Value::Null, Value::Null, json!("Bernoulli."));
        assert_eq!(own(lyceum, &ada).await, expected);

        let input = json!({ "socialLinks": { "github": null, "linkedin": "https://linkedin.com/in/ada" } });
        change(lyceum, &ada, input).await.ok();
        expected["socialLinks"]["github"] = Value::Null;
        expected["socialLinks"]["linkedin"] = json!("https://linkedin.com/in/ada");
        assert_eq!(own(lyceum, &ada).await, expected);

        change(lyceum, &ada, json!({ "socialLinks": null })).await.ok();
        expected["socialLinks"] = links(&Value::Null, &Value::Null, &Value::Null);
        assert_eq!(own(lyceum, &ada).await, expected);
        assert_eq!(lyceum.database.count("profiles").await, 1);
    })
    .await;
}

#[tokio::test]
async fn all_faults_are_told_at_once_each_at_its_field() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        change(lyceum, &ada, whole()).await.ok();
        let before = contents(lyceum).await;
        let input = json!({
            "firstName": null, "lastName": "<b>", "occupation": "two\nlines", "country": "x".repeat(101), "county": " ",
            "bio": "x".repeat(1001), "homeAddress": "a\u{0}b",
            "socialLinks": { "linkedin": "linkedin.com/in/ada", "github": "javascript:alert(1)", "youtube": null,
                "instagram": "http://instagram.com/ada", "twitter": "//evil.example", "description": "x".repeat(501) }
        });
        let answer = change(lyceum, &ada, input).await;
        let mut faults = answer.user_errors("updateProfile");
        faults.sort();
        let expected = [
            "INVALID homeAddress",
            "INVALID lastName",
            "INVALID occupation",
            "INVALID socialLinks.github",
            "INVALID socialLinks.instagram",
            "INVALID socialLinks.linkedin",
            "INVALID socialLinks.twitter",
            "REQUIRED county",
            "REQUIRED firstName",
            "TOO_LONG bio",
            "TOO_LONG country",
            "TOO_LONG socialLinks.description",
        ];
        assert_eq!(faults, expected);
        assert_eq!(answer.at("updateProfile.user"), &Value::Null);
        assert_eq!(contents(lyceum).await, before, "nothing has been written, what was sound neither");
    })
    .await;
}

/// Bar 87: links are `https` only; the refusal names the rule, and nothing else is ever shown to those who follow it.
#[tokio::test]
async fn a_link_is_https_or_nothing() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        for link in ["javascript:alert(1)", "http://example.com", "//evil", "https:example.com", "data:text/html,x"] {
            let answer = change(lyceum, &ada, json!({ "socialLinks": { "facebook": link } })).await;
            assert_eq!(answer.user_errors("updateProfile"), ["INVALID socialLinks.facebook"], "{link}");
            let errors = answer.at("updateProfile.userErrors");
            assert_eq!(errors[0]["message"], "Use a link that starts with https://.", "{link}");
            assert_eq!(errors[0]["field"], json!(["socialLinks", "facebook"]));
        }
        for (link, rule) in [
            ("https://ada:secret@example.com", "user name"),
            ("https://localhost", "a link to a site"),
            ("https://127.0.0.1", "a link to a site"),
        ] {
            let answer = change(lyceum, &ada, json!({ "socialLinks": { "facebook": link } })).await;
            let message = answer.at("updateProfile.userErrors")[0]["message"].as_str().unwrap().to_owned();
            assert!(message.contains(rule) && !message.contains("secret"), "{link}: {message}");
        }
        assert_eq!(own(lyceum, &ada).await, empty());
        let input = json!({ "socialLinks": { "facebook": " HTTPS://Bücher.example/ada\"> " } });
        let answer = change(lyceum, &ada, input).await.ok();
        let kept = answer.at("updateProfile.user.profile.socialLinks.facebook");
        assert_eq!(kept, "https://xn--bcher-kva.example/ada%22%3E");
    })
    .await;
}

/// Bar 87: a text is kept as it was typed, markup too, and lengths are counted in characters.
#[tokio::test]
async fn a_text_is_kept_as_text() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let bio = format!("<script>alert(1)</script>\r\n{}", "🎼".repeat(974));
        let input = json!({ "bio": bio, "occupation": "e\u{301}".repeat(100), "homeAddress": "ß".repeat(500) });
        let answer = change(lyceum, &ada, input).await.ok();
        let profile = answer.at("updateProfile.user.profile");
        assert_eq!(profile["bio"], json!(bio.replace('\r', "")));
        assert_eq!(profile["occupation"], json!("é".repeat(100)));
        assert_eq!(profile["homeAddress"], json!("ß".repeat(500)));
    })
    .await;
}

/// Bar 54: the home address is for oneself and administrators; the rest is for everybody.
#[tokio::test]
async fn the_home_address_is_for_oneself_and_administrators() {
    on_each_engine(async |lyceum| {
        let (ada, bob) = (lyceum.person("ada").await, lyceum.person("bob").await);
        let mira = lyceum.person_with_role("mira", "MODERATOR").await;
        let rose = lyceum.person_with_role("rose", "ADMIN").await;
        change(lyceum, &ada, whole()).await.ok();
        let query = format!("{{ userByUsername(username: \"ada\") {{ username profile {{ {PROFILE} }} }} }}");
        for token in [&ada.token, &rose.token] {
            let answer = lyceum.ask(token, &query, json!({})).await.ok();
            assert_eq!(answer.at("userByUsername.profile"), &whole());
        }
        let mut public = whole();
        public["homeAddress"] = Value::Null;
        for (token, code) in [(&*bob.token, "FORBIDDEN"), (&*mira.token, "FORBIDDEN"), (NOBODY, "UNAUTHENTICATED")] {
            let answer = lyceum.ask(token, &query, json!({})).await;
            assert_eq!(answer.errors(), [format!("{code} userByUsername.profile.homeAddress")]);
            assert_eq!(answer.at("userByUsername.profile"), &public);
            assert!(!answer.text().contains("St James"));
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_who_is_not_signed_in_changes_a_profile() {
    on_each_engine(async |lyceum| {
        let before = contents(lyceum).await;
        let answer = lyceum.send(update(NOBODY, &whole())).await;
        assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", "MISSING"));
        assert_eq!(contents(lyceum).await, before);
    })
    .await;
}

#[tokio::test]
async fn parallel_changes_of_different_fields_all_survive() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let ada = lyceum.person("ada").await;
        for round in 0..5 {
            let text = |field: &str| format!("{field} {round}");
            let inputs = [
                json!({ "occupation": text("occupation") }),
                json!({ "country": text("country") }),
                json!({ "bio": text("bio") }),
                json!({ "firstName": text("first") }),
                json!({ "lastName": text("last") }),
                json!({ "socialLinks": { "github": format!("https://github.com/{round}") } }),
                json!({ "socialLinks": { "twitter": format!("https://twitter.com/{round}") } }),
                json!({ "homeAddress": text("home") }),
            ];
            let answers = lyceum.together(inputs.iter().map(|input| update(&ada.token, input)).collect()).await;
            for answer in answers {
                answer.ok();
            }
            let query = format!("{{ me {{ displayName profile {{ {PROFILE} }} }} }}");
            let me = lyceum.run_as(&ada.token, &query, json!({})).await.ok();
            assert_eq!(me.at("me.displayName"), &json!(format!("first {round} last {round}")));
            let mut expected = empty();
            for field in ["occupation", "country", "bio"] {
                expected[field] = json!(text(field));
            }
            expected["homeAddress"] = json!(text("home"));
            expected["socialLinks"]["github"] = json!(format!("https://github.com/{round}"));
            expected["socialLinks"]["twitter"] = json!(format!("https://twitter.com/{round}"));
            assert_eq!(me.at("me.profile"), &expected);
        }
        assert_eq!(lyceum.database.count("profiles").await, 1);
    })
    .await;
}

/// Bar 88: whoever has a new name is found by it, and not by the old one.
#[tokio::test]
async fn a_new_name_is_found_and_the_old_one_is_not() {
    on_each_engine(async |lyceum| {
        let (ada, rose) = (lyceum.person("ada").await, lyceum.person_with_role("rose", "ADMIN").await);
        change(lyceum, &ada, json!({ "firstName": "Augusta", "lastName": "Byron" })).await.ok();
        let found = async |search: &str| {
            let query = "query ($search: String!) { users(filter: {search: $search}) { nodes { username } } }";
            let answer = lyceum.ask(&rose.token, query, json!({ "search": search })).await.ok();
            answer.at("users.nodes").as_array().unwrap().iter().map(|user| user["username"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(found("augusta byron").await, ["ada"]);
        assert_eq!(found("ada byron").await, ["ada"], "the username is still searched");
        assert_eq!(found("lovelace").await, ["rose"]);
    })
    .await;
}

/// Bar 63: with the account goes the profile.
#[tokio::test]
async fn a_profile_goes_with_its_account() {
    on_each_engine(async |lyceum| {
        let (ada, rose) = (lyceum.person("ada").await, lyceum.person_with_role("rose", "ADMIN").await);
        change(lyceum, &ada, whole()).await.ok();
        lyceum.mutate(&rose.token, "deleteUser", json!({ "id": ada.id })).await.ok();
        assert_eq!(lyceum.database.count("profiles").await, 0);
    })
    .await;
}

/// Bar 90: the names and the profile are written together or not at all.
#[tokio::test]
async fn names_and_profile_are_written_together_or_not_at_all() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let input = json!({ "firstName": "Augusta", "bio": "Numbers." });
        for event in ["INSERT", "UPDATE"] {
            let before = contents(lyceum).await;
            let fault = Sabotage::of_rows(lyceum.engine, event, "profiles", "1 = 1");
            fault.apply(&lyceum.database).await;
            assert_eq!(change(lyceum, &ada, input.clone()).await.code(), "INTERNAL_SERVER_ERROR", "{event}");
            fault.undo(&lyceum.database).await;
            assert_eq!(contents(lyceum).await, before, "{event}");
            change(lyceum, &ada, json!({ "bio": "First." })).await.ok();
        }
        let answer = change(lyceum, &ada, input).await.ok();
        assert_eq!(answer.at("updateProfile.user.profile.bio"), "Numbers.");
    })
    .await;
}
