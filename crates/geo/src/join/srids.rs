//! The coordinate systems that geometries say themselves (EWKB), compared between the two sides of a join.

use datafusion::common::{Result, exec_err};

use super::column::{LEFT, RIGHT};
use crate::{Crs, srid_of};

/// The SRIDs of a side, each with the first row that has it. Of more than two, any other SRID differs from one of the
/// first two: the rest need not be known.
#[derive(Debug, Clone, Default)]
pub struct Srids(Vec<(u32, usize)>);

impl Srids {
    /// Takes in a row's value.
    #[inline]
    pub fn note(&mut self, bytes: &[u8], row: usize) {
        let srid = srid_of(bytes);
        if srid != 0 {
            self.add(srid, row);
        }
    }

    /// Takes in what later rows of the same side have.
    pub fn join(&mut self, later: &Self) {
        later.0.iter().for_each(|(srid, row)| self.add(*srid, *row));
    }

    fn add(&mut self, srid: u32, row: usize) {
        if self.0.len() < 2 && self.0.iter().all(|(known, _)| *known != srid) {
            self.0.push((srid, row));
        }
    }

    /// Compares those of the left side with those of the right.
    ///
    /// # Errors
    /// Two that differ: some pair of rows is in two systems, as `function` would find.
    pub fn check(&self, right: &Self, function: &str) -> Result<()> {
        let name = |srid: u32| Crs::from_srid(srid).map_or_else(|_| format!("SRID {srid}"), |crs| crs.to_string());
        let pairs = self.0.iter().flat_map(|left| right.0.iter().map(move |right| (left, right)));
        for ((left, left_row), (right, right_row)) in pairs {
            if left != right {
                return exec_err!(
                    "{function}: row {} of {LEFT} is in {} and row {} of {RIGHT} in {}; \
                     ST_Transform brings one into the other's system",
                    left_row + 1,
                    name(*left),
                    right_row + 1,
                    name(*right)
                );
            }
        }
        Ok(())
    }
}
