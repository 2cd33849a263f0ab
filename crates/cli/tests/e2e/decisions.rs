//! What people decide: kept, obeyed by rules and models, and taken back.

use serde_json::Value;

use crate::support::{HEALTH, PEOPLE_BY_RULES, Project, fine, integrate, number, rows, run};

/// The entity of each record.
fn entities(project: &Project) -> Vec<(String, String)> {
    let sql = "SELECT record_id, entity_id FROM link.people_members ORDER BY record_id";
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rows(project.path(), sql).iter().map(|row| (text(&row["record_id"]), text(&row["entity_id"]))).collect()
}

fn entity(project: &Project, record: &str) -> String {
    entities(project).into_iter().find(|(one, _)| one == record).unwrap().1
}

#[test]
fn a_decision_is_obeyed_by_the_next_run_and_by_those_after_it_until_it_is_taken_back() {
    let project = Project::of_people(PEOPLE_BY_RULES);
    integrate(project.path(), &[]);
    let before = entities(&project);
    // A rule joins the two 王五, none joins 李四 and 赵六.
    let kept = fine(project.path(), &["decide", "register/3", "health/h2", "different", "--by", "wang"]);
    assert!(kept.contains("decision 1 is kept"), "{kept}");
    fine(project.path(), &["decide", "register/people/2", "health/people/h3", "same", "--note", "her new name"]);
    assert!(fine(project.path(), &["plan"]).contains("decided since"));
    let report = integrate(project.path(), &[]);
    assert_eq!(
        (&report["elements"]["people"]["merged"], &report["elements"]["people"]["split"]),
        (&1.into(), &1.into())
    );
    assert_ne!(entity(&project, "3"), entity(&project, "h2"));
    assert_eq!(entity(&project, "2"), entity(&project, "h3"));
    let why = fine(project.path(), &["explain", "register/3", "health/h2"]);
    assert!(why.contains("two different people") && why.contains("a person decided that they differ"), "{why}");
    assert!(fine(project.path(), &["explain", "register/2", "health/h3"]).contains("for:     decision, 1.000"));
    // Nothing has changed, and when everything is made anew it is still so.
    assert_eq!(integrate(project.path(), &[])["elements"]["people"]["built"], false);
    let obeyed = entities(&project);
    integrate(project.path(), &["--full"]);
    assert_eq!(entities(&project), obeyed);
    // Taken back, everything is as it was before, ids included.
    fine(project.path(), &["undo", "1"]);
    fine(project.path(), &["undo", "2", "--by", "li"]);
    integrate(project.path(), &[]);
    assert_eq!(entities(&project), before);
    assert_eq!(fine(project.path(), &["decisions"]), "");
    let all =
        serde_json::from_str::<Value>(&fine(project.path(), &["decisions", "--all", "--format", "json"])).unwrap();
    assert_eq!(
        (&all[0]["by"], &all[0]["same"], &all[0]["left"]),
        (&"wang".into(), &false.into(), &"register/people/3".into())
    );
    assert_eq!((&all[1]["note"], &all[1]["taken_back_by"]), (&"her new name".into(), &"li".into()));
}

#[test]
fn a_merge_is_undone_and_the_entity_has_its_id_again_whatever_the_rules_say() {
    let project = Project::of_people(PEOPLE_BY_RULES);
    integrate(project.path(), &[]);
    let before = entities(&project);
    // 赵六 is given the id and with it the name of 李四: a mistake of the health office.
    project.file("data/health.csv", HEALTH.replace("h3,赵六,,13800000009", "h3,赵六,110101199003070417,13800000009"));
    integrate(project.path(), &[]);
    let merged = rows(project.path(), "SELECT entity_id FROM link.id_history WHERE event = 'merged_into'");
    let merged = merged[0]["entity_id"].as_str().unwrap();
    let said = fine(project.path(), &["undo", merged]);
    assert!(said.contains("merged_into") && said.contains("decision 1 about 1 pair of records"), "{said}");
    integrate(project.path(), &[]);
    assert_eq!(entities(&project), before);
    let events = rows(project.path(), "SELECT entity_id, event FROM link.id_history ORDER BY run_id, event");
    assert_eq!((&events[1]["event"], events[1]["entity_id"].as_str()), (&"restored".into(), Some(merged)));
    // What undoes can be undone, and the id is again out of use.
    fine(project.path(), &["undo", "1"]);
    integrate(project.path(), &[]);
    assert_eq!(entity(&project, "2"), entity(&project, "h3"));
    assert_eq!(number(project.path(), "SELECT count(*) FROM link.id_history WHERE event = 'merged_into'"), 2.0);
}

#[test]
fn a_split_is_undone() {
    let project = Project::of_people(PEOPLE_BY_RULES);
    integrate(project.path(), &[]);
    let before = entities(&project);
    project.file("data/health.csv", HEALTH.replace("h2,王五,,13800000003", "h2,王五,,13800000004"));
    integrate(project.path(), &[]);
    assert_ne!(entity(&project, "3"), entity(&project, "h2"));
    let split = rows(project.path(), "SELECT entity_id FROM link.id_history WHERE event = 'split_from'");
    fine(project.path(), &["undo", split[0]["entity_id"].as_str().unwrap()]);
    integrate(project.path(), &[]);
    assert_eq!(entities(&project), before);
}

