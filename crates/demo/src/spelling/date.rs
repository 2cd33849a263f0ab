//! Dates in the styles of the departments.

use chrono::{Datelike, NaiveDate};

/// A way to write a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateStyle {
    /// 19900203
    Compact,
    /// 1990-02-03
    Iso,
    /// 1990/2/3
    Slashes,
    /// 1990.02.03
    Dots,
    /// 1990年2月3日
    Chinese,
}

/// A date as text.
pub fn date(day: NaiveDate, style: DateStyle) -> String {
    let (year, month, day) = (day.year(), day.month(), day.day());
    match style {
        DateStyle::Compact => format!("{year:04}{month:02}{day:02}"),
        DateStyle::Iso => format!("{year:04}-{month:02}-{day:02}"),
        DateStyle::Slashes => format!("{year}/{month}/{day}"),
        DateStyle::Dots => format!("{year:04}.{month:02}.{day:02}"),
        DateStyle::Chinese => format!("{year}年{month}月{day}日"),
    }
}
