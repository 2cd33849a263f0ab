//! A limit on memory: what does not fit lies in files, and what is found is the same.

use jingwei_link::{LinkError, Linkage, Linker};

use super::support::*;

/// A linker that has so much memory.
pub fn limited(megabytes: usize) -> Linker {
    linker(&format!("{PERSONS}\n[limits]\nmemory_mb = {megabytes}\n"))
}

fn within(megabytes: usize, data: &Data) -> Result<Linkage, LinkError> {
    let context = datafusion::prelude::SessionContext::new();
    RUNTIME.block_on(limited(megabytes).link(&context, tables(data), &|_| {}))
}

/// The least that a linker asks for, as it tells where its limit is too small.
pub fn least(too_small: &Linker, data: &Data) -> usize {
    let context = datafusion::prelude::SessionContext::new();
    let told = RUNTIME.block_on(too_small.link(&context, tables(data), &|_| {})).unwrap_err().to_string();
    told.split("at least ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap()
}

#[test]
fn a_linkage_within_a_limit_is_the_same_though_its_pairs_and_households_lie_in_files() {
    let data = families(8000);
    let free = run(&linker(PERSONS), &data);
    assert!(!free.pairs.is_spilled() && free.records.spill.is_none());
    let households = |linkage: &Linkage| linkage.households.as_ref().unwrap().of.clone();
    assert!(households(&free).iter().any(|household| *household != 0));
    let least = least(&limited(1), &data);
    let mut spilled = 0;
    for limit in [least, least + 1, least + 2, least + 8, least + 100] {
        let bound = within(limit, &data).unwrap();
        assert!(bound.records.spill.is_some());
        spilled += usize::from(bound.pairs.is_spilled());
        assert_eq!(bound.weights, free.weights);
        assert_eq!(members(&bound), members(&free), "{limit} MiB");
        assert_eq!(bound.edges().collect::<Vec<_>>(), free.edges().collect::<Vec<_>>(), "{limit} MiB");
        assert_eq!(households(&bound), households(&free), "{limit} MiB");
        let report = |linkage: &Linkage| (linkage.report.review, linkage.report.entities, linkage.pairs.len());
        assert_eq!(report(&bound), report(&free));
    }
    assert!((1..5).contains(&spilled), "pairs were in files {spilled} times of five");
    let told = within(least * 3 / 4, &data).map(|_| ()).unwrap_err();
    assert!(told.is_user_error() && told.to_string().contains("limits.memory_mb"), "{told}");
}
