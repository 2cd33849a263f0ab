use serde_json::Value;

use crate::support::{BASE, demo_city, fine, number, rows};

#[test]
fn every_base_table_of_the_demo_city_has_rows() {
    for table in BASE {
        assert!(number(demo_city(), &format!("SELECT count(*) FROM {table}")) > 0.0, "{table}");
    }
}

#[test]
fn rows_read_are_rows_clean_plus_rows_quarantined_for_every_source() {
    let report: Value = {
        let runs = rows(demo_city(), "SELECT report FROM ops.runs WHERE status = 'done'");
        serde_json::from_str(runs[0]["report"].as_str().unwrap()).unwrap()
    };
    let sources = report["sources"].as_object().unwrap();
    assert!(sources.len() >= 14, "{} sources", sources.len());
    for (name, source) in sources {
        let count = |schema: &str| number(demo_city(), &format!("SELECT count(*) FROM {schema}.{name}"));
        assert!(source["rows"].as_f64().unwrap() > 0.0, "{name} is empty");
        assert_eq!(source["rows"].as_f64().unwrap(), count("raw"), "{name}");
        assert_eq!(source["clean"].as_f64().unwrap(), count("clean"), "{name}");
        assert_eq!(source["quarantined"].as_f64().unwrap(), count("quarantine"), "{name}");
        assert_eq!(count("raw"), count("clean") + count("quarantine"), "{name}");
    }
}

