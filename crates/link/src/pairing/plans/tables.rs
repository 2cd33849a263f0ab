//! What plans read: the records as texts, and which record stands in which group of a rule.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, RecordBatch, StringBuilder, UInt16Array, UInt32Array, UInt32Builder,
};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::task::{Frequency, fields_of};
use crate::block::Groups;
use crate::decide::Job;
use crate::incremental::{Counts, Terms, needed};
use crate::records::{ColumnKind, NULL};
use crate::{LinkError, Result};

/// Rows that are read together, of which some may be all that is needed of a file.
const ROWS_OF_GROUP: usize = 1 << 16;
/// Rows that are written together.
const TOGETHER: usize = 1 << 14;

/// Writes the records: their numbers, tables, values, and how frequent those values are whose rarity counts. Gives what
/// else there is to know of these columns.
pub fn write_records(path: &Path, job: &Job<'_>, terms: Option<&Terms>) -> Result<Vec<Frequency>> {
    let (program, records) = (job.program, job.records);
    let counted = needed(program).into_iter().filter(|column| records.domain_of[*column].is_some());
    let counts = counted.map(|column| (column, Counts::given(terms, program, records, column))).collect::<Vec<_>>();
    let frequency = |(column, counts): &(usize, Counts)| Frequency {
        column: *column,
        total: counts.total,
        agreement: counts.agreement,
    };
    let frequencies = counts.iter().map(frequency).collect::<Vec<_>>();
    // The group is not the record's: it comes from the members of a rule.
    let fields = fields_of(&program.kinds(), &frequencies).iter().skip(1).cloned().collect::<Vec<_>>();
    let schema = Arc::new(Schema::new(fields));
    let mut writer = Writer::create(path, Arc::clone(&schema))?;
    for start in (0..records.len()).step_by(TOGETHER) {
        let rows = start as u32..records.len().min(start + TOGETHER) as u32;
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(rows.clone().collect::<UInt32Array>()),
            Arc::new(UInt16Array::from(records.table[rows.start as usize..rows.end as usize].to_vec())),
        ];
        for (column, kind) in program.kinds().into_iter().enumerate() {
            columns.push(match kind {
                ColumnKind::Text => {
                    let mut texts = StringBuilder::new();
                    rows.clone().for_each(|record| texts.append_option(records.text(column, record)));
                    Arc::new(texts.finish())
                }
                ColumnKind::Flag => {
                    let mut flags = BooleanBuilder::new();
                    let known = |cell| (cell != NULL).then_some(cell == 2);
                    rows.clone().for_each(|record| flags.append_option(known(records.cell(record, column))));
                    Arc::new(flags.finish())
                }
                ColumnKind::Number => {
                    let mut numbers = Float64Builder::new();
                    let known = |number: f64| (!number.is_nan()).then_some(number);
                    rows.clone()
                        .for_each(|record| numbers.append_option(known(records.numbers[column][record as usize])));
                    Arc::new(numbers.finish())
                }
            });
        }
        for (column, counts) in &counts {
            let mut numbers = UInt32Builder::new();
            for record in rows.clone() {
                let code = records.cell(record, *column);
                numbers.append_option((code != NULL).then(|| counts.counts[code as usize]));
            }
            columns.push(Arc::new(numbers.finish()));
        }
        writer.write(columns)?;
    }
    writer.close()?;
    Ok(frequencies)
}

/// Writes which record stands in which group.
pub fn write_members(path: &Path, groups: &Groups) -> Result<()> {
    let field = |name: &str| Field::new(name, DataType::UInt32, false);
    let mut writer = Writer::create(path, Arc::new(Schema::new(vec![field("group"), field("member")])))?;
    let (mut numbers, mut members) = (UInt32Builder::new(), UInt32Builder::new());
    for group in 0..groups.len() {
        for record in groups.group(group) {
            numbers.append_value(group as u32);
            members.append_value(*record);
        }
        if members.values_slice().len() >= TOGETHER || group + 1 == groups.len() {
            writer.write(vec![Arc::new(numbers.finish()), Arc::new(members.finish())])?;
        }
    }
    writer.close()
}

/// Writes a Parquet file.
struct Writer {
    path: PathBuf,
    schema: Arc<Schema>,
    inner: ArrowWriter<File>,
}

impl Writer {
    fn create(path: &Path, schema: Arc<Schema>) -> Result<Self> {
        let file = File::create(path).map_err(LinkError::of_file(path))?;
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(ROWS_OF_GROUP)).build();
        let inner =
            ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties)).map_err(LinkError::of_file(path))?;
        Ok(Self { path: path.to_owned(), schema, inner })
    }

    fn write(&mut self, columns: Vec<ArrayRef>) -> Result<()> {
        let rows = RecordBatch::try_new(Arc::clone(&self.schema), columns)?;
        self.inner.write(&rows).map_err(LinkError::of_file(&self.path))
    }

    fn close(self) -> Result<()> {
        self.inner.close().map(|_| ()).map_err(LinkError::of_file(&self.path))
    }
}
