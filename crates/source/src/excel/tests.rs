//! Whole workbooks, made here or small and kept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write;

use arrow::array::RecordBatch;
use jingwei_model::config::SourceConfig;
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::error::SourceError;
use crate::testing::{open_bytes, row_numbers, texts};

async fn open(bytes: &[u8], change: impl FnOnce(&mut SourceConfig)) -> Result<Vec<RecordBatch>, SourceError> {
    open_bytes("book.xlsx", bytes, change).await
}

/// A register as departments write it: a title, a header of two levels, merged groups, dates, a footer.
fn register() -> Vec<u8> {
    let mut book = Workbook::new();
    let (plain, day, time) =
        (Format::new(), Format::new().set_num_format("yyyy/m/d"), Format::new().set_num_format("yyyy-mm-dd hh:mm"));
    let sheet = book.add_worksheet().set_name("登记").unwrap();
    sheet.merge_range(0, 0, 0, 6, "实有人口登记表", &plain).unwrap();
    sheet.merge_range(1, 0, 2, 0, "楼栋", &plain).unwrap();
    sheet.merge_range(1, 1, 1, 2, "居民", &plain).unwrap();
    sheet.write(2, 1, "姓名").unwrap().write(2, 2, "身份证号").unwrap();
    sheet.merge_range(1, 3, 2, 3, "登记\n日期", &plain).unwrap();
    sheet.write(2, 4, "更新时间").unwrap().write(2, 5, "面积").unwrap().write(2, 6, "在住").unwrap();
    sheet.merge_range(3, 0, 4, 0, "1号楼", &plain).unwrap();
    sheet.write(3, 1, "张三").unwrap().write(3, 2, 110_105_199_001_011_234_i64 as f64).unwrap();
    sheet.write_with_format(3, 3, ExcelDateTime::from_ymd(2024, 3, 1).unwrap(), &day).unwrap();
    let moment = ExcelDateTime::from_ymd(2024, 3, 1).unwrap().and_hms(10, 5, 0).unwrap();
    sheet.write_with_format(3, 4, moment, &time).unwrap();
    sheet.write(3, 5, 89.5).unwrap().write(3, 6, true).unwrap();
    sheet.write(4, 1, " 李四").unwrap().write(4, 2, "11010519900101123X").unwrap().write(4, 5, 90.0).unwrap();
    // Row 6 of the sheet is empty.
    sheet.write(6, 0, "2号楼").unwrap().write(6, 1, "王五").unwrap();
    sheet.write(7, 0, "合计").unwrap().write(7, 5, 179.5).unwrap();
    book.add_worksheet().set_name("说明").unwrap().write(0, 0, "说明").unwrap();
    book.save_to_buffer().unwrap()
}

fn as_register(config: &mut SourceConfig) {
    config.format.skip_rows = 1;
    config.format.header_rows = Some(2);
    config.format.footer = vec!["合计".to_owned()];
}

#[tokio::test]
async fn a_register_with_titles_merged_headers_and_groups_is_read_as_a_table() {
    let batches = open(&register(), as_register).await.unwrap();
    let [batch] = batches.as_slice() else { panic!("one sheet") };
    let names: Vec<String> = batch.schema().fields().iter().skip(5).map(|field| field.name().clone()).collect();
    assert_eq!(names, ["楼栋", "居民_姓名", "居民_身份证号", "登记 日期", "更新时间", "面积", "在住"]);
    assert_eq!(row_numbers(batch), [4, 5, 7]);
    assert_eq!(texts(batch, "楼栋"), [Some("1号楼"), Some("1号楼"), Some("2号楼")]);
    assert_eq!(texts(batch, "居民_姓名"), [Some("张三"), Some(" 李四"), Some("王五")]);
    assert_eq!(texts(batch, "居民_身份证号"), [Some("110105199001011000"), Some("11010519900101123X"), None]);
    assert_eq!(texts(batch, "登记 日期"), [Some("2024-03-01"), None, None]);
    assert_eq!(texts(batch, "更新时间"), [Some("2024-03-01 10:05:00"), None, None]);
    assert_eq!(texts(batch, "面积"), [Some("89.5"), Some("90"), None]);
    assert_eq!(texts(batch, "在住"), [Some("true"), None, None]);
    assert_eq!(texts(batch, "_sheet"), [Some("登记"); 3]);
    assert_eq!(texts(batch, "_file"), [Some("book.xlsx"); 3]);
}

