//! `jingwei link` as a user drives it: suggested models, explanations, reports, and models and tables that are wrong.

use std::fmt::Write;

use serde_json::Value;

use crate::support::{Ended, Project, fine, run};

const GIVEN: [&str; 16] = [
    "amelia",
    "oliver",
    "isabella",
    "thomas",
    "charlotte",
    "william",
    "sophie",
    "joshua",
    "matthew",
    "chloe",
    "benjamin",
    "grace",
    "nicholas",
    "hannah",
    "samuel",
    "victoria",
];
const SURNAMES: [&str; 20] = [
    "harrison",
    "campbell",
    "robertson",
    "nguyen",
    "mitchell",
    "webb",
    "clarke",
    "dawson",
    "ferguson",
    "goldsmith",
    "hughes",
    "ingram",
    "jenkins",
    "kowalski",
    "lambert",
    "morrison",
    "norris",
    "okafor",
    "patterson",
    "quinlan",
];
const TOWNS: [&str; 7] = ["ashfield", "brookton", "cranleigh", "dunmore", "eastwood", "farnham", "glenelg"];

/// Six hundred records of three hundred made-up persons, and the truth. The second record of every person has one
/// error or gap, of a kind that changes from person to person.
pub fn persons() -> (String, String) {
    let mut records = String::from("ref,first,last,born,town,phone\n");
    let mut truth = String::from("ref,person\n");
    for person in 0..300_usize {
        let (given, surname) = (GIVEN[person * 7 % 16], SURNAMES[person * 11 % 20]);
        let mut fields = [
            given.to_owned(),
            surname.to_owned(),
            format!("{}-{:02}-{:02}", 1940 + person * 13 % 60, person * 5 % 12 + 1, person * 17 % 28 + 1),
            TOWNS[person * 3 % 7].to_owned(),
            format!("07{:09}", (person + 1) * 7_919_773 % 1_000_000_000),
        ];
        for copy in 0..2 {
            if copy == 1 {
                match person % 5 {
                    0 => _ = fields[0].remove(2),
                    1 => _ = fields[1].remove(1),
                    2 => fields[3].clear(),
                    3 => fields[4].clear(),
                    _ => fields[2] = fields[2].replace("-0", "-1"),
                }
            }
            let _ = writeln!(records, "r{person}-{copy},{}", fields.join(","));
            let _ = writeln!(truth, "r{person}-{copy},{person}");
        }
    }
    (records, truth)
}

/// A model for them.
pub const MODEL: &str = r#"
id = "ref"
mode = "dedupe"
[[block]]
on = ["last", "born"]
[[block]]
on = ["first", "last"]
[[block]]
on = ["phone"]
[[compare]]
name = "first"
kind = "jaro_winkler"
[[compare]]
name = "last"
kind = "jaro_winkler"
[[compare]]
name = "born"
kind = "damerau_levenshtein"
[[compare]]
name = "phone"
kind = "exact"
"#;

/// A project with these persons and a model for them.
pub fn project() -> Project {
    let project = Project::new();
    let (records, truth) = persons();
    project.file("people.csv", records).file("truth.csv", truth).file("model.toml", MODEL);
    project
}

/// A file of a project, by its whole name.
pub fn path(project: &Project, name: &str) -> String {
    project.path().join(name).to_str().unwrap().to_owned()
}

pub fn link(project: &Project, args: &[&str]) -> Ended {
    let people = path(project, "people.csv");
    run(project.path(), &[&["link", &people, "--format", "json"], args].concat())
}

/// The answer of a linkage of the persons.
pub fn linked(project: &Project, args: &[&str]) -> Value {
    let ended = link(project, args);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    serde_json::from_str(&ended.stdout).unwrap()
}

/// Linking is refused with exit code 2 and says each of `words`.
pub fn refused(project: &Project, args: &[&str], words: &[&str]) {
    let ended = link(project, args);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    for word in words {
        assert!(ended.stderr.contains(word), "no `{word}` in: {}", ended.stderr);
    }
}

