//! The keys: only the server knows which ones count, and a token cannot bring its own.

use std::{io::ErrorKind, net::TcpListener, time::Duration};

use lyceum::app::App;
use serde_json::json;

use super::{
    all_invalid, assert_refused,
    forge::{Forged, encoded, jwk_of, kid_of},
};
use crate::harness::*;

const ATTACKER: &str = "dGhlLWF0dGFja2Vycy1vd24ta2V5LW9mLTMyLWJ5dGVz";
const NEXT_SECRET: &str = "c2l4dGVlbi1wYXBlci1jcmFuZXMtYm93LWxvdw";

/// Bar 14: a key, or the place of a key, in the header is refused, even where the signature is the server's own;
/// and nobody goes to look at that place.
#[tokio::test]
async fn a_token_cannot_bring_its_key() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let trap = TcpListener::bind("127.0.0.1:0").unwrap();
        trap.set_nonblocking(true).unwrap();
        let url = format!("http://{}/keys.json", trap.local_addr().unwrap());
        let genuine = Forged::like(&ada.token);
        let mut attacks = Vec::new();
        for (name, value) in [
            ("jwk", jwk_of(ATTACKER)),
            ("jwk", jwk_of(JWT_SECRET)),
            ("jku", json!(url)),
            ("x5u", json!(url)),
            ("x5c", json!([encoded(ATTACKER)])),
            ("jku", json!("file:///dev/null")),
        ] {
            let forged = genuine.clone().header(name, value.clone());
            attacks.push((format!("{name} {value}, the attacker's signature"), forged.hs256(ATTACKER)));
            attacks.push((format!("{name} {value}, our signature"), forged.hs256(JWT_SECRET)));
            attacks.push((format!("{name} {value} and its kid"), forged.header("kid", "k1").hs256(ATTACKER)));
        }
        all_invalid(lyceum, &ada.token, attacks).await;
        assert_eq!(trap.accept().map(drop).map_err(|error| error.kind()), Err(ErrorKind::WouldBlock));
    })
    .await;
}

/// Bar 14: `kid` is compared with the names of our keys; it is no path, no statement and no pattern.
#[tokio::test]
async fn a_kid_names_one_of_our_keys_or_nothing() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let genuine = Forged::like(&ada.token);
        let right = kid_of(&ada.token);
        let mut attacks = vec![("no kid".to_owned(), genuine.clone().without_header("kid").hs256(JWT_SECRET))];
        for kid in [
            "../../dev/null",
            "/dev/null",
            "../../../../proc/sys/kernel/randomize_va_space",
            "' UNION SELECT 'x' -- ",
            "$(id)",
            "",
            "*",
            "0",
            &right.to_uppercase(),
            &right[..11],
            &format!("{right}0"),
            &format!("{right}\0"),
        ] {
            for key in ["", "\0", "0", "x", JWT_SECRET] {
                attacks.push((format!("kid {kid:?}, key {key:?}"), genuine.clone().header("kid", kid).hs256(key)));
            }
        }
        for kid in [json!(null), json!(0), json!([right]), json!({ "kid": right })] {
            let token = genuine.clone().header("kid", kid.clone()).hs256(JWT_SECRET);
            attacks.push((format!("kid {kid}"), token));
        }
        all_invalid(lyceum, &ada.token, attacks).await;
        let digits = right.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(digits && right.len() == 12 && !JWT_SECRET.contains(&right), "{right} tells nothing of the key");
    })
    .await;
}

/// Bar 14: what a token declares critical and we do not know, we must refuse (RFC 7515, 4.1.11).
#[tokio::test]
async fn a_critical_header_that_is_not_known_is_refused() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let genuine = Forged::like(&ada.token);
        let attack = |name: &str, forged: Forged| (name.to_owned(), forged.hs256(JWT_SECRET));
        let unencoded = genuine.clone().header("crit", json!(["b64"])).header("b64", false);
        let attacks = vec![
            attack("b64", unencoded),
            attack("an unknown one", genuine.clone().header("crit", json!(["exp2"])).header("exp2", 1)),
            attack("an empty list", genuine.clone().header("crit", json!([]))),
            attack("not a list", genuine.clone().header("crit", "b64")),
            attack("compressed", genuine.clone().header("zip", "DEF")),
            attack("encrypted", genuine.header("enc", "A256GCM")),
        ];
        all_invalid(lyceum, &ada.token, attacks).await;
    })
    .await;
}

/// Bar 18: tokens under the secrets that stand in examples and tutorials are worth nothing here.
#[tokio::test]
async fn a_token_under_an_example_secret_is_refused() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let genuine = Forged::like(&ada.token);
        let known = example_secrets();
        let forged = |secret: &String| (format!("key {secret:?}"), genuine.hs256(secret));
        all_invalid(lyceum, &ada.token, known.iter().map(forged).collect()).await;
    })
    .await;
}

/// Bar 20: with the previous secret kept, its tokens live out their time while new ones carry the new key's name.
#[tokio::test]
async fn tokens_of_the_previous_key_are_good_until_they_expire() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        lyceum.advance(Duration::from_mins(5));
        let rotated = lyceum.restarted(&[("JWT_SECRET", NEXT_SECRET), ("JWT_SECRET_PREVIOUS", JWT_SECRET)]).await;
        assert_eq!(me(&rotated, &ada.token).await.ok().str_at("me.username"), "ada");

        let new = send(&rotated, login("ada", PASSWORD).into_request()).await.ok();
        let new = new.str_at("login.accessToken");
        assert_ne!(kid_of(new), kid_of(&ada.token));
        me(&rotated, new).await.ok();
        // Each key under its own name: the old key does not sign under the new one's.
        let crossed = Forged::like(new).hs256(JWT_SECRET);
        assert_refused(&me(&rotated, &crossed).await, "INVALID", "the old key under the new name");
        // The server that was not restarted yet knows nothing of the new key.
        assert_refused(&lyceum.run_as(new, ME, json!({})).await, "INVALID", "a key to come");

        lyceum.advance(Duration::from_secs(5 * 60 + 6));
        assert_refused(&me(&rotated, &ada.token).await, "EXPIRED", "its time is over");
        me(&rotated, new).await.ok();
        close(rotated).await;
    })
    .await;
}

/// Bar 20: without the previous secret its tokens fail at once; sessions go on by their refresh tokens.
#[tokio::test]
async fn a_key_that_is_taken_away_is_worth_nothing_at_once() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let removed = lyceum.restarted(&[("JWT_SECRET", NEXT_SECRET)]).await;
        assert_refused(&me(&removed, &ada.token).await, "INVALID", "the key is gone");
        let refreshed = Call::new(REFRESH, json!({ "token": ada.refresh_token })).into_request();
        let refreshed = send(&removed, refreshed).await.ok();
        let new = refreshed.str_at("refreshSession.accessToken");
        assert_eq!(me(&removed, new).await.ok().str_at("me.username"), "ada");
        close(removed).await;
    })
    .await;
}

async fn me(app: &App, token: &str) -> Answer {
    send(app, Call::new(ME, json!({})).bearer(token).into_request()).await
}

async fn close(app: App) {
    app.core.db.clone().close().await.unwrap();
}
