//! The plane divided: Delaunay triangles, Voronoi cells, pieces of few vertices, regular grids.

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use geo::voronoi::{Voronoi, VoronoiClip, VoronoiParams};
use geo::{
    Area, BoundingRect, Coord, CoordsIter, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint,
    Point, Polygon, Rect, TriangulateDelaunayUnconstrained,
};

use super::call::Call;
use super::frame::{Function, Gives};
use crate::grid::{Shape, cells};
use crate::overlay::{key, subdivide};

/// Cells of one grid: more is a slip of the size, not a map.
const MOST_CELLS: usize = 10_000_000;

pub fn functions() -> Vec<ScalarUDF> {
    vec![
        Function::new(
            "ST_DelaunayTriangles",
            "geom geometry, [tolerance number], [flags integer]",
            Gives::Geometry,
            "The Delaunay triangulation of the vertices as a collection of triangles; of their edges as lines with flags 1.",
            |call| {
                let (column, flags) = (call.geometries(0)?, call.integers(2)?);
                call.give_geometries(|row| {
                    let Some((geometry, flags)) = column.get(row)?.zip(flags.get_or(row, 0)) else { return Ok(None) };
                    let triangles = sites(&geometry).unconstrained_triangulation().map_err(|error| call.error(row, error))?;
                    if flags == 1 {
                        let mut edges = triangles
                            .iter()
                            .flat_map(|triangle| triangle.to_lines())
                            .map(|line| ordered(line.start, line.end))
                            .collect::<Vec<_>>();
                        edges.sort_by(|a, b| compare(a.0, b.0).then(compare(a.1, b.1)));
                        edges.dedup();
                        let lines = edges.into_iter().map(|(from, to)| LineString(vec![from, to]));
                        return Ok(Some(Geometry::MultiLineString(MultiLineString(lines.collect()))));
                    }
                    let triangles = triangles.iter().map(|triangle| Geometry::Polygon(triangle.to_polygon()));
                    Ok(Some(Geometry::GeometryCollection(GeometryCollection(triangles.collect()))))
                })
            },
        )
        .example("ST_NumGeometries(ST_DelaunayTriangles(ST_GeomFromText('MULTIPOINT(0 0,4 0,2 4,2 1)')))", "3")
        .differs("the tolerance is not used, and there is no TIN (flags 2).")
        .udf(),
        Function::new(
            "ST_VoronoiPolygons",
            "geom geometry, [tolerance number], [extend_to geometry]",
            Gives::Geometry,
            "The Voronoi cells of the vertices as a collection of polygons, out to the extent of the vertices grown by its longer side (and over `extend_to`).",
            |call| voronoi(call, false),
        )
        .example("ST_NumGeometries(ST_VoronoiPolygons(ST_GeomFromText('MULTIPOINT(0 0,4 0,2 4)')))", "3")
        .udf(),
        Function::new(
            "ST_VoronoiLines",
            "geom geometry, [tolerance number], [extend_to geometry]",
            Gives::Geometry,
            "The borders between the Voronoi cells of the vertices.",
            |call| voronoi(call, true),
        )
        .example("ST_NumGeometries(ST_VoronoiLines(ST_GeomFromText('MULTIPOINT(0 0,4 0,2 4)')))", "3")
        .udf(),
        Function::new(
            "ST_Subdivide",
            "geom geometry, [max_vertices integer]",
            Gives::Geometries,
            "The geometry cut into pieces of at most so many vertices (256 unless told otherwise, at least 5), as a list for `unnest`.",
            |call| {
                let (column, most) = (call.geometries(0)?, call.integers(1)?);
                call.give_lists(|row| {
                    let Some((geometry, most)) = column.get(row)?.zip(most.get_or(row, 256)) else { return Ok(None) };
                    let most = usize::try_from(most).ok().filter(|most| *most >= 5);
                    let most = most.ok_or_else(|| call.error(row, "a piece may have 5 vertices or more"))?;
                    Ok(Some(subdivide(&geometry, most)))
                })
            },
        )
        .example("cardinality(ST_Subdivide(ST_MakeEnvelope(0, 0, 1, 1)))", "1")
        .differs("a list, not a set; `unnest(ST_Subdivide(geom))` makes rows of it.")
        .udf(),
        Function::new(
            "ST_SquareGrid",
            "size number, bounds geometry",
            Gives::Other(crate::grid::list_type()),
            "The squares of a grid with a corner at (0, 0) that meet the extent of `bounds`, as a list of (geom, i, j) for `unnest`. In FROM it is a table.",
            |call| grid(call, Shape::Square),
        )
        .example("cardinality(ST_SquareGrid(2, ST_MakeEnvelope(0.5, 0.5, 3, 1)))", "2")
        .differs("a list outside of FROM.")
        .udf(),
        Function::new(
            "ST_HexagonGrid",
            "size number, bounds geometry",
            Gives::Other(crate::grid::list_type()),
            "The hexagons with edges of a length, one of them around (0, 0), that meet the extent of `bounds`, as a list of (geom, i, j) for `unnest`. In FROM it is a table.",
            |call| grid(call, Shape::Hexagon),
        )
        .example("cardinality(ST_HexagonGrid(1, ST_MakeEnvelope(0.2, 0.2, 3, 2)))", "6")
        .differs("a list outside of FROM.")
        .udf(),
        Function::new(
            "ST_Square",
            "size number, i integer, j integer",
            Gives::Geometry,
            "The square of a grid in column i and row j.",
            |call| one_cell(call, Shape::Square),
        )
        .example("ST_AsText(ST_Square(1, 0, 0))", "POLYGON((0 0,0 1,1 1,1 0,0 0))")
        .udf(),
        Function::new(
            "ST_Hexagon",
            "size number, i integer, j integer",
            Gives::Geometry,
            "The hexagon of a grid in column i and row j.",
            |call| one_cell(call, Shape::Hexagon),
        )
        .example("round(ST_Area(ST_Hexagon(1, 0, 0)), 4)", "2.5981")
        .udf(),
    ]
}