#[tokio::test]
async fn a_sheet_is_chosen_by_name_and_a_wrong_name_lists_those_there_are() {
    let batches = open(&register(), |config| config.format.sheet = Some("说明".to_owned())).await.unwrap();
    assert_eq!(batches[0].num_rows(), 0);
    let error = open(&register(), |config| config.format.sheet = Some("登计".to_owned())).await.unwrap_err();
    assert!(error.is_user_error());
    let error = error.to_string();
    assert!(error.contains("book.xlsx") && error.contains("`登记`, `说明`"), "{error}");
}

#[tokio::test]
async fn every_sheet_is_a_part_but_not_the_empty_ones() {
    let mut book = Workbook::new();
    for (name, value) in [("b", 1.0), ("a", 2.0)] {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        sheet.write(0, 0, "x").unwrap().write(1, 0, value).unwrap();
    }
    book.add_worksheet().set_name("Sheet3").unwrap();
    let batches =
        open(&book.save_to_buffer().unwrap(), |config| config.format.sheet = Some("*".to_owned())).await.unwrap();
    let sheets: Vec<_> = batches.iter().map(|batch| texts(batch, "_sheet")[0].unwrap().to_owned()).collect();
    assert_eq!(sheets, ["b", "a"]);
    assert_eq!(texts(&batches[1], "x"), [Some("2")]);
}

#[tokio::test]
async fn parts_of_one_workbook_may_be_read_in_any_order_and_at_once() {
    use futures::StreamExt;
    let dir = tempfile::tempdir().unwrap();
    let mut book = Workbook::new();
    for name in ["a", "b"] {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        sheet.write(0, 0, "x").unwrap();
        for row in 1..=60_000 {
            sheet.write(row, 0, row).unwrap();
        }
    }
    book.save(dir.path().join("book.xlsx")).unwrap();
    let mut config = crate::testing::config_for("book.xlsx");
    config.format.sheet = Some("*".to_owned());
    let mut parts = crate::open(&config, &crate::testing::locator(dir.path())).await.unwrap();
    let (mut second, mut first) = (parts.pop().unwrap().rows, parts.pop().unwrap().rows);
    // The first part has begun and waits; the second must not wait for it.
    assert_eq!(first.next().await.unwrap().unwrap().num_rows(), 8192);
    let mut rows = 0;
    while let Some(batch) = second.next().await {
        rows += batch.unwrap().num_rows();
    }
    assert_eq!(rows, 60_000);
    drop(first);
}

#[tokio::test]
async fn fill_down_repeats_the_value_above_in_the_named_columns_only() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in [["g", "x"], ["1", "a"], ["", "b"], ["2", ""], ["", "d"]].iter().enumerate() {
        sheet.write_row(row as u32, 0, cells.iter().copied()).unwrap();
    }
    let bytes = book.save_to_buffer().unwrap();
    let batches = open(&bytes, |config| config.format.fill_down = vec!["g".to_owned()]).await.unwrap();
    assert_eq!(texts(&batches[0], "g"), [Some("1"), Some("1"), Some("2"), Some("2")]);
    assert_eq!(texts(&batches[0], "x"), [Some("a"), Some("b"), None, Some("d")]);
    let error = open(&bytes, |config| config.format.fill_down = vec!["h".to_owned()]).await.unwrap_err().to_string();
    assert!(error.contains("`h`") && error.contains("g, x"), "{error}");
}

#[tokio::test]
async fn columns_without_a_name_are_numbered_and_names_that_occur_twice_are_refused() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, ["a", "", "b"]).unwrap();
    sheet.write_row(1, 0, ["1", "2", "3", "4"]).unwrap();
    let batches = open(&book.save_to_buffer().unwrap(), |_| {}).await.unwrap();
    assert_eq!(texts(&batches[0], "c2"), [Some("2")]);
    assert_eq!(texts(&batches[0], "c4"), [Some("4")]);
    let batches = open(&book.save_to_buffer().unwrap(), |config| config.format.header_rows = Some(0)).await.unwrap();
    assert_eq!(texts(&batches[0], "c1"), [Some("a"), Some("1")]);
    let mut book = Workbook::new();
    book.add_worksheet().write_row(0, 0, ["电话", "x", "电话"]).unwrap();
    let error = open(&book.save_to_buffer().unwrap(), |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("`电话` (columns 1, 3)"), "{error}");
}

