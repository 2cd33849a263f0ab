//! Merged regions: where the reader does not give them, and how a vertically merged value reaches the rows below.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use calamine::Dimensions;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

/// Values merged over several rows, carried down row by row.
#[derive(Debug, Default)]
pub struct Spread {
    columns: BTreeMap<u32, Column>,
}

#[derive(Debug, Default)]
struct Column {
    /// First and last rows, ordered.
    regions: Vec<(u32, u32)>,
    next: usize,
    last: Option<u32>,
    value: Option<String>,
}

impl Spread {
    /// For the rows from `first_row` on.
    pub fn new(merges: &[Dimensions], first_row: u32) -> Self {
        let mut columns: BTreeMap<u32, Column> = BTreeMap::new();
        for merge in merges.iter().filter(|merge| merge.start.0 >= first_row && merge.end.0 > merge.start.0) {
            columns.entry(merge.start.1).or_default().regions.push((merge.start.0, merge.end.0));
        }
        columns.values_mut().for_each(|column| column.regions.sort_unstable());
        Self { columns }
    }

    /// The value that covers a cell of `row` which has none of its own. To be asked for every row, top to
    /// bottom, with the cell's own text.
    pub fn covering(&mut self, row: u32, column: u32, own: &str) -> Option<&str> {
        let column = self.columns.get_mut(&column)?;
        while let Some((first, last)) = column.regions.get(column.next).copied().filter(|(first, _)| *first <= row) {
            column.next += 1;
            column.last = Some(last);
            column.value = (first == row && !own.is_empty()).then(|| own.to_owned());
        }
        column.value.as_deref().filter(|_| own.is_empty() && column.last.is_some_and(|last| row <= last))
    }
}

/// The names of a zip archive's members.
pub fn member_names(path: &Path) -> io::Result<Vec<String>> {
    let archive = ZipArchive::new(BufReader::new(File::open(path)?)).map_err(io::Error::other)?;
    let names = archive.file_names().filter_map(Result::ok);
    Ok(names.map(std::borrow::Cow::into_owned).collect())
}

type SheetMerges = Vec<(String, Vec<Dimensions>)>;

/// Regions of an OpenDocument workbook: cells that span columns or rows.
pub fn of_ods(path: &Path) -> io::Result<SheetMerges> {
    let mut archive = ZipArchive::new(BufReader::new(File::open(path)?)).map_err(io::Error::other)?;
    let member = archive.by_name("content.xml").map_err(io::Error::other)?;
    let mut xml = quick_xml::Reader::from_reader(BufReader::new(member));
    let mut buffer = Vec::new();
    let mut sheets: SheetMerges = Vec::new();
    let (mut row, mut column, mut repeated_rows) = (0_u32, 0_u32, 1_u32);
    loop {
        buffer.clear();
        let (element, is_empty) = match xml.read_event_into(&mut buffer).map_err(io::Error::other)? {
            Event::Start(element) => (element, false),
            Event::Empty(element) => (element, true),
            Event::End(element) if element.name().as_ref() == "table:table-row" => {
                row = row.saturating_add(repeated_rows);
                continue;
            }
            Event::Eof => return Ok(sheets),
            _ => continue,
        };
        let number =
            |name: &str| attribute(&element, name).and_then(|text| text.parse::<u32>().ok()).unwrap_or(1).max(1);
        match element.name().as_ref() {
            "table:table" => {
                sheets.push((attribute(&element, "table:name").unwrap_or_default(), Vec::new()));
                row = 0;
            }
            "table:table-row" => {
                column = 0;
                repeated_rows = number("table:number-rows-repeated");
                if is_empty {
                    row = row.saturating_add(repeated_rows);
                }
            }
            "table:table-cell" | "table:covered-table-cell" => {
                let (rows, columns) = (number("table:number-rows-spanned"), number("table:number-columns-spanned"));
                if let Some((_, merges)) = sheets.last_mut().filter(|_| rows > 1 || columns > 1) {
                    let end = (row.saturating_add(rows - 1), column.saturating_add(columns - 1));
                    merges.push(Dimensions::new((row, column), end));
                }
                column = column.saturating_add(number("table:number-columns-repeated"));
            }
            _ => {}
        }
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.try_get_attribute(name).ok()??;
    Some(attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok()?.into_owned())
}

/// Regions of a binary workbook, from the `BrtMergeCell` records (MS-XLSB 2.4.722) of its sheets.
pub fn of_xlsb(path: &Path) -> io::Result<SheetMerges> {
    let mut archive = ZipArchive::new(BufReader::new(File::open(path)?)).map_err(io::Error::other)?;
    let targets = relationships(&mut archive)?;
    let mut workbook = Vec::new();
    archive.by_name("xl/workbook.bin").map_err(io::Error::other)?.read_to_end(&mut workbook)?;
    let mut sheets = Vec::new();
    let mut records = Records(workbook.as_slice());
    while let Some((kind, data)) = records.next()? {
        // BrtBundleSh: state, id, relationship, name.
        if kind == 0x009c {
            let mut data = data.get(8..).unwrap_or_default();
            let relationship = wide_text(&mut data);
            let name = wide_text(&mut data);
            if let Some(target) = targets.get(&relationship) {
                sheets.push((name, target.clone()));
            }
        }
    }
    let mut all = Vec::new();
    for (name, target) in sheets {
        let Ok(member) = archive.by_name(&target) else { continue };
        let mut records = Records(BufReader::new(member));
        let mut merges = Vec::new();
        while let Some((kind, data)) = records.next()? {
            // BrtMergeCell: first row, last row, first column, last column.
            if kind == 0x00b0 && data.len() >= 16 {
                let number =
                    |place: usize| u32::from_le_bytes([data[place], data[place + 1], data[place + 2], data[place + 3]]);
                let (start, end) = ((number(0), number(8)), (number(4), number(12)));
                if start.0 <= end.0 && start.1 <= end.1 {
                    merges.push(Dimensions::new(start, end));
                }
            }
        }
        all.push((name, merges));
    }
    Ok(all)
}

/// Relationship id to member name.
fn relationships<R: Read + io::Seek>(archive: &mut ZipArchive<R>) -> io::Result<BTreeMap<String, String>> {
    let member = archive.by_name("xl/_rels/workbook.bin.rels").map_err(io::Error::other)?;
    let mut xml = quick_xml::Reader::from_reader(BufReader::new(member));
    let mut buffer = Vec::new();
    let mut targets = BTreeMap::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(io::Error::other)? {
            Event::Start(element) | Event::Empty(element) if element.local_name().as_ref() == "Relationship" => {
                if let Some((id, target)) = attribute(&element, "Id").zip(attribute(&element, "Target")) {
                    let member = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
                    targets.insert(id, member);
                }
            }
            Event::Eof => return Ok(targets),
            _ => {}
        }
    }
}

