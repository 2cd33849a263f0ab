//! Shapes that can be cut in two along a meridian or a parallel, exactly: both halves get the same points.

use geo::{Coord, LineString, MultiPolygon, Polygon};

/// One place, longitude and latitude.
pub type Point = (f64, f64);

/// An area: rings with the inside on their left, so that holes run the other way round.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    rings: Vec<Vec<Point>>,
}

/// The direction a cut runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axis {
    Meridian,
    Parallel,
}

impl Axis {
    /// The coordinate across the cut.
    const fn across(self, point: Point) -> f64 {
        match self {
            Self::Meridian => point.0,
            Self::Parallel => point.1,
        }
    }

    /// The coordinate along the cut.
    const fn along(self, point: Point) -> f64 {
        match self {
            Self::Meridian => point.1,
            Self::Parallel => point.0,
        }
    }

    const fn point(self, across: f64, along: f64) -> Point {
        match self {
            Self::Meridian => (across, along),
            Self::Parallel => (along, across),
        }
    }
}

/// Coordinates are kept to a ten-millionth of a degree (a centimetre), the precision they are written with.
pub fn rounded(value: f64) -> f64 {
    (value * 1e7).round() / 1e7
}

impl Cell {
    /// A cell of rings without their closing point; the inside must be on the left of each.
    pub fn new(rings: Vec<Vec<Point>>) -> Self {
        Self { rings }
    }

    /// The rings without their closing points.
    pub fn rings(&self) -> &[Vec<Point>] {
        &self.rings
    }

    /// Area in square degrees.
    pub fn area(&self) -> f64 {
        self.rings.iter().map(|ring| signed_area(ring)).sum()
    }

    /// West, south, east, north.
    pub fn bounds(&self) -> (f64, f64, f64, f64) {
        self.rings.iter().flatten().fold(
            (f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY),
            |(west, south, east, north), (x, y)| (west.min(*x), south.min(*y), east.max(*x), north.max(*y)),
        )
    }

    /// Centre of gravity; it may lie outside a bent cell.
    pub fn centroid(&self) -> Point {
        let (mut x, mut y, mut doubled) = (0.0, 0.0, 0.0);
        // Coordinates relative to a corner: products of whole ones would lose digits.
        let (west, south, ..) = self.bounds();
        for ring in &self.rings {
            for (a, b) in edges(ring) {
                let (a, b) = ((a.0 - west, a.1 - south), (b.0 - west, b.1 - south));
                let cross = a.0 * b.1 - b.0 * a.1;
                x += (a.0 + b.0) * cross;
                y += (a.1 + b.1) * cross;
                doubled += cross;
            }
        }
        (west + x / (3.0 * doubled), south + y / (3.0 * doubled))
    }

    /// Whether a point lies inside.
    pub fn contains(&self, point: Point) -> bool {
        let mut inside = false;
        for ring in &self.rings {
            for (a, b) in edges(ring) {
                if (a.1 > point.1) != (b.1 > point.1) && point.0 < (b.0 - a.0) * (point.1 - a.1) / (b.1 - a.1) + a.0 {
                    inside = !inside;
                }
            }
        }
        inside
    }

    /// Cuts off a share of the area across the cell's longer side. The first half is the one nearer to `near`.
    pub fn cut(&self, share_near: f64, near: Point) -> (Self, Self) {
        let (west, south, east, north) = self.bounds();
        let wide = (east - west) * ((south + north) / 2.0).to_radians().cos();
        let axis = if wide > north - south { Axis::Meridian } else { Axis::Parallel };
        let (low, high) = if axis == Axis::Meridian { (west, east) } else { (south, north) };
        let target = axis.across(near);
        let middle = self.place_of(axis, low, high, 0.5);
        let low_is_near = target < middle;
        let share = if low_is_near { share_near } else { 1.0 - share_near };
        let place = self.place_of(axis, low, high, share);
        let (lower, upper) = self.split(axis, place);
        if low_is_near { (lower, upper) } else { (upper, lower) }
    }

    /// Where a cut leaves `share` of the area on the lower side.
    fn place_of(&self, axis: Axis, low: f64, high: f64, share: f64) -> f64 {
        let wanted = self.area() * share;
        let (mut low, mut high) = (low, high);
        for _ in 0..36 {
            let middle = f64::midpoint(low, high);
            if self.area_below(axis, middle) < wanted {
                low = middle;
            } else {
                high = middle;
            }
        }
        rounded(low)
    }

