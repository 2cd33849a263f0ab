//! `config/entities/<element>.toml`: which records are the same thing, and whose value survives.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LinkModel;
use crate::Element;

/// How the records of one element become entities.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntityConfig {
    /// The element.
    pub element: Element,
    /// Matching rules, strongest first. Without any, each record is an entity of its own.
    #[serde(default, rename = "match")]
    pub rules: Vec<MatchRule>,
    /// Columns on which two records of one entity must not disagree (null agrees with everything). A
    /// link that would bring two values into one entity is refused, also through a chain.
    #[serde(default)]
    pub conflict: Vec<String>,
    /// A probabilistic model. Where there are rules as well they come first: what they join is one entity whatever the
    /// model makes of it, and the model finds what has no key, or a wrong one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<LinkModel>,
    /// Of events: a probabilistic model of which ones are reports of one incident, through whatever network they came.
    /// They stay events of their own, tied by `same_incident_id`. It sees where they happened (`place_id`,
    /// `place_building_id`, `place_compound_id`, `place_lon`, `place_lat`) and the `object_kind` of what they concern.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incidents: Option<LinkModel>,
    /// Whose value survives.
    #[serde(default)]
    pub survivorship: Survivorship,
}

/// Records that agree on every expression of `on` are one entity.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchRule {
    /// What the rule is called in evidence.
    pub rule: String,
    /// SQL over the record's base columns; a null matches nothing.
    pub on: Vec<String>,
    /// How sure a match by this rule is, 0 to 1.
    pub probability: f64,
    /// A key that more records share than this is no evidence (a hotline's number, a shared flat).
    #[serde(default = "max_group")]
    pub max_group: usize,
}

const fn max_group() -> usize {
    100
}

/// Whose value survives when records disagree.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Survivorship {
    /// For columns not named below.
    pub default: Prefer,
    /// Column by column.
    pub columns: BTreeMap<String, Prefer>,
}

/// The order in which records are asked for a value; the first that has one gives it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Prefer {
    /// The most trusted source, then the most recent record.
    #[default]
    Trusted,
    /// The most recent record, then the most trusted source.
    Recent,
}
