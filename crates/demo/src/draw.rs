//! Stateless randomness: every draw is a pure function of seed, field and index, so that any part of the
//! city can be made again without the rest, and a new draw in one place moves nothing in another.

/// A stream of draws that belongs to one field of one thing.
#[derive(Debug, Clone)]
pub struct Draw {
    state: u64,
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

const fn name_of(field: &str) -> u64 {
    let bytes = field.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut place = 0;
    while place < bytes.len() {
        hash = (hash ^ bytes[place] as u64).wrapping_mul(0x100_0000_01b3);
        place += 1;
    }
    hash
}

impl Draw {
    /// The stream of `field` of thing number `index`.
    pub const fn new(seed: u64, field: &str, index: u64) -> Self {
        let start = mix(seed.wrapping_mul(GOLDEN) ^ name_of(field));
        Self { state: mix(start.wrapping_add(index.wrapping_mul(0xd134_2543_de82_ef95))) }
    }

    /// The next 64 bits (splitmix64).
    pub const fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// 0 up to but not including 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// 0 up to but not including `count`.
    pub const fn below(&mut self, count: u64) -> u64 {
        ((self.bits() as u128 * count as u128) >> 64) as u64
    }

    /// `low` to `high`, both included.
    pub const fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64) as i64
    }

    /// A number between two others.
    pub fn real(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True once in 1/`probability`.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    /// The place of one of several, each as likely as its weight.
    pub fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let mut rest = self.unit() * weights.clone().sum::<f64>();
        let mut last = 0;
        for (place, weight) in weights.enumerate() {
            last = place;
            rest -= weight;
            if rest < 0.0 {
                break;
            }
        }
        last
    }

    /// How often something happens that happens `mean` times on average.
    pub fn poisson(&mut self, mean: f64) -> u32 {
        if mean <= 0.0 {
            return 0;
        }
        if mean > 40.0 {
            let sum: f64 = (0..12).map(|_| self.unit()).sum::<f64>() - 6.0;
            return (mean + sum * mean.sqrt()).round().max(0.0) as u32;
        }
        let limit = (-mean).exp();
        let mut product = self.unit();
        let mut count = 0;
        while product > limit {
            product *= self.unit();
            count += 1;
        }
        count
    }
}

/// A number below `modulus` for each number below it, each once: `factor` shares no divisor with `modulus`.
pub const fn scatter(index: u64, factor: u64, modulus: u64) -> u64 {
    ((index as u128 * factor as u128 + 12_345) % modulus as u128) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_seed_field_and_index_alone() {
        assert_eq!(Draw::new(1, "name", 7).bits(), Draw::new(1, "name", 7).bits());
        assert_ne!(Draw::new(1, "name", 7).bits(), Draw::new(2, "name", 7).bits());
        assert_ne!(Draw::new(1, "name", 7).bits(), Draw::new(1, "sex", 7).bits());
        assert_ne!(Draw::new(1, "name", 7).bits(), Draw::new(1, "name", 8).bits());
    }

    #[test]
    fn shares_and_means_are_what_they_say() {
        let mut draw = Draw::new(3, "test", 0);
        let hits = (0..100_000).filter(|_| draw.chance(0.2)).count();
        assert!((19_000..21_000).contains(&hits), "{hits}");
        for mean in [0.05, 3.0, 80.0] {
            let sum: u64 = (0..20_000).map(|_| u64::from(draw.poisson(mean))).sum();
            let found = sum as f64 / 20_000.0;
            assert!((found - mean).abs() < 0.1 * mean + 0.01, "{mean} {found}");
        }
    }

    #[test]
    fn scattered_numbers_do_not_meet() {
        let mut seen = std::collections::BTreeSet::new();
        for index in 0..10_000 {
            assert!(seen.insert(scatter(index, 61_803_399, 100_000_000)));
        }
    }
}
