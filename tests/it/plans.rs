//! How statements find their rows: each that a story sends is explained by its engine, and none reads a whole table.

mod explain;
mod rows;

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use explain::{Finding, Planner};
use lyceum::core::{metrics, retention};
use serde_json::{Value, json};

use crate::harness::{
    multipart::{plain_png, upload},
    *,
};

const DAY: Duration = Duration::from_hours(24);
const OLD_AGE: Duration = Duration::from_hours(24 * 500);

/// Lists of everything: walked in the order of an index until the page is full, and counted. Whatever else there is finds
/// its rows by a condition on an index. PostgreSQL may look for the newest comments on one's own posts among all, when it
/// believes that it need not look for long.
const WHOLE: [&str; 6] = ["posts for", "comments for", "users: ", "the audit log: ", "the site", "one's own"];

/// The statements so far, each with the story that sent it first.
#[derive(Default)]
struct Sent(BTreeMap<String, String>);

impl Sent {
    /// Keeps what the app sends meanwhile.
    async fn during<T>(&mut self, story: &str, done: impl Future<Output = T>) -> T {
        let watching = Statements::watch();
        let result = done.await;
        for sql in watching.texts() {
            self.0.entry(sql).or_insert_with(|| story.to_owned());
        }
        result
    }

    async fn ok(&mut self, lyceum: &Lyceum, story: &str, call: Call) -> Answer {
        self.during(story, lyceum.send(call)).await.ok()
    }
}

/// Those who read, each with what the rules make of them; the empty token is nobody's.
struct Readers {
    nobody: String,
    ada: Person,
    mia: Person,
    root: Person,
}

impl Readers {
    async fn new(lyceum: &Lyceum) -> Self {
        let nobody = String::new();
        let ada = lyceum.person("ada").await;
        let mia = lyceum.person_with_role("mia", "MODERATOR").await;
        let root = lyceum.person_with_role("rita", "ADMIN").await;
        Self { nobody, ada, mia, root }
    }