/// The distinct vertices.
fn sites(geometry: &Geometry) -> MultiPoint {
    let mut seen = std::collections::HashSet::new();
    MultiPoint(geometry.coords_iter().filter(|coord| seen.insert(key(*coord))).map(Point).collect())
}

fn compare(a: Coord, b: Coord) -> std::cmp::Ordering {
    a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y))
}

fn ordered(a: Coord, b: Coord) -> (Coord, Coord) {
    if compare(a, b).is_le() { (a, b) } else { (b, a) }
}

fn voronoi(call: &Call, borders: bool) -> Result<ArrayRef> {
    let column = call.geometries(0)?;
    call.give_geometries(|row| {
        let Some(geometry) = column.get(row)? else { return Ok(None) };
        let sites = sites(&geometry);
        let nothing = || Geometry::GeometryCollection(GeometryCollection(Vec::new()));
        let Some(rect) = sites.bounding_rect().filter(|_| sites.0.len() > 1) else { return Ok(Some(nothing())) };
        let pad = rect.width().max(rect.height());
        let (mut low, mut high) = (rect.min() - Coord { x: pad, y: pad }, rect.max() + Coord { x: pad, y: pad });
        if call.has(2)
            && let Some(more) = call.geometries(2)?.get(row)?.and_then(|geometry| geometry.bounding_rect())
        {
            low = Coord { x: low.x.min(more.min().x), y: low.y.min(more.min().y) };
            high = Coord { x: high.x.max(more.max().x), y: high.y.max(more.max().y) };
        }
        let cells = voronoi_cells(&sites, Rect::new(low, high)).map_err(|error| call.error(row, error))?;
        if !borders {
            let cells = cells.into_iter().map(Geometry::Polygon).collect();
            return Ok(Some(Geometry::GeometryCollection(GeometryCollection(cells))));
        }
        let lines = borders_of(Rect::new(low, high), &cells).into_iter().map(|(from, to)| LineString(vec![from, to]));
        Ok(Some(Geometry::MultiLineString(MultiLineString(lines.collect()))))
    })
}

