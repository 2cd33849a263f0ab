//! Ready-made comparisons, spelled out as the conditions they stand for.

use jingwei_model::config::{ComparisonConfig, ComparisonKind, LevelConfig};

use crate::{LinkError, Result};

/// The levels of a comparison: its own, or those of its kind.
pub fn levels(comparison: &ComparisonConfig) -> Result<Vec<LevelConfig>> {
    if !comparison.levels.is_empty() {
        return Ok(comparison.levels.clone());
    }
    let Some(kind) = comparison.kind else {
        return Err(LinkError::usage(format!("comparison `{}` has neither a `kind` nor `levels`", comparison.name)));
    };
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
        ComparisonKind::ResidentId => vec![
            equal(false),
            level(format!("mask_key({l}, 6, 4) = mask_key({r}, 6, 4)"), "shown digits equal".to_owned()),
            level(format!("damerau_levenshtein({l}, {r}) <= 2"), "at most two edits".to_owned()),
            level(format!("substr({l}, 1, 6) = substr({r}, 1, 6)"), "region only".to_owned()),
        ],
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
