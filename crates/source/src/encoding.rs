//! Text out of bytes: UTF-8, UTF-16 and the Chinese encodings, decided by the bytes and verified row by row.

use std::io::{self, Read};

use encoding_rs::{BIG5, CoderResult, Decoder, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use crate::error::{Result, SourceError};

/// Bytes read at a time; also the sample an encoding is decided on.
const CHUNK: usize = 1 << 20;

enum State {
    /// Nothing read yet.
    Start(Option<&'static Encoding>),
    /// ASCII so far: any encoding may follow.
    Undecided,
    /// Passed on as they are; whoever takes rows out verifies them.
    Utf8,
    /// Decoded; what cannot be decoded becomes U+FFFD.
    Decoding(Box<Decoder>),
}

/// Reads bytes as UTF-8.
pub(crate) struct TextReader {
    inner: Box<dyn Read + Send>,
    state: State,
    encoding: &'static Encoding,
    chunk: Vec<u8>,
    suspect: Vec<u8>,
    done: bool,
}

impl std::fmt::Debug for TextReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextReader").field("encoding", &self.encoding.name()).finish_non_exhaustive()
    }
}

impl TextReader {
    /// Reads in the configured encoding; without one, or with `auto`, in the one the bytes speak for.
    /// A byte order mark outranks both.
    pub fn new(inner: Box<dyn Read + Send>, configured: Option<&str>, file: &str) -> Result<Self> {
        let encoding = match configured.map(str::trim) {
            None | Some("" | "auto") => None,
            Some(label) => Some(by_label(label, file)?),
        };
        Ok(Self {
            inner,
            state: State::Start(encoding),
            encoding: encoding.unwrap_or(UTF_8),
            chunk: Vec::new(),
            suspect: Vec::new(),
            done: false,
        })
    }

    /// Whether U+FFFD in the text stands for bytes that could not be decoded.
    pub const fn replaces(&self) -> bool {
        matches!(self.state, State::Decoding(_))
    }

    /// The encoding's name in lower case; UTF-8 while nothing but ASCII was seen.
    pub fn encoding(&self) -> String {
        self.encoding.name().to_ascii_lowercase()
    }

    /// Appends the next piece of text; false at the end.
    pub fn fill(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        if self.done {
            return Ok(false);
        }
        if matches!(self.state, State::Utf8) {
            // The buffer of whoever asks is filled directly.
            let count = (&mut self.inner).take(CHUNK as u64).read_to_end(out)?;
            self.done = count < CHUNK;
            return Ok(count > 0);
        }
        self.chunk.clear();
        let count = (&mut self.inner).take(CHUNK as u64).read_to_end(&mut self.chunk)?;
        self.done = count < CHUNK;
        let mut skip = 0;
        if let State::Start(configured) = self.state {
            match Encoding::for_bom(&self.chunk) {
                Some((encoding, length)) => {
                    if configured.is_some_and(|configured| configured != encoding) {
                        tracing::warn!("the byte order mark says {}: it outranks format.encoding", encoding.name());
                    }
                    skip = length;
                    self.settle(encoding);
                }
                None => match configured {
                    Some(encoding) => self.settle(encoding),
                    None => self.state = State::Undecided,
                },
            }
        }
        let whole = self.done;
        if matches!(self.state, State::Undecided)
            && let Some(first) = self.chunk.iter().position(|byte| !byte.is_ascii() || *byte == 0)
        {
            // From the beginning of the line, so that the sample holds whole characters.
            let start = self.chunk[..first].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            self.settle(guess(&self.chunk[start..], whole));
        }
        let fresh = &self.chunk[skip..];
        match &mut self.state {
            State::Decoding(decoder) => {
                let mut rest = fresh;
                let mut bad = false;
                loop {
                    let room = decoder.max_utf8_buffer_length(rest.len()).unwrap_or(rest.len() * 3 + 16);
                    let from = out.len();
                    out.resize(from + room, 0);
                    let (result, read, written, replaced) = decoder.decode_to_utf8(rest, &mut out[from..], whole);
                    out.truncate(from + written);
                    bad |= replaced;
                    rest = &rest[read..];
                    if result == CoderResult::InputEmpty {
                        break;
                    }
                }
                if bad && self.suspect.is_empty() {
                    self.suspect = fresh.to_vec();
                }
            }
            _ => out.extend_from_slice(fresh),
        }
        Ok(count > 0)
    }

