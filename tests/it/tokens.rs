//! Access tokens under attack. Unless a test says otherwise, what it sends is signed with the server's own key,
//! so that only the rule under test can be the reason for a refusal.

mod claims;
mod forge;
mod keys;

use axum::http::{Request, StatusCode, header};
use lyceum::core::{
    error::Error,
    sessions,
    viewer::{Role, Viewer},
};
use ring::hmac;
use serde_json::json;
use uuid::Uuid;

use self::forge::{Forged, encoded};
use crate::harness::*;

/// Asserts that the request was refused as a whole, for this reason.
#[track_caller]
fn assert_refused(answer: &Answer, reason: &str, what: &str) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}: {}", answer.text());
    assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", reason), "{what}");
    assert!(answer.body.get("data").is_none(), "{what}: {}", answer.body);
    assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE), "{what}");
}

/// Asserts that each of these is `INVALID`, while the genuine token is good and known as such.
async fn all_invalid(lyceum: &Lyceum, genuine: &str, attacks: Vec<(String, String)>) {
    assert!(!attacks.is_empty());
    assert_eq!(lyceum.run_as(genuine, ME, json!({})).await.ok().str_at("me.username"), "ada");
    for (what, token) in attacks {
        assert_refused(&lyceum.run_as(&token, ME, json!({})).await, "INVALID", &what);
    }
    assert_eq!(lyceum.run_as(genuine, ME, json!({})).await.ok().str_at("me.username"), "ada");
}

/// Bars 13 to 17 lean on this: a token that is signed by hand with the server's key is taken, so the refusals
/// of the other tests have the reason that they name.
#[tokio::test]
async fn a_token_made_by_hand_with_the_right_key_is_good() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let token = Forged::like(&ada.token).hs256(JWT_SECRET);
        assert_eq!(lyceum.run_as(&token, ME, json!({})).await.ok().str_at("me.username"), "ada");
        let claims = lyceum.run_as(&Forged::like(&ada.token).claim("more", 1).hs256(JWT_SECRET), ME, json!({})).await;
        assert_eq!(claims.ok().str_at("me.username"), "ada");
    })
    .await;
}

/// Bar 13: without a signature that fits, nothing is believed, whatever `alg` says about it.
#[tokio::test]
async fn a_token_without_a_signature_is_refused() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let genuine = Forged::like(&ada.token);
        let (message, signature) = ada.token.rsplit_once('.').unwrap();
        let mut attacks = Vec::new();
        for name in ["none", "nOnE", "NONE", "None", "", "HS256 ", "hs256"] {
            let forged = genuine.clone().header("alg", name);
            attacks.push((format!("alg {name:?}, no signature"), forged.with_signature("")));
            attacks.push((format!("alg {name:?}, the old signature"), forged.with_signature(signature)));
            attacks.push((format!("alg {name:?}, signed"), forged.hs256(JWT_SECRET)));
        }
        attacks.push(("no alg".to_owned(), genuine.clone().without_header("alg").hs256(JWT_SECRET)));
        attacks.push(("alg null".to_owned(), genuine.clone().header("alg", json!(null)).hs256(JWT_SECRET)));
        attacks.push(("alg as a list".to_owned(), genuine.clone().header("alg", json!(["HS256"])).hs256(JWT_SECRET)));
        attacks.push(("an empty signature".to_owned(), format!("{message}.")));
        attacks.push(("a stripped signature".to_owned(), message.to_owned()));
        attacks.push(("a header alone".to_owned(), message.split('.').next().unwrap().to_owned()));
        attacks.push(("half a signature".to_owned(), format!("{message}.{}", &signature[..20])));
        attacks.push(("a longer signature".to_owned(), format!("{message}.{signature}AAAA")));
        attacks.push(("a padded signature".to_owned(), format!("{message}.{signature}=")));
        attacks.push(("five parts".to_owned(), format!("{}.a.b", ada.token)));
        attacks.push(("a signature of zeros".to_owned(), format!("{message}.{}", encoded([0; 32]))));
        attacks.push(("dots".to_owned(), "..".to_owned()));
        all_invalid(lyceum, &ada.token, attacks).await;
    })
    .await;
}

