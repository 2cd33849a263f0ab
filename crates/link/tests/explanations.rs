//! Explanations sum to the score of every pair; suggested models suit tables that nobody described.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::prelude::SessionContext;
use jingwei_link::{Linkage, Linker, PartKind, ReportOptions, Table, suggest};
use jingwei_model::config::LinkModel;

const COLUMNS: [&str; 5] = ["id", "name", "born", "phone", "home"];

/// Families of up to three who share a phone and a home, each person with one or two records.
fn families(count: usize) -> Vec<[Option<String>; 5]> {
    const GIVEN: [&str; 9] = ["anna", "bertram", "carla", "dorothy", "emil", "frederic", "greta", "henry", "ingrid"];
    const FAMILY: [&str; 11] =
        ["smith", "jones", "brown", "green", "stone", "field", "marsh", "woodward", "<b>&\"'", "parker", "quill"];
    let mut rows = Vec::new();
    for family in 0..count {
        for member in 0..=family % 3 {
            let person = family * 3 + member;
            let name = format!("{} {}", GIVEN[(person * 5 + member) % 9], FAMILY[family % 11]);
            let born = format!("19{:02}-{:02}-{:02}", 30 + person * 7 % 70, 1 + person % 12, 1 + person * 11 % 28);
            for copy in 0..=person % 2 {
                rows.push([
                    Some(format!("{person}-{copy}")),
                    Some(if copy == 1 && person % 5 == 0 { name.replacen('e', "a", 1) } else { name.clone() }),
                    (copy == 0 || person % 7 != 0).then(|| born.clone()),
                    (person % 4 != 3).then(|| format!("555-{family:05}")),
                    (person % 9 != 0).then(|| format!("{} high street", family)),
                ]);
            }
        }
    }
    rows
}

fn table(rows: &[[Option<String>; 5]]) -> Table {
    let schema = Schema::new(COLUMNS.map(|column| Field::new(column, DataType::Utf8, true)).to_vec());
    let columns = (0..COLUMNS.len())
        .map(|column| Arc::new(rows.iter().map(|row| row[column].clone()).collect::<StringArray>()) as ArrayRef)
        .collect();
    let batch = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    Table { name: "people".to_owned(), rows: SessionContext::new().read_batch(batch).unwrap() }
}

fn linked(model: &str, rows: &[[Option<String>; 5]]) -> Linkage {
    let model: LinkModel = jingwei_model::config::parse("model.toml", model, |_| None).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(Linker::new(model).link(&SessionContext::new(), vec![table(rows)], &|_| {})).unwrap()
}

const MODEL: &str = r#"
id = "id"
mode = "dedupe"
[[block]]
on = ["name"]
[[block]]
on = ["born"]
[[block]]
on = ["phone"]
[[compare]]
name = "name"
kind = "jaro_winkler"
[[compare]]
name = "born"
kind = "date"
"#;

const SHARED: &str = r#"
[[compare]]
name = "phone"
kind = "exact"
household = true
term_frequency = true
[[compare]]
name = "home"
kind = "exact"
household = true
"#;

#[test]
fn the_parts_sum_to_the_score_of_every_pair() {
    for model in [MODEL.to_owned(), format!("{MODEL}{SHARED}")] {
        let linkage = linked(&model, &families(150));
        assert!(linkage.pairs.len() > 100, "{} pairs", linkage.pairs.len());
        for pair in linkage.pairs.iter() {
            let explanation = linkage.explain(pair.right, pair.left);
            let sum = explanation.parts.iter().map(|part| part.weight).sum::<f64>();
            assert!((sum - explanation.weight).abs() < 1e-9);
            // Scores are kept in 32 bits.
            let logit = explanation.weight * std::f64::consts::LN_2;
            let tolerance = 1e-4 * logit.abs().max(1.0);
            assert!((logit - f64::from(pair.logit)).abs() < tolerance, "{logit} {} {explanation}", pair.logit);
        }
    }
}

#[test]
fn what_is_not_compared_has_no_weight() {
    let linkage = linked(&format!("{MODEL}{SHARED}"), &families(100));
    let mut seen = 0;
    for pair in linkage.pairs.iter() {
        for part in linkage.explain(pair.left, pair.right).parts {
            if part.kind == PartKind::Level && (part.left.is_empty() || part.right.is_empty()) {
                assert!(part.weight.abs() < 1e-12, "{part:?}");
                seen += 1;
            }
        }
    }
    assert!(seen > 0);
}

#[test]
fn a_report_holds_no_markup_of_the_data() {
    let linkage = linked(&format!("{MODEL}{SHARED}"), &families(100));
    let page = linkage.html(&ReportOptions { title: Some("<i>People</i>".to_owned()), quality: None });
    assert!(!page.contains("<b>&") && !page.contains("<i>"), "text of the data stands in the page as markup");
    assert!(page.contains("&lt;i&gt;People"));
    assert!(!["NaN", "\"inf", "-inf", ",inf"].iter().any(|word| page.contains(word)), "a place that is no number");
}