#[test]
fn quarantined_rows_say_where_they_stand_and_why() {
    let quarantined =
        rows(demo_city(), "SELECT table_name FROM information_schema.tables WHERE table_schema = 'quarantine'");
    let mut seen = 0;
    for table in quarantined {
        let name = table["table_name"].as_str().unwrap();
        for row in rows(demo_city(), &format!("SELECT * FROM quarantine.{name} LIMIT 20")) {
            assert!(row["_file"].as_str().is_some_and(|file| !file.is_empty()));
            assert!(row["_row"].as_i64().is_some_and(|row| row > 0));
            assert!(row["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
            seen += 1;
        }
    }
    assert!(seen > 0, "the demo city has damaged rows, and none was found");
}

#[test]
fn most_people_houses_and_events_have_a_point_in_a_community_and_a_grid() {
    for (table, least) in [("people", 0.8), ("housing", 0.95), ("events", 0.9), ("objects", 0.95)] {
        let share = number(
            demo_city(),
            &format!(
                "SELECT avg(CASE WHEN geom IS NOT NULL AND length(area_code) = 12 AND grid_code IS NOT NULL THEN 1.0 ELSE 0.0 END) FROM {table}"
            ),
        );
        assert!(share >= least, "{table}: {share}");
    }
}

#[test]
fn the_linkage_of_the_demo_city_is_good_and_above_all_not_wrong() {
    let quality: Value = serde_json::from_str(&fine(demo_city(), &["quality", "--format", "json"])).unwrap();
    for (element, right, found) in [
        ("people", 0.99, 0.8),
        ("housing", 0.99, 0.995),
        ("objects", 0.97, 0.9),
        ("organizations", 0.99, 0.8),
        ("incidents", 0.9, 0.8),
        ("incidents_across", 0.87, 0.7),
    ] {
        let one = quality.as_array().unwrap().iter().find(|one| one["element"] == element).unwrap();
        let (precision, recall) = (one["precision"].as_f64().unwrap(), one["recall"].as_f64().unwrap());
        assert!(precision >= right, "{element}: precision {precision}");
        assert!(recall >= found, "{element}: recall {recall}");
    }
}

#[test]
fn why_two_reports_are_of_one_incident_is_explained_by_the_model_that_ties_them() {
    let pairs = rows(
        demo_city(),
        "SELECT min(source || '/' || record || '/' || record_id) AS a, max(source || '/' || record || '/' || record_id) AS b, \
         entity_id FROM link.events_incidents GROUP BY entity_id HAVING count(DISTINCT source) = 2 ORDER BY entity_id LIMIT 1",
    );
    let (a, b) = (pairs[0]["a"].as_str().unwrap(), pairs[0]["b"].as_str().unwrap());
    let text = fine(demo_city(), &["explain", a, b]);
    let incident = format!("reports of one incident: {}", pairs[0]["entity_id"].as_str().unwrap());
    assert!(text.contains("two different events") && text.contains(&incident), "{text}");
    let told: Value = serde_json::from_str(&fine(demo_city(), &["explain", a, b, "--format", "json"])).unwrap();
    let score = &told["incident"]["score"];
    let parts = score["parts"].as_array().unwrap();
    assert!(parts.iter().any(|part| part["name"].as_str().is_some_and(|name| name.contains("place"))), "{score}");
    let sum = parts.iter().map(|part| part["weight"].as_f64().unwrap()).sum::<f64>();
    assert!((sum - score["weight"].as_f64().unwrap()).abs() < 1e-6, "{sum} {score}");
}

#[test]
fn what_the_models_are_unsure_of_waits_in_the_queue_of_the_demo_city() {
    let queue: Value = serde_json::from_str(&fine(demo_city(), &["review", "--format", "json"])).unwrap();
    let open = queue["open"].as_u64().unwrap();
    let marked: f64 = ["people", "housing", "organizations", "objects", "events", "events_incident"]
        .iter()
        .map(|name| number(demo_city(), &format!("SELECT count(*) FROM link.{name}_edges WHERE review")))
        .sum();
    assert_eq!(open as f64, marked);
    assert!(open > 0 && queue["pairs"].as_array().unwrap().len() == 10.min(open as usize), "{queue}");
}

#[test]
fn alarms_calls_and_inspections_of_one_incident_are_tied_though_an_alarm_names_no_place() {
    let networks = |a: &str, b: &str| {
        number(
            demo_city(),
            &format!(
                "SELECT count(*) FROM (SELECT same_incident_id FROM events WHERE channel IN ('{a}', '{b}') \
                 GROUP BY 1 HAVING count(DISTINCT channel) = 2)"
            ),
        )
    };
    let apart = number(
        demo_city(),
        "SELECT count(*) FROM events e JOIN objects o ON e.object_id = o.id \
         WHERE e.channel = '物联网' AND o.geom IS NOT NULL AND (e.geom IS NULL OR e.geom <> o.geom)",
    );
    assert_eq!(apart, 0.0, "alarms that do not lie where their device is");
    for (a, b) in [("12345", "网格"), ("12345", "物联网"), ("网格", "物联网")] {
        assert!(networks(a, b) >= 5.0, "{a} and {b}: {}", networks(a, b));
    }
    // What an operator has found to be nothing is not what somebody called about.
    let wrong = number(
        demo_city(),
        "SELECT count(*) FROM events a JOIN events b ON a.same_incident_id = b.same_incident_id \
         WHERE a.status = '误报' AND b.channel <> '物联网' AND \
         NOT EXISTS (SELECT 1 FROM events c WHERE c.same_incident_id = a.same_incident_id AND c.channel = '物联网' AND c.status <> '误报')",
    );
    assert_eq!(wrong, 0.0);
}

#[test]
fn a_device_without_its_number_is_found_by_kind_and_place_and_one_with_it_by_its_number() {
    let by = |rule: &str| {
        let sql =
            format!("SELECT count(*) FROM link.objects_members WHERE source = 'street_devices' AND rule = '{rule}'");
        number(demo_city(), &sql)
            + number(
                demo_city(),
                &format!(
                    "SELECT count(*) FROM link.objects_members m WHERE source = 'devices' AND rule = '{rule}' AND entity_id IN \
                     (SELECT entity_id FROM link.objects_members WHERE source = 'street_devices')"
                ),
            )
    };
    assert!(by("code") >= 20.0 && by("model") >= 10.0, "{} by code, {} by the model", by("code"), by("model"));
}

#[test]
fn every_entity_is_explained_by_records_of_its_sources() {
    let person = rows(demo_city(), "SELECT id, name FROM people WHERE cardinality(sources) > 1 ORDER BY id LIMIT 1");
    let id = person[0]["id"].as_str().unwrap();
    let explanation: Value = serde_json::from_str(&fine(demo_city(), &["explain", id, "--format", "json"])).unwrap();
    let record = &explanation["records"][0];
    let named = ["source", "record", "record_id"].map(|part| record[part].as_str().unwrap()).join("/");
    let by_record: Value = serde_json::from_str(&fine(demo_city(), &["explain", &named, "--format", "json"])).unwrap();
    assert_eq!(by_record["id"], explanation["id"], "{named}");
    let records = explanation["records"].as_array().unwrap();
    assert!(records.len() > 1);
    assert_eq!(records.iter().filter(|record| record["rule"].is_null()).count(), 1);
    let name = explanation["values"].as_array().unwrap().iter().find(|value| value["column"] == "name").unwrap();
    assert_eq!(name["value"], person[0]["name"]);
    assert!(name["said"].as_array().unwrap().iter().any(|said| said[1] == person[0]["name"]));
    let text = |place: usize| {
        format!(
            "{}/{}/{}",
            records[place]["source"].as_str().unwrap(),
            records[place]["record"].as_str().unwrap(),
            records[place]["record_id"].as_str().unwrap()
        )
    };
    let pair = fine(demo_city(), &["explain", &text(0), &text(1)]);
    assert!(pair.starts_with("the same people"), "{pair}");
}

#[test]
fn every_query_of_the_library_runs_and_the_indicators_answer() {
    let queries: Value = serde_json::from_str(&fine(demo_city(), &["query", "--format", "json"])).unwrap();
    let queries = queries.as_array().unwrap();
    assert!(queries.len() >= 9);
    for query in queries {
        let name = query["name"].as_str().unwrap();
        let answer = fine(demo_city(), &["query", name, "--format", "json"]);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(!answer.as_array().unwrap().is_empty(), "{name} gives no row");
    }
}

#[test]
fn a_second_city_of_the_same_seed_is_the_same_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let digest = |name: &str, seed: &str| {
        let dir = folder.path().join(name);
        fine(
            folder.path(),
            &["demo", "--dir", dir.to_str().unwrap(), "--people", "300", "--seed", seed, "--no-integrate"],
        );
        let mut all = Vec::new();
        collect(&dir.join("data"), &mut all);
        collect(&dir.join("truth"), &mut all);
        all.sort();
        all
    };
    let first = digest("a", "7");
    assert_eq!(first.len(), digest("b", "7").len());
    for (a, b) in first.iter().zip(digest("c", "7")) {
        assert_eq!(a.0, b.0);
        assert!(a.1 == b.1, "{} differs", a.0);
    }
    assert!(first.iter().zip(digest("d", "8")).any(|(a, b)| a.1 != b.1));
}

fn collect(dir: &std::path::Path, all: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, all);
        } else {
            all.push((path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()));
        }
    }
}
