//! The similarity functions that compare two texts, under their SQL names.

use std::sync::{Arc, OnceLock};

use arrow::array::{AsArray, Float64Builder};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use serde::{Deserialize, Serialize};

use crate::records::Domain;
use crate::similarity::{
    self, AddressAgreement, AddressLevels, AddressTokens, Agreement, ChineseName, OrganizationName, Packed, PersonName,
    PhoneNumber, Prepare, PreparedDate, RegistrationCode, ResidentIdAgreement, ResidentNumber,
};

/// What separates the items of a list that is written as one text.
pub const ITEM_END: char = '\u{1f}';

/// A similarity or distance of two texts, or of two places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kernel {
    /// Jaro-Winkler similarity, 0 to 1.
    JaroWinkler,
    /// Levenshtein distance in characters.
    Levenshtein,
    /// Damerau-Levenshtein distance (optimal string alignment) in characters.
    DamerauLevenshtein,
    /// Items in common, as a share of the smaller set; items are words.
    Overlap,
    /// How many items two lists have in common.
    Items,
    /// Dates, by the score of their agreement.
    Date,
    /// Chinese names, likewise.
    ChineseName,
    /// Names in an alphabet, likewise.
    PersonName,
    /// Names of organizations, likewise.
    OrganizationName,
    /// Resident ids, likewise.
    ResidentId,
    /// Phone numbers, likewise.
    Phone,
    /// Registration numbers of organizations, likewise.
    CreditCode,
    /// Unparsed addresses by their numbers and words, 0 to 1.
    Address,
    /// Parsed addresses, their levels in one text, by the score of their agreement.
    AddressLevels,
    /// 1 where two dates (`YYYY-MM-DD`) have day and month exchanged, 0 where they have not.
    Swapped,
    /// Metres between two places: longitude and latitude of each.
    Metres,
}