    fn settle(&mut self, encoding: &'static Encoding) {
        self.encoding = encoding;
        self.state = if encoding == UTF_8 {
            State::Utf8
        } else {
            State::Decoding(Box::new(encoding.new_decoder_without_bom_handling()))
        };
    }

    /// The encoding in which the bytes that failed would all be text.
    fn suggestion(&self, failed: &[u8]) -> Option<&'static str> {
        let sample = if self.suspect.is_empty() { failed } else { &self.suspect };
        [UTF_8, GB18030, BIG5]
            .into_iter()
            .filter(|encoding| *encoding != self.encoding)
            .find(|encoding| bad_lines(encoding, sample) == 0)
            .map(Encoding::name)
    }
}

/// The encoding a label names, as the web knows them.
pub(crate) fn by_label(label: &str, file: &str) -> Result<&'static Encoding> {
    // GB18030 reads everything the older two can hold.
    let label = label.trim();
    let known = match label.to_ascii_lowercase().as_str() {
        "gbk" | "gb2312" | "cp936" | "gb18030" => Some(GB18030),
        other => Encoding::for_label(other.as_bytes()),
    };
    known.ok_or_else(|| {
        let error = SourceError::data(file, format!("format.encoding `{label}` is no encoding"));
        error.with_hint("the usual ones are utf-8, gb18030 (also for GBK and GB2312), big5 and utf-16le")
    })
}

/// The encoding of a sample that is not ASCII; `whole` when nothing follows it.
pub(crate) fn guess(sample: &[u8], whole: bool) -> &'static Encoding {
    let zeros = |parity: usize| sample.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let half = sample.len() / 2;
    if half > 8 {
        let (even, odd) = (zeros(0), zeros(1));
        if odd * 5 > half && even * 20 < half {
            return UTF_16LE;
        }
        if even * 5 > half && odd * 20 < half {
            return UTF_16BE;
        }
    }
    match std::str::from_utf8(sample) {
        Ok(text) => return utf8_or_lookalike(sample, text),
        Err(error) if error.error_len().is_none() && !whole => {
            let valid = &sample[..error.valid_up_to()];
            return std::str::from_utf8(valid).map_or(UTF_8, |text| utf8_or_lookalike(valid, text));
        }
        Err(_) => {}
    }
    if bad_lines(UTF_8, sample) <= bad_lines(GB18030, sample) { UTF_8 } else { GB18030 }
}

/// GBK text of a few characters may happen to be valid UTF-8; it then consists of two-byte sequences
/// of Greek, Cyrillic and the like, which no such file holds without any Chinese character.
fn utf8_or_lookalike(sample: &[u8], text: &str) -> &'static Encoding {
    let mut foreign = text.chars().filter(|character| !character.is_ascii()).peekable();
    let lookalike = foreign.peek().is_some() && foreign.all(|character| ('\u{100}'..'\u{800}').contains(&character));
    if lookalike && bad_lines(GB18030, sample) == 0 { GB18030 } else { UTF_8 }
}

/// Lines that are not text in an encoding; the last one may be cut.
fn bad_lines(encoding: &'static Encoding, sample: &[u8]) -> usize {
    let mut lines: Vec<&[u8]> = sample.split(|byte| *byte == b'\n').collect();
    if lines.len() > 1 {
        lines.pop();
    }
    lines
        .into_iter()
        .filter(|line| encoding.decode_without_bom_handling_and_without_replacement(line).is_none())
        .count()
}

/// Counts the rows that could not be decoded, and says when it is the encoding that is wrong.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    rows: u64,
    bad: u64,
}

/// So many undecodable rows may be accidents.
const ACCIDENTS: u64 = 20;

impl Damage {
    /// A row that could be decoded.
    pub fn good(&mut self) {
        self.rows += 1;
    }

