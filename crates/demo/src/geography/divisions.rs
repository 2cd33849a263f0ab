//! The tree of divisions, carried in `data/divisions.txt`.

use crate::error::{DemoError, Result};

const TEXT: &str = include_str!("../../data/divisions.txt");

/// A division and those in it.
#[derive(Debug)]
pub struct Division {
    pub code: String,
    pub name: String,
    pub children: Vec<Self>,
}

/// District lines have six digits, street lines three, community lines begin with a tab.
pub fn read() -> Result<Vec<Division>> {
    let mut districts: Vec<Division> = Vec::new();
    for line in TEXT.lines() {
        let bad = || DemoError::Internal(format!("divisions.txt: `{line}`"));
        let community = line.starts_with('\t');
        let (code, name) = line.trim_start().split_once('\t').ok_or_else(bad)?;
        let division = |code: String| Division { code, name: name.to_owned(), children: Vec::new() };
        if code.len() == 6 {
            districts.push(division(code.to_owned()));
            continue;
        }
        let district = districts.last_mut().ok_or_else(bad)?;
        if community {
            let street = district.children.last_mut().ok_or_else(bad)?;
            street.children.push(division(format!("{}{code}", street.code)));
        } else {
            district.children.push(division(format!("{}{code}", district.code)));
        }
    }
    Ok(districts)
}
