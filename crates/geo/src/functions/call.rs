//! One call of a function on a batch: its arguments row by row, and builders of its result.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder, BinaryViewArray, BooleanArray, BooleanBuilder, Float64Array,
    Float64Builder, Int64Array, Int64Builder, LargeBinaryArray, ListBuilder, StringArray, StringBuilder,
};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{DataFusionError, Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use geo::Geometry;

use super::signature::{Argument, Kind};
use crate::crs::{Crs, crs_of};
use crate::wkb::{empty_point, point_of, srid_of, to_finite_geometry, to_geometry, with_srid, write};

/// The arguments of one call.
pub struct Call<'a> {
    name: &'static str,
    args: &'a ScalarFunctionArgs,
    rows: usize,
    geometries: Vec<Option<Geometries>>,
    /// Whether any value carries an SRID of its own.
    flagged: bool,
}

/// A result that is a geometry.
pub enum Shape {
    /// Any geometry.
    Geometry(Geometry),
    /// (E)WKB as it is to be given, with the SRID it has.
    Bytes(Vec<u8>),
    /// `POINT EMPTY`.
    EmptyPoint,
}

impl From<Geometry> for Shape {
    fn from(geometry: Geometry) -> Self {
        Self::Geometry(geometry)
    }
}

impl Shape {
    /// A point, or the empty one.
    pub fn point(coord: Option<geo::Coord>) -> Self {
        coord.map_or(Self::EmptyPoint, |coord| Self::Geometry(Geometry::Point(coord.into())))
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Geometry(geometry) => write(geometry, out),
            Self::Bytes(bytes) => out.extend(bytes),
            Self::EmptyPoint => out.extend(empty_point()),
        }
    }
}

impl<'a> Call<'a> {
    pub fn new(name: &'static str, arguments: &[Argument], args: &'a ScalarFunctionArgs, rows: usize) -> Result<Self> {
        let mut geometries = Vec::with_capacity(args.args.len());
        for (place, argument) in arguments.iter().take(args.args.len()).enumerate() {
            let column = (argument.kind == Kind::Geometry)
                .then(|| Geometries::new(name, &args.args[place], args.arg_fields.get(place)))
                .transpose()?;
            geometries.push(column);
        }
        let flagged = geometries.iter().flatten().any(|column| column.flagged);
        Ok(Self { name, args, rows, geometries, flagged })
    }

    /// How many rows the result has.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Whether values say themselves which coordinate system they are in.
    pub const fn carries_srids(&self) -> bool {
        self.flagged
    }

    /// Whether an argument was written.
    pub fn has(&self, place: usize) -> bool {
        place < self.args.args.len()
    }

    /// An error about one row.
    pub fn error(&self, row: usize, error: impl std::fmt::Display) -> DataFusionError {
        at(self.name, row, &error)
    }

    /// A geometry argument.
    pub fn geometries(&self, place: usize) -> Result<&Geometries> {
        match self.geometries.get(place) {
            Some(Some(column)) => Ok(column),
            _ => exec_err!("{}: argument {} is no geometry", self.name, place + 1),
        }
    }

    pub fn numbers(&self, place: usize) -> Result<Values<Float64Array>> {
        self.values(place, &DataType::Float64, |array| array.as_primitive().clone())
    }

    pub fn integers(&self, place: usize) -> Result<Values<Int64Array>> {
        self.values(place, &DataType::Int64, |array| array.as_primitive().clone())
    }

    pub fn booleans(&self, place: usize) -> Result<Values<BooleanArray>> {
        self.values(place, &DataType::Boolean, |array| array.as_boolean().clone())
    }

    pub fn texts(&self, place: usize) -> Result<Values<StringArray>> {
        self.values(place, &DataType::Utf8, |array| array.as_string::<i32>().clone())
    }

    /// An argument as it came.
    pub fn value(&self, place: usize) -> Option<&ColumnarValue> {
        self.args.args.get(place)
    }

    /// The type an argument came in.
    pub fn data_type(&self, place: usize) -> Option<DataType> {
        self.args.args.get(place).map(ColumnarValue::data_type)
    }

