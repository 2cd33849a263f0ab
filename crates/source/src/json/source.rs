//! JSON records as batches of text: scalars as written, nested values as JSON text.

use std::io::Read;

use indexmap::IndexSet;
use jingwei_model::Reason;
use jingwei_model::config::{FormatKind, SourceConfig};

use super::object::{self, Members, lookup, text_of};
use super::scan::{Scanner, Visitor};
use crate::encoding::{Damage, TextReader};
use crate::error::{Result, SourceError};
use crate::open::configured;
use crate::part::{Format, LocalFile, Part};
use crate::rows::TextRows;
use crate::stream::{Sink, blocking, produce};

/// Keys beyond which an object is taken for a list keyed by ids.
const MOST_COLUMNS: usize = 4096;

/// No line of a real file is longer.
const LONGEST: usize = 64 << 20;

/// JSON documents and JSON lines.
#[derive(Debug)]
pub(crate) struct Json(pub FormatKind);

impl Format for Json {
    async fn open(&self, file: LocalFile, config: &SourceConfig) -> Result<Vec<Part>> {
        let lines = self.0 == FormatKind::Ndjson;
        let config = config.clone();
        let display = file.display.clone();
        let (file, config, pointer, columns) = blocking(move || {
            let pointer = if lines { Vec::new() } else { pointer(&file, &config)? };
            // Records need not have the same keys: all of them are read once for their names.
            let mut keys = Keys { file: &file.display, columns: Columns::default(), known: IndexSet::new() };
            read(&file, &config, lines, &pointer, &mut keys)?;
            let columns = keys.columns.complete(&config);
            Ok((file, config, pointer, columns))
        })
        .await?;
        let schema = TextRows::new(&display, None, &columns.names).provenance().schema().clone();
        let rows = produce(move |sink| {
            let rows = TextRows::new(&file.display, None, &columns.names);
            let mut cells =
                Cells { file: &file.display, columns: &columns, rows, damage: Damage::default(), sink, last_bad: None };
            read(&file, &config, lines, &pointer, &mut cells)?;
            cells.rows.send_rest(sink)
        });
        Ok(vec![Part { file: display, sheet: None, schema, rows }])
    }
}

fn read(
    file: &LocalFile,
    config: &SourceConfig,
    lines: bool,
    pointer: &[String],
    visitor: &mut dyn Visitor,
) -> Result<()> {
    let encoding = config.format.encoding.as_deref();
    if lines {
        return read_lines(file.reader()?, encoding, &file.display, visitor);
    }
    let mut scanner = Scanner::new(file.reader()?, encoding, &file.display)?;
    if scanner.is_empty()? {
        tracing::warn!("{} is empty", file.display);
        return Ok(());
    }
    if !scanner.walk(pointer, visitor)? {
        let error = SourceError::data(&file.display, format!("format.records `/{}` leads nowhere", pointer.join("/")));
        let mut again = Scanner::new(file.reader()?, encoding, &file.display)?;
        return Err(error.with_hint(suggestion(&again.arrays()?)));
    }
    Ok(())
}

fn suggestion(arrays: &[Vec<String>]) -> String {
    let pointers: Vec<String> = arrays.iter().take(8).map(|path| format!("\"/{}\"", path.join("/"))).collect();
    if pointers.is_empty() {
        "the document holds no array of objects".to_owned()
    } else {
        format!("arrays of objects are at {}", pointers.join(", "))
    }
}

/// Where the records are: as configured, or the document's only array of objects.
fn pointer(file: &LocalFile, config: &SourceConfig) -> Result<Vec<String>> {
    if let Some(text) = &config.format.records {
        let Some(path) = text.strip_prefix('/') else {
            if text.is_empty() {
                return Ok(Vec::new());
            }
            let error = SourceError::data(&file.display, format!("format.records `{text}` is no JSON pointer"));
            return Err(error.with_hint(format!("write \"/{text}\"")));
        };
        return Ok(path.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect());
    }
    let mut scanner = Scanner::new(file.reader()?, config.format.encoding.as_deref(), &file.display)?;
    if scanner.is_empty()? {
        return Ok(Vec::new());
    }
    let mut arrays = scanner.arrays()?;
    match arrays.len() {
        0 => Ok(Vec::new()),
        1 => Ok(arrays.remove(0)),
        _ if arrays.iter().any(Vec::is_empty) => Ok(Vec::new()),
        _ => {
            let error = SourceError::data(&file.display, "the document holds several arrays of objects");
            Err(error.with_hint(format!("choose one with format.records; {}", suggestion(&arrays))))
        }
    }
}

