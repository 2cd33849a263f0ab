use std::path::{Path, PathBuf};

use jingwei_engine::{configuration, json_schemas, sql_function_pages, sql_functions};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn check(path: &Path, text: &str) {
    if std::env::var_os("JINGWEI_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let stored = std::fs::read_to_string(path).unwrap_or_default();
    assert!(stored == text, "{} is out of date; run the tests with JINGWEI_BLESS=1", path.display());
}

#[test]
fn the_json_schemas_in_the_repository_are_those_of_the_code() {
    for (name, text) in json_schemas().unwrap() {
        check(&root().join("config/schemas").join(name), &text);
    }
}

#[test]
fn the_reference_of_the_configuration_is_that_of_the_code() {
    check(&root().join("docs/configuration.md"), &configuration().unwrap());
}

#[test]
fn the_reference_of_sql_functions_is_that_of_the_code() {
    check(&root().join("docs/sql-functions.md"), &sql_functions().unwrap());
}

#[test]
fn every_sql_function_has_its_page_and_no_page_is_left_over() {
    let folder = root().join("docs/functions");
    let pages = sql_function_pages().unwrap();
    for (name, text) in &pages {
        check(&folder.join(name), text);
    }
    let mut stored = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect::<Vec<_>>();
    stored.sort();
    assert_eq!(stored, pages.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>());
}

#[test]
fn the_configuration_of_the_demo_city_is_in_order() {
    let text = crate::support::fine(&root(), &["config", "check"]);
    assert!(text.contains("all fine"), "{text}");
}

#[test]
fn the_reference_of_commands_is_what_the_commands_say() {
    let mut text = String::from("# Commands\n");
    for command in [
        &["--help"][..],
        &["demo", "--help"],
        &["init", "--help"],
        &["profile", "--help"],
        &["plan", "--help"],
        &["integrate", "--help"],
        &["sql", "--help"],
        &["query", "--help"],
        &["geocode", "--help"],
        &["link", "--help"],
        &["explain", "--help"],
        &["quality", "--help"],
        &["serve", "--help"],
        &["history", "--help"],
        &["config", "--help"],
    ] {
        let help = std::process::Command::new(env!("CARGO_BIN_EXE_jingwei"))
            .args(command)
            .env_remove("JINGWEI_PROJECT")
            .output()
            .unwrap();
        let title = match command {
            ["--help"] => "jingwei".to_owned(),
            _ => format!("jingwei {}", command[0]),
        };
        text.push_str(&format!("\n## {title}\n\n```\n{}```\n", String::from_utf8(help.stdout).unwrap()));
    }
    check(&root().join("docs/commands.md"), &text);
}
