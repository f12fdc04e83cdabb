//! The real binary as a process, in a folder of its own and with no environment but its settings; and HTTP by
//! hand, since what a client library would never send is what some tests are about.

use std::{
    ffi::OsStr,
    io::{Read, Write as _},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{Database, Engine};

/// Nothing that a test starts may take longer; a failure says what there was until then.
const PATIENCE: Duration = Duration::from_mins(1);

/// Makes an administrator; the password is the first line of its input.
pub(crate) const CREATE_ADMIN: [&str; 6] = ["admin", "create", "--username", "root", "--email", "root@example.com"];

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A working directory, with the `data` that a server makes in it.
pub(crate) struct Home {
    folder: PathBuf,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Finished {
    /// None when a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A process that runs `lyceum serve`; it is killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    stdout: Output,
    stderr: Output,
    pub address: SocketAddr,
}

/// What a process wrote until now.
#[derive(Default)]
struct Output {
    text: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

/// An answer off the wire.
#[derive(Debug)]
pub(crate) struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        let name = format!("process_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A database for the servers of this home; SQLite's file lies in the working directory.
    pub(crate) async fn database(&self, engine: Engine) -> Database {
        let name = format!("lyceum_{}", self.folder.file_name().unwrap().to_str().unwrap());
        Database::create(engine, &name, &self.folder).await
    }

    /// Runs a command until it ends by itself.
    pub(crate) fn run(&self, arguments: &[&str], settings: &[(&str, &str)], input: &str) -> Finished {
        let mut child = self.command(arguments, settings).spawn().unwrap();
        // A process that refuses to start does not read what it is told.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let (stdout, stderr) = (Output::of(child.stdout.take()), Output::of(child.stderr.take()));
        finish(&mut child, stdout, stderr)
    }

    /// Starts a server on a free port, and waits until it says where it is.
    pub(crate) fn serve(&self, settings: &[(&str, &str)]) -> Server {
        let own = [("LISTEN", "127.0.0.1:0"), ("BCRYPT_COST", "4"), ("SQLITE_SYNCHRONOUS", "normal")];
        let all: Vec<_> = own.into_iter().chain(settings.iter().copied()).collect();
        let mut child = self.command(&["serve"], &all).spawn().unwrap();
        let (stdout, stderr) = (Output::of(child.stdout.take()), Output::of(child.stderr.take()));
        let started = Instant::now();
        let address = loop {
            if let Some(address) = announced(&stdout.text()) {
                break address;
            }
            if started.elapsed() > PATIENCE || child.try_wait().unwrap().is_some() {
                let _ = child.kill();
                panic!("the server did not start: {:?}", finish(&mut child, stdout, stderr));
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        Server { child, stdout, stderr, address }
    }

    pub(super) fn command(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lyceum"));
        let settings = settings.iter().map(|(name, value)| (OsStr::new(name), OsStr::new(value)));
        command.args(arguments).env_clear().envs(settings).current_dir(&self.folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Server {
    /// A POST to `/graphql`, with these headers beside the usual ones.
    pub(crate) fn graphql(&self, query: &str, variables: &Value, headers: &[(&str, &str)]) -> Reply {
        self.post(&json!({ "query": query, "variables": variables }).to_string(), headers)
    }

    /// The same with any body.
    pub(crate) fn post(&self, body: &str, headers: &[(&str, &str)]) -> Reply {
        let mut stream = self.connect();
        stream.write_all(post_head(body.len(), headers).as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        Reply::read(&mut stream)
    }

    pub(crate) fn get(&self, target: &str) -> Reply {
        self.raw(&format!("GET {target} HTTP/1.1\r\nhost: lyceum.test\r\nconnection: close\r\n\r\n"))
    }

    /// Any bytes at all.
    pub(crate) fn raw(&self, request: &str) -> Reply {
        let mut stream = self.connect();
        // A server that refuses early closes before everything is written.
        let _ = stream.write_all(request.as_bytes());
        Reply::read(&mut stream)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// What it has written to standard error until now.
    pub(crate) fn log(&self) -> String {
        self.stderr.text()
    }

    /// What it has written to standard output until now.
    pub(crate) fn output(&self) -> String {
        self.stdout.text()
    }

    /// Waits until the log has this text in it.
    pub(crate) fn wait_for_log(&self, text: &str) {
        let started = Instant::now();
        while !self.log().contains(text) {
            assert!(started.elapsed() < PATIENCE, "no {text:?} in {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends `SIGTERM`.
    pub(crate) fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until it has ended.
    pub(crate) fn ended(mut self) -> Finished {
        let (stdout, stderr) = (std::mem::take(&mut self.stdout), std::mem::take(&mut self.stderr));
        finish(&mut self.child, stdout, stderr)
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(self) -> Finished {
        self.terminate();
        self.ended()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Reply {
    /// Reads until the server closes the connection; a connection that ends without an answer has status 0.
    pub(crate) fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// A value of the JSON body by its pointer; null when there is none.
    pub(crate) fn at(&self, pointer: &str) -> Value {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body.pointer(pointer).cloned().unwrap_or_default()
    }

    pub(crate) fn str_at(&self, pointer: &str) -> String {
        self.at(pointer).as_str().unwrap_or_else(|| panic!("no string at {pointer} in {self:?}")).to_owned()
    }
}

impl Output {
    /// Reads along, so that the process never waits for a full pipe.
    fn of(stream: Option<impl Read + Send + 'static>) -> Self {
        let mut stream = stream.expect("a pipe");
        let text = Arc::new(Mutex::new(Vec::new()));
        let written = text.clone();
        let reader = std::thread::spawn(move || {
            let mut chunk = [0; 8192];
            while let Ok(read @ 1..) = stream.read(&mut chunk) {
                written.lock().unwrap().extend_from_slice(&chunk[..read]);
            }
        });
        Self { text, reader: Some(reader) }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap()).into_owned()
    }

    /// Everything, once the process has ended.
    fn whole(mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.text()
    }
}

fn finish(child: &mut Child, stdout: Output, stderr: Output) -> Finished {
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            panic!("it did not end: {}\n{}", stdout.whole(), stderr.whole());
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    Finished { code: status.code(), stdout: stdout.whole(), stderr: stderr.whole() }
}

/// The address in the server's first line.
fn announced(stdout: &str) -> Option<SocketAddr> {
    let (_, rest) = stdout.split_once("listening on http://")?;
    let (address, _) = rest.split_once('\n')?;
    address.trim().parse().ok()
}

pub(crate) fn post_head(length: usize, headers: &[(&str, &str)]) -> String {
    let usual = [("content-type", "application/json"), ("accept", "application/graphql-response+json")];
    let unsaid = |(name, _): &&(&str, &str)| !headers.iter().any(|(said, _)| said == name);
    let lines = usual.iter().filter(unsaid).chain(headers).map(|(name, value)| format!("{name}: {value}\r\n"));
    let lines = lines.collect::<Vec<_>>().concat();
    format!(
        "POST /graphql HTTP/1.1\r\nhost: lyceum.test\r\nconnection: close\r\n{lines}content-length: {length}\r\n\r\n"
    )
}

/// Secrets that everybody knows: of tutorials, of other programs, and whatever this project's own examples say.
pub(crate) fn example_secrets() -> Vec<String> {
    let known = [
        "secret",
        "your-256-bit-secret",
        "a-string-secret-at-least-256-bits-long",
        "change-me-change-me-change-me-change-me-change-me",
        "please-replace-this-example-key-0123456789",
        "MySuperSecretKeyThatIsLongEnough1234567890",
        "lyceum-development-key-0123456789-abcdef",
        "0000000000000000000000000000000000000000000000",
        "12345678901234567890123456789012",
        "0123456789abcdef0123456789abcdef",
        "abcabcabcabcabcabcabcabcabcabcabcabcabcabc",
        "$(openssl rand -base64 48)",
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let documents = [".env.example", "README.md"].map(|name| std::fs::read_to_string(root.join(name)));
    let own = documents.into_iter().flatten().flat_map(|text| {
        let values = text.lines().filter_map(|line| {
            let value = line.trim_start_matches(['#', ' ']).strip_prefix("JWT_SECRET=")?;
            Some(value.split(" #").next().unwrap_or(value).trim().trim_matches(['"', '\'']).to_owned())
        });
        values.filter(|value| !value.is_empty()).collect::<Vec<_>>()
    });
    known.map(str::to_owned).into_iter().chain(own).collect()
}
