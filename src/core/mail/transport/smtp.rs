//! Mail over SMTP. The wire, TLS and the sign-in are lettre's; when a connection is made, kept and thrown away
//! is decided here, because lettre's own pool cannot be used safely: its time limit ends with the TCP handshake,
//! and a send that is cut short from outside puts its half-done connection back, where the late answer to one
//! mail would count for the next.
//!
//! It must not know what is in a message. Here a connection is kept only after a whole dialogue.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use lettre::{
    Message,
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        extension::ClientId,
        response::{Code, Severity},
    },
};
use tokio::time::{sleep, timeout};

use super::{
    SendError,
    relay_url::{RelayUrl, Security},
};

const KEPT: usize = 4;
/// Shorter than any relay's patience.
const KEPT_FOR: Duration = Duration::from_secs(30);
const LONGEST_REASON: usize = 200;
/// Longer words are addresses of web pages, or something quoted from a mail: neither belongs in a log.
const LONGEST_WORD: usize = 40;

/// A relay and the connections to it. Clones share them.
#[derive(Clone)]
pub struct Smtp {
    relay: Arc<Relay>,
    kept: Arc<Mutex<Vec<Kept>>>,
}

struct Relay {
    host: String,
    port: u16,
    security: Security,
    tls: TlsParameters,
    credentials: Option<Credentials>,
    hello_name: ClientId,
    timeout: Duration,
}

struct Kept {
    id: u64,
    connection: AsyncSmtpConnection,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Relay { host, port, security, .. } = &*self.relay;
        f.debug_struct("Smtp")
            .field("host", host)
            .field("port", port)
            .field("security", security)
            .finish_non_exhaustive()
    }
}

impl Smtp {
    pub(super) fn new(url: &str, timeout: Duration) -> Result<Self, String> {
        let RelayUrl { host, port, security, credentials, hello_name } = RelayUrl::parse(url)?;
        let tls = TlsParameters::new(host.clone()).map_err(|_| "names a host that TLS cannot check".to_owned())?;
        let credentials = credentials.map(|(name, password)| Credentials::new(name, password));
        let hello_name = hello_name.map_or_else(ClientId::default, ClientId::Domain);
        let relay = Relay { host, port, security, tls, credentials, hello_name, timeout };
        Ok(Self { relay: Arc::new(relay), kept: Arc::default() })
    }

    pub(super) async fn send(&self, message: &Message) -> Result<(), SendError> {
        let mut connection = match self.take().await {
            Some(connection) => connection,
            None => self.relay.connect().await?,
        };
        let bytes = message.formatted();
        match timeout(self.relay.timeout, connection.send(message.envelope(), &bytes)).await {
            Ok(Ok(_)) => {
                self.keep(connection);
                Ok(())
            }
            Ok(Err(error)) => Err(refused(&error)),
            Err(_) => Err(SendError::transient("the relay did not answer in time")),
        }
    }

    pub(super) async fn check(&self) -> Result<String, SendError> {
        let mut connection = self.relay.connect().await?;
        let answers = timeout(self.relay.timeout, connection.test_connected()).await;
        let _ = timeout(self.relay.timeout, connection.quit()).await;
        if answers != Ok(true) {
            return Err(SendError::transient("the relay took the connection and does not answer"));
        }
        let Relay { host, port, credentials, .. } = &*self.relay;
        let tls = if connection.is_encrypted() { "with TLS" } else { "without TLS" };
        let signed_in = if credentials.is_some() { "signed in" } else { "without a sign-in" };
        Ok(format!("{host}:{port} answers, {tls}, {signed_in}"))
    }

    /// A kept connection that still lives. Where one has died the others have too: a relay restarts as a whole.
    async fn take(&self) -> Option<AsyncSmtpConnection> {
        let mut connection = self.kept().pop()?.connection;
        if timeout(self.relay.timeout, connection.test_connected()).await == Ok(true) {
            return Some(connection);
        }
        self.kept().clear();
        None
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut kept = self.kept();
        if kept.len() >= KEPT {
            return;
        }
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        kept.push(Kept { id, connection });
        let all = Arc::downgrade(&self.kept);
        tokio::spawn(async move {
            sleep(KEPT_FOR).await;
            let Some(all) = all.upgrade() else { return };
            let unused = {
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                all.iter().position(|kept| kept.id == id).map(|at| all.swap_remove(at))
            };
            if let Some(mut unused) = unused {
                let _ = timeout(KEPT_FOR, unused.connection.quit()).await;
            }
        });
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Relay {
    /// Connected, encrypted as the URL asks, and signed in. Whatever fails here is about the relay or about our
    /// account there, so no mail is given up for it.
    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let reached = timeout(self.timeout, async {
            let mut connection = self.reach().await.map_err(|error| SendError::transient(&told(&error)))?;
            if let Some(credentials) = &self.credentials {
                let signed_in = connection.auth(DEFAULT_MECHANISMS, credentials).await;
                signed_in.map_err(|error| SendError::transient(&sign_in_failure(&error)))?;
            }
            Ok(connection)
        });
        reached.await.unwrap_or_else(|_| Err(SendError::transient("the relay cannot be reached in time")))
    }

    async fn reach(&self) -> Result<AsyncSmtpConnection, Error> {
        let implicit = (self.security == Security::Implicit).then(|| self.tls.clone());
        let place = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(place, Some(self.timeout), &self.hello_name, implicit, None).await?;
        let starttls = match self.security {
            Security::Required => true,
            Security::Opportunistic => connection.can_starttls(),
            Security::Implicit | Security::Plain => false,
        };
        if starttls {
            connection.starttls(self.tls.clone(), &self.hello_name).await?;
        }
        Ok(connection)
    }
}

/// A relay's no to one mail. 5xx means never, except where it asks for a sign-in, which an operator can mend.
fn refused(error: &Error) -> SendError {
    let permanent = error
        .status()
        .is_some_and(|code| code.severity == Severity::PermanentNegativeCompletion && !is_about_signing_in(code));
    SendError { permanent, reason: told(error) }
}

fn is_about_signing_in(code: Code) -> bool {
    matches!(u16::from(code), 530 | 534 | 535 | 538)
}

/// A relay may repeat the line that it refuses, and this one holds the password: of its answer only numbers stay.
fn sign_in_failure(error: &Error) -> String {
    match error.status() {
        Some(code) => format!("the relay refused the sign-in: {code}"),
        None => told(error),
    }
}

/// What went wrong, in one short line: the relay's code and words where it spoke, otherwise the innermost cause.
fn told(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    match error.status() {
        Some(code) => one_line(&format!("{code} {cause}")),
        None => one_line(&cause.to_string()),
    }
}

fn one_line(text: &str) -> String {
    let word = |word: &str| {
        if word.contains('@') || word.len() > LONGEST_WORD {
            return "…".to_owned();
        }
        word.chars().map(|char| if char.is_control() { '\u{FFFD}' } else { char }).collect()
    };
    let line = text.split_whitespace().map(word).collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST_REASON).collect()
}

#[cfg(test)]
mod tests;
