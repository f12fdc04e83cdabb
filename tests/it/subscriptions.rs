//! What is told as it happens: to whom, and until when. Over sockets and over event streams.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::*;

const COMMENTS: &str =
    "subscription ($post: ID!) { commentAdded(postId: $post) { id body author { username } post { title } } }";
const POSTS: &str = "subscription { postPublished { title status author { username email } } }";
const ENDED: &str = "subscription { sessionEnded { id endedAt } }";
const COMMENT: &str = "mutation ($post: ID!, $body: String!) {
    createComment(input: {postId: $post, body: $body}) { comment { id } userErrors { code } } }";
const POST: &str = "mutation ($title: String!, $status: PostStatus!) {
    createPost(input: {title: $title, body: \"B\", status: $status}) { post { id } userErrors { code } } }";
const STATUS: &str = "mutation ($id: ID!, $status: PostStatus!) {
    updatePost(input: {id: $id, status: $status}) { post { id } userErrors { code } } }";
const DELETE: &str = "mutation ($id: ID!) { deletePost(input: {id: $id}) { deletedPostId userErrors { code } } }";

async fn post(lyceum: &Lyceum, token: &str, title: &str, status: &str) -> String {
    let variables = json!({ "title": title, "status": status });
    lyceum.run_as(token, POST, variables).await.ok().str_at("createPost.post.id").to_owned()
}

async fn comment(lyceum: &Lyceum, token: &str, post: &str, body: &str) {
    lyceum.run_as(token, COMMENT, json!({ "post": post, "body": body })).await.ok();
}

async fn set_status(lyceum: &Lyceum, token: &str, post: &str, status: &str) {
    lyceum.run_as(token, STATUS, json!({ "id": post, "status": status })).await.ok();
}

/// Subscribes, and waits until the server listens: an answered ping shows it.
async fn subscribed(socket: &mut Socket, id: &str, query: &str, variables: Value) {
    socket.subscribe(id, query, variables).await;
    tokio::time::sleep(Duration::from_millis(150)).await;
}

/// Comments under the post come as they are written, with their authors, and those under other posts do not.
#[tokio::test]
async fn a_comment_reaches_who_listens_to_its_post() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let (here, there) =
            (post(lyceum, &ada.token, "Here", "PUBLISHED").await, post(lyceum, &ada.token, "There", "PUBLISHED").await);
        let listening = lyceum.listening().await;
        let mut socket = listening.socket(Value::Null).await;
        subscribed(&mut socket, "1", COMMENTS, json!({ "post": here })).await;
        let mut events = lyceum.events(Call::new(COMMENTS, json!({ "post": here }))).await;
        let first = tokio::join!(events.result(), async {
            tokio::time::sleep(Duration::from_millis(150)).await;
            comment(lyceum, &ada.token, &there, "Elsewhere").await;
            comment(lyceum, &ada.token, &here, "First").await;
        });
        let told = json!({ "body": "First", "author": { "username": "ada" }, "post": { "title": "Here" } });
        for mut result in [first.0, socket.next("1").await] {
            result["data"]["commentAdded"].as_object_mut().unwrap().remove("id");
            assert_eq!(result, json!({ "data": { "commentAdded": told } }));
        }
        comment(lyceum, &ada.token, &here, "Second").await;
        assert_eq!(socket.next("1").await["data"]["commentAdded"]["body"], "Second");
        assert_eq!(events.result().await["data"]["commentAdded"]["body"], "Second");
        socket.say(json!({ "type": "complete", "id": "1" })).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        comment(lyceum, &ada.token, &here, "Third").await;
        assert!(socket.is_quiet().await);
        listening.stop().await;
    })
    .await;
}

