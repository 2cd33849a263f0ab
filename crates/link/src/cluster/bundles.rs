//! Items in bundles, each of which lies in one stretch of memory.

/// Items by the bundle that each belongs to.
#[derive(Debug, Default)]
pub struct Bundles<T> {
    items: Vec<T>,
    /// Of each bundle the place of its next item, which is where it ends once all are there.
    places: Vec<u32>,
}

impl<T: Copy + Default> Bundles<T> {
    /// Bundles that will have so many items each.
    pub fn new(sizes: Vec<u32>) -> Self {
        let (mut places, mut sum) = (sizes, 0);
        for place in &mut places {
            sum += std::mem::replace(place, sum);
        }
        Self { items: vec![T::default(); sum as usize], places }
    }

    /// Puts an item behind the others of its bundle.
    #[inline]
    pub fn put(&mut self, bundle: u32, item: T) {
        let place = &mut self.places[bundle as usize];
        self.items[*place as usize] = item;
        *place += 1;
    }

    /// The items of a bundle, when all are there.
    pub fn of(&self, bundle: usize) -> &[T] {
        let start = if bundle == 0 { 0 } else { self.places[bundle - 1] };
        &self.items[start as usize..self.places[bundle] as usize]
    }

    /// All items, bundle by bundle, when all are there.
    pub fn into_items(self) -> Vec<T> {
        self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_has_its_items_in_their_order() {
        let mut bundles = Bundles::new(vec![2, 0, 3, 0]);
        [(2, 7), (0, 5), (2, 1), (0, 9), (2, 3)].into_iter().for_each(|(bundle, number)| bundles.put(bundle, number));
        assert_eq!([0, 1, 2, 3].map(|bundle| bundles.of(bundle)), [&[5, 9][..], &[], &[7, 1, 3], &[]]);
        assert_eq!(bundles.into_items(), [5, 9, 7, 1, 3]);
    }
}
