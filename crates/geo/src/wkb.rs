//! Well-known binary (OGC 06-103r4) with the EWKB flags of `PostGIS` tolerated; Z and M are dropped.

use geo::{
    BoundingRect, Coord, Geometry, GeometryCollection, InteriorPoint, LineString, MultiLineString, MultiPoint,
    MultiPolygon, Point, Polygon, Rect,
};

use crate::GeoError;

/// Collections may hold collections; deeper than this is an attack.
const MOST_DEPTH: usize = 32;

/// A point in ISO WKB, little endian.
#[must_use]
pub fn point_to_wkb(x: f64, y: f64) -> [u8; 21] {
    let mut bytes = [0; 21];
    bytes[0] = 1;
    bytes[1] = 1;
    bytes[5..13].copy_from_slice(&x.to_le_bytes());
    bytes[13..21].copy_from_slice(&y.to_le_bytes());
    bytes
}

/// The coordinates of a plain little-endian point, without building a geometry; `None` for anything else.
#[must_use]
#[inline]
pub fn point_of(bytes: &[u8]) -> Option<(f64, f64)> {
    let bytes: &[u8; 21] = bytes.try_into().ok()?;
    let ([order, code @ ..], rest) = bytes.split_first_chunk::<5>()?;
    // The header as a number: a comparison of slices would be a call for every row.
    if *order != 1 || u32::from_le_bytes(*code) != 1 {
        return None;
    }
    let (x, y) = rest.split_first_chunk::<8>()?;
    let (x, y) = (f64::from_le_bytes(*x), f64::from_le_bytes(y.try_into().ok()?));
    (!x.is_nan()).then_some((x, y))
}

/// The same where both coordinates are finite; other points, as anything else, are for [`to_finite_geometry`] to judge.
#[must_use]
#[inline]
pub fn finite_point_of(bytes: &[u8]) -> Option<(f64, f64)> {
    point_of(bytes).filter(|(x, y)| x.is_finite() && y.is_finite())
}

/// Any point's coordinates: the point itself, or a point inside or on any other geometry.
///
/// # Errors
/// Bytes that are no geometry. `Ok(None)` for an empty one.
pub fn representative_point(bytes: &[u8]) -> Result<Option<(f64, f64)>, GeoError> {
    if let Some(point) = point_of(bytes) {
        return Ok(Some(point));
    }
    Ok(to_geometry(bytes)?
        .interior_point()
        .map(|point| (point.x(), point.y()))
        .filter(|(x, y)| x.is_finite() && y.is_finite()))
}

/// The bounding rectangle; `None` for an empty geometry.
///
/// # Errors
/// Bytes that are no geometry.
pub fn bounds(bytes: &[u8]) -> Result<Option<Rect>, GeoError> {
    Ok(to_geometry(bytes)?.bounding_rect())
}

/// Reads a geometry.
///
/// # Errors
/// Truncated bytes, unknown types, counts larger than the bytes could hold.
pub fn to_geometry(bytes: &[u8]) -> Result<Geometry, GeoError> {
    Ok(read(bytes)?.0)
}

/// Reads a geometry whose coordinates are all finite, as the planar algorithms need it.
///
/// # Errors
/// Bytes that are no geometry; a coordinate that is NaN or infinite.
pub fn to_finite_geometry(bytes: &[u8]) -> Result<Geometry, GeoError> {
    match read(bytes)? {
        (geometry, true) => Ok(geometry),
        (_, false) => Err(GeoError::Wkb("a coordinate is not finite")),
    }
}

/// Hands on the rings of a polygon or multipolygon of the usual form (little endian, two dimensions) out of its bytes, and
/// whether each is a hole; `None` for anything else, or where `visit` gives it.
pub fn visit_rings(bytes: &[u8], visit: &mut impl FnMut(&[[u8; 16]], bool) -> Option<()>) -> Option<()> {
    let mut reader = Reader { bytes, big_endian: false, dimensions: 2, finite: true };
    match reader.plain_header()? {
        3 => reader.visit_rings(visit)?,
        6 => {
            for _ in 0..reader.count(5).ok()? {
                if reader.plain_header()? != 3 {
                    return None;
                }
                reader.visit_rings(visit)?;
            }
        }
        _ => return None,
    }
    reader.bytes.is_empty().then_some(())
}

