//! The frame of the aggregates: groups side by side, states that are bytes.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder, BooleanArray, LargeBinaryArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use super::state::{Kind, State, Values};
use crate::crs::geometry_field;
use crate::functions::doc::documentation;
use crate::functions::frame::common_crs;
use crate::functions::signature::arguments;

/// An aggregate before it is registered.
pub struct Aggregate {
    kind: Kind,
    name: &'static str,
    lower: String,
    signature: Signature,
    documentation: Documentation,
}

impl Aggregate {
    pub fn new(kind: Kind, name: &'static str, about: &str, example: &str) -> Self {
        let mut documentation = documentation(name, "geom geometry", about, None, "");
        documentation.sql_example = Some(format!("SELECT {example} FROM t GROUP BY district"));
        Self {
            kind,
            name,
            lower: name.to_ascii_lowercase(),
            signature: Signature::variadic_any(Volatility::Immutable),
            documentation,
        }
    }

    pub fn udaf(self) -> AggregateUDF {
        AggregateUDF::from(self)
    }
}

impl std::fmt::Debug for Aggregate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Aggregate {
    fn eq(&self, other: &Self) -> bool {
        self.lower == other.lower
    }
}

impl Eq for Aggregate {}

impl Hash for Aggregate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.lower.hash(state);
    }
}

impl AggregateUDFImpl for Aggregate {
    fn name(&self) -> &str {
        &self.lower
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let [data_type] = types else {
            return plan_err!("{} takes 1 argument as an aggregate, not {}", self.name, types.len());
        };
        let geometry = &arguments("geom geometry")[0];
        if let Err(why) = geometry.kind.accepts(data_type) {
            return plan_err!("{}: argument 1 (geom) is {data_type}, {why}", self.name);
        }
        Ok(DataType::Binary)
    }

    fn return_field(&self, fields: &[FieldRef]) -> Result<FieldRef> {
        self.return_type(&fields.iter().map(|field| field.data_type().clone()).collect::<Vec<_>>())?;
        let crs = common_crs(self.name, fields, &arguments("geom geometry"))?;
        Ok(Arc::new(geometry_field(&self.lower, crs.as_ref())))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format!("{}[values]", args.name), DataType::LargeBinary, true))])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(One { kind: self.kind, name: self.name, values: Values::default(), state: State::default() }))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups { kind: self.kind, name: self.name, values: Values::default(), states: Vec::new() }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }
}

/// The values of an argument as plain binary.
fn values(array: &ArrayRef) -> Result<LargeBinaryArray> {
    let array = match array.data_type() {
        DataType::LargeBinary => Arc::clone(array),
        _ => cast(array, &DataType::LargeBinary)?,
    };
    Ok(array.as_binary::<i64>().clone())
}

/// One group.
#[derive(Debug)]
struct One {
    kind: Kind,
    name: &'static str,
    values: Values,
    state: State,
}

impl Accumulator for One {
    fn update_batch(&mut self, arrays: &[ArrayRef]) -> Result<()> {
        let array = values(&arrays[0])?;
        if self.kind != Kind::Extent {
            self.values.keep(&array, false);
        }
        for row in (0..array.len()).filter(|row| array.is_valid(*row)) {
            self.state.add(self.kind, &self.values, &array, row, self.name)?;
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let array = values(&states[0])?;
        if self.kind != Kind::Extent {
            self.values.keep(&array, true);
        }
        for row in (0..array.len()).filter(|row| array.is_valid(*row)) {
            self.state.merge(self.kind, &self.values, &array, row);
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let packed = self.values.pack(std::slice::from_ref(&self.state), self.name)?;
        Ok(vec![ScalarValue::LargeBinary(Some(packed.value(0).to_vec()))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Binary(self.state.finish(self.kind, &self.values, self.name)?))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.values.size() + self.state.size()
    }
}

/// Many groups.
struct Groups {
    kind: Kind,
    name: &'static str,
    values: Values,
    states: Vec<State>,
}

fn taken(filter: Option<&BooleanArray>, row: usize) -> bool {
    filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        arrays: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.states.resize_with(total, State::default);
        let array = values(&arrays[0])?;
        if self.kind != Kind::Extent {
            self.values.keep(&array, false);
        }
        for (row, group) in groups.iter().enumerate() {
            if array.is_valid(row) && taken(filter, row) {
                self.states[*group].add(self.kind, &self.values, &array, row, self.name)?;
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, arrays: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.states.resize_with(total, State::default);
        let array = values(&arrays[0])?;
        if self.kind != Kind::Extent {
            self.values.keep(&array, true);
        }
        for (row, group) in groups.iter().enumerate() {
            if array.is_valid(row) {
                self.states[*group].merge(self.kind, &self.values, &array, row);
            }
        }
        Ok(())
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let states = emit_to.take_needed(&mut self.states);
        let packed = self.values.pack(&states, self.name)?;
        self.values.forget(&self.states);
        Ok(vec![Arc::new(packed)])
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut out = BinaryBuilder::new();
        for state in emit_to.take_needed(&mut self.states) {
            out.append_option(state.finish(self.kind, &self.values, self.name)?);
        }
        self.values.forget(&self.states);
        Ok(Arc::new(out.finish()))
    }

    fn convert_to_state(&self, arrays: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let array = values(&arrays[0])?;
        let mut values = Values::default();
        values.keep(&array, false);
        let mut states = vec![State::default(); array.len()];
        for (row, state) in states.iter_mut().enumerate() {
            if array.is_valid(row) && taken(filter, row) {
                state.add(self.kind, &values, &array, row, self.name)?;
            }
        }
        Ok(vec![Arc::new(values.pack(&states, self.name)?)])
    }

    fn size(&self) -> usize {
        let states = self.states.iter().map(State::size).sum::<usize>();
        self.values.size() + states + self.states.capacity() * size_of::<State>()
    }
}
