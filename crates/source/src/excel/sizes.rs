//! XLS: the sizes a file states, checked before its reader makes room for them.
//!
//! A file that was damaged on its way can say that a sheet has four billion rows, or that a chain of its sectors comes
//! back to where it began. The reader takes both at their word, and memory it cannot get ends the program. The container
//! is read here with its chains checked (MS-CFB), and the records of the workbook for how large they say it is (MS-XLS).

use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// Rows and columns of a sheet: what the format has.
const ROWS: u32 = 1 << 16;
const COLUMNS: u32 = 1 << 8;
/// The record that says how large a sheet is.
const DIMENSIONS: u16 = 0x0200;
/// Records of cells, which begin with row and column: `Blank`, `Number`, `Label`, `BoolErr`, `Formula`, `RK`, `MulRk`,
/// `MulBlank`, `LabelSst`, `RString`.
const CELLS: [u16; 10] = [0x0201, 0x0203, 0x0204, 0x0205, 0x0006, 0x027e, 0x00bd, 0x00be, 0x00fd, 0x00d6];

/// Reads a workbook and says what is wrong with its sizes, if something is.
pub fn check(path: &Path) -> Result<()> {
    let mut file = cfb::open(path)?;
    let Some(name) = ["/Workbook", "/Book"].into_iter().find(|name| file.is_stream(name)) else {
        // What else such a file may hold is told by the reader.
        return Ok(());
    };
    let most = std::fs::metadata(path)?.len();
    let sizes = file.walk().filter(|entry| entry.is_stream()).map(|entry| entry.len());
    if sizes.max().is_some_and(|size| size > most) {
        return Err(wrong(format_args!("a part of it is said to be larger than the file's {most} bytes")));
    }
    let mut bytes = Vec::new();
    file.open_stream(name)?.take(most).read_to_end(&mut bytes)?;
    records(&bytes)
}

/// Looks at the records of a workbook: a kind, a length, and so many bytes each.
fn records(mut bytes: &[u8]) -> Result<()> {
    while let [kind_low, kind_high, low, high, rest @ ..] = bytes {
        let (kind, length) = (u16::from_le_bytes([*kind_low, *kind_high]), u16::from_le_bytes([*low, *high]));
        // A record that is cut off is an error of the reader's.
        let Some((data, after)) = rest.split_at_checked(usize::from(length)) else { break };
        if kind == DIMENSIONS {
            dimensions(data)?;
        } else if CELLS.contains(&kind)
            && let [_, _, low, high, ..] = data
        {
            let column = u32::from(u16::from_le_bytes([*low, *high]));
            if column >= COLUMNS {
                return Err(wrong(format_args!("a cell stands in column {}, and there are {COLUMNS}", column + 1)));
            }
        }
        bytes = after;
    }
    Ok(())
}

/// First row, row after the last, first column, column after the last.
fn dimensions(data: &[u8]) -> Result<()> {
    let short = |at: usize| u32::from(u16::from_le_bytes([data[at], data[at + 1]]));
    let long = |at: usize| short(at) | short(at + 2) << 16;
    let (first, rows, columns) = match data.len() {
        10 => (short(0), short(2), short(6)),
        // Some writers add two bytes to the fourteen.
        14 | 16 => (long(0), long(4), short(10)),
        _ => return Ok(()),
    };
    // An empty sheet may be said to begin where it ends.
    if rows > ROWS || columns > COLUMNS || (rows > 0 && first > rows) {
        return Err(wrong(format_args!(
            "a sheet is said to have rows {first} to {rows} and {columns} columns, and the format has {ROWS} and {COLUMNS}"
        )));
    }
    Ok(())
}

fn wrong(message: std::fmt::Arguments<'_>) -> Error {
    Error::new(ErrorKind::InvalidData, message.to_string())
}
