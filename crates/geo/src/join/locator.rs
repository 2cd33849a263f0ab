//! The index of the spatial join, asked without a plan: which of some areas holds a point.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, RecordBatch, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema, UInt32Type};
use datafusion::common::config::ConfigOptions;
use datafusion::common::{JoinSide, Result, internal_datafusion_err};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::joins::utils::{ColumnIndex, JoinFilter};

use super::block::Block;
use super::chunk::Chunk;
use super::emit::keep;
use super::predicate::{Question, Relation, SpatialOn};
use super::search::{Cursor, Pairs, ROUND, Search};
use crate::point_to_wkb;

/// Areas as the build side of a spatial join, to be asked for the first that a point lies in or on the border of.
///
/// Memory: the areas' bytes and the join's index, about 60 bytes a vertex.
#[derive(Debug)]
pub struct AreaLocator {
    block: Block,
    on: SpatialOn,
    /// The place in the order given of each of the block's rows.
    numbers: UInt32Array,
}

impl AreaLocator {
    /// Indexes areas (WKB). Where several hold a point, the one that comes first here does; null holds none.
    ///
    /// # Errors
    /// Bytes that are no geometry.
    pub fn new(areas: &BinaryArray) -> Result<Self> {
        let on = condition()?;
        let numbers = (0..areas.len() as u32).collect::<UInt32Array>();
        let schema = Schema::new(vec![
            Field::new("area", DataType::Binary, true),
            Field::new("number", DataType::UInt32, false),
        ]);
        let batch = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(areas.clone()), Arc::new(numbers)])?;
        // The block orders its rows by place.
        let block = Block::new(batch, 0, &on, Arc::default(), 1)?;
        let numbers = block.batch.column(1).as_primitive::<UInt32Type>().clone();
        Ok(Self { block, on, numbers })
    }

    /// The place, in the order given to [`Self::new`], of the first area around each point.
    ///
    /// # Errors
    /// An area whose relation to a point cannot be told, such as one with coordinates that are not finite.
    pub fn locate(&self, points: &[Option<(f64, f64)>]) -> Result<Vec<Option<u32>>> {
        let places = points.iter().map(|point| point.map(|(x, y)| point_to_wkb(x, y))).collect::<Vec<_>>();
        let places = Arc::new(places.iter().map(Option::as_ref).collect::<BinaryArray>()) as ArrayRef;
        let schema = Schema::new(vec![Field::new("point", DataType::Binary, true)]);
        let mut chunk = Chunk::default();
        chunk.push(RecordBatch::try_new(Arc::new(schema), vec![places])?, &self.on)?;
        let search = Search { on: &self.on, block: &self.block, chunk: &chunk };
        let mut found: Vec<Option<u32>> = vec![None; points.len()];
        let (mut cursor, mut done) = (Cursor::default(), false);
        while !done {
            let (mut sure, mut unsure) = (Pairs::default(), Pairs::default());
            done = search.advance(&mut cursor, ROUND, &mut sure, &mut unsure);
            keep(&self.on.condition, &self.block, &chunk, &unsure, ROUND, &mut sure)?;
            for (area, point) in sure.build.iter().zip(&sure.probe) {
                let number = self.numbers.value(*area as usize);
                let first = &mut found[*point as usize];
                *first = Some(first.map_or(number, |first| first.min(number)));
            }
        }
        Ok(found)
    }

    /// How many areas it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether it knows none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }
}

/// `ST_Intersects(area, point)`, the area being the build side's first column and the point the probe side's.
fn condition() -> Result<SpatialOn> {
    let function = crate::functions().into_iter().find(|function| function.name() == "st_intersects");
    let function = function.ok_or_else(|| internal_datafusion_err!("there is no st_intersects"))?;
    let column = |name: &str, index| Arc::new(Column::new(name, index)) as Arc<dyn PhysicalExpr>;
    let geometry = |name: &str| Field::new(name, DataType::Binary, true);
    let schema = Arc::new(Schema::new(vec![geometry("area"), geometry("point")]));
    let arguments = vec![column("area", 0), column("point", 1)];
    let call = ScalarFunctionExpr::try_new(Arc::new(function), arguments, &schema, Arc::new(ConfigOptions::default()))?;
    let sides = [JoinSide::Left, JoinSide::Right].map(|side| ColumnIndex { index: 0, side });
    Ok(SpatialOn {
        question: Question::Relation(Relation::Intersects),
        left: column("area", 0),
        right: column("point", 0),
        limit: None,
        unit: 1.0,
        seeker: JoinSide::Right,
        ties: Vec::new(),
        fill: false,
        among: None,
        condition: JoinFilter::new(Arc::new(call), sides.to_vec(), schema),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::from_wkt;

    fn squares(side: u32) -> Vec<Option<Vec<u8>>> {
        let square =
            |x: u32, y: u32| format!("POLYGON(({x} {y},{} {y},{} {},{x} {},{x} {y}))", x + 1, x + 1, y + 1, y + 1);
        (0..side * side).map(|place| Some(from_wkt(&square(place % side, place / side)).unwrap())).collect()
    }

    fn locator(areas: &[Option<Vec<u8>>]) -> AreaLocator {
        AreaLocator::new(&areas.iter().map(Option::as_ref).collect()).unwrap()
    }

    #[test]
    fn a_point_is_in_the_area_around_it_and_on_a_border_in_the_first() {
        let locator = locator(&squares(3));
        let points = [(1.5, 1.5), (1.0, 1.5), (1.0, 1.0), (3.0, 3.0), (3.1, 3.0)].map(Some);
        assert_eq!(locator.locate(&points).unwrap(), [Some(4), Some(3), Some(0), Some(8), None]);
        assert_eq!(locator.locate(&[None]).unwrap(), [None]);
    }

    #[test]
    fn areas_keep_their_numbers_when_there_are_so_many_that_they_are_put_in_order() {
        let side = 140;
        let locator = locator(&squares(side));
        assert_eq!(locator.len(), (side * side) as usize);
        let centre = |place: u32| Some((f64::from(place % side) + 0.5, f64::from(place / side) + 0.5));
        let points = (0..side * side).map(centre).collect::<Vec<_>>();
        assert_eq!(locator.locate(&points).unwrap(), (0..side * side).map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_in_what_is_null_or_empty_and_a_line_holds_what_is_on_it() {
        let texts =
            [None, Some("POLYGON EMPTY"), Some("LINESTRING(0 0,4 4)"), Some("MULTIPOLYGON(((0 0,9 0,9 9,0 0)))")];
        let locator = locator(&texts.map(|text| text.map(|text| from_wkt(text).unwrap())));
        assert_eq!(locator.locate(&[Some((2.0, 2.0)), Some((3.0, 2.0))]).unwrap(), [Some(2), Some(3)]);
        assert!(AreaLocator::new(&BinaryArray::from(vec![&b"\x01\x02"[..]])).is_err());
        assert!(AreaLocator::new(&BinaryArray::from(Vec::<&[u8]>::new())).unwrap().is_empty());
    }
}