    fn values<T: Array>(&self, place: usize, wanted: &DataType, take: fn(&ArrayRef) -> T) -> Result<Values<T>> {
        let (array, constant) = match self.args.args.get(place) {
            Some(ColumnarValue::Array(array)) => (Arc::clone(array), false),
            Some(ColumnarValue::Scalar(scalar)) => (scalar.to_array_of_size(1)?, true),
            None => return Ok(Values { array: None, constant: true }),
        };
        let array = cast(&array, wanted)?;
        Ok(Values { array: Some(take(&array)), constant })
    }

    /// The SRID the geometries of a row have in common: 0 for none.
    fn srid(&self, row: usize) -> Result<u32> {
        if !self.flagged {
            return Ok(0);
        }
        let mut common = 0;
        for column in self.geometries.iter().flatten() {
            let srid = column.srid(row);
            if common != 0 && srid != 0 && srid != common {
                let name = |srid| Crs::from_srid(srid).map_or_else(|_| srid.to_string(), |crs| crs.to_string());
                return Err(self.error(row, format!("one geometry is in {} and one in {}", name(common), name(srid))));
            }
            if common == 0 {
                common = srid;
            }
        }
        Ok(common)
    }

    pub fn give_numbers(&self, mut kernel: impl FnMut(usize) -> Result<Option<f64>>) -> Result<ArrayRef> {
        let mut out = Float64Builder::with_capacity(self.rows);
        for row in 0..self.rows {
            self.srid(row)?;
            out.append_option(kernel(row)?);
        }
        Ok(Arc::new(out.finish()))
    }

    pub fn give_integers(&self, mut kernel: impl FnMut(usize) -> Result<Option<i64>>) -> Result<ArrayRef> {
        let mut out = Int64Builder::with_capacity(self.rows);
        for row in 0..self.rows {
            self.srid(row)?;
            out.append_option(kernel(row)?);
        }
        Ok(Arc::new(out.finish()))
    }

    pub fn give_booleans(&self, mut kernel: impl FnMut(usize) -> Result<Option<bool>>) -> Result<ArrayRef> {
        let mut out = BooleanBuilder::with_capacity(self.rows);
        for row in 0..self.rows {
            self.srid(row)?;
            out.append_option(kernel(row)?);
        }
        Ok(Arc::new(out.finish()))
    }

    pub fn give_texts(&self, mut kernel: impl FnMut(usize) -> Result<Option<String>>) -> Result<ArrayRef> {
        let mut out = StringBuilder::new();
        for row in 0..self.rows {
            out.append_option(kernel(row)?);
        }
        Ok(Arc::new(out.finish()))
    }

    pub fn give_bytes(&self, mut kernel: impl FnMut(usize) -> Result<Option<Vec<u8>>>) -> Result<ArrayRef> {
        let mut out = BinaryBuilder::new();
        for row in 0..self.rows {
            out.append_option(kernel(row)?);
        }
        Ok(Arc::new(out.finish()))
    }

    /// Geometries in the arguments' system: where the values carry their SRID, so does the result.
    pub fn give_geometries<S: Into<Shape>>(
        &self,
        mut kernel: impl FnMut(usize) -> Result<Option<S>>,
    ) -> Result<ArrayRef> {
        let mut out = BinaryBuilder::with_capacity(self.rows, self.rows * 32);
        let mut buffer = Vec::new();
        let carried = self.result_has_crs();
        for row in 0..self.rows {
            let srid = self.srid(row)?;
            let Some(shape) = kernel(row)? else {
                out.append_null();
                continue;
            };
            let shape = shape.into();
            buffer.clear();
            shape.write(&mut buffer);
            if srid != 0 && !carried && !matches!(shape, Shape::Bytes(_)) {
                out.append_value(with_srid(&buffer, srid));
            } else {
                out.append_value(&buffer);
            }
        }
        Ok(Arc::new(out.finish()))
    }