/// A vertex of the usual form.
#[inline]
pub fn coord_of(pair: &[u8; 16]) -> Coord {
    let (numbers, _) = pair.as_chunks::<8>();
    Coord { x: f64::from_le_bytes(numbers[0]), y: f64::from_le_bytes(numbers[1]) }
}

/// The geometry, and whether its coordinates are finite.
fn read(bytes: &[u8]) -> Result<(Geometry, bool), GeoError> {
    let mut reader = Reader { bytes, big_endian: false, dimensions: 2, finite: true };
    let geometry = reader.geometry(0)?;
    if reader.bytes.is_empty() { Ok((geometry, reader.finite)) } else { Err(GeoError::Wkb("bytes after its end")) }
}

/// The flag of EWKB that says that an SRID follows.
const HAS_SRID: u32 = 0x2000_0000;

/// The type code and the place behind it; `None` for bytes too short for a header.
#[inline]
fn type_code(bytes: &[u8]) -> Option<u32> {
    let ([order, code @ ..], _) = bytes.split_first_chunk::<5>()?;
    Some(if *order == 0 { u32::from_be_bytes(*code) } else { u32::from_le_bytes(*code) })
}

/// The SRID that an EWKB value carries itself; 0 where it carries none.
#[must_use]
#[inline]
pub fn srid_of(bytes: &[u8]) -> u32 {
    let Some(srid) = type_code(bytes).filter(|code| code & HAS_SRID != 0).and(bytes.get(5..9)) else { return 0 };
    let Ok(srid) = srid.try_into() else { return 0 };
    if bytes[0] == 0 { u32::from_be_bytes(srid) } else { u32::from_le_bytes(srid) }
}

/// The value as EWKB with an SRID; as plain WKB for SRID 0.
#[must_use]
pub fn with_srid(bytes: &[u8], srid: u32) -> Vec<u8> {
    let Some(code) = type_code(bytes) else { return bytes.to_vec() };
    let rest = bytes.get(if code & HAS_SRID == 0 { 5 } else { 9 }..).unwrap_or_default();
    let code = if srid == 0 { code & !HAS_SRID } else { code | HAS_SRID };
    let big = bytes[0] == 0;
    let word = |word: u32| if big { word.to_be_bytes() } else { word.to_le_bytes() };
    let mut out = Vec::with_capacity(bytes.len() + 4);
    out.push(bytes[0]);
    out.extend(word(code));
    if srid != 0 {
        out.extend(word(srid));
    }
    out.extend(rest);
    out
}

/// The OGC number of the geometry's type, 1 (point) to 7 (collection), read from the header alone.
#[must_use]
pub fn type_of(bytes: &[u8]) -> Option<u32> {
    type_code(bytes).map(|code| (code & 0xffff) % 1000)
}

/// How many ordinates a vertex has: 2, 3 with Z or M, 4 with both.
#[must_use]
pub fn ordinates(bytes: &[u8]) -> i64 {
    let code = type_code(bytes).unwrap_or_default();
    let extended = i64::from(code & 0x8000_0000 != 0) + i64::from(code & 0x4000_0000 != 0);
    2 + extended.max(match (code & 0xffff) / 1000 {
        1 | 2 => 1,
        3 => 2,
        _ => 0,
    })
}

/// `POINT EMPTY`: a point of NaN, as GEOS and `PostGIS` write it.
#[must_use]
pub fn empty_point() -> [u8; 21] {
    let mut bytes = [0; 21];
    bytes[..5].copy_from_slice(&[1, 1, 0, 0, 0]);
    bytes[5..13].copy_from_slice(&f64::NAN.to_le_bytes());
    bytes[13..21].copy_from_slice(&f64::NAN.to_le_bytes());
    bytes
}

