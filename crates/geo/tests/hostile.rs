//! Bytes of no good intent: what the fuzz targets (`fuzz/fuzz_targets`) hold, over mutations of sound geometries.
//!
//! `JINGWEI_HOSTILE_ROUNDS` says how many mutations are tried; a few thousand unless told otherwise.
#![allow(clippy::unwrap_used, missing_docs)]

#[expect(dead_code, reason = "only shapes are drawn by numbers between zero and one")]
mod draw;

use draw::Draw;
use jingwei_geo::{
    Crs, from_geojson, from_geometry, from_wkt, point_of, srid_of, to_finite_geometry, to_geometry, to_wkt,
    why_invalid, with_srid,
};

/// A place among so many; the first where there is none.
fn place(draw: &mut Draw, length: usize) -> usize {
    usize::try_from(draw.below(length.max(1) as u64)).unwrap()
}

const TEXTS: [&str; 12] = [
    "POINT(1 2)",
    "POINT Z (1 2 3)",
    "SRID=4326;LINESTRING(0 0,1e308 1,-1e-308 2)",
    "POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,2 1,2 2,1 1))",
    "MULTIPOINT((1 2),EMPTY,(3 4))",
    "MULTILINESTRING((0 0,1 1),(2 2,3 3))",
    "MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))",
    "GEOMETRYCOLLECTION(POINT(1 2),GEOMETRYCOLLECTION(LINESTRING(0 0,1 1)))",
    "POLYGON EMPTY",
    r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}"#,
    r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}"#,
    r#"{"type":"Feature","geometry":{"type":"MultiPoint","coordinates":[[1,2],[3,4]]},"properties":{}}"#,
];

/// Values that break what counts, sizes and signs are read from.
const WORDS: [u32; 8] = [0, 1, 7, 0xff, 0x2000_0001, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

fn mutate(bytes: &mut Vec<u8>, draw: &mut Draw) {
    for _ in 0..=draw.below(4) {
        let at = place(draw, bytes.len());
        match draw.below(6) {
            0 if !bytes.is_empty() => bytes[at] = draw.bits() as u8,
            1 if !bytes.is_empty() => bytes[at] ^= 1 << draw.below(8),
            2 => bytes.truncate(at),
            3 => bytes.insert(at, draw.bits() as u8),
            4 if bytes.len() >= 4 => {
                let at = place(draw, bytes.len() - 3);
                bytes[at..at + 4].copy_from_slice(&WORDS[place(draw, WORDS.len())].to_le_bytes());
            }
            _ => {
                let part = bytes[at..].to_vec();
                bytes.extend(&part);
                bytes.truncate(4096);
            }
        }
    }
}

fn rounds() -> usize {
    std::env::var("JINGWEI_HOSTILE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(20_000)
}

#[test]
fn any_bytes_as_wkb_are_an_error_or_a_geometry_that_is_written_and_read_as_itself() {
    let seeds = TEXTS.iter().filter_map(|text| from_wkt(text).or_else(|_| from_geojson(text)).ok());
    let seeds = seeds.flat_map(|wkb| [with_srid(&wkb, 4326), wkb]).collect::<Vec<_>>();
    let mut draw = Draw(1);
    for _ in 0..rounds() {
        let mut bytes = seeds[place(&mut draw, seeds.len())].clone();
        mutate(&mut bytes, &mut draw);
        let _ = srid_of(&bytes);
        let _ = point_of(&bytes);
        let _ = to_wkt(&bytes);
        let _ = with_srid(&bytes, 4548);
        if let Ok(geometry) = to_finite_geometry(&bytes) {
            assert_eq!(to_geometry(&from_geometry(&geometry)).ok(), Some(geometry.clone()), "{bytes:?}");
            let _ = why_invalid(&geometry);
        }
    }
}

#[test]
fn any_text_as_a_geometry_or_a_system_is_an_error_or_one() {
    let mut draw = Draw(2);
    for _ in 0..rounds() {
        let mut bytes = TEXTS[place(&mut draw, TEXTS.len())].as_bytes().to_vec();
        mutate(&mut bytes, &mut draw);
        let text = String::from_utf8_lossy(&bytes);
        let _ = from_wkt(&text);
        let _ = from_geojson(&text);
        let _ = Crs::parse(&text);
    }
}