    /// Lists of geometries.
    pub fn give_lists(&self, mut kernel: impl FnMut(usize) -> Result<Option<Vec<Geometry>>>) -> Result<ArrayRef> {
        let item = match self.args.return_field.data_type() {
            DataType::List(item) => Arc::clone(item),
            other => return exec_err!("{}: gives a list, not {other}", self.name),
        };
        let mut out = ListBuilder::new(BinaryBuilder::new()).with_field(item);
        let mut buffer = Vec::new();
        for row in 0..self.rows {
            let srid = self.srid(row)?;
            let Some(members) = kernel(row)? else {
                out.append_null();
                continue;
            };
            for member in members {
                buffer.clear();
                write(&member, &mut buffer);
                if srid == 0 {
                    out.values().append_value(&buffer)
                } else {
                    out.values().append_value(with_srid(&buffer, srid))
                }
            }
            out.append(true);
        }
        Ok(Arc::new(out.finish()))
    }

    /// Whether the result's column says its coordinate system, so that the values need not.
    pub fn result_has_crs(&self) -> bool {
        crs_of(&self.args.return_field).ok().flatten().is_some()
    }

    /// The coordinate system of a geometry argument at a row: the value's own, else the column's.
    pub fn crs(&self, place: usize, row: usize) -> Result<Option<Crs>> {
        let column = self.geometries(place)?;
        match column.srid(row) {
            0 => Ok(column.crs.clone()),
            srid => Crs::from_srid(srid).map(Some).map_err(|error| self.error(row, error)),
        }
    }
}

/// An error about one row of one function.
pub fn at(name: &str, row: usize, error: &dyn std::fmt::Display) -> DataFusionError {
    DataFusionError::Execution(format!("{name}, row {} of the batch: {error}", row + 1))
}

/// A column of numbers, truth values or texts, or one value for all rows, or an argument left out.
pub struct Values<T> {
    array: Option<T>,
    constant: bool,
}

impl<T: Array> Values<T> {
    fn place(&self, row: usize) -> Option<(&T, usize)> {
        let place = if self.constant { 0 } else { row };
        self.array.as_ref().filter(|array| array.is_valid(place)).map(|array| (array, place))
    }
}

impl Values<Float64Array> {
    pub fn get(&self, row: usize) -> Option<f64> {
        self.place(row).map(|(array, place)| array.value(place))
    }

    /// The value, or another where the argument was left out (null stays null).
    pub fn get_or(&self, row: usize, default: f64) -> Option<f64> {
        if self.array.is_none() { Some(default) } else { self.get(row) }
    }
}

impl Values<Int64Array> {
    pub fn get(&self, row: usize) -> Option<i64> {
        self.place(row).map(|(array, place)| array.value(place))
    }

    pub fn get_or(&self, row: usize, default: i64) -> Option<i64> {
        if self.array.is_none() { Some(default) } else { self.get(row) }
    }
}

impl Values<BooleanArray> {
    pub fn get_or(&self, row: usize, default: bool) -> Option<bool> {
        if self.array.is_none() {
            return Some(default);
        }
        self.place(row).map(|(array, place)| array.value(place))
    }
}

impl Values<StringArray> {
    pub fn get(&self, row: usize) -> Option<&str> {
        self.place(row).map(|(array, place)| array.value(place))
    }
}

/// Bytes in any of the types they come in.
enum Wkb {
    Binary(BinaryArray),
    Large(LargeBinaryArray),
    View(BinaryViewArray),
}

/// A column of WKB, or one value for all rows.
pub struct Geometries {
    name: String,
    values: Wkb,
    constant: bool,
    fixed: Option<Geometry>,
    flagged: bool,
    crs: Option<Crs>,
}

