//! What agreement and disagreement of a level prove, as logarithms of likelihood ratios (Fellegi and Sunter, 1969): how
//! much more often the texts of one address show it than those of two.
//!
//! The figures are judgements about how people write addresses, not fitted to a table: numbers are copied or left out
//! and hardly ever mistyped, names are shortened and misspelt, divisions are remembered wrongly.

/// A number of a door, building, unit or room that contradicts.
pub const NUMBER_DIFFERS: f32 = -14.0;
/// Door numbers agree.
pub const NUMBER_AGREES: f32 = 3.0;
/// One side has no door number.
pub const NUMBER_MISSING: f32 = -1.0;

/// Compounds have the same name.
pub const PLACE_AGREES: f32 = 6.0;
/// One slip apart; names are one slip apart by chance once in thousands.
pub const PLACE_MISSPELT: f32 = -1.0;
/// One slip apart beside a direction or numeral, or in a name of two characters and its kind.
pub const PLACE_MISSPELT_MARK: f32 = -3.0;
/// The text names the compound without the part that the address has, or the other way about.
pub const PART_MISSING: f32 = 2.0;
/// The text leaves out the compound's kind.
pub const KIND_MISSING: f32 = 2.5;
/// The kinds of the compounds differ: 华国小区 and 华国公寓.
pub const KIND_DIFFERS: f32 = -2.0;
/// Parts of the compound differ.
pub const PART_DIFFERS: f32 = -7.0;
/// The text names something else, which no address has as its compound: a shop, a firm.
pub const PLACE_OTHER: f32 = -1.5;
/// The text names another compound of the table.
pub const PLACE_DIFFERS: f32 = -6.0;
/// The text has a compound, the address none.
pub const PLACE_EXTRA: f32 = -0.5;
/// A name is one slip from a compound's, but is itself another's.
pub const KNOWN_NAME: f32 = -4.0;

/// Roads agree.
pub const ROAD_AGREES: f32 = 3.0;
/// One slip apart.
pub const ROAD_MISSPELT: f32 = -2.0;
/// One slip apart beside a direction or numeral.
pub const ROAD_MISSPELT_MARK: f32 = -4.0;
/// The text has a road, the address none: a register may know a compound by its name alone, a village by its doors.
pub const ROAD_EXTRA: f32 = -2.0;
/// Another road, unknown to the table.
pub const ROAD_OTHER: f32 = -4.0;
/// Another road of the table.
pub const ROAD_DIFFERS: f32 = -6.0;

/// Division agrees, from province to community.
pub const DIVISION_AGREES: [f32; 6] = [0.0, 0.5, 2.0, 1.0, 2.5, 2.5];
/// Division differs.
pub const DIVISION_DIFFERS: [f32; 6] = [-8.0, -7.0, -5.0, -0.5, -3.0, -2.0];

/// The address has a unit or floor that the text leaves out.
pub const DETAIL_MISSING: f32 = -0.5;
/// The text has a unit or floor that the address leaves out.
pub const DETAIL_EXTRA: f32 = -1.0;
/// Units agree.
pub const DETAIL_AGREES: f32 = 1.0;
/// The tail is there as the text says it.
pub const TAIL_EXISTS: f32 = 1.5;
/// The text's only number after the door is taken for a room instead of a building, or the other way about.
pub const TAIL_SHIFTED: f32 = -2.0;

/// The text means nothing of the table.
pub const NOWHERE: f32 = -3.0;
/// The text means this site, but an address that the table lacks, relative to the site's own weight.
pub const ABSENT: f32 = -6.0;

/// The names had to be cut otherwise than the parser cut them.
pub const RESEGMENTED: f32 = -1.0;