#[test]
fn a_model_is_made_up_for_a_table_nobody_described() {
    let project = project();
    let (truth, saved) = (path(&project, "truth.csv"), path(&project, "suggested.toml"));
    let judged = ["--truth", &truth, "--truth-columns", "ref,person"];
    let suggested = linked(&project, &[&["--suggest", "--save-model", &saved], &judged[..]].concat());
    assert!(suggested["f1"].as_f64().unwrap() >= 0.98, "{}", suggested["f1"]);
    assert_eq!(suggested["records"], 600);
    // What was made up is a model like any other.
    let again = linked(&project, &[&["--model", &saved], &judged[..]].concat());
    assert_eq!(again["f1"], suggested["f1"]);
    assert_eq!(again["entities"], suggested["entities"]);
}

#[test]
fn the_parts_of_an_explanation_sum_to_the_score() {
    let project = project();
    let model = path(&project, "model.toml");
    let answer =
        linked(&project, &["--model", &model, "--explain", "r3-0", "r3-1", "--explain", "r3-0", "people/r8-0"]);
    for explanation in answer["explanations"].as_array().unwrap() {
        let parts = explanation["parts"].as_array().unwrap();
        let sum = parts.iter().map(|part| part["weight"].as_f64().unwrap()).sum::<f64>();
        assert!((sum - explanation["weight"].as_f64().unwrap()).abs() < 1e-9, "{explanation}");
        let odds = sum.exp2();
        assert!((odds / (1.0 + odds) - explanation["probability"].as_f64().unwrap()).abs() < 1e-9, "{explanation}");
    }
    assert_eq!(answer["explanations"][0]["verdict"], "one entity");
    let people = path(&project, "people.csv");
    let text = fine(project.path(), &["link", &people, "--model", &model, "--explain", "r3-0", "r3-1"]);
    for word in ["people/r3-0", "born", "bits", "probability"] {
        assert!(text.contains(word), "no `{word}` in: {text}");
    }
    refused(&project, &["--model", &model, "--explain", "r3-0", "nobody"], &["nobody"]);
}

#[test]
fn a_report_is_one_page_that_asks_for_nothing() {
    let project = project();
    let (model, report) = (path(&project, "model.toml"), path(&project, "report.html"));
    linked(&project, &["--model", &model, "--report", &report]);
    let page = std::fs::read_to_string(report).unwrap();
    for word in ["<svg", "Match weights", "匹配权重", "阈值", "实体规模", "waterfall", "Blocking rules"] {
        let seen = page.contains(word) || word == "waterfall" && page.contains("score 总分");
        assert!(seen, "no `{word}` in the page");
    }
    for word in ["<script", "http://", "https://", "src=", "url(", "@import", "NaN"] {
        assert!(!page.contains(word), "`{word}` in the page");
    }
}

#[test]
fn a_column_that_is_not_there_is_named() {
    let project = project();
    project.file("wrong.toml", MODEL.replace("name = \"born\"", "name = \"borne\""));
    refused(&project, &["--model", &path(&project, "wrong.toml")], &["borne", "born"]);
    project.file("wrong.toml", MODEL.replace("id = \"ref\"", "id = \"reff\""));
    refused(&project, &["--model", &path(&project, "wrong.toml")], &["reff", "`ref`"]);
}

#[test]
fn an_unknown_comparison_is_named_with_those_there_are() {
    let project = project();
    project.file("wrong.toml", MODEL.replace("kind = \"exact\"", "kind = \"soundex\""));
    refused(&project, &["--model", &path(&project, "wrong.toml")], &["soundex", "jaro_winkler"]);
}

#[test]
fn a_rule_that_would_bring_too_many_pairs_is_refused_with_its_size() {
    let project = project();
    project.file("wrong.toml", format!("{MODEL}\n[[block]]\non = [\"town\"]\n[limits]\npairs = 5000\n"));
    refused(&project, &["--model", &path(&project, "wrong.toml")], &["town", "5000", "max_group"]);
}

#[test]
fn a_table_without_rows_gives_no_entities_and_no_suggestion() {
    let project = project();
    project.file("people.csv", "ref,first,last,born,town,phone\n");
    let answer = linked(&project, &["--model", &path(&project, "model.toml")]);
    assert_eq!((answer["records"].as_u64(), answer["entities"].as_u64()), (Some(0), Some(0)));
    refused(&project, &["--suggest"], &["no rows"]);
}

