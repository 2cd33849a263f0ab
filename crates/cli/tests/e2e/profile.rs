//! `jingwei profile` proposes configurations that work as they are.

use std::path::{Path, PathBuf};

use crate::support::{Ended, Project, copy, integrate, jingwei, number, small_city};

/// The proposal for one file of a project, as the user gets it who stands in the project's folder.
fn proposal(project: &Path, file: &str) -> Ended {
    let output = jingwei(project, &["profile", file, "--format", "toml"]).current_dir(project).output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Files of the departments below a folder; a Shapefile is named by its .shp alone.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if !["shx", "dbf", "prj", "cpg"].contains(&path.extension().unwrap().to_str().unwrap()) {
            found.push(path);
        }
    }
}

#[test]
fn the_proposal_for_every_file_of_the_demo_city_reads_it_as_it_is() {
    let city = small_city();
    let project = Project::new();
    copy(&city.path().join("data"), &project.path().join("data"));
    copy(&city.path().join("config/codes"), &project.path().join("config/codes"));
    let mut found = Vec::new();
    files(&project.path().join("data"), &mut found);
    assert!(found.len() >= 18, "{found:?}");
    for (place, file) in found.iter().enumerate() {
        let relative = file.strip_prefix(project.path()).unwrap().to_str().unwrap();
        let proposed = proposal(project.path(), relative);
        assert_eq!(proposed.code, Some(0), "{relative}: {}", proposed.stderr);
        project.file(&format!("config/sources/s{place:02}.toml"), proposed.stdout);
    }
    let report = integrate(project.path(), &[]);
    for (place, file) in found.iter().enumerate() {
        let (name, file) = (format!("s{place:02}"), file.display());
        let count = |key: &str| report["sources"][&name][key].as_f64().unwrap();
        assert!(count("rows") > 0.0, "{file} is read as empty");
        assert!(count("clean") + count("quarantined") == count("rows"), "{file}");
        // The demo city has rows that are broken on purpose.
        assert!(count("quarantined") <= (count("rows") * 0.03).max(2.0), "{file}: {report:?}");
    }
    for table in ["people", "housing", "organizations", "events", "land", "areas"] {
        assert!(number(project.path(), &format!("SELECT count(*) FROM {table}")) > 0.0, "{table}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let project = Project::new();
    let ended = proposal(project.path(), "data/none.csv");
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("data/none.csv"), "{}", ended.stderr);
}
