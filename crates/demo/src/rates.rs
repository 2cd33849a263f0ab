//! How often departments make which mistake. The figures follow what registers of this kind report about
//! themselves; they are in one place so that a reader of an evaluation knows what was asked of it.

/// A name typed by sound or by look: input methods offer the homophone first.
pub const NAME_CONFUSED: f64 = 0.008;
/// A name in traditional characters: copied from an old paper register.
pub const NAME_TRADITIONAL: f64 = 0.005;
/// A character that the department's font lacks, written as its components or as a box.
pub const NAME_LOST_GLYPH: f64 = 0.001_5;
/// A two-character name set to the width of three.
pub const NAME_SPACED: f64 = 0.02;
/// Pinyin in brackets after a character, left by an assistive keyboard.
pub const NAME_PINYIN: f64 = 0.000_5;
/// A name missing altogether: such a row is of no use and is meant for quarantine.
pub const NAME_MISSING: f64 = 0.001;

/// One digit of an identity number mistyped.
pub const ID_WRONG_DIGIT: f64 = 0.003;
/// Old people's cards of the first generation were never updated in the register.
pub const ID_FIFTEEN: f64 = 0.35;
/// Born before this year, a person may still be registered with fifteen digits.
pub const ID_FIFTEEN_BEFORE: i32 = 1946;
/// Full-width digits, an apostrophe or spaces around an identity number.
pub const ID_DRESSED: f64 = 0.006;
/// A lower-case `x`, where the number ends in one.
pub const ID_LOWER_X: f64 = 0.2;
/// Identity number missing in registers that do not insist on it.
pub const ID_MISSING: f64 = 0.04;
/// A workbook column kept as a number: the last three digits are gone.
pub const ID_EXCEL: f64 = 0.06;
/// Health records show a number with its middle hidden.
pub const ID_MASKED_HEALTH: f64 = 0.6;
/// Health records without a number: children and walk-in patients.
pub const ID_MISSING_HEALTH: f64 = 0.15;

/// A phone number that was given up since it was written down.
pub const PHONE_CHANGED: f64 = 0.07;
/// A relative's phone number in place of one's own.
pub const PHONE_OF_FAMILY: f64 = 0.08;
/// No phone number.
pub const PHONE_MISSING: f64 = 0.1;
/// Punctuation, country code or spaces in a phone number.
pub const PHONE_DRESSED: f64 = 0.05;

/// A birth date off by a typing error, where it does not come from the identity number.
pub const BIRTH_WRONG: f64 = 0.004;
/// Lunar birthdays and dates unknown to the day are written as the first of the year.
pub const BIRTH_FIRST_OF_YEAR: f64 = 0.003;

/// Registered with the police at another place than the one lived in (人户分离).
pub const REGISTERED_ELSEWHERE: f64 = 0.15;
/// Residents whose household registration is in the city.
pub const LOCAL: f64 = 0.72;
/// A person registered twice in the household register.
pub const HUKOU_TWICE: f64 = 0.008;
/// Residents with a health record.
pub const HEALTH_COVERAGE: f64 = 0.72;
/// A person with records in two clinics.
pub const HEALTH_TWICE: f64 = 0.015;
/// Old people living alone who are on the list of those who do.
pub const ALONE_COVERAGE: f64 = 0.93;
/// Households on low income.
pub const LOW_INCOME: f64 = 0.018;
/// Adults who are registered volunteers.
pub const VOLUNTEERS: f64 = 0.06;

/// Dwellings let out to many unrelated tenants.
pub const GROUP_RENTAL: f64 = 0.012;
/// Owners who live elsewhere and let or leave empty.
pub const OWNER_ELSEWHERE: f64 = 0.22;
/// Rows that stand twice in the housing register.
pub const HOUSING_TWICE: f64 = 0.004;
/// Buildings with one digit of their number wrong in the survey.
pub const BUILDING_CODE_WRONG: f64 = 0.02;
/// Addresses with a typing error in a road's or compound's name.
pub const ADDRESS_TYPO: f64 = 0.006;
/// Addresses with digits in full width.
pub const ADDRESS_FULL_WIDTH: f64 = 0.015;
/// Addresses with numbers in Chinese numerals.
pub const ADDRESS_NUMERALS: f64 = 0.008;

/// Credit codes of the pilot era, whose check character does not fit.
pub const CREDIT_PILOT: f64 = 0.004;
/// Businesses entered twice: once before and once after a change of name or seat.
pub const ORGANIZATION_TWICE: f64 = 0.01;
/// Licences of fifteen digits that were never exchanged.
pub const CREDIT_LEGACY: f64 = 0.01;

/// Work orders with a point; the hotline's map is in GCJ-02.
pub const ORDER_WITH_POINT: f64 = 0.35;
/// Work orders by callers who give no name but 先生 or 女士.
pub const ORDER_NAMELESS: f64 = 0.45;
/// Incidents that more than one person reports.
pub const INCIDENT_SHARED: f64 = 0.12;
/// Incidents that grid inspectors have found as well.
pub const INCIDENT_INSPECTED: f64 = 0.06;
/// Devices that hang in another building than their ledger says.
pub const DEVICE_ELSEWHERE: f64 = 0.03;
/// Devices that the street's own ledger knows.
pub const DEVICE_KNOWN_TO_STREET: f64 = 0.6;
/// Devices whose number the street's ledger leaves out.
pub const DEVICE_CODE_MISSING: f64 = 0.25;
/// Devices whose number it shortens.
pub const DEVICE_CODE_SHORT: f64 = 0.12;
/// Devices whose number it has with a digit wrong.
pub const DEVICE_CODE_WRONG: f64 = 0.05;
/// False alarms that somebody has looked at and marked as such.
pub const ALARM_MARKED_FALSE: f64 = 0.8;
/// Alarms of something real that are marked as false all the same.
pub const ALARM_MARKED_WRONGLY: f64 = 0.02;
/// Alarms that come after the first report instead of before it.
pub const ALARM_LATE: f64 = 0.12;
/// Repetitions of an alarm while what it tells of goes on, on average.
pub const ALARM_REPEATED: f64 = 0.8;
/// Rows with a comma in a field that the export did not quote.
pub const ROW_RAGGED: f64 = 0.000_6;
