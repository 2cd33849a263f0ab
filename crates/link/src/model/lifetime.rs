//! Dates that no one person can have, spelled out as conditions under which two records are never one entity.

use jingwei_model::config::Lifetime;

use crate::{LinkError, Result};

/// The conditions, each the same whichever record is the left one.
///
/// # Errors
/// A lifetime of which nothing follows, and a day that is none.
pub fn impossible(lifetime: &Lifetime) -> Result<Vec<String>> {
    let Lifetime { birth, death, events, resident_id, as_of } = lifetime;
    let mut never = Vec::new();
    for (early, late) in birth.iter().flat_map(|birth| death.iter().chain(events).map(move |late| (birth, late))) {
        never.push(after(early, late));
    }
    for (event, death) in death.iter().flat_map(|death| events.iter().map(move |event| (event, death))) {
        never.push(after(event, death));
    }
    if let Some(number) = resident_id {
        let born = |side| format!("resident_id({})['birth_date']", quoted(side, number));
        never.push(format!("{} <> {}", born("l"), born("r")));
    }
    if let (Some(birth), Some(day)) = (birth, as_of) {
        if chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").is_err() {
            return Err(LinkError::usage(format!("`lifetime.as_of` is `{day}`, and no day; write `2026-03-01`")));
        }
        never.push(format!("{} > date '{day}' or {} > date '{day}'", date("l", birth), date("r", birth)));
    }
    if never.is_empty() {
        return Err(LinkError::usage(
            "nothing follows from `[lifetime]`: it needs `birth` and one of `death`, `events` and `as_of`, or `death` and \
             `events`, or `resident_id`",
        ));
    }
    Ok(never)
}

/// That what must be first in one record comes after what must be last in the other.
fn after(first: &str, last: &str) -> String {
    format!("{} > {} or {} > {}", date("l", first), date("r", last), date("r", first), date("l", last))
}

fn date(side: &str, field: &str) -> String {
    format!("try_cast({} as date)", quoted(side, field))
}

fn quoted(side: &str, field: &str) -> String {
    format!("{side}.\"{}\"", field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_order_of_dates_is_a_condition_of_both_records() {
        let text = |text: &str| Some(text.to_owned());
        let lifetime = Lifetime {
            birth: text("born"),
            death: text("died"),
            events: vec!["married".to_owned()],
            resident_id: text("number"),
            as_of: text("2026-03-01"),
        };
        let never = impossible(&lifetime).unwrap();
        assert_eq!(never.len(), 5);
        assert_eq!(
            never[0],
            "try_cast(l.\"born\" as date) > try_cast(r.\"died\" as date) or try_cast(r.\"born\" as date) > try_cast(l.\"died\" as date)"
        );
        for wrong in [
            Lifetime::default(),
            Lifetime { birth: text("born"), ..Lifetime::default() },
            Lifetime { as_of: text("yesterday"), ..lifetime },
        ] {
            assert!(impossible(&wrong).unwrap_err().is_user_error());
        }
    }
}
