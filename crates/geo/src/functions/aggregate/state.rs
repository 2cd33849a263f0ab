//! What is kept of a group while its rows come in, and the geometry it gives.

use std::collections::VecDeque;

use arrow::array::{Array, LargeBinaryArray};
use arrow::buffer::OffsetBuffer;
use datafusion::common::{DataFusionError, Result};
use geo::{BoundingRect, Coord, Geometry, Rect};

use crate::functions::constructors::line_of;
use crate::functions::coordinates::envelope;
use crate::overlay::{gather, union_all, union_of_fitting};
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

/// What is kept of one group: of an extent, its edges; of all others, where its values are.
///
/// Partial aggregates hand it on as bytes: four numbers, or the values themselves, each after its length.
#[derive(Debug, Default, Clone)]
pub struct State {
    edges: Option<[f64; 4]>,
    places: Vec<Place>,
}

/// A row of an array of [`Values`].
#[derive(Debug, Clone, Copy)]
struct Place {
    array: u32,
    row: u32,
}

/// The arrays that groups have values in. They are kept as they come, because copying every value to its group, and again
/// for every state that is handed on, takes longer than dissolving them.
#[derive(Debug, Default)]
pub struct Values {
    arrays: VecDeque<Kept>,
    /// Arrays that no group needs any more.
    gone: u32,
    bytes: usize,
}

#[derive(Debug)]
struct Kept {
    array: LargeBinaryArray,
    /// Whether its values are states.
    states: bool,
    bytes: usize,
}

impl Values {
    /// Keeps an array of values, or of `states`, whose rows are then added to groups.
    pub fn keep(&mut self, array: &LargeBinaryArray, states: bool) {
        let bytes = array.to_data().get_slice_memory_size().unwrap_or_default();
        self.bytes += bytes;
        self.arrays.push_back(Kept { array: array.clone(), states, bytes });
    }

    /// Forgets the arrays that none of the groups that are left has a value in.
    pub fn forget(&mut self, left: &[State]) {
        let next = self.gone + self.arrays.len() as u32;
        let first = left.iter().filter_map(|state| state.places.first()).map(|place| place.array).min();
        while self.gone < first.unwrap_or(next)
            && let Some(kept) = self.arrays.pop_front()
        {
            self.bytes -= kept.bytes;
            self.gone += 1;
        }
    }

    /// Bytes it takes.
    pub fn size(&self) -> usize {
        self.bytes + self.arrays.capacity() * size_of::<Kept>()
    }

    fn last(&self) -> u32 {
        (self.gone + self.arrays.len() as u32).saturating_sub(1)
    }

    fn at(&self, place: Place) -> (&[u8], bool) {
        let kept = &self.arrays[(place.array - self.gone) as usize];
        (kept.array.value(place.row as usize), kept.states)
    }

    /// The values of a group.
    fn of(&self, state: &State, name: &str) -> Result<Vec<&[u8]>> {
        let mut values = Vec::with_capacity(state.places.len());
        for place in &state.places {
            let (mut bytes, states) = self.at(*place);
            if !states {
                values.push(bytes);
                continue;
            }
            while let Some((length, tail)) = bytes.split_first_chunk::<4>() {
                let (value, tail) = tail
                    .split_at_checked(u32::from_le_bytes(*length) as usize)
                    .ok_or_else(|| DataFusionError::Internal(format!("{name}: the state of a group is cut off")))?;
                values.push(value);
                bytes = tail;
            }
        }
        Ok(values)
    }

