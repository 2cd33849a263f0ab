//! Which character separates the fields.

use jingwei_model::config::{self, FormatKind};

use crate::error::{Result, SourceError};

const USUAL: [u8; 4] = [b',', b'\t', b';', b'|'];

/// Lines looked at.
const LINES: usize = 100;

/// The delimiter: as configured, else by the format, else by the first lines.
pub(super) fn decide(format: &config::Format, kind: FormatKind, sample: &[u8], whole: bool, file: &str) -> Result<u8> {
    if let Some(text) = &format.delimiter {
        return match text.as_str() {
            "\\t" | "tab" => Ok(b'\t'),
            text if text.len() == 1 && text != "\"" && text != "\n" => Ok(text.as_bytes()[0]),
            text => {
                let error = SourceError::data(file, format!("format.delimiter `{text}` is not one ASCII character"));
                Err(error.with_hint("write one of \",\", \"\\t\", \";\" or \"|\""))
            }
        };
    }
    if kind == FormatKind::Tsv {
        return Ok(b'\t');
    }
    Ok(guess(sample, whole, format.skip_rows))
}

/// The usual delimiter of the header by which the sample's lines are cut most evenly, into most fields.
fn guess(sample: &[u8], whole: bool, skip: usize) -> u8 {
    let lines = lines(sample, whole, skip + LINES);
    let lines = lines.get(skip..).unwrap_or_default();
    best(lines, |counts| counts.first().copied().unwrap_or_default())
}

/// The usual delimiter by which most lines are cut alike: titles may stand above the header.
pub(super) fn of_most_lines(sample: &[u8], whole: bool) -> u8 {
    let lines = lines(sample, whole, LINES);
    best(&lines, |counts| {
        let most = counts
            .iter()
            .copied()
            .filter(|count| *count > 0)
            .max_by_key(|count| (counts.iter().filter(|other| *other == count).count(), *count));
        most.filter(|most| counts.iter().filter(|count| *count == most).count() * 2 >= counts.len()).unwrap_or_default()
    })
}

fn lines(sample: &[u8], whole: bool, most: usize) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> =
        sample.split(|byte| matches!(*byte, b'\n' | b'\r')).filter(|line| !line.is_empty()).take(most).collect();
    if lines.len() > 1 && lines.len() < most && !whole {
        lines.pop();
    }
    lines
}

fn best(lines: &[&[u8]], usual: impl Fn(&[usize]) -> usize) -> u8 {
    let mut best = (0, 0, b',');
    for delimiter in USUAL {
        let counts: Vec<usize> = lines.iter().map(|line| count(line, delimiter)).collect();
        let usual = usual(&counts);
        let agreeing = counts.iter().filter(|count| **count == usual).count();
        if usual > 0 && (agreeing, usual) > (best.0, best.1) {
            best = (agreeing, usual, delimiter);
        }
    }
    best.2
}

/// Delimiters of a line outside quotes.
fn count(line: &[u8], delimiter: u8) -> usize {
    let mut quoted = false;
    line.iter()
        .filter(|byte| {
            quoted ^= **byte == b'"';
            **byte == delimiter && !quoted
        })
        .count()
}

/// The delimiter a header of one column seems to have instead.
pub(super) fn other_than(delimiter: u8, header: &str) -> Option<char> {
    let usual = USUAL.iter().filter(|other| **other != delimiter).map(|other| char::from(*other));
    usual.chain(['，', '；', '、']).find(|other| header.contains(*other))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_all_lines_agree_on() {
        assert_eq!(guess(b"a;b;c\n1,5;2,0;3\n1;2,5;3\n", true, 0), b';');
        assert_eq!(guess(b"title, of the file\na\tb\n1\t2\n", true, 1), b'\t');
        assert_eq!(guess(b"a|b\n\"1,2\"|3\n", true, 0), b'|');
        assert_eq!(guess(b"single\n1\n", true, 0), b',');
        assert_eq!(of_most_lines(b"title\n\na;b;c\n1;2;3,5\n", true), b';');
    }

    #[test]
    fn a_delimiter_of_two_characters_is_refused() {
        let format = config::Format { delimiter: Some("||".to_owned()), ..Default::default() };
        assert!(decide(&format, FormatKind::Csv, b"", true, "f").unwrap_err().to_string().contains("`||`"));
    }
}
