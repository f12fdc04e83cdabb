//! Real sockets, for what a request inside the process cannot show: half a request, too many connections, a
//! process that has to live on. Everything listens on 127.0.0.1 and ends with its owner.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use lyceum::{
    app::App,
    http::serve::{self, Limits},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

/// Longer than any timeout under test: who waits until then has waited in vain.
const PATIENCE: Duration = Duration::from_secs(20);

/// An app of this process behind a socket.
pub(crate) struct Server {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(app: &App, limits: Limits) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (routes, closing) = (app.router.clone(), app.closing.clone());
        let task = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            serve::serve(listener, routes, limits, &closing, stopped).await;
        });
        Self { address, stop, task }
    }

    pub(crate) async fn stop(self) {
        drop(self.stop);
        tokio::time::timeout(PATIENCE, self.task).await.expect("the server stops").unwrap();
    }
}

pub(crate) fn serve_limits() -> Limits {
    Limits {
        header_timeout: Duration::from_secs(1),
        keep_alive: Duration::from_secs(1),
        connections: 1024,
        connections_per_ip: 1024,
        grace: Duration::from_secs(5),
    }
}

/// The binary itself, in a process of its own with a folder of its own.
pub(crate) struct Process {
    pub address: SocketAddr,
    child: Child,
    folder: PathBuf,
}

impl Process {
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let name = format!("lyceum_process_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_lyceum"))
            .env_clear()
            .current_dir(&folder)
            .env("LISTEN", "127.0.0.1:0")
            .env("DATA_DIR", &folder)
            .env("RUST_LOG", "error")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| address_in(&line.unwrap())).expect("the address is printed");
        // The rest is read too: a full pipe would stop the process.
        std::thread::spawn(move || lines.for_each(drop));
        Self { address, child, folder }
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Resident memory in KiB, where the system tells.
    pub(crate) fn resident(&self) -> Option<u64> {
        self.memory("VmRSS:")
    }

    /// The most that it ever was.
    pub(crate) fn peak(&self) -> Option<u64> {
        self.memory("VmHWM:")
    }

    fn memory(&self, name: &str) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    line.strip_prefix("Lyceum is listening on http://")?.trim().parse().ok()
}

/// What came back over a socket.
#[derive(Debug)]
pub(crate) struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8(bytes[..end].to_vec()).ok()?.to_ascii_lowercase();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, head, body: bytes[end + 4..].to_vec() })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn code(&self) -> String {
        self.json().pointer("/errors/0/extensions/code").and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

/// Writes these bytes to a connection of their own and reads until it is closed; `None` when nothing came back.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8]) -> Option<Reply> {
    let (mut read, mut write) = TcpStream::connect(address).await.ok()?.into_split();
    let request = request.to_vec();
    // While the answer is read, for the server may refuse in the middle.
    let writing = tokio::spawn(async move {
        let _ = write.write_all(&request).await;
        write
    });
    let bytes = until_closed(&mut read).await;
    drop(writing.await);
    Reply::parse(&bytes)
}

/// Everything until the other side closes, which it must.
pub(crate) async fn until_closed(read: &mut (impl tokio::io::AsyncRead + Unpin)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut piece = vec![0_u8; 16 * 1024];
    loop {
        match tokio::time::timeout(PATIENCE, read.read(&mut piece)).await.expect("the connection is closed in time") {
            Ok(0) | Err(_) => return bytes,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
        }
    }
}

/// A POST to `/graphql` as bytes, with more headers if need be, on a connection that is closed after it.
pub(crate) fn post(body: &[u8], more: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: lyceum.test\r\ncontent-type: application/json\r\n\
         accept: application/graphql-response+json\r\nconnection: close\r\ncontent-length: {length}\r\n{more}\r\n"
    );
    [head.as_bytes(), body].concat()
}

pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: lyceum.test\r\nconnection: close\r\n\r\n").into_bytes()
}
