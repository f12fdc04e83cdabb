//! The edge: the GraphQL schema over the domain. It knows `core`. It never writes a query and never sees axum.
//!
//! A noun has a file: its object, its queries, its mutations with inputs and payloads.

mod account;
mod admission;
mod audit;
mod comments;
mod connection;
mod context;
mod cookie;
mod cost;
mod dashboard;
mod directory;
mod email_change;
mod error;
mod loaders;
mod management;
mod node;
mod payload;
mod pictures;
mod posts;
mod profiles;
mod recovery;
mod scalars;
mod sessions;
mod straight;
mod subscriptions;
mod users;
mod writing;

use std::sync::Arc;

use async_graphql::{MergedObject, Request, SDLExportOptions, ValidationMode};

pub use cookie::{CookieChange, SessionCookie};
pub use cost::{FIELD as FIELD_COST, WEIGHTS as FIELD_WEIGHTS};
pub use error::{Code, ErrorExtensions, denials};
pub use scalars::file_of_request;
pub use straight::{room_for, write_json};
pub use subscriptions::Subscription;

use crate::core::{Core, Origin, accounts::UserId, viewer::Viewer};

/// What anybody can ask.
#[derive(MergedObject, Default)]
pub struct Query(
    directory::UserQueries,
    posts::PostQueries,
    comments::CommentQueries,
    node::NodeQueries,
    dashboard::DashboardQueries,
    admission::AvailabilityQueries,
    audit::AuditQueries,
);

/// What anybody can change.
#[derive(MergedObject, Default)]
pub struct Mutation(
    admission::AdmissionMutations,
    recovery::RecoveryMutations,
    account::AccountMutations,
    email_change::EmailChangeMutations,
    sessions::SessionMutations,
    profiles::ProfileMutations,
    pictures::PictureMutations,
    writing::WritingMutations,
    management::ManagementMutations,
);

pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// Mutations that try a secret. One document holds one of them, so that a limit on attempts cannot be walked
/// around with aliases.
pub const CREDENTIAL_MUTATIONS: &[&str] = &[
    "signup",
    "verifyEmail",
    "resendVerificationEmail",
    "login",
    "refreshSession",
    "forgotPassword",
    "resetPassword",
    "changePassword",
    "changeEmail",
    "confirmEmailChange",
    "cancelEmailChange",
    "deleteAccount",
];

/// Those of them that are for people who are not signed in. A cookie of a session that has ended does not stand in
/// their way.
pub const OPEN_MUTATIONS: &[&str] = &[
    "signup",
    "verifyEmail",
    "resendVerificationEmail",
    "login",
    "refreshSession",
    "forgotPassword",
    "resetPassword",
    "confirmEmailChange",
    "cancelEmailChange",
];

/// The schema. Suggestions ("did you mean …") tell names that introspection would, so they go with it.
pub fn schema(suggestions: bool) -> Schema {
    built(suggestions, ValidationMode::Strict)
}

/// The same schema for documents that have passed the validation of the other one, which it does not repeat.
pub fn trusting_schema() -> Schema {
    built(false, ValidationMode::Fast)
}

fn built(suggestions: bool, validation: ValidationMode) -> Schema {
    // The door refuses what is nested deeper (`http/document.rs`), with a code; the library's own 32 has none.
    let builder = Schema::build(Query::default(), Mutation::default(), Subscription);
    let builder = builder.limit_recursive_depth(64).validation_mode(validation);
    if suggestions { builder.finish() } else { builder.disable_suggestions().finish() }
}

/// The schema as `schema.graphql` holds it.
pub fn sdl() -> String {
    let options = SDLExportOptions::new().include_specified_by().sorted_fields().sorted_arguments().sorted_enum_items();
    let sdl = schema(true).sdl_with_options(options);
    let lines: Vec<&str> = sdl.lines().map(str::trim_end).collect();
    lines.join("\n").trim().to_owned() + "\n"
}

/// The id by which clients know a user.
pub fn user_id(id: UserId) -> String {
    node::global_id(node::Kind::User, id.0).to_string()
}

/// What resolvers may ask their context for; `context.rs` is the other end.
pub struct Asked {
    pub core: Arc<Core>,
    pub viewer: Viewer,
    pub origin: Origin,
    pub cookie: Arc<SessionCookie>,
}

/// `file` came with the request; `file_of_request` stands for it in the variables. What is answered `straight` holds
/// pieces that are JSON already, for [`write_json`].
pub fn with_context(request: Request, asked: Asked, file: Option<Arc<[u8]>>, straight: bool) -> Request {
    let Asked { core, viewer, origin, cookie } = asked;
    let request = match file {
        Some(file) => request.data(file),
        None => request,
    };
    let request = request.data(straight::Straight(straight));
    request.data(loaders::Loaders::new(&core, &viewer)).data(core).data(viewer).data(origin).data(cookie)
}
