//! Mails as files, one `.eml` each, for development: any mail program opens them.
//!
//! It must not know what is in a mail. A file appears whole or not at all, and only its owner can read it,
//! since it holds live tokens.

use std::{io, path::Path};

use tokio::{
    fs::{self, OpenOptions},
    io::AsyncWriteExt as _,
};

use super::SendError;
use crate::core::folders;

pub(super) async fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), SendError> {
    place(folder, name, bytes).await.map_err(|error| not_written(&error))
}

pub(super) async fn check(folder: &Path) -> Result<String, SendError> {
    let probe = folder.join(".check.part");
    let tried = async {
        folders::make(folder)?;
        write_new(&probe, b"").await?;
        fs::remove_file(&probe).await
    };
    tried.await.map_err(|error| not_written(&error))?;
    Ok(format!("mails are written to {}", folder.display()))
}

/// The path is left out: an operator has set it, and a reader of the log need not learn it.
fn not_written(error: &io::Error) -> SendError {
    SendError::transient(&format!("the mail folder cannot be written: {error}"))
}

async fn place(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    folders::make(folder)?;
    let unfinished = folder.join(format!(".{name}.part"));
    let placed = async {
        write_new(&unfinished, bytes).await?;
        fs::rename(&unfinished, folder.join(name)).await
    };
    let placed = placed.await;
    if placed.is_err() {
        let _ = fs::remove_file(&unfinished).await;
    }
    placed
}

/// A file that was not there before: the mode below applies to new files only.
async fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut file = options.open(path).await?;
    file.write_all(bytes).await?;
    file.flush().await
}

#[cfg(test)]
mod tests;
