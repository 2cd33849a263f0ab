//! A geocoder out of a table of standard addresses, with or without a column for each level.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use jingwei_link::address::AddressIndex;
use jingwei_model::config::AddressStyle;
use jingwei_model::{Address, Level, Levels};
use jingwei_standardize::address::{AddressParser, KnownCompound, KnownRoad, Parsed};
use jingwei_standardize::codes::Divisions;

use super::plain::PlainIndex;
use super::read::{Row, spell};
use super::texts::Texts;
use super::{Geocoder, Kind, grain};
use crate::error::{EngineError, Result};

/// The columns of a table of standard addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandardColumns {
    /// The id.
    pub id: String,
    /// The spelling; put together from the levels where absent.
    pub text: Option<String>,
    /// Columns of levels.
    pub levels: Vec<(Level, String)>,
    /// WKB points or shapes, EPSG:4326.
    pub geom: Option<String>,
    /// Longitude and latitude.
    pub point: Option<(String, String)>,
}

impl StandardColumns {
    /// Finds them by their names: levels are called as in `base.addresses`; the id is `id`, `address_id` or what is
    /// given.
    ///
    /// # Errors
    /// A table without an id, or with neither levels nor a spelling.
    pub fn of(schema: &Schema, id: Option<&str>, text: Option<&str>) -> Result<Self> {
        let has = |name: &str| schema.fields().iter().any(|field| field.name() == name).then(|| name.to_owned());
        let columns = || schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(", ");
        let ids = id.into_iter().chain(["id", "address_id"]);
        let Some(id) = ids.clone().find_map(has) else {
            return Err(EngineError::usage_with_hint(
                format!("the standard addresses have no column `id` or `address_id`, but {}", columns()),
                "rename one, or name it with --id COLUMN",
            ));
        };
        let levels: Vec<(Level, String)> =
            Level::ALL.into_iter().filter_map(|level| Some((level, has(level.name())?))).collect();
        let text = ["canonical", "address", "text", "标准地址", "地址"].into_iter().chain(text).find_map(has);
        if text.is_none() && levels.is_empty() {
            return Err(EngineError::usage_with_hint(
                format!("the standard addresses have neither levels nor a spelling, but {}", columns()),
                "call the column with the address `canonical`",
            ));
        }
        let point = has("lon").or_else(|| has("longitude")).zip(has("lat").or_else(|| has("latitude")));
        Ok(Self { id, text, levels, geom: has("geom").or_else(|| has("geometry")), point })
    }

    /// The columns to read.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names = vec![self.id.as_str()];
        names.extend(self.text.as_deref());
        names.extend(self.levels.iter().map(|level| level.1.as_str()));
        names.extend(self.geom.as_deref());
        names.extend(self.point.iter().flat_map(|point| [point.0.as_str(), point.1.as_str()]));
        names.dedup();
        names
    }
}

/// Takes a table batch by batch.
#[derive(Debug)]
pub struct GeocoderBuilder {
    style: Option<AddressStyle>,
    columns: StandardColumns,
    index: AddressIndex,
    ids: Texts,
    canonical: Texts,
    levels: Vec<Option<jingwei_standardize::address::Grain>>,
    points: Vec<(f64, f64)>,
    roads: HashSet<String>,
    compounds: HashSet<String>,
}

impl GeocoderBuilder {
    /// A builder for a table with these columns. Without a style, a table whose addresses are written in Chinese
    /// characters has levels and any other has none.
    #[must_use]
    pub fn new(columns: StandardColumns, style: Option<AddressStyle>) -> Self {
        Self {
            style,
            columns,
            index: AddressIndex::new(),
            ids: Texts::default(),
            canonical: Texts::default(),
            levels: Vec::new(),
            points: Vec::new(),
            roads: HashSet::new(),
            compounds: HashSet::new(),
        }
    }

