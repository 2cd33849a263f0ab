//! The layers that a `GeoPackage` lists.

use rusqlite::{Connection, OptionalExtension};

/// One layer, or a table of attributes without geometry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// The table.
    pub table: String,
    /// Its title.
    pub identifier: Option<String>,
    /// Geometry column and number of its coordinate system; `None` for a table of attributes.
    pub geometry: Option<(String, i32)>,
}

/// The layers in the order of their names; features first, then tables of attributes. `None` when the
/// database is no `GeoPackage`.
pub fn layers(connection: &Connection) -> rusqlite::Result<Option<Vec<Layer>>> {
    let sql = "SELECT count(*) FROM sqlite_master WHERE name IN ('gpkg_contents', 'gpkg_geometry_columns', 'gpkg_spatial_ref_sys')";
    if connection.query_row(sql, [], |row| row.get::<_, i64>(0))? < 3 {
        return Ok(None);
    }
    let sql = "SELECT c.table_name, c.identifier, g.column_name, g.srs_id \
               FROM gpkg_contents c LEFT JOIN gpkg_geometry_columns g ON lower(g.table_name) = lower(c.table_name) \
               WHERE c.data_type IN ('features', 'attributes') AND (c.data_type = 'attributes' OR g.column_name IS NOT NULL) \
               ORDER BY c.data_type DESC, c.table_name";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let geometry = row.get::<_, Option<String>>(2)?.zip(row.get::<_, Option<i32>>(3)?);
        Ok(Layer { table: row.get(0)?, identifier: row.get(1)?, geometry })
    })?;
    rows.collect::<rusqlite::Result<_>>().map(Some)
}

/// The name of a coordinate system: `EPSG:n`, else its definition; `None` for the two undefined ones.
pub fn crs(connection: &Connection, srs: i32) -> rusqlite::Result<Option<String>> {
    if srs <= 0 {
        return Ok(None);
    }
    let sql = "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?1";
    let row = connection.query_row(sql, [srs], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<String>>(2)?))
    });
    Ok(row.optional()?.and_then(|(organization, number, definition)| {
        if organization.eq_ignore_ascii_case("epsg") {
            return Some(format!("EPSG:{number}"));
        }
        definition.filter(|text| text.contains('['))
    }))
}