impl Kernel {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::JaroWinkler,
        Self::Levenshtein,
        Self::DamerauLevenshtein,
        Self::Overlap,
        Self::Items,
        Self::Date,
        Self::ChineseName,
        Self::PersonName,
        Self::OrganizationName,
        Self::ResidentId,
        Self::Phone,
        Self::CreditCode,
        Self::Address,
        Self::AddressLevels,
        Self::Swapped,
        Self::Metres,
    ];

    /// Its name in SQL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::JaroWinkler => "jaro_winkler",
            Self::Levenshtein => "levenshtein",
            Self::DamerauLevenshtein => "damerau_levenshtein",
            Self::Overlap => "token_overlap",
            Self::Items => "items_in_common",
            Self::Date => "date_similarity",
            Self::ChineseName => "chinese_name_similarity",
            Self::PersonName => "person_name_similarity",
            Self::OrganizationName => "organization_name_similarity",
            Self::ResidentId => "resident_id_similarity",
            Self::Phone => "phone_similarity",
            Self::CreditCode => "credit_code_similarity",
            Self::Address => "address_similarity",
            Self::AddressLevels => "address_level_similarity",
            Self::Swapped => "day_month_swapped",
            Self::Metres => "metres_between",
        }
    }

    /// How many arguments it takes; the first half are of the left record.
    #[must_use]
    pub const fn arguments(self) -> usize {
        if matches!(self, Self::Metres) { 4 } else { 2 }
    }

    /// The kernel of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kernel| kernel.name() == name)
    }

    /// Bytes that it keeps of each value of a domain, without what a value holds elsewhere.
    #[must_use]
    pub const fn prepared_bytes(self) -> usize {
        match self {
            Self::Date => size_of::<OnceLock<Option<PreparedDate>>>(),
            Self::ChineseName => size_of::<OnceLock<Option<ChineseName>>>(),
            Self::PersonName => size_of::<OnceLock<Option<PersonName>>>(),
            Self::OrganizationName => size_of::<OnceLock<Option<OrganizationName>>>(),
            Self::ResidentId => size_of::<OnceLock<Option<ResidentNumber>>>(),
            Self::Phone => size_of::<OnceLock<Option<PhoneNumber>>>(),
            Self::CreditCode => size_of::<OnceLock<Option<RegistrationCode>>>(),
            Self::Address => size_of::<OnceLock<Option<AddressTokens>>>(),
            Self::AddressLevels => size_of::<OnceLock<Option<AddressLevels>>>(),
            _ => 0,
        }
    }

    /// Bytes that it keeps of each value of a domain besides, where no more is asked than whether a distance is at most
    /// `most`.
    #[must_use]
    pub const fn packed_bytes(self, most: usize) -> usize {
        if self.is_packed(most) { size_of::<Packed>() } else { 0 }
    }

    const fn is_packed(self, most: usize) -> bool {
        most == 1 && matches!(self, Self::Levenshtein | Self::DamerauLevenshtein)
    }

    /// As [`values`](Self::values), where it shows of the values' packed forms, without a look at the texts.
    #[inline]
    #[must_use]
    pub fn packed(self, most: usize, left: (&Domain, u32), right: (&Domain, u32)) -> Option<f64> {
        if !self.is_packed(most) {
            return None;
        }
        let (a, b) = (left.0.prepared().packed(left.0, left.1), right.0.prepared().packed(right.0, right.1));
        let known = a != Packed::OTHER && b != Packed::OTHER;
        known.then(|| a.within_one(b, self == Self::DamerauLevenshtein).map_or(2.0, |edits| edits as f64))
    }

    /// The value for two texts of domains, each with its number there. Of a distance beyond `most` no more is told than
    /// that it is beyond.
    #[must_use]
    pub fn values(self, most: usize, left: (&Domain, u32), right: (&Domain, u32)) -> f64 {
        if let Some(distance) = self.packed(most, left, right) {
            return distance;
        }
        let beyond = |distance: Option<usize>| distance.unwrap_or_else(|| most.saturating_add(1)) as f64;
        match self {
            Self::Levenshtein => {
                beyond(similarity::levenshtein_within(left.0.text(left.1), right.0.text(right.1), most))
            }
            Self::DamerauLevenshtein => {
                beyond(similarity::damerau_within(left.0.text(left.1), right.0.text(right.1), most))
            }
            Self::Date => ready(|prepared| &prepared.dates, left, right),
            Self::ChineseName => ready(|prepared| &prepared.chinese_names, left, right),
            Self::PersonName => ready(|prepared| &prepared.person_names, left, right),
            Self::OrganizationName => ready(|prepared| &prepared.organizations, left, right),
            Self::ResidentId => telling(ready(|prepared| &prepared.resident_ids, left, right), UNKNOWN_ID),
            Self::Phone => ready(|prepared| &prepared.phones, left, right),
            Self::CreditCode => ready(|prepared| &prepared.credit_codes, left, right),
            Self::AddressLevels => telling(ready(|prepared| &prepared.levels, left, right), UNKNOWN_PLACE),
            Self::Address => {
                let (of_left, of_right) = (&left.0.prepared().addresses, &right.0.prepared().addresses);
                of_left.with(left.0, left.1, |a| {
                    of_right.with(right.0, right.1, |b| a.zip(b).map_or(f64::NAN, |(a, b)| a.compare(b)))
                })
            }
            _ => self.texts(left.0.text(left.1), right.0.text(right.1)),
        }
    }

    /// The value for two texts.
    #[must_use]
    pub fn texts(self, left: &str, right: &str) -> f64 {
        match self {
            Self::JaroWinkler => similarity::jaro_winkler(left, right),
            Self::Levenshtein => similarity::levenshtein(left, right) as f64,
            Self::DamerauLevenshtein => similarity::damerau(left, right) as f64,
            Self::Overlap => overlap(left, right),
            Self::Items => items_in_common(left, right),
            Self::Date => agreement::<PreparedDate, _>(left, right),
            Self::ChineseName => agreement::<ChineseName, _>(left, right),
            Self::PersonName => agreement::<PersonName, _>(left, right),
            Self::OrganizationName => agreement::<OrganizationName, _>(left, right),
            Self::ResidentId => telling(agreement::<ResidentNumber, _>(left, right), UNKNOWN_ID),
            Self::Phone => agreement::<PhoneNumber, _>(left, right),
            Self::CreditCode => agreement::<RegistrationCode, _>(left, right),
            Self::AddressLevels => telling(agreement::<AddressLevels, _>(left, right), UNKNOWN_PLACE),
            Self::Address => match (AddressTokens::prepare(left), AddressTokens::prepare(right)) {
                (Some(left), Some(right)) => left.compare(&right),
                _ => f64::NAN,
            },
            Self::Swapped => swapped(left, right),
            Self::Metres => f64::NAN,
        }
    }
}

