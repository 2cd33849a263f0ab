//! A linkage on disk: a folder of Parquet files that [`Incremental::open`] goes on from.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Float32Array, Float64Array, RecordBatch, StringArray,
    UInt16Array, UInt32Array, UInt64Array,
};
use arrow::datatypes::{Field, Float32Type, Float64Type, Schema, UInt16Type, UInt32Type, UInt64Type};
use datafusion::prelude::SessionContext;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::postings::Tie;
use super::{Incremental, Parts, Trained};
use crate::cluster::Entities;
use crate::linker::{Decision, Linker};
use crate::records::{Domain, Records};
use crate::{LinkError, Result};

impl Trained {
    /// Writes it as a Parquet file.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        write(path, &self.table()?)
    }

    /// Reads the file that [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// A file that cannot be read, or holds something else.
    pub fn open(path: &Path) -> Result<Self> {
        Self::read(&[parquet(path)?])
    }
}

impl Incremental {
    /// Writes the linkage into a folder, which is made where there is none.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn save(&self, folder: &Path) -> Result<()> {
        let tables = folder.join("tables");
        // A folder written only in part has no model, and is refused.
        let model = folder.join("model.toml");
        std::fs::create_dir_all(&tables).map_err(LinkError::of_file(folder))?;
        if model.exists() {
            std::fs::remove_file(&model).map_err(LinkError::of_file(&model))?;
        }
        for (number, door) in self.intake.tables.iter().enumerate() {
            let path = tables.join(format!("{number}-{}.parquet", door.name));
            write(&path, &RecordBatch::new_empty(Arc::clone(door.plan.schema())))?;
        }
        self.trained.save(&folder.join("trained.parquet"))?;
        write(&folder.join("records.parquet"), &self.record_table()?)?;
        write(&folder.join("texts.parquet"), &texts(&self.records)?)?;
        write(&folder.join("pairs.parquet"), &self.pair_table()?)?;
        write(&folder.join("decisions.parquet"), &decisions(&self.decisions)?)?;
        let text = toml::to_string(&self.linker.model).map_err(LinkError::of_file(&model))?;
        std::fs::write(&model, text).map_err(LinkError::of_file(&model))
    }

    /// Reads a linkage that [`save`](Self::save) wrote. `context` knows the functions of the model.
    ///
    /// # Errors
    /// Files that cannot be read or do not belong together.
    pub async fn open(context: &SessionContext, folder: &Path) -> Result<Self> {
        let path = folder.join("model.toml");
        let name = path.display().to_string();
        let text = std::fs::read_to_string(&path).map_err(|error| LinkError::File {
            path: name.clone(),
            error: format!("no linkage was kept here ({error}); `--keep-base` keeps one"),
        })?;
        let model = jingwei_model::config::parse(&name, &text, |_| None).map_err(LinkError::of_file(&path))?;
        let trained = Arc::new(Trained::open(&folder.join("trained.parquet"))?);
        let linker = Linker::new(model)
            .with_decisions(read_decisions(&parquet(&folder.join("decisions.parquet"))?))
            .with_trained(Arc::clone(&trained));
        let mut schemas = Vec::new();
        let tables = folder.join("tables");
        for entry in std::fs::read_dir(&tables).map_err(LinkError::of_file(&tables))? {
            let path = entry.map_err(LinkError::of_file(&tables))?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            if let Some((number, name)) = stem.split_once('-')
                && let Ok(number) = number.parse::<usize>()
            {
                schemas.push((number, name.to_owned(), parquet(&path)?.schema()));
            }
        }
        schemas.sort_by_key(|(number, ..)| *number);
        let schemas = schemas.into_iter().map(|(_, name, schema)| (name, schema)).collect::<Vec<_>>();
        let names = schemas.iter().map(|(name, _)| name.clone()).collect();
        let rows = parquet(&folder.join("records.parquet"))?;
        let (records, first, last, household) = records(names, &rows, &parquet(&folder.join("texts.parquet"))?)?;
        let edges = edges(&parquet(&folder.join("pairs.parquet"))?);
        let parts = Parts { trained, records, edges, first, last, household };
        let mut base = Self::from_parts(context, &linker, schemas, parts).await?;
        base.rehearse().await;
        Ok(base)
    }

    /// The records in the order of their keys: table, id, key, entities, household, and a column for each of the
    /// model's, its texts by their numbers.
    fn record_table(&self) -> Result<RecordBatch> {
        let kept = self.kept();
        let (all, order) = (&self.records, &kept.order);
        let first = kept.entities(&self.first);
        let last = self.last.as_ref().map(|last| kept.entities(last));
        let mut columns: Vec<(String, ArrayRef)> = vec![
            (
                "table".to_owned(),
                Arc::new(order.iter().map(|slot| Some(all.table[*slot as usize])).collect::<UInt16Array>()),
            ),
            ("id".to_owned(), Arc::new(order.iter().map(|slot| Some(all.id_of(*slot))).collect::<StringArray>())),
            (
                "key".to_owned(),
                Arc::new(BinaryArray::from_iter_values(
                    order.iter().map(|slot| all.keys[*slot as usize].to_be_bytes()),
                )),
            ),
            ("first_root".to_owned(), Arc::new(UInt32Array::from(first.root))),
            ("first_odds".to_owned(), Arc::new(Float32Array::from(first.logit))),
        ];
        if let Some(last) = last {
            columns.push(("last_root".to_owned(), Arc::new(UInt32Array::from(last.root))));
            columns.push(("last_odds".to_owned(), Arc::new(Float32Array::from(last.logit))));
        }
        columns.push(("household".to_owned(), Arc::new(UInt32Array::from(kept.households(&self.household)))));
        for column in 0..all.stride {
            let cells = order.iter().map(|slot| Some(all.cell(*slot, column))).collect::<UInt32Array>();
            columns.push((format!("c{column}"), Arc::new(cells)));
            if !all.numbers[column].is_empty() {
                let numbers = order.iter().map(|slot| Some(all.numbers[column][*slot as usize]));
                columns.push((format!("n{column}"), Arc::new(numbers.collect::<Float64Array>())));
            }
        }
        table(columns)
    }

    fn pair_table(&self) -> Result<RecordBatch> {
        let pairs = self.pairs(&self.kept());
        let left = pairs.iter().map(|(left, _)| *left).collect::<Vec<_>>();
        let right = pairs.iter().map(|(_, tie)| tie.other).collect::<Vec<_>>();
        let odds = |of: fn(&Tie) -> f32| -> ArrayRef {
            Arc::new(pairs.iter().map(|(_, tie)| Some(of(tie)).filter(|odds| !odds.is_nan())).collect::<Float32Array>())
        };
        table(vec![
            ("left".to_owned(), Arc::new(UInt32Array::from(left))),
            ("right".to_owned(), Arc::new(UInt32Array::from(right))),
            ("pattern".to_owned(), Arc::new(pairs.iter().map(|(_, tie)| Some(tie.pattern)).collect::<UInt64Array>())),
            ("odds".to_owned(), odds(|tie| tie.plain)),
            ("housed".to_owned(), odds(|tie| tie.housed)),
        ])
    }
}

