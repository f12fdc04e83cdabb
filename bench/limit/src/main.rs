//! What W1 to W5 cost at the least: the same answers from axum and sqlx by hand, without GraphQL, for a client that
//! sends no other operation.
//!
//! `limit sqlite FILE PORT` or `limit postgres URL PORT`; `JWT_SECRET` is what tokens are signed with.

mod answers;
mod postgres;
mod sqlite;
mod store;
mod tokens;

use std::{borrow::Cow, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Response},
    routing::post,
};
use serde::Deserialize;

use crate::{
    answers::{Author, Comment, Created, Login, Me, Name, Posts, Session, json},
    store::Store,
    tokens::Tokens,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub type Error = Box<dyn std::error::Error + Send + Sync>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    operation_name: &'a str,
    #[serde(borrow)]
    variables: Variables<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Variables<'a> {
    first: i64,
    after: Option<&'a str>,
    post_id: &'a str,
    #[serde(borrow)]
    body: Cow<'a, str>,
    username: &'a str,
    password: &'a str,
}

struct App<S> {
    store: S,
    tokens: Tokens,
}

impl<S: Store> App<S> {
    async fn answer(&self, headers: &HeaderMap, body: &[u8]) -> Result<Vec<u8>, Error> {
        let Request { operation_name, variables } = serde_json::from_slice(body)?;
        match operation_name {
            "W1" => json(Me { me: self.store.me(self.tokens.user(headers)?).await? }),
            "W2" => {
                let rows = self.store.flat(answers::position(variables.after), variables.first + 1).await?;
                json(Posts { posts: answers::page(rows, variables.first) })
            }
            "W3" => {
                let rows = self.store.nested(answers::position(variables.after), variables.first).await?;
                json(Posts { posts: answers::page(rows, variables.first) })
            }
            "W4" => {
                let author = self.tokens.user(headers)?;
                let post = variables.post_id.parse()?;
                let (id, username) = self.store.comment(post, author, &variables.body).await?;
                let body = variables.body.into_owned();
                json(Created { create_comment: Comment { id: id.into(), body, author: Name { username } } })
            }
            "W5" => self.login(variables.username, variables.password.to_owned()).await,
            other => Err(format!("no answer for {other}").into()),
        }
    }

    async fn login(&self, username: &str, password: String) -> Result<Vec<u8>, Error> {
        let found = self.store.account(username).await?;
        let hash = found.password_hash;
        if !tokio::task::spawn_blocking(move || bcrypt::verify(password, &hash)).await?? {
            return Err("wrong name or password".into());
        }
        let token = self.tokens.make(found.id, found.role)?;
        json(Login { login: Session { token, user: Author { id: found.id.into(), username: found.username } } })
    }
}

async fn handle<S: Store>(State(app): State<Arc<App<S>>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let (status, body) = match app.answer(&headers, &body).await {
        Ok(body) => (200, body),
        Err(error) => (400, format!("{{\"errors\":[{{\"message\":{:?}}}]}}", error.to_string()).into_bytes()),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert("content-type", axum::http::HeaderValue::from_static("application/json"));
    response
}

async fn serve<S: Store>(store: S, port: u16) -> Result<(), Error> {
    let app = Arc::new(App { store, tokens: Tokens::new()? });
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    Ok(axum::serve(listener, Router::new().route("/graphql", post(handle::<S>)).with_state(app)).await?)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["sqlite", file, port] => serve(sqlite::Sqlite::open(file).await?, port.parse()?).await,
        ["postgres", url, port] => serve(postgres::Postgres::connect(url).await?, port.parse()?).await,
        _ => Err("limit sqlite FILE PORT, or limit postgres URL PORT".into()),
    }
}
