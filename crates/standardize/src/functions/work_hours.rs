//! `work_hours(from, to[, calendar])`: hours of working time between two moments.

use std::sync::{Arc, LazyLock};

use arrow::array::Float64Builder;
use arrow::datatypes::DataType;
use chrono::{Datelike, NaiveDate, Weekday};
use datafusion::common::exec_err;
use datafusion::logical_expr::{ScalarUDF, Volatility};

use super::args::{text, timestamp};
use super::function::{About, function};

const MICROS_A_DAY: i64 = 86_400_000_000;
const MICROS_AN_HOUR: f64 = 3_600_000_000.0;
/// The working day: 09:00 to 18:00.
const OPENS: i64 = 9 * 3_600_000_000;
const CLOSES: i64 = 18 * 3_600_000_000;

/// When offices work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Calendar {
    /// Every hour of every day, for urgent matters.
    Always,
    /// Monday to Friday 09:00 to 18:00, but for exceptions: days since 1970 and whether one works on them,
    /// sorted, with the sum of what they add to the working days so far.
    Office(Vec<(i64, i64)>),
}

static CHINA: LazyLock<Calendar> =
    LazyLock::new(|| Calendar::read(include_str!("../../../../config/codes/holidays.csv"), "cn"));

impl Calendar {
    /// Monday to Friday without holidays.
    #[must_use]
    pub const fn weekdays() -> Self {
        Self::Office(Vec::new())
    }

    /// The lines of calendar `name` in a table of `calendar,date,kind,name`, where kind is `holiday` or
    /// `workday`; lines that are no such thing are passed over.
    #[must_use]
    pub fn read(csv: &str, name: &str) -> Self {
        let mut days = csv
            .lines()
            .filter_map(|line| {
                let mut fields = line.split(',');
                let (calendar, date, kind) = (fields.next()?, fields.next()?, fields.next()?);
                let day = date.parse::<NaiveDate>().ok()?;
                let usual = !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
                let change = match kind {
                    "workday" if !usual => 1,
                    "holiday" if usual => -1,
                    _ => return None,
                };
                (calendar == name).then_some((i64::from(arrow::datatypes::Date32Type::from_naive_date(day)), change))
            })
            .collect::<Vec<_>>();
        days.sort_unstable();
        days.dedup_by_key(|(day, _)| *day);
        let mut sum = 0;
        for (_, change) in &mut days {
            sum += *change;
            *change = sum;
        }
        Self::Office(days)
    }

    /// Working microseconds from a fixed moment to `micros` (local time since 1970).
    fn elapsed(&self, micros: i64) -> i64 {
        let Self::Office(exceptions) = self else { return micros };
        let (day, time) = (micros.div_euclid(MICROS_A_DAY), micros.rem_euclid(MICROS_A_DAY));
        let before = workdays_before(day, exceptions);
        let today = workdays_before(day + 1, exceptions) - before;
        before * (CLOSES - OPENS) + today * (time.clamp(OPENS, CLOSES) - OPENS)
    }

    /// Hours of working time between two local times in microseconds since 1970; negative when `to` comes first.
    #[must_use]
    pub fn hours(&self, from: i64, to: i64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "centuries of microseconds fit")]
        let micros = (self.elapsed(to) - self.elapsed(from)) as f64;
        micros / MICROS_AN_HOUR
    }
}

/// Working days from a fixed Monday until the day before `day` (days since 1970).
fn workdays_before(day: i64, exceptions: &[(i64, i64)]) -> i64 {
    // 1970-01-05 was a Monday.
    let (weeks, weekday) = ((day - 4).div_euclid(7), (day - 4).rem_euclid(7));
    let passed = exceptions.partition_point(|(exception, _)| *exception < day);
    weeks * 5 + weekday.min(5) + passed.checked_sub(1).map_or(0, |last| exceptions[last].1)
}

