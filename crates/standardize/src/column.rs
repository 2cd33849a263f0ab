//! One clean column: where it comes from, how it is read, and what becomes of what cannot be read.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryBuilder, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringArray,
    StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Field, Schema, TimeUnit};
use hashbrown::HashMap;
use jingwei_geo::{Crs, WRITTEN_CRS, geometry_field, to_wkt};
use jingwei_model::Reason;
use jingwei_model::config::{ColumnConfig, OnError, Parser, SourceConfig};

use crate::cells::{Cells, get, joined};
use crate::error::nearest;
use crate::parse::{self, Cell, Pattern, Way};
use crate::report::Report;
use crate::{Context, StandardizeError};

/// A column ready to read.
pub(crate) struct Column {
    place: usize,
    name: String,
    inputs: Vec<usize>,
    parser: Parser,
    pattern: Option<Pattern>,
    way: Option<Way>,
    required: bool,
    on_error: OnError,
    null: Vec<String>,
    map: HashMap<String, String>,
    context: Context,
}

impl fmt::Debug for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Column")
            .field("name", &self.name)
            .field("parser", &self.parser)
            .field("inputs", &self.inputs)
            .finish_non_exhaustive()
    }
}

/// What is to be written for a row.
enum Settled<'a, T> {
    Value(T),
    Null,
    /// The text as it stands.
    Keep(&'a str),
}

