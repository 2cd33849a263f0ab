//! Features as rows: properties as text columns, the geometry as WKB.

use indexmap::IndexSet;
use jingwei_model::Reason;
use jingwei_model::config::SourceConfig;

use crate::encoding::{Damage, TextReader};
use crate::error::{Result, SourceError};
use crate::json::{Columns, Members, Scanner, Visitor, decoded, is_object, lookup, text_of};
use crate::part::{Format, LocalFile, Part};
use crate::rows::TextRows;
use crate::stream::{Sink, blocking, produce};
use crate::typed::geometry_field;

/// What a file says that does not say otherwise.
const DEFAULT_CRS: &str = "EPSG:4326";

/// `GeoJSON`.
#[derive(Debug)]
pub(crate) struct Geojson;

impl Format for Geojson {
    async fn open(&self, file: LocalFile, config: &SourceConfig) -> Result<Vec<Part>> {
        let config = config.clone();
        let display = file.display.clone();
        let (file, config, layout) = blocking(move || {
            let mut layout = Layout::default();
            let mut pass = Keys { file: &file.display, layout: &mut layout, known: IndexSet::new() };
            let rooted = read(&file, &config, &mut pass)?;
            layout.rooted = rooted;
            layout.columns = std::mem::take(&mut layout.columns).complete(&config);
            // The geometry's column is added below.
            layout.columns.names.retain(|name| name != "geom");
            if let Some(crs) = &config.format.crs {
                layout.crs = Some(crs.clone());
            }
            Ok((file, config, layout))
        })
        .await?;
        let rows = layout.rows(&display);
        let schema = rows.provenance().schema().clone();
        let rows = produce(move |sink| {
            let mut cells = Cells { file: &file.display, layout: &layout, rows, damage: Damage::default(), sink };
            read(&file, &config, &mut cells)?;
            cells.rows.send_rest(sink)
        });
        Ok(vec![Part { file: display, sheet: None, schema, rows }])
    }
}

/// Walks over the features; true when the document itself is the only one.
fn read(file: &LocalFile, config: &SourceConfig, visitor: &mut dyn Visitor) -> Result<bool> {
    let encoding = config.format.encoding.as_deref();
    let mut scanner = Scanner::new(file.reader()?, encoding, &file.display)?;
    if scanner.is_empty()? {
        tracing::warn!("{} is empty", file.display);
        return Ok(false);
    }
    if scanner.walk(&["features".to_owned()], visitor)? {
        return Ok(false);
    }
    Scanner::new(file.reader()?, encoding, &file.display)?.walk(&[], visitor)?;
    Ok(true)
}

#[derive(Debug, Default)]
struct Layout {
    columns: Columns,
    crs: Option<String>,
    /// Features have an `id` of their own beside their properties.
    id: bool,
    /// The document is one feature.
    rooted: bool,
}

impl Layout {
    fn rows(&self, file: &str) -> TextRows {
        let mut names = self.columns.names.clone();
        if self.has_id() {
            names.push("id".to_owned());
        }
        let crs = self.crs.as_deref().unwrap_or(DEFAULT_CRS);
        TextRows::new(file, None, &names).with_geometry(geometry_field(crs))
    }

    fn has_id(&self) -> bool {
        self.id && !self.columns.names.iter().any(|name| name == "id")
    }
}

struct Keys<'a> {
    file: &'a str,
    layout: &'a mut Layout,
    known: IndexSet<String>,
}

impl Visitor for Keys<'_> {
    fn record(&mut self, _: i64, raw: &[u8], _: &TextReader) -> Result<()> {
        let Some(feature) = std::str::from_utf8(raw).ok().filter(|text| is_object(text)) else { return Ok(()) };
        for (key, value) in Members::new(feature) {
            match key.as_ref() {
                "properties" if value.starts_with('{') => {
                    self.layout.columns.learn(value, &mut self.known, self.file)?
                }
                "id" => self.layout.id = true,
                _ => {}
            }
        }
        Ok(())
    }

    fn wants(&self, key: &str) -> bool {
        key == "crs"
    }

    fn member(&mut self, _: &str, raw: &[u8]) {
        let name =
            std::str::from_utf8(raw).ok().and_then(|text| lookup(text, &["properties", "name"])).and_then(text_of);
        if let Some(name) = name {
            self.layout.crs = Some(crs_of(&name));
        }
    }
}

/// `urn:ogc:def:crs:EPSG::4548` and `http://www.opengis.net/def/crs/EPSG/0/4548` as `EPSG:4548`.
fn crs_of(name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    if upper.contains("CRS84") {
        return DEFAULT_CRS.to_owned();
    }
    match upper.rsplit([':', '/']).next() {
        Some(code) if upper.contains("EPSG") && !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("EPSG:{code}")
        }
        _ => name.to_owned(),
    }
}