pub fn udf() -> ScalarUDF {
    let about = About {
        name: "work_hours",
        arguments: &[
            ("from", "A local time."),
            ("to", "A later one; an earlier one gives a negative result."),
            (
                "calendar",
                "`cn` (the default: China's public holidays and the weekend days worked instead, 2024 to 2026), `weekdays` (no holidays) or `always` (every hour counts).",
            ),
        ],
        optional: 1,
        gives: DataType::Float64,
        volatility: Volatility::Immutable,
        description: "Hours of working time (09:00 to 18:00 of working days) between two moments.",
        example: "SELECT work_hours(TIMESTAMP '2024-04-30 17:00:00', TIMESTAMP '2024-05-06 10:00:00'); -- 2.0",
    };
    function(about, |args| {
        let (from, to) = (timestamp(args, 0)?, timestamp(args, 1)?);
        let calendars = if args.args.len() > 2 { Some(text(args, 2)?) } else { None };
        let (weekdays, always) = (Calendar::weekdays(), Calendar::Always);
        let mut out = Float64Builder::with_capacity(args.number_rows);
        for row in 0..args.number_rows {
            let calendar = match calendars.as_ref().map(|calendars| calendars.text(row)) {
                None | Some(Some("cn")) => &*CHINA,
                Some(Some("weekdays")) => &weekdays,
                Some(Some("always")) => &always,
                Some(None) => {
                    out.append_null();
                    continue;
                }
                Some(Some(other)) => {
                    return exec_err!("work_hours: `{other}` is no calendar; there are `cn`, `weekdays` and `always`");
                }
            };
            out.append_option(from.micros(row).zip(to.micros(row)).map(|(from, to)| calendar.hours(from, to)));
        }
        Ok(Arc::new(out.finish()))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp)]
    use chrono::NaiveDateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::functions::tests::ask;

    fn micros(text: &str) -> i64 {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap().and_utc().timestamp_micros()
    }

    #[test]
    fn only_working_time_counts() {
        for (from, to, hours) in [
            ("2024-03-04 10:00", "2024-03-04 12:30", 2.5),
            ("2024-03-04 07:00", "2024-03-04 20:00", 9.0),
            ("2024-03-08 17:00", "2024-03-11 10:00", 2.0),
            ("2024-03-09 10:00", "2024-03-09 12:00", 0.0),
            // May Day: 1 to 5 off, Sunday 28 April and Saturday 11 May worked.
            ("2024-04-30 17:00", "2024-05-06 10:00", 2.0),
            ("2024-04-28 09:00", "2024-04-28 18:00", 9.0),
            ("2024-05-11 09:00", "2024-05-12 18:00", 9.0),
            // Spring Festival 2026: 15 to 23 February off, 14 and 28 worked.
            ("2026-02-13 18:00", "2026-02-24 09:00", 9.0),
            ("2026-09-30 18:00", "2026-10-08 09:00", 0.0),
        ] {
            assert_eq!(CHINA.hours(micros(from), micros(to)), hours, "{from} to {to}");
            assert_eq!(CHINA.hours(micros(to), micros(from)), -hours, "{to} to {from}");
        }
        assert_eq!(Calendar::weekdays().hours(micros("2024-05-01 09:00"), micros("2024-05-02 09:00")), 9.0);
        assert_eq!(Calendar::Always.hours(micros("2024-05-01 09:00"), micros("2024-05-02 09:00")), 24.0);
    }

    #[test]
    fn the_announced_days_are_all_there() {
        let Calendar::Office(days) = &*CHINA else { unreachable!() };
        let on = |date: &str| i64::from(arrow::datatypes::Date32Type::from_naive_date(date.parse().unwrap()));
        assert!(
            ["2024-10-01", "2025-01-28", "2026-06-19", "2026-01-04"]
                .into_iter()
                .all(|day| days.iter().any(|(known, _)| *known == on(day)))
        );
    }

    #[tokio::test]
    async fn calendars_are_named_in_sql() {
        assert_eq!(
            ask("SELECT work_hours(TIMESTAMP '2024-04-30 17:00:00', TIMESTAMP '2024-05-06 10:00:00')").await.unwrap(),
            "2.0"
        );
        assert_eq!(
            ask("SELECT work_hours('2024-05-01 09:00:00', '2024-05-02 09:00:00', 'weekdays')").await.unwrap(),
            "9.0"
        );
        assert!(
            ask("SELECT work_hours('2024-05-01 09:00:00', '2024-05-02 09:00:00', 'mars')")
                .await
                .unwrap_err()
                .contains("no calendar")
        );
        assert_eq!(ask("SELECT work_hours(NULL, TIMESTAMP '2024-05-06 10:00:00') IS NULL").await.unwrap(), "true");
    }

    proptest! {
        #[test]
        fn time_adds_up_whatever_moment_lies_between(a in 0_i64..80_000, b in 0_i64..80_000, c in 0_i64..80_000) {
            let at = |hour: i64| micros("2023-06-01 00:00") + hour * 1_800_000_000;
            let sum = CHINA.hours(at(a), at(b)) + CHINA.hours(at(b), at(c));
            prop_assert!((sum - CHINA.hours(at(a), at(c))).abs() < 1e-9);
            prop_assert!(a > b || CHINA.hours(at(a), at(b)) >= 0.0);
        }
    }
}