impl Column {
    pub fn new(
        place: usize,
        name: &str,
        config: &ColumnConfig,
        source: &SourceConfig,
        raw: &Schema,
        context: &Context,
    ) -> Result<Self, StandardizeError> {
        let setting = |message: String| StandardizeError::Setting { column: name.to_owned(), message };
        if name.starts_with('_') {
            return Err(setting(
                "names that begin with `_` are kept for columns of our own; choose another".to_owned(),
            ));
        }
        let from = config.from.to_vec();
        if from.is_empty() {
            return Err(setting("`from` is empty; name the raw column it is read from".to_owned()));
        }
        if matches!(config.parse, Parser::Point) && from.len() > 2 {
            return Err(setting(format!("a point has two columns or one text, not {}", from.len())));
        }
        let inputs = from.iter().map(|raw_name| find(name, raw_name, raw, context)).collect::<Result<Vec<_>, _>>()?;
        let on_error = config.on_error.unwrap_or(if config.required { OnError::Reject } else { OnError::Null });
        if on_error == OnError::Keep && !keeps(config.parse) {
            return Err(setting(
                "`on_error = \"keep\"` keeps the text, but the column's type is not text; use `null` or `reject`"
                    .to_owned(),
            ));
        }
        let pattern = match &config.pattern {
            Some(_) if !matches!(config.parse, Parser::Date | Parser::Datetime) => {
                return Err(setting("`pattern` belongs to `date` and `datetime` columns only".to_owned()));
            }
            Some(pattern) => Some(Pattern::new(pattern).ok_or_else(|| {
                setting(format!("`{pattern}` is no pattern; write one such as `%m/%d/%Y`, or `excel`"))
            })?),
            None => None,
        };
        let way = matches!(config.parse, Parser::Point | Parser::Geometry)
            .then(|| {
                let written = raw.field(inputs[0]).metadata().get(WRITTEN_CRS);
                let crs = config
                    .crs
                    .as_deref()
                    .or(source.format.crs.as_deref())
                    .or(written.map(String::as_str))
                    .or(context.crs.as_deref());
                Crs::parse(crs.unwrap_or("EPSG:4326"))
                    .and_then(|crs| Way::new(&crs))
                    .map_err(|error| setting(error.to_string()))
            })
            .transpose()?;
        Ok(Self {
            place,
            name: name.to_owned(),
            inputs,
            parser: config.parse,
            pattern,
            way,
            required: config.required,
            on_error,
            null: config.null.clone(),
            map: config.map.iter().map(|(from, to)| (from.clone(), to.clone())).collect(),
            context: context.clone(),
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The clean columns it gives: one, or two where masked values are kept apart.
    pub fn fields(&self) -> Vec<Field> {
        let field = |kind| Field::new(&self.name, kind, true);
        match self.parser {
            Parser::ResidentId | Parser::Phone => {
                vec![field(DataType::Utf8), Field::new(format!("{}_partial", self.name), DataType::Utf8, true)]
            }
            Parser::Date => vec![field(DataType::Date32)],
            Parser::Datetime => vec![field(DataType::Timestamp(TimeUnit::Microsecond, None))],
            Parser::Integer => vec![field(DataType::Int64)],
            Parser::Number => vec![field(DataType::Float64)],
            Parser::Boolean => vec![field(DataType::Boolean)],
            // Wherever it comes from, a clean geometry is in longitude and latitude.
            Parser::Point | Parser::Geometry => vec![geometry_field(&self.name, Some(&Crs::wgs84()))],
            _ => vec![field(DataType::Utf8)],
        }
    }

    /// Reads the column for a whole batch, appending the arrays of [`Self::fields`].
    pub fn read(
        &self,
        cells: &Cells<'_>,
        report: &mut Report,
        out: &mut Vec<ArrayRef>,
    ) -> Result<(), StandardizeError> {
        if let (Parser::Point, Some(way), [x, y]) = (self.parser, &self.way, self.inputs.as_slice()) {
            out.push(self.points(cells.texts(*x)?, cells.texts(*y)?, way, report));
            return Ok(());
        }
        if let (Parser::Geometry | Parser::Point, Some(way), [one]) = (self.parser, &self.way, self.inputs.as_slice()) {
            let array = cells.batch.column(*one);
            if matches!(
                array.data_type(),
                DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_)
            ) {
                out.push(self.shapes(&cast(array, &DataType::Binary)?, way, report));
                return Ok(());
            }
        }
        let several;
        let texts = if let [one] = self.inputs.as_slice() {
            cells.texts(*one)?
        } else {
            let parts = self.inputs.iter().map(|place| cells.texts(*place)).collect::<Result<Vec<_>, _>>()?;
            // A date in three columns is year, month and day.
            let joiner = if self.parser == Parser::Date && parts.len() == 3 { "-" } else { " " };
            several = joined(&parts, joiner);
            &several
        };
        self.values(texts, report, out);
        Ok(())
    }

    fn values(&self, texts: &StringArray, report: &mut Report, out: &mut Vec<ArrayRef>) {
        let rows = texts.len();
        let (zone, pattern) = (self.context.time_zone, self.pattern.as_ref());
        match self.parser {
            Parser::Text => out.push(self.texts(texts, report, parse::text)),
            Parser::Raw => out.push(self.texts(texts, report, |text| Cell::Value(Cow::Borrowed(text)))),
            Parser::Name => out.push(self.texts(texts, report, parse::name)),
            Parser::Address => out.push(self.texts(texts, report, parse::address)),
            Parser::Division => out.push(self.texts(texts, report, parse::division)),
            Parser::CreditCode => {
                out.push(self.texts(texts, report, |text| map(parse::credit_code(text), |code| code.value)))
            }
            Parser::Plate => out.push(self.texts(texts, report, |text| map(parse::plate(text), |plate| plate.value))),
            Parser::Sex => out.push(self.texts(texts, report, parse::sex)),
            Parser::ResidentId => {
                let known = &*self.context.known_division;
                self.partial_texts(
                    texts,
                    report,
                    out,
                    |text| parse::resident_id(text, self.context.today, known),
                    |id, put| put(id.as_str()),
                );
            }
            Parser::Phone => self.partial_texts(texts, report, out, parse::phone, |number, put| put(&number)),
            Parser::Date => {
                let mut builder = Date32Builder::with_capacity(rows);
                let read = |text: &str| map(parse::date(text, zone, pattern), Date32Type::from_naive_date);
                self.fill(texts, report, read, |settled| builder.append_option(value(settled)));
                out.push(Arc::new(builder.finish()));
            }
            Parser::Datetime => {
                let mut builder = TimestampMicrosecondBuilder::with_capacity(rows);
                let read =
                    |text: &str| map(parse::datetime(text, zone, pattern), |time| time.and_utc().timestamp_micros());
                self.fill(texts, report, read, |settled| builder.append_option(value(settled)));
                out.push(Arc::new(builder.finish()));
            }
            Parser::Integer => {
                let mut builder = Int64Builder::with_capacity(rows);
                self.fill(texts, report, parse::integer, |settled| builder.append_option(value(settled)));
                out.push(Arc::new(builder.finish()));
            }
            Parser::Number => {
                let mut builder = Float64Builder::with_capacity(rows);
                self.fill(texts, report, parse::number, |settled| builder.append_option(value(settled)));
                out.push(Arc::new(builder.finish()));
            }
            Parser::Boolean => {
                let mut builder = BooleanBuilder::with_capacity(rows);
                self.fill(texts, report, parse::boolean, |settled| builder.append_option(value(settled)));
                out.push(Arc::new(builder.finish()));
            }
            Parser::Point | Parser::Geometry => {
                let mut builder = BinaryBuilder::new();
                if let Some(way) = &self.way {
                    let point = self.parser == Parser::Point;
                    let read = |text: &str| {
                        if point { parse::point_from_text(text, way) } else { parse::geometry_from_text(text, way) }
                    };
                    self.fill(texts, report, read, |settled| builder.append_option(value(settled)));
                }
                out.push(Arc::new(builder.finish()));
            }
        }
    }

    fn texts<'a, T: AsRef<str>>(
        &'a self,
        texts: &'a StringArray,
        report: &mut Report,
        read: impl Fn(&'a str) -> Cell<T>,
    ) -> ArrayRef {
        let mut builder = StringBuilder::with_capacity(texts.len(), texts.value_data().len());
        self.fill(texts, report, read, |settled| match settled {
            Settled::Value(value) => builder.append_value(value),
            Settled::Keep(text) => builder.append_value(text),
            Settled::Null => builder.append_null(),
        });
        Arc::new(builder.finish())
    }

    /// Two columns: whole values, and those of which a part shows.
    fn partial_texts<'a, T>(
        &'a self,
        texts: &'a StringArray,
        report: &mut Report,
        out: &mut Vec<ArrayRef>,
        read: impl Fn(&'a str) -> Cell<T>,
        write: impl Fn(T, &mut dyn FnMut(&str)),
    ) {
        let mut whole = StringBuilder::with_capacity(texts.len(), texts.value_data().len());
        let mut partial = StringBuilder::new();
        for row in 0..texts.len() {
            let original = get(texts, row);
            let cell = self.given(original).map_or(Cell::Missing, &read);
            if let Cell::Partial(shown) = &cell
                && !self.required
            {
                whole.append_null();
                partial.append_value(shown);
                continue;
            }
            partial.append_null();
            match self.settle(row, cell, original, report) {
                Settled::Value(value) => write(value, &mut |text| whole.append_value(text)),
                Settled::Keep(text) => whole.append_value(text),
                Settled::Null => whole.append_null(),
            }
        }
        out.push(Arc::new(whole.finish()));
        out.push(Arc::new(partial.finish()));
    }

    fn fill<'a, T>(
        &'a self,
        texts: &'a StringArray,
        report: &mut Report,
        read: impl Fn(&'a str) -> Cell<T>,
        mut put: impl FnMut(Settled<'a, T>),
    ) {
        for row in 0..texts.len() {
            let original = get(texts, row);
            let cell = self.given(original).map_or(Cell::Missing, &read);
            put(self.settle(row, cell, original, report));
        }
    }

    fn points(&self, x: &StringArray, y: &StringArray, way: &Way, report: &mut Report) -> ArrayRef {
        let mut builder = BinaryBuilder::with_capacity(x.len(), x.len() * 21);
        for row in 0..x.len() {
            let (east, north) = (self.given(get(x, row)), self.given(get(y, row)));
            let cell = match (east, north) {
                (None, None) => Cell::Missing,
                (east, north) => parse::point(east.unwrap_or_default(), north.unwrap_or_default(), way),
            };
            let settled = if let Cell::Value(point) = cell {
                Some(point)
            } else {
                // The text is only wanted when something is wrong with it.
                let original = format!("{},{}", get(x, row).unwrap_or_default(), get(y, row).unwrap_or_default());
                value(self.settle(row, cell, Some(original.as_str()).filter(|text| *text != ","), report))
            };
            builder.append_option(settled);
        }
        Arc::new(builder.finish())
    }

    fn shapes(&self, array: &ArrayRef, way: &Way, report: &mut Report) -> ArrayRef {
        let shapes = array.as_binary::<i32>();
        let mut builder = BinaryBuilder::with_capacity(shapes.len(), shapes.value_data().len());
        for (row, bytes) in shapes.iter().enumerate() {
            let settled = match bytes.map_or(Cell::Missing, |bytes| parse::geometry_from_bytes(bytes, way)) {
                Cell::Value(value) => Some(value),
                cell => {
                    let original = bytes.map(|bytes| {
                        to_wkt(bytes).unwrap_or_else(|_| format!("{} bytes that are no geometry", bytes.len()))
                    });
                    value(self.settle(row, cell, original.as_deref(), report))
                }
            };
            builder.append_option(settled);
        }
        Arc::new(builder.finish())
    }

    /// The text the parser is to see: trimmed and mapped; `None` for nothing and for what stands for it.
    fn given<'a>(&'a self, original: Option<&'a str>) -> Option<&'a str> {
        let original = original?;
        let text = if self.parser == Parser::Raw { original } else { parse::trimmed(original) };
        if text.is_empty() || self.null.iter().any(|null| null == text) {
            return None;
        }
        if self.map.is_empty() {
            return Some(text);
        }
        Some(self.map.get(text).map_or(text, String::as_str)).filter(|text| !text.is_empty())
    }

    fn settle<'a, T>(
        &self,
        row: usize,
        cell: Cell<T>,
        original: Option<&'a str>,
        report: &mut Report,
    ) -> Settled<'a, T> {
        match cell {
            Cell::Value(value) => Settled::Value(value),
            Cell::Noted(value, reason) => {
                report.note(row, self.place, reason, original.map(str::to_owned));
                Settled::Value(value)
            }
            Cell::Doubtful(value, reason) if self.on_error == OnError::Keep => {
                report.note(row, self.place, reason, original.map(str::to_owned));
                Settled::Value(value)
            }
            Cell::Missing => {
                if self.required {
                    report.reject(row, Some(self.place), Reason::Missing.code(), original.map(str::to_owned));
                }
                Settled::Null
            }
            Cell::Refused(reason) | Cell::Doubtful(_, reason) => self.refuse(row, reason, original, report),
            Cell::Partial(_) => self.refuse(row, Reason::Masked, original, report),
        }
    }

    fn refuse<'a, T>(
        &self,
        row: usize,
        reason: Reason,
        original: Option<&'a str>,
        report: &mut Report,
    ) -> Settled<'a, T> {
        match (self.on_error, original) {
            (OnError::Keep, Some(text)) if keeps_text(self.parser) => {
                report.note(row, self.place, reason, Some(text.to_owned()));
                Settled::Keep(text)
            }
            (OnError::Reject, _) => {
                report.reject(row, Some(self.place), reason.code(), original.map(str::to_owned));
                Settled::Null
            }
            // What is left of the row lacks a value it must have.
            _ if self.required => {
                report.reject(row, Some(self.place), reason.code(), original.map(str::to_owned));
                Settled::Null
            }
            _ => {
                report.note(row, self.place, reason, original.map(str::to_owned));
                Settled::Null
            }
        }
    }
}

