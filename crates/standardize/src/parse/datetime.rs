//! Local date and time.

use chrono::NaiveDateTime;
use chrono_tz::Tz;
use jingwei_model::Reason;

use super::moment::moment;
use super::{Cell, Pattern, refused};

/// Reads a time; an instant (`Z`, an offset, seconds since 1970) becomes local time of `zone`.
#[must_use]
pub fn datetime(text: &str, zone: Tz, pattern: Option<&Pattern>) -> Cell<NaiveDateTime> {
    let read = match pattern {
        Some(pattern) => pattern.moment(text).ok_or(Reason::BadDate),
        None => moment(text),
    };
    read.map_or_else(refused, |moment| Cell::Value(moment.local(zone)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chrono_tz::{America::New_York, Asia::Shanghai};

    use super::*;

    fn read(text: &str) -> String {
        datetime(text, Shanghai, None).value().map(|time| time.to_string()).unwrap_or_default()
    }

    #[test]
    fn every_way_to_write_a_time_is_understood() {
        for text in [
            "2024-03-01 10:30:00",
            "2024/3/1 10:30",
            "2024-03-01T10:30:00",
            "2024-03-01T02:30:00Z",
            "2024-03-01T10:30:00+08:00",
            "2024-03-01 10:30:00+0800",
            "2024-03-01 10:30+08",
            "2024年3月1日10时30分",
            "2024年3月1日 10时30分00秒",
            "2024年3月1日上午10点30分",
            "2024-03-01 10:30 AM",
            "20240301103000",
            "202403011030",
            "20240301 10:30:00",
            "1709260200",
            "1709260200000",
            "45352.4375",
            "2024-03-01 10:30:00.000",
            "2024-03-01 02:30:00 UTC",
        ] {
            assert_eq!(read(text), "2024-03-01 10:30:00", "{text}");
        }
        assert_eq!(read("2024-03-01 下午3:05"), "2024-03-01 15:05:00");
        assert_eq!(read("2024-03-01 12:00 AM"), "2024-03-01 00:00:00");
        assert_eq!(read("2024-02-29 24:00:00"), "2024-03-01 00:00:00");
        assert_eq!(read("2024-03-01 10:30:00.1234567"), "2024-03-01 10:30:00.123456");
        assert_eq!(read("2024-03-01"), "2024-03-01 00:00:00");
    }

    #[test]
    fn impossible_times_are_refused() {
        for text in [
            "2024-03-01 25:00",
            "2024-03-01 10:61",
            "2024-03-01 10:30:61",
            "2024-03-01 10:30 +99:00",
            "10:30",
            "2024-03-01 noon",
        ] {
            assert_eq!(datetime(text, Shanghai, None), Cell::Refused(Reason::BadDate), "{text}");
        }
    }

    #[test]
    fn the_citys_zone_is_the_one_of_the_result() {
        assert_eq!(
            datetime("2024-07-01T12:00:00Z", New_York, None).value().unwrap().to_string(),
            "2024-07-01 08:00:00"
        );
    }
}
