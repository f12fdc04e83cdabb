//! How long a connection may be silent between two requests, and how long the header of a request may take to come.
//! hyper has one timer for both, which it starts whenever it begins to wait for a request. This one allows the longer
//! time until the first byte, and the shorter one from there; a new connection has the shorter one from the start. What
//! came before the wait began, sent ahead with the last request, begins nothing: then the longer time holds.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use hyper::rt::{Sleep, Timer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A stream that notes when bytes have come.
pub(super) struct Heard {
    stream: TcpStream,
    heard: Arc<AtomicBool>,
}

/// The timer for one connection.
pub(super) struct HeaderTimer {
    header: Duration,
    keep_alive: Duration,
    /// Whether a byte has come since the wait for a request began.
    heard: Arc<AtomicBool>,
    /// Whether there was a wait before.
    waited: AtomicBool,
}

/// One wait for a request.
struct Wait {
    sleep: Pin<Box<tokio::time::Sleep>>,
    header: Duration,
    heard: Arc<AtomicBool>,
    begun: bool,
}

pub(super) fn watched(stream: TcpStream, header: Duration, keep_alive: Duration) -> (Heard, HeaderTimer) {
    let heard = Arc::new(AtomicBool::new(false));
    let timer = HeaderTimer { header, keep_alive, heard: heard.clone(), waited: AtomicBool::new(false) };
    (Heard { stream, heard }, timer)
}

impl Timer for HeaderTimer {
    /// How long is not asked: hyper knows of the header's time alone.
    fn sleep(&self, _: Duration) -> Pin<Box<dyn Sleep>> {
        self.wait()
    }

    fn sleep_until(&self, _: Instant) -> Pin<Box<dyn Sleep>> {
        self.wait()
    }
}

impl HeaderTimer {
    fn wait(&self) -> Pin<Box<dyn Sleep>> {
        let is_new = !self.waited.swap(true, Ordering::Relaxed);
        self.heard.store(is_new, Ordering::Relaxed);
        let sleep = Box::pin(tokio::time::sleep(self.keep_alive));
        Box::pin(Wait { sleep, header: self.header, heard: self.heard.clone(), begun: false })
    }
}

impl Sleep for Wait {}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let wait = self.get_mut();
        if !wait.begun && wait.heard.load(Ordering::Relaxed) {
            wait.begun = true;
            wait.sleep.set(tokio::time::sleep(wait.header));
        }
        wait.sleep.as_mut().poll(context)
    }
}

impl AsyncRead for Heard {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let (heard, before) = (self.get_mut(), buffer.filled().len());
        let read = Pin::new(&mut heard.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            heard.heard.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl AsyncWrite for Heard {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
