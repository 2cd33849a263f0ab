//! Areas and grids of what lies in them: in the base tables, in SQL, and by a join.

use serde_json::json;

use crate::support::{Project, demo_city, number, rows, run};

#[test]
fn the_areas_of_the_base_tables_are_those_the_functions_give() {
    for (table, least) in [("housing", 1000.0), ("events", 1000.0), ("objects", 100.0), ("addresses", 1000.0)] {
        let from = format!("FROM {table} WHERE geom IS NOT NULL");
        let found =
            number(demo_city(), &format!("SELECT count(community_of(geom)) {from} AND grid_of(geom) IS NOT NULL"));
        assert!(found > least, "{table}: {found}");
        for (column, function) in [("area_code", "area_of"), ("grid_code", "grid_of")] {
            let sql =
                format!("SELECT count(*) {from} AND coalesce({function}(geom), {column}) IS DISTINCT FROM {column}");
            assert_eq!(number(demo_city(), &sql), 0.0, "{table}.{column}");
        }
    }
}

#[test]
fn a_spatial_join_finds_the_same_communities_by_its_operator() {
    let join = "FROM housing h LEFT JOIN areas a ON ST_KNN(ST_PointOnSurface(h.geom), a.geom, 1, a.code) \
                AND ST_Intersects(a.geom, ST_PointOnSurface(h.geom)) AND a.level = 'community' AND a.valid_to IS NULL";
    let differ = format!("SELECT count(*) {join} WHERE a.code IS DISTINCT FROM community_of(h.geom)");
    assert_eq!(number(demo_city(), &differ), 0.0);
    let plan = rows(demo_city(), &format!("EXPLAIN SELECT a.code, count(*) {join} GROUP BY a.code"));
    assert!(plan.iter().any(|row| row["plan"].as_str().unwrap().contains("SpatialJoinExec")), "{plan:?}");
}

#[test]
fn a_place_outside_of_the_city_has_no_area_and_a_session_without_areas_says_so() {
    let outside = rows(
        demo_city(),
        "SELECT area_of(ST_Point(0, 0)) AS a, grid_of(NULL) AS b, community_of(ST_GeomFromText('POINT EMPTY')) AS c",
    );
    assert_eq!(outside[0], json!({ "a": null, "b": null, "c": null }));
    let broken = run(demo_city(), &["sql", "SELECT area_of(x'0102')"]);
    assert!(broken.code == Some(2) && broken.stderr.contains("area_of, row 1"), "{broken:?}");
    let none = Project::new();
    none.file("a.csv", "a\n1\n");
    std::fs::remove_file(none.path().join("config/jingwei.toml")).unwrap();
    let table = format!("a={}", none.path().join("a.csv").display());
    let ended = run(none.path(), &["sql", "SELECT community_of(ST_Point(a, a)) FROM a", "--table", &table]);
    assert!(ended.code == Some(2) && ended.stderr.contains("community_of needs the areas of a city"), "{ended:?}");
}
