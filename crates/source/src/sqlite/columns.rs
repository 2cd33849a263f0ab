//! The columns of a table or query, typed by what they declare and by what they hold.
//!
//! `SQLite` lets any column hold any value, so a declaration is a promise that must be checked: a column gets
//! a narrower type than text only when every value fits it.

use arrow::datatypes::{DataType, Field};
use rusqlite::Connection;

/// Columns looked at by one statement; `SQLite` bounds the results of one.
const AT_ONCE: usize = 200;

/// The columns that one statement gives.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    /// Names, in order.
    pub names: Vec<String>,
    /// Their types.
    pub types: Vec<DataType>,
}

/// Kinds of values found in a column.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    integer: bool,
    real: bool,
    text: bool,
    blob: bool,
    /// A whole number other than 0 and 1.
    count: bool,
}

impl Columns {
    /// Looks at every row of `statement` (a SELECT); `declared` are the declared types, where known.
    pub fn find(connection: &Connection, statement: &str, declared: &[String]) -> rusqlite::Result<Self> {
        let names: Vec<String> = connection.prepare(statement)?.column_names().map(str::to_owned).collect();
        let mut types = Vec::with_capacity(names.len());
        // Columns are named by place: names may be doubled or odd.
        let aliases = (0..names.len()).map(|place| format!("c{place}")).collect::<Vec<_>>().join(", ");
        for begin in (0..names.len()).step_by(AT_ONCE) {
            let places = begin..names.len().min(begin + AT_ONCE);
            let looks: Vec<String> = places
                .clone()
                .map(|c| {
                    format!(
                        "max(typeof(c{c}) = 'integer'), max(typeof(c{c}) = 'real'), max(typeof(c{c}) = 'text'), \
                         max(typeof(c{c}) = 'blob'), max(typeof(c{c}) = 'integer' AND c{c} NOT IN (0, 1))"
                    )
                })
                .collect();
            let sql = format!("WITH rows_({aliases}) AS ({statement}) SELECT {} FROM rows_", looks.join(", "));
            let found = connection.query_row(&sql, [], |row| {
                let is =
                    |column: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<bool>>(column)?.unwrap_or_default());
                (0..places.len())
                    .map(|c| {
                        Ok(Found {
                            integer: is(5 * c)?,
                            real: is(5 * c + 1)?,
                            text: is(5 * c + 2)?,
                            blob: is(5 * c + 3)?,
                            count: is(5 * c + 4)?,
                        })
                    })
                    .collect::<rusqlite::Result<Vec<Found>>>()
            })?;
            types.extend(
                places.zip(found).map(|(place, found)| type_of(declared.get(place).map_or("", String::as_str), found)),
            );
        }
        Ok(Self { names, types })
    }

    /// The columns as fields.
    pub fn fields(&self) -> Vec<Field> {
        self.names.iter().zip(&self.types).map(|(name, kind)| Field::new(name, kind.clone(), true)).collect()
    }

    /// A name that occurs twice.
    pub fn doubled(&self) -> Option<&str> {
        let twice = self.names.iter().enumerate().find(|(place, name)| self.names[..*place].contains(name));
        twice.map(|(_, name)| name.as_str())
    }
}

fn type_of(declared: &str, found: Found) -> DataType {
    let declared = declared.to_ascii_uppercase();
    let says = |words: &[&str]| words.iter().any(|word| declared.contains(word));
    match found {
        Found { blob: true, integer: false, real: false, text: false, .. } => DataType::Binary,
        Found { text: true, .. } | Found { blob: true, .. } => DataType::Utf8,
        // Numbers in a column of text: the declaration says how to show them.
        _ if says(&["CHAR", "CLOB", "TEXT", "DATE", "TIME"]) => DataType::Utf8,
        Found { real: true, .. } => DataType::Float64,
        Found { count: false, .. } if says(&["BOOL"]) => DataType::Boolean,
        _ if says(&["REAL", "FLOA", "DOUB"]) => DataType::Float64,
        Found { integer: true, .. } => DataType::Int64,
        _ if says(&["INT"]) => DataType::Int64,
        _ if says(&["NUMERIC", "DECIMAL", "NUMBER"]) => DataType::Float64,
        _ if says(&["BLOB"]) => DataType::Binary,
        _ => DataType::Utf8,
    }
}

/// A name as SQL writes it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
