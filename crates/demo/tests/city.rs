//! The city as a whole: the same bytes every time, files that open, and a truth that covers them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use calamine::{Reader, open_workbook_auto};
use jingwei_demo::{DemoOptions, DemoSummary, generate};
use jingwei_model::Reason;
use jingwei_model::config::{CityConfig, EntityConfig, SourceConfig, parse};
use jingwei_model::id::{credit, resident};

const PEOPLE: u64 = 3_000;

struct City {
    dir: tempfile::TempDir,
    summary: DemoSummary,
}

fn make(people: u64, seed: u64) -> City {
    let dir = tempfile::tempdir().unwrap();
    let options = DemoOptions { people, seed, ..DemoOptions::new(dir.path()) };
    let summary = generate(&options, &mut |_, _| {}).unwrap();
    City { dir, summary }
}

static CITY: LazyLock<City> = LazyLock::new(|| make(PEOPLE, 1));

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    files(dir)
        .into_iter()
        .map(|path| (path.strip_prefix(dir).unwrap().to_owned(), std::fs::read(&path).unwrap()))
        .collect()
}

/// Rows of a CSV file in an encoding, the header first.
fn csv(path: &str, encoding: &'static encoding_rs::Encoding) -> Vec<Vec<String>> {
    let bytes = std::fs::read(CITY.dir.path().join(path)).unwrap();
    let (text, _, broken) = encoding.decode(&bytes);
    assert!(!broken, "{path} is not {}", encoding.name());
    let mut rows = Vec::new();
    let (mut row, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                field.push('"');
                characters.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            '\r' if !quoted => {}
            other => field.push(other),
        }
    }
    rows
}

/// Source and record → record id → entity.
fn truth(name: &str) -> BTreeMap<(String, String), BTreeMap<String, String>> {
    let mut members: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for row in csv(&format!("truth/{name}.csv"), encoding_rs::UTF_8).into_iter().skip(1) {
        let [source, record, id, entity] = [0, 1, 2, 3].map(|column| row[column].clone());
        let before = members.entry((source, record)).or_default().insert(id, entity.clone());
        assert!(before.is_none_or(|before| before == entity), "{name}: one record, two entities");
    }
    members
}

