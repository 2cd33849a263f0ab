//! `tests/sql/spatial_*.slt` over a session with nothing but the spatial functions.
#![allow(clippy::unwrap_used, clippy::panic)]

use arrow::array::Array;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::SessionContext;
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, Runner};

struct Session(SessionContext);

#[derive(Debug)]
struct Refused(String);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl Session {
    async fn rows(&self, sql: &str) -> Result<Vec<Vec<String>>, datafusion::common::DataFusionError> {
        let mut rows = Vec::new();
        for batch in self.0.sql(sql).await?.collect().await? {
            let options = FormatOptions::default();
            let columns = batch.columns();
            let formatters = columns
                .iter()
                .map(|column| ArrayFormatter::try_new(column, &options))
                .collect::<Result<Vec<_>, _>>()?;
            for row in 0..batch.num_rows() {
                let cells = columns.iter().zip(&formatters).map(|(column, formatter)| {
                    if column.is_null(row) { "NULL".to_owned() } else { formatter.value(row).to_string() }
                });
                rows.push(cells.collect());
            }
        }
        Ok(rows)
    }
}

#[async_trait::async_trait]
impl AsyncDB for Session {
    type Error = Refused;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<Self::ColumnType>, Refused> {
        let rows = self.rows(sql).await.map_err(|error| Refused(error.to_string()))?;
        let columns = rows.first().map_or(0, Vec::len);
        Ok(DBOutput::Rows { types: vec![DefaultColumnType::Any; columns], rows })
    }

    fn engine_name(&self) -> &'static str {
        "jingwei"
    }

    async fn shutdown(&mut self) {}
}

#[tokio::test]
async fn the_spatial_sql_files_hold() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/sql");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let spatial =
        |path: &std::path::PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("spatial_"));
    let mut files = files.filter(spatial).collect::<Vec<_>>();
    files.sort();
    assert!(files.len() >= 3);
    for file in files {
        let mut runner = Runner::new(async || {
            let state = SessionStateBuilder::new().with_default_features();
            let context = SessionContext::new_with_state(jingwei_geo::with_spatial_join(state).build());
            jingwei_geo::register(&context);
            Ok(Session(context))
        });
        runner.with_column_validator(|_, _| true);
        runner.run_file_async(&file).await.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
}
