//! A linkage model: which tables, how their values are cleaned, which pairs are looked at, what is compared
//! and how finely, and what may never be one entity.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::range;

/// A probabilistic linkage model (Fellegi and Sunter 1969), trained without labels.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkModel {
    /// What the model is about.
    #[serde(default)]
    pub title: Option<String>,
    /// Which pairs of records are looked at.
    #[serde(default)]
    pub mode: LinkMode,
    /// Column that names a record within its table, for tables that name none themselves. Without it `jingwei link` asks
    /// for one; in a city's project records have keys of their own, and none is needed.
    #[serde(default)]
    pub id: Option<String>,
    /// What single tables say of themselves, by table name (a file's name without its extension).
    #[serde(default)]
    pub tables: BTreeMap<String, LinkTable>,
    /// Cleaning: name → SQL over the table's columns and the fields above it. A column that a table does not
    /// have is null. Without an entry a column stands for itself.
    #[serde(default)]
    pub fields: IndexMap<String, String>,
    /// Which pairs are looked at: those that any of these rules brings together.
    #[serde(default, rename = "block")]
    pub blocks: Vec<BlockingRule>,
    /// What is compared.
    #[serde(default, rename = "compare")]
    pub comparisons: Vec<ComparisonConfig>,
    /// What can never be one entity, in pairs and in clusters: SQL conditions over `l.` and `r.`.
    #[serde(default)]
    pub never: Vec<String>,
    /// Dates that no one person can have: what contradicts them is never one entity.
    #[serde(default)]
    pub lifetime: Option<Lifetime>,
    /// From which match probability on records are joined; between 0 and 1, without these.
    #[serde(default = "threshold", deserialize_with = "range::open_share")]
    pub threshold: f64,
    /// Pairs with a probability between these two are for people to decide; the lower one first.
    #[serde(default = "review", deserialize_with = "range::interval")]
    pub review: [f64; 2],
    /// Tables in which no entity has two records: clusters take at most one from each. Each must be there.
    #[serde(default)]
    pub one_to_one: Vec<String>,
    /// How the weights are estimated.
    #[serde(default)]
    pub training: TrainingConfig,
    /// Bounds on work.
    #[serde(default)]
    pub limits: LinkLimits,
}

/// Dates of a life, by the fields that hold them. Two records that contradict each other in them are never one entity, in
/// pairs and in clusters. A date that is missing or cannot be read contradicts nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Lifetime {
    /// Date of birth.
    pub birth: Option<String>,
    /// Date of death: nobody is born after it, and nothing of `events` is.
    pub death: Option<String>,
    /// Dates of what somebody did alive, that of the record among them: nobody is born after them.
    pub events: Vec<String>,
    /// Numbers of identity cards: those that are whole and right hold one date of birth.
    pub resident_id: Option<String>,
    /// The day on which the data were taken (`2026-03-01`): a record whose birth lies after it is of nobody else.
    pub as_of: Option<String>,
}

/// Which pairs of records are looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkMode {
    /// Within tables and between them.
    #[default]
    LinkAndDedupe,
    /// All records are one table.
    Dedupe,
    /// Only between tables. Two records of one table still come into one entity where a record of another fits both
    /// and they fit each other; tables in which nobody stands twice are named in `one_to_one`.
    LinkOnly,
}

/// What one table says of itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LinkTable {
    /// Column that names a record.
    pub id: Option<String>,
    /// Cleaning of this table alone, in place of or before the common one.
    pub fields: IndexMap<String, String>,
}

/// A rule that brings pairs together.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockingRule {
    /// SQL expressions on which both records must agree.
    #[serde(default)]
    pub on: Vec<String>,
    /// Or a condition over `l.` and `r.`; it must hold at least one equality.
    #[serde(default, rename = "where")]
    pub condition: Option<String>,
    /// A key that more records share than this brings nobody together; 2 or more.
    #[serde(default, deserialize_with = "range::group")]
    pub max_group: Option<usize>,
}

