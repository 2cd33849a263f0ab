//! Addresses found in a table: by command, in SQL and over HTTP.

use serde_json::Value;

use crate::http::Server;
use crate::support::{Project, demo_city, fine, rows, run};

const STANDARD: &str = "\
id,district,town,community,road,roadno,poi,houseno,cellno,roomno,lon,lat
A1,朝阳区,望京街道,,阜通东大街,6号院,方恒国际,,,,116.47,39.99
A2,朝阳区,望京街道,,阜通东大街,6号院,方恒国际,5号楼,,,116.471,39.991
A3,朝阳区,望京街道,,阜通东大街,6号院,方恒国际,5号楼,2单元,501室,,
A4,朝阳区,望京街道,,望京街,9号院,望京花园,1号楼,1单元,101室,,
A5,通州区,西集镇,沙古堆村,,232号,,,,,,
";

const TEXTS: &str = "\
text,truth,style
北京市朝阳区望京街道阜通东大街6号院方恒国际5号楼2单元501室,A3,police
方恒国际5幢2门501,A3,hotline
阜通東大街六號5號樓,A2,hotline
方恒国标5-2-501(电联),A3,hotline
望京望京花圆１号楼１单元１０１,A4,police
通州西集沙古堆村二三二号,A5,police
方恒国际附近,A1,hotline
方恒国际5号楼2单元999室,,hotline
方恒国际8号楼,,police
沙古堆村233号,,police
,,police
????,,police
";

fn project() -> Project {
    let project = Project::new();
    project.file("standard.csv", STANDARD).file("texts.csv", TEXTS);
    project
}

fn geocode(project: &Project, more: &[&str]) -> String {
    let path = |name: &str| project.path().join(name).to_str().unwrap().to_owned();
    let (texts, standard) = (path("texts.csv"), path("standard.csv"));
    let args = [&["geocode", &texts, "--column", "text", "--against", &standard], more].concat();
    fine(project.path(), &args)
}

#[test]
fn a_file_is_found_in_another_and_measured_against_the_truth() {
    let report: Value = serde_json::from_str(&geocode(&project(), &["--truth", "truth"])).unwrap();
    assert_eq!((report["addresses"].as_u64(), report["texts"].as_u64()), (Some(5), Some(12)), "{report}");
    for key in ["rank1", "precision", "recall"] {
        assert_eq!(report[key].as_f64(), Some(1.0), "{key}: {report}");
    }
    assert_eq!(report["absent_linked"].as_f64(), Some(0.0), "{report}");
    assert_eq!(report["kinds"]["style"]["hotline"]["n"].as_u64(), Some(4), "{report}");
    assert!(report["seconds"].as_f64().is_some() && report["index_bytes"].as_u64().unwrap() > 0, "{report}");
}

#[test]
fn what_was_found_is_written_beside_the_columns_of_the_file() {
    let found = geocode(&project(), &["--format", "json"]);
    let found: Value = serde_json::from_str(&found).unwrap();
    let found = found.as_array().unwrap();
    assert_eq!(found.len(), 12);
    assert_eq!(found[1]["match_id"], "A3");
    assert_eq!(found[1]["match_canonical"], "朝阳区望京街道阜通东大街6号院方恒国际5号楼2单元501室");
    assert!(found[1]["match_probability"].as_f64().unwrap() > 0.9);
    assert_eq!(found[2]["match_lon"].as_f64(), Some(116.471));
    assert_eq!((&found[7]["match_id"], &found[7]["match_verdict"]), (&Value::Null, &Value::from("no_such_address")));
    assert_eq!(found[7]["match_nearest_id"], "A2");
    assert_eq!(found[11]["match_verdict"], "unknown");
}

#[test]
fn addresses_of_other_countries_are_found_by_their_settled_spelling() {
    let project = Project::new();
    project
        .file("standard.csv", "id,address\n1,\"23-17 STEINWAY ST, QUEENS\"\n2,\"90 BEDFORD ST\"\n")
        .file("texts.csv", "address,truth\n\"23-17  Steinway St., Queens\",1\n90 bedford st,2\n91 Bedford St,\n");
    let path = |name: &str| project.path().join(name).to_str().unwrap().to_owned();
    let args =
        ["geocode", &path("texts.csv"), "--column", "address", "--against", &path("standard.csv"), "--truth", "truth"];
    let report: Value = serde_json::from_str(&fine(project.path(), &args)).unwrap();
    assert_eq!((report["rank1"].as_f64(), report["precision"].as_f64()), (Some(1.0), Some(1.0)), "{report}");
    assert_eq!(report["absent_linked"].as_f64(), Some(0.0));
}

