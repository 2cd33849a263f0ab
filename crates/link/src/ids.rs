//! Stable ids: clusters take over the ids their records had, and what became of the others is written down.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BinaryBuilder, BooleanBuilder, Float64Builder, ListBuilder, RecordBatch, StringBuilder,
    UInt32Array,
};
use arrow::compute::{cast, take};
use arrow::datatypes::DataType;
use hashbrown::{HashMap, HashSet};
use jingwei_model::Element;
use jingwei_model::evidence::entity_id;

use crate::matcher::record_keys_item;
use crate::rules::{Clusters, Edge};
use crate::{Counts, LinkError, Links, Result, edges_schema, history_schema, members_schema};

/// An id that was in use once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Former {
    /// The id.
    pub id: String,
    /// The records that went to another entity when this one was merged into it; should they come out of it again, it is
    /// the entity that it was. None when it can not come back.
    pub records: Vec<u128>,
}

/// The entities of the last run, by record.
#[derive(Debug, Default)]
pub struct Previous {
    /// Sorted by key: record → place in `ids`.
    members: Vec<(u128, u32)>,
    ids: Vec<String>,
    /// Ids that were in use once, by id; no new entity takes one.
    former: BTreeMap<String, Vec<u128>>,
}

impl Previous {
    /// Reads a members table.
    ///
    /// # Errors
    /// Columns that are not those of [`members_schema`].
    pub fn new(members: &[RecordBatch], former: impl IntoIterator<Item = Former>) -> Result<Self> {
        let mut places: HashMap<String, u32> = HashMap::new();
        let former = former.into_iter().map(|former| (former.id, former.records)).collect();
        let mut previous = Self { former, ..Self::default() };
        for batch in members {
            let column = |name: &str, kind: &DataType| {
                let column = batch
                    .column_by_name(name)
                    .ok_or_else(|| LinkError::Internal(format!("members without `{name}`")))?;
                Ok::<_, LinkError>(cast(column, kind)?)
            };
            let (keys, ids) = (column("record_key", &DataType::Binary)?, column("entity_id", &DataType::Utf8)?);
            let (keys, ids) = (keys.as_binary::<i32>(), ids.as_string::<i32>());
            for row in 0..batch.num_rows() {
                let key: [u8; 16] = keys
                    .value(row)
                    .try_into()
                    .map_err(|_| LinkError::Internal("a record key that is not 16 bytes".to_owned()))?;
                let place = match places.get(ids.value(row)) {
                    Some(place) => *place,
                    None => {
                        let place = previous.ids.len() as u32;
                        previous.ids.push(ids.value(row).to_owned());
                        places.insert(ids.value(row).to_owned(), place);
                        place
                    }
                };
                previous.members.push((u128::from_be_bytes(key), place));
            }
        }
        previous.members.sort_unstable();
        Ok(previous)
    }

    fn place(&self, key: u128) -> Option<u32> {
        self.members.binary_search_by_key(&key, |(key, _)| *key).ok().map(|found| self.members[found].1)
    }
}