/// The values of each domain in the order of their numbers.
fn texts(records: &Records) -> Result<RecordBatch> {
    let mut numbers = Vec::new();
    let mut texts = arrow::array::LargeStringBuilder::new();
    for (number, domain) in records.domains.iter().enumerate() {
        for code in 1..domain.len() as u32 {
            numbers.push(number as u16);
            texts.append_value(domain.text(code));
        }
    }
    table(vec![
        ("domain".to_owned(), Arc::new(UInt16Array::from(numbers))),
        ("text".to_owned(), Arc::new(texts.finish())),
    ])
}

fn decisions(decisions: &[Decision]) -> Result<RecordBatch> {
    let keys = |of: fn(&Decision) -> u128| -> ArrayRef {
        Arc::new(BinaryArray::from_iter_values(decisions.iter().map(|decision| of(decision).to_be_bytes())))
    };
    table(vec![
        ("left".to_owned(), keys(|decision| decision.left)),
        ("right".to_owned(), keys(|decision| decision.right)),
        ("same".to_owned(), Arc::new(decisions.iter().map(|decision| Some(decision.same)).collect::<BooleanArray>())),
    ])
}

fn read_decisions(rows: &RecordBatch) -> Vec<Decision> {
    let (left, right) = (rows.column(0).as_binary::<i32>(), rows.column(1).as_binary::<i32>());
    (0..rows.num_rows())
        .map(|row| Decision {
            left: number(left.value(row)),
            right: number(right.value(row)),
            same: rows.column(2).as_boolean().value(row),
        })
        .collect()
}

