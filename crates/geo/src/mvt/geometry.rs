//! Geometries in tile coordinates, and as commands (Mapbox vector tile specification 2.1, §4.3).

use geo::bool_ops::OpType;
use geo::{BoundingRect, Coord, Geometry, LineString, MapCoords, MultiPolygon, Polygon, Rect};

use crate::functions::is_empty;
use crate::overlay::{Operation, make_valid, operate_areas, overlay, signed_area};
use crate::predicate::{Part, parts};
use crate::validity::why_invalid;

/// A tile: the extent it shows, its size in its own coordinates, and the margin kept around it.
#[derive(Debug, Clone, Copy)]
pub struct TileFrame {
    /// The extent in the geometries' system.
    pub bounds: Rect,
    /// Width and height in tile coordinates.
    pub extent: f64,
    /// The margin in tile coordinates.
    pub buffer: f64,
    /// Whether what lies beyond the margin is cut off.
    pub clip: bool,
}

/// A geometry in a tile's coordinates, y down, rounded; `None` where nothing of it is left.
#[must_use]
pub fn to_tile(geometry: &Geometry, frame: &TileFrame) -> Option<Geometry> {
    let (low, size) = (frame.bounds.min(), frame.bounds);
    let (fx, fy) = (frame.extent / size.width(), frame.extent / size.height());
    let scaled =
        geometry.map_coords(|coord| Coord { x: (coord.x - low.x) * fx, y: frame.extent - (coord.y - low.y) * fy });
    let window = Rect::new(
        Coord { x: -frame.buffer, y: -frame.buffer },
        Coord { x: frame.extent + frame.buffer, y: frame.extent + frame.buffer },
    );
    let rect = scaled.bounding_rect()?;
    if frame.clip && !meet(&rect, &window) {
        return None;
    }
    let rounded = round(&scaled)?;
    let inside = !frame.clip || within(&rect, &window);
    let clipped = if inside { rounded } else { cut(&rounded, &window)? };
    let clipped = round(&clipped)?;
    // Rounding may make an area cross itself.
    let valid = match &clipped {
        Geometry::Polygon(_) | Geometry::MultiPolygon(_) if why_invalid(&clipped).is_some() => {
            let areas = areas_only(&make_valid(&clipped))?;
            round(&areas)?
        }
        _ => clipped,
    };
    Some(valid)
}

fn meet(a: &Rect, b: &Rect) -> bool {
    a.min().x <= b.max().x && b.min().x <= a.max().x && a.min().y <= b.max().y && b.min().y <= a.max().y
}

fn within(inner: &Rect, outer: &Rect) -> bool {
    inner.min().x >= outer.min().x
        && inner.min().y >= outer.min().y
        && inner.max().x <= outer.max().x
        && inner.max().y <= outer.max().y
}

/// On whole numbers, without what collapses; `None` where all does.
fn round(geometry: &Geometry) -> Option<Geometry> {
    let one = Coord { x: 1.0, y: 1.0 };
    let snapped = crate::functions::snap(geometry, Coord::default(), one);
    (!is_empty(&snapped)).then_some(snapped)
}

fn cut(geometry: &Geometry, window: &Rect) -> Option<Geometry> {
    let area = window.to_polygon();
    match geometry {
        Geometry::Polygon(polygon) => cut_areas(MultiPolygon(vec![polygon.clone()]), area),
        Geometry::MultiPolygon(polygons) => cut_areas(polygons.clone(), area),
        other => {
            let cut = overlay(other, &Geometry::Polygon(area), Operation::Intersection);
            (!is_empty(&cut)).then_some(cut)
        }
    }
}

fn cut_areas(areas: MultiPolygon, window: Polygon) -> Option<Geometry> {
    let mut cut = operate_areas(&areas, &MultiPolygon(vec![window]), OpType::Intersection).0;
    match cut.len() {
        0 => None,
        1 => cut.pop().map(Geometry::Polygon),
        _ => Some(Geometry::MultiPolygon(MultiPolygon(cut))),
    }
}

fn areas_only(geometry: &Geometry) -> Option<Geometry> {
    let areas = parts(geometry).into_iter().filter_map(|part| match part {
        Part::Polygon(polygon) => Some(polygon.into_owned()),
        _ => None,
    });
    let mut areas = areas.collect::<Vec<_>>();
    match areas.len() {
        0 => None,
        1 => areas.pop().map(Geometry::Polygon),
        _ => Some(Geometry::MultiPolygon(MultiPolygon(areas))),
    }
}

/// The type (1 points, 2 lines, 3 polygons) and the commands of a geometry in tile coordinates; `None`
/// for an empty one. Of a collection the parts of the largest dimension.
#[must_use]
pub fn encode_geometry(geometry: &Geometry) -> Option<(u32, Vec<u32>)> {
    let parts = parts(geometry);
    let kind = |part: &Part| match part {
        Part::Point(_) => 1,
        Part::Line(_) => 2,
        Part::Polygon(_) => 3,
    };
    let largest = parts.iter().map(kind).max()?;
    let mut pen = Pen::default();
    let parts = parts.iter().filter(|part| kind(part) == largest).collect::<Vec<_>>();
    if largest == 1 {
        pen.command(1, parts.len());
    }
    for part in parts {
        match part {
            Part::Point(point) => pen.to(*point),
            Part::Line(line) => pen.line(&line.0),
            Part::Polygon(polygon) => {
                pen.ring(polygon.exterior(), true);
                polygon.interiors().iter().for_each(|hole| pen.ring(hole, false));
            }
        }
    }
    (!pen.commands.is_empty()).then_some((largest, pen.commands))
}

#[derive(Default)]
struct Pen {
    at: (i64, i64),
    commands: Vec<u32>,
}

impl Pen {
    fn command(&mut self, id: u32, count: usize) {
        self.commands.push(u32::try_from(count).unwrap_or(0) << 3 | id);
    }

    fn to(&mut self, coord: Coord) {
        let next = (coord.x as i64, coord.y as i64);
        for step in [next.0 - self.at.0, next.1 - self.at.1] {
            self.commands.push(((step << 1) ^ (step >> 63)) as u32);
        }
        self.at = next;
    }

    fn line(&mut self, coords: &[Coord]) {
        if coords.len() < 2 {
            return;
        }
        self.command(1, 1);
        self.to(coords[0]);
        self.command(2, coords.len() - 1);
        coords[1..].iter().for_each(|coord| self.to(*coord));
    }

    /// Shells have a positive area in the tile's system, where y points down.
    fn ring(&mut self, ring: &LineString, shell: bool) {
        let mut coords = ring.0.clone();
        if (signed_area(&coords) > 0.0) != shell {
            coords.reverse();
        }
        coords.pop();
        if coords.len() >= 3 {
            self.line(&coords);
            self.command(7, 1);
        }
    }
}