/// Ids that show too little in common, and addresses that speak of different levels.
const UNKNOWN_ID: ResidentIdAgreement = ResidentIdAgreement::Unknown;
const UNKNOWN_PLACE: AddressAgreement = AddressAgreement::Unknown;

/// A score, but `NaN` where it is that of an outcome which tells nothing: such a pair must not count as one that differs.
fn telling(score: f64, nothing: impl Agreement) -> f64 {
    if score == nothing.score() { f64::NAN } else { score }
}

/// Whether the day of each date is the month of the other; `NaN` where a part is missing and those that are there agree.
fn swapped(left: &str, right: &str) -> f64 {
    let [of_left, of_right] = [left, right].map(|text| {
        let place = |at: usize| match text.is_ascii() {
            true => at.min(text.len()),
            false => text.char_indices().nth(at).map_or(text.len(), |(place, _)| place),
        };
        [&text[place(5)..place(7)], &text[place(8)..place(10)]]
    });
    let mut known = true;
    for (a, b) in [(of_left[0], of_right[1]), (of_left[1], of_right[0])] {
        if a.trim().is_empty() || b.trim().is_empty() {
            known = false;
        } else if a != b {
            return 0.0;
        }
    }
    if known { 1.0 } else { f64::NAN }
}

/// Values of a domain made ready for the kernels that take them apart: each value once, when it is first met.
#[derive(Debug, Default)]
pub struct Prepared {
    dates: Ready<PreparedDate>,
    chinese_names: Ready<ChineseName>,
    person_names: Ready<PersonName>,
    organizations: Ready<OrganizationName>,
    resident_ids: Ready<ResidentNumber>,
    phones: Ready<PhoneNumber>,
    credit_codes: Ready<RegistrationCode>,
    addresses: Ready<AddressTokens>,
    levels: Ready<AddressLevels>,
    packed: OnceLock<Box<[Packed]>>,
}

impl Prepared {
    /// The packed form of a value; all are packed when the first is asked for, those added later each time.
    #[inline]
    fn packed(&self, domain: &Domain, code: u32) -> Packed {
        let pack = |code: u32| Packed::new(domain.text(code));
        let all = self.packed.get_or_init(|| (0..domain.len() as u32).map(pack).collect());
        all.get(code as usize).copied().unwrap_or_else(|| pack(code))
    }
}

#[derive(Debug)]
struct Ready<P>(OnceLock<Box<[OnceLock<Option<P>>]>>);

impl<P> Default for Ready<P> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<P: Prepare> Ready<P> {
    /// Hands the value of a number to `then`; values added after the first was asked for are made ready each time.
    #[inline]
    fn with<R>(&self, domain: &Domain, code: u32, then: impl FnOnce(Option<&P>) -> R) -> R {
        let all = self.0.get_or_init(|| (0..domain.len()).map(|_| OnceLock::new()).collect());
        match all.get(code as usize) {
            Some(one) => then(one.get_or_init(|| P::prepare(domain.text(code))).as_ref()),
            None => then(P::prepare(domain.text(code)).as_ref()),
        }
    }
}

/// The score of the agreement of two values of domains; `NaN` where one of them says nothing.
fn ready<P, A>(of: fn(&Prepared) -> &Ready<P>, left: (&Domain, u32), right: (&Domain, u32)) -> f64
where
    P: Prepare<Outcome = A>,
    A: Agreement,
{
    of(left.0.prepared()).with(left.0, left.1, |a| {
        of(right.0.prepared()).with(right.0, right.1, |b| match (a, b) {
            (Some(a), Some(b)) => a.compare(b).score(),
            _ => f64::NAN,
        })
    })
}

