//! Rows of delimited text as batches.

use std::io::Read;

use jingwei_model::Reason;
use jingwei_model::config::SourceConfig;

use super::head::Head;
use super::records::{Field, Next, Records, unescape};
use crate::encoding::Damage;
use crate::error::Result;
use crate::header;
use crate::part::{Format, LocalFile, Part};
use crate::rows::TextRows;
use crate::stream::{Sink, blocking, produce};

/// CSV and its kin.
#[derive(Debug)]
pub(crate) struct Csv;

impl Format for Csv {
    async fn open(&self, file: LocalFile, config: &SourceConfig) -> Result<Vec<Part>> {
        let config = config.clone();
        let again = (file.clone(), config.clone());
        let rows = blocking(move || Ok(Table::open(file.reader()?, &file.display, None, config)?.rows)).await?;
        let schema = rows.provenance().schema().clone();
        let (file, config) = again;
        let display = file.display.clone();
        // Opened anew when its turn comes, so that a thousand files are not open at once.
        let rows = produce(move |sink| Table::open(file.reader()?, &file.display, None, config)?.run(sink));
        Ok(vec![Part { file: display, sheet: None, schema, rows }])
    }
}

struct Table {
    file: String,
    config: SourceConfig,
    head: Head,
    records: Records,
    rows: TextRows,
    fill_down: Vec<(usize, String)>,
}

impl Table {
    fn open(reader: Box<dyn Read + Send>, file: &str, sheet: Option<String>, config: SourceConfig) -> Result<Self> {
        let mut records = Records::new(reader, config.format.encoding.as_deref(), file)?;
        let head = Head::read(&mut records, &config, file)?;
        let rows = TextRows::new(file, sheet, &head.names);
        let fill_down = if head.empty { Vec::new() } else { header::fill_down(&config.format, &head.names, file)? };
        let fill_down = fill_down.into_iter().map(|column| (column, String::new())).collect();
        Ok(Self { file: file.to_owned(), config, head, records, rows, fill_down })
    }

    fn run(mut self, sink: &Sink) -> Result<()> {
        let mut damage = Damage::default();
        let mut last_bad: Option<(Vec<u8>, i64)> = None;
        let mut scratch = String::new();
        let mut any = false;
        loop {
            let next = self.records.advance()?;
            if next == Next::End {
                break;
            }
            let (bytes, line) = (self.records.bytes(), self.records.line());
            let text = std::str::from_utf8(bytes)
                .ok()
                .filter(|text| !(self.records.text().replaces() && text.contains('\u{FFFD}')));
            let Some(text) = text else {
                self.rows.push_fault(line, Reason::Undecodable, String::from_utf8_lossy(bytes));
                damage.bad(bytes, self.records.text(), &self.file, line)?;
                last_bad = Some((bytes.to_vec(), line));
                self.rows.send_full(sink)?;
                continue;
            };
            damage.good();
            let fields = self.records.fields();
            if next == Next::Misquoted {
                self.rows.push_fault(line, Reason::Malformed, text);
            } else if fields.iter().all(|field| field.start == field.end) {
                // A spreadsheet's empty row, written as delimiters alone.
                continue;
            } else if header::is_footer(&self.config.format, fields.iter().map(|field| &text[field.start..field.end])) {
                continue;
            } else if !self.head.fits(fields) {
                self.rows.push_fault(line, Reason::RaggedRow, text);
            } else {
                push(&mut self.rows, line, text, fields, &mut scratch, &mut self.fill_down);
            }
            any = true;
            self.rows.send_full(sink)?;
        }
        if let Some((bytes, line)) = last_bad {
            damage.end(&bytes, self.records.text(), &self.file, line)?;
        } else if !any {
            tracing::warn!("{} holds no rows", self.file);
        }
        self.rows.send_rest(sink)
    }
}

impl Head {
    /// As many fields as the header has; nameless last columns may be missing, surplus fields be empty.
    fn fits(&self, fields: &[Field]) -> bool {
        let width = self.names.len();
        fields.len() == width
            || (fields.len() < width && fields.len() >= self.least)
            || (fields.len() > width && fields[width..].iter().all(|field| field.start == field.end))
    }
}

