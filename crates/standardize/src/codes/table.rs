//! Reading the table: one row per code and name, kept as places in the text.

use std::ops::Range;

use chrono::NaiveDate;

use super::error::CodesError;

const HEADER: &str = "code,name,level,parent,valid_from,valid_to,successor";

/// A code of at most twelve digits, ordered as its text: every code directly before those below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u64);

impl Code {
    /// A code of 2, 4, 6, 9 or 12 digits.
    pub fn parse(text: &str) -> Option<Self> {
        if !matches!(text.len(), 2 | 4 | 6 | 9 | 12) {
            return None;
        }
        let mut value = 0_u64;
        for byte in text.bytes() {
            if !byte.is_ascii_digit() {
                return None;
            }
            value = value * 10 + u64::from(byte - b'0');
        }
        let padding = u32::try_from(12 - text.len()).ok()?;
        Some(Self(value * 10_u64.pow(padding) * 16 + text.len() as u64))
    }

    /// Number of digits.
    pub const fn len(self) -> usize {
        (self.0 % 16) as usize
    }

    /// The code one level up.
    pub const fn parent(self) -> Option<Self> {
        let (len, unit) = match self.len() {
            12 => (9, 1_000),
            9 => (6, 1_000_000),
            6 => (4, 100_000_000),
            4 => (2, 10_000_000_000),
            _ => return None,
        };
        let digits = self.0 / 16;
        Some(Self((digits - digits % unit) * 16 + len))
    }

    /// Whether `self` lies in `other` or is it.
    pub fn is_within(self, other: Self) -> bool {
        let mut code = self;
        while code.len() > other.len() {
            match code.parent() {
                Some(parent) => code = parent,
                None => return false,
            }
        }
        code == other
    }
}

/// One name of one code over one time.
#[derive(Debug, Clone)]
pub struct Row {
    pub code: Code,
    pub code_text: Range<u32>,
    pub name: Range<u32>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub successor: Option<Code>,
}

impl Row {
    /// Whether the row stands on a day.
    pub fn is_valid_on(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }
}

/// Rows by code and time.
///
/// # Errors
/// The line that does not say what it should.
pub fn read(text: &str) -> Result<Vec<Row>, CodesError> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut offset = text.len() - body.len();
    let mut rows = Vec::with_capacity(body.len() / 40);
    for (place, whole) in body.split_inclusive('\n').enumerate() {
        let line = whole.trim_end_matches(['\n', '\r']);
        if place == 0 {
            if line != HEADER {
                return Err(CodesError::Header(line.chars().take(80).collect()));
            }
        } else if !line.is_empty() {
            rows.push(row(line, offset).map_err(|what| CodesError::Line { line: place + 1, what })?);
        }
        offset += whole.len();
    }
    rows.sort_by_key(|row: &Row| (row.code, row.from));
    Ok(rows)
}

fn row(line: &str, offset: usize) -> Result<Row, String> {
    let mut cells = [""; 7];
    let mut count = 0;
    for cell in line.split(',') {
        if count < cells.len() {
            cells[count] = cell;
        }
        count += 1;
    }
    if count != cells.len() {
        return Err(format!("{count} cells where 7 are expected"));
    }
    let [code, name, level, parent, from, to, successor] = cells;
    let parsed = Code::parse(code).ok_or_else(|| format!("`{code}` is no code of 2, 4, 6, 9 or 12 digits"))?;
    if name.is_empty() {
        return Err(format!("{code} has no name"));
    }
    let expected = super::Level::of_length(code.len()).map_or("", super::Level::name);
    if level != expected {
        return Err(format!("{code} has the length of a {expected}, not of a {level}"));
    }
    if Code::parse(parent) != parsed.parent() {
        return Err(format!("{code} does not lie in `{parent}`"));
    }
    let successor = match successor {
        "" => None,
        text => Some(Code::parse(text).ok_or_else(|| format!("the successor `{text}` is no code"))?),
    };
    let start = u32::try_from(offset).map_err(|_| "the table is larger than 4 GB".to_owned())?;
    let code_end = start + code.len() as u32;
    Ok(Row {
        code: parsed,
        code_text: start..code_end,
        name: code_end + 1..code_end + 1 + name.len() as u32,
        from: day(from)?,
        to: day(to)?,
        successor,
    })
}

fn day(text: &str) -> Result<Option<NaiveDate>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| format!("`{text}` is no day; write it as 2015-11-17"))
}
