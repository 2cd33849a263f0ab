//! What people decided, in a file that `jingwei link` is given.

use serde_json::{Value, json};

use crate::link::{link, linked, path, persons, project, refused};
use crate::support::{Project, fine, run};

/// Whether two persons' records are one entity.
fn together(project: &Project, more: &[&str], pair: [&str; 2]) -> bool {
    let model = path(project, "model.toml");
    let answer = linked(project, &[&["--model", &model, "--explain", pair[0], pair[1]], more].concat());
    answer["explanations"][0]["together"].as_bool().unwrap()
}

/// A file of decisions; gives its whole name.
fn file(project: &Project, text: &str) -> String {
    project.file("decisions.csv", text);
    path(project, "decisions.csv")
}

#[test]
fn records_are_joined_and_kept_apart_as_people_decided() {
    let project = project();
    assert!(together(&project, &[], ["r3-0", "r3-1"]) && !together(&project, &[], ["r3-0", "r8-0"]));
    let decided = file(&project, "left_id,right_id,same\nr3-0,r3-1,false\nr5-0,r8-0,true\n");
    assert!(!together(&project, &["--decisions", &decided], ["r3-0", "r3-1"]));
    assert!(together(&project, &["--decisions", &decided], ["r5-0", "r8-0"]));
    // A word for the answer, and its number.
    let decided = file(&project, "left_id,right_id,same\nr3-0,r3-1,no\nr5-0,r8-0,yes\n");
    assert!(!together(&project, &["--decisions", &decided], ["r3-0", "r3-1"]));
    let decided = file(&project, "left_id,right_id,same\nr3-0,r3-1,0\nr5-0,r8-0,1\n");
    assert!(together(&project, &["--decisions", &decided], ["r5-0", "r8-0"]));
}

#[test]
fn a_row_without_an_answer_or_an_id_is_refused_with_its_number() {
    let project = project();
    let model = path(&project, "model.toml");
    for (text, words) in [
        ("left_id,right_id,same\nr3-0,r3-1,true\nr5-0,r8-0,\n", ["row 2", "`same` is empty"]),
        ("left_id,right_id,same\nr3-0,r3-1,perhaps\n", ["row 1", "`same` is `perhaps`"]),
        ("left_id,right_id,same\nr3-0,,true\n", ["row 1", "`right_id` is empty"]),
        ("left_id,right_id,same\nr3-0,r3-0,false\n", ["row 1", "one record"]),
        ("left_id,right_id,same\nr3-0,r3-1,true\nr3-1,r3-0,false\n", ["rows 1 and 2", "not the same"]),
        ("left_id,right,same\nr3-0,r3-1,true\n", ["no column `right_id`", "left_source"]),
    ] {
        let decided = file(&project, text);
        refused(&project, &["--model", &model, "--decisions", &decided], &words);
    }
    // Labels are read in the same way, but two people may label a pair differently.
    let labels = file(&project, "left_id,right_id,same\nr3-0,r3-1,\n");
    refused(&project, &["--model", &model, "--labels", &labels], &["row 1", "`same` is empty"]);
    project.file("labels.csv", "left_id,right_id,same\nr3-0,r3-1,true\nr3-1,r3-0,false\n");
    let decided = file(&project, "left_id,right_id,same\nr3-0,r3-1,true\n");
    linked(&project, &["--model", &model, "--labels", &path(&project, "labels.csv"), "--decisions", &decided]);
}

#[test]
fn a_record_that_is_not_there_is_told_and_changes_nothing() {
    let project = project();
    let model = path(&project, "model.toml");
    let free = linked(&project, &["--model", &model]);
    let decided = file(&project, "left_id,right_id,same\nr3-0,r3-l,true\nr900-0,r3-0,true\n");
    let ended = link(&project, &["--model", &model, "--decisions", &decided]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("`r3-l` (row 1)") && ended.stderr.contains("not there: 2"), "{}", ended.stderr);
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(answer["entities"], free["entities"]);
}

/// The persons as two tables in which the records of one person have one id.
fn two_tables() -> Project {
    let project = project();
    let (records, _) = persons();
    let (header, rest) = records.split_once('\n').unwrap();
    for (copy, name) in ["first.csv", "second.csv"].into_iter().enumerate() {
        let of_copy = rest.lines().filter(|line| line.contains(&format!("-{copy},")));
        let lines = of_copy.map(|line| line.replacen(&format!("-{copy},"), ",", 1)).collect::<Vec<_>>();
        project.file(name, format!("{header}\n{}\n", lines.join("\n")));
    }
    project
}

#[test]
fn an_id_that_several_tables_have_needs_the_name_of_one() {
    let project = two_tables();
    let [first, second, model, out] = ["first.csv", "second.csv", "model.toml", "out"].map(|name| path(&project, name));
    let base = ["link", &first, &second, "--model", &model, "--format", "json", "-o", &out];
    let linked = |text: &str| {
        let decided = file(&project, text);
        run(project.path(), &[&base[..], &["--decisions", &decided]].concat())
    };
    let ended = linked("left_id,right_id,same\nr3,r4,true\n");
    assert_eq!(ended.code, Some(2), "{ended:?}");
    for word in ["row 1", "`first`, `second`", "`r3`", "`left_source`"] {
        assert!(ended.stderr.contains(word), "no `{word}` in: {}", ended.stderr);
    }
    let ended = linked("left_id,left_source,right_id,right_source,same\nr3,frist,r4,second,true\n");
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("`frist`") && ended.stderr.contains("`first`"), "{}", ended.stderr);
    // Named, one pair is decided about and no other of these ids.
    let ended = linked("left_id,left_source,right_id,right_source,same\nr3,first,r3,second,false\n");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let table = format!("m={}", path(&project, "out/members.parquet"));
    let sql = "select count(distinct entity_id) as n from m where record_id = 'r3'";
    let told = fine(project.path(), &["sql", sql, "--table", &table, "--format", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()[0]["n"], json!(2));
}

#[test]
fn decisions_on_a_linkage_that_is_kept_are_read_as_carefully() {
    let project = project();
    let [model, base, out] = ["model.toml", "base", "out"].map(|name| path(&project, name));
    let pair = ["--explain", "r3-0", "r3-1"];
    let kept = linked(&project, &[&["--model", &model, "-o", &base, "--keep-base"], &pair[..]].concat());
    let people = path(&project, "people.csv");
    let edited = |text: &str| {
        let decided = file(&project, text);
        let args = ["link", &people, "--base", &base, "--decisions", &decided, "-o", &out, "--format", "json"];
        run(project.path(), &[&args[..], &pair].concat())
    };
    let ended = edited("left_id,right_id,same\nr3-0,r3-1,\n");
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("row 1"), "{}", ended.stderr);
    assert_eq!(kept["explanations"][0]["together"], true);
    let ended = edited("left_id,right_id,same\nr3-0,r3-1,false\n");
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(answer["explanations"][0]["together"], false, "{ended:?}");
    let ended = edited("left_id,right_id,same\nr3-0,r3-x,false\n");
    assert!(ended.code == Some(0) && ended.stderr.contains("`r3-x` (row 1)"), "{ended:?}");
}
