//! One request over a connection of its own, plain or by TLS. A batch goes every few seconds, so there is nothing to keep
//! open in between.

use std::{error::Error, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header},
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::OnceCell,
};
use tokio_rustls::TlsConnector;

/// Who is asked.
pub(super) struct Peer {
    host: String,
    port: u16,
    /// The host as a request names it, with its port where that is not the scheme's own.
    authority: String,
    /// None for plain HTTP. Reading the machine's certificates takes a while, so it waits until they are needed.
    tls: Option<OnceCell<TlsConnector>>,
}

impl Peer {
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        let authority = uri.authority()?;
        let is_tls = uri.scheme_str() == Some("https");
        Some(Self {
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            authority: authority.to_string(),
            tls: is_tls.then(OnceCell::new),
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.authority
    }

    /// The status of the answer; its body is of no use.
    pub(super) async fn post(&self, target: Uri, headers: HeaderMap, body: Vec<u8>) -> Result<StatusCode, String> {
        let length = HeaderValue::from(body.len());
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = target;
        *request.headers_mut() = headers;
        // Also where there is no body: some servers want to know that.
        request.headers_mut().insert(header::CONTENT_LENGTH, length);
        let host = HeaderValue::from_str(&self.authority).map_err(|error| error.to_string())?;
        request.headers_mut().insert(header::HOST, host);
        request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(|error| error.to_string())?;
        let Some(tls) = &self.tls else { return ask(stream, request).await };
        let tls = tls.get_or_try_init(async || tokio::task::spawn_blocking(connector).await).await;
        let tls = tls.map_err(|error| error.to_string())?;
        let name = ServerName::try_from(self.host.clone()).map_err(|error| error.to_string())?;
        ask(tls.connect(name, stream).await.map_err(|error| error.to_string())?, request).await
    }
}

async fn ask<S>(stream: S, request: Request<Body>) -> Result<StatusCode, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    let answer = sender.send_request(request);
    tokio::pin!(connection, answer);
    // The connection has to be driven for the answer to come, and ends before it when the peer has gone.
    let answer = tokio::select! {
        biased;
        answer = &mut answer => answer,
        _ = &mut connection => answer.await,
    };
    answer.map(|answer| answer.status()).map_err(|error| with_cause(&error))
}

fn with_cause(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

/// The authorities that come with the binary, and those that this machine trusts: a collector at home has a certificate
/// from there.
fn connector() -> TlsConnector {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}
