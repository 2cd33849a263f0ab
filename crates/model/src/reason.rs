//! Why a value or a row was refused: stable codes for scripts, with words for people.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $title:literal, $title_zh:literal;)*) => {
        /// Why a value or a row was refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Reason { $($(#[$doc])* $variant,)* }

        impl Reason {
            /// All reasons.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str { match self { $(Self::$variant => $code,)* } }

            /// The reason in English.
            #[must_use]
            pub const fn title(self) -> &'static str { match self { $(Self::$variant => $title,)* } }

            /// The reason in Chinese.
            #[must_use]
            pub const fn title_zh(self) -> &'static str { match self { $(Self::$variant => $title_zh,)* } }
        }
    };
}

reasons! {
    /// No value where one is required.
    Missing = "missing", "no value where one is required", "必填项为空";
    /// Bytes that are not text in the file's encoding.
    Undecodable = "undecodable", "bytes that are not text in the file's encoding", "无法按编码解码";
    /// A row with another number of fields than the header.
    RaggedRow = "ragged_row", "another number of fields than the header", "字段数与表头不符";
    /// A row that is not what the format prescribes.
    Malformed = "malformed", "not what the format prescribes", "格式错误";
    /// A long number rounded by a spreadsheet.
    ExcelPrecisionLoss = "excel_precision_loss", "a long number rounded by a spreadsheet", "电子表格精度丢失";
    /// A length the code does not have.
    BadLength = "bad_length", "a length the code does not have", "长度错误";
    /// A character the code does not have.
    BadCharacter = "bad_character", "a character the code does not have", "含非法字符";
    /// A check digit that does not fit.
    BadCheckDigit = "bad_check_digit", "a check digit that does not fit", "校验码错误";
    /// No such day or time.
    BadDate = "bad_date", "no such day or time", "日期错误";
    /// A day that has not come yet.
    FutureDate = "future_date", "a day that has not come yet", "日期晚于今天";
    /// A division that has never existed.
    UnknownDivision = "unknown_division", "a division that has never existed", "行政区划代码不存在";
    /// Not a number.
    NotANumber = "not_a_number", "not a number", "不是数字";
    /// Neither yes nor no.
    NotABoolean = "not_a_boolean", "neither yes nor no", "不是是否值";
    /// A word outside the agreed list.
    Unmapped = "unmapped", "a word outside the agreed list", "代码表外取值";
    /// Characters lost or injected on the way.
    Mojibake = "mojibake", "characters lost or injected on the way", "乱码";
    /// A masked value where a whole one is needed.
    Masked = "masked", "a masked value where a whole one is needed", "已脱敏";
    /// Not a geometry.
    InvalidGeometry = "invalid_geometry", "not a geometry", "几何无效";
    /// A polygon that crosses itself.
    SelfCrossing = "self_crossing", "a polygon that crosses itself", "多边形自相交";
    /// Coordinates outside their system.
    OutsideCrs = "outside_crs", "coordinates outside their system", "坐标超出坐标系范围";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Reason {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|reason| reason.code() == code)
            .ok_or_else(|| format!("`{code}` is no reason code"))
    }
}
