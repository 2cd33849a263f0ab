//! `tests/sql/*.slt` over the demo city, asked over HTTP.

use serde_json::json;
use sqllogictest::{DB, DBOutput, DefaultColumnType, Runner};

use crate::http::server;

struct City;

#[derive(Debug)]
struct Refused(String);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl DB for City {
    type Error = Refused;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, sql: &str) -> Result<DBOutput<Self::ColumnType>, Refused> {
        let (status, _, body) = server().sql("application/x-ndjson", &json!({"sql": sql}));
        if status != 200 {
            return Err(Refused(body));
        }
        let rows = body
            .lines()
            .map(|line| {
                let row: serde_json::Map<_, _> = serde_json::from_str(line).unwrap();
                row.values()
                    .map(|value| match value {
                        serde_json::Value::Null => "NULL".to_owned(),
                        serde_json::Value::String(text) if text.is_empty() => "(empty)".to_owned(),
                        serde_json::Value::String(text) => text.clone(),
                        other => other.to_string(),
                    })
                    .collect::<Vec<_>>()
            })
            .collect::<Vec<_>>();
        let columns = rows.first().map_or(0, Vec::len);
        Ok(DBOutput::Rows { types: vec![DefaultColumnType::Any; columns], rows })
    }

    fn engine_name(&self) -> &'static str {
        "jingwei"
    }
}

#[test]
fn the_sql_files_hold_over_the_demo_city() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/sql");
    let mut files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "slt"))
        .collect::<Vec<_>>();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let mut runner = Runner::new(async || Ok(City));
        // Types are not part of the wire format; the values are compared.
        runner.with_column_validator(|_, _| true);
        runner.run_file(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
}
