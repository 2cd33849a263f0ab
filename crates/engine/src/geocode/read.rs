//! What the parser read and what a table's row holds, as the index takes them.

use std::borrow::Cow;

use jingwei_model::{Level, Levels};
use jingwei_standardize::address::Parsed;
use jingwei_standardize::han::fold;

/// A parsed text.
pub struct Read<'a> {
    parsed: &'a Parsed,
    text: &'a str,
}

impl<'a> Read<'a> {
    /// What was read from `text`.
    pub const fn new(parsed: &'a Parsed, text: &'a str) -> Self {
        Self { parsed, text }
    }
}

impl Levels for Read<'_> {
    fn level(&self, level: Level) -> Option<&str> {
        self.parsed.completed(level)
    }

    fn is_inferred(&self, level: Level) -> bool {
        self.parsed.span(level).is_none()
    }

    fn unread(&self) -> &str {
        self.parsed.rest()
    }

    fn written_before(&self, level: Level, out: &mut String) -> bool {
        let starts = Level::ALL.into_iter().filter(|other| *other >= level).filter_map(|other| self.parsed.span(other));
        let end = starts.map(|bytes| bytes.start).min().unwrap_or(self.text.len());
        out.extend(self.text.get(..end).unwrap_or_default().chars().map(fold));
        true
    }
}

/// A row of a table with levels.
#[derive(Debug, Default)]
pub(super) struct Row<'a> {
    levels: [Option<Cow<'a, str>>; 16],
}

impl<'a> Row<'a> {
    /// Sets a level, in simplified characters; blank is none.
    pub fn set(&mut self, level: Level, text: Option<&'a str>) {
        let text = text.map(str::trim).filter(|text| !text.is_empty());
        self.levels[level as usize] = text.map(|text| {
            if text.chars().all(|character| fold(character) == character) {
                Cow::Borrowed(text)
            } else {
                Cow::Owned(text.chars().map(fold).collect())
            }
        });
    }
}

impl Levels for Row<'_> {
    fn level(&self, level: Level) -> Option<&str> {
        self.levels[level as usize].as_deref()
    }
}

/// The spelling of an address out of its levels: a municipality once.
pub(super) fn spell(address: &impl Levels) -> String {
    let mut out = String::new();
    for level in Level::ALL {
        let text = address.level(level).unwrap_or_default();
        if !(level == Level::City && address.level(Level::Prov) == Some(text)) {
            out.push_str(text);
        }
    }
    out
}
