//! From pairs to batches of the join's output, for every type of join.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array, new_null_array};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use datafusion::common::{JoinSide, JoinType, Result, exec_datafusion_err};
use datafusion::physical_plan::joins::utils::{ColumnIndex, JoinFilter};

use super::block::Block;
use super::chunk::Chunk;
use super::search::Pairs;

/// What a join gives of one side beyond pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alone {
    /// Nothing.
    No,
    /// Rows without partner, the other side's columns null.
    Unmatched,
    /// Rows with a partner.
    Semi,
    /// Rows without one.
    Anti,
    /// All rows, with a column that tells.
    Mark,
}

/// The shape of the output.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its schema.
    pub schema: SchemaRef,
    /// Where each column comes from.
    pub columns: Vec<ColumnIndex>,
    /// The type of join.
    pub join_type: JoinType,
    /// Rows a batch has at most.
    pub batch_size: usize,
}

impl Output {
    /// Whether pairs themselves are put out.
    pub const fn pairs(&self) -> bool {
        matches!(self.join_type, JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full)
    }

    /// What is put out of the build side.
    pub const fn build(&self) -> Alone {
        match self.join_type {
            JoinType::Left | JoinType::Full => Alone::Unmatched,
            JoinType::LeftSemi => Alone::Semi,
            JoinType::LeftAnti => Alone::Anti,
            JoinType::LeftMark => Alone::Mark,
            _ => Alone::No,
        }
    }

    /// What is put out of the probe side.
    pub const fn probe(&self) -> Alone {
        match self.join_type {
            JoinType::Right | JoinType::Full => Alone::Unmatched,
            JoinType::RightSemi => Alone::Semi,
            JoinType::RightAnti => Alone::Anti,
            JoinType::RightMark => Alone::Mark,
            _ => Alone::No,
        }
    }

    /// One batch of pairs.
    ///
    /// # Errors
    /// Columns too long to be put together.
    pub fn batch(&self, block: &Block, chunk: &Chunk, build: &[u32], probe: &[u32]) -> Result<RecordBatch> {
        let columns = gather(&self.columns, block, chunk, build, probe)?;
        self.finish(columns, build.len())
    }

    /// Batches of the block's rows alone, after the whole probe side was seen.
    ///
    /// # Errors
    /// Columns too long to be put together.
    pub fn build_alone(&self, block: &Block) -> Result<Vec<RecordBatch>> {
        let matched = (0..block.batch.num_rows()).map(|row| block.matched.get(row));
        self.alone(self.build(), JoinSide::Left, matched, |index| Ok(Arc::clone(block.batch.column(index))))
    }

    /// Batches of the chunk's rows alone.
    ///
    /// # Errors
    /// Columns too long to be put together.
    pub fn probe_alone(&self, chunk: &Chunk, matched: &[bool]) -> Result<Vec<RecordBatch>> {
        self.alone(self.probe(), JoinSide::Right, matched.iter().copied(), |index| chunk.column(index).cloned())
    }

    /// The chunk's batches as they came, beside the columns of each row's partner, of which it has one at most.
    ///
    /// # Errors
    /// Columns too long to be put together.
    pub fn beside(&self, block: &Block, chunk: &Chunk, pairs: &Pairs) -> Result<Vec<RecordBatch>> {
        let mut partners = vec![None; chunk.rows()];
        pairs.probe.iter().zip(&pairs.build).for_each(|(row, partner)| partners[*row as usize] = Some(*partner));
        let mut rest = partners.as_slice();
        let mut batches = Vec::with_capacity(chunk.batches().len());
        for batch in chunk.batches() {
            let (of_batch, after) = rest.split_at(batch.num_rows());
            rest = after;
            let indices = UInt32Array::from(of_batch.to_vec());
            let mut columns = Vec::with_capacity(self.columns.len());
            for (place, of) in self.columns.iter().enumerate() {
                columns.push(match of.side {
                    JoinSide::Right => Arc::clone(batch.column(of.index)),
                    JoinSide::Left if block.batch.num_rows() > 0 => take(block.batch.column(of.index), &indices, None)?,
                    _ => new_null_array(self.schema.field(place).data_type(), of_batch.len()),
                });
            }
            batches.push(self.finish(columns, of_batch.len())?);
        }
        Ok(batches)
    }

    fn alone(
        &self,
        what: Alone,
        side: JoinSide,
        matched: impl Iterator<Item = bool>,
        column: impl Fn(usize) -> Result<ArrayRef>,
    ) -> Result<Vec<RecordBatch>> {
        let rows = matched.enumerate().filter(|(_, matched)| match what {
            Alone::No => false,
            Alone::Unmatched | Alone::Anti => !matched,
            Alone::Semi => *matched,
            Alone::Mark => true,
        });
        let (rows, marks): (Vec<u32>, Vec<bool>) = rows.map(|(row, matched)| (row as u32, matched)).unzip();
        let mut batches = Vec::new();
        for (rows, marks) in rows.chunks(self.batch_size).zip(marks.chunks(self.batch_size)) {
            let indices = UInt32Array::from(rows.to_vec());
            let mut columns = Vec::with_capacity(self.columns.len());
            for (place, of) in self.columns.iter().enumerate() {
                columns.push(match of.side {
                    JoinSide::None => Arc::new(BooleanArray::from(marks.to_vec())) as ArrayRef,
                    of_side if of_side == side => take(&column(of.index)?, &indices, None)?,
                    _ => new_null_array(self.schema.field(place).data_type(), rows.len()),
                });
            }
            batches.push(self.finish(columns, rows.len())?);
        }
        Ok(batches)
    }

    fn finish(&self, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }
}

/// The pairs that satisfy a further condition, looked at in slices.
///
/// # Errors
/// A condition that fails.
pub fn keep(
    filter: &JoinFilter,
    block: &Block,
    chunk: &Chunk,
    pairs: &Pairs,
    slice: usize,
    into: &mut Pairs,
) -> Result<()> {
    for (build, probe) in pairs.build.chunks(slice).zip(pairs.probe.chunks(slice)) {
        let columns = gather(filter.column_indices(), block, chunk, build, probe)?;
        let options = RecordBatchOptions::new().with_row_count(Some(build.len()));
        // The join's sides may know less about nulls than their fields say.
        let batch = RecordBatch::try_new_with_options(Arc::clone(filter.schema()), columns, &options)?;
        let result = filter.expression().evaluate(&batch)?.into_array(build.len())?;
        let result = result
            .as_boolean_opt()
            .ok_or_else(|| exec_datafusion_err!("the join condition {} is no yes or no", filter.expression()))?;
        for ((result, build), probe) in result.iter().zip(build).zip(probe) {
            if result == Some(true) {
                into.push(*build, *probe);
            }
        }
    }
    Ok(())
}

fn gather(
    columns: &[ColumnIndex],
    block: &Block,
    chunk: &Chunk,
    build: &[u32],
    probe: &[u32],
) -> Result<Vec<ArrayRef>> {
    let (mut left, mut right) = (None, None);
    let mut out = Vec::with_capacity(columns.len());
    for of in columns {
        out.push(match of.side {
            JoinSide::Left => {
                let rows = left.get_or_insert_with(|| UInt32Array::from(build.to_vec()));
                take(block.batch.column(of.index), rows, None)?
            }
            JoinSide::Right => {
                let rows = right.get_or_insert_with(|| UInt32Array::from(probe.to_vec()));
                take(chunk.column(of.index)?, rows, None)?
            }
            JoinSide::None => return Err(exec_datafusion_err!("a pair has no mark")),
        });
    }
    Ok(out)
}
