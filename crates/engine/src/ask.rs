//! Asking a session: one statement that reads, with bound parameters, answered as a stream.

use std::collections::HashMap;

use arrow::datatypes::SchemaRef;
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{DataFrame, SessionContext};

use crate::error::{Result, SqlError};
use crate::functions::{Called, SharedAreas};
use crate::geocode::SharedGeocoder;
use crate::project::nearest;
use crate::session::{CATALOG, SCHEMAS};

/// A planned query.
pub struct Answer {
    frame: DataFrame,
    sql: String,
}

/// Plans one statement that reads.
///
/// # Errors
/// Anything that changes something, and SQL that does not plan, with its place.
pub async fn ask(context: &SessionContext, sql: &str, params: Option<ParamValues>) -> Result<Answer> {
    let explain = |error| SqlError::new(sql, &error);
    let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let frame =
        context.sql_with_options(sql, options).await.map_err(|error| with_nearest_table(context, explain(error)))?;
    let frame = match params {
        Some(params) => frame.with_param_values(params).map_err(explain)?,
        None => frame,
    };
    let called = Called::of(frame.logical_plan()).map_err(explain)?;
    SharedGeocoder::prepare(context, &called).await?;
    SharedAreas::prepare(context, &called).await?;
    Ok(Answer { frame, sql: sql.to_owned() })
}

/// Names the table that was meant, where one is called nearly so.
fn with_nearest_table(context: &SessionContext, mut error: SqlError) -> SqlError {
    let unknown = error.message.strip_prefix("table '").and_then(|rest| rest.strip_suffix("' not found"));
    if let (None, Some(unknown)) = (&error.hint, unknown) {
        let schemas = SCHEMAS.iter().filter_map(|schema| {
            let tables = context.catalog(CATALOG)?.schema(schema)?.table_names();
            Some(tables.into_iter().map(move |table| match *schema {
                "base" if !unknown.contains('.') => table,
                schema => format!("{schema}.{table}"),
            }))
        });
        error.hint = nearest(unknown, schemas.flatten());
    }
    error
}

impl Answer {
    /// The answer's columns.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        std::sync::Arc::new(self.frame.schema().as_arrow().clone())
    }

    /// The tables it reads, views resolved, in order of their names.
    ///
    /// # Errors
    /// A plan that does not hold together.
    pub fn tables(&self) -> Result<Vec<String>> {
        let explain = |error| SqlError::new(&self.sql, &error);
        let plan = self.frame.clone().into_optimized_plan().map_err(explain)?;
        let mut tables = std::collections::BTreeSet::new();
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                tables.insert(scan.table_name.to_string());
            }
            Ok(TreeNodeRecursion::Continue)
        })
        .map_err(explain)?;
        Ok(tables.into_iter().collect())
    }

    /// No more than `rows` rows.
    ///
    /// # Errors
    /// A plan that takes no limit.
    pub fn limit(self, rows: usize) -> Result<Self> {
        // A plan that is shown has to be the root, and is short.
        if matches!(
            self.frame.logical_plan(),
            LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) | LogicalPlan::DescribeTable(_)
        ) {
            return Ok(self);
        }
        let frame = self.frame.limit(0, Some(rows)).map_err(|error| SqlError::new(&self.sql, &error))?;
        Ok(Self { frame, sql: self.sql })
    }

    /// Runs it.
    ///
    /// # Errors
    /// What goes wrong before the first batch; later errors come in the stream.
    pub async fn stream(self) -> Result<SendableRecordBatchStream> {
        Ok(self.frame.execute_stream().await.map_err(|error| SqlError::new(&self.sql, &error))?)
    }
}

/// Values for the `$name` of a statement nobody declared: numbers and true/false by their look, else text.
#[must_use]
pub fn plain_params(given: &[(String, String)]) -> Option<ParamValues> {
    if given.is_empty() {
        return None;
    }
    let values = given.iter().map(|(name, text)| {
        let value = match text.parse::<i64>() {
            // A code such as 0101 is text.
            Ok(number) if number.to_string() == *text => ScalarValue::Int64(Some(number)),
            _ => match (text.parse::<f64>(), text.parse::<bool>()) {
                (Ok(number), _) if !text.starts_with('0') || text.starts_with("0.") => {
                    ScalarValue::Float64(Some(number))
                }
                (_, Ok(truth)) => ScalarValue::Boolean(Some(truth)),
                _ => ScalarValue::Utf8(Some(text.clone())),
            },
        };
        (name.clone(), ScalarAndMetadata::from(value))
    });
    Some(ParamValues::Map(values.collect::<HashMap<_, _>>()))
}
