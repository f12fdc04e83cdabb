//! The rows of a file, one at a time: JSON lines, or CSV with a header. What a row holds is judged by the core; here is
//! told what is no row at all. No row takes more than 64 KiB of memory, whatever the file is.

use std::{
    cell::Cell,
    io::{self, BufRead, BufReader, Read},
    path::Path,
    rc::Rc,
};

use serde_json::{Map, Value};

use crate::core::{
    accounts::import::{Field, Fields, Row},
    error::{Fault, FaultCode},
};

const LONGEST: usize = 64 * 1024;

/// An error is a file that cannot be read on.
pub(super) type Rows = Box<dyn Iterator<Item = Result<Row, String>>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    JsonLines,
    Csv,
}

impl Format {
    pub(super) fn of(path: &Path) -> Result<Self, String> {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension.to_ascii_lowercase().as_str() {
            "jsonl" | "ndjson" => Ok(Self::JsonLines),
            "csv" => Ok(Self::Csv),
            _ => Err("its name has to end in .jsonl or .csv".to_owned()),
        }
    }
}

pub(super) fn read(file: impl Read + 'static, format: Format) -> Result<Rows, String> {
    Ok(match format {
        Format::JsonLines => Box::new(JsonLines { file: BufReader::new(file), line: 0 }),
        Format::Csv => Box::new(Csv::open(file)?),
    })
}

struct JsonLines<R> {
    file: BufReader<R>,
    line: u64,
}

impl<R: Read> Iterator for JsonLines<R> {
    type Item = Result<Row, String>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut bytes = Vec::new();
            let most = u64::try_from(LONGEST).unwrap_or(u64::MAX);
            match self.file.by_ref().take(most).read_until(b'\n', &mut bytes) {
                Ok(0) => return None,
                Ok(_) => self.line += 1,
                Err(error) => return Some(Err(error.to_string())),
            }
            if bytes.len() == LONGEST && !bytes.ends_with(b"\n") {
                let skipped = self.file.skip_until(b'\n').map_err(|error| error.to_string());
                let fields = Err(no_row(format!("This line is longer than {LONGEST} bytes.")));
                return Some(skipped.map(|_| Row { number: self.line, fields }));
            }
            let text = bytes.strip_prefix(b"\xEF\xBB\xBF").filter(|_| self.line == 1).unwrap_or(&bytes);
            if !text.trim_ascii().is_empty() {
                return Some(Ok(Row { number: self.line, fields: object(text) }));
            }
        }
    }
}

fn object(text: &[u8]) -> Result<Fields, Fault> {
    // The parser's own words would repeat what stands there, a hash among it.
    let object: Map<String, Value> =
        serde_json::from_slice(text).map_err(|_| no_row("This line is not a JSON object.".to_owned()))?;
    let mut fields = Fields::default();
    for (name, value) in object {
        match (Field::named(&name), value) {
            (None, _) => fields.faults.push(no_row(no_field(&name))),
            (Some(_), Value::Null) => {}
            (Some(field), Value::String(text)) => fields.set(field, &text),
            (Some(Field::EmailVerified), Value::Bool(flag)) => fields.set(Field::EmailVerified, &flag.to_string()),
            (Some(field), _) => {
                fields.faults.push(Fault::new(FaultCode::Invalid, "Write it as a text.").at(field.name()));
            }
        }
    }
    Ok(fields)
}

struct Csv<R> {
    file: csv::Reader<Bounded<R>>,
    columns: Vec<Field>,
    row: u64,
    left: Rc<Cell<usize>>,
}

/// Reads so many bytes and not one more: a quote that nobody closes would make one row of the rest of the file.
struct Bounded<R> {
    file: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Csv<R> {
    fn open(file: R) -> Result<Self, String> {
        let left = Rc::new(Cell::new(LONGEST));
        let mut file = csv::ReaderBuilder::new().from_reader(Bounded { file, left: left.clone() });
        let header = file.headers().map_err(|error| reason(&error))?;
        let columns: Result<Vec<Field>, String> =
            header.iter().map(|name| Field::named(name.trim()).ok_or_else(|| no_field(name))).collect();
        let columns = columns?;
        for field in Field::ALL {
            let count = columns.iter().filter(|column| **column == field).count();
            let needed = matches!(field, Field::Username | Field::Email | Field::FirstName | Field::LastName);
            if count > 1 || (needed && count == 0) {
                return Err(format!("its first line has to name the column `{}` once", field.name()));
            }
        }
        Ok(Self { file, columns, row: 1, left })
    }

    fn fields(&self, record: &csv::ByteRecord) -> Result<Fields, Fault> {
        let mut fields = Fields::default();
        for (field, bytes) in self.columns.iter().zip(record) {
            let text = std::str::from_utf8(bytes).map_err(|_| no_row("This row is not UTF-8.".to_owned()))?;
            fields.set(*field, text);
        }
        Ok(fields)
    }
}

impl<R: Read> Iterator for Csv<R> {
    type Item = Result<Row, String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left.set(LONGEST);
        self.row += 1;
        let mut record = csv::ByteRecord::new();
        match self.file.read_byte_record(&mut record) {
            Ok(false) => None,
            Ok(true) => Some(Ok(Row { number: self.row, fields: self.fields(&record) })),
            Err(error) => match error.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    let fields = Err(no_row(format!("This row has {len} fields, and the first line {expected_len}.")));
                    Some(Ok(Row { number: self.row, fields }))
                }
                _ => Some(Err(reason(&error))),
            },
        }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let most = bytes.len().min(self.left.get());
        if most == 0 && !bytes.is_empty() {
            return Err(io::Error::other(format!(
                "a row is longer than {LONGEST} bytes; is there a quote that nothing closes?"
            )));
        }
        let read = self.file.read(&mut bytes[..most])?;
        self.left.set(self.left.get() - read);
        Ok(read)
    }
}

fn reason(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(error) => error.to_string(),
        csv::ErrorKind::Utf8 { .. } => "its first line is not UTF-8".to_owned(),
        _ => "it is not CSV".to_owned(),
    }
}

fn no_row(message: String) -> Fault {
    Fault::new(FaultCode::Invalid, message)
}

/// What is not known is not dropped in silence: it may be a word that was misspelt.
fn no_field(name: &str) -> String {
    let known: Vec<&str> = Field::ALL.into_iter().map(Field::name).collect();
    let name: String = name.chars().take(40).collect();
    format!("There is no field {name:?}. Known are {}.", known.join(", "))
}
