//! Everybody who asks, and what they ask about: the owner's account, posts and comments, with names for documents.

use std::cell::Cell;

use serde_json::{Value, json};

use super::table::Viewer;
use crate::harness::{multipart::plain_png, *};

/// Stands in the owner's draft and in the comment under it, and nowhere else.
pub(super) const SECRET: &str = "submarine";

/// A variable, not a name.
const FILE: &str = "$file";

pub(super) struct Cast {
    people: Vec<(Viewer, Person)>,
    /// What `$name` in a document stands for.
    names: Vec<(&'static str, String)>,
    made: Cell<u32>,
}

const CREATE_POST: &str = "mutation ($body: String!, $status: PostStatus!) {
    createPost(input: {title: \"Of rivers\", body: $body, status: $status}) { post { id } userErrors { code } } }";
const CREATE_COMMENT: &str = "mutation ($post: ID!, $body: String!) {
    createComment(input: {postId: $post, body: $body}) { comment { id } userErrors { code } } }";
const CREATE_USER: &str = "mutation ($name: String!, $email: String!, $password: String!) {
    createUser(input: {username: $name, email: $email, password: $password, firstName: \"New\", lastName: \"One\"}) {
        user { id } userErrors { code } } }";

impl Cast {
    /// Somebody of each kind. Each of them has a post with a comment of the owner's; the owner has a draft too, with
    /// an own comment. Fay is none of the viewers.
    pub(super) async fn gather(lyceum: &Lyceum) -> Self {
        let mut people = Vec::new();
        for (viewer, username, role) in [
            (Viewer::Owner, "olive", "USER"),
            (Viewer::Other, "bob", "USER"),
            (Viewer::Moderator, "grace", "MODERATOR"),
            (Viewer::Admin, "edith", "ADMIN"),
        ] {
            let person = lyceum.person(username).await;
            let sql = format!("UPDATE users SET role = '{role}' WHERE username = '{}'", person.username);
            lyceum.database.execute(&sql).await;
            people.push((viewer, person));
        }
        let fay = lyceum.person("fay").await;
        let mut cast = Self { people, names: Vec::new(), made: Cell::new(0) };
        for viewer in [Viewer::Owner, Viewer::Other, Viewer::Moderator, Viewer::Admin] {
            let post = cast.post(lyceum, viewer, "Rivers run to the sea.", "PUBLISHED").await;
            let comment = cast.comment(lyceum, Viewer::Owner, &post, "They do.").await;
            if viewer == Viewer::Owner {
                cast.names.extend([("post", post), ("comment", comment)]);
            }
        }
        let draft = cast.post(lyceum, Viewer::Owner, &format!("The {SECRET} dives."), "DRAFT").await;
        let hidden = cast.comment(lyceum, Viewer::Owner, &draft, &format!("Which {SECRET}?")).await;
        let fays = json!({ "body": "Lakes lie still.", "status": "PUBLISHED" });
        let fays = lyceum.run_as(&fay.token, CREATE_POST, fays).await.ok().str_at("createPost.post.id").to_owned();
        let owner = cast.person(Viewer::Owner).id.clone();
        cast.names.extend([("owner", owner), ("fay", fay.id), ("fays", fays), ("draft", draft), ("hidden", hidden)]);
        cast.names.push(("password", PASSWORD.to_owned()));
        cast
    }

    pub(super) fn person(&self, viewer: Viewer) -> &Person {
        &self.people.iter().find(|(kind, _)| *kind == viewer).unwrap().1
    }

    /// The document as this viewer, its names filled in.
    pub(super) async fn ask(&self, lyceum: &Lyceum, viewer: Viewer, document: &str) -> Answer {
        let filled = self.filled(lyceum, viewer, document).await;
        let call = if filled.contains(FILE) {
            // What no document can write stays a variable.
            let query = filled.replacen('{', &format!("({FILE}: Upload!) {{"), 1);
            Call::new(&query, json!({})).with_file(&plain_png([7; 3]))
        } else {
            Call::new(&filled, json!({}))
        };
        let call = if viewer == Viewer::Anonymous { call } else { call.bearer(&self.person(viewer).token) };
        lyceum.send(call).await
    }

    /// Each `$name` becomes a string: of what is there, or of something made for this document alone.
    pub(super) async fn filled(&self, lyceum: &Lyceum, viewer: Viewer, document: &str) -> String {
        let mut filled = String::new();
        let mut parts = document.split('$');
        filled += parts.next().unwrap_or_default();
        for part in parts {
            let end = part.find(|letter: char| !letter.is_ascii_lowercase() && letter != '_').unwrap_or(part.len());
            let (name, rest) = part.split_at(end);
            if name == &FILE[1..] {
                filled += FILE;
                filled += rest;
                continue;
            }
            let known = self.names.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
            let value = if let Some(value) = known { value } else { self.fresh(lyceum, viewer, name).await };
            filled += &Value::from(value).to_string();
            filled += rest;
        }
        filled
    }

    async fn fresh(&self, lyceum: &Lyceum, viewer: Viewer, name: &str) -> String {
        self.made.set(self.made.get() + 1);
        let new = format!("new_{}", self.made.get());
        match name {
            "new" => new,
            "new_email" => email_of(&new),
            "refresh" => lyceum.log_in("fay", PASSWORD).await.ok().str_at("login.refreshToken").to_owned(),
            // The viewer's own; of nobody there is none.
            "session" if viewer == Viewer::Anonymous => new,
            "session" => {
                let username = &self.person(viewer).username;
                lyceum.log_in(username, PASSWORD).await.ok().str_at("login.session.id").to_owned()
            }
            "proof" => {
                lyceum.sign_up(&new).await.ok();
                lyceum.token_for(&email_of(&new)).await
            }
            "confirm" => self.change_of_address(lyceum, &new).await.0,
            "cancel" => self.change_of_address(lyceum, &new).await.1,
            "spare_user" => {
                let variables = json!({ "name": new, "email": email_of(&new), "password": PASSWORD });
                let answer = lyceum.run_as(&self.person(Viewer::Admin).token, CREATE_USER, variables).await.ok();
                answer.str_at("createUser.user.id").to_owned()
            }
            "spare_post" => self.post(lyceum, Viewer::Owner, "Not for long.", "PUBLISHED").await,
            "spare_draft" => self.post(lyceum, Viewer::Owner, "Not yet.", "DRAFT").await,
            "spare_comment" => {
                let fays = self.filled_name("fays");
                self.comment(lyceum, Viewer::Owner, fays, "Not for long.").await
            }
            "spare_hidden" => {
                let draft = self.post(lyceum, Viewer::Owner, "Not yet.", "DRAFT").await;
                self.comment(lyceum, Viewer::Owner, &draft, "Not yet.").await
            }
            _ => panic!("nothing is called ${name}"),
        }
    }

    /// What the new and the old address of a new user have in their mails.
    async fn change_of_address(&self, lyceum: &Lyceum, new: &str) -> (String, String) {
        let (person, moved) = (lyceum.person(new).await, format!("moved_{new}@example.com"));
        let input = json!({ "newEmail": moved, "currentPassword": PASSWORD });
        lyceum.mails().await;
        lyceum.mutate(&person.token, "changeEmail", input).await.ok();
        (lyceum.token_for(&moved).await, lyceum.token_for(&person.email).await)
    }

    fn filled_name(&self, name: &str) -> &str {
        &self.names.iter().find(|(known, _)| *known == name).unwrap().1
    }

    pub(super) async fn post(&self, lyceum: &Lyceum, author: Viewer, body: &str, status: &str) -> String {
        let variables = json!({ "body": body, "status": status });
        let answer = lyceum.run_as(&self.person(author).token, CREATE_POST, variables).await.ok();
        answer.str_at("createPost.post.id").to_owned()
    }

    pub(super) async fn comment(&self, lyceum: &Lyceum, author: Viewer, post: &str, body: &str) -> String {
        let variables = json!({ "post": post, "body": body });
        let answer = lyceum.run_as(&self.person(author).token, CREATE_COMMENT, variables).await.ok();
        answer.str_at("createComment.comment.id").to_owned()
    }
}
