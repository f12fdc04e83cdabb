//! Folders that hold what is nobody else's business: secrets, mails, the database.

use std::{fs::DirBuilder, io, path::Path};

/// The folder and those above it, as far as they are missing, for the owner alone. One that exists stays as it is.
pub fn make(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