#[tokio::test]
async fn a_stray_cell_far_down_makes_its_row_a_fault_and_loses_nothing() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "a").unwrap();
    for row in 1..1500 {
        sheet.write(row, 0, row).unwrap();
    }
    sheet.write(1400, 7, "待核").unwrap();
    let batches = open(&book.save_to_buffer().unwrap(), |_| {}).await.unwrap();
    assert_eq!(batches[0].num_rows(), 1499);
    let faults: Vec<_> = texts(&batches[0], "_error")
        .into_iter()
        .zip(texts(&batches[0], "_text"))
        .filter(|(error, _)| error.is_some())
        .collect();
    assert_eq!(faults, [(Some("ragged_row"), Some("1400\t\t\t\t\t\t\t待核"))]);
}

#[tokio::test]
async fn an_empty_sheet_has_no_columns_and_no_rows() {
    let mut book = Workbook::new();
    book.add_worksheet();
    let batches = open(&book.save_to_buffer().unwrap(), |_| {}).await.unwrap();
    assert_eq!((batches[0].num_rows(), batches[0].num_columns()), (0, 5));
}

#[tokio::test]
async fn files_that_are_no_workbook_say_what_they_are() {
    for (bytes, word) in [
        (&b"<html><table><tr><td>1</td></tr></table></html>"[..], "HTML"),
        (b"<?xml version=\"1.0\"?><Workbook/>", "XML spreadsheet"),
        (b"a,b\n1,2\n", "csv"),
        (b"", "empty"),
    ] {
        let error = open_bytes("book.xls", bytes, |_| {}).await.unwrap_err();
        assert!(error.is_user_error());
        let error = error.to_string();
        assert!(error.contains(word) && error.contains("book.xls") && error.contains("hint"), "{error}");
    }
}

#[tokio::test]
async fn an_encrypted_workbook_says_that_it_is_one() {
    // The compound file around an encrypted workbook: a header, one FAT sector, a directory that names EncryptedPackage.
    let mut bytes = vec![0_u8; 512 * 3];
    bytes[..8].copy_from_slice(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);
    bytes[24..34].copy_from_slice(&[0x3e, 0, 3, 0, 0xfe, 0xff, 9, 0, 6, 0]);
    let mut put = |place: usize, value: u32| bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
    put(44, 1);
    put(48, 1);
    put(56, 4096);
    put(60, 0xffff_fffe);
    put(68, 0xffff_fffe);
    (0..109).for_each(|place| put(76 + 4 * place, if place == 0 { 0 } else { 0xffff_ffff }));
    (0..128)
        .for_each(|place| put(512 + 4 * place, [0xffff_fffd, 0xffff_fffe].get(place).copied().unwrap_or(0xffff_ffff)));
    for (entry, (name, kind)) in [("Root Entry", 5_u8), ("EncryptedPackage", 2)].iter().enumerate() {
        let begin = 1024 + 128 * entry;
        for (place, unit) in name.encode_utf16().enumerate() {
            bytes[begin + 2 * place..begin + 2 * place + 2].copy_from_slice(&unit.to_le_bytes());
        }
        bytes[begin + 64] = (2 * name.len() + 2) as u8;
        bytes[begin + 66] = *kind;
        let ends = [0xffff_ffff_u32, 0xffff_ffff, if entry == 0 { 1 } else { 0xffff_ffff }];
        for (place, end) in ends.iter().enumerate() {
            bytes[begin + 68 + 4 * place..begin + 72 + 4 * place].copy_from_slice(&end.to_le_bytes());
        }
        bytes[begin + 116..begin + 120].copy_from_slice(&0xffff_fffe_u32.to_le_bytes());
    }
    let error = open(&bytes, |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("password"), "{error}");
}