impl Geometries {
    /// A geometry argument of the function `name`.
    pub fn new(name: &str, value: &ColumnarValue, field: Option<&FieldRef>) -> Result<Self> {
        let (array, constant) = match value {
            ColumnarValue::Array(array) => (Arc::clone(array), false),
            ColumnarValue::Scalar(scalar) => (scalar.to_array_of_size(1)?, true),
        };
        let values = match array.data_type() {
            DataType::Binary => Wkb::Binary(array.as_binary().clone()),
            DataType::LargeBinary => Wkb::Large(array.as_binary().clone()),
            DataType::BinaryView => Wkb::View(array.as_binary_view().clone()),
            DataType::FixedSizeBinary(_) | DataType::Null => {
                Wkb::Binary(cast(&array, &DataType::Binary)?.as_binary().clone())
            }
            other => return exec_err!("{name}: {other} is not a geometry (WKB); ST_GeomFromText reads text"),
        };
        let crs = field.and_then(|field| crs_of(field).ok().flatten());
        let places = if constant { 1 } else { array.len() };
        let mut column = Self { name: name.to_owned(), values, constant, fixed: None, flagged: false, crs };
        column.flagged = (0..places).any(|row| column.bytes(row).is_some_and(|bytes| srid_of(bytes) != 0));
        if constant {
            // Bytes that are no geometry are reported when a row asks for them.
            column.fixed = column.bytes(0).and_then(|bytes| to_finite_geometry(bytes).ok());
        }
        Ok(column)
    }

    /// The bytes at a row.
    pub fn bytes(&self, row: usize) -> Option<&[u8]> {
        let place = if self.constant { 0 } else { row };
        match &self.values {
            Wkb::Binary(array) => array.is_valid(place).then(|| array.value(place)),
            Wkb::Large(array) => array.is_valid(place).then(|| array.value(place)),
            Wkb::View(array) => array.is_valid(place).then(|| array.value(place)),
        }
    }

    /// The geometry at a row; its coordinates are finite.
    pub fn get(&self, row: usize) -> Result<Option<Cow<'_, Geometry>>> {
        if let Some(fixed) = &self.fixed {
            return Ok(Some(Cow::Borrowed(fixed)));
        }
        let Some(bytes) = self.bytes(row) else { return Ok(None) };
        to_finite_geometry(bytes)
            .map(|geometry| Some(Cow::Owned(geometry)))
            .map_err(|error| at(&self.name, row, &error))
    }

    /// A yes or no for each geometry of a column that is not constant, null for null: plain points come as coordinates.
    pub fn map_to_booleans(
        &self,
        rows: usize,
        test: impl Fn(Result<(f64, f64), Geometry>) -> bool,
    ) -> Result<ArrayRef> {
        match &self.values {
            Wkb::Binary(array) => self.map(rows, array.nulls(), |row| array.value(row), test),
            Wkb::Large(array) => self.map(rows, array.nulls(), |row| array.value(row), test),
            Wkb::View(array) => self.map(rows, array.nulls(), |row| array.value(row), test),
        }
    }

    fn map<'a>(
        &self,
        rows: usize,
        nulls: Option<&NullBuffer>,
        bytes: impl Fn(usize) -> &'a [u8],
        test: impl Fn(Result<(f64, f64), Geometry>) -> bool,
    ) -> Result<ArrayRef> {
        let mut failed = None;
        let answers = BooleanBuffer::collect_bool(rows, |row| {
            if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                return false;
            }
            let bytes = bytes(row);
            if let Some((x, y)) = point_of(bytes).filter(|(x, y)| x.is_finite() && y.is_finite()) {
                return test(Ok((x, y)));
            }
            match to_finite_geometry(bytes) {
                Ok(geometry) => test(Err(geometry)),
                Err(error) => {
                    failed.get_or_insert_with(|| at(&self.name, row, &error));
                    false
                }
            }
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(Arc::new(BooleanArray::new(answers, nulls.cloned()))),
        }
    }

    /// The geometry at a row, whatever its coordinates.
    pub fn any(&self, row: usize) -> Result<Option<Geometry>> {
        self.bytes(row).map(to_geometry).transpose().map_err(|error| at(&self.name, row, &error))
    }

    /// Whether every row has the same value.
    pub const fn is_constant(&self) -> bool {
        self.constant
    }

    /// The SRID that the value itself carries.
    pub fn srid(&self, row: usize) -> u32 {
        if self.flagged { self.bytes(row).map_or(0, srid_of) } else { 0 }
    }

    /// The coordinate system of the column.
    pub const fn crs(&self) -> Option<&Crs> {
        self.crs.as_ref()
    }
}
