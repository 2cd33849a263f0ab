//! Coordinate systems by code, name, `.prj` text or PROJJSON, and the way between any two of them.

mod baidu;
mod field;
mod gcj;
mod wkt;

use std::fmt;

use proj4rs::Proj;

use crate::GeoError;

pub(crate) use field::is_geometry;
pub use field::{WRITTEN_CRS, crs_of, geometry_field, geometry_metadata};

/// SRIDs of the systems that no authority numbers, in the range that PostGIS leaves to users.
const NAMED: [(u32, &str); 4] = [(910_001, "GCJ-02"), (910_002, "BD-09"), (910_003, "BD09MC"), (910_004, "GCJ02MC")];

/// What stands before the systems that only we name, where an authority is asked for.
const OURS: &str = "JINGWEI:";

/// A coordinate system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crs {
    name: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// Longitude and latitude on WGS 84; CGCS2000 differs from it by centimetres and is taken as the same.
    Geographic,
    /// A projected or other system as PROJ parameters.
    Proj(String),
    /// GCJ-02 longitude and latitude.
    Gcj02,
    /// BD-09 longitude and latitude.
    Bd09,
    /// Baidu's Mercator.
    Bd09Mc,
    /// Web Mercator over GCJ-02.
    Gcj02Mc,
}

impl Crs {
    /// Longitude and latitude, EPSG:4326.
    #[must_use]
    pub fn wgs84() -> Self {
        Self { name: "EPSG:4326".to_owned(), kind: Kind::Geographic }
    }

    /// Reads `EPSG:n`, a name (`WGS84`, `CGCS2000`, `GCJ-02`, `BD-09`, `BD09MC`, `GCJ02MC`, `OGC:CRS84`),
    /// the WKT of a `.prj` file, or PROJJSON.
    ///
    /// # Errors
    /// A system that is not known.
    pub fn parse(text: &str) -> Result<Self, GeoError> {
        let text = text.trim();
        let name = text.to_ascii_uppercase().replace([' ', '_'], "").replace('-', "");
        let kind = match name.as_str() {
            "EPSG:4326" | "EPSG:4490" | "EPSG:4979" | "WGS84" | "CGCS2000" | "OGC:CRS84" | "CRS84" | "4326"
            | "4490" => Kind::Geographic,
            "GCJ02" => Kind::Gcj02,
            "BD09" | "BD09LL" => Kind::Bd09,
            "BD09MC" => Kind::Bd09Mc,
            "GCJ02MC" => Kind::Gcj02Mc,
            _ if text.starts_with('{') => return from_projjson(text),
            _ if text.contains('[') => return from_wkt(text),
            _ if text.starts_with(OURS) => return Self::parse(text.trim_start_matches(OURS)),
            _ if text.starts_with("+proj") => Kind::Proj(text.to_owned()),
            other => {
                let digits = other.strip_prefix("EPSG:").or_else(|| other.rsplit("EPSG::").next()).unwrap_or(other);
                return from_epsg(digits.trim_start_matches("EPSG"), text);
            }
        };
        let name = match name.as_str() {
            "4326" | "WGS84" | "OGC:CRS84" | "CRS84" => "EPSG:4326",
            "4490" | "CGCS2000" => "EPSG:4490",
            "GCJ02" => "GCJ-02",
            "BD09" | "BD09LL" => "BD-09",
            "BD09MC" => "BD09MC",
            "GCJ02MC" => "GCJ02MC",
            "EPSG:4326" | "EPSG:4490" | "EPSG:4979" => &name,
            _ => text,
        };
        Ok(Self { name: name.to_owned(), kind })
    }

    /// The system of an SRID: an EPSG code, or one of ours for the named systems (910001 GCJ-02, 910002
    /// BD-09, 910003 BD09MC, 910004 GCJ02MC).
    ///
    /// # Errors
    /// A number that no system has.
    pub fn from_srid(srid: u32) -> Result<Self, GeoError> {
        match NAMED.iter().find(|(number, _)| *number == srid) {
            Some((_, name)) => Self::parse(name),
            None => Self::parse(&format!("EPSG:{srid}")),
        }
    }

