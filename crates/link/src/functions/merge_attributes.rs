//! `merge_attributes(source, json, rank, tie)`: one JSON object with each source's best object under its name.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListBuilder, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, UInt64Type};
use datafusion::common::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, Expr, GroupsAccumulator, Signature, Volatility,
};

use super::groups::{Single, to_plain};

/// The function.
pub fn udaf() -> AggregateUDF {
    AggregateUDF::from(MergeAttributes { signature: Signature::any(4, Volatility::Immutable) })
}

/// A call in a plan.
pub fn merge_attributes(source: Expr, json: Expr, rank: Expr, tie: Expr) -> Expr {
    udaf().call(vec![source, json, rank, tie])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct MergeAttributes {
    signature: Signature,
}

fn state_type() -> DataType {
    DataType::List(Arc::new(Field::new("element", DataType::Utf8, true)))
}

impl AggregateUDFImpl for MergeAttributes {
    fn name(&self) -> &'static str {
        "merge_attributes"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Single(Objects::default())))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format!("{}[objects]", args.name), state_type(), true))])
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Objects::default()))
    }
}

/// A source's best object.
struct Object {
    source: Box<str>,
    order: (u64, u64),
    json: Box<str>,
}

#[derive(Default)]
struct Objects {
    /// Sorted by source.
    groups: Vec<Vec<Object>>,
    bytes: usize,
}

/// Bytes an object takes beside its texts.
const OBJECT_BYTES: usize = size_of::<Object>();

impl Objects {
    fn add(&mut self, group: usize, source: &str, order: (u64, u64), json: &str) {
        let objects = &mut self.groups[group];
        match objects.binary_search_by(|object| object.source.as_ref().cmp(source)) {
            Err(place) => {
                self.bytes += source.len() + json.len() + OBJECT_BYTES;
                objects.insert(place, Object { source: source.into(), order, json: json.into() });
            }
            Ok(place) if order < objects[place].order => {
                self.bytes = self.bytes + json.len() - objects[place].json.len();
                objects[place].order = order;
                objects[place].json = json.into();
            }
            Ok(_) => {}
        }
    }

    fn take(&mut self, emit_to: EmitTo) -> Vec<Vec<Object>> {
        let groups = emit_to.take_needed(&mut self.groups);
        self.bytes -=
            groups.iter().flatten().map(|object| object.source.len() + object.json.len() + OBJECT_BYTES).sum::<usize>();
        groups
    }
}

/// Rank, tie, source and JSON in one text, for the state between two stages.
fn pack(object: &Object) -> String {
    format!("{:016x}{:016x}{}\u{1f}{}", object.order.0, object.order.1, object.source, object.json)
}

fn unpack(text: &str) -> Option<(&str, (u64, u64), &str)> {
    let order = (u64::from_str_radix(text.get(..16)?, 16).ok()?, u64::from_str_radix(text.get(16..32)?, 16).ok()?);
    let (source, json) = text.get(32..)?.split_once('\u{1f}')?;
    Some((source, order, json))
}

impl GroupsAccumulator for Objects {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.groups.resize_with(total, Vec::new);
        if values.is_empty() {
            return Ok(());
        }
        let texts = values[..2].iter().map(|column| Ok(cast(column, &DataType::Utf8)?)).collect::<Result<Vec<_>>>()?;
        let (sources, jsons) = (texts[0].as_string::<i32>(), texts[1].as_string::<i32>());
        let orders =
            values[2..].iter().map(|column| to_plain(column, &DataType::UInt64)).collect::<Result<Vec<_>>>()?;
        let (ranks, ties) = (orders[0].as_primitive::<UInt64Type>(), orders[1].as_primitive::<UInt64Type>());
        for (row, group) in groups.iter().enumerate() {
            let out = filter.is_some_and(|filter| filter.is_null(row) || !filter.value(row));
            if !out && sources.is_valid(row) && jsons.is_valid(row) {
                self.add(*group, sources.value(row), (ranks.value(row), ties.value(row)), jsons.value(row));
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.groups.resize_with(total, Vec::new);
        let column = cast(&values[0], &state_type())?;
        let column = column.as_list::<i32>();
        let texts = column.values().as_string::<i32>();
        for row in (0..column.len()).filter(|row| column.is_valid(*row)) {
            for place in column.value_offsets()[row] as usize..column.value_offsets()[row + 1] as usize {
                if let Some((source, order, json)) = unpack(texts.value(place)) {
                    self.add(groups[row], source, order, json);
                }
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut output = StringBuilder::new();
        let mut text = String::new();
        for objects in self.take(emit_to) {
            if objects.is_empty() {
                output.append_null();
                continue;
            }
            text.clear();
            for object in &objects {
                text.push(if text.is_empty() { '{' } else { ',' });
                text.push_str(&serde_json::Value::from(object.source.as_ref()).to_string());
                text.push(':');
                text.push_str(&object.json);
            }
            text.push('}');
            output.append_value(&text);
        }
        Ok(Arc::new(output.finish()))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let mut lists = ListBuilder::new(StringBuilder::new()).with_field(Field::new("element", DataType::Utf8, true));
        for objects in self.take(emit_to) {
            for object in &objects {
                lists.values().append_value(pack(object));
            }
            lists.append(!objects.is_empty());
        }
        Ok(vec![Arc::new(lists.finish())])
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let mut rows = Self::default();
        let groups = (0..values[0].len()).collect::<Vec<_>>();
        rows.update_batch(values, &groups, filter, groups.len())?;
        rows.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        self.groups.capacity() * 24 + self.bytes
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use arrow::util::pretty::pretty_format_batches;
    use datafusion::prelude::{SessionConfig, SessionContext};

    #[tokio::test]
    async fn each_source_gives_its_best_object() {
        for partitions in [1, 3] {
            let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(partitions));
            context.register_udaf(super::udaf());
            let sql = r#"SELECT merge_attributes(s, j, CAST(r AS BIGINT UNSIGNED), CAST(0 AS BIGINT UNSIGNED)) AS m FROM (VALUES
                ('b', '{"x":1}', 2), ('b', '{"x":2}', 1), ('a', '{"y":0}', 9), ('c', null, 1)) AS v(s, j, r)"#;
            let text =
                pretty_format_batches(&context.sql(sql).await.unwrap().collect().await.unwrap()).unwrap().to_string();
            assert!(text.contains(r#"{"a":{"y":0},"b":{"x":2}}"#), "{text}");
        }
    }
}
