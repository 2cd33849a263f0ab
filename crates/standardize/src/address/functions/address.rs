//! `address(text)`: an address in its sixteen levels.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, StringBuilder, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use jingwei_model::Level;

use super::{Parser, SECTION, for_each, strings, text_argument};
use crate::address::{Grain, Parsed};

static LEVELS: LazyLock<Fields> =
    LazyLock::new(|| Level::ALL.iter().map(|level| Field::new(level.name(), DataType::Utf8, true)).collect());

static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    let completed = Arc::new(Field::new("completed", DataType::Struct(LEVELS.clone()), true));
    let texts = ["canonical", "level", "code", "rest"].map(|name| Arc::new(Field::new(name, DataType::Utf8, true)));
    LEVELS.iter().cloned().chain([completed]).chain(texts).collect()
});

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Documentation::builder(
        SECTION,
        "An address in its levels, each as the text has it: prov, city, district, devzone, town, community, road, roadno, \
         subroad, subroadno, poi, subpoi, houseno, cellno, floorno, roomno. `completed` holds the same levels in their \
         standard form, filled from the table of divisions; `canonical` is the standard spelling; `level` says how fine the \
         address is; `code` is the finest division's; `rest` is what is in no level.",
        "address(text)",
    )
    .with_argument("text", "the address as written")
    .with_sql_example("SELECT address('朝阳区望京街道阜通东大街6号5号楼2单元501')['completed']['prov'];")
    .build()
});

pub(super) fn udf(parser: &Parser) -> ScalarUDF {
    ScalarUDF::from(AddressFunction { parser: parser.clone(), signature: Signature::any(1, Volatility::Immutable) })
}

#[derive(Debug)]
struct AddressFunction {
    parser: Parser,
    signature: Signature,
}

impl PartialEq for AddressFunction {
    fn eq(&self, other: &Self) -> bool {
        self.parser == other.parser
    }
}

impl Eq for AddressFunction {}

impl Hash for AddressFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl ScalarUDFImpl for AddressFunction {
    fn name(&self) -> &'static str {
        "address"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(FIELDS.clone()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let parser = self.parser.get();
        let texts = text_argument(&args, 0)?;
        let mut columns = Columns::new(args.number_rows);
        let mut parsed = Parsed::default();
        for_each(strings(&texts), |text, repeats| match text {
            Some(text) => {
                if !repeats {
                    parser.parse(text, &mut parsed);
                }
                columns.append(&parsed);
            }
            None => columns.append_null(),
        });
        Ok(ColumnarValue::Array(Arc::new(columns.finish())))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

struct Columns {
    written: [StringBuilder; 16],
    completed: [StringBuilder; 16],
    canonical: StringBuilder,
    level: StringBuilder,
    code: StringBuilder,
    rest: StringBuilder,
    valid: Vec<bool>,
}

impl Columns {
    fn new(rows: usize) -> Self {
        let column = |width: usize| StringBuilder::with_capacity(rows, rows * width);
        Self {
            written: std::array::from_fn(|_| column(8)),
            completed: std::array::from_fn(|_| column(8)),
            canonical: column(64),
            level: column(8),
            code: column(12),
            rest: column(4),
            valid: Vec::with_capacity(rows),
        }
    }

    fn append(&mut self, parsed: &Parsed) {
        let filled = |text: &str| !text.is_empty();
        for level in Level::ALL {
            self.written[level as usize].append_option(parsed.get(level));
            self.completed[level as usize].append_option(parsed.completed(level));
        }
        self.canonical.append_option(Some(parsed.canonical()).filter(|text| filled(text)));
        self.level.append_option(parsed.grain().map(Grain::name));
        self.code.append_option(Some(parsed.code()).filter(|text| filled(text)));
        self.rest.append_option(Some(parsed.rest()).filter(|text| filled(text)));
        self.valid.push(true);
    }

    fn append_null(&mut self) {
        for column in self.written.iter_mut().chain(&mut self.completed) {
            column.append_null();
        }
        for column in [&mut self.canonical, &mut self.level, &mut self.code, &mut self.rest] {
            column.append_null();
        }
        self.valid.push(false);
    }

    fn finish(self) -> StructArray {
        let array = |mut column: StringBuilder| Arc::new(column.finish()) as ArrayRef;
        let valid = NullBuffer::from(self.valid);
        let completed =
            StructArray::new(LEVELS.clone(), self.completed.into_iter().map(array).collect(), Some(valid.clone()));
        let mut arrays: Vec<ArrayRef> = self.written.into_iter().map(array).collect();
        arrays.push(Arc::new(completed));
        arrays.extend([self.canonical, self.level, self.code, self.rest].map(array));
        debug_assert!(arrays.iter().all(|array| array.len() == valid.len()));
        StructArray::new(FIELDS.clone(), arrays, Some(valid))
    }
}
