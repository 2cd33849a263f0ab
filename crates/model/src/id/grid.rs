//! Unit grids (15 digits: district 6, street 3, community 3, sequence 3) and city components (16 digits:
//! district 6, class 2, subclass 2, sequence 6).

use super::clean;
use crate::Reason;

/// Reads a grid code.
///
/// # Errors
/// Why it is none.
pub fn parse_grid(text: &str) -> Result<String, Reason> {
    digits(text, 15)
}

/// Reads a component code.
///
/// # Errors
/// Why it is none.
pub fn parse_component(text: &str) -> Result<String, Reason> {
    digits(text, 16)
}

/// The community a grid lies in.
#[must_use]
pub fn community_of_grid(grid: &str) -> Option<&str> {
    grid.get(..12)
}

fn digits(text: &str, length: usize) -> Result<String, Reason> {
    let code = clean::code(text);
    match code.len() {
        0 => Err(Reason::Missing),
        _ if !code.bytes().all(|byte| byte.is_ascii_digit()) => Err(Reason::BadCharacter),
        found if found == length => Ok(code.into_owned()),
        _ => Err(Reason::BadLength),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_and_components_have_their_lengths() {
        assert_eq!(parse_grid("110105001002003"), Ok("110105001002003".to_owned()));
        assert_eq!(parse_component("3205080101000001"), Ok("3205080101000001".to_owned()));
        assert_eq!(parse_component("320508010100001"), Err(Reason::BadLength));
        assert_eq!(community_of_grid("110105001002003"), Some("110105001002"));
    }
}
