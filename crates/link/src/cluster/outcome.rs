//! The entities while clusters are made: threads write into them side by side, since every record is in one component, and
//! a component is one thread's.

use std::sync::atomic::{AtomicU32, Ordering};

use super::Entities;

/// Entities that threads write into.
#[derive(Debug)]
pub struct Outcome {
    root: Vec<AtomicU32>,
    /// Log odds, their bits.
    logit: Vec<AtomicU32>,
}

impl Outcome {
    /// What is found about records is written over what entities say of them.
    pub fn over(entities: Entities) -> Self {
        let Entities { root, logit } = entities;
        let logit = logit.into_iter().map(|logit| AtomicU32::new(logit.to_bits()));
        Self { root: root.into_iter().map(AtomicU32::new).collect(), logit: logit.collect() }
    }

    /// A record belongs to the entity of a root with these log odds.
    #[inline]
    pub fn tell(&self, record: u32, root: u32, logit: f32) {
        self.root[record as usize].store(root, Ordering::Relaxed);
        self.logit[record as usize].store(logit.to_bits(), Ordering::Relaxed);
    }

    /// Two records are an entity of their own; the first is its root, and stood alone before.
    #[inline]
    pub fn tell_two(&self, root: u32, other: u32, logit: f32) {
        self.logit[root as usize].store(logit.to_bits(), Ordering::Relaxed);
        self.tell(other, root, logit);
    }

    /// The entities.
    pub fn finish(self) -> Entities {
        let logit = self.logit.into_iter().map(|logit| f32::from_bits(logit.into_inner()));
        Entities { root: self.root.into_iter().map(AtomicU32::into_inner).collect(), logit: logit.collect() }
    }
}
