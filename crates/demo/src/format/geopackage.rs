//! `GeoPackage` files with layers of points.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, ToSql};

use crate::error::{DemoError, Result};
use crate::geography::Point;

/// A `GeoPackage`.
pub struct GeoPackage {
    path: PathBuf,
    database: Connection,
}

const SYSTEM_TABLES: &str = "
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
    organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
INSERT INTO gpkg_spatial_ref_sys VALUES ('Undefined cartesian', -1, 'NONE', -1, 'undefined', NULL),
    ('Undefined geographic', 0, 'NONE', 0, 'undefined', NULL),
    ('WGS 84 geodetic', 4326, 'EPSG', 4326, 'GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563]],PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433],AUTHORITY[\"EPSG\",\"4326\"]]', NULL),
    ('China Geodetic Coordinate System 2000', 4490, 'EPSG', 4490, 'GEOGCS[\"China Geodetic Coordinate System 2000\",DATUM[\"China_2000\",SPHEROID[\"CGCS2000\",6378137,298.257222101]],PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433],AUTHORITY[\"EPSG\",\"4490\"]]', NULL);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
    last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER);
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL PRIMARY KEY, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
    srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL);
";

impl GeoPackage {
    /// Creates the file.
    pub fn create(path: &Path) -> Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(DemoError::io(folder))?;
        }
        if path.exists() {
            std::fs::remove_file(path).map_err(DemoError::io(path))?;
        }
        let database = Connection::open(path).map_err(DemoError::format(path))?;
        let setup = "PRAGMA application_id = 1196444487; PRAGMA user_version = 10300; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;";
        database
            .execute_batch(setup)
            .and_then(|()| database.execute_batch(SYSTEM_TABLES))
            .map_err(DemoError::format(path))?;
        Ok(Self { path: path.to_owned(), database })
    }

    /// Adds a layer of points; `columns` are SQL column definitions after `fid` and `geom`.
    pub fn layer(&self, name: &str, columns: &str, srs: i32, changed: &str) -> Result<()> {
        let sql = format!("CREATE TABLE \"{name}\" (fid INTEGER PRIMARY KEY, geom POINT, {columns})");
        let contents = "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change, srs_id) VALUES (?1, 'features', ?1, ?2, ?3)";
        let geometry = "INSERT INTO gpkg_geometry_columns VALUES (?1, 'geom', 'POINT', ?2, 0, 0)";
        self.database
            .execute_batch(&sql)
            .and_then(|()| self.database.execute(contents, (name, changed, srs)))
            .and_then(|_| self.database.execute(geometry, (name, srs)))
            .map(|_| ())
            .map_err(DemoError::format(&self.path))
    }

    /// Adds a feature; `values` follow the layer's columns.
    pub fn feature(&self, name: &str, srs: i32, point: Point, values: &[&dyn ToSql]) -> Result<()> {
        let marks = vec!["?"; values.len() + 1].join(", ");
        let blob = blob(srs, point);
        let mut all: Vec<&dyn ToSql> = vec![&blob];
        all.extend(values);
        self.database
            .prepare_cached(&format!("INSERT INTO \"{name}\" VALUES (NULL, {marks})"))
            .and_then(|mut statement| statement.execute(all.as_slice()))
            .map(|_| ())
            .map_err(DemoError::format(&self.path))
    }

    /// Commits and closes.
    pub fn finish(self) -> Result<()> {
        self.database.execute_batch("COMMIT").map_err(DemoError::format(&self.path))?;
        self.database.close().map_err(|(_, error)| DemoError::format(&self.path)(error))
    }
}

/// `GP`, version, little endian without envelope, system, and ISO WKB.
fn blob(srs: i32, point: Point) -> Vec<u8> {
    let mut bytes = vec![b'G', b'P', 0, 1];
    bytes.extend(srs.to_le_bytes());
    bytes.extend(jingwei_geo::point_to_wkb(point.0, point.1));
    bytes
}
