//! Sockets to the app behind a real listener, and event streams.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::BodyExt as _;
use lyceum::http::serve::Limits;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, Message, client::IntoClientRequest as _, http::HeaderValue, protocol::WebSocketConfig},
};
use tower::ServiceExt as _;

use super::{
    Call, Lyceum,
    wire::{Server, serve_limits},
};

/// What is awaited has come long before, unless it does not come.
const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) struct Socket(WebSocketStream<TcpStream>);

impl Lyceum {
    pub(crate) async fn listening(&self) -> Server {
        Server::start(&self.app, Limits { connections: 2048, connections_per_ip: 2048, ..serve_limits() }).await
    }

    /// The text of an event stream's events, as they come.
    pub(crate) async fn events(&self, call: Call) -> Events {
        let mut request = call.into_request();
        request.headers_mut().insert("accept", HeaderValue::from_static("text/event-stream"));
        let response = self.app.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events { body: response.into_body(), text: String::new() }
    }
}

impl Server {
    /// A socket with these headers in its handshake, or the status that refuses it.
    pub(crate) async fn handshake(&self, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
        let mut request = format!("ws://{}/graphql", self.address).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        // What it costs is to be the server's, not this client's.
        let small = WebSocketConfig::default().read_buffer_size(1024);
        let stream = TcpStream::connect(self.address).await.unwrap();
        match tokio_tungstenite::client_async_with_config(request, stream, Some(small)).await {
            Ok((socket, answer)) => {
                assert_eq!(answer.headers()["sec-websocket-protocol"], "graphql-transport-ws");
                Ok(Socket(socket))
            }
            Err(tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// A socket that has been let in with this payload.
    pub(crate) async fn socket(&self, payload: Value) -> Socket {
        let mut socket = self.handshake(&[]).await.unwrap();
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
        socket
    }

    pub(crate) async fn socket_of(&self, token: &str) -> Socket {
        self.socket(json!({ "authorization": format!("Bearer {token}") })).await
    }
}

impl Socket {
    pub(crate) async fn say(&mut self, message: Value) {
        self.send(Message::text(message.to_string())).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    pub(crate) async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.say(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    /// The next message of the protocol.
    pub(crate) async fn hear(&mut self) -> Value {
        serde_json::from_str(&self.text().await).unwrap()
    }

    /// The same, as it was sent.
    pub(crate) async fn text(&mut self) -> String {
        loop {
            match self.message().await {
                Message::Text(text) => return text.to_string(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The payload of the next result of this operation.
    pub(crate) async fn next(&mut self, id: &str) -> Value {
        let mut message = self.hear().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
        message["payload"].take()
    }

    /// Code and reason of the close that follows, whatever else was said before it.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(frame) = self.message().await {
                let frame = frame.expect("a close with a code");
                return (frame.code.into(), frame.reason.to_string());
            }
        }
    }

    /// Waits until the connection is gone, however it went: who did not listen may have missed the close.
    pub(crate) async fn gone(&mut self) {
        let over = async { while let Some(Ok(_)) = self.0.next().await {} };
        tokio::time::timeout(PATIENCE, over).await.expect("an end in time");
    }

    /// Whether nothing is said for a moment; pings do not count.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        tokio::time::timeout(Duration::from_millis(300), self.hear()).await.is_err()
    }

    async fn message(&mut self) -> Message {
        let message = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a message in time");
        message.expect("an open socket").expect("a message")
    }
}

/// An event stream, read event by event.
pub(crate) struct Events {
    body: axum::body::Body,
    text: String,
}

impl Events {
    /// The name and the data of the next event; none at the end.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
                let (name, data) = (field("event: ").to_owned(), field("data: ").to_owned());
                let rest = rest.to_owned();
                let data = if data.is_empty() { Value::Null } else { serde_json::from_str(&data).unwrap() };
                self.text = rest;
                if !name.is_empty() {
                    return Some((name, data));
                }
                continue;
            }
            let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await.expect("an event in time")?;
            let bytes = frame.unwrap().into_data().unwrap_or_default();
            self.text += std::str::from_utf8(&bytes).unwrap();
        }
    }

    /// The result in the next event.
    pub(crate) async fn result(&mut self) -> Value {
        let (name, data) = self.next().await.expect("an event");
        assert_eq!(name, "next", "{data}");
        data
    }

    /// Asserts that the stream ends here, as it should.
    pub(crate) async fn complete(&mut self) {
        assert_eq!(self.next().await, Some(("complete".to_owned(), Value::Null)));
        assert_eq!(self.next().await, None);
    }
}
