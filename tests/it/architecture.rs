//! The invariants of the house, said as absences and read from the sources: what may not stand where.
//!
//! Comments and the insides of strings do not count, and neither do tests inside `src`, but for their size.

use std::path::{Path, PathBuf};

use async_graphql::parser::{parse_schema, types::*};
use lyceum::graphql;

struct Source {
    path: String,
    text: String,
    /// Without comments, the insides of strings, and tests at the end of the file.
    code: String,
}

fn sources(folders: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in folders {
        collect(&root.join(folder), &mut files);
    }
    assert!(files.len() >= 3, "{files:?}");
    files.into_iter().map(|file| read(root, &file)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn read(root: &Path, file: &Path) -> Source {
    let path = file.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
    let text = std::fs::read_to_string(file).unwrap();
    let code = bare(&text);
    let code = code.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
    Source { path, text, code }
}

/// The text without comments and without what is inside string and character literals.
fn bare(text: &str) -> String {
    let (mut bare, mut rest) = (String::new(), text);
    while let Some(letter) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(hashes) = raw_string(rest) {
            let end = format!("\"{}", "#".repeat(hashes));
            let start = hashes + 2;
            start + rest[start..].find(&end).unwrap() + end.len()
        } else if letter == '"' {
            1 + string_end(&rest[1..])
        } else if letter == '\'' {
            character(rest)
        } else {
            bare.push(letter);
            letter.len_utf8()
        };
        rest = &rest[skipped..];
    }
    bare
}

fn raw_string(text: &str) -> Option<usize> {
    let hashes = text.strip_prefix('r')?;
    let count = hashes.len() - hashes.trim_start_matches('#').len();
    hashes[count..].starts_with('"').then_some(count)
}

fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The length of a character literal; of a lifetime's tick alone.
fn character(text: &str) -> usize {
    let inside: Vec<char> = text.chars().skip(1).take(2).collect();
    match inside.as_slice() {
        ['\\', _] => 3 + text[3..].find('\'').map_or(0, |at| at + 1),
        [letter, '\''] => 2 + letter.len_utf8(),
        _ => 1,
    }
}

fn is_test(source: &Source) -> bool {
    source.path.ends_with("/tests.rs") || source.path.contains("/tests/")
}

/// Asserts that none of the words stands in the code under `src`, except in these files and folders.
fn nowhere_but(rooms: &[&str], words: &[&str]) {
    let outside = |source: &Source| !is_test(source) && !rooms.iter().any(|room| source.path.starts_with(room));
    let guilty: Vec<String> = sources(&["src"])
        .into_iter()
        .filter(outside)
        .flat_map(|source| {
            let found = words.iter().filter(|word| source.code.contains(*word));
            found.map(|word| format!("{word} in {}", source.path)).collect::<Vec<_>>()
        })
        .collect();
    assert!(guilty.is_empty(), "{guilty:#?}");
}

/// The reader of sources itself: a rule that reads wrongly would hold for ever.
#[test]
fn only_code_counts() {
    let text =
        "let a = \"axum // \\\" axum\"; // axum\nlet b: &'a str = r#\"axum \" \"#; let c = ('\"', '\\'', 'x'); tokio";
    let code = bare(text);
    assert!(!code.contains("axum") && code.contains("let c = ") && code.contains("tokio"), "{code}");
    assert!(sources(&["src"]).iter().any(|source| source.code.contains("axum")));
}

/// Invariant 1: the domain knows neither async-graphql nor axum.
#[test]
fn the_domain_does_not_know_its_edge_or_its_door() {
    for source in sources(&["src/core"]) {
        for word in ["async_graphql", "axum", "tower", "hyper"] {
            assert!(!source.code.contains(word), "{word} in {}", source.path);
        }
    }
}

/// Invariant 2: nobody but the domain and the migrations speaks to the database.
#[test]
fn nobody_but_the_domain_knows_the_database() {
    nowhere_but(&["src/core/"], &["sea_orm", "sqlx", "sea_query"]);
}

/// Invariant 3: `config.rs` alone reads the environment.
#[test]
fn nobody_but_the_configuration_reads_the_environment() {
    nowhere_but(&["src/config.rs", "src/config/"], &["std::env", "env::var", "env::vars", "dotenvy"]);
}

/// Invariant 4: `context.rs` alone asks the context for its data.
#[test]
fn nobody_but_one_file_asks_the_context() {
    nowhere_but(&["src/graphql/context.rs"], &["ctx.data", ".data_opt", ".data_unchecked", ".data::<"]);
}

/// Invariant 5: time and chance have a room each; some commands have a stopwatch, and so have statements.
#[test]
fn time_and_chance_have_a_room_each() {
    nowhere_but(&["src/core/clock.rs"], &["Utc::now", "Local::now", "SystemTime::now", "now_v7", "now_v1"]);
    nowhere_but(
        &["src/core/random.rs"],
        &["rand::", "SysRng", "OsRng", "thread_rng", "getrandom", "SystemRandom", "new_v4"],
    );
    nowhere_but(
        &["src/cli/backup.rs", "src/cli/doctor.rs", "src/cli/seed.rs", "src/core/clock.rs", "src/core/db"],
        &["Instant::now"],
    );
}

/// What a span may tell is decided in few places.
#[test]
fn few_rooms_know_of_traces() {
    let rooms = ["src/core/traces.rs", "src/core/traces/", "src/http/spans.rs", "src/http/collector.rs"];
    nowhere_but(&rooms, &["opentelemetry", "prost::"]);
}

/// Invariant 10, bar 64: what who runs the server may do, no request may.
#[test]
fn no_request_is_the_operators() {
    nowhere_but(&["src/cli/", "src/core/viewer.rs"], &["Viewer::Operator", "Self::Operator"]);
}

/// Invariant 6: no row of the database reaches the edge.
#[test]
fn the_edge_knows_no_row() {
    for source in sources(&["src/graphql", "src/http"]).iter().filter(|source| !is_test(source)) {
        for word in ["Model", "entity::", "ActiveModel"] {
            assert!(!source.code.contains(word), "{word} in {}", source.path);
        }
    }
}

/// Invariant 8: nothing under `src` gives up by panicking, and nothing is left to do.
#[test]
fn nothing_gives_up() {
    let words = [".unwrap()", ".expect(", "todo!", "dbg!", "unimplemented!", "panic!(", "unreachable!", "#[allow("];
    nowhere_but(&[], &words);
}

/// Invariant 9: a file has at most 400 lines, tests too.
#[test]
fn no_file_is_long() {
    for source in sources(&["src", "tests", "migration"]) {
        let lines = source.text.lines().count();
        assert!(lines <= 400, "{} has {lines} lines", source.path);
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn starts_function(line: &str) -> bool {
    let words = line.split_whitespace().take_while(|word| !word.contains("fn"));
    let before = words.clone().count();
    let known = |word: &str| word.starts_with("pub") || ["async", "const", "unsafe", "in"].contains(&word);
    words.into_iter().all(known) && line.split_whitespace().nth(before) == Some("fn")
}

/// The first lines and the lengths of the functions of a file, as rustfmt lays them out.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate().filter(|(_, line)| starts_function(line)) {
        let ends = |other: &&str| indent(other) == indent(line) && matches!(other.trim(), "}" | "})" | ");");
        let one_line = line.ends_with('}') || line.ends_with(';');
        let length = if one_line { 1 } else { 1 + lines[start..].iter().position(ends).unwrap_or(0) };
        found.push((line.trim().to_owned(), length));
    }
    found
}

/// Invariant 9: a function has at most 60 lines, in tests too.
#[test]
fn no_function_is_long() {
    let mut count = 0;
    for source in sources(&["src", "tests", "migration"]) {
        for (line, length) in functions(&source.text) {
            count += 1;
            assert!(length <= 60, "{}: {line} has {length} lines", source.path);
        }
    }
    assert!(count > 300, "{count} functions");
}

/// Which rooms a room may use.
const ROOMS: [(&str, &[&str]); 6] = [
    ("cli", &["app", "config", "core", "graphql", "http"]),
    ("app", &["config", "core", "graphql", "http"]),
    ("config", &["core"]),
    ("http", &["core", "graphql"]),
    ("graphql", &["core"]),
    ("core", &[]),
];

/// The rooms that code names after `crate::`, alone or in braces.
fn rooms_named(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, word) in code.match_indices("crate::") {
        let rest = &code[at + word.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            names.push(rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect());
            continue;
        };
        let (mut depth, mut name) = (0_usize, String::new());
        for letter in list.chars() {
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => names.push(std::mem::take(&mut name)),
                _ if depth == 0 => name.push(letter),
                _ => {}
            }
        }
        names.push(name);
    }
    let first = |name: String| name.trim().split("::").next().unwrap_or_default().to_owned();
    names.into_iter().map(first).filter(|name| !name.is_empty()).collect()
}

