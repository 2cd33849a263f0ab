//! The records of a `.shp` file, one at a time, so that a damaged one does not hide the others.

use std::fs::File;
use std::io::{BufReader, Cursor, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use geo::{Coord, Geometry, LineString, MultiLineString, MultiPoint, Point};
use shapefile::record::traits::HasXY;
use shapefile::{Patch, ReadableShape, Shape};

use super::rings;
use crate::error::{Result, SourceError};

/// Bytes of the file's header, and of a record's.
const FILE_HEADER: u64 = 100;
const RECORD_HEADER: u64 = 8;
/// ESRI writes numbers below this for "no value".
const NO_DATA: f64 = -1e38;

/// The shapes of a shapefile.
pub struct Shapes {
    reader: BufReader<File>,
    place: u64,
    length: u64,
    /// Where each record begins, if the index is there.
    index: Option<std::vec::IntoIter<u64>>,
    content: Vec<u8>,
}

/// One record.
#[derive(Debug)]
pub enum Record {
    /// A geometry.
    Shape(Geometry),
    /// A record without one.
    Null,
    /// Bytes that are no shape.
    Damaged,
}

impl Shapes {
    /// Opens the shapes at `path`; an index that cannot be read is done without.
    pub fn open(display: &str, path: &Path, shx: Option<&Path>) -> Result<Self> {
        let failed = |error| SourceError::io(display, error);
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let mut reader = BufReader::with_capacity(1 << 18, file);
        let mut head = [0; 4];
        let read = reader.read_exact(&mut head);
        if read.is_err() || i32::from_be_bytes(head) != 9994 || length < FILE_HEADER {
            let error = SourceError::data(display, "the file is no shapefile: its first bytes are not those of a .shp");
            return Err(error.with_hint("export it again and deliver all files of the shapefile"));
        }
        reader.seek(SeekFrom::Start(FILE_HEADER)).map_err(failed)?;
        let index = shx.and_then(|shx| read_index(shx, length)).map(Vec::into_iter);
        Ok(Self { reader, place: FILE_HEADER, length, index, content: Vec::new() })
    }

    /// The next record; `None` after the last one.
    pub fn next(&mut self) -> std::io::Result<Option<Record>> {
        if let Some(index) = &mut self.index {
            let Some(begin) = index.next() else { return Ok(None) };
            if begin != self.place {
                self.reader.seek(SeekFrom::Start(begin))?;
                self.place = begin;
            }
        }
        if self.place + RECORD_HEADER > self.length {
            return Ok(None);
        }
        let mut head = [0; RECORD_HEADER as usize];
        self.reader.read_exact(&mut head)?;
        self.place += RECORD_HEADER;
        let size = u64::from(u32::from_be_bytes([head[4], head[5], head[6], head[7]])) * 2;
        if size > self.length - self.place {
            // Without an index nothing says where the next record begins.
            self.place = self.length;
            return Ok(Some(Record::Damaged));
        }
        self.content.clear();
        (&mut self.reader).take(size).read_to_end(&mut self.content)?;
        if self.content.len() as u64 != size {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.place += size;
        Ok(Some(parse(&self.content)))
    }
}

/// The records' places by the `.shx` file; `None` for one that does not fit the `.shp`.
fn read_index(path: &Path, length: u64) -> Option<Vec<u64>> {
    let bytes = std::fs::read(path).ok()?;
    let entries = bytes.get(FILE_HEADER as usize..)?;
    let places: Vec<u64> = entries
        .chunks_exact(8)
        .map(|entry| u64::from(u32::from_be_bytes([entry[0], entry[1], entry[2], entry[3]])) * 2)
        .collect();
    places.iter().all(|place| *place >= FILE_HEADER && place + RECORD_HEADER <= length).then_some(places)
}

/// A record's geometry in two dimensions.
fn parse(content: &[u8]) -> Record {
    if !counts_fit(content) {
        return Record::Damaged;
    }
    let size = i32::try_from(content.len()).unwrap_or(i32::MAX);
    let Ok(shape) = Shape::read_from(&mut Cursor::new(content), size) else { return Record::Damaged };
    let geometry = match shape {
        Shape::NullShape => None,
        Shape::Point(point) => point_of(&point),
        Shape::PointM(point) => point_of(&point),
        Shape::PointZ(point) => point_of(&point),
        Shape::Multipoint(points) => points_of(points.points()),
        Shape::MultipointM(points) => points_of(points.points()),
        Shape::MultipointZ(points) => points_of(points.points()),
        Shape::Polyline(lines) => lines_of(lines.parts().iter().map(|part| line_of(part))),
        Shape::PolylineM(lines) => lines_of(lines.parts().iter().map(|part| line_of(part))),
        Shape::PolylineZ(lines) => lines_of(lines.parts().iter().map(|part| line_of(part))),
        Shape::Polygon(polygon) => rings::assemble(polygon.rings().iter().map(|ring| line_of(ring.points())).collect()),
        Shape::PolygonM(polygon) => {
            rings::assemble(polygon.rings().iter().map(|ring| line_of(ring.points())).collect())
        }
        Shape::PolygonZ(polygon) => {
            rings::assemble(polygon.rings().iter().map(|ring| line_of(ring.points())).collect())
        }
        Shape::Multipatch(patches) => {
            let flat = |patch: &Patch| !matches!(patch, Patch::TriangleStrip(_) | Patch::TriangleFan(_));
            if !patches.patches().iter().all(flat) {
                return Record::Damaged;
            }
            rings::assemble(patches.patches().iter().map(|patch| line_of(patch.points())).collect())
        }
    };
    geometry.map_or(Record::Null, Record::Shape)
}

/// Whether the numbers of parts and points a record announces can be in it, before memory is set aside for them.
fn counts_fit(content: &[u8]) -> bool {
    let number = |place: usize| {
        content.get(place..place + 4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    };
    let (parts, points) = match number(0) {
        Some(8 | 18 | 28) => (Some(0), number(36)),
        Some(3 | 5 | 13 | 15 | 23 | 25 | 31) => (number(36), number(40)),
        Some(_) => return true,
        None => return false,
    };
    parts
        .zip(points)
        .is_some_and(|(parts, points)| u64::from(parts) * 4 + u64::from(points) * 16 <= content.len() as u64)
}

fn coord_of(point: &impl HasXY) -> Coord {
    Coord { x: point.x(), y: point.y() }
}

fn is_set(coord: &Coord) -> bool {
    coord.x.is_finite() && coord.y.is_finite() && coord.x > NO_DATA && coord.y > NO_DATA
}

fn point_of(point: &impl HasXY) -> Option<Geometry> {
    Some(coord_of(point)).filter(is_set).map(|coord| Geometry::Point(Point(coord)))
}

fn points_of(points: &[impl HasXY]) -> Option<Geometry> {
    let points: Vec<Point> = points.iter().map(coord_of).filter(is_set).map(Point).collect();
    (!points.is_empty()).then_some(Geometry::MultiPoint(MultiPoint(points)))
}

fn line_of(points: &[impl HasXY]) -> LineString {
    LineString(points.iter().map(coord_of).collect())
}

fn lines_of(lines: impl Iterator<Item = LineString>) -> Option<Geometry> {
    let mut lines: Vec<LineString> = lines.filter(|line| !line.0.is_empty()).collect();
    match lines.len() {
        0 => None,
        1 => lines.pop().map(Geometry::LineString),
        _ => Some(Geometry::MultiLineString(MultiLineString(lines))),
    }
}