/// Adds a row's cells.
fn push(
    rows: &mut TextRows,
    line: i64,
    text: &str,
    fields: &[Field],
    scratch: &mut String,
    fill_down: &mut [(usize, String)],
) {
    if fill_down.is_empty() && !fields.iter().any(|field| field.escaped) {
        return rows.push(line, fields.iter().map(|field| &text[field.start..field.end]));
    }
    scratch.clear();
    let mut ends = Vec::new();
    for field in fields.iter().filter(|field| field.escaped) {
        unescape(&text[field.start..field.end], scratch);
        ends.push(scratch.len());
    }
    let (mut begin, mut ends) = (0, ends.into_iter());
    let mut cells: Vec<&str> = Vec::with_capacity(fields.len());
    for field in fields {
        match field.escaped.then(|| ends.next()).flatten() {
            Some(end) => cells.push(&scratch[std::mem::replace(&mut begin, end)..end]),
            None => cells.push(&text[field.start..field.end]),
        }
    }
    for (column, last) in fill_down.iter_mut() {
        match cells.get(*column) {
            Some(cell) if !cell.trim().is_empty() => {
                last.clear();
                last.push_str(cell);
            }
            _ => {}
        }
    }
    for (column, last) in fill_down.iter() {
        if let Some(cell) = cells.get_mut(*column)
            && cell.trim().is_empty()
        {
            *cell = last;
        }
    }
    rows.push(line, cells);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use encoding_rs::GB18030;

    use super::*;
    use crate::testing::{open_bytes, row_numbers, texts};

    #[tokio::test]
    async fn a_row_of_other_width_is_kept_as_text_with_its_reason() {
        let batch = open_bytes("a.csv", b"a,b\n1,2\n3\n4,5,6\n7,8,\n", |_| ()).await.unwrap().remove(0);
        assert_eq!(texts(&batch, "_error"), [None, Some("ragged_row"), Some("ragged_row"), None]);
        assert_eq!(texts(&batch, "_text"), [None, Some("3"), Some("4,5,6"), None]);
        assert_eq!(texts(&batch, "a"), [Some("1"), None, None, Some("7")]);
        assert_eq!(row_numbers(&batch), [2, 3, 4, 5]);
    }

    #[tokio::test]
    async fn titles_headers_of_two_rows_groups_and_footers_are_read_as_departments_write_them() {
        let text = "2024年度台账,,,\n街道,户主,,\n,姓名,电话,\n甲街道,张三,1,\n,李四,2,\n合计,2,,\n";
        let change = |config: &mut SourceConfig| {
            config.format.skip_rows = 1;
            config.format.header_rows = Some(2);
            config.format.footer = vec!["合计".to_owned()];
            config.format.fill_down = vec!["街道".to_owned()];
        };
        let batch = open_bytes("台账.csv", text.as_bytes(), change).await.unwrap().remove(0);
        assert_eq!(texts(&batch, "街道"), [Some("甲街道"), Some("甲街道")]);
        assert_eq!(texts(&batch, "户主_姓名"), [Some("张三"), Some("李四")]);
        assert_eq!(texts(&batch, "户主_电话"), [Some("1"), Some("2")]);
        assert_eq!(row_numbers(&batch), [4, 5]);
    }

    #[tokio::test]
    async fn gb18030_is_read_and_a_damaged_row_is_set_apart() {
        let mut bytes = GB18030.encode("姓名,地址\n张三,朝阳\n").0.into_owned();
        bytes.extend_from_slice(b"\xC0\n");
        bytes.extend_from_slice(&GB18030.encode("李四,海淀\n").0);
        let batch = open_bytes("a.csv", &bytes, |_| ()).await.unwrap().remove(0);
        assert_eq!(texts(&batch, "姓名"), [Some("张三"), None, Some("李四")]);
        assert_eq!(texts(&batch, "_error"), [None, Some("undecodable"), None]);
    }

    #[tokio::test]
    async fn a_wrong_encoding_is_an_error_that_names_the_right_one() {
        let bytes = GB18030.encode(&format!("a,b\n{}", "张三,朝阳区酒仙桥路\n".repeat(40))).0.into_owned();
        let change = |config: &mut SourceConfig| config.format.encoding = Some("utf-8".to_owned());
        let error = open_bytes("a.csv", &bytes, change).await.unwrap_err().to_string();
        assert!(error.contains("format.encoding = \"gb18030\""), "{error}");
    }

    #[tokio::test]
    async fn a_wrong_delimiter_is_an_error_that_names_the_right_one() {
        let change = |config: &mut SourceConfig| config.format.delimiter = Some(",".to_owned());
        let error = open_bytes("a.csv", b"a;b\n1;2\n", change).await.unwrap_err().to_string();
        assert!(error.contains("format.delimiter = \";\""), "{error}");
    }

    #[tokio::test]
    async fn a_workbook_under_the_name_of_a_text_is_recognised() {
        let error = open_bytes("a.csv", b"PK\x03\x04...", |_| ()).await.unwrap_err().to_string();
        assert!(error.contains("format.kind = \"excel\""), "{error}");
    }

    #[tokio::test]
    async fn an_empty_file_and_a_header_alone_have_no_rows_and_are_no_error() {
        let change = |config: &mut SourceConfig| {
            config.columns.insert("x".to_owned(), crate::testing::column("甲"));
        };
        let batch = open_bytes("a.csv", b"", change).await.unwrap().remove(0);
        assert_eq!((batch.num_rows(), batch.schema().field(5).name().as_str()), (0, "甲"));
        assert_eq!(open_bytes("a.csv", b"a,b\n", |_| ()).await.unwrap()[0].num_rows(), 0);
    }

    #[tokio::test]
    async fn without_a_header_the_columns_are_numbered() {
        let change = |config: &mut SourceConfig| config.format.header_rows = Some(0);
        let batch = open_bytes("a.csv", b"1,\"x,y\"\n2,z\n", change).await.unwrap().remove(0);
        assert_eq!(texts(&batch, "c2"), [Some("x,y"), Some("z")]);
        assert_eq!(row_numbers(&batch), [1, 2]);
    }

    #[tokio::test]
    async fn quotes_and_newlines_inside_fields_come_back() {
        let batch =
            open_bytes("a.csv", b"a,b\n\"say \"\"hi\"\"\",\"1\n2\"\n\"\"\"\",3\n", |_| ()).await.unwrap().remove(0);
        assert_eq!(texts(&batch, "a"), [Some("say \"hi\""), Some("\"")]);
        assert_eq!(texts(&batch, "b"), [Some("1\n2"), Some("3")]);
        assert_eq!(row_numbers(&batch), [2, 4]);
    }

    #[tokio::test]
    async fn rows_beyond_one_batch_keep_their_numbers() {
        let mut text = String::from("n\n");
        for n in 0..20_000 {
            text.push_str(&format!("{n}\n"));
        }
        let batch = open_bytes("a.csv", text.as_bytes(), |_| ()).await.unwrap().remove(0);
        assert_eq!(batch.num_rows(), 20_000);
        assert_eq!(row_numbers(&batch)[19_999], 20_001);
        assert_eq!(texts(&batch, "n")[19_999], Some("19999"));
    }
}
