//! The DE-9IM matrix of two geometries, and what the named predicates read from it.

use geo::coordinate_position::CoordPos;
use geo::dimensions::{Dimensions, HasDimensions};
use geo::relate::IntersectionMatrix;
use geo::{Coord, Geometry, Line, Relate};

use super::{Part, Place, Predicate, any_two_segments, on_segment, parts, place_in, segments_meet};

/// Rows: interior, boundary and exterior of the first geometry; columns: of the second. Each entry is the
/// dimension of what the two share, `F` for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matrix([u8; 9]);

/// The matrix of two geometries.
#[must_use]
pub fn relate(a: &Geometry, b: &Geometry) -> Matrix {
    Matrix::of(&a.relate(b), a, b)
}

impl Matrix {
    /// From the topology graph's matrix, with the exterior entries of empty geometries put right.
    pub(super) fn of(matrix: &IntersectionMatrix, a: &Geometry, b: &Geometry) -> Self {
        const PLACES: [CoordPos; 3] = [CoordPos::Inside, CoordPos::OnBoundary, CoordPos::Outside];
        if a.is_empty() || b.is_empty() {
            return Self::with_empty(a, b);
        }
        let mut entries = [b'F'; 9];
        for (row, left) in PLACES.into_iter().enumerate() {
            for (column, right) in PLACES.into_iter().enumerate() {
                entries[row * 3 + column] = digit(matrix.get(left, right));
            }
        }
        let lines = |one: &Geometry| matches!(one, Geometry::LineString(_) | Geometry::MultiLineString(_));
        if entries[0] == b'1' && lines(a) && lines(b) {
            entries[0] = interiors_of_lines(a, b);
        }
        Self(entries)
    }

    fn with_empty(a: &Geometry, b: &Geometry) -> Self {
        let mut entries = *b"FFFFFFFF2";
        entries[2] = digit(a.dimensions());
        entries[5] = digit(a.boundary_dimensions());
        entries[6] = digit(b.dimensions());
        entries[7] = digit(b.boundary_dimensions());
        Self(entries)
    }

    /// The nine characters, e.g. `212101212`.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.iter().map(|entry| char::from(*entry)).collect()
    }

    /// Whether it fits a pattern of `T` (any dimension), `F`, `*` (anything), `0`, `1`, `2`.
    ///
    /// # Errors
    /// A pattern that is not nine of these characters.
    pub fn matches(&self, pattern: &str) -> Result<bool, String> {
        let pattern = pattern.as_bytes();
        if pattern.len() != 9 || !pattern.iter().all(|entry| b"TtFf*012".contains(entry)) {
            return Err("a DE-9IM pattern is nine characters out of T, F, *, 0, 1 and 2".to_owned());
        }
        Ok(self.fits(pattern))
    }

    fn fits(&self, pattern: &[u8]) -> bool {
        self.0.iter().zip(pattern).all(|(entry, wanted)| match wanted.to_ascii_uppercase() {
            b'*' => true,
            b'T' => *entry != b'F',
            wanted => *entry == wanted,
        })
    }

    /// Whether a predicate holds between geometries of these dimensions.
    pub(super) fn holds(&self, predicate: Predicate, a: Dimensions, b: Dimensions) -> bool {
        let fits = |patterns: &[&[u8; 9]]| patterns.iter().any(|pattern| self.fits(*pattern));
        match predicate {
            Predicate::Disjoint => fits(&[b"FF*FF****"]),
            Predicate::Intersects => !fits(&[b"FF*FF****"]),
            Predicate::Contains => fits(&[b"T*****FF*"]),
            Predicate::ContainsProperly => fits(&[b"T**FF*FF*"]),
            Predicate::Within => fits(&[b"T*F**F***"]),
            Predicate::Covers => fits(&[b"T*****FF*", b"*T****FF*", b"***T**FF*", b"****T*FF*"]),
            Predicate::CoveredBy => fits(&[b"T*F**F***", b"*TF**F***", b"**FT*F***", b"**F*TF***"]),
            Predicate::Touches => {
                !(a == Dimensions::ZeroDimensional && b == Dimensions::ZeroDimensional)
                    && fits(&[b"FT*******", b"F**T*****", b"F***T****"])
            }
            Predicate::Crosses if a < b => fits(&[b"T*T******"]),
            Predicate::Crosses if a > b => fits(&[b"T*****T**"]),
            Predicate::Crosses => a == Dimensions::OneDimensional && fits(&[b"0********"]),
            Predicate::Overlaps if a != b => false,
            Predicate::Overlaps if a == Dimensions::OneDimensional => fits(&[b"1*T***T**"]),
            Predicate::Overlaps => fits(&[b"T*T***T**"]),
            Predicate::Equals => fits(&[b"T*F**FFF*"]),
        }
    }
}

/// The dimension of what the interiors of lines share. A topology graph takes lines that run over themselves for sharing a
/// stretch with others that they meet in points.
fn interiors_of_lines(a: &Geometry, b: &Geometry) -> u8 {
    let stretch = |one: Line, other: Line| {
        let ends = [one.start, one.end, other.start, other.end];
        let shared = ends.into_iter().filter(|end| on_segment(one, *end) && on_segment(other, *end));
        let shared = shared.collect::<Vec<_>>();
        shared.iter().any(|end| *end != shared[0])
    };
    if any_two_segments(a, b, stretch) {
        return b'1';
    }
    let ends = parts(a).into_iter().chain(parts(b)).filter_map(|part| match part {
        Part::Line(line) => Some([*line.0.first()?, *line.0.last()?]),
        _ => None,
    });
    let on_border = |end: &Coord| place_in(a, *end) == Place::Border || place_in(b, *end) == Place::Border;
    let border = ends.flatten().filter(on_border).collect::<Vec<_>>();
    let inside = |one: Line, other: Line| {
        segments_meet(one, other) && !border.iter().any(|end| on_segment(one, *end) && on_segment(other, *end))
    };
    if any_two_segments(a, b, inside) { b'0' } else { b'F' }
}

const fn digit(dimensions: Dimensions) -> u8 {
    match dimensions {
        Dimensions::Empty => b'F',
        Dimensions::ZeroDimensional => b'0',
        Dimensions::OneDimensional => b'1',
        Dimensions::TwoDimensional => b'2',
    }
}
