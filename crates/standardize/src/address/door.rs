//! Doors: the numbers of houses on roads, in lanes and in villages.

use std::fmt::Write;

use super::fold::form;
use super::numerals::{Number, is_stem, read};
use super::unit::{Unit, unit};

/// A number on a road: 6号, 甲6号院, 6-2号, 12号附3号, 1027弄.
#[derive(Debug, Clone, Copy)]
pub(super) struct Door {
    pub end: usize,
    pub number: Number,
    pub stem: Option<char>,
    /// A second number, and the sign before it.
    pub sub: Option<(char, Number)>,
    pub lane: bool,
}

impl Door {
    pub fn write(&self, out: &mut String) {
        out.extend(self.stem);
        out.push_str(self.number.trimmed());
        match self.sub {
            Some(('附', sub)) => {
                let _ = write!(out, "号附{}号", sub.trimmed());
            }
            Some(('、', sub)) => {
                let _ = write!(out, "、{}号", sub.trimmed());
            }
            Some((_, sub)) => {
                let _ = write!(out, "-{}号", sub.trimmed());
            }
            None => out.push(if self.lane { '弄' } else { '号' }),
        }
    }

    /// Reads one; without 号 or 弄 it is none.
    pub fn read(text: &[char], at: usize) -> Option<Self> {
        let number = read(text, at)?;
        let mut door = Self { end: number.end, number, stem: number.stem, sub: None, lane: false };
        let mut at = number.end;
        if let Some(stem) = text.get(at).copied().filter(|stem| is_stem(*stem)) {
            door.stem = Some(stem);
            at += 1;
            // 90甲1号.
            if let Some(sub) = read(text, at).filter(|sub| sub.is_digits() && text.get(sub.end) == Some(&'号')) {
                door.sub = Some(('-', sub));
                at = sub.end;
            }
        } else if matches!(text.get(at), Some('-' | '之' | '附' | '、'))
            && let Some(sub) = read(text, at + 1)
        {
            door.sub = Some((if matches!(text[at], '附' | '、') { text[at] } else { '-' }, sub));
            at = sub.end;
        }
        let (unit, end) = match unit(text, at) {
            // 20号楼上: the number is the door's.
            (Unit::House, _) if text[at] == '号' && matches!(text.get(at + 2), Some('上' | '下')) => {
                (Unit::Door, at + 1)
            }
            // 318号厂房4号楼: the halls at a door, of which each has its number.
            (Unit::Hall(_), end) if read(text, end).is_some_and(|next| unit(text, next.end).0 == Unit::House) => {
                (Unit::Door, at + 1)
            }
            found => found,
        };
        door.end = end;
        match unit {
            Unit::Lane if door.sub.is_none() => door.lane = true,
            Unit::Door | Unit::Yard => {}
            _ => return None,
        }
        if unit == Unit::Door && door.sub.is_none() {
            door.read_after(text);
        }
        Some(door)
    }

    /// 6号甲, 6号之1, 12号附3号.
    fn read_after(&mut self, text: &[char]) {
        let next = text.get(self.end).copied();
        match next {
            Some(stem) if is_stem(stem) && self.stem.is_none() => {
                let after = text.get(self.end + 1).copied();
                // 12号甲5号楼 has the building 甲5, 12号甲5室 the door 甲12.
                let counts = read(text, self.end + 1).is_some_and(|number| {
                    matches!(unit(text, number.end).0, Unit::House | Unit::HouseOrFloor | Unit::Hash)
                });
                let names_house = counts || matches!(after, Some('座' | '栋' | '楼' | '幢' | '单'));
                if !names_house {
                    self.stem = Some(stem);
                    self.end += 1;
                    if text.get(self.end) == Some(&'院') {
                        self.end += 1;
                    }
                }
            }
            // 10号-2, but not 6号-501 or 6号-2-501.
            Some('-') => {
                if let Some(sub) = read(text, self.end + 1).filter(|sub| sub.is_digits() && sub.len() <= 2)
                    && !matches!(text.get(sub.end), Some('-' | '/' | '号' | '#'))
                    && unit(text, sub.end).0 == Unit::None
                {
                    self.sub = Some(('-', sub));
                    self.end = sub.end;
                }
            }
            Some(sign @ ('之' | '附')) => {
                if let Some(sub) = read(text, self.end + 1) {
                    self.sub = Some((if sign == '附' { '附' } else { '-' }, sub));
                    self.end = sub.end + usize::from(text.get(sub.end) == Some(&'号'));
                }
            }
            _ => {}
        }
    }
}

/// The standard form of a road number of a register; `None` if it is none.
pub(super) fn standard_roadno(text: &str) -> Option<String> {
    let mut folded: Vec<char> = text.chars().filter_map(form).collect();
    if folded.last().is_some_and(char::is_ascii_digit) {
        folded.push('号');
    }
    let door = Door::read(&folded, 0)?;
    let mut out = String::new();
    door.write(&mut out);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::standard_roadno;

    #[test]
    fn doors_have_one_form() {
        for (written, form) in [
            ("6号", "6号"),
            ("６号院", "6号"),
            ("六号", "6号"),
            ("甲6号", "甲6号"),
            ("6号甲", "甲6号"),
            ("6甲号", "甲6号"),
            ("6-2号", "6-2号"),
            ("6号之2", "6-2号"),
            ("12号附3号", "12号附3号"),
            ("1027弄", "1027弄"),
            ("06", "6号"),
            ("甲6号院", "甲6号"),
        ] {
            assert_eq!(standard_roadno(written).as_deref(), Some(form), "{written}");
        }
        assert_eq!(standard_roadno("5号楼"), None);
    }
}
