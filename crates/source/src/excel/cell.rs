//! The text of a cell: what a person reads in it, as far as the file tells.

use std::fmt::Write;

use calamine::{Data, DataRef, ExcelDateTime};
use chrono::{Days, NaiveDate};

/// The last day spreadsheets know, 9999-12-31, as a serial number of the 1900 system.
const LAST_DAY: f64 = 2_958_466.0;
/// Days between the two date systems.
const FROM_1904: f64 = 1462.0;
/// Spreadsheets keep this many significant digits of a number; what follows is noise of binary fractions.
const DIGITS: usize = 15;

/// A cell's value, borrowed from whichever reader has it.
#[derive(Debug, Clone, Copy)]
pub enum Cell<'a> {
    /// Nothing, or an error such as `#N/A`.
    Empty,
    /// Text.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A truth value.
    Boolean(bool),
    /// A number shown as a date, a time or a duration.
    Moment(ExcelDateTime),
    /// A date or date with time in ISO 8601.
    Iso(&'a str),
    /// A duration in ISO 8601.
    Duration(&'a str),
}

impl<'a> From<&'a Data> for Cell<'a> {
    fn from(data: &'a Data) -> Self {
        match data {
            Data::Int(value) => Self::Integer(*value),
            Data::Float(value) => Self::Number(*value),
            Data::String(text) => Self::Text(text),
            Data::Bool(value) => Self::Boolean(*value),
            Data::DateTime(moment) => Self::Moment(*moment),
            Data::DateTimeIso(text) => Self::Iso(text),
            Data::DurationIso(text) => Self::Duration(text),
            Data::Error(_) | Data::Empty => Self::Empty,
        }
    }
}

impl<'a> From<&'a DataRef<'_>> for Cell<'a> {
    fn from(data: &'a DataRef<'_>) -> Self {
        match data {
            DataRef::Int(value) => Self::Integer(*value),
            DataRef::Float(value) => Self::Number(*value),
            DataRef::String(text) => Self::Text(text),
            DataRef::SharedString(text) => Self::Text(text),
            DataRef::Bool(value) => Self::Boolean(*value),
            DataRef::DateTime(moment) => Self::Moment(*moment),
            DataRef::DateTimeIso(text) => Self::Iso(text),
            DataRef::DurationIso(text) => Self::Duration(text),
            DataRef::Error(_) | DataRef::Empty => Self::Empty,
        }
    }
}

impl Cell<'_> {
    /// Appends the cell's text; nothing for an empty cell.
    pub fn write(self, out: &mut String) {
        match self {
            Self::Empty => {}
            Self::Text(text) => out.push_str(text),
            Self::Integer(value) => write_number(value as f64, Some(value), out),
            Self::Number(value) => write_number(value, None, out),
            Self::Boolean(value) => out.push_str(if value { "true" } else { "false" }),
            Self::Moment(moment) => write_moment(moment, out),
            Self::Iso(text) => write_iso(text, out),
            Self::Duration(text) => write_duration(text, out),
        }
    }
}

/// Writing into a `String` cannot fail.
macro_rules! put {
    ($out:expr, $($arg:tt)*) => { let _ = write!($out, $($arg)*); };
}

fn write_number(value: f64, whole: Option<i64>, out: &mut String) {
    match whole {
        Some(whole) if whole.unsigned_abs() < 10_u64.pow(DIGITS as u32) => {
            put!(out, "{whole}");
        }
        _ if !value.is_finite() => {}
        _ if value.fract() == 0.0 && value.abs() < 1e15 => {
            put!(out, "{}", value as i64);
        }
        _ => {
            // The nearest number of 15 digits, written in full: `0.3` for a sum of 0.1 and 0.2, and the
            // three zeros that tell a long code was rounded.
            let rounded = format!("{value:.*e}", DIGITS - 1).parse::<f64>().unwrap_or(value);
            put!(out, "{rounded}");
        }
    }
}

fn write_moment(moment: ExcelDateTime, out: &mut String) {
    let value = moment.as_f64();
    if moment.is_duration() && value.is_finite() && value.abs() < LAST_DAY {
        return write_seconds((value * 86_400.0).round() as i64, out);
    }
    // A long code formatted as a date by mistake is a number all the same.
    if !(0.0..LAST_DAY).contains(&value) {
        return write_number(value, None, out);
    }
    let (ymd, serial) = (moment.to_ymd_hms_milli(), value);
    let seconds = (serial * 86_400.0).round() as i64;
    let time = seconds.rem_euclid(86_400);
    // 1904 workbooks begin at day 0 with a date; in others a number below 1 is a time of day.
    let is_1904 = NaiveDate::from_ymd_opt(i32::from(ymd.0), u32::from(ymd.1), u32::from(ymd.2))
        .zip(NaiveDate::from_ymd_opt(1899, 12, 30).and_then(|epoch| epoch.checked_add_days(Days::new(serial as u64))))
        .is_some_and(|(shown, plain)| (shown - plain).num_days() > (FROM_1904 as i64) / 2);
    if seconds < 86_400 && !is_1904 {
        return write_seconds(seconds, out);
    }
    let day = seconds.div_euclid(86_400) + if is_1904 { FROM_1904 as i64 } else { 0 };
    // The 1900 system counts a 29 February 1900 that never was.
    let day = if day < 60 { day + 1 } else { day };
    let date =
        NaiveDate::from_ymd_opt(1899, 12, 30).and_then(|epoch| epoch.checked_add_days(Days::new(day.unsigned_abs())));
    match date {
        Some(date) if time == 0 => {
            put!(out, "{date}");
        }
        Some(date) => {
            put!(out, "{date} ");
            write_seconds(time, out);
        }
        None => write_number(value, None, out),
    }
}