struct Reader<'a> {
    bytes: &'a [u8],
    big_endian: bool,
    dimensions: usize,
    finite: bool,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], GeoError> {
        let (head, tail) = self.bytes.split_at_checked(count).ok_or(GeoError::Wkb("it is cut off"))?;
        self.bytes = tail;
        Ok(head)
    }

    fn u32(&mut self) -> Result<u32, GeoError> {
        let bytes = self.take(4)?.try_into().map_err(|_| GeoError::Wkb("it is cut off"))?;
        Ok(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn f64(&mut self) -> Result<f64, GeoError> {
        let bytes = self.take(8)?.try_into().map_err(|_| GeoError::Wkb("it is cut off"))?;
        Ok(if self.big_endian { f64::from_be_bytes(bytes) } else { f64::from_le_bytes(bytes) })
    }

    /// A count of items that take at least `least` bytes each; memory is only set aside for what can be there.
    fn count(&mut self, least: usize) -> Result<usize, GeoError> {
        let count = self.u32()? as usize;
        if count > self.bytes.len() / least {
            Err(GeoError::Wkb("it counts more parts than it has bytes"))
        } else {
            Ok(count)
        }
    }

    fn header(&mut self) -> Result<u32, GeoError> {
        self.big_endian = match self.take(1)?[0] {
            0 => true,
            1 => false,
            _ => return Err(GeoError::Wkb("its first byte is no byte order")),
        };
        let code = self.u32()?;
        // EWKB flags Z, M and SRID in the upper bits; ISO adds thousands.
        let iso = (code & 0xffff) / 1000;
        let extended = usize::from(code & 0x8000_0000 != 0) + usize::from(code & 0x4000_0000 != 0);
        self.dimensions = 2 + extended.max(match iso {
            0 => 0,
            1 | 2 => 1,
            3 => 2,
            _ => return Err(GeoError::Wkb("its type is unknown")),
        });
        if code & 0x2000_0000 != 0 {
            self.u32()?;
        }
        Ok((code & 0xffff) % 1000)
    }

    fn coord(&mut self) -> Result<Coord, GeoError> {
        let coord = Coord { x: self.f64()?, y: self.f64()? };
        self.finite &= coord.x.is_finite() && coord.y.is_finite();
        for _ in 2..self.dimensions {
            self.f64()?;
        }
        Ok(coord)
    }

    fn line(&mut self) -> Result<LineString, GeoError> {
        let count = self.count(8 * self.dimensions)?;
        if !self.big_endian && self.dimensions == 2 {
            return self.plain_line(count);
        }
        let mut coords = Vec::with_capacity(count);
        for _ in 0..count {
            coords.push(self.coord()?);
        }
        Ok(LineString(coords))
    }

    /// The usual form, in one pass over its bytes.
    fn plain_line(&mut self, count: usize) -> Result<LineString, GeoError> {
        let mut finite = true;
        let coords = self.take(16 * count)?.as_chunks::<16>().0.iter().map(|pair| {
            let coord = coord_of(pair);
            finite &= coord.x.is_finite() && coord.y.is_finite();
            coord
        });
        let coords = coords.collect();
        self.finite &= finite;
        Ok(LineString(coords))
    }

    /// The type of a geometry of the usual form.
    fn plain_header(&mut self) -> Option<u32> {
        self.header().ok().filter(|_| !self.big_endian && self.dimensions == 2)
    }

    /// The rings behind a polygon's header.
    fn visit_rings(&mut self, visit: &mut impl FnMut(&[[u8; 16]], bool) -> Option<()>) -> Option<()> {
        for ring in 0..self.count(4).ok()? {
            let count = self.count(16).ok()?;
            visit(self.take(16 * count).ok()?.as_chunks::<16>().0, ring > 0)?;
        }
        Some(())
    }

    fn polygon(&mut self) -> Result<Polygon, GeoError> {
        let count = self.count(4)?;
        let mut rings = Vec::with_capacity(count);
        for _ in 0..count {
            rings.push(self.line()?);
        }
        let mut rings = rings.into_iter();
        let exterior = rings.next().unwrap_or_else(|| LineString(Vec::new()));
        if exterior.0.is_empty() {
            return match rings.all(|ring| ring.0.is_empty()) {
                true => Ok(Polygon::new(exterior, Vec::new())),
                false => Err(GeoError::Wkb("a polygon has a hole and no outer ring")),
            };
        }
        Ok(Polygon::new(exterior, rings.collect()))
    }

    fn parts(&mut self, depth: usize) -> Result<Vec<Geometry>, GeoError> {
        let count = self.count(5)?;
        let mut parts = Vec::with_capacity(count);
        for _ in 0..count {
            parts.push(self.geometry(depth + 1)?);
        }
        Ok(parts)
    }

    fn geometry(&mut self, depth: usize) -> Result<Geometry, GeoError> {
        if depth > MOST_DEPTH {
            return Err(GeoError::Wkb("its collections are nested too deeply"));
        }
        let wrong = || GeoError::Wkb("a part is of another type than the whole");
        Ok(match self.header()? {
            1 => {
                let finite = self.finite;
                let coord = self.coord()?;
                if coord.x.is_nan() && coord.y.is_nan() {
                    self.finite = finite;
                    Geometry::MultiPoint(MultiPoint(Vec::new()))
                } else {
                    Geometry::Point(Point(coord))
                }
            }
            2 => Geometry::LineString(self.line()?),
            3 => Geometry::Polygon(self.polygon()?),
            4 => {
                let points = self.parts(depth)?.into_iter().map(|part| match part {
                    Geometry::Point(point) => Ok(Some(point)),
                    Geometry::MultiPoint(empty) if empty.0.is_empty() => Ok(None),
                    _ => Err(wrong()),
                });
                Geometry::MultiPoint(MultiPoint(points.filter_map(Result::transpose).collect::<Result<_, _>>()?))
            }
            5 => {
                let lines = self.parts(depth)?.into_iter().map(|part| match part {
                    Geometry::LineString(line) => Ok(line),
                    _ => Err(wrong()),
                });
                Geometry::MultiLineString(MultiLineString(lines.collect::<Result<_, _>>()?))
            }
            6 => {
                let polygons = self.parts(depth)?.into_iter().map(|part| match part {
                    Geometry::Polygon(polygon) => Ok(polygon),
                    _ => Err(wrong()),
                });
                Geometry::MultiPolygon(MultiPolygon(polygons.collect::<Result<_, _>>()?))
            }
            7 => Geometry::GeometryCollection(GeometryCollection(self.parts(depth)?)),
            _ => return Err(GeoError::Wkb("its type is unknown")),
        })
    }
}

/// Writes a geometry as ISO WKB, little endian.
#[must_use]
pub fn from_geometry(geometry: &Geometry) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    write(geometry, &mut out);
    out
}

