//! The `SQLite` format: a part for the query or for each table.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jingwei_model::Reason;
use jingwei_model::config::SourceConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use super::columns::{Columns, quoted};
use super::error::failed;
use crate::encoding;
use crate::error::{Result, SourceError};
use crate::guard::guarded;
use crate::location::nearest;
use crate::part::{Format, LocalFile, Part};
use crate::stream::{Sink, blocking, produce};
use crate::typed::{TypedRows, Value};

/// How long to wait for a program that writes to the database.
const PATIENCE: Duration = Duration::from_secs(10);

/// `SQLite` database files.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sqlite;

impl Format for Sqlite {
    async fn open(&self, file: LocalFile, config: &SourceConfig) -> Result<Vec<Part>> {
        let config = config.clone();
        blocking(move || guarded(&file.display, || parts(&file, &config))).await
    }
}

fn parts(file: &LocalFile, config: &SourceConfig) -> Result<Vec<Part>> {
    let connection = connect(file)?;
    match (&config.from.query, &config.from.table) {
        (Some(query), _) => Ok(vec![part(file, config, connection, query.trim().trim_end_matches(';'), None)?]),
        (None, Some(wanted)) => {
            let known = tables(&connection).map_err(|error| failed(&file.display, &error))?;
            let Some(table) = known.iter().find(|table| table.eq_ignore_ascii_case(wanted)) else {
                return Err(no_table(&file.display, wanted, &known));
            };
            Ok(vec![part(file, config, connection, &select(table), Some(table))?])
        }
        (None, None) => {
            let known = tables(&connection).map_err(|error| failed(&file.display, &error))?;
            if known.is_empty() {
                return Err(SourceError::data(&file.display, "the database has no table")
                    .with_hint("check whether the right file was delivered"));
            }
            // Each part reads through a connection of its own, so that their order does not matter.
            known.iter().map(|table| part(file, config, connect(file)?, &select(table), Some(table))).collect()
        }
    }
}

fn select(table: &str) -> String {
    format!("SELECT * FROM {}", quoted(table))
}

/// That a table is not there, with those that are.
pub(crate) fn no_table(display: &str, wanted: &str, known: &[String]) -> SourceError {
    let error = SourceError::data(display, format!("there is no table `{wanted}`"));
    let near = nearest(wanted, known.iter().map(String::as_str))
        .map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    error.with_hint(format!("{near}the tables are {}", known.join(", ")))
}

/// Opens the database for reading only.
pub(crate) fn connect(file: &LocalFile) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let ready = |connection: Connection| {
        connection.busy_timeout(PATIENCE)?;
        // Both the look at the types and the rows must see one state of the database.
        connection.execute_batch("PRAGMA query_only = 1; BEGIN")?;
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
        Ok(connection)
    };
    let error = match Connection::open_with_flags(&file.path, flags).and_then(ready) {
        Ok(connection) => return Ok(connection),
        Err(error) => error,
    };
    // A database with a write-ahead log wants to write beside the file; where it must not, nobody else does.
    let cannot_write =
        matches!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::CannotOpen | rusqlite::ErrorCode::ReadOnly));
    let again = cannot_write.then(|| uri(&file.path)).flatten();
    let again = again.map(|uri| Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI).and_then(ready));
    again.and_then(std::result::Result::ok).ok_or_else(|| failed(&file.display, &error))
}

fn uri(path: &Path) -> Option<String> {
    let mut uri = url::Url::from_file_path(path.canonicalize().ok()?).ok()?;
    uri.set_query(Some("immutable=1"));
    Some(uri.into())
}

/// The tables and views of the user, by name.
pub(crate) fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

/// The declared types of a table's columns.
pub(crate) fn declared(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT type FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid")?;
    statement.query_map([table], |row| Ok(row.get::<_, Option<String>>(0)?.unwrap_or_default()))?.collect()
}