/// Gives every cluster its id and writes the outcome down. `names` has source, record and record id of each row.
pub fn assign(
    element: Element,
    keys: &[u128],
    names: &RecordBatch,
    clusters: &Clusters,
    previous: &Previous,
) -> Result<Links> {
    // One row per record: the first of those that share a key.
    let rows = (0..keys.len()).filter(|row| *row == 0 || keys[*row] != keys[row - 1]).collect::<Vec<_>>();
    let mut numbers: HashMap<u32, u32> = HashMap::new();
    let mut firsts = Vec::new();
    let cluster_of = rows
        .iter()
        .map(|row| {
            *numbers.entry(clusters.root[*row]).or_insert_with(|| {
                firsts.push(keys[*row]);
                (firsts.len() - 1) as u32
            })
        })
        .collect::<Vec<_>>();
    let (ids, history, counts) = name_clusters(element, keys, &rows, &cluster_of, &firsts, previous);

    let mut order = (0..rows.len()).collect::<Vec<_>>();
    order.sort_by(|a, b| {
        ids[cluster_of[*a] as usize].cmp(&ids[cluster_of[*b] as usize]).then(keys[rows[*a]].cmp(&keys[rows[*b]]))
    });
    let mut record_keys = BinaryBuilder::with_capacity(rows.len(), rows.len() * 16);
    let mut entity_ids = StringBuilder::with_capacity(rows.len(), rows.len() * 17);
    let mut rules = StringBuilder::new();
    let mut probabilities = Float64Builder::with_capacity(rows.len());
    for place in &order {
        let row = rows[*place];
        record_keys.append_value(keys[row].to_be_bytes());
        entity_ids.append_value(&ids[cluster_of[*place] as usize]);
        let rule = clusters.rule[row].as_ref();
        rules.append_option(rule.map(|(name, _)| name.as_str()));
        probabilities.append_value(rule.map_or(1.0, |(_, probability)| *probability));
    }
    let takes = UInt32Array::from_iter_values(order.iter().map(|place| rows[*place] as u32));
    let named = |column: usize| Ok::<_, LinkError>(cast(&take(names.column(column), &takes, None)?, &DataType::Utf8)?);
    let members = RecordBatch::try_new(
        members_schema(),
        vec![
            Arc::new(record_keys.finish()),
            named(0)?,
            named(1)?,
            named(2)?,
            Arc::new(entity_ids.finish()),
            Arc::new(rules.finish()),
            Arc::new(probabilities.finish()),
        ],
    )?;
    let counts = Counts {
        records: rows.len() as u64,
        entities: firsts.len() as u64,
        refused: clusters.edges.iter().filter(|edge| edge.refused.is_some()).count() as u64,
        ..counts
    };
    Ok(Links {
        members: vec![members],
        edges: vec![edge_rows(keys, &clusters.edges)?],
        history: vec![history_rows(&history)?],
        counts,
        report: None,
    })
}

/// What became of an entity.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    entity: String,
    event: &'static str,
    other: Option<String>,
    /// The records that went from the one to the other.
    records: Vec<u128>,
}

/// The id of each cluster: the former id most of its records had, where no other cluster has a better claim to it; or
/// that of an entity which was merged into another and comes out of it again.
fn name_clusters(
    element: Element,
    keys: &[u128],
    rows: &[usize],
    cluster_of: &[u32],
    firsts: &[u128],
    previous: &Previous,
) -> (Vec<String>, Vec<Event>, Counts) {
    let mut votes: BTreeMap<(u32, u32), Vec<u128>> = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        if let Some(former) = previous.place(keys[*row]) {
            votes.entry((cluster_of[place], former)).or_default().push(keys[*row]);
        }
    }
    let mut claims = votes.iter().map(|((cluster, former), keys)| (keys.len(), *former, *cluster)).collect::<Vec<_>>();
    claims.sort_by(|a, b| {
        (Reverse(a.0), &previous.ids[a.1 as usize], firsts[a.2 as usize]).cmp(&(
            Reverse(b.0),
            &previous.ids[b.1 as usize],
            firsts[b.2 as usize],
        ))
    });
    let mut ids: Vec<Option<String>> = vec![None; firsts.len()];
    let mut heir: Vec<Option<u32>> = vec![None; previous.ids.len()];
    for (_, former, cluster) in &claims {
        if ids[*cluster as usize].is_none() && heir[*former as usize].is_none() {
            ids[*cluster as usize] = Some(previous.ids[*former as usize].clone());
            heir[*former as usize] = Some(*cluster);
        }
    }
    let mut counts = Counts::default();
    let fresh = ids.iter().map(Option::is_none).collect::<Vec<_>>();
    let restored = restore(previous, keys, rows, cluster_of, &mut ids);
    let mut taken: HashSet<String> = previous.ids.iter().cloned().collect();
    for (cluster, id) in ids.iter_mut().enumerate() {
        if id.is_none() {
            let mut salt = 0;
            *id = loop {
                let candidate = entity_id(element, firsts[cluster], salt);
                if !previous.former.contains_key(&candidate) && taken.insert(candidate.clone()) {
                    break Some(candidate);
                }
                salt += 1;
            };
            counts.new += 1;
        }
    }
    let ids = ids.into_iter().flatten().collect::<Vec<_>>();
    // Claims are in order of strength: the first one of a former id without heir tells where it went, and the first one
    // to a cluster without a former id where that came from.
    let mut history = Vec::new();
    let mut gone = vec![false; previous.ids.len()];
    let mut told = vec![false; firsts.len()];
    for (_, former, cluster) in &claims {
        let (place, target) = (*former as usize, *cluster as usize);
        if heir[place] == Some(*cluster) {
            continue;
        }
        let (from, to) = (previous.ids[place].clone(), ids[target].clone());
        let (entity, event, other) = if heir[place].is_none() && !gone[place] {
            gone[place] = true;
            counts.merged += 1;
            (from, "merged_into", to)
        } else if heir[place].is_some() && fresh[target] && !told[target] {
            told[target] = true;
            counts.split += 1;
            (to, if restored.contains(cluster) { "restored" } else { "split_from" }, from)
        } else {
            (from, "moved_to", to)
        };
        let records = votes.remove(&(*cluster, *former)).unwrap_or_default();
        history.push(Event { entity, event, other: Some(other), records });
    }
    for (former, id) in previous.ids.iter().enumerate() {
        if heir[former].is_none() && !gone[former] {
            counts.retired += 1;
            history.push(Event { entity: id.clone(), event: "retired", other: None, records: Vec::new() });
        }
    }
    history.sort();
    (ids, history, counts)
}