    /// States as they are handed on.
    pub fn pack(&self, states: &[State], name: &str) -> Result<LargeBinaryArray> {
        let size = |place: &Place| self.at(*place).0.len() + size_of::<u32>();
        let sizes = states.iter().map(|state| size_of_val(&state.edges) + state.places.iter().map(size).sum::<usize>());
        let mut packed = Vec::with_capacity(sizes.sum());
        let mut lengths = Vec::with_capacity(states.len());
        for state in states {
            let before = packed.len();
            state.edges.iter().flatten().for_each(|edge| packed.extend(edge.to_le_bytes()));
            for place in &state.places {
                let (bytes, states) = self.at(*place);
                if !states {
                    packed.extend(length(bytes, name)?.to_le_bytes());
                }
                packed.extend(bytes);
            }
            lengths.push(packed.len() - before);
        }
        Ok(LargeBinaryArray::new(OffsetBuffer::from_lengths(lengths), packed.into(), None))
    }
}

fn length(value: &[u8], name: &str) -> Result<u32> {
    u32::try_from(value.len()).map_err(|_| DataFusionError::Execution(format!("{name}: a geometry beyond 4 GiB")))
}

impl State {
    /// Takes a row of the array of values kept last; `name` is the function's, for the error.
    pub fn add(&mut self, kind: Kind, values: &Values, array: &LargeBinaryArray, row: usize, name: &str) -> Result<()> {
        if kind != Kind::Extent {
            self.places.push(Place { array: values.last(), row: row as u32 });
            return Ok(());
        }
        let value = array.value(row);
        let rect = match point_of(value) {
            Some((x, y)) if x.is_finite() && y.is_finite() => Some(Rect::new(Coord { x, y }, Coord { x, y })),
            _ => read(value, name, row)?.bounding_rect(),
        };
        if let Some(rect) = rect {
            self.widen([rect.min().x, rect.min().y, rect.max().x, rect.max().y]);
        }
        Ok(())
    }

    /// Takes a row of the array of states kept last.
    pub fn merge(&mut self, kind: Kind, values: &Values, array: &LargeBinaryArray, row: usize) {
        if kind != Kind::Extent {
            self.places.push(Place { array: values.last(), row: row as u32 });
        } else if let Some(edges) = edges(array.value(row)) {
            self.widen(edges);
        }
    }

    /// Bytes it takes beside the values.
    pub const fn size(&self) -> usize {
        self.places.capacity() * size_of::<Place>()
    }

    fn widen(&mut self, other: [f64; 4]) {
        self.edges = Some(self.edges.map_or(other, |own| {
            [own[0].min(other[0]), own[1].min(other[1]), own[2].max(other[2]), own[3].max(other[3])]
        }));
    }

    /// The geometry of the group; `None` where no value came.
    pub fn finish(&self, kind: Kind, values: &Values, name: &str) -> Result<Option<Vec<u8>>> {
        if kind == Kind::Extent {
            return Ok(self.edges.map(|[west, south, east, north]| {
                let rect = Rect::new(Coord { x: west, y: south }, Coord { x: east, y: north });
                from_geometry(&envelope(rect))
            }));
        }
        let values = values.of(self, name)?;
        if values.is_empty() {
            return Ok(None);
        }
        let mut srid = 0;
        for own in values.iter().map(|value| srid_of(value)) {
            if srid != 0 && own != 0 && own != srid {
                return Err(DataFusionError::Execution(format!(
                    "{name}: one geometry is in EPSG:{srid} and one in EPSG:{own}"
                )));
            }
            srid = if srid == 0 { own } else { srid };
        }
        let geometry = match kind {
            Kind::Collect => gather(read_all(&values, name)?),
            Kind::MakeLine => line_of(read_all(&values, name)?.iter())
                .map_err(|error| DataFusionError::Execution(format!("{name}: {error}")))?,
            _ => match union_of_fitting(&values) {
                Some(union) => union,
                None => union_all(read_all(&values, name)?),
            },
        };
        let bytes = from_geometry(&geometry);
        Ok(Some(if srid == 0 { bytes } else { with_srid(&bytes, srid) }))
    }
}

fn read_all(values: &[&[u8]], name: &str) -> Result<Vec<Geometry>> {
    values.iter().enumerate().map(|(row, value)| read(value, name, row)).collect()
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
