//! Geohash (Niemeyer 2008): longitude and latitude halved in turn, five bits a character.

use geo::{Coord, Rect};

const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
/// Characters of a point's hash where none are asked for, as in PostGIS.
pub const FULL: usize = 20;

/// The hash of a point in `length` characters.
#[must_use]
pub fn encode(coord: Coord, length: usize) -> String {
    let (mut low, mut high) = (Coord { x: -180.0, y: -90.0 }, Coord { x: 180.0, y: 90.0 });
    let mut text = String::with_capacity(length);
    let mut across = true;
    for _ in 0..length {
        let mut digit = 0;
        for _ in 0..5 {
            let upper =
                if across { halve(&mut low.x, &mut high.x, coord.x) } else { halve(&mut low.y, &mut high.y, coord.y) };
            digit = digit << 1 | usize::from(upper);
            across = !across;
        }
        text.push(char::from(ALPHABET[digit]));
    }
    text
}

fn halve(low: &mut f64, high: &mut f64, value: f64) -> bool {
    let middle = (*low + *high) / 2.0;
    let upper = value >= middle;
    if upper {
        *low = middle
    } else {
        *high = middle
    }
    upper
}

/// How many characters the hashes of all points of an extent have in common.
#[must_use]
pub fn common_length(rect: Rect) -> usize {
    let (a, b) = (encode(rect.min(), FULL), encode(rect.max(), FULL));
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
}

/// The cell of a hash; `None` for a character that no hash has.
#[must_use]
pub fn decode(hash: &str) -> Option<Rect> {
    let (mut low, mut high) = (Coord { x: -180.0, y: -90.0 }, Coord { x: 180.0, y: 90.0 });
    let mut across = true;
    for byte in hash.bytes() {
        let digit = ALPHABET.iter().position(|known| *known == byte.to_ascii_lowercase())?;
        for bit in (0..5).rev() {
            let (low, high) = if across { (&mut low.x, &mut high.x) } else { (&mut low.y, &mut high.y) };
            let middle = (*low + *high) / 2.0;
            if digit >> bit & 1 == 1 {
                *low = middle
            } else {
                *high = middle
            }
            across = !across;
        }
    }
    Some(Rect::new(low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_postgis() {
        let beijing = Coord { x: 116.4, y: 39.9 };
        assert_eq!(encode(beijing, FULL), "wx4fbxxfke4fbxxfke4f");
        assert_eq!(encode(Coord { x: 0.0, y: 0.0 }, FULL), "s0000000000000000000");
        let cell = decode("wx4fbxxf");
        assert!(cell.is_some_and(|cell| cell.min().x <= beijing.x && beijing.x < cell.max().x));
        assert_eq!(decode("wx4a"), None);
    }
}
