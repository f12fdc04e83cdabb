//! The main job, from sign-up to logout, as a newcomer does it.

use serde_json::json;

use crate::harness::*;

#[tokio::test]
async fn somebody_signs_up_verifies_logs_in_resets_and_logs_out() {
    on_each_engine(async |lyceum| {
        let answer = lyceum.sign_up("ada").await.ok();
        assert_eq!(answer.str_at("signup.email"), "ada@example.com");
        assert_eq!(lyceum.log_in("ada", PASSWORD).await.user_errors("login"), ["EMAIL_NOT_VERIFIED"]);

        let token = lyceum.token_for("ada@example.com").await;
        let answer = lyceum.run(VERIFY, json!({ "token": token })).await.ok();
        assert_eq!(answer.at("verifyEmail.user.emailVerified"), &json!(true));

        let answer = lyceum.log_in("ADA@example.com", PASSWORD).await.ok();
        let token = answer.str_at("login.accessToken").to_owned();
        let me = lyceum.run_as(&token, ME, json!({})).await.ok();
        assert_eq!(me.str_at("me.username"), "ada");
        assert_eq!(me.str_at("me.email"), "ada@example.com");

        lyceum.run(FORGOT, json!({ "email": "ada@example.com" })).await.ok();
        let reset = lyceum.token_for("ada@example.com").await;
        let new_password = "copper lantern drifts north";
        lyceum.run(RESET, json!({ "token": reset, "password": new_password })).await.ok();
        let answer = lyceum.run_as(&token, ME, json!({})).await;
        assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", "REVOKED"));
        assert_eq!(lyceum.log_in("ada", PASSWORD).await.user_errors("login"), ["INVALID_CREDENTIALS"]);

        let token = lyceum.log_in("ada", new_password).await.ok().str_at("login.accessToken").to_owned();
        lyceum.run_as(&token, "mutation { logout { endedSessionIds userErrors { code } } }", json!({})).await.ok();
        let answer = lyceum.run_as(&token, ME, json!({})).await;
        assert_eq!((answer.code(), answer.reason()), ("UNAUTHENTICATED", "REVOKED"));
    })
    .await;
}