/// Bar 13: a signature belongs to its own token, to the last bit of it.
#[tokio::test]
async fn a_signature_does_not_fit_another_token() {
    on_each_engine(async |lyceum| {
        let (ada, bob) = (lyceum.person("ada").await, lyceum.person("bob").await);
        let (message, signature) = ada.token.rsplit_once('.').unwrap();
        let (of_bob, signature_of_bob) = bob.token.rsplit_once('.').unwrap();
        let mut attacks = vec![
            ("Bob's signature".to_owned(), format!("{message}.{signature_of_bob}")),
            ("Bob's claims".to_owned(), format!("{of_bob}.{signature}")),
        ];
        for place in [0, 21, 41] {
            let mut bytes = signature.as_bytes().to_vec();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            attacks.push((format!("character {place} of the signature"), format!("{message}.{changed}")));
        }
        all_invalid(lyceum, &ada.token, attacks).await;
    })
    .await;
}

/// Bar 17: the token of a mail opens one door, an access token another, a refresh token a third.
#[tokio::test]
async fn no_token_passes_for_one_of_another_kind() {
    on_each_engine(async |lyceum| {
        lyceum.sign_up("ada").await.ok();
        let verify = lyceum.token_for("ada@example.com").await;
        assert_refused(&lyceum.run_as(&verify, ME, json!({})).await, "INVALID", "a verification token as Bearer");
        lyceum.run(VERIFY, json!({ "token": verify })).await.ok();
        lyceum.run(FORGOT, json!({ "email": "ada@example.com" })).await.ok();
        let reset = lyceum.token_for("ada@example.com").await;
        assert_refused(&lyceum.run_as(&reset, ME, json!({})).await, "INVALID", "a reset token as Bearer");

        let login = lyceum.log_in("ada", PASSWORD).await.ok();
        let (access, refresh) = (login.str_at("login.accessToken"), login.str_at("login.refreshToken"));
        assert_refused(&lyceum.run_as(refresh, ME, json!({})).await, "INVALID", "a refresh token as Bearer");
        for token in [access, refresh] {
            let answer = lyceum.run(RESET, json!({ "token": token, "password": "copper lantern drifts north" })).await;
            assert_eq!(answer.user_errors("resetPassword"), ["TOKEN_INVALID"]);
            let answer = lyceum.run(VERIFY, json!({ "token": token })).await;
            assert_eq!(answer.user_errors("verifyEmail"), ["TOKEN_INVALID"]);
        }
        let answer = lyceum.run(VERIFY, json!({ "token": reset })).await;
        assert_eq!(answer.user_errors("verifyEmail"), ["TOKEN_INVALID"]);
        for token in [access, &reset, &verify] {
            let answer = lyceum.run(REFRESH, json!({ "token": token })).await;
            assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", "INVALID"));
        }
        // Nothing of that had an effect: the password and the session are what they were, the reset is still open.
        lyceum.log_in("ada", PASSWORD).await.ok();
        lyceum.run_as(access, ME, json!({})).await.ok();
        lyceum.run(RESET, json!({ "token": reset, "password": "copper lantern drifts north" })).await.ok();
    })
    .await;
}

/// Bar 17: a token names a user and a session of that user, or nothing.
#[tokio::test]
async fn a_session_opens_for_its_own_user_only() {
    on_each_engine(async |lyceum| {
        let (ada, bob) = (lyceum.person("ada").await, lyceum.person("bob").await);
        let (of_ada, of_bob) = (Forged::like(&ada.token), Forged::like(&bob.token));
        let crossed = of_ada.clone().claim("sid", of_bob.text("sid")).hs256(JWT_SECRET);
        assert_refused(&lyceum.run_as(&crossed, ME, json!({})).await, "REVOKED", "the session of another");
        let unknown = of_ada.clone().claim("sid", Uuid::from_u128(7).to_string()).hs256(JWT_SECRET);
        assert_refused(&lyceum.run_as(&unknown, ME, json!({})).await, "REVOKED", "no session");
        let nobody = of_ada.claim("sub", Uuid::from_u128(7).to_string()).hs256(JWT_SECRET);
        assert_refused(&lyceum.run_as(&nobody, ME, json!({})).await, "REVOKED", "no user");
    })
    .await;
}

/// Bar 19: what a token says of a role is not read, even under the right signature.
#[tokio::test]
async fn a_role_in_a_token_means_nothing() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let genuine = Forged::like(&ada.token);
        for name in ["role", "roles", "scope", "admin"] {
            let token = genuine.clone().claim(name, "ADMIN").hs256(JWT_SECRET);
            assert_eq!(lyceum.run_as(&token, ME, json!({})).await.ok().str_at("me.role"), "USER");
            assert!(!may_act_for_others(lyceum, &token).await);
        }
        let guessed = ["", "secret", "lyceum", "jwt", "password", "changeme", BASE, PEPPER, &JWT_SECRET[1..]];
        let forged = |key: &&str| (format!("key {key:?}"), genuine.clone().claim("role", "ADMIN").hs256(key));
        all_invalid(lyceum, &ada.token, guessed.iter().map(forged).collect()).await;
    })
    .await;
}

