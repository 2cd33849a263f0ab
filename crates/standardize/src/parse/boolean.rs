//! Yes and no.

use jingwei_model::Reason;
use jingwei_model::id::clean;

use super::Cell;

/// Reads 是/否, 有/无, 对/错, 真/假, √/×, yes/no, true/false, on/off, 1/0 in any case and width.
#[must_use]
pub fn boolean(text: &str) -> Cell<bool> {
    match &*clean::code(text) {
        "是" | "有" | "对" | "對" | "真" | "已" | "√" | "✓" | "✔" | "YES" | "Y" | "TRUE" | "T" | "ON" | "1" | "1.0" => {
            Cell::Value(true)
        }
        "否" | "无" | "無" | "错" | "錯" | "假" | "未" | "不是" | "没有" | "×" | "✗" | "✘" | "NO" | "N" | "FALSE"
        | "F" | "OFF" | "0" | "0.0" => Cell::Value(false),
        "" => Cell::Missing,
        _ => Cell::Refused(Reason::NotABoolean),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_say_yes_or_no_is_understood() {
        assert!(
            ["是", "有", "Yes", "ｙ", "true", "1", " √ "].into_iter().all(|text| boolean(text) == Cell::Value(true))
        );
        assert!(
            ["否", "无", "no", "N", "False", "０", "×"].into_iter().all(|text| boolean(text) == Cell::Value(false))
        );
        assert_eq!(boolean("maybe"), Cell::Refused(Reason::NotABoolean));
    }
}
