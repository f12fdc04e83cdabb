//! Every flow that a secret passes through, with a canary in each of its places, also where it does not belong.

mod changes;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mail_parser::MessageParser;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::{search::Canaries, until};
use crate::{
    harness::*,
    smtp_sink::{Mode, Sink},
};

const FIRST: &str = "CanaryFirstVioletHarbor81";
const SECOND: &str = "CanarySecondCopperLantern64";
const THIRD: &str = "CanaryThirdWalnutCellar92";
const WRONG: &str = "CanaryWrongMarbleThicket29";
const LITERAL: &str = "CanaryLiteralOrchidTunnel57";
const WEAK: &str = "CanaryWk";
const BEARER: &str = "CanaryBearerGarbage33";
const EMAIL: &str = "ada@example.com";

pub(super) struct Flow<'a> {
    server: &'a Server,
    sink: &'a Sink,
    database: &'a Database,
    canaries: &'a mut Canaries,
    /// What the server answered to what it refused.
    failures: Vec<String>,
}

struct Tokens {
    access: String,
    refresh: String,
}

/// Runs all of it, and gives back every answer to a failure.
pub(super) fn run(server: &Server, sink: &Sink, database: &Database, canaries: &mut Canaries) -> Vec<String> {
    let passwords = [FIRST, SECOND, THIRD, WRONG, LITERAL, WEAK, BEARER];
    for password in passwords {
        canaries.add("a password", password);
    }
    let mut flow = Flow { server, sink, database, canaries, failures: Vec::new() };
    flow.sign_up_and_verify();
    let tokens = flow.log_in(FIRST);
    flow.bad_headers(&tokens);
    flow.reset(&tokens);
    flow.rotate_and_log_out();
    flow.changes();
    flow.malformed_bodies();
    flow.secrets_in_wrong_places();
    flow.broken_database();
    flow.refused_mail();
    flow.failures
}

