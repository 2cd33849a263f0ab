use serde_json::Value;

use crate::support::{HEALTH, PEOPLE_BY_RULES, Project, fine, integrate, number, rows};

fn project() -> Project {
    Project::of_people(PEOPLE_BY_RULES)
}

fn ids(project: &Project) -> Vec<(String, String)> {
    rows(project.path(), "SELECT name, id FROM people WHERE valid_to IS NULL ORDER BY name")
        .iter()
        .map(|row| (row["name"].as_str().unwrap().to_owned(), row["id"].as_str().unwrap().to_owned()))
        .collect()
}

#[test]
fn records_of_two_registers_become_people_and_the_trusted_value_survives() {
    let project = project();
    let report = integrate(project.path(), &[]);
    assert_eq!(report["elements"]["people"]["records"], 6);
    assert_eq!(report["elements"]["people"]["entities"], 4);
    let person = rows(project.path(), "SELECT phone, sources FROM people WHERE name = '张三'");
    assert_eq!(person[0], serde_json::json!({"phone": "13800000001", "sources": ["health", "register"]}));
}

#[test]
fn nothing_is_read_again_while_nothing_has_changed() {
    let project = project();
    integrate(project.path(), &[]);
    let snapshots = number(project.path(), "SELECT max(snapshot) FROM ops.runs");
    let again = integrate(project.path(), &[]);
    assert!(again["sources"].as_object().unwrap().values().all(|source| source["read"] == Value::Bool(false)));
    assert_eq!(again["elements"]["people"]["built"], false);
    assert_eq!(number(project.path(), "SELECT max(snapshot) FROM ops.runs"), snapshots);
    assert!(fine(project.path(), &["plan"]).contains("nothing to do"));
}

#[test]
fn a_changed_source_touches_only_what_it_must_and_ids_stay() {
    let project = project();
    integrate(project.path(), &[]);
    let before = ids(&project);
    project.file("data/health.csv", HEALTH.replace("13800000009", "13800000010"));
    assert!(fine(project.path(), &["plan"]).contains("changed: will be read again"));
    let report = integrate(project.path(), &[]);
    assert_eq!(report["sources"]["register"]["read"], false);
    assert_eq!(report["sources"]["health"]["read"], true);
    assert_eq!(report["elements"]["people"]["changed"], 1);
    assert_eq!(report["elements"]["people"]["closed"], 0);
    assert_eq!(report["elements"]["people"]["records"], 6);
    assert_eq!(ids(&project), before);
    assert_eq!(rows(project.path(), "SELECT phone FROM people WHERE name = '赵六'")[0]["phone"], "13800000010");
}

#[test]
fn a_deleted_row_closes_its_validity_and_a_row_that_returns_opens_it_again() {
    let project = project();
    integrate(project.path(), &[]);
    let before = ids(&project);
    project.file("data/health.csv", HEALTH.replace("h3,赵六,,13800000009\n", ""));
    let report = integrate(project.path(), &[]);
    assert_eq!(report["elements"]["people"]["closed"], 1);
    let gone = rows(project.path(), "SELECT valid_to IS NOT NULL AS closed FROM people WHERE name = '赵六'");
    assert_eq!(gone[0]["closed"], true);
    assert_eq!(number(project.path(), "SELECT count(*) FROM people"), 4.0);
    assert_eq!(ids(&project).len(), before.len() - 1);
    // The older snapshot still shows the person as current.
    let old = fine(
        project.path(),
        &["sql", "SELECT count(*) AS n FROM people WHERE valid_to IS NULL", "--snapshot", "1", "--format", "csv"],
    );
    assert_eq!(old, "n\n4\n");
}

#[test]
fn a_source_that_is_configured_no_more_goes_with_its_tables() {
    let project = project();
    integrate(project.path(), &[]);
    std::fs::remove_file(project.path().join("config/sources/health.toml")).unwrap();
    assert!(fine(project.path(), &["plan"]).contains("its tables will go"));
    integrate(project.path(), &[]);
    assert_eq!(number(project.path(), "SELECT count(*) FROM people WHERE valid_to IS NULL"), 3.0);
    assert_eq!(
        number(project.path(), "SELECT count(*) FROM information_schema.tables WHERE table_name = 'health'"),
        0.0
    );
}

#[test]
fn a_merge_is_written_into_the_history_of_ids() {
    let project = project();
    integrate(project.path(), &[]);
    let before = ids(&project);
    // 赵六 turns out to be 李四's second registration under another name.
    project.file("data/health.csv", HEALTH.replace("h3,赵六,,13800000009", "h3,赵六,110101199003070417,13800000009"));
    let report = integrate(project.path(), &[]);
    assert_eq!(report["elements"]["people"]["merged"], 1);
    let id = |name: &str| before.iter().find(|(other, _)| other == name).unwrap().1.clone();
    let events = rows(project.path(), "SELECT entity_id, event, other_id FROM link.id_history");
    assert_eq!(events.len(), 1);
    let merged =
        (events[0]["entity_id"].as_str().unwrap().to_owned(), events[0]["other_id"].as_str().unwrap().to_owned());
    assert_eq!(events[0]["event"], "merged_into");
    assert!([(id("赵六"), id("李四")), (id("李四"), id("赵六"))].contains(&merged));
}

#[test]
fn two_people_with_different_full_ids_are_never_one_however_alike() {
    let project = project();
    project.file("data/health.csv", "no,name,id,phone\nh1,李四,110101199003070011,13800000002\n");
    let report = integrate(project.path(), &[]);
    assert_eq!(report["elements"]["people"]["entities"], 4);
    assert_eq!(
        number(project.path(), "SELECT count(*) FROM link.people_edges WHERE reason = 'conflict: resident_id'"),
        1.0
    );
}
