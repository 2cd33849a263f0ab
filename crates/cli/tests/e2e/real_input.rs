//! Two cities by configuration alone: New York's departmental files, and public files of Beijing.

use std::path::Path;

use serde_json::Value;

use crate::support::{Project, copy, fine, integrate, number};

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