impl Flow<'_> {
    fn sign_up_and_verify(&mut self) {
        let sign_up = |password: &str| {
            let input = format!("username: \"ada\", email: \"{EMAIL}\", password: \"{password}\"");
            let input = format!("{{{input}, firstName: \"A\", lastName: \"B\"}}");
            format!("mutation {{ signup(input: {input}) {{ userErrors {{ code message }} }} }}")
        };
        self.refused(&self.server.graphql(&sign_up(WEAK), &json!({}), &[]));
        let variables = json!({ "username": "ada", "email": "no address", "password": LITERAL });
        self.refused(&self.server.graphql(SIGNUP, &variables, &[]));
        accepted(&self.server.graphql(&sign_up(FIRST), &json!({}), &[]));
        let (token, code) = self.mail("a verification mail", 1);
        self.server.get(&format!("/verify-email?token={token}"));
        self.refused(&self.server.graphql(LOGIN, &json!({ "identifier": "ada", "password": FIRST }), &[]));
        let wrong = if code == "00000000" { "00000001" } else { "00000000" };
        self.refused(&self.server.graphql(VERIFY_BY_CODE, &json!({ "email": EMAIL, "code": wrong }), &[]));
        self.refused(&self.server.graphql(VERIFY, &json!({ "token": format!("{token}x") }), &[]));
        accepted(&self.server.graphql(VERIFY_BY_CODE, &json!({ "email": EMAIL, "code": code }), &[]));
        self.refused(&self.server.graphql(VERIFY, &json!({ "token": token }), &[]));
    }

    fn log_in(&mut self, password: &str) -> Tokens {
        let variables = |password: &str| json!({ "identifier": "ada", "password": password });
        self.refused(&self.server.graphql(LOGIN, &variables(WRONG), &[]));
        let reply = self.server.graphql(LOGIN, &variables(password), &[]);
        accepted(&reply);
        self.tokens(&reply, "login")
    }

    fn bad_headers(&mut self, Tokens { access, .. }: &Tokens) {
        let me = |value: &str| self.server.graphql(ME, &json!({}), &[("authorization", value)]);
        accepted(&me(&format!("Bearer {access}")));
        let basic = STANDARD.encode(format!("ada:{FIRST}"));
        let values = [
            format!("Bearer {BEARER}"),
            format!("Basic {basic}"),
            format!("Bearer {access}x"),
            format!("Token {access}"),
            access.clone(),
        ];
        for reply in values.map(|value| me(&value)) {
            self.refused(&reply);
        }
        self.refused(&me(&format!("Bearer {}", BEARER.repeat(5000))));
    }

    fn reset(&mut self, Tokens { refresh, .. }: &Tokens) {
        accepted(&self.server.graphql(FORGOT, &json!({ "email": EMAIL }), &[]));
        let (token, _) = self.mail("a reset mail", 2);
        self.server.get(&format!("/reset-password?token={token}"));
        let reset = |token: &str, password: &str| {
            let input = format!("{{token: \"{token}\", newPassword: \"{password}\"}}");
            format!("mutation {{ resetPassword(input: {input}) {{ userErrors {{ code message }} }} }}")
        };
        self.refused(&self.server.graphql(&reset(&token, WEAK), &json!({}), &[]));
        self.refused(&self.server.graphql(&reset(&token[1..], SECOND), &json!({}), &[]));
        accepted(&self.server.graphql(&reset(&token, SECOND), &json!({}), &[]));
        self.refused(&self.server.graphql(RESET, &json!({ "token": token, "password": SECOND }), &[]));
        self.refused(&self.server.graphql(LOGIN, &json!({ "identifier": "ada", "password": FIRST }), &[]));
        self.refused(&self.server.graphql(REFRESH, &json!({ "token": refresh }), &[]));
    }

    fn rotate_and_log_out(&mut self) {
        let first = self.log_in(SECOND);
        let exchange = |server: &Server, token: &str| server.graphql(REFRESH, &json!({ "token": token }), &[]);
        let reply = exchange(self.server, &first.refresh);
        let second = self.tokens(&reply, "refreshSession");
        let reply = exchange(self.server, &second.refresh);
        self.tokens(&reply, "refreshSession");
        self.refused(&exchange(self.server, &first.refresh));

        let last = self.log_in(SECOND);
        let bearer = format!("Bearer {}", last.access);
        let header = [("authorization", &*bearer)];
        accepted(&self.server.graphql(LOGOUT, &json!({ "scope": "CURRENT" }), &header));
        self.refused(&self.server.graphql(LOGOUT, &json!({ "scope": "CURRENT" }), &header));
        self.refused(&exchange(self.server, &last.refresh));
    }

    /// Bodies that are no requests, with a password in them.
    fn malformed_bodies(&mut self) {
        let login =
            format!("mutation {{ login(input: {{identifier: \"ada\", password: \"{SECOND}\"}}) {{ accessToken }} }}");
        let whole = json!({ "query": login }).to_string();
        for body in [
            &whole[..whole.len() - 2],
            &format!("[{whole}]"),
            &format!("\"{SECOND}\""),
            &format!("{{\"query\": 5, \"variables\": {{\"password\": \"{SECOND}\"}}}}"),
            &format!("{{\"query\": \"{{ me {{ id }} }}\", \"variables\": \"{SECOND}\"}}"),
            &format!("{{\"query\": \"{{ me {{ id }} }}\", \"operationName\": [\"{SECOND}\"]}}"),
            &format!("{{\"query\": \"{{ me {{ id }} }}\", \"extensions\": \"{SECOND}\"}}"),
            &format!("password={SECOND}"),
            &format!("{{\"{SECOND}\": \\q}}"),
        ] {
            self.refused(&self.server.post(body, &[]));
        }
        let form = format!("identifier=ada&password={SECOND}");
        self.refused(&self.server.post(&form, &[("content-type", "application/x-www-form-urlencoded")]));
        self.refused(&self.server.post(&whole, &[("content-type", "text/plain")]));
        self.refused(&self.server.post(&format!("{whole}{}", " ".repeat(200_000)), &[]));
        let escaped: String = login.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        self.refused(&self.server.get(&format!("/graphql?query={escaped}")));
        self.refused(&self.server.get(&format!("/graphql?query=%7Bme%7Bid%7D%7D&variables={SECOND}")));
        self.refused(&self.server.raw(&format!("POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization {SECOND}\r\n\r\n")));
    }

    /// Documents with a password as a literal or a variable where the schema has no place for it.
    fn secrets_in_wrong_places(&mut self) {
        let right = format!("input: {{identifier: \"ada\", password: \"{LITERAL}\"}}");
        for document in [
            format!("mutation {{ login(input: {{identifier: \"ada\", password: \"{LITERAL}"),
            format!("mutation {{ login(input: {{identifier: \"ada\", password: \"{LITERAL}\"}}) {{ accessToken }}"),
            login(&format!("input: {{identifier: \"ada\", password: \"\\q{LITERAL}\"}}")),
            login(&format!("input: {{identifier: 5, password: \"{LITERAL}\"}}")),
            login(&format!("input: {{identifier: \"ada\", password: [\"{LITERAL}\"]}}")),
            login(&format!("input: {{identifier: \"ada\", password: {{a: \"{LITERAL}\"}}}}")),
            login(&format!("input: {{identifier: \"ada\", password: {LITERAL}}}")),
            login(&format!("input: {{identifier: \"ada\", passwort: \"{LITERAL}\"}}")),
            login(&format!("input: {{password: \"{LITERAL}\"}}")),
            login(&format!("input: \"{LITERAL}\"")),
            login(&format!("password: \"{LITERAL}\"")),
            format!("query ($name: Int = \"{LITERAL}\") {{ usernameAvailable(username: $name) }}"),
            format!("mutation {{ logout(scope: \"{LITERAL}\") {{ endedSessionIds }} }}"),
            format!("mutation {{ logout(scope: {LITERAL}) {{ endedSessionIds }} }}"),
            format!("query ($p: Int = \"{LITERAL}\") {{ me {{ id @skip(if: $p) }} }}"),
            format!("{{ me @include(if: \"{LITERAL}\") {{ id }} }}"),
            format!("{{ usernameAvailable(username: [[\"{LITERAL}\"]]) }}"),
            [login(&right), login(&right)].concat(),
            format!("mutation {{ a: login({right}) {{ accessToken }} b: login({right}) {{ accessToken }} }}"),
        ] {
            self.refused(&self.server.graphql(&document, &json!({}), &[]));
        }
        for value in [json!([LITERAL]), json!({ "a": LITERAL }), json!([[LITERAL]])] {
            self.refused(&self.server.graphql(LOGIN, &json!({ "identifier": "ada", "password": value }), &[]));
            self.refused(&self.server.graphql(REFRESH, &json!({ "token": value }), &[]));
        }
        self.refused(&self.server.graphql(LOGOUT, &json!({ "scope": LITERAL }), &[]));
        self.refused(&self.server.graphql(RESET, &json!({ "token": LITERAL, "password": SECOND.repeat(9) }), &[]));
        self.refused(&self.server.graphql(FORGOT, &json!({ "email": LITERAL }), &[]));
    }

    /// A fault of ours: the cause goes to the log, and no value with it.
    fn broken_database(&mut self) {
        let next = self.log_in(SECOND);
        let break_and = |table: &str, work: &mut dyn FnMut()| {
            let rename = |from: &str, to: &str| {
                let sql = format!("ALTER TABLE {from} RENAME TO {to}");
                Handle::current().block_on(self.database.execute(&sql));
            };
            rename(table, "away");
            work();
            rename("away", table);
        };
        let mut replies = Vec::new();
        let mut ask = |query: &str, variables: Value| {
            let header = format!("Bearer {}", next.access);
            replies.push(self.server.graphql(query, &variables, &[("authorization", &header)]));
            replies.push(self.server.graphql(query, &variables, &[]));
        };
        break_and("refresh_tokens", &mut || {
            ask(REFRESH, json!({ "token": next.refresh }));
            ask(LOGIN, json!({ "identifier": "ada", "password": SECOND }));
        });
        break_and("signups", &mut || {
            ask(SIGNUP, json!({ "username": "bob", "email": "bob@example.com", "password": LITERAL }));
        });
        break_and("one_time_tokens", &mut || {
            ask(RESET, json!({ "token": LITERAL, "password": SECOND }));
            ask(VERIFY, json!({ "token": LITERAL }));
        });
        let internal = |reply: &&Reply| reply.body.contains("INTERNAL_SERVER_ERROR");
        assert!(replies.iter().filter(internal).count() >= 5, "{replies:?}");
        for reply in replies {
            self.refused(&reply);
        }
    }

    /// A relay that repeats the line with the password when it refuses it, and one that repeats the address.
    fn refused_mail(&mut self) {
        for (mode, name) in [(Mode::RefuseSignIn(535), "carl"), (Mode::Refuse(550), "dora")] {
            self.sink.set_mode(mode);
            let before = self.server.log().matches("a mail was not sent").count();
            let variables = json!({ "username": name, "email": email_of(name), "password": LITERAL });
            accepted(&self.server.graphql(SIGNUP, &variables, &[]));
            let failures = || self.server.log().matches("a mail was not sent").count();
            until("a refusal in the log", || (failures() > before).then_some(()));
        }
    }

    /// The link's token and the code of the mail with this number, as canaries from now on.
    fn mail(&mut self, name: &str, number: usize) -> (String, String) {
        let received = until(name, || self.sink.received().get(number - 1).cloned());
        let message = MessageParser::default().parse(&received.data).expect("a message");
        let text = message.body_text(0).expect("a text").into_owned();
        let (token, code) = (token_in(&text), code_in(&text));
        self.canaries.add(&format!("the token of {name}"), &token);
        self.canaries.add(&format!("the code of {name}"), &code);
        (token, code)
    }

    fn tokens(&mut self, reply: &Reply, mutation: &str) -> Tokens {
        let access = reply.str_at(&format!("/data/{mutation}/accessToken"));
        let refresh = reply.str_at(&format!("/data/{mutation}/refreshToken"));
        self.canaries.add_jwt("an access token", &access);
        self.canaries.add("a refresh token", &refresh);
        Tokens { access, refresh }
    }

    #[track_caller]
    fn refused(&mut self, reply: &Reply) {
        assert!(reply.status != 0 && (reply.status >= 400 || has_errors(reply)), "{reply:?}");
        self.failures.push(format!("{}\n\n{}", reply.head, reply.body));
    }
}

/// A login with these arguments in the document.
fn login(arguments: &str) -> String {
    format!("mutation {{ login({arguments}) {{ accessToken }} }}")
}

#[track_caller]
fn accepted(reply: &Reply) {
    assert!(reply.status == 200 && !has_errors(reply), "{reply:?}");
}

fn has_errors(reply: &Reply) -> bool {
    let of_mutation = |payload: &Value| payload["userErrors"].as_array().is_some_and(|errors| !errors.is_empty());
    let data = reply.at("/data");
    !reply.at("/errors").is_null() || data.as_object().is_some_and(|data| data.values().any(of_mutation))
}
