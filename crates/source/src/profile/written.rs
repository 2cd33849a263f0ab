//! Dates that do not begin with their year: which of the two first numbers is the month.

/// Which number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// 04/26/2013.
    MonthFirst,
    /// 26/04/2013.
    DayFirst,
}

/// What the values of a column have in common as such dates.
#[derive(Debug, Clone, Default)]
pub(super) struct WrittenDates {
    month_first: u64,
    day_first: u64,
    form: Option<Form>,
    mixed: bool,
}

/// How such a date is written, but for the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Form {
    mark: u8,
    /// Two digits or four.
    short_year: bool,
    time: Option<Time>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Time {
    seconds: bool,
    /// AM or PM.
    half: bool,
}

impl WrittenDates {
    /// Looks at a value; whether it is such a date.
    pub fn add(&mut self, text: &str) -> bool {
        let Some((first, second, form)) = read(text.trim()) else { return false };
        self.mixed |= self.form.is_some_and(|known| known != form);
        self.form = Some(form);
        self.month_first += u64::from(first <= 12);
        self.day_first += u64::from(second <= 12);
        true
    }

    /// How many values have the month first, at most, or the day.
    pub fn most(&self) -> u64 {
        self.month_first.max(self.day_first)
    }

    /// The order, where the values allow one alone.
    pub fn order(&self) -> Option<Order> {
        match (self.month_first, self.day_first) {
            (month, day) if month > day => Some(Order::MonthFirst),
            (month, day) if day > month => Some(Order::DayFirst),
            _ => None,
        }
    }

    /// Whether a time of day follows.
    pub fn is_timed(&self) -> bool {
        self.form.is_some_and(|form| form.time.is_some())
    }

    /// The pattern that reads all of them in an order; `None` when they are written in several ways.
    pub fn pattern(&self, order: Order) -> Option<String> {
        let form = self.form.filter(|_| !self.mixed)?;
        let mark = char::from(form.mark);
        let year = if form.short_year { "%y" } else { "%Y" };
        let mut pattern = match order {
            Order::MonthFirst => format!("%m{mark}%d{mark}{year}"),
            Order::DayFirst => format!("%d{mark}%m{mark}{year}"),
        };
        if let Some(time) = form.time {
            pattern.push_str(match (time.half, time.seconds) {
                (true, true) => " %I:%M:%S %p",
                (true, false) => " %I:%M %p",
                (false, true) => " %H:%M:%S",
                (false, false) => " %H:%M",
            });
        }
        Some(pattern)
    }
}

/// The first two numbers of such a date, and its form.
fn read(text: &str) -> Option<(u8, u8, Form)> {
    let (date, time) = text.split_once(' ').map_or((text, None), |(date, time)| (date, Some(time)));
    let mark = date.bytes().find(|byte| matches!(byte, b'/' | b'-' | b'.'))?;
    let mut parts = date.split(char::from(mark));
    let mut number = |least: usize, most: usize| {
        let part = parts.next()?;
        let digits = (least..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if digits { part.parse::<u16>().ok().map(|value| (value, part.len())) } else { None }
    };
    let ((first, _), (second, _), (_, length)) = (number(1, 2)?, number(1, 2)?, number(2, 4)?);
    if parts.next().is_some() || length == 3 {
        return None;
    }
    let (first, second) = (u8::try_from(first).ok()?, u8::try_from(second).ok()?);
    let possible = |month: u8, day: u8| (1..=12).contains(&month) && (1..=31).contains(&day);
    if !possible(first, second) && !possible(second, first) {
        return None;
    }
    let time = match time {
        None => None,
        Some(time) => Some(clock(time.trim())?),
    };
    Some((first, second, Form { mark, short_year: length == 2, time }))
}

fn clock(text: &str) -> Option<Time> {
    let upper = text.to_ascii_uppercase();
    let (clock, half) = match upper.strip_suffix("AM").or_else(|| upper.strip_suffix("PM")) {
        Some(clock) => (clock.trim_end(), true),
        None => (upper.as_str(), false),
    };
    let parts = clock.split(':').collect::<Vec<_>>();
    let digits = |part: &&str| matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit());
    (matches!(parts.len(), 2 | 3) && parts.iter().all(digits)).then_some(Time { seconds: parts.len() == 3, half })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(values: &[&str]) -> (Option<Order>, Option<String>) {
        let mut dates = WrittenDates::default();
        assert!(values.iter().all(|value| dates.add(value)), "{values:?}");
        let order = dates.order();
        (order, order.and_then(|order| dates.pattern(order)))
    }

    #[test]
    fn a_day_above_twelve_tells_the_order() {
        assert_eq!(pattern(&["02/26/2024", "1/3/2024"]), (Some(Order::MonthFirst), Some("%m/%d/%Y".to_owned())));
        assert_eq!(pattern(&["26.02.2024", "3.1.2024"]), (Some(Order::DayFirst), Some("%d.%m.%Y".to_owned())));
        assert_eq!(pattern(&["03/04/2024", "05/06/2024"]), (None, None));
        assert_eq!(pattern(&["8/21/18"]).1.as_deref(), Some("%m/%d/%y"));
    }

    #[test]
    fn the_time_is_read_as_it_is_written() {
        assert_eq!(pattern(&["06/17/2023 04:36:13 PM"]).1.as_deref(), Some("%m/%d/%Y %I:%M:%S %p"));
        assert_eq!(pattern(&["17-06-2023 16:36"]).1.as_deref(), Some("%d-%m-%Y %H:%M"));
        assert_eq!(pattern(&["06/17/2023", "06/17/2023 04:36:13 PM"]), (Some(Order::MonthFirst), None));
    }

    #[test]
    fn house_numbers_quantities_and_impossible_days_are_no_dates() {
        for text in ["62-66", "22/7", "13/13/2020", "1/2/203", "1/2/2020 noon", "2020-01-02", "1.234.567"] {
            assert!(!WrittenDates::default().add(text), "{text}");
        }
    }
}