/// Appends a geometry as ISO WKB, little endian.
pub fn write(geometry: &Geometry, out: &mut Vec<u8>) {
    match geometry {
        Geometry::Point(point) => out.extend(point_to_wkb(point.x(), point.y())),
        Geometry::Line(line) => write_line(&LineString(vec![line.start, line.end]), out),
        Geometry::LineString(line) => write_line(line, out),
        Geometry::Polygon(polygon) => write_polygon(polygon, out),
        Geometry::MultiPoint(points) => {
            header(4, points.0.len(), out);
            points.0.iter().for_each(|point| out.extend(point_to_wkb(point.x(), point.y())));
        }
        Geometry::MultiLineString(lines) => {
            header(5, lines.0.len(), out);
            lines.0.iter().for_each(|line| write_line(line, out));
        }
        Geometry::MultiPolygon(polygons) => {
            header(6, polygons.0.len(), out);
            polygons.0.iter().for_each(|polygon| write_polygon(polygon, out));
        }
        Geometry::GeometryCollection(parts) => {
            header(7, parts.0.len(), out);
            parts.0.iter().for_each(|part| write(part, out));
        }
        Geometry::Rect(rect) => write_polygon(&rect.to_polygon(), out),
        Geometry::Triangle(triangle) => write_polygon(&triangle.to_polygon(), out),
    }
}

fn header(code: u32, count: usize, out: &mut Vec<u8>) {
    out.push(1);
    out.extend(code.to_le_bytes());
    out.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}

