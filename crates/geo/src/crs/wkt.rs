//! The WKT of `.prj` files (OGC 01-009 and ESRI's dialect) as PROJ parameters.

use super::{Kind, unknown};
use crate::GeoError;

/// The system a `.prj` text describes.
pub fn read(text: &str) -> Result<Kind, GeoError> {
    let root = Node::parse(text).ok_or_else(|| unknown(text))?;
    let geographic = root.find(&["GEOGCS", "GEOGCRS", "BASEGEOGCRS", "GEODCRS"]).ok_or_else(|| unknown(text))?;
    let projected = root.is("PROJCS") || root.is("PROJCRS");
    if !projected {
        return Ok(Kind::Geographic);
    }
    let ellipsoid = geographic.find(&["SPHEROID", "ELLIPSOID"]).ok_or_else(|| unknown(text))?;
    let (a, rf) =
        (ellipsoid.number(1).ok_or_else(|| unknown(text))?, ellipsoid.number(2).ok_or_else(|| unknown(text))?);
    let method = root.find(&["PROJECTION", "METHOD"]).and_then(|node| node.text(0)).ok_or_else(|| unknown(text))?;
    let method = method.to_ascii_lowercase().replace(' ', "_");
    // The unit of a projected system is the last one written at its own level.
    let unit = root
        .children
        .iter()
        .filter_map(Value::node)
        .rfind(|node| node.is("UNIT") || node.is("LENGTHUNIT"))
        .and_then(|node| node.number(1))
        .unwrap_or(1.0);
    let parameter = |names: &[&str]| {
        root.all("PARAMETER").into_iter().find_map(|node| {
            let name = node.text(0)?.to_ascii_lowercase().replace(' ', "_");
            names.contains(&name.as_str()).then(|| node.number(1)).flatten()
        })
    };
    let lon0 =
        parameter(&["central_meridian", "longitude_of_center", "longitude_of_origin", "longitude_of_natural_origin"])
            .unwrap_or(0.0);
    let lat0 = parameter(&["latitude_of_origin", "latitude_of_center", "latitude_of_natural_origin"]).unwrap_or(0.0);
    let east = parameter(&["false_easting"]).unwrap_or(0.0) * unit;
    let north = parameter(&["false_northing"]).unwrap_or(0.0) * unit;
    let scale = parameter(&["scale_factor", "scale_factor_at_natural_origin"]).unwrap_or(1.0);
    let first = parameter(&["standard_parallel_1", "latitude_of_1st_standard_parallel"]);
    let second = parameter(&["standard_parallel_2", "latitude_of_2nd_standard_parallel"]);
    let shape = match method.as_str() {
        "transverse_mercator" | "gauss_kruger" => format!("+proj=etmerc +lat_0={lat0} +k={scale}"),
        "lambert_conformal_conic" | "lambert_conformal_conic_2sp" | "lambert_conic_conformal_(2sp)" => {
            let first = first.unwrap_or(lat0);
            format!("+proj=lcc +lat_0={lat0} +lat_1={first} +lat_2={}", second.unwrap_or(first))
        }
        "lambert_conformal_conic_1sp" => format!("+proj=lcc +lat_0={lat0} +lat_1={lat0} +k_0={scale}"),
        "albers" | "albers_conic_equal_area" => {
            format!("+proj=aea +lat_0={lat0} +lat_1={} +lat_2={}", first.unwrap_or(lat0), second.unwrap_or(lat0))
        }
        "mercator_auxiliary_sphere" | "popular_visualisation_pseudo_mercator" => "+proj=webmerc".to_owned(),
        "mercator" | "mercator_1sp" => format!("+proj=merc +k={scale}"),
        _ => return Err(unknown(&method)),
    };
    let to_metre = if (unit - 1.0).abs() < 1e-12 { String::new() } else { format!(" +to_meter={unit}") };
    let figure = if rf == 0.0 { format!("+a={a} +b={a}") } else { format!("+a={a} +rf={rf}") };
    Ok(Kind::Proj(format!("{shape} +lon_0={lon0} +x_0={east} +y_0={north} {figure}{to_metre} +no_defs")))
}