/// The score of the agreement of two values; `NaN` where one of them says nothing.
fn agreement<P, A>(left: &str, right: &str) -> f64
where
    P: Prepare<Outcome = A>,
    A: Agreement,
{
    match (P::prepare(left), P::prepare(right)) {
        (Some(left), Some(right)) => left.compare(&right).score(),
        _ => f64::NAN,
    }
}

/// Words in common as a share of the smaller set.
fn overlap(left: &str, right: &str) -> f64 {
    let words = |text: &str| {
        let mut words = text
            .split(|character: char| character.is_whitespace() || character == ITEM_END || character == ',')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>();
        words.sort_unstable();
        words.dedup();
        words
    };
    let (left, right) = (words(left), words(right));
    let smaller = left.len().min(right.len());
    if smaller == 0 {
        return 0.0;
    }
    let common = left.iter().filter(|word| right.binary_search(word).is_ok()).count();
    common as f64 / smaller as f64
}

/// Items in common of two lists, each an item once; `NaN` where one of them is empty, which says nothing.
fn items_in_common(left: &str, right: &str) -> f64 {
    let items = |text: &str| {
        let items = text.split(ITEM_END).map(str::trim).filter(|item| !item.is_empty());
        items.map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
    };
    let (left, right) = (items(left), items(right));
    if left.is_empty() || right.is_empty() {
        return f64::NAN;
    }
    left.intersection(&right).count() as f64
}

/// Great-circle metres between two points in degrees (haversine, mean earth radius).
#[must_use]
pub fn metres(left: (f64, f64), right: (f64, f64)) -> f64 {
    let (lat1, lat2) = (left.1.to_radians(), right.1.to_radians());
    let (dlat, dlon) = (lat2 - lat1, (right.0 - left.0).to_radians());
    let a = (dlat / 2.0).sin().powi(2) + lat1.cos() * lat2.cos() * (dlon / 2.0).sin().powi(2);
    2.0 * 6_371_008.8 * a.sqrt().min(1.0).asin()
}

