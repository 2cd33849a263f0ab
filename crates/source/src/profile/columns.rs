//! What each column holds: gathered value by value.

use std::collections::{BTreeMap, HashSet};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use jingwei_geo::WRITTEN_CRS;
use jingwei_model::hash::hash64;
use serde::Serialize;

use super::crs::{CrsGuess, Range};
use super::dictionary;
use super::meaning::{Meaning, NULLS, Tally};
use super::written::{Order, WrittenDates};

/// Values whose form is looked at; the rest is only counted.
const LOOKED_AT: u64 = 20_000;

/// Examples shown.
const EXAMPLES: usize = 3;

/// Characters of an example that are shown.
const MOST: usize = 24;

/// What a column holds.
#[derive(Debug, Clone, Serialize)]
pub struct ColumnProfile {
    /// Its name in the file.
    pub name: String,
    /// The name proposed for the clean column.
    pub clean: String,
    /// The type the file gives it.
    pub kind: String,
    /// What its values are.
    pub meaning: Meaning,
    /// The share of rows without a value, tokens such as 无 included.
    pub null_share: f64,
    /// Different values in the rows read.
    pub distinct: u64,
    /// Whether every row has a value of its own.
    pub unique: bool,
    /// Tokens that stand for no value.
    pub null_tokens: Vec<String>,
    /// The share of values that fit each form.
    pub fits: BTreeMap<Meaning, f64>,
    /// Some values, hidden where they speak of a person.
    pub examples: Vec<String>,
    /// The coordinate system the file names for a geometry.
    pub crs: Option<String>,
    /// The system its coordinates speak for.
    pub crs_guess: Option<CrsGuess>,
    /// Empty cells seem to repeat the value above.
    pub fill_down: bool,
    /// The pattern of dates that do not begin with their year.
    pub pattern: Option<String>,
    /// What the proposal should say beside.
    pub note: Option<String>,
    /// Whether its numbers name something and count nothing.
    pub names: bool,
}

/// Gathers a column's values.
pub(super) struct Gather {
    name: String,
    clean: String,
    hint: Option<Meaning>,
    kind: DataType,
    crs: Option<String>,
    rows: u64,
    nulls: u64,
    tokens: BTreeMap<&'static str, u64>,
    distinct: HashSet<u64>,
    filled: u64,
    first_filled: bool,
    tally: Tally,
    examples: Vec<String>,
    pub range: Range,
}

impl Gather {
    /// For a column of a part.
    pub fn new(field: &Field, clean: String, hint: Option<Meaning>) -> Self {
        Self {
            name: field.name().clone(),
            clean,
            hint,
            kind: field.data_type().clone(),
            crs: field.metadata().get(WRITTEN_CRS).cloned(),
            rows: 0,
            nulls: 0,
            tokens: BTreeMap::new(),
            distinct: HashSet::new(),
            filled: 0,
            first_filled: false,
            tally: Tally::default(),
            examples: Vec::new(),
            range: Range::default(),
        }
    }

    /// Takes a batch's values; `readable` says which rows could be read.
    pub fn add(&mut self, column: &ArrayRef, readable: &[bool]) {
        if let Some(bytes) = column.as_binary_opt::<i32>() {
            for (value, _) in bytes.iter().zip(readable).filter(|(_, readable)| **readable) {
                self.geometry(value);
            }
        } else if let Some(texts) = column.as_string_opt::<i32>() {
            for (value, _) in texts.iter().zip(readable).filter(|(_, readable)| **readable) {
                self.text(value);
            }
        } else {
            let options = FormatOptions::default();
            let Ok(formatter) = ArrayFormatter::try_new(column, &options) else { return };
            for row in (0..column.len()).filter(|row| readable[*row]) {
                let text = column.is_valid(row).then(|| formatter.value(row).to_string());
                self.text(text.as_deref());
            }
        }
    }

    fn text(&mut self, value: Option<&str>) {
        self.rows += 1;
        let Some(text) = value.map(str::trim).filter(|text| !text.is_empty()) else {
            self.nulls += 1;
            return;
        };
        if let Some(token) = NULLS.iter().find(|token| **token == text) {
            *self.tokens.entry(token).or_default() += 1;
        }
        self.first_filled |= self.rows == 1;
        self.filled += 1;
        let new = self.distinct.insert(hash64(text.as_bytes()));
        if self.filled <= LOOKED_AT && !NULLS.contains(&text) {
            self.tally.add(text);
        }
        if new && self.examples.len() < EXAMPLES {
            self.examples.push(text.to_owned());
        }
        if let Ok(number) = text.parse::<f64>() {
            self.range.add(number, number);
        }
    }

