//! How well found addresses agree with the truth, where the truth may be that there is no such address.

use serde::Serialize;

/// Counts of texts whose true address is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Measure {
    /// Texts.
    pub texts: u64,
    /// Texts with a true address.
    pub with_address: u64,
    /// Texts that were linked to an address.
    pub linked: u64,
    /// Of these, to the true one.
    pub linked_right: u64,
    /// Texts with a true address whose likeliest candidate is it, linked or not.
    pub first_right: u64,
    /// Texts without a true address that were linked.
    pub absent_linked: u64,
    /// Texts where several addresses fit alike.
    pub tied: u64,
}

/// Shares of a [`Measure`], or of a kind of texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Share {
    /// Texts with a true address.
    pub n: u64,
    /// Share whose likeliest candidate is the true address.
    pub rank1: f64,
    /// Share that was linked to the true address.
    pub recall: f64,
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

impl Measure {
    /// Counts a text: its true address, the one it was linked to, the likeliest candidate, and whether several tied.
    pub fn add<T: PartialEq>(&mut self, truth: Option<T>, linked: Option<T>, first: Option<T>, tied: bool) {
        self.texts += 1;
        self.tied += u64::from(tied);
        self.linked += u64::from(linked.is_some());
        if truth.is_some() {
            self.with_address += 1;
            self.linked_right += u64::from(linked == truth);
            self.first_right += u64::from(first == truth);
        } else {
            self.absent_linked += u64::from(linked.is_some());
        }
    }

    /// Share of texts with a true address whose likeliest candidate is it.
    #[must_use]
    pub fn rank1(&self) -> f64 {
        share(self.first_right, self.with_address)
    }

    /// Share of links that are right; links of texts without a true address are wrong.
    #[must_use]
    pub fn precision(&self) -> f64 {
        share(self.linked_right, self.linked)
    }

    /// Share of texts with a true address that were linked to it.
    #[must_use]
    pub fn recall(&self) -> f64 {
        share(self.linked_right, self.with_address)
    }

    /// Share of texts without a true address that were linked.
    #[must_use]
    pub fn absent_linked_share(&self) -> f64 {
        let absent = self.texts - self.with_address;
        if absent == 0 { 0.0 } else { share(self.absent_linked, absent) }
    }

    /// The shares of a kind.
    #[must_use]
    pub fn shares(&self) -> Share {
        Share { n: self.with_address, rank1: self.rank1(), recall: self.recall() }
    }

    /// Takes in the counts of another.
    pub fn merge(&mut self, other: &Self) {
        self.texts += other.texts;
        self.with_address += other.with_address;
        self.linked += other.linked;
        self.linked_right += other.linked_right;
        self.first_right += other.first_right;
        self.absent_linked += other.absent_linked;
        self.tied += other.tied;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_texts_without_an_address_are_wrong() {
        let mut measure = Measure::default();
        measure.add(Some(1), Some(1), Some(1), false);
        measure.add(Some(2), None, Some(2), true);
        measure.add(Some(3), Some(4), Some(4), false);
        measure.add(None, Some(5), Some(5), false);
        measure.add(None::<i32>, None, None, false);
        assert_eq!((measure.texts, measure.with_address, measure.tied), (5, 3, 1));
        assert!((measure.rank1() - 2.0 / 3.0).abs() < 1e-9);
        assert!((measure.precision() - 1.0 / 3.0).abs() < 1e-9);
        assert!((measure.recall() - 1.0 / 3.0).abs() < 1e-9);
        assert!((measure.absent_linked_share() - 0.5).abs() < 1e-9);
        let mut twice = measure.clone();
        twice.merge(&measure);
        assert_eq!((twice.texts, twice.rank1()), (10, measure.rank1()));
    }
}
