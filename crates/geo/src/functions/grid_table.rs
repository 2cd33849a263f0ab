//! `SELECT … FROM ST_SquareGrid(size, bounds)` and `ST_HexagonGrid`: the cells of a grid as a table.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Schema};
use datafusion::catalog::{Session, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{DFSchema, DataFusionError, Result, ScalarValue, plan_err};
use datafusion::datasource::MemTable;
use datafusion::logical_expr::Expr;
use datafusion::prelude::SessionContext;
use geo::BoundingRect;

use crate::crs::{crs_of, geometry_metadata};
use crate::grid::{Shape, cells, columns, fields};
use crate::wkb::to_finite_geometry;

/// Cells of one grid.
const MOST_CELLS: usize = 10_000_000;

/// Registers both grids.
pub fn register(context: &SessionContext) {
    for (name, shape) in [("ST_SquareGrid", Shape::Square), ("ST_HexagonGrid", Shape::Hexagon)] {
        // Names of table functions are looked up as they are written.
        for written in [name.to_owned(), name.to_ascii_lowercase()] {
            context.register_udtf(&written, Arc::new(GridTable { name, shape }));
        }
    }
}

#[derive(Debug)]
struct GridTable {
    name: &'static str,
    shape: Shape,
}

impl TableFunctionImpl for GridTable {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let [size, bounds] = args.exprs() else {
            return plan_err!("{} takes a size and bounds, not {} arguments", self.name, args.exprs().len());
        };
        let (size, _) = constant(self.name, args.session(), size)?;
        let (bounds, field) = constant(self.name, args.session(), bounds)?;
        let size = cast(&size.to_array_of_size(1)?, &DataType::Float64)?;
        let size = size.as_primitive::<Float64Type>();
        let bounds = match bounds.data_type() {
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
                cast(&bounds.to_array_of_size(1)?, &DataType::Binary)?
            }
            other => return plan_err!("{}: the bounds are {other}, not a geometry", self.name),
        };
        let bounds = bounds.as_binary::<i32>();
        let wrong = |error: &dyn std::fmt::Display| DataFusionError::Plan(format!("{}: {error}", self.name));
        let mut found = Vec::new();
        if size.is_valid(0) && bounds.is_valid(0) {
            let geometry = to_finite_geometry(bounds.value(0)).map_err(|error| wrong(&error))?;
            if let Some(rect) = geometry.bounding_rect() {
                found = cells(self.shape, size.value(0), rect, MOST_CELLS).map_err(|error| wrong(&error))?;
            }
        }
        let crs = crs_of(&field).map_err(|error| wrong(&error))?;
        let mut columns_of = fields().iter().map(|field| field.as_ref().clone()).collect::<Vec<_>>();
        columns_of[0] = columns_of[0].clone().with_metadata(geometry_metadata(crs.as_ref()));
        let schema = Arc::new(Schema::new(columns_of));
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns(&found))?;
        Ok(Arc::new(MemTable::try_new(schema, vec![vec![batch]])?))
    }
}

/// The value of an argument without columns, and its field.
fn constant(name: &str, session: &dyn Session, expr: &Expr) -> Result<(ScalarValue, Field)> {
    let schema = DFSchema::empty();
    let physical = session
        .create_physical_expr(expr.clone(), &schema)
        .map_err(|error| DataFusionError::Plan(format!("{name} in FROM takes constants: {error}")))?;
    let empty = RecordBatch::try_new_with_options(
        Arc::new(Schema::empty()),
        Vec::new(),
        &arrow::array::RecordBatchOptions::new().with_row_count(Some(1)),
    )?;
    let field = physical.return_field(&Schema::empty())?;
    let value = physical.evaluate(&empty)?.into_array(1)?;
    Ok((ScalarValue::try_from_array(&value, 0)?, field.as_ref().clone()))
}