/// The drawings of a page by what they show.
fn drawings<'a>(page: &'a str, label: &str) -> Vec<&'a str> {
    let opening = format!("aria-label=\"{label}\"");
    page.split("<svg ")
        .skip(1)
        .filter(|svg| svg.contains(&opening))
        .filter_map(|svg| svg.split("</svg>").next())
        .collect()
}

/// The titles of a drawing's shapes.
fn titles(svg: &str) -> Vec<&str> {
    svg.split("<title>").skip(1).filter_map(|rest| rest.split("</title>").next()).collect()
}

/// The bits that a title tells: `name: level: +3.21 bits`.
fn bits(title: &str) -> f64 {
    title.strip_suffix(" bits").unwrap().rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn the_steps_of_every_waterfall_of_a_report_sum_to_the_score_it_shows() {
    for model in [MODEL.to_owned(), format!("{MODEL}{SHARED}")] {
        let page = linked(&model, &families(150)).html(&ReportOptions::default());
        let waterfalls = drawings(&page, "parts of the score of a pair");
        assert!((2..=4).contains(&waterfalls.len()), "{} pairs are explained", waterfalls.len());
        for waterfall in waterfalls {
            let titles = titles(waterfall);
            let (score, parts) = titles.split_last().unwrap();
            assert!(parts.len() > 2 && waterfall.contains("score 总分"), "{titles:?}");
            // Each is told with two places.
            let sum = parts.iter().map(|part| bits(part)).sum::<f64>();
            assert!((sum - bits(score)).abs() <= 0.005 * (parts.len() + 1) as f64, "{titles:?}");
        }
    }
}

/// The points of a curve of a drawing.
fn curve(svg: &str, class: &str) -> Vec<(f64, f64)> {
    let line = svg.split(&format!("<polyline class=\"{class}\" points=\"")).nth(1).unwrap();
    let points = line.split('"').next().unwrap().split(' ');
    points.map(|point| point.split_once(',').unwrap()).map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).collect()
}

#[test]
fn a_report_draws_weights_pairs_the_threshold_and_sizes_of_entities_as_they_are() {
    let linkage = linked(&format!("{MODEL}{SHARED}"), &families(150));
    let page = linkage.html(&ReportOptions::default());
    // A bar for each level, with its weight.
    let weights = drawings(&page, "match weights of each level");
    let levels = linkage.weights.outcomes.iter().map(|outcomes| outcomes.labels.len()).sum::<usize>();
    assert_eq!(titles(weights[0]).len(), levels);
    let equal = &linkage.weights.outcomes[0];
    assert!((bits(titles(weights[0])[0]) - (equal.m[0] / equal.u[0]).log2()).abs() < 0.006);
    // Every pair is in a bar.
    let number = |text: &str| text.replace(',', "").parse::<usize>().unwrap();
    let pairs = drawings(&page, "number of pairs by weight");
    let counted = titles(pairs[0]).iter().map(|title| number(title.rsplit(' ').nth(1).unwrap())).sum::<usize>();
    assert_eq!(counted, linkage.pairs.len());
    // From a stricter threshold to a looser one recall grows, and the expected precision does not.
    let threshold = drawings(&page, "expected precision and recall by threshold");
    let (precision, recall) = (curve(threshold[0], "precision"), curve(threshold[0], "recall"));
    assert!(precision.len() > 20 && precision.len() == recall.len());
    assert!(precision.is_sorted_by(|a, b| a.0 >= b.0 && a.1 <= b.1), "{precision:?}");
    assert!(recall.is_sorted_by(|a, b| a.0 >= b.0 && a.1 >= b.1), "{recall:?}");
    assert!(threshold[0].contains("joined from here"));
    // As many entities as there are, by their records.
    let sizes = drawings(&page, "number of entities by their number of records");
    let counted = titles(sizes[0]).iter().map(|title| number(title)).sum::<usize>();
    assert_eq!(counted as u64, linkage.report.entities);
    let alone = linkage
        .entities
        .root
        .iter()
        .filter(|root| linkage.entities.root.iter().filter(|other| other == root).count() == 1);
    assert_eq!(number(titles(sizes[0])[0]), alone.count());
    // Each phase is told.
    for phase in linkage.report.seconds.keys() {
        assert!(page.contains(&format!("<td>{phase}</td>")), "{phase}");
    }
}

#[tokio::test]
async fn what_columns_hold_is_told_by_their_values() {
    let mut rows = families(200);
    // Names of columns say nothing here: the table's are turned around.
    for row in &mut rows {
        row[1..].reverse();
    }
    let suggestion = suggest(&[table(&rows)], &[]).await.unwrap();
    let meaning = |column: &str| {
        let note = suggestion.notes.iter().find(|note| note.starts_with(&format!("{column}: "))).unwrap();
        note.split([':', ',']).nth(1).unwrap().trim().to_owned()
    };
    assert_eq!(suggestion.model.id.as_deref(), Some("id"));
    assert_eq!(meaning("phone"), "date");
    assert_eq!(meaning("home"), "text");
    assert!(suggestion.model.comparisons.iter().any(|comparison| comparison.name == "home"));
    assert!(!suggestion.model.blocks.is_empty());
}
