//! Who may read or run each field of the schema: a row for every field, and requests that try the rows.
//!
//! What can be reached is tried by requests. Nothing in the schema leads to another person's account yet: that
//! is a claim of its own here, so that the first field that does must bring the requests that try it. Until then
//! the rule behind those cells is asked directly.

use std::collections::BTreeSet;

use async_graphql::parser::{parse_schema, types::*};
use lyceum::{
    core::{sessions, viewer},
    graphql,
};
use serde_json::{Value, json};

use crate::harness::*;

/// The verdict of one row for each kind of viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Anonymous, other users, the owner, moderators and administrators alike.
    All,
    /// All who are signed in, each for themselves.
    SignedIn,
    /// The owner and administrators.
    SelfOrAdmin,
    /// Whoever ran the mutation that the payload answers: it is shown to nobody else.
    Runner,
    /// All, where the server discloses addresses (`ACCOUNT_DISCLOSURE=friendly`); nobody elsewhere.
    Disclosed,
}

use Who::{All, Disclosed, Runner, SelfOrAdmin, SignedIn};

const TABLE: &[(&str, Who)] = &[
    ("Query.me", All),
    ("Query.usernameAvailable", All),
    ("Query.emailAvailable", Disclosed),
    ("Mutation.signup", All),
    ("Mutation.verifyEmail", All),
    ("Mutation.resendVerificationEmail", All),
    ("Mutation.login", All),
    ("Mutation.refreshSession", All),
    ("Mutation.logout", SignedIn),
    ("Mutation.forgotPassword", All),
    ("Mutation.resetPassword", All),
    ("User.id", All),
    ("User.username", All),
    ("User.firstName", All),
    ("User.lastName", All),
    ("User.displayName", All),
    ("User.role", All),
    ("User.createdAt", All),
    ("User.email", SelfOrAdmin),
    ("User.emailVerified", SelfOrAdmin),
    ("User.updatedAt", SelfOrAdmin),
    ("User.lastLoginAt", SelfOrAdmin),
    ("User.suspendedUntil", SelfOrAdmin),
    ("Session.id", Runner),
    ("Session.createdAt", Runner),
    ("Session.lastUsedAt", Runner),
    ("Session.expiresAt", Runner),
    ("Session.deviceName", Runner),
    ("Session.userAgent", Runner),
    ("Session.ipAddress", Runner),
    ("Session.current", Runner),
    ("LoginPayload.accessToken", Runner),
    ("LoginPayload.accessTokenExpiresAt", Runner),
    ("LoginPayload.refreshToken", Runner),
    ("LoginPayload.session", Runner),
    ("LoginPayload.user", Runner),
    ("LoginPayload.userErrors", Runner),
    ("RefreshSessionPayload.accessToken", Runner),
    ("RefreshSessionPayload.accessTokenExpiresAt", Runner),
    ("RefreshSessionPayload.refreshToken", Runner),
    ("RefreshSessionPayload.session", Runner),
    ("RefreshSessionPayload.user", Runner),
    ("RefreshSessionPayload.userErrors", Runner),
    ("LogoutPayload.endedSessionIds", Runner),
    ("LogoutPayload.userErrors", Runner),
    ("SignupPayload.email", Runner),
    ("SignupPayload.user", Runner),
    ("SignupPayload.userErrors", Runner),
    ("VerifyEmailPayload.user", Runner),
    ("VerifyEmailPayload.userErrors", Runner),
    ("ResendVerificationEmailPayload.userErrors", Runner),
    ("ForgotPasswordPayload.userErrors", Runner),
    ("ResetPasswordPayload.userErrors", Runner),
    ("UserError.code", Runner),
    ("UserError.message", Runner),
    ("UserError.field", Runner),
];

/// Every field whose type is a user or a session: the ways by which one is reached. All of them lead to the
/// viewer, or to whoever just proved to be that user; none leads to anybody else's.
const WAYS: [(&str, &str); 7] = [
    ("Query.me", "User"),
    ("LoginPayload.user", "User"),
    ("RefreshSessionPayload.user", "User"),
    ("SignupPayload.user", "User"),
    ("VerifyEmailPayload.user", "User"),
    ("LoginPayload.session", "Session"),
    ("RefreshSessionPayload.session", "Session"),
];

/// An object's field in the schema: its name, its type's, and its arguments as a request may give them.
struct Field {
    of: String,
    name: String,
    returns: String,
    arguments: String,
}

fn types() -> Vec<TypeDefinition> {
    let document = parse_schema(graphql::sdl()).unwrap();
    let of_type = |definition| match definition {
        TypeSystemDefinition::Type(definition) => Some(definition.node),
        _ => None,
    };
    document.definitions.into_iter().filter_map(of_type).collect()
}

fn base(of: &Type) -> String {
    match &of.base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(of) => base(of),
    }
}