/// Whether a refused value can stay in the column: texts can, and so can shapes that are wrong but can be drawn.
const fn keeps(parser: Parser) -> bool {
    keeps_text(parser) || matches!(parser, Parser::Geometry)
}

const fn keeps_text(parser: Parser) -> bool {
    !matches!(
        parser,
        Parser::Date
            | Parser::Datetime
            | Parser::Integer
            | Parser::Number
            | Parser::Boolean
            | Parser::Point
            | Parser::Geometry
    )
}

fn value<T>(settled: Settled<'_, T>) -> Option<T> {
    if let Settled::Value(value) = settled { Some(value) } else { None }
}

fn map<T, U>(cell: Cell<T>, with: impl FnOnce(T) -> U) -> Cell<U> {
    match cell {
        Cell::Value(value) => Cell::Value(with(value)),
        Cell::Noted(value, reason) => Cell::Noted(with(value), reason),
        Cell::Doubtful(value, reason) => Cell::Doubtful(with(value), reason),
        Cell::Partial(shown) => Cell::Partial(shown),
        Cell::Refused(reason) => Cell::Refused(reason),
        Cell::Missing => Cell::Missing,
    }
}

/// The place of a raw column; names are compared without the spaces around them.
fn find(column: &str, wanted: &str, raw: &Schema, context: &Context) -> Result<usize, StandardizeError> {
    let wanted = wanted.trim();
    let exact =
        || raw.fields().iter().enumerate().filter(|(_, field)| field.name().trim() == wanted).map(|(place, _)| place);
    // Files of one source differ in the case of their headers, and the raw table takes those for one column.
    let nearly = || {
        let alike = |name: &str| name.trim().to_lowercase() == wanted.to_lowercase();
        raw.fields().iter().enumerate().filter(move |(_, field)| alike(field.name())).map(|(place, _)| place)
    };
    if exact().count() == 0
        && let (Some(place), 1) = (nearly().next(), nearly().count())
    {
        return Ok(place);
    }
    match exact().count() {
        1 => exact().next().ok_or(StandardizeError::OtherSchema),
        0 => {
            let has = raw
                .fields()
                .iter()
                .map(|field| field.name().clone())
                .filter(|name| !name.starts_with('_'))
                .collect::<Vec<_>>();
            Err(StandardizeError::MissingColumn {
                part: context.part.clone(),
                column: column.to_owned(),
                raw: wanted.to_owned(),
                nearest: nearest(wanted, has.iter().map(String::as_str)),
                has,
            })
        }
        count => Err(StandardizeError::AmbiguousColumn {
            part: context.part.clone(),
            column: column.to_owned(),
            raw: wanted.to_owned(),
            count,
        }),
    }
}
