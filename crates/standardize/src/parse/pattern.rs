//! Dates and times by an explicit pattern, for files whose writing is ambiguous.

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{NaiveTime, TimeDelta};

use super::moment::{Moment, excel_day};

/// A chrono pattern such as `%m/%d/%Y %I:%M:%S %p`, or `excel` for spreadsheet serials of any size. What
/// it leaves out is the first: day 1, January, midnight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    items: Option<Vec<Item<'static>>>,
}

impl Pattern {
    /// Prepares a pattern; `None` when it is none.
    #[must_use]
    pub fn new(pattern: &str) -> Option<Self> {
        if pattern == "excel" {
            return Some(Self { items: None });
        }
        let items = StrftimeItems::new(pattern).map(Item::to_owned).collect::<Vec<_>>();
        let fields = items.iter().any(|item| matches!(item, Item::Numeric(..) | Item::Fixed(_)));
        (fields && !items.contains(&Item::Error)).then_some(Self { items: Some(items) })
    }

    pub(crate) fn moment(&self, text: &str) -> Option<Moment> {
        let Some(items) = &self.items else {
            return serial(text);
        };
        let mut parsed = Parsed::new();
        parse(&mut parsed, text, items.iter()).ok()?;
        let date = parsed.to_naive_date().ok().or_else(|| {
            if parsed.day().is_none() && parsed.ordinal().is_none() {
                parsed.set_day(1).ok()?;
            }
            if parsed.month().is_none() {
                parsed.set_month(1).ok()?;
            }
            parsed.to_naive_date().ok()
        })?;
        if parsed.hour_mod_12().is_none() {
            return Some(Moment::Day(date));
        }
        let time = parsed.to_naive_time().ok().or_else(|| {
            parsed.set_minute(0).ok()?;
            parsed.to_naive_time().ok()
        })?;
        Some(match parsed.offset() {
            Some(seconds) => {
                Moment::Instant(date.and_time(time).checked_sub_signed(TimeDelta::seconds(seconds.into()))?)
            }
            None => Moment::Local(date.and_time(time)),
        })
    }
}

fn serial(text: &str) -> Option<Moment> {
    let value = text.parse::<f64>().ok().filter(|value| (1.0..2_958_466.0).contains(value))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just above")]
    let (day, seconds) = (excel_day(value.trunc() as u32)?, (value.fract() * 86_400.0).round() as i64);
    Some(Moment::Local(day.and_time(NaiveTime::MIN).checked_add_signed(TimeDelta::seconds(seconds))?))
}
