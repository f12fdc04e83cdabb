//! Bodies that are refused before they have come, over real sockets: also a client that looks for the answer only when
//! it has sent everything gets it, and the server keeps nothing of what it takes for that.

use std::{net::SocketAddr, time::Duration};

use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::{MIB, whole};
use crate::harness::{
    door::*,
    multipart::*,
    wire::{Process, Reply, Server, serve_limits, until_closed},
};

const NO_HEADER: &str = "";
const HEADER: &str = "graphql-require-preflight: 1\r\n";

fn head(content_type: &str, length: usize, more: &str) -> String {
    format!(
        "POST /graphql HTTP/1.1\r\nhost: lyceum.test\r\nconnection: close\r\ncontent-type: {content_type}\r\n\
         content-length: {length}\r\n{more}\r\n"
    )
}

fn request(body: &[u8], more: &str) -> Vec<u8> {
    [head(&multipart(), body.len(), more).as_bytes(), body].concat()
}

/// Sends all of it, and only then looks for an answer.
async fn send_then_read(address: SocketAddr, request: &[u8]) -> Reply {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.expect("everything is taken");
    Reply::parse(&until_closed(&mut stream).await).expect("an answer")
}

/// Bars 68, 77 and 83: the refusal of a body that is too long, or that lacks its header, is heard.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_heard_by_who_sends_everything_first() {
    at_the_door(&[], async |lyceum| {
        let server = Server::start(&lyceum.app, serve_limits()).await;
        let large = whole(&vec![b'x'; 5 * MIB]);
        let just_too_large = whole(&vec![b'x'; 2 * MIB + 1]);
        let cookie = format!("{HEADER}cookie: lyceum=x\r\n");
        let json = [head("application/json", 5 * MIB, "").as_bytes(), &vec![b' '; 5 * MIB]].concat();
        for (request, status, code) in [
            (request(&large, NO_HEADER), 403, "FORBIDDEN"),
            (request(&large, &cookie), 403, "FORBIDDEN"),
            (request(&large, HEADER), 413, "QUERY_TOO_LARGE"),
            (request(&just_too_large, HEADER), 413, "QUERY_TOO_LARGE"),
            (json, 413, "QUERY_TOO_LARGE"),
        ] {
            let reply = send_then_read(server.address, &request).await;
            assert_eq!((reply.status, reply.code().as_str()), (status, code));
        }
        server.stop().await;
    })
    .await;
}

/// Bar 75: who never sends the rest, or sends it a byte at a time, is answered all the same, and soon.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_does_not_wait_for_ever() {
    at_the_door(&[("BODY_TIMEOUT", "4s")], async |lyceum| {
        let server = Server::start(&lyceum.app, serve_limits()).await;
        let beginning = head(&multipart(), MIB, NO_HEADER);
        let reply = send_then_read(server.address, beginning.as_bytes()).await;
        assert_eq!((reply.status, reply.code().as_str()), (403, "FORBIDDEN"));

        let (mut read, mut write) = TcpStream::connect(server.address).await.unwrap().into_split();
        let dripping = tokio::spawn(async move {
            write.write_all(beginning.as_bytes()).await.unwrap();
            while write.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        let reply = Reply::parse(&until_closed(&mut read).await).expect("an answer");
        assert_eq!((reply.status, reply.code().as_str()), (403, "FORBIDDEN"));
        dripping.abort();
        server.stop().await;
    })
    .await;
}

/// Who asks before sending is refused at once, and is not told to go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_first_has_nothing_to_send() {
    at_the_door(&[], async |lyceum| {
        let server = Server::start(&lyceum.app, serve_limits()).await;
        for (more, status) in [(NO_HEADER, 403), (HEADER, 413)] {
            let more = format!("{more}expect: 100-continue\r\n");
            let reply = send_then_read(server.address, head(&multipart(), 5 * MIB, &more).as_bytes()).await;
            assert_eq!(reply.status, status, "{}", reply.head);
        }
        server.stop().await;
    })
    .await;
}

/// Bar 83: what is taken of refused bodies is not kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_refused_body_is_kept() {
    let process = Process::start(&[]);
    let file = request(&whole(&vec![b'x'; 15 * MIB]), NO_HEADER);
    send_then_read(process.address, &file).await;
    let before = process.peak();
    let all = (0..8).map(|_| send_then_read(process.address, &file));
    for reply in futures_util::future::join_all(all).await {
        assert_eq!((reply.status, reply.code().as_str()), (403, "FORBIDDEN"));
    }
    if let (Some(before), Some(after)) = (before, process.peak()) {
        assert!(after - before < 8 * 1024, "120 MiB were sent, and {} KiB more were needed", after - before);
    }
}
