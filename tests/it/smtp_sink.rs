//! A small real mail server for tests. It offers no extension but AUTH, as the plainest relay does, and it can
//! be told to misbehave, also while a test runs. It keeps every byte that it hears. It knows nothing about
//! Lyceum.

use std::{
    future::pending,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf},
    task::JoinHandle,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Accept,
    /// Refuses every recipient with this code, and repeats the address.
    Refuse(u16),
    /// Refuses the sign-in with this code, and repeats the line that holds the password.
    RefuseSignIn(u16),
    /// Takes connections and never says a word.
    Hang,
    /// Takes a mail and never says so.
    HangAfterData,
    /// Takes a mail and closes the connection in place of an answer.
    DropAfterData,
    /// Takes a mail, says so and closes the connection.
    CloseAfterMail,
}

#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    /// The message: what DATA carried, without the dots that the wire adds.
    pub(crate) data: Vec<u8>,
    /// Every byte that the client had sent on this connection by then.
    pub(crate) raw_dialogue: Vec<u8>,
}

pub(crate) struct Sink {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    server: JoinHandle<()>,
}

struct State {
    mode: Mode,
    received: Vec<Received>,
    connections: usize,
    heard: Vec<u8>,
}

impl Sink {
    pub(crate) async fn start(mode: Mode) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("smtp://{}", listener.local_addr()?);
        let state = Arc::new(Mutex::new(State { mode, received: Vec::new(), connections: 0, heard: Vec::new() }));
        let shared = Arc::clone(&state);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                lock(&shared).connections += 1;
                tokio::spawn(Session::new(Arc::clone(&shared)).serve(stream));
            }
        });
        Ok(Self { url, state, server })
    }

    pub(crate) fn set_mode(&self, mode: Mode) {
        lock(&self.state).mode = mode;
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        lock(&self.state).received.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        lock(&self.state).connections
    }

    /// Every byte that came in on any connection.
    pub(crate) fn heard(&self) -> String {
        String::from_utf8_lossy(&lock(&self.state).heard).into_owned()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One connection.
struct Session {
    state: Arc<Mutex<State>>,
    from: String,
    to: Vec<String>,
    dialogue: Vec<u8>,
}

impl Session {
    fn new(state: Arc<Mutex<State>>) -> Self {
        Self { state, from: String::new(), to: Vec::new(), dialogue: Vec::new() }
    }

    fn mode(&self) -> Mode {
        lock(&self.state).mode
    }

    async fn serve(mut self, stream: TcpStream) -> io::Result<()> {
        let (reader, mut writer) = stream.into_split();
        let mut reader = BufReader::new(reader);
        if self.mode() == Mode::Hang {
            return pending().await;
        }
        writer.write_all(b"220 sink\r\n").await?;
        while let Some(line) = self.line(&mut reader).await? {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let answer = match verb.as_str() {
                "DATA" => {
                    writer.write_all(b"354 go on\r\n").await?;
                    self.data(&mut reader).await?;
                    match self.mode() {
                        Mode::HangAfterData => return pending().await,
                        Mode::DropAfterData => return Ok(()),
                        Mode::CloseAfterMail => return writer.write_all(b"250 taken\r\n").await,
                        _ => "250 taken".to_owned(),
                    }
                }
                "QUIT" => return writer.write_all(b"221 bye\r\n").await,
                _ => self.answer(&verb, &line),
            };
            writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        Ok(())
    }

    fn answer(&mut self, verb: &str, line: &str) -> String {
        match (verb, self.mode()) {
            ("EHLO" | "HELO", _) => "250-sink\r\n250 AUTH PLAIN LOGIN".to_owned(),
            ("AUTH", Mode::RefuseSignIn(code)) => format!("{code} 5.7.8 wrong: {line}"),
            ("AUTH", _) if line.eq_ignore_ascii_case("AUTH LOGIN") => "334 VXNlcm5hbWU6".to_owned(),
            ("AUTH", _) => "235 welcome".to_owned(),
            ("MAIL", _) => {
                self.from = between_angles(line);
                self.to.clear();
                "250 sender noted".to_owned()
            }
            ("RCPT", Mode::Refuse(code)) => format!("{code} 5.1.1 no mailbox {}", between_angles(line)),
            ("RCPT", _) => {
                self.to.push(between_angles(line));
                "250 recipient noted".to_owned()
            }
            ("NOOP" | "RSET", _) => "250 done".to_owned(),
            _ => "500 what?".to_owned(),
        }
    }

    async fn data(&mut self, reader: &mut BufReader<OwnedReadHalf>) -> io::Result<()> {
        let mut data = Vec::new();
        while let Some(line) = self.line(reader).await? {
            if line == b".\r\n" {
                let (from, to) = (std::mem::take(&mut self.from), std::mem::take(&mut self.to));
                let received = Received { from, to, data, raw_dialogue: self.dialogue.clone() };
                lock(&self.state).received.push(received);
                return Ok(());
            }
            data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    async fn line(&mut self, reader: &mut BufReader<OwnedReadHalf>) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).await?;
        self.dialogue.extend_from_slice(&line);
        lock(&self.state).heard.extend_from_slice(&line);
        Ok(Some(line).filter(|line| !line.is_empty()))
    }
}

fn between_angles(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or_else(String::new, |(inner, _)| inner.to_owned())
}
