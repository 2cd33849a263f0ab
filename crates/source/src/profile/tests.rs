//! Profiles of files as departments write them.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use encoding_rs::GB18030;
use jingwei_model::Element;
use jingwei_model::config::{self, Parser, SourceConfig};

use super::*;
use crate::testing::{collect, locator, row_numbers};

async fn profiled(dir: &Path, name: &str, bytes: &[u8]) -> (Profile, SourceConfig) {
    std::fs::write(dir.join(name), bytes).unwrap();
    let profile = profile(name, &locator(dir)).await.unwrap();
    let text = profile.to_toml();
    let config = config::parse::<SourceConfig>("proposal.toml", &text, |_| None)
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    (profile, config)
}

async fn rows(dir: &Path, config: &SourceConfig) -> usize {
    let mut rows = 0;
    for part in crate::open(config, &locator(dir)).await.unwrap() {
        let names: Vec<String> = part.schema.fields().iter().map(|field| field.name().clone()).collect();
        for column in config.columns.values() {
            for from in column.from.to_vec() {
                assert!(names.iter().any(|name| name == from), "{from} is no column of {names:?}");
            }
        }
        let batch = collect(part).await.unwrap();
        rows += row_numbers(&batch).len();
    }
    rows
}

#[tokio::test]
async fn a_register_in_gb18030_with_title_groups_and_total_is_proposed_whole() {
    let text = "某街道常住人口登记台账,,,,,,\n街道,姓名,身份证号码,联系电话,出生日期,现住址,备注\n\
                甲街道,张三,11010519491231002X,13800138000,1949-12-31,北京市朝阳区甲路1号院2号楼101室,无\n\
                ,李四,110105199003071233,13900139000,1990年3月7日,北京市朝阳区乙路3号楼2单元202室,\n\
                乙街道,王五,,无,1985/1/2,北京市朝阳区丙路5号楼3单元303室,独居\n\
                ,赵六,,010-62345678,1971-05-06,北京市朝阳区丁路7号楼4单元404室,\n合计,4,,,,,\n";
    let dir = tempfile::tempdir().unwrap();
    let (profile, config) = profiled(dir.path(), "人口.csv", &GB18030.encode(text).0).await;
    let sheet = profile.main().unwrap();
    assert_eq!((sheet.rows, sheet.layout.skip_rows, sheet.layout.header_rows), (4, 1, 1));
    assert_eq!(sheet.layout.footer, ["合计"]);
    assert_eq!(sheet.layout.fill_down, ["街道"]);
    assert_eq!(profile.encoding.as_deref(), Some("gb18030"));
    let parser = |name: &str| config.columns[name].parse;
    assert_eq!(parser("name"), Parser::Name);
    assert_eq!(parser("resident_id"), Parser::ResidentId);
    assert_eq!(parser("phone"), Parser::Phone);
    assert_eq!(parser("birth_date"), Parser::Date);
    assert_eq!(parser("address"), Parser::Address);
    assert_eq!(config.records[0].element, Element::People);
    assert!(config.records[0].set.contains_key("resident_id_partial"));
    assert_eq!(rows(dir.path(), &config).await, 4);
    let shown = profile.render();
    assert!(!shown.contains("张三") && !shown.contains("13800138000") && shown.contains("身份证号码"), "{shown}");
    assert!(serde_json::to_string(&profile).unwrap().contains("\"gb18030\""));
}

#[tokio::test]
async fn a_hotline_export_with_coordinates_becomes_events_with_points() {
    let mut text = String::from("\u{FEFF}工单编号,诉求类型,受理时间,标题,经度,纬度,是否解决\n");
    for n in 0..50 {
        text.push_str(&format!(
            "G{n:05},物业管理,2024-03-{:02} 08:{n:02}:00,电梯$停运{n},116.{n:03},39.9{n:02},是\n",
            n % 28 + 1
        ));
    }
    let dir = tempfile::tempdir().unwrap();
    let (profile, config) = profiled(dir.path(), "12345.csv", text.as_bytes()).await;
    assert_eq!(config.key, ["ticket_no"]);
    assert_eq!(config.columns["reported_at"].parse, Parser::Datetime);
    assert_eq!(config.columns["geom"].parse, Parser::Point);
    assert_eq!(config.columns["geom"].crs.as_deref(), Some("EPSG:4326"));
    assert_eq!(config.records[0].element, Element::Events);
    assert!(profile.to_toml().contains("GCJ-02"));
    assert_eq!(rows(dir.path(), &config).await, 50);
}

#[tokio::test]
async fn a_workbook_with_titles_merged_headers_and_totals_is_proposed_whole() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let format = rust_xlsxwriter::Format::new();
    sheet.set_name("企业").unwrap();
    sheet.merge_range(0, 0, 0, 4, "辖区企业台账", &format).unwrap();
    sheet.merge_range(1, 0, 2, 0, "序号", &format).unwrap();
    sheet.merge_range(1, 1, 1, 2, "企业", &format).unwrap();
    sheet.merge_range(1, 3, 1, 4, "负责人", &format).unwrap();
    for (column, name) in [(1, "名称"), (2, "统一社会信用代码"), (3, "姓名"), (4, "电话")] {
        sheet.write_string(2, column, name).unwrap();
    }
    for (row, code) in (3..).zip(["91350100M000100Y43", "91110000802100433B"]) {
        sheet.write_number(row, 0, f64::from(row - 2)).unwrap();
        sheet.write_string(row, 1, format!("某公司{row}")).unwrap();
        sheet.write_string(row, 2, code).unwrap();
        sheet.write_string(row, 3, "张三").unwrap();
        sheet.write_string(row, 4, "13800138000").unwrap();
    }
    sheet.write_string(5, 0, "合计").unwrap();
    sheet.write_number(5, 1, 2.0).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (profile, config) = profiled(dir.path(), "企业.xlsx", &book.save_to_buffer().unwrap()).await;
    let layout = &profile.main().unwrap().layout;
    assert_eq!(
        (layout.skip_rows, layout.header_rows, layout.footer.as_slice()),
        (1, 2, ["合计".to_owned()].as_slice()),
        "{}",
        profile.render()
    );
    assert_eq!(rows(dir.path(), &config).await, 2);
    assert!(config.columns.values().any(|column| column.parse == Parser::CreditCode), "{}", profile.to_toml());
}

