//! The optimizer rule that has geometry read from the file even where all rows of it hold one value.
//!
//! A scan takes a value that statistics tell to be everywhere the same for a constant, puts it in the column's place and
//! does not read the column. Of a constant it is not known what the column's field says, which for geometry is its
//! coordinate system: a file of one point would be a point of nowhere. So of geometry that is not told.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use datafusion::common::config::ConfigOptions;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;

use super::exec::scan;
use crate::crs::is_geometry;

/// The rule.
#[derive(Debug, Default)]
pub struct ConstantGeometryRule;

impl PhysicalOptimizerRule for ConstantGeometryRule {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            let Some((config, _)) = scan(&node) else { return Ok(Transformed::no(node)) };
            let schema = Arc::clone(config.file_schema());
            let tells = |file: &PartitionedFile| file.statistics.as_ref().is_some_and(|known| is_told(known, &schema));
            if !config.file_groups.iter().flat_map(FileGroup::iter).any(tells) {
                return Ok(Transformed::no(node));
            }
            let untold = |mut file: PartitionedFile| {
                file.statistics = file.statistics.map(|known| Arc::new(without_geometry(&known, &schema)));
                file
            };
            let groups = config.file_groups.iter().map(|group| {
                let files = group.iter().cloned().map(untold).collect();
                match group.file_statistics(None) {
                    Some(all) => FileGroup::new(files).with_statistics(Arc::new(without_geometry(all, &schema))),
                    None => FileGroup::new(files),
                }
            });
            let config = FileScanConfigBuilder::from(config.clone()).with_file_groups(groups.collect());
            Ok(Transformed::yes(DataSourceExec::from_data_source(config.build()) as Arc<dyn ExecutionPlan>))
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "constant_geometry"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn geometry(schema: &Schema) -> impl Iterator<Item = usize> + '_ {
    let fields = schema.fields().iter().enumerate();
    fields.filter(|(_, field)| is_geometry(field.as_ref())).map(|(place, _): (usize, &Arc<Field>)| place)
}

/// Whether statistics tell anything of the values of a geometry column.
fn is_told(known: &Statistics, schema: &Schema) -> bool {
    geometry(schema).filter_map(|place| known.column_statistics.get(place)).any(|column| {
        column.min_value != Precision::Absent
            || column.max_value != Precision::Absent
            || column.null_count != Precision::Absent
    })
}

fn without_geometry(known: &Statistics, schema: &Schema) -> Statistics {
    let mut known = known.clone();
    for place in geometry(schema) {
        if let Some(column) = known.column_statistics.get_mut(place) {
            column.min_value = Precision::Absent;
            column.max_value = Precision::Absent;
            column.null_count = Precision::Absent;
        }
    }
    known
}
