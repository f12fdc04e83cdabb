//! The claims: each is required, has one type, and is held against our clock with five seconds of leeway.

use std::time::Duration;

use serde_json::{Value, json};

use super::{all_invalid, assert_refused, forge::Forged};
use crate::harness::*;

const SECOND: Duration = Duration::from_secs(1);

/// Bar 15: a time that is not a whole number from 0 on, or that is not there, makes no token.
#[tokio::test]
async fn times_of_another_type_are_refused() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let genuine = Forged::like(&ada.token);
        let mut attacks = Vec::new();
        for name in ["exp", "nbf", "iat"] {
            let right = genuine.number(name);
            for wrong in [
                format!("\"{right}\""),
                format!("{right}.0"),
                format!("{right}.5"),
                format!("{right}e0"),
                format!("-{right}"),
                "-1".to_owned(),
                "9223372036854775808".to_owned(),
                "18446744073709551615".to_owned(),
                "18446744073709551616".to_owned(),
                "1e308".to_owned(),
                "1e999".to_owned(),
                "NaN".to_owned(),
                "null".to_owned(),
                "true".to_owned(),
                format!("[{right}]"),
                "{}".to_owned(),
                "\"\"".to_owned(),
            ] {
                let token = genuine.clone().raw_claim(name, &wrong).hs256(JWT_SECRET);
                attacks.push((format!("{name} = {wrong}"), token));
            }
            attacks.push((format!("no {name}"), genuine.clone().without_claim(name).hs256(JWT_SECRET)));
            let twice = genuine.clone().twice(name, &right.to_string()).hs256(JWT_SECRET);
            attacks.push((format!("{name} twice"), twice));
        }
        // What is refused above is the value, and not the way in which it is written.
        let exp = genuine.number("exp").to_string();
        lyceum.run_as(&genuine.clone().raw_claim("exp", &exp).hs256(JWT_SECRET), ME, json!({})).await.ok();
        all_invalid(lyceum, &ada.token, attacks).await;
    })
    .await;
}

/// Bar 15: the names that a token carries are UUIDs, and all of them are there.
#[tokio::test]
async fn names_that_are_missing_or_malformed_are_refused() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let genuine = Forged::like(&ada.token);
        let mut attacks = Vec::new();
        for name in ["sub", "sid", "jti"] {
            attacks.push((format!("no {name}"), genuine.clone().without_claim(name).hs256(JWT_SECRET)));
            let injected = format!("{}' OR '1'='1", genuine.text(name));
            for wrong in [json!(null), json!(1), json!(""), json!("ada"), json!([genuine.text(name)]), json!(injected)]
            {
                let token = genuine.clone().claim(name, wrong.clone()).hs256(JWT_SECRET);
                attacks.push((format!("{name} = {wrong}"), token));
            }
        }
        for text in ["", "null", "[]", "\"text\"", "{}", "{", "\u{1}"] {
            attacks.push((format!("claims {text:?}"), genuine.clone().all_claims(text).hs256(JWT_SECRET)));
        }
        all_invalid(lyceum, &ada.token, attacks).await;
    })
    .await;
}

/// Bar 16: the end of a token is kept to the second, with five seconds for a clock that runs ahead.
#[tokio::test]
async fn a_token_ends_five_seconds_after_its_time_and_not_later() {
    on_each_engine(async |lyceum| {
        lyceum.verified("ada").await;
        let login = lyceum.log_in("ada", PASSWORD).await.ok();
        let token = login.str_at("login.accessToken");
        assert_eq!(login.str_at("login.accessTokenExpiresAt"), "2026-01-01T00:10:00.000000Z");
        lyceum.advance(Duration::from_mins(10));
        lyceum.run_as(token, ME, json!({})).await.ok();
        lyceum.advance(SECOND * 5);
        lyceum.run_as(token, ME, json!({})).await.ok();
        lyceum.advance(SECOND);
        assert_refused(&lyceum.run_as(token, ME, json!({})).await, "EXPIRED", "leeway and a second");
        lyceum.advance(Duration::from_hours(1));
        assert_refused(&lyceum.run_as(token, ME, json!({})).await, "EXPIRED", "an hour later");
    })
    .await;
}

/// Bar 16: a token from the future is refused beyond five seconds, and so is one that ends before it begins.
#[tokio::test]
async fn a_token_does_not_begin_more_than_five_seconds_ahead() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let genuine = Forged::like(&ada.token);
        let now = START.seconds();
        let with = |name: &str, value: i64| genuine.clone().claim(name, value).hs256(JWT_SECRET);
        for name in ["nbf", "iat"] {
            lyceum.run_as(&with(name, now + 5), ME, json!({})).await.ok();
        }
        let mut attacks = Vec::new();
        for name in ["nbf", "iat"] {
            for ahead in [6, 60, 3600] {
                attacks.push((format!("{name} {ahead} s ahead"), with(name, now + ahead)));
            }
        }
        attacks.push(("exp = iat".to_owned(), with("exp", now)));
        attacks.push(("exp before iat".to_owned(), with("exp", now - 1)));
        attacks.push(("exp = 0".to_owned(), with("exp", 0)));
        all_invalid(lyceum, &ada.token, attacks).await;
        // The largest time there is does not make the sum with the leeway wrap around.
        lyceum.run_as(&with("exp", i64::MAX), ME, json!({})).await.ok();
        let past = genuine.claim("iat", 1).claim("nbf", 1).claim("exp", 2).hs256(JWT_SECRET);
        assert_refused(&lyceum.run_as(&past, ME, json!({})).await, "EXPIRED", "long over");
    })
    .await;
}

/// Bar 17: made by us, for us, and as an access token; anything else is refused.
#[tokio::test]
async fn a_token_of_another_issuer_audience_or_type_is_refused() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let genuine = Forged::like(&ada.token);
        assert_eq!((genuine.text("iss").as_str(), genuine.text("aud").as_str()), (BASE, "lyceum"));
        let mut attacks = Vec::new();
        for name in ["iss", "aud"] {
            let right = genuine.text(name);
            attacks.push((format!("no {name}"), genuine.clone().without_claim(name).hs256(JWT_SECRET)));
            for wrong in [
                json!(""),
                json!(null),
                json!(1),
                json!("other"),
                json!(format!("{right}/")),
                json!(format!("{right} ")),
                json!(right.to_uppercase()),
                json!([right]),
                json!([right, "other"]),
            ] {
                let token = genuine.clone().claim(name, wrong.clone()).hs256(JWT_SECRET);
                attacks.push((format!("{name} = {wrong}"), token));
            }
        }
        attacks.push(("no typ".to_owned(), genuine.clone().without_header("typ").hs256(JWT_SECRET)));
        for wrong in [json!("JWT"), json!("jwt"), json!("refresh+jwt"), json!(""), Value::Null, json!(["at+jwt"])] {
            let token = genuine.clone().header("typ", wrong.clone()).hs256(JWT_SECRET);
            attacks.push((format!("typ = {wrong}"), token));
        }
        all_invalid(lyceum, &ada.token, attacks).await;
    })
    .await;
}
