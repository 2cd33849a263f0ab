//! The `geo` metadata of a GeoParquet file: where a column's bounding boxes are, and the box around all of it.

use datafusion::parquet::file::metadata::ParquetMetaData;
use serde_json::Value;

use crate::join::{Extent, vertices_within};

/// What the file says about one geometry column.
#[derive(Debug, Clone, PartialEq)]
pub struct Covering {
    /// The box around the whole column, when the file tells and it is of two or three dimensions.
    pub bbox: Option<Extent>,
    /// The leaf columns with the boxes' west, south, east and north, when the file has them. None where shapes cross the
    /// antimeridian: their boxes begin east of where they end, and no bound of them leaves anything out.
    pub leaves: Option<[usize; 4]>,
    /// Whether it says that all of the column's geometries are points.
    pub points: bool,
}

impl Covering {
    /// Where the vertices of the file's shapes lie that have a part in `extent`, their lines being arcs of great circles;
    /// `None` where they may lie anywhere.
    pub fn vertices(&self, extent: &Extent) -> Option<Extent> {
        if self.points || extent.is_empty() { Some(*extent) } else { vertices_within(extent, &self.bbox?) }
    }
}

/// Reads what a file says about a geometry column; `None` when it says nothing.
pub fn covering(metadata: &ParquetMetaData, column: &str) -> Option<Covering> {
    let pairs = metadata.file_metadata().key_value_metadata()?;
    let geo = pairs.iter().find(|pair| pair.key == "geo")?.value.as_deref()?;
    let geo: Value = serde_json::from_str(geo).ok()?;
    let of_column = geo.get("columns")?.get(column)?;
    let schema = metadata.file_metadata().schema_descr();
    let leaf = |side: &str| {
        let path = of_column.get("covering")?.get("bbox")?.get(side)?.as_array()?;
        let path = path.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?;
        schema.columns().iter().position(|leaf| leaf.path().parts().iter().map(String::as_str).eq(path.iter().copied()))
    };
    let bbox = of_column.get("bbox").and_then(sides);
    let leaves = match ["xmin", "ymin", "xmax", "ymax"].map(leaf) {
        [Some(west), Some(south), Some(east), Some(north)] if !bbox.is_some_and(|[west, _, east, _]| west > east) => {
            Some([west, south, east, north])
        }
        _ => None,
    };
    let types = of_column.get("geometry_types").and_then(Value::as_array);
    let points = types.is_some_and(|types| !types.is_empty() && types.iter().all(|kind| kind == "Point"));
    Some(Covering { bbox: bbox.and_then(extent), leaves, points })
}

/// West, south, east and north of a box of GeoJSON's order.
fn sides(bbox: &Value) -> Option<[f64; 4]> {
    let numbers = bbox.as_array()?.iter().map(Value::as_f64).collect::<Option<Vec<_>>>()?;
    match numbers[..] {
        [west, south, east, north] | [west, south, _, east, north, _] => Some([west, south, east, north]),
        _ => None,
    }
}

/// A box as an extent. One that crosses the antimeridian (west > east) is none to us.
fn extent([min_x, min_y, max_x, max_y]: [f64; 4]) -> Option<Extent> {
    let extent = Extent { min_x, min_y, max_x, max_y };
    (!extent.is_empty()).then_some(extent)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn boxes_of_two_and_three_dimensions_are_read() {
        let expected = Some(Extent { min_x: 1.0, min_y: 2.0, max_x: 3.0, max_y: 4.0 });
        assert_eq!(sides(&json!([1, 2, 3, 4])).and_then(extent), expected);
        assert_eq!(sides(&json!([1, 2, -5, 3, 4, 5])).and_then(extent), expected);
    }

    #[test]
    fn a_box_over_the_antimeridian_or_out_of_shape_is_not_used() {
        assert_eq!(sides(&json!([170, 2, -170, 4])).and_then(extent), None);
        assert_eq!(sides(&json!([1, 2, 3])), None);
        assert_eq!(sides(&json!("all")), None);
    }
}
