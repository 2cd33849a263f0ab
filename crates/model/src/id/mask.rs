//! The key under which a whole id and its masked form meet.

use super::clean;

/// Writes into `key` the first `prefix` and the last `suffix` characters of an id or phone number, whole or masked; says
/// whether that many show. The key is meant to be empty before.
#[must_use]
pub fn mask_key(id: &str, prefix: usize, suffix: usize, key: &mut String) -> bool {
    let id = clean::code(id);
    let count = id.chars().count();
    if id.is_empty() || prefix.saturating_add(suffix) > count || (prefix, suffix) == (0, 0) {
        return false;
    }
    // Runs of X are a mask too; a single one is the check character.
    let runs_of_x = id.contains("XX");
    for (place, character) in id.chars().enumerate() {
        if place == prefix {
            key.push('*');
        }
        if place < prefix || place >= count - suffix {
            let last = place + 1 == count && !id.ends_with("XX");
            if clean::is_mask(character) || (runs_of_x && character == 'X' && !last) {
                return false;
            }
            key.push(character);
        }
    }
    if prefix == count {
        key.push('*');
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::mask_key;

    fn key(id: &str, prefix: usize, suffix: usize) -> Option<String> {
        let mut key = String::new();
        mask_key(id, prefix, suffix, &mut key).then_some(key)
    }

    #[test]
    fn too_little_gives_no_key() {
        assert_eq!(key("110105××××××××012X", 6, 4).as_deref(), Some("110105*012X"));
        assert_eq!(key("110105XXXXXXXX0123", 6, 4).as_deref(), Some("110105*0123"));
        assert_eq!(key("110105XXXXXXXXXXXX", 6, 4), None);
        assert_eq!(key("123", 2, 2), None);
        assert_eq!(key("", 0, 0), None);
    }

    proptest! {
        #[test]
        fn masking_the_middle_changes_no_key(id in "[0-9]{17}[0-9X]", prefix in 1_usize..9, suffix in 1_usize..9) {
            let masked = format!("{}{}{}", &id[..prefix], "*".repeat(18 - prefix - suffix), &id[18 - suffix..]);
            prop_assert_eq!(key(&masked, prefix, suffix), key(&id, prefix, suffix));
        }
    }
}