    /// The area on the lower side of a cut: by Green's theorem the boundary integral of `min(across, place)`.
    fn area_below(&self, axis: Axis, place: f64) -> f64 {
        let sign = if axis == Axis::Meridian { 1.0 } else { -1.0 };
        let mut sum = 0.0;
        for ring in &self.rings {
            for (a, b) in edges(ring) {
                let (from, to) = (axis.across(a) - place, axis.across(b) - place);
                let run = axis.along(b) - axis.along(a);
                sum += run
                    * if from <= 0.0 && to <= 0.0 {
                        f64::midpoint(from, to)
                    } else if from >= 0.0 && to >= 0.0 {
                        0.0
                    } else {
                        let inside = from.min(to);
                        inside / 2.0 * (inside / (inside - from.max(to)))
                    };
            }
        }
        sign * sum
    }

    fn split(&self, axis: Axis, place: f64) -> (Self, Self) {
        let mut place = place;
        // A corner on the cut, or two crossings at one point, would leave it open which side is which.
        for _ in 0..1000 {
            let on_cut = self.rings.iter().flatten().any(|point| axis.across(*point) == place);
            if !on_cut && let Some(halves) = self.try_split(axis, place) {
                return halves;
            }
            place = rounded(place + 2e-7);
        }
        (self.clone(), Self::default())
    }

    fn try_split(&self, axis: Axis, place: f64) -> Option<(Self, Self)> {
        let below = |point: Point| axis.across(point) < place;
        let (mut lower, mut upper) = (Self::default(), Self::default());
        let mut chains = Vec::new();
        let mut crossings: Vec<f64> = Vec::new();
        for ring in &self.rings {
            let Some(start) = edges(ring).position(|(a, b)| below(a) != below(b)) else {
                let half = if below(ring[0]) { &mut lower } else { &mut upper };
                half.rings.push(ring.clone());
                continue;
            };
            let mut chain: Option<Chain> = None;
            let mut first_crossing = None;
            for step in 0..=ring.len() {
                let a = ring[(start + step) % ring.len()];
                let b = ring[(start + step + 1) % ring.len()];
                if below(a) == below(b) {
                    if let Some(chain) = &mut chain {
                        chain.points.push(b);
                    }
                    continue;
                }
                let share = (place - axis.across(a)) / (axis.across(b) - axis.across(a));
                let along = rounded(axis.along(a) + share * (axis.along(b) - axis.along(a)));
                let crossing = match (step == ring.len(), first_crossing) {
                    (true, Some(first)) => first,
                    _ => {
                        crossings.push(along);
                        crossings.len() - 1
                    }
                };
                first_crossing.get_or_insert(crossing);
                if let Some(mut done) = chain.take() {
                    done.to = crossing;
                    chains.push(done);
                }
                chain = Some(Chain {
                    from: crossing,
                    to: crossing,
                    below: below(b),
                    points: vec![axis.point(place, along), b],
                });
            }
        }
        if chains.is_empty() {
            return None;
        }
        let mut order: Vec<usize> = (0..crossings.len()).collect();
        order.sort_by(|a, b| crossings[*a].total_cmp(&crossings[*b]));
        if order.len() % 2 == 1 || order.windows(2).any(|pair| crossings[pair[0]] == crossings[pair[1]]) {
            return None;
        }
        let mut partner = vec![0; order.len()];
        for pair in order.chunks_exact(2) {
            partner[pair[0]] = pair[1];
            partner[pair[1]] = pair[0];
        }
        let mut begins = vec![usize::MAX; crossings.len()];
        for (number, chain) in chains.iter().enumerate() {
            begins[chain.from] = number;
        }
        let mut used = vec![false; chains.len()];
        for first in 0..chains.len() {
            if used[first] {
                continue;
            }
            let mut ring = Vec::new();
            let mut number = first;
            while !used[number] {
                used[number] = true;
                let chain = &chains[number];
                ring.extend_from_slice(&chain.points);
                ring.push(axis.point(place, crossings[chain.to]));
                number = begins[partner[chain.to]];
                if chains[number].below != chains[first].below {
                    return None;
                }
            }
            ring.dedup();
            if ring.len() > 2 && signed_area(&ring).abs() > 1e-13 {
                let half = if chains[first].below { &mut lower } else { &mut upper };
                half.rings.push(ring);
            }
        }
        Some((lower, upper))
    }

