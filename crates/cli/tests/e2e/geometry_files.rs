//! Files with geometries as tables of a statement, without a project.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Ended, Project, run, small_city};

/// A folder without a project, and files of a demo city beside it.
struct Files {
    city: Project,
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        Self { city: small_city(), folder: tempfile::tempdir().unwrap() }
    }

    fn of_city(&self, path: &str) -> String {
        self.city.path().join("data").join(path).display().to_string()
    }

    /// Polygons in EPSG:4548, as its `.prj` says.
    fn shapefile(&self) -> String {
        self.of_city("planning/楼栋.shp")
    }

    /// Points in EPSG:4490.
    fn geopackage(&self) -> String {
        self.of_city("city_management/城市管理.gpkg#components")
    }

    /// Polygons in longitude and latitude.
    fn geojson(&self) -> String {
        self.of_city("civil_affairs/行政区划.geojson")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &str) -> String {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name).display().to_string()
    }

    fn ask(&self, tables: &[(&str, &str)], sql: &str, more: &[&str]) -> Ended {
        let tables = tables.iter().map(|(name, path)| format!("{name}={path}")).collect::<Vec<_>>();
        let mut args = vec!["sql", sql];
        tables.iter().for_each(|table| args.extend(["--table", table.as_str()]));
        args.extend(more);
        run(self.folder.path(), &args)
    }

    fn rows(&self, tables: &[(&str, &str)], sql: &str) -> Vec<Value> {
        let ended = self.ask(tables, sql, &["--format", "json"]);
        assert_eq!(ended.code, Some(0), "{sql}: {ended:?}");
        serde_json::from_str::<Value>(&ended.stdout).unwrap().as_array().unwrap().clone()
    }

    fn number(&self, tables: &[(&str, &str)], sql: &str) -> f64 {
        self.rows(tables, sql)[0].as_object().unwrap().values().next().unwrap().as_f64().unwrap()
    }

    fn save(&self, tables: &[(&str, &str)], sql: &str, name: &str) -> String {
        let path = self.path(name).display().to_string();
        let ended = self.ask(tables, sql, &["-o", &path]);
        assert_eq!(ended.code, Some(0), "{sql}: {ended:?}");
        path
    }
}

/// The `geo` entry of a Parquet file.
fn geo(path: &str) -> Value {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let reader = SerializedFileReader::new(std::fs::File::open(Path::new(path)).unwrap()).unwrap();
    let pairs = reader.metadata().file_metadata().key_value_metadata().unwrap().clone();
    let geo = pairs.into_iter().find(|pair| pair.key == "geo").unwrap().value.unwrap();
    serde_json::from_str(&geo).unwrap()
}

const SRID: &str = "SELECT min(ST_SRID(geom)) AS low, max(ST_SRID(geom)) AS high FROM t";

#[test]
fn how_long_a_statement_took_is_told_beside_the_answer_when_asked_for() {
    let files = Files::new();
    let csv = files.write("t.csv", "id,lon,lat\n1,116.4,39.9\n");
    let ended = files.ask(&[("t", &csv)], "SELECT id FROM t", &["--timing", "--format", "csv"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "id\n1\n"), "{ended:?}");
    let time = ended.stderr.trim().strip_prefix("time: ").and_then(|rest| rest.strip_suffix(" ms"));
    assert!(time.and_then(|time| time.parse::<f64>().ok()).is_some_and(|time| time > 0.0), "{ended:?}");
    let quiet = files.ask(&[("t", &csv)], "SELECT id FROM t", &["--format", "csv"]);
    assert_eq!((quiet.stdout, quiet.stderr.as_str()), (ended.stdout, ""));
}

#[test]
fn a_file_of_every_format_says_its_coordinate_system() {
    let files = Files::new();
    let parquet = files.save(&[("t", &files.shapefile())], "SELECT * FROM t", "a.parquet");
    for (path, srid) in
        [(files.shapefile(), 4548), (files.geopackage(), 4490), (files.geojson(), 4326), (parquet.clone(), 4548)]
    {
        let found = files.rows(&[("t", &path)], SRID);
        assert_eq!((found[0]["low"].as_i64(), found[0]["high"].as_i64()), (Some(srid), Some(srid)), "{path}");
    }
    let geo = geo(&parquet);
    assert_eq!(geo["primary_column"], "geom");
    assert_eq!(geo["columns"]["geom"]["crs"]["id"]["code"], 4548);
    let area = |path: &str| files.number(&[("t", path)], "SELECT sum(ST_Area(geom)) FROM t");
    assert_eq!(area(&parquet), area(&files.shapefile()));
}