    fn all(&self) -> [(&'static str, &String); 4] {
        [
            ("nobody", &self.nobody),
            ("a member", &self.ada.token),
            ("a moderator", &self.mia.token),
            ("an administrator", &self.root.token),
        ]
    }
}

fn asked(token: &str, query: &str, variables: Value) -> Call {
    let call = Call::new(query, variables);
    if token.is_empty() { call } else { call.bearer(token) }
}

/// Coming in, staying in and going, by tokens and by cookie.
async fn sessions(lyceum: &Lyceum, sent: &mut Sent) {
    sent.ok(lyceum, "sign-up", Call::new(SIGNUP, signup("sam"))).await;
    sent.during("a mail", lyceum.mails()).await;
    let token = lyceum.token_for(&email_of("sam")).await;
    sent.ok(lyceum, "verification", Call::new(VERIFY, json!({ "token": token }))).await;
    let by_name = sent.ok(lyceum, "login by name", login("sam", PASSWORD)).await;
    sent.ok(lyceum, "login by address", login(&email_of("sam"), PASSWORD)).await;
    sent.during("a wrong password", lyceum.log_in("sam", "wrong horse")).await;
    sent.during("a login of nobody", lyceum.log_in("nobody", "wrong horse")).await;
    let refresh = by_name.str_at("login.refreshToken").to_owned();
    for story in ["refresh", "a lost answer"] {
        sent.ok(lyceum, story, Call::new(REFRESH, json!({ "token": refresh }))).await;
    }
    lyceum.advance(Duration::from_mins(1));
    sent.during("a reused token", lyceum.run(REFRESH, json!({ "token": refresh }))).await;
    let cookie = cookie_of(&lyceum.send(cookie_login("sam", PASSWORD)).await.ok());
    lyceum.advance(Duration::from_mins(2));
    sent.ok(lyceum, "me by cookie", Call::new(ME, json!({})).cookie(&cookie)).await;
    sent.ok(lyceum, "login over a cookie", cookie_login("sam", PASSWORD).header("cookie", &cookie)).await;
    let token = lyceum.log_in("sam", PASSWORD).await.ok().str_at("login.accessToken").to_owned();
    sent.ok(lyceum, "me", asked(&token, ME, json!({}))).await;
    for scope in ["OTHERS", "ALL"] {
        let token = lyceum.log_in("sam", PASSWORD).await.ok().str_at("login.accessToken").to_owned();
        sent.ok(lyceum, "logout", asked(&token, LOGOUT, json!({ "scope": scope }))).await;
    }
}

fn signup(name: &str) -> Value {
    json!({ "username": name, "email": email_of(name), "password": PASSWORD })
}

/// What somebody does with an account, to its end.
async fn account(lyceum: &Lyceum, sent: &mut Sent) {
    let known = json!({ "username": "yan", "email": email_of("ada"), "password": PASSWORD });
    sent.ok(lyceum, "a taken address", Call::new(SIGNUP, known)).await;
    let zoe = lyceum.person("zoe").await;
    lyceum.mails().await;
    sent.ok(lyceum, "forgot", Call::new(FORGOT, json!({ "email": zoe.email }))).await;
    let link = lyceum.token_for(&zoe.email).await;
    sent.ok(lyceum, "reset", Call::new(RESET, json!({ "token": link, "password": PASSWORD }))).await;
    let token = lyceum.log_in("zoe", PASSWORD).await.ok().str_at("login.accessToken").to_owned();
    let free = "{ usernameAvailable(username: \"quinn\") }";
    sent.during("a free name", lyceum.run(free, json!({}))).await;
    sent.ok(lyceum, "another name", mutation(&token, "changeUsername", &json!({ "username": "zoe_2" }))).await;
    sent.ok(lyceum, "a picture", upload(&token, &plain_png([1, 2, 3]))).await;
    // Mails of one moment have no order.
    lyceum.mails().await;
    let change = json!({ "newEmail": "zoe2@example.com", "currentPassword": PASSWORD });
    sent.ok(lyceum, "another address", mutation(&token, "changeEmail", &change)).await;
    sent.ok(lyceum, "the address that waits", asked(&token, "{ me { pendingEmail } }", json!({}))).await;
    let confirm = json!({ "token": lyceum.token_for("zoe2@example.com").await });
    sent.ok(lyceum, "the new address", mutation("", "confirmEmailChange", &confirm)).await;
    let undo = json!({ "token": lyceum.token_for(&zoe.email).await });
    sent.ok(lyceum, "the old address", mutation("", "cancelEmailChange", &undo)).await;
    let token = lyceum.log_in("zoe_2", PASSWORD).await.ok().str_at("login.accessToken").to_owned();
    let passwords = json!({ "currentPassword": PASSWORD, "newPassword": "copper lantern drifts north" });
    sent.ok(lyceum, "another password", mutation(&token, "changePassword", &passwords)).await;
    let end = json!({ "password": "copper lantern drifts north", "content": "DELETE" });
    sent.ok(lyceum, "the end of an account", mutation(&token, "deleteAccount", &end)).await;
}

/// Every order and filter of posts, from the start and after a cursor, for everybody.
async fn lists_of_posts(lyceum: &Lyceum, sent: &mut Sent, readers: &Readers, author: &str) {
    let query = "query ($after: String, $order: PostOrder, $filter: PostFilter) {
        posts(first: 5, after: $after, orderBy: $order, filter: $filter) {
            totalCount nodes { id author { username } } pageInfo { endCursor } } }";
    let orders = ["CREATED_AT", "PUBLISHED_AT", "TITLE"];
    let filters =
        [json!({}), json!({ "status": "PUBLISHED" }), json!({ "status": "DRAFT" }), json!({ "authorId": author })];
    for (who, token) in readers.all() {
        for order in orders {
            for direction in ["ASC", "DESC"] {
                for filter in &filters {
                    let order = json!({ "field": order, "direction": direction });
                    let mut variables = json!({ "order": order, "filter": filter });
                    let story = format!("posts for {who}: {order} {filter}");
                    let first = sent.ok(lyceum, &story, asked(token, query, variables.clone())).await;
                    variables["after"] = first.at("posts.pageInfo.endCursor").clone();
                    sent.ok(lyceum, &format!("{story}, on"), asked(token, query, variables)).await;
                }
            }
        }
    }
}