    /// As a geometry: each hole in the outer ring around it.
    pub fn to_multi_polygon(&self) -> MultiPolygon {
        let close = |ring: &Vec<Point>| {
            LineString(ring.iter().chain(ring.first()).map(|(x, y)| Coord { x: *x, y: *y }).collect())
        };
        let (outer, holes): (Vec<_>, Vec<_>) = self.rings.iter().partition(|ring| signed_area(ring) > 0.0);
        let mut interiors = vec![Vec::new(); outer.len()];
        for hole in holes {
            let around = outer.iter().position(|ring| Self::new(vec![(*ring).clone()]).contains(hole[0]));
            if let Some(around) = around {
                interiors[around].push(close(hole));
            }
        }
        MultiPolygon(outer.into_iter().zip(interiors).map(|(ring, holes)| Polygon::new(close(ring), holes)).collect())
    }
}

/// A run of corners on one side of a cut, from one crossing to the next.
struct Chain {
    from: usize,
    to: usize,
    below: bool,
    points: Vec<Point>,
}

/// Area with sign: positive with the inside on the left.
pub fn signed_area(ring: &[Point]) -> f64 {
    let Some(origin) = ring.first() else { return 0.0 };
    let relative = |point: Point| (point.0 - origin.0, point.1 - origin.1);
    edges(ring).map(|(a, b)| (relative(a), relative(b))).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>() / 2.0
}

fn edges(ring: &[Point]) -> impl Iterator<Item = (Point, Point)> + Clone {
    let next = ring.iter().skip(1).chain(ring.first());
    ring.iter().copied().zip(next.copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bent() -> Cell {
        // A comb with three teeth.
        Cell::new(vec![vec![
            (0.0, 0.0),
            (7.0, 0.0),
            (7.0, 5.0),
            (6.0, 5.0),
            (6.0, 1.0),
            (4.0, 1.0),
            (4.0, 5.0),
            (3.0, 5.0),
            (3.0, 1.0),
            (1.0, 1.0),
            (1.0, 5.0),
            (0.0, 5.0),
        ]])
    }

    #[test]
    fn a_cut_through_a_bent_cell_loses_nothing_and_leaves_several_parts() {
        let cell = bent();
        let (lower, upper) = cell.split(Axis::Parallel, 3.0);
        assert_eq!(upper.rings.len(), 3);
        assert_eq!(lower.rings.len(), 1);
        assert!((lower.area() + upper.area() - cell.area()).abs() < 1e-12);
        assert!(upper.contains((3.5, 4.0)) && !upper.contains((2.0, 4.0)) && lower.contains((0.5, 2.0)));
    }

    #[test]
    fn a_hole_on_the_cut_opens_and_a_hole_beside_it_stays() {
        let outer = vec![(0.0, 0.0), (10.0, 0.0), (10.0, 4.0), (0.0, 4.0)];
        let hole = vec![(4.0, 1.0), (4.0, 3.0), (6.0, 3.0), (6.0, 1.0)];
        let cell = Cell::new(vec![outer, hole]);
        assert!((cell.area() - 36.0).abs() < 1e-12);
        let (lower, upper) = cell.split(Axis::Meridian, 5.0);
        assert_eq!((lower.rings.len(), upper.rings.len()), (1, 1));
        assert!((lower.area() - 18.0).abs() < 1e-12 && (upper.area() - 18.0).abs() < 1e-12);
        let (lower, upper) = cell.split(Axis::Meridian, 2.0);
        assert_eq!((lower.rings.len(), upper.rings.len()), (1, 2));
        assert_eq!(upper.to_multi_polygon().0[0].interiors().len(), 1);
    }

    #[test]
    fn a_share_is_the_share_of_the_area() {
        let cell = bent();
        for share in [0.1, 0.25, 0.5, 0.9] {
            let (near, far) = cell.cut(share, (0.0, 0.0));
            assert!((near.area() / cell.area() - share).abs() < 1e-6, "{share}");
            assert!((near.area() + far.area() - cell.area()).abs() < 1e-9);
        }
    }
}
