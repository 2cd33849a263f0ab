//! What must not matter: how records arrive, who else is there, and whether weights were learned or given.

use std::sync::Arc;

use jingwei_link::Trained;
use proptest::prelude::*;

use crate::support::{PERSONS, data, edges, families, learned, linker, members, row, run, tables};

#[test]
fn weights_that_were_learned_give_the_same_linkage_when_they_are_given() {
    let data = families(120);
    let fresh = run(&linker(PERSONS), &data);
    let read = Trained::read(&[fresh.trained().table().unwrap()]).unwrap();
    let given = run(&linker(PERSONS).with_trained(Arc::new(read)), &data);
    assert_eq!(members(&fresh), members(&given));
    assert_eq!(edges(&fresh), edges(&given));
    let left = fresh.find("a/p3-0").unwrap();
    let right = fresh.find("a/p4-0").unwrap();
    assert_eq!(fresh.explain(left, right).weight.to_bits(), given.explain(left, right).weight.to_bits());
}

#[test]
fn weights_of_another_model_are_refused() {
    let trained = learned(PERSONS);
    let refused = |model: &str, words: &str| {
        let linker = linker(model).with_trained(Arc::clone(&trained));
        let context = datafusion::prelude::SessionContext::new();
        let error = crate::support::RUNTIME.block_on(linker.link(&context, tables(&families(3)), &|_| {})).unwrap_err();
        assert!(error.is_user_error() && error.to_string().contains(words), "{error}");
    };
    refused(&PERSONS.replace("name = \"born\"", "name = \"birth\"\nfield = \"born\""), "compares name, birth");
    refused(&PERSONS.replace("kind = \"date\"", "kind = \"exact\""), "has 2 levels");
    refused(&format!("{PERSONS}\n[[block]]\non = [\"home\"]\n"), "5 blocking rules, not 4");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 10))]

    #[test]
    fn records_that_share_nothing_with_others_change_no_other_entity(
        mut data in data(),
        strangers in prop::collection::vec(row(), 1..4),
    ) {
        let linker = linker(PERSONS).with_trained(learned(PERSONS));
        let before = run(&linker, &data);
        for (number, mut row) in strangers.into_iter().enumerate() {
            // Nobody has these values.
            for (column, value) in row.iter_mut().enumerate() {
                if let Some(value) = value {
                    *value = match column {
                        1 => format!("20{:02}-06-{:02}", 40 + number, 10 + number),
                        _ => format!("{value}{number} of nowhere{number}"),
                    };
                }
            }
            data.insert(("b".to_owned(), format!("stranger{number}")), row);
        }
        let after = run(&linker, &data);
        let mut others = members(&after);
        others.retain(|(_, id), _| !id.starts_with("stranger"));
        prop_assert_eq!(others, members(&before));
        let mut others = edges(&after);
        others.retain(|names, _| names.iter().all(|name| !name.contains("stranger")));
        prop_assert_eq!(others, edges(&before));
    }

    #[test]
    fn batches_and_their_order_change_nothing(data in data(), seed in any::<u64>()) {
        let linker = linker(PERSONS).with_trained(learned(PERSONS));
        let first = run(&linker, &data);
        let mut turned = tables(&data);
        let context = datafusion::prelude::SessionContext::new();
        for (number, table) in turned.iter_mut().enumerate() {
            let rows = crate::support::RUNTIME.block_on(table.rows.clone().collect()).unwrap();
            let rows = arrow::compute::concat_batches(&crate::support::schema(), &rows).unwrap();
            let mut order = (0..rows.num_rows() as u32).collect::<Vec<_>>();
            order.sort_by_key(|row| jingwei_model::hash::hash64(&(seed ^ u64::from(*row) ^ number as u64).to_le_bytes()));
            let pieces = order
                .iter()
                .map(|row| rows.slice(*row as usize, 1))
                .collect::<Vec<_>>();
            let all = arrow::compute::concat_batches(&rows.schema(), &pieces).unwrap();
            table.rows = context.read_batch(all).unwrap();
        }
        let second = crate::support::RUNTIME.block_on(linker.link(&context, turned, &|_| {})).unwrap();
        prop_assert_eq!(members(&first), members(&second));
        prop_assert_eq!(edges(&first), edges(&second));
    }
}
