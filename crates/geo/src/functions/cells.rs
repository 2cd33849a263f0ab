//! Cells of the world: geohash and H3.

use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use geo::{BoundingRect, Coord, Geometry, LineString, Point, Polygon};
use h3o::{CellIndex, LatLng, Resolution};

use super::call::Call;
use super::coordinates::box_ring;
use super::frame::{Function, Gives};
use super::measures::point_at;
use super::sphere::check_degrees;
use crate::crs::Crs;
use crate::geohash;

/// Rings around a cell: 1000 of them are three million cells.
const MOST_RINGS: i64 = 1000;

pub fn functions() -> Vec<ScalarUDF> {
    let mut functions = geohashes();
    functions.extend(h3());
    functions
}

fn geohashes() -> Vec<ScalarUDF> {
    vec![
        Function::new(
            "ST_GeoHash",
            "geom geometry, [length integer]",
            Gives::Text,
            "The geohash of a point in so many characters (20 unless told otherwise); of other geometries, the characters that hold all of the extent.",
            |call| {
                let (column, lengths) = (call.geometries(0)?, call.integers(1)?);
                call.give_texts(|row| {
                    let Some((geometry, length)) = column.get(row)?.zip(lengths.get_or(row, 0)) else { return Ok(None) };
                    let Some(rect) = geometry.bounding_rect() else { return Ok(None) };
                    check_degrees(call, row, &geometry)?;
                    let asked = usize::try_from(length).unwrap_or(0).min(geohash::FULL);
                    let length = match (asked, rect.min() == rect.max()) {
                        (0, true) => geohash::FULL,
                        (0, false) => geohash::common_length(rect),
                        (asked, _) => asked,
                    };
                    let centre = if rect.min() == rect.max() { rect.min() } else { rect.center() };
                    Ok(Some(geohash::encode(centre, length)))
                })
            },
        )
        .example("ST_GeoHash(ST_Point(116.4, 39.9), 8)", "wx4fbxxf")
        .udf(),
        Function::new("ST_PointFromGeoHash", "hash text", Gives::Geometry, "The centre of a geohash's cell, in EPSG:4326.", |call| {
            let hashes = call.texts(0)?;
            call.give_geometries(|row| {
                let Some(hash) = hashes.get(row) else { return Ok(None) };
                let cell = geohash::decode(hash).ok_or_else(|| call.error(row, format!("`{hash}` is no geohash")))?;
                Ok(Some(Geometry::Point(Point(cell.center()))))
            })
        })
        .crs(|_| Ok(Some(Crs::wgs84())))
        .example("ST_AsText(ST_PointFromGeoHash('wx4g0s8q'), 6)", "POINT(116.389675 39.928179)")
        .differs("no SRID there.")
        .udf(),
        Function::new("ST_GeomFromGeoHash", "hash text", Gives::Geometry, "A geohash's cell as a polygon, in EPSG:4326.", |call| {
            let hashes = call.texts(0)?;
            call.give_geometries(|row| {
                let Some(hash) = hashes.get(row) else { return Ok(None) };
                let cell = geohash::decode(hash).ok_or_else(|| call.error(row, format!("`{hash}` is no geohash")))?;
                Ok(Some(box_ring(cell.min(), cell.max())))
            })
        })
        .crs(|_| Ok(Some(Crs::wgs84())))
        .example(
            "ST_AsText(ST_GeomFromGeoHash('wx4g'))",
            "POLYGON((116.3671875 39.90234375,116.3671875 40.078125,116.71875 40.078125,116.71875 39.90234375,116.3671875 39.90234375))",
        )
        .differs("the vertices run clockwise from the south-west; no SRID there.")
        .udf(),
    ]
}

