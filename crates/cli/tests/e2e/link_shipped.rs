//! The models that are shipped, and those made up, on data that are carried along: public ones and synthetic residents.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use jingwei_model::config::{LinkModel, parse};
use serde_json::Value;

use crate::support::fine;

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers")
}

fn data(name: &str) -> String {
    peers().join("linkage/data").join(name).display().to_string()
}

/// What is linked, and its truth.
struct Set {
    files: Vec<String>,
    truth: String,
    columns: &'static str,
    model: &'static str,
    records: u64,
}

impl Set {
    /// A set of FEBRL, whose truth stands in the ids: `rec-1496-org` and `rec-1496-dup-0` are one.
    fn febrl(folder: &Path, files: &[&str], model: &'static str) -> Self {
        let files = files.iter().map(|file| data(file)).collect::<Vec<_>>();
        let mut truth = String::from("record_id,entity_id\n");
        let mut records = 0;
        for file in &files {
            for line in std::fs::read_to_string(file).unwrap().lines().skip(1) {
                let id = line.split(',').next().unwrap().trim();
                writeln!(truth, "{id},{}", id.split('-').nth(1).unwrap()).unwrap();
                records += 1;
            }
        }
        let path = folder.join(format!("{model}.truth.csv"));
        std::fs::write(&path, truth).unwrap();
        Self { files, truth: path.display().to_string(), columns: "record_id,entity_id", model, records }
    }

    fn fake_1000() -> Self {
        let file = data("fake_1000.csv");
        let truth = file.clone();
        Self { files: vec![file], truth, columns: "unique_id,cluster", model: "fake_1000.toml", records: 1000 }
    }

    fn residents() -> Self {
        let file = |name: &str| data(&format!("residents/{name}.csv"));
        let files = ["hukou", "civil", "health"].map(file).to_vec();
        let columns = "record_id,person_id";
        Self { files, truth: file("truth"), columns, model: "residents.toml", records: 2212 }
    }

    /// The answer of a linkage with a way to get at the model.
    fn linked(&self, how: &[&str]) -> Value {
        let files = self.files.iter().map(String::as_str).collect::<Vec<_>>();
        let judged = ["--truth", &self.truth, "--truth-columns", self.columns, "--format", "json"];
        let folder = tempfile::tempdir().unwrap();
        let told = fine(folder.path(), &[&["link"], &files[..], how, &judged[..]].concat());
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["records"], self.records);
        told
    }

    /// F1 by the model that is shipped, and by one that is made up.
    fn f1(&self) -> [f64; 2] {
        let model = peers().join("models").join(self.model).display().to_string();
        [&["--model", &model][..], &["--suggest"]].map(|how| self.linked(how)["f1"].as_f64().unwrap())
    }
}

/// F1 is at least this by the model that is shipped, and next to it by one that is made up.
fn holds(set: &Set, floor: f64) {
    let [shipped, suggested] = set.f1();
    assert!(shipped >= floor, "{}: {shipped}", set.model);
    assert!(suggested >= shipped - 0.005, "{}: {suggested} without a model, {shipped} with it", set.model);
}

#[test]
fn every_model_that_is_shipped_is_one() {
    let mut models = Vec::new();
    for entry in std::fs::read_dir(peers().join("models")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let model = parse::<LinkModel>(&name, &text, |_| None).unwrap();
        assert!(model.title.is_some() && !model.blocks.is_empty() && !model.comparisons.is_empty(), "{name}");
        // One threshold for all of them: none is tuned to a set.
        assert_eq!((model.threshold, model.training.recall), (0.4, 0.95), "{name}");
        models.push(name);
    }
    models.sort();
    assert_eq!(models, ["fake_1000.toml", "febrl3.toml", "febrl4.toml", "residents.toml"]);
}

#[test]
fn febrl_3_is_linked_as_it_was_made() {
    let folder = tempfile::tempdir().unwrap();
    holds(&Set::febrl(folder.path(), &["dataset3.csv"], "febrl3.toml"), 0.9999);
}

#[test]
fn febrl_4_is_linked_as_it_was_made() {
    let folder = tempfile::tempdir().unwrap();
    holds(&Set::febrl(folder.path(), &["dataset4a.csv", "dataset4b.csv"], "febrl4.toml"), 0.9998);
}

#[test]
fn the_demonstration_data_of_splink_are_linked_well() {
    let set = Set::fake_1000();
    holds(&set, 0.93);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().display().to_string();
    let model = peers().join("models/fake_1000.toml").display().to_string();
    let told = set.linked(&["--model", &model, "-o", &out]);
    assert!(told["precision"].as_f64().unwrap() > 0.95, "{}", told["precision"]);
    assert!(told["seconds"]["train"].as_f64().is_some());
    for name in ["members.parquet", "edges.parquet"] {
        assert!(folder.path().join(name).is_file(), "{name}");
    }
}

#[test]
fn residents_of_three_registers_are_linked_well() {
    holds(&Set::residents(), 0.994);
}