fn write_line(line: &LineString, out: &mut Vec<u8>) {
    out.push(1);
    out.extend(2_u32.to_le_bytes());
    write_coords(line, out);
}

fn write_polygon(polygon: &Polygon, out: &mut Vec<u8>) {
    if polygon.exterior().0.is_empty() {
        header(3, 0, out);
        return;
    }
    header(3, 1 + polygon.interiors().len(), out);
    write_coords(polygon.exterior(), out);
    polygon.interiors().iter().for_each(|ring| write_coords(ring, out));
}

fn write_coords(line: &LineString, out: &mut Vec<u8>) {
    out.extend(u32::try_from(line.0.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.reserve(line.0.len() * 16);
    for coord in &line.0 {
        out.extend(coord.x.to_le_bytes());
        out.extend(coord.y.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use geo::polygon;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_kind_of_geometry_reads_back_as_written() {
        let square = polygon![(x: 0., y: 0.), (x: 4., y: 0.), (x: 4., y: 4.), (x: 0., y: 0.)];
        let line = LineString::from(vec![(0., 0.), (1., 1.)]);
        for geometry in [
            Geometry::Point(Point::new(1., 2.)),
            Geometry::LineString(line.clone()),
            Geometry::Polygon(square.clone()),
            Geometry::MultiPoint(MultiPoint(vec![Point::new(1., 2.), Point::new(3., 4.)])),
            Geometry::MultiLineString(MultiLineString(vec![line])),
            Geometry::MultiPolygon(MultiPolygon(vec![square.clone()])),
            Geometry::GeometryCollection(GeometryCollection(vec![Geometry::Polygon(square)])),
        ] {
            assert_eq!(to_geometry(&from_geometry(&geometry)).unwrap(), geometry);
        }
    }

    #[test]
    fn extended_and_big_endian_forms_are_read() {
        let mut ewkb = vec![1];
        ewkb.extend(0xa000_0001_u32.to_le_bytes());
        ewkb.extend(4326_u32.to_le_bytes());
        for value in [1.0_f64, 2.0, 3.0] {
            ewkb.extend(value.to_le_bytes());
        }
        assert_eq!(to_geometry(&ewkb).unwrap(), Geometry::Point(Point::new(1., 2.)));
        let mut big = vec![0];
        big.extend(1_u32.to_be_bytes());
        big.extend(1.0_f64.to_be_bytes());
        big.extend(2.0_f64.to_be_bytes());
        assert_eq!(to_geometry(&big).unwrap(), Geometry::Point(Point::new(1., 2.)));
    }

    #[test]
    fn a_count_larger_than_the_bytes_is_refused_without_memory() {
        let mut hostile = vec![1];
        hostile.extend(2_u32.to_le_bytes());
        hostile.extend(u32::MAX.to_le_bytes());
        assert!(to_geometry(&hostile).is_err());
    }

    #[test]
    fn a_hole_without_an_outer_ring_is_refused_and_rings_without_points_are_an_empty_polygon() {
        let rings = |holes: [&[[f64; 2]]; 2]| {
            let mut bytes = Vec::new();
            header(3, 1 + holes.len(), &mut bytes);
            write_coords(&LineString(Vec::new()), &mut bytes);
            holes.iter().for_each(|hole| write_coords(&LineString::from(hole.to_vec()), &mut bytes));
            bytes
        };
        let empty = Geometry::Polygon(Polygon::new(LineString(Vec::new()), Vec::new()));
        assert_eq!(to_geometry(&rings([&[], &[]])).unwrap(), empty);
        let error = to_geometry(&rings([&[], &[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]])).unwrap_err();
        assert!(error.to_string().contains("a hole and no outer ring"), "{error}");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = to_geometry(&bytes);
            let _ = representative_point(&bytes);
        }

        #[test]
        fn a_cut_geometry_is_an_error(cut in 0_usize..92) {
            let bytes = from_geometry(&Geometry::Polygon(polygon![(x: 0., y: 0.), (x: 4., y: 0.), (x: 4., y: 4.), (x: 0., y: 4.)]));
            prop_assert!(to_geometry(&bytes[..cut]).is_err());
        }
    }
}