    /// Takes a batch of rows. One without an id or without any address is left out.
    ///
    /// # Errors
    /// A batch without the columns, or with geometry that is none.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = self.columns.clone();
        let texts = |name: &str| text_column(batch, name);
        let ids = texts(&columns.id)?;
        let spelling = columns.text.as_deref().map(texts).transpose()?;
        let levels =
            columns.levels.iter().map(|(level, name)| Ok((*level, texts(name)?))).collect::<Result<Vec<_>>>()?;
        let points = points(batch, &columns)?;
        let has_levels = !levels.is_empty() && self.style != Some(AddressStyle::Plain);
        for (at, point) in points.into_iter().enumerate() {
            if ids.is_null(at) {
                continue;
            }
            let mut row = Row::default();
            for (level, column) in &levels {
                row.set(*level, column.is_valid(at).then(|| column.value(at)));
            }
            let text = spelling.as_ref().filter(|column| column.is_valid(at)).map(|column| column.value(at));
            let grain = grain(&row);
            if grain.is_none() && text.is_none_or(|text| text.trim().is_empty()) {
                continue;
            }
            match text {
                Some(text) => self.canonical.push(text),
                None => self.canonical.push(&spell(&row)),
            }
            self.ids.push(ids.value(at));
            self.levels.push(grain);
            self.points.push(point);
            if has_levels {
                self.learn(&row);
                self.index.add(&row);
            }
        }
        Ok(())
    }

    fn learn(&mut self, address: &impl Levels) {
        for level in [Level::Road, Level::Subroad] {
            if let Some(road) = address.level(level)
                && !self.roads.contains(road)
            {
                self.roads.insert(road.to_owned());
            }
        }
        if let Some(place) = address.level(Level::Poi) {
            let name = format!("{place}{}", address.level(Level::Subpoi).unwrap_or_default());
            if !self.compounds.contains(&name) {
                self.compounds.insert(name);
            }
        }
    }

    /// The geocoder over all rows taken.
    #[must_use]
    pub fn finish(mut self) -> Geocoder {
        let style = self.style.unwrap_or_else(|| style_of(&self.canonical));
        let kind = match style {
            AddressStyle::Plain => Kind::Plain(PlainIndex::new(&self.canonical)),
            AddressStyle::Cn => {
                let home = home_of(&self.canonical);
                if self.columns.levels.is_empty() {
                    self.parse_all(&home);
                }
                let parser = self.taught(&home);
                self.index.shrink();
                Kind::Levels { parser: Arc::new(parser), index: Box::new(self.index) }
            }
        };
        let Self { ids, canonical, levels, points, .. } = self;
        Geocoder { kind, ids, canonical, levels, points, nearest: OnceLock::new() }
    }

    /// Reads the levels out of the spellings: once to learn the names, and again with the parser that knows them.
    fn parse_all(&mut self, home: &AddressParser) {
        let mut parsed = Parsed::default();
        let mut names = std::mem::take(&mut self.canonical);
        for row in 0..names.len() as u32 {
            home.parse(names.get(row), &mut parsed);
            self.learn(&completed(&parsed));
        }
        let parser = self.taught(home);
        for row in 0..names.len() as u32 {
            parser.parse(names.get(row), &mut parsed);
            self.index.add(&completed(&parsed));
            self.levels[row as usize] = parsed.grain();
        }
        std::mem::swap(&mut self.canonical, &mut names);
    }

    /// The parser with the table's own roads and compounds. They carry no place: what a text leaves out is for the index
    /// to find, not for the parser to guess.
    fn taught(&self, home: &AddressParser) -> AddressParser {
        let mut parser = home.clone();
        let mut roads: Vec<&String> = self.roads.iter().collect();
        let mut compounds: Vec<&String> = self.compounds.iter().collect();
        roads.sort_unstable();
        compounds.sort_unstable();
        parser.learn(
            roads.into_iter().map(|name| KnownRoad { name, division: "" }),
            compounds.into_iter().map(|name| KnownCompound { name, division: "", road: None, roadno: None }),
        );
        parser
    }
}

/// What was read, without what the parser only filled in.
fn completed(parsed: &Parsed) -> Address {
    let mut address = Address::default();
    for level in Level::ALL {
        address.set(level, parsed.completed(level).map(str::to_owned));
    }
    address
}

/// Whether addresses are written in Chinese characters, by the first of them.
fn style_of(canonical: &Texts) -> AddressStyle {
    let sample = canonical.len().min(1000) as u32;
    let han = (0..sample)
        .filter(|row| canonical.get(*row).chars().any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character)));
    if han.count() * 2 > sample as usize { AddressStyle::Cn } else { AddressStyle::Plain }
}

/// A parser at home in the city most of the addresses lie in: names that several cities have mean that one's.
fn home_of(canonical: &Texts) -> Arc<AddressParser> {
    const SAMPLE: usize = 500;
    let builtin = AddressParser::builtin();
    let mut parsed = Parsed::default();
    let mut cities: BTreeMap<String, usize> = BTreeMap::new();
    let step = (canonical.len() / SAMPLE).max(1);
    let mut count = 0_usize;
    for row in (0..canonical.len()).step_by(step) {
        builtin.parse(canonical.get(row as u32), &mut parsed);
        count += 1;
        if let Some(city) = parsed.code().get(..4) {
            *cities.entry(city.to_owned()).or_default() += 1;
        }
    }
    match cities.into_iter().max_by(|left, right| left.1.cmp(&right.1).then(right.0.cmp(&left.0))) {
        Some((city, rows)) if rows * 2 > count && (builtin.home().is_empty() || !city.starts_with(builtin.home())) => {
            Arc::new(AddressParser::with_home(Divisions::builtin(), &city))
        }
        _ => Arc::clone(builtin),
    }
}

fn text_column(batch: &RecordBatch, name: &str) -> Result<StringArray> {
    let column = column(batch, name)?;
    let text =
        cast(column, &DataType::Utf8).map_err(|error| EngineError::usage(format!("column `{name}`: {error}")))?;
    Ok(text.as_string::<i32>().clone())
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch.column_by_name(name).ok_or_else(|| EngineError::usage(format!("there is no column `{name}`")))
}

/// A point a row; not a number where there is none.
fn points(batch: &RecordBatch, columns: &StandardColumns) -> Result<Vec<(f64, f64)>> {
    let mut points = vec![(f64::NAN, f64::NAN); batch.num_rows()];
    if let Some((lon, lat)) = &columns.point {
        let number = |name: &str| -> Result<ArrayRef> {
            cast(column(batch, name)?, &DataType::Float64)
                .map_err(|error| EngineError::usage(format!("column `{name}`: {error}")))
        };
        let (lon, lat) = (number(lon)?, number(lat)?);
        let (lon, lat) =
            (lon.as_primitive::<arrow::datatypes::Float64Type>(), lat.as_primitive::<arrow::datatypes::Float64Type>());
        for (at, point) in points.iter_mut().enumerate() {
            if lon.is_valid(at) && lat.is_valid(at) {
                *point = (lon.value(at), lat.value(at));
            }
        }
    }
    if let Some(geom) = &columns.geom
        && let Ok(bytes) = cast(column(batch, geom)?, &DataType::Binary)
    {
        let bytes = bytes.as_binary::<i32>();
        for (at, point) in points.iter_mut().enumerate() {
            if bytes.is_valid(at)
                && let Some(place) = jingwei_geo::representative_point(bytes.value(at))?
            {
                *point = place;
            }
        }
    }
    Ok(points)
}
