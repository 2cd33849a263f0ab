//! `ST_ClusterDBSCAN(geom, eps, minpoints) OVER (…)`: density-based clusters (Ester et al. 1996).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Builder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{Documentation, PartitionEvaluator, Signature, Volatility, WindowUDF, WindowUDFImpl};
use geo::{BoundingRect, Geometry};
use geo_index::rtree::sort::HilbertSort;
use geo_index::rtree::{RTree, RTreeBuilder, RTreeIndex};

use super::call::at;
use super::doc::documentation;
use crate::predicate::within_distance;
use crate::wkb::to_finite_geometry;

const NAME: &str = "ST_ClusterDBSCAN";

/// The window function.
pub fn dbscan() -> WindowUDF {
    let mut documentation = documentation(
        NAME,
        "geom geometry, eps number, minpoints integer",
        "The number of the cluster a geometry belongs to, from 0; null for one in no cluster. A geometry with at least `minpoints` (itself counted) within `eps` is the core of a cluster; others within `eps` of a core belong to the first such cluster.",
        None,
        "clusters are numbered in the order of their first rows.",
    );
    documentation.sql_example =
        Some("SELECT ST_ClusterDBSCAN(geom, 50, 5) OVER (PARTITION BY kind) FROM events".to_owned());
    WindowUDF::from(Dbscan { signature: Signature::any(3, Volatility::Immutable), documentation })
}

#[derive(Debug)]
struct Dbscan {
    signature: Signature,
    documentation: Documentation,
}

impl PartialEq for Dbscan {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Dbscan {}

impl std::hash::Hash for Dbscan {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        NAME.hash(state);
    }
}

impl WindowUDFImpl for Dbscan {
    fn name(&self) -> &str {
        "st_clusterdbscan"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn partition_evaluator(&self, _: PartitionEvaluatorArgs) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(Clusters))
    }

    fn field(&self, args: WindowUDFFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(args.name(), DataType::Int64, true)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }
}

#[derive(Debug)]
struct Clusters;

impl PartitionEvaluator for Clusters {
    fn evaluate_all(&mut self, values: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let mut out = Int64Builder::with_capacity(rows);
        if rows == 0 {
            return Ok(Arc::new(out.finish()));
        }
        let shapes = match values[0].data_type() {
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::Null => {
                cast(&values[0], &DataType::LargeBinary)?
            }
            other => return exec_err!("{NAME}: argument 1 is {other}, not a geometry (WKB)"),
        };
        let (eps, least) = (cast(&values[1], &DataType::Float64)?, cast(&values[2], &DataType::Int64)?);
        let (eps, least) = (eps.as_primitive::<Float64Type>(), least.as_primitive::<Int64Type>());
        let eps = if eps.is_valid(0) { eps.value(0) } else { f64::NAN };
        let least = if least.is_valid(0) { least.value(0) } else { 0 };
        if eps.is_nan() || eps < 0.0 {
            return exec_err!("{NAME}: eps is a distance of 0 or more, not {eps}");
        }
        let Some(least) = usize::try_from(least).ok().filter(|least| *least > 0) else {
            return exec_err!("{NAME}: minpoints is 1 or more, not {least}");
        };
        let mut geometries = Vec::with_capacity(rows);
        for (row, bytes) in shapes.as_binary::<i64>().iter().enumerate() {
            let geometry = bytes.map(to_finite_geometry).transpose().map_err(|error| at(NAME, row, &error))?;
            geometries.push(geometry.filter(|geometry| geometry.bounding_rect().is_some()));
        }
        clusters(&geometries, eps, least).into_iter().for_each(|cluster| out.append_option(cluster));
        Ok(Arc::new(out.finish()))
    }
}

/// The number of each geometry's cluster.
fn clusters(geometries: &[Option<Geometry>], eps: f64, least: usize) -> Vec<Option<i64>> {
    let places = (0..geometries.len()).filter(|place| geometries[*place].is_some()).collect::<Vec<_>>();
    let mut builder = RTreeBuilder::<f64>::new(u32::try_from(places.len()).unwrap_or(u32::MAX));
    let rects = places.iter().filter_map(|place| geometries[*place].as_ref().and_then(BoundingRect::bounding_rect));
    let rects = rects.collect::<Vec<_>>();
    if rects.is_empty() {
        return vec![None; geometries.len()];
    }
    rects.iter().for_each(|rect| {
        builder.add(rect.min().x, rect.min().y, rect.max().x, rect.max().y);
    });
    let tree: RTree<f64> = builder.finish::<HilbertSort>();
    let mut groups = Groups::new(places.len());
    let (mut core, mut member) = (vec![false; places.len()], vec![false; places.len()]);
    for (item, rect) in rects.iter().enumerate() {
        let candidates = tree.search(rect.min().x - eps, rect.min().y - eps, rect.max().x + eps, rect.max().y + eps);
        let mut near = candidates.into_iter().map(|other| other as usize).collect::<Vec<_>>();
        // Ties go to the first cluster in the order of rows, whatever the index's order.
        near.sort_unstable();
        near.retain(|other| {
            *other == item
                || match (&geometries[places[item]], &geometries[places[*other]]) {
                    (Some(a), Some(b)) => within_distance(a, b, eps),
                    _ => false,
                }
        });
        if near.len() < least {
            continue;
        }
        core[item] = true;
        member[item] = true;
        for other in near {
            if !member[other] {
                groups.join(item, other);
                member[other] = true;
            } else if core[other] {
                groups.join(item, other);
            }
        }
    }
    let mut numbers = std::collections::HashMap::new();
    let mut found = vec![None; geometries.len()];
    for (item, place) in places.iter().enumerate() {
        if member[item] {
            let next = numbers.len() as i64;
            found[*place] = Some(*numbers.entry(groups.root(item)).or_insert(next));
        }
    }
    found
}

/// Disjoint sets by halving paths.
struct Groups(Vec<usize>);

impl Groups {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, mut item: usize) -> usize {
        while self.0[item] != item {
            self.0[item] = self.0[self.0[item]];
            item = self.0[item];
        }
        item
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}