fn read_lines(
    reader: Box<dyn Read + Send>,
    encoding: Option<&str>,
    file: &str,
    visitor: &mut dyn Visitor,
) -> Result<()> {
    let mut text = TextReader::new(reader, encoding, file)?;
    let (mut buffer, mut at, mut searched, mut line) = (Vec::new(), 0, 0, 0);
    let mut more = true;
    while more {
        buffer.drain(..at);
        (at, searched) = (0, searched - at);
        more = text.fill(&mut buffer).map_err(|error| SourceError::io(file, error))?;
        loop {
            let end = match buffer[searched..].iter().position(|byte| *byte == b'\n') {
                Some(length) => searched + length,
                None if !more && at < buffer.len() => buffer.len(),
                None => break,
            };
            line += 1;
            let raw = buffer[at..end].trim_ascii();
            if !raw.is_empty() {
                visitor.record(line, raw, &text)?;
            }
            at = (end + 1).min(buffer.len());
            searched = at;
        }
        searched = buffer.len();
        if buffer.len() - at > LONGEST {
            let error = SourceError::data(file, "the line is longer than 64 MiB").at_row(line + 1);
            return Err(error.with_hint("a document that is one array is read with format.kind = \"json\""));
        }
    }
    Ok(())
}

/// The columns of a set of records.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    /// Their names: keys in the order in which they first occur, then paths the configuration names.
    pub names: Vec<String>,
    /// The names that are paths into nested values, with their place.
    paths: Vec<(usize, Vec<String>)>,
    /// Whether there was any record.
    any: bool,
}

impl Columns {
    /// With the paths a configuration names; without any record, with all columns it names.
    pub fn complete(mut self, config: &SourceConfig) -> Self {
        for name in configured(config) {
            if self.names.contains(&name) {
                continue;
            }
            let path: Vec<String> = name.split('.').map(str::to_owned).collect();
            if !self.any {
                self.names.push(name);
            } else if path.len() > 1 && self.names.contains(&path[0]) {
                self.paths.push((self.names.len(), path));
                self.names.push(name);
            }
        }
        self
    }

    /// Adds the keys of an object.
    pub fn learn(&mut self, object: &str, known: &mut IndexSet<String>, file: &str) -> Result<()> {
        self.any = true;
        for (place, (key, _)) in Members::new(object).enumerate() {
            // Records mostly have their keys in one order.
            if known.get_index(place).is_some_and(|expected| *expected == key) || known.contains(key.as_ref()) {
                continue;
            }
            if known.len() >= MOST_COLUMNS {
                let error =
                    SourceError::data(file, format!("the records have more than {MOST_COLUMNS} different keys"));
                return Err(error.with_hint("point format.records at the array of records, e.g. \"/data/items\""));
            }
            known.insert(key.clone().into_owned());
            self.names.push(key.into_owned());
        }
        Ok(())
    }

    /// The cells of an object, in order.
    pub fn cells<'a>(&self, object: &'a str) -> Vec<Option<std::borrow::Cow<'a, str>>> {
        let mut cells = vec![None; self.names.len()];
        for (place, (key, value)) in Members::new(object).enumerate() {
            let column = match self.names.get(place) {
                Some(name) if *name == key => Some(place),
                _ => self.names.iter().position(|name| *name == key),
            };
            if let Some(column) = column {
                cells[column] = text_of(value);
            }
        }
        for (column, path) in &self.paths {
            let steps: Vec<&str> = path.iter().map(String::as_str).collect();
            cells[*column] = lookup(object.trim_start(), &steps).and_then(text_of);
        }
        cells
    }
}

struct Keys<'a> {
    file: &'a str,
    columns: Columns,
    known: IndexSet<String>,
}

impl Visitor for Keys<'_> {
    fn record(&mut self, _: i64, raw: &[u8], _: &TextReader) -> Result<()> {
        match std::str::from_utf8(raw) {
            Ok(text) if object::is_object(text) => self.columns.learn(text, &mut self.known, self.file),
            _ => Ok(()),
        }
    }
}

struct Cells<'a> {
    file: &'a str,
    columns: &'a Columns,
    rows: TextRows,
    damage: Damage,
    sink: &'a Sink,
    last_bad: Option<i64>,
}

