//! A raw column of whatever type as texts, the way a person would have typed them.

use std::cell::OnceCell;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use arrow::error::ArrowError;

/// The columns of a raw batch as texts; each is converted once, when it is first asked for.
pub(crate) struct Cells<'a> {
    pub batch: &'a RecordBatch,
    texts: Vec<OnceCell<StringArray>>,
}

impl<'a> Cells<'a> {
    pub fn new(batch: &'a RecordBatch) -> Self {
        Self { batch, texts: vec![OnceCell::new(); batch.num_columns()] }
    }

    /// The column at `place` as text.
    pub fn texts(&self, place: usize) -> Result<&StringArray, ArrowError> {
        if let Some(texts) = self.texts[place].get() {
            return Ok(texts);
        }
        let texts = texts(self.batch.column(place))?;
        Ok(self.texts[place].get_or_init(|| texts))
    }
}

/// The text at a row; `None` for null.
pub(crate) fn get(texts: &StringArray, row: usize) -> Option<&str> {
    texts.is_valid(row).then(|| texts.value(row))
}

/// Any array as texts. Whole floating numbers are written without a fraction and never in scientific
/// notation: a spreadsheet's long identifiers arrive as such.
pub(crate) fn texts(array: &ArrayRef) -> Result<StringArray, ArrowError> {
    let text = match array.data_type() {
        DataType::Utf8 => Arc::clone(array),
        DataType::Float64 => Arc::new(numbers(array)),
        DataType::Float16 | DataType::Float32 => Arc::new(numbers(&cast(array, &DataType::Float64)?)),
        DataType::Binary => Arc::new(hex(array)),
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            Arc::new(hex(&cast(array, &DataType::Binary)?))
        }
        _ => cast(array, &DataType::Utf8)?,
    };
    Ok(text.as_string::<i32>().clone())
}

fn numbers(array: &ArrayRef) -> StringArray {
    let numbers = array.as_primitive::<Float64Type>();
    let mut out = StringBuilder::with_capacity(numbers.len(), numbers.len() * 8);
    for number in numbers {
        match number {
            Some(number) if number.is_finite() => out.append_value(number.to_string()),
            _ => out.append_null(),
        }
    }
    out.finish()
}

fn hex(array: &ArrayRef) -> StringArray {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::new();
    let mut out = StringBuilder::new();
    for bytes in array.as_binary::<i32>() {
        let Some(bytes) = bytes else {
            out.append_null();
            continue;
        };
        text.clear();
        for byte in bytes {
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        out.append_value(&text);
    }
    out.finish()
}

/// Several columns as one: the filled cells of a row joined by `joiner`.
pub(crate) fn joined(parts: &[&StringArray], joiner: &str) -> StringArray {
    let rows = parts.first().map_or(0, |part| part.len());
    let mut text = String::new();
    let mut out = StringBuilder::new();
    for row in 0..rows {
        text.clear();
        for part in parts.iter().filter_map(|part| get(part, row)).map(str::trim).filter(|part| !part.is_empty()) {
            if !text.is_empty() {
                text.push_str(joiner);
            }
            text.push_str(part);
        }
        if text.is_empty() { out.append_null() } else { out.append_value(&text) }
    }
    out.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use arrow::array::{BinaryArray, BooleanArray, Date32Array, Float64Array, Int64Array};

    use super::*;

    fn shown(array: ArrayRef) -> String {
        texts(&array).unwrap().value(0).to_owned()
    }

    #[test]
    fn numbers_are_written_as_a_person_would() {
        assert_eq!(shown(Arc::new(Float64Array::from(vec![1.101_051_990_010_11e17]))), "110105199001011000");
        assert_eq!(shown(Arc::new(Float64Array::from(vec![0.5]))), "0.5");
        assert_eq!(shown(Arc::new(Float64Array::from(vec![3.0]))), "3");
        assert_eq!(shown(Arc::new(Int64Array::from(vec![-7]))), "-7");
        assert_eq!(shown(Arc::new(BooleanArray::from(vec![true]))), "true");
        assert_eq!(shown(Arc::new(Date32Array::from(vec![19_783]))), "2024-03-01");
        assert_eq!(shown(Arc::new(BinaryArray::from(vec![&b"\x01\xff"[..]]))), "01ff");
    }

    #[test]
    fn filled_cells_are_joined_and_empty_ones_leave_no_gap() {
        let (a, b) = (
            StringArray::from(vec![Some("望京"), None, None]),
            StringArray::from(vec![Some("1号"), Some(" 2号 "), Some("")]),
        );
        let both = joined(&[&a, &b], " ");
        assert_eq!(both.iter().collect::<Vec<_>>(), [Some("望京 1号"), Some("2号"), None]);
    }
}