/// Gives clusters without an id the former one whose records they are, for the most part on both sides; tells which got
/// one.
fn restore(
    previous: &Previous,
    keys: &[u128],
    rows: &[usize],
    cluster_of: &[u32],
    ids: &mut [Option<String>],
) -> HashSet<u32> {
    let mut owners: HashMap<u128, Vec<&str>> = HashMap::new();
    for (id, records) in &previous.former {
        records.iter().for_each(|record| owners.entry(*record).or_default().push(id));
    }
    let mut restored = HashSet::new();
    if owners.is_empty() {
        return restored;
    }
    let mut sizes = vec![0; ids.len()];
    let mut votes: BTreeMap<(&str, u32), usize> = BTreeMap::new();
    for (place, row) in rows.iter().enumerate().filter(|(place, _)| ids[cluster_of[*place] as usize].is_none()) {
        sizes[cluster_of[place] as usize] += 1;
        for owner in owners.get(&keys[*row]).into_iter().flatten() {
            *votes.entry((owner, cluster_of[place])).or_default() += 1;
        }
    }
    // Of several that a cluster could be, the one with most of its records; for equal claims the smaller id.
    let mut claims = votes.into_iter().map(|((id, cluster), count)| (Reverse(count), id, cluster)).collect::<Vec<_>>();
    claims.sort_unstable();
    let mut given = HashSet::new();
    for (Reverse(count), id, cluster) in claims {
        let most = |of: usize| 2 * count > of;
        let whole = previous.former.get(id).map_or(0, Vec::len);
        if most(sizes[cluster as usize]) && most(whole) && !given.contains(id) && restored.insert(cluster) {
            given.insert(id);
            ids[cluster as usize] = Some(id.to_owned());
        }
    }
    restored
}