fn fields() -> Vec<Field> {
    let types = types();
    let mut all = Vec::new();
    for definition in &types {
        let fields = match &definition.kind {
            TypeKind::Object(object) => object.fields.as_slice(),
            TypeKind::Interface(interface) => interface.fields.as_slice(),
            _ => continue,
        };
        for field in fields.iter().map(|field| &field.node) {
            all.push(Field {
                of: definition.name.node.to_string(),
                name: field.name.node.to_string(),
                returns: base(&field.ty.node),
                arguments: arguments(&types, &field.arguments),
            });
        }
    }
    all
}

type Inputs = [async_graphql::Positioned<InputValueDefinition>];

/// A value for everything that must have one: well formed, and nobody's.
fn values(types: &[TypeDefinition], inputs: &Inputs) -> String {
    let needed = inputs.iter().map(|input| &input.node);
    let needed = needed.filter(|input| !input.ty.node.nullable && input.default_value.is_none());
    let value = |input: &InputValueDefinition| {
        let name = base(&input.ty.node);
        let kind = types.iter().find(|definition| definition.name.node == name).map(|definition| &definition.kind);
        match kind {
            Some(TypeKind::InputObject(object)) => {
                format!("{}: {{{}}}", input.name.node, values(types, &object.fields))
            }
            _ if name == "String" => format!("{}: \"nobody@example.com\"", input.name.node),
            _ => panic!("no value for {name}: add one"),
        }
    };
    needed.map(value).collect::<Vec<_>>().join(", ")
}

fn arguments(types: &[TypeDefinition], inputs: &Inputs) -> String {
    let values = values(types, inputs);
    if values.is_empty() { values } else { format!("({values})") }
}

fn row(field: &Field) -> Who {
    let name = format!("{}.{}", field.of, field.name);
    TABLE.iter().find(|(row, _)| *row == name).unwrap_or_else(|| panic!("no row for {name}")).1
}

/// All leaves of a type, as a selection.
fn leaves(of: &str) -> String {
    let fields = fields();
    let is_object = |name: &str| fields.iter().any(|field| field.of == name);
    let leaves: Vec<&str> =
        fields.iter().filter(|field| field.of == of && !is_object(&field.returns)).map(|field| &*field.name).collect();
    assert!(!leaves.is_empty(), "{of}");
    leaves.join(" ")
}

/// Invariant 7 and bar 55: every field of the schema has one row, and every row has its field.
#[test]
fn every_field_has_a_row_and_every_row_a_field() {
    let served: BTreeSet<String> = fields().iter().map(|field| format!("{}.{}", field.of, field.name)).collect();
    let rows: BTreeSet<String> = TABLE.iter().map(|(row, _)| (*row).to_owned()).collect();
    assert_eq!(rows.len(), TABLE.len(), "a row stands there twice");
    let without_row: Vec<&String> = served.difference(&rows).collect();
    let without_field: Vec<&String> = rows.difference(&served).collect();
    assert!(without_row.is_empty(), "say who may see {without_row:?}");
    assert!(without_field.is_empty(), "there is no {without_field:?}");
}

/// Bar 56: only the known ways lead to a user or a session, and each of them to the viewer's own.
#[test]
fn no_way_leads_to_somebody_else() {
    let personal = |field: &&Field| ["User", "Session"].contains(&field.returns.as_str());
    let served: BTreeSet<(String, String)> = fields()
        .iter()
        .filter(personal)
        .map(|field| (format!("{}.{}", field.of, field.name), field.returns.clone()))
        .collect();
    let known = WAYS.iter().map(|(way, to)| ((*way).to_owned(), (*to).to_owned())).collect();
    assert_eq!(
        served, known,
        "a new way: try its private fields as another user, as a moderator and as an administrator"
    );
}

/// Somebody of each role.
async fn people(lyceum: &Lyceum) -> Vec<(&'static str, Person)> {
    let mut people = Vec::new();
    for (role, username) in [("USER", "ada"), ("MODERATOR", "grace"), ("ADMIN", "edith")] {
        let person = lyceum.person(username).await;
        let sql = format!("UPDATE users SET role = '{role}' WHERE username = '{username}'");
        assert_eq!(lyceum.database.execute(&sql).await, 1);
        people.push((role, person));
    }
    people
}

/// Bar 55: each root field is tried by everybody; whom its row leaves out is refused with the right code.
#[tokio::test]
async fn each_root_field_lets_in_whom_its_row_names() {
    for disclosure in ["strict", "friendly"] {
        with_settings(&[("RATE_LIMITS", "off"), ("ACCOUNT_DISCLOSURE", disclosure)], async |lyceum| {
            let people = people(lyceum).await;
            let mut viewers = vec![("anonymous", None)];
            viewers.extend(people.iter().map(|(role, person)| (*role, Some(person.token.as_str()))));
            // Logging out comes last: it ends the session that the others need.
            let mut roots: Vec<Field> =
                fields().into_iter().filter(|field| ["Query", "Mutation"].contains(&field.of.as_str())).collect();
            roots.sort_by_key(|field| field.name == "logout");
            for field in &roots {
                for (role, token) in &viewers {
                    let answer = try_root(lyceum, field, *token).await;
                    let expected = match row(field) {
                        SignedIn if token.is_none() => "MISSING",
                        Disclosed if disclosure == "strict" => "FORBIDDEN",
                        All | SignedIn | Disclosed => "",
                        other => panic!("a root field cannot be for {other:?}"),
                    };
                    // Wrong input is told to whoever may send it.
                    let verdict = match (answer.code(), answer.reason()) {
                        ("UNAUTHENTICATED", "INVALID") if field.name == "refreshSession" => "",
                        ("UNAUTHENTICATED", reason) => reason,
                        ("BAD_USER_INPUT", _) => "",
                        (code, _) => code,
                    };
                    assert_eq!(verdict, expected, "{} as {role}: {}", field.name, answer.text());
                }
            }
        })
        .await;
    }
}