/// The cells of sites within a rectangle; sites in a row divide it by their perpendicular bisectors.
fn voronoi_cells(sites: &MultiPoint, rect: Rect) -> Result<Vec<Polygon>, geo::voronoi::VoronoiError> {
    let window = rect.to_polygon();
    let params = VoronoiParams::new().clip(VoronoiClip::Polygon(&window));
    match sites.voronoi_cells_with_params(params) {
        Err(geo::voronoi::VoronoiError::CollinearInput | geo::voronoi::VoronoiError::InsufficientVertices) => {
            Ok(bands(sites, rect))
        }
        // The cells of a flat triangle meet far outside the rectangle, and the library loses such cells; nor does it go
        // farther out than it thinks fit.
        Ok(cells) if cells.len() < sites.0.len() || !fill(&cells, rect) => Ok(halves(sites, rect)),
        other => other,
    }
}

/// Sites of which each cell can be cut by all the others.
const FEW: usize = 5000;

/// Whether cells leave nothing of a rectangle. A corner that none of them reaches is less than can be told by areas.
fn fill(cells: &[Polygon], rect: Rect) -> bool {
    let area = cells.iter().map(Area::unsigned_area).sum::<f64>();
    let near = rect.width().max(rect.height()) * 1e-7;
    let reached = |corner: Coord| {
        let mut vertices = cells.iter().flat_map(|cell| &cell.exterior().0);
        vertices.any(|vertex| (vertex.x - corner.x).abs() <= near && (vertex.y - corner.y).abs() <= near)
    };
    (area - rect.unsigned_area()).abs() <= 1e-6 * rect.unsigned_area()
        && (cells.len() > FEW || rect.to_polygon().exterior().0.iter().all(|corner| reached(*corner)))
}

/// The cells of sites, each as what is nearer to it than to any other: as many cuts as there are pairs.
fn halves(sites: &MultiPoint, rect: Rect) -> Vec<Polygon> {
    let sites = sites.iter().map(|site| site.0).collect::<Vec<_>>();
    let cell = |site: &Coord| {
        let mut ring = rect.to_polygon().exterior().0.clone();
        ring.pop();
        for other in sites.iter().filter(|other| *other != site) {
            ring = nearer_half(&ring, *site, *other);
        }
        let first = ring.first().copied()?;
        ring.push(first);
        Some(Polygon::new(LineString(ring), Vec::new()))
    };
    sites.iter().filter_map(cell).collect()
}

/// The edges between the cells of a rectangle, each once. Both cells have it, and may have cut it from the rectangle with
/// other last bits, so two edges are one when their middles are.
fn borders_of(rect: Rect, cells: &[Polygon]) -> Vec<(Coord, Coord)> {
    // Cutting leaves about a thousand-millionth of the rectangle.
    let near = rect.width().max(rect.height()) * 1e-7;
    let same = |a: f64, b: f64| (a - b).abs() <= near;
    let (min, max) = (rect.min(), rect.max());
    let outer = |from: Coord, to: Coord| {
        [min.x, max.x].iter().any(|x| same(from.x, *x) && same(to.x, *x))
            || [min.y, max.y].iter().any(|y| same(from.y, *y) && same(to.y, *y))
    };
    let mut edges = cells
        .iter()
        .flat_map(|cell| cell.exterior().lines())
        .filter(|line| {
            let point = same(line.start.x, line.end.x) && same(line.start.y, line.end.y);
            !point && !outer(line.start, line.end)
        })
        .map(|line| ((line.start + line.end) / 2.0, ordered(line.start, line.end)))
        .collect::<Vec<_>>();
    edges.sort_by(|a, b| compare(a.0, b.0).then(compare(a.1.0, b.1.0)).then(compare(a.1.1, b.1.1)));
    let mut borders: Vec<(Coord, (Coord, Coord))> = Vec::with_capacity(edges.len() / 2);
    for (middle, edge) in edges {
        let mut before = borders.iter().rev().take_while(|(other, _)| same(other.x, middle.x));
        if !before.any(|(other, _)| same(other.y, middle.y)) {
            borders.push((middle, edge));
        }
    }
    let mut borders = borders.into_iter().map(|(_, edge)| edge).collect::<Vec<_>>();
    borders.sort_by(|a, b| compare(a.0, b.0).then(compare(a.1, b.1)));
    borders
}