/// Everything else that is read.
async fn reading(lyceum: &Lyceum, sent: &mut Sent, readers: &Readers, (author, post): (&str, &str)) {
    let of_post = json!({ "filter": { "postId": post } });
    let of_author = json!({ "filter": { "authorId": author } });
    let comments =
        "query ($filter: CommentFilter, $after: String) { comments(first: 5, filter: $filter, after: $after) {
        totalCount nodes { id post { title } author { username } } pageInfo { endCursor } } }";
    let nested =
        "{ posts(first: 5) { nodes { author { username profile { bio } posts(first: 2) { totalCount nodes { id } }
        comments(first: 2) { totalCount nodes { id } } }
        comments(first: 2) { totalCount nodes { body author { username } } } } } }";
    let one =
        "query ($id: ID!, $user: ID!) { post(id: $id) { title comments(first: 5) { nodes { author { username } } } }
        user(id: $user) { username } userByUsername(username: \"ada\") { id }
        node(id: $id) { id } nodes(ids: [$id, $user]) { id } }";
    for (who, token) in readers.all() {
        for variables in [json!({}), of_post.clone(), of_author.clone()] {
            let story = format!("comments for {who}: {variables}");
            let first = sent.ok(lyceum, &story, asked(token, comments, variables.clone())).await;
            let mut variables = variables;
            variables["after"] = first.at("comments.pageInfo.endCursor").clone();
            sent.ok(lyceum, &format!("{story}, on"), asked(token, comments, variables)).await;
        }
        let whole = "{ posts(first: 5) { nodes { author { displayName } } } }";
        sent.ok(lyceum, &format!("posts for {who} with their whole authors"), asked(token, whole, json!({}))).await;
        sent.ok(lyceum, &format!("what hangs on posts for {who}"), asked(token, nested, json!({}))).await;
        let variables = json!({ "id": post, "user": author });
        sent.ok(lyceum, &format!("by id for {who}"), asked(token, one, variables)).await;
    }
    let own = "{ me { sessions { totalCount nodes { id } } activity { totalCount nodes { kind } } }
        dashboard { posts { draft published } commentsWritten commentsReceived activeSessions
            latestComments { body author { username } post { title } } } }";
    sent.ok(lyceum, "one's own", asked(&readers.ada.token, own, json!({}))).await;
}

/// What is for who looks after the site.
async fn administration(lyceum: &Lyceum, sent: &mut Sent, readers: &Readers, author: &str) {
    let users = "query ($order: UserOrder, $filter: UserFilter, $after: String) {
        users(first: 5, orderBy: $order, filter: $filter, after: $after) {
            totalCount nodes { id email sessions(first: 2) { totalCount nodes { id } } } pageInfo { endCursor } } }";
    for filter in [json!({}), json!({ "role": "MODERATOR" })] {
        for order in ["CREATED_AT", "USERNAME"] {
            let mut variables = json!({ "filter": filter, "order": { "field": order } });
            let story = format!("users: {variables}");
            let first = sent.ok(lyceum, &story, asked(&readers.root.token, users, variables.clone())).await;
            variables["after"] = first.at("users.pageInfo.endCursor").clone();
            sent.ok(lyceum, &format!("{story}, on"), asked(&readers.root.token, users, variables)).await;
        }
    }
    let log = "query ($filter: AuditFilter, $after: String) { auditLog(first: 5, filter: $filter, after: $after) {
        totalCount nodes { id actor { username } user { username } } pageInfo { endCursor } } }";
    let moments = json!({ "since": "2025-12-31T23:30:00Z", "until": "2025-12-31T23:40:00Z" });
    let filters = [
        json!({}),
        json!({ "kinds": ["LOGIN"] }),
        json!({ "kinds": ["LOGIN", "LOGOUT"] }),
        json!({ "outcomes": ["FAILURE", "THROTTLED"] }),
        json!({ "userId": author }),
        json!({ "actorId": author }),
        moments,
    ];
    for filter in filters {
        let mut variables = json!({ "filter": filter });
        let story = format!("the audit log: {filter}");
        let first = sent.ok(lyceum, &story, asked(&readers.root.token, log, variables.clone())).await;
        variables["after"] = first.at("auditLog.pageInfo.endCursor").clone();
        sent.ok(lyceum, &format!("{story}, on"), asked(&readers.root.token, log, variables)).await;
    }
    let site = "{ dashboard { site { users posts comments } signupsPerDay { day count } } }";
    sent.ok(lyceum, "the site", asked(&readers.root.token, site, json!({}))).await;
    let tom = lyceum.person("tom").await;
    for (name, input) in [
        ("setUserRole", json!({ "id": tom.id, "role": "ADMIN" })),
        ("setUserRole", json!({ "id": tom.id, "role": "USER" })),
        ("suspendUser", json!({ "id": tom.id })),
        ("reinstateUser", json!({ "id": tom.id })),
        ("updateUser", json!({ "id": tom.id, "firstName": "Thomas" })),
        ("deleteUser", json!({ "id": tom.id, "content": "KEEP_ANONYMISED" })),
    ] {
        sent.ok(lyceum, name, mutation(&readers.root.token, name, &input)).await;
    }
}

