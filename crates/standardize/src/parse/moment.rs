//! Dates and times as departments write them, read into their parts. Shared by `date` and `datetime`.

use std::borrow::Cow;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;
use jingwei_model::Reason;
use jingwei_model::id::clean::half_width;

/// A day, and what is said of the time on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// A day alone.
    Day(NaiveDate),
    /// A local time.
    Local(NaiveDateTime),
    /// An instant, as UTC.
    Instant(NaiveDateTime),
}

impl Moment {
    /// Local date and time in `zone`; midnight where no time is said.
    pub fn local(self, zone: Tz) -> NaiveDateTime {
        match self {
            Self::Day(day) => day.and_time(NaiveTime::MIN),
            Self::Local(time) => time,
            Self::Instant(utc) => zone.from_utc_datetime(&utc).naive_local(),
        }
    }
}

/// Reads a moment: `2024-03-01`, `2024/3/1`, `2024.3.1`, `2024年3月1日`, `二〇二四年三月一日`, `20240301`, Excel
/// serials, and a time after any of them. A month without a day is no date, and neither is one whose year has
/// two digits.
pub(crate) fn moment(text: &str) -> Result<Moment, Reason> {
    let plain = plain(text);
    if let Some(day) = iso_day(plain.as_bytes()) {
        return Ok(Moment::Day(day));
    }
    let mut scanner = Scanner { rest: plain.as_bytes() };
    scanner.skip_spaces();
    if scanner.rest.is_empty() || plain.starts_with("0000-00-00") {
        return Err(Reason::Missing);
    }
    scanner.moment().ok_or(Reason::BadDate)
}

/// The day of an Excel serial: day 1 is 1900-01-01, and day 60 is the 29 February 1900 that never was.
pub(crate) fn excel_day(serial: u32) -> Option<NaiveDate> {
    let before = match serial {
        1..=59 => NaiveDate::from_ymd_opt(1899, 12, 31)?,
        61..=2_958_465 => NaiveDate::from_ymd_opt(1899, 12, 30)?,
        _ => return None,
    };
    before.checked_add_days(Days::new(u64::from(serial)))
}

/// The most common form by far, read without ado.
fn iso_day(bytes: &[u8]) -> Option<NaiveDate> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = bytes else { return None };
    let digits = [y1, y2, y3, y4, m1, m2, d1, d2];
    if !digits.iter().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value =
        |from: usize, to: usize| digits[from..to].iter().fold(0, |sum, digit| sum * 10 + u32::from(**digit - b'0'));
    let year = i32::try_from(value(0, 4)).ok().filter(|year| *year >= 1000)?;
    NaiveDate::from_ymd_opt(year, value(4, 6), value(6, 8))
}

