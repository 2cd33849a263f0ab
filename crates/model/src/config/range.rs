//! Numbers of a configuration that must lie within bounds: the error stands where the number does.

use serde::de::{Deserialize, Deserializer, Error};

/// A probability that is neither 0 nor 1.
pub(super) fn open_share<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let value = f64::deserialize(from)?;
    if value > 0.0 && value < 1.0 {
        return Ok(value);
    }
    Err(D::Error::custom(format!("{value} is no probability between 0 and 1; both ends are out, write 0.4 or 0.95")))
}

/// A share of something that is there: above 0, at most 1.
pub(super) fn share<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let value = f64::deserialize(from)?;
    if value > 0.0 && value <= 1.0 {
        return Ok(value);
    }
    Err(D::Error::custom(format!("{value} is no share above 0 and up to 1")))
}

/// Two probabilities, the lower one first.
pub(super) fn interval<'de, D: Deserializer<'de>>(from: D) -> Result<[f64; 2], D::Error> {
    let [low, high] = <[f64; 2]>::deserialize(from)?;
    if 0.0 <= low && low <= high && high <= 1.0 {
        return Ok([low, high]);
    }
    Err(D::Error::custom(format!("[{low}, {high}] are no two probabilities, the lower one first; write [0.1, 0.9]")))
}

/// A number that is not 0.
pub(super) fn some<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    match usize::deserialize(from)? {
        0 => Err(D::Error::custom("0 leaves nothing to learn from")),
        number => Ok(number),
    }
}

/// How many a group may have: two at least, or it brings nobody together.
pub(super) fn group<'de, D: Deserializer<'de>>(from: D) -> Result<Option<usize>, D::Error> {
    match usize::deserialize(from)? {
        few @ 0..2 => Err(D::Error::custom(format!("a group of {few} brings nobody together; write 2 or more"))),
        number => Ok(Some(number)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{LinkModel, parse};

    #[test]
    fn a_number_out_of_its_bounds_is_told_with_its_place() {
        for (line, column, words) in [
            ("threshold = 1.5", 13, "no probability"),
            ("threshold = 0", 13, "both ends are out"),
            ("threshold = nan", 13, "no probability"),
            ("review = [0.9, 0.1]", 10, "the lower one first"),
            ("review = [-0.1, 0.5]", 10, "no two probabilities"),
            ("training = { recall = 0.0 }", 23, "above 0"),
            ("training = { recall = 1.2 }", 23, "above 0"),
            ("training = { random_pairs = 0 }", 29, "nothing to learn"),
            ("block = [{ on = [\"a\"], max_group = 1 }]", 36, "brings nobody together"),
        ] {
            let error = parse::<LinkModel>("m.toml", &format!("title = \"t\"\n{line}\n"), |_| None).unwrap_err();
            assert_eq!(error.place, Some((2, column)), "{error}");
            assert!(error.message.contains(words), "{error}");
        }
        for line in ["threshold = 0.99", "review = [0.0, 1.0]", "review = [0.5, 0.5]", "training = { recall = 1.0 }"] {
            parse::<LinkModel>("m.toml", line, |_| None).unwrap();
        }
    }
}
