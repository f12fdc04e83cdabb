//! The server's own keys: given by the operator, or made once for development and kept with mode 0600.

use std::{fmt, fs, io::Write as _, net::SocketAddr, path::Path, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    AppEnv, Secrets,
    reader::{Parsed, Reader},
};

/// Fewer bytes than this can be guessed: HS256 wants a key as long as its digest (RFC 7518, 3.2).
const LEAST_BYTES: usize = 32;

/// A value that must not reach a log: it has no `Display`, and its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    pub fn new(value: impl Into<Arc<str>>) -> Self {
        Self(value.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

pub(super) fn read(read: &mut Reader<'_>, env: AppEnv, listen: SocketAddr, data_dir: &Path) -> Secrets {
    let example = "$(openssl rand -base64 48)";
    let jwt = read.optional_secret("JWT_SECRET", strong, example);
    let jwt_previous = read.optional_secret("JWT_SECRET_PREVIOUS", strong, example);
    let pepper = read.optional_secret("PASSWORD_PEPPER", strong, example);
    if jwt.is_some() && jwt == pepper {
        read.refuse("JWT_SECRET and PASSWORD_PEPPER are the same; give each a value of its own".to_owned());
    }
    let generated = jwt.is_none() || pepper.is_none();
    if generated && env == AppEnv::Development && !listen.ip().is_loopback() {
        read.refuse(format!(
            "LISTEN: {listen} is reached from other machines, and the secrets made for development must not be; \
             set JWT_SECRET and PASSWORD_PEPPER, or for example LISTEN=127.0.0.1:4000"
        ));
    }
    let mut settle = |name: &str, given: Option<Secret>| {
        given.unwrap_or_else(|| {
            let made = match env {
                AppEnv::Production => {
                    Err(format!("{name} is not set; production demands it, for example {name}={example}"))
                }
                AppEnv::Development => kept(name, data_dir, read),
            };
            made.unwrap_or_else(|line| {
                read.refuse(line);
                Secret::new("")
            })
        })
    };
    Secrets { jwt: settle("JWT_SECRET", jwt), jwt_previous, pepper: settle("PASSWORD_PEPPER", pepper), generated }
}

fn strong(value: &str) -> Parsed<()> {
    if value.len() < LEAST_BYTES {
        return Err(format!("is shorter than {LEAST_BYTES} bytes"));
    }
    let lower = value.to_ascii_lowercase();
    let known =
        ["change", "example", "secret", "password", "lyceum", "default", "insecure", "replace", "sample", "qwerty"];
    if has_a_pattern(value.as_bytes()) || known.iter().any(|word| lower.contains(word)) {
        return Err("looks like an example and not like random bytes".to_owned());
    }
    Ok(())
}

/// Few different bytes, the same ones again and again, or one after the other as on a keyboard.
fn has_a_pattern(value: &[u8]) -> bool {
    let mut distinct = value.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let repeated = (1..=value.len() / 2).any(|period| value.iter().zip(value.iter().skip(period)).all(|(a, b)| a == b));
    let steps = value.iter().zip(value.iter().skip(1)).filter(|(a, b)| a.abs_diff(**b) <= 1).count();
    distinct.len() < 10 || repeated || steps * 4 >= value.len() * 3
}

/// The development secret of that name: the one made before, or a new one.
fn kept(name: &str, data_dir: &Path, read: &mut Reader<'_>) -> Result<Secret, String> {
    let path = data_dir.join("secrets").join(name.to_ascii_lowercase());
    read.kept_in(path.clone());
    let fault =
        |error: std::io::Error| format!("{name}: cannot keep a development secret in {}: {error}", path.display());
    match fs::read_to_string(&path) {
        Ok(text) if text.trim().len() >= LEAST_BYTES => return Ok(Secret::new(text.trim())),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(fault(error)),
        Ok(_) | Err(_) => {}
    }
    let mut bytes = [0_u8; 48];
    crate::core::random::fill_from_system(&mut bytes);
    let value = URL_SAFE_NO_PAD.encode(bytes);
    write_private(&path, &value).map_err(fault)?;
    Ok(Secret::new(value))
}

/// A new file in the place of whatever is there: the mode of a file that exists would stay as it is, and nobody is to
/// read half a secret.
fn write_private(path: &Path, value: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        crate::core::folders::make(folder)?;
    }
    let unfinished = path.with_extension(format!("{}.part", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&unfinished)?.write_all(value.as_bytes())?;
    fs::rename(unfinished, path)
}
