//! Walks through a JSON document of any size and hands out the records of one array in it.

use std::io::Read;

use crate::encoding::TextReader;
use crate::error::{Result, SourceError};

/// No record of a real document is larger.
const LARGEST: usize = 128 << 20;

/// Nesting at which a document is taken for an attack on the stack.
const DEEPEST: usize = 64;

/// What a walk meets.
pub(crate) trait Visitor {
    /// A record, in order, with its 1-based number.
    fn record(&mut self, number: i64, raw: &[u8], text: &TextReader) -> Result<()>;

    /// Whether a member of the document beside the records is wanted.
    fn wants(&self, _key: &str) -> bool {
        false
    }

    /// A wanted member beside the records.
    fn member(&mut self, _key: &str, _raw: &[u8]) {}
}

/// A document being read.
#[derive(Debug)]
pub(crate) struct Scanner {
    text: TextReader,
    file: String,
    buffer: Vec<u8>,
    at: usize,
    ended: bool,
    records: i64,
}

impl Scanner {
    /// Of a text.
    pub fn new(reader: Box<dyn Read + Send>, encoding: Option<&str>, file: &str) -> Result<Self> {
        let text = TextReader::new(reader, encoding, file)?;
        Ok(Self { text, file: file.to_owned(), buffer: Vec::new(), at: 0, ended: false, records: 0 })
    }

    /// Whether there is nothing but white space.
    pub fn is_empty(&mut self) -> Result<bool> {
        Ok(self.peek()?.is_none())
    }

    /// Walks to the array at `pointer`, hands out its elements, and reads the rest of the document. An
    /// object there is one record. False when there is nothing at `pointer`.
    pub fn walk(&mut self, pointer: &[String], visitor: &mut dyn Visitor) -> Result<bool> {
        let found = self.descend(pointer, visitor, true)?;
        if self.peek()?.is_some() {
            let hint = "one object a line is read with format.kind = \"ndjson\"";
            return Err(SourceError::data(&self.file, "the document goes on after its end").with_hint(hint));
        }
        Ok(found)
    }

    fn descend(&mut self, pointer: &[String], visitor: &mut dyn Visitor, top: bool) -> Result<bool> {
        let Some((wanted, deeper)) = pointer.split_first() else { return self.records(visitor).map(|()| true) };
        let mut found = false;
        match self.peek()? {
            Some(b'{') => {
                let mut raw = Vec::new();
                self.at += 1;
                while let Some(key) = self.key()? {
                    if key == *wanted {
                        found |= self.descend(deeper, visitor, false)?;
                    } else if top && visitor.wants(&key) {
                        raw.clear();
                        self.value(Some(&mut raw))?;
                        visitor.member(&key, &raw);
                    } else {
                        self.value(None)?;
                    }
                }
            }
            Some(b'[') => {
                self.at += 1;
                let mut index = 0_usize;
                while self.element()? {
                    if *wanted == index.to_string() {
                        found |= self.descend(deeper, visitor, false)?;
                    } else {
                        self.value(None)?;
                    }
                    index += 1;
                }
            }
            _ => self.value(None)?,
        }
        Ok(found)
    }

    fn records(&mut self, visitor: &mut dyn Visitor) -> Result<()> {
        let mut raw = Vec::new();
        if self.peek()? != Some(b'[') {
            self.value(Some(&mut raw))?;
            self.records += 1;
            return visitor.record(self.records, &raw, &self.text);
        }
        self.at += 1;
        while self.element()? {
            raw.clear();
            self.records += 1;
            self.value(Some(&mut raw))?;
            visitor.record(self.records, &raw, &self.text)?;
        }
        Ok(())
    }

    /// The pointers of all arrays of objects in the document's outer levels.
    pub fn arrays(&mut self) -> Result<Vec<Vec<String>>> {
        let mut found = Vec::new();
        self.explore(&mut Vec::new(), &mut found)?;
        Ok(found)
    }

