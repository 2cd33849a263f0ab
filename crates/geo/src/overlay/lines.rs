//! Noding: lines cut where they meet each other or themselves, so that pieces share ends only.

use geo::kernels::{Kernel, Orientation, RobustKernel};
use geo::{Coord, Line, LineString};
use hashbrown::{HashMap, HashSet};

use super::grid::Grid;
use crate::predicate::{on_segment, segments_meet};

/// A coordinate as a key; both zeros are one.
pub type Key = (u64, u64);

/// The key of a coordinate.
#[must_use]
pub fn key(coord: Coord) -> Key {
    ((coord.x + 0.0).to_bits(), (coord.y + 0.0).to_bits())
}

/// A piece of a line between two nodes.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Its vertices, at least two.
    pub coords: Vec<Coord>,
    /// The number of the line it is of.
    pub line: usize,
}

/// The pieces of all lines, in their order, and the nodes.
pub struct Noded {
    /// Pieces in the order of their lines.
    pub pieces: Vec<Piece>,
    /// Where lines meet, and where they end.
    pub nodes: HashSet<Key>,
}

/// Cuts lines where they meet.
#[must_use]
pub fn node(lines: &[&LineString]) -> Noded {
    let mut segments: Vec<Line> = Vec::new();
    // Of each segment: its line, and its place there.
    let mut owners: Vec<(usize, usize)> = Vec::new();
    let mut cleaned: Vec<Vec<Coord>> = Vec::with_capacity(lines.len());
    for (number, line) in lines.iter().enumerate() {
        let mut coords = line.0.clone();
        coords.dedup();
        for (place, pair) in coords.windows(2).enumerate() {
            segments.push(Line::new(pair[0], pair[1]));
            owners.push((number, place));
        }
        cleaned.push(coords);
    }
    let mut cuts: HashMap<usize, Vec<Coord>> = HashMap::new();
    let mut nodes: HashSet<Key> = HashSet::new();
    let mut crossings = Crossings::among(&segments);
    if let Some(grid) = Grid::over(&segments) {
        grid.all_pairs(&segments, |a, b| {
            for meeting in meetings(segments[a], segments[b]) {
                if is_joint(a, b, meeting, &segments, &owners, &cleaned) {
                    continue;
                }
                let meeting = crossings.one_for(meeting, segments[a], segments[b]);
                nodes.insert(key(meeting));
                for segment in [a, b] {
                    if meeting != segments[segment].start && meeting != segments[segment].end {
                        cuts.entry(segment).or_default().push(meeting);
                    }
                }
            }
            true
        });
    }
    let mut pieces = Vec::new();
    let mut segment = 0;
    for (number, coords) in cleaned.iter().enumerate() {
        let (Some(first), Some(last)) = (coords.first(), coords.last()) else { continue };
        let closed = first == last;
        let mut with_cuts = vec![*first];
        for pair in coords.windows(2) {
            if let Some(mut cuts) = cuts.remove(&segment) {
                let along = |cut: &Coord| (cut.x - pair[0].x).abs() + (cut.y - pair[0].y).abs();
                cuts.sort_by(|a, b| along(a).total_cmp(&along(b)));
                with_cuts.extend(cuts);
            }
            with_cuts.push(pair[1]);
            segment += 1;
        }
        with_cuts.dedup();
        cut_at_nodes(&with_cuts, number, &nodes, &mut pieces);
        if !closed {
            nodes.insert(key(*first));
            nodes.insert(key(*last));
        }
    }
    Noded { pieces, nodes }
}

/// Crossings computed so far. A segment crosses two others that lie over each other in one point, though rounding may
/// have it computed as two.
struct Crossings {
    step: f64,
    found: HashMap<(i64, i64), Vec<Coord>>,
}

impl Crossings {
    fn among(segments: &[Line]) -> Self {
        let ends = segments.iter().flat_map(|segment| [segment.start, segment.end]);
        let size = ends.fold(0.0_f64, |size, end| size.max(end.x.abs()).max(end.y.abs()));
        // Some steps of the largest coordinate's last place.
        Self { step: size * f64::EPSILON * 64.0, found: HashMap::new() }
    }

    /// The point that stands for a meeting of two segments; a vertex stands for itself.
    fn one_for(&mut self, meeting: Coord, a: Line, b: Line) -> Coord {
        if [a.start, a.end, b.start, b.end].contains(&meeting) || self.step <= 0.0 || !self.step.is_finite() {
            return meeting;
        }
        let cell = |value: f64| (value / self.step).floor() as i64;
        let (column, row) = (cell(meeting.x), cell(meeting.y));
        for (dx, dy) in (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (dx, dy))) {
            let near =
                |known: &&Coord| (known.x - meeting.x).abs() <= self.step && (known.y - meeting.y).abs() <= self.step;
            let here = self.found.get(&(column.saturating_add(dx), row.saturating_add(dy)));
            if let Some(known) = here.into_iter().flatten().find(near) {
                return *known;
            }
        }
        self.found.entry((column, row)).or_default().push(meeting);
        meeting
    }
}