/// Imports run one way: main → cli → app → http → graphql → core, and the configuration knows the core alone.
#[test]
fn imports_run_one_way() {
    let mut seen = 0;
    for source in sources(&["src"]).iter().filter(|source| !is_test(source)) {
        let room = source.path.trim_start_matches("src/").split(['/', '.']).next().unwrap();
        let Some((_, may)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            assert!(["main", "lib"].contains(&room), "{} is in no known room", source.path);
            continue;
        };
        for name in rooms_named(&source.code) {
            seen += 1;
            assert!(name == room || may.contains(&name.as_str()), "{} uses {name}", source.path);
        }
    }
    assert!(seen > 30, "{seen} imports");
    for source in sources(&["migration"]) {
        assert!(!source.code.contains("lyceum::"), "{} knows the server", source.path);
    }
}

/// Each module says first what it is for; the tests of a module inside `src` may leave it to that module.
#[test]
fn every_module_says_what_it_is_for() {
    for source in sources(&["src", "tests", "migration"]) {
        let exempt = source.path.starts_with("src/") && source.path.ends_with("/tests.rs");
        assert!(exempt || source.text.starts_with("//! "), "{} does not begin with //!", source.path);
    }
}

/// What in the schema has no description.
fn undescribed(definition: &TypeDefinition) -> Vec<String> {
    let name = &definition.name.node;
    let mut all = vec![(name.to_string(), definition.description.is_some())];
    let fields = match &definition.kind {
        TypeKind::Object(object) => object.fields.as_slice(),
        TypeKind::Interface(interface) => interface.fields.as_slice(),
        _ => &[],
    };
    for field in fields.iter().map(|field| &field.node) {
        all.push((format!("{name}.{}", field.name.node), field.description.is_some()));
        let arguments = field.arguments.iter().map(|argument| &argument.node);
        all.extend(
            arguments.map(|it| (format!("{name}.{}({})", field.name.node, it.name.node), it.description.is_some())),
        );
    }
    if let TypeKind::Enum(values) = &definition.kind {
        let values = values.values.iter().map(|value| &value.node);
        all.extend(values.map(|it| (format!("{name}.{}", it.value.node), it.description.is_some())));
    }
    if let TypeKind::InputObject(input) = &definition.kind {
        let fields = input.fields.iter().map(|field| &field.node);
        all.extend(fields.map(|it| (format!("{name}.{}", it.name.node), it.description.is_some())));
    }
    all.into_iter().filter(|(_, described)| !described).map(|(name, _)| name).collect()
}

/// Every type, field, argument, input field and enum value has a description for who writes a front end.
#[test]
fn everything_in_the_schema_is_described() {
    let document = parse_schema(graphql::sdl()).unwrap();
    let types = document.definitions.iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(definition) => Some(&definition.node),
        _ => None,
    });
    let missing: Vec<String> = types.flat_map(undescribed).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
