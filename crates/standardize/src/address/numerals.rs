//! Numbers in addresses: 6, 甲6, 12A, B1, 十二, 五零一.

/// Most characters of a number's value.
const LONGEST: usize = 12;

/// A number as read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    /// First character after it.
    pub end: usize,
    /// 甲, 乙, … written before it.
    pub stem: Option<char>,
    /// Whether it was written in Chinese numerals.
    pub chinese: bool,
    text: [u8; LONGEST],
    len: u8,
}

impl Number {
    fn new(end: usize) -> Self {
        Self { end, stem: None, chinese: false, text: [0; LONGEST], len: 0 }
    }

    fn push(&mut self, byte: u8) -> bool {
        let Some(slot) = self.text.get_mut(usize::from(self.len)) else { return false };
        *slot = byte;
        self.len += 1;
        true
    }

    fn push_value(&mut self, value: u32) {
        let mut unit = 1_000_000_000;
        let mut begun = false;
        while unit > 0 {
            let digit = value / unit % 10;
            begun |= digit > 0 || unit == 1;
            if begun {
                self.push(b'0' + digit as u8);
            }
            unit /= 10;
        }
    }

    /// The same with 甲, 乙, … before it.
    pub fn with_stem(mut self, stem: Option<char>) -> Self {
        self.stem = stem;
        self
    }

    /// Digits and letters.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.text[..usize::from(self.len)]).unwrap_or_default()
    }

    /// Digits and letters without leading zeros.
    pub fn trimmed(&self) -> &str {
        match self.text().trim_start_matches('0') {
            "" => "0",
            trimmed => trimmed,
        }
    }

    /// Length of the text.
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether it begins with a letter.
    pub const fn has_letter_first(&self) -> bool {
        self.text[0].is_ascii_uppercase()
    }

    /// Whether it is letters alone.
    pub fn is_letters(&self) -> bool {
        self.text().bytes().all(|byte| byte.is_ascii_uppercase())
    }

    /// Whether it is digits alone.
    pub fn is_digits(&self) -> bool {
        self.text().bytes().all(|byte| byte.is_ascii_digit())
    }

    /// The value of its leading digits.
    pub fn value(&self) -> u32 {
        self.text()
            .bytes()
            .take_while(u8::is_ascii_digit)
            .fold(0_u32, |value, byte| value.saturating_mul(10).saturating_add(u32::from(byte - b'0')))
    }
}

/// 甲 to 戊.
pub(super) const fn is_stem(character: char) -> bool {
    matches!(character, '甲' | '乙' | '丙' | '丁' | '戊')
}