/// Bar 56: a post that one does not see has no comments to listen to, and one that is hidden later stops telling.
#[tokio::test]
async fn a_hidden_post_tells_nothing() {
    on_each_engine(async |lyceum| {
        let (ada, bob) = (lyceum.person("ada").await, lyceum.person("bob").await);
        let draft = post(lyceum, &ada.token, "Draft", "DRAFT").await;
        let listening = lyceum.listening().await;
        let (mut of_bob, mut of_ada) = (listening.socket_of(&bob.token).await, listening.socket_of(&ada.token).await);
        for id in [&draft, &global_id("Post", local_id(&ada.id))] {
            of_bob.subscribe("1", COMMENTS, json!({ "post": id })).await;
            let refused = of_bob.hear().await;
            assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("1")), "{refused}");
            assert_eq!(refused["payload"][0]["extensions"]["code"], "NOT_FOUND", "{refused}");
        }
        subscribed(&mut of_ada, "1", COMMENTS, json!({ "post": draft })).await;
        comment(lyceum, &ada.token, &draft, "To myself").await;
        assert_eq!(of_ada.next("1").await["data"]["commentAdded"]["body"], "To myself");

        set_status(lyceum, &ada.token, &draft, "PUBLISHED").await;
        subscribed(&mut of_bob, "2", COMMENTS, json!({ "post": draft })).await;
        set_status(lyceum, &ada.token, &draft, "DRAFT").await;
        comment(lyceum, &ada.token, &draft, "Secret").await;
        assert_eq!(of_bob.hear().await, json!({ "type": "complete", "id": "2" }));
        assert_eq!(of_ada.next("1").await["data"]["commentAdded"]["body"], "Secret");
        listening.stop().await;
    })
    .await;
}

/// A post is told when it is published: once when it is written so, and when a draft becomes one; not when it changes.
#[tokio::test]
async fn a_post_is_told_when_it_appears() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let listening = lyceum.listening().await;
        let mut socket = listening.socket(Value::Null).await;
        subscribed(&mut socket, "p", POSTS, json!({})).await;
        let draft = post(lyceum, &ada.token, "Draft", "DRAFT").await;
        post(lyceum, &ada.token, "At once", "PUBLISHED").await;
        let result = socket.next("p").await;
        assert_eq!(result["data"]["postPublished"]["title"], "At once");
        // Guards hold in a stream as they do in a query.
        assert_eq!(result["data"]["postPublished"]["author"], json!({ "username": "ada", "email": null }));
        assert_eq!(result["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        assert_eq!(result["errors"][0]["path"], json!(["postPublished", "author", "email"]));
        set_status(lyceum, &ada.token, &draft, "PUBLISHED").await;
        assert_eq!(socket.next("p").await["data"]["postPublished"]["title"], "Draft");
        set_status(lyceum, &ada.token, &draft, "PUBLISHED").await;
        lyceum.run_as(&ada.token, DELETE, json!({ "id": draft })).await.ok();
        assert!(socket.is_quiet().await);
        listening.stop().await;
    })
    .await;
}

/// One's own sessions are told as they end, and nobody else's; who is not signed in has none.
#[tokio::test]
async fn the_end_of_a_session_is_told_to_its_owner() {
    on_each_engine(async |lyceum| {
        let (ada, bob) = (lyceum.person("ada").await, lyceum.person("bob").await);
        let other = lyceum.log_in("ada", PASSWORD).await.ok();
        let listening = lyceum.listening().await;
        let (mut of_ada, mut of_bob) = (listening.socket_of(&ada.token).await, listening.socket_of(&bob.token).await);
        subscribed(&mut of_ada, "s", ENDED, json!({})).await;
        subscribed(&mut of_bob, "s", ENDED, json!({})).await;
        lyceum.advance(Duration::from_secs(1));
        lyceum.run_as(other.str_at("login.accessToken"), LOGOUT, json!({ "scope": "CURRENT" })).await.ok();
        let ended = json!({ "id": other.at("login.session.id"), "endedAt": "2026-01-01T00:00:01.000000Z" });
        assert_eq!(of_ada.next("s").await, json!({ "data": { "sessionEnded": ended } }));
        assert!(of_ada.is_quiet().await && of_bob.is_quiet().await);

        let mut nobody = listening.socket(Value::Null).await;
        nobody.subscribe("s", ENDED, json!({})).await;
        let refused = nobody.hear().await;
        assert_eq!(
            (&refused["type"], &refused["payload"][0]["extensions"]["reason"]),
            (&json!("error"), &json!("MISSING"))
        );
        listening.stop().await;
    })
    .await;
}

