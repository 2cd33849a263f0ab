//! What a plan is told of a rule, and how the pairs of some of its groups are scored with it: all that is needed beside
//! the records themselves.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, BooleanBuilder, Float32Array, ListArray, RecordBatch,
    StringArray, StructArray, UInt32Array, UInt64Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Fields, Float32Type, UInt16Type, UInt32Type, UInt64Type};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::block::{Blocks, told_groups};
use crate::decide::{Hope, Job, ScoredPair, rule_pairs};
use crate::incremental::Terms;
use crate::memory::Room;
use crate::model::Program;
use crate::records::{ColumnKind, Layout, NULL, Records, read};
use crate::train::{Scorer, Weights};
use crate::{LinkError, Result};

/// A column whose values' rarity counts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Frequency {
    /// The column.
    pub column: usize,
    /// Values that all records have of it.
    pub total: u64,
    /// Chance that two of them agree.
    pub agreement: f64,
}

/// The pairs of a rule are to be scored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    program: Program,
    weights: Weights,
    frequencies: Vec<Frequency>,
    tables: Vec<String>,
    one_to_one: Vec<bool>,
    least: f32,
    rule: usize,
    /// For each rule the keys that are left out, since what they would have brought together others may.
    left_out: Vec<Vec<u32>>,
}

/// Columns before those of the model: the group, the record and its table.
const BEFORE: usize = 3;

/// The columns that the pairs of a model are made of: the group, the record's number and table, its values, and how
/// frequent those are whose rarity counts.
pub fn fields_of(kinds: &[ColumnKind], frequencies: &[Frequency]) -> Fields {
    let kind = |kind: &ColumnKind| match kind {
        ColumnKind::Text => DataType::Utf8,
        ColumnKind::Flag => DataType::Boolean,
        ColumnKind::Number => DataType::Float64,
    };
    let mut fields = vec![
        Field::new("group", DataType::UInt32, false),
        Field::new("record", DataType::UInt32, false),
        Field::new("table", DataType::UInt16, false),
    ];
    fields.extend(kinds.iter().enumerate().map(|(number, of)| Field::new(format!("c{number}"), kind(of), true)));
    fields.extend(frequencies.iter().map(|of| Field::new(format!("n{}", of.column), DataType::UInt32, true)));
    fields.into()
}

/// A pair in the list that a plan gives.
pub fn pair_fields() -> Fields {
    Fields::from(vec![
        Field::new("left", DataType::UInt32, false),
        Field::new("right", DataType::UInt32, false),
        Field::new("pattern", DataType::UInt64, false),
        Field::new("logit", DataType::Float32, false),
        Field::new("never", DataType::Boolean, true),
    ])
}

/// What a plan gives for a bucket of groups: how many pairs the rule brought together first, and those that score enough.
pub fn scored_fields() -> Fields {
    Fields::from(vec![
        Field::new("looked", DataType::UInt64, false),
        Field::new("pairs", DataType::List(Arc::new(pair_item())), false),
    ])
}

fn pair_item() -> Field {
    Field::new("pair", DataType::Struct(pair_fields()), false)
}

impl Task {
    /// What a rule's plan is to be told.
    pub fn new(job: &Job<'_>, weights: &Weights, frequencies: &[Frequency], rule: usize) -> Self {
        let left_out = job.blocks.known().iter().map(|groups| {
            let mut keys = groups.left_out_keys.iter().copied().collect::<Vec<_>>();
            keys.sort_unstable();
            keys
        });
        Self {
            program: job.program.clone(),
            weights: weights.clone(),
            frequencies: frequencies.to_vec(),
            tables: job.records.tables.clone(),
            one_to_one: job.one_to_one.to_vec(),
            least: job.least,
            rule,
            left_out: left_out.collect(),
        }
    }