/// The value of a Chinese digit.
pub(super) const fn chinese_digit(character: char) -> Option<u32> {
    Some(match character {
        '零' => 0,
        '一' | '壹' | '幺' => 1,
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

const fn is_unit(character: char) -> bool {
    matches!(character, '十' | '拾' | '百' | '佰')
}

/// Whether a character may be part of a Chinese number.
pub(super) const fn is_chinese_numeral(character: char) -> bool {
    chinese_digit(character).is_some() || is_unit(character)
}

/// Reads the number that begins at `start`.
pub(super) fn read(text: &[char], start: usize) -> Option<Number> {
    let first = *text.get(start)?;
    if is_stem(first) {
        let next = *text.get(start + 1)?;
        if !next.is_ascii_digit() && !is_chinese_numeral(next) {
            return None;
        }
        let mut number = read(text, start + 1)?;
        number.stem = Some(first);
        return Some(number);
    }
    if first.is_ascii_alphabetic() {
        return read_letters(text, start);
    }
    if first.is_ascii_digit() {
        return read_digits(text, start);
    }
    if is_chinese_numeral(first) {
        return read_chinese(text, start);
    }
    None
}

fn digits_end(text: &[char], start: usize) -> usize {
    start + text[start..].iter().take_while(|character| character.is_ascii_digit()).count()
}

/// One or two letters, with digits after them.
fn read_letters(text: &[char], start: usize) -> Option<Number> {
    let letters = text[start..].iter().take(4).take_while(|character| character.is_ascii_alphabetic()).count();
    let end = digits_end(text, start + letters);
    if letters > 2 || end - start > LONGEST || text.get(end).is_some_and(char::is_ascii_alphabetic) {
        return None;
    }
    let mut number = Number::new(end);
    for character in &text[start..end] {
        number.push(*character as u8);
    }
    Some(number)
}

/// Digits, with a letter after them: 12A. The letter F is a floor's sign.
fn read_digits(text: &[char], start: usize) -> Option<Number> {
    let mut end = digits_end(text, start);
    if end - start > LONGEST {
        return None;
    }
    let letter = text.get(end).is_some_and(|character| character.is_ascii_alphabetic() && *character != 'F')
        && !text.get(end + 1).is_some_and(char::is_ascii_alphanumeric)
        && !matches!(text.get(end + 1), Some('座' | '区' | '栋' | '幢'))
        && end - start < LONGEST;
    end += usize::from(letter);
    // 3B12, a room: F ends a floor's number.
    if text.get(end).is_some_and(|character| character.is_ascii_alphabetic() && *character != 'F') && end - start <= 3 {
        let after = digits_end(text, end + 1);
        if after > end + 1 && after - start <= LONGEST && !text.get(after).is_some_and(char::is_ascii_alphabetic) {
            end = after;
        }
    }
    let mut number = Number::new(end);
    for character in &text[start..end] {
        number.push(*character as u8);
    }
    Some(number)
}

/// 五零一 digit by digit; 十二, 二十三, 一百零五 by counting.
fn read_chinese(text: &[char], start: usize) -> Option<Number> {
    let length = text[start..].iter().take(LONGEST + 1).take_while(|character| is_chinese_numeral(**character)).count();
    if length > LONGEST {
        return None;
    }
    let run = &text[start..start + length];
    let mut number = Number::new(start + length);
    number.chinese = true;
    if run.iter().any(|character| is_unit(*character)) {
        let (mut value, mut digit) = (0_u32, None);
        for character in run {
            match (chinese_digit(*character), character) {
                (Some(next), _) => digit = Some(next),
                (None, '百' | '佰') => value += digit.take().unwrap_or(1) * 100,
                (None, _) => value += digit.take().unwrap_or(1) * 10,
            }
        }
        number.push_value(value + digit.unwrap_or(0));
    } else {
        for character in run {
            number.push(b'0' + chinese_digit(*character)? as u8);
        }
    }
    Some(number)
}

/// Appends 1 to 99 in the counting form that names use: 三, 十二, 二十.
pub(super) fn push_chinese(value: u32, out: &mut String) {
    const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    let (tens, ones) = (value / 10 % 10, value % 10);
    if tens > 1 {
        out.push(DIGITS[tens as usize]);
    }
    if tens > 0 {
        out.push('十');
    }
    if ones > 0 || tens == 0 {
        out.push(DIGITS[ones as usize]);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Option<(String, usize)> {
        let text: Vec<char> = text.chars().collect();
        read(&text, 0)
            .map(|number| (format!("{}{}", number.stem.map_or(String::new(), String::from), number.text()), number.end))
    }

    #[test]
    fn numbers_are_read_however_written() {
        for (text, value, end) in [
            ("6号", "6", 1),
            ("甲6号", "甲6", 2),
            ("甲十二号", "甲12", 3),
            ("12A号", "12A", 3),
            ("20F2001", "20", 2),
            ("B座", "B", 1),
            ("T1座", "T1", 2),
            ("十二", "12", 2),
            ("二十三号", "23", 3),
            ("五零一室", "501", 3),
            ("一百零五", "105", 4),
            ("二十", "20", 2),
            ("两", "2", 1),
            ("5A座", "5", 1),
        ] {
            assert_eq!(number(text), Some((value.to_owned(), end)), "{text}");
        }
        for text in ["SOHO", "甲板", "北京", "", "1234567890123"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn counting_forms_read_back(value in 1_u32..100) {
            let mut text = String::new();
            push_chinese(value, &mut text);
            prop_assert_eq!(number(&text).unwrap().0, value.to_string());
        }
    }
}