#[test]
fn what_contradicts_or_names_nothing_is_not_kept() {
    let project = Project::of_people(PEOPLE_BY_RULES);
    integrate(project.path(), &[]);
    fine(project.path(), &["decide", "register/1", "register/2", "same"]);
    fine(project.path(), &["decide", "health/h3", "register/2", "same"]);
    for (args, message) in [
        (
            &["decide", "health/h3", "register/1", "different"][..],
            "≠ register/people/1 contradicts decisions 1 (register/people/1 = register/people/2)",
        ),
        (&["decide", "register/1", "register/1", "same"], "are one record"),
        (&["decide", "register/1", "register/77", "same"], "no record `77`"),
        (&["decide", "nowhere/1", "register/1", "same"], "`nowhere/1` names no record"),
        (&["undo", "9"], "no decision 9 is in force"),
        (&["undo", "pnobody"], "nothing became of an entity `pnobody`"),
        (&["review", "persons"], "is not linked; there are"),
        (&["decide", "register/1", "register/2", "same", "--incidents"], "tell of no incident"),
    ] {
        let ended = run(project.path(), args);
        assert!(ended.code == Some(2) && ended.stderr.contains(message), "{args:?}: {ended:?}");
    }
    assert_eq!(fine(project.path(), &["decisions"]).lines().count(), 2);
}

#[test]
fn decisions_come_from_a_file_all_or_none() {
    let project = Project::of_people(PEOPLE_BY_RULES);
    integrate(project.path(), &[]);
    let decide = |rows: &str| {
        project.file("decided.csv", format!("left,right,same\n{rows}"));
        let file = project.path().join("decided.csv");
        run(project.path(), &["decide", "--file", file.to_str().unwrap()])
    };
    for (rows, message) in [
        ("register/1,register/2,same\nregister/2,,same\n", "row 2: `right` is empty"),
        ("register/1,register/2,perhaps\n", "`perhaps` is neither same nor different"),
        ("register/1,register/2,true\nregister/2,register/1,false\n", "contradict each other"),
    ] {
        let ended = decide(rows);
        assert!(ended.code == Some(2) && ended.stderr.contains(message), "{ended:?}");
    }
    assert_eq!(fine(project.path(), &["decisions", "--all"]), "");
    let ended = decide("register/1,register/2,different\nregister/2,health/h3,true\n");
    assert!(ended.stdout.contains("decisions 1 to 2 are kept"), "{ended:?}");
    integrate(project.path(), &[]);
    assert_eq!(entity(&project, "2"), entity(&project, "h3"));
}

/// A model that is unsure of those who share a name.
const MODEL: &str = r#"
element = "people"
conflict = ["resident_id"]
[model]
threshold = 0.9
review = [0.001, 0.99999]
[[model.block]]
on = ["name"]
[[model.compare]]
name = "name"
levels = [{ where = "l.name = r.name" }]
[[model.compare]]
name = "phone"
levels = [{ where = "l.phone = r.phone" }, { where = "substr(l.phone, 1, 7) = substr(r.phone, 1, 7)" }]
"#;

#[test]
fn the_queue_holds_what_the_model_is_unsure_of_until_somebody_decides() {
    let project = Project::of_people(MODEL);
    let name = |n: usize| format!("{}{}", ["王", "李", "张", "刘"][n % 4], ["伟", "芳", "娜", "敏", "静"][n / 4 % 5]);
    let people = (0..60).map(|n| format!("{n},{},,138{:04}{:04}\n", name(n), n % 3, n * 37 % 50)).collect::<String>();
    project.file("data/register.csv", format!("no,name,id,phone\n{people}"));
    integrate(project.path(), &[]);
    let queue = || {
        let text = fine(project.path(), &["review", "people", "--limit", "1000", "--format", "json"]);
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let all = queue();
    let open = all["open"].as_u64().unwrap();
    assert!(open > 1 && all["pairs"].as_array().unwrap().len() as u64 == open, "{all}");
    let marked = number(project.path(), "SELECT count(*) FROM link.people_edges WHERE review");
    assert_eq!(marked, open as f64);
    let pair = &all["pairs"][0];
    let (left, right) = (pair["left"].as_str().unwrap(), pair["right"].as_str().unwrap());
    assert!(pair["values"].as_array().unwrap().iter().any(|value| value[0] == "name"), "{pair}");
    let text = fine(project.path(), &["review", "--limit", "1"]);
    assert!(text.contains(&format!("jingwei decide {left} {right} same|different")), "{text}");
    // The first is the one of which least is known.
    let doubt = |pair: &Value| (pair["probability"].as_f64().unwrap() - 0.5).abs();
    assert!(all["pairs"].as_array().unwrap().windows(2).all(|pairs| doubt(&pairs[0]) <= doubt(&pairs[1])));
    for verdict in ["same", "different"] {
        fine(project.path(), &["decide", left, right, verdict]);
        assert_eq!(queue()["open"].as_u64().unwrap(), open - 1);
        integrate(project.path(), &[]);
        let entity = |record: &str| entity(&project, record.rsplit('/').next().unwrap());
        assert_eq!(entity(left) == entity(right), verdict == "same");
        let open_now = queue();
        let pairs = open_now["pairs"].as_array().unwrap();
        assert!(pairs.iter().all(|pair| pair["left"] != left || pair["right"] != right), "{open_now}");
        let number = serde_json::from_str::<Value>(&fine(project.path(), &["decisions", "--format", "json"])).unwrap();
        fine(project.path(), &["undo", &number[0]["decision"].to_string()]);
    }
}
