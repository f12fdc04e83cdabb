//! The schema that is served is the one that is committed.

use lyceum::graphql;

#[test]
fn the_committed_schema_is_the_served_one() {
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql")).unwrap();
    assert!(committed == graphql::sdl(), "write it again: cargo run -- schema > schema.graphql");
}

/// Bar 3.4 of what may never be asked for: no field, argument or input carries a stored secret.
#[test]
fn no_name_in_the_schema_speaks_of_a_stored_secret() {
    let sdl = graphql::sdl().to_lowercase();
    for word in ["hash", "digest", "pepper", "scheme", "secret"] {
        assert!(!sdl.contains(word), "{word}");
    }
}
