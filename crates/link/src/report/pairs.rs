//! Which pairs a report explains: typical ones, and those that were close.

use crate::explain::Explanation;
use crate::linker::Linkage;

/// Pairs with what they are examples of, in English and in Chinese.
pub(super) fn typical(linkage: &Linkage) -> Vec<(&'static str, &'static str, Explanation)> {
    let pairs = linkage.pairs.to_vec();
    let mut order = (0..pairs.len()).collect::<Vec<_>>();
    order.sort_unstable_by(|a, b| {
        let (a, b) = (&pairs[*a], &pairs[*b]);
        b.logit.total_cmp(&a.logit).then_with(|| (a.left, a.right).cmp(&(b.left, b.right)))
    });
    let joined = order.partition_point(|place| pairs[*place].logit >= linkage.join);
    let root = &linkage.entities.root;
    let (together, apart): (Vec<usize>, Vec<usize>) = order[..joined].iter().partition(|place| {
        let pair = &pairs[**place];
        root[pair.left as usize] == root[pair.right as usize]
    });
    let wanted = [
        ("A typical pair that was joined", "典型的合并", together.get(together.len() / 2).copied()),
        ("The weakest pair that was joined", "最弱的合并", together.last().copied()),
        ("The strongest pair that was not", "最强的未合并", order.get(joined).copied()),
        ("The strongest pair that its neighbours keep apart", "因约束或邻近记录而未合并", apart.first().copied()),
    ];
    let scorer = linkage.scorer();
    let mut told = Vec::new();
    let mut out = Vec::new();
    for (title, title_zh, place) in wanted {
        let Some(place) = place.filter(|place| !told.contains(place)) else { continue };
        told.push(place);
        let pair = &pairs[place];
        out.push((title, title_zh, linkage.explain_with(&scorer, pair.pattern, pair.left, pair.right)));
    }
    out
}
