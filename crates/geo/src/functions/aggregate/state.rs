//! What is kept of a group while its rows come in, and the geometry it gives.

use datafusion::common::{DataFusionError, Result};
use geo::{BoundingRect, Coord, Geometry, Rect};

use crate::functions::constructors::line_of;
use crate::functions::coordinates::envelope;
use crate::overlay::{gather, union_all};
use crate::wkb::{from_geometry, point_of, srid_of, to_finite_geometry, with_srid};

/// Which aggregate it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Collect,
    CoverageUnion,
    Extent,
    MakeLine,
    Union,
}

/// A group's state, bytes that partial aggregates hand on as they are.
///
/// Of an extent, four numbers; of all others the values themselves, each after its length.
#[derive(Debug, Default, Clone)]
pub struct State {
    bytes: Vec<u8>,
}

impl State {
    /// Takes a value; `name` is the function's, for the error.
    pub fn add(&mut self, kind: Kind, value: &[u8], name: &str, row: usize) -> Result<()> {
        if kind == Kind::Extent {
            let rect = match point_of(value) {
                Some((x, y)) if x.is_finite() && y.is_finite() => Some(Rect::new(Coord { x, y }, Coord { x, y })),
                _ => read(value, name, row)?.bounding_rect(),
            };
            if let Some(rect) = rect {
                self.widen([rect.min().x, rect.min().y, rect.max().x, rect.max().y]);
            }
            return Ok(());
        }
        let length = u32::try_from(value.len())
            .map_err(|_| DataFusionError::Execution(format!("{name}: a geometry beyond 4 GiB")))?;
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend(value);
        Ok(())
    }

    /// Takes another group's state.
    pub fn merge(&mut self, kind: Kind, other: &[u8]) {
        if kind == Kind::Extent {
            if let Some(edges) = edges(other) {
                self.widen(edges);
            }
        } else {
            self.bytes.extend(other);
        }
    }

    /// The state as it is handed on.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes it takes.
    pub const fn size(&self) -> usize {
        self.bytes.capacity()
    }

    fn widen(&mut self, other: [f64; 4]) {
        let joined = edges(&self.bytes).map_or(other, |own| {
            [own[0].min(other[0]), own[1].min(other[1]), own[2].max(other[2]), own[3].max(other[3])]
        });
        self.bytes.clear();
        joined.iter().for_each(|edge| self.bytes.extend(edge.to_le_bytes()));
    }

    /// The geometry of the group; `None` where no value came.
    pub fn finish(&self, kind: Kind, name: &str) -> Result<Option<Vec<u8>>> {
        if kind == Kind::Extent {
            return Ok(edges(&self.bytes).map(|[west, south, east, north]| {
                let rect = Rect::new(Coord { x: west, y: south }, Coord { x: east, y: north });
                from_geometry(&envelope(rect))
            }));
        }
        let mut geometries = Vec::new();
        let mut srid = 0;
        let mut rest = self.bytes.as_slice();
        while let Some((length, tail)) = rest.split_first_chunk::<4>() {
            let (value, tail) = tail
                .split_at_checked(u32::from_le_bytes(*length) as usize)
                .ok_or_else(|| DataFusionError::Internal(format!("{name}: the state of a group is cut off")))?;
            let own = srid_of(value);
            if srid != 0 && own != 0 && own != srid {
                return Err(DataFusionError::Execution(format!(
                    "{name}: one geometry is in EPSG:{srid} and one in EPSG:{own}"
                )));
            }
            srid = if srid == 0 { own } else { srid };
            geometries.push(read(value, name, geometries.len())?);
            rest = tail;
        }
        if geometries.is_empty() {
            return Ok(None);
        }
        let geometry = match kind {
            Kind::Collect => gather(geometries),
            Kind::MakeLine => {
                line_of(geometries.iter()).map_err(|error| DataFusionError::Execution(format!("{name}: {error}")))?
            }
            _ => union_all(geometries),
        };
        let bytes = from_geometry(&geometry);
        Ok(Some(if srid == 0 { bytes } else { with_srid(&bytes, srid) }))
    }
}

fn read(value: &[u8], name: &str, row: usize) -> Result<Geometry> {
    to_finite_geometry(value)
        .map_err(|error| DataFusionError::Execution(format!("{name}, value {} of the group: {error}", row + 1)))
}

fn edges(bytes: &[u8]) -> Option<[f64; 4]> {
    let (numbers, []) = bytes.as_chunks::<8>() else { return None };
    let [west, south, east, north] = numbers else { return None };
    Some([west, south, east, north].map(|number| f64::from_le_bytes(*number)))
}
