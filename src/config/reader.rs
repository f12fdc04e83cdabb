//! Reads settings one by one, and keeps what is wrong with each until all have been read.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    path::PathBuf,
    time::Duration,
};

use super::{Secret, parse};

/// Where settings come from: the environment over `.env`, or a map in a test.
pub struct Source {
    settings: HashMap<String, String>,
    /// The names that `.env` alone has.
    from_file: HashSet<String>,
}

impl Source {
    /// The process's environment; what it leaves unsaid comes from `.env` in the working directory.
    #[expect(clippy::disallowed_methods, reason = "this is the room where the environment is read")]
    pub fn environment() -> Self {
        let mut settings: HashMap<_, _> = dotenvy::dotenv_iter().into_iter().flatten().flatten().collect();
        let mut from_file: HashSet<_> = settings.keys().cloned().collect();
        for (name, value) in std::env::vars_os().filter_map(unicode) {
            from_file.remove(&name);
            settings.insert(name, value);
        }
        Self { settings, from_file }
    }

    pub fn of(settings: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { settings: settings.into_iter().collect(), from_file: HashSet::new() }
    }

    /// An empty value counts as unset, as it does in a `.env` file that lists every name.
    fn get(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

fn unicode((name, value): (std::ffi::OsString, std::ffi::OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.into_string().ok()?))
}

/// Every setting that was refused, one line each.
#[derive(Debug)]
pub struct Wrong(Vec<String>);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.join("\n"))
    }
}

impl std::error::Error for Wrong {}

pub(super) type Parsed<T> = Result<T, String>;

pub(super) struct Reader<'s> {
    source: &'s Source,
    wrong: Vec<String>,
    secret_files: Vec<PathBuf>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(source: &'s Source) -> Self {
        Self { source, wrong: Vec::new(), secret_files: Vec::new() }
    }

    pub(super) fn finish<T>(self, value: T) -> Result<T, Wrong> {
        if self.wrong.is_empty() { Ok(value) } else { Err(Wrong(self.wrong)) }
    }

    pub(super) fn or<T>(&mut self, name: &str, default: T, parse: impl Fn(&str) -> Parsed<T>, example: &str) -> T {
        self.optional(name, parse, example).unwrap_or(default)
    }

    pub(super) fn optional<T>(&mut self, name: &str, parse: impl Fn(&str) -> Parsed<T>, example: &str) -> Option<T> {
        let value = self.source.get(name)?;
        match parse(value) {
            Ok(parsed) => Some(parsed),
            Err(rule) => {
                self.refuse(format!("{name}: \"{}\" {rule}; for example {name}={example}", shown(value)));
                None
            }
        }
    }

    pub(super) fn duration(&mut self, name: &str, default: &str, least: &str, most: &str) -> Duration {
        let at = |text: &str| parse::duration(text).unwrap_or_default();
        let within = |text: &str| {
            let value = parse::duration(text)?;
            if value < at(least) || value > at(most) {
                return Err(format!("is not from {least} to {most}"));
            }
            Ok(value)
        };
        self.or(name, at(default), within, default)
    }

    pub(super) fn secret_or(
        &mut self,
        name: &str,
        default: Secret,
        parse: impl Fn(&str) -> Parsed<()>,
        example: &str,
    ) -> Secret {
        self.optional_secret(name, parse, example).unwrap_or(default)
    }

    /// A secret from `NAME`, or from the file that `NAME_FILE` names. Its value is never part of a message.
    pub(super) fn optional_secret(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Parsed<()>,
        example: &str,
    ) -> Option<Secret> {
        let file_name = format!("{name}_FILE");
        let value = match (self.source.get(name), self.source.get(&file_name)) {
            (Some(_), Some(_)) => {
                self.refuse(format!("{name} and {file_name} are both set; set one of them"));
                return None;
            }
            (Some(value), None) => {
                if self.source.from_file.contains(name) {
                    self.kept_in(".env".into());
                }
                value.to_owned()
            }
            (None, Some(path)) => match std::fs::read_to_string(path) {
                Ok(text) => {
                    self.kept_in(path.into());
                    text.trim_end_matches(['\r', '\n']).to_owned()
                }
                Err(error) => {
                    self.refuse(format!("{file_name}: cannot read {path}: {error}"));
                    return None;
                }
            },
            (None, None) => return None,
        };
        if let Err(rule) = parse(&value) {
            self.refuse(format!("{name}: its value {rule}; for example {name}={example}"));
            return None;
        }
        Some(Secret::new(value))
    }

    /// Notes a file that a secret came from.
    pub(super) fn kept_in(&mut self, file: PathBuf) {
        if !self.secret_files.contains(&file) {
            self.secret_files.push(file);
        }
    }

    pub(super) fn secret_files(&self) -> Vec<PathBuf> {
        self.secret_files.clone()
    }

    pub(super) fn refuse(&mut self, line: String) {
        self.wrong.push(line);
    }
}

/// Enough of a value to find it again, without control characters.
fn shown(value: &str) -> String {
    value.chars().filter(|c| !c.is_control()).take(80).collect()
}