#[tokio::test]
async fn a_boundary_file_without_a_system_gets_a_guess_from_its_coordinates() {
    let text = r#"{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"网格编码": "110105001001", "名称": "第一网格"},
        "geometry": {"type": "Polygon", "coordinates": [[[116.4, 39.9], [116.5, 39.9], [116.5, 40.0], [116.4, 39.9]]]}}]}"#;
    let dir = tempfile::tempdir().unwrap();
    let (profile, config) = profiled(dir.path(), "grid.geojson", text.as_bytes()).await;
    assert_eq!(config.columns["geom"].parse, Parser::Geometry);
    assert_eq!(config.records[0].element, Element::Areas);
    assert_eq!(
        profile.main().unwrap().columns.iter().find(|column| column.clean == "geom").unwrap().crs.as_deref(),
        Some("EPSG:4326")
    );
    assert_eq!(rows(dir.path(), &config).await, 1);
}

#[tokio::test]
async fn an_empty_file_is_profiled_too() {
    let dir = tempfile::tempdir().unwrap();
    let (profile, _) = profiled(dir.path(), "a.csv", b"").await;
    assert_eq!(profile.main().unwrap().rows, 0);
}

#[tokio::test]
async fn an_export_with_months_first_codes_and_money_is_proposed_without_loss() {
    let mut text = String::from(
        "LitigationID,Eviction Postcode,BIN,Class,Opened,Seen,Approved,Penalty,Far,Place (Borough),Place (Lot No.),Note\n",
    );
    for n in 0..30 {
        let class = if n == 3 { "2B" } else { "1" };
        let far = if n == 3 { "8.33" } else { "0" };
        text.push_str(&format!(
            "{},{},{},{class},{}/{}/2024,03/0{}/2024,04/{:02}/2013 12:00:00 AM,\"$1,{n:03}.00\",{far},Queens,{n:04},x\n",
            413_000 + n,
            11_200 + n,
            3_107_130 + n,
            n % 12 + 1,
            n % 28 + 1,
            n % 9 + 1,
            n % 30 + 1
        ));
    }
    let dir = tempfile::tempdir().unwrap();
    let (profile, config) = profiled(dir.path(), "cases.csv", text.as_bytes()).await;
    let column = |name: &str| {
        let column = &config.columns[name];
        (column.parse, column.pattern.clone())
    };
    let pattern = |text: &str| Some(text.to_owned());
    assert_eq!(config.key, ["litigation_id"]);
    assert_eq!(column("eviction_postcode"), (Parser::Text, None));
    assert_eq!(column("bin"), (Parser::Text, None));
    assert_eq!(column("class"), (Parser::Text, None));
    assert_eq!(column("opened"), (Parser::Date, pattern("%m/%d/%Y")));
    // Its own days are all below thirteen; the other columns tell.
    assert_eq!(column("seen"), (Parser::Date, pattern("%m/%d/%Y")));
    assert_eq!(column("approved"), (Parser::Datetime, pattern("%m/%d/%Y %I:%M:%S %p")));
    assert_eq!(column("penalty"), (Parser::Number, None));
    assert_eq!(column("far"), (Parser::Number, None));
    assert!(config.columns.contains_key("place_borough") && config.columns.contains_key("place_lot_no"));
    let shown = profile.render();
    assert!(shown.contains("413000") && shown.contains("$1,000.00"), "nothing here speaks of a person: {shown}");
    assert_eq!(rows(dir.path(), &config).await, 30);
}

#[tokio::test]
async fn dates_of_no_certain_order_are_left_as_text_with_a_word_about_it() {
    let dir = tempfile::tempdir().unwrap();
    let (profile, config) = profiled(dir.path(), "a.csv", b"no,day\n1,03/04/2024\n2,05/06/2024\n").await;
    assert_eq!(config.columns["day"].parse, Parser::Text);
    assert!(profile.to_toml().contains("%d/%m/%Y"), "{}", profile.to_toml());
}

fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    use std::io::Write;
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut zip = zip::ZipWriter::new(&mut bytes);
    for (name, text) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn members_of_one_form_are_read_together_and_others_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let files =
        [("lots/a.csv", "bbl,FLAG,far,class\n1,x,0,1\n2,y,2,1\n"), ("lots/b.csv", "bbl,flag,far,class\n3,z,8.3,2B\n")];
    let (_, config) = profiled(dir.path(), "lots.zip", &zipped(&files)).await;
    assert_eq!(config.from.member, None);
    // What a column is, it is in all of them.
    assert_eq!((config.columns["far"].parse, config.columns["class"].parse), (Parser::Number, Parser::Text));
    let mut count = 0;
    for part in crate::open(&config, &locator(dir.path())).await.unwrap() {
        count += collect(part).await.unwrap().num_rows();
    }
    assert_eq!(count, 3);
    let other = zipped(&[("a.csv", "bbl,flag\n1,x\n2,y\n"), ("codes.csv", "code,meaning\nx,1\n")]);
    let (profile, config) = profiled(dir.path(), "other.zip", &other).await;
    assert_eq!(config.from.member.as_deref(), Some("a.csv"));
    assert!(profile.to_toml().contains("codes.csv"), "{}", profile.to_toml());
}
