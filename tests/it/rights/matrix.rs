//! The table of rights: every mutation on content and on users, on each kind of object, by everybody. Each cell is a
//! request of its own.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::*;

/// What a mutation is done to. Ada wrote the posts, bob the comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Object {
    Nothing,
    Published,
    Draft,
    Comment,
    CommentUnderDraft,
    MissingPost,
    MissingComment,
    User,
    Oneself,
    MissingUser,
}

/// What comes of it: done, `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Y,
    U,
    F,
    N,
}

use Object::{
    Comment, CommentUnderDraft, Draft, MissingComment, MissingPost, MissingUser, Nothing, Oneself, Published, User,
};
use Verdict::{F, N, U, Y};

/// Nobody, another user, the posts' author, the comments' author, a moderator, an administrator.
const VIEWERS: usize = 6;

#[rustfmt::skip]
const CONTENT: [(&str, Object, [Verdict; VIEWERS]); 16] = [
    //                                        nobody eve ada bob mona rose
    ("createPost",    Nothing,           [U,     Y,  Y,  Y,  Y,   Y]),
    ("updatePost",    Published,         [U,     F,  Y,  F,  Y,   Y]),
    ("deletePost",    Published,         [U,     F,  Y,  F,  Y,   Y]),
    ("updatePost",    Draft,             [U,     N,  Y,  N,  Y,   Y]),
    ("deletePost",    Draft,             [U,     N,  Y,  N,  Y,   Y]),
    ("updatePost",    MissingPost,       [U,     N,  N,  N,  N,   N]),
    ("deletePost",    MissingPost,       [U,     N,  N,  N,  N,   N]),
    ("createComment", Published,         [U,     Y,  Y,  Y,  Y,   Y]),
    ("createComment", Draft,             [U,     N,  Y,  N,  Y,   Y]),
    ("createComment", MissingPost,       [U,     N,  N,  N,  N,   N]),
    ("updateComment", Comment,           [U,     F,  F,  Y,  Y,   Y]),
    ("deleteComment", Comment,           [U,     F,  Y,  Y,  Y,   Y]),
    ("updateComment", CommentUnderDraft, [U,     N,  F,  N,  Y,   Y]),
    ("deleteComment", CommentUnderDraft, [U,     N,  Y,  N,  Y,   Y]),
    ("updateComment", MissingComment,    [U,     N,  N,  N,  N,   N]),
    ("deleteComment", MissingComment,    [U,     N,  N,  N,  N,   N]),
];

#[rustfmt::skip]
const USERS: [(&str, Object, [Verdict; VIEWERS]); 16] = [
    ("createUser",    Nothing,     [U, F, F, F, F, Y]),
    ("updateUser",    User,        [U, F, F, F, F, Y]),
    ("updateUser",    Oneself,     [U, F, F, F, F, Y]),
    ("updateUser",    MissingUser, [U, F, F, F, F, N]),
    ("setUserRole",   User,        [U, F, F, F, F, Y]),
    ("setUserRole",   Oneself,     [U, F, F, F, F, Y]),
    ("setUserRole",   MissingUser, [U, F, F, F, F, N]),
    ("suspendUser",   User,        [U, F, F, F, F, Y]),
    ("suspendUser",   Oneself,     [U, F, F, F, F, Y]),
    ("suspendUser",   MissingUser, [U, F, F, F, F, N]),
    ("reinstateUser", User,        [U, F, F, F, F, Y]),
    ("reinstateUser", Oneself,     [U, F, F, F, F, Y]),
    ("reinstateUser", MissingUser, [U, F, F, F, F, N]),
    ("deleteUser",    User,        [U, F, F, F, F, Y]),
    ("deleteUser",    Oneself,     [U, F, F, F, F, Y]),
    ("deleteUser",    MissingUser, [U, F, F, F, F, N]),
];

struct World<'a> {
    lyceum: &'a Lyceum,
    /// As in the table, without nobody.
    people: Vec<Person>,
    missing_post: String,
    missing_comment: String,
}

impl<'a> World<'a> {
    async fn of(lyceum: &'a Lyceum) -> Self {
        let mut people = Vec::new();
        for (name, role) in
            [("eve", "USER"), ("ada", "USER"), ("bob", "USER"), ("mona", "MODERATOR"), ("rose", "ADMIN")]
        {
            people.push(lyceum.person_with_role(name, role).await);
        }
        let missing_post = lyceum.write_post(&people[1], "Gone", "PUBLISHED").await;
        let missing_comment = lyceum.write_comment(&people[2], &missing_post, "Gone.").await;
        lyceum.mutate(&people[1].token, "deletePost", json!({ "id": missing_post })).await.ok();
        Self { lyceum, people, missing_post, missing_comment }
    }

    fn token(&self, viewer: usize) -> &str {
        viewer.checked_sub(1).map_or(NOBODY, |person| &self.people[person].token)
    }

    /// A fresh object of this kind; its id.
    async fn make(&self, object: Object, viewer: usize, number: usize) -> String {
        let (ada, bob, rose) = (&self.people[1], &self.people[2], &self.people[4]);
        match object {
            Nothing => String::new(),
            Published | Draft => self.post(object).await,
            Comment => self.lyceum.write_comment(bob, &self.post(Published).await, "Well said.").await,
            CommentUnderDraft => {
                let post = self.post(Published).await;
                let comment = self.lyceum.write_comment(bob, &post, "Well said.").await;
                self.lyceum.mutate(&ada.token, "updatePost", json!({ "id": post, "status": "DRAFT" })).await.ok();
                comment
            }
            MissingPost => self.missing_post.clone(),
            MissingComment => self.missing_comment.clone(),
            User => self.user(&rose.token, &format!("user_{number}")).await,
            Oneself => viewer.checked_sub(1).map_or_else(|| ada.id.clone(), |person| self.people[person].id.clone()),
            MissingUser => {
                let id = self.user(&rose.token, &format!("gone_{number}")).await;
                self.lyceum.mutate(&rose.token, "deleteUser", json!({ "id": id })).await.ok();
                id
            }
        }
    }