fn cut_at_nodes(coords: &[Coord], line: usize, nodes: &HashSet<Key>, pieces: &mut Vec<Piece>) {
    let mut piece = Vec::new();
    for (place, coord) in coords.iter().enumerate() {
        piece.push(*coord);
        if place > 0 && place + 1 < coords.len() && nodes.contains(&key(*coord)) {
            pieces.push(Piece { coords: std::mem::replace(&mut piece, vec![*coord]), line });
        }
    }
    if piece.len() >= 2 {
        pieces.push(Piece { coords: piece, line });
    }
}

/// Whether two segments only follow each other on their line at this point.
fn is_joint(
    a: usize,
    b: usize,
    meeting: Coord,
    segments: &[Line],
    owners: &[(usize, usize)],
    lines: &[Vec<Coord>],
) -> bool {
    let ((line_a, place_a), (line_b, place_b)) = (owners[a], owners[b]);
    if line_a != line_b {
        return false;
    }
    let (first, second) = if place_a < place_b { (a, b) } else { (b, a) };
    let follows = place_a.abs_diff(place_b) == 1 && segments[first].end == meeting && segments[second].start == meeting;
    let coords = &lines[line_a];
    let closes = owners[first].1 == 0
        && owners[second].1 + 2 == coords.len()
        && segments[first].start == meeting
        && segments[second].end == meeting;
    (follows && !folds_back(segments[first], segments[second]))
        || (closes && !folds_back(segments[second], segments[first]))
}

/// Whether the second of two consecutive segments runs back over the first.
fn folds_back(first: Line, second: Line) -> bool {
    on_segment(first, second.end) || on_segment(second, first.start)
}

/// The points two segments share: none, one, or the ends of the stretch they have in common.
#[must_use]
pub fn meetings(a: Line, b: Line) -> Vec<Coord> {
    if !segments_meet(a, b) {
        return Vec::new();
    }
    let mut ends: Vec<Coord> = Vec::new();
    for (point, other) in [(a.start, b), (a.end, b), (b.start, a), (b.end, a)] {
        if on_segment(other, point) && !ends.contains(&point) {
            ends.push(point);
        }
    }
    let collinear = RobustKernel::orient2d(a.start, a.end, b.start) == Orientation::Collinear
        && RobustKernel::orient2d(a.start, a.end, b.end) == Orientation::Collinear;
    if collinear || !ends.is_empty() {
        return ends;
    }
    vec![crossing(a, b)]
}

/// Where two segments cross, computed around their middle so that large coordinates lose nothing.
///
/// The same for the same two segments, whichever comes first and whichever way they run.
fn crossing(a: Line, b: Line) -> Coord {
    let order = |a: Coord, b: Coord| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y));
    let forward = |line: Line| if order(line.start, line.end).is_le() { line } else { Line::new(line.end, line.start) };
    let (a, b) = (forward(a), forward(b));
    let (a, b) = if order(a.start, b.start).then(order(a.end, b.end)).is_le() { (a, b) } else { (b, a) };
    let origin = a.start;
    let (d, e, gap) = (a.delta(), b.delta(), b.start - origin);
    let cross = d.x * e.y - d.y * e.x;
    let along = (gap.x * e.y - gap.y * e.x) / cross;
    let point = origin + d * along.clamp(0.0, 1.0);
    // Rounding must not carry it out of either segment's extent.
    let low = |one: f64, other: f64, third: f64, fourth: f64| one.min(other).max(third.min(fourth));
    let high = |one: f64, other: f64, third: f64, fourth: f64| one.max(other).min(third.max(fourth));
    Coord {
        x: point.x.max(low(a.start.x, a.end.x, b.start.x, b.end.x)).min(high(a.start.x, a.end.x, b.start.x, b.end.x)),
        y: point.y.max(low(a.start.y, a.end.y, b.start.y, b.end.y)).min(high(a.start.y, a.end.y, b.start.y, b.end.y)),
    }
}

/// The vertices of a piece in the direction that does not depend on how it was drawn.
#[must_use]
pub fn canonical(piece: &[Coord]) -> Vec<Key> {
    let forward = piece.iter().map(|coord| key(*coord)).collect::<Vec<_>>();
    let backward = forward.iter().rev().copied().collect::<Vec<_>>();
    forward.min(backward)
}

/// A point in the middle of a piece.
#[must_use]
pub fn middle(piece: &[Coord]) -> Coord {
    let place = (piece.len() - 1) / 2;
    let (a, b) = (piece[place], piece[place + 1]);
    (a + b) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_crosses_two_that_lie_over_each_other_in_one_point() {
        let line = |coords: &[(f64, f64)]| LineString::from(coords.to_vec());
        let one = line(&[(1., 0.), (2., 3.), (3., 3.), (5., 1.), (3., 1.), (1., 1.), (1., 0.)]);
        let other = line(&[(2., 0.), (3., 3.), (4., 3.), (6., 1.), (4., 1.), (2., 1.), (2., 0.)]);
        let Noded { nodes, .. } = node(&[&one, &other]);
        let near = |key: &&Key| (f64::from_bits(key.0) - 7.0 / 3.0).abs() < 1e-9;
        assert_eq!(nodes.iter().filter(near).count(), 1);
    }
}