struct Cells<'a> {
    file: &'a str,
    layout: &'a Layout,
    rows: TextRows,
    damage: Damage,
    sink: &'a Sink,
}

impl Visitor for Cells<'_> {
    fn record(&mut self, number: i64, raw: &[u8], text: &TextReader) -> Result<()> {
        match decoded(raw, text) {
            None => {
                self.rows.push_fault(number, Reason::Undecodable, String::from_utf8_lossy(raw));
                self.damage.bad(raw, text, self.file, number)?;
            }
            Some(feature) => {
                self.damage.good();
                self.feature(number, feature)?;
            }
        }
        self.rows.send_full(self.sink)
    }
}

impl Cells<'_> {
    fn feature(&mut self, number: i64, feature: &str) -> Result<()> {
        if !is_object(feature) {
            self.rows.push_fault(number, Reason::Malformed, feature);
            return Ok(());
        }
        let (mut properties, mut geometry, mut id, mut is_feature) = ("{}", None, None, false);
        for (key, value) in Members::new(feature) {
            match key.as_ref() {
                "type" => is_feature = value == "\"Feature\"",
                "properties" if value.starts_with('{') => properties = value,
                "geometry" if value != "null" => geometry = Some(value),
                "id" => id = text_of(value),
                _ => {}
            }
        }
        if !is_feature {
            if self.layout.rooted {
                let error = SourceError::data(self.file, "is neither a feature collection nor a feature");
                return Err(error.with_hint("read other JSON with format.kind = \"json\""));
            }
            self.rows.push_fault(number, Reason::Malformed, feature);
            return Ok(());
        }
        let geometry = match geometry.map(jingwei_geo::from_geojson).transpose() {
            Ok(geometry) => geometry,
            Err(_) => {
                self.rows.push_fault(number, Reason::InvalidGeometry, feature);
                return Ok(());
            }
        };
        let mut cells = self.layout.columns.cells(properties);
        if self.layout.has_id() {
            cells.push(id);
        }
        let cells = cells.iter().map(|cell| cell.as_deref().unwrap_or_default());
        self.rows.push_with_geometry(number, cells, geometry.as_deref());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use arrow::array::{Array, AsArray};

    use super::*;
    use crate::testing::{open_bytes, texts};

    const TEXT: &str = r#"{"type": "FeatureCollection", "name": "grids", "features": [
        {"type": "Feature", "id": 7, "properties": {"code": "001", "area": 1.50}, "geometry": {"type": "Point", "coordinates": [500000.5, 4400000, 12]}},
        {"type": "Feature", "properties": {"code": "002", "name": "x"}, "geometry": null},
        {"type": "Feature", "properties": null, "geometry": {"type": "Polygon", "coordinates": "?"}}
    ], "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4548"}}}"#;

    #[tokio::test]
    async fn properties_become_columns_and_the_geometry_is_wkb_in_the_file_s_system() {
        let batch = open_bytes("a.geojson", TEXT.as_bytes(), |_| ()).await.unwrap().remove(0);
        assert_eq!(texts(&batch, "code"), [Some("001"), Some("002"), None]);
        assert_eq!(texts(&batch, "area"), [Some("1.50"), None, None]);
        assert_eq!(texts(&batch, "id"), [Some("7"), None, None]);
        assert_eq!(texts(&batch, "_error"), [None, None, Some("invalid_geometry")]);
        let schema = batch.schema();
        let field = schema.field_with_name("geom").unwrap();
        assert_eq!(field.metadata()["crs"], "EPSG:4548");
        let geometry = batch.column_by_name("geom").unwrap().as_binary::<i32>();
        assert_eq!(jingwei_geo::to_wkt(geometry.value(0)).unwrap(), "POINT(500000.5 4400000)");
        assert!(geometry.is_null(1));
    }

    #[tokio::test]
    async fn a_single_feature_is_one_row_and_other_json_is_refused() {
        let text =
            br#"{"type": "Feature", "properties": {"a": 1}, "geometry": {"type": "Point", "coordinates": [116, 40]}}"#;
        let batch = open_bytes("a.geojson", text, |_| ()).await.unwrap().remove(0);
        assert_eq!(texts(&batch, "a"), [Some("1")]);
        assert_eq!(batch.schema().field_with_name("geom").unwrap().metadata()["crs"], "EPSG:4326");
        let error = open_bytes("a.geojson", b"{\"a\": 1}", |_| ()).await.unwrap_err().to_string();
        assert!(error.contains("format.kind = \"json\""), "{error}");
    }

    #[test]
    fn names_of_systems_are_settled() {
        assert_eq!(crs_of("urn:ogc:def:crs:OGC:1.3:CRS84"), "EPSG:4326");
        assert_eq!(crs_of("EPSG:4490"), "EPSG:4490");
        assert_eq!(crs_of("http://www.opengis.net/def/crs/EPSG/0/4548"), "EPSG:4548");
    }
}
