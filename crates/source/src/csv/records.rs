//! Cuts text into records and fields: quotes, embedded newlines, and lines that are no records at all.

use std::io::Read;

use crate::encoding::TextReader;
use crate::error::{Result, SourceError};

/// No line of a real file is longer.
const LONGEST: usize = 16 << 20;

/// So many stray quotes are recovered from; each may cost a scan of [`LONGEST`] bytes.
const RECOVERIES: usize = 200;

/// Where a field's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    /// Offset in the record's bytes.
    pub start: usize,
    /// End offset.
    pub end: usize,
    /// Whether doubled quotes in it stand for single ones.
    pub escaped: bool,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A record; its bytes and fields are in the reader.
    Record,
    /// A line whose quotes do not close: its bytes are in the reader, it has no fields.
    Misquoted,
    /// Nothing.
    End,
}

/// The records of a text.
#[derive(Debug)]
pub(crate) struct Records {
    text: TextReader,
    file: String,
    delimiter: u8,
    newline: u8,
    buffer: Vec<u8>,
    /// Where the next record begins.
    next: usize,
    /// The current record's bytes, without the line end.
    current: (usize, usize),
    fields: Vec<Field>,
    /// 1-based line on which the current record begins.
    line: i64,
    next_line: i64,
    ended: bool,
    recoveries: usize,
}

enum Scan {
    Record { end: usize, next: usize, lines: i64, misquoted: bool },
    Partial { in_quotes: bool },
}

impl Records {
    /// Reads the first piece, so that [`Self::peek`] has something to show.
    pub fn new(reader: Box<dyn Read + Send>, encoding: Option<&str>, file: &str) -> Result<Self> {
        let mut records = Self {
            text: TextReader::new(reader, encoding, file)?,
            file: file.to_owned(),
            delimiter: b',',
            newline: b'\n',
            buffer: Vec::new(),
            next: 0,
            current: (0, 0),
            fields: Vec::new(),
            line: 1,
            next_line: 1,
            ended: false,
            recoveries: 0,
        };
        records.fill()?;
        if !records.buffer.contains(&b'\n') && records.buffer.contains(&b'\r') {
            records.newline = b'\r';
        }
        Ok(records)
    }

    /// What has been read and not yet cut.
    pub fn peek(&self) -> &[u8] {
        &self.buffer[self.next..]
    }

    /// Whether all of the text is in [`Self::peek`].
    pub const fn ended(&self) -> bool {
        self.ended
    }

    /// Sets the delimiter for the records to come.
    pub const fn set_delimiter(&mut self, delimiter: u8) {
        self.delimiter = delimiter;
    }

    /// The decoder.
    pub const fn text(&self) -> &TextReader {
        &self.text
    }

    /// The current record's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[self.current.0..self.current.1]
    }

    /// The current record's fields.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The line on which the current record begins.
    pub const fn line(&self) -> i64 {
        self.line
    }

    /// Passes over lines above the header, whatever they hold.
    pub fn skip_lines(&mut self, count: usize) -> Result<()> {
        for _ in 0..count {
            loop {
                if let Some(length) = self.peek().iter().position(|byte| *byte == self.newline) {
                    self.next += length + 1;
                    break;
                }
                if self.ended {
                    self.next = self.buffer.len();
                    return Ok(());
                }
                if self.peek().len() > LONGEST {
                    return Err(self.endless());
                }
                self.fill()?;
            }
            self.next_line += 1;
        }
        Ok(())
    }

    fn endless(&self) -> SourceError {
        let error = SourceError::data(&self.file, "the line is longer than 16 MiB").at_row(self.next_line);
        error.with_hint("the file has lost its line ends, or is no text: export it again")
    }

    /// Goes to the next record; lines without any character are passed over.
    pub fn advance(&mut self) -> Result<Next> {
        loop {
            match scan(&self.buffer, self.next, self.ended, self.delimiter, self.newline, &mut self.fields) {
                Scan::Record { end, next, lines, misquoted } => {
                    if misquoted && lines > 1 {
                        return self.recover();
                    }
                    self.current = (self.next, end);
                    (self.line, self.next_line) = (self.next_line, self.next_line + lines);
                    let empty = end == self.next;
                    self.next = next;
                    if !empty {
                        return Ok(if misquoted { Next::Misquoted } else { Next::Record });
                    }
                }
                Scan::Partial { .. } if self.ended && self.next >= self.buffer.len() => return Ok(Next::End),
                Scan::Partial { in_quotes } => {
                    let waiting = self.buffer.len() - self.next;
                    if in_quotes && (self.ended || waiting > LONGEST) {
                        return self.recover();
                    }
                    if waiting > LONGEST {
                        return Err(self.endless());
                    }
                    self.fill()?;
                }
            }
        }
    }

    /// A quote that never closes, or closes in the middle of a word, must not swallow the lines after it:
    /// its line alone is given up.
    fn recover(&mut self) -> Result<Next> {
        let rest = &self.buffer[self.next..];
        let line = rest.iter().position(|byte| *byte == self.newline);
        let (length, next) = match line {
            Some(length) => (length, length + 1),
            None if self.ended => (rest.len(), rest.len()),
            None => return Err(self.endless()),
        };
        self.recoveries += 1;
        if self.recoveries > RECOVERIES {
            let error =
                SourceError::data(&self.file, "quotes that do not close on more than 200 lines").at_row(self.next_line);
            return Err(error.with_hint("export the file again with quotes doubled inside quoted fields"));
        }
        self.current = (self.next, self.next + length);
        self.fields.clear();
        (self.line, self.next_line) = (self.next_line, self.next_line + 1);
        self.next += next;
        Ok(Next::Misquoted)
    }

    fn fill(&mut self) -> Result<()> {
        self.buffer.drain(..self.next);
        self.next = 0;
        let more = self.text.fill(&mut self.buffer).map_err(|error| SourceError::io(&self.file, error))?;
        self.ended = !more;
        Ok(())
    }
}