    fn geometry(&mut self, value: Option<&[u8]>) {
        self.rows += 1;
        let Some(bytes) = value else {
            self.nulls += 1;
            return;
        };
        self.filled += 1;
        self.distinct.insert(hash64(bytes));
        if let Ok(Some(bounds)) = jingwei_geo::bounds(bytes) {
            self.range.add(bounds.min().x, bounds.min().y);
            self.range.add(bounds.max().x, bounds.max().y);
        }
        if self.examples.is_empty()
            && let Ok(text) = jingwei_geo::to_wkt(bytes)
        {
            self.examples.push(text);
        }
    }

    /// Numbers of the column as a range, for pairs of coordinates.
    pub fn numbers(&self) -> Range {
        self.range
    }

    /// The order that the column's dates are written in, where they tell.
    pub fn order(&self) -> Option<Order> {
        self.tally.written().and_then(WrittenDates::order)
    }

    /// Dates that do not begin with the year: what they are, by which pattern, and what is not certain. `order` is what
    /// the other columns say.
    fn written(&self, order: Option<Order>) -> Option<(Meaning, Option<String>, Option<String>)> {
        let written = self.tally.written()?;
        let Some(order) = written.order().or(order) else {
            let note = "Dates, but nothing tells whether the month or the day comes first: add `parse = \"date\"` and \
                        `pattern = \"%m/%d/%Y\"` or `\"%d/%m/%Y\"`.";
            return Some((Meaning::Text, None, Some(note.to_owned())));
        };
        let Some(pattern) = written.pattern(order) else {
            let note = "Dates that are written in several ways, which no one pattern reads.";
            return Some((Meaning::Text, None, Some(note.to_owned())));
        };
        let meaning = if written.is_timed() { Meaning::Datetime } else { Meaning::Date };
        Some((meaning, Some(pattern), None))
    }

    /// The verdict. `order` is the one of the sheet's dates, where any column tells.
    pub fn finish(self, place: usize, groups: bool, order: Option<Order>) -> ColumnProfile {
        let geometry = self.kind == DataType::Binary;
        let mut meaning = if geometry { Meaning::Geometry } else { self.tally.verdict(self.hint) };
        let (mut pattern, mut note) = (None, None);
        if !geometry && let Some(written) = self.written(order) {
            (meaning, pattern, note) = written;
        }
        // 无 is a word where it says whether there is something.
        let tokens: Vec<String> = match meaning {
            Meaning::Boolean => Vec::new(),
            _ => self
                .tokens
                .iter()
                .filter(|(token, _)| !(**token == "无" && self.distinct.len() <= 3))
                .map(|(token, _)| (*token).to_owned())
                .collect(),
        };
        let missing = self.nulls + tokens.iter().filter_map(|token| self.tokens.get(token.as_str())).sum::<u64>();
        let personal =
            meaning.is_personal() || self.tally.share(Meaning::ResidentId) > 0.05 || self.tally.calls() > 0.05;
        let names = dictionary::names_something(&self.clean, &self.name) || self.tally.is_of_one_length();
        let distinct = self.distinct.len() as u64;
        let fill_down = groups
            && place < 3
            && self.first_filled
            && distinct == self.filled
            && self.nulls >= self.filled
            && distinct > 1
            && meaning == Meaning::Text;
        ColumnProfile {
            clean: self.clean,
            kind: kind_name(&self.kind).to_owned(),
            meaning,
            null_share: if self.rows == 0 { 0.0 } else { missing as f64 / self.rows as f64 },
            distinct,
            unique: self.rows > 0 && missing == 0 && distinct == self.rows,
            null_tokens: tokens,
            fits: self.tally.shares(),
            examples: self.examples.iter().map(|example| shown(example, meaning, personal)).collect(),
            crs_guess: if geometry { self.range.guess() } else { None },
            crs: self.crs,
            fill_down,
            pattern,
            note,
            names,
            name: self.name,
        }
    }
}

const fn kind_name(kind: &DataType) -> &'static str {
    match kind {
        DataType::Int64 => "integer",
        DataType::Float64 => "number",
        DataType::Boolean => "boolean",
        DataType::Date32 => "date",
        DataType::Timestamp(..) => "timestamp",
        DataType::Binary => "geometry",
        _ => "text",
    }
}

/// An example that tells the form and not the person.
fn shown(example: &str, meaning: Meaning, personal: bool) -> String {
    let characters: Vec<char> =
        example.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    if personal {
        let kept = match meaning {
            Meaning::Name => 1,
            Meaning::Address => characters.len().min(6),
            _ => characters.len() / 4,
        };
        return characters
            .iter()
            .take(MOST)
            .enumerate()
            .map(|(place, character)| if place < kept { *character } else { '*' })
            .collect();
    }
    let mut text: String = characters.iter().take(MOST).collect();
    if characters.len() > MOST {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_persons_are_hidden() {
        assert_eq!(shown("张三丰", Meaning::Name, true), "张**");
        assert_eq!(shown("13800138000", Meaning::Phone, true), "13*********");
        assert_eq!(shown("工单", Meaning::Text, false), "工单");
    }
}