fn part(
    file: &LocalFile,
    config: &SourceConfig,
    connection: Connection,
    statement: &str,
    table: Option<&str>,
) -> Result<Part> {
    let display = &file.display;
    let located = |error: SourceError| match table {
        Some(table) => error.in_sheet(table),
        None => error,
    };
    let database = |error: rusqlite::Error| located(failed(display, &error));
    {
        let prepared = connection.prepare(statement).map_err(database)?;
        if !prepared.readonly() || prepared.column_count() == 0 {
            return Err(
                SourceError::data(display, "from.query is no SELECT").with_hint("write one SELECT that gives the rows")
            );
        }
    }
    let declared = table.map_or(Ok(Vec::new()), |table| declared(&connection, table)).map_err(database)?;
    let columns = Columns::find(&connection, statement, &declared).map_err(database)?;
    if let Some(name) = columns.doubled() {
        let error = SourceError::data(display, format!("the query gives two columns called `{name}`"));
        return Err(located(error.with_hint("give each column a name of its own with AS")));
    }
    let encoding = match config.format.encoding.as_deref() {
        None | Some("auto") => None,
        Some(label) => Some(encoding::by_label(label, display)?),
    };
    let rows = TypedRows::new(display, table.map(str::to_owned), columns.fields())?;
    let schema = Arc::clone(rows.provenance().schema());
    let (name, statement) = (display.clone(), statement.to_owned());
    let batches = produce(move |sink| {
        guarded(&name, || read(&connection, &name, &statement, rows, encoding, sink, |_, _, value| Some(value)))
    });
    Ok(Part { file: display.clone(), sheet: table.map(str::to_owned), schema, rows: batches })
}

/// Reads the rows of a statement. `convert` may replace a value (given its column and the bytes to keep it in);
/// `None` makes the row one with an invalid geometry.
pub(crate) fn read(
    connection: &Connection,
    display: &str,
    statement: &str,
    mut rows: TypedRows,
    encoding: Option<&'static encoding_rs::Encoding>,
    sink: &Sink,
    mut convert: impl for<'a> FnMut(usize, &'a mut Vec<u8>, Value<'a>) -> Option<Value<'a>>,
) -> Result<()> {
    let database = |error: rusqlite::Error| failed(display, &error);
    let mut statement = connection.prepare(statement).map_err(database)?;
    let count = statement.column_count();
    let mut result = statement.query([]).map_err(database)?;
    let (mut number, mut scratch) = (0, Vec::new());
    while let Some(row) = result.next().map_err(database)? {
        number += 1;
        let mut fault = None;
        for column in 0..count {
            let cell = row.get_ref(column).map_err(database)?;
            let text;
            let value = match cell {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(value) => Value::Integer(value),
                ValueRef::Real(value) => Value::Number(value),
                ValueRef::Blob(bytes) => Value::Bytes(bytes),
                ValueRef::Text(bytes) => match decoded(bytes, encoding) {
                    Some(decoded) => {
                        text = decoded;
                        Value::Text(&text)
                    }
                    None => {
                        fault = Some(Reason::Undecodable);
                        break;
                    }
                },
            };
            match convert(column, &mut scratch, value) {
                None => fault = Some(Reason::InvalidGeometry),
                Some(value) if rows.put(value) => continue,
                Some(Value::Bytes(bytes))
                    if std::str::from_utf8(bytes).is_ok_and(|text| rows.put(Value::Text(text))) =>
                {
                    continue;
                }
                Some(_) => fault = Some(Reason::Malformed),
            }
            break;
        }
        match fault {
            None => rows.end(number),
            Some(reason) => rows.fail(number, reason, shown(row, count)),
        }
        if rows.is_full() {
            sink.send(rows.finish()?)?;
        }
    }
    if rows.is_empty() { Ok(()) } else { sink.send(rows.finish()?) }
}

/// Text is UTF-8 unless a program stored its own encoding.
fn decoded<'a>(bytes: &'a [u8], encoding: Option<&'static encoding_rs::Encoding>) -> Option<std::borrow::Cow<'a, str>> {
    match encoding {
        Some(encoding) => encoding.decode_without_bom_handling_and_without_replacement(bytes),
        None => std::str::from_utf8(bytes).ok().map(std::borrow::Cow::Borrowed),
    }
}

/// A row as a person would see it.
fn shown(row: &Row<'_>, count: usize) -> String {
    let cells = (0..count).map(|column| match row.get_ref(column) {
        Ok(ValueRef::Integer(value)) => value.to_string(),
        Ok(ValueRef::Real(value)) => value.to_string(),
        Ok(ValueRef::Text(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        Ok(ValueRef::Blob(bytes)) => format!("({} bytes)", bytes.len()),
        Ok(ValueRef::Null) | Err(_) => String::new(),
    });
    cells.collect::<Vec<_>>().join("\t")
}
