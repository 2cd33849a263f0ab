//! Column names out of header rows, and rows that are no data: the same for CSV and spreadsheets.

use std::collections::BTreeMap;

use jingwei_model::config;

use crate::error::{Result, SourceError};

/// Column names from the rows of a header.
///
/// Levels are joined with `_`. A cell of an upper level covers the empty cells right of it (that is how
/// merged cells are written); the last level is never spread. An empty name becomes `c<N>`.
///
/// # Errors
/// Names that occur twice; they are named with their columns.
pub fn names(levels: &[Vec<String>], file: &str, sheet: Option<&str>, row: i64) -> Result<Vec<String>> {
    let width = levels.iter().map(Vec::len).max().unwrap_or_default();
    let last = levels.len().saturating_sub(1);
    let mut joined: Vec<Vec<&str>> = vec![Vec::new(); width];
    for (depth, level) in levels.iter().enumerate() {
        let mut carried = "";
        for (column, parts) in joined.iter_mut().enumerate() {
            let cell = level.get(column).map_or("", |cell| cell.trim());
            if !cell.is_empty() {
                carried = cell;
            }
            let cell = if depth == last { cell } else { carried };
            // A cell merged downwards repeats its text at every level.
            if !cell.is_empty() && parts.last() != Some(&cell) {
                parts.push(cell);
            }
        }
    }
    let names: Vec<String> = joined
        .into_iter()
        .enumerate()
        .map(|(column, parts)| match parts.join("_") {
            name if name.is_empty() => format!("c{}", column + 1),
            name => name.split_whitespace().collect::<Vec<_>>().join(" "),
        })
        .collect();
    refuse_duplicates(&names).map_err(|(message, hint)| {
        let error = SourceError::data(file, message).at_row(row).with_hint(hint);
        match sheet {
            Some(sheet) => error.in_sheet(sheet),
            None => error,
        }
    })?;
    Ok(names)
}

fn refuse_duplicates(names: &[String]) -> Result<(), (String, String)> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (column, name) in names.iter().enumerate() {
        places.entry(name).or_default().push(column + 1);
    }
    let twice: Vec<String> = places
        .into_iter()
        .filter(|(_, columns)| columns.len() > 1)
        .map(|(name, columns)| {
            let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
            format!("`{name}` (columns {})", columns.join(", "))
        })
        .collect();
    if twice.is_empty() {
        return Ok(());
    }
    let hint = "give each column its own name, or set format.header_rows to the number of rows the header has";
    Err((format!("column names that occur more than once: {}", twice.join(", ")), hint.to_owned()))
}

/// Whether a row is a footer: its first filled cell starts with one of `format.footer`.
pub fn is_footer<'a>(format: &config::Format, cells: impl IntoIterator<Item = &'a str>) -> bool {
    if format.footer.is_empty() {
        return false;
    }
    let first = cells.into_iter().map(str::trim).find(|cell| !cell.is_empty());
    first.is_some_and(|cell| format.footer.iter().any(|footer| cell.starts_with(footer.as_str())))
}

/// The places of `format.fill_down` among the columns.
///
/// # Errors
/// A name that is no column.
pub fn fill_down(format: &config::Format, names: &[String], file: &str) -> Result<Vec<usize>> {
    format
        .fill_down
        .iter()
        .map(|wanted| {
            names.iter().position(|name| name == wanted).ok_or_else(|| {
                let error = SourceError::data(file, format!("format.fill_down names `{wanted}`, which is no column"));
                error.with_hint(format!("the columns are {}", names.join(", ")))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn level(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn levels_are_joined_and_upper_cells_cover_the_empty_ones_right_of_them() {
        let levels = [level(&["序号", "户主", "", "地址"]), level(&["序号", "姓名", "电话", ""])];
        assert_eq!(names(&levels, "f", None, 1).unwrap(), ["序号", "户主_姓名", "户主_电话", "地址"]);
    }

    #[test]
    fn an_empty_name_becomes_the_column_s_number() {
        assert_eq!(names(&[level(&["a", " ", "b\nc"])], "f", None, 1).unwrap(), ["a", "c2", "b c"]);
    }

    #[test]
    fn names_that_occur_twice_are_named_with_their_columns() {
        let error = names(&[level(&["a", "b", "a"])], "f.csv", None, 1).unwrap_err().to_string();
        assert!(error.contains("`a` (columns 1, 3)") && error.contains("hint:"), "{error}");
    }

    #[test]
    fn a_footer_is_known_by_its_first_filled_cell() {
        let format = config::Format { footer: vec!["合计".to_owned()], ..Default::default() };
        assert!(is_footer(&format, ["", " 合计：", "12"]));
        assert!(!is_footer(&format, ["1", "合计"]));
    }
}
