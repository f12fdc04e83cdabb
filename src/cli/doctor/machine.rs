//! What `lyceum doctor` asks the machine: who may read what is private, how much room there is, how much memory it took.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::Finding;
use crate::core::metrics;

/// With less, the next backup or the next migration may be what fills the disk.
const LEAST_MIB: u64 = 1024;

/// Files that secrets came from.
pub(super) fn secrets(files: &[PathBuf]) -> Finding {
    let open: Vec<String> = files.iter().filter(|file| is_open(file)).map(|file| file.display().to_string()).collect();
    if !open.is_empty() {
        let open = open.join(" ");
        return Err(format!("everybody on this machine can read {open}; chmod o= {open}"));
    }
    Ok(match files.len() {
        0 => "from the environment".to_owned(),
        1 => "1 file, closed to others".to_owned(),
        files => format!("{files} files, closed to others"),
    })
}

/// The folder of the database and of everything else that is made.
pub(super) fn data(folder: &Path) -> Finding {
    let name = folder.display();
    match folder.metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(format!("{name} is made when it is needed")),
        Err(error) => Err(format!("{name}: {error}; check DATA_DIR")),
        Ok(found) if !found.is_dir() => Err(format!("{name} is no folder; check DATA_DIR")),
        Ok(_) if is_open(folder) => Err(format!("everybody on this machine can look into {name}; chmod o= {name}")),
        Ok(_) => Ok(format!("{name}, closed to others")),
    }
}

/// A file or a folder that is not there is open to nobody.
#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|found| found.permissions().mode() & 0o007 != 0)
}

#[cfg(not(unix))]
fn is_open(_: &Path) -> bool {
    false
}

/// The room for the data folder, or for what is above it as long as there is none.
pub(super) fn disk(folder: &Path) -> Finding {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let Some(free) = folder.ancestors().find(|folder| folder.exists()).and_then(free_mib) else {
        return Ok("not known on this system".to_owned());
    };
    if free < LEAST_MIB {
        return Err(format!(
            "{free} MiB free for DATA_DIR; make room for {LEAST_MIB}, for a full disk ends all writing"
        ));
    }
    Ok(format!("{} GiB free", free / 1024))
}

/// By `df`, which POSIX promises: the fourth column of the second line, in KiB.
fn free_mib(folder: &Path) -> Option<u64> {
    let told = Command::new("df").arg("-Pk").arg(folder).output().ok()?;
    let text = String::from_utf8(told.stdout).ok()?;
    let kib: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kib / 1024)
}

/// The resident memory of this process, where the system tells.
pub(super) fn memory() -> Option<String> {
    metrics::resident_bytes().map(|bytes| format!("{} MiB resident", bytes >> 20))
}