fn members(name: &str, source: &str, record: &str) -> BTreeMap<String, String> {
    truth(name).remove(&(source.to_owned(), record.to_owned())).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_another_city() {
    let (first, second, other) =
        (contents(CITY.dir.path()), contents(make(PEOPLE, 1).dir.path()), contents(make(PEOPLE, 2).dir.path()));
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    for (path, bytes) in &first {
        assert!(bytes == &second[path], "{} differs between two runs", path.display());
    }
    let hukou = Path::new("data/public_security/户籍人口登记.csv");
    assert_ne!(first[hukou], other[hukou]);
}

#[test]
fn the_bytes_do_not_depend_on_the_clock() {
    let first = contents(CITY.dir.path());
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    let second = contents(make(PEOPLE, 1).dir.path());
    for (path, bytes) in &first {
        assert!(bytes == &second[path], "{} differs between two seconds", path.display());
    }
}

#[test]
fn files_grow_with_the_people() {
    let large = make(PEOPLE * 4, 1);
    let rows = |summary: &DemoSummary, name: &str| {
        summary
            .files
            .iter()
            .filter(|file| file.path.to_string_lossy().contains(name))
            .map(|file| file.rows)
            .sum::<u64>() as f64
    };
    for name in ["户籍", "健康档案", "工单", "房屋登记", "市场主体", "truth/people"] {
        let ratio = rows(&large.summary, name) / rows(&CITY.summary, name);
        assert!((3.3..4.7).contains(&ratio), "{name}: {ratio}");
    }
    assert_eq!(large.summary.people, PEOPLE * 4);
}

#[test]
fn every_identity_number_is_valid_or_damaged_at_its_rate() {
    let rows = csv("data/public_security/户籍人口登记.csv", encoding_rs::GB18030);
    let today = DemoOptions::new("").until;
    let mut reasons: BTreeMap<Option<Reason>, usize> = BTreeMap::new();
    for row in rows.iter().skip(1).filter(|row| row.len() == rows[0].len()) {
        *reasons.entry(resident::parse(&row[7], today, |_| true).err()).or_default() += 1;
    }
    let valid = reasons[&None] as f64 / reasons.values().sum::<usize>() as f64;
    assert!(valid > 0.99, "{reasons:?}");
    let known = [None, Some(Reason::BadCheckDigit), Some(Reason::BadDate), Some(Reason::FutureDate)];
    assert!(reasons.keys().all(|reason| known.contains(reason)), "{reasons:?}");
}

#[test]
fn two_residents_never_share_an_identity_number() {
    let rows = csv("data/public_security/户籍人口登记.csv", encoding_rs::GB18030);
    let truth = members("people", "hukou", "people");
    let mut holder: BTreeMap<&str, &str> = BTreeMap::new();
    for row in rows.iter().skip(1).filter(|row| row[7].len() == 18) {
        let Some(entity) = truth.get(&row[0]) else { continue };
        assert_eq!(holder.entry(&row[7]).or_insert(entity), entity);
    }
}

#[test]
fn the_truth_covers_every_row_but_those_that_are_broken_on_purpose() {
    for (path, encoding, table, source, record, key, name) in [
        ("data/public_security/户籍人口登记.csv", encoding_rs::GB18030, "people", "hukou", "people", 0, 2),
        ("data/housing/房屋登记簿.csv", encoding_rs::UTF_8, "housing", "housing_register", "room", 0, 0),
        ("data/housing/房屋登记簿.csv", encoding_rs::UTF_8, "people", "housing_register", "owner", 0, 10),
        ("data/hotline/12345工单.csv", encoding_rs::UTF_8, "events_incidents", "work_orders", "events", 0, 0),
    ] {
        let rows = csv(path, encoding);
        let whole = rows.iter().skip(1).filter(|row| row.len() == rows[0].len() && !row[name].is_empty());
        let keys = whole.map(|row| row[key].clone()).collect::<BTreeSet<_>>();
        let truth = members(table, source, record).into_keys().collect::<BTreeSet<_>>();
        assert_eq!(keys, truth, "{path}");
    }
    let health = std::fs::read_to_string(CITY.dir.path().join("data/health/居民健康档案.ndjson")).unwrap();
    let records = health.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let keys = records
        .filter(|record| !record["name"].is_null())
        .map(|record| record["archive_no"].as_str().unwrap().to_owned());
    assert_eq!(keys.collect::<BTreeSet<_>>(), members("people", "health", "people").into_keys().collect());
}

#[test]
fn workbooks_have_their_titles_headers_groups_and_footers() {
    let mut book = open_workbook_auto(CITY.dir.path().join("data/civil_affairs/独居老人台账.xlsx")).unwrap();
    let range = book.worksheet_range("独居老人").unwrap();
    let text = |row: u32, column: u32| range.get_value((row, column)).map(ToString::to_string).unwrap_or_default();
    assert_eq!(text(0, 0), "独居老年人探访关爱台账");
    assert_eq!((text(2, 3), text(3, 4)), ("老人信息".to_owned(), "性别".to_owned()));
    let last = range.end().unwrap().0;
    assert_eq!(text(last, 0), "合计");
    let truth = members("people", "elderly_alone", "people");
    let keys = (4..last).filter(|row| !text(*row, 3).is_empty()).map(|row| text(row, 2)).collect::<BTreeSet<_>>();
    assert_eq!(keys, truth.into_keys().collect());
    assert!((4..last).any(|row| text(row, 0).is_empty()), "groups are merged");
}

#[test]
fn credit_codes_pass_their_check_but_for_those_of_the_pilot_era() {
    let mut book = open_workbook_auto(CITY.dir.path().join("data/market_supervision/市场主体.xlsx")).unwrap();
    let range = book.worksheet_range("市场主体").unwrap();
    let codes = range.rows().skip(2).map(|row| row[1].to_string()).filter(|code| !code.is_empty()).collect::<Vec<_>>();
    let checked = codes.iter().filter(|code| credit::parse(code).unwrap().checked).count();
    assert!(codes.len() > 150 && checked as f64 / codes.len() as f64 > 0.97, "{checked} of {}", codes.len());
}

#[test]
fn shapefiles_open_in_another_reader_with_chinese_attributes() {
    let path = CITY.dir.path().join("data/planning/楼栋.shp");
    let mut reader = shapefile::Reader::from_path(&path).unwrap();
    let truth = members("housing", "buildings", "housing");
    let mut count = 0;
    for feature in reader.iter_shapes_and_records() {
        let (shape, record) = feature.unwrap();
        let shapefile::Shape::Polygon(polygon) = shape else { panic!("no polygon") };
        let corner = polygon.rings()[0].points()[0];
        assert!((300_000.0..600_000.0).contains(&corner.x) && (4_300_000.0..4_600_000.0).contains(&corner.y));
        assert!(matches!(polygon.rings()[0], shapefile::PolygonRing::Outer(_)));
        let Some(shapefile::dbase::FieldValue::Character(Some(code))) = record.get("FWBM") else { panic!("no code") };
        assert!(truth.contains_key(code));
        count += 1;
    }
    assert_eq!(count, truth.len());
    let table = std::fs::read(path.with_extension("dbf")).unwrap();
    let (text, _, broken) = encoding_rs::GBK.decode(&table[33 + 8 * 32..]);
    assert!(!broken && text.contains("北京市朝阳区"));
}

#[test]
fn the_geopackage_follows_its_standard() {
    let database = rusqlite::Connection::open(CITY.dir.path().join("data/city_management/城市管理.gpkg")).unwrap();
    let id: i64 = database.query_row("PRAGMA application_id", [], |row| row.get(0)).unwrap();
    assert_eq!(id, 0x4750_4B47);
    let layers: i64 = database
        .query_row("SELECT count(*) FROM gpkg_contents JOIN gpkg_geometry_columns USING (table_name)", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(layers, 2);
    let blob: Vec<u8> = database.query_row("SELECT geom FROM cases LIMIT 1", [], |row| row.get(0)).unwrap();
    assert_eq!(&blob[..8], [b'G', b'P', 0, 1, 0x8a, 0x11, 0, 0]);
    let (x, y) = jingwei_geo::point_of(&blob[8..]).unwrap();
    assert!((115.4..117.6).contains(&x) && (39.4..41.1).contains(&y));
    let broken: i64 = database
        .query_row("SELECT count(*) FROM cases WHERE length(BGID) <> 15 OR length(CaseNo) <> 21", [], |row| row.get(0))
        .unwrap();
    assert_eq!(broken, 0);
}

#[test]
fn bursts_lie_in_the_history_and_show_in_the_orders() {
    let bursts = csv("truth/bursts.csv", encoding_rs::UTF_8);
    assert!(bursts.len() > 8);
    let orders = csv("data/hotline/12345工单.csv", encoding_rs::UTF_8);
    let mut stronger = 0;
    for burst in bursts.iter().skip(1) {
        assert!(burst[3] < burst[4] && burst[3].as_str() > "2024-07-01" && burst[4].as_str() <= "2026-06-30");
        let category = burst[1].replace('/', "->");
        let community = &burst[2];
        let in_burst = |at: &str| &at[..10] >= burst[3].as_str() && &at[..10] <= burst[4].as_str();
        let of = orders.iter().skip(1).filter(|row| row.len() == orders[0].len() && row[2] == category);
        let name = truth_community(community);
        let (inside, outside): (Vec<_>, Vec<_>) = of.filter(|row| row[11] == name).partition(|row| in_burst(&row[16]));
        stronger += usize::from(inside.len() * 20 > outside.len());
    }
    assert!(stronger + 1 >= bursts.len() - 1, "{stronger} of {}", bursts.len() - 1);
}

#[test]
fn alarms_and_calls_tell_of_one_incident_and_many_alarms_of_one_that_nobody_reports() {
    let incidents = truth("events_incidents");
    let of = |source: &str| &incidents[&(source.to_owned(), "events".to_owned())];
    let reported = of("work_orders").values().chain(of("inspection_cases").values()).collect::<BTreeSet<_>>();
    let alarms = of("alarms");
    let noticed = alarms.values().collect::<BTreeSet<_>>();
    let shared = noticed.intersection(&reported).count();
    assert!(shared >= 50 && shared * 3 < noticed.len() * 2, "{shared} of {}", noticed.len());
    let again = alarms.len() - noticed.len();
    assert!(again * 5 > alarms.len(), "{again} of {} alarms are repetitions", alarms.len());
}

/// The official name of a community.
fn truth_community(code: &str) -> String {
    let text = std::fs::read_to_string(CITY.dir.path().join("data/civil_affairs/行政区划.geojson")).unwrap();
    let line = text.lines().find(|line| line.contains(&format!("\"code\":\"{code}\""))).unwrap();
    let feature: serde_json::Value = serde_json::from_str(line.trim_start_matches(','))
        .unwrap_or_else(|_| serde_json::from_str(line.trim_end_matches(',')).unwrap());
    feature["properties"]["name"].as_str().unwrap().to_owned()
}

#[test]
fn the_project_s_configuration_reads_and_names_the_city_s_files() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    parse::<CityConfig>("jingwei.toml", &read(&config.join("jingwei.toml")), |_| None).unwrap();
    for path in files(&config.join("entities")) {
        parse::<EntityConfig>(&path.to_string_lossy(), &read(&path), |_| None)
            .unwrap_or_else(|error| panic!("{error}"));
    }
    let mut named = BTreeSet::new();
    for path in files(&config.join("sources")) {
        let source = parse::<SourceConfig>(&path.to_string_lossy(), &read(&path), |_| None)
            .unwrap_or_else(|error| panic!("{error}"));
        let wanted = source.from.path.unwrap();
        assert!(
            source.title_zh.is_some() && source.department.is_some() && !source.key.is_empty(),
            "{}",
            path.display()
        );
        let stem = wanted.split('*').next().unwrap().to_owned();
        let found = CITY
            .summary
            .files
            .iter()
            .filter(|file| file.path.to_string_lossy().starts_with(&stem))
            .map(|file| file.path.clone())
            .collect::<Vec<_>>();
        assert!(!found.is_empty(), "{}: no file {wanted}", path.display());
        named.extend(found);
    }
    for file in CITY.summary.files.iter().filter(|file| file.path.starts_with("data")) {
        assert!(named.contains(&file.path), "no source reads {}", file.path.display());
        assert!(CITY.dir.path().join(&file.path).is_file());
    }
}

#[test]
fn the_truth_names_records_as_the_configuration_does() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/sources");
    for (table, element) in [
        ("people", "people"),
        ("housing", "housing"),
        ("objects", "objects"),
        ("organizations", "organizations"),
        ("events_incidents", "events"),
    ] {
        for (source, record) in truth(table).into_keys() {
            let path = sources.join(format!("{source}.toml"));
            let config = parse::<SourceConfig>(&source, &std::fs::read_to_string(&path).unwrap(), |_| None).unwrap();
            let found = config.records.iter().find(|other| other.label() == record);
            assert_eq!(found.map(|record| record.element.name()), Some(element), "{source}, {record}");
        }
    }
}