    async fn post(&self, object: Object) -> String {
        let status = if object == Draft { "DRAFT" } else { "PUBLISHED" };
        self.lyceum.write_post(&self.people[1], "A post", status).await
    }

    async fn user(&self, admin: &str, username: &str) -> String {
        let answer = self.lyceum.mutate(admin, "createUser", new_user(username)).await.ok();
        answer.str_at("createUser.user.id").to_owned()
    }

    /// Everybody who is refused gets the same object, and nothing changes; who is not gets one each.
    async fn row(&self, mutation: &str, object: Object, verdicts: [Verdict; VIEWERS], number: usize) {
        let shared = self.make(object, 0, number).await;
        // What waits is sent first: that changes the outbox too.
        let (mails, before) = (self.lyceum.mails().await.len(), contents(self.lyceum).await);
        for (viewer, verdict) in verdicts.into_iter().enumerate().filter(|(_, verdict)| *verdict != Y) {
            let id = if object == Oneself { self.make(object, viewer, number).await } else { shared.clone() };
            let answer = self.lyceum.mutate(self.token(viewer), mutation, input(mutation, &id, number)).await;
            let code = match verdict {
                U => "UNAUTHENTICATED",
                F => "FORBIDDEN",
                _ => "NOT_FOUND",
            };
            let cell = format!("{mutation} {object:?} by viewer {viewer}");
            assert_eq!(answer.errors(), [format!("{code} {mutation}")], "{cell}: {}", answer.body);
            assert_eq!(answer.body["data"], json!({ (mutation): null }), "{cell}");
        }
        assert_eq!(contents(self.lyceum).await, before, "{mutation} {object:?} refused");
        assert_eq!(self.lyceum.mails().await.len(), mails, "{mutation} {object:?} refused");
        for viewer in (0..VIEWERS).filter(|viewer| verdicts[*viewer] == Y) {
            let cell = number * 10 + viewer;
            let id = self.make(object, viewer, cell).await;
            // What somebody does to herself may be the end of her: each time it is another administrator.
            let oneself = match object {
                Oneself => Some(self.lyceum.person_with_role(&format!("olga_{cell}"), "ADMIN").await),
                _ => None,
            };
            let (token, id) = oneself.as_ref().map_or((self.token(viewer), &id), |olga| (&*olga.token, &olga.id));
            let answer = self.lyceum.mutate(token, mutation, input(mutation, id, cell)).await;
            assert_eq!(answer.outcome(mutation), "ok", "{mutation} {object:?} by {viewer}: {}", answer.body);
        }
    }
}

fn new_user(username: &str) -> Value {
    json!({ "username": username, "email": email_of(username), "password": PASSWORD, "firstName": "Eve",
        "lastName": "Adams" })
}

fn input(mutation: &str, id: &str, number: usize) -> Value {
    match mutation {
        "createPost" => json!({ "title": "A title", "body": "A text." }),
        "updatePost" => json!({ "id": id, "title": "Another title" }),
        "createComment" => json!({ "postId": id, "body": "A comment." }),
        "updateComment" => json!({ "id": id, "body": "Another comment." }),
        "createUser" => new_user(&format!("made_{number}")),
        "updateUser" => json!({ "id": id, "lastName": "Other" }),
        "setUserRole" => json!({ "id": id, "role": "MODERATOR" }),
        "suspendUser" => json!({ "id": id, "reason": "A test." }),
        _ => json!({ "id": id }),
    }
}

/// Bars 55, 56 and 60: who may do what to posts and comments. What somebody may not even see is `NOT_FOUND`, just as
/// what is not there; a refusal leaves every row as it was.
#[tokio::test]
async fn the_table_of_rights_holds_for_content() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let world = World::of(lyceum).await;
        for (number, (mutation, object, verdicts)) in CONTENT.into_iter().enumerate() {
            world.row(mutation, object, verdicts, number).await;
        }
    })
    .await;
}

/// Bars 55 and 60: accounts are managed by administrators alone. Others learn nothing from ids, and a refusal leaves
/// neither a row nor a mail.
#[tokio::test]
async fn the_table_of_rights_holds_for_users() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let world = World::of(lyceum).await;
        for (number, (mutation, object, verdicts)) in USERS.into_iter().enumerate() {
            world.row(mutation, object, verdicts, number + 100).await;
        }
    })
    .await;
}

/// Bars 56 and 61: an id of another kind, a made-up one and junk are not there, to administrators too.
#[tokio::test]
async fn what_cannot_be_an_id_is_not_found() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let world = World::of(lyceum).await;
        let rose = &world.people[4];
        let rows = CONTENT.iter().chain(&USERS).filter(|(_, object, _)| *object != Nothing);
        let mutations: BTreeSet<&str> = rows.map(|(name, ..)| *name).collect();
        let before = contents(lyceum).await;
        for mutation in mutations {
            let of_users = mutation.ends_with("User") || mutation == "setUserRole";
            let other = if of_users { &world.missing_post } else { &rose.id };
            for id in [&**other, "", "1", "-1", "18446744073709551616", "User:1 OR 1=1", "UG9zdDox", "ü'\"\\"] {
                let answer = lyceum.mutate(&rose.token, mutation, input(mutation, id, 0)).await;
                assert_eq!(answer.errors(), [format!("NOT_FOUND {mutation}")], "{mutation} {id}: {}", answer.body);
            }
        }
        assert_eq!(contents(lyceum).await, before);
    })
    .await;
}