/// What people write.
async fn writing(lyceum: &Lyceum, sent: &mut Sent, readers: &Readers) {
    let ada = &readers.ada.token;
    let post = json!({ "title": "T", "body": "B", "status": "PUBLISHED" });
    let post = sent.ok(lyceum, "a post", mutation(ada, "createPost", &post)).await;
    let post = post.str_at("createPost.post.id");
    let comment = json!({ "postId": post, "body": "B" });
    let comment = sent.ok(lyceum, "a comment", mutation(ada, "createComment", &comment)).await;
    let comment = comment.str_at("createComment.comment.id");
    for (name, input) in [
        ("updatePost", json!({ "id": post, "title": "U" })),
        ("updateComment", json!({ "id": comment, "body": "C" })),
        ("deleteComment", json!({ "id": comment })),
        ("deletePost", json!({ "id": post })),
        ("updateProfile", json!({ "occupation": "Admiral" })),
    ] {
        sent.ok(lyceum, name, mutation(ada, name, &input)).await;
    }
}

/// No statement of a story reads a whole table to find some of its rows: each engine has an index for it.
#[tokio::test]
async fn every_statement_finds_its_rows_by_an_index() {
    let faults = Mutex::new(Vec::new());
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let mut sent = Sent::default();
        let readers = Readers::new(lyceum).await;
        let (author, post) = rows::fill(lyceum, local_id(&readers.ada.id)).await;
        let (author, post) = (global_id("User", author), global_id("Post", post));
        lists_of_posts(lyceum, &mut sent, &readers, &author).await;
        reading(lyceum, &mut sent, &readers, (&author, &post)).await;
        administration(lyceum, &mut sent, &readers, &author).await;
        writing(lyceum, &mut sent, &readers).await;
        sessions(lyceum, &mut sent).await;
        account(lyceum, &mut sent).await;
        sent.during("the figures", metrics::exposition(&lyceum.app.core)).await.unwrap();
        let swept = sent.during("a sweep", retention::sweep(&lyceum.app.core)).await.unwrap();
        println!("{:?} swept {swept}", lyceum.engine);
        let found = judge(lyceum, &sent).await;
        faults.lock().unwrap().extend(found);
    })
    .await;
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{} statements read too much:\n\n{}", faults.len(), faults.join("\n\n"));
}

/// What reads more than it should.
async fn judge(lyceum: &Lyceum, sent: &Sent) -> Vec<String> {
    let planner = Planner::new(lyceum).await;
    let (mut faults, mut explained, mut whole) = (Vec::new(), 0, 0);
    for (sql, story) in &sent.0 {
        let Some((finding, plan)) = planner.judged(sql).await else { continue };
        explained += 1;
        match finding {
            Finding::Found => {}
            // Of each comment it is asked whether one may see its post.
            Finding::Scan if story.starts_with("comments for") && sql.starts_with("SELECT COUNT") => whole += 1,
            Finding::Whole if WHOLE.iter().any(|list| story.starts_with(list)) => whole += 1,
            _ => faults.push(format!("{:?}, {story}: {finding:?}\n{sql:.600}\n{plan:.1500}", lyceum.engine)),
        }
    }
    println!("{:?}: {explained} statements of {} explained, {whole} walk a list", lyceum.engine, sent.0.len());
    faults
}