fn edge_rows(keys: &[u128], edges: &[Edge]) -> Result<RecordBatch> {
    let (mut lefts, mut rights) = (BinaryBuilder::new(), BinaryBuilder::new());
    let (mut rules, mut reasons) = (StringBuilder::new(), StringBuilder::new());
    let (mut probabilities, mut accepted) = (Float64Builder::new(), BooleanBuilder::new());
    let mut reviews = BooleanBuilder::new();
    for edge in edges {
        lefts.append_value(keys[edge.left as usize].to_be_bytes());
        rights.append_value(keys[edge.right as usize].to_be_bytes());
        rules.append_value(&edge.rule);
        probabilities.append_value(edge.probability);
        accepted.append_value(edge.refused.is_none());
        reasons.append_option(edge.refused.as_deref());
        reviews.append_value(edge.review);
    }
    Ok(RecordBatch::try_new(
        edges_schema(),
        vec![
            Arc::new(lefts.finish()),
            Arc::new(rights.finish()),
            Arc::new(rules.finish()),
            Arc::new(probabilities.finish()),
            Arc::new(accepted.finish()),
            Arc::new(reasons.finish()),
            Arc::new(reviews.finish()),
        ],
    )?)
}

fn history_rows(history: &[Event]) -> Result<RecordBatch> {
    let (mut ids, mut events, mut others) = (StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
    let mut records = ListBuilder::new(BinaryBuilder::new()).with_field(record_keys_item());
    for event in history {
        ids.append_value(&event.entity);
        events.append_value(event.event);
        others.append_option(event.other.as_deref());
        event.records.iter().for_each(|record| records.values().append_value(record.to_be_bytes()));
        records.append(true);
    }
    let columns: [ArrayRef; 4] =
        [Arc::new(ids.finish()), Arc::new(events.finish()), Arc::new(others.finish()), Arc::new(records.finish())];
    Ok(RecordBatch::try_new(history_schema(), columns.to_vec())?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use arrow::array::StringArray;
    use arrow::datatypes::{Field, Schema};
    use proptest::prelude::*;

    use super::*;

    /// Links records whose cluster is given: record key → cluster label.
    fn run(records: &BTreeMap<u128, u8>, previous: &Previous) -> Links {
        let keys = records.keys().copied().collect::<Vec<_>>();
        let labels = records.values().copied().collect::<Vec<_>>();
        let root = labels.iter().map(|label| labels.iter().position(|other| other == label).unwrap() as u32).collect();
        let clusters = Clusters { root, rule: vec![None; keys.len()], edges: Vec::new() };
        let text = Arc::new(StringArray::from(vec!["s"; keys.len()]));
        let field = |name: &str| Field::new(name, DataType::Utf8, true);
        let names = RecordBatch::try_new(
            Arc::new(Schema::new(vec![field("a"), field("b"), field("c")])),
            vec![text.clone(), text.clone(), text],
        )
        .unwrap();
        assign(Element::People, &keys, &names, &clusters, previous).unwrap()
    }

    fn ids(links: &Links) -> BTreeMap<u128, String> {
        let batch = &links.members[0];
        (0..batch.num_rows())
            .map(|row| {
                let key = batch.column(0).as_binary::<i32>().value(row).try_into().unwrap();
                (u128::from_be_bytes(key), batch.column(4).as_string::<i32>().value(row).to_owned())
            })
            .collect()
    }

    fn events(links: &Links) -> Vec<(String, String)> {
        let batch = &links.history[0];
        (0..batch.num_rows())
            .map(|row| {
                (
                    batch.column(1).as_string::<i32>().value(row).to_owned(),
                    batch.column(0).as_string::<i32>().value(row).to_owned(),
                )
            })
            .collect()
    }

    #[test]
    fn the_larger_part_of_a_split_keeps_the_id_and_a_merge_is_written_down() {
        let first = run(&BTreeMap::from([(1, 0), (2, 0), (3, 0), (4, 1)]), &Previous::default());
        let before = ids(&first);
        let previous = Previous::new(&first.members, []).unwrap();
        let second = run(&BTreeMap::from([(1, 0), (2, 2), (3, 2), (4, 2)]), &previous);
        let after = ids(&second);
        assert_eq!(after[&2], before[&2]);
        assert_ne!(after[&1], before[&1]);
        assert_eq!(after[&4], before[&2]);
        assert_eq!((second.counts.merged, second.counts.split, second.counts.new), (1, 1, 1));
        assert_eq!(events(&second), {
            let mut expected =
                vec![("split_from".to_owned(), after[&1].clone()), ("merged_into".to_owned(), before[&4].clone())];
            expected.sort_by(|a, b| a.1.cmp(&b.1));
            expected
        });
    }

    #[test]
    fn an_id_that_was_in_use_is_never_given_again() {
        let first = run(&BTreeMap::from([(1, 0)]), &Previous::default());
        let former = ids(&first)[&1].clone();
        let again = run(
            &BTreeMap::from([(1, 0)]),
            &Previous::new(&[], [Former { id: former.clone(), records: Vec::new() }]).unwrap(),
        );
        assert_ne!(ids(&again)[&1], former);
    }

    /// The ids that the merges of a linkage put out of use, as they are kept for the next one.
    fn merged(links: &Links) -> Vec<Former> {
        let batch = &links.history[0];
        let records = batch.column(3).as_list::<i32>();
        let rows = (0..batch.num_rows()).filter(|row| batch.column(1).as_string::<i32>().value(*row) == "merged_into");
        let key = |key: Option<&[u8]>| u128::from_be_bytes(key.unwrap().try_into().unwrap());
        rows.map(|row| Former {
            id: batch.column(0).as_string::<i32>().value(row).to_owned(),
            records: records.value(row).as_binary::<i32>().iter().map(key).collect(),
        })
        .collect()
    }

    #[test]
    fn an_entity_that_comes_out_of_another_again_has_the_id_it_had() {
        let apart = BTreeMap::from([(1, 0), (2, 0), (3, 0), (4, 1), (5, 1)]);
        let together = apart.keys().map(|key| (*key, 0)).collect();
        let first = run(&apart, &Previous::default());
        let second = run(&together, &Previous::new(&first.members, []).unwrap());
        assert_eq!(merged(&second), [Former { id: ids(&first)[&4].clone(), records: vec![4, 5] }]);
        let third = run(&apart, &Previous::new(&second.members, merged(&second)).unwrap());
        assert_eq!(ids(&third), ids(&first));
        assert_eq!(events(&third), [("restored".to_owned(), ids(&first)[&4].clone())]);
        // One record of it alone is not the entity that it was.
        let part = BTreeMap::from([(1, 0), (2, 0), (3, 0), (4, 1), (5, 0)]);
        let other = run(&part, &Previous::new(&second.members, merged(&second)).unwrap());
        assert_ne!(ids(&other)[&4], ids(&first)[&4]);
        assert_eq!(events(&other)[0].0, "split_from");
    }

    #[test]
    fn a_record_that_goes_from_one_entity_to_another_is_written_down() {
        let first = run(&BTreeMap::from([(1, 0), (2, 0), (3, 1), (4, 1), (5, 1)]), &Previous::default());
        let after = BTreeMap::from([(1, 0), (2, 0), (3, 0), (4, 1), (5, 1)]);
        let second = run(&after, &Previous::new(&first.members, []).unwrap());
        assert_eq!(events(&second), [("moved_to".to_owned(), ids(&first)[&4].clone())]);
        let moved = second.history[0].column(3).as_list::<i32>().value(0);
        assert_eq!(moved.as_binary::<i32>().value(0), 3_u128.to_be_bytes());
    }

    proptest! {
        #[test]
        fn clusters_that_do_not_change_keep_their_ids(
            before in prop::collection::btree_map(0u128..30, 0u8..12, 1..30),
            edits in prop::collection::vec((0u128..30, 0u8..12), 0..4),
        ) {
            let first = run(&before, &Previous::default());
            let mut after = before.clone();
            let mut touched = Vec::new();
            for (key, label) in edits {
                touched.push(label);
                touched.extend(after.insert(key, label));
            }
            let second = run(&after, &Previous::new(&first.members, []).unwrap());
            let (old, new) = (ids(&first), ids(&second));
            for (key, label) in &after {
                if !touched.contains(label) {
                    prop_assert_eq!(&old[key], &new[key]);
                }
            }
            for (a, label) in &after {
                for (b, other) in &after {
                    prop_assert_eq!(label == other, new[a] == new[b]);
                }
            }
        }
    }
}
