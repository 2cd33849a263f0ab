//! Calendar dates.

use chrono::NaiveDate;
use chrono_tz::Tz;
use jingwei_model::Reason;

use super::moment::moment;
use super::{Cell, Pattern, refused};

/// Reads a date; of an instant, the local date in `zone`.
#[must_use]
pub fn date(text: &str, zone: Tz, pattern: Option<&Pattern>) -> Cell<NaiveDate> {
    let read = match pattern {
        Some(pattern) => pattern.moment(text).ok_or(Reason::BadDate),
        None => moment(text),
    };
    read.map_or_else(refused, |moment| Cell::Value(moment.local(zone).date()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chrono_tz::Asia::Shanghai;
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<String, Reason> {
        match date(text, Shanghai, None) {
            Cell::Value(day) => Ok(day.to_string()),
            other => Err(other.reason().unwrap_or(Reason::Missing)),
        }
    }

    #[test]
    fn every_way_to_write_a_day_is_understood() {
        for text in [
            "2024-03-01",
            "2024-3-1",
            "2024/3/1",
            "2024.03.01",
            "2024年3月1日",
            "2024年03月01号",
            "２０２４年３月１日",
            "二〇二四年三月一日",
            "二零二四年三月一日",
            "20240301",
            "45352",
            "45352.0",
            "2024-03-01 00:00:00",
            "2024-03-01T10:30:00",
            "2024-03-01T10:30:00+08:00",
            "2024-02-29T23:30:00Z",
            "2024 年 3 月 1 日",
            "20240301103000",
            "1709222400",
        ] {
            assert_eq!(read(text).as_deref(), Ok("2024-03-01"), "{text}");
        }
        for (text, day) in [
            ("一九九九年十二月三十一日", "1999-12-31"),
            ("二〇二〇年十月二十日", "2020-10-20"),
            ("二〇二〇年廿一月", ""),
            ("9862", "1926-12-31"),
            ("9999-12-31", "9999-12-31"),
        ] {
            assert_eq!(read(text).unwrap_or_default(), day, "{text}");
        }
    }

    #[test]
    fn what_is_no_whole_day_is_refused() {
        for text in [
            "2024-03",
            "2024年3月",
            "2024",
            "24-03-01",
            "24/3/1",
            "2024-02-30",
            "2024-13-01",
            "03/01/2024",
            "202403",
            "abc",
            "2024-03-01x",
            "2024-03/01",
            "0001-01-01",
        ] {
            assert_eq!(read(text), Err(Reason::BadDate), "{text}");
        }
        for text in ["", " ", "0000-00-00", "0000-00-00 00:00:00"] {
            assert_eq!(read(text), Err(Reason::Missing), "{text}");
        }
    }

    #[test]
    fn a_pattern_settles_what_is_ambiguous() {
        let by = |pattern: &str, text: &str| {
            date(text, Shanghai, Some(&Pattern::new(pattern).unwrap())).value().map(|day| day.to_string())
        };
        assert_eq!(by("%m/%d/%Y", "03/01/2024").as_deref(), Some("2024-03-01"));
        assert_eq!(by("%m/%d/%Y %I:%M:%S %p", "03/01/2024 11:59:59 PM").as_deref(), Some("2024-03-01"));
        assert_eq!(by("%Y-%m", "2024-03").as_deref(), Some("2024-03-01"));
        assert_eq!(by("%Y", "2024").as_deref(), Some("2024-01-01"));
        assert_eq!(by("%m/%d/%Y", "2024-03-01"), None);
        assert!(Pattern::new("%Q").is_none());
        assert!(Pattern::new("no fields").is_none());
    }

    #[test]
    fn the_spreadsheet_knows_a_day_that_never_was() {
        let serial =
            |text: &str| date(text, Shanghai, Some(&Pattern::new("excel").unwrap())).value().map(|day| day.to_string());
        for (text, day) in [("1", "1900-01-01"), ("59", "1900-02-28"), ("61", "1900-03-01"), ("45352.75", "2024-03-01")]
        {
            assert_eq!(serial(text).as_deref(), Some(day), "{text}");
        }
        assert_eq!(serial("60"), None);
    }

    proptest! {
        #[test]
        fn a_day_reads_back_as_itself_in_every_form(days in 0_i64..80_000) {
            let day = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + chrono::TimeDelta::days(days);
            for form in ["%Y-%m-%d", "%Y/%-m/%-d", "%Y.%m.%d", "%Y年%-m月%-d日", "%Y%m%d", "%Y-%m-%d %H:%M:%S"] {
                let text = day.and_hms_opt(0, 0, 0).unwrap().format(form).to_string();
                prop_assert_eq!(date(&text, Shanghai, None), Cell::Value(day), "{}", text);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = read(&text);
        }

        #[test]
        fn nothing_like_a_date_makes_it_panic(text in "[0-9:/.年月日 TZ+十二-]{0,30}") {
            let _ = read(&text);
        }
    }
}
