//! Every bad input gets a message that names the file, the place and the remedy, exit code 2, and leaves nothing half-written.

use std::io::Write;

use crate::support::{Project, integrate, number, run};

const COLUMNS: &str = "[columns]\nno = { from = \"no\", required = true }\nname = { from = \"name\" }\n[[record]]\nelement = \"people\"\n[record.set]\nname = \"name\"\n";

fn csv(content: impl AsRef<[u8]>) -> Project {
    with_source("path = \"data/people.csv\"", "", COLUMNS, "data/people.csv", content)
}

fn with_source(from: &str, format: &str, columns: &str, file: &str, content: impl AsRef<[u8]>) -> Project {
    let project = Project::new();
    // A first good version is there to be kept.
    project.file("data/good.csv", "no,name\n1,张三\n").file(
        "config/sources/people.toml",
        format!("title = \"People\"\nkey = [\"no\"]\n[from]\npath = \"data/good.csv\"\n{COLUMNS}"),
    );
    integrate(project.path(), &[]);
    project.file(file, content).file(
        "config/sources/people.toml",
        format!("title = \"People\"\nkey = [\"no\"]\n[from]\n{from}\n[format]\n{format}\n{columns}"),
    );
    project
}

/// The integration is refused with exit code 2, says each of `words`, and leaves the last version as it was.
fn refused(project: &Project, words: &[&str]) {
    let ended = run(project.path(), &["integrate", "--quiet"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    for word in words {
        assert!(ended.stderr.contains(word), "no `{word}` in: {}", ended.stderr);
    }
    assert_eq!(number(project.path(), "SELECT count(*) FROM people"), 1.0);
    assert_eq!(number(project.path(), "SELECT max(snapshot) FROM ops.runs"), 1.0);
}

#[test]
fn a_missing_file_is_named_with_the_nearest_one_there_is() {
    let project = csv("no,name\n1,x\n");
    std::fs::rename(project.path().join("data/people.csv"), project.path().join("data/peoples.csv")).unwrap();
    refused(&project, &["data/people.csv", "peoples.csv"]);
}

#[test]
fn a_missing_sheet_is_named_with_the_sheets_there_are() {
    let project =
        with_source("path = \"data/people.xlsx\"", "sheet = \"二月\"", COLUMNS, "data/people.xlsx", workbook());
    refused(&project, &["data/people.xlsx", "二月", "一月"]);
}

/// A workbook with the sheet 一月.
fn workbook() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut zip = zip::ZipWriter::new(&mut bytes);
    let options = zip::write::SimpleFileOptions::default();
    for (name, text) in [
        (
            "[Content_Types].xml",
            r#"<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#,
        ),
        (
            "_rels/.rels",
            r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
        ),
        (
            "xl/workbook.xml",
            r#"<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="一月" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
        ),
        (
            "xl/worksheets/sheet1.xml",
            r#"<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>no</t></is></c><c r="B1" t="inlineStr"><is><t>name</t></is></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>1</t></is></c><c r="B2" t="inlineStr"><is><t>x</t></is></c></row></sheetData></worksheet>"#,
        ),
    ] {
        zip.start_file(name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    bytes.into_inner()
}

#[test]
fn a_wrong_delimiter_is_recognised() {
    let project =
        with_source("path = \"data/people.csv\"", "delimiter = \",\"", COLUMNS, "data/people.csv", "no;name\n1;x\n");
    refused(&project, &["data/people.csv", "delimiter"]);
}

#[test]
fn bytes_that_no_encoding_gives_sense_are_refused_with_the_setting_to_make() {
    let mut bytes = b"no,name\n".to_vec();
    for row in 0..50 {
        bytes.extend(format!("{row},").as_bytes());
        bytes.extend([0xff, 0xfe, 0x81, 0xff, b'\n']);
    }
    refused(&csv(bytes), &["data/people.csv", "encoding"]);
}

#[test]
fn a_missing_column_is_named_with_the_nearest_one() {
    refused(&csv("no,nmae\n1,x\n"), &["data/people.csv", "`name`", "`nmae`"]);
}

#[test]
fn a_duplicate_column_is_named() {
    refused(&csv("no,name,name\n1,x,y\n"), &["data/people.csv", "name"]);
}

#[test]
fn an_unknown_configuration_key_gets_the_nearest_known_one() {
    let project = csv("no,name\n1,x\n");
    let path = "config/sources/people.toml";
    let text = std::fs::read_to_string(project.path().join(path)).unwrap();
    project.file(path, text.replace("title =", "tilte ="));
    let ended = run(project.path(), &["integrate", "--quiet"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("config/sources/people.toml") && ended.stderr.contains("`title`"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_truncated_archive_is_named() {
    let whole = workbook();
    let project =
        with_source("path = \"data/people.xlsx\"", "", COLUMNS, "data/people.xlsx", &whole[..whole.len() / 2]);
    refused(&project, &["data/people.xlsx"]);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    for row in 0..20_000 {
        writeln!(packed, "{row},name {}", row * 7919 % 10_007).unwrap();
    }
    let packed = packed.finish().unwrap();
    let project =
        with_source("path = \"data/people.csv.gz\"", "", COLUMNS, "data/people.csv.gz", &packed[..packed.len() / 2]);
    refused(&project, &["data/people.csv.gz"]);
}

#[test]
fn an_empty_file_and_a_header_alone_are_refused_unless_no_rows_are_expected() {
    refused(&csv(""), &["data/people.csv", "empty", "may_be_empty"]);
    refused(&csv("no,name\n"), &["data/people.csv", "header", "may_be_empty"]);
    let project =
        with_source("path = \"data/people.csv\"", "may_be_empty = true", COLUMNS, "data/people.csv", "no,name\n");
    let report = integrate(project.path(), &[]);
    assert_eq!(report["sources"]["people"]["rows"], 0);
    assert_eq!(number(project.path(), "SELECT count(*) FROM people WHERE valid_to IS NULL"), 0.0);
}

const PARCELS: &str = "[columns]\nno = { from = \"no\", required = true }\ngeom = { from = \"geom\", parse = \"geometry\", required = true }\n[[record]]\nelement = \"land\"\n[record.set]\nparcel_code = \"no\"\ngeom = \"geom\"\n";

fn parcels(crs: &str, rings: &[&str]) -> String {
    let features = rings.iter().enumerate().map(|(number, ring)| format!(r#"{{"type":"Feature","properties":{{"no":"p{number}"}},"geometry":{{"type":"Polygon","coordinates":[{ring}]}}}}"#));
    format!(r#"{{"type":"FeatureCollection",{crs}"features":[{}]}}"#, features.collect::<Vec<_>>().join(","))
}

const SQUARE: &str = "[[116,39],[116.1,39],[116.1,39.1],[116,39.1],[116,39]]";
const BOW: &str = "[[116,39],[116.1,39.1],[116.1,39],[116,39.1],[116,39]]";

#[test]
fn a_polygon_that_crosses_itself_goes_to_quarantine_with_its_row() {
    let project =
        with_source("path = \"data/land.geojson\"", "", PARCELS, "data/land.geojson", parcels("", &[SQUARE, BOW]));
    let report = integrate(project.path(), &[]);
    assert_eq!(
        (report["sources"]["people"]["clean"].as_i64(), report["sources"]["people"]["quarantined"].as_i64()),
        (Some(1), Some(1))
    );
    let row = crate::support::rows(project.path(), "SELECT _row, \"column\", reason FROM quarantine.people");
    assert_eq!(row, vec![serde_json::json!({"_row": 2, "column": "geom", "reason": "self_crossing"})]);
}

#[test]
fn coordinates_of_another_system_than_the_file_says_do_not_pass_as_lon_lat() {
    let metres = "[[500000,4400000],[500100,4400000],[500100,4400100],[500000,4400100],[500000,4400000]]";
    let project =
        with_source("path = \"data/land.geojson\"", "", PARCELS, "data/land.geojson", parcels("", &[SQUARE, metres]));
    let report = integrate(project.path(), &[]);
    assert_eq!(report["sources"]["people"]["reasons"], serde_json::json!({"outside_crs": 1}));
}

#[test]
fn a_line_without_end_is_refused_without_filling_memory() {
    let project = csv("no,name\n1,x\n");
    // A sparse file: two gigabytes of zero bytes after the header, no line break.
    let file = std::fs::OpenOptions::new().write(true).open(project.path().join("data/people.csv")).unwrap();
    file.set_len(2 << 30).unwrap();
    refused(&project, &["data/people.csv"]);
}

#[test]
fn wrong_sql_in_a_source_shows_its_place() {
    let columns = COLUMNS.replace("name = \"name\"", "name = \"upper(nme)\"");
    let project = with_source("path = \"data/people.csv\"", "", &columns, "data/people.csv", "no,name\n1,x\n");
    refused(&project, &["config/sources/people.toml", "nme"]);
}

#[test]
fn what_cannot_work_is_said_before_anything_is_read() {
    let columns = COLUMNS.replace("name = \"name\"", "name = \"upper(nme)\"");
    let project = with_source("path = \"data/people.csv\"", "", &columns, "data/people.csv", "no,name\n1,x\n");
    let checked = run(project.path(), &["config", "check"]);
    assert_eq!(checked.code, Some(2), "{checked:?}");
    assert!(checked.stderr.contains("config/sources/people.toml") && checked.stderr.contains("nme"), "{checked:?}");
    let ended = run(project.path(), &["integrate"]);
    assert!(ended.code == Some(2) && !ended.stderr.contains("reading people"), "{ended:?}");
}

#[test]
fn a_value_that_the_configurations_sql_cannot_convert_is_the_users_to_mend() {
    let columns = COLUMNS.replace("name = \"name\"", "name = \"CAST(CAST(name AS BIGINT) AS VARCHAR)\"");
    let project = with_source("path = \"data/people.csv\"", "", &columns, "data/people.csv", "no,name\n1,06B\n");
    refused(&project, &["06B", "TRY_CAST"]);
}

#[test]
fn a_row_that_names_no_house_makes_none_and_a_rule_over_columns_nobody_fills_matches_nothing() {
    let project = Project::new();
    let source = "title = \"Houses\"\nkey = [\"no\"]\n[from]\npath = \"data/a.csv\"\n[columns]\nno = { from = \"no\" }\nbin = { from = \"bin\" }\n[[record]]\nelement = \"housing\"\nid = \"bin\"\n[record.set]\nunit_code = \"bin\"\n";
    let rules = "element = \"housing\"\n[[match]]\nrule = \"by name\"\non = [\"name\", \"kind\"]\nprobability = 0.9\n";
    project.file("config/sources/houses.toml", source).file("config/entities/housing.toml", rules);
    project.file("data/a.csv", "no,bin\n1,100\n2,\n3,300\n");
    let report = integrate(project.path(), &[]);
    assert_eq!(report["sources"]["houses"]["clean"], 3);
    assert_eq!(report["elements"]["housing"]["entities"], 2);
}

#[test]
fn a_model_that_tells_tables_apart_is_refused_where_records_are_one_table() {
    for setting in ["one_to_one = [\"people\"]", "mode = \"link_only\""] {
        let project = csv("no,name\n1,x\n");
        let model = "[[model.block]]\non = [\"name\"]\n[[model.compare]]\nname = \"name\"\nkind = \"exact\"\n";
        project.file("config/entities/people.toml", format!("element = \"people\"\n[model]\n{setting}\n{model}"));
        refused(&project, &["config/entities/people.toml", "one table", "take them out"]);
    }
}

#[test]
fn a_new_projects_rules_and_models_serve_sources_that_fill_little() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("city");
    assert_eq!(run(folder.path(), &["init", path.to_str().unwrap()]).code, Some(0));
    let elements = ["people", "land", "housing", "events", "objects", "organizations"];
    let mut source =
        String::from("title = \"Little\"\n[from]\npath = \"data/little.csv\"\n[columns]\nname = { from = \"name\" }\n");
    for element in elements {
        let column = match element {
            "events" => "title",
            "land" => "owner_name",
            "objects" => "code",
            _ => "name",
        };
        source.push_str(&format!("[[record]]\nelement = \"{element}\"\n[record.set]\n{column} = \"name\"\n"));
    }
    std::fs::write(path.join("config/sources/example.toml"), source).unwrap();
    std::fs::write(path.join("data/little.csv"), "name\n北京某某有限公司\n张三\n李四\n").unwrap();
    let report = integrate(&path, &[]);
    for element in elements {
        assert_eq!(report["elements"][element]["records"], 3, "{element}");
    }
}

#[test]
fn the_report_tells_repeated_keys_and_which_values_were_set_aside() {
    let columns = "[columns]\nno = { from = \"no\" }\nday = { from = \"day\", parse = \"date\" }\n";
    let days = "no,day\n1,02/26/2024\n1,2024-02-26\n2,12/31/2024\n";
    let project = with_source("path = \"data/people.csv\"", "", columns, "data/people.csv", days);
    let report = integrate(project.path(), &[]);
    let source = &report["sources"]["people"];
    assert_eq!((source["clean"].as_i64(), source["repeated"].as_i64()), (Some(3), Some(1)));
    assert_eq!(source["set_aside"], serde_json::json!({"day": {"bad_date": 2}}));
}

#[test]
fn wrong_use_ends_with_2_and_says_how() {
    let project = csv("no,name\n1,x\n");
    for (args, word) in [
        (&["query", "nothing"][..], "no query"),
        (&["sql", "SELECT nothing FROM people"], "nothing"),
        (&["sql", "DROP TABLE people"], "only"),
        (&["integrate", "--source", "peple"], "people"),
        (&["explain", "p0000"], "no entity"),
        (&["sql", "SELECT 1", "--snapshot", "99"], "history"),
        (&["nonsense"], "nonsense"),
    ] {
        let ended = run(project.path(), args);
        assert_eq!(ended.code, Some(2), "{args:?}: {ended:?}");
        assert!(ended.stderr.contains(word), "{args:?}: {}", ended.stderr);
    }
    let nowhere = run(&project.path().join("nowhere"), &["plan"]);
    assert_eq!(nowhere.code, Some(2));
    assert!(nowhere.stderr.contains("jingwei init"));
}