/// Cuts one record beginning at `from`.
fn scan(bytes: &[u8], from: usize, ended: bool, delimiter: u8, newline: u8, fields: &mut Vec<Field>) -> Scan {
    fields.clear();
    let length = bytes.len();
    let (mut at, mut lines, mut misquoted) = (from, 1, false);
    if at >= length {
        return Scan::Partial { in_quotes: false };
    }
    loop {
        let begin = at;
        let mut field = Field { start: begin - from, end: begin - from, escaped: false };
        if at < length && bytes[at] == b' ' {
            match behind_spaces(bytes, at, ended, delimiter, newline) {
                Opening::Quote(quote) => {
                    at = quote;
                    field.start = quote - from;
                }
                Opening::None => {}
                Opening::Unknown => return Scan::Partial { in_quotes: false },
            }
        }
        let quoted = at < length && bytes[at] == b'"';
        if quoted {
            at += 1;
            field.start += 1;
            loop {
                while at < length && bytes[at] != b'"' {
                    lines += i64::from(bytes[at] == newline);
                    at += 1;
                }
                if at >= length || (at + 1 == length && !ended) {
                    return Scan::Partial { in_quotes: true };
                }
                if at + 1 < length && bytes[at + 1] == b'"' {
                    field.escaped = true;
                    at += 2;
                } else {
                    break;
                }
            }
            field.end = at - from;
            at += 1;
        }
        let tail = at;
        while at < length && bytes[at] != delimiter && bytes[at] != newline {
            at += 1;
        }
        if at >= length && !ended {
            return Scan::Partial { in_quotes: false };
        }
        let last = at >= length || bytes[at] == newline;
        let mut end = at;
        if last && end > tail && bytes[end - 1] == b'\r' {
            end -= 1;
        }
        if quoted {
            misquoted |= bytes[tail..end].iter().any(|byte| *byte != b' ');
        } else {
            field.end = end - from;
        }
        fields.push(field);
        if last {
            return Scan::Record { end, next: (at + 1).min(length), lines, misquoted };
        }
        at += 1;
    }
}

/// What the spaces before a field lead to.
enum Opening {
    /// A quote that opens the field, and where.
    Quote(usize),
    /// A character of the field.
    None,
    /// More bytes are needed to tell.
    Unknown,
}

/// People who write `a, "b"` mean a quoted field. It closes on its line and before the delimiter; otherwise its quotes
/// are characters.
fn behind_spaces(bytes: &[u8], mut at: usize, ended: bool, delimiter: u8, newline: u8) -> Opening {
    let length = bytes.len();
    let unknown = if ended { Opening::None } else { Opening::Unknown };
    while at < length && bytes[at] == b' ' {
        at += 1;
    }
    if at >= length {
        return unknown;
    }
    if bytes[at] != b'"' {
        return Opening::None;
    }
    let quote = at;
    at += 1;
    loop {
        while at < length && bytes[at] != b'"' && bytes[at] != newline {
            at += 1;
        }
        if at >= length || (at + 1 == length && !ended) {
            return unknown;
        }
        if bytes[at] == newline {
            return Opening::None;
        }
        at += 1;
        if at < length && bytes[at] == b'"' {
            at += 1;
        } else {
            break;
        }
    }
    while at < length && matches!(bytes[at], b' ' | b'\r') {
        at += 1;
    }
    match bytes.get(at) {
        Some(byte) if *byte == delimiter || *byte == newline => Opening::Quote(quote),
        None if ended => Opening::Quote(quote),
        None => Opening::Unknown,
        Some(_) => Opening::None,
    }
}