fn edges(rows: &RecordBatch) -> Vec<(u32, Tie)> {
    let whole = |column: usize| rows.column(column).as_primitive::<UInt32Type>();
    let patterns = rows.column(2).as_primitive::<UInt64Type>();
    let odds = |column: usize, row: usize| {
        let odds = rows.column(column).as_primitive::<Float32Type>();
        if odds.is_null(row) { f32::NAN } else { odds.value(row) }
    };
    (0..rows.num_rows())
        .map(|row| {
            let tie = Tie {
                other: whole(1).value(row),
                pattern: patterns.value(row),
                plain: odds(3, row),
                housed: odds(4, row),
            };
            (whole(0).value(row), tie)
        })
        .collect()
}

/// Records, their entities before and after households, and their households.
type Kept = (Records, Entities, Option<Entities>, Vec<u32>);

fn records(tables: Vec<String>, rows: &RecordBatch, texts: &RecordBatch) -> Result<Kept> {
    let column = |name: &str| {
        rows.column_by_name(name).ok_or_else(|| LinkError::usage(format!("records.parquet has no column `{name}`")))
    };
    let whole = |name: &str| Ok::<_, LinkError>(column(name)?.as_primitive::<UInt32Type>().values().to_vec());
    let entities = |name: &str| {
        let odds = column(&format!("{name}_odds"))?.as_primitive::<Float32Type>().values().to_vec();
        Ok::<_, LinkError>(Entities { root: whole(&format!("{name}_root"))?, logit: odds })
    };
    let cells = (0..).map_while(|number| rows.column_by_name(&format!("c{number}"))).collect::<Vec<_>>();
    let cells = cells.into_iter().map(|cells| cells.as_primitive::<UInt32Type>().values()).collect::<Vec<_>>();
    let mut records = Records { tables, stride: cells.len(), ..Records::default() };
    records.cells = (0..rows.num_rows()).flat_map(|row| cells.iter().map(move |cells| cells[row])).collect();
    for number in 0..cells.len() {
        let numbers = rows.column_by_name(&format!("n{number}"));
        let numbers = numbers.map(|numbers| numbers.as_primitive::<Float64Type>().values().to_vec());
        records.numbers.push(numbers.unwrap_or_default().into());
    }
    records.table = column("table")?.as_primitive::<UInt16Type>().values().to_vec();
    records.keys = column("key")?.as_binary::<i32>().iter().map(|key| number(key.unwrap_or_default())).collect();
    records.id = column("id")?.as_string::<i32>().iter().map(|id| records.ids.intern(id.unwrap_or_default())).collect();
    let (domains, values) = (texts.column(0).as_primitive::<UInt16Type>(), texts.column(1).as_string::<i64>());
    for row in 0..texts.num_rows() {
        let domain = usize::from(domains.value(row));
        if records.domains.len() <= domain {
            records.domains.resize_with(domain + 1, Domain::default);
        }
        records.domains[domain].intern(values.value(row));
    }
    records.domains.iter_mut().chain([&mut records.ids]).for_each(Domain::settle);
    let last = if rows.column_by_name("last_root").is_some() { Some(entities("last")?) } else { None };
    let (first, household) = (entities("first")?, whole("household")?);
    Ok((records, first, last, household))
}

fn number(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

fn table(columns: Vec<(String, ArrayRef)>) -> Result<RecordBatch> {
    let fields = columns.iter().map(|(name, column)| Field::new(name, column.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    Ok(RecordBatch::try_new(schema, columns.into_iter().map(|(_, column)| column).collect())?)
}

/// Writes a table as Parquet; the file is only left behind whole.
fn write(path: &Path, rows: &RecordBatch) -> Result<()> {
    let partial = path.with_extension("parquet.partial");
    let file = File::create(&partial).map_err(LinkError::of_file(&partial))?;
    let fast = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let mut writer = ArrowWriter::try_new(file, rows.schema(), Some(fast)).map_err(LinkError::of_file(path))?;
    writer.write(rows).map_err(LinkError::of_file(path))?;
    writer.close().map_err(LinkError::of_file(path))?;
    std::fs::rename(&partial, path).map_err(LinkError::of_file(path))
}

/// Reads a Parquet file whole.
fn parquet(path: &Path) -> Result<RecordBatch> {
    let file = File::open(path).map_err(LinkError::of_file(path))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(LinkError::of_file(path))?;
    let schema = Arc::clone(reader.schema());
    let batches =
        reader.with_batch_size(1 << 16).build().map_err(LinkError::of_file(path))?.collect::<Result<Vec<_>, _>>();
    let batches = batches.map_err(LinkError::of_file(path))?;
    Ok(arrow::compute::concat_batches(&schema, &batches)?)
}
