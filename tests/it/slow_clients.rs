//! Clients that hold connections and send nothing, or nearly nothing, over real sockets: they are closed in time,
//! there is a number of them that is served, and beside them the server answers.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use lyceum::http::serve::Limits;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    task::JoinHandle,
};

use crate::harness::{
    door::*,
    wire::{Reply, Server, exchange, get, post, serve_limits, until_closed},
};

const CROWD: usize = 300;
const SHORT: &[(&str, &str)] = &[("BODY_TIMEOUT", "1s")];
const HALF_A_HEADER: &[u8] = b"POST /graphql HTTP/1.1\r\nhost: lyceum.test\r\ncontent-ty";
const ONE_BODY_BYTE: &[u8] = b"POST /graphql HTTP/1.1\r\nhost: lyceum.test\r\ncontent-type: application/json\r\n\
    content-length: 1000\r\n\r\n{";
const ONE_CHUNK: &[u8] = b"POST /graphql HTTP/1.1\r\nhost: lyceum.test\r\ncontent-type: application/json\r\n\
    transfer-encoding: chunked\r\n\r\n1\r\n{\r\n";

async fn open(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// Asks for `/health/live` again and again, and prints the times that the answers took.
fn watch(address: SocketAddr) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut took = Vec::new();
        for _ in 0..30 {
            let start = Instant::now();
            assert!(is_live(address).await, "the server answers beside slow clients");
            took.push(start.elapsed());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        took.sort_unstable();
        println!("health beside them: median {:?}, slowest {:?}", took[took.len() / 2], took[took.len() - 1]);
    })
}

async fn is_live(address: SocketAddr) -> bool {
    exchange(address, &get("/health/live")).await.is_some_and(|reply| reply.status == 200)
}

/// Sends the same beginning over many connections, waits until all are closed, and gives what came back on each.
async fn crowd(server: &Server, beginning: &'static [u8]) -> Vec<Vec<u8>> {
    let address = server.address;
    let mut streams = Vec::new();
    for _ in 0..CROWD {
        streams.push(open(address, beginning).await);
    }
    let watching = watch(address);
    let start = Instant::now();
    let mut answers = Vec::new();
    for mut stream in streams {
        answers.push(until_closed(&mut stream).await);
    }
    println!("{CROWD} connections closed after {:?}", start.elapsed());
    watching.await.unwrap();
    answers
}

/// Bar 75: 300 connections with half a header are closed when the header's time is over, while the server answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_header_is_closed_in_time() {
    at_the_door(SHORT, async |lyceum| {
        let server = Server::start(&lyceum.app, serve_limits()).await;
        for answer in crowd(&server, HALF_A_HEADER).await {
            assert!(!answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        }
        assert!(is_live(server.address).await);
        server.stop().await;
    })
    .await;
}

/// Bar 75: 300 connections with one byte of a body, its length told or not, are answered with 408 and closed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_byte_of_a_body_is_answered_and_closed_in_time() {
    at_the_door(SHORT, async |lyceum| {
        let server = Server::start(&lyceum.app, serve_limits()).await;
        for beginning in [ONE_BODY_BYTE, ONE_CHUNK] {
            for answer in crowd(&server, beginning).await {
                let answer = Reply::parse(&answer).expect("an answer");
                assert_eq!((answer.status, answer.code().as_str()), (408, "TIMEOUT"));
                assert!(answer.head.contains("x-request-id"), "{}", answer.head);
            }
        }
        server.stop().await;
    })
    .await;
}

/// Bar 75: who sends a byte now and then gets no more time than who sends none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_byte_now_and_then_buys_no_time() {
    at_the_door(SHORT, async |lyceum| {
        let server = Server::start(&lyceum.app, serve_limits()).await;
        for (beginning, more) in [(HALF_A_HEADER, b"p"), (ONE_BODY_BYTE, b" ")] {
            let (mut read, mut write) = open(server.address, beginning).await.into_split();
            let dripping = tokio::spawn(async move {
                // Two minutes, if the server lets it.
                for _ in 0..600 {
                    if write.write_all(more).await.is_err() {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            });
            until_closed(&mut read).await;
            dripping.abort();
        }
        server.stop().await;
    })
    .await;
}

/// Bar 75: a connection that is kept alive and falls silent is closed, whether it ever asked for something or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_connection_is_closed() {
    at_the_door(SHORT, async |lyceum| {
        let server = Server::start(&lyceum.app, serve_limits()).await;
        let mut never_asked = open(server.address, b"").await;
        let mut asked_once = open(server.address, b"GET /health/live HTTP/1.1\r\nhost: lyceum.test\r\n\r\n").await;
        assert_eq!(until_closed(&mut never_asked).await, b"");
        let answer = Reply::parse(&until_closed(&mut asked_once).await).expect("an answer");
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"live\n".as_slice()));
        server.stop().await;
    })
    .await;
}

const ASK: &[u8] = b"GET /health/live HTTP/1.1\r\nhost: lyceum.test\r\n\r\n";

/// A connection that has asked once, and been answered.
async fn kept_alive(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    assert!(is_served(&mut stream).await);
    stream
}

fn patient() -> Limits {
    Limits { keep_alive: Duration::from_mins(1), ..serve_limits() }
}

