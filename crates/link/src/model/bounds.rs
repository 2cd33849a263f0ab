//! Bounds of the levels of ready-made ladders.

use jingwei_model::config::{ComparisonConfig, ComparisonKind};

use crate::{LinkError, Result};

/// What bounds a kind has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scale {
    /// None.
    Fixed,
    /// Similarities from 0 to 1, the highest first.
    Share,
    /// How many items agree, the most first.
    Count,
    /// Edits, the fewest first.
    Edits,
    /// Distances, the shortest first.
    Distance,
}

const fn scale(kind: ComparisonKind) -> Scale {
    match kind {
        ComparisonKind::JaroWinkler | ComparisonKind::Tokens | ComparisonKind::Email => Scale::Share,
        ComparisonKind::Array => Scale::Count,
        ComparisonKind::Levenshtein | ComparisonKind::DamerauLevenshtein => Scale::Edits,
        ComparisonKind::Date | ComparisonKind::Number | ComparisonKind::Place => Scale::Distance,
        ComparisonKind::Exact
        | ComparisonKind::ChineseName
        | ComparisonKind::ResidentId
        | ComparisonKind::CreditCode
        | ComparisonKind::OrganizationName
        | ComparisonKind::Address
        | ComparisonKind::Phone => Scale::Fixed,
    }
}

/// Checks the bounds that a comparison sets itself.
///
/// # Errors
/// Bounds for a kind that has none, numbers that none can be, and bounds that do not go from best to worst.
pub fn check(comparison: &ComparisonConfig, kind: ComparisonKind) -> Result<()> {
    let at = &comparison.at;
    let wrong = |what: &str| Err(LinkError::usage(format!("comparison `{}`: `at = {at:?}` {what}", comparison.name)));
    if at.is_empty() {
        return Ok(());
    }
    let scale = scale(kind);
    let whole = |value: &f64| value.fract() == 0.0;
    match scale {
        Scale::Fixed => return wrong("is set, but levels of this kind have no bounds; leave it out"),
        Scale::Share if !at.iter().all(|value| (0.0..=1.0).contains(value)) => {
            return wrong("must be similarities between 0 and 1");
        }
        _ if !at.iter().all(|value| value.is_finite() && *value >= 0.0) => return wrong("must be numbers, 0 or more"),
        Scale::Count | Scale::Edits if !at.iter().all(whole) => return wrong("must be whole numbers"),
        _ => {}
    }
    match scale {
        Scale::Share | Scale::Count if !at.is_sorted_by(|a, b| a >= b) => {
            wrong("must go from the best to the worst level, from the highest to the lowest")
        }
        Scale::Edits | Scale::Distance if !at.is_sorted() => {
            wrong("must go from the best to the worst level, from the lowest to the highest")
        }
        _ => Ok(()),
    }
}
