//! People who sign up and log in, by public mutations.

use serde_json::json;

use super::{Answer, Call, Lyceum, PASSWORD};

pub(crate) const SIGNUP: &str = "mutation ($username: String!, $email: String!, $password: String!) {
    signup(input: {username: $username, email: $email, password: $password, firstName: \"Ada\", lastName: \"Lovelace\"}) {
        email user { id username email } userErrors { code message field } } }";
pub(crate) const VERIFY: &str = "mutation ($token: String!) {
    verifyEmail(input: {token: $token}) { user { id username emailVerified } userErrors { code message field } } }";
pub(crate) const VERIFY_BY_CODE: &str = "mutation ($email: String!, $code: String!) {
    verifyEmail(input: {email: $email, code: $code}) { user { id username } userErrors { code message field } } }";
pub(crate) const LOGIN: &str = "mutation ($identifier: String!, $password: String!) {
    login(input: {identifier: $identifier, password: $password}) {
        accessToken accessTokenExpiresAt refreshToken session { id current } user { id username email }
        userErrors { code message field } } }";
pub(crate) const COOKIE_LOGIN: &str = "mutation ($identifier: String!, $password: String!) {
    login(input: {identifier: $identifier, password: $password, transport: COOKIE}) {
        accessToken accessTokenExpiresAt refreshToken session { id current } user { id username email }
        userErrors { code message field } } }";
pub(crate) const FORGOT: &str = "mutation ($email: String!) {
    forgotPassword(input: {email: $email}) { userErrors { code message field } } }";
pub(crate) const RESET: &str = "mutation ($token: String!, $password: String!) {
    resetPassword(input: {token: $token, newPassword: $password}) { userErrors { code message field } } }";
pub(crate) const REFRESH: &str = "mutation ($token: String!) {
    refreshSession(input: {refreshToken: $token}) {
        accessToken accessTokenExpiresAt refreshToken session { id expiresAt lastUsedAt current } user { username }
        userErrors { code message field } } }";
pub(crate) const LOGOUT: &str = "mutation ($scope: LogoutScope! = CURRENT) {
    logout(scope: $scope) { endedSessionIds userErrors { code message field } } }";
pub(crate) const ME: &str = "{ me { id username email role emailVerified } }";

/// Somebody who is signed in.
pub(crate) struct Person {
    pub id: String,
    pub username: String,
    pub email: String,
    pub token: String,
    pub refresh_token: String,
}

impl Lyceum {
    pub(crate) async fn sign_up(&self, username: &str) -> Answer {
        self.sign_up_as(username, &email_of(username), PASSWORD).await
    }

    pub(crate) async fn sign_up_as(&self, username: &str, email: &str, password: &str) -> Answer {
        self.run(SIGNUP, json!({ "username": username, "email": email, "password": password })).await
    }

    /// Signed up and verified by the mail's link.
    pub(crate) async fn verified(&self, username: &str) {
        self.sign_up(username).await.ok();
        let token = self.token_for(&email_of(username)).await;
        self.run(VERIFY, json!({ "token": token })).await.ok();
    }

    /// Signed up, verified and logged in.
    pub(crate) async fn person(&self, username: &str) -> Person {
        self.verified(username).await;
        let answer = self.log_in(username, PASSWORD).await.ok();
        Person {
            id: answer.str_at("login.user.id").to_owned(),
            username: username.to_owned(),
            email: email_of(username),
            token: answer.str_at("login.accessToken").to_owned(),
            refresh_token: answer.str_at("login.refreshToken").to_owned(),
        }
    }

    /// Signed up, verified and logged in by cookie; the login's answer.
    pub(crate) async fn signed_in_by_cookie(&self, username: &str) -> Answer {
        self.verified(username).await;
        self.send(cookie_login(username, PASSWORD)).await.ok()
    }

    pub(crate) async fn log_in(&self, identifier: &str, password: &str) -> Answer {
        self.send(login(identifier, password)).await
    }

    /// Gives the person another address, confirmed, and takes from the mail to the old one what undoes it.
    pub(crate) async fn moved(&self, person: &Person) -> String {
        // What was written at the same moment is sent first: mails of one moment have no order.
        self.mails().await;
        let new = format!("moved_{}", person.email);
        let input = json!({ "newEmail": new, "currentPassword": PASSWORD });
        self.mutate(&person.token, "changeEmail", input).await.ok();
        let token = self.token_for(&new).await;
        self.mutate("", "confirmEmailChange", json!({ "token": token })).await.ok();
        self.token_for(&person.email).await
    }

    /// The token in the link of the newest mail to this address.
    pub(crate) async fn token_for(&self, email: &str) -> String {
        token_in(&self.mail_to(email).await.content.text)
    }

    /// The short code in the newest mail to this address.
    pub(crate) async fn code_for(&self, email: &str) -> String {
        code_in(&self.mail_to(email).await.content.text)
    }
}

pub(crate) fn login(identifier: &str, password: &str) -> Call {
    Call::new(LOGIN, json!({ "identifier": identifier, "password": password }))
}

/// A login by cookie from a page of this server.
pub(crate) fn cookie_login(identifier: &str, password: &str) -> Call {
    bare_cookie_login(identifier, password).header("sec-fetch-site", "same-origin")
}

/// The same, without what a browser would say of the page.
pub(crate) fn bare_cookie_login(identifier: &str, password: &str) -> Call {
    Call::new(COOKIE_LOGIN, json!({ "identifier": identifier, "password": password }))
}

/// A sign-up that asks for the cookie, where it signs in, without what a browser would say of the page.
pub(crate) fn bare_cookie_signup(username: &str) -> Call {
    let query = "mutation ($username: String!, $email: String!, $password: String!) {
        signup(input: {username: $username, email: $email, password: $password, firstName: \"Ada\", lastName: \"Lovelace\",
            transport: COOKIE, deviceName: \"kitchen\"}) {
            accessToken refreshToken session { deviceName } user { username } userErrors { code message field } } }";
    Call::new(query, json!({ "username": username, "email": email_of(username), "password": PASSWORD }))
}

/// `name=value` of the cookie that the answer sets.
pub(crate) fn cookie_of(answer: &Answer) -> String {
    let (cookie, _) = answer.header("set-cookie").split_once(';').expect("a cookie");
    cookie.to_owned()
}

pub(crate) fn email_of(username: &str) -> String {
    format!("{username}@example.com")
}

pub(crate) fn token_in(text: &str) -> String {
    let (_, rest) = text.split_once("token=").expect("a link with a token");
    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').collect()
}

pub(crate) fn code_in(text: &str) -> String {
    let is_code = |line: &&str| line.len() == 8 && line.bytes().all(|b| b.is_ascii_digit());
    text.lines().map(str::trim).find(is_code).expect("a line with a code").to_owned()
}

/// The same letters in the other case.
pub(crate) fn swap_case(text: &str) -> String {
    let swap = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    text.chars().map(swap).collect()
}
