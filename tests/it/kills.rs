//! The story of a server that is killed at any moment, again and again, while people sign up and write.

use std::{
    collections::HashMap,
    io::Write as _,
    net::{SocketAddr, TcpStream},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::harness::{Database, Engine, Home, Reply, Server, post_head};

/// So many people write at the same moment.
const WRITERS: usize = 4;
/// How many kills; more with `KILLS=100`.
const KILLS: u64 = 8;
/// What a server may take to be back.
const BACK_WITHIN: Duration = Duration::from_secs(5);

const SIGNUP: &str = "mutation ($name: String!, $email: String!) {
    signup(input: {username: $name, email: $email, password: \"quiet lantern maple orbit\", firstName: \"A\", lastName: \"B\"}) {
        accessToken user { id } userErrors { code }
    }
}";
const CREATE: &str = "mutation ($title: String!) {
    createPost(input: {title: $title, body: \"B\", status: PUBLISHED}) { post { id } userErrors { code } }
}";
const UPDATE: &str = "mutation ($id: ID!, $title: String!) {
    updatePost(input: {id: $id, title: $title}) { post { id } userErrors { code } }
}";

/// What was acknowledged: people by their ids, and posts with the number of their last title.
#[derive(Default)]
struct Acknowledged {
    people: Vec<String>,
    posts: HashMap<String, u64>,
}

/// The answer, if the server was there to give one.
fn ask(address: SocketAddr, query: &str, variables: &Value, token: Option<&str>) -> Option<Reply> {
    let mut stream = TcpStream::connect(address).ok()?;
    let body = json!({ "query": query, "variables": variables }).to_string();
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
    stream.write_all(post_head(body.len(), &headers).as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    let reply = Reply::read(&mut stream);
    // A body that was cut off is no answer.
    (reply.status == 200 && serde_json::from_str::<Value>(&reply.body).is_ok()).then_some(reply)
}

/// Signs up and writes until the server is gone; takes down what was acknowledged.
fn write(address: SocketAddr, name: &str, acknowledged: &Mutex<Acknowledged>) -> Option<()> {
    for number in 0.. {
        let person = format!("{name}_{number}");
        let email = format!("{person}@example.com");
        let signed_up = ask(address, SIGNUP, &json!({ "name": person, "email": email }), None)?;
        acknowledged.lock().unwrap().people.push(signed_up.str_at("/data/signup/user/id"));
        let token = signed_up.str_at("/data/signup/accessToken");
        for _ in 0..3 {
            let created = ask(address, CREATE, &json!({ "title": "0" }), Some(&token))?;
            let id = created.str_at("/data/createPost/post/id");
            acknowledged.lock().unwrap().posts.insert(id.clone(), 0);
            for title in 1..4_u64 {
                let change = json!({ "id": id, "title": title.to_string() });
                ask(address, UPDATE, &change, Some(&token))?.str_at("/data/updatePost/post/id");
                acknowledged.lock().unwrap().posts.insert(id.clone(), title);
            }
        }
    }
    None
}

/// Nothing that was acknowledged is missing, and no title is older than the last one that was.
fn all_there(server: &Server, acknowledged: &Acknowledged) {
    let ids: Vec<&String> = acknowledged.people.iter().chain(acknowledged.posts.keys()).collect();
    let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Post { title } } }";
    for some in ids.chunks(100) {
        let found = server.graphql(query, &json!({ "ids": some }), &[]).at("/data/nodes");
        for (id, node) in some.iter().zip(found.as_array().unwrap()) {
            assert_eq!(node["id"], **id, "acknowledged, and lost");
            if let Some(title) = acknowledged.posts.get(*id) {
                let stored: u64 = node["title"].as_str().unwrap().parse().unwrap();
                assert!(stored >= *title, "{id}: {title} was acknowledged, {stored} is there");
            }
        }
    }
}

/// The file is sound, and nobody is there by half: a sign-up without its mail, a row without its owner.
async fn is_sound(database: &Database) {
    assert_eq!(database.text("PRAGMA integrity_check").await, "ok");
    assert_eq!(database.number("SELECT count(*) FROM pragma_foreign_key_check").await, 0);
    let unmailed = "SELECT count(*) FROM users WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE recipient = users.email)";
    assert_eq!(database.number(unmailed).await, 0);
}

#[expect(clippy::disallowed_methods, reason = "who runs the tests says how often, not the server")]
fn kills() -> u64 {
    std::env::var("KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS)
}

/// Bar 92: killed at any moment under load, the server comes back within five seconds; the database is sound, everything
/// that was acknowledged is in it, and nothing is there by half.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let kills = kills();
    let home = Home::new();
    let database = home.database(Engine::Sqlite).await;
    let settings = [
        ("DATABASE_URL", database.url.as_str()),
        ("EMAIL_VERIFICATION", "optional"),
        ("ACCOUNT_DISCLOSURE", "friendly"),
        ("RATE_LIMITS", "off"),
    ];
    let acknowledged = Mutex::new(Acknowledged::default());
    let mut slowest = Duration::ZERO;
    for kill in 0..kills {
        let started = Instant::now();
        let server = home.serve(&settings);
        slowest = slowest.max(started.elapsed());
        all_there(&server, &acknowledged.lock().unwrap());
        let address = server.address;
        thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (name, acknowledged) = (format!("k{kill}_w{writer}"), &acknowledged);
                scope.spawn(move || write(address, &name, acknowledged));
            }
            // Another moment each time: 211 is prime.
            thread::sleep(Duration::from_millis(50 + kill * 211 % 900));
            drop(server);
        });
        is_sound(&database).await;
    }
    let server = home.serve(&settings);
    let acknowledged = acknowledged.into_inner().unwrap();
    all_there(&server, &acknowledged);
    server.stop();
    let Acknowledged { people, posts } = acknowledged;
    assert!(people.len() > WRITERS && posts.len() > WRITERS, "nobody has written anything");
    assert!(slowest < BACK_WITHIN, "it took {slowest:?} to be back");
    println!(
        "{kills} kills, {} people and {} posts acknowledged, none lost; back within {slowest:?}",
        people.len(),
        posts.len()
    );
}