    /// As bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        ciborium::into_writer(self, &mut bytes).map_err(|error| LinkError::Internal(error.to_string()))?;
        Ok(bytes)
    }

    /// From what [`to_bytes`](Self::to_bytes) gave.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        ciborium::from_reader(bytes)
            .map_err(|error| LinkError::Internal(format!("the task of a plan of pairs is damaged: {error}")))
    }

    /// The columns of the rows.
    pub fn fields(&self) -> Fields {
        fields_of(&self.program.kinds(), &self.frequencies)
    }

    /// Scores the pairs of some groups, all of whose records are among the rows.
    pub fn score(&self, rows: &RecordBatch) -> Result<StructArray> {
        let groups = rows.column(0).as_primitive::<UInt32Type>();
        let numbers = rows.column(1).as_primitive::<UInt32Type>();
        // A record may stand in two groups; it is read once, and in the order of the numbers.
        let mut chosen = numbers.values().iter().copied().zip(0_u32..).collect::<Vec<_>>();
        chosen.sort_unstable();
        chosen.dedup_by_key(|(number, _)| *number);
        let records = self.records(rows, &UInt32Array::from_iter_values(chosen.iter().map(|(_, row)| *row)))?;
        let place = |number: &u32| chosen.partition_point(|(other, _)| other < number) as u64;
        let keyed = groups.values().iter().zip(numbers.values());
        let mut keyed = keyed.map(|(group, number)| u64::from(*group) << 32 | place(number)).collect::<Vec<_>>();
        keyed.sort_unstable();
        keyed.dedup();
        let groups = told_groups(&keyed);

        let terms = self.terms(&records, rows, &chosen);
        let scorer = Scorer::with_terms(&self.program, &records, &self.weights, Some(&terms));
        let blocks = Blocks::known_to_leave_out(&records, self.program.blocks.clone(), &self.left_out);
        let job = Job {
            program: &self.program,
            records: &records,
            blocks: &blocks,
            one_to_one: &self.one_to_one,
            least: self.least,
            room: &Room::unbound(),
        };
        let hope = Hope::new(&self.program, &scorer, self.least);
        let (mut found, looked) = rule_pairs(&job, &scorer, &hope, (self.rule, &groups), 0..groups.len());
        for pair in &mut found {
            (pair.left, pair.right) = (chosen[pair.left as usize].0, chosen[pair.right as usize].0);
        }
        answer(&found, looked)
    }

    /// The records of the chosen rows, numbered in their order.
    fn records(&self, rows: &RecordBatch, chosen: &UInt32Array) -> Result<Records> {
        let kinds = self.program.kinds();
        let keys = (0..chosen.len() as u128).map(u128::to_be_bytes);
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from_iter_values((0..chosen.len()).map(|_| ""))),
            Arc::new(BinaryArray::from_iter_values(keys)),
        ];
        for column in &rows.columns()[BEFORE..BEFORE + kinds.len()] {
            columns.push(take(column, chosen, None)?);
        }
        let skip = 2;
        let fields = columns.iter().enumerate();
        let fields = fields.map(|(number, column)| Field::new(number.to_string(), column.data_type().clone(), true));
        let batch = RecordBatch::try_new(Arc::new(arrow::datatypes::Schema::new(fields.collect::<Vec<_>>())), columns)?;
        let layout = Layout { skip, kinds: &kinds, domains: &self.program.domains, limit: None };
        let mut records = read(&self.tables, 0, &[batch], layout)?;
        let tables = take(rows.column(2), chosen, None)?;
        records.table = tables.as_primitive::<UInt16Type>().values().to_vec();
        Ok(records)
    }

    /// How frequent the records' values are among all records.
    fn terms(&self, records: &Records, rows: &RecordBatch, chosen: &[(u32, u32)]) -> Terms {
        let after = BEFORE + self.program.columns.len();
        Terms::told(self.frequencies.iter().enumerate().map(|(place, frequency)| {
            let told = rows.column(after + place).as_primitive::<UInt32Type>();
            let mut counts = HashMap::new();
            if let Some(domain) = records.domain_of[frequency.column] {
                let domain = &records.domains[domain];
                for (record, (_, row)) in chosen.iter().enumerate() {
                    let code = records.cell(record as u32, frequency.column);
                    let count = told.value(*row as usize);
                    // A value that is not told counts as one that occurs once.
                    if code != NULL && count > 1 {
                        counts.insert(domain.hash(code), count);
                    }
                }
            }
            let name = self.program.columns[frequency.column].name.clone();
            (name, frequency.total, frequency.agreement, counts)
        }))
    }
}

/// One row: how many pairs were looked at, and those that score enough.
fn answer(found: &[ScoredPair], looked: u64) -> Result<StructArray> {
    let mut never = BooleanBuilder::with_capacity(found.len());
    found.iter().for_each(|pair| never.append_option(pair.never));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(found.iter().map(|pair| pair.left).collect::<UInt32Array>()),
        Arc::new(found.iter().map(|pair| pair.right).collect::<UInt32Array>()),
        Arc::new(UInt64Array::from_iter_values(found.iter().map(|pair| pair.pattern))),
        Arc::new(Float32Array::from_iter_values(found.iter().map(|pair| pair.logit))),
        Arc::new(never.finish()),
    ];
    let pairs = StructArray::try_new_with_length(pair_fields(), columns, None, found.len())?;
    let offsets = OffsetBuffer::from_lengths([found.len()]);
    let list = ListArray::try_new(Arc::new(pair_item()), offsets, Arc::new(pairs), None)?;
    Ok(StructArray::try_new(scored_fields(), vec![Arc::new(UInt64Array::from(vec![looked])), Arc::new(list)], None)?)
}

/// Reads pairs out of the items of lists.
pub fn pairs_of_list(items: &ArrayRef, rule: u16, into: &mut Vec<ScoredPair>) -> Result<()> {
    let other = || LinkError::Internal("scored pairs with other columns".to_owned());
    let pairs = items.as_struct_opt().filter(|pairs| pairs.num_columns() == pair_fields().len()).ok_or_else(other)?;
    let number = |place: usize| pairs.column(place).as_primitive_opt::<UInt32Type>().ok_or_else(other);
    let (left, right) = (number(0)?, number(1)?);
    let patterns = pairs.column(2).as_primitive_opt::<UInt64Type>().ok_or_else(other)?;
    let logits = pairs.column(3).as_primitive_opt::<Float32Type>().ok_or_else(other)?;
    let never: &BooleanArray = pairs.column(4).as_boolean_opt().ok_or_else(other)?;
    into.extend((0..pairs.len()).map(|row| ScoredPair {
        left: left.value(row),
        right: right.value(row),
        pattern: patterns.value(row),
        logit: logits.value(row),
        rule,
        never: never.is_valid(row).then(|| never.value(row)),
    }));
    Ok(())
}