fn write_seconds(seconds: i64, out: &mut String) {
    let (sign, seconds) = (if seconds < 0 { "-" } else { "" }, seconds.unsigned_abs());
    put!(out, "{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

/// `2024-03-01T10:00:00` becomes `2024-03-01 10:00:00`, and midnight the date alone.
fn write_iso(text: &str, out: &mut String) {
    match text.split_once('T') {
        Some((date, time)) if time.trim_end_matches('Z').chars().all(|c| matches!(c, '0' | ':' | '.')) => {
            out.push_str(date)
        }
        Some((date, time)) => {
            put!(out, "{date} {time}");
        }
        None => out.push_str(text),
    }
}

/// `PT10H30M00S` becomes `10:30:00`; anything else stays.
fn write_duration(text: &str, out: &mut String) {
    let parsed = || {
        let mut rest = text.strip_prefix("PT")?;
        let mut seconds = 0;
        for (unit, size) in [('H', 3600), ('M', 60), ('S', 1)] {
            if let Some((number, tail)) = rest.split_once(unit) {
                seconds += number.split('.').next()?.parse::<i64>().ok()?.checked_mul(size)?;
                rest = tail;
            }
        }
        rest.is_empty().then_some(seconds)
    };
    match parsed() {
        Some(seconds) => write_seconds(seconds, out),
        None => out.push_str(text),
    }
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType::{DateTime, TimeDelta};
    use proptest::prelude::*;

    use super::*;

    fn text(cell: Cell<'_>) -> String {
        let mut out = String::new();
        cell.write(&mut out);
        out
    }

    #[test]
    fn whole_numbers_have_no_fraction() {
        assert_eq!(text(Cell::Number(12.0)), "12");
        assert_eq!(text(Cell::Number(-0.5)), "-0.5");
        assert_eq!(text(Cell::Number(13_800_138_000.0)), "13800138000");
        assert_eq!(text(Cell::Integer(7)), "7");
    }

    #[test]
    fn a_long_number_shows_the_digits_the_spreadsheet_has_left() {
        assert_eq!(text(Cell::Number(1.101_051_990_010_11e17)), "110105199001011000");
        assert_eq!(text(Cell::Number(110_105_199_001_011_234.0)), "110105199001011000");
        assert_eq!(text(Cell::Integer(110_105_199_001_011_234)), "110105199001011000");
    }

    #[test]
    fn noise_of_binary_fractions_is_not_shown() {
        assert_eq!(text(Cell::Number(0.1 + 0.2)), "0.3");
        assert_eq!(text(Cell::Number(116.3913)), "116.3913");
    }

    #[test]
    fn dates_are_iso_text() {
        let moment = |value| text(Cell::Moment(ExcelDateTime::new(value, DateTime, false)));
        assert_eq!(moment(45352.0), "2024-03-01");
        assert_eq!(moment(45352.0 + 10.0 / 24.0), "2024-03-01 10:00:00");
        assert_eq!(moment(0.5), "12:00:00");
        assert_eq!(moment(59.0), "1900-02-28");
        assert_eq!(moment(61.0), "1900-03-01");
        assert_eq!(text(Cell::Moment(ExcelDateTime::new(0.0, DateTime, true))), "1904-01-01");
        assert_eq!(text(Cell::Moment(ExcelDateTime::new(45352.0 - 1462.0, DateTime, true))), "2024-03-01");
        assert_eq!(text(Cell::Moment(ExcelDateTime::new(1.5, TimeDelta, false))), "36:00:00");
        assert_eq!(moment(1.101_051_990_010_11e17), "110105199001011000");
    }

    #[test]
    fn iso_values_of_open_document_read_like_the_others() {
        assert_eq!(text(Cell::Iso("2024-03-01T10:00:00")), "2024-03-01 10:00:00");
        assert_eq!(text(Cell::Iso("2024-03-01T00:00:00")), "2024-03-01");
        assert_eq!(text(Cell::Iso("2024-03-01")), "2024-03-01");
        assert_eq!(text(Cell::Duration("PT10H30M00S")), "10:30:00");
        assert_eq!(text(Cell::Duration("P1D")), "P1D");
    }

    proptest! {
        #[test]
        fn any_number_reads_back_to_fifteen_digits(value in any::<f64>()) {
            let shown = text(Cell::Number(value));
            if value.is_finite() {
                let back: f64 = shown.parse().unwrap_or(f64::NAN);
                prop_assert!((back - value).abs() <= value.abs() * 1e-14, "{value} became {shown}");
            }
        }

        #[test]
        fn any_moment_has_a_text(value in any::<f64>(), is_1904: bool) {
            let shown = text(Cell::Moment(ExcelDateTime::new(value, DateTime, is_1904)));
            prop_assert_eq!(shown.is_empty(), !value.is_finite());
        }
    }
}
