//! `ST_Transform(geom, from, to)`: from one coordinate system to another, by code or name.

use std::sync::Arc;

use arrow::array::BinaryBuilder;
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::ScalarUDF;
use geo::{Coord, MapCoords};

use super::args::{at, geometry, text};
use super::geometry_function::{Gives, function};
use crate::{Crs, GeoError, Transformer, from_geometry};

/// The function.
pub fn udf() -> ScalarUDF {
    function("st_transform", 3, 3, Gives::Geometry, |args| {
        let (column, from, to) = (geometry(args, 0, "ST_Transform")?, text(args, 1)?, text(args, 2)?);
        let mut prepared: Option<((String, String), Transformer)> = None;
        let mut out = BinaryBuilder::new();
        for row in 0..args.number_rows {
            let (Some(geometry), Some(from), Some(to)) =
                (column.geometry("ST_Transform", row)?, from.text(row), to.text(row))
            else {
                out.append_null();
                continue;
            };
            let same = prepared.as_ref().is_some_and(|((a, b), _)| a == from && b == to);
            if !same {
                let way =
                    way(from, to).map_err(|error| DataFusionError::Execution(format!("ST_Transform: {error}")))?;
                prepared = Some(((from.to_owned(), to.to_owned()), way));
            }
            let Some((_, way)) = &prepared else { continue };
            let moved = geometry.try_map_coords(|coord| way.transform(coord.x, coord.y).map(|(x, y)| Coord { x, y }));
            let moved = moved.map_err(|error| at("ST_Transform", row, &error))?;
            out.append_value(from_geometry(&moved));
        }
        Ok(Arc::new(out.finish()))
    })
}

fn way(from: &str, to: &str) -> Result<Transformer, GeoError> {
    Transformer::new(&Crs::parse(from)?, &Crs::parse(to)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use arrow::util::pretty::pretty_format_batches;
    use datafusion::prelude::SessionContext;

    async fn ask(sql: &str) -> Result<String, String> {
        let context = SessionContext::new();
        crate::register(&context);
        let batches = context
            .sql(sql)
            .await
            .map_err(|error| error.to_string())?
            .collect()
            .await
            .map_err(|error| error.to_string())?;
        Ok(pretty_format_batches(&batches)
            .unwrap()
            .to_string()
            .lines()
            .nth(3)
            .unwrap()
            .trim_matches(['|', ' '])
            .to_owned())
    }

    #[tokio::test]
    async fn functions_answer_in_sql_whatever_their_case() {
        assert_eq!(ask("SELECT ST_AsText(st_point(1, 2))").await.unwrap(), "POINT(1 2)");
        assert_eq!(
            ask("SELECT st_contains(ST_GeomFromText('POLYGON((0 0,4 0,4 4,0 4,0 0))'), st_point(1, 1))").await.unwrap(),
            "true"
        );
        assert_eq!(
            ask("SELECT st_within(st_point(0, 1), ST_GeomFromText('POLYGON((0 0,4 0,4 4,0 4,0 0))'))").await.unwrap(),
            "false"
        );
        assert_eq!(ask("SELECT st_area(st_makeenvelope(0, 0, 2, 3))").await.unwrap(), "6.0");
        assert_eq!(
            ask("SELECT round(st_distancesphere(st_point(116.4, 39.9), st_point(116.4, 40.0)))").await.unwrap(),
            "11120.0"
        );
        assert_eq!(ask("SELECT st_x(null)").await.unwrap(), "");
    }

    #[tokio::test]
    async fn a_transform_takes_names_and_codes() {
        let east =
            ask("SELECT round(st_x(ST_Transform(st_point(117, 40), 'EPSG:4326', 'EPSG:4548')), 3)").await.unwrap();
        assert_eq!(east, "500000.0");
        let lon =
            ask("SELECT round(st_x(ST_Transform(st_point(116.404, 39.915), 'GCJ-02', 'EPSG:4326')), 9)").await.unwrap();
        assert_eq!(lon, "116.397755755");
    }

    #[tokio::test]
    async fn mistakes_name_the_function_and_the_row() {
        assert!(ask("SELECT st_astext(X'0102')").await.unwrap_err().contains("ST_AsText, row 1"));
        assert!(
            ask("SELECT st_transform(st_point(1, 2), 'EPSG:1', 'EPSG:4326')").await.unwrap_err().contains("EPSG:1")
        );
        assert!(ask("SELECT st_area('x')").await.unwrap_err().contains("not a geometry"));
        assert!(ask("SELECT st_dwithin(st_point(1, 2), st_point(1, 2), -1)").await.unwrap_err().contains("negative"));
    }
}