/// What conditions and the ready-made ladders call, so that they can be written and tried in SQL: the kernels, and the
/// key under which whole and masked ids meet. A session needs to know none of it beforehand.
#[must_use]
pub fn udfs() -> Vec<ScalarUDF> {
    Kernel::ALL
        .into_iter()
        .map(|kernel| {
            ScalarUDF::from(KernelFunction {
                kernel,
                signature: Signature::any(kernel.arguments(), Volatility::Immutable),
            })
        })
        .chain([crate::functions::mask_key()])
        .collect()
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct KernelFunction {
    kernel: Kernel,
    signature: Signature,
}

impl ScalarUDFImpl for KernelFunction {
    fn name(&self) -> &'static str {
        self.kernel.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let mut out = Float64Builder::with_capacity(rows);
        let kind = if self.kernel == Kernel::Metres { DataType::Float64 } else { DataType::Utf8 };
        let columns = args.args.iter().map(|arg| Ok(cast(&arg.to_array(rows)?, &kind)?)).collect::<Result<Vec<_>>>()?;
        let known = |row: usize| columns.iter().all(|column| column.is_valid(row));
        if self.kernel == Kernel::Metres {
            let values =
                columns.iter().map(|column| column.as_primitive::<arrow::datatypes::Float64Type>()).collect::<Vec<_>>();
            for row in 0..rows {
                out.append_option(known(row).then(|| {
                    metres((values[0].value(row), values[1].value(row)), (values[2].value(row), values[3].value(row)))
                }));
            }
        } else {
            let (left, right) = (columns[0].as_string::<i32>(), columns[1].as_string::<i32>());
            for row in 0..rows {
                out.append_option(known(row).then(|| self.kernel.texts(left.value(row), right.value(row))));
            }
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish())))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::records::NULL;

    #[test]
    fn day_and_month_are_seen_to_be_exchanged() {
        assert_eq!(Kernel::Swapped.texts("1980-03-12", "1980-12-03"), 1.0);
        assert_eq!(Kernel::Swapped.texts("1980-03-12", "1980-12-04"), 0.0);
        assert_eq!(Kernel::Swapped.texts("1980-03-12", "1980-03-12"), 0.0);
        assert!(Kernel::Swapped.texts("1980-03-12", "1980-12").is_nan());
        assert_eq!(Kernel::Swapped.texts("1980-03-12", "1980-11"), 0.0);
        assert!(Kernel::Swapped.texts("八十年代初", "").is_nan());
    }

    #[test]
    fn items_of_lists_are_counted_whole_and_once() {
        let common = |a: &str, b: &str| Kernel::Items.texts(&a.replace('|', "\u{1f}"), &b.replace('|', "\u{1f}"));
        assert_eq!(common("new york|paris|paris", "paris|rome|new york"), 2.0);
        assert_eq!(common("new york", "new|york"), 0.0);
        assert!(common("", "paris").is_nan() && common("|", "paris").is_nan());
    }

    #[test]
    fn what_shows_too_little_tells_nothing() {
        let id = |a: &str, b: &str| Kernel::ResidentId.texts(a, b);
        assert!(id("1101051949********", "**************002X").is_nan());
        assert_eq!(id("1101051949********", "11010519491231002X"), 0.9);
        assert_eq!(id("1101051949********", "32010519491231002X"), 0.0);
        let district = format!("\u{1f}\u{1f}朝阳区{}", "\u{1f}".repeat(13));
        let compound = format!("{}方恒国际{}", "\u{1f}".repeat(10), "\u{1f}".repeat(5));
        assert!(Kernel::AddressLevels.texts(&district, &compound).is_nan());
        assert_eq!(Kernel::AddressLevels.texts(&district, &district), 0.1);
    }

    proptest! {
        #[test]
        fn every_similarity_is_symmetric_and_the_same_for_texts_and_for_values(
            a in "[a-c 1,\u{1f}]{0,8}|[0-9*]{14,18}|[张王小晓明]{2,3}|1980-0[1-9]-1[0-9]|[0-9A]{18}",
            b in "[a-c 1,\u{1f}]{0,8}|[0-9*]{14,18}|[张王小晓明]{2,3}|1980-0[1-9]-1[0-9]|[0-9A]{18}",
        ) {
            let mut domain = Domain::default();
            let codes = [domain.intern(&a), domain.intern(&b)];
            let [left, right] = codes.map(|code| (&domain, code));
            for kernel in Kernel::ALL.into_iter().filter(|kernel| *kernel != Kernel::Metres) {
                let (one, other) = (kernel.texts(&a, &b), kernel.texts(&b, &a));
                prop_assert!(one == other || one.is_nan() && other.is_nan(), "{}: {} {}", kernel.name(), one, other);
                // Blank text is a missing value among records, and those are not compared.
                if codes.contains(&NULL) {
                    prop_assert!(a.trim().is_empty() || b.trim().is_empty());
                    continue;
                }
                let told = kernel.values(64, left, right);
                prop_assert!(one == told || one.is_nan() && told.is_nan(), "{}: {} {}", kernel.name(), one, told);
            }
        }

        #[test]
        fn a_distance_is_told_as_far_as_anybody_asks(a in "[ab]{0,8}|[12]{0,8}", b in "[ab]{0,8}|[12]{0,8}", most in 0_usize..4) {
            let mut domain = Domain::default();
            let codes = [domain.intern(&a), domain.intern(&b)];
            let [left, right] = codes.map(|code| (&domain, code));
            for kernel in [Kernel::Levenshtein, Kernel::DamerauLevenshtein] {
                let (whole, told) = (kernel.texts(&a, &b), kernel.values(most, left, right));
                prop_assert_eq!(whole <= most as f64, told <= most as f64);
                prop_assert!(told == whole || told == most as f64 + 1.0);
            }
        }
    }
}