async fn try_root(lyceum: &Lyceum, field: &Field, token: Option<&str>) -> Answer {
    let kind = field.of.to_lowercase();
    let inside = if field.returns == "Boolean" { String::new() } else { "{ __typename }".to_owned() };
    let call = Call::new(&format!("{kind} {{ {}{} {inside} }}", field.name, field.arguments), json!({}));
    lyceum.send(token.into_iter().fold(call, Call::bearer)).await
}

/// Bar 55: `me` shows every field to the owner, whatever the role, and nobody to the anonymous.
#[tokio::test]
async fn everybody_sees_every_field_of_oneself() {
    on_each_engine(async |lyceum| {
        let query = format!("{{ me {{ {} }} }}", leaves("User"));
        for (role, person) in people(lyceum).await {
            let answer = lyceum.run_as(&person.token, &query, json!({})).await.ok();
            assert_eq!((answer.at("me.role"), answer.at("me.email")), (&json!(role), &json!(person.email)));
            assert_eq!((answer.at("me.emailVerified"), answer.at("me.id")), (&json!(true), &json!(person.id)));
            for field in ["updatedAt", "lastLoginAt", "createdAt"] {
                assert!(answer.at(&format!("me.{field}")).is_string(), "{field} as {role}");
            }
            assert_eq!(answer.at("me.suspendedUntil"), &Value::Null);
        }
        assert_eq!(lyceum.run(&query, json!({})).await.ok().at("me"), &Value::Null);
    })
    .await;
}

/// Bar 55: the payloads show every field of user and session to whoever just proved to be that user, without a token.
#[tokio::test]
async fn whoever_proves_to_be_a_user_sees_every_field_of_it() {
    on_each_engine(async |lyceum| {
        let (user, session, error) = (leaves("User"), leaves("Session"), leaves("UserError"));
        let inside = format!("user {{ {user} }} userErrors {{ {error} }}");
        lyceum.sign_up("ada").await.ok();
        let token = lyceum.token_for("ada@example.com").await;
        let query = format!("mutation {{ verifyEmail(input: {{token: \"{token}\"}}) {{ {inside} }} }}");
        let answer = lyceum.run(&query, json!({})).await.ok();
        assert_eq!(answer.at("verifyEmail.user.email"), "ada@example.com");

        let leaves = format!("{} session {{ {session} }} {inside}", leaves("LoginPayload"));
        let input = format!("{{identifier: \"ada\", password: \"{PASSWORD}\", deviceName: \"desk\"}}");
        let answer = lyceum.run(&format!("mutation {{ login(input: {input}) {{ {leaves} }} }}"), json!({})).await.ok();
        assert_eq!(answer.at("login.user.email"), "ada@example.com");
        assert_eq!(answer.at("login.session.ipAddress"), "192.0.2.1");
        assert_eq!(answer.at("login.session.deviceName"), "desk");

        let refresh = answer.str_at("login.refreshToken");
        let query = format!("mutation {{ refreshSession(input: {{refreshToken: \"{refresh}\"}}) {{ {leaves} }} }}");
        let answer = lyceum.run(&query, json!({})).await.ok();
        assert_eq!(answer.at("refreshSession.user.email"), "ada@example.com");
        assert_eq!(answer.at("refreshSession.session.current"), &json!(true));
    })
    .await;
}

/// Bar 55: the rule behind the private fields, asked directly for the cells that no request reaches yet: somebody
/// else's are for administrators, one's own for oneself, and nobody's for the anonymous.
#[tokio::test]
async fn the_rule_of_the_private_fields_holds_for_other_people() {
    assert!(TABLE.iter().filter(|(_, who)| *who == SelfOrAdmin).count() > 4);
    on_each_engine(async |lyceum| {
        let people = people(lyceum).await;
        let mut viewers = Vec::new();
        for (role, person) in &people {
            viewers.push((*role, sessions::authenticate(&lyceum.app.core, &person.token).await.unwrap()));
        }
        for (role, viewer) in &viewers {
            for (of, owner) in &viewers {
                let owner = owner.signed_in().unwrap().user.id;
                let may = viewer.self_or(owner, viewer::Role::Admin).is_ok();
                assert_eq!(may, role == of || *role == "ADMIN", "{role} at the account of {of}");
            }
            let owner = viewer.signed_in().unwrap().user.id;
            assert!(viewer::Viewer::Anonymous.self_or(owner, viewer::Role::Admin).is_err());
        }
    })
    .await;
}