    fn explore(&mut self, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> Result<()> {
        match self.peek()? {
            Some(b'{') if path.len() < 3 => {
                self.at += 1;
                while let Some(key) = self.key()? {
                    path.push(key);
                    self.explore(path, found)?;
                    path.pop();
                }
            }
            Some(b'[') => {
                self.at += 1;
                let mut first = true;
                while self.element()? {
                    if std::mem::take(&mut first) && self.peek()? == Some(b'{') {
                        found.push(path.clone());
                    }
                    self.value(None)?;
                }
            }
            _ => self.value(None)?,
        }
        Ok(())
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Result<Option<u8>> {
        loop {
            while let Some(byte) = self.buffer.get(self.at) {
                if !byte.is_ascii_whitespace() {
                    return Ok(Some(*byte));
                }
                self.at += 1;
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Reads on to the next key of an object and behind its colon; `None` behind the object's end.
    fn key(&mut self) -> Result<Option<String>> {
        if self.peek()? == Some(b',') {
            self.at += 1;
        }
        match self.peek()? {
            Some(b'}') => {
                self.at += 1;
                Ok(None)
            }
            Some(b'"') => {
                let mut raw = Vec::new();
                self.value(Some(&mut raw))?;
                if self.peek()? != Some(b':') {
                    return Err(self.broken("a key without a value"));
                }
                self.at += 1;
                Ok(Some(serde_json::from_slice(&raw).unwrap_or_else(|_| String::from_utf8_lossy(&raw).into_owned())))
            }
            Some(_) => Err(self.broken("something else than a key in an object")),
            None => Err(self.cut_short()),
        }
    }

    /// Reads on to the next element of an array; false behind the array's end.
    fn element(&mut self) -> Result<bool> {
        if self.peek()? == Some(b',') {
            self.at += 1;
        }
        match self.peek()? {
            Some(b']') => {
                self.at += 1;
                Ok(false)
            }
            Some(b',' | b':' | b'}') => Err(self.broken("something else than a value in an array")),
            Some(_) => Ok(true),
            None => Err(self.cut_short()),
        }
    }

    /// Reads one value, whose text is kept if wanted. Only its extent is checked.
    fn value(&mut self, mut keep: Option<&mut Vec<u8>>) -> Result<()> {
        if self.peek()?.is_none() {
            return Err(self.cut_short());
        }
        let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
        loop {
            let start = self.at;
            let mut finished = false;
            while let Some(byte) = self.buffer.get(self.at).copied() {
                if in_string {
                    self.at += 1;
                    if escaped {
                        escaped = false;
                    } else if byte == b'\\' {
                        escaped = true;
                    } else if byte == b'"' {
                        in_string = false;
                        finished = depth == 0;
                    }
                } else {
                    match byte {
                        b'"' => in_string = true,
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' | b',' | b':' if depth == 0 => {
                            finished = true;
                            break;
                        }
                        b'}' | b']' => {
                            depth -= 1;
                            finished = depth == 0;
                        }
                        _ if depth == 0 && byte.is_ascii_whitespace() => finished = true,
                        _ => {}
                    }
                    self.at += 1;
                }
                if finished {
                    break;
                }
            }
            if depth > DEEPEST {
                return Err(self.broken("more than 64 levels"));
            }
            if let Some(keep) = keep.as_deref_mut() {
                if keep.len() + self.at - start > LARGEST {
                    return Err(self.broken("a record larger than 128 MiB"));
                }
                keep.extend_from_slice(&self.buffer[start..self.at]);
            }
            if finished {
                return Ok(());
            }
            if !self.fill()? {
                // A number may end with the document.
                return if depth == 0 && !in_string { Ok(()) } else { Err(self.cut_short()) };
            }
        }
    }

    fn fill(&mut self) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        self.buffer.drain(..self.at);
        self.at = 0;
        let more = self.text.fill(&mut self.buffer).map_err(|error| SourceError::io(&self.file, error))?;
        self.ended = !more;
        Ok(more)
    }

    fn broken(&self, what: &str) -> SourceError {
        let error = SourceError::data(&self.file, format!("the document is not JSON: {what}"));
        let error = if self.records > 0 { error.at_row(self.records) } else { error };
        error.with_hint("export the file again; a text editor does not help here")
    }

    fn cut_short(&self) -> SourceError {
        let error = SourceError::data(&self.file, "the document ends in the middle");
        let error = if self.records > 0 { error.at_row(self.records) } else { error };
        error.with_hint("the file is cut short: fetch or export it again")
    }
}
