//! Linkages that are kept and take edits, as a user drives them: they end where linking everything anew would.

use serde_json::{Value, json};

use crate::link::{MODEL, path, persons};
use crate::support::{Project, fine, run};

/// What a folder's table holds, in one order.
fn rows(project: &Project, folder: &str, table: &str) -> Vec<Value> {
    let file = format!("t={}", project.path().join(folder).join(format!("{table}.parquet")).display());
    let keys = if table == "edges" { "1, 2, 3, 4" } else { "1, 2" };
    let told = fine(
        project.path(),
        &["sql", &format!("select * from t order by {keys}"), "--table", &file, "--format", "json"],
    );
    serde_json::from_str(&told).unwrap()
}

fn link(project: &Project, args: &[&str]) -> Value {
    let told = fine(project.path(), &[&["link", "--format", "json"], args].concat());
    serde_json::from_str(&told).unwrap()
}

#[test]
fn a_linkage_that_is_kept_takes_new_changed_and_deleted_records_as_if_all_were_linked_anew() {
    let project = Project::new();
    let (records, _) = persons();
    let lines = records.lines().collect::<Vec<_>>();
    let (header, rest) = lines.split_first().unwrap();
    let table = |lines: &[&str]| format!("{header}\n{}\n", lines.join("\n"));
    // At first without the last ten; then these, one that changed, and one that is no more.
    let (known, new) = rest.split_at(rest.len() - 10);
    let changed = known[3].replace("ashfield", "elsewhere").replace(",07", ",08");
    assert_ne!(changed, known[3]);
    let mut edited = known.to_vec();
    edited[3] = &changed;
    let gone = edited.remove(8).split(',').next().unwrap();
    edited.extend(new);
    let mut edits = new.to_vec();
    edits.push(&changed);
    project
        .file("model.toml", MODEL)
        .file("first/people.csv", table(known))
        .file("edits/people.csv", table(&edits))
        .file("all/people.csv", table(&edited))
        .file("gone.csv", format!("source,record_id\npeople,{gone}\n"));
    let at = |name: &str| path(&project, name);
    let (base, out, batch, weights) = (at("base"), at("out"), at("batch"), at("weights.parquet"));
    let kept = ["-o", &base, "--keep-base", "--save-weights", &weights];
    link(&project, &[&[&at("first/people.csv"), "--model", &at("model.toml")], &kept[..]].concat());
    let told = link(
        &project,
        &[
            &at("edits/people.csv"),
            "--base",
            &base,
            "--deleted",
            &at("gone.csv"),
            "--one-by-one",
            "-o",
            &out,
            "--keep-base",
        ],
    );
    assert_eq!(told["records"], json!(edited.len()));
    assert_eq!(told["record_milliseconds"]["records"], json!(edits.len() + 1));
    let all = [&at("all/people.csv"), "--model", &at("model.toml"), "--weights", &weights, "-o", &batch];
    assert_eq!(link(&project, &all)["entities"], told["entities"]);
    for table in ["members", "edges"] {
        assert!(!rows(&project, &out, table).is_empty());
        assert_eq!(rows(&project, &out, table), rows(&project, &batch, table), "{table}");
    }
    // What changed is told, with the entities before and after.
    let changes = rows(&project, &out, "changes");
    let of = |id: &str| changes.iter().find(|change| change["record_id"] == id).unwrap().clone();
    let fresh = of(new[0].split(',').next().unwrap());
    assert!(fresh["before"].is_null() && fresh["after"].is_string(), "{fresh}");
    let deleted = of(gone);
    assert!(deleted["before"].is_string() && deleted["after"].is_null(), "{deleted}");
    // It goes on from there: taking everything back gives the first linkage.
    project.file("back/people.csv", table(&[known[3], known[8]])).file(
        "gone.csv",
        format!(
            "source,record_id\n{}\n",
            new.iter().map(|line| format!("people,{}", line.split(',').next().unwrap())).collect::<Vec<_>>().join("\n")
        ),
    );
    link(&project, &[&at("back/people.csv"), "--base", &out, "--deleted", &at("gone.csv"), "-o", &at("again")]);
    for table in ["members", "edges"] {
        assert_eq!(rows(&project, "again", table), rows(&project, "base", table), "{table}");
    }
}

#[test]
fn labels_teach_and_what_cannot_be_followed_is_told() {
    let project = Project::new();
    let (records, _) = persons();
    let labels = (0..300).map(|person| format!("r{person}-0,r{person}-1,true\n")).collect::<String>();
    project
        .file("people.csv", records)
        .file("model.toml", MODEL)
        .file("labels.csv", format!("left_id,right_id,same\n{labels}"));
    let at = |name: &str| path(&project, name);
    let plain = [&at("people.csv"), "--model", &at("model.toml")];
    let (free, taught) =
        (link(&project, &plain), link(&project, &[&plain[..], &["--labels", &at("labels.csv")]].concat()));
    // Of three hundred persons every fifth has another given name in its second record.
    let m = |answer: &Value| answer["weights"]["outcomes"][0]["m"][0].as_f64().unwrap();
    assert!((m(&taught) - 0.8).abs() < 0.02, "{} {}", m(&free), m(&taught));
    assert!((m(&taught) - 0.8).abs() <= (m(&free) - 0.8).abs(), "{} {}", m(&free), m(&taught));
    let refused = |args: &[&str], words: &str| {
        let ended = run(project.path(), &[&["link"], args].concat());
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(words), "no `{words}` in {}", ended.stderr);
    };
    refused(&[&at("people.csv"), "--base", &at("nothing")], "--keep-base");
    refused(&[&plain[..], &["--base", &at("nothing")]].concat(), "--model");
    refused(&[&plain[..], &["--weights", &at("labels.csv")]].concat(), "labels.csv");
    refused(&[&plain[..], &["--keep-base"]].concat(), "--output");
}