fn bands(sites: &MultiPoint, rect: Rect) -> Vec<Polygon> {
    let mut sites = sites.iter().map(|site| site.0).collect::<Vec<_>>();
    sites.sort_by(|a, b| compare(*a, *b));
    let mut cells = Vec::new();
    for (place, site) in sites.iter().enumerate() {
        let mut ring = rect.to_polygon().exterior().0.clone();
        ring.pop();
        let neighbours = place.checked_sub(1).into_iter().chain(Some(place + 1));
        for other in neighbours.filter_map(|other| sites.get(other)) {
            ring = nearer_half(&ring, *site, *other);
        }
        if let Some(first) = ring.first().copied() {
            ring.push(first);
            cells.push(Polygon::new(LineString(ring), Vec::new()));
        }
    }
    cells
}

/// The part of a convex ring (Sutherland & Hodgman 1974) that is nearer to one site than to another.
fn nearer_half(ring: &[Coord], site: Coord, other: Coord) -> Vec<Coord> {
    let normal = other - site;
    let middle = (site + other) / 2.0;
    let side = |coord: Coord| (coord.x - middle.x) * normal.x + (coord.y - middle.y) * normal.y;
    let mut kept = Vec::new();
    for (place, a) in ring.iter().enumerate() {
        let b = ring[(place + 1) % ring.len()];
        let (from, to) = (side(*a), side(b));
        if from <= 0.0 {
            kept.push(*a);
        }
        if (from < 0.0) != (to < 0.0) && from != 0.0 && to != 0.0 {
            kept.push(*a + (b - *a) * (from / (from - to)));
        }
    }
    kept
}

fn grid(call: &Call, shape: Shape) -> Result<ArrayRef> {
    let (sizes, bounds) = (call.numbers(0)?, call.geometries(1)?);
    let mut rows = Vec::with_capacity(call.rows());
    for row in 0..call.rows() {
        let Some((size, bounds)) = sizes.get(row).zip(bounds.get(row)?) else {
            rows.push(None);
            continue;
        };
        let rect = bounds.bounding_rect();
        let cells = match rect {
            Some(rect) => cells(shape, size, rect, MOST_CELLS).map_err(|error| call.error(row, error))?,
            None => Vec::new(),
        };
        rows.push(Some(cells));
    }
    crate::grid::list_array(rows)
}

fn one_cell(call: &Call, shape: Shape) -> Result<ArrayRef> {
    let (sizes, columns, rows) = (call.numbers(0)?, call.integers(1)?, call.integers(2)?);
    call.give_geometries(|row| {
        let (Some(size), Some(i), Some(j)) = (sizes.get(row), columns.get(row), rows.get(row)) else {
            return Ok(None);
        };
        if size.is_nan() || size <= 0.0 {
            return Err(call.error(row, format!("a cell's size is greater than 0, not {size}")));
        }
        Ok(Some(Geometry::Polygon(crate::grid::cell(shape, size, i, j))))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use geo::{Euclidean, Length};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn borders_and_the_rectangle_are_what_cells_have_around_them(
            sites in prop::collection::vec((0..40_i32, 0..40_i32), 2..12), far in any::<bool>(),
        ) {
            let mut sites = sites.into_iter().map(|(x, y)| Point::new(f64::from(x) / 3.0, f64::from(y) / 3.0)).collect::<Vec<_>>();
            sites.sort_by(|a, b| compare(a.0, b.0));
            sites.dedup();
            prop_assume!(sites.len() > 1);
            let sites = MultiPoint(sites);
            let near = sites.bounding_rect().unwrap();
            let pad = near.width().max(near.height()) * if far { 9.0 } else { 1.0 };
            let pad = Coord { x: pad, y: pad };
            let rect = Rect::new(near.min() - pad, near.max() + pad);
            let cells = voronoi_cells(&sites, rect).unwrap();
            let length = |lines: &mut dyn Iterator<Item = (Coord, Coord)>| {
                lines.map(|(from, to)| Euclidean.length(&geo::Line::new(from, to))).sum::<f64>()
            };
            let around = length(&mut cells.iter().flat_map(|cell| cell.exterior().lines().map(|line| (line.start, line.end))));
            let borders = length(&mut borders_of(rect, &cells).into_iter());
            prop_assert!((around - 2.0 * (rect.width() + rect.height()) - 2.0 * borders).abs() < 1e-4, "{} {}", around, borders);
        }
    }
}
