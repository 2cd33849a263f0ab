//! What tables lack: records, or values of something that the model asks for. Nothing of it is wrong in itself, and all of it
//! is what a linkage looks like whose input was not delivered.

use std::collections::BTreeSet;

use datafusion::logical_expr::Expr;

use crate::model::{Needed, Program};
use crate::records::{ColumnKind, NULL, Records};

/// A warning for each table without records and, where there are records, for whatever none has a value of. The records are
/// as they have been read: in wide rows.
pub fn missing(program: &Program, records: &Records) -> Vec<String> {
    let names = records.tables.iter().zip(0_u16..);
    let empty = names.filter(|(_, table)| !records.table.contains(table));
    let mut warnings = empty.map(|(name, _)| format!("table `{name}` has no records")).collect::<Vec<_>>();
    if records.is_empty() {
        return warnings;
    }
    let columns = program.columns.iter().enumerate().filter(|(number, _)| !any(program, records, *number));
    // Fields before what is made of them, which then goes without saying.
    let (fields, made): (Vec<_>, Vec<_>) = columns.map(|(_, column)| column).partition(|column| is_field(column));
    let mut told = BTreeSet::new();
    for column in fields.into_iter().chain(made) {
        let of = column.expr.column_refs().into_iter().map(|field| field.name.as_str()).collect::<Vec<_>>();
        if !of.iter().any(|field| told.contains(field)) {
            told.extend(of);
            warnings.push(format!(
                "no record has a value of `{}`: it brings nobody together and compares nothing",
                column.name
            ));
        }
    }
    warnings
}

const fn is_field(column: &Needed) -> bool {
    matches!(column.expr, Expr::Column(_))
}

/// Whether any record has a value in a column. Where one has, it is nearly always among the first.
fn any(program: &Program, records: &Records, column: usize) -> bool {
    match program.columns[column].kind {
        ColumnKind::Number => records.numbers[column].stretches(STRETCH).any(|some| some.iter().any(|n| !n.is_nan())),
        ColumnKind::Text | ColumnKind::Flag => records.rows(0..records.len()).any(|row| row[column] != NULL),
    }
}

/// Numbers that are read together.
const STRETCH: usize = 1 << 16;