#[test]
fn a_parquet_file_of_an_unknown_system_does_not_come_back_as_longitude_and_latitude() {
    let files = Files::new();
    let csv = files.write("p.csv", "x,y\n500100,4400100\n500200,4400200\n");
    let parquet = files.save(&[("t", &csv)], "SELECT ST_Point(x, y) AS geom FROM t", "p.parquet");
    assert_eq!(geo(&parquet)["columns"]["geom"].get("crs"), Some(&Value::Null));
    assert_eq!(files.number(&[("t", &parquet)], "SELECT max(ST_SRID(geom)) FROM t"), 0.0);
    let named = files.save(&[("t", &csv)], "SELECT ST_Point(x, y, 4527) AS place FROM t", "q.parquet");
    assert_eq!(files.number(&[("t", &named)], "SELECT min(ST_SRID(place)) FROM t"), 4527.0);
}

#[test]
fn two_files_in_two_systems_are_not_mixed_and_both_are_named() {
    let files = Files::new();
    let (buildings, areas) = (files.shapefile(), files.geojson());
    let parquet = files.save(&[("t", &buildings)], "SELECT * FROM t", "a.parquet");
    for (left, first, right, second) in [
        (&buildings, "EPSG:4548", &areas, "EPSG:4326"),
        (&parquet, "EPSG:4548", &areas, "EPSG:4326"),
        (&files.geopackage(), "EPSG:4490", &parquet, "EPSG:4548"),
    ] {
        let tables = [("a", left.as_str()), ("b", right.as_str())];
        for on in ["ST_Intersects(a.geom, b.geom)", "ST_DWithin(a.geom, b.geom, 10)", "ST_KNN(a.geom, b.geom, 1)"] {
            let ended = files.ask(&tables, &format!("SELECT count(*) FROM a JOIN b ON {on}"), &[]);
            assert!(
                ended.code == Some(2) && ended.stderr.contains(first) && ended.stderr.contains(second),
                "{on}: {ended:?}"
            );
        }
    }
}

#[test]
fn files_of_different_systems_are_joined_once_one_is_transformed() {
    let files = Files::new();
    let tables = [("b", files.shapefile()), ("a", files.geojson())];
    let tables = tables.each_ref().map(|(name, path)| (*name, path.as_str()));
    let join = "FROM b JOIN a ON ST_Intersects(a.geom, ST_Transform(ST_PointOnSurface(b.geom), 4326))";
    let all = files.number(&tables[..1], "SELECT count(*) FROM b");
    assert_eq!(files.number(&tables, &format!("SELECT count(DISTINCT ST_AsText(b.geom)) {join}")), all);
    let plan = files.rows(&tables, &format!("EXPLAIN SELECT count(*) {join}"));
    assert!(plan.iter().any(|row| row["plan"].as_str().unwrap().contains("SpatialJoinExec")), "{plan:?}");
}

#[test]
fn longitudes_and_latitudes_of_a_csv_are_joined_with_the_areas_of_a_geojson() {
    let files = Files::new();
    let areas = files.geojson();
    let points = files.save(
        &[("a", &areas)],
        "SELECT ST_X(p) AS lon, ST_Y(p) AS lat FROM (SELECT ST_PointOnSurface(geom) AS p FROM a)",
        "p.csv",
    );
    let tables = [("a", areas.as_str()), ("p", points.as_str())];
    let distinct = "SELECT count(DISTINCT concat(lon, ' ', lat)) FROM p";
    let joined = format!("{distinct} JOIN a ON ST_Contains(a.geom, ST_Point(lon, lat, 4326))");
    let all = files.number(&tables, distinct);
    assert!(all > 10.0);
    assert_eq!(files.number(&tables, &joined), all);
}

#[test]
fn of_a_geopackage_with_several_layers_one_is_named() {
    let files = Files::new();
    let path = files.geopackage().replace("#components", "");
    let ended = files.ask(&[("t", &path)], "SELECT 1 FROM t", &[]);
    assert!(ended.code == Some(2) && ended.stderr.contains("#layer"), "{ended:?}");
    let unknown = files.ask(&[("t", &format!("{path}#nothing"))], "SELECT 1 FROM t", &[]);
    assert!(unknown.code == Some(2) && unknown.stderr.contains("components"), "{unknown:?}");
}