/// Bar 19: the role is that of the database at the moment of the request; no token has to expire for it.
#[tokio::test]
async fn a_demoted_admin_has_no_power_on_the_next_request() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        assert!(!may_act_for_others(lyceum, &ada.token).await);
        lyceum.database.execute("UPDATE users SET role = 'ADMIN' WHERE username = 'ada'").await;
        assert_eq!(lyceum.run_as(&ada.token, ME, json!({})).await.ok().str_at("me.role"), "ADMIN");
        assert!(may_act_for_others(lyceum, &ada.token).await);
        lyceum.database.execute("UPDATE users SET role = 'USER' WHERE username = 'ada'").await;
        assert_eq!(lyceum.run_as(&ada.token, ME, json!({})).await.ok().str_at("me.role"), "USER");
        assert!(!may_act_for_others(lyceum, &ada.token).await);
    })
    .await;
}

/// Whether the rule that guards other people's matters lets this token's owner through.
async fn may_act_for_others(lyceum: &Lyceum, token: &str) -> bool {
    let viewer: Viewer = sessions::authenticate(&lyceum.app.core, token).await.unwrap();
    let somebody = lyceum::core::accounts::UserId(Uuid::from_u128(7));
    match viewer.self_or(somebody, Role::Admin) {
        Ok(()) => true,
        Err(Error::Forbidden) => false,
        Err(other) => panic!("{other:?}"),
    }
}

/// Bar 21: a header of 8 KiB and one byte, and one of 1 MB, are refused; and so is a genuine token with a tail.
#[tokio::test]
async fn an_endless_authorization_header_is_refused() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let long = |bytes: usize| "a".repeat(bytes - "Bearer ".len());
        let dots = |bytes: usize| ".".repeat(bytes - "Bearer ".len());
        let padded = Forged::like(&ada.token).claim("more", "x".repeat(8 * 1024)).hs256(JWT_SECRET);
        let attacks = vec![
            ("8 KiB + 1".to_owned(), long(8 * 1024 + 1)),
            ("1 MB".to_owned(), long(1_000_000)),
            ("1 MB of dots".to_owned(), dots(1_000_000)),
            ("well signed and longer than any token of ours".to_owned(), padded),
        ];
        all_invalid(lyceum, &ada.token, attacks).await;
    })
    .await;
}

/// Bar 13, and the contract: a header that cannot be read is an error, and never an anonymous request.
#[tokio::test]
async fn a_bad_header_is_never_taken_for_none() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let basic = format!("Basic {}", encoded("ada:violet harbor kettle moon"));
        for value in ["", "Bearer", "Bearer ", "Bearer  ", "Token x", &basic, &ada.token, "null", "Bearer null"] {
            let answer = lyceum.send(Call::new(ME, json!({})).header("authorization", value)).await;
            assert_refused(&answer, "INVALID", value);
        }
        let mut request: Request<_> = Call::new(ME, json!({})).bearer(&ada.token).into_request();
        request.headers_mut().append(header::AUTHORIZATION, "Bearer x".parse().unwrap());
        assert_refused(&lyceum.request(request).await, "INVALID", "two headers");
        let lower = lyceum.send(Call::new(ME, json!({})).header("authorization", &format!("bearer {}", ada.token)));
        assert_eq!(lower.await.ok().str_at("me.username"), "ada");
        assert_eq!(lyceum.run(ME, json!({})).await.ok().at("me"), &json!(null));
    })
    .await;
}

/// Bar 14: the one algorithm is HS256. The server's key under another one is as good as none.
#[tokio::test]
async fn no_other_algorithm_is_accepted() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let genuine = Forged::like(&ada.token);
        let mut attacks = Vec::new();
        for (name, algorithm) in [("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)] {
            attacks.push((name.to_owned(), genuine.clone().header("alg", name).hmac(algorithm, JWT_SECRET)));
            attacks.push((format!("{name} in truth"), genuine.hmac(algorithm, JWT_SECRET)));
        }
        for name in ["HS384", "HS512", "RS256", "RS512", "PS256", "ES256", "ES384", "EdDSA", "HS1", "A256KW", "dir"] {
            attacks.push((format!("{name} in word"), genuine.clone().header("alg", name).hs256(JWT_SECRET)));
        }
        all_invalid(lyceum, &ada.token, attacks).await;
    })
    .await;
}
