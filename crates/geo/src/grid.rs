//! Regular grids of squares and hexagons over an extent, with the numbering of PostGIS.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryBuilder, Int64Builder, ListArray, StructArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;
use geo::{Coord, LineString, Polygon, Rect};

use crate::crs::geometry_metadata;
use crate::from_geometry;

/// Half the height of a hexagon with edges of length 1.
const HALF_HEIGHT: f64 = 0.866_025_403_784_438_6;

/// The shape of a grid's cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Squares with a corner at (0, 0).
    Square,
    /// Hexagons with flat tops, one around (0, 0); odd columns are half a cell higher.
    Hexagon,
}

/// A cell with its column and row.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Its outline.
    pub polygon: Polygon,
    /// Its column.
    pub i: i64,
    /// Its row.
    pub j: i64,
}

/// The cells that meet an extent, column by column.
///
/// # Errors
/// A size that is no positive number, or more than `most` cells.
pub fn cells(shape: Shape, size: f64, rect: Rect, most: usize) -> Result<Vec<Cell>, String> {
    if !size.is_finite() || size <= 0.0 {
        return Err(format!("a cell's size is greater than 0, not {size}"));
    }
    let (low, high) = (rect.min(), rect.max());
    let guess = ((high.x - low.x) / size + 2.0) * ((high.y - low.y) / size + 2.0);
    if guess > most as f64 {
        return Err(format!("cells of {size} over this extent are about {guess:.0}; {most} is the most"));
    }
    let mut found = Vec::new();
    let floor = |value: f64| value.floor() as i64;
    match shape {
        Shape::Square => {
            for i in floor(low.x / size)..=floor(high.x / size) {
                for j in floor(low.y / size)..=floor(high.y / size) {
                    found.push(Cell { polygon: cell(shape, size, i, j), i, j });
                }
            }
        }
        Shape::Hexagon => {
            let (width, height) = (1.5 * size, 2.0 * HALF_HEIGHT * size);
            let mut first = floor(low.x / width);
            if low.x - first as f64 * width > size {
                first += 1;
            }
            let mut last = (high.x / width).ceil() as i64;
            if last as f64 * width - high.x > size {
                last -= 1;
            }
            for i in first..=last {
                let shift = if i % 2 == 0 { 0.5 } else { 0.0 };
                for j in floor(low.y / height + shift)..=floor(high.y / height + shift) {
                    found.push(Cell { polygon: cell(shape, size, i, j), i, j });
                }
            }
        }
    }
    Ok(found)
}

/// One cell.
#[must_use]
pub fn cell(shape: Shape, size: f64, i: i64, j: i64) -> Polygon {
    let (i, j) = (i as f64, j as f64);
    let corners: Vec<(f64, f64)> = match shape {
        Shape::Square => {
            [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)].map(|(x, y)| (size * (i + x), size * (j + y))).to_vec()
        }
        Shape::Hexagon => {
            let height = 2.0 * HALF_HEIGHT * size;
            let centre = (1.5 * i * size, height * (j + if i % 2.0 == 0.0 { 0.0 } else { 0.5 }));
            [(-1.0, 0.0), (-0.5, -0.5), (0.5, -0.5), (1.0, 0.0), (0.5, 0.5), (-0.5, 0.5)]
                .map(|(x, y)| (centre.0 + size * x, centre.1 + height * y))
                .to_vec()
        }
    };
    let ring = corners.iter().chain(corners.first()).map(|(x, y)| Coord { x: *x, y: *y }).collect();
    Polygon::new(LineString(ring), Vec::new())
}

/// The columns of a grid: geom, i, j.
#[must_use]
pub fn fields() -> Fields {
    Fields::from(vec![
        Field::new("geom", DataType::Binary, true).with_metadata(geometry_metadata(None)),
        Field::new("i", DataType::Int64, true),
        Field::new("j", DataType::Int64, true),
    ])
}

/// The type of a list of cells.
#[must_use]
pub fn list_type() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Struct(fields()), true)))
}

/// Cells as columns.
#[must_use]
pub fn columns(cells: &[Cell]) -> Vec<ArrayRef> {
    let mut geometries = BinaryBuilder::with_capacity(cells.len(), cells.len() * 125);
    let (mut columns, mut rows) = (Int64Builder::with_capacity(cells.len()), Int64Builder::with_capacity(cells.len()));
    for cell in cells {
        geometries.append_value(from_geometry(&geo::Geometry::Polygon(cell.polygon.clone())));
        columns.append_value(cell.i);
        rows.append_value(cell.j);
    }
    vec![Arc::new(geometries.finish()), Arc::new(columns.finish()), Arc::new(rows.finish())]
}

/// Lists of cells, one a row.
///
/// # Errors
/// Columns that do not fit each other, which would be a defect.
pub fn list_array(rows: Vec<Option<Vec<Cell>>>) -> Result<ArrayRef> {
    let valid = NullBuffer::from_iter(rows.iter().map(Option::is_some));
    let lengths = rows.iter().map(|cells| cells.as_ref().map_or(0, Vec::len)).collect::<Vec<_>>();
    let all = rows.into_iter().flatten().flatten().collect::<Vec<_>>();
    let items = StructArray::try_new(fields(), columns(&all), None)?;
    let field = Arc::new(Field::new_list_field(DataType::Struct(fields()), true));
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(field, offsets, Arc::new(items), Some(valid))?))
}
