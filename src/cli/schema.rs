//! `lyceum schema`: the SDL, on standard output.

use std::io::Write as _;

pub(super) fn run() {
    // A reader that closes the pipe early has read what it wanted.
    let _ = std::io::stdout().write_all(crate::graphql::sdl().as_bytes());
}