#[test]
fn a_column_that_is_not_there_is_named_with_the_ones_that_are() {
    let project = project();
    let path = |name: &str| project.path().join(name).to_str().unwrap().to_owned();
    let (texts, standard) = (path("texts.csv"), path("standard.csv"));
    for (args, message) in [
        (vec!["geocode", &texts, "--column", "txt", "--against", &standard], "did you mean `text`?"),
        (vec!["geocode", &texts, "--column", "text", "--against", &texts], "no column `id`"),
        (vec!["geocode", &texts, "--column", "text", "--against", &standard, "--truth", "true"], "no column `true`"),
        (vec!["geocode", "missing.csv", "--column", "text", "--against", &standard], "missing.csv"),
    ] {
        let ended = run(project.path(), &args);
        assert_eq!(ended.code, Some(2), "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(message), "{message}: {}", ended.stderr);
    }
}

#[test]
fn sql_finds_standard_addresses_and_points_find_theirs() {
    let found = rows(
        demo_city(),
        "SELECT a.id, geocode(replace(replace(canonical, '北京市', ''), '号楼', '幢')) AS g, ST_AsText(geom) AS geom \
         FROM addresses a WHERE level = 'room' AND town IS NOT NULL AND geom IS NOT NULL ORDER BY id LIMIT 50",
    );
    let right = found.iter().filter(|row| row["g"]["id"] == row["id"]).count();
    assert!(right >= 45, "{right} of {}: {found:?}", found.len());
    let near = rows(
        demo_city(),
        "SELECT count(*) AS n, avg(CASE WHEN reverse_geocode(geom)['distance_m'] < 1 THEN 1.0 ELSE 0.0 END) AS share \
         FROM addresses WHERE level = 'building' AND geom IS NOT NULL",
    );
    assert!(near[0]["n"].as_u64().unwrap() > 10 && near[0]["share"].as_f64() == Some(1.0), "{near:?}");
    let nothing = rows(
        demo_city(),
        "SELECT geocode('')['verdict'] AS a, geocode(NULL) IS NULL AS b, geocode('王先生')['id'] AS c",
    );
    assert_eq!((&nothing[0]["a"], &nothing[0]["b"], &nothing[0]["c"]), (&"unknown".into(), &true.into(), &Value::Null));
}

#[test]
fn the_departments_spellings_of_an_address_lead_to_one() {
    let quality: Value = serde_json::from_str(&fine(demo_city(), &["quality", "--format", "json"])).unwrap();
    let one = quality.as_array().unwrap().iter().find(|one| one["element"] == "addresses").unwrap();
    let (precision, recall) = (one["precision"].as_f64().unwrap(), one["recall"].as_f64().unwrap());
    assert!(precision >= 0.99 && recall >= 0.97, "{one}");
}

#[test]
fn http_finds_an_address_with_its_evidence_and_the_one_nearest_to_a_point() {
    let server = Server::start(demo_city());
    let standard = rows(
        demo_city(),
        "SELECT id, canonical, st_x(geom) AS x, st_y(geom) AS y FROM addresses WHERE level = 'building' AND town IS NOT NULL AND geom IS NOT NULL ORDER BY id LIMIT 1",
    );
    let canonical = standard[0]["canonical"].as_str().unwrap();
    let encoded: String = canonical.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let (status, head, body) = server.ask("GET", &format!("/v1/geocode?q={encoded}"), "*/*", "");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200, "{body}");
    assert!(head.contains("jingwei-tables: base.addresses@"), "{head}");
    assert_eq!((&answer["verdict"], &answer["address"]["id"]), (&"found".into(), &standard[0]["id"]), "{answer}");
    let evidence = answer["candidates"][0]["evidence"].as_array().unwrap();
    assert!(evidence.iter().any(|level| level["level"] == "houseno" && level["outcome"] == "agrees"), "{answer}");
    let (x, y) = (&standard[0]["x"], &standard[0]["y"]);
    let (status, _, body) = server.ask("GET", &format!("/v1/reverse?lon={x}&lat={y}"), "*/*", "");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200, "{body}");
    assert!(answer["distance_m"].as_f64().unwrap() < 1.0, "{answer}");
    for path in [
        "/v1/geocode",
        "/v1/geocode?q=a&z=1",
        "/v1/reverse?lon=1",
        "/v1/reverse?lon=200&lat=39",
        "/v1/reverse?lon=x&lat=39",
    ] {
        let (status, head, body) = server.ask("GET", path, "*/*", "");
        assert_eq!(status, 400, "{path}: {body}");
        assert!(head.contains("application/problem+json"), "{head}");
    }
}
