//! A bound on the pairs that new rows bring together, told before anything is changed.

use hashbrown::HashMap;

use super::{Incremental, block_keys};
use crate::Result;
use crate::block::pairs_of;
use crate::records::Records;

impl Incremental {
    /// Whether rows can be put among the records without exceeding the limit of pairs of a rule. A row that stands in
    /// place of a record is counted as one more, so a little less fits than would.
    pub(super) fn fits(&self, rows: &Records) -> Result<()> {
        let records = (self.alive.len() + rows.len()) as u64;
        for (rule, block) in self.program.blocks.iter().enumerate() {
            let mut more: HashMap<u32, u64> = HashMap::new();
            for key in (0..rows.len() as u32).flat_map(|row| block_keys(block, rows, row)) {
                *more.entry(key).or_default() += 1;
            }
            let pairs = more.into_iter().map(|(key, more)| {
                let before = self.blocks[rule].count(key) as u64;
                let admitted = self.admits(rule, (before + more) as usize);
                if admitted { pairs_of(before + more) - pairs_of(before) } else { 0 }
            });
            self.linker.bound(block, pairs.sum(), records)?;
        }
        Ok(())
    }
}
