//! Numbers in bundles, each of which lies in one stretch of memory.

/// Numbers by the bundle that each belongs to.
#[derive(Debug, Default)]
pub struct Bundles {
    numbers: Vec<u32>,
    /// Of each bundle the place of its next number, which is where it ends once all are there.
    places: Vec<u32>,
}

impl Bundles {
    /// Bundles that will have so many numbers each.
    pub fn new(sizes: Vec<u32>) -> Self {
        let (mut places, mut sum) = (sizes, 0);
        for place in &mut places {
            sum += std::mem::replace(place, sum);
        }
        Self { numbers: vec![0; sum as usize], places }
    }

    /// Puts a number behind the others of its bundle.
    #[inline]
    pub fn put(&mut self, bundle: u32, number: u32) {
        let place = &mut self.places[bundle as usize];
        self.numbers[*place as usize] = number;
        *place += 1;
    }

    /// The numbers of a bundle, when all are there.
    pub fn of(&self, bundle: usize) -> &[u32] {
        let start = if bundle == 0 { 0 } else { self.places[bundle - 1] };
        &self.numbers[start as usize..self.places[bundle] as usize]
    }

    /// All numbers, bundle by bundle, when all are there.
    pub fn into_numbers(self) -> Vec<u32> {
        self.numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_has_its_numbers_in_their_order() {
        let mut bundles = Bundles::new(vec![2, 0, 3, 0]);
        [(2, 7), (0, 5), (2, 1), (0, 9), (2, 3)].into_iter().for_each(|(bundle, number)| bundles.put(bundle, number));
        assert_eq!([0, 1, 2, 3].map(|bundle| bundles.of(bundle)), [&[5, 9][..], &[], &[7, 1, 3], &[]]);
        assert_eq!(bundles.into_numbers(), [5, 9, 7, 1, 3]);
    }
}