/// Bars 27 and 80: a logout, a suspension, another role and a reset end a stream within five seconds; over a socket by
/// its close, over events by an error and the end.
#[tokio::test]
async fn a_stream_ends_with_its_rights() {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let (edith, post_id) = {
            let edith = lyceum.person("edith").await;
            lyceum.set_role("edith", "ADMIN").await;
            let post_id = post(lyceum, &edith.token, "Here", "PUBLISHED").await;
            (edith, post_id)
        };
        let listening = lyceum.listening().await;
        for (name, by, change, reason) in [
            ("ann", "herself", "logout { endedSessionIds }", "REVOKED"),
            ("ben", "edith", "suspendUser(input: {id: $id}) { user { id } }", "REVOKED"),
            ("cid", "edith", "setUserRole(input: {id: $id, role: MODERATOR}) { user { id } }", "FORBIDDEN"),
            ("dot", "edith", "deleteUser(input: {id: $id}) { deletedUserId }", "REVOKED"),
            ("eva", "herself", "deleteAccount(input: {password: $pw}) { deletedUserId }", "REVOKED"),
            (
                "flo",
                "elsewhere",
                "changePassword(input: {currentPassword: $pw, newPassword: $pw}) { user { id } }",
                "REVOKED",
            ),
            ("gus", "nobody", "cancelEmailChange(input: {token: $cancel}) { email }", "REVOKED"),
        ] {
            let person = lyceum.person(name).await;
            let mut socket = listening.socket_of(&person.token).await;
            subscribed(&mut socket, "1", COMMENTS, json!({ "post": post_id })).await;
            let call = Call::new(COMMENTS, json!({ "post": post_id })).bearer(&person.token);
            let mut events = lyceum.events(call).await;
            let cancel = if by == "nobody" { lyceum.moved(&person).await } else { String::new() };
            let token = match by {
                "herself" => person.token.clone(),
                "elsewhere" => lyceum.log_in(name, PASSWORD).await.ok().str_at("login.accessToken").to_owned(),
                "nobody" => NOBODY.to_owned(),
                _ => edith.token.clone(),
            };
            let meant = [("$id", &*person.id), ("$pw", PASSWORD), ("$cancel", &*cancel)];
            let document =
                meant.iter().fold(change.to_owned(), |text, (name, it)| text.replace(name, &json!(it).to_string()));
            lyceum.ask(&token, &format!("mutation {{ {document} }}"), json!({})).await.ok();
            assert_eq!(socket.closed().await, (4403, reason.to_owned()), "{name}");
            let told = events.result().await;
            let extensions = &told["errors"][0]["extensions"];
            let told = extensions["reason"].as_str().or(extensions["code"].as_str()).unwrap().to_owned();
            assert_eq!(told, reason, "{name}");
            events.complete().await;
        }
        listening.stop().await;
    })
    .await;
}

/// Bar 80: an access token that expires ends its socket, and a session that another server ended does too: both are
/// seen without being told.
#[tokio::test]
async fn what_nobody_tells_is_seen_all_the_same() {
    on_each_engine(async |lyceum| {
        let (ada, bob) = (lyceum.person("ada").await, lyceum.person("bob").await);
        let cookie = cookie_of(&lyceum.send(cookie_login("bob", PASSWORD)).await.ok());
        let listening = lyceum.listening().await;
        let mut of_ada = listening.socket_of(&ada.token).await;
        let mut of_bob = listening.socket_of(&bob.token).await;
        let host = format!("http://{}", listening.address);
        let mut by_cookie = listening.handshake(&[("cookie", &cookie), ("origin", &host)]).await.ok().unwrap();
        by_cookie.say(json!({ "type": "connection_init" })).await;
        assert_eq!(by_cookie.hear().await["type"], "connection_ack");
        by_cookie.subscribe("1", "{ me { username } }", json!({})).await;
        assert_eq!(by_cookie.next("1").await["data"]["me"]["username"], "bob");

        let ended = "UPDATE sessions SET ended_at = 1 WHERE handle_digest IS NULL AND user_id =
            (SELECT id FROM users WHERE username = 'bob')";
        lyceum.database.execute(ended).await;
        assert_eq!(of_bob.closed().await, (4403, "REVOKED".to_owned()));
        lyceum.advance(Duration::from_secs(10 * 60 + 6));
        assert_eq!(of_ada.closed().await, (4403, "EXPIRED".to_owned()));
        assert_eq!(by_cookie.closed().await, (4403, "EXPIRED".to_owned()), "it idled: a socket is no use");
        listening.stop().await;
    })
    .await;
}