    /// Its SRID; 0 for a system without a number.
    #[must_use]
    pub fn srid(&self) -> u32 {
        NAMED.iter().find(|(_, name)| *name == self.name).map_or_else(
            || self.name.strip_prefix("EPSG:").and_then(|code| code.parse().ok()).unwrap_or(0),
            |(srid, _)| *srid,
        )
    }

    /// A text that `parse` reads back as this system: its name, or its PROJ parameters where it has no code.
    #[must_use]
    pub fn definition(&self) -> &str {
        match &self.kind {
            Kind::Proj(definition) if self.srid() == 0 => definition,
            Kind::Geographic if self.srid() == 0 => "+proj=longlat +datum=WGS84 +no_defs",
            _ => &self.name,
        }
    }

    /// The name it goes by, e.g. `EPSG:4548`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether its coordinates are degrees.
    #[must_use]
    pub fn is_geographic(&self) -> bool {
        match &self.kind {
            Kind::Geographic | Kind::Gcj02 | Kind::Bd09 => true,
            Kind::Proj(definition) => definition.contains("+proj=longlat"),
            Kind::Bd09Mc | Kind::Gcj02Mc => false,
        }
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

fn unknown(name: &str) -> GeoError {
    let shown: String = name.chars().take(60).collect();
    GeoError::UnknownCrs {
        name: shown,
        hint: "write a code such as `EPSG:4548`, or one of WGS84, CGCS2000, GCJ-02, BD-09, BD09MC, GCJ02MC".to_owned(),
    }
}

fn from_epsg(digits: &str, text: &str) -> Result<Crs, GeoError> {
    let code = digits.parse::<u16>().map_err(|_| unknown(text))?;
    let definition = crs_definitions::from_code(code).ok_or_else(|| unknown(text))?;
    Ok(Crs { name: format!("EPSG:{code}"), kind: Kind::Proj(exact(definition.proj4)) })
}

/// A system with a code goes by it, so that two files in it are in the same one however they say so.
fn from_wkt(text: &str) -> Result<Crs, GeoError> {
    let kind = wkt::read(text)?;
    let coded = wkt::srid(text, &kind).and_then(|srid| Crs::from_srid(srid).ok());
    Ok(coded.unwrap_or_else(|| Crs { name: wkt::name(text), kind }))
}

fn from_projjson(text: &str) -> Result<Crs, GeoError> {
    let json: serde_json::Value = serde_json::from_str(text).map_err(|_| unknown(text))?;
    let id = &json["id"];
    match (id["authority"].as_str(), &id["code"]) {
        (Some("EPSG"), code) => Crs::parse(&format!(
            "EPSG:{}",
            code.as_u64().map_or_else(|| code.as_str().unwrap_or("").to_owned(), |code| code.to_string())
        )),
        (Some("OGC"), _) => Ok(Crs::wgs84()),
        (Some("JINGWEI"), code) => Crs::parse(code.as_str().unwrap_or("")),
        _ => Err(unknown(json["name"].as_str().unwrap_or(text))),
    }
}

/// PROJ's plain transverse Mercator loses millimetres away from its meridian; the extended one does not.
fn exact(definition: &str) -> String {
    definition.replace("+proj=tmerc", "+proj=etmerc")
}

/// The way from one system to another.
#[derive(Debug, Clone)]
pub struct Transformer {
    from: End,
    to: End,
    same: bool,
}

#[derive(Debug, Clone)]
struct End {
    crs: Crs,
    proj: Option<Box<Proj>>,
}

impl End {
    fn new(crs: &Crs) -> Result<Self, GeoError> {
        let proj = match &crs.kind {
            Kind::Proj(definition) => {
                Some(Box::new(Proj::from_proj_string(definition).map_err(|_| unknown(&crs.name))?))
            }
            _ => None,
        };
        Ok(Self { crs: crs.clone(), proj })
    }
}

impl Transformer {
    /// Prepares the way.
    ///
    /// # Errors
    /// A system whose projection is not known.
    pub fn new(from: &Crs, to: &Crs) -> Result<Self, GeoError> {
        Ok(Self { from: End::new(from)?, to: End::new(to)?, same: from.kind == to.kind })
    }

    /// Whether nothing changes on the way.
    #[must_use]
    pub const fn is_identity(&self) -> bool {
        self.same
    }

    /// Takes one point along.
    ///
    /// # Errors
    /// A point that one of the systems cannot express.
    pub fn transform(&self, x: f64, y: f64) -> Result<(f64, f64), GeoError> {
        if self.same {
            return Ok((x, y));
        }
        let outside = |end: &End, x, y| GeoError::Outside { x, y, crs: end.crs.name.clone() };
        if !x.is_finite() || !y.is_finite() {
            return Err(outside(&self.from, x, y));
        }
        let (lon, lat) = to_wgs84(&self.from, x, y).ok_or_else(|| outside(&self.from, x, y))?;
        if !(-180.0..=180.0).contains(&lon) || !(-90.0..=90.0).contains(&lat) {
            return Err(outside(&self.from, x, y));
        }
        let (x, y) = from_wgs84(&self.to, lon, lat).ok_or_else(|| outside(&self.to, lon, lat))?;
        if x.is_finite() && y.is_finite() { Ok((x, y)) } else { Err(outside(&self.to, lon, lat)) }
    }
}

fn longlat() -> Option<&'static Proj> {
    static LONGLAT: std::sync::LazyLock<Option<Proj>> =
        std::sync::LazyLock::new(|| Proj::from_proj_string("+proj=longlat +datum=WGS84 +no_defs").ok());
    LONGLAT.as_ref()
}

fn to_wgs84(end: &End, x: f64, y: f64) -> Option<(f64, f64)> {
    match &end.crs.kind {
        Kind::Geographic => Some((x, y)),
        Kind::Proj(_) => {
            let proj = end.proj.as_deref()?;
            let mut point = if proj.is_latlong() { (x.to_radians(), y.to_radians(), 0.0) } else { (x, y, 0.0) };
            proj4rs::transform::transform(proj, longlat()?, &mut point).ok()?;
            Some((point.0.to_degrees(), point.1.to_degrees()))
        }
        Kind::Gcj02 => Some(gcj::to_wgs84(x, y)),
        Kind::Bd09 => {
            let (x, y) = baidu::to_gcj02(x, y);
            Some(gcj::to_wgs84(x, y))
        }
        Kind::Bd09Mc => {
            let (x, y) = baidu::from_mercator(x, y);
            let (x, y) = baidu::to_gcj02(x, y);
            Some(gcj::to_wgs84(x, y))
        }
        Kind::Gcj02Mc => {
            let (x, y) = gcj::from_web_mercator(x, y);
            Some(gcj::to_wgs84(x, y))
        }
    }
}

fn from_wgs84(end: &End, lon: f64, lat: f64) -> Option<(f64, f64)> {
    match &end.crs.kind {
        Kind::Geographic => Some((lon, lat)),
        Kind::Proj(_) => {
            let proj = end.proj.as_deref()?;
            let mut point = (lon.to_radians(), lat.to_radians(), 0.0);
            proj4rs::transform::transform(longlat()?, proj, &mut point).ok()?;
            Some(if proj.is_latlong() { (point.0.to_degrees(), point.1.to_degrees()) } else { (point.0, point.1) })
        }
        Kind::Gcj02 => Some(gcj::from_wgs84(lon, lat)),
        Kind::Bd09 => {
            let (x, y) = gcj::from_wgs84(lon, lat);
            Some(baidu::from_gcj02(x, y))
        }
        Kind::Bd09Mc => {
            let (x, y) = gcj::from_wgs84(lon, lat);
            let (x, y) = baidu::from_gcj02(x, y);
            Some(baidu::to_mercator(x, y))
        }
        Kind::Gcj02Mc => {
            let (x, y) = gcj::from_wgs84(lon, lat);
            Some(gcj::to_web_mercator(x, y))
        }
    }
}

#[cfg(test)]
mod tests;