impl Visitor for Cells<'_> {
    fn record(&mut self, number: i64, raw: &[u8], text: &TextReader) -> Result<()> {
        match decoded(raw, text) {
            None => {
                self.rows.push_fault(number, Reason::Undecodable, String::from_utf8_lossy(raw));
                self.damage.bad(raw, text, self.file, number)?;
                self.last_bad = Some(number);
            }
            Some(object) if object::is_object(object) => {
                self.damage.good();
                let cells = self.columns.cells(object);
                self.rows.push(number, cells.iter().map(|cell| cell.as_deref().unwrap_or_default()));
            }
            Some(other) => {
                self.damage.good();
                self.rows.push_fault(number, Reason::Malformed, other);
            }
        }
        self.rows.send_full(self.sink)
    }
}

/// A record's text, unless bytes in it could not be decoded.
pub(crate) fn decoded<'a>(raw: &'a [u8], text: &TextReader) -> Option<&'a str> {
    std::str::from_utf8(raw).ok().filter(|record| !(text.replaces() && record.contains('\u{FFFD}')))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{column, open_bytes, row_numbers, texts};

    #[tokio::test]
    async fn lines_with_different_keys_make_one_table() {
        let text = "{\"a\":1,\"b\":\"x\"}\n\n{\"b\":\"y\",\"c\":[1,2],\"a\":110105199003071234}\n{oops\n";
        let batch = open_bytes("a.ndjson", text.as_bytes(), |_| ()).await.unwrap().remove(0);
        assert_eq!(texts(&batch, "a"), [Some("1"), Some("110105199003071234"), None]);
        assert_eq!(texts(&batch, "c"), [None, Some("[1,2]"), None]);
        assert_eq!(texts(&batch, "_error"), [None, None, Some("malformed")]);
        assert_eq!(texts(&batch, "_text")[2], Some("{oops"));
        assert_eq!(row_numbers(&batch), [1, 3, 4]);
    }

    #[tokio::test]
    async fn records_deep_in_a_document_are_found_by_pointer_or_by_being_the_only_ones() {
        let text = br#"{"code": 0, "data": {"total": 2, "items": [{"id": "1", "n": 1.50}, {"id": "2", "n": null}]}}"#;
        for pointer in [None, Some("/data/items".to_owned())] {
            let batch = open_bytes("a.json", text, |config| config.format.records = pointer).await.unwrap().remove(0);
            assert_eq!(texts(&batch, "id"), [Some("1"), Some("2")]);
            assert_eq!(texts(&batch, "n"), [Some("1.50"), None]);
        }
        let error = open_bytes("a.json", text, |config| config.format.records = Some("/data/rows".to_owned()))
            .await
            .unwrap_err();
        assert!(error.to_string().contains("\"/data/items\""), "{error}");
    }

    #[tokio::test]
    async fn a_path_in_the_configuration_reaches_into_nested_values() {
        let text = br#"[{"id": "x", "location": {"type": "geo:json", "value": {"type": "Point", "coordinates": [116.4, 39.9]}}}]"#;
        let change = |config: &mut SourceConfig| {
            config.columns.insert("geom".to_owned(), column("location.value"));
            config.columns.insert("lon".to_owned(), column("location.value.coordinates.0"));
        };
        let batch = open_bytes("a.json", text, change).await.unwrap().remove(0);
        assert_eq!(texts(&batch, "location.value"), [Some(r#"{"type": "Point", "coordinates": [116.4, 39.9]}"#)]);
        assert_eq!(texts(&batch, "location.value.coordinates.0"), [Some("116.4")]);
        assert_eq!(texts(&batch, "id"), [Some("x")]);
    }

    #[tokio::test]
    async fn a_document_that_is_cut_short_says_so() {
        let error = open_bytes("a.json", br#"[{"a": 1}, {"a": "#, |_| ()).await.unwrap_err().to_string();
        assert!(error.contains("a.json") && error.contains("cut short"), "{error}");
    }

    #[tokio::test]
    async fn lines_under_the_name_of_a_document_are_recognised() {
        let error = open_bytes("a.json", b"{\"a\": 1}\n{\"a\": 2}\n", |_| ()).await.unwrap_err().to_string();
        assert!(error.contains("ndjson"), "{error}");
    }

    #[tokio::test]
    async fn a_document_larger_than_any_buffer_is_read_record_by_record() {
        let mut text = String::from("{\"items\":[");
        for n in 0..60_000 {
            let comma = if n > 0 { "," } else { "" };
            text.push_str(&format!("{comma}{{\"n\":{n},\"t\":\"张三 \\u5f20 \\\"{n}\\\"\"}}"));
        }
        text.push_str("],\"total\":60000}");
        let batch = open_bytes("a.json", text.as_bytes(), |_| ()).await.unwrap().remove(0);
        assert_eq!(batch.num_rows(), 60_000);
        assert_eq!(texts(&batch, "t")[59_999], Some("张三 张 \"59999\""));
    }
}
