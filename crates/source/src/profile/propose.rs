//! A `config/sources/*.toml` that reads the profiled file.

use std::collections::BTreeSet;
use std::fmt::Write;

use jingwei_model::config::{FormatKind, Parser};
use jingwei_model::table::{ColumnType, Table};
use jingwei_model::{Element, Sensitivity};

use super::columns::ColumnProfile;
use super::meaning::Meaning;
use super::read::{Profile, SheetProfile, UNKNOWN};

/// Fewer rows than this are little evidence that a column names them.
const FEW: u64 = 20;

/// A clean column of the proposal.
struct Column {
    name: String,
    from: Vec<String>,
    parser: Parser,
    null: Vec<String>,
    crs: Option<String>,
    pattern: Option<String>,
    note: Option<String>,
}

impl Profile {
    /// A proposed source configuration, with comments: it reads every row of the file and refuses none. Of
    /// several sheets it speaks of the one with most rows.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        let Some(sheet) = self.main() else { return out };
        let together = self.together(sheet);
        let sheet = &together;
        let columns = columns(sheet);
        let stem = self.file.rsplit(['/', '!']).next().unwrap_or(&self.file);
        let stem = stem.split('.').next().unwrap_or(stem);
        line(
            &mut out,
            &format!(
                "# Proposed from {}: {} rows looked at. Read it through before it is used.",
                sheet.place().replace('\n', " "),
                sheet.rows
            ),
        );
        for note in &self.notes {
            line(&mut out, &format!("# {}", note.replace('\n', " ")));
        }
        line(&mut out, &format!("title = {}", quoted(stem)));
        if !stem.is_ascii() {
            line(&mut out, &format!("title_zh = {}", quoted(stem)));
        }
        if let Some(key) = &sheet.key {
            let rows =
                if sheet.rows < FEW { format!("Each of the {} rows", sheet.rows) } else { "Every row".to_owned() };
            line(
                &mut out,
                &format!(
                    "# {rows} looked at has a value of its own here; without a key a row is named by its content."
                ),
            );
            line(&mut out, &format!("key = [{}]", quoted(key)));
        }
        self.write_from_and_format(&mut out, sheet);
        line(&mut out, "\n[columns]");
        for column in &columns {
            if let Some(note) = &column.note {
                line(&mut out, &format!("# {note}"));
            }
            line(&mut out, &column.toml());
        }
        record(&mut out, &columns, sheet);
        out
    }

    /// The sheet with most rows.
    #[must_use]
    pub fn main(&self) -> Option<&SheetProfile> {
        self.sheets.iter().rev().max_by_key(|sheet| sheet.rows)
    }

    /// The sheet, and where all others are like it, what its columns are in all of them.
    fn together(&self, sheet: &SheetProfile) -> SheetProfile {
        let mut all = sheet.clone();
        if !self.sheets.iter().all(|other| other.is_like(sheet)) {
            return all;
        }
        for column in &mut all.columns {
            let like = |other: &&ColumnProfile| other.name.eq_ignore_ascii_case(&column.name) && other.null_share < 1.0;
            let others: Vec<&ColumnProfile> =
                self.sheets.iter().filter_map(|sheet| sheet.columns.iter().find(like)).collect();
            for other in others {
                column.meaning = match (column.meaning, other.meaning) {
                    (one, two) if one == two => one,
                    (one, two) if column.null_share >= 1.0 && one == Meaning::Text => two,
                    (Meaning::Integer | Meaning::Number, Meaning::Integer | Meaning::Number) => Meaning::Number,
                    (Meaning::Date | Meaning::Datetime, Meaning::Date | Meaning::Datetime)
                        if column.pattern.is_none() && other.pattern.is_none() =>
                    {
                        Meaning::Datetime
                    }
                    _ => Meaning::Text,
                };
                if column.null_share >= 1.0 {
                    column.pattern.clone_from(&other.pattern);
                    column.null_share = other.null_share;
                } else if column.pattern != other.pattern {
                    (column.meaning, column.pattern) = (Meaning::Text, None);
                }
                column.names |= other.names;
                for token in &other.null_tokens {
                    if !column.null_tokens.contains(token) {
                        column.null_tokens.push(token.clone());
                    }
                }
            }
        }
        all.key = sheet.key.clone().filter(|key| self.sheets.iter().all(|other| other.key.as_ref() == Some(key)));
        all.rows = self.sheets.iter().map(|sheet| sheet.rows).sum();
        all
    }

    fn write_from_and_format(&self, out: &mut String, sheet: &SheetProfile) {
        line(out, "\n[from]");
        line(out, &format!("path = {}", quoted(&self.path)));
        // Members and sheets of the same columns are one table in several parts.
        let alike = self.sheets.len() > 1 && self.sheets.iter().all(|other| other.is_like(sheet));
        let several = self.sheets.len() > 1 && !alike;
        if alike && sheet.file.contains('!') {
            line(out, &format!("# All {} members have these columns, and are read together.", self.sheets.len()));
        }
        if several && let Some((_, member)) = sheet.file.split_once('!') {
            let others = self.sheets.iter().filter_map(|other| other.file.split_once('!').map(|(_, other)| other));
            let others = others.filter(|other| *other != member).collect::<BTreeSet<_>>();
            let others = others.into_iter().collect::<Vec<_>>().join(", ").replace('\n', " ");
            if !others.is_empty() {
                line(out, &format!("# Not read here, with columns of their own: {others}"));
            }
            line(out, &format!("member = {}", quoted(&glob_escaped(member))));
        }
        let table = matches!(self.kind, FormatKind::Geopackage | FormatKind::Sqlite);
        if table && let Some(name) = &sheet.sheet {
            line(out, &format!("table = {}", quoted(name)));
        }
        let mut format = String::new();
        if crate::archive::kind_of(self.path.trim_end_matches(".gz").trim_end_matches(".zst")) != Some(self.kind)
            && !self.path.to_lowercase().ends_with(".zip")
        {
            line(&mut format, &format!("kind = {}", quoted(kind_name(self.kind))));
        }
        if let Some(encoding) = self.encoding.as_deref().filter(|encoding| *encoding != "utf-8") {
            line(&mut format, &format!("encoding = {}", quoted(encoding)));
        }
        if let Some(delimiter) = self.delimiter.filter(|delimiter| *delimiter != ',') {
            line(&mut format, &format!("delimiter = {}", quoted(&delimiter.to_string())));
        }
        if self.kind == FormatKind::Excel
            && several
            && let Some(name) = &sheet.sheet
        {
            let others = self.sheets.iter().filter_map(|other| other.sheet.as_deref()).filter(|other| other != name);
            let others = others.collect::<Vec<_>>().join(", ").replace('\n', " ");
            line(&mut format, &format!("# Not read here, with columns of their own: {others}"));
            line(&mut format, &format!("sheet = {}", quoted(name)));
        }
        if self.kind == FormatKind::Excel && alike {
            line(
                &mut format,
                &format!("# All {} sheets have these columns, and are read together.", self.sheets.len()),
            );
            line(&mut format, "sheet = \"*\"");
        }
        let layout = &sheet.layout;
        if layout.skip_rows > 0 {
            line(&mut format, &format!("skip_rows = {}", layout.skip_rows));
        }
        let text = matches!(self.kind, FormatKind::Csv | FormatKind::Tsv | FormatKind::Excel);
        if text && layout.header_rows != 1 {
            line(&mut format, &format!("header_rows = {}", layout.header_rows));
        }
        if !layout.footer.is_empty() {
            line(&mut format, &format!("footer = {}", list(&layout.footer)));
        }
        if !layout.fill_down.is_empty() {
            line(&mut format, &format!("fill_down = {}", list(&layout.fill_down)));
        }
        for column in sheet.columns.iter().filter(|column| column.kind == "geometry") {
            if column.crs.as_deref().is_none_or(|crs| crs == UNKNOWN)
                && let Some(guess) = &column.crs_guess
            {
                line(&mut format, &format!("# The file names no coordinate system: {}.", guess.note));
                line(&mut format, &format!("crs = {}", quoted(&guess.crs)));
                break;
            }
        }
        if !format.is_empty() {
            line(out, "\n[format]");
            out.push_str(&format);
        }
    }
}