fn h3() -> Vec<ScalarUDF> {
    vec![
        Function::new(
            "h3_latlng_to_cell",
            "point geometry, resolution integer",
            Gives::Text,
            "The H3 cell of a resolution (0 to 15) that holds a point in longitude and latitude, as hexadecimal text.",
            |call| {
                let (column, resolutions) = (call.geometries(0)?, call.integers(1)?);
                call.give_texts(|row| {
                    let Some((point, resolution)) = point_at(call, column, row)?.zip(resolutions.get(row)) else {
                        return Ok(None);
                    };
                    let place = LatLng::new(point.y, point.x).map_err(|error| call.error(row, error))?;
                    Ok(Some(place.to_cell(resolution_at(call, row, resolution)?).to_string()))
                })
            },
        )
        .example("h3_latlng_to_cell(ST_Point(116.4, 39.9), 8)", "8831aa4287fffff")
        .udf(),
        Function::new(
            "h3_cell_to_geometry",
            "cell text",
            Gives::Geometry,
            "The centre of an H3 cell, in EPSG:4326.",
            |call| {
                let cells = call.texts(0)?;
                call.give_geometries(|row| {
                    let Some(cell) = cells.get(row) else { return Ok(None) };
                    let centre = LatLng::from(cell_at(call, row, cell)?);
                    Ok(Some(Geometry::Point(Point(Coord { x: centre.lng(), y: centre.lat() }))))
                })
            },
        )
        .crs(|_| Ok(Some(Crs::wgs84())))
        .example("h3_latlng_to_cell(h3_cell_to_geometry('8831aa4287fffff'), 8)", "8831aa4287fffff")
        .udf(),
        Function::new(
            "h3_cell_to_boundary_geometry",
            "cell text",
            Gives::Geometry,
            "An H3 cell as a polygon, in EPSG:4326. Cells across the antimeridian have longitudes beyond 180.",
            |call| {
                let cells = call.texts(0)?;
                call.give_geometries(|row| {
                    let Some(cell) = cells.get(row) else { return Ok(None) };
                    let cell = cell_at(call, row, cell)?;
                    let mut ring = cell
                        .boundary()
                        .iter()
                        .map(|corner| Coord { x: corner.lng(), y: corner.lat() })
                        .collect::<Vec<_>>();
                    let first = ring.first().map_or(0.0, |coord| coord.x);
                    for coord in &mut ring {
                        // The nearest of the longitudes that mean the same.
                        coord.x += 360.0 * ((first - coord.x) / 360.0).round();
                    }
                    ring.extend(ring.first().copied());
                    Ok(Some(Geometry::Polygon(Polygon::new(LineString(ring), Vec::new()))))
                })
            },
        )
        .crs(|_| Ok(Some(Crs::wgs84())))
        .example("ST_NPoints(h3_cell_to_boundary_geometry('8831aa4287fffff'))", "7")
        .udf(),
        Function::new(
            "h3_cell_to_parent",
            "cell text, resolution integer",
            Gives::Text,
            "The cell of a coarser resolution that an H3 cell belongs to.",
            |call| {
                let (cells, resolutions) = (call.texts(0)?, call.integers(1)?);
                call.give_texts(|row| {
                    let Some((cell, resolution)) = cells.get(row).zip(resolutions.get(row)) else { return Ok(None) };
                    let cell = cell_at(call, row, cell)?;
                    let parent = cell.parent(resolution_at(call, row, resolution)?);
                    let finer =
                        || call.error(row, format!("{cell} has no parent of resolution {resolution}, which is finer"));
                    Ok(Some(parent.ok_or_else(finer)?.to_string()))
                })
            },
        )
        .example("h3_get_resolution(h3_cell_to_parent('8831aa4287fffff', 6))", "6")
        .udf(),
        Function::new(
            "h3_get_resolution",
            "cell text",
            Gives::Integer,
            "The resolution of an H3 cell, 0 to 15.",
            |call| {
                let cells = call.texts(0)?;
                call.give_integers(|row| {
                    let Some(cell) = cells.get(row) else { return Ok(None) };
                    Ok(Some(i64::from(u8::from(cell_at(call, row, cell)?.resolution()))))
                })
            },
        )
        .example("h3_get_resolution('8831aa4287fffff')", "8")
        .udf(),
        Function::new(
            "h3_grid_disk",
            "cell text, k integer",
            Gives::Other(arrow::datatypes::DataType::List(std::sync::Arc::new(
                arrow::datatypes::Field::new_list_field(arrow::datatypes::DataType::Utf8, true),
            ))),
            "The H3 cells at most k steps away, the cell itself first, as a list for `unnest`.",
            |call| {
                let (cells, steps) = (call.texts(0)?, call.integers(1)?);
                let mut out = arrow::array::ListBuilder::new(arrow::array::StringBuilder::new());
                for row in 0..call.rows() {
                    let Some((cell, k)) = cells.get(row).zip(steps.get(row)) else {
                        out.append_null();
                        continue;
                    };
                    if !(0..=MOST_RINGS).contains(&k) {
                        return Err(call.error(row, format!("k is between 0 and {MOST_RINGS}, not {k}")));
                    }
                    let disk = cell_at(call, row, cell)?.grid_disk::<Vec<_>>(u32::try_from(k).unwrap_or(0));
                    disk.into_iter().for_each(|cell| out.values().append_value(cell.to_string()));
                    out.append(true);
                }
                Ok(std::sync::Arc::new(out.finish()))
            },
        )
        .example("cardinality(h3_grid_disk('8831aa4287fffff', 1))", "7")
        .udf(),
    ]
}

fn resolution_at(call: &Call, row: usize, resolution: i64) -> Result<Resolution> {
    let known = u8::try_from(resolution).ok().and_then(|resolution| Resolution::try_from(resolution).ok());
    known.ok_or_else(|| call.error(row, format!("an H3 resolution is between 0 and 15, not {resolution}")))
}

fn cell_at(call: &Call, row: usize, text: &str) -> Result<CellIndex> {
    text.parse().map_err(|_| call.error(row, format!("`{text}` is no H3 cell")))
}
