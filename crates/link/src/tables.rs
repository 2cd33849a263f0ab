//! A linkage as tables: members and edges, as `jingwei link -o` writes them.

use std::sync::Arc;

use arrow::array::{BooleanBuilder, Float64Builder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use jingwei_model::hash::base32;

use crate::train::probability;
use crate::{Linkage, Result};

impl Linkage {
    /// The id of a record's entity: it depends on the entity's records alone.
    #[must_use]
    pub fn entity_id(&self, record: u32) -> String {
        base32(self.records.keys[self.entities.root[record as usize] as usize])
    }

    /// One row a record, by entity: `source`, `record_id`, `entity_id`, `probability`.
    ///
    /// # Errors
    /// Never for a linkage of ours.
    pub fn members(&self) -> Result<RecordBatch> {
        let mut order = (0..self.records.len() as u32).collect::<Vec<_>>();
        order.sort_by_key(|record| (self.entities.root[*record as usize], *record));
        let (mut sources, mut ids, mut entities) = (StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
        let mut probabilities = Float64Builder::with_capacity(order.len());
        for record in order {
            sources.append_value(self.records.table_of(record));
            ids.append_value(self.records.id_of(record));
            entities.append_value(self.entity_id(record));
            probabilities.append_value(probability(f64::from(self.entities.logit[record as usize])));
        }
        let columns: Vec<arrow::array::ArrayRef> = vec![
            Arc::new(sources.finish()),
            Arc::new(ids.finish()),
            Arc::new(entities.finish()),
            Arc::new(probabilities.finish()),
        ];
        Ok(RecordBatch::try_new(members(), columns)?)
    }

    /// One row an edge, those for people to decide among them: both records, `probability`, `accepted`, `reason`,
    /// `review` and one column a comparison with the level's name.
    ///
    /// # Errors
    /// Never for a linkage of ours.
    pub fn edge_table(&self) -> Result<RecordBatch> {
        let edges = self.edges();
        let mut texts: [StringBuilder; 5] = std::array::from_fn(|_| StringBuilder::new());
        let mut levels = self.program.comparisons.iter().map(|_| StringBuilder::new()).collect::<Vec<_>>();
        let mut probabilities = Float64Builder::new();
        let (mut accepted, mut review) = (BooleanBuilder::new(), BooleanBuilder::new());
        for edge in &edges {
            for (place, record) in [edge.left, edge.right].into_iter().enumerate() {
                texts[2 * place].append_value(self.records.table_of(record));
                texts[2 * place + 1].append_value(self.records.id_of(record));
            }
            probabilities.append_value(edge.probability);
            accepted.append_value(edge.refused.is_none());
            texts[4].append_option(edge.refused);
            review.append_value((self.review[0]..self.review[1]).contains(&edge.probability));
            for (column, comparison) in levels.iter_mut().zip(&self.program.comparisons) {
                column.append_value(comparison.label(comparison.level_in(edge.pattern)));
            }
        }
        let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
        let mut fields = vec![
            text("left_source", false),
            text("left_id", false),
            text("right_source", false),
            text("right_id", false),
            Field::new("probability", DataType::Float64, false),
            Field::new("accepted", DataType::Boolean, false),
            text("reason", true),
            Field::new("review", DataType::Boolean, false),
        ];
        let [ls, li, rs, ri, reason] = texts.map(|mut column| Arc::new(column.finish()) as arrow::array::ArrayRef);
        let mut columns: Vec<arrow::array::ArrayRef> = vec![
            ls,
            li,
            rs,
            ri,
            Arc::new(probabilities.finish()),
            Arc::new(accepted.finish()),
            reason,
            Arc::new(review.finish()),
        ];
        for (comparison, mut column) in self.program.comparisons.iter().zip(levels) {
            fields.push(text(&comparison.name, false));
            columns.push(Arc::new(column.finish()));
        }
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
    }
}

fn members() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    Arc::new(Schema::new(vec![
        text("source"),
        text("record_id"),
        text("entity_id"),
        Field::new("probability", DataType::Float64, false),
    ]))
}