fn columns(sheet: &SheetProfile) -> Vec<Column> {
    let mut out: Vec<Column> = Vec::new();
    let geometry = sheet.columns.iter().any(|column| column.clean == "geom");
    for column in &sheet.columns {
        if let Some(point) = sheet.point.as_ref().filter(|_| !geometry) {
            if column.name == point.y {
                continue;
            }
            if column.name == point.x {
                out.push(Column {
                    name: "geom".to_owned(),
                    from: vec![point.x.clone(), point.y.clone()],
                    parser: Parser::Point,
                    null: column.null_tokens.clone(),
                    crs: Some(point.crs.crs.clone()),
                    pattern: None,
                    note: Some(format!("{}.", point.crs.note)),
                });
                continue;
            }
        }
        let is_key = sheet.key.as_ref() == Some(&column.clean);
        let parser = match column.meaning {
            // What names something is text, whatever it is made of.
            Meaning::Integer if is_key || column.names => Parser::Text,
            meaning => meaning.parser(),
        };
        out.push(Column {
            name: column.clean.clone(),
            from: vec![column.name.clone()],
            parser,
            null: column.null_tokens.clone(),
            crs: None,
            pattern: column.pattern.clone(),
            note: column.note.clone(),
        });
    }
    out
}

impl Column {
    fn toml(&self) -> String {
        let from = if self.from.len() == 1 { quoted(&self.from[0]) } else { list(&self.from) };
        let mut text = format!("{} = {{ from = {from}", self.name);
        if self.parser != Parser::Text {
            let _ = write!(text, ", parse = {}", quoted(parser_name(self.parser)));
        }
        if !self.null.is_empty() {
            let _ = write!(text, ", null = {}", list(&self.null));
        }
        if let Some(pattern) = &self.pattern {
            let _ = write!(text, ", pattern = {}", quoted(pattern));
        }
        if let Some(crs) = &self.crs {
            let _ = write!(text, ", crs = {}", quoted(crs));
        }
        match sensitivity(&self.name, self.parser) {
            Sensitivity::Open => {}
            Sensitivity::Personal => text.push_str(", sensitivity = \"personal\""),
            Sensitivity::Sensitive => text.push_str(", sensitivity = \"sensitive\""),
        }
        if let [only] = self.from.as_slice()
            && !only.is_ascii()
        {
            let _ = write!(text, ", title_zh = {}", quoted(only));
        }
        text.push_str(" }");
        text
    }

