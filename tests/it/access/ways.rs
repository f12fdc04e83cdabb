//! The ways by which a viewer reaches something, and what the table says of each step of a way.
//!
//! `post(id: $post) > author` is a way: a document is made of it that asks for every field of what lies on it, and
//! the table says which of them are refused.

use super::{
    shape::Shape,
    table::{Relation, Viewer, row},
};

/// Whose is what a way leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// The owner's, who is one of the viewers.
    Owners,
    /// The viewer's own.
    Viewers,
    /// That of somebody who is none of the viewers.
    Strangers,
    /// That of whoever runs the mutation, with a password or a token for proof.
    Provers,
}

use Whose::{Owners, Provers, Strangers, Viewers};

impl Whose {
    fn relation(self, viewer: Viewer) -> Relation {
        let own = match self {
            Owners => viewer == Viewer::Owner,
            Viewers => viewer != Viewer::Anonymous,
            Strangers => false,
            Provers => true,
        };
        if own { Relation::Own } else { Relation::Foreign }
    }
}

pub(super) struct Way {
    pub(super) text: &'static str,
    pub(super) whose: Whose,
}

pub(super) struct Step {
    /// With its arguments, as it stands in a document.
    text: &'static str,
    /// `Type.field`; nothing for a condition on the type.
    pub(super) field: Option<String>,
    name: &'static str,
    returns: String,
    is_list: bool,
    /// Whether every field of what is here is asked for: a user in the middle may be somebody else's than the end.
    asked: bool,
}

/// What the table says of a way.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) refused: Vec<String>,
    pub(super) allowed: Vec<String>,
}

impl Way {
    pub(super) fn is_mutation(&self) -> bool {
        self.text.starts_with("mutation ")
    }

    pub(super) fn steps(&self, shape: &Shape) -> Vec<Step> {
        let mut at = if self.is_mutation() { "Mutation" } else { "Query" }.to_owned();
        let mut steps = Vec::new();
        for text in self.text.trim_start_matches("mutation ").split(" > ") {
            let name = text.split('(').next().unwrap_or_default();
            let step = if let Some(condition) = text.strip_prefix("... on ") {
                let returns = condition.to_owned();
                Step { text, field: None, name, returns, is_list: false, asked: true }
            } else {
                let field = shape.field(&at, name);
                let asked = field.returns != "User";
                let returns = field.returns.clone();
                Step { text, field: Some(field.path()), name, returns, is_list: field.is_list, asked }
            };
            at.clone_from(&step.returns);
            steps.push(step);
        }
        if let Some(end) = steps.last_mut() {
            end.asked = true;
        }
        steps
    }

    pub(super) fn document(&self, shape: &Shape) -> String {
        let kind = if self.is_mutation() { "mutation" } else { "query" };
        format!("{kind} {{ {} }}", inside(&self.steps(shape), shape))
    }

    /// What the viewer has to be refused on this way, and what not; after a refusal the way ends.
    pub(super) fn verdict(&self, shape: &Shape, viewer: Viewer) -> Verdict {
        let relation = self.whose.relation(viewer);
        let (mut verdict, mut path) = (Verdict::default(), Vec::new());
        let steps = self.steps(shape);
        for (number, step) in steps.iter().enumerate() {
            if let Some(field) = &step.field {
                path.push(step.name);
                verdict.add(path.join("."), row(field).lets_in(viewer, relation));
                if !verdict.refused.is_empty() && verdict.refused.last() == Some(&path.join(".")) {
                    return verdict;
                }
            }
            // Nobody is not refused: there is nothing to go on with.
            if step.field.as_deref() == Some("Query.me") && viewer == Viewer::Anonymous {
                return verdict;
            }
            if step.is_list {
                path.push("0");
            }
            let next = steps.get(number + 1).map_or("", |next| next.name);
            for field in shape.fields(&step.returns).filter(|field| step.asked && field.name != next) {
                let allowed = row(&field.path()).lets_in(viewer, relation);
                verdict.add(format!("{}.{}", path.join("."), field.name), allowed);
            }
        }
        verdict
    }

    /// Every field that a document of this way asks for.
    pub(super) fn touched(&self, shape: &Shape) -> Vec<String> {
        let steps = self.steps(shape);
        let asked = steps.iter().filter(|step| step.asked).flat_map(|step| shape.fields(&step.returns));
        steps.iter().filter_map(|step| step.field.clone()).chain(asked.map(super::shape::Field::path)).collect()
    }
}

