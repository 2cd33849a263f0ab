//! A linkage as tables: members and edges, as `jingwei link -o` writes them.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, RecordBatch, RecordBatchIterator, RecordBatchReader, StringArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use jingwei_model::hash::base32;

use crate::train::probability;
use crate::{EntityEdge, Linkage};

impl Linkage {
    /// The id of a record's entity: it depends on the entity's records alone.
    #[must_use]
    pub fn entity_id(&self, record: u32) -> String {
        base32(self.records.keys[self.entities.root[record as usize] as usize])
    }

    /// One row a record, by entity: `source`, `record_id`, `entity_id`, `probability`.
    pub fn members(&self) -> impl RecordBatchReader + '_ {
        let order = self.entities.order();
        let batches = (0..order.len().div_ceil(BATCH)).map(move |number| {
            let records = &order[number * BATCH..order.len().min((number + 1) * BATCH)];
            let ids = records.iter().map(|record| self.records.id_of(*record));
            let odds = records.iter().map(|record| f64::from(self.entities.logit[*record as usize]));
            let columns: [ArrayRef; 4] = [
                texts(records.iter().map(|record| self.records.table_of(*record))),
                texts(ids),
                texts(records.iter().map(|record| self.entity_id(*record))),
                Arc::new(Float64Array::from_iter_values(odds.map(probability))),
            ];
            RecordBatch::try_new(members(), columns.to_vec())
        });
        RecordBatchIterator::new(batches, members())
    }

    /// One row an edge, those for people to decide among them: both records, `probability`, `accepted`, `reason`,
    /// `review` and one column a comparison with the level's name.
    pub fn edge_table(&self) -> impl RecordBatchReader + '_ {
        let schema = self.edge_schema();
        let (told, mut edges) = (Arc::clone(&schema), self.edges());
        let batches = std::iter::from_fn(move || {
            let some = edges.by_ref().take(BATCH).collect::<Vec<_>>();
            (!some.is_empty()).then(|| RecordBatch::try_new(Arc::clone(&schema), self.edge_columns(&some)))
        });
        RecordBatchIterator::new(batches, told)
    }

    fn edge_schema(&self) -> SchemaRef {
        let fields = [
            text("left_source", false),
            text("left_id", false),
            text("right_source", false),
            text("right_id", false),
            Field::new("probability", DataType::Float64, false),
            Field::new("accepted", DataType::Boolean, false),
            text("reason", true),
            Field::new("review", DataType::Boolean, false),
        ];
        let levels = self.program.comparisons.iter().map(|comparison| text(&comparison.name, false));
        Arc::new(Schema::new(fields.into_iter().chain(levels).collect::<Vec<_>>()))
    }

    fn edge_columns(&self, edges: &[EntityEdge]) -> Vec<ArrayRef> {
        let records = &self.records;
        let flags = |of: &dyn Fn(&EntityEdge) -> bool| -> ArrayRef {
            Arc::new(edges.iter().map(|edge| Some(of(edge))).collect::<BooleanArray>())
        };
        let [low, high] = self.review;
        let mut columns = vec![
            texts(edges.iter().map(|edge| records.table_of(edge.left))),
            texts(edges.iter().map(|edge| records.id_of(edge.left))),
            texts(edges.iter().map(|edge| records.table_of(edge.right))),
            texts(edges.iter().map(|edge| records.id_of(edge.right))),
            Arc::new(Float64Array::from_iter_values(edges.iter().map(|edge| edge.probability))),
            flags(&|edge| edge.refused.is_none()),
            Arc::new(edges.iter().map(|edge| edge.refused).collect::<StringArray>()),
            flags(&|edge| (low..high).contains(&edge.probability)),
        ];
        let levels = self.program.comparisons.iter();
        columns.extend(levels.map(|level| texts(edges.iter().map(|edge| level.label(level.level_in(edge.pattern))))));
        columns
    }
}

/// Rows that are told together: what a linkage of many millions tells is more than memory holds.
const BATCH: usize = 1 << 15;

fn texts(texts: impl Iterator<Item = impl AsRef<str>>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(texts))
}

fn text(name: &str, nullable: bool) -> Field {
    Field::new(name, DataType::Utf8, nullable)
}

fn members() -> SchemaRef {
    Arc::new(Schema::new(vec![
        text("source", false),
        text("record_id", false),
        text("entity_id", false),
        Field::new("probability", DataType::Float64, false),
    ]))
}
