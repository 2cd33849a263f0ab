//! Why a shape is no proper one (OGC 06-103r4 §6.1.11).

use geo::algorithm::Validation;
use geo::{CoordsIter, Geometry};
use jingwei_model::Reason;

/// The reason and a sentence that names the place; `None` for a valid geometry.
#[must_use]
pub fn why_invalid(geometry: &Geometry) -> Option<(Reason, String)> {
    if geometry.coords_iter().any(|coord| !coord.x.is_finite() || !coord.y.is_finite()) {
        return Some((Reason::InvalidGeometry, "a coordinate is not finite".to_owned()));
    }
    let problem = geometry.check_validation().err()?.to_string();
    let crossing = problem.contains("intersect") || problem.contains("cross");
    Some((if crossing { Reason::SelfCrossing } else { Reason::InvalidGeometry }, problem))
}

#[cfg(test)]
mod tests {
    use geo::{LineString, Polygon, polygon};

    use super::*;

    #[test]
    fn a_bow_tie_crosses_itself_and_a_square_does_not() {
        let bow = Geometry::Polygon(Polygon::new(
            LineString::from(vec![(0., 0.), (2., 2.), (2., 0.), (0., 2.), (0., 0.)]),
            vec![],
        ));
        assert_eq!(why_invalid(&bow).map(|(reason, _)| reason), Some(Reason::SelfCrossing));
        let square = Geometry::Polygon(polygon![(x: 0., y: 0.), (x: 2., y: 0.), (x: 2., y: 2.), (x: 0., y: 2.)]);
        assert_eq!(why_invalid(&square), None);
    }
}