/// The text with ASCII marks only; borrowed when it has no others.
fn plain(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().map(half_width).peekable();
    while let Some(character) = characters.next() {
        match character {
            '年' | '月' => {
                out.truncate(out.trim_end().len());
                out.push('-');
            }
            '日' | '号' | '號' => out.push(' '),
            '时' | '時' | '点' | '點' | '分' => out.push(':'),
            '秒' => out.push(' '),
            '。' => out.push('.'),
            '－' | '–' | '—' => out.push('-'),
            '上' | '下' if characters.peek() == Some(&'午') => {
                characters.next();
                out.push_str(if character == '上' { " AM " } else { " PM " });
            }
            numeral if digit(numeral).is_some() || ten(numeral).is_some() => {
                let mut run = vec![numeral];
                while let Some(next) = characters.next_if(|next| digit(*next).is_some() || ten(*next).is_some()) {
                    run.push(next);
                }
                out.push_str(&arabic(&run));
            }
            space if space.is_whitespace() => out.push(' '),
            hidden if super::text::is_invisible(hidden) => {}
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

const fn digit(character: char) -> Option<u32> {
    Some(match character {
        '〇' | '零' | '○' | 'Ｏ' => 0,
        '一' | '壹' | '元' => 1,
        '二' | '贰' | '两' => 2,
        '三' | '叁' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        _ => return None,
    })
}

const fn ten(character: char) -> Option<u32> {
    Some(match character {
        '十' | '拾' => 10,
        '廿' => 20,
        '卅' => 30,
        _ => return None,
    })
}

/// A run of Chinese numerals: by place (二〇二四) or with tens (二十一).
fn arabic(run: &[char]) -> String {
    if !run.iter().any(|character| ten(*character).is_some()) {
        return run
            .iter()
            .filter_map(|character| digit(*character))
            .filter_map(|value| char::from_digit(value, 10))
            .collect();
    }
    let mut total = 0;
    for character in run {
        match (ten(*character), digit(*character)) {
            (Some(10), _) => total = if total == 0 { 10 } else { total * 10 },
            (Some(tens), _) => total += tens,
            (None, value) => total += value.unwrap_or_default(),
        }
    }
    total.to_string()
}

struct Scanner<'a> {
    rest: &'a [u8],
}

impl Scanner<'_> {
    fn moment(&mut self) -> Option<Moment> {
        let started = self.rest;
        let (first, length) = self.digits()?;
        let day = match (length, self.rest.first()) {
            (8, _) => NaiveDate::from_ymd_opt(
                i32::try_from(first / 10_000).ok()?,
                u32::try_from(first / 100 % 100).ok()?,
                u32::try_from(first % 100).ok()?,
            )
            .filter(|_| first >= 10_000_000)?,
            (12 | 14, None) => return compact(first, length),
            (10 | 13, None) => return epoch(first, length),
            // Days 10000 to 99999 are 1927 to 2173; four digits up to 2199 would rather be a year.
            (4 | 5, None | Some(b'.')) if length == 5 || first >= 2200 => return serial(started),
            (4, Some(mark @ (b'-' | b'/' | b'.'))) => {
                let mark = *mark;
                self.rest = &self.rest[1..];
                self.skip_spaces();
                let (month, _) = self.digits().filter(|(_, length)| *length <= 2)?;
                if self.rest.first() != Some(&mark) {
                    return None;
                }
                self.rest = &self.rest[1..];
                self.skip_spaces();
                let (day, _) = self.digits().filter(|(_, length)| *length <= 2)?;
                if first < 1000 {
                    return None;
                }
                NaiveDate::from_ymd_opt(
                    i32::try_from(first).ok()?,
                    u32::try_from(month).ok()?,
                    u32::try_from(day).ok()?,
                )?
            }
            _ => return None,
        };
        self.rest = match self.rest {
            [b'T' | b't' | b',' | b':', rest @ ..] => rest,
            rest => rest,
        };
        self.skip_spaces();
        if self.rest.is_empty() {
            return Some(Moment::Day(day));
        }
        self.time(day)
    }

    fn time(&mut self, day: NaiveDate) -> Option<Moment> {
        let mut half = self.half_day();
        let (hour, _) = self.digits().filter(|(_, length)| *length <= 2)?;
        let (mut minute, mut second, mut micros) = (0, 0, 0);
        let mut parts = 0;
        while self.rest.first() == Some(&b':') && parts < 2 {
            self.rest = &self.rest[1..];
            self.skip_spaces();
            let Some((value, _)) = self.digits().filter(|(_, length)| *length <= 2) else { break };
            parts += 1;
            if parts == 1 {
                minute = value
            } else {
                second = value
            }
            self.trailing_colon();
        }
        if parts == 2 && matches!(self.rest.first(), Some(b'.' | b',')) {
            self.rest = &self.rest[1..];
            micros = self.fraction()?;
        }
        if half.is_none() {
            half = self.half_day();
        }
        let hour = match half {
            Some(afternoon) if (1..=12).contains(&hour) => hour % 12 + if afternoon { 12 } else { 0 },
            // 下午15点 says it twice.
            Some(true) | None => hour,
            Some(false) => return None,
        };
        let (day, hour) =
            if (hour, minute, second, micros) == (24, 0, 0, 0) { (day.succ_opt()?, 0) } else { (day, hour) };
        let [hour, minute, second] = [hour, minute, second].map(|part| u32::try_from(part).ok());
        let local = day.and_time(NaiveTime::from_hms_micro_opt(hour?, minute?, second?, micros)?);
        self.skip_spaces();
        let moment = match self.offset()? {
            Some(seconds) => Moment::Instant(local.checked_sub_signed(TimeDelta::seconds(seconds))?),
            None => Moment::Local(local),
        };
        self.skip_spaces();
        self.rest.is_empty().then_some(moment)
    }

    /// A colon with nothing after it (`10时30分`) says nothing.
    fn trailing_colon(&mut self) {
        if let [b':', rest @ ..] = self.rest
            && !rest.iter().find(|byte| **byte != b' ').is_some_and(u8::is_ascii_digit)
        {
            self.rest = rest;
        }
    }

    /// `None` where there is something that is no offset.
    fn offset(&mut self) -> Option<Option<i64>> {
        for name in [&b"Z"[..], b"z", b"UTC", b"GMT"] {
            if let Some(rest) = self.rest.strip_prefix(name) {
                self.rest = rest;
                return Some(Some(0));
            }
        }
        let sign = match self.rest.first() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            Some(_) => return None,
            None => return Some(None),
        };
        self.rest = &self.rest[1..];
        let (value, length) = self.digits()?;
        let (hours, minutes) = match length {
            1 | 2 if self.rest.first() == Some(&b':') => {
                self.rest = &self.rest[1..];
                (value, self.digits().filter(|(_, length)| *length == 2)?.0)
            }
            1 | 2 => (value, 0),
            4 => (value / 100, value % 100),
            _ => return None,
        };
        let seconds = i64::try_from(hours * 3600 + minutes * 60).ok()?;
        (hours <= 18 && minutes < 60).then_some(Some(sign * seconds))
    }

    fn half_day(&mut self) -> Option<bool> {
        self.skip_spaces();
        let afternoon = match self.rest {
            [b'A' | b'a', b'M' | b'm', ..] => false,
            [b'P' | b'p', b'M' | b'm', ..] => true,
            _ => return None,
        };
        self.rest = &self.rest[2..];
        self.skip_spaces();
        Some(afternoon)
    }

    /// The number here and how many digits it has; at most eighteen.
    fn digits(&mut self) -> Option<(u64, usize)> {
        let length = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=18).contains(&length) {
            return None;
        }
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some((digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')), length))
    }

    /// Microseconds; finer digits are cut.
    fn fraction(&mut self) -> Option<u32> {
        let (value, length) = self.digits()?;
        let length = u32::try_from(length).ok()?;
        let micros = if length <= 6 { value * 10_u64.pow(6 - length) } else { value / 10_u64.pow(length - 6) };
        u32::try_from(micros).ok()
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }
}

/// `YYYYMMDDhhmm` and `YYYYMMDDhhmmss`.
fn compact(value: u64, length: usize) -> Option<Moment> {
    let value = if length == 12 { value * 100 } else { value };
    let part = |divisor: u64, modulus: u64| u32::try_from(value / divisor % modulus).ok();
    let year = i32::try_from(value / 10_000_000_000).ok().filter(|year| *year >= 1000)?;
    let day = NaiveDate::from_ymd_opt(year, part(100_000_000, 100)?, part(1_000_000, 100)?)?;
    day.and_hms_opt(part(10_000, 100)?, part(100, 100)?, part(1, 100)?).map(Moment::Local)
}

/// Seconds or milliseconds since 1970, as interfaces give them.
fn epoch(value: u64, length: usize) -> Option<Moment> {
    let millis = if length == 10 { value.checked_mul(1000)? } else { value };
    let instant = DateTime::from_timestamp_millis(i64::try_from(millis).ok()?)?;
    Some(Moment::Instant(instant.naive_utc()))
}

/// An Excel serial, with the time of day as its fraction.
fn serial(bytes: &[u8]) -> Option<Moment> {
    const SECONDS: f64 = 86_400.0;
    let value = std::str::from_utf8(bytes).ok()?.trim_end().parse::<f64>().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most five digits before the point")]
    let (day, seconds) = (excel_day(value.trunc() as u32)?, (value.fract() * SECONDS).round() as i64);
    if value.fract() == 0.0 {
        return Some(Moment::Day(day));
    }
    Some(Moment::Local(day.and_time(NaiveTime::MIN).checked_add_signed(TimeDelta::seconds(seconds))?))
}
