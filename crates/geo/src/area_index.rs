//! Which polygon holds a point: a uniform grid of candidates over polygons cut into horizontal slabs.

use geo::Coord;

use crate::predicate::{Place, Slabs};
use crate::{GeoError, to_geometry};

/// Polygons by code, ready to be asked for the one around a point.
///
/// A point on a border shared by several polygons belongs to the first of them in the order given, so
/// every point belongs to one polygon at most, and always to the same one. Memory: about 40 bytes an
/// edge and 100 bytes a polygon.
#[derive(Debug)]
pub struct AreaIndex {
    codes: Vec<String>,
    shapes: Vec<Slabs>,
    grid: Grid,
}

impl PartialEq for AreaIndex {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for AreaIndex {}

impl AreaIndex {
    /// Builds the index from codes and WKB polygons; areas without extent hold no point.
    ///
    /// # Errors
    /// Bytes that are no geometry.
    pub fn build<'a>(areas: impl IntoIterator<Item = (String, &'a [u8])>) -> Result<Self, GeoError> {
        let mut codes = Vec::new();
        let mut shapes = Vec::new();
        for (code, bytes) in areas {
            shapes.push(Slabs::new(&to_geometry(bytes)?));
            codes.push(code);
        }
        let grid = Grid::new(&shapes);
        Ok(Self { codes, shapes, grid })
    }

    /// The number of the polygon that holds the point.
    #[must_use]
    pub fn locate(&self, x: f64, y: f64) -> Option<u32> {
        self.grid
            .candidates(x, y)
            .iter()
            .copied()
            .find(|shape| self.shapes[*shape as usize].place(x, y) != Place::Outside)
    }

    /// The code of a polygon.
    #[must_use]
    pub fn code(&self, area: u32) -> &str {
        &self.codes[area as usize]
    }

    /// How many polygons it knows.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether it knows none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }
}

/// Cell → the shapes whose bounds touch it, in order.
#[derive(Debug, Default)]
struct Grid {
    low: Coord,
    high: Coord,
    cell: (f64, f64),
    columns: usize,
    rows: usize,
    starts: Vec<u32>,
    shapes: Vec<u32>,
}

impl Grid {
    fn new(shapes: &[Slabs]) -> Self {
        let filled = || shapes.iter().enumerate().filter(|(_, shape)| !shape.is_empty());
        let (mut low, mut high) = (Coord { x: f64::MAX, y: f64::MAX }, Coord { x: f64::MIN, y: f64::MIN });
        for (_, shape) in filled() {
            low = Coord { x: low.x.min(shape.low().x), y: low.y.min(shape.low().y) };
            high = Coord { x: high.x.max(shape.high().x), y: high.y.max(shape.high().y) };
        }
        if low.x > high.x {
            return Self::default();
        }
        // About four cells a shape: most cells then have one or two candidates.
        let side = ((filled().count() * 4) as f64).sqrt().ceil().clamp(1.0, 4096.0);
        let cell = (((high.x - low.x) / side).max(f64::MIN_POSITIVE), ((high.y - low.y) / side).max(f64::MIN_POSITIVE));
        let mut grid = Self {
            low,
            high,
            cell,
            columns: side as usize,
            rows: side as usize,
            starts: Vec::new(),
            shapes: Vec::new(),
        };
        let mut counts = vec![0_u32; grid.columns * grid.rows + 1];
        for (_, shape) in filled() {
            grid.cells(shape).for_each(|cell| counts[cell + 1] += 1);
        }
        for cell in 1..counts.len() {
            counts[cell] += counts[cell - 1];
        }
        let mut next = counts.clone();
        let mut listed = vec![0; counts[counts.len() - 1] as usize];
        for (number, shape) in filled() {
            for cell in grid.cells(shape) {
                listed[next[cell] as usize] = u32::try_from(number).unwrap_or(u32::MAX);
                next[cell] += 1;
            }
        }
        grid.starts = counts;
        grid.shapes = listed;
        grid
    }

    fn column(&self, x: f64) -> usize {
        (((x - self.low.x) / self.cell.0) as usize).min(self.columns - 1)
    }

    fn row(&self, y: f64) -> usize {
        (((y - self.low.y) / self.cell.1) as usize).min(self.rows - 1)
    }

