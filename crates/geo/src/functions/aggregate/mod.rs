//! Aggregates of geometries: union, collection, extent, line.

mod frame;
mod plan;
mod state;

use datafusion::logical_expr::AggregateUDF;

pub use plan::SpatialPlanner;

use frame::Aggregate;
use state::Kind;

/// The aggregates over one geometry column.
pub fn aggregates() -> Vec<AggregateUDF> {
    vec![
        super::tiles::as_mvt_udaf(),
        Aggregate::new(
            Kind::Collect,
            "ST_Collect",
            "The geometries put together, without dissolving them: a Multi… type where all are of one single type, else a collection. With two arguments it is the scalar function.",
            "ST_AsText(ST_Collect(geom))",
        )
        .udaf(),
        Aggregate::new(
            Kind::CoverageUnion,
            "ST_CoverageUnion_Agg",
            "The union of areas that fit edge to edge, with exactly the vertices they have. Areas that do not fit are dissolved as by ST_Union.",
            "ST_CoverageUnion_Agg(geom)",
        )
        .udaf(),
        Aggregate::new(
            Kind::Extent,
            "ST_Extent",
            "The extent of all geometries as a polygon; null where there are none.\n\nUnlike in PostGIS: a geometry in the system of the arguments, not a box2d.",
            "ST_AsText(ST_Extent(geom))",
        )
        .udaf(),
        Aggregate::new(
            Kind::MakeLine,
            "ST_MakeLine",
            "The line through points, or lines joined end to end, in the order of `ORDER BY` within the call. With two arguments it is the scalar function.",
            "ST_MakeLine(geom ORDER BY seen_at)",
        )
        .udaf(),
        Aggregate::new(
            Kind::Union,
            "ST_Union",
            "The geometries dissolved: areas merged, lines cut where they meet, points that lie on neither. Areas that fit edge to edge keep exactly their vertices. With two arguments it is the scalar function.",
            "ST_Union(geom)",
        )
        .udaf(),
        Aggregate::new(
            Kind::Union,
            "ST_Union_Agg",
            "The same as the aggregate ST_Union, under the name other engines have for it.",
            "ST_Union_Agg(geom)",
        )
        .udaf(),
    ]
}
