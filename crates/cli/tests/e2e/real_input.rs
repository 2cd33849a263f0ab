//! Two cities by configuration alone: New York's departmental files, and public files of Beijing.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Project, copy, fine, integrate, number, run};

fn project(name: &str) -> Project {
    let project = Project::new();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests").join(name);
    for part in ["config", "queries", "data"] {
        copy(&from.join(part), &project.path().join(part));
    }
    project
}

/// Every row is clean or in quarantine, every query runs, and a second run has nothing to do.
fn holds(project: &Project) -> Value {
    let report = integrate(project.path(), &[]);
    for (name, source) in report["sources"].as_object().unwrap() {
        let count = |key: &str| source[key].as_u64().unwrap();
        assert_eq!(count("rows"), count("clean") + count("quarantined"), "{name}");
        assert!(count("rows") > 0, "{name} is empty");
    }
    let queries: Value = serde_json::from_str(&fine(project.path(), &["query", "--format", "json"])).unwrap();
    for query in queries.as_array().unwrap() {
        let name = query["name"].as_str().unwrap();
        fine(project.path(), &["query", name, "--format", "json"]);
    }
    let again = integrate(project.path(), &[]);
    assert!(again["sources"].as_object().unwrap().values().all(|source| source["read"] == Value::Bool(false)));
    report
}

#[test]
fn new_york_is_a_city_by_configuration() {
    let project = project("newyork");
    holds(&project);
    for table in ["people", "land", "housing", "events", "organizations", "areas", "relations"] {
        assert!(number(project.path(), &format!("SELECT count(*) FROM {table}")) > 0.0, "{table}");
    }
    assert_eq!(number(project.path(), "SELECT count(*) FROM areas WHERE level = 'district'"), 5.0);
}

#[test]
fn public_files_of_beijing_are_a_city_by_configuration() {
    let project = project("beijing_public");
    let report = holds(&project);
    // 16 districts, 349 streets and towns of Beijing, 11 mapped buildings.
    assert_eq!(report["sources"]["divisions_streets"]["rows"], 349);
    assert_eq!(report["sources"]["district_boundaries"]["rows"], 16);
    let built: Value =
        serde_json::from_str(&fine(project.path(), &["query", "built_ground", "--format", "json"])).unwrap();
    assert_eq!((built[0]["district"].as_str(), built[0]["buildings"].as_i64()), (Some("通州区"), Some(11)));
}

/// The rows of a query, each with its values in the order of the columns.
fn answers(project: &Project, query: &str) -> Vec<Vec<Value>> {
    let answer: Value = serde_json::from_str(&fine(project.path(), &["query", query, "--format", "json"])).unwrap();
    let rows = answer.as_array().unwrap().iter();
    rows.map(|row| row.as_object().unwrap().values().cloned().collect()).collect()
}

#[test]
fn questions_across_new_yorks_departments_have_the_answers_counted_by_hand_in_their_files() {
    let project = project("newyork");
    integrate(project.path(), &[]);

    // Lots and square feet of each owner, added up in the five files of the tax lots.
    let landlords = answers(&project, "landlords");
    assert_eq!(landlords[0], [json!("NYC DSBS"), json!(9), json!(120_020)]);
    assert_eq!(landlords[1], [json!("HOUSING PRESERVATION"), json!(6), json!(29_842)]);
    assert_eq!(landlords[2], [json!("122 BRUCKNER PARTNERS"), json!(3), json!(2_666)]);

    // Open violations of class B by building number; 17 buildings have any, and their lots stand in the same file.
    let hazardous = answers(&project, "hazardous_buildings");
    assert_eq!(hazardous.len(), 17);
    let firsts = hazardous.iter().take(3).map(|row| (row[0].as_str(), row[2].as_str(), row[3].as_i64()));
    assert_eq!(
        firsts.collect::<Vec<_>>(),
        [
            (Some("5070061"), Some("5054200062"), Some(5)),
            (Some("1058667"), Some("1019320004"), Some(3)),
            (Some("3035892"), Some("3013550075"), Some(2)),
        ]
    );

    // Violations of three departments, evictions and construction by borough. Six complaints, of ten problems.
    let profile = answers(&project, "borough_profile");
    let counted = |column: usize| profile.iter().map(|row| row[column].as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!(profile.iter().map(|row| row[0].as_str().unwrap()).collect::<Vec<_>>(), BOROUGHS);
    assert_eq!(counted(3), [66, 43, 61, 23, 12]);
    assert_eq!(counted(5), [47, 7, 29, 17, 0]);
    assert_eq!(counted(6), [19, 7, 34, 26, 14]);

    // The seven contacts of registration 331931: a corporation that owns and is its own agent, through George Rigas.
    let contacts = answers(&project, "who_answers_for");
    assert_eq!(
        contacts,
        [
            [json!("manages"), json!("organization"), json!("ZORIANO ASSOCIATES INC")],
            [json!("manages"), json!("person"), json!("GEORGE RIGAS")],
            [json!("owns"), json!("organization"), json!("ZORIANO ASSOCIATES INC")],
        ]
    );

    // One lot of the two years' sales files was sold for money in both.
    assert_eq!(answers(&project, "resales"), [[json!("1003770066"), json!(2.9e6), json!(4.35e6), json!(0.5)]]);
}

const BOROUGHS: [&str; 5] = ["Manhattan", "Bronx", "Brooklyn", "Queens", "Staten Island"];

#[test]
fn a_departments_file_with_a_misspelled_header_is_refused_and_the_last_version_stays() {
    let project = project("newyork");
    integrate(project.path(), &[]);
    let before = number(project.path(), "SELECT count(*) FROM events");
    let broken = project.path().join("data/broken/ecb_violations_invalid_header.csv");
    std::fs::copy(broken, project.path().join("data/ecb_violations.csv")).unwrap();
    let ended = run(project.path(), &["integrate", "--quiet"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(
        ended.stderr.contains("data/ecb_violations.csv") && ended.stderr.contains("`HEARING_STATUS`"),
        "{}",
        ended.stderr
    );
    assert_eq!(number(project.path(), "SELECT count(*) FROM events"), before);
}
