//! What fields cost, and how the schema tells it: by the directives of the GraphQL Cost Directive Specification (IBM).
//! The door adds it up before anything runs.

use async_graphql::TypeDirective;

/// What a field costs without a word.
pub const FIELD: u64 = 1;

/// The fields that cost more, whatever type they stand in: a password hash, a picture drawn anew, a count over a list.
pub const WEIGHTS: &[(&str, u64)] = &[
    ("totalCount", 5),
    ("dashboard", 20),
    ("signup", 100),
    ("login", 100),
    ("resetPassword", 100),
    ("changePassword", 100),
    ("changeEmail", 100),
    ("deleteAccount", 100),
    ("createUser", 100),
    ("uploadAvatar", 100),
];

/// What this field costs by itself. Every other field costs 1, also one that is a scalar.
#[TypeDirective(location = "FieldDefinition")]
pub(super) fn cost(#[graphql(desc = "The cost.")] weight: String) {}

/// How long this list is taken for. What is inside the list costs so many times more.
#[TypeDirective(name = "listSize", location = "FieldDefinition")]
pub(super) fn list_size(
    #[graphql(desc = "The length when no argument tells it.")] assumed_size: i32,
    #[graphql(desc = "The arguments that tell it; the larger of two.")] slicing_arguments: Option<Vec<String>>,
    #[graphql(desc = "The fields of this one that are the list.")] sized_fields: Option<Vec<String>>,
    #[graphql(desc = "Whether one of the arguments is needed.", default = true)] require_one_slicing_argument: bool,
) {
}

/// The arguments that tell how long a page is.
pub(super) fn slicing() -> Vec<String> {
    ["first", "last"].map(str::to_owned).to_vec()
}

/// The lists of a page.
pub(super) fn sized() -> Vec<String> {
    ["edges", "nodes"].map(str::to_owned).to_vec()
}
