//! The geometry blob of a `GeoPackage` (OGC 12-128r18, 2.1.3): a header of its own before the WKB.

use jingwei_geo::{from_geometry, point_of, to_geometry};

/// What a blob holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Blob {
    /// A geometry, which `wkb` was set to; the number of its coordinate system.
    Geometry {
        /// `srs_id` of the blob.
        srs: i32,
    },
    /// A geometry without any point.
    Empty,
}

/// Reads a blob and puts the geometry into `wkb`, in two dimensions; `None` for bytes that are no standard
/// geometry, extended types among them.
pub fn read(bytes: &[u8], wkb: &mut Vec<u8>) -> Option<Blob> {
    let (head, rest) = bytes.split_first_chunk::<8>()?;
    let [b'G', b'P', _version, flags, srs @ ..] = *head else { return None };
    let srs = if flags & 1 == 1 { i32::from_le_bytes(srs) } else { i32::from_be_bytes(srs) };
    // Bit 5 marks a type of some vendor's own.
    if flags & 0b10_0000 != 0 {
        return None;
    }
    let envelope = match (flags >> 1) & 0b111 {
        0 => 0,
        1 => 32,
        2 | 3 => 48,
        4 => 64,
        _ => return None,
    };
    let body = rest.get(envelope..)?;
    if flags & 0b1_0000 != 0 {
        return Some(Blob::Empty);
    }
    wkb.clear();
    if point_of(body).is_some() {
        wkb.extend_from_slice(body);
        return Some(Blob::Geometry { srs });
    }
    let geometry = to_geometry(body).ok()?;
    if is_empty(&geometry) {
        return Some(Blob::Empty);
    }
    *wkb = from_geometry(&geometry);
    Some(Blob::Geometry { srs })
}

fn is_empty(geometry: &geo::Geometry) -> bool {
    use geo::CoordsIter;
    geometry.coords_iter().next().is_none()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use geo::{Geometry, Point, polygon};
    use proptest::prelude::*;

    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|place| u8::from_str_radix(&text[place..place + 2], 16).unwrap()).collect()
    }

    fn blob(flags: u8, envelope: usize, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![b'G', b'P', 0, flags];
        bytes.extend(4326_i32.to_le_bytes());
        bytes.extend(vec![0; envelope]);
        bytes.extend_from_slice(body);
        bytes
    }

    #[test]
    fn the_point_of_a_published_blob_is_where_it_should_be() {
        let bytes = hex("47500001e61000000101000000a8104fa964915cc088ec041a7d7d4140");
        let mut wkb = Vec::new();
        assert_eq!(read(&bytes, &mut wkb), Some(Blob::Geometry { srs: 4326 }));
        let (x, y) = point_of(&wkb).unwrap();
        assert!((x + 114.271_768_882).abs() < 1e-9 && (y - 34.980_380_299).abs() < 1e-9, "{x} {y}");
    }

    #[test]
    fn every_kind_of_envelope_is_stepped_over() {
        let square = Geometry::Polygon(polygon![(x: 0., y: 0.), (x: 4., y: 0.), (x: 4., y: 4.), (x: 0., y: 0.)]);
        let body = from_geometry(&square);
        for (code, length) in [(0, 0), (1, 32), (2, 48), (3, 48), (4, 64)] {
            let mut wkb = Vec::new();
            assert_eq!(read(&blob(1 | code << 1, length, &body), &mut wkb), Some(Blob::Geometry { srs: 4326 }));
            assert_eq!(to_geometry(&wkb).unwrap(), square);
        }
        assert_eq!(read(&blob(1 | 5 << 1, 0, &body), &mut Vec::new()), None);
    }

    #[test]
    fn heights_and_measures_are_dropped() {
        let mut body = vec![1];
        body.extend(3001_u32.to_le_bytes());
        for value in [1.0_f64, 2.0, 3.0, 4.0] {
            body.extend(value.to_le_bytes());
        }
        let mut wkb = Vec::new();
        read(&blob(1, 0, &body), &mut wkb).unwrap();
        assert_eq!(to_geometry(&wkb).unwrap(), Geometry::Point(Point::new(1., 2.)));
    }

    #[test]
    fn empty_geometries_and_extended_types_are_told_apart() {
        let body = from_geometry(&Geometry::Point(Point::new(1., 2.)));
        assert_eq!(read(&blob(0b1_0001, 0, &body), &mut Vec::new()), Some(Blob::Empty));
        assert_eq!(read(&blob(0b10_0001, 0, &body), &mut Vec::new()), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120), marked: bool) {
            let mut bytes = bytes;
            if marked && bytes.len() > 4 {
                bytes[..3].copy_from_slice(b"GP\0");
            }
            let _ = read(&bytes, &mut Vec::new());
        }
    }
}
