//! Projects, runs of the binary, and one demo city that several tests read.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// The binary.
pub fn jingwei(project: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jingwei"));
    command.arg("--project").arg(project).args(args).env_remove("JINGWEI_PROJECT").env("JINGWEI_LOG", "error");
    command
}

/// What a command wrote and how it ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

pub fn run(project: &Path, args: &[&str]) -> Ended {
    ended(&jingwei(project, args).output().unwrap())
}

fn ended(output: &Output) -> Ended {
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A command that has to succeed; its standard output.
pub fn fine(project: &Path, args: &[&str]) -> String {
    let ended = run(project, args);
    assert_eq!(ended.code, Some(0), "{args:?}: {}{}", ended.stdout, ended.stderr);
    ended.stdout
}

/// The rows of a statement.
pub fn rows(project: &Path, sql: &str) -> Vec<Value> {
    let text = fine(project, &["sql", sql, "--format", "json"]);
    serde_json::from_str::<Value>(&text).unwrap().as_array().unwrap().clone()
}

/// The one number a statement gives.
pub fn number(project: &Path, sql: &str) -> f64 {
    let rows = rows(project, sql);
    rows[0].as_object().unwrap().values().next().unwrap().as_f64().unwrap()
}

/// The JSON report of an integration.
pub fn integrate(project: &Path, args: &[&str]) -> Value {
    let args = [&["integrate", "--quiet", "--format", "json"], args].concat();
    serde_json::from_str(&fine(project, &args)).unwrap()
}

/// Rules by which people are one.
pub const PEOPLE_BY_RULES: &str = r#"
element = "people"
conflict = ["resident_id"]
[[match]]
rule = "full id"
on = ["resident_id"]
probability = 1.0
[[match]]
rule = "name and phone"
on = ["name_key(name)", "phone"]
probability = 0.95
"#;

/// The configuration of such a source.
fn source_of_people(file: &str, trust: f64) -> String {
    format!(
        r#"
title = "{file}"
trust = {trust}
key = ["no"]
[from]
path = "data/{file}.csv"
[columns]
no = {{ from = "no", required = true }}
name = {{ from = "name", parse = "name" }}
id = {{ from = "id", parse = "resident_id" }}
phone = {{ from = "phone", parse = "phone" }}
[[record]]
element = "people"
[record.set]
name = "name"
resident_id = "id"
phone = "phone"
"#
    )
}

/// A register and a health office, with one person in common by id and one by name and telephone.
pub const REGISTER: &str = "no,name,id,phone\n1,张三,11010519491231002X,13800000001\n2,李四,110101199003070417,13800000002\n3,王五,,13800000003\n";
/// See [`REGISTER`].
pub const HEALTH: &str =
    "no,name,id,phone\nh1,张三,11010519491231002X,13900000001\nh2,王五,,13800000003\nh3,赵六,,13800000009\n";

/// A project in a folder of its own.
pub struct Project {
    folder: TempDir,
}

impl Project {
    /// An empty project.
    pub fn new() -> Self {
        let project = Self { folder: tempfile::tempdir().unwrap() };
        project.file("config/jingwei.toml", "[city]\nname = \"Testville\"\n");
        project
    }

    /// A project of two registers of people.
    pub fn of_people(entity: &str) -> Self {
        let project = Self::new();
        project
            .file("config/entities/people.toml", entity)
            .file("config/sources/register.toml", source_of_people("register", 0.9))
            .file("config/sources/health.toml", source_of_people("health", 0.5))
            .file("data/register.csv", REGISTER)
            .file("data/health.csv", HEALTH);
        project
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file of the project.
    pub fn file(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    /// A copy of a demo city's files without its store.
    pub fn copy_of(city: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for part in ["config", "queries", "data", "truth"] {
            copy(&city.join(part), &folder.path().join(part));
        }
        Self { folder }
    }
}

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A demo city of 3,000 people, integrated once and only read by tests.
pub fn demo_city() -> &'static Path {
    static CITY: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = CITY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("city");
        fine(folder.path(), &["demo", "--dir", path.to_str().unwrap(), "--people", "3000", "--no-serve"]);
        (folder, path)
    });
    path
}

/// The files of a demo city of 400 people, not integrated.
pub fn small_city() -> Project {
    static CITY: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = CITY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("city");
        fine(folder.path(), &["demo", "--dir", path.to_str().unwrap(), "--people", "400", "--no-integrate"]);
        (folder, path)
    });
    Project::copy_of(path)
}

/// The base tables.
pub const BASE: [&str; 9] =
    ["people", "land", "housing", "events", "objects", "organizations", "areas", "addresses", "relations"];

/// Every base table as text, without the columns that tell when a run was made.
pub fn base_tables(project: &Path) -> Vec<String> {
    BASE.iter()
        .map(|table| {
            let sql = match *table {
                "relations" => "SELECT * FROM relations ORDER BY from_id, relation, to_id, source".to_owned(),
                "addresses" => "SELECT * EXCLUDE (updated_at) FROM addresses ORDER BY id".to_owned(),
                table => format!("SELECT * EXCLUDE (valid_from, valid_to, updated_at) FROM {table} ORDER BY id"),
            };
            fine(project, &["sql", &sql, "--format", "csv"])
        })
        .collect()
}