/// A comparison: a ladder of levels, the first that holds counts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparisonConfig {
    /// What is compared.
    pub name: String,
    /// The field of a ready-made ladder; `name` when absent.
    #[serde(default)]
    pub field: Option<String>,
    /// A ready-made ladder; needed where no `levels` are given.
    #[serde(default)]
    pub kind: Option<ComparisonKind>,
    /// Bounds of the ladder's levels, best first; each kind has its own defaults.
    #[serde(default)]
    pub at: Vec<f64>,
    /// The longitude and latitude fields of kind `place`; the levels that kind `address` looks at.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Levels of one's own, best first; a last one for everything else is added.
    #[serde(default)]
    pub levels: Vec<LevelConfig>,
    /// Condition under which the comparison says nothing; by default that no level can be decided.
    #[serde(default)]
    pub null: Option<String>,
    /// Whether agreement on a rare value weighs more than on a common one; for ready-made ladders.
    #[serde(default)]
    pub term_frequency: Option<bool>,
    /// Whether relatives, colleagues or tenants share it (a home, a phone): then agreement is also explained by
    /// a household, not only by being the same.
    #[serde(default)]
    pub household: bool,
}

/// One level of a comparison.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LevelConfig {
    /// SQL condition over `l.` and `r.`.
    #[serde(rename = "where")]
    pub condition: String,
    /// What it is called in explanations; the condition when absent.
    #[serde(default)]
    pub label: Option<String>,
    /// A field whose frequency tells how much the agreement is worth.
    #[serde(default)]
    pub term_frequency: Option<String>,
}

/// Ready-made ladders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonKind {
    /// Equal or not.
    Exact,
    /// Jaro-Winkler similarity, at .92, .88 and .7.
    JaroWinkler,
    /// Levenshtein distance, at 1 and 2.
    Levenshtein,
    /// Damerau-Levenshtein distance (a swap is one), at 1 and 2.
    DamerauLevenshtein,
    /// Dates: one edit apart, day and month swapped, within a month, a year and ten years.
    Date,
    /// Numbers, by their distance.
    Number,
    /// Words or list items in common, by the share of the smaller set: .99, .5.
    Tokens,
    /// Places (two fields, longitude and latitude), by metres: 50, 500, 5000.
    Place,
    /// Chinese names, of persons: the same, the same sound or another form of a character, characters swapped, one that
    /// looks alike, nearly the same sound or pinyin, one missing or masked, the given name only, one given character
    /// different, the surname only.
    ChineseName,
    /// Citizen identity numbers, whole, mistyped, of fifteen digits or masked: a rung for each way in which two agree, by
    /// how many places show in both.
    ResidentId,
    /// Numbers of organizations: credit codes, the organization codes inside them, tax numbers, licence numbers from
    /// before there were credit codes.
    CreditCode,
    /// Names of organizations: the same, without legal form and place, an abbreviation or a branch, nearly the same.
    OrganizationName,
    /// Parsed addresses, level by level, from the room to the district. `field` names a struct as `address(text)` gives it,
    /// and `fields` which of its levels; without `field`, `fields` are columns named like levels. A level that one of
    /// two addresses leaves out does not count against them.
    Address,
    /// Lists, by how many items they have in common: 3, 2, 1.
    Array,
    /// Phone numbers.
    Phone,
    /// Mail addresses: equal, the same box elsewhere, nearly equal.
    Email,
}

/// How the weights are estimated.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingConfig {
    /// Random pairs drawn for u.
    #[serde(deserialize_with = "range::some")]
    pub random_pairs: usize,
    /// Pairs of a blocking rule looked at for m.
    #[serde(deserialize_with = "range::some")]
    pub block_pairs: usize,
    /// Share of the true pairs that the blocking rules are believed to bring together, above 0.
    #[serde(deserialize_with = "range::share")]
    pub recall: f64,
    /// Seed of every draw.
    pub seed: u64,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self { random_pairs: 500_000, block_pairs: 100_000, recall: 0.95, seed: 1 }
    }
}

/// Bounds on work.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LinkLimits {
    /// Pairs a single rule may bring together; more is an error. Without it, a rule's largest groups are left
    /// out, with a warning, until it brings at most 200 pairs a record. Where weights are given, or records come into a
    /// linkage that was kept, which groups are left out is settled; then twice as many are an error.
    pub pairs: Option<u64>,
    /// MiB of memory that a linkage may take, about 200 for the program itself among them. What does not fit goes to
    /// temporary files (in `TMPDIR`): texts, keys and ids, groups of blocking rules, pairs; it takes longer, and what is
    /// found is the same. Where not even a few bytes of each record and the numbers of values fit, the linkage ends
    /// with an error that tells the least.
    pub memory_mb: Option<usize>,
}

/// Somewhat below one half: joining wrongly and missing a pair cost F1 the same, and pairs that clusters confirm are
/// more often right than their own evidence says.
const fn threshold() -> f64 {
    0.4
}

const fn review() -> [f64; 2] {
    [0.1, 0.9]
}
