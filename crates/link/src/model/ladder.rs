//! Ready-made comparisons, spelled out as the conditions they stand for.

use jingwei_model::Level;
use jingwei_model::config::{ComparisonConfig, ComparisonKind, LevelConfig};

use crate::similarity::{
    AddressAgreement, Agreement, CreditCodeAgreement, LEVEL_END, OrganizationAgreement, ResidentIdAgreement,
};
use crate::{LinkError, Result};

/// The levels of a comparison: its own, or those of its kind.
pub fn levels(comparison: &ComparisonConfig) -> Result<Vec<LevelConfig>> {
    if !comparison.levels.is_empty() {
        return Ok(comparison.levels.clone());
    }
    let Some(kind) = comparison.kind else {
        return Err(LinkError::usage(format!("comparison `{}` has neither a `kind` nor `levels`", comparison.name)));
    };
    super::bounds::check(comparison, kind)?;
    let field = comparison.field.as_deref().unwrap_or(&comparison.name);
    let (l, r) = (format!("l.\"{field}\""), format!("r.\"{field}\""));
    let at = |defaults: &[f64]| if comparison.at.is_empty() { defaults.to_vec() } else { comparison.at.clone() };
    let frequency = |default: bool| comparison.term_frequency.unwrap_or(default).then(|| field.to_owned());
    let level = |condition: String, label: String| LevelConfig { condition, label: Some(label), term_frequency: None };
    let equal = |default: bool| LevelConfig {
        condition: format!("{l} = {r}"),
        label: Some("equal".to_owned()),
        term_frequency: frequency(default),
    };
    let bounded = |function: &str, sign: &str, what: &str, bounds: Vec<f64>| {
        bounds
            .into_iter()
            .map(|bound| level(format!("{function}({l}, {r}) {sign} {bound:?}"), format!("{what} {bound}")))
            .collect::<Vec<_>>()
    };
    Ok(match kind {
        ComparisonKind::Exact => vec![equal(false)],
        ComparisonKind::JaroWinkler => {
            [vec![equal(true)], bounded("jaro_winkler", ">=", "similarity at least", at(&[0.92, 0.88, 0.7]))].concat()
        }
        ComparisonKind::Levenshtein => {
            [vec![equal(true)], bounded("levenshtein", "<=", "edits at most", at(&[1.0, 2.0]))].concat()
        }
        ComparisonKind::DamerauLevenshtein => {
            [vec![equal(true)], bounded("damerau_levenshtein", "<=", "edits at most", at(&[1.0, 2.0]))].concat()
        }
        ComparisonKind::Date => {
            let (lt, rt) = (format!("cast({l} as varchar)"), format!("cast({r} as varchar)"));
            let (ld, rd) = (format!("try_cast({l} as date)"), format!("try_cast({r} as date)"));
            let mut levels = vec![
                equal(false),
                level(format!("damerau_levenshtein({lt}, {rt}) <= 1"), "one edit".to_owned()),
                level(
                    format!("substr({lt}, 1, 4) = substr({rt}, 1, 4) and day_month_swapped({lt}, {rt}) = 1"),
                    "day and month swapped".to_owned(),
                ),
            ];
            for days in at(&[31.0, 366.0, 3660.0]) {
                levels.push(level(format!("abs({ld} - {rd}) <= {days:?}"), format!("at most {days} days apart")));
            }
            levels
        }
        ComparisonKind::Number => {
            let mut levels = vec![equal(false)];
            for bound in &comparison.at {
                levels.push(level(format!("abs({l} - {r}) <= {bound:?}"), format!("at most {bound} apart")));
            }
            levels
        }
        ComparisonKind::Tokens => {
            let mut levels = vec![equal(true)];
            levels.extend(bounded("token_overlap", ">=", "share of words at least", at(&[0.99, 0.5])));
            levels
        }
        ComparisonKind::Place => {
            let [lon, lat] = comparison.fields.as_slice() else {
                return Err(LinkError::usage(format!(
                    "comparison `{}` of kind place needs `fields = [\"longitude\", \"latitude\"]`",
                    comparison.name
                )));
            };
            at(&[50.0, 500.0, 5000.0])
                .into_iter()
                .map(|metres| {
                    level(
                        format!("metres_between(l.\"{lon}\", l.\"{lat}\", r.\"{lon}\", r.\"{lat}\") <= {metres:?}"),
                        format!("within {metres} m"),
                    )
                })
                .collect()
        }
        ComparisonKind::ChineseName => {
            let score = |least: f64, label: &str| {
                level(format!("chinese_name_similarity({l}, {r}) >= {least:?}"), label.to_owned())
            };
            vec![
                equal(true),
                score(0.95, "same sound or another form"),
                score(0.93, "characters swapped"),
                score(0.92, "one character looks alike"),
                score(0.85, "nearly the same sound, or in pinyin"),
                score(0.75, "one character missing or masked"),
                score(0.6, "given name only"),
                score(0.5, "one given character differs"),
                score(0.2, "surname only"),
            ]
        }
        // Two masks that read the same are not the same number, and two marks for none are no number at all: so these
        // levels are all of the similarity, which says how much shows, and nothing where there is nothing to read.
        ComparisonKind::ResidentId => rungs::<ResidentIdAgreement>("resident_id_similarity", &l, &r),
        ComparisonKind::CreditCode => rungs::<CreditCodeAgreement>("credit_code_similarity", &l, &r),
        ComparisonKind::OrganizationName => {
            let names = rungs::<OrganizationAgreement>("organization_name_similarity", &l, &r);
            [vec![equal(true)], names].concat()
        }
        ComparisonKind::Address => {
            let [l, r] = ["l", "r"].map(|side| address(comparison, side));
            rungs::<AddressAgreement>("address_level_similarity", &l?, &r?)
        }
        ComparisonKind::Array => bounded("items_in_common", ">=", "items in common at least", at(&[3.0, 2.0, 1.0])),
        ComparisonKind::Phone => {
            vec![equal(true), level(format!("damerau_levenshtein({l}, {r}) <= 1"), "one edit".to_owned())]
        }
        ComparisonKind::Email => {
            let mut levels = vec![
                equal(true),
                LevelConfig {
                    condition: format!("split_part({l}, '@', 1) = split_part({r}, '@', 1)"),
                    label: Some("same box".to_owned()),
                    term_frequency: None,
                },
            ];
            levels.extend(bounded("jaro_winkler", ">=", "similarity at least", at(&[0.88])));
            levels
        }
    })
}

