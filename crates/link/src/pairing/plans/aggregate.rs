//! `scored_pairs(group, record, table, values …)`: the pairs of the groups whose records it is given, scored.
//!
//! A record of a group must come to the same call as the others of it; what the call gives then depends on nothing but
//! these records, in whatever order and in however many parts they come.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::common::{Result, ScalarValue, exec_datafusion_err};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};

use super::task::{Task, scored_fields};
use crate::LinkError;

/// What the function is called.
pub const NAME: &str = "scored_pairs";

/// The function for a rule.
///
/// # Errors
/// Never for a task of ours.
pub fn udaf(task: Task) -> crate::Result<AggregateUDF> {
    let bytes = task.to_bytes()?.into();
    Ok(AggregateUDF::from(ScoredPairs {
        signature: Signature::any(task.fields().len(), Volatility::Immutable),
        task: Arc::new(task),
        bytes,
    }))
}

/// What a function of ours is to be told, as bytes; none of another function.
pub fn task_of(function: &AggregateUDF) -> Option<Arc<[u8]>> {
    let function: &dyn Any = function.inner().as_ref();
    function.downcast_ref::<ScoredPairs>().map(|function| Arc::clone(&function.bytes))
}

#[derive(Debug)]
struct ScoredPairs {
    signature: Signature,
    task: Arc<Task>,
    /// The task, by which functions are told apart.
    bytes: Arc<[u8]>,
}

impl PartialEq for ScoredPairs {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for ScoredPairs {}

impl Hash for ScoredPairs {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl AggregateUDFImpl for ScoredPairs {
    fn name(&self) -> &'static str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(scored_fields()))
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Gathering {
            schema: Arc::new(Schema::new(self.task.fields())),
            task: Arc::clone(&self.task),
            rows: Vec::new(),
            bytes: 0,
        }))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let rows = DataType::List(Arc::new(item(&Schema::new(self.task.fields()))));
        Ok(vec![Arc::new(Field::new(format!("{}[rows]", args.name), rows, true))])
    }
}

fn item(schema: &Schema) -> Field {
    Field::new("row", DataType::Struct(schema.fields().clone()), false)
}

/// The rows of a bucket of groups, as they come.
#[derive(Debug)]
struct Gathering {
    task: Arc<Task>,
    schema: SchemaRef,
    rows: Vec<RecordBatch>,
    bytes: usize,
}

impl Gathering {
    fn push(&mut self, columns: &[ArrayRef]) -> Result<()> {
        let fields = self.schema.fields().iter();
        let columns = columns.iter().zip(fields).map(|(column, field)| Ok(cast(column, field.data_type())?));
        let rows = RecordBatch::try_new(Arc::clone(&self.schema), columns.collect::<Result<_>>()?)?;
        if rows.num_rows() > 0 {
            // Rows of many groups may lie in one piece of memory, of which these are a part.
            let sizes = rows.columns().iter().map(|column| column.to_data().get_slice_memory_size());
            self.bytes += sizes.sum::<std::result::Result<usize, _>>()?;
            self.rows.push(rows);
        }
        Ok(())
    }

    fn all(&mut self) -> Result<RecordBatch> {
        self.bytes = 0;
        Ok(concat_batches(&self.schema, &std::mem::take(&mut self.rows))?)
    }
}

impl Accumulator for Gathering {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.push(values)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let rows = self.all()?;
        Ok(ScalarValue::Struct(Arc::new(self.task.score(&rows).map_err(failed)?)))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.bytes
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let rows = self.all()?;
        let offsets = OffsetBuffer::from_lengths([rows.num_rows()]);
        let list = ListArray::try_new(Arc::new(item(&self.schema)), offsets, Arc::new(StructArray::from(rows)), None)?;
        Ok(vec![ScalarValue::List(Arc::new(list))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let lists = states.first().and_then(|lists| lists.as_list_opt::<i32>());
        let lists = lists.ok_or_else(|| exec_datafusion_err!("the state of {NAME} is no list"))?;
        for rows in (0..lists.len()).filter(|place| lists.is_valid(*place)).map(|place| lists.value(place)) {
            let rows = rows.as_struct_opt().ok_or_else(|| exec_datafusion_err!("the state of {NAME} has no rows"))?;
            self.push(rows.columns())?;
        }
        Ok(())
    }
}

/// An error of ours, as one of the query engine's.
pub fn failed(error: LinkError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
