//! The types tables are stored in: those that Delta and every reader of Parquet agree on.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;

/// A schema with every type settled to one that can be stored.
#[must_use]
pub fn storable(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(settle).collect::<Vec<_>>();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

fn settle(field: &FieldRef) -> FieldRef {
    Arc::new(field.as_ref().clone().with_data_type(settled(field.data_type())))
}

fn settled(data_type: &DataType) -> DataType {
    match data_type {
        DataType::LargeUtf8 | DataType::Utf8View | DataType::Null | DataType::Time32(_) | DataType::Time64(_) => {
            DataType::Utf8
        }
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => DataType::Binary,
        DataType::UInt8 | DataType::UInt16 => DataType::Int32,
        DataType::UInt32 | DataType::UInt64 => DataType::Int64,
        DataType::Float16 => DataType::Float32,
        DataType::Date64 | DataType::Timestamp(_, None) => DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Timestamp(_, Some(_)) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        DataType::Dictionary(_, value) => settled(value),
        DataType::List(field) | DataType::LargeList(field) | DataType::ListView(field) => {
            DataType::List(Arc::new(Field::new("element", settled(field.data_type()), true)))
        }
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(settle).collect()),
        other => other.clone(),
    }
}

/// The batch in a storable schema.
pub fn into_storable(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| {
            if column.data_type() == field.data_type() {
                Ok(Arc::clone(column))
            } else {
                cast(column, field.data_type())
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns)
}
