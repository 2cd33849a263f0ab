//! Sex, in words or in the codes of GB/T 2261.1.

use jingwei_model::Reason;
use jingwei_model::id::clean;

use super::Cell;

/// `male` or `female`; codes and words for "not known" say nothing.
#[must_use]
pub fn sex(text: &str) -> Cell<&'static str> {
    match text {
        "男" => return Cell::Value("male"),
        "女" => return Cell::Value("female"),
        _ => {}
    }
    match &*clean::code(text) {
        "男" | "男性" | "男士" | "先生" | "M" | "MALE" | "1" | "01" | "1男" | "男1" => Cell::Value("male"),
        "女" | "女性" | "女士" | "F" | "FEMALE" | "2" | "02" | "2女" | "女2" => Cell::Value("female"),
        "" | "0" | "9" | "00" | "09" | "未知" | "未知的性别" | "未说明" | "未说明的性别" | "不详" | "U" | "UNKNOWN" => {
            Cell::Missing
        }
        _ => Cell::Refused(Reason::Unmapped),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_codes_say_the_same() {
        assert!(["男", "男性", "m", "Male", "１"].into_iter().all(|text| sex(text) == Cell::Value("male")));
        assert!(["女", "女 性", "F", "female", "2"].into_iter().all(|text| sex(text) == Cell::Value("female")));
        assert!(["未知", "9", "0"].into_iter().all(|text| sex(text) == Cell::Missing));
        assert_eq!(sex("甲"), Cell::Refused(Reason::Unmapped));
    }
}