    /// Whether the clean column fits a base column of a type.
    const fn fits(&self, kind: ColumnType) -> bool {
        match kind {
            ColumnType::Text => !matches!(
                self.parser,
                Parser::Date
                    | Parser::Datetime
                    | Parser::Integer
                    | Parser::Number
                    | Parser::Boolean
                    | Parser::Point
                    | Parser::Geometry
            ),
            ColumnType::Integer => matches!(self.parser, Parser::Integer),
            ColumnType::Number => matches!(self.parser, Parser::Integer | Parser::Number),
            ColumnType::Date => matches!(self.parser, Parser::Date),
            ColumnType::Datetime => matches!(self.parser, Parser::Datetime | Parser::Date),
            ColumnType::Boolean => matches!(self.parser, Parser::Boolean),
            ColumnType::Geometry => matches!(self.parser, Parser::Point | Parser::Geometry),
            _ => false,
        }
    }
}

const fn sensitivity(name: &str, parser: Parser) -> Sensitivity {
    match parser {
        Parser::ResidentId | Parser::Phone => Sensitivity::Sensitive,
        Parser::Name | Parser::Address | Parser::Sex | Parser::Plate => Sensitivity::Personal,
        Parser::Date if matches!(name.as_bytes(), b"birth_date") => Sensitivity::Personal,
        _ => Sensitivity::Open,
    }
}

impl SheetProfile {
    /// Whether another sheet has the same columns in the same place, so that one configuration reads both.
    fn is_like(&self, other: &Self) -> bool {
        let names =
            |sheet: &Self| sheet.columns.iter().map(|column| column.name.to_lowercase()).collect::<BTreeSet<_>>();
        self.layout.skip_rows == other.layout.skip_rows
            && self.layout.header_rows == other.layout.header_rows
            && names(self) == names(other)
    }
}