#[tokio::test]
async fn the_old_binary_format_is_read_with_its_merged_cells() {
    // Written with xlwt; generated data.
    let bytes = include_bytes!("../../tests/data/people.xls");
    let batches = open_bytes("people.xls", bytes, as_register).await.unwrap();
    let batch = &batches[0];
    assert_eq!(texts(batch, "网格"), [Some("G01"), Some("G01")]);
    assert_eq!(texts(batch, "居民_姓名"), [Some("张三"), Some("李四")]);
    assert_eq!(texts(batch, "居民_电话"), [Some("13800138000"), Some("13900139000")]);
    assert_eq!(texts(batch, "登记日期"), [Some("2024-03-01"), Some("2024-03-02")]);
    assert_eq!(texts(batch, "号码"), [Some("110105199001011000"), Some("true")]);
    assert_eq!(row_numbers(batch), [4, 5]);
}

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[tokio::test]
async fn open_document_is_read_with_its_merged_cells() {
    let cell = |text: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\"><office:body><office:spreadsheet>\
         <table:table table:name=\"表\"><table:table-row><table:table-cell table:number-columns-spanned=\"2\" office:value-type=\"string\"><text:p>居民</text:p></table:table-cell>\
         <table:covered-table-cell/>{}</table:table-row><table:table-row>{}{}{}</table:table-row>\
         <table:table-row><table:table-cell table:number-rows-spanned=\"2\" office:value-type=\"string\"><text:p>甲</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"float\" office:value=\"12\"><text:p>12</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"date\" office:date-value=\"2024-03-01\"><text:p>2024/3/1</text:p></table:table-cell></table:table-row>\
         <table:table-row><table:covered-table-cell/>{}{}</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>",
        cell(""),
        cell("姓名"),
        cell("年龄"),
        cell("日期"),
        cell("13"),
        cell("x")
    );
    let manifest = "<?xml version=\"1.0\"?><manifest:manifest xmlns:manifest=\"m\"></manifest:manifest>";
    let bytes = archive(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", manifest.as_bytes()),
        ("content.xml", content.as_bytes()),
    ]);
    let batches = open_bytes("book.ods", &bytes, |config| config.format.header_rows = Some(2)).await.unwrap();
    let batch = &batches[0];
    assert_eq!(texts(batch, "居民_姓名"), [Some("甲"), Some("甲")]);
    assert_eq!(texts(batch, "居民_年龄"), [Some("12"), Some("13")]);
    assert_eq!(texts(batch, "日期"), [Some("2024-03-01"), Some("x")]);
}

/// A record of the binary format.
fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = if kind < 0x80 { vec![kind as u8] } else { vec![(kind & 0x7f) as u8 | 0x80, (kind >> 7) as u8] };
    bytes.push(data.len() as u8);
    bytes.extend_from_slice(data);
    bytes
}

fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut bytes = (units.len() as u32).to_le_bytes().to_vec();
    bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    bytes
}

#[tokio::test]
async fn the_new_binary_format_is_read_with_its_merged_cells() {
    let u32s = |values: &[u32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let row = |index: u32| record(0x0000, &u32s(&[index, 0, 0, 0, 0]));
    let text = |column: u32, text: &str| record(0x0006, &[u32s(&[column, 0]), wide(text)].concat());
    let sheet: Vec<u8> = [
        record(0x0081, &[]),
        record(0x0094, &u32s(&[0, 3, 0, 1])),
        record(0x0091, &[]),
        row(0),
        text(0, "楼栋"),
        text(1, "姓名"),
        row(1),
        text(0, "1号楼"),
        text(1, "张三"),
        row(2),
        text(1, "李四"),
        record(0x0092, &[]),
        record(0x00b1, &u32s(&[1])),
        record(0x00b0, &u32s(&[1, 2, 0, 0])),
        record(0x00b2, &[]),
        record(0x0082, &[]),
    ]
    .concat();
    let workbook: Vec<u8> = [
        record(0x0083, &[]),
        record(0x008f, &[]),
        record(0x009c, &[u32s(&[0, 1]), wide("rId1"), wide("表")].concat()),
        record(0x0090, &[]),
        record(0x0084, &[]),
    ]
    .concat();
    let relations = "<?xml version=\"1.0\"?><Relationships><Relationship Id=\"rId1\" Type=\"worksheet\" Target=\"worksheets/sheet1.bin\"/></Relationships>";
    let bytes = archive(&[
        ("xl/_rels/workbook.bin.rels", relations.as_bytes()),
        ("xl/workbook.bin", &workbook),
        ("xl/worksheets/sheet1.bin", &sheet),
    ]);
    let batches = open_bytes("book.xlsb", &bytes, |_| {}).await.unwrap();
    assert_eq!(texts(&batches[0], "楼栋"), [Some("1号楼"), Some("1号楼")]);
    assert_eq!(texts(&batches[0], "姓名"), [Some("张三"), Some("李四")]);
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap().block_on(work)
}

/// Damaged files give rows or an error with the file's name; they never end the program.
fn survives(name: &str, bytes: &[u8]) {
    if let Err(error) = block_on(open_bytes(name, bytes, as_register)) {
        assert!(error.is_user_error() && error.to_string().contains(name), "{error:?}");
    }
}

/// Where a sequence of bytes stands in an old workbook.
fn place_of(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).position(|window| window == wanted).unwrap()
}