/// Bar 75: between two requests a connection may be silent for longer than a header may take, and no longer than it is
/// kept alive.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_kept_alive_between_requests() {
    at_the_door(&[], async |lyceum| {
        let limits = Limits { header_timeout: Duration::from_millis(500), keep_alive: Duration::from_secs(3), ..few() };
        let server = Server::start(&lyceum.app, limits).await;
        let mut stream = kept_alive(&server).await;
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(1500)).await;
            assert!(is_served(&mut stream).await, "three times as long as a header may take");
        }
        let silent_since = Instant::now();
        assert_eq!(until_closed(&mut stream).await, b"");
        let silent = silent_since.elapsed();
        assert!((2..10).contains(&silent.as_secs()), "{silent:?}");
        server.stop().await;
    })
    .await;
}

/// Bar 75: a connection that is kept alive has no more time for a header than a new one, however it comes; and a new one
/// is not kept before it has asked for anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_header_is_closed_in_time_on_a_kept_connection() {
    at_the_door(&[], async |lyceum| {
        let server = Server::start(&lyceum.app, patient()).await;
        assert_eq!(until_closed(&mut open(server.address, b"").await).await, b"");
        for asked in 0..2 {
            let mut stream = kept_alive(&server).await;
            for _ in 0..asked {
                tokio::time::sleep(Duration::from_millis(1200)).await;
                assert!(is_served(&mut stream).await);
            }
            let (mut read, mut write) = stream.into_split();
            write.write_all(HALF_A_HEADER).await.unwrap();
            let dripping = tokio::spawn(async move {
                while write.write_all(b"p").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            });
            // It waits for a third of the time that the connection is kept alive.
            until_closed(&mut read).await;
            dripping.await.unwrap();
        }
        server.stop().await;
    })
    .await;
}

/// A request that came with the last byte of the one before is answered like any other, and so is one in two halves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_come_together_or_in_halves_are_answered() {
    at_the_door(&[], async |lyceum| {
        let server = Server::start(&lyceum.app, patient()).await;
        let (first, second) = ASK.split_at(20);
        let mut stream = open(server.address, &[ASK, ASK, first].concat()).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        stream.write_all(second).await.unwrap();
        stream.write_all(&get("/health/live")).await.unwrap();
        let all = String::from_utf8(until_closed(&mut stream).await).unwrap();
        assert_eq!(all.matches("HTTP/1.1 200 OK").count(), 4, "{all}");
        server.stop().await;
    })
    .await;
}

/// From another loopback address, which counts as another client.
async fn open_from(last: u8, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0))).unwrap();
    socket.connect(to).await.unwrap()
}

/// Whether the server serves this connection: a refused one is closed without a word.
async fn is_served(stream: &mut TcpStream) -> bool {
    if stream.write_all(ASK).await.is_err() {
        return false;
    }
    let mut answer = Vec::new();
    while !answer.ends_with(b"live\n") {
        match stream.read_u8().await {
            Ok(byte) => answer.push(byte),
            Err(_) => return false,
        }
    }
    answer.starts_with(b"HTTP/1.1 200")
}

/// Served at last: places are given back a moment after a connection ends.
async fn is_served_soon(last: u8, to: SocketAddr) -> bool {
    for _ in 0..100 {
        if is_served(&mut open_from(last, to).await).await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

fn few() -> Limits {
    Limits { header_timeout: Duration::from_mins(1), connections: 5, connections_per_ip: 3, ..serve_limits() }
}

/// Bars 75 and 100: one address has so many connections and no more, others are not hindered, and a place that is
/// given back is free again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_has_so_many_connections_and_no_more() {
    at_the_door(&[], async |lyceum| {
        let server = Server::start(&lyceum.app, few()).await;
        let mut held = Vec::new();
        for _ in 0..3 {
            let mut stream = open_from(2, server.address).await;
            assert!(is_served(&mut stream).await);
            held.push(stream);
        }
        assert!(!is_served(&mut open_from(2, server.address).await).await, "a fourth from the same address");
        assert!(is_served(&mut open_from(3, server.address).await).await, "another address");
        assert!(is_served(&mut held[0]).await, "those that are open go on");
        held.pop();
        assert!(is_served_soon(2, server.address).await, "a place was given back");
        drop(held);
        server.stop().await;
    })
    .await;
}

/// Bars 75 and 100: there are so many connections in all and no more, from wherever they come.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_are_so_many_connections_in_all_and_no_more() {
    at_the_door(&[], async |lyceum| {
        let server = Server::start(&lyceum.app, few()).await;
        let mut held = Vec::new();
        for last in [2, 2, 3, 3, 4] {
            let mut stream = open_from(last, server.address).await;
            assert!(is_served(&mut stream).await);
            held.push(stream);
        }
        assert!(!is_served(&mut open_from(5, server.address).await).await, "a sixth");
        held.remove(0);
        assert!(is_served_soon(5, server.address).await, "a place was given back");
        drop(held);
        server.stop().await;
    })
    .await;
}

/// Bars 21 and 75: a head that is larger than any honest one is refused by the server and costs nobody else anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_of_a_megabyte_is_refused() {
    at_the_door(&[], async |lyceum| {
        let server = Server::start(&lyceum.app, serve_limits()).await;
        let long = format!("authorization: Bearer {}\r\n", "a".repeat(1 << 20));
        let reply = exchange(server.address, &post(b"{}", &long)).await;
        assert!(reply.is_none_or(|reply| reply.status == 431));
        let many = "x-a: b\r\n".repeat(200);
        let reply = exchange(server.address, &post(b"{}", &many)).await;
        assert!(reply.is_none_or(|reply| reply.status == 431));
        assert!(is_live(server.address).await);
        server.stop().await;
    })
    .await;
}
