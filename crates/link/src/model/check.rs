//! What can be said of a model before its SQL is looked at.

use std::collections::BTreeSet;

use jingwei_model::config::LinkModel;

use crate::{LinkError, Result};

/// Checks a model against the names of the tables.
///
/// # Errors
/// A table in `one_to_one` that is not there, and comparisons without a name or with the name of another.
pub fn check(model: &LinkModel, tables: &[&str]) -> Result<()> {
    for name in &model.one_to_one {
        if !tables.contains(&name.as_str()) {
            let known = tables.iter().map(|table| format!("`{table}`")).collect::<Vec<_>>().join(", ");
            return Err(LinkError::usage(format!(
                "`one_to_one` names a table `{name}`; there are {known}, named like their files"
            )));
        }
    }
    let mut seen = BTreeSet::new();
    for comparison in &model.comparisons {
        if comparison.name.is_empty() {
            return Err(LinkError::usage("a comparison has an empty `name`; name what it compares"));
        }
        if !seen.insert(comparison.name.as_str()) {
            return Err(LinkError::usage(format!(
                "two comparisons are named `{}`; give one another `name`, and the field in `field`",
                comparison.name
            )));
        }
    }
    Ok(())
}
