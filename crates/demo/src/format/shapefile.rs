//! ESRI Shapefiles of polygons with a GBK attribute table, as land surveys export them.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::error::{DemoError, Result};

/// Kind of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Text.
    Text,
    /// Number with so many decimals.
    Number(u8),
    /// Date, `yyyymmdd`.
    Date,
}

/// An attribute.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Name, ten bytes at most.
    pub name: &'static str,
    /// Kind.
    pub kind: FieldKind,
    /// Width in bytes.
    pub width: u8,
}

/// A Shapefile: `.shp`, `.shx`, `.dbf`, `.prj` and `.cpg`.
pub struct Shapefile {
    path: PathBuf,
    shp: BufWriter<File>,
    shx: BufWriter<File>,
    dbf: BufWriter<File>,
    fields: &'static [Field],
    rows: u32,
    /// Length of the `.shp` in 16-bit words.
    words: u32,
    bounds: [f64; 4],
}

const POLYGON: u32 = 5;
/// Kept in the header of the attribute table: the day the survey was delivered.
const DELIVERED: [u8; 3] = [126, 6, 30];
/// ANSI 936, Chinese.
const LANGUAGE: u8 = 0x4d;

impl Shapefile {
    /// Creates the files beside `path`, which ends in `.shp`; `crs` is the text of the `.prj`.
    pub fn create(path: &Path, fields: &'static [Field], crs: &str) -> Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(DemoError::io(folder))?;
        }
        let open = |extension: &str| {
            let path = path.with_extension(extension);
            File::create(&path).map(|file| BufWriter::with_capacity(1 << 17, file)).map_err(DemoError::io(path))
        };
        std::fs::write(path.with_extension("prj"), crs).map_err(DemoError::io(path))?;
        std::fs::write(path.with_extension("cpg"), "GBK").map_err(DemoError::io(path))?;
        let mut shapefile = Self {
            path: path.to_owned(),
            shp: open("shp")?,
            shx: open("shx")?,
            dbf: open("dbf")?,
            fields,
            rows: 0,
            words: 50,
            bounds: [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY],
        };
        shapefile.headers().map_err(DemoError::io(path))?;
        Ok(shapefile)
    }

    fn headers(&mut self) -> std::io::Result<()> {
        let bounds = if self.rows == 0 { [0.0; 4] } else { self.bounds };
        for (file, words) in [(&mut self.shp, self.words), (&mut self.shx, 50 + 4 * self.rows)] {
            let mut header = [0_u8; 100];
            header[..4].copy_from_slice(&9994_u32.to_be_bytes());
            header[24..28].copy_from_slice(&words.to_be_bytes());
            header[28..32].copy_from_slice(&1000_u32.to_le_bytes());
            header[32..36].copy_from_slice(&POLYGON.to_le_bytes());
            for (place, value) in bounds.iter().enumerate() {
                header[36 + 8 * place..44 + 8 * place].copy_from_slice(&value.to_le_bytes());
            }
            file.write_all(&header)?;
        }
        let width = 1 + self.fields.iter().map(|field| u16::from(field.width)).sum::<u16>();
        let mut header = vec![0x03];
        header.extend(DELIVERED);
        header.extend(self.rows.to_le_bytes());
        header.extend((32 * self.fields.len() as u16 + 33).to_le_bytes());
        header.extend(width.to_le_bytes());
        header.extend([0; 17]);
        header.push(LANGUAGE);
        header.extend([0; 2]);
        for field in self.fields {
            let mut name = [0_u8; 11];
            let bytes = encoding_rs::GBK.encode(field.name).0;
            let length = bytes.len().min(10);
            name[..length].copy_from_slice(&bytes[..length]);
            let (kind, decimals) = match field.kind {
                FieldKind::Text => (b'C', 0),
                FieldKind::Number(decimals) => (b'N', decimals),
                FieldKind::Date => (b'D', 0),
            };
            header.extend(name);
            header.extend([kind, 0, 0, 0, 0, field.width, decimals]);
            header.extend([0; 14]);
        }
        header.push(0x0d);
        self.dbf.write_all(&header)
    }

    /// Writes a polygon of one ring, given with its inside on the left and without its closing point.
    pub fn polygon(&mut self, ring: &[(f64, f64)], values: &[String]) -> Result<()> {
        self.record(ring, values).map_err(DemoError::io(&self.path))
    }

    fn record(&mut self, ring: &[(f64, f64)], values: &[String]) -> std::io::Result<()> {
        self.rows += 1;
        // An outer ring runs clockwise in this format.
        let points = ring.iter().chain(ring.first()).rev();
        let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        let mut body = Vec::with_capacity(200);
        for (x, y) in points {
            bounds = [bounds[0].min(*x), bounds[1].min(*y), bounds[2].max(*x), bounds[3].max(*y)];
            body.extend(x.to_le_bytes());
            body.extend(y.to_le_bytes());
        }
        self.bounds = [
            self.bounds[0].min(bounds[0]),
            self.bounds[1].min(bounds[1]),
            self.bounds[2].max(bounds[2]),
            self.bounds[3].max(bounds[3]),
        ];
        let count = ring.len() as u32 + 1;
        let mut content = POLYGON.to_le_bytes().to_vec();
        bounds.iter().for_each(|value| content.extend(value.to_le_bytes()));
        content.extend(1_u32.to_le_bytes());
        content.extend(count.to_le_bytes());
        content.extend(0_u32.to_le_bytes());
        content.extend(body);
        let words = content.len() as u32 / 2;
        self.shx.write_all(&self.words.to_be_bytes())?;
        self.shx.write_all(&words.to_be_bytes())?;
        self.shp.write_all(&self.rows.to_be_bytes())?;
        self.shp.write_all(&words.to_be_bytes())?;
        self.shp.write_all(&content)?;
        self.words += words + 4;

        let mut row = vec![b' '];
        for (field, value) in self.fields.iter().zip(values) {
            let bytes = encoding_rs::GBK.encode(value).0;
            let width = usize::from(field.width);
            let fits = bytes.len().min(width);
            let padding = std::iter::repeat_n(b' ', width - fits);
            if matches!(field.kind, FieldKind::Number(_)) {
                row.extend(padding);
                row.extend(&bytes[..fits]);
            } else {
                row.extend(&bytes[..fits]);
                row.extend(padding);
            }
        }
        self.dbf.write_all(&row)
    }

    /// Completes the headers and closes.
    pub fn finish(mut self) -> Result<u64> {
        let path = self.path.clone();
        let mut close = || -> std::io::Result<()> {
            self.dbf.write_all(&[0x1a])?;
            for file in [&mut self.shp, &mut self.shx, &mut self.dbf] {
                file.seek(SeekFrom::Start(0))?;
            }
            self.headers()?;
            for file in [&mut self.shp, &mut self.shx, &mut self.dbf] {
                file.flush()?;
            }
            Ok(())
        };
        close().map_err(DemoError::io(path))?;
        Ok(u64::from(self.rows))
    }
}
