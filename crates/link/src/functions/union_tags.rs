//! `union_tags(list or text)`: the sorted distinct texts of all rows.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListBuilder, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, Expr, GroupsAccumulator, Signature, Volatility,
};

use super::groups::Single;

/// The function.
pub fn udaf() -> AggregateUDF {
    AggregateUDF::from(UnionTags { signature: Signature::any(1, Volatility::Immutable) })
}

/// A call in a plan.
pub fn union_tags(tags: Expr) -> Expr {
    udaf().call(vec![tags])
}

fn list_type() -> DataType {
    DataType::List(Arc::new(Field::new("element", DataType::Utf8, true)))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct UnionTags {
    signature: Signature,
}

impl AggregateUDFImpl for UnionTags {
    fn name(&self) -> &'static str {
        "union_tags"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(list_type())
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Single(Tags::default())))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format!("{}[tags]", args.name), list_type(), true))])
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Tags::default()))
    }
}

/// A group has few tags, so a sorted vector is smaller and faster than a set.
#[derive(Default)]
struct Tags {
    groups: Vec<Vec<Box<str>>>,
    bytes: usize,
}

/// The column as lists of text.
fn lists(column: &ArrayRef) -> Result<ArrayRef> {
    if let DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 = column.data_type() {
        let texts = cast(column, &DataType::Utf8)?;
        let mut lists = ListBuilder::new(StringBuilder::new()).with_field(Field::new("element", DataType::Utf8, true));
        for text in texts.as_string::<i32>() {
            if let Some(text) = text {
                lists.values().append_value(text);
            }
            lists.append(text.is_some());
        }
        return Ok(Arc::new(lists.finish()));
    }
    Ok(cast(column, &list_type())?)
}

impl GroupsAccumulator for Tags {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.groups.resize_with(total, Vec::new);
        let Some(column) = values.first() else { return Ok(()) };
        let column = lists(column)?;
        let column = column.as_list::<i32>();
        let texts = column.values().as_string::<i32>();
        for (row, group) in groups.iter().enumerate() {
            if column.is_null(row) || filter.is_some_and(|filter| filter.is_null(row) || !filter.value(row)) {
                continue;
            }
            let group = &mut self.groups[*group];
            let (start, end) = (column.value_offsets()[row] as usize, column.value_offsets()[row + 1] as usize);
            for place in (start..end).filter(|place| texts.is_valid(*place)) {
                let text = texts.value(place);
                if let Err(at) = group.binary_search_by(|tag| tag.as_ref().cmp(text)) {
                    self.bytes += text.len() + 16;
                    group.insert(at, text.into());
                }
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.update_batch(values, groups, None, total)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let groups = emit_to.take_needed(&mut self.groups);
        let mut lists = ListBuilder::new(StringBuilder::new()).with_field(Field::new("element", DataType::Utf8, true));
        for group in groups {
            for tag in &group {
                self.bytes -= tag.len() + 16;
                lists.values().append_value(tag);
            }
            // No tags at all is no list: that is how the base tables say it.
            lists.append(!group.is_empty());
        }
        Ok(Arc::new(lists.finish()))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit_to)?])
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let column = lists(&values[0])?;
        Ok(vec![match filter {
            Some(filter) => arrow::compute::nullif(&column, &arrow::compute::not(filter)?)?,
            None => column,
        }])
    }

    fn size(&self) -> usize {
        self.groups.capacity() * 24 + self.bytes
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use arrow::util::pretty::pretty_format_batches;
    use datafusion::prelude::SessionContext;

    #[tokio::test]
    async fn tags_are_united_sorted_and_absent_when_there_are_none() {
        let context = SessionContext::new();
        context.register_udaf(super::udaf());
        let sql = "SELECT g, union_tags(t) AS a, union_tags(s) AS b FROM (VALUES (1, ['b', 'a'], 'x'), (1, ['c', 'a'], 'x'), (2, null, null)) AS v(g, t, s)
                   GROUP BY g ORDER BY g";
        let text =
            pretty_format_batches(&context.sql(sql).await.unwrap().collect().await.unwrap()).unwrap().to_string();
        assert!(text.contains("| 1 | [a, b, c] | [x] |"), "{text}");
        assert!(text.contains("| 2 |           |     |"), "{text}");
    }
}
