//! A profile as text for a terminal.

use std::fmt::Write;

use jingwei_geo::Crs;

use super::columns::ColumnProfile;
use super::meaning::Meaning;
use super::propose::kind_name;
use super::read::{Profile, SheetProfile, UNKNOWN};

impl Profile {
    /// Aligned text.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = format!("{}: {}", self.file, kind_name(self.kind));
        if let Some(encoding) = &self.encoding {
            let _ = write!(out, ", {encoding}");
        }
        if let Some(delimiter) = self.delimiter {
            let _ = write!(out, ", cut at {delimiter:?}");
        }
        out.push('\n');
        for note in &self.notes {
            let _ = writeln!(out, "note: {note}");
        }
        for sheet in &self.sheets {
            sheet.render(&mut out, self.sheets.len() > 1);
        }
        out
    }
}

impl SheetProfile {
    fn render(&self, out: &mut String, titled: bool) {
        if titled {
            let _ = writeln!(out, "\n{}", self.place());
        }
        let _ = write!(out, "{}{} rows", if self.sampled { "the first " } else { "" }, self.rows);
        if self.unreadable > 0 {
            let _ = write!(out, ", {} that cannot be read", self.unreadable);
        }
        let layout = &self.layout;
        if layout.skip_rows > 0 {
            let _ = write!(out, ", {} title rows", layout.skip_rows);
        }
        if layout.header_rows > 1 {
            let _ = write!(out, ", a header of {} rows", layout.header_rows);
        }
        if !layout.footer.is_empty() {
            let _ = write!(out, ", footers {}", layout.footer.join(" "));
        }
        if !layout.fill_down.is_empty() {
            let _ = write!(out, ", groups in {}", layout.fill_down.join(" "));
        }
        if let Some(key) = &self.key {
            let _ = write!(out, ", key {key}");
        }
        out.push_str("\n\n");
        let head = ["column", "as", "type", "meaning", "empty", "distinct", "fits", "examples"].map(str::to_owned);
        let rows: Vec<[String; 8]> = std::iter::once(head).chain(self.columns.iter().map(cells)).collect();
        let widths: Vec<usize> =
            (0..8).map(|place| rows.iter().map(|row| width(&row[place])).max().unwrap_or_default()).collect();
        for row in &rows {
            let mut text = String::new();
            for (cell, most) in row.iter().zip(&widths) {
                text.push_str(cell);
                text.extend(std::iter::repeat_n(' ', most - width(cell) + 2));
            }
            out.push_str(text.trim_end());
            out.push('\n');
        }
        if let Some(point) = &self.point {
            let _ = writeln!(out, "\n{} and {} are a point in {}: {}", point.x, point.y, point.crs.crs, point.crs.note);
        }
        for column in &self.columns {
            if let Some(crs) = column.crs.as_deref().filter(|crs| *crs != UNKNOWN) {
                let name = Crs::parse(crs).map_or_else(|_| crs.to_owned(), |crs| crs.to_string());
                let _ = writeln!(out, "\n{} is in {name}", column.name);
            }
            if let (None, Some(guess)) = (&column.crs, &column.crs_guess) {
                let _ = writeln!(out, "\n{} seems to be in {}: {}", column.name, guess.crs, guess.note);
            }
        }
    }
}

fn cells(column: &ColumnProfile) -> [String; 8] {
    let fits = match column.meaning {
        Meaning::Text | Meaning::Geometry => String::new(),
        meaning => column.fits.get(&meaning).map_or_else(String::new, |share| percent(*share)),
    };
    [
        column.name.clone(),
        column.clean.clone(),
        column.kind.clone(),
        serde_json::to_value(column.meaning)
            .ok()
            .and_then(|value| value.as_str().map(str::to_owned))
            .unwrap_or_default(),
        percent(column.null_share),
        if column.unique { "unique".to_owned() } else { column.distinct.to_string() },
        fits,
        column.examples.join(", "),
    ]
}

fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.001 { "<0.1 %".to_owned() } else { format!("{:.1} %", share * 100.0) }
}

/// Columns a text takes on a terminal: Chinese characters take two.
fn width(text: &str) -> usize {
    text.chars()
        .map(|character| match character {
            '\u{1100}'..='\u{115F}'
            | '\u{2E80}'..='\u{A4CF}'
            | '\u{AC00}'..='\u{D7A3}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{FE30}'..='\u{FE6F}'
            | '\u{FF00}'..='\u{FF60}'
            | '\u{FFE0}'..='\u{FFE6}'
            | '\u{20000}'..='\u{3FFFD}' => 2,
            _ => 1,
        })
        .sum()
}
