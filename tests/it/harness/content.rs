//! What people write, and what moderators and administrators do: mutations by name, each with its one input. Only
//! roles are set in the database. After each step the clock goes on by a moment: ids sort by it.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Barrier;

use super::{Answer, Call, Lyceum, Person, send};

/// The token of somebody who is not signed in.
pub(crate) const NOBODY: &str = "";
const MOMENT: Duration = Duration::from_millis(1);

/// A mutation with its input: `createPost` takes a `CreatePostInput!`.
pub(crate) fn mutation(token: &str, name: &str, input: &Value) -> Call {
    let (first, rest) = name.split_at(1);
    let query = format!(
        "mutation ($input: {}{rest}Input!) {{ {name}(input: $input) {{ {} userErrors {{ code message field }} }} }}",
        first.to_uppercase(),
        payload(name)
    );
    let call = Call::new(&query, json!({ "input": input }));
    if token.is_empty() { call } else { call.bearer(token) }
}

fn payload(mutation: &str) -> &'static str {
    match mutation {
        "createPost" | "updatePost" => {
            "post { id title body status createdAt updatedAt publishedAt author { username } }"
        }
        "deletePost" => "deletedPostId",
        "createComment" | "updateComment" => {
            "comment { id body createdAt updatedAt author { username } post { id title } }"
        }
        "deleteComment" => "deletedCommentId postId",
        "deleteUser" | "deleteAccount" => "deletedUserId",
        "changePassword" => "user { id username updatedAt } endedSessionIds",
        "changeEmail" => "user { pendingEmail } newEmail expiresAt",
        "confirmEmailChange" => "user { id email emailVerified pendingEmail }",
        "cancelEmailChange" => "email",
        "revokeSession" => "endedSessionId",
        "forgotPassword" | "resendVerificationEmail" => "",
        _ => "user { id username email emailVerified firstName lastName role suspendedUntil createdAt updatedAt }",
    }
}

impl Lyceum {
    /// One mutation by whom the token stands for.
    pub(crate) async fn mutate(&self, token: &str, name: &str, input: Value) -> Answer {
        self.send(mutation(token, name, &input)).await
    }

    /// One query by whom the token stands for.
    pub(crate) async fn ask(&self, token: &str, query: &str, variables: Value) -> Answer {
        let call = Call::new(query, variables);
        self.send(if token.is_empty() { call } else { call.bearer(token) }).await
    }

    /// Somebody with a role that nobody can sign up with.
    pub(crate) async fn person_with_role(&self, username: &str, role: &str) -> Person {
        self.advance(MOMENT);
        let person = self.person(username).await;
        self.database.execute(&format!("UPDATE users SET role = '{role}' WHERE username_key = '{username}'")).await;
        person
    }

    /// A post of this person; its id.
    pub(crate) async fn write_post(&self, author: &Person, title: &str, status: &str) -> String {
        self.advance(MOMENT);
        let input = json!({ "title": title, "body": format!("The text of {title}."), "status": status });
        self.mutate(&author.token, "createPost", input).await.ok().str_at("createPost.post.id").to_owned()
    }

    /// A comment of this person; its id.
    pub(crate) async fn write_comment(&self, author: &Person, post: &str, body: &str) -> String {
        self.advance(MOMENT);
        let input = json!({ "postId": post, "body": body });
        self.mutate(&author.token, "createComment", input).await.ok().str_at("createComment.comment.id").to_owned()
    }

    /// Sends all calls at the same moment, each in a task of its own.
    pub(crate) async fn together(&self, calls: Vec<Call>) -> Vec<Answer> {
        let start = std::sync::Arc::new(Barrier::new(calls.len()));
        let tasks = calls.into_iter().map(|call| {
            let app = self.app.clone();
            let start = start.clone();
            tokio::spawn(async move {
                let request = call.into_request();
                start.wait().await;
                send(&app, request).await
            })
        });
        let mut answers = Vec::new();
        for task in tasks.collect::<Vec<_>>() {
            answers.push(task.await.unwrap());
        }
        answers
    }
}

impl Answer {
    /// What became of a mutation: `ok`, its user errors, or the code of a top-level error.
    pub(crate) fn outcome(&self, mutation: &str) -> String {
        let code = match self.code() {
            "" => self.user_errors(mutation).join(", "),
            code => code.to_owned(),
        };
        if code.is_empty() { "ok".to_owned() } else { code }
    }

    /// All top-level errors, as `CODE path` each, in the order of their paths.
    pub(crate) fn errors(&self) -> Vec<String> {
        let errors = self.body["errors"].as_array().into_iter().flatten();
        let mut errors: Vec<String> = errors.map(|error| format!("{} {}", code(error), path(error))).collect();
        errors.sort();
        errors
    }
}

fn code(error: &Value) -> &str {
    error["extensions"]["code"].as_str().unwrap_or("no code")
}

fn path(error: &Value) -> String {
    let steps = error["path"].as_array().into_iter().flatten();
    steps.map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned)).collect::<Vec<_>>().join(".")
}