#[tokio::test]
async fn an_old_workbook_that_states_more_than_it_can_hold_is_an_error_before_room_is_made_for_it() {
    let sound = include_bytes!("../../tests/data/people.xls");
    let dimensions = place_of(sound, &[0x00, 0x02, 14, 0]) + 4;
    let sectors = |number: usize| 512 * (number + 1);
    let table = sectors(u32::from_le_bytes(sound[76..80].try_into().unwrap()) as usize);
    let directory = u32::from_le_bytes(sound[48..52].try_into().unwrap());
    let cell = place_of(sound, &[0xfd, 0x00, 10, 0]) + 4;
    // Rows of a sheet, columns of a sheet, the column of a cell, the length of the workbook, a chain of sectors without an
    // end.
    let entry = place_of(sound, &"Workbook".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    for (place, value) in [
        (dimensions + 4, 0x7fff_ffff_u32),
        (dimensions + 10, 0xffff),
        (cell + 2, 0x0100),
        (entry + 120, 0xffff_ff00),
        (table + 4 * directory as usize, directory),
    ] {
        let mut bytes = sound.to_vec();
        bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
        let error = open_bytes("book.xls", &bytes, as_register).await.unwrap_err();
        assert!(error.is_user_error() && error.to_string().contains("book.xls"), "{place}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases * 3 / 8))]
    #[test]
    fn a_cut_or_changed_workbook_is_an_error_with_its_name(place in 0.0..1.0_f64, bit in 0_u8..8, cut: bool, old: bool) {
        let mut bytes = if old { include_bytes!("../../tests/data/people.xls").to_vec() } else { register() };
        let place = (bytes.len() as f64 * place) as usize;
        if cut { bytes.truncate(place) } else { bytes[place] ^= 1 << bit }
        survives(if old { "book.xls" } else { "book.xlsx" }, &bytes);
    }

    #[test]
    fn every_cell_of_a_table_is_read_back(cells in proptest::collection::vec(proptest::collection::vec("[一-龥a-z0-9 ]{0,6}", 3), 1..40)) {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write_row(0, 0, ["x", "y", "z"]).unwrap();
        for (row, values) in cells.iter().enumerate() {
            for (column, value) in values.iter().enumerate().filter(|(_, value)| !value.is_empty()) {
                sheet.write(row as u32 + 1, column as u16, value).unwrap();
            }
        }
        let batches = block_on(open(&book.save_to_buffer().unwrap(), |_| {})).unwrap();
        let kept: Vec<(i64, &Vec<String>)> = cells.iter().enumerate().filter(|(_, row)| row.iter().any(|cell| !cell.trim().is_empty())).map(|(row, cells)| (row as i64 + 2, cells)).collect();
        prop_assert_eq!(row_numbers(&batches[0]), kept.iter().map(|(row, _)| *row).collect::<Vec<_>>());
        for (column, name) in ["x", "y", "z"].iter().enumerate() {
            let expected: Vec<Option<&str>> = kept.iter().map(|(_, row)| Some(row[column].as_str()).filter(|cell| !cell.is_empty())).collect();
            prop_assert_eq!(texts(&batches[0], name), expected);
        }
    }
}
