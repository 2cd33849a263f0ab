//! `address_parts(text)`: the parts of a Chinese address that tell homes apart, in one pass and without a gazetteer.
//!
//! For matching millions of records: it does not know places, it cuts where a word says what ends. The address parser
//! of the house, `address(text)`, knows far more and takes ten times as long.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, DocSection, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use jingwei_model::id::clean::half_width;

use crate::similarity::IDEOGRAPHS;

const NAMES: [&str; 6] = ["road", "number", "community", "building", "unit", "room"];

static FIELDS: LazyLock<Fields> =
    LazyLock::new(|| NAMES.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect());

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Documentation::builder(
        DocSection { include: true, label: "Linkage", description: None },
        "The parts of a Chinese address that tell homes apart, by the words that end them and without a table of places, for \
         matching many records: struct of `road` (or the compound's name), `number`, `community` (its last two characters), \
         `building`, `unit` and `room`; numbers in digits. `address(text)` knows places and is slower.",
        "address_parts(text)",
    )
    .with_argument("text", "the address as written")
    .with_sql_example("SELECT address_parts('朝阳区望京街道南湖社区望京街12号院三号楼2单元301室')['building']; -- 3")
    .build()
});

/// The function.
pub fn udf() -> ScalarUDF {
    ScalarUDF::from(AddressParts { signature: Signature::any(1, Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct AddressParts {
    signature: Signature,
}

impl ScalarUDFImpl for AddressParts {
    fn name(&self) -> &'static str {
        "address_parts"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(FIELDS.clone()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let Some(argument) = args.args.first() else {
            return datafusion::common::exec_err!("address_parts takes an address");
        };
        let texts = cast(&argument.to_array(rows)?, &DataType::Utf8)?;
        let texts = texts.as_string::<i32>();
        let mut columns: [StringBuilder; 6] = std::array::from_fn(|_| StringBuilder::with_capacity(rows, rows * 6));
        let mut parts = Parts::default();
        for row in 0..rows {
            let filled = texts.is_valid(row) && {
                parts.read(texts.value(row));
                true
            };
            for (column, part) in columns.iter_mut().zip(&parts.found) {
                column.append_option(Some(part.as_str()).filter(|part| filled && !part.is_empty()));
            }
        }
        let columns = columns.into_iter().map(|mut column| Arc::new(column.finish()) as ArrayRef).collect();
        Ok(ColumnarValue::Array(Arc::new(StructArray::new(FIELDS.clone(), columns, None))))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

const ROAD: usize = 0;
const NUMBER: usize = 1;
const COMMUNITY: usize = 2;
const BUILDING: usize = 3;
const UNIT: usize = 4;
const ROOM: usize = 5;

/// What may begin at a character. Most begin nothing, and are passed over without being compared with anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing.
    Plain,
    /// A number: a digit, a Chinese one, or a letter.
    Number,
    /// A word that ends a name.
    End,
    /// Perhaps no character at all, but white space.
    Space,
}

static KINDS: [Kind; IDEOGRAPHS.1] = {
    const NUMBERS: [char; 12] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '百'];
    const ENDS: [char; 11] = ['街', '社', '居', '村', '省', '市', '县', '区', '旗', '镇', '乡'];
    let mut kinds = [Kind::Plain; IDEOGRAPHS.1];
    let mut place = 0;
    while place < NUMBERS.len() {
        kinds[NUMBERS[place] as usize - IDEOGRAPHS.0] = Kind::Number;
        place += 1;
    }
    place = 0;
    while place < ENDS.len() {
        kinds[ENDS[place] as usize - IDEOGRAPHS.0] = Kind::End;
        place += 1;
    }
    kinds
};

impl Kind {
    #[inline]
    fn of(character: char) -> Self {
        match KINDS.get((character as usize).wrapping_sub(IDEOGRAPHS.0)) {
            Some(kind) => *kind,
            None if character.is_ascii_alphanumeric() || character == '〇' => Self::Number,
            None if character.is_ascii_graphic() => Self::Plain,
            None => Self::Space,
        }
    }
}

/// Buffers for one address after the other.
#[derive(Debug, Default)]
struct Parts {
    text: Vec<char>,
    kinds: Vec<Kind>,
    number: String,
    found: [String; 6],
}

impl Parts {
    fn read(&mut self, text: &str) {
        self.text.clear();
        self.kinds.clear();
        for character in text.chars().map(half_width) {
            let kind = Kind::of(character);
            if kind != Kind::Space || !character.is_whitespace() {
                self.text.push(character);
                self.kinds.push(kind);
            }
        }
        self.found.iter_mut().for_each(String::clear);
        let length = self.text.len();
        // Where the name at hand begins.
        let mut name = 0;
        let mut place = 0;
        while place < length {
            let kind = self.kinds[place];
            if matches!(kind, Kind::Plain | Kind::Space) {
                place += 1;
                continue;
            }
            if kind == Kind::Number
                && let Some((end, marker)) = self.numeral(place)
            {
                self.mark(name, place, marker);
                place = end + Marker::length(&self.text[end..]);
                name = place;
                continue;
            }
            let rest = &self.text[place..];
            let boundary = match rest {
                ['街', '道', ..] | ['社', '区', ..] => 2,
                ['居', '委', '会', ..] | ['村', '委', '会', ..] => 3,
                ['省' | '市' | '县' | '区' | '旗' | '镇' | '乡', ..] if place > name => 1,
                // 中关村大街 is a road.
                ['村'] if place > name => 1,
                ['村', next, ..] if place > name && (next.is_ascii_digit() || value(*next).is_some()) => 1,
                _ => 0,
            };
            // 小区, 园区 and the like name a compound.
            let within = rest[0] == '区' && place > name && matches!(self.text[place - 1], '小' | '园' | '社' | '院');
            if boundary > 0 && !within {
                if (boundary > 1 && rest[0] != '街' || rest[0] == '村') && place > name {
                    let from = name.max(place.saturating_sub(2));
                    let community = &mut self.found[COMMUNITY];
                    community.clear();
                    community.extend(&self.text[from..place]);
                }
                place += boundary;
                name = place;
            } else {
                place += 1;
            }
        }
        // A road or compound without a number.
        if self.found[ROAD].is_empty() && self.found[NUMBER].is_empty() && name < length {
            let road = &mut self.found[ROAD];
            road.extend(&self.text[name..]);
        }
    }

    /// A number that begins here and what ends it: digits anywhere, Chinese numerals only before a word that counts.
    /// The digits are left in `number`.
    fn numeral(&mut self, place: usize) -> Option<(usize, Marker)> {
        let digits = self.text[place..].iter().take_while(|character| character.is_ascii_alphanumeric()).count();
        self.number.clear();
        if digits > 0 && self.text[place..place + digits].iter().any(char::is_ascii_digit) {
            let end = place + digits;
            self.number.extend(self.text[place..end].iter().map(char::to_ascii_uppercase));
            return Some((end, Marker::at(&self.text[end..])));
        }
        let numerals = self.text[place..].iter().take_while(|character| value(**character).is_some()).count();
        if numerals == 0 || numerals > 4 {
            return None;
        }
        let end = place + numerals;
        let marker = Marker::at(&self.text[end..]);
        if matches!(marker, Marker::None | Marker::Dash) {
            return None;
        }
        let mut sum = 0;
        let mut last = None;
        for character in &self.text[place..end] {
            match value(*character)? {
                unit @ (10 | 100) => {
                    sum += last.take().unwrap_or(1) * unit;
                }
                digit => last = Some(last.map_or(digit, |last| last * 10 + digit)),
            }
        }
        self.number.push_str(&(sum + last.unwrap_or_default()).to_string());
        Some((end, marker))
    }

    /// Puts a number where what follows it says that it belongs.
    fn mark(&mut self, name: usize, place: usize, marker: Marker) {
        let inside = !self.found[BUILDING].is_empty();
        let numbered = !self.found[NUMBER].is_empty();
        let to = match marker {
            Marker::Compound => NUMBER,
            Marker::House if !numbered && !inside => NUMBER,
            Marker::House if inside => ROOM,
            Marker::House => BUILDING,
            Marker::Building if !inside => BUILDING,
            Marker::Unit => UNIT,
            Marker::Room => ROOM,
            // A floor says nothing that the room does not.
            Marker::Building | Marker::Floor => return,
            Marker::Dash | Marker::None if !inside => BUILDING,
            Marker::Dash if self.found[UNIT].is_empty() => UNIT,
            Marker::Dash | Marker::None => ROOM,
        };
        if to == NUMBER && place > name && self.found[ROAD].is_empty() {
            let road = &mut self.found[ROAD];
            road.extend(&self.text[name..place]);
        }
        let number = self.number.trim_start_matches('0');
        self.found[to].clear();
        self.found[to].push_str(number);
    }
}

/// What ends a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marker {
    /// 号院, 弄
    Compound,
    /// 号
    House,
    /// 号楼, 楼, 幢, 栋, 座
    Building,
    /// 单元, 门
    Unit,
    /// 层
    Floor,
    /// 室, 房
    Room,
    /// A dash.
    Dash,
    /// Something else.
    None,
}

impl Marker {
    const fn at(text: &[char]) -> Self {
        match text {
            ['号', '院', ..] => Self::Compound,
            ['弄', ..] => Self::Compound,
            ['号', '楼', ..] | ['楼' | '幢' | '栋' | '座' | '#', ..] => Self::Building,
            ['单', '元', ..] | ['门', ..] => Self::Unit,
            ['层', ..] => Self::Floor,
            ['室' | '房', ..] => Self::Room,
            ['号', ..] => Self::House,
            ['-' | '—' | '－' | '/', ..] => Self::Dash,
            _ => Self::None,
        }
    }

    /// Characters it takes.
    fn length(text: &[char]) -> usize {
        match text {
            ['号', '院' | '楼', ..] | ['单', '元', ..] => 2,
            _ => usize::from(Self::at(text) != Self::None),
        }
    }
}

const fn value(character: char) -> Option<u32> {
    Some(match character {
        '零' | '〇' => 0,
        '一' => 1,
        '二' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        '十' => 10,
        '百' => 100,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(text: &str) -> [String; 6] {
        let mut parts = Parts::default();
        parts.read(text);
        parts.found
    }

    #[test]
    fn one_home_has_the_same_parts_however_it_is_written() {
        let whole = ["望京街", "12", "南湖", "3", "2", "301"].map(str::to_owned);
        for text in [
            "北京市朝阳区望京街道南湖社区望京街12号院3号楼2单元301",
            "朝阳区望京街道南湖社区望京街12号院3号楼2单元301室",
            "北京市朝阳区望京南湖社区望京街１２号院３号楼２单元３０１",
        ] {
            assert_eq!(parts(text), whole, "{text}");
        }
        let plain = ["望京街", "12", "", "3", "2", "301"].map(str::to_owned);
        for text in [
            "望京街12号院3号楼2单元301",
            "北京市朝阳区望京街12号院3-2-301",
            "北京朝阳区望京街道望京街12号院三号楼二单元301",
        ] {
            assert_eq!(parts(text), plain, "{text}");
        }
        assert_eq!(parts("望京街道南湖社区3楼2门301号"), ["", "", "南湖", "3", "2", "301"].map(str::to_owned));
        assert_eq!(parts("北京市朝阳区望京街12号院3号楼"), ["望京街", "12", "", "3", "", ""].map(str::to_owned));
        assert_eq!(parts("甘露园南里58号院十二号楼"), ["甘露园南里", "58", "", "12", "", ""].map(str::to_owned));
    }

    #[test]
    fn no_word_that_counts_or_ends_a_name_is_passed_over() {
        for character in (0..=0xffff).filter_map(char::from_u32) {
            let counts = character.is_ascii_alphanumeric() || value(character).is_some();
            assert_eq!(Kind::of(character) == Kind::Number, counts, "{character}");
            let white = character.is_whitespace();
            assert!(!white || Kind::of(character) == Kind::Space, "{character:?}");
        }
        for text in
            ["望京街道", "南湖社区", "望京居委会", "高村委会", "甲省", "甲市", "甲县", "甲区", "甲旗", "甲镇", "甲乡"]
        {
            assert_eq!(parts(&format!("{text}乙路"))[ROAD], "乙路", "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[一二十号院楼室区市0-9a-c\\- ]{0,24}|\\PC{0,30}") {
            let _ = parts(&text);
        }
    }
}