/// Records of the binary format: a kind and a length of 7 bits a byte, then the data.
struct Records<R>(R);

impl<R: Read> Records<R> {
    fn next(&mut self) -> io::Result<Option<(u32, Vec<u8>)>> {
        let Some(kind) = self.number(2)? else { return Ok(None) };
        let Some(length) = self.number(4)? else { return Ok(None) };
        let mut data = Vec::new();
        (&mut self.0).take(u64::from(length)).read_to_end(&mut data)?;
        Ok((data.len() == length as usize).then_some((kind, data)))
    }

    fn number(&mut self, most: u32) -> io::Result<Option<u32>> {
        let mut value = 0;
        for place in 0..most {
            let mut byte = [0];
            if self.0.read(&mut byte)? == 0 {
                return Ok(None);
            }
            value |= u32::from(byte[0] & 0x7f) << (7 * place);
            if byte[0] & 0x80 == 0 {
                break;
            }
        }
        Ok(Some(value))
    }
}

fn wide_text(data: &mut &[u8]) -> String {
    let Some((count, rest)) = data.split_first_chunk::<4>() else { return String::new() };
    let count = (u32::from_le_bytes(*count) as usize).saturating_mul(2).min(rest.len());
    let (text, rest) = rest.split_at(count);
    *data = rest;
    let units: Vec<u16> = text.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_reaches_the_rows_it_is_merged_over_and_no_further() {
        let mut spread = Spread::new(&[Dimensions::new((1, 0), (3, 0)), Dimensions::new((5, 0), (6, 1))], 1);
        assert_eq!(spread.covering(1, 0, "a"), None);
        assert_eq!(spread.covering(2, 0, ""), Some("a"));
        assert_eq!(spread.covering(3, 0, ""), Some("a"));
        assert_eq!(spread.covering(4, 0, ""), None);
        // The row where the second region begins was blank and not visited.
        assert_eq!(spread.covering(6, 0, ""), None);
        assert_eq!(spread.covering(6, 1, ""), None);
    }

    #[test]
    fn regions_of_the_header_do_not_reach_the_data() {
        let mut spread = Spread::new(&[Dimensions::new((0, 0), (1, 0))], 2);
        assert_eq!(spread.covering(2, 0, ""), None);
    }
}