/// The SRID of the system a text describes: the one it states, else that of a system of China, UTM or the web with
/// the same projection and ellipsoid, so that a `.prj`, which states none, means the same as the code.
pub fn srid(text: &str, kind: &Kind) -> Option<u32> {
    let root = Node::parse(text)?;
    if let Some(srid) = root.stated_srid() {
        return Some(srid);
    }
    let name = name(text).to_ascii_lowercase();
    match kind {
        Kind::Geographic => {
            let figure = root.find(&["SPHEROID", "ELLIPSOID"])?.number(2)?;
            // Other systems share the figure of CGCS2000, and lie elsewhere.
            let chinese = name.contains("cgcs") || name.contains("china_geodetic") || name.contains("china geodetic");
            match () {
                () if (figure - 298.257_222_101).abs() < 1e-8 && chinese => Some(4490),
                () if (figure - 298.257_223_563).abs() < 1e-8 && name.contains("wgs") => Some(4326),
                () => None,
            }
        }
        Kind::Proj(definition) if definition.starts_with("+proj=webmerc +lon_0=0 +x_0=0 +y_0=0 +a=6378137 ") => {
            Some(3857)
        }
        Kind::Proj(_) => {
            // In the middle of a zone of 6 degrees lies one of 3; only the name tells them apart.
            let narrow = name.contains("3_degree") || name.contains("3-degree");
            let (first, second) = if narrow { (4513..=4554, 4491..=4512) } else { (4491..=4512, 4513..=4554) };
            let known = first.chain(second).chain(32601..=32660).chain(32701..=32760);
            let same = |code: &u16| {
                let definition = crs_definitions::from_code(*code);
                definition.is_some_and(|definition| read(definition.wkt).is_ok_and(|known| known == *kind))
            };
            known.into_iter().find(same).map(u32::from)
        }
        _ => None,
    }
}

/// The name a `.prj` text gives its system.
pub fn name(text: &str) -> String {
    text.split('"').nth(1).unwrap_or("unnamed").to_owned()
}

struct Node {
    keyword: String,
    children: Vec<Value>,
}

enum Value {
    Text(String),
    Number(f64),
    Node(Node),
}

impl Value {
    const fn node(&self) -> Option<&Node> {
        match self {
            Self::Node(node) => Some(node),
            _ => None,
        }
    }
}

impl Node {
    fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        Self::read(&mut rest, 0)
    }

    fn read(rest: &mut &str, depth: usize) -> Option<Self> {
        if depth > 20 {
            return None;
        }
        let open = rest.find(['[', '('])?;
        let keyword = rest[..open].trim().to_ascii_uppercase();
        *rest = &rest[open + 1..];
        let mut children = Vec::new();
        loop {
            *rest = rest.trim_start_matches(|character: char| character == ',' || character.is_whitespace());
            let first = rest.chars().next()?;
            match first {
                ']' | ')' => {
                    *rest = &rest[1..];
                    return Some(Self { keyword, children });
                }
                '"' => {
                    let end = rest[1..].find('"')?;
                    children.push(Value::Text(rest[1..=end].to_owned()));
                    *rest = &rest[end + 2..];
                }
                _ => {
                    let end = rest.find([',', ']', ')', '[', '('])?;
                    if rest[end..].starts_with(['[', '(']) {
                        children.push(Value::Node(Self::read(rest, depth + 1)?));
                    } else {
                        let word = rest[..end].trim();
                        children.push(word.parse().map_or_else(|_| Value::Text(word.to_owned()), Value::Number));
                        *rest = &rest[end..];
                    }
                }
            }
        }
    }

    /// What `AUTHORITY["EPSG","4548"]` or `ID["EPSG",4548]` at its own level says.
    fn stated_srid(&self) -> Option<u32> {
        let stated = |node: &&Self| {
            (node.is("AUTHORITY") || node.is("ID"))
                && node.text(0).is_some_and(|name| name.eq_ignore_ascii_case("EPSG"))
        };
        let node = self.children.iter().filter_map(Value::node).find(stated)?;
        match node.children.get(1)? {
            Value::Text(code) => code.trim().parse().ok(),
            Value::Number(code) if code.fract() == 0.0 && (0.0..=65_535.0).contains(code) => Some(*code as u32),
            _ => None,
        }
    }

    fn is(&self, keyword: &str) -> bool {
        self.keyword == keyword
    }

    fn find(&self, keywords: &[&str]) -> Option<&Self> {
        if keywords.contains(&self.keyword.as_str()) {
            return Some(self);
        }
        self.children.iter().filter_map(Value::node).find_map(|node| node.find(keywords))
    }

    fn all(&self, keyword: &str) -> Vec<&Self> {
        let mut found = Vec::new();
        for node in self.children.iter().filter_map(Value::node) {
            if node.is(keyword) {
                found.push(node);
            }
            found.extend(node.all(keyword));
        }
        found
    }

    fn text(&self, place: usize) -> Option<&str> {
        match self.children.get(place)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn number(&self, place: usize) -> Option<f64> {
        match self.children.get(place)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }
}