#[test]
fn columns_without_values_link_nobody() {
    let project = project();
    let rows = (0..200).map(|row| format!("r{row},,,,,\n")).collect::<String>();
    project.file("people.csv", format!("ref,first,last,born,town,phone\n{rows}"));
    let answer = linked(&project, &["--model", &path(&project, "model.toml")]);
    assert_eq!((answer["records"].as_u64(), answer["entities"].as_u64()), (Some(200), Some(200)));
    refused(&project, &["--suggest"], &["no column"]);
}

#[test]
fn one_giant_block_is_left_out_with_a_warning() {
    let project = project();
    let rows = (0..20_000).map(|row| format!("r{row},a{row},b{row},1990-01-01,town,\n")).collect::<String>();
    project
        .file("people.csv", format!("ref,first,last,born,town,phone\n{rows}"))
        .file("giant.toml", format!("{MODEL}\n[[block]]\non = [\"town\"]\n"));
    let ended = link(&project, &["--model", &path(&project, "giant.toml")]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("town") && ended.stderr.contains("20000"), "{}", ended.stderr);
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(answer["records"], 20_000);
}

#[test]
fn plans_find_what_kernels_find_and_leave_nothing_behind() {
    let project = project();
    let (model, plans) = (path(&project, "model.toml"), path(&project, "plans"));
    let tables = |out: &str, more: &[&str]| {
        let out = path(&project, out);
        let answer = linked(&project, &[&["--model", &model, "-o", &out], more].concat());
        let read = |name: &str| std::fs::read(std::path::Path::new(&out).join(name)).unwrap();
        (answer["pairs"].clone(), answer["weights"].clone(), read("members.parquet"), read("edges.parquet"))
    };
    assert_eq!(tables("kernels", &[]), tables("plans-out", &["--by-plans", &plans]));
    assert_eq!(std::fs::read_dir(&plans).unwrap().count(), 0);
    refused(&project, &["--base", &path(&project, "kernels"), "--by-plans", &plans], &["--by-plans"]);
}

#[test]
fn a_model_and_a_suggestion_exclude_each_other() {
    let project = project();
    refused(&project, &["--model", &path(&project, "model.toml"), "--suggest"], &["--suggest"]);
    refused(&project, &[], &["--model"]);
}

#[test]
fn phases_and_their_times_are_told_in_words_and_numbers() {
    let project = project();
    let (people, model) = (path(&project, "people.csv"), path(&project, "model.toml"));
    let ended = run(project.path(), &["link", &people, "--model", &model]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let told = ended.stdout.lines().last().unwrap();
    let places = ["clean ", "block ", "train ", "score ", "cluster ", " s in all", " s of CPU", " MiB"]
        .map(|word| told.find(word));
    assert!(places.is_sorted() && places.iter().all(Option::is_some), "{told}");
    // What goes on is told elsewhere, so that answers can be read by programs; and nothing of it to these.
    assert!(ended.stderr.contains("train …"), "{}", ended.stderr);
    let ended = link(&project, &["--model", &model]);
    assert!(!ended.stderr.contains("train …"), "{}", ended.stderr);
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    for phase in ["clean", "block", "train", "score", "cluster"] {
        assert!(answer["seconds"][phase].is_f64() && answer["phase_cpu_seconds"][phase].is_f64(), "{phase}");
    }
}

#[test]
fn numbers_of_a_model_that_are_out_of_bounds_are_told_with_their_line() {
    let project = project();
    for (line, words) in [
        ("threshold = 1.5", ["wrong.toml:2:13", "no probability"]),
        ("review = [0.9, 0.1]", ["wrong.toml:2:10", "the lower one first"]),
        ("one_to_one = [\"peopel\"]", ["`peopel`", "`people`"]),
        ("training = { recall = 0.0 }", ["wrong.toml:2:23", "above 0"]),
    ] {
        project.file("wrong.toml", MODEL.replacen("id = \"ref\"", &format!("{line}\nid = \"ref\""), 1));
        refused(&project, &["--model", &path(&project, "wrong.toml")], &words);
    }
}