impl Verdict {
    fn add(&mut self, path: String, allowed: bool) {
        if allowed { self.allowed.push(path) } else { self.refused.push(path) }
    }
}

fn inside(steps: &[Step], shape: &Shape) -> String {
    let [step, rest @ ..] = steps else { return String::new() };
    let next = rest.first().map_or("", |next| next.name);
    let asked = if step.asked { shape.selection(&step.returns, next) } else { String::new() };
    let inner = format!("{asked} {}", inside(rest, shape));
    if inner.trim().is_empty() { step.text.to_owned() } else { format!("{} {{ {} }}", step.text, inner.trim()) }
}

const fn way(text: &'static str, whose: Whose) -> Way {
    Way { text, whose }
}

/// Where sign-up shows the new user and addresses are disclosed: `friendly`, and verification `optional`.
pub(super) const FRIENDLY: &[Way] = &[
    way("emailAvailable(email: \"nobody@example.com\")", Strangers),
    way(
        "mutation signup(input: {username: $new, email: $new_email, password: $password, firstName: \"A\", \
         lastName: \"B\"}) > user",
        Provers,
    ),
    way(
        "mutation signup(input: {username: $new, email: $new_email, password: $password, firstName: \"A\", \
         lastName: \"B\"}) > session",
        Provers,
    ),
];