    fn cells(&self, shape: &Slabs) -> impl Iterator<Item = usize> + use<> {
        let columns = self.columns;
        let (left, right) = (self.column(shape.low().x), self.column(shape.high().x));
        (self.row(shape.low().y)..=self.row(shape.high().y))
            .flat_map(move |row| (left..=right).map(move |column| row * columns + column))
    }

    fn candidates(&self, x: f64, y: f64) -> &[u32] {
        let within = x >= self.low.x && x <= self.high.x && y >= self.low.y && y <= self.high.y;
        if self.starts.is_empty() || !within {
            return &[];
        }
        let cell = self.row(y) * self.columns + self.column(x);
        &self.shapes[self.starts[cell] as usize..self.starts[cell + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use geo::{Contains, Geometry, Intersects, LineString, Point, Polygon};
    use proptest::prelude::*;

    use super::*;
    use crate::from_geometry;

    fn star(x: f64, y: f64, spikes: usize, turn: f64) -> Polygon {
        let corners = (0..spikes * 2).map(|corner| {
            let radius = if corner % 2 == 0 { 1.0 } else { 0.45 };
            let angle = turn + std::f64::consts::PI * corner as f64 / spikes as f64;
            (x + radius * angle.cos(), y + radius * angle.sin())
        });
        Polygon::new(LineString::from(corners.collect::<Vec<_>>()), vec![])
    }

    fn index(polygons: &[Polygon]) -> AreaIndex {
        let bytes =
            polygons.iter().map(|polygon| from_geometry(&Geometry::Polygon(polygon.clone()))).collect::<Vec<_>>();
        AreaIndex::build(bytes.iter().enumerate().map(|(number, bytes)| (number.to_string(), bytes.as_slice())))
            .unwrap()
    }

    #[test]
    fn a_point_on_a_shared_border_belongs_to_the_first_area() {
        let left = Polygon::new(LineString::from(vec![(0., 0.), (1., 0.), (1., 1.), (0., 1.)]), vec![]);
        let right = Polygon::new(LineString::from(vec![(1., 0.), (2., 0.), (2., 1.), (1., 1.)]), vec![]);
        let index = index(&[left, right]);
        assert_eq!(index.locate(1.0, 0.5), Some(0));
        assert_eq!(index.locate(1.0, 1.0), Some(0));
        assert_eq!(index.locate(1.5, 0.0), Some(1));
        assert_eq!(index.locate(2.5, 0.5), None);
    }

    #[test]
    fn a_hole_is_not_inside() {
        let outer = LineString::from(vec![(0., 0.), (4., 0.), (4., 4.), (0., 4.)]);
        let hole = LineString::from(vec![(1., 1.), (3., 1.), (3., 3.), (1., 3.)]);
        let index = index(&[Polygon::new(outer, vec![hole])]);
        assert_eq!(index.locate(2.0, 2.0), None);
        assert_eq!(index.locate(1.0, 2.0), Some(0));
        assert_eq!(index.locate(0.5, 2.0), Some(0));
    }

    #[test]
    fn an_index_of_nothing_finds_nothing() {
        assert_eq!(index(&[]).locate(0.0, 0.0), None);
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_exact_predicate(
            centres in proptest::collection::vec((0.0_f64..8.0, 0.0_f64..8.0, 3_usize..9, 0.0_f64..6.3), 1..12),
            points in proptest::collection::vec((-1.0_f64..9.0, -1.0_f64..9.0), 50),
        ) {
            let polygons = centres.into_iter().map(|(x, y, spikes, turn)| star(x, y, spikes, turn)).collect::<Vec<_>>();
            let index = index(&polygons);
            for (x, y) in points {
                let expected = polygons.iter().position(|polygon| polygon.contains(&Point::new(x, y)) || polygon.intersects(&Point::new(x, y)));
                prop_assert_eq!(index.locate(x, y).map(|found| found as usize), expected);
            }
        }

        #[test]
        fn corners_and_edges_count_as_inside(x in 0.0_f64..8.0, y in 0.0_f64..8.0, spikes in 3_usize..9, corner in 0_usize..6) {
            let polygon = star(x, y, spikes, 0.3);
            let vertex = polygon.exterior().0[corner];
            prop_assert_eq!(index(std::slice::from_ref(&polygon)).locate(vertex.x, vertex.y), Some(0));
        }
    }
}