/// Takes doubled quotes apart.
pub(crate) fn unescape(text: &str, into: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find("\"\"") {
        into.push_str(&rest[..=at]);
        rest = &rest[at + 2..];
    }
    into.push_str(rest);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn cells(text: &str) -> Vec<(i64, Option<Vec<String>>)> {
        let mut records = Records::new(Box::new(std::io::Cursor::new(text.as_bytes().to_vec())), None, "f").unwrap();
        let mut out = Vec::new();
        loop {
            match records.advance().unwrap() {
                Next::End => return out,
                Next::Misquoted => out.push((records.line(), None)),
                Next::Record => {
                    let record = std::str::from_utf8(records.bytes()).unwrap();
                    let fields = records.fields().iter().map(|field| {
                        let mut cell = String::new();
                        let raw = &record[field.start..field.end];
                        if field.escaped {
                            unescape(raw, &mut cell)
                        } else {
                            cell.push_str(raw)
                        }
                        cell
                    });
                    out.push((records.line(), Some(fields.collect())));
                }
            }
        }
    }

    fn some(cells: &[&str]) -> Option<Vec<String>> {
        Some(cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn quotes_hold_delimiters_newlines_and_doubled_quotes() {
        let text = "a,b\r\n\"x,\"\"y\"\"\",\"1\n2\"\r\n\r\n3,\n";
        assert_eq!(cells(text), [(1, some(&["a", "b"])), (2, some(&["x,\"y\"", "1\n2"])), (5, some(&["3", ""]))]);
    }

    #[test]
    fn a_quote_that_never_closes_costs_its_own_line_only() {
        assert_eq!(cells("a,\"b\nc,d\ne,f"), [(1, None), (2, some(&["c", "d"])), (3, some(&["e", "f"]))]);
        assert_eq!(cells("a,\"b\nc,\"d\ne,f"), [(1, None), (2, None), (3, some(&["e", "f"]))]);
    }

    #[test]
    fn a_quote_inside_a_word_is_a_character() {
        assert_eq!(cells("5\" pipe,a\n"), [(1, some(&["5\" pipe", "a"]))]);
    }

    #[test]
    fn a_quote_behind_spaces_opens_a_field_where_it_also_closes_one() {
        assert_eq!(cells("a, \"b, \"\"c\"\"\" , d\r\n"), [(1, some(&["a", "b, \"c\"", " d"]))]);
        assert_eq!(cells("a, \"b\""), [(1, some(&["a", "b"]))]);
        assert_eq!(cells("a, \"b\" c\n"), [(1, some(&["a", " \"b\" c"]))]);
        assert_eq!(cells("a, \"b\nc,d\n"), [(1, some(&["a", " \"b"])), (2, some(&["c", "d"]))]);
    }

    #[test]
    fn carriage_returns_alone_end_lines_in_files_without_newlines() {
        assert_eq!(cells("a,b\r1,2\r"), [(1, some(&["a", "b"])), (2, some(&["1", "2"]))]);
    }

    #[test]
    fn a_line_of_gigabytes_is_an_error_and_not_a_buffer() {
        let endless = Box::new(std::io::repeat(b'x').take(2 << 30));
        let mut records = Records::new(endless, None, "f.csv").unwrap();
        let error = records.advance().unwrap_err().to_string();
        assert!(error.contains("f.csv, row 1") && error.contains("16 MiB"), "{error}");
        assert!(records.buffer.capacity() < 4 * LONGEST);
    }

    proptest! {
        #[test]
        fn what_is_written_quoted_is_read_back(rows in prop::collection::vec(prop::collection::vec("[a-z,\"\n一]{1,6}", 3), 1..20)) {
            let mut text = String::new();
            for row in &rows {
                let quoted: Vec<String> = row.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
                text.push_str(&quoted.join(","));
                text.push('\n');
            }
            let read: Vec<_> = cells(&text).into_iter().map(|(_, cells)| cells.unwrap()).collect();
            prop_assert_eq!(read, rows);
        }

        #[test]
        fn every_line_of_any_text_is_cut_without_a_panic(text in "[a\",\n\r]{0,60}") {
            cells(&text);
        }
    }
}