pub(super) const WAYS: &[Way] = &[
    way("me", Viewers),
    way("me > profile > socialLinks", Viewers),
    way("user(id: $owner)", Owners),
    way("user(id: $owner) > profile", Owners),
    way("posts(first: 1, filter: {authorId: $owner, status: PUBLISHED}) > nodes > author > profile", Owners),
    way("node(id: $owner) > ... on User > profile", Owners),
    way("userByUsername(username: \"OLIVE\")", Owners),
    way("users(first: 1, filter: {search: \"olive\"}) > nodes", Owners),
    way("users(first: 1, filter: {search: \"olive\"}) > edges > node", Owners),
    way("users(first: 1) > pageInfo", Strangers),
    way("node(id: $owner) > ... on User", Owners),
    way("nodes(ids: [$owner]) > ... on User", Owners),
    way("post(id: $post) > author", Owners),
    way("post(id: $post) > comments(first: 1) > nodes > author", Owners),
    way("posts(first: 1, filter: {authorId: $owner, status: PUBLISHED}) > nodes > author", Owners),
    way("posts(first: 1, filter: {authorId: $owner, status: PUBLISHED}) > edges > node > author", Owners),
    way("posts(first: 1) > pageInfo", Strangers),
    way("comment(id: $comment) > author", Owners),
    way("comment(id: $comment) > post > author", Owners),
    way("comments(first: 1, filter: {authorId: $owner}) > nodes > author", Owners),
    way("comments(first: 1, filter: {postId: $post}) > edges > node > author", Owners),
    way("comments(first: 1) > pageInfo", Strangers),
    way("user(id: $owner) > posts(first: 1) > nodes > author", Owners),
    way("user(id: $owner) > comments(first: 1) > edges > node > author", Owners),
    way("node(id: $post) > ... on Post > author", Owners),
    way("nodes(ids: [$comment]) > ... on Comment > author", Owners),
    way("nodes(ids: [$comment]) > ... on Comment > post > comments > nodes > author", Owners),
    way("dashboard > posts", Viewers),
    way("dashboard > latestComments > author", Owners),
    way("dashboard > latestComments > post > author", Viewers),
    way("dashboard > site", Viewers),
    way("dashboard > signupsPerDay", Viewers),
    way("usernameAvailable(username: \"nobody\")", Strangers),
    way(
        "mutation signup(input: {username: $new, email: $new_email, password: $password, firstName: \"A\", \
         lastName: \"B\"})",
        Provers,
    ),
    way("mutation verifyEmail(input: {token: $proof}) > user", Provers),
    way("mutation resendVerificationEmail(input: {email: \"nobody@example.com\"})", Provers),
    way("mutation login(input: {identifier: \"fay\", password: $password}) > user", Provers),
    way("mutation login(input: {identifier: \"fay\", password: $password}) > user > profile", Provers),
    way("mutation login(input: {identifier: \"fay\", password: $password}) > session", Provers),
    way("mutation login(input: {identifier: \"fay\", password: $password}) > user > posts > nodes > author", Strangers),
    way("mutation login(input: {identifier: \"fay\", password: \"not this one\"}) > userErrors", Provers),
    way("mutation refreshSession(input: {refreshToken: $refresh}) > user", Provers),
    way("mutation refreshSession(input: {refreshToken: $refresh}) > session", Provers),
    way("mutation forgotPassword(input: {email: \"nobody@example.com\"})", Provers),
    way("mutation resetPassword(input: {token: \"x\", newPassword: $password}) > userErrors", Provers),
    way("mutation logout(scope: OTHERS)", Viewers),
    way("mutation revokeSession(input: {id: $session})", Viewers),
    way("me > sessions(first: 2) > nodes", Viewers),
    way("user(id: $owner) > sessions(first: 2) > edges > node", Owners),
    way("user(id: $owner) > sessions(first: 2) > pageInfo", Owners),
    way("me > activity(first: 2) > nodes > user", Viewers),
    way("user(id: $owner) > activity(first: 2) > edges > node > actor", Owners),
    way("user(id: $owner) > activity(first: 2) > pageInfo", Owners),
    way("auditLog(first: 1, filter: {userId: $owner}) > nodes > user", Owners),
    way("auditLog(first: 1, filter: {actorId: $owner}) > edges > node > actor", Owners),
    way("auditLog(first: 1) > pageInfo", Strangers),
    way("mutation updateProfile(input: {bio: \"B\"}) > user > profile", Viewers),
    way("mutation updateProfile(input: {bio: \"\"}) > userErrors", Viewers),
    way("mutation uploadAvatar(input: {file: $file}) > user", Viewers),
    way("mutation removeAvatar > user", Viewers),
    way("mutation changePassword(input: {currentPassword: $password, newPassword: $password}) > user", Viewers),
    way("mutation changeEmail(input: {newEmail: $new_email, currentPassword: $password}) > user", Viewers),
    way("mutation confirmEmailChange(input: {token: $confirm}) > user", Provers),
    way("mutation cancelEmailChange(input: {token: $cancel})", Provers),
    way("mutation deleteAccount(input: {password: \"not this one\"}) > userErrors", Viewers),
    way("mutation createPost(input: {title: \"T\", body: \"B\"}) > post > author", Viewers),
    way("mutation createPost(input: {title: \"T\", body: \"B\"}) > postEdge > node > author", Viewers),
    way("mutation updatePost(input: {id: $post}) > post > author", Owners),
    way("mutation deletePost(input: {id: $spare_post})", Owners),
    way("mutation createComment(input: {postId: $fays, body: \"B\"}) > comment > author", Viewers),
    way("mutation createComment(input: {postId: $fays, body: \"B\"}) > comment > post > author", Strangers),
    way("mutation createComment(input: {postId: $fays, body: \"B\"}) > commentEdge > node > author", Viewers),
    way("mutation updateComment(input: {id: $comment, body: \"B\"}) > comment > author", Owners),
    way("mutation updateComment(input: {id: $comment, body: \"B\"}) > comment > post > author", Owners),
    way("mutation deleteComment(input: {id: $spare_comment})", Owners),
    way(
        "mutation createUser(input: {username: $new, email: $new_email, password: $password, firstName: \"A\", \
         lastName: \"B\"}) > user",
        Strangers,
    ),
    way(
        "mutation createUser(input: {username: $new, email: $new_email, password: $password, firstName: \"A\", \
         lastName: \"B\"}) > userEdge > node",
        Strangers,
    ),
    way("mutation updateUser(input: {id: $owner, firstName: \"Ada\"}) > user", Owners),
    way("auditLog(first: 1, filter: {userId: $owner, kinds: [UPDATE_USER]}) > nodes > changes", Owners),
    way("mutation setUserRole(input: {id: $owner, role: USER}) > user", Owners),
    way("mutation suspendUser(input: {id: $spare_user}) > user", Strangers),
    way("mutation reinstateUser(input: {id: $owner}) > user", Owners),
    way("mutation deleteUser(input: {id: $spare_user})", Strangers),
    // The last: the others know people by their names.
    way("mutation changeUsername(input: {username: $new}) > user", Viewers),
];