/// What the rows are about, where the columns tell.
fn element(columns: &[Column], sheet: &SheetProfile) -> Option<Element> {
    let has = |name: &str| columns.iter().any(|column| column.name == name);
    let any = |names: &[&str]| names.iter().any(|name| has(name));
    let polygons = sheet.columns.iter().any(|column: &ColumnProfile| {
        column.kind == "geometry"
            && column.examples.first().is_some_and(|example| example.to_uppercase().contains("POLYGON"))
    });
    if has("reported_at") && any(&["category", "ticket_no", "content", "title", "kind"]) {
        Some(Element::Events)
    } else if has("parcel_code") {
        Some(Element::Land)
    } else if has("credit_code") && has("name") {
        Some(Element::Organizations)
    } else if has("name") && (has("resident_id") || (has("phone") && any(&["birth_date", "sex"]))) {
        Some(Element::People)
    } else if any(&["unit_code", "room_no", "floor_area_m2"]) {
        Some(Element::Housing)
    } else if polygons && any(&["code", "grid_code", "division_code"]) {
        Some(Element::Areas)
    } else if has("code") && any(&["kind", "status", "installed_at"]) {
        Some(Element::Objects)
    } else {
        None
    }
}

fn record(out: &mut String, columns: &[Column], sheet: &SheetProfile) {
    let Some(element) = element(columns, sheet) else {
        line(out, "\n# What the rows are about is not plain from the columns. To make entities of them, add e.g.:");
        line(
            out,
            "# [[record]]\n# element = \"people\"   # or land, housing, events, objects, organizations, areas\n# [record.set]\n# name = \"name\"",
        );
        return;
    };
    let table = Table::of(element);
    let mut set: Vec<(&str, &str)> = Vec::new();
    for column in columns {
        if let Some(base) = table.columns.iter().find(|base| base.name == column.name && column.fits(base.kind)) {
            set.push((base.name, &column.name));
            if base.name == "resident_id" {
                set.push(("resident_id_partial", "resident_id_partial"));
            }
        }
    }
    let shape = columns.iter().any(|column| matches!(column.parser, Parser::Point | Parser::Geometry));
    let rest: Vec<String> = columns
        .iter()
        .filter(|column| {
            !set.iter().any(|(_, clean)| *clean == column.name)
                && !matches!(column.parser, Parser::Point | Parser::Geometry)
        })
        .map(|column| column.name.clone())
        .collect();
    line(out, "\n[[record]]");
    line(out, &format!("element = {}", quoted(element.name())));
    if !rest.is_empty() {
        line(out, &format!("attributes = {}", list(&rest)));
    }
    if shape && !set.iter().any(|(base, _)| *base == "geom") {
        line(out, "# The geometry has no place in this element's table.");
    }
    line(out, "\n[record.set]");
    for (base, clean) in set {
        line(out, &format!("{base} = {}", quoted(clean)));
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// A TOML string; a dollar sign would begin a variable.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' => out.push_str("$$"),
            control if control.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

fn list<T: AsRef<str>>(texts: &[T]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", quoted.join(", "))
}

fn glob_escaped(name: &str) -> String {
    glob::Pattern::escape(name)
}

fn parser_name(parser: Parser) -> &'static str {
    match parser {
        Parser::Text => "text",
        Parser::Raw => "raw",
        Parser::Name => "name",
        Parser::ResidentId => "resident_id",
        Parser::CreditCode => "credit_code",
        Parser::Phone => "phone",
        Parser::Plate => "plate",
        Parser::Division => "division",
        Parser::Address => "address",
        Parser::Date => "date",
        Parser::Datetime => "datetime",
        Parser::Integer => "integer",
        Parser::Number => "number",
        Parser::Boolean => "boolean",
        Parser::Sex => "sex",
        Parser::Point => "point",
        Parser::Geometry => "geometry",
    }
}

pub(super) const fn kind_name(kind: FormatKind) -> &'static str {
    match kind {
        FormatKind::Csv => "csv",
        FormatKind::Tsv => "tsv",
        FormatKind::Json => "json",
        FormatKind::Ndjson => "ndjson",
        FormatKind::Geojson => "geojson",
        FormatKind::Excel => "excel",
        FormatKind::Shapefile => "shapefile",
        FormatKind::Geopackage => "geopackage",
        FormatKind::Parquet => "parquet",
        FormatKind::Arrow => "arrow",
        FormatKind::Sqlite => "sqlite",
        FormatKind::Postgres => "postgres",
        FormatKind::Mysql => "mysql",
    }
}
