//! Which engines these tests run on: said on standard error, past the capture of output.

use std::io::Write as _;

use crate::harness::Engine;

#[test]
fn the_engines_are_named() {
    for engine in [Engine::Sqlite, Engine::Postgres, Engine::Mysql] {
        let state = if Engine::all().contains(&engine) { "on" } else { "off (its URL is not set)" };
        let name = format!("{engine:?}").to_lowercase();
        writeln!(std::io::stderr(), "engine {name}: {state}").unwrap();
    }
    assert!(Engine::all().contains(&Engine::Sqlite));
}
