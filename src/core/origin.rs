//! Where a request came from, as far as it can be told.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

const USER_AGENT: usize = 255;

#[derive(Clone, Debug)]
pub struct Origin {
    pub address: IpAddr,
    pub user_agent: Option<String>,
    /// What the log and the answer call the request.
    pub request_id: Arc<str>,
}

impl Origin {
    /// Of who runs the server, at its command line.
    pub fn command_line() -> Self {
        Self { address: IpAddr::V4(Ipv4Addr::LOCALHOST), user_agent: None, request_id: Arc::default() }
    }

    /// The user agent as a row may hold it. A header is whatever a client sends: control characters go, and so does what
    /// no browser's name needs.
    pub(crate) fn printable_agent(&self) -> Option<String> {
        let printable = |agent: &str| agent.chars().filter(|c| !c.is_control()).take(USER_AGENT).collect();
        self.user_agent.as_deref().map(printable)
    }
}