/// A level for each way to agree that tells something, but for the last, which is everything else.
fn rungs<A: Agreement>(function: &str, l: &str, r: &str) -> Vec<LevelConfig> {
    A::ALL
        .iter()
        .take(A::ALL.len().saturating_sub(1))
        .filter(|way| way.name() != "unknown")
        .map(|way| LevelConfig {
            condition: format!("{function}({l}, {r}) >= {:?}", way.score()),
            label: Some(way.title().to_owned()),
            term_frequency: None,
        })
        .collect()
}

/// The levels of one record's address as one text, in SQL.
fn address(comparison: &ComparisonConfig, side: &str) -> Result<String> {
    let wrong =
        |what: String| Err(LinkError::usage(format!("comparison `{}` of kind address {what}", comparison.name)));
    let of_struct = comparison.fields.is_empty() || comparison.field.is_some();
    let field = comparison.field.as_deref().unwrap_or(&comparison.name);
    let mut parts = Level::ALL.map(|_| None);
    for level in Level::ALL.into_iter().filter(|_| comparison.fields.is_empty()) {
        parts[level as usize] = Some(level.name());
    }
    for name in &comparison.fields {
        let Some(level) = level_of(name) else {
            let known = Level::ALL.map(Level::name).join(", ");
            let others = ALIASES.map(|(name, _)| name).join(", ");
            return wrong(format!(
                "has a field `{name}`, which is no level of an address; there are {known}, and {others}"
            ));
        };
        if let Some(other) = parts[level as usize].replace(name.as_str()) {
            return wrong(format!("has `{other}` and `{name}`, which are the same level"));
        }
    }
    let texts = parts.map(|part| match part {
        Some(name) if of_struct => format!("cast({side}.\"{field}\"['{name}'] as varchar)"),
        Some(name) => format!("cast({side}.\"{name}\" as varchar)"),
        None => "''".to_owned(),
    });
    // A missing level is an empty text in `concat`.
    Ok(format!("concat({})", texts.join(&format!(", '{LEVEL_END}', "))))
}

/// What levels are also called.
const ALIASES: [(&str, Level); 7] = [
    ("street", Level::Town),
    ("number", Level::Roadno),
    ("compound", Level::Poi),
    ("building", Level::Houseno),
    ("unit", Level::Cellno),
    ("floor", Level::Floorno),
    ("room", Level::Roomno),
];

fn level_of(name: &str) -> Option<Level> {
    let also = ALIASES.iter().find(|(also, _)| *also == name).map(|(_, level)| *level);
    Level::ALL.into_iter().find(|level| level.name() == name).or(also)
}