    /// A row that could not: an error when they are too many to be accidents.
    pub fn bad(&mut self, raw: &[u8], text: &TextReader, file: &str, row: i64) -> Result<()> {
        self.rows += 1;
        self.bad += 1;
        let many =
            if self.rows <= 1000 { self.bad > ACCIDENTS } else { self.bad > ACCIDENTS && self.bad * 100 > self.rows };
        if many { Err(self.error(raw, text, file, row)) } else { Ok(()) }
    }

    /// The verdict over the whole part: in a short one, half of the rows are too many.
    pub fn end(&self, raw: &[u8], text: &TextReader, file: &str, row: i64) -> Result<()> {
        if self.bad > 1 && self.bad * 2 > self.rows { Err(self.error(raw, text, file, row)) } else { Ok(()) }
    }

    fn error(&self, raw: &[u8], text: &TextReader, file: &str, row: i64) -> SourceError {
        let message = format!("{} of {} rows are not text in the encoding {}", self.bad, self.rows, text.encoding());
        let hint = match text.suggestion(raw) {
            Some(name) => {
                format!("the bytes are text in {0}: set format.encoding = \"{0}\"", name.to_ascii_lowercase())
            }
            None => "set format.encoding to the one the file was written in, or export it as UTF-8".to_owned(),
        };
        SourceError::data(file, message).at_row(row).with_hint(hint)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8], configured: Option<&str>) -> (String, String) {
        let mut reader = TextReader::new(Box::new(io::Cursor::new(bytes.to_vec())), configured, "f").unwrap();
        let mut out = Vec::new();
        while reader.fill(&mut out).unwrap() {}
        (String::from_utf8_lossy(&out).into_owned(), reader.encoding())
    }

    #[test]
    fn byte_order_marks_are_read_and_taken_away() {
        assert_eq!(read(b"\xEF\xBB\xBFname", None), ("name".to_owned(), "utf-8".to_owned()));
        assert_eq!(read(b"\xFF\xFEa\0\x2D\x4E", None).0, "a中");
        assert_eq!(read(b"\xFE\xFF\0a\x4E\x2D", None).0, "a中");
        assert_eq!(read(b"\xEF\xBB\xBF\xE4\xB8\xAD", Some("gb18030")).0, "中");
    }

    #[test]
    fn gb18030_is_recognised_even_after_a_megabyte_of_ascii() {
        let mut bytes = b"x,y\n".repeat(CHUNK / 2);
        bytes.extend_from_slice(&GB18030.encode("张三,朝阳区\n").0);
        let (text, encoding) = read(&bytes, None);
        assert!(text.ends_with("张三,朝阳区\n"));
        assert_eq!(encoding, "gb18030");
    }

    #[test]
    fn characters_outside_gbk_are_read_in_gb18030() {
        // 㐀, 𠮷 and 囍 as the standard encodes them.
        let bytes = [0x81, 0x39, 0xEE, 0x39, 0x95, 0x34, 0xB2, 0x35, 0x87, 0xD6];
        assert_eq!(read(&bytes, Some("gbk")).0, "㐀𠮷囍");
    }

    #[test]
    fn short_gbk_text_that_looks_like_utf8_is_not_taken_for_it() {
        // 通 is CD A8 in GBK, and also one Greek letter in UTF-8.
        assert_eq!(read(b"name\n\xCD\xA8\n", None).0, "name\n通\n");
        assert_eq!(read("26 °C, 5 m²\n".as_bytes(), None).0, "26 °C, 5 m²\n");
    }

    #[test]
    fn utf16_without_a_mark_is_recognised() {
        let bytes: Vec<u8> = "name,address\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&bytes, None).0, "name,address\n1,2\n");
    }

    #[test]
    fn an_unknown_encoding_names_the_usual_ones() {
        let error = by_label("gbx", "f.csv").unwrap_err().to_string();
        assert!(error.contains("gbx") && error.contains("gb18030"), "{error}");
    }

    proptest! {
        #[test]
        fn text_of_any_chinese_file_comes_back_whatever_its_encoding(lines in prop::collection::vec("[a-z0-9,]{0,9}[一-龥]{2,9}", 1..40)) {
            let text = lines.join("\n");
            prop_assert_eq!(&read(text.as_bytes(), None).0, &text);
            prop_assert_eq!(&read(&GB18030.encode(&text).0, Some("gb18030")).0, &text);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            read(&bytes, None);
        }
    }
}
