//! Ties between entities: from what a source writes to what stands there.

use crate::support::{Project, integrate, rows, run};

const HOUSING: &str = "\
code,kind,address
B5,building,北京市朝阳区望京街道阜通东大街6号院方恒国际5号楼
R501,room,北京市朝阳区望京街道阜通东大街6号院方恒国际5号楼2单元501室
R502,room,北京市朝阳区望京街道阜通东大街6号院方恒国际5号楼2单元502室
C,compound,北京市朝阳区望京街道阜通东大街6号院方恒国际
";

const CALLS: &str = "\
no,place
1,方恒国际5幢2门501
2,望京方恒国标5-2-501
3,阜通東大街六號方恒国际5號樓
4,方恒国际5号楼2单元999室
5,方恒国际9号楼
6,花家地
7,
";

const HOUSING_SOURCE: &str = "\
title = \"Housing\"
trust = 0.9
key = [\"code\"]
[from]
path = \"housing.csv\"
[columns]
code = { from = \"code\" }
kind = { from = \"kind\" }
address = { from = \"address\", parse = \"address\" }
[[record]]
element = \"housing\"
[record.set]
unit_code = \"code\"
kind = \"kind\"
address = \"address\"
";

/// Calls that say a place, not as the event's address: a link looks by it all the same.
const CALLS_SOURCE: &str = "\
title = \"Calls\"
trust = 0.5
key = [\"no\"]
[from]
path = \"calls.csv\"
[columns]
no = { from = \"no\" }
place = { from = \"place\" }
[[record]]
element = \"events\"
[record.set]
code = \"no\"
[[record.link]]
relation = \"concerns\"
column = \"housing_id\"
element = \"housing\"
key = \"address\"
value = \"place\"
";

fn project(calls: &str) -> Project {
    let project = Project::new();
    project
        .file("config/jingwei.toml", "[city]\nname = \"Testville\"\ndivision = \"110000\"\n")
        .file("config/sources/housing.toml", HOUSING_SOURCE)
        .file("config/sources/calls.toml", calls)
        .file("housing.csv", HOUSING)
        .file("calls.csv", CALLS);
    project
}

/// The code of what each call concerns.
fn concerned(project: &Project) -> Vec<Option<String>> {
    let rows = rows(
        project.path(),
        "SELECT e.code, h.unit_code FROM events e LEFT JOIN housing h ON h.id = e.housing_id ORDER BY e.code",
    );
    rows.iter().map(|row| row["unit_code"].as_str().map(str::to_owned)).collect()
}

fn codes(codes: [Option<&str>; 7]) -> Vec<Option<String>> {
    codes.map(|code| code.map(str::to_owned)).to_vec()
}

#[test]
fn a_link_by_address_finds_what_stands_there_or_what_that_is_part_of() {
    let project = project(CALLS_SOURCE);
    integrate(project.path(), &[]);
    let expected = codes([Some("R501"), Some("R501"), Some("B5"), Some("B5"), Some("C"), None, None]);
    assert_eq!(concerned(&project), expected);
    let ties = rows(project.path(), "SELECT count(*) AS n FROM relations WHERE relation = 'concerns'");
    assert_eq!(ties[0]["n"], 5);
}

#[test]
fn a_link_by_address_keeps_to_the_level_it_names() {
    for (level, expected) in [
        ("room", codes([Some("R501"), Some("R501"), None, None, None, None, None])),
        ("building", codes([Some("B5"), Some("B5"), Some("B5"), Some("B5"), None, None, None])),
        ("compound", codes([Some("C"), Some("C"), Some("C"), Some("C"), Some("C"), None, None])),
    ] {
        let project = project(&format!("{CALLS_SOURCE}level = \"{level}\"\n"));
        integrate(project.path(), &[]);
        assert_eq!(concerned(&project), expected, "{level}");
    }
}

#[test]
fn a_link_follows_when_the_register_changes() {
    let project = project(CALLS_SOURCE);
    integrate(project.path(), &[]);
    project.file(
        "housing.csv",
        format!("{HOUSING}R999,room,北京市朝阳区望京街道阜通东大街6号院方恒国际5号楼2单元999室\n"),
    );
    integrate(project.path(), &[]);
    assert_eq!(concerned(&project)[3].as_deref(), Some("R999"));
}

#[test]
fn a_level_of_a_link_that_looks_by_something_else_is_refused() {
    let calls = CALLS_SOURCE.replace("key = \"address\"", "key = \"name\"");
    let ended = run(project(&format!("{calls}level = \"room\"\n")).path(), &["plan"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("`level`") && ended.stderr.contains("calls.toml"), "{}", ended.stderr);
}
